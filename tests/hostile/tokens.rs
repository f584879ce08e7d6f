//! Class A: tokens that nobody should believe. Each claims to be an administrator's, who may delete.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::case::{Case, Demand, Era, Post};
use crate::stage::{AUDIENCE, ISSUER};

/// A key pair of the issuer, or of an attacker.
pub enum Pen {
    /// P-256.
    Ec(EcdsaKeyPair),
    /// Ed25519.
    Ed(Ed25519KeyPair),
    /// RSA of 2048 bits.
    Rsa(RsaKeyPair),
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Pen {
    /// A new Ed25519 pair.
    pub fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key"))
    }

    /// A new P-256 pair.
    pub fn p256() -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key");
        Self::Ec(EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("a key"))
    }

    /// The RSA pair of the fixtures.
    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(include_bytes!("../fixtures/rsa_2048.pk8")).expect("a key"))
    }

    fn kid(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ec",
            Self::Ed(_) => "ed",
            Self::Rsa(_) => "rsa",
        }
    }

    fn jwk(&self) -> String {
        let members = match self {
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, base64(x), base64(y))
            }
            Self::Ed(pair) => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, base64(pair.public_key())),
            Self::Rsa(pair) => {
                let key: PublicKeyComponents<Vec<u8>> = pair.public().into();
                format!(r#""kty":"RSA","n":"{}","e":"{}""#, base64(key.n), base64(key.e))
            }
        };
        format!(r#"{{"kid":"{}","use":"sig",{members}}}"#, self.kid())
    }

    /// The key set of `pens`.
    pub fn jwks(pens: &[&Self]) -> String {
        let keys: Vec<_> = pens.iter().map(|pen| pen.jwk()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair) => pair.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
        }
    }

    /// A token of `header` and `claims` that it signed.
    fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        let signature = self.sign(signed.as_bytes());
        format!("{signed}.{}", base64(signature))
    }
}

/// The claims of an administrator, with some replaced, added, or left out where the value is empty.
fn claims(changes: &[(&str, &str)]) -> String {
    let good = [
        ("iss", format!("\"{ISSUER}\"")),
        ("aud", format!("\"{AUDIENCE}\"")),
        ("exp", seconds(600)),
        ("sub", "\"root\"".to_owned()),
        ("groups", "[\"admins\"]".to_owned()),
    ];
    let is_changed = |name: &str| changes.iter().any(|(other, _)| *other == name);
    let kept = good.iter().filter(|(name, _)| !is_changed(name)).map(|(name, value)| (*name, value.as_str()));
    let all = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
    let members: Vec<_> = all.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// The time in so many seconds.
fn seconds(ahead: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    (i64::try_from(now).expect("it is before the year 292 billion") + ahead).to_string()
}

const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed"}"#;

/// A good token of an administrator: what all others only look like.
pub fn good(pen: &Pen) -> String {
    pen.token(HEADER, &claims(&[]))
}

/// Headers under the issuer's own signature.
fn headers(own: &Pen) -> Vec<(String, String)> {
    let rows = [
        r#"{"alg":"none","kid":"ed"}"#,
        r#"{"alg":"None","kid":"ed"}"#,
        r#"{"alg":"","kid":"ed"}"#,
        r#"{"alg":null,"kid":"ed"}"#,
        r#"{"kid":"ed"}"#,
        r#"{"alg":"eddsa","kid":"ed"}"#,
        r#"{"alg":"Ed25519ph","kid":"ed"}"#,
        r#"{"alg":["EdDSA"],"kid":"ed"}"#,
        r#"{"alg":"ES256","kid":"ed"}"#,
        r#"{"alg":"RS256","kid":"ed"}"#,
        r#"{"alg":"HS256","kid":"ed"}"#,
        r#"{"alg":"PS256","kid":"rsa"}"#,
        r#"{"alg":"EdDSA ","kid":"ed"}"#,
        r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#,
        r#"{"alg":"EdDSA","\u0061lg":"none","kid":"ed"}"#,
        r#"{"alg":"EdDSA","kid":"../../etc/passwd"}"#,
        r#"{"alg":"EdDSA","kid":"https://evil.example/k"}"#,
        r#"{"alg":"EdDSA","kid":"ed' OR '1'='1"}"#,
        r#"{"alg":"EdDSA","kid":"ed|id"}"#,
        r#"{"alg":"EdDSA","kid":"ED"}"#,
        r#"{"alg":"EdDSA","kid":"ed\u0000"}"#,
        r#"{"alg":"EdDSA","kid":""}"#,
        r#"{"alg":"EdDSA","kid":1}"#,
        r#"{"alg":"EdDSA","kid":["ed"]}"#,
        r#"{"alg":"EdDSA","kid":"ec"}"#,
        r#"{"alg":"EdDSA","kid":"ed","kid":"ec"}"#,
        r#"{"alg":"EdDSA","kid":"ed","crit":["exp"]}"#,
        r#"{"alg":"EdDSA","kid":"ed","crit":[]}"#,
        r#"{"alg":"EdDSA","kid":"ed","crit":["b64"],"b64":false}"#,
        r#"{"alg":"EdDSA","kid":"ed","typ":"dpop+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"ed","typ":"id_token"}"#,
        r#"{"alg":"EdDSA","kid":"ed","typ":"logout+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"ed","typ":1}"#,
        r#"["EdDSA"]"#,
        "{}",
        "null",
        "",
        r#"{"alg":"EdDSA","kid":"ed"}x"#,
        r#"{"alg":"EdDSA","kid":"ed",}"#,
        r#"{'alg':'EdDSA','kid':'ed'}"#,
    ];
    rows.into_iter().map(|header| (format!("header/{header}"), own.token(header, &claims(&[])))).collect()
}

/// Claims under the issuer's own signature.
fn claimed(own: &Pen) -> Vec<(String, String)> {
    let (hour_ago, next_hour, minute_ago, in_5_minutes) =
        (seconds(-3_600), seconds(3_600), seconds(-60), seconds(300));
    let (far, text) = (seconds(90_000), format!("\"{}\"", seconds(600)));
    let long = format!("\"{}\"", "x".repeat(5_000));
    let slash = format!("\"{ISSUER}/\"");
    let upper = format!("\"{}\"", ISSUER.replace("idp", "IDP"));
    let list = format!("[\"{ISSUER}\"]");
    let (aud_slash, aud_prefix, aud_mixed) =
        (format!("\"{AUDIENCE}/\""), format!("\"{}\"", &AUDIENCE[..20]), format!("[\"{AUDIENCE}\",1]"));
    let rows: [(&str, &str); 41] = [
        ("iss", ""),
        ("iss", "\"https://evil.example\""),
        ("iss", &slash),
        ("iss", &upper),
        ("iss", &list),
        ("iss", "null"),
        ("iss", "1"),
        ("iss", "\"\""),
        ("aud", ""),
        ("aud", "\"other\""),
        ("aud", &aud_slash),
        ("aud", &aud_prefix),
        ("aud", &aud_mixed),
        ("aud", "[]"),
        ("aud", "[\"other\"]"),
        ("aud", "{}"),
        ("aud", "\"*\""),
        ("aud", "null"),
        ("exp", ""),
        ("exp", &hour_ago),
        ("exp", &minute_ago),
        ("exp", &text),
        ("exp", "-1"),
        ("exp", "0"),
        ("exp", "1e300"),
        ("exp", "null"),
        ("exp", "true"),
        ("exp", &far),
        ("nbf", &next_hour),
        ("nbf", &in_5_minutes),
        ("nbf", "\"now\""),
        ("iat", &next_hour),
        ("iat", "null"),
        ("cnf", "{\"jkt\":\"x\"}"),
        ("cnf", "null"),
        ("sub", ""),
        ("sub", "1"),
        ("sub", "\"\""),
        ("sub", "\"a\\nb\""),
        ("sub", &long),
        ("groups", "{\"admins\":true}"),
    ];
    let short = |value: &str| value.chars().take(40).collect::<String>();
    let mut all: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(at, (name, value))| {
            (format!("claim/{at}/{name}={}", short(value)), own.token(HEADER, &claims(&[(name, value)])))
        })
        .collect();
    all.extend(doubled(own));
    all
}

/// Claims that stand there twice.
fn doubled(own: &Pen) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, member) in [
        ("sub", "\"sub\":\"bob\","),
        ("aud", "\"aud\":\"x\","),
        ("exp", "\"exp\":1,"),
        ("iss", "\"iss\":\"x\","),
        ("groups", "\"groups\":[],"),
        ("escaped-sub", "\"\\u0073ub\":\"bob\","),
    ] {
        let twice = claims(&[]).replacen('{', &format!("{{{member}"), 1);
        all.push((format!("claim/twice/{name}"), own.token(HEADER, &twice)));
    }
    all
}

/// A signature with one bit changed.
fn flipped(signature: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("it is Base64");
    bytes[0] ^= 1;
    base64(bytes)
}

/// Signatures that are nobody's, somebody else's, or another text's.
fn signatures(own: &Pen, rsa: &Pen) -> Vec<(String, String)> {
    let other = Pen::ed25519();
    let good = own.token(HEADER, &claims(&[]));
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let hs256 = |secret: &[u8]| {
        let signed = format!("{}.{}", base64(r#"{"alg":"HS256","kid":"rsa"}"#), base64(claims(&[])));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("{signed}.{}", base64(tag))
    };
    let with = |extra: &str| other.token(&format!(r#"{{"alg":"EdDSA","kid":"ed",{extra}}}"#), &claims(&[]));
    let none = format!("{}.{payload}.", base64(r#"{"alg":"none"}"#));
    let bob = base64(claims(&[("sub", "\"bob\"")]));
    let rows = [
        ("none", none.clone()),
        ("none-with-signature", format!("{none}{signature}")),
        ("other-key", other.token(HEADER, &claims(&[]))),
        ("other-key-without-kid", other.token(r#"{"alg":"EdDSA"}"#, &claims(&[]))),
        ("embedded-jwk", with(&format!(r#""jwk":{}"#, other.jwk()))),
        ("jku", with(r#""jku":"https://evil.example/jwks""#)),
        ("x5u", with(r#""x5u":"https://evil.example/x""#)),
        ("x5c", with(r#""x5c":["MIIB"]"#)),
        ("hmac-by-jwk", hs256(rsa.jwk().as_bytes())),
        ("hmac-by-empty", hs256(b"")),
        ("hmac-by-kid", hs256(b"rsa")),
        ("empty-signature", format!("{signed}.")),
        ("no-signature", signed.to_owned()),
        ("flipped-bit", format!("{signed}.{}", flipped(signature))),
        ("cut", good[..good.len() - 4].to_owned()),
        ("padded", format!("{good}==")),
        ("longer", format!("{good}AAAA")),
        ("zeros", format!("{signed}.{}", base64([0; 64]))),
        ("swapped-payload", format!("{header}.{bob}.{signature}")),
        ("swapped-header", format!("{}.{payload}.{signature}", base64(r#"{"alg":"EdDSA"}"#))),
        ("four-parts", format!("{good}.x")),
        ("five-parts", format!("{header}.a.b.{payload}.{signature}")),
        ("nested", own.token(r#"{"alg":"EdDSA","kid":"ed","cty":"JWT"}"#, &good)),
        (
            "json-serialization",
            format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        ),
        ("standard-base64", format!("{header}.{payload}.{signature}+")),
        ("leading-dot", format!(".{good}")),
        ("dots", "..".to_owned()),
        ("60-KB", format!("{header}.{}.{signature}", "a".repeat(60_000))),
    ];
    rows.into_iter().map(|(way, token)| (format!("signature/{way}"), token)).collect()
}

/// Every case of the class; `own` is the issuer's key, `rsa` another of its keys.
pub fn cases(own: &Pen, rsa: &Pen) -> Vec<Case> {
    const NOBODY: Demand = Demand::Status(&[400, 401, 431]);
    let tokens = [headers(own), claimed(own), signatures(own, rsa)].concat();
    let mut cases: Vec<_> = tokens
        .into_iter()
        .map(|(way, token)| {
            let authorization = format!("Bearer {token}");
            let sends = Era::BOTH.map(|era| Post::denied(era).set("Authorization", &authorization).bytes());
            Case::new(format!("token/{way}"), NOBODY, sends.to_vec())
        })
        .collect();
    let good = good(own);
    // The token is good, but does not stand where a token stands.
    for (way, target, name, value) in [
        ("in-query", format!("POST /mcp?access_token={good}"), "X-A", String::new()),
        ("in-cookie", "POST /mcp".into(), "Cookie", format!("access_token={good}")),
        ("basic", "POST /mcp".into(), "Authorization", format!("Basic {good}")),
        ("dpop", "POST /mcp".into(), "Authorization", format!("DPoP {good}")),
        ("no-scheme", "POST /mcp".into(), "Authorization", good.clone()),
        ("scheme-only", "POST /mcp".into(), "Authorization", "Bearer".into()),
        ("proxy", "POST /mcp".into(), "Proxy-Authorization", format!("Bearer {good}")),
        ("forwarded", "POST /mcp".into(), "X-Forwarded-Access-Token", good.clone()),
        ("two-in-one", "POST /mcp".into(), "Authorization", format!("Bearer {good}, Bearer {good}")),
        ("comma", "POST /mcp".into(), "Authorization", format!("Bearer {good},")),
        ("quoted", "POST /mcp".into(), "Authorization", format!("Bearer \"{good}\"")),
        ("parameter", "POST /mcp".into(), "Authorization", format!("Bearer token={good}")),
    ] {
        let bend =
            |era| Post::denied(era).to(target.clone()).without("Authorization").add(name, &value).bytes();
        cases.push(Case::new(format!("token/place/{way}"), NOBODY, Era::BOTH.map(bend).to_vec()));
    }
    cases
}
