//! When a rule applies, what takes it back, and that the explanation says what was decided.

use std::sync::Arc;

use super::{HEAD, caller, word};
use crate::identity::Caller;
use crate::json::Document;
use crate::policy::{Answer, Explanation, Listing, Paint, Policy, RuleOutcome, Source, compile};

/// Monday, 2026-11-23, 10:00 in Berlin.
const MONDAY: u64 = 1_795_424_400_000;
const DAY: u64 = 24 * 3_600_000;

const RULES: &str = "
allow:
  - { id: reads, tools: [read], args: { read: { limit: { max: 10 } } },
      unless: { args: { read: { base: { equals: secret } } } } }
  - { id: office, roles: [analyst], tools: [hidden], time: { tz: Europe/Berlin, days: mon-fri, between: ['08:00', '18:00'] } }
  - { id: drops, tools: [drop] }
deny:
  - { id: no-drop, tools: [drop], owner: o, unless: { roles: [analyst], args: { drop: { base: { equals: test } } } } }
  - { id: no-read, tools: [read], args: { read: { base: { equals: prod } } }, when_missing: ignore, owner: o,
      exceptions: [{ id: audit-2026, roles: [analyst], expires: 2026-11-24, owner: sec@acme, reason: audit }] }
";

fn policy() -> Policy {
    crate::identity::install_crypto();
    let source = Source { name: "policy.yaml".into(), text: format!("{HEAD}{RULES}") };
    compile(&[source], MONDAY).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

fn analyst() -> Arc<Caller> {
    caller(None, &[], &["analysts"])
}

fn explain<'p>(policy: &'p Policy, caller: &Caller, tool: &str, arguments: &str, at: u64) -> Explanation<'p> {
    let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
    let standing = policy.standing(caller, at);
    let explained = policy.explain_call(&standing, tool, Some(document.root()));
    let decided = policy.judge_call(&standing, tool, Some(document.root()));
    assert_eq!(explained.decision, decided, "{tool} {arguments}");
    explained
}

#[test]
fn a_rule_is_taken_back_by_a_clear_word_only() {
    let policy = policy();
    let (analyst, other) = (analyst(), caller(None, &[], &[]));
    let cases = [
        // An allow is withdrawn by a yes, by what cannot be said and by what is not there.
        (&other, "read", r#"{"limit":1,"base":"open"}"#, MONDAY, "allow reads"),
        (&other, "read", r#"{"limit":1,"base":"secret"}"#, MONDAY, "NotAllowed -"),
        (&other, "read", r#"{"limit":1,"base":[1]}"#, MONDAY, "Denied no-read"),
        (&other, "read", r#"{"limit":1}"#, MONDAY, "NotAllowed -"),
        // A deny steps back for a yes, and for nothing else.
        (&analyst, "drop", r#"{"base":"test"}"#, MONDAY, "allow drops"),
        (&analyst, "drop", r#"{"base":"prod"}"#, MONDAY, "Denied no-drop"),
        (&analyst, "drop", r#"{"base":["test"]}"#, MONDAY, "Denied no-drop"),
        (&analyst, "drop", r"{}", MONDAY, "Denied no-drop"),
        (&other, "drop", r#"{"base":"test"}"#, MONDAY, "Denied no-drop"),
        // An exception holds for those it names, to the end of its last day in UTC.
        (&analyst, "read", r#"{"limit":1,"base":"prod"}"#, MONDAY, "allow reads"),
        (&other, "read", r#"{"limit":1,"base":"prod"}"#, MONDAY, "Denied no-read"),
        (&analyst, "read", r#"{"limit":1,"base":"prod"}"#, MONDAY + DAY + 15 * 3_600_000 - 1, "allow reads"),
        (&analyst, "read", r#"{"limit":1,"base":"prod"}"#, MONDAY + DAY + 15 * 3_600_000, "Denied no-read"),
        // A time window opens and closes.
        (&analyst, "hidden", r"{}", MONDAY, "allow office"),
        (&analyst, "hidden", r"{}", MONDAY + 12 * 3_600_000, "NotAllowed -"),
        (&other, "hidden", r"{}", MONDAY, "NotAllowed -"),
    ];
    for (caller, tool, arguments, at, wanted) in cases {
        let explained = explain(&policy, caller, tool, arguments, at);
        assert_eq!(word(&explained.decision), wanted, "{tool} {arguments} at {at}");
    }
}

#[test]
fn lists_follow_time_and_what_may_take_a_deny_back() {
    let policy = policy();
    let (analyst, other) = (analyst(), caller(None, &[], &[]));
    let cases = [
        (&analyst, "hidden", MONDAY, Listing::Shown),
        (&analyst, "hidden", MONDAY + 12 * 3_600_000, Listing::Hidden),
        (&analyst, "drop", MONDAY, Listing::Shown),
        (&other, "drop", MONDAY, Listing::Hidden),
        (&other, "read", MONDAY, Listing::Shown),
    ];
    for (caller, tool, at, wanted) in cases {
        assert_eq!(policy.lists(&policy.standing(caller, at), tool), wanted, "{tool} at {at}");
    }
}

#[test]
fn tells_what_every_rule_had_to_say_and_where_it_stands() {
    let policy = policy();
    let explained = explain(&policy, &analyst(), "read", r#"{"limit":11,"base":"prod"}"#, MONDAY);
    let said: Vec<_> =
        explained.rules.iter().map(|rule| (rule.rule.as_str(), rule.outcome.clone())).collect();
    let exception = crate::names::Label::parse("audit-2026").expect("a name");
    let RuleOutcome::Released(by) = &said[0].1 else { panic!("{said:?}") };
    assert_eq!((said[0].0, by.exception), ("no-read", Some(&exception)));
    assert_eq!(said[1], ("reads", RuleOutcome::Unmet));
    let allow = explained.rules.last().expect("two rules");
    let line = HEAD.lines().count() + 3;
    assert_eq!((policy.file(allow.place), allow.place.line, allow.is_allow), ("policy.yaml", line, true));
    let checks: Vec<_> = allow.checks.iter().map(|check| (check.asked.as_str(), check.answer)).collect();
    assert_eq!(checks, [("limit max: 10", Answer::No), ("base equals: secret", Answer::No)]);
    assert_eq!(allow.checks.first().map(|check| check.place.column), Some(49));
    assert!(explain(&policy, &analyst(), "unknown", "{}", MONDAY).rules.is_empty());
}

fn layered(organisation: &str, team: &str, lock: &str) -> Vec<String> {
    crate::identity::install_crypto();
    let source = |name: &str, text: &str| Source { name: name.into(), text: format!("version: 1\n{text}") };
    let mut sources = vec![source("team.yaml", team)];
    if !organisation.is_empty() {
        sources.push(source("organisation/base.yaml", organisation));
    }
    if !lock.is_empty() {
        sources.push(source("tools.lock.yaml", lock));
    }
    match compile(&sources, 0) {
        Ok(policy) => policy.warnings().iter().map(|fault| fault.code.as_str().to_owned()).collect(),
        Err(faults) => faults.iter().map(|fault| format!("{} {}", fault.file, fault.code.as_str())).collect(),
    }
}

#[test]
fn a_team_does_not_weaken_the_organisation() {
    let deny = "deny: [{ id: org, tools: [drop], owner: sec }]";
    let by_class = "deny: [{ id: org, classes: [destructive], owner: sec }]";
    let by_role = "deny: [{ id: org, roles: [guests], tools: [drop], owner: sec }]";
    let callers = "callers: { keys: [{ id: k, user: u, sha256: \"0000000000000000000000000000000000000000000000000000000000000000\" }] }";
    let team = "server: { id: db }\ntools: { drop: { class: destructive }, x: { class: destructive } }\n";
    let open = "callers: { anonymous: allow }\n";
    let cases = [
        (deny, format!("{team}{open}allow: [{{ id: all, tools: x }}]"), vec![]),
        (deny, format!("{}{open}", team.replace("id: db", "id: db, mode: shadow")), vec!["team.yaml SG0036"]),
        ("", format!("{}{open}", team.replace("id: db", "id: db, mode: shadow")), vec![]),
        (
            by_role,
            format!("{team}{open}roles: {{ guests: {{ users: [nobody] }} }}"),
            vec!["team.yaml SG0036"],
        ),
        (by_class, format!("{team}{open}"), vec!["SG0110", "SG0110"]),
    ];
    for (organisation, team, wanted) in cases {
        assert_eq!(layered(organisation, &team, ""), wanted, "{organisation} | {team}");
    }
    let both = callers.replace("id: k", "id: j").replace("000 ", "001 ").replace("0\" }", "1\" }");
    assert_eq!(layered(&format!("{callers}\n{deny}"), &format!("{team}{both}"), ""), ["team.yaml SG0036"]);
}
