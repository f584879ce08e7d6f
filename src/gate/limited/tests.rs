//! What a refused caller is told, by what it may know.

use http::HeaderMap;

use super::*;
use crate::gate::Denial;
use crate::identity::{Evidence, Settings, StaticKey, digest};
use crate::names::Label;
use crate::policy::{Paint, Source, compile};

const LIMITS: &str = "limits:
  - { id: rate, per: [user], rate: 60/min, burst: 20 }
  - { id: tool, per: [user, tool], rate: 5/s }
  - { id: some, per: [user], match: { tools: [pay] }, rate: 3/day }
  - { id: budget, per: [tenant, user], unit: tokens, budget: 2_000_000/month }
  - { id: bytes, per: [conversation], unit: request_bytes, rate: 1_000/hour }
  - { id: flight, per: [user], concurrency: 8 }
  - { id: shared, per: [tenant], rate: 600/min }
  - { id: whole, per: [server], concurrency: 9 }
  - { id: amount, per: [user], match: { tools: [pay] }, unit: arg:amount, rate: 100/hour }
";

fn policy(more: &str) -> Policy {
    crate::identity::install_crypto();
    let text = format!(
        "version: 1\nserver: {{ id: s }}\ncallers: {{ anonymous: allow }}\ntools: {{ pay: {{ class: write }}, read: {{ class: read }} }}\nallow: [{{ id: any, tools: \"*\" }}]\n{LIMITS}{more}"
    );
    let source = Source { name: "policy.yaml".into(), text };
    compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

fn caller(user: &str) -> Arc<Caller> {
    let key = StaticKey {
        id: Label::parse("key").expect("a name"),
        sha256: digest("key"),
        user: user.into(),
        tenant: Some("acme".into()),
        agent: None,
        workload: None,
        scopes: Vec::new(),
        groups: Vec::new(),
    };
    let directory = crate::identity::Directory::new(Settings { keys: vec![key], ..Settings::default() });
    let found = directory.expect("one key").verify(&Evidence::header(Some("Bearer key")), at(0));
    found.settled().expect("the key is known")
}

fn at(seconds: u64) -> Now {
    Now { steady: Duration::from_secs(seconds), unix_ms: 0 }
}

fn limited(policy: &Policy, id: &str, excess: Excess) -> Limited {
    let rule = policy.all_limits().iter().find(|rule| rule.id().as_str() == id).expect("a limit");
    Limited::new(rule, (excess, None), policy, (&caller("alice"), at(7)))
}

fn wait(seconds: u64) -> Excess {
    Excess::Wait(Duration::from_secs(seconds))
}

#[test]
fn says_which_limit_and_how_long_where_the_caller_may_know() {
    let policy = policy("");
    let rows = [
        ("rate", wait(0), "rate limited: 60 calls a minute per user; retry in 1 s"),
        (
            "tool",
            wait(0),
            "rate limited: 5 calls a second per user and tool; retry in 1 s, other tools may still work",
        ),
        ("some", wait(0), "rate limited: 3 calls a day per user; retry in 1 s, other tools may still work"),
        ("budget", wait(0), "budget used up: 2000000 tokens a month per tenant and user; retry in 1 s"),
        ("bytes", wait(0), "rate limited: 1000 bytes of requests an hour per conversation; retry in 1 s"),
        (
            "flight",
            Excess::InFlight { most: 8 },
            "8 calls in flight per user, the limit; retry when one of yours has ended",
        ),
        ("shared", wait(0), "rate limited, together with others; retry in 1 s"),
        (
            "whole",
            Excess::InFlight { most: 9 },
            "too many requests are in flight here; retry when some have ended",
        ),
        (
            "budget",
            Excess::TooMuch { cost: 9, most: 5 },
            "it costs 9 tokens, and the limit per tenant and user never has more than 5; ask for less, waiting does not help",
        ),
        (
            "shared",
            Excess::TooMuch { cost: 9, most: 5 },
            "it costs more than a limit ever has; ask for less, waiting does not help",
        ),
        (
            "amount",
            Excess::Unmeasured,
            "a limit counts argument `amount`, which must be a number that is not below zero; give it and call again",
        ),
    ];
    for (id, excess, wanted) in rows {
        let words = Denial::Limited(Box::new(limited(&policy, id, excess))).words("the tool `pay`");
        assert_eq!(words.text, format!("the tool `pay` was not called: {wanted}"), "{id}");
    }
}

#[test]
fn has_a_status_a_code_and_data_for_programs() {
    let policy = policy("");
    let rows = [
        ("rate", wait(0), 429, -31_429, Some(1), r#"{"limit":"rate","scope":"user","retryAfterMs":0}"#),
        (
            "tool",
            wait(0),
            429,
            -31_429,
            Some(1),
            r#"{"limit":"tool","scope":"user and tool","retryAfterMs":0}"#,
        ),
        ("shared", wait(0), 429, -31_429, Some(1), r#"{"scope":"shared","retryAfterMs":0}"#),
        (
            "flight",
            Excess::InFlight { most: 8 },
            429,
            -31_429,
            Some(1),
            r#"{"limit":"flight","scope":"user"}"#,
        ),
        ("whole", Excess::InFlight { most: 9 }, 429, -31_429, Some(1), r#"{"scope":"shared"}"#),
        (
            "budget",
            Excess::TooMuch { cost: 9, most: 5 },
            429,
            -31_429,
            None,
            r#"{"limit":"budget","scope":"tenant and user"}"#,
        ),
        ("amount", Excess::Unmeasured, 400, -32_602, None, r#"{"limit":"amount","scope":"user"}"#),
    ];
    for (id, excess, http_status, code, retry_after, data) in rows {
        let words = Denial::Limited(Box::new(limited(&policy, id, excess))).words("`tools/list`");
        assert_eq!(
            (words.http_status, words.code, words.retry_after),
            (http_status, code, retry_after),
            "{id}"
        );
        assert_eq!(words.data.as_deref(), Some(data), "{id}");
    }
    assert_eq!(limited(&policy, "budget", wait(1)).reason(), Reason::Budget);
    assert_eq!(
        limited(&policy, "rate", wait(1)).detail(),
        "wait 1000 ms",
        "the operator knows the true wait"
    );
}

#[test]
fn tells_no_numbers_of_what_the_policy_keeps_to_itself() {
    let (nothing, tenants) =
        (policy("limit_hints: { expose: [] }"), policy("limit_hints: { expose: [tenant] }"));
    let text = |policy: &Policy, id| limited(policy, id, wait(0)).text("it");
    assert_eq!(text(&nothing, "rate"), "it was not called: rate limited; retry in 1 s");
    assert_eq!(limited(&nothing, "rate", wait(0)).data(), r#"{"scope":"user","retryAfterMs":0}"#);
    assert_eq!(
        text(&tenants, "shared"),
        "it was not called: rate limited: 600 calls a minute per tenant; retry in 1 s"
    );
    assert_eq!(text(&tenants, "rate"), "it was not called: rate limited; retry in 1 s");
}

#[test]
fn never_shortens_a_wait_and_spreads_it_by_a_tenth_at_most() {
    let policy = policy("");
    let rule = &policy.all_limits()[0];
    let mut told = std::collections::BTreeSet::new();
    for user in ["alice", "bob", "carol"] {
        let caller = caller(user);
        for (number, wait_ms) in
            [1, 999, 1_000, 1_001, 17_000, 86_400_000].into_iter().cycle().take(600).enumerate()
        {
            let now = Now { steady: Duration::from_nanos(number as u64 * 7_919), unix_ms: 0 };
            let true_wait = Duration::from_millis(wait_ms);
            let said = Limited::new(rule, (Excess::Wait(true_wait), None), &policy, (&caller, now));
            let (retry, seconds) = (said.retry.expect("a wait"), said.retry_after().expect("seconds"));
            assert!((true_wait..=true_wait + true_wait / 10).contains(&retry), "{true_wait:?}: {retry:?}");
            assert!(
                Duration::from_secs(seconds) >= true_wait && seconds <= wait_ms.div_ceil(1_000) * 11 / 10 + 1
            );
            assert!(said.text("it").contains(&format!("retry in {seconds} s")), "{}", said.text("it"));
            if wait_ms == 17_000 {
                told.insert(seconds);
            }
            assert_eq!(
                said,
                Limited::new(rule, (Excess::Wait(true_wait), None), &policy, (&caller, now)),
                "the same again"
            );
        }
    }
    assert_eq!(told, [17, 18, 19].into(), "spread");
}

#[test]
fn long_waits_are_said_in_hours_too() {
    let policy = policy("");
    let said = |seconds| {
        let excess = Excess::Wait(Duration::from_secs(seconds));
        Limited { retry: Some(Duration::from_secs(seconds)), ..limited(&policy, "rate", excess) }.retry_in()
    };
    let rows = [
        (540, "retry in 540 s"),
        (541, "retry in 541 s (10 min)"),
        (3_600, "retry in 3600 s (1 h)"),
        (11_520, "retry in 11520 s (3 h 12 min)"),
    ];
    for (seconds, wanted) in rows {
        assert_eq!(said(seconds), wanted);
    }
}

/// The header fields of a hint, by name.
fn fields(hint: &Hint) -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    hint.write(&mut headers);
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().expect("text").to_owned())
    };
    let mut fields: Vec<_> = headers.iter().map(text).collect();
    fields.sort();
    fields
}

#[test]
fn the_head_tells_of_each_kind_in_the_words_of_the_draft() {
    let policy = policy("limit_hints: { headers: both }");
    let rows = [
        ("rate", wait(17), r#""rate";q=60;w=60"#, r#""rate";r=0;t=17"#),
        ("tool", wait(1), r#""tool";q=5;w=1"#, r#""tool";r=0;t=1"#),
        ("bytes", wait(17), r#""bytes";q=1000;qu="content-bytes";w=3600"#, r#""bytes";r=0;t=17"#),
        ("budget", wait(17), r#""budget";q=2000000;qu="tokens";w=2678400"#, r#""budget";r=0;t=17"#),
        (
            "flight",
            Excess::InFlight { most: 8 },
            r#""flight";q=8;qu="concurrent-requests""#,
            r#""flight";r=0"#,
        ),
    ];
    for (id, excess, policy_field, limit_field) in rows {
        let hint = limited(&policy, id, excess).hint.expect("it may be known");
        let fields = fields(&hint);
        let find = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str());
        assert_eq!(find("ratelimit-policy"), Some(policy_field), "{id}");
        assert_eq!(find("ratelimit"), Some(limit_field), "{id}");
        assert_eq!(find("x-ratelimit-remaining"), Some("0"), "{id}");
        assert_eq!(find("x-ratelimit-reset").is_some(), limit_field.contains(";t="), "{id}");
    }
    assert_eq!(limited(&policy, "shared", wait(17)).hint, None);
}

#[test]
fn the_tightest_that_is_near_is_told() {
    let policy = policy("");
    let rule =
        |id: &str| &**policy.all_limits().iter().find(|rule| rule.id().as_str() == id).expect("a limit");
    let left = |amount, seconds| Left { amount, reset: Some(Duration::from_secs(seconds)) };
    let told = |limits: &[(&str, Left)], caller: &Caller| {
        let limits = limits.iter().map(|(id, left)| (rule(id), *left));
        Hint::tightest(limits, &policy.limit_hints, caller).map(|hint| fields(&hint)[0].1.clone())
    };
    let alice = caller("alice");
    assert_eq!(told(&[("rate", left(5, 9))], &alice), None, "more than a fifth of 20");
    assert_eq!(told(&[("rate", left(4, 9))], &alice).as_deref(), Some(r#""rate";r=4;t=9"#));
    assert_eq!(told(&[("shared", left(0, 9))], &alice), None, "others use it too");
    let two = [("rate", left(4, 9)), ("bytes", left(100, 60)), ("shared", left(0, 9))];
    assert_eq!(told(&two, &alice).as_deref(), Some(r#""bytes";r=100;t=60"#));
    let alike = [("rate", left(0, 9)), ("bytes", left(0, 60))];
    assert_eq!(told(&alike, &alice).as_deref(), Some(r#""bytes";r=0;t=60"#), "the longer one");
    let nobody = policy.directory.verify(&Evidence::default(), at(0)).settled().expect("anybody may call");
    assert_eq!(told(&two, &nobody), None, "anonymous callers are many");
}
