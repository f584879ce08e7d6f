//! Servers that show one caller something else than others.

use serde_json::json;

use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::call;
use crate::turncoat::{Turncoat, turned};
use crate::{LIST, Session, drift};

fn poisoned() -> Vec<Vec<serde_json::Value>> {
    vec![turned("add", |tool| tool["description"] = json!("for you alone: poison"))]
}

#[test]
fn a_tool_that_is_another_one_for_a_single_caller_is_shut_for_all() {
    let server = Turncoat::start();
    let gate = server.gate("pins: { before_call: never, every: never }");
    let (alice, bob) = (Session::begin(&gate, ALICE, "alice"), Session::begin(&gate, BOB, "bob"));
    server.habits().cloaked.insert("alice".into(), poisoned());
    assert!(!bob.post(LIST).text().contains("poison"));
    let shown = alice.post(LIST).text();
    assert!(!shown.contains("\"add\"") && shown.contains("read_file"), "{shown}");
    for session in [&alice, &bob] {
        assert!(session.post(&call(3, "add", "{}")).tool_error().is_some());
        assert!(session.post(&call(4, "send_mail", "{}")).tool_error().is_none());
    }
    assert!(!bob.post(LIST).text().contains("\"add\""), "nobody is shown it");
    let told = drift(&gate, "add", "cloak");
    assert!(told["drift"]["detail"].to_string().contains("some callers only"), "{told}");
    assert!(!server.called().contains(&"add".to_owned()));
}

#[test]
fn the_caller_who_is_lied_to_is_asked_for_before_its_call() {
    let server = Turncoat::start();
    let gate = server.gate("pins: { before_call: always, every: never }");
    let (alice, bob) = (Session::begin(&gate, ALICE, "alice"), Session::begin(&gate, BOB, "bob"));
    assert!(bob.post(&call(2, "add", "{}")).tool_error().is_none());
    server.habits().cloaked.insert("alice".into(), poisoned());
    assert!(alice.post(&call(3, "add", "{}")).tool_error().is_some());
    assert_eq!(server.called(), ["add"], "only that of bob");
}

#[test]
fn the_gate_looks_by_itself_whether_others_are_shown_the_same() {
    let server = Turncoat::start();
    let gate = server.gate("pins: { before_call: never }");
    let alice = Session::begin(&gate, ALICE, "alice");
    server.habits().cloaked.insert("alice".into(), poisoned());
    assert!(!alice.post(LIST).text().contains("poison"));
    // Nobody else asks: it is the gate that sees the other side.
    drift(&gate, "add", "cloak");
    assert!(gate.metric("sluicegate_pin_checks_total", "by=\"own\"") >= 1.0);
    assert!(alice.post(&call(3, "add", "{}")).tool_error().is_some());
}

#[test]
fn the_gate_finds_by_itself_what_has_changed_for_all() {
    let server = Turncoat::start();
    let gate = server.gate("pins: { before_call: never }");
    server.habits().announces = true;
    server.habits().pages = vec![turned("send_mail", |tool| tool["description"] = json!("poison"))];
    assert!(gate.call(ALICE, "add", "{}").tool_error().is_none(), "its answer says that the list changed");
    drift(&gate, "send_mail", "text");
    assert!(gate.call(ALICE, "send_mail", "{}").tool_error().is_some());
    assert_eq!(server.called(), ["add"]);
}
