//! What the directory promises, over whole `Authorization` values.

mod certificate;
mod dpop;
mod fetched;
mod introspection;
mod pen;
mod terms;

use std::{sync::Arc, time::Duration};

use pen::{Pen, base64, hs256, token};

use super::*;
use crate::bounds::{CLAIM_BYTES_MAX, REFUSED_TOKENS_MAX};
use crate::names::{Label, Now};

const SECONDS: u64 = 1_800_000_000;
const NOW: Now = Now { steady: Duration::ZERO, unix_ms: SECONDS * 1000 };
const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#;

fn after(seconds: u64) -> Now {
    Now { steady: Duration::from_secs(seconds), unix_ms: NOW.unix_ms + seconds * 1000 }
}

fn issuer(algorithms: &[Algorithm], jwks: &str) -> Issuer {
    Issuer {
        issuer: "https://idp.example.com".into(),
        audiences: vec!["https://mcp.example.com/mcp".into(), "mcp".into()],
        algorithms: algorithms.to_vec(),
        keys: KeySource::Given(format!(r#"{{"keys":[{jwks}]}}"#).into()),
        terms: Terms::default(),
        introspection: None,
        claims: ClaimNames { tenant: Some("org_id".into()), ..ClaimNames::default() },
    }
}

fn directory(algorithms: &[Algorithm], jwks: &str) -> Directory {
    let issuers = vec![issuer(algorithms, jwks)];
    Directory::new(Settings { issuers, ..Settings::default() }).expect("a directory")
}

/// The claims of a good token, with some replaced, added, or left out where the value is empty.
fn claims(changes: &[(&str, &str)]) -> String {
    let exp = (SECONDS + 3600).to_string();
    let good = [
        ("iss", r#""https://idp.example.com""#),
        ("aud", r#""mcp""#),
        ("exp", &exp),
        ("sub", r#""alice""#),
        ("org_id", r#""acme""#),
    ];
    let kept = good.into_iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
    let all = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
    let members: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Verifies one token signed by the only key that is known.
fn check(header: &str, claims: &str, now: Now) -> Result<Arc<Caller>, Refused> {
    let pen = Pen::new(Algorithm::EdDsa);
    let directory = directory(&[Algorithm::EdDsa], &pen.jwk("k1"));
    let token = token(header, claims, |message| pen.sign(Algorithm::EdDsa, message));
    look(&directory, Some(&format!("Bearer {token}")), now)
}

/// What the directory says of one `Authorization` value.
fn look(directory: &Directory, authorization: Option<&str>, now: Now) -> Result<Arc<Caller>, Refused> {
    directory.verify(&Evidence::header(authorization), now).settled()
}

fn flaw(result: Result<Arc<Caller>, Refused>) -> Option<Flaw> {
    match result.err()? {
        Refused::Invalid(flaw) => Some(flaw),
        other => panic!("the header is well-formed, and yet {other:?}"),
    }
}

#[test]
fn reads_the_caller_out_of_a_token_of_each_algorithm() {
    let extra = [("azp", r#""helper""#), ("groups", r#"["dba","ops","dba"]"#), ("scope", r#""b a  b""#)];
    for &algorithm in Algorithm::ALL {
        let pen = Pen::new(algorithm);
        let directory = directory(&[algorithm], &pen.jwk("k1"));
        let header = format!(r#"{{"alg":"{}","kid":"k1"}}"#, algorithm.as_str());
        let token = token(&header, &claims(&extra), |message| pen.sign(algorithm, message));
        let caller = look(&directory, Some(&format!("bearer {token}")), NOW).expect("a caller");
        assert_eq!((caller.user(), caller.tenant(), caller.agent()), ("alice", Some("acme"), Some("helper")));
        assert_eq!((caller.issuer(), caller.proof()), (Some("https://idp.example.com"), Proof::Token));
        assert_eq!(caller.scopes(), ["a", "b"].map(Box::<str>::from));
        assert_eq!(caller.groups(), ["dba", "ops"].map(Box::<str>::from));
        assert!(caller.has_scope("a") && !caller.has_scope("c") && !caller.has_scope(""));
    }
}

#[test]
fn refuses_a_header_that_asks_for_anything_else() {
    let cases = [
        (r#"{"alg":"none","kid":"k1"}"#, Flaw::Algorithm),
        (r#"{"alg":"eddsa","kid":"k1"}"#, Flaw::Algorithm),
        (r#"{"alg":"ES256","kid":"k1"}"#, Flaw::Algorithm),
        (r#"{"alg":["EdDSA"],"kid":"k1"}"#, Flaw::Algorithm),
        (r#"{"kid":"k1"}"#, Flaw::Algorithm),
        (r#"{"alg":"EdDSA","kid":"k2"}"#, Flaw::Key),
        (r#"{"alg":"EdDSA","kid":1}"#, Flaw::Key),
        (r#"{"alg":"EdDSA","kid":"k1","kid":"k1"}"#, Flaw::Shape),
        (r#"{"alg":"none","alg":"EdDSA","kid":"k1"}"#, Flaw::Shape),
        (r#"{"alg":"EdDSA","kid":"k1","crit":["exp"]}"#, Flaw::Critical),
        (r#"{"alg":"EdDSA","kid":"k1","crit":[]}"#, Flaw::Critical),
        (r#"{"alg":"EdDSA","kid":"k1","typ":"dpop+jwt"}"#, Flaw::Type),
        (r#"{"alg":"EdDSA","kid":"k1","typ":null}"#, Flaw::Type),
        (r#"["EdDSA"]"#, Flaw::Shape),
        ("", Flaw::Shape),
    ];
    for (header, expected) in cases {
        assert_eq!(flaw(check(header, &claims(&[]), NOW)), Some(expected), "{header}");
    }
    for good in [HEADER, r#"{"alg":"EdDSA","kid":"k1","typ":"application/AT+jwt"}"#, r#"{"alg":"EdDSA"}"#] {
        assert_eq!(flaw(check(good, &claims(&[]), NOW)), None, "{good}");
    }
}

#[test]
fn refuses_a_signature_by_any_key_but_the_issuers() {
    let (own, other) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa));
    let everything = directory(Algorithm::ALL, &own.jwk("k1"));
    let verify = |token: &str| flaw(look(&everything, Some(&format!("Bearer {token}")), NOW));
    let by_other = |message: &[u8]| other.sign(Algorithm::EdDsa, message);
    assert_eq!(verify(&token(HEADER, &claims(&[]), by_other)), Some(Flaw::Signature));
    let jwk = format!(r#""jwk":{}"#, other.jwk("k1"));
    let by_own = |message: &[u8]| own.sign(Algorithm::EdDsa, message);
    for extra in [
        &jwk,
        r#""jku":"https://evil.example.com/jwks""#,
        r#""x5u":"https://evil.example.com/x5u""#,
        r#""x5c":["AAAA"]"#,
        r#""jwk":null"#,
    ] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k1",{extra}}}"#);
        for token in [token(&header, &claims(&[]), by_other), token(&header, &claims(&[]), by_own)] {
            assert_eq!(verify(&token), Some(Flaw::KeyInHeader), "{header}");
        }
    }
    let hs256_header = r#"{"alg":"HS256","kid":"k1"}"#;
    let forged = token(hs256_header, &claims(&[]), |message| hs256(own.jwk("k1").as_bytes(), message));
    assert_eq!(verify(&forged), Some(Flaw::Algorithm));
    for alg in ["RS256", "PS256", "ES256"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"k1"}}"#);
        let forged = token(&header, &claims(&[]), |message| own.sign(Algorithm::EdDsa, message));
        assert_eq!(verify(&forged), Some(Flaw::Key), "{alg} under an Ed25519 key");
    }
    let good = token(HEADER, &claims(&[]), |message| own.sign(Algorithm::EdDsa, message));
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (header, _) = signed.split_once('.').expect("three parts");
    let payload = base64(claims(&[("sub", r#""root""#)]));
    assert_eq!(verify(&format!("{header}.{payload}.{signature}")), Some(Flaw::Signature));
    assert_eq!(verify(&format!("{signed}.")), Some(Flaw::Signature));
    assert_eq!(verify(&format!("{good}=")), Some(Flaw::Signature));
    assert_eq!(verify(&good), None);
}

#[test]
fn takes_the_key_that_the_token_names_and_guesses_none() {
    let pens = [Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa)];
    let directory = directory(Algorithm::ALL, &format!("{},{}", pens[0].jwk("k0"), pens[1].jwk("k1")));
    for (kid, pen, expected) in [
        (r#","kid":"k0""#, 0, None),
        (r#","kid":"k1""#, 1, None),
        (r#","kid":"k1""#, 0, Some(Flaw::Signature)),
        (r#","kid":"K1""#, 1, Some(Flaw::Key)),
        (r#","kid":"""#, 0, Some(Flaw::Key)),
        ("", 0, Some(Flaw::Key)),
    ] {
        let sign = |message: &[u8]| pens[pen].sign(Algorithm::EdDsa, message);
        let bearer = format!("Bearer {}", token(&format!(r#"{{"alg":"EdDSA"{kid}}}"#), &claims(&[]), sign));
        assert_eq!(flaw(look(&directory, Some(&bearer), NOW)), expected, "key {pen} as {kid}");
    }
}

#[test]
fn refuses_claims_that_are_missing_wrong_or_of_another_kind() {
    let long = format!("\"{}\"", "x".repeat(CLAIM_BYTES_MAX + 1));
    let cases = [
        ("iss", "", Flaw::Issuer),
        ("iss", r#""https://idp.example.com/""#, Flaw::Issuer),
        ("iss", r#"["https://idp.example.com"]"#, Flaw::Issuer),
        ("aud", "", Flaw::Audience),
        ("aud", r#""https://mcp.example.com/""#, Flaw::Audience),
        ("aud", r#""https://mcp.example.com/mcp/""#, Flaw::Audience),
        ("aud", r#"["other"]"#, Flaw::Audience),
        ("aud", r#"["mcp",7]"#, Flaw::Audience),
        ("aud", "[]", Flaw::Audience),
        ("exp", "", Flaw::Time),
        ("exp", r#""1800003600""#, Flaw::Time),
        ("exp", "-1", Flaw::Time),
        ("exp", "1e300", Flaw::Time),
        ("exp", "1800090000", Flaw::Lifetime),
        ("iat", "1799900000", Flaw::Lifetime),
        ("iat", "null", Flaw::Time),
        ("cnf", r#"{"jkt":"x"}"#, Flaw::Sender),
        ("sub", "", Flaw::Caller),
        ("sub", "7", Flaw::Caller),
        ("sub", r#""""#, Flaw::Caller),
        ("sub", r#""a\nb""#, Flaw::Caller),
        ("sub", &long, Flaw::Caller),
        ("org_id", "null", Flaw::Caller),
        ("groups", r#"{"dba":true}"#, Flaw::Caller),
        ("scope", r#"["a",1]"#, Flaw::Caller),
    ];
    for (name, value, expected) in cases {
        assert_eq!(flaw(check(HEADER, &claims(&[(name, value)]), NOW)), Some(expected), "{name}: {value}");
    }
    let twice = claims(&[]).replace(r#""sub":"#, r#""sub":"bob","\u0073ub":"#);
    assert_eq!(flaw(check(HEADER, &twice, NOW)), Some(Flaw::Shape), "{twice}");
    let good =
        [("aud", r#"["other","mcp"]"#), ("exp", "1800003600.5"), ("org_id", ""), ("groups", r#""dba""#)];
    for (name, value) in good {
        assert_eq!(flaw(check(HEADER, &claims(&[(name, value)]), NOW)), None, "{name}: {value}");
    }
}

#[test]
fn reads_scopes_from_either_claim_as_text_or_list() {
    for (name, value) in [
        ("scope", r#""db:query db:list""#),
        ("scope", r#"["db:query","db:list"]"#),
        ("scp", r#""db:list db:query""#),
        ("scp", r#"["db:list","db:query","db:list"]"#),
    ] {
        let caller = check(HEADER, &claims(&[(name, value)]), NOW).expect("a caller");
        assert_eq!(caller.scopes(), ["db:list", "db:query"].map(Box::<str>::from), "{name}: {value}");
    }
}

#[test]
fn allows_the_leeway_and_not_one_second_more() {
    let times = |name: &str, seconds: u64| claims(&[(name, &seconds.to_string())]);
    for (age, expected) in [(29, None), (30, Some(Flaw::Expired)), (31, Some(Flaw::Expired))] {
        assert_eq!(flaw(check(HEADER, &times("exp", SECONDS - age), NOW)), expected, "{age} s after exp");
    }
    for name in ["nbf", "iat"] {
        for (lead, expected) in [(29, None), (30, None), (31, Some(Flaw::NotYet))] {
            assert_eq!(
                flaw(check(HEADER, &times(name, SECONDS + lead), NOW)),
                expected,
                "{lead} s before {name}"
            );
        }
    }
    let day = 24 * 3600;
    for (life, expected) in [(day - 1, None), (day, None), (day + 1, Some(Flaw::Lifetime))] {
        assert_eq!(flaw(check(HEADER, &times("exp", SECONDS + life), NOW)), expected, "{life} s to live");
    }
}

#[test]
fn believes_a_verified_token_for_two_minutes_at_most_and_never_past_its_end() {
    let pen = Pen::new(Algorithm::EdDsa);
    let directory = directory(&[Algorithm::EdDsa], &pen.jwk("k1"));
    let bearer = |life: u64| {
        let claims = claims(&[("exp", &(SECONDS + life).to_string())]);
        format!("Bearer {}", token(HEADER, &claims, |message| pen.sign(Algorithm::EdDsa, message)))
    };
    let (long, short) = (bearer(3600), bearer(60));
    let verify = |bearer: &str, steady: u64| {
        // The wall clock is far past the end of both: only the cache can still say yes.
        let late = Now { steady: Duration::from_secs(steady), unix_ms: NOW.unix_ms + 7_200_000 };
        flaw(look(&directory, Some(bearer), late))
    };
    for bearer in [&long, &short] {
        assert_eq!(flaw(look(&directory, Some(bearer), NOW)), None);
    }
    assert_eq!((verify(&long, 119), verify(&long, 120)), (None, Some(Flaw::Expired)));
    assert_eq!((verify(&short, 59), verify(&short, 60)), (None, Some(Flaw::Expired)));
}

#[test]
fn looks_again_at_a_refused_token_after_five_seconds() {
    let pen = Pen::new(Algorithm::EdDsa);
    let directory = directory(&[Algorithm::EdDsa], &pen.jwk("k1"));
    let claims = claims(&[("nbf", &(SECONDS + 32).to_string())]);
    let bearer = format!("Bearer {}", token(HEADER, &claims, |message| pen.sign(Algorithm::EdDsa, message)));
    for (seconds, expected) in [(0, Some(Flaw::NotYet)), (4, Some(Flaw::NotYet)), (5, None)] {
        assert_eq!(flaw(look(&directory, Some(&bearer), after(seconds))), expected, "after {seconds} s");
    }
}

#[test]
fn keeps_good_tokens_while_junk_comes_in() {
    let pen = Pen::new(Algorithm::EdDsa);
    let directory = directory(&[Algorithm::EdDsa], &pen.jwk("k1"));
    let good =
        format!("Bearer {}", token(HEADER, &claims(&[]), |message| pen.sign(Algorithm::EdDsa, message)));
    assert_eq!(flaw(look(&directory, Some(&good), NOW)), None);
    for number in 0..2 * REFUSED_TOKENS_MAX {
        assert_eq!(flaw(look(&directory, Some(&format!("Bearer a.{number}.c")), NOW)), Some(Flaw::Shape));
    }
    // Past its end by the wall clock: it is known only if it was kept.
    let late = Now { steady: Duration::from_secs(1), unix_ms: NOW.unix_ms + 7_200_000 };
    assert_eq!(flaw(look(&directory, Some(&good), late)), None);
}

#[test]
fn knows_static_keys_by_their_hash_and_anonymous_callers_where_allowed() {
    let key = |id: &str, secret: &str| StaticKey {
        id: Label::parse(id).expect("a label"),
        sha256: digest(secret),
        user: "ci".into(),
        tenant: Some("acme".into()),
        agent: None,
        workload: None,
        scopes: vec!["b".into(), "a".into()],
        groups: vec![],
    };
    let settings =
        |anonymous| Settings { keys: vec![key("ci", "secret-1")], anonymous, ..Settings::default() };
    for anonymous in [Anonymous::Allow, Anonymous::Deny] {
        let directory = Directory::new(settings(anonymous)).expect("a directory");
        let caller = look(&directory, Some("Bearer secret-1"), NOW).expect("a caller");
        assert_eq!((caller.user(), caller.tenant(), caller.proof()), ("ci", Some("acme"), Proof::Key));
        assert_eq!(caller.scopes(), ["a", "b"].map(Box::<str>::from));
        assert_eq!(flaw(look(&directory, Some("Bearer secret-2"), NOW)), Some(Flaw::UnknownKey));
        assert_eq!(look(&directory, Some("Basic secret-1"), NOW), Err(Refused::Malformed));
        let nobody = look(&directory, None, NOW).map(|caller| (caller.user().to_owned(), caller.proof()));
        let expected = match anonymous {
            Anonymous::Allow => Ok(("anonymous".to_owned(), Proof::Anonymous)),
            Anonymous::Deny => Err(Refused::Missing),
        };
        assert_eq!(nobody, expected);
    }
    let twice = Settings { keys: vec![key("a", "secret-1"), key("b", "secret-1")], ..Settings::default() };
    let fault = KeyFault { culprit: Culprit::Key(1), kind: KeyFaultKind::Double };
    assert_eq!(Directory::new(twice).err(), Some(fault));
    let nobody = StaticKey { user: "".into(), ..key("a", "secret-1") };
    let fault = KeyFault { culprit: Culprit::Key(0), kind: KeyFaultKind::Empty };
    assert_eq!(Directory::new(Settings { keys: vec![nobody], ..Settings::default() }).err(), Some(fault));
}

#[test]
fn refuses_key_sets_that_are_no_good() {
    let (ed, ec) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::Es256));
    let rsa = |bits: usize| {
        let modulus = [vec![0, 1 << ((bits - 1) % 8)], vec![1; (bits - 1) / 8]].concat();
        format!(r#"{{"kid":"r","kty":"RSA","n":"{}","e":"AQAB"}}"#, base64(modulus))
    };
    let good = ed.jwk("k1");
    let cases = [
        (String::new(), Some(KeyFaultKind::NoKey)),
        (good.clone(), None),
        (format!("{good},{}", ec.jwk("k2")), None),
        (format!("{good},{}", ec.jwk("k1")), Some(KeyFaultKind::SameKid(1))),
        (format!(r#"{good},{{"kty":"EC","crv":"secp256k1","x":"","y":""}},{{"kty":"oct","k":""}}"#), None),
        (good.replace("sig", "enc"), Some(KeyFaultKind::NoKey)),
        (good.replace(r#""use":"sig""#, r#""alg":"ES256""#), Some(KeyFaultKind::NoKey)),
        (good.replace(r#""use":"sig""#, r#""key_ops":["sign"]"#), Some(KeyFaultKind::NoKey)),
        (good.replace(r#""use":"sig""#, r#""key_ops":["verify"],"alg":"EdDSA""#), None),
        (good.replace(r#""use":"sig""#, r#""d":"AAAA""#), Some(KeyFaultKind::Private(0))),
        (good.replace(r#""x":""#, r#""x":"AA"#), Some(KeyFaultKind::Member(0))),
        (good.replace(r#""kty""#, r#""ktx""#), Some(KeyFaultKind::Member(0))),
        (vec![good.clone(); 65].join(","), Some(KeyFaultKind::Set)),
        (rsa(2047), Some(KeyFaultKind::Size(0))),
        (rsa(2048), None),
        (rsa(8192), None),
        (rsa(8193), Some(KeyFaultKind::Size(0))),
    ];
    for (jwks, expected) in cases {
        let settings = Settings { issuers: vec![issuer(Algorithm::ALL, &jwks)], ..Settings::default() };
        let fault = expected.map(|kind| KeyFault { culprit: Culprit::Issuer(0), kind });
        assert_eq!(Directory::new(settings).err(), fault, "{jwks}");
    }
}

#[test]
fn refuses_issuers_that_could_not_be_told_apart_or_checked() {
    let jwks = Pen::new(Algorithm::EdDsa).jwk("k1");
    let good = issuer(&[Algorithm::EdDsa], &jwks);
    let cases = [
        (Issuer { audiences: vec![], ..good.clone() }, KeyFaultKind::Audiences),
        (Issuer { audiences: vec!["".into()], ..good.clone() }, KeyFaultKind::Empty),
        (Issuer { algorithms: vec![], ..good.clone() }, KeyFaultKind::Algorithms),
        (Issuer { algorithms: vec![Algorithm::Rs256], ..good.clone() }, KeyFaultKind::NoKey),
        (Issuer { issuer: "".into(), ..good.clone() }, KeyFaultKind::Empty),
        (Issuer { keys: KeySource::Given("[]".into()), ..good.clone() }, KeyFaultKind::Set),
        (good.clone(), KeyFaultKind::Double),
    ];
    for (issuer, kind) in cases {
        let fault =
            Directory::new(Settings { issuers: vec![good.clone(), issuer], ..Settings::default() }).err();
        assert_eq!(fault, Some(KeyFault { culprit: Culprit::Issuer(1), kind }));
    }
}

#[test]
fn bears_anything() {
    for bytes in
        ["Bearer a.b.c", r#"{"keys":[{"kty":"RSA","n":"","e":""}]}"#, &claims(&[]), "{", "[]", "\u{0}"]
    {
        fuzz_identity(bytes.as_bytes());
    }
}
