//! Tokens that are bound to a key: with a proof for each request, and in no other way.

use crate::support::bundle::Bundle;
use crate::support::gate::{Gate, call};
use crate::support::signer::{AUDIENCE, Proof, Signer};
use crate::support::upstream::Upstream;
use crate::support::wire::Answer;

const POLICY: &str = "version: 1
server: { id: clinic, mode: enforce }
callers:
  resource: https://mcp.example.com/mcp
  anonymous: deny
  issuers:
    - { issuer: https://idp.example.com, audience: https://mcp.example.com/mcp, jwks: idp.jwks.json,
        algorithms: [ES256], claims: { user: sub, tenant: org_id }, dpop: allow }
roles:
  reader: { scopes: [read], tenants: [acme] }
tools:
  echo: { class: read }
  delete_all: { class: destructive }
allow:
  - { id: read, roles: [reader], classes: [read] }
";

/// A gate, an identity provider, and a client with a key of its own.
struct Stage {
    gate: Gate,
    provider: Signer,
    client: Signer,
    token: String,
}

impl Stage {
    fn new(upstream: &Upstream, policy: &str) -> Self {
        let (provider, client) = (Signer::new(), Signer::new());
        let bundle = Bundle::new(policy);
        bundle.write("idp.jwks.json", &provider.jwks());
        let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
        let token = provider.token("read", 300, &format!(r#","cnf":{{"jkt":"{}"}}"#, client.thumbprint()));
        Self { gate, provider, client, token }
    }

    /// The proof for a call of this client.
    fn proof<'a>(&'a self, jti: &'a str) -> Proof<'a> {
        Proof { method: "POST", url: AUDIENCE, token: &self.token, seconds_ago: 0, jti }
    }

    /// Calls `echo` with these headers and no others that say who calls.
    fn call(&self, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("Host", "127.0.0.1")];
        all.extend(headers);
        self.gate.connect().post("", &all, &call(1, "echo", "{}"))
    }

    fn call_with(&self, proof: &str) -> Answer {
        self.call(&[("Authorization", &format!("DPoP {}", self.token)), ("DPoP", proof)])
    }
}

fn challenge(answer: &Answer) -> &str {
    answer.head.header("www-authenticate").unwrap_or_default()
}

fn is_allowed(answer: &Answer) -> bool {
    answer.status() == 200 && answer.json()["result"]["content"][0]["text"] == "ok"
}

#[test]
fn lets_a_caller_in_with_a_new_proof_for_each_request() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, POLICY);
    let first = stage.client.prove(&stage.proof("1"));
    let answer = stage.call_with(&first);
    assert!(is_allowed(&answer), "{}", answer.text());
    let answer = stage.call_with(&first);
    assert_eq!(answer.status(), 401, "{}", answer.text());
    let said = challenge(&answer);
    assert_eq!(
        said,
        "DPoP resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\", \
         error=\"invalid_dpop_proof\", \
         error_description=\"the DPoP proof was used before; make one for each request\", \
         algs=\"EdDSA ES256 PS256 RS256\""
    );
    assert!(is_allowed(&stage.call_with(&stage.client.prove(&stage.proof("2")))));
    assert!(is_allowed(
        &stage.call_with(&stage.client.prove(&Proof { seconds_ago: 50, ..stage.proof("3") }))
    ));
    let record = stage.gate.record("the call", |record| record["actor"]["bound_to"] == "key");
    assert_eq!(record["actor"]["proof"], "token", "{record}");
    let got = upstream.got();
    assert_eq!(got.len(), 3);
    for text in [stage.token.split('.').nth(1), first.split('.').nth(1)] {
        let text = text.expect("three parts");
        assert!(got.iter().all(|got| !got.head.contains(text)), "the server got it");
        assert!(!stage.gate.log().contains(text) && !stage.gate.page("/metrics").text().contains(text));
        let records = serde_json::to_string(&stage.gate.records()).expect("records are JSON");
        assert!(!records.contains(text), "the audit trail has it");
    }
}

#[test]
fn refuses_what_is_not_proved() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, POLICY);
    let (token, thief) = (format!("DPoP {}", stage.token), Signer::new());
    let bearer = format!("Bearer {}", stage.token);
    let other = stage.provider.token("read", 300, "");
    let wrong = |proof: Proof<'_>| stage.client.prove(&proof);
    for (what, proof) in [
        ("of another method", wrong(Proof { method: "GET", ..stage.proof("1") })),
        ("of another URL", wrong(Proof { url: "https://mcp.example.com/", ..stage.proof("2") })),
        // What the client calls the gate by, in place of what the policy does.
        ("of the Host", wrong(Proof { url: "http://127.0.0.1/mcp", ..stage.proof("3") })),
        ("of another token", wrong(Proof { token: &other, ..stage.proof("4") })),
        ("of a while ago", wrong(Proof { seconds_ago: 90, ..stage.proof("5") })),
        ("of the future", wrong(Proof { seconds_ago: -90, ..stage.proof("6") })),
        ("of another key", thief.prove(&stage.proof("7"))),
        ("that is none", "secret-1".into()),
    ] {
        let answer = stage.call(&[("Authorization", &token), ("DPoP", &proof)]);
        assert_eq!(answer.status(), 401, "a proof {what}: {}", answer.text());
        assert!(challenge(&answer).contains("error=\"invalid_dpop_proof\""), "a proof {what}");
    }
    let good = |jti| stage.client.prove(&stage.proof(jti));
    let (one, two) = (good("8"), good("9"));
    let answer = stage.call(&[("Authorization", &token), ("DPoP", &one), ("DPoP", &two)]);
    assert_eq!(answer.status(), 400, "two proofs: {}", answer.text());
    let answer = stage.call(&[("Authorization", &token)]);
    assert_eq!(answer.status(), 401, "no proof: {}", answer.text());
    let answer = stage.call(&[("Authorization", &bearer), ("DPoP", &one)]);
    assert_eq!(answer.status(), 401, "a bound token as a bearer token: {}", answer.text());
    let answer = stage.call(&[("Authorization", &format!("DPoP {other}")), ("DPoP", &one)]);
    assert_eq!(answer.status(), 401, "a bearer token as a bound one: {}", answer.text());
    assert!(challenge(&answer).contains("invalid_token"), "{}", challenge(&answer));
    assert_eq!(upstream.bytes(), 0);
    assert!(
        is_allowed(&stage.call(&[("Authorization", &token), ("DPoP", &one)])),
        "none of it is held against it"
    );
    assert!(is_allowed(&stage.call(&[("Authorization", &format!("Bearer {other}"))])));
}

#[test]
fn refuses_bound_tokens_where_nobody_checks_proofs_and_unbound_ones_where_all_must_be() {
    let upstream = Upstream::echo();
    let none = Stage::new(&upstream, &POLICY.replace("dpop: allow", "dpop: refuse"));
    let answer = none.call_with(&none.client.prove(&none.proof("1")));
    assert_eq!(answer.status(), 401, "{}", answer.text());
    let always = Stage::new(&upstream, &POLICY.replace("dpop: allow", "dpop: require"));
    let plain = always.provider.token("read", 300, "");
    assert_eq!(always.call(&[("Authorization", &format!("Bearer {plain}"))]).status(), 401);
    assert_eq!(upstream.bytes(), 0);
    assert!(is_allowed(&always.call_with(&always.client.prove(&always.proof("1")))));
}

#[test]
fn remembers_proofs_over_a_new_policy() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, POLICY);
    let proof = stage.client.prove(&stage.proof("1"));
    assert!(is_allowed(&stage.call_with(&proof)));
    let published = |gate: &Gate| gate.log().matches("policy published").count();
    let before = published(&stage.gate);
    stage.gate.bundle.write("policy.yaml", &POLICY.replace("id: read,", "id: read-again,"));
    stage.gate.signal("HUP");
    crate::support::wait_for("the new policy", || (published(&stage.gate) > before).then_some(()));
    assert_eq!(stage.call_with(&proof).status(), 401, "it was shown before");
    assert!(is_allowed(&stage.call_with(&stage.client.prove(&stage.proof("2")))));
}

#[test]
fn says_in_the_metadata_that_proofs_are_checked() {
    let upstream = Upstream::echo();
    let algorithms = serde_json::json!(["EdDSA", "ES256", "PS256", "RS256"]);
    for (word, wanted, always) in [
        ("refuse", serde_json::Value::Null, false),
        ("allow", algorithms.clone(), false),
        ("require", algorithms.clone(), true),
    ] {
        let stage = Stage::new(&upstream, &POLICY.replace("dpop: allow", &format!("dpop: {word}")));
        let mut wire = stage.gate.connect();
        wire.send(b"GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        let metadata = wire.answer().json();
        assert_eq!(metadata["dpop_signing_alg_values_supported"], wanted, "{metadata}");
        assert_eq!(metadata["dpop_bound_access_tokens_required"] == true, always, "{metadata}");
    }
}
