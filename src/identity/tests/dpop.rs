//! Proofs of possession, one member changed at a time.

use super::super::dpop::{Subject, verify};
use super::super::*;
use super::pen::{Pen, base64, hs256, token};
use super::{HEADER, NOW, SECONDS, issuer};
use crate::bounds::{CLAIM_BYTES_MAX, DPOP_PROOF_BYTES_MAX, DPOP_PROOF_WINDOW};

const TOKEN: &str = "token-1";
const URL: &str = "https://mcp.example.com/mcp";

/// What RFC 7638 makes of the members that say which key it is; written out, as the RFC does it.
fn thumbprint(pen: &Pen) -> [u8; 32] {
    let text = pen.members();
    let member = |name: &str| {
        let at = text.find(&format!("\"{name}\":\"")).expect("it has the member") + name.len() + 4;
        let rest = &text[at..];
        &rest[..rest.find('"').expect("a closing quote")]
    };
    let canonical = match member("kty") {
        "EC" => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, member("x"), member("y")),
        "OKP" => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, member("x")),
        _ => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, member("e"), member("n")),
    };
    digest(&canonical)
}

/// The claims of a good proof, with one replaced, added, or left out where the value is empty.
fn claims(name: &str, value: &str) -> String {
    let (iat, ath) = (SECONDS.to_string(), format!("\"{}\"", base64(digest(TOKEN))));
    let good = [
        ("htm", "\"POST\""),
        ("htu", "\"https://mcp.example.com/mcp\""),
        ("iat", &iat),
        ("ath", &ath),
        ("jti", "\"once-1\""),
    ];
    let kept = good.into_iter().filter(|(other, _)| *other != name);
    let all = kept.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty()));
    let members: Vec<String> = all.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn header(algorithm: Algorithm, pen: &Pen) -> String {
    format!(r#"{{"typ":"dpop+jwt","alg":"{}","jwk":{{{}}}}}"#, algorithm.as_str(), pen.members())
}

fn check(proof: &str, thumbprint: &[u8; 32]) -> Option<ProofFlaw> {
    install_crypto();
    let url = VisibleUrl::parse(URL).expect("a URL");
    let subject = Subject { method: "POST", url: &url, token: TOKEN, thumbprint, unix_ms: NOW.unix_ms };
    verify(proof, &subject).err()
}

#[test]
fn takes_a_proof_by_a_key_of_each_algorithm_and_by_no_other() {
    for &algorithm in Algorithm::ALL {
        let (pen, other) = (Pen::new(algorithm), Pen::new(Algorithm::EdDsa));
        let proof = token(&header(algorithm, &pen), &claims("x", ""), |message| pen.sign(algorithm, message));
        assert_eq!(check(&proof, &thumbprint(&pen)), None, "{algorithm:?}");
        assert_eq!(check(&proof, &thumbprint(&other)), Some(ProofFlaw::Holder), "{algorithm:?}");
        // Another's signature under the key that the token is bound to.
        let forged = |message: &[u8]| other.sign(Algorithm::EdDsa, message);
        let forged = token(&header(algorithm, &pen), &claims("x", ""), forged);
        assert_eq!(check(&forged, &thumbprint(&pen)), Some(ProofFlaw::Signature), "{algorithm:?}");
    }
}

#[test]
fn knows_the_thumbprint_of_rfc_7638() {
    // The key and the thumbprint of RFC 7638, section 3.1; nobody can sign with it, so the next check fails.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let header = format!(
        r#"{{"typ":"dpop+jwt","alg":"RS256","jwk":{{"kty":"RSA","n":"{n}","e":"AQAB","alg":"RS256","kid":"2011-04-29"}}}}"#
    );
    let proof = token(&header, &claims("x", ""), |_| vec![1; 256]);
    let mut thumbprint = [0; 32];
    let known = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, known);
    thumbprint.copy_from_slice(&bytes.expect("it is base64url"));
    assert_eq!(check(&proof, &thumbprint), Some(ProofFlaw::Signature));
}

#[test]
fn refuses_a_proof_that_speaks_of_anything_else() {
    let pen = Pen::new(Algorithm::EdDsa);
    let (key, window) = (thumbprint(&pen), DPOP_PROOF_WINDOW.as_secs());
    let [early, earliest] = [window + 1, window].map(|by| (SECONDS - by).to_string());
    let [late, latest] = [window + 1, window].map(|by| (SECONDS + by).to_string());
    let long = |length: usize| format!("\"{}\"", "j".repeat(length));
    let (longest, too_long) = (long(CLAIM_BYTES_MAX), long(CLAIM_BYTES_MAX + 1));
    let other = format!("\"{}\"", base64(digest("token-2")));
    use ProofFlaw as F;
    let cases = [
        ("htm", "\"GET\"", Some(F::Method)),
        ("htm", "\"post\"", Some(F::Method)),
        ("htm", "", Some(F::Method)),
        ("htm", "[\"POST\"]", Some(F::Method)),
        ("htu", "", Some(F::Url)),
        ("htu", "\"https://mcp.example.com/\"", Some(F::Url)),
        ("htu", "\"https://mcp.example.com/mcp/\"", Some(F::Url)),
        ("htu", "\"https://mcp.example.com/MCP\"", Some(F::Url)),
        ("htu", "\"http://mcp.example.com/mcp\"", Some(F::Url)),
        ("htu", "\"https://mcp.example.com:444/mcp\"", Some(F::Url)),
        ("htu", "\"https://evil.example.com/mcp\"", Some(F::Url)),
        ("htu", "\"https://mcp.example.com@evil.example.com/mcp\"", Some(F::Url)),
        ("htu", "\"/mcp\"", Some(F::Url)),
        ("htu", "\"https://mcp.example.com:443/mcp\"", None),
        ("htu", "\"HTTPS://MCP.example.com/mcp?a#b\"", None),
        ("iat", "", Some(F::Time)),
        ("iat", "\"1800000000\"", Some(F::Time)),
        ("iat", "-1", Some(F::Time)),
        ("iat", &early, Some(F::Time)),
        ("iat", &earliest, None),
        ("iat", &late, Some(F::Time)),
        ("iat", &latest, None),
        ("ath", "", Some(F::Token)),
        ("ath", &other, Some(F::Token)),
        ("jti", "", Some(F::Shape)),
        ("jti", "\"\"", Some(F::Shape)),
        ("jti", "1", Some(F::Shape)),
        ("jti", &too_long, Some(F::Shape)),
        ("jti", &longest, None),
        ("exp", "1", None),
    ];
    for (name, value, wanted) in cases {
        let claims = claims(name, value);
        let proof =
            token(&header(Algorithm::EdDsa, &pen), &claims, |message| pen.sign(Algorithm::EdDsa, message));
        assert_eq!(check(&proof, &key), wanted, "{claims}");
    }
    let twice = claims("x", "").replace("\"htm\"", "\"htm\":\"POST\",\"htm\"");
    let proof = token(&header(Algorithm::EdDsa, &pen), &twice, |message| pen.sign(Algorithm::EdDsa, message));
    assert_eq!(check(&proof, &key), Some(F::Shape), "{twice}");
}

#[test]
fn refuses_a_header_that_says_anything_else() {
    let pen = Pen::new(Algorithm::Es256);
    let (key, jwk) = (thumbprint(&pen), pen.members());
    use ProofFlaw as F;
    let cases = [
        (format!(r#"{{"alg":"ES256","jwk":{{{jwk}}}}}"#), Some(F::Type)),
        (format!(r#"{{"typ":"JWT","alg":"ES256","jwk":{{{jwk}}}}}"#), Some(F::Type)),
        (format!(r#"{{"typ":"at+jwt","alg":"ES256","jwk":{{{jwk}}}}}"#), Some(F::Type)),
        (format!(r#"{{"typ":"DPoP+jwt","alg":"ES256","jwk":{{{jwk}}}}}"#), None),
        (format!(r#"{{"typ":"dpop+jwt","jwk":{{{jwk}}}}}"#), Some(F::Algorithm)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"none","jwk":{{{jwk}}}}}"#), Some(F::Algorithm)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"HS256","jwk":{{{jwk}}}}}"#), Some(F::Algorithm)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{{jwk}}}}}"#), Some(F::Key)),
        (r#"{"typ":"dpop+jwt","alg":"ES256"}"#.into(), Some(F::Key)),
        (r#"{"typ":"dpop+jwt","alg":"ES256","jwk":"k1"}"#.into(), Some(F::Key)),
        (r#"{"typ":"dpop+jwt","alg":"ES256","kid":"k1"}"#.into(), Some(F::Key)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{{jwk},"d":"AA"}}}}"#), Some(F::Key)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{{jwk},"k":"AA"}}}}"#), Some(F::Key)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{{jwk},"use":"enc"}}}}"#), Some(F::Key)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{{jwk},"alg":"ES384"}}}}"#), Some(F::Key)),
        (format!(r#"{{"typ":"dpop+jwt","alg":"ES256","crit":["x"],"jwk":{{{jwk}}}}}"#), Some(F::Shape)),
        (format!(r#"["dpop+jwt",{{{jwk}}}]"#), Some(F::Shape)),
    ];
    for (header, wanted) in cases {
        let proof = token(&header, &claims("x", ""), |message| pen.sign(Algorithm::Es256, message));
        assert_eq!(check(&proof, &key), wanted, "{header}");
    }
    // The public key as the secret of a symmetric algorithm.
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"HS256","jwk":{{{jwk}}}}}"#);
    let proof = token(&header, &claims("x", ""), |message| hs256(jwk.as_bytes(), message));
    assert_eq!(check(&proof, &key), Some(F::Algorithm));
    for (bad, wanted) in [("", F::Shape), ("a.b.c", F::Shape), ("....", F::Shape)] {
        assert_eq!(check(bad, &key), Some(wanted), "{bad}");
    }
}

#[test]
fn reads_no_proof_beyond_the_bound() {
    let pen = Pen::new(Algorithm::EdDsa);
    let of_length = |length: usize| {
        let make = |pad: usize| {
            let claims = claims("pad", &format!("\"{}\"", "x".repeat(pad)));
            token(&header(Algorithm::EdDsa, &pen), &claims, |message| pen.sign(Algorithm::EdDsa, message))
        };
        // Three bytes of claims are four of base64.
        let pad = (length - make(0).len()) * 3 / 4;
        (pad..pad + 8).map(make).find(|proof| proof.len() >= length)
    };
    let least = of_length(DPOP_PROOF_BYTES_MAX - 4).expect("a long proof");
    assert!(least.len() <= DPOP_PROOF_BYTES_MAX);
    assert_eq!(check(&least, &thumbprint(&pen)), None);
    let most = of_length(DPOP_PROOF_BYTES_MAX + 1).expect("a longer proof");
    assert_eq!(check(&most, &thumbprint(&pen)), Some(ProofFlaw::Shape));
}

#[test]
fn compares_only_urls_that_leave_no_doubt() {
    for bad in ["", "/mcp", "a.example/mcp", "ftp://a.example/", "https:///mcp", "https://me@a.example/"] {
        assert_eq!(VisibleUrl::parse(bad), None, "{bad}");
    }
    assert_eq!(VisibleUrl::parse("https://a.example"), VisibleUrl::parse("https://A.example:443/?x"));
}

/// A directory of one issuer, whose tokens `dpop` speaks of.
fn directory(dpop: Dpop, binding: Binding, pen: &Pen) -> Directory {
    let mut issuer = issuer(&[Algorithm::EdDsa], &pen.jwk("k1"));
    issuer.terms = Terms { dpop, binding, ..Terms::default() };
    let visible = VisibleUrl::parse(URL);
    Directory::new(Settings { issuers: vec![issuer], visible, ..Settings::default() }).expect("a directory")
}

fn access_token(pen: &Pen, cnf: &str) -> String {
    token(HEADER, &super::claims(&[("cnf", cnf)]), |message| pen.sign(Algorithm::EdDsa, message))
}

fn proof(pen: &Pen, token: &str, jti: &str) -> String {
    let claims = claims("jti", &format!("\"{jti}\"")).replace(&base64(digest(TOKEN)), &base64(digest(token)));
    super::token(&header(Algorithm::Es256, pen), &claims, |message| pen.sign(Algorithm::Es256, message))
}

#[test]
fn asks_for_a_proof_of_every_request_with_a_bound_token() {
    let (pen, own, other) =
        (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::Es256), Pen::new(Algorithm::Es256));
    let directory = directory(Dpop::Allow, Binding::AsClaimed, &pen);
    let bound = access_token(&pen, &format!(r#"{{"jkt":"{}"}}"#, base64(thumbprint(&own))));
    let plain = access_token(&pen, "");
    let replays = Replays::default();
    let check = |scheme: &str, token: &str, dpop: Option<&str>| {
        let authorization = format!("{scheme} {token}");
        let authorization = Some(authorization.as_str());
        let evidence =
            Evidence { authorization, dpop, method: "POST", certificate: None, replays: Some(&replays) };
        directory.verify(&evidence, NOW).settled().map(|caller| caller.bond().as_str())
    };
    let refused = |flaw| Err(Refused::Proof(flaw));
    let (first, second, stolen) =
        (proof(&own, &bound, "1"), proof(&own, &bound, "2"), proof(&other, &bound, "3"));
    assert_eq!(check("DPoP", &bound, None), refused(ProofFlaw::Missing));
    assert_eq!(check("DPoP", &bound, Some(&stolen)), refused(ProofFlaw::Holder));
    assert_eq!(check("DPoP", &bound, Some("junk")), refused(ProofFlaw::Shape));
    // None of this is held against the token.
    assert_eq!(check("DPoP", &bound, Some(&first)), Ok(Some("key")));
    assert_eq!(check("DPoP", &bound, Some(&first)), refused(ProofFlaw::Replay));
    assert_eq!(check("Bearer", &bound, Some(&second)), refused(ProofFlaw::Missing), "not as a bearer token");
    assert_eq!(check("Bearer", &bound, None), refused(ProofFlaw::Missing));
    assert_eq!(check("dpop", &bound, Some(&second)), Ok(Some("key")));
    assert_eq!(check("Bearer", &plain, None), Ok(None));
    assert_eq!(check("DPoP", &plain, Some(&second)), Err(Refused::Invalid(Flaw::Scheme)));
    let evidence = Evidence { replays: None, method: "POST", ..Evidence::default() };
    let (authorization, fresh) = (format!("DPoP {bound}"), proof(&own, &bound, "4"));
    let evidence = Evidence { authorization: Some(&authorization), dpop: Some(&fresh), ..evidence };
    assert_eq!(directory.verify(&evidence, NOW).settled(), Err(Refused::Unavailable), "nobody remembers");
    let evidence = Evidence { replays: Some(&replays), ..evidence };
    assert!(directory.verify(&Evidence { method: "GET", ..evidence }, NOW).settled().is_err());
    assert!(directory.verify(&evidence, NOW).settled().is_ok());
}

#[test]
fn accepts_bound_tokens_as_the_issuer_of_the_policy_has_them() {
    let (pen, own) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::Es256));
    let jkt = format!(r#""jkt":"{}""#, base64(thumbprint(&own)));
    let x5t = format!(r#""x5t#S256":"{}""#, base64([7; 32]));
    let short = format!(r#"{{"jkt":"{}"}}"#, base64([7; 31]));
    let (key, certificate) = (format!("{{{jkt}}}"), format!("{{{x5t}}}"));
    let (both, more) = (format!("{{{jkt},{x5t}}}"), format!(r#"{{{jkt},"kid":"k1"}}"#));
    let (sender, unbound) = (Some(Flaw::Sender), Some(Flaw::Unbound));
    let cases = [
        ("", None, None, unbound, unbound),
        (key.as_str(), sender, None, None, None),
        (certificate.as_str(), None, None, unbound, None),
        (both.as_str(), sender, None, None, None),
        (more.as_str(), sender, sender, sender, sender),
        (short.as_str(), sender, sender, sender, sender),
        ("{}", sender, sender, sender, sender),
        ("null", sender, sender, sender, sender),
        (r#""x""#, sender, sender, sender, sender),
        (r#"{"jkt":1}"#, sender, sender, sender, sender),
        (r#"{"jwk":{}}"#, sender, sender, sender, sender),
    ];
    for (cnf, off, allow, require, always) in cases {
        let token = format!("Bearer {}", access_token(&pen, cnf));
        for (dpop, binding, wanted) in [
            (Dpop::Refuse, Binding::AsClaimed, off),
            (Dpop::Allow, Binding::AsClaimed, allow),
            (Dpop::Require, Binding::AsClaimed, require),
            (Dpop::Allow, Binding::Required, always),
        ] {
            let found = directory(dpop, binding, &pen).verify(&Evidence::header(Some(&token)), NOW).settled();
            // A token that is as it must be may still lack its proof here.
            let flaw = match found {
                Err(Refused::Invalid(flaw)) if flaw != Flaw::Holder => Some(flaw),
                _ => None,
            };
            assert_eq!(flaw, wanted, "{cnf} {dpop:?} {binding:?}");
        }
    }
}
