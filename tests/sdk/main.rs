//! Honest clients of every SDK, in every era that they speak, with real servers behind the gate: what
//! they see through it is what they see without it.
//!
//! Each flow is a list of steps that a client carries out twice, directly and through the gate; see
//! `tests/peers/client.mjs` for the words.

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod desk;
mod everything;
mod legacy_sse;
mod piped;
mod rust;
mod rust_server;
mod stdio;
mod tasks;

use serde_json::{Value, json};

use support::bundle::{self, ALICE};
use support::peers;

/// A client of an SDK, and what it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// One that runs in a process of its own.
    Peer(peers::Client),
    /// Rust, `initialize`.
    RustLegacy,
    /// Rust, 2026-07-28 and nothing else.
    RustModern,
}

impl Client {
    fn all() -> impl Iterator<Item = Self> {
        peers::Client::ALL
            .iter()
            .map(|&client| Self::Peer(client))
            .chain([Self::RustLegacy, Self::RustModern])
    }

    /// Those that begin with `initialize` whatever the server speaks.
    fn legacy() -> impl Iterator<Item = Self> {
        Self::all().filter(|client| !client.is_modern())
    }

    /// Whether it speaks 2026-07-28 to a server that does.
    fn is_modern(self) -> bool {
        match self {
            Self::Peer(client) => {
                matches!(client, peers::Client::PythonAuto | peers::Client::TypeScriptModern)
            }
            Self::RustLegacy => false,
            Self::RustModern => true,
        }
    }

    /// Whether it speaks to no server but one of 2026-07-28.
    fn is_modern_only(self) -> bool {
        matches!(self, Self::Peer(peers::Client::TypeScriptModern) | Self::RustModern)
    }

    fn run(self, url: &str, steps: &Value) -> Value {
        match self {
            Self::Peer(client) => client.run(url, ALICE, steps),
            Self::RustLegacy | Self::RustModern => rust::run(self.is_modern(), url, ALICE, steps),
        }
    }
}

/// A policy for alice: she may call `tools` and use `methods`, and be asked whatever a server may ask.
fn policy(tools: &[&str], methods: &[&str]) -> String {
    let callers = bundle::callers();
    let tools: String = tools.iter().map(|tool| format!("  {tool}: {{ class: read }}\n")).collect();
    let methods =
        [methods, &["elicitation/create", "roots/list", "sampling/createMessage"]].concat().join(", ");
    format!(
        "version: 1\nserver: {{ id: peer }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n{tools}allow:\n  - {{ id: tools, roles: [reader], classes: [read] }}\n  \
           - {{ id: methods, roles: [reader], methods: [{methods}] }}\n"
    )
}

/// What a client saw, step by step.
struct Seen {
    name: String,
    outcome: Value,
}

impl Seen {
    fn by(client: Client, url: &str, steps: &Value) -> Self {
        let outcome = client.run(url, steps);
        assert!(outcome["connect"].is_null(), "{client:?}: {outcome}");
        Self { name: format!("{client:?}"), outcome }
    }

    /// What it saw in a step.
    #[track_caller]
    fn step(&self, index: usize) -> &Value {
        let step = &self.outcome["steps"][index];
        assert!(!step.is_null(), "{}: no step {index} in {}", self.name, self.outcome);
        step
    }

    /// The first text of a step's result.
    #[track_caller]
    fn text(&self, index: usize) -> &str {
        let step = self.step(index);
        step["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{}: {step}", self.name))
    }

    /// What the server asked, in no particular order and each once: some ask when they like.
    fn asked(&self) -> Vec<String> {
        let mut asked: Vec<_> =
            self.outcome["asked"].as_array().into_iter().flatten().map(Value::to_string).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// The names of the tools that a step listed, in order.
    fn tools(&self, index: usize) -> Vec<&str> {
        let mut tools: Vec<_> =
            self.step(index)["tools"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        tools.sort_unstable();
        tools
    }

    /// Holds that a client saw the same through the gate, all in all, and in each step but `but`.
    #[track_caller]
    fn same_as(&self, direct: &Self, but: &[usize]) {
        for part in ["server", "revision"] {
            assert_eq!(self.outcome[part], direct.outcome[part], "{}: `{part}`", self.name);
        }
        assert_eq!(self.asked(), direct.asked(), "{}: what the server asked", self.name);
        let steps = |seen: &Self| seen.outcome["steps"].as_array().map_or(0, Vec::len);
        assert_eq!(steps(self), steps(direct), "{}", self.name);
        for index in (0..steps(self)).filter(|index| !but.contains(index)) {
            assert_eq!(self.step(index), direct.step(index), "{}: step {index}", self.name);
        }
    }
}

/// One text block, as tools answer with it.
fn said(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}
