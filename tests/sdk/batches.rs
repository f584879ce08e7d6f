//! Batches, which 2025-03-26 alone has and no SDK client sends: by hand, against the first line of the
//! TypeScript SDK, which reads them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ALICE;
use super::policy;
use super::support::gate::Gate;
use super::support::peers::Server;
use super::support::wire::{Answer, Wire};

/// A session in which `revision` was negotiated.
struct Session {
    url: String,
    id: String,
    revision: &'static str,
}

impl Session {
    fn open(url: &str, revision: &'static str) -> Self {
        let mut session = Self { url: url.into(), id: String::new(), revision };
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "by-hand", "version": "1"}
        });
        let answer =
            session.say(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}));
        assert_eq!(answer.json()["result"]["protocolVersion"], revision, "{}", answer.text());
        session.id = answer.head.header("mcp-session-id").expect("the server has sessions").into();
        let begun = session.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assert_eq!(begun.status(), 202);
        session
    }

    fn say(&self, body: &Value) -> Answer {
        let address = self.url.trim_start_matches("http://").trim_end_matches("/mcp");
        let mut wire = Wire::connect(address.parse().expect("the URL holds an address"));
        let mut headers = vec![("Connection", "close"), ("MCP-Protocol-Version", self.revision)];
        if !self.id.is_empty() {
            headers.push(("Mcp-Session-Id", &self.id));
        }
        wire.post(ALICE, &headers, &body.to_string())
    }
}

/// The answers in a body, by id: JSON or events, one message each or several.
fn answers(answer: &Answer) -> BTreeMap<u64, Value> {
    let text = answer.text();
    let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data:")).collect();
    let parts = if events.is_empty() { vec![text.as_str()] } else { events };
    let messages = parts.iter().filter_map(|part| serde_json::from_str::<Value>(part).ok());
    let flat = messages.flat_map(|message| match message {
        Value::Array(messages) => messages,
        message => vec![message],
    });
    flat.filter_map(|message| Some((message["id"].as_u64()?, message))).collect()
}

fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

#[test]
fn each_message_of_a_batch_is_answered_as_if_it_came_alone() {
    let server = Server::everything();
    let gate = Gate::start(&policy(&["echo", "get-sum"], &[]), &server.url);
    let batch = json!([
        call(1, "echo", &json!({"message": "one"})),
        {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
        call(2, "get-env", &json!({})),
        call(3, "get-sum", &json!({"a": 2, "b": 3})),
        {"jsonrpc": "2.0", "id": 4, "method": "ping"},
    ]);
    let direct = answers(&Session::open(&server.url, "2025-03-26").say(&batch));
    let session = Session::open(&gate.url(), "2025-03-26");
    let gated = session.say(&batch);
    assert_eq!(gated.status(), 200, "{}", gated.text());
    let gated = answers(&gated);
    assert_eq!(gated.keys().collect::<Vec<_>>(), [&1, &2, &3, &4]);
    for id in [1, 3, 4] {
        assert_eq!(gated[&id], direct[&id], "message {id}");
    }
    assert!(direct[&2]["result"]["isError"].is_null(), "the denied tool runs where nothing denies it");
    assert_eq!(gated[&2]["result"]["isError"], true, "{}", gated[&2]);

    let silent = json!([{"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}]);
    let silent = session.say(&silent);
    assert_eq!((silent.status(), silent.text().as_str()), (202, ""));
}

/// From 2025-06-18 on there are no batches. The server behind reads them all the same, so the gate says no.
#[test]
fn a_batch_in_a_session_of_another_revision_is_refused() {
    let server = Server::everything();
    let gate = Gate::start(&policy(&["echo"], &[]), &server.url);
    let batch = json!([call(1, "echo", &json!({"message": "one"}))]);
    for revision in ["2025-06-18", "2025-11-25"] {
        let direct = Session::open(&server.url, revision).say(&batch);
        assert!(direct.text().contains("Echo: one"), "the server reads it: {}", direct.text());
        let refused = Session::open(&gate.url(), revision).say(&batch);
        assert_eq!((refused.status(), refused.error().0), (400, -32_600), "{}", refused.text());
    }
}
