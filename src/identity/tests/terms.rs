//! What one issuer's tokens must be like beyond all others'.

use super::*;

fn directory_with(terms: Terms, names: ClaimNames, jwk: &str) -> Directory {
    let issuer = Issuer { terms, claims: names, ..issuer(&[Algorithm::EdDsa], jwk) };
    Directory::new(Settings { issuers: vec![issuer], ..Settings::default() }).expect("a directory")
}

fn verify(
    terms: Terms,
    names: ClaimNames,
    header: &str,
    claims: &str,
    now: Now,
) -> Result<Arc<Caller>, Refused> {
    let pen = Pen::new(Algorithm::EdDsa);
    let directory = directory_with(terms, names, &pen.jwk("k1"));
    let token = token(header, claims, |message| pen.sign(Algorithm::EdDsa, message));
    look(&directory, Some(&format!("Bearer {token}")), now)
}

#[test]
fn tells_access_tokens_from_what_else_the_issuer_signs() {
    let header = |typ: &str| format!(r#"{{"alg":"EdDSA","kid":"k1"{typ}}}"#);
    for (typ, extra, strict, any) in [
        (r#","typ":"at+jwt""#, ("x", "1"), None, None),
        (r#","typ":"application/at+jwt""#, ("x", "1"), None, None),
        (r#","typ":"JWT""#, ("x", "1"), Some(Flaw::Type), None),
        ("", ("x", "1"), Some(Flaw::Type), None),
        (r#","typ":"logout+jwt""#, ("x", "1"), Some(Flaw::Type), Some(Flaw::Type)),
        (r#","typ":"JWT""#, ("at_hash", r#""x""#), Some(Flaw::Type), Some(Flaw::Type)),
        ("", ("c_hash", r#""x""#), Some(Flaw::Type), Some(Flaw::Type)),
    ] {
        for (token_type, wanted) in [(TokenType::AccessToken, strict), (TokenType::Any, any)] {
            let terms = Terms { token_type, ..Terms::default() };
            let found = verify(terms, ClaimNames::default(), &header(typ), &claims(&[extra]), NOW);
            assert_eq!(flaw(found), wanted, "{typ} {extra:?} under {token_type:?}");
        }
    }
}

#[test]
fn keeps_to_the_times_of_the_issuer() {
    let check = |terms: &Terms, name: &str, seconds: u64| {
        let claims = claims(&[(name, &seconds.to_string())]);
        flaw(verify(terms.clone(), ClaimNames::default(), HEADER, &claims, NOW))
    };
    let exact = Terms { leeway: Duration::ZERO, ..Terms::default() };
    for (seconds, wanted) in
        [(SECONDS - 1, Some(Flaw::Expired)), (SECONDS, Some(Flaw::Expired)), (SECONDS + 1, None)]
    {
        assert_eq!(check(&exact, "exp", seconds), wanted, "{seconds}");
    }
    let brief = Terms { life_max: Duration::from_secs(60), ..Terms::default() };
    for (life, wanted) in [(59, None), (60, None), (61, Some(Flaw::Lifetime))] {
        assert_eq!(check(&brief, "exp", SECONDS + life), wanted, "{life}");
    }
    let bound = Terms { binding: Binding::Required, ..Terms::default() };
    assert_eq!(check(&bound, "exp", SECONDS + 60), Some(Flaw::Unbound));
}

#[test]
fn believes_a_token_for_as_long_as_the_issuer_says() {
    for (belief, kept) in [(0, 0), (1, 1), (7, 7)] {
        let pen = Pen::new(Algorithm::EdDsa);
        let terms = Terms { belief: Duration::from_secs(belief), ..Terms::default() };
        let directory = directory_with(terms, ClaimNames::default(), &pen.jwk("k1"));
        let token = token(HEADER, &claims(&[]), |message| pen.sign(Algorithm::EdDsa, message));
        let bearer = format!("Bearer {token}");
        assert_eq!(flaw(look(&directory, Some(&bearer), NOW)), None);
        // Past its end by the wall clock: only the cache can still say yes.
        for (seconds, wanted) in
            [(kept.max(1) - 1, (kept == 0).then_some(Flaw::Expired)), (kept, Some(Flaw::Expired))]
        {
            let late = Now { steady: Duration::from_secs(seconds), unix_ms: NOW.unix_ms + 7_200_000 };
            let found = directory.recollect(&Evidence::header(Some(&bearer)), late);
            assert_eq!(found.is_none(), wanted.is_some(), "{seconds} s of {belief} s");
        }
    }
}

#[test]
fn reads_claims_below_the_top_level() {
    let path = |first: &str, rest: &[&str]| ClaimPath {
        first: first.into(),
        rest: rest.iter().map(|name| Box::from(*name)).collect(),
    };
    let names = ClaimNames {
        groups: Some(path("realm_access", &["roles"])),
        tenant: Some(path("org", &["id"])),
        scopes: Some("permissions".into()),
        workload: WorkloadClaim::Path("spiffe".into()),
        ..ClaimNames::default()
    };
    let extra = [
        ("realm_access", r#"{"roles":["dba"]}"#),
        ("org", r#"{"id":"acme"}"#),
        ("permissions", r#"["db:query"]"#),
        ("scope", r#""db:drop""#),
        ("spiffe", r#""spiffe://example.com/agent""#),
    ];
    let caller = verify(Terms::default(), names.clone(), HEADER, &claims(&extra), NOW).expect("a caller");
    assert_eq!((caller.tenant(), caller.workload()), (Some("acme"), Some("spiffe://example.com/agent")));
    assert_eq!((caller.groups(), caller.scopes()), (&["dba".into()][..], &["db:query".into()][..]));
    for odd in [r#"["roles"]"#, r#""roles""#, r#"{"roles":{"dba":1}}"#, "null"] {
        let found = verify(Terms::default(), names.clone(), HEADER, &claims(&[("realm_access", odd)]), NOW);
        match found {
            Ok(caller) => assert!(caller.groups().is_empty(), "{odd}"),
            Err(refused) => assert_eq!(refused, Refused::Invalid(Flaw::Caller), "{odd}"),
        }
    }
}

#[test]
fn keeps_claims_that_it_is_told_to_keep_and_that_could_be_a_name() {
    let names = ClaimNames { kept: vec!["sid".into(), "jti".into()], ..ClaimNames::default() };
    let kept = |sid: &str| {
        let found = verify(Terms::default(), names.clone(), HEADER, &claims(&[("sid", sid)]), NOW);
        let caller = found.expect("a caller, whatever its session is called");
        assert_eq!(caller.claim("sub"), None, "what nobody asked for is not kept");
        caller.claim("sid").map(str::to_owned)
    };
    assert_eq!(kept(r#""s-1""#).as_deref(), Some("s-1"));
    let long = format!("\"{}\"", "x".repeat(257));
    for odd in ["1", "null", r#"["s-1"]"#, r#""""#, r#""a\u0007b""#, &long] {
        assert_eq!(kept(odd), None, "{odd}");
    }
}

#[test]
fn knows_service_accounts_of_a_cluster() {
    let names = ClaimNames {
        tenant: Some(ClaimPath { first: "kubernetes.io".into(), rest: ["namespace".into()].into() }),
        workload: WorkloadClaim::ServiceAccount,
        ..ClaimNames::default()
    };
    let check = |account: &str| {
        let extra = [("kubernetes.io", account), ("sub", r#""system:serviceaccount:tools:agent""#)];
        verify(Terms::default(), names.clone(), r#"{"alg":"EdDSA","kid":"k1"}"#, &claims(&extra), NOW)
    };
    let good =
        r#"{"namespace":"tools","serviceaccount":{"name":"agent","uid":"1"},"pod":{"name":"agent-0"}}"#;
    let caller = check(good).expect("a caller");
    assert_eq!(caller.workload(), Some("system:serviceaccount:tools:agent"));
    assert_eq!((caller.user(), caller.tenant()), ("system:serviceaccount:tools:agent", Some("tools")));
    for bad in [
        r#"{"namespace":"tools"}"#,
        r#"{"serviceaccount":{"name":"agent"}}"#,
        r#"{"namespace":"tools","serviceaccount":"agent"}"#,
        r#"{"namespace":"tools","serviceaccount":{"name":"a:b"}}"#,
        r#"{"namespace":"","serviceaccount":{"name":"agent"}}"#,
        "[]",
        "",
    ] {
        assert_eq!(flaw(check(bad)), Some(Flaw::Caller), "{bad}");
    }
}
