//! What becomes of a pod, in values that every front can tell.

use std::fmt;

use serde_json::Value;

use super::codes::Code;
use super::patch::Operation;

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It gets a gate.
    Patched(Box<Patched>),
    /// It may not run as it is. There is at least one reason, and each is told at once.
    Refused(Vec<Refusal>),
    /// It runs as it came.
    Skipped(Skip),
}

/// A pod with a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The change, as a JSON patch (RFC 6902). Never empty.
    pub patch: Vec<Operation>,
    /// The pod with the change made.
    pub pod: Value,
    /// What its author should look at.
    pub warnings: Vec<Warning>,
    /// How traffic gets to the gate.
    pub mode: Mode,
}

/// How traffic gets to the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// The gate listens where the server did, the server on the loopback address only.
    Loopback,
    /// The gate takes over the name of the port that Services target.
    NamedPort,
    /// The kernel leads connections to the server's port to the gate.
    Redirect,
    /// The gate starts the server and speaks with it over pipes.
    Stdio,
}

impl Mode {
    /// Every mode.
    pub const ALL: &[Self] = &[Self::NamedPort, Self::Redirect, Self::Loopback, Self::Stdio];

    /// The word for it in settings, annotations and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::NamedPort => "named-port",
            Self::Redirect => "redirect",
            Self::Stdio => "stdio",
        }
    }
}

/// Why a pod may not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which kind of reason.
    pub code: Code,
    /// What is wrong, and what to do: one line.
    pub message: String,
}

/// Why a pod runs as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// Which kind of reason.
    pub code: Code,
    /// Why, and what would change it: one line.
    pub message: String,
}

/// What somebody should look at although the pod runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which kind.
    pub code: Code,
    /// What may go wrong, and what to do: one line.
    pub message: String,
}

/// What is found in files, of a pod or of what leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which kind: of [`Kind::Finding`](super::Kind::Finding), or a refusal.
    pub code: Code,
    /// The object: kind, namespace and name.
    pub place: String,
    /// What is wrong, and what to do: one line.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.code.as_str(), self.message)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All three are told alike: the number, then the words.
macro_rules! told {
    ($($name:ident)*) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: {}", self.code.as_str(), self.message)
            }
        })*
    };
}

told! { Refusal Skip Warning }
