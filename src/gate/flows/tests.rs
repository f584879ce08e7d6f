//! What is remembered, for how long, and what happens where there is no room.

use super::super::stage::Stage;
use super::*;

const MORE: &str = "conversation: { sources: [\"meta:talk\"] }\n";

fn stage() -> Stage {
    let flows = "flows:\n  - { id: keep-in, after: [private, foreign], deny: [sends], message: ask security }\n  \
                 - { id: look, mode: shadow, after: [private], deny: [sends] }\n";
    let tools = "tools: { mail: { class: write, labels: [sends] }, crm: { class: read, labels: [private] },\n  \
                 web: { class: read, labels: [foreign] } }\n";
    Stage::with_tools(tools, &format!("{MORE}{flows}"))
}

/// Calls a tool in a conversation, and lets the server answer; the refusal, if there is one.
fn call(stage: &Stage, tool: &str, talk: &str, seconds: u64) -> Option<Denial> {
    let params = format!(r#"{{"name":"{tool}","arguments":{{}},"_meta":{{"talk":"{talk}"}}}}"#);
    match stage.say("tools/call", &params, seconds) {
        Ok(mut ticket) => {
            let answer = bytes::Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
            let said = crate::gate::Said::plainly(&answer, crate::gate::Carrier::Whole);
            stage.gate.inspect(&stage.policy, &mut ticket, &said, super::super::stage::at(seconds));
            stage.settle(ticket);
            None
        }
        Err(refusal) => Some(refusal.denial),
    }
}

fn is_closed(denial: &Option<Denial>) -> bool {
    matches!(denial, Some(Denial::Closed(_)))
}

#[test]
fn closes_a_tool_once_all_was_seen_and_to_that_conversation_alone() {
    let stage = stage();
    assert!(call(&stage, "mail", "a", 1).is_none());
    assert!(call(&stage, "crm", "a", 2).is_none());
    assert!(call(&stage, "mail", "a", 3).is_none(), "one of the two was seen");
    assert!(call(&stage, "web", "a", 4).is_none());
    let denial = call(&stage, "mail", "a", 5).expect("both were seen");
    let text = denial.words("the tool `mail`").text;
    assert!(
        text.contains("`private` and `foreign`")
            && text.contains("`sends`")
            && text.ends_with("(ask security)"),
        "{text}"
    );
    assert_eq!(
        (denial.reason(), denial.detail().as_deref()),
        (Reason::Flow, Some("flow `keep-in`: `sends` after `private` and `foreign`"))
    );
    assert!(call(&stage, "mail", "b", 6).is_none(), "another conversation");
    assert!(call(&stage, "crm", "a", 7).is_none(), "what it has seen it may see again");
}

#[test]
fn remembers_for_a_day_of_silence_and_not_longer() {
    let day = FLOW_LIFE.as_secs();
    for (later, is_shut) in [(day - 1, true), (day, true), (day + 1, false)] {
        let stage = stage();
        call(&stage, "crm", "a", 10);
        call(&stage, "web", "a", 10);
        assert_eq!(is_closed(&call(&stage, "mail", "a", 10 + later)), is_shut, "{later}");
    }
}

#[test]
fn what_belongs_to_no_conversation_counts_for_its_caller() {
    let stage = stage();
    for tool in ["crm", "web"] {
        assert!(call(&stage, tool, "", 1).is_none());
    }
    assert!(is_closed(&call(&stage, "mail", "", 2)));
    assert!(call(&stage, "mail", "a", 3).is_none());
}

#[test]
fn refuses_what_it_could_not_remember_and_forgets_nobody_for_it() {
    let mut stage = stage();
    stage.gate.flows.most = 2;
    for talk in ["a", "b"] {
        assert!(call(&stage, "crm", talk, 1).is_none());
        assert!(call(&stage, "web", talk, 1).is_none());
    }
    assert!(matches!(call(&stage, "crm", "c", 2), Some(Denial::Closed(why)) if *why == Closed::Full));
    assert!(call(&stage, "mail", "c", 3).is_none(), "nothing has to be remembered of it");
    assert!(is_closed(&call(&stage, "mail", "a", 4)), "nobody was forgotten");
    let later = 4 + FLOW_LIFE.as_secs() + 1;
    assert!(call(&stage, "crm", "c", later).is_none(), "who was silent for a day makes room");
}

#[test]
fn counts_what_a_flow_in_shadow_would_do() {
    let stage = stage();
    call(&stage, "crm", "a", 1);
    let params = r#"{"name":"mail","arguments":{},"_meta":{"talk":"a"}}"#;
    let ticket = stage.say("tools/call", params, 2).expect("only one of the two was seen");
    let record = ticket.record();
    assert_eq!((record.action, record.reason), (crate::gate::Action::ShadowDeny, Reason::Flow));
    assert_eq!(record.rule.as_ref().map(Label::as_str), Some("look"));
    stage.settle(ticket);
}

#[test]
fn a_call_that_got_no_answer_may_have_been_answered_elsewhere() {
    let stage = stage();
    for tool in ["crm", "web"] {
        let params = format!(r#"{{"name":"{tool}","arguments":{{}},"_meta":{{"talk":"a"}}}}"#);
        let ticket = stage.say("tools/call", &params, 1).expect("it may be called");
        stage.settle(ticket);
    }
    assert!(is_closed(&call(&stage, "mail", "a", 2)));
}

#[test]
fn an_answer_that_went_elsewhere_may_have_brought_anything() {
    let tools = "tools: { mail: { class: write, labels: [sends] }, crm: { class: read } }\n";
    let more = "redact: [{ id: personal, on: results, detectors: [us_ssn], action: mask }]\n\
                results: { labels: [{ label: private, rules: [personal] }] }\n\
                flows: [{ id: keep-in, after: [private], deny: [sends] }]\n";
    for is_answered in [true, false] {
        let stage = Stage::with_tools(tools, &format!("{MORE}{more}"));
        if is_answered {
            assert!(call(&stage, "crm", "a", 1).is_none());
        } else {
            let params = r#"{"name":"crm","arguments":{},"_meta":{"talk":"a"}}"#;
            let ticket = stage.say("tools/call", params, 1).expect("it may be called");
            stage.settle(ticket);
        }
        assert_eq!(is_closed(&call(&stage, "mail", "a", 2)), !is_answered);
        assert!(call(&stage, "mail", "b", 3).is_none(), "another conversation");
    }
}
