//! Which sandboxes are in force, for whoever asks how the gate stands.

use serde_json::{Value, json};

/// Which sandboxes are in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// That of the server which the gate starts.
    pub server: Option<Held>,
    /// The gate's own.
    pub gate: Option<Held>,
}

/// What holds of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The version of Landlock; 0 where there is none.
    pub landlock_abi: i32,
    /// Numbers of the parts that the machine does not give, which an operator has done without.
    pub missing: Vec<Box<str>>,
}

impl Standing {
    /// As JSON; `null` where there is no sandbox.
    pub fn json(&self) -> Value {
        json!({ "server": self.server.as_ref().map(Held::json), "gate": self.gate.as_ref().map(Held::json) })
    }
}

impl Held {
    fn json(&self) -> Value {
        let has_seccomp = !self.missing.iter().any(|number| **number == *"SG0433");
        json!({ "landlock_abi": self.landlock_abi, "seccomp": has_seccomp, "missing": self.missing })
    }
}
