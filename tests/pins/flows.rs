//! Flow rules on the wire: what a conversation has seen closes tools to it, and to no other.

use serde_json::Value;

use crate::Session;
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::wait_for;
use crate::turncoat::{Turncoat, policy};

const FLOWS: &str = "conversation: { sources: [session] }\n\
                     tools: { read_file: { class: read, labels: [private] }, add: { class: read, labels: [untrusted] }, send_mail: { class: write, labels: [exfiltrates] } }\n\
                     flows: [{ id: trifecta, after: [untrusted, private], deny: [exfiltrates], message: 'ask #sec' }]\n";

#[track_caller]
fn goes(session: &Session<'_>, tool: &str) {
    let answer = session.post(&call(3, tool, "{}"));
    assert!(answer.tool_error().is_none(), "{tool}: {}", answer.text());
}

#[track_caller]
fn is_closed(session: &Session<'_>, tool: &str) {
    let text = session.post(&call(3, tool, "{}")).tool_error().expect("it is closed");
    assert!(text.contains("`untrusted` and `private`") && text.contains("`exfiltrates`"), "{text}");
    assert!(text.ends_with("begin a new conversation (ask #sec)"), "{text}");
}

#[test]
fn a_conversation_that_has_seen_both_sends_nothing_out_and_another_one_does() {
    let server = Turncoat::start();
    let gate = Gate::start(&policy(FLOWS), &server.upstream.url());
    let (one, two) = (Session::begin(&gate, ALICE, "one"), Session::begin(&gate, ALICE, "two"));
    for session in [&one, &two] {
        goes(session, "send_mail");
        goes(session, "read_file");
        goes(session, "send_mail");
    }
    goes(&one, "add");
    is_closed(&one, "send_mail");
    goes(&one, "read_file");
    goes(&two, "send_mail");
    let bob = Session::begin(&gate, BOB, "one");
    goes(&bob, "send_mail");
    assert_eq!(server.called().iter().filter(|tool| *tool == "send_mail").count(), 6);
    let record = gate.record("the refusal", |record| record["decision"]["reason"] == "flow");
    assert_eq!(record["decision"]["rule"], "trifecta");
    assert_eq!(
        record["decision"]["detail"],
        "flow `trifecta`: `exfiltrates` after `untrusted` and `private`"
    );
    assert!(gate.metric("sluicegate_decisions_total", "reason=\"flow\"") >= 1.0);
}

#[test]
fn a_reload_forgets_nothing_that_was_seen() {
    let server = Turncoat::start();
    let gate = Gate::start(&policy(FLOWS), &server.upstream.url());
    let one = Session::begin(&gate, ALICE, "one");
    goes(&one, "read_file");
    goes(&one, "add");
    is_closed(&one, "send_mail");
    let before: Value = serde_json::from_str(&gate.page("/status").text()).expect("JSON");
    gate.bundle.write("policy.yaml", &policy(&format!("{FLOWS}# another revision\n")));
    wait_for("the reload", || {
        let now: Value = serde_json::from_str(&gate.page("/status").text()).ok()?;
        (now["policy"]["sha256"] != before["policy"]["sha256"]).then_some(())
    });
    is_closed(&one, "send_mail");
}

#[test]
fn what_names_no_conversation_is_one_with_all_that_its_user_does() {
    let server = Turncoat::start();
    let policy = policy(&FLOWS.replace("conversation: { sources: [session] }\n", ""));
    let gate = Gate::start(&policy, &server.upstream.url());
    let (one, two) = (Session::begin(&gate, ALICE, "one"), Session::begin(&gate, ALICE, "two"));
    // With no section at all a session still is a conversation.
    goes(&one, "read_file");
    goes(&two, "add");
    let bob = Session::begin(&gate, BOB, "bob");
    goes(&bob, "send_mail");
    for tool in ["read_file", "add"] {
        assert!(gate.call(ALICE, tool, "{}").tool_error().is_none());
    }
    assert!(gate.call(ALICE, "send_mail", "{}").tool_error().is_some(), "calls without a session are one");
}
