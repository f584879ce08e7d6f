//! Calls that are held until their client was shown the list: taken back, left, and in batches.

use serde_json::{Value, json};

use crate::pipes::{self, said};
use crate::support::bundle::ALICE;
use crate::support::gate::{Gate, call};
use crate::support::pipe::Pipe;
use crate::support::wait_for;
use crate::support::wire::{Wire, request};
use crate::turncoat::{Turncoat, turned};
use crate::{LIST, Session};

const ALWAYS: &str = "pins: { before_call: always, every: never }";

fn cancel(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
}

/// Sends `body` in a session, and waits until the gate asks for the list because of it.
fn hold(server: &Turncoat, session: &Session<'_>, body: &str) -> Wire {
    let lists = server.listed();
    server.stall(true);
    let headers = [("Mcp-Session-Id", &*session.id), ("MCP-Protocol-Version", session.revision)];
    let mut wire = session.gate.connect();
    wire.send(&request(session.bearer, &headers, body.as_bytes()));
    wait_for("the list to be asked for", || (server.listed() > lists).then_some(()));
    wire
}

/// Takes a request back on a pipe, and waits until the gate has heard of it.
fn take_back(pipe: &mut Pipe, id: u32) {
    pipe.say(&cancel(id));
    let is_it = |record: &Value| record["action"]["method"] == "notifications/cancelled";
    wait_for("the gate to hear of it", || pipe.records().iter().any(is_it).then_some(()));
}

#[track_caller]
fn was_cancelled(gate: &Gate) {
    let record =
        gate.record("the call that was taken back", |record| record["result"]["outcome"] == "cancelled");
    assert!(record.to_string().contains("before it was sent"), "{record}");
}

#[test]
fn a_held_call_that_its_client_takes_back_is_never_sent_and_never_answered() {
    let server = Turncoat::start();
    let gate = server.gate(ALWAYS);
    let session = Session::begin(&gate, ALICE, "alice");
    let mut held = hold(&server, &session, &call(7, "add", "{}"));
    assert_eq!(session.post(&cancel(7)).status(), 202);
    assert_eq!(session.post(&cancel(8)).status(), 202, "of what does not wait nothing is said");
    server.stall(false);
    let answer = held.answer();
    assert_eq!((answer.status(), answer.text().as_str()), (200, ""));
    assert!(session.post(&call(8, "send_mail", "{}")).tool_error().is_none());
    let heard = server.upstream.got().iter().filter(|got| got.body.contains("cancelled")).count();
    assert_eq!(
        (server.called(), heard),
        (vec!["send_mail".to_owned()], 0),
        "not even that it was taken back"
    );
    was_cancelled(&gate);
}

#[test]
fn a_held_call_whose_client_goes_away_is_never_sent() {
    let server = Turncoat::start();
    let gate = server.gate(ALWAYS);
    let session = Session::begin(&gate, ALICE, "alice");
    drop(hold(&server, &session, &call(7, "add", "{}")));
    gate.record("the call that was left", |record| record["result"]["outcome"] == "cancelled");
    server.stall(false);
    assert!(session.post(&call(8, "send_mail", "{}")).tool_error().is_none());
    assert_eq!(server.called(), ["send_mail"]);
}

#[test]
fn held_calls_of_a_batch_are_verified_once_and_answered_together() {
    let server = Turncoat::start();
    let gate = server.gate("pins: { before_call: 1hour, every: never }");
    let session = Session::of(&gate, ALICE, "alice", "2025-03-26");
    let lists = server.listed();
    let batch =
        format!("[{},{},{}]", call(1, "add", "{}"), call(2, "send_mail", "{}"), call(3, "read_file", "{}"));
    let answers = session.post(&batch).json();
    let done = answers.as_array().expect("a batch").iter().filter(|answer| said(answer) == "done").count();
    assert_eq!((done, server.listed() - lists), (3, 1), "{answers}");
}

#[test]
fn of_a_batch_only_the_call_of_the_changed_tool_is_refused() {
    let server = Turncoat::start();
    let gate = server.gate(ALWAYS);
    let session = Session::of(&gate, ALICE, "alice", "2025-03-26");
    server.habits().pages = vec![turned("add", |tool| tool["description"] = json!("poison"))];
    let batch = format!("[{},{},{}]", call(1, "add", "{}"), call(2, "send_mail", "{}"), cancel(99));
    let answers = session.post(&batch).json();
    let of = |id: u32| {
        let found = answers.as_array().expect("a batch").iter().find(|answer| answer["id"] == id);
        found.cloned().unwrap_or_else(|| panic!("{id} is not in {answers}"))
    };
    assert!(said(&of(1)).contains("not available"), "{answers}");
    assert_eq!((said(&of(2)), server.called()), ("done", vec!["send_mail".to_owned()]));
}

#[test]
fn a_call_of_a_batch_that_is_taken_back_is_missing_from_its_answer() {
    let server = Turncoat::start();
    let gate = server.gate(ALWAYS);
    let session = Session::of(&gate, ALICE, "alice", "2025-03-26");
    let batch = format!("[{},{}]", call(1, "add", "{}"), call(2, "send_mail", "{}"));
    let mut held = hold(&server, &session, &batch);
    // Both are judged by the time that the second one waits for its turn; until then it is not known.
    wait_for("it to be taken back", || (session.post(&cancel(1)).status() == 202).then_some(()));
    server.stall(false);
    let answers = held.answer().json();
    assert_eq!(answers.as_array().map(Vec::len), Some(1), "{answers}");
    assert_eq!((&answers[0]["id"], server.called()), (&json!(2), vec!["send_mail".to_owned()]));
    was_cancelled(&gate);
}

#[test]
fn a_held_call_that_is_taken_back_between_pipes_is_never_sent_and_never_answered() {
    let server = pipes::Turncoat::new();
    let mut pipe = pipes::pipe(&server, ALWAYS);
    server.stall(true);
    pipe.say(&call(7, "add", "{}"));
    take_back(&mut pipe, 7);
    pipe.say(r#"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#);
    server.stall(false);
    let first = pipe.hear().expect("an answer");
    assert_eq!(first["id"], "ping", "nothing is said of 7: {first}");
    assert_eq!(said(&pipe.ask(&call(8, "send_mail", "{}"))), "done");
    assert_eq!(server.called(), ["send_mail"]);
    pipe.close();
    assert!(pipe.hear().is_none() && pipe.ended().success());
    let outcomes: Vec<Value> =
        pipe.records().iter().map(|record| record["result"]["outcome"].clone()).collect();
    assert!(outcomes.contains(&json!("cancelled")), "{outcomes:?}");
}

#[test]
fn the_rest_of_a_batch_is_answered_when_its_held_call_is_taken_back() {
    let server = pipes::Turncoat::new();
    let mut pipe = pipes::pipe_of(&server, ALWAYS, "2025-03-26");
    server.stall(true);
    let ping = r#"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#;
    pipe.say(&format!("[{},{ping}]", call(7, "add", "{}")));
    take_back(&mut pipe, 7);
    server.stall(false);
    let answers = pipe.hear().expect("a batch");
    assert_eq!(answers.as_array().map(Vec::len), Some(1), "{answers}");
    assert_eq!((&answers[0]["id"], server.called().len()), (&json!("ping"), 0));
}

#[test]
fn the_rest_of_a_batch_is_answered_when_a_call_that_was_sent_is_taken_back() {
    let server = pipes::Turncoat::new();
    let mut pipe = pipes::pipe_of(&server, "pins: { before_call: never, every: never }", "2025-03-26");
    server.stall(true);
    pipe.say(&format!("[{},{LIST}]", r#"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#));
    take_back(&mut pipe, 7);
    server.stall(false);
    let answers = pipe.hear().expect("a batch");
    let ids: Vec<&Value> = answers.as_array().expect("a batch").iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, ["ping"], "the list was taken back: {answers}");
}

#[test]
fn held_calls_of_a_batch_between_pipes_are_answered_together() {
    let server = pipes::Turncoat::new();
    let mut pipe = pipes::pipe_of(&server, ALWAYS, "2025-03-26");
    server.say(&[turned("add", |tool| tool["description"] = json!("poison"))]);
    pipe.say(&format!("[{},{}]", call(1, "add", "{}"), call(2, "send_mail", "{}")));
    let answers = pipe.hear().expect("a batch");
    assert_eq!(answers.as_array().map(Vec::len), Some(2), "{answers}");
    assert_eq!(server.called(), ["send_mail"]);
}
