//! The semantics, on small bundles.

mod agreement;
mod conditions;
mod elements;
mod replicas;
mod talks;
mod versions;

use super::*;
use crate::identity::{Caller, Directory, Evidence, Settings, StaticKey, digest};
use crate::json::Document;
use crate::limit::Requests;
use crate::mcp::Method;
use crate::names::{Label, Mode, Now};
use std::sync::Arc;
use std::time::Duration;

const HEAD: &str = "
version: 1
server: { id: db }
callers: { anonymous: allow }
tools:
  read: { class: read, tenants: { globex: disabled } }
  drop: { class: destructive }
  hidden: { class: read }
roles:
  analyst: { groups: [analysts] }
  writer: { scopes: ['db:write'], groups: [analysts] }
";

fn compiled(rules: &str) -> Policy {
    crate::identity::install_crypto();
    let source = Source { name: "policy.yaml".into(), text: format!("{HEAD}{rules}") };
    compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

pub(super) fn caller(tenant: Option<&str>, scopes: &[&str], groups: &[&str]) -> Arc<Caller> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect();
    let key = StaticKey {
        id: Label::parse("key").expect("a name"),
        sha256: digest("key"),
        user: "alice".into(),
        tenant: tenant.map(Into::into),
        agent: None,
        workload: None,
        scopes: texts(scopes),
        groups: texts(groups),
    };
    let directory = Directory::new(Settings { keys: vec![key], ..Settings::default() }).expect("one key");
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    directory.verify(&Evidence::header(Some("Bearer key")), now).settled().expect("the key is known")
}

/// `allow RULE`, `allow RULE ~SHADOW` or `REASON RULE`.
fn word(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Allow { by, shadow: None } => format!("allow {by}"),
        Decision::Allow { by, shadow: Some(shadow) } => format!("allow {by} ~{shadow}"),
        Decision::Forbid(forbid) => {
            let rule = forbid.rule.map_or("-", Label::as_str);
            format!("{:?} {rule}", forbid.why).replace('"', "'")
        }
    }
}

fn judge(policy: &Policy, caller: &Caller, tool: &str, arguments: &str) -> String {
    let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
    word(&policy.judge_call(&policy.standing(caller, 0), tool, Some(document.root())))
}

const RULES: &str = "
allow:
  - { id: reads, roles: [analyst], tools: [read], args: { read: { limit: { max: 10 } } } }
  - { id: writes, roles: [writer], tools: [drop] }
deny:
  - { id: no-prod, tools: [read, drop], args: { '*': { base: { equals: prod } } }, when_missing: ignore, owner: o,
      message: frozen }
  - { id: trial, tools: [drop], mode: shadow, owner: o }
";

#[test]
fn judges_calls_as_the_rules_say() {
    let policy = compiled(RULES);
    let analyst = caller(None, &[], &["analysts"]);
    let writer = caller(None, &["db:write"], &["analysts"]);
    let stranger = caller(None, &["db:write"], &[]);
    let globex = caller(Some("globex"), &[], &["analysts"]);
    let cases = [
        (&analyst, "read", r#"{"limit":10}"#, "allow reads"),
        (&analyst, "read", r#"{"limit":11}"#, "Argument { path: 'limit' } reads"),
        (&analyst, "read", r"{}", "Argument { path: 'limit' } reads"),
        (&analyst, "read", r#"{"limit":1,"base":"prod"}"#, "Denied no-prod"),
        (&analyst, "read", r#"{"limit":1,"base":["prod"]}"#, "Denied no-prod"),
        (&analyst, "read", r#"{"limit":1,"base":"test"}"#, "allow reads"),
        (&analyst, "drop", r"{}", "Scope { missing: ['db:write'] } writes"),
        (&writer, "drop", r"{}", "allow writes ~trial"),
        (&writer, "drop", r#"{"base":"prod"}"#, "Denied no-prod"),
        (&stranger, "drop", r"{}", "NotAllowed -"),
        (&stranger, "read", r#"{"limit":1}"#, "NotAllowed -"),
        (&globex, "read", r#"{"limit":1}"#, "Tenant -"),
        (&analyst, "hidden", r"{}", "NotAllowed -"),
        (&analyst, "READ", r#"{"limit":1}"#, "UnknownTool -"),
    ];
    for (caller, tool, arguments, wanted) in cases {
        assert_eq!(judge(&policy, caller, tool, arguments), wanted, "{tool} {arguments}");
    }
}

#[test]
fn a_deny_without_arguments_at_all_applies_unless_it_says_otherwise() {
    let analyst = caller(None, &[], &["analysts"]);
    for (extra, wanted) in [("", "Denied no-prod"), (", when_missing: ignore", "allow reads")] {
        let policy = compiled(&format!(
            "allow: [{{ id: reads, tools: [read] }}]
deny: [{{ id: no-prod, tools: [read], args: {{ read: {{ base: {{ equals: prod }} }} }}, owner: o{extra} }}]"
        ));
        let standing = policy.standing(&analyst, 0);
        assert_eq!(word(&policy.judge_call(&standing, "read", None)), wanted);
        assert_eq!(judge(&policy, &analyst, "read", "{}"), wanted);
    }
}

#[test]
fn the_order_of_rules_and_files_changes_nothing() {
    let rules = [
        "allow: [{ id: reads, roles: [analyst], tools: [read], args: { read: { limit: { max: 10 } } } }]",
        "deny: [{ id: never, tools: [read], args: { read: { limit: { min: 5 } } }, owner: o }]",
        "allow: [{ id: wide, roles: [writer], tools: [read] }]",
    ];
    let analyst = caller(None, &["db:write"], &["analysts"]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let mut sources = vec![Source { name: "a.yaml".into(), text: HEAD.into() }];
        for (at, rule) in order.iter().enumerate() {
            let text = format!("version: 1\n{}", rules[*rule]);
            sources.push(Source { name: format!("b{at}.yaml").into(), text });
        }
        let policy = compile(&sources, 0).expect("a policy");
        for (arguments, is_allowed) in [(r#"{"limit":4}"#, true), (r#"{"limit":5}"#, false), ("{}", false)] {
            assert_eq!(
                judge(&policy, &analyst, "read", arguments).starts_with("allow"),
                is_allowed,
                "{arguments}"
            );
        }
    }
}

#[test]
fn lists_what_some_arguments_would_allow() {
    let policy = compiled(RULES);
    let analyst = caller(None, &[], &["analysts"]);
    let analyst = policy.standing(&analyst, 0);
    let globex = caller(Some("globex"), &[], &["analysts"]);
    let globex = policy.standing(&globex, 0);
    assert_eq!(policy.lists(&analyst, "read"), Listing::Shown);
    assert_eq!(policy.lists(&globex, "read"), Listing::Hidden);
    for tool in ["drop", "hidden", "unknown"] {
        assert_eq!(policy.lists(&analyst, tool), Listing::Hidden, "{tool}");
    }
    let denied =
        compiled("allow: [{ id: a, tools: '*' }]\ndeny: [{ id: d, classes: [destructive], owner: o }]");
    let anyone = caller(None, &[], &[]);
    let anyone = denied.standing(&anyone, 0);
    assert_eq!(denied.lists(&anyone, "drop"), Listing::Hidden);
    assert_eq!(denied.lists(&anyone, "read"), Listing::Shown);
}

#[test]
fn methods_need_a_rule_unless_the_protocol_needs_them() {
    let policy = compiled(
        "allow: [{ id: files, roles: [analyst], methods: ['resources/read'], targets: ['file:///pub/*'] }]
deny: [{ id: quiet, methods: ['logging/*'], owner: o }]",
    );
    let analyst = caller(None, &[], &["analysts"]);
    let analyst = policy.standing(&analyst, 0);
    let cases = [
        (Method::Initialize, None, "allow built-in:protocol"),
        (Method::ToolsList, None, "allow built-in:protocol"),
        (Method::NotificationsCancelled, None, "allow built-in:protocol"),
        (Method::LoggingSetLevel, None, "Denied quiet"),
        (Method::ResourcesRead, Some("file:///pub/a"), "allow files"),
        (Method::ResourcesRead, Some("file:///pub/../etc/passwd"), "NotAllowed -"),
        (Method::ResourcesRead, None, "NotAllowed -"),
        (Method::PromptsGet, Some("x"), "NotAllowed -"),
        (Method::ToolsCall, Some("read"), "NotAllowed -"),
        (Method::SamplingCreateMessage, None, "NotAllowed -"),
    ];
    for (method, target, wanted) in cases {
        assert_eq!(word(&policy.judge_method(&analyst, method, target)), wanted, "{method} {target:?}");
    }
}

#[test]
fn charges_a_call_to_the_limits_that_match() {
    let limits = "limits:
  - { id: all, per: [user], rate: 60/min }
  - { id: hot, per: [tool], match: { tools: [read] }, rate: 2/s, burst: 9 }
  - { id: danger, per: [user], match: { classes: [destructive] }, rate: 1/day, mode: shadow }
";
    let policy = compiled(limits);
    let ids = |tool: Option<&str>| {
        let tool = tool.and_then(|name| policy.tool(name));
        policy.limits(tool, Requests::CALLS).map(|rule| rule.id().as_str()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some("read")), ["all", "hot"]);
    assert_eq!(ids(Some("drop")), ["all", "danger"]);
    assert_eq!(ids(None), ["all"]);
    let text = format!("{HEAD}{limits}").replace("{ id: db }", "{ id: db, mode: shadow }");
    let shadow = compile(&[Source { name: "policy.yaml".into(), text }], 0).expect("a policy");
    assert!(shadow.limits(shadow.tool("read"), Requests::CALLS).all(|rule| rule.mode() == Mode::Shadow));
}

#[test]
fn the_digest_covers_what_decides_and_nothing_else() {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    let of = |sources: &[Source]| compile(sources, 0).expect("a policy").sha256;
    let base = source("policy.yaml", HEAD);
    let plain = of(std::slice::from_ref(&base));
    assert_eq!(plain, of(&[source("a.test.yaml", "cases: []"), base.clone()]));
    assert_ne!(plain, of(&[source("keys.json", "{}"), base.clone()]));
    assert_ne!(plain, of(&[source("policy.yaml", &format!("{HEAD}# x"))]));
}

#[test]
fn no_text_makes_the_compiler_panic_or_pass_in_silence() {
    crate::identity::install_crypto();
    let text = format!("{HEAD}{RULES}");
    for at in (0..text.len()).step_by(3) {
        for middle in ["", "{", "]", ": ", "&a ", "\u{feff}", "é"] {
            let broken = format!("{}{middle}{}", &text[..at], &text[at + 1..]);
            if let Err(faults) = compile(&[Source { name: "policy.yaml".into(), text: broken }], 0) {
                assert!(faults.count(Severity::Error) > 0, "refused without a reason at {at}");
                assert!(!faults.render(Paint::Plain).is_empty());
            }
        }
    }
    assert!(compile(&[], 0).is_err_and(|faults| !faults.is_empty()));
}
