//! Tokens, pseudonyms and coarser values as whole documents, and what was given back turning up again.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::bounds::ECHO_BYTES_MIN;
use crate::json::{Document, quote};
use crate::names::Label;
use crate::scan::mentions;
use crate::scan::tests::rule;
use crate::scan::vault::Resolved;
use crate::scan::{Direction, Plan, Rule, Sighting};

const NOW: Now = Now { steady: Duration::from_secs(60), unix_ms: 0 };

/// A plan with one rule over everything that these tests hide.
fn plan(action: Action) -> Plan {
    plan_of(vec![Rule { allow_pan: true, ..everything(action) }])
}

fn everything(action: Action) -> Rule {
    let kinds = ["us_ssn", "pan", "email", "dob", "mrn", "ipv4", "phone", "iban"];
    let kinds: Vec<Detector> = kinds.iter().filter_map(|kind| Detector::parse(kind)).collect();
    rule("all", &kinds, &["customer_id", "zip", "age"], action)
}

fn plan_of(rules: Vec<Rule>) -> Plan {
    let mut plan = Plan::new(rules).unwrap();
    plan.furnish(PseudonymKey::derive(&[7; 32], "2026").ok());
    plan
}

fn desk<'a>(vault: &'a Vault, scope: &str, echoes: &'a [Echo]) -> Desk<'a> {
    let drawer = Drawer { vault, scope: vault.scope([scope.as_bytes()]), now: NOW };
    Desk { drawer: Some(drawer), tenant: Some("acme"), origin: Some("lookup"), echoes, told: None }
}

#[track_caller]
fn redact(plan: &Plan, desk: &Desk<'_>, text: &str) -> (String, Sighting) {
    let document = Document::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    let sighting = plan.scan_at(desk, Direction::Results, document.root());
    let edited = String::from_utf8(sighting.splice.clone().apply(text.as_bytes())).unwrap();
    assert!(Document::parse(edited.as_bytes()).is_ok(), "{text}\n{edited}");
    (edited, sighting)
}

/// The tokens of a text, in its order, and the values behind them.
fn resolved(vault: &Vault, scope: &str, text: &str) -> Vec<String> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let found = mentions(document.root()).into_iter().filter_map(|mention| {
        let Reading::Whole(token) = mention.reading else { return None };
        let rule = Arc::new(Label::parse("back").unwrap());
        match vault.resolve(vault.scope([scope.as_bytes()]), token, NOW, |_| Some(rule.clone())) {
            Resolved::Value { value, .. } => Some(value.value.to_string()),
            Resolved::Unbound | Resolved::Unknown => None,
        }
    });
    found.collect()
}

const RECORD: &str = r#"{"t":"SSN 123-45-6789, card 4111 1111 1111 1111","ssn":123456789,"dob":"1980-02-29",
    "in":"{\"customer_id\":\"a\\\"b\\\\c\\u00e9\",\"n\":[4111111111111111]}","ip":"8.8.8.8","mrn":"MRN-00123456",
    "ann@example.com":{"email":"ann@example.com"},"zip":"90210","age":93}"#;

#[test]
fn keeps_values_behind_tokens_and_reads_them_back_exactly() {
    let (vault, plan) = (Vault::new(&[7; 32]), plan(Action::Tokenize));
    let desk = desk(&vault, "a", &[]);
    let (edited, sighting) = redact(&plan, &desk, RECORD);
    let values = [
        "123-45-6789",
        "4111 1111 1111 1111",
        "123456789",
        "1980-02-29",
        "a\"b\\c\u{e9}",
        "4111111111111111",
        "8.8.8.8",
        "MRN-00123456",
        "ann@example.com",
        "ann@example.com",
        "90210",
        "93",
    ];
    assert_eq!(resolved(&vault, "a", &edited), values, "{edited}");
    assert!(resolved(&vault, "b", &edited).is_empty(), "another conversation");
    assert!(values.iter().all(|value| value.len() < 4 || !edited.contains(value)), "{edited}");
    assert!(sighting.findings.iter().all(|finding| finding.action == Action::Tokenize));
    assert_eq!(redact(&plan, &desk, &edited).0, edited, "twice");
    let other = Vault::new(&[8; 32]);
    let (others, _) = redact(&plan, &self::desk(&other, "a", &[]), RECORD);
    assert!(resolved(&vault, "a", &others).is_empty(), "another process");
}

#[test]
fn reads_back_what_was_spelled_in_escapes() {
    let (vault, plan) = (Vault::new(&[7; 32]), plan(Action::Tokenize));
    let text = r#"{"t":"\u0031\u0032\u0033-45-6789","u":"{\"t\":\"\\u0031\\u0032\\u0033-45-6789\"}","customer_id":"\u0041\\"}"#;
    let (edited, _) = redact(&plan, &desk(&vault, "a", &[]), text);
    assert_eq!(resolved(&vault, "a", &edited), ["123-45-6789", "123-45-6789", "A\\"], "{edited}");
    assert_eq!(vault.len(), 2, "two spellings of one value");
}

#[test]
fn gives_one_value_one_token_in_every_copy() {
    let (vault, plan) = (Vault::new(&[7; 32]), plan(Action::Tokenize));
    let inner = quote(r#"{"ssn":"123-45-6789"}"#);
    let text = format!(
        r#"{{"content":[{{"text":"x 123-45-6789 y"}},{{"text":{inner}}}],"s":{{"customer_id":"123-45-6789"}}}}"#
    );
    let (edited, _) = redact(&plan, &desk(&vault, "a", &[]), &text);
    let document = Document::parse(edited.as_bytes()).unwrap();
    let tokens: Vec<_> = mentions(document.root()).into_iter().map(|mention| mention.reading).collect();
    assert_eq!((tokens.len(), vault.len()), (3, 1), "{edited}");
    assert!(tokens.windows(2).all(|pair| pair[0] == pair[1]), "{edited}");
}

#[test]
fn replaces_what_it_may_not_keep_or_could_not_give_back() {
    let vault = Vault::new(&[7; 32]);
    let text = r#"{"a":"4111111111111111","b":"123-45-6789"}"#;
    let without_pan = plan_of(vec![everything(Action::Tokenize)]);
    let (edited, _) = redact(&without_pan, &desk(&vault, "a", &[]), text);
    assert!(edited.starts_with(r#"{"a":"[PAN]","b":"PII_SSN_"#), "{edited}");
    for action in [Action::Tokenize, Action::Pseudonym] {
        let (edited, _) = redact(&plan(action), &Desk::default(), text);
        assert_eq!(edited, r#"{"a":"[PAN]","b":"[SSN]"}"#, "nowhere to keep it, nobody to name it to");
    }
    let mut no_key = plan(Action::Pseudonym);
    no_key.furnish(None);
    assert_eq!(redact(&no_key, &desk(&vault, "a", &[]), text).0, r#"{"a":"[PAN]","b":"[SSN]"}"#);
}

#[test]
fn names_by_pseudonym_and_makes_coarser() {
    let vault = Vault::new(&[7; 32]);
    let desk = desk(&vault, "a", &[]);
    let (edited, _) = redact(
        &plan(Action::Pseudonym),
        &desk,
        r#"{"ssn":123456789,"t":"123-45-6789 a@Example.com A@example.com"}"#,
    );
    let ssn = edited.get(r#"{"ssn":""#.len()..).and_then(|rest| rest.split('"').next()).unwrap();
    let mail = edited.rsplit(' ').next().unwrap().trim_end_matches("\"}");
    assert!(ssn.starts_with("SSN_") && mail.starts_with("EMAIL_"), "{edited}");
    assert_eq!(edited, format!(r#"{{"ssn":"{ssn}","t":"{ssn} {mail} {mail}"}}"#));
    let of_others = Desk { tenant: Some("globex"), ..desk };
    assert!(!redact(&plan(Action::Pseudonym), &of_others, r#"{"ssn":123456789}"#).0.contains(ssn));
    let (edited, _) = redact(&plan(Action::Generalise), &desk, RECORD);
    let wanted = r#"{"t":"SSN [SSN], card [PAN]","ssn":"[SSN]","dob":"1980",
    "in":"{\"customer_id\":\"[REDACTED]\",\"n\":[\"[PAN]\"]}","ip":"8.8.8.0","mrn":"[MRN]",
    "[EMAIL_1]":{"email":"[EMAIL]"},"zip":"902","age":90}"#;
    assert_eq!(edited, wanted);
}

#[test]
fn the_strictest_rule_decides_what_becomes_of_a_value() {
    let vault = Vault::new(&[7; 32]);
    let desk = desk(&vault, "a", &[]);
    for (place, &action) in Action::ALL.iter().enumerate() {
        for &weaker in &Action::ALL[..place] {
            let rules =
                vec![Rule { id: Label::parse("weak").unwrap(), ..everything(weaker) }, everything(action)];
            let (_, sighting) = redact(&plan_of(rules), &desk, r#"{"ssn":"123-45-6789"}"#);
            let found: Vec<_> = sighting.findings.iter().map(|finding| finding.action).collect();
            assert_eq!(found, [action], "{} before {}", action.as_str(), weaker.as_str());
        }
    }
}

/// What was given back: values that lie in the vault, and went out of it once.
fn given_back(vault: &Vault, values: &[&str]) -> Vec<Echo> {
    let scope = vault.scope([&b"a"[..]]);
    for value in values {
        let asked = Arc::new(Label::parse("keeps").unwrap());
        let detector = Detector::parse("us_ssn").unwrap();
        let deposit = Deposit { detector, rule: &asked, origin: None, value, form: Written::Text };
        let token = vault.mint(scope, deposit, NOW).unwrap();
        let back = Arc::new(Label::parse("back").unwrap());
        assert!(matches!(vault.resolve(scope, token, NOW, |_| Some(back.clone())), Resolved::Value { .. }));
    }
    vault.echoes(scope, NOW)
}

#[test]
fn writes_the_token_again_where_a_value_turns_up_again() {
    let (vault, nothing) = (Vault::new(&[7; 32]), Plan::default());
    let values = ["ACC-77", "Zo\u{eb} \"Z\"", "4711471147", "a\\b\n"];
    let echoes = given_back(&vault, &values);
    let token = |place: usize| echoes[place].token.to_string();
    let [account, name, number, odd] = [token(0), token(1), token(2), token(3)];
    let mut deep = quote("got ACC-77 and Zo\u{eb} \"Z\" and a\\b\n.");
    let mut wanted = quote(&format!("got {account} and {name} and {odd}."));
    for _ in 0..2 {
        deep = quote(&format!("{{\"x\":{deep}}}"));
        wanted = quote(&format!("{{\"x\":{wanted}}}"));
    }
    for (text, wanted) in [
        (r#"{"a":"ACC-77"}"#.to_owned(), format!(r#"{{"a":"{account}"}}"#)),
        (
            r#"{"a":"sent to ACC-77.","ACC-77":1}"#.into(),
            format!(r#"{{"a":"sent to {account}.","{account}":1}}"#),
        ),
        (r#"{"a":"xACC-77 ACC-778 ACC-7"}"#.into(), r#"{"a":"xACC-77 ACC-778 ACC-7"}"#.into()),
        (r#"{"a":"\nACC-77","b":"\u0041CC-77"}"#.into(), format!(r#"{{"a":"\n{account}","b":"{account}"}}"#)),
        (
            r#"{"a":4711471147,"b":47114711470,"c":4711471147.5}"#.into(),
            format!(r#"{{"a":"{number}","b":47114711470,"c":4711471147.5}}"#),
        ),
        (r#"{"t":"{\"n\": 4711471147}"}"#.into(), format!(r#"{{"t":"{{\"n\": \"{number}\"}}"}}"#)),
        (
            r#"{"a":"Zo\u00eb \"Z\"","b":"Zo\u00EB \"Z\""}"#.into(),
            format!(r#"{{"a":"{name}","b":"{name}"}}"#),
        ),
        (r#"{"nextCursor":"ACC-77"}"#.into(), r#"{"nextCursor":"ACC-77"}"#.into()),
        (deep, wanted),
    ] {
        let (edited, _) = redact(&nothing, &desk(&vault, "a", &echoes), &text);
        assert_eq!(edited, wanted, "{text}");
    }
    let (_, sighting) = redact(&nothing, &desk(&vault, "a", &echoes), r#"{"a":["ACC-77","ACC-77"]}"#);
    let told: Vec<_> =
        sighting.findings.iter().map(|found| (found.rule.as_str(), &*found.path, found.count)).collect();
    assert_eq!(told, [("back", "$.a[0]", 1), ("back", "$.a[1]", 1)]);
    assert!(!format!("{echoes:?}").contains("ACC-77"));
    let short =
        given_back(&Vault::new(&[7; 32]), &[&"x".repeat(ECHO_BYTES_MIN - 1), &"y".repeat(ECHO_BYTES_MIN)]);
    assert_eq!(short.len(), 1);
}

#[test]
fn gives_way_to_rules_that_want_more_than_a_token() {
    let vault = Vault::new(&[7; 32]);
    let echoes = given_back(&vault, &["123-45-6789"]);
    let token = echoes[0].token.to_string();
    let text = r#"{"t":"123-45-6789","customer_id":"of 123-45-6789"}"#;
    for (action, wanted) in [
        (Action::Mask, format!(r#"{{"t":"{token}","customer_id":"** ***-**-****"}}"#)),
        (Action::Tokenize, String::new()),
        (Action::Replace, r#"{"t":"[SSN]","customer_id":"[REDACTED]"}"#.into()),
        (Action::Drop, r#"{"t":"[REDACTED]","customer_id":null}"#.into()),
    ] {
        let (edited, _) = redact(&plan(action), &desk(&vault, "a", &echoes), text);
        assert!(!edited.contains("6789"), "{edited}");
        if action == Action::Tokenize {
            assert!(edited.starts_with(&format!(r#"{{"t":"{token}","customer_id":"PII_FIELD_"#)), "{edited}");
        } else {
            assert_eq!(edited, wanted);
        }
    }
    let (_, sighting) = redact(&plan(Action::Block), &desk(&vault, "a", &echoes), text);
    assert!(sighting.blocked.is_some());
}

const PIECES: &[&str] = &[
    "123-45-6789",
    "4111111111111111",
    "user@example.com",
    "8.8.8.8",
    "+442079460958",
    "1980-02-29",
    "\\n",
    "\\\\",
    "\\\"",
    "\\u0031",
    "\\u00e9",
    " ",
    "x",
    "7",
    "_",
    "*",
    "PII_SSN_00000000000",
    "PII_",
    "SSN_7K3QX9FA2M6T5V",
    "\\\"ssn\\\":",
    "{\\\"dob\\\":",
    "\\\"a\\\"",
    ",",
    "1234567",
    "}",
    "90210",
];

#[test]
fn takes_a_surrogate_for_all_of_its_value() {
    let vault = Vault::new(&[7; 32]);
    let desk = desk(&vault, "a", &[]);
    let plan = plan_of(vec![everything(Action::Tokenize)]);
    let (edited, _) = redact(&plan, &desk, r#"["dob=1980-02-29"]"#);
    let glued = edited.replace("\"]", "====-====0\"]");
    assert!(glued.contains("dob=PII_DOB_"), "{glued}");
    assert_eq!(redact(&plan, &desk, &glued).0, glued);
    for placed in ["dob=[DOB]", "password=[REDACTED]"] {
        let glued = format!(r#"["{placed}====0x12"]"#);
        assert_eq!(redact(&plan, &desk, &glued).0, glued);
    }
    let (other, _) = redact(&plan, &desk, r#"["dob=PII_DOB_11====1980-02-29"]"#);
    assert!(!other.contains("1980"), "what only looks like one is none: {other}");
}

proptest! {
    #[test]
    fn is_a_fixed_point_for_each_action(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..10),
        key in prop::sample::select(&["t", "ssn", "customer_id", "dob", "zip", "user@example.com"][..]),
        action in prop::sample::select(Action::ALL),
        keep_last in prop::option::of(0_u8..=4),
    ) {
        let vault = Vault::new(&[7; 32]);
        let desk = desk(&vault, "a", &[]);
        let plan = plan_of(vec![Rule { keep_last, allow_pan: true, ..everything(action) }]);
        let text = format!("{{\"{key}\":\"{}\",\"z\":[1e3, true]}}", pieces.concat());
        let (edited, _) = redact(&plan, &desk, &text);
        prop_assert!(edited.ends_with(",\"z\":[1e3, true]}"), "tail");
        prop_assert_eq!(redact(&plan, &desk, &edited).0, edited.clone(), "from {}", text);
    }

    #[test]
    fn reads_back_what_stood_in_json_at_any_depth(value in "\\PC{1,20}", depth in 1_usize..4) {
        let vault = Vault::new(&[7; 32]);
        let mut text = quote(&value);
        for level in 1..depth {
            let key = if level == 1 { "customer_id" } else { "t" };
            text = quote(&format!("{{\"{key}\":{text}}}"));
        }
        let key = if depth == 1 { "customer_id" } else { "t" };
        let (edited, sighting) = redact(&plan(Action::Tokenize), &desk(&vault, "a", &[]), &format!("{{\"{key}\":{text}}}"));
        if !sighting.splice.is_empty() && sighting.findings.iter().all(|finding| finding.detector.as_str() == "field") {
            prop_assert_eq!(resolved(&vault, "a", &edited), [value], "{}", edited);
        }
    }
}
