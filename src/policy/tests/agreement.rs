//! What is explained is what is decided, and what is said to turn a decision turns it: for random
//! requests over a bundle that has everything.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::identity::Supposed;
use crate::json::Document;
use crate::mcp::Method;
use crate::names::Mode;
use crate::policy::compile::BUILT_IN;
use crate::policy::{
    Decision, Explanation, Flip, FlipStep, Forbid, Paint, Policy, RuleOutcome, Source, Why, compile,
};

/// Monday, 2026-11-23, 00:00 UTC.
const MONDAY: u64 = 1_795_392_000_000;
const HOUR: u64 = 3_600_000;

const BUNDLE: &str = r#"
version: 1
server: { id: rich }
callers: { anonymous: allow }
tools: { query: { class: read }, pay: { class: destructive, tenants: { globex: disabled } }, quiet: { class: read } }
roles:
  analyst: { scopes: ["db:query", "db:admin"], tenants: [acme, globex] }
  writer: { scopes: ["db:write"], groups: [staff] }
  staff: { groups: [staff, oncall] }
  robot: { agents: [bot], users: [carol, dan] }
  pod: { workloads: ["spiffe://acme/*"] }
allow:
  - { id: reads, roles: [analyst], tools: [query], args: { query: { limit: { max: 10, min: 1 }, base: { in: [a, b, "1"] } } } }
  - { id: wide, roles: [writer, robot], tools: [query, pay], args: { "*": { base: { prefix: a } } } }
  - { id: office, roles: [staff], classes: [read], time: { tz: Europe/Berlin, days: mon-fri, between: ["08:00", "18:00"] } }
  - { id: pays, tools: [pay], args: { pay: { limit: { max: 5, required: true } } }, unless: { args: { pay: { deep.note: { equals: x } } } } }
  - { id: pods, roles: [pod], tools: ["*"], unless: [{ time: { from: 2026-11-25, until: 2026-11-26 } }, { roles: [robot] }] }
  - { id: later, tools: [quiet], mode: shadow }
  - { id: files, methods: [resources/read, prompts/get], targets: ["file:///data/*", "p*"] }
  - { id: lists, roles: [staff], methods: [resources/list, prompts/list] }
deny:
  - { id: no-prod, tools: [query, pay], args: { "*": { base: { equals: prod } } }, when_missing: ignore, owner: o, unless: { roles: [pod] } }
  - { id: no-deep, tools: [pay], args: { pay: { deep.note: { in: [x, "y"] } } }, when_missing: apply, owner: o,
      exceptions: [{ id: move, roles: [staff], expires: 2026-11-24, owner: o, reason: r }, { id: more, args: { pay: { limit: { max: 2 } } }, expires: 2026-12-24, owner: o, reason: r }] }
  - { id: night, roles: [robot], tools: ["*"], time: { tz: UTC, between: ["22:00", "06:00"] }, owner: o }
  - { id: soon, tools: [query], args: { query: { limit: { min: 9 } } }, when_missing: ignore, owner: o, mode: shadow }
  - { id: no-secret, methods: [resources/read], targets: ["file:///data/secret*"], owner: o }
"#;

fn policy() -> Policy {
    let source = Source { name: "policy.yaml".into(), text: BUNDLE.into() };
    compile(&[source], MONDAY).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

#[derive(Debug, Clone)]
struct Request {
    caller: Option<Supposed>,
    unix_ms: u64,
    said: Said,
}

#[derive(Debug, Clone)]
enum Said {
    Call(&'static str, Option<String>),
    Method(Method, Option<&'static str>),
}

fn some(names: &'static [&'static str]) -> impl Strategy<Value = Vec<Box<str>>> {
    prop::sample::subsequence(names, 0..=names.len())
        .prop_map(|names| names.into_iter().map(Into::into).collect())
}

fn one(names: &'static [&'static str]) -> impl Strategy<Value = Option<Box<str>>> {
    prop::option::of(prop::sample::select(names)).prop_map(|name| name.map(Into::into))
}

fn caller() -> impl Strategy<Value = Option<Supposed>> {
    let scopes = some(&["db:query", "db:admin", "db:write", "other"]);
    let groups = some(&["staff", "oncall", "visitors"]);
    let names = (
        prop::sample::select(&["alice", "carol", "dan"][..]),
        one(&["acme", "globex", "initech"]),
        one(&["bot", "ide"]),
        one(&["spiffe://acme/a", "spiffe://evil/a"]),
    );
    let supposed = (names, scopes, groups).prop_map(|((user, tenant, agent, workload), scopes, groups)| {
        Supposed { user: user.into(), tenant, agent, workload, scopes, groups, ..Supposed::default() }
    });
    prop::option::weighted(0.9, supposed)
}

fn arguments() -> impl Strategy<Value = Option<String>> {
    let numbers = &["0", "1", "2", "3", "5", "6", "9", "10", "10.5", "11", "\"5\"", "null", "[1]", "1e1"][..];
    let bases = &["\"a\"", "\"b\"", "\"c\"", "\"prod\"", "\"a/b\"", "\"1\"", "1", "true", "null", "{}"][..];
    let notes = &["{\"note\":\"x\"}", "{\"note\":\"y\"}", "{\"note\":\"z\"}", "{}", "[]", "{\"note\":1}"][..];
    let member = |key, values| {
        prop::option::of(prop::sample::select(values))
            .prop_map(move |value| value.map(|value| format!("\"{key}\":{value}")))
    };
    let all = (member("limit", numbers), member("base", bases), member("deep", notes));
    let object = all.prop_map(|(limit, base, deep)| {
        let members: Vec<String> = [limit, base, deep].into_iter().flatten().collect();
        format!("{{{}}}", members.join(","))
    });
    prop::option::weighted(0.95, object)
}

fn request() -> impl Strategy<Value = Request> {
    let tools = prop::sample::select(&["query", "pay", "quiet", "unknown"][..]);
    let call = (tools, arguments()).prop_map(|(tool, arguments)| Said::Call(tool, arguments));
    let targets =
        &["file:///data/a", "file:///data/secret", "file:///data/../x", "file:///etc", "p1", "q"][..];
    let methods = prop::sample::select(Method::ALL);
    let method = (methods, prop::option::of(prop::sample::select(targets)))
        .prop_map(|(method, target)| Said::Method(method, target));
    let said = prop_oneof![4 => call, 1 => method];
    (caller(), 0_u64..7 * 24, said).prop_map(|(caller, hours, said)| Request {
        caller,
        unix_ms: MONDAY + hours * HOUR,
        said,
    })
}

/// The rules that apply in force, of one effect.
fn applying<'p>(explained: &Explanation<'p>, is_allow: bool) -> Vec<&'p crate::names::Label> {
    let all = explained.rules.iter().filter(|rule| {
        rule.is_allow == is_allow && rule.mode == Mode::Enforce && rule.outcome == RuleOutcome::Applies
    });
    all.map(|rule| rule.rule).collect()
}

/// Holds what is decided against what every rule had to say.
fn check(decided: &Decision<'_>, explained: &Explanation<'_>, is_free: bool) {
    assert_eq!(explained.decision, *decided);
    let (denies, allows) = (applying(explained, false), applying(explained, true));
    match decided {
        Decision::Allow { by, .. } => {
            assert!(denies.is_empty(), "{denies:?}");
            assert!(is_free || allows.first() == Some(by), "{by} of {allows:?}");
        }
        Decision::Forbid(Forbid { why: Why::Denied, rule, .. }) => {
            assert_eq!(denies.first().copied(), *rule);
        }
        Decision::Forbid(Forbid { .. }) => assert!(denies.is_empty() && (is_free || allows.is_empty())),
    }
    for rule in &explained.rules {
        let own = || rule.checks.iter().filter(|check| check.release.is_none());
        let asks_more = own().any(|check| !check.is_met);
        let is_held_back = matches!(rule.outcome, RuleOutcome::Applies | RuleOutcome::Released(_));
        assert_eq!(is_held_back, !asks_more, "`{}` is {:?}: {:?}", rule.rule, rule.outcome, rule.checks);
    }
}

/// What a flip says is about something, and names what is not so already.
fn check_flips(flips: &[Flip<'_>]) {
    for flip in flips {
        assert!(!flip.steps.is_empty());
        for step in &flip.steps {
            if let FlipStep::Role { role, lacks } = step {
                assert!(lacks.iter().all(|lack| !lack.any_of.is_empty()), "{role} {lacks:?}");
                assert!(!lacks.is_empty(), "the caller has the role {role}");
            }
        }
    }
}

#[test]
fn explains_what_it_decides() {
    let policy = policy();
    let mut runner =
        TestRunner::new(Config { cases: 10_000, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&request(), |request| {
        let caller = Supposed::caller(request.caller.as_ref()).expect("a caller");
        let standing = policy.standing(&caller, request.unix_ms);
        match &request.said {
            Said::Call(tool, arguments) => {
                let text = arguments.as_deref().unwrap_or("null");
                let document = Document::parse(text.as_bytes()).expect("JSON");
                let arguments = arguments.as_ref().map(|_| document.root());
                let decided = policy.judge_call(&standing, tool, arguments);
                check(&decided, &policy.explain_call(&standing, tool, arguments), false);
                check_flips(&policy.flips_of_call(&caller, (request.unix_ms, None), tool, arguments));
            }
            Said::Method(method, target) => {
                let decided = policy.judge_method(&standing, *method, *target);
                let is_free = matches!(&decided, Decision::Allow { by, .. } if by.as_str() == BUILT_IN);
                check(&decided, &policy.explain_method(&standing, *method, *target), is_free);
                check_flips(&policy.flips_of_method(&caller, request.unix_ms, *method, *target));
            }
        }
        Ok(())
    });
    ran.unwrap_or_else(|fault| panic!("{fault}"));
}
