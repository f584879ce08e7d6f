//! What a server asks of a client, and what the client answers, in the legacy era.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use crate::handles::{gate, initialize};
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{
    After, Got, Upstream, end_chunks, open_events, result, send_chunk, send_head,
};
use crate::support::wire::{Answer, Wire, request};
use crate::support::{PATIENCE, wait_for};

const ASKING: &str =
    "version: 1\nallow:\n  - { id: ask, roles: [reader], methods: [elicitation/create, roots/list] }\n";

/// A server whose calls ask what the test tells it to, and that ends a call when told so.
fn asking() -> (Upstream, Sender<Option<String>>) {
    let (say, lines): (_, Receiver<Option<String>>) = mpsc::channel();
    let lines = Arc::new(Mutex::new(lines));
    let upstream = Upstream::start(move |got, stream| {
        if got.body.contains("initialize") {
            let answer = r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#;
            send_head(stream, 200, "Mcp-Session-Id: s-1\r\n", &result(&got.body, answer));
        } else if got.body.contains("tools/call") {
            open_events(stream);
            let lines = lines.lock().expect("no thread panicked with it");
            while let Ok(Some(text)) = lines.recv_timeout(PATIENCE) {
                send_chunk(stream, &format!("data: {text}\n\n"));
            }
            end_chunks(stream);
        } else {
            send_head(stream, 202, "", "");
        }
        After::Keep
    });
    (upstream, say)
}

fn wants(id: &str, method: &str) -> Option<String> {
    Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"message":"?"}}}}"#))
}

fn answer_to(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"action":"accept","content":{{}}}}}}"#)
}

fn post(gate: &Gate, bearer: &str, session: &str, body: &str) -> Answer {
    Wire::connect(gate.address).post(bearer, &[("Mcp-Session-Id", session)], body)
}

fn open(gate: &Gate, session: &str) -> Wire {
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[("Mcp-Session-Id", session)], call(1, "slow", "{}").as_bytes()));
    assert_eq!(wire.head().status, 200);
    wire
}

fn next(wire: &mut Wire) -> String {
    String::from_utf8_lossy(&wire.chunk().expect("the stream goes on")).into_owned()
}

fn replies(upstream: &Upstream, what: &str) -> Vec<Got> {
    upstream.got().into_iter().filter(|got| got.body.contains(what)).collect()
}

#[test]
fn a_question_that_is_allowed_is_answered_once_and_by_the_one_who_was_asked() {
    let (upstream, say) = asking();
    let gate = gate(&upstream, ASKING);
    let session = initialize(&gate, ALICE, "2025-06-18");
    let of_bob = initialize(&gate, BOB, "2025-06-18");
    let early = post(&gate, ALICE, &session, &answer_to("0"));
    assert_eq!((early.status(), early.text().as_str()), (202, ""), "nobody has asked yet");
    let mut wire = open(&gate, &session);
    say.send(wants("0", "elicitation/create")).expect("the server listens");
    assert!(next(&mut wire).contains("elicitation/create"));
    for (bearer, session, id) in [(BOB, &of_bob, "0"), (ALICE, &session, "\"0\""), (ALICE, &session, "1")] {
        assert_eq!(post(&gate, bearer, session, &answer_to(id)).status(), 202, "{id}");
    }
    assert!(replies(&upstream, "accept").is_empty(), "none of them reaches the server");
    assert_eq!(post(&gate, ALICE, &session, &answer_to("0")).status(), 202);
    assert_eq!(replies(&upstream, "accept").len(), 1);
    post(&gate, ALICE, &session, &answer_to("0"));
    assert_eq!(replies(&upstream, "accept").len(), 1, "a second answer goes no further");
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "reply_unknown"), 5.0);
    say.send(Some(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#.into())).expect("it listens");
    say.send(None).expect("the server listens");
    assert!(next(&mut wire).contains(r#""id":1"#));
}

#[test]
fn a_question_that_is_not_allowed_is_refused_to_the_server() {
    let (upstream, say) = asking();
    let gate = gate(&upstream, ASKING);
    let session = initialize(&gate, ALICE, "2025-06-18");
    let mut wire = open(&gate, &session);
    say.send(wants("\"q-1\"", "sampling/createMessage")).expect("the server listens");
    let objection = wait_for("the server to be told", || replies(&upstream, "q-1").pop());
    assert!(
        objection.body.contains("-31403") && objection.body.contains(r#""id":"q-1""#),
        "{}",
        objection.body
    );
    assert!(objection.head.contains("mcp-session-id: s-1\r\n"), "{}", objection.head);
    say.send(wants("5", "ping")).expect("the server listens");
    assert!(next(&mut wire).contains("ping"), "a ping needs no rule, and the question was never shown");
    say.send(Some(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#.into())).expect("it listens");
    say.send(None).expect("the server listens");
    next(&mut wire);
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "request_denied"), 1.0);
}

#[test]
fn progress_needs_a_token_that_somebody_waits_under() {
    let (upstream, say) = asking();
    let gate = gate(&upstream, ASKING);
    let session = initialize(&gate, ALICE, "2025-06-18");
    let mut wire = gate.connect();
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{},"_meta":{"progressToken":"mine"}}}"#;
    wire.send(&request(ALICE, &[("Mcp-Session-Id", &session)], asked.as_bytes()));
    assert_eq!(wire.head().status, 200);
    for (token, step) in [("\"other\"", 1), ("7", 2), ("\"mine\"", 3)] {
        say.send(Some(format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":{step}}}}}"#
        )))
        .expect("the server listens");
    }
    assert!(next(&mut wire).contains(r#""progress":3"#), "only one's own progress is shown");
    say.send(Some(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#.into())).expect("it listens");
    say.send(None).expect("the server listens");
    next(&mut wire);
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "progress_unknown"), 2.0);
}
