//! What the goldens of the commands do not show: bundles in shadow, answers withheld, and that the gate
//! and the explanation agree.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::{Question, Report, Selection, Stage, body_of, run};
use crate::identity::Supposed;
use crate::names::Now;
use crate::policy::{Decision, Paint, Policy, Said, Source, Verdict, compile};

const HEAD: &str = "version: 1\ncallers: { anonymous: allow }\ntools: { a: {}, b: {}, c: {} }\n";

const RULES: &str = "
allow:
  - { id: all, tools: [a, b], args: { a: { n: { max: 5 } } } }
deny:
  - { id: not-b, tools: [b], owner: o }
  - { id: shady, tools: [a], args: { a: { n: { equals: 3 } } }, when_missing: ignore, owner: o, mode: shadow }
limits:
  - { id: slow, per: [user], rate: 1/hour, burst: 2 }
redact:
  - { id: no-cards, on: results, detectors: [pan], action: block }
";

fn policy(server: &str) -> Arc<Policy> {
    let source = Source { name: "policy.yaml".into(), text: format!("{HEAD}server: {server}\n{RULES}") };
    let policy = compile(&[source], 0);
    Arc::new(policy.unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain))))
}

fn report(server: &str, cases: &str) -> Report {
    let source =
        Source { name: "a.test.yaml".into(), text: format!("at: 2026-11-23T10:00:00Z\ncases:\n{cases}") };
    run(&policy(server), &[source], Selection { filter: None, unix_ms: 0 })
}

#[track_caller]
fn passes(server: &str, cases: &str) {
    let report = report(server, cases);
    assert!(report.faults.is_empty(), "{}", report.faults.render(Paint::Plain));
}

#[test]
fn a_bundle_in_shadow_is_tested_as_if_it_were_in_force() {
    let cases = "
  - { name: a, call: { tool: a, args: { n: 5 } }, expect: { decision: allow, rule: all } }
  - { name: more, with: { args.n: 6 }, expect: { decision: deny, reason: argument, nearest: all, failed: args.n } }
  - { name: noted, with: { args.n: 3 }, expect: { decision: allow, rule: all, shadow: shady } }
  - { name: b, call: { tool: b }, expect: { decision: deny, rule: not-b } }
  - { name: c, call: { tool: c }, expect: { decision: deny, reason: tool_not_allowed } }
";
    for server in ["{ id: s }", "{ id: s, mode: shadow }"] {
        passes(server, cases);
    }
}

#[test]
fn limits_count_by_the_clock_of_the_case_and_for_it_alone() {
    let cases = "
  - name: two at once
    call: { tool: a, args: { n: 1 } }
    repeat: { times: 3 }
    expect: { allowed: 2, denied_by: limit/slow, retry_after: { between: [1hour, 1hour] } }
  - { name: again, repeat: { times: 2 }, expect: { allowed: 2 } }
  - { name: by the hour, repeat: { times: 4, every: 1hour }, expect: { decision: allow, allowed: 4 } }
  - { name: by the half, repeat: { times: 4, every: 30min }, expect: { decision: deny, allowed: 3 } }
";
    passes("{ id: s }", cases);
}

/// The findings of cases over some limits alone.
fn findings(limits: &str, cases: &str) -> String {
    let policy =
        format!("{HEAD}server: {{ id: s }}\nallow: [{{ id: all, tools: [a, b] }}]\nlimits:\n{limits}");
    let policy = compile(&[Source { name: "policy.yaml".into(), text: policy }], 0);
    let policy = Arc::new(policy.unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain))));
    let cases = Source { name: "a.test.yaml".into(), text: format!("cases:\n{cases}") };
    run(&policy, &[cases], Selection { filter: None, unix_ms: 0 }).faults.render(Paint::Plain)
}

#[test]
fn budgets_end_at_midnight_of_their_zone_with_the_month_and_on_leap_days() {
    let limits = "
  - { id: berlin, per: [user], match: { tools: [a] }, budget: 2/day, tz: Europe/Berlin }
  - { id: month, per: [user], match: { tools: [b] }, budget: 3/month }
";
    let cases = "
  - name: the day before it changes in Berlin
    at: 2026-11-23T22:59:00Z
    call: { tool: a }
    repeat: { times: 3 }
    expect: { allowed: 2, denied_by: limit/berlin, reason: budget, retry_after: { between: [1min, 1min] } }
  - { name: a minute later, after: 1min, repeat: { times: 3, every: 1s }, expect: { allowed: 2 } }
  - { name: midnight in UTC is none, after: 1hour, expect: { decision: deny } }
  - { name: another user, after: 0s, as: { user: bob }, expect: { decision: allow } }
  - name: the day before a leap day
    at: 2028-02-28T23:59:59Z
    call: { tool: b }
    repeat: { times: 2 }
    expect: { allowed: 2 }
  - { name: on the leap day, after: 1s, repeat: { times: 2 }, expect: { allowed: 1 } }
  - { name: at its end, after: 86399s, expect: { decision: deny } }
  - { name: in March, after: 1s, repeat: { times: 4, every: 8day }, expect: { allowed: 3 } }
  - { name: in April, after: 7day, expect: { decision: allow } }
";
    assert_eq!(findings(limits, cases), "");
}

#[test]
fn an_exception_ends_with_its_last_day() {
    let deny = "
deny:
  - id: no-a
    tools: [a]
    owner: o
    exceptions: [{ id: once, tools: [a], expires: 2027-02-28, owner: o, reason: INC-1 }]
";
    let cases = "
  - { name: on its last day, at: 2027-02-28T23:59:59Z, call: { tool: a }, expect: { decision: allow } }
  - { name: the day after, after: 1s, expect: { decision: deny, rule: no-a } }
";
    assert_eq!(findings(&format!("  - {{ id: one, per: [user], rate: 1/s }}\n{deny}"), cases), "");
}

#[test]
fn places_in_flight_are_counted_while_nothing_is_answered() {
    let limits = "  - { id: hot, per: [tool], concurrency: 3 }\n";
    let cases = "
  - name: one after the other
    call: { tool: a }
    repeat: { times: 9 }
    expect: { allowed: 9 }
  - name: at once
    after: 0s
    repeat: { times: 9, together: true }
    expect: { allowed: 3, denied_by: limit/hot, message: in flight }
  - { name: afterwards, after: 0s, expect: { decision: allow } }
";
    assert_eq!(findings(limits, cases), "");
}

#[test]
fn answers_settle_what_they_cost() {
    let limits = "  - { id: bytes, per: [user], unit: response_bytes, estimate: 1, budget: 500/day }\n";
    let cases = "
  - name: a long answer
    at: 2026-11-23T10:00:00Z
    call: { tool: a }
    result: { content: [{ type: text, text: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }] }
    repeat: { times: 9 }
    expect: { allowed: 4, denied_by: limit/bytes }
  - { name: the next day, after: 14hour, expect: { decision: allow } }
";
    assert_eq!(findings(limits, cases), "");
}

#[test]
fn a_case_that_follows_none_and_one_that_follows_a_wrong_one_are_not_judged() {
    let limits = "  - { id: one, per: [user], rate: 1/min }\n";
    let none = findings(limits, "  - { name: x, call: { tool: a }, after: 1s, expect: { decision: allow } }");
    assert!(none.contains("SG0093") && none.contains("no case above"), "{none}");
    let both = "
  - { name: x, call: { tool: a }, expect: { decision: allow } }
  - { name: y, after: 1s, at: 2026-11-23T10:00:00Z, expect: { decision: allow } }
  - { name: z, after: 1s, expect: { decision: allow } }
";
    let both = findings(limits, both);
    assert!(both.contains("SG0093") && !both.contains("SG0201"), "{both}");
}

#[test]
fn a_filter_counts_what_the_cases_above_used_up() {
    let cases = "
  - { name: first, call: { tool: a, args: { n: 1 } }, repeat: { times: 2 }, expect: { allowed: 2 } }
  - { name: second, after: 1s, expect: { decision: deny, denied_by: limit/slow } }
";
    let source = Source { name: "a.test.yaml".into(), text: format!("cases:\n{cases}") };
    let report = run(&policy("{ id: s }"), &[source], Selection { filter: Some("second"), unix_ms: 0 });
    assert!(report.faults.is_empty(), "{}", report.faults.render(Paint::Plain));
    assert_eq!((report.passed(), report.verdicts.len()), (1, 1));
}

#[test]
fn an_answer_that_is_withheld_counts_as_denied() {
    let cases = "
  - name: a card
    call: { tool: a, args: { n: 1 } }
    result: { content: [{ type: text, text: '4111 1111 1111 1111' }] }
    expect: { decision: deny, reason: pii, found: { pan: 1 }, message: 'was withheld' }
  - { name: no card, with: { \"result.content[0].text\": none }, expect: { decision: allow, redacted: { \"result.content[0].text\": none } } }
  - { name: nothing, with: { \"result.content[0]\": null }, expect: { decision: allow, redacted: { content: [] } } }
";
    passes("{ id: s }", cases);
}

#[test]
fn what_a_case_does_not_say_it_has_from_the_case_above() {
    let cases = "
  - { name: one, as: { user: u }, call: { tool: a, args: { n: 1 } }, at: 2026-11-24T10:00:00Z, expect: { decision: allow } }
  - { with: { args.n: 2 }, expect: { decision: allow } }
  - { expect: { rule: all } }
  - { name: own, call: { tool: b }, expect: { decision: deny } }
  - { name: nobody, as: anonymous, expect: { decision: deny } }
";
    let report = report("{ id: s }", cases);
    let told: Vec<(&str, &str)> = report
        .verdicts
        .iter()
        .map(|verdict| (&*verdict.name, verdict.came.split_once("; ").map_or("", |(_, rest)| rest)))
        .collect();
    let wanted = [
        ("one", "as u, at 2026-11-24T10:00:00Z"),
        ("one / args.n: 2", "as u, at 2026-11-24T10:00:00Z"),
        ("one / line 6", "as u, at 2026-11-24T10:00:00Z"),
        ("own", "as u, at 2026-11-23T10:00:00Z"),
        ("nobody", "anonymous, at 2026-11-23T10:00:00Z"),
    ];
    assert_eq!(told, wanted);
    assert_eq!((report.passed(), report.failed()), (5, 0));
}

/// The gate names the rule that the explanation names, whatever is asked.
#[test]
fn the_gate_does_what_is_explained() {
    let policy = policy("{ id: s }");
    let caller = Supposed::caller(Some(&Supposed::default())).expect("a caller");
    for tool in ["a", "b", "c", "d"] {
        for arguments in ["{}", r#"{"n":1}"#, r#"{"n":3}"#, r#"{"n":6}"#, r#"{"n":"1"}"#] {
            let said = Said::Call { tool: tool.into(), arguments: Some(arguments.into()) };
            let question = Question {
                body: body_of(&said),
                headers: HeaderMap::new(),
                caller: Arc::clone(&caller),
                unix_ms: 0,
            };
            let account = question.ask(&policy);
            let explanation = account.explanation.expect("a call is explained");
            let (verdict, rule) = match &explanation.decision {
                Decision::Allow { by, .. } => (Verdict::Allow, Some(*by)),
                Decision::Forbid(forbid) => (Verdict::Deny, forbid.rule),
            };
            let came = (account.came.verdict, account.came.record.rule.as_ref());
            assert_eq!(came, (verdict, rule), "{tool} {arguments}");
        }
    }
}

#[test]
fn what_is_no_message_is_refused_and_not_explained() {
    let policy = policy("{ id: s }");
    let caller = Supposed::caller(None).expect("a caller");
    for body in ["", "null", "{}", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#] {
        let question = Question {
            body: Bytes::from(body),
            headers: HeaderMap::new(),
            caller: Arc::clone(&caller),
            unix_ms: 0,
        };
        let account = question.ask(&policy);
        assert!(account.explanation.is_none() && account.flips.is_empty(), "{body}");
        assert_eq!(account.came.record.reason.as_str(), "protocol", "{body}");
    }
}

#[test]
fn each_stage_begins_with_nothing_counted() {
    let (policy, body) =
        (policy("{ id: s }"), body_of(&Said::Call { tool: "a".into(), arguments: Some("{\"n\":1}".into()) }));
    let caller = Supposed::caller(None).expect("a caller");
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    for _ in 0..2 {
        let stage = Stage::new(Arc::clone(&policy), Arc::clone(&caller));
        let verdicts: Vec<Verdict> = (0..3).map(|_| stage.send(&body, None, now, None).verdict).collect();
        assert_eq!(verdicts, [Verdict::Allow, Verdict::Allow, Verdict::Deny]);
    }
}
