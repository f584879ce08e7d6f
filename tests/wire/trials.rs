//! Trying a policy before it takes effect: shadow, a candidate beside the live one, and what audit tells for later.

use serde_json::{Value, json};

use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::Gate;
use crate::support::upstream::{Upstream, result};
use crate::support::wait_for;

fn decided(gate: &Gate, target: &str) -> Value {
    gate.record("the call to be written down", |record| record["action"]["target"] == target)
}

#[test]
fn a_process_in_shadow_refuses_nothing_and_says_what_it_would_have_done() {
    let said = r#"{"content":[{"type":"text","text":"SSN 536-22-8726"}]}"#;
    let upstream = Upstream::json(|body| result(body, said));
    let url = upstream.url();
    let limits = "limits: [{ id: one, per: [user], rate: 1/day, match: { tools: [lookup] } }]";
    let policy = bundle::with(limits);
    let open = Gate::with(Bundle::new(&policy), &["--upstream", &url]);
    let shadow = Gate::with(Bundle::new(&policy), &["--upstream", &url, "--shadow"]);
    assert!(open.call(ALICE, "delete_all", "{}").tool_error().is_some());
    assert!(!open.call(ALICE, "echo", "{}").text().contains("536-22-8726"));
    let answer = shadow.call(ALICE, "delete_all", "{}");
    assert!(answer.tool_error().is_none(), "nothing is refused");
    assert!(answer.text().contains("536-22-8726"), "no byte is changed: {}", answer.text());
    for _ in 0..2 {
        assert!(shadow.call(BOB, "lookup", "{}").tool_error().is_none(), "limits only report");
    }
    let record = decided(&shadow, "delete_all");
    let decision = &record["decision"];
    assert_eq!(
        [&decision["verdict"], &decision["action"], &decision["mode"]],
        [&json!("deny"), &json!("allow"), &json!("shadow")]
    );
    assert_eq!(shadow.metric("sluicegate_decisions_total", r#"action="deny""#), 0.0);
    assert!(shadow.metric("sluicegate_decisions_total", r#"action="shadow_deny""#) >= 2.0);
    assert_eq!(shadow.metric("sluicegate_policy_info", r#"mode="shadow""#), 1.0);
    assert!(shadow.log().contains("in shadow"));
}

#[test]
fn a_candidate_judges_beside_the_policy_and_decides_nothing() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    let stricter = bundle::with("deny: [{ id: no-echo, tools: [echo], owner: o }]");
    let wider = "  - { id: everything, roles: [reader], tools: '*' }\nredact:";
    let candidate = Bundle::new(&stricter.replacen("redact:", wider, 1));
    let directory = candidate.path().to_str().expect("a path of a test is text").to_owned();
    let gate = Gate::with(
        Bundle::new(&bundle::clinic()),
        &["--upstream", url.as_str(), "--candidate", directory.as_str()],
    );
    assert!(gate.call(ALICE, "echo", "{}").tool_error().is_none(), "the live policy decides");
    assert!(gate.call(ALICE, "delete_all", "{}").tool_error().is_some(), "the live policy decides");
    assert!(gate.call(ALICE, "lookup", "{}").tool_error().is_none());
    let (echo, lookup, delete) =
        (decided(&gate, "echo"), decided(&gate, "lookup"), decided(&gate, "delete_all"));
    assert_eq!(echo["decision"]["verdict"], "allow");
    assert_eq!(echo["candidate"]["verdict"], "deny");
    assert_eq!(echo["candidate"]["rule"], "no-echo");
    assert_eq!(delete["candidate"]["verdict"], "allow");
    assert_eq!(lookup["candidate"], Value::Null, "no word where both agree");
    let counted = |live: &str, other: &str| {
        let labels = format!(r#"candidate="{other}",live="{live}""#);
        gate.metric("sluicegate_policy_candidate_decisions_total", &labels)
    };
    assert_eq!(
        [counted("allow", "deny"), counted("deny", "allow"), counted("deny", "deny")],
        [1.0, 1.0, 0.0]
    );
    candidate.write("policy.yaml", &bundle::clinic());
    wait_for("the candidate to be read anew", || {
        gate.call(BOB, "echo", "{}");
        (counted("allow", "allow") >= 2.0).then_some(())
    });
}

#[test]
fn a_broken_candidate_keeps_nobody_from_calling() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    let candidate = Bundle::new("version: 1\nserrver: x\n");
    let directory = candidate.path().to_str().expect("a path of a test is text").to_owned();
    let gate = Gate::with(
        Bundle::new(&bundle::clinic()),
        &["--upstream", url.as_str(), "--candidate", directory.as_str()],
    );
    assert!(gate.call(ALICE, "echo", "{}").tool_error().is_none());
    assert!(gate.log().contains("no candidate is tried"));
}

#[test]
fn facts_tell_what_rules_asked_and_no_more() {
    let upstream = Upstream::echo();
    let rules = "deny:\n  - { id: big, tools: [echo], owner: o, when_missing: ignore, \
                 args: { echo: { limit: { min: 100 }, note: { prefix: x } } } }\n\
                 audit: { level: facts, values: [limit, note, who, deep] }\n";
    let gate = Gate::start(&bundle::with(rules), &upstream.url());
    let arguments =
        r#"{"limit":7,"note":"my number is 536-22-8726","who":"alice","deep":{"a":1},"other":"secret-1"}"#;
    assert!(gate.call(ALICE, "echo", arguments).tool_error().is_none());
    let record = decided(&gate, "echo");
    let facts = &record["facts"];
    assert_eq!(facts["scopes"], json!(["read"]));
    assert_eq!(
        facts["values"],
        json!({"limit": 7, "who": "alice"}),
        "neither what redaction finds nor what is no value"
    );
    assert_eq!(
        facts["answers"],
        json!([
            {"path": "limit", "asked": "min: 100", "answer": "no"},
            {"path": "note", "asked": "prefix: x", "answer": "no"}
        ])
    );
    let line = record.to_string();
    assert!(!line.contains("536-22") && !line.contains("secret-1"), "{line}");
    assert_eq!(record["content"]["level"], "facts");
}
