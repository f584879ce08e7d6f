//! Tools that change after they were approved: no call reaches a changed tool, and no model reads what changed.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod cloaks;
mod flows;
mod held;
mod own;
mod pairs;
mod pipes;
mod turncoat;

use serde_json::Value;
use support::gate::Gate;
use support::wire::{Answer, Wire};

const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;

/// The list as `bearer` is shown it, all on one page.
fn list(gate: &Gate, bearer: &str) -> Vec<Value> {
    gate.post(bearer, LIST).json()["result"]["tools"].as_array().cloned().expect("a list")
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools.iter().filter_map(|tool| tool["name"].as_str()).collect()
}

/// A client of `bearer` that has a session of its own and calls itself `name`.
struct Session<'g> {
    gate: &'g Gate,
    bearer: &'static str,
    id: String,
    revision: &'static str,
}

impl<'g> Session<'g> {
    fn begin(gate: &'g Gate, bearer: &'static str, name: &str) -> Self {
        Self::of(gate, bearer, name, "2025-11-25")
    }

    /// [`Session::begin`] in another revision.
    fn of(gate: &'g Gate, bearer: &'static str, name: &str, revision: &'static str) -> Self {
        let hello = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"{name}","version":"1"}}}}}}"#
        );
        let answer = gate.post(bearer, &hello);
        let id = answer.head.header("mcp-session-id").expect("a session").to_owned();
        Self { gate, bearer, id, revision }
    }

    fn post(&self, body: &str) -> Answer {
        let headers = [("Mcp-Session-Id", self.id.as_str()), ("MCP-Protocol-Version", self.revision)];
        Wire::connect(self.gate.address).post(self.bearer, &headers, body)
    }
}

/// The records of changed tools, as written so far.
fn drifts(gate: &Gate) -> Vec<Value> {
    let text = std::fs::read_to_string(gate.audit()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|record| record["stage"] == "tool.drift").collect()
}

/// Waits for the record that a tool was seen to have changed.
#[track_caller]
fn drift(gate: &Gate, tool: &str, event: &str) -> Value {
    support::wait_for(&format!("`{event}` of `{tool}`"), || {
        drifts(gate).into_iter().find(|it| it["drift"]["tool"] == tool && it["drift"]["event"] == event)
    })
}
