//! Versions in a bundle's own tests, in `check` and in `explain`.

use crate::stage::{bundle, transition};
use crate::support::bundle::Bundle;
use crate::support::gate::sluicegate;

fn told(verb: &str, bundle: &Bundle, words: &[&str]) -> (Option<i32>, String) {
    let output = sluicegate().env("NO_COLOR", "1").arg(verb).arg(bundle.path()).args(words).output();
    let output = output.expect("it can be started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

const CASES: &str = r#"cases:
  - name: an old call becomes a new one
    as: { user: alice, tenant: acme, scopes: [read] }
    call: { tool: search, args: { q: tea } }
    expect: { decision: allow, rule: read }
  - name: an old call by its version
    as: { user: bob, tenant: globex, scopes: [read] }
    call: { tool: "search@1", args: { q: tea } }
    expect: { decision: allow }
  - name: the rules see the new argument
    as: { user: alice, tenant: acme, scopes: [read] }
    call: { tool: search, args: { q: secret-1 } }
    expect: { decision: deny, rule: no-secrets }
"#;

const DENY: &str = "deny: [{ id: no-secrets, tools: [search], args: { search: { query: { equals: secret-1 } } }, owner: o }]";

#[test]
fn cases_may_be_about_versions() {
    let bundle = bundle(&transition("2099-03-01"), DENY);
    bundle.write("policy.test.yaml", CASES);
    let (code, text) = told("test", &bundle, &[]);
    assert_eq!(code, Some(0), "{text}");
    bundle.write("policy.test.yaml", &CASES.replace("search@1", "search@7"));
    let (code, text) = told("test", &bundle, &[]);
    assert!(code != Some(0) && text.contains("there is no tool `search@7`"), "{text}");
    bundle.write("policy.test.yaml", CASES);
    let ended = transition("2026-07-01");
    let policy = std::fs::read_to_string(bundle.file("policy.yaml")).expect("it was written");
    bundle.write("policy.yaml", &policy.replace(&transition("2099-03-01"), &ended));
    let (code, text) = told("test", &bundle, &[]);
    assert!(code == Some(1) && text.contains("an old call becomes a new one"), "after its last day: {text}");
}

#[test]
fn explain_tells_of_the_call_that_the_server_gets() {
    let bundle = bundle(&transition("2099-03-01"), DENY);
    let words = [
        "--tool",
        "search",
        "--args",
        r#"{"q":"secret-1"}"#,
        "--user",
        "alice",
        "--tenant",
        "acme",
        "--scope",
        "read",
    ];
    let (_, text) = told("explain", &bundle, &words);
    assert!(text.contains("no-secrets") && text.contains("deny"), "{text}");
}

#[test]
fn explain_asks_no_rule_about_another_version() {
    let deny = DENY.replace("tools: [search]", "tools: ['search@1']");
    let bundle = bundle(&transition("2099-03-01"), &deny);
    let words =
        ["--args", r#"{"query":"milk","limit":1}"#, "--user", "bob", "--tenant", "globex", "--scope", "read"];
    let (_, text) = told("explain", &bundle, &[&["--tool", "search"], &words[..]].concat());
    assert!(text.contains("allowed by `read`") && text.contains("deny `no-secrets`"), "{text}");
    assert!(text.contains("does not apply") && !text.contains("another `query`"), "{text}");
}

#[test]
fn check_shows_a_broken_translation_with_its_place_and_what_was_meant() {
    let broken = transition("2099-03-01").replace("{ q: query }", "{ q: qery }");
    let (code, text) = told("check", &bundle(&broken, ""), &[]);
    assert_eq!(code, Some(1), "{text}");
    for wanted in ["SG0074", "`search@2` has no argument `/qery`", "did you mean `query`?", "policy.yaml:"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
