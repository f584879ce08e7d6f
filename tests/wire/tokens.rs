//! Callers with a token of an identity provider, over the wire.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use crate::support::bundle::Bundle;
use crate::support::gate::Gate;
use crate::support::upstream::Upstream;

const ISSUER: &str = "https://idp.example.com";
const AUDIENCE: &str = "https://mcp.example.com/mcp";

const POLICY: &str = "version: 1
server: { id: clinic, mode: enforce }
callers:
  anonymous: deny
  issuers:
    - { issuer: https://idp.example.com, audience: https://mcp.example.com/mcp, jwks: idp.jwks.json,
        algorithms: [ES256], claims: { user: sub, tenant: org_id } }
roles:
  reader: { scopes: [read], tenants: [acme] }
tools:
  echo: { class: read }
  delete_all: { class: destructive }
allow:
  - { id: read, roles: [reader], classes: [read] }
";

/// An identity provider that signs what it is told to.
struct Provider {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Provider {
    fn new() -> Self {
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key can be made");
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("it is a key");
        Self { pair, random }
    }

    fn jwks(&self) -> String {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let base64 = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        format!(
            r#"{{"keys":[{{"kid":"k1","use":"sig","alg":"ES256","kty":"EC","crv":"P-256","x":"{}","y":"{}"}}]}}"#,
            base64(x),
            base64(y)
        )
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token with `issuer`, `audience`, `scope`, and an end in so many seconds.
    fn token(&self, issuer: &str, audience: &str, scope: &str, ends_in: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() as i64;
        let claims = format!(
            r#"{{"iss":"{issuer}","aud":"{audience}","sub":"carol","org_id":"acme","scope":"{scope}","iat":{},"exp":{}}}"#,
            now - 600,
            now + ends_in
        );
        self.sign(HEADER, &claims)
    }
}

const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#;

#[test]
fn knows_callers_by_their_tokens_and_hands_none_on() {
    let (upstream, provider) = (Upstream::echo(), Provider::new());
    let bundle = Bundle::new(POLICY);
    bundle.write("idp.jwks.json", &provider.jwks());
    let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
    let good = provider.token(ISSUER, AUDIENCE, "read", 300);
    assert_eq!(gate.call(&good, "echo", "{}").json()["result"]["content"][0]["text"], "ok");
    assert!(gate.call(&good, "delete_all", "{}").tool_error().is_some());
    let record = gate.record("the call", |record| record["action"]["target"] == "echo");
    assert_eq!(
        (&record["actor"]["tenant"], &record["actor"]["proof"]),
        (&"acme".into(), &"token".into()),
        "{record}"
    );
    let claims = good.split('.').nth(1).expect("a token has three parts");
    let none = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let (signed, signature) = good.rsplit_once('.').expect("a token has three parts");
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{signed}.{other}{}", &signature[1..]);
    for (name, token) in [
        ("of another issuer", provider.token("https://idp.example.com/", AUDIENCE, "read", 300)),
        ("for another audience", provider.token(ISSUER, "https://mcp.example.com/", "read", 300)),
        ("that has ended", provider.token(ISSUER, AUDIENCE, "read", -300)),
        ("of another key", Provider::new().token(ISSUER, AUDIENCE, "read", 300)),
        ("without a signature", none),
        ("with a signature that was altered", altered),
    ] {
        let answer = gate.call(&token, "echo", "{}");
        assert_eq!(answer.status(), 401, "a token {name}: {}", answer.text());
        let challenge = answer.head.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("invalid_token"), "a token {name}: {challenge}");
    }
    let unfit = gate.call(&provider.token(ISSUER, AUDIENCE, "write", 300), "echo", "{}");
    assert!(unfit.status() == 403 || unfit.tool_error().is_some(), "{}", unfit.text());
    let got = upstream.got();
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(!got[0].head.to_ascii_lowercase().contains("authorization") && !got[0].head.contains(claims));
    assert!(!gate.log().contains(claims));
}
