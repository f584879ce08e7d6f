//! A key, and what is signed with it: tokens of an identity provider, and proofs of a client that it holds the key.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// What the identity provider calls itself.
pub const ISSUER: &str = "https://idp.example.com";
/// What it calls the server.
pub const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// A key on P-256, and whoever signs with it.
pub struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    /// With a new key.
    pub fn new() -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("it is a key");
        Self { pair, random }
    }

    /// The members of its public key, in the order of RFC 7638.
    pub fn members(&self) -> String {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        format!(r#""crv":"P-256","kty":"EC","x":"{}","y":"{}""#, base64(x), base64(y))
    }

    /// The thumbprint of its key, as `cnf.jkt` has it. Source: RFC 7638.
    pub fn thumbprint(&self) -> String {
        sha256(&format!("{{{}}}", self.members()))
    }

    /// Its key set.
    pub fn jwks(&self) -> String {
        format!(r#"{{"keys":[{{"kid":"k1","use":"sig","alg":"ES256",{}}}]}}"#, self.members())
    }

    /// Signs a header and claims.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", base64(signature))
    }

    /// A token with a scope and an end in so many seconds; `more` are further members, each behind a comma.
    pub fn token(&self, scope: &str, ends_in: i64, more: &str) -> String {
        let now = now();
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"carol","org_id":"acme","scope":"{scope}","iat":{},"exp":{}{more}}}"#,
            now - 600,
            now + ends_in
        );
        self.sign(r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#, &claims)
    }

    /// A proof that it holds its key.
    pub fn prove(&self, proof: &Proof<'_>) -> String {
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{{}}}}}"#, self.members());
        let Proof { method, url, token, seconds_ago, jti } = proof;
        let claims = format!(
            r#"{{"htm":"{method}","htu":"{url}","iat":{},"jti":"{jti}","ath":"{}"}}"#,
            now() - seconds_ago,
            sha256(token)
        );
        self.sign(&header, &claims)
    }
}

/// What a proof of possession says.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// `htm`
    pub method: &'a str,
    /// `htu`
    pub url: &'a str,
    /// What `ath` is the hash of.
    pub token: &'a str,
    /// How long ago it was made.
    pub seconds_ago: i64,
    /// `jti`
    pub jti: &'a str,
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is before the year 292277026596")
}

/// SHA-256 in base64url.
pub fn sha256(text: &str) -> String {
    base64(digest(&SHA256, text.as_bytes()))
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
