//! Tokens that say nothing themselves.

use super::super::*;
use super::{NOW, SECONDS, after, issuer};
use crate::bounds::{INTROSPECTED_LIFE, REFUSED_LIFE};

const TOKEN: &str = "opaque-1";

fn directory() -> Directory {
    let introspection = Introspection {
        endpoint: Endpoint::parse("https://idp.example.com/introspect").expect("a URL"),
        client: "gate".into(),
        secret_file: "/run/secret".into(),
    };
    let issuer = Issuer {
        keys: KeySource::None,
        introspection: Some(introspection),
        terms: Terms { dpop: Dpop::Allow, ..Terms::default() },
        ..issuer(Algorithm::ALL, "")
    };
    Directory::new(Settings { issuers: vec![issuer], ..Settings::default() }).expect("a directory")
}

/// An answer about an active token, with one member replaced, added, or left out where the value is empty.
fn active(name: &str, value: &str) -> String {
    let exp = (SECONDS + 3600).to_string();
    let good = [
        ("active", "true"),
        ("aud", r#""mcp""#),
        ("sub", r#""alice""#),
        ("exp", &exp),
        ("scope", r#""read write""#),
        ("token_type", r#""Bearer""#),
    ];
    let kept = good.into_iter().filter(|(other, _)| *other != name);
    let all = kept.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty()));
    let members: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn find(directory: &Directory, now: Now) -> Finding {
    directory.verify(&Evidence::header(Some(&format!("Bearer {TOKEN}"))), now)
}

fn inquiry() -> TokenInquiry {
    TokenInquiry::new(TOKEN)
}

#[test]
fn asks_and_then_believes_what_was_said_for_seconds() {
    let directory = directory();
    assert_eq!(find(&directory, NOW), Finding::Pending(Inquiry::Token(inquiry())));
    assert!(directory.recollect(&Evidence::header(Some("Bearer opaque-1")), NOW).is_none());
    directory.hear(&inquiry(), Some(active("x", "").as_bytes()), NOW);
    let caller = find(&directory, NOW).settled().expect("a caller");
    assert_eq!((caller.user(), caller.proof()), ("alice", Proof::Introspection));
    assert!(caller.has_scope("read") && caller.issuer() == Some("https://idp.example.com"));
    let life = INTROSPECTED_LIFE.as_secs();
    assert!(find(&directory, after(life - 1)).settled().is_ok());
    assert!(matches!(find(&directory, after(life)), Finding::Pending(_)), "then it asks again");
    directory.hear(&inquiry(), Some(br#"{"active":false}"#), after(life));
    let refused = Finding::Refused(Refused::Invalid(Flaw::Inactive));
    let end = life + REFUSED_LIFE.as_secs();
    assert_eq!(find(&directory, after(end - 1)), refused);
    assert!(matches!(find(&directory, after(end)), Finding::Pending(_)));
}

#[test]
fn believes_no_token_beyond_its_end() {
    let directory = directory();
    directory.hear(&inquiry(), Some(active("exp", &(SECONDS + 3).to_string()).as_bytes()), NOW);
    assert!(find(&directory, after(2)).settled().is_ok());
    assert!(matches!(find(&directory, after(3)), Finding::Pending(_)));
}

#[test]
fn judges_what_is_said_as_if_the_token_said_it() {
    let cases = [
        ("x", "", None),
        ("iss", r#""https://idp.example.com""#, None),
        ("iss", r#""https://evil.example.com""#, Some(Flaw::Issuer)),
        ("iss", r#"["https://idp.example.com"]"#, Some(Flaw::Issuer)),
        ("aud", "", Some(Flaw::Audience)),
        ("aud", r#""other""#, Some(Flaw::Audience)),
        ("aud", r#"["other","mcp"]"#, None),
        ("exp", "", Some(Flaw::Time)),
        ("exp", "1", Some(Flaw::Expired)),
        ("nbf", "1900000000", Some(Flaw::NotYet)),
        ("sub", "", Some(Flaw::Caller)),
        ("scope", "1", Some(Flaw::Caller)),
        ("token_type", "", None),
        ("token_type", r#""DPoP""#, None),
        ("token_type", r#""refresh_token""#, Some(Flaw::Type)),
        ("token_type", "1", Some(Flaw::Type)),
        ("token_use", r#""refresh_token""#, Some(Flaw::Type)),
        ("cnf", r#"{"kid":"k1"}"#, Some(Flaw::Sender)),
        ("cnf", r#"{"x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, Some(Flaw::Holder)),
        ("active", "false", Some(Flaw::Inactive)),
    ];
    for (name, value, wanted) in cases {
        let directory = directory();
        let answer = active(name, value);
        directory.hear(&inquiry(), Some(answer.as_bytes()), NOW);
        let flaw = match find(&directory, NOW) {
            Finding::Caller(_) => None,
            Finding::Refused(Refused::Invalid(flaw)) => Some(flaw),
            other => panic!("{answer}: {other:?}"),
        };
        assert_eq!(flaw, wanted, "{answer}");
    }
}

#[test]
fn learns_nothing_from_what_is_no_answer() {
    let directory = directory();
    let twice = active("x", "").replacen("\"active\":true", "\"active\":true,\"active\":true", 1);
    for answer in
        ["", "{}", "[]", "null", "true", r#"{"active":"true"}"#, r#"{"active":1}"#, "<html>", &twice]
    {
        assert!(!is_introspection(answer.as_bytes()), "{answer}");
        directory.hear(&inquiry(), Some(answer.as_bytes()), NOW);
        assert!(matches!(find(&directory, NOW), Finding::Pending(_)), "{answer}");
    }
    directory.hear(&inquiry(), None, NOW);
    assert_eq!(find(&directory, NOW).settled(), Err(Refused::Unavailable));
}

#[test]
fn asks_nobody_about_jwts_and_where_nobody_is_to_be_asked() {
    let asked = directory();
    let jwt = asked.verify(&Evidence::header(Some("Bearer a.b.c")), NOW);
    assert_eq!(jwt, Finding::Refused(Refused::Invalid(Flaw::Shape)));
    let nobody = Directory::new(Settings::default()).expect("a directory");
    assert_eq!(find(&nobody, NOW), Finding::Refused(Refused::Invalid(Flaw::UnknownKey)));
    nobody.hear(&inquiry(), Some(active("x", "").as_bytes()), NOW);
    assert_eq!(find(&nobody, NOW), Finding::Refused(Refused::Invalid(Flaw::UnknownKey)));
}
