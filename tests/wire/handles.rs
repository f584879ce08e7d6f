//! Handles in front of a server that never looks at who brings them.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Got, Upstream, result, send_head};
use crate::support::wire::{Answer, Wire};

/// Lets readers list prompts and follow tasks, beside what the clinic allows.
pub const MORE: &str = "version: 1\nallow:\n  - { id: more, roles: [reader], methods: [\"prompts/*\", \"resources/*\", \"subscriptions/listen\"] }\n";

/// A server with sessions, tasks and cursors that answers whoever names them.
fn careless() -> Upstream {
    let sessions = AtomicU32::new(0);
    Upstream::start(move |got, stream| {
        let mut head = String::new();
        let answer = match method(got).as_str() {
            "initialize" => {
                let number = sessions.fetch_add(1, Ordering::SeqCst);
                head = format!("Mcp-Session-Id: session-{number}\r\n");
                r#"{"protocolVersion":"2025-11-25","capabilities":{"tasks":{}},"serverInfo":{"name":"careless","version":"1"}}"#
            }
            "tools/call" => {
                r#"{"task":{"taskId":"task-1","status":"working","createdAt":"2025-11-25T10:00:00Z","lastUpdatedAt":"2025-11-25T10:00:00Z","ttl":60000}}"#
            }
            "tasks/get" => {
                r#"{"taskId":"task-1","status":"working","createdAt":"2025-11-25T10:00:00Z","lastUpdatedAt":"2025-11-25T10:00:00Z","ttl":60000}"#
            }
            "tasks/result" => {
                r#"{"content":[{"type":"text","text":"SSN 536-22-8726"}],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"task-1"}}}"#
            }
            "prompts/list" => r#"{"prompts":[],"nextCursor":"page-2"}"#,
            _ => "{}",
        };
        send_head(stream, 200, &head, &result(&got.body, answer));
        After::Keep
    })
}

fn method(got: &Got) -> String {
    let body: serde_json::Value = serde_json::from_str(&got.body).unwrap_or_default();
    body["method"].as_str().unwrap_or_default().to_owned()
}

/// A gate in front of a server, with more methods allowed.
pub fn gate(upstream: &Upstream, more: &str) -> Gate {
    let bundle = Bundle::new(&bundle::clinic());
    bundle.write("more.yaml", more);
    Gate::with(bundle, &["--upstream", &upstream.url()])
}

/// Initializes as `bearer` in `revision`, and returns the session as the gate names it.
pub fn initialize(gate: &Gate, bearer: &str, revision: &str) -> String {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"t","version":"1"}}}}}}"#
    );
    let answer = gate.post(bearer, &body);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.head.header("mcp-session-id").expect("a session begins").to_owned()
}

fn post(gate: &Gate, bearer: &str, session: &str, body: &str) -> Answer {
    let headers = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", "2025-11-25")];
    Wire::connect(gate.address).post(bearer, &headers, body)
}

fn asking(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{params}}}"#)
}

/// Text with one character changed.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("a token is ASCII")
}

#[test]
fn a_session_is_worth_nothing_to_another_caller() {
    let upstream = careless();
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    assert!(!session.contains("session-0") && session.starts_with("sg1."), "{session}");
    let list = asking("tools/list", "{}");
    assert_eq!(post(&gate, ALICE, &session, &list).status(), 200);
    let got = upstream.got().pop().expect("the call reached the server");
    assert!(got.head.contains("mcp-session-id: session-0\r\n"), "{}", got.head);
    let reached = upstream.got().len();
    let twice = format!("sg1.{session}");
    let made_up = [
        (BOB, session.as_str()),
        (ALICE, "session-0"),
        (ALICE, &flipped(&session, session.len() - 1)),
        (ALICE, &flipped(&session, 8)),
        (ALICE, &session[..session.len() - 4]),
        (ALICE, &twice),
        (ALICE, ""),
    ];
    for (bearer, token) in made_up {
        let answer = post(&gate, bearer, token, &list);
        assert_eq!((answer.status(), answer.error().0), (404, -31_404), "{token}: {}", answer.text());
    }
    for method in ["GET", "DELETE"] {
        let mut wire = Wire::connect(gate.address);
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {BOB}\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n"
        );
        wire.send(request.as_bytes());
        assert_eq!(wire.answer().status(), 404, "{method}");
    }
    assert_eq!(upstream.got().len(), reached, "none of them reached the server");
}

#[test]
fn a_task_is_worth_nothing_to_another_caller() {
    let upstream = careless();
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    let begun = post(&gate, ALICE, &session, &call(1, "slow", "{}")).json();
    let task = begun["result"]["task"]["taskId"].as_str().expect("a task begins").to_owned();
    assert!(task.starts_with("sg1."), "{task}");
    let get = |token: &str| asking("tasks/get", &format!(r#"{{"taskId":"{token}"}}"#));
    let shown = post(&gate, ALICE, &session, &get(&task)).json();
    assert_eq!(shown["result"]["taskId"], task.as_str(), "one task has one name: {shown}");
    let got = upstream.got().pop().expect("the poll reached the server");
    assert!(got.body.contains(r#""taskId":"task-1""#), "{}", got.body);
    let done = asking("tasks/result", &format!(r#"{{"taskId":"{task}"}}"#));
    let done = post(&gate, ALICE, &session, &done).json();
    assert!(!done.to_string().contains("536-22-8726"), "a late result is redacted: {done}");
    assert_eq!(
        done["result"]["_meta"]["io.modelcontextprotocol/related-task"]["taskId"],
        task.as_str(),
        "{done}"
    );
    let reached = upstream.got().len();
    let of_bob = initialize(&gate, BOB, "2025-11-25");
    for (bearer, session, token) in
        [(BOB, &of_bob, task.as_str()), (ALICE, &session, "task-1"), (ALICE, &session, &flipped(&task, 20))]
    {
        let answer = post(&gate, bearer, session, &get(token));
        assert_eq!(answer.error().0, -32_602, "{}", answer.text());
    }
    assert_eq!(
        upstream.got().len(),
        reached + 1,
        "only the handshake of the other caller reached the server"
    );
    let record = gate.record("a poll", |record| record["action"]["method"] == "tasks/get");
    assert!(!record.to_string().contains("sg1.") && !record.to_string().contains("task-1"), "{record}");
}

#[test]
fn a_task_can_be_followed_as_long_as_its_tool_may_be_called() {
    let upstream = careless();
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    let begun = post(&gate, ALICE, &session, &call(1, "slow", "{}")).json();
    let task = begun["result"]["task"]["taskId"].as_str().expect("a task begins").to_owned();
    let get = asking("tasks/get", &format!(r#"{{"taskId":"{task}"}}"#));
    assert_eq!(post(&gate, ALICE, &session, &get).status(), 200);
    gate.bundle.write("more.yaml", &format!("{MORE}deny:\n  - {{ id: stop, tools: [slow] }}\n"));
    gate.signal("HUP");
    crate::support::wait_for("the rule to take effect", || {
        (post(&gate, ALICE, &session, &get).status() == 403).then_some(())
    });
}

#[test]
fn a_cursor_is_of_one_list_and_one_caller() {
    let upstream = careless();
    let gate = gate(&upstream, MORE);
    let listed = gate.post(ALICE, &asking("prompts/list", "{}")).json();
    let cursor = listed["result"]["nextCursor"].as_str().expect("there is another page").to_owned();
    let next = |method: &str, cursor: &str| asking(method, &format!(r#"{{"cursor":"{cursor}"}}"#));
    assert_eq!(gate.post(ALICE, &next("prompts/list", &cursor)).status(), 200);
    let got = upstream.got().pop().expect("it reached the server");
    assert!(got.body.contains(r#""cursor":"page-2""#), "{}", got.body);
    for (bearer, method, token) in [
        (ALICE, "resources/list", cursor.as_str()),
        (BOB, "prompts/list", &cursor),
        (ALICE, "prompts/list", "page-2"),
    ] {
        let answer = gate.post(bearer, &next(method, token));
        assert_eq!(answer.error().0, -32_602, "{method}: {}", answer.text());
    }
}

#[test]
fn a_shared_secret_opens_on_every_replica_and_through_a_change() {
    let upstream = careless();
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let secret = directory.path().join("seal");
    std::fs::write(&secret, [1; 32]).expect("it can be written");
    let start = || {
        let words =
            ["--upstream", &upstream.url(), "--seal-key", &secret.display().to_string()].map(str::to_owned);
        Gate::with(Bundle::new(&bundle::clinic()), &words)
    };
    let (one, two) = (start(), start());
    let session = initialize(&one, ALICE, "2025-11-25");
    let list = asking("tools/list", "{}");
    assert_eq!(post(&two, ALICE, &session, &list).status(), 200, "a replica opens it");
    std::fs::write(&secret, [2; 32]).expect("it can be written");
    crate::support::wait_for("the new secret to be read", || {
        (initialize(&one, ALICE, "2025-11-25")[..8] != session[..8]).then_some(())
    });
    assert_eq!(post(&one, ALICE, &session, &list).status(), 200, "the one before still opens");
    drop(one);
    let fresh = start();
    assert_eq!(post(&fresh, ALICE, &session, &list).status(), 404, "a process that never knew it does not");
}

#[test]
fn nothing_is_sealed_where_the_policy_says_so() {
    let upstream = careless();
    let gate = gate(&upstream, "version: 1\nstrict: { seal: none }\n");
    let session = initialize(&gate, ALICE, "2025-11-25");
    assert_eq!(session, "session-0");
    assert_eq!(post(&gate, ALICE, &session, &asking("tools/list", "{}")).status(), 200);
}
