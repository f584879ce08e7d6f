//! What a client is told whose token does not do, to the last byte of the challenge.

use crate::support::bundle::Bundle;
use crate::support::gate::{Gate, call};
use crate::support::provider::{Pen, Provider, claims, unix_seconds};
use crate::support::upstream::Upstream;
use crate::support::wire::{Answer, Wire, request};

/// A policy for tokens of `issuer`.
fn policy(issuer: &str) -> String {
    format!(
        "version: 1
server: {{ id: clinic }}
callers:
  resource: https://mcp.example.com/mcp
  resource_name: Clinic
  first_scopes: [read]
  issuers:
    - {{ issuer: \"{issuer}\", jwks: \"{issuer}/jwks\", algorithms: [ES256], claims: {{ tenant: org_id }} }}
roles:
  reader: {{ scopes: [read] }}
  eraser: {{ scopes: [erase, offline_access] }}
tools:
  echo: {{ class: read }}
  delete_all: {{ class: destructive }}
allow:
  - {{ id: read, roles: [reader], classes: [read] }}
  - {{ id: erase, roles: [eraser], classes: [destructive] }}
"
    )
}

struct Scene {
    provider: Provider,
    upstream: Upstream,
    gate: Gate,
}

impl Scene {
    fn open() -> Self {
        let (provider, upstream) = (Provider::start(), Upstream::echo());
        let gate = Gate::with(Bundle::new(&policy(&provider.issuer)), &["--upstream", &upstream.url()]);
        Self { provider, upstream, gate }
    }

    fn send(&self, bytes: &[u8]) -> Answer {
        let mut wire = Wire::connect(self.gate.address);
        wire.send(bytes);
        wire.answer()
    }
}

const URL: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

/// The challenge for what is wrong, if something is wrong.
fn challenge(error: &str, description: &str) -> String {
    let base = format!("Bearer resource_metadata=\"{URL}\", scope=\"read\"");
    match error {
        "" => base,
        error => format!("{base}, error=\"{error}\", error_description=\"{description}\""),
    }
}

const NOT_ACCEPTED: &str = "the token is not accepted";
const NOT_OURS: &str = "the token was not issued for this server";

#[test]
fn refuses_each_bad_token_with_its_status_and_challenge() {
    let scene = Scene::open();
    let Scene { provider, gate, .. } = &scene;
    let good = provider.token(&[]);
    assert_eq!(gate.call(&good, "echo", "{}").status(), 200);
    let (now, stranger) = (unix_seconds(), Pen::new("k1"));
    let at = |seconds: u64| seconds.to_string();
    let with = |more: &str| provider.token_with(|pen| pen.header(more), &[]);
    let headed = |header: &str| provider.token_with(|_| header.into(), &[]);
    let own = claims(&provider.issuer, &[]);
    let altered = format!("{}A", &good[..good.len() - 1]);
    let altered = if altered == good { format!("{}B", &good[..good.len() - 1]) } else { altered };
    let rows = [
        ("another audience", provider.token(&[("aud", r#""https://mcp.example.com/""#)]), NOT_OURS),
        ("no audience", provider.token(&[("aud", "")]), NOT_OURS),
        (
            "an ID token",
            provider.token_with(
                |_| r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#.into(),
                &[("aud", r#""client-1""#), ("nonce", r#""n""#)],
            ),
            NOT_OURS,
        ),
        (
            "an ID token for us",
            provider
                .token_with(|_| r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#.into(), &[("at_hash", r#""h""#)]),
            NOT_ACCEPTED,
        ),
        ("a logout token", headed(r#"{"alg":"ES256","typ":"logout+jwt","kid":"k1"}"#), NOT_ACCEPTED),
        ("another issuer", provider.token(&[("iss", r#""https://idp.example.com""#)]), NOT_ACCEPTED),
        (
            "the issuer with a slash",
            provider.token(&[("iss", &format!("\"{}/\"", provider.issuer))]),
            NOT_ACCEPTED,
        ),
        ("no algorithm", headed(r#"{"alg":"none","kid":"k1"}"#), NOT_ACCEPTED),
        ("an algorithm with a secret", headed(r#"{"alg":"HS256","kid":"k1"}"#), NOT_ACCEPTED),
        ("another algorithm", headed(r#"{"alg":"RS256","kid":"k1"}"#), NOT_ACCEPTED),
        ("another key by the name of ours", stranger.sign(&stranger.header(""), &own), NOT_ACCEPTED),
        (
            "a key of its own",
            stranger.sign(&stranger.header(&format!(r#","jwk":{}"#, stranger.jwk())), &own),
            NOT_ACCEPTED,
        ),
        ("our key brought along", with(r#","jwk":{}"#), NOT_ACCEPTED),
        ("the place of a key", with(r#","jku":"https://evil.example.com/jwks""#), NOT_ACCEPTED),
        ("a certificate", with(r#","x5c":["AAAA"]"#), NOT_ACCEPTED),
        ("the place of a certificate", with(r#","x5u":"https://evil.example.com/x""#), NOT_ACCEPTED),
        ("a critical header", with(r#","crit":["exp"]"#), NOT_ACCEPTED),
        ("a signature that was altered", altered, NOT_ACCEPTED),
        ("a sender that is not proven", provider.token(&[("cnf", r#"{"jkt":"x"}"#)]), NOT_ACCEPTED),
        ("an end in the past", provider.token(&[("exp", &at(now - 60))]), "the token has expired"),
        ("no end", provider.token(&[("exp", "")]), NOT_ACCEPTED),
        ("an end too far away", provider.token(&[("exp", &at(now + 90_000))]), NOT_ACCEPTED),
        ("a start in the future", provider.token(&[("nbf", &at(now + 300))]), "the token is not valid yet"),
        ("no user", provider.token(&[("sub", "")]), NOT_ACCEPTED),
        ("no token at all", "no-token-at-all".into(), NOT_ACCEPTED),
    ];
    for (what, token, description) in rows {
        let answer = gate.call(&token, "echo", "{}");
        assert_eq!(answer.status(), 401, "{what}: {}", answer.text());
        let told = answer.head.header("www-authenticate").map(str::to_owned);
        assert_eq!(told, Some(challenge("invalid_token", description)), "{what}");
        let record = gate.record(what, |record| record["source"]["port"].is_number());
        assert!(!record.to_string().contains(&token), "{what}");
    }
    assert_eq!(scene.upstream.got().len(), 1, "only the good call came through");
    assert!(!gate.log().contains(&good));
}

#[test]
fn refuses_what_cannot_be_read_as_one_credential() {
    let scene = Scene::open();
    let good = scene.provider.token(&[]);
    let body = call(1, "echo", "{}");
    let by = |values: &[&str]| {
        let headers: Vec<_> = values.iter().map(|value| ("Authorization", *value)).collect();
        request("", &headers, body.as_bytes())
    };
    let bearer = format!("Bearer {good}");
    let long = format!("Bearer {}", "x".repeat(8 * 1024 + 1));
    let usual = String::from_utf8(request(&good, &[], body.as_bytes())).expect("it is text");
    let at =
        |target: &str, from: &str| from.replacen("POST /mcp ", &format!("POST {target} "), 1).into_bytes();
    let bare = usual.replacen(&format!("Authorization: {bearer}\r\n"), "", 1);
    let (double, malformed, query) = (
        challenge("invalid_request", "send one authorization header with one credential"),
        challenge("invalid_request", "the authorization header must be: Bearer <token>"),
        challenge("invalid_request", "a token may not be in the URL; send it in the authorization header"),
    );
    for (what, bytes, status, told) in [
        ("nothing", at("/mcp", &bare), 401, challenge("", "")),
        ("two headers", by(&[&bearer, &bearer]), 400, double.clone()),
        ("a second, empty header", by(&[&bearer, ""]), 400, double.clone()),
        ("two credentials", by(&[&format!("{bearer}, {bearer}")]), 400, double),
        ("another scheme", by(&["Basic YTpi"]), 400, malformed.clone()),
        ("a token of 8 KB and one byte", by(&[&long]), 400, malformed),
        ("a token in the query", at(&format!("/mcp?access_token={good}"), &bare), 400, query.clone()),
        ("a token in both", at(&format!("/mcp?x=1&access%5Ftoken={good}"), &usual), 400, query),
    ] {
        let answer = scene.send(&bytes);
        assert_eq!(answer.status(), status, "{what}: {}", answer.text());
        assert_eq!(answer.head.header("www-authenticate").map(str::to_owned), Some(told), "{what}");
        assert_eq!(answer.json()["error"]["code"], -31_000 - i64::from(status), "{what}");
    }
    assert!(scene.upstream.got().is_empty());
    assert!(!scene.gate.log().contains(&good));
}

#[test]
fn names_all_scopes_that_a_call_needs() {
    let scene = Scene::open();
    let token = scene.provider.token(&[("scope", r#""read openid""#)]);
    let metadata = format!("resource_metadata=\"{URL}\"");
    let description = "error_description=\"the call needs more scopes\"";
    let modern_body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"delete_all","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"}}}}"#;
    let modern =
        [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "delete_all")];
    let legacy_body = call(7, "delete_all", "{}");
    for (headers, body, scopes) in [
        (&[("MCP-Protocol-Version", "2025-11-25")][..], &*legacy_body, "erase openid read"),
        (&[("MCP-Protocol-Version", "2025-06-18")][..], &*legacy_body, "erase openid read"),
        (&modern[..], modern_body, "erase"),
    ] {
        let answer = scene.gate.connect().post(&token, headers, body);
        assert_eq!(answer.status(), 403, "{}", answer.text());
        assert_eq!(
            answer.head.header("www-authenticate").unwrap_or_default(),
            format!("Bearer error=\"insufficient_scope\", scope=\"{scopes}\", {metadata}, {description}")
        );
        assert_eq!((&answer.json()["id"], &answer.json()["error"]["code"]), (&7.into(), &(-31_403).into()));
    }
    let enough = scene.provider.token(&[("scope", r#""erase""#)]);
    assert_eq!(scene.gate.call(&enough, "delete_all", "{}").status(), 200);
}

#[test]
fn shows_its_metadata_to_whoever_has_nothing_yet() {
    let scene = Scene::open();
    let get = |method: &str, path: &str, more: &str| {
        scene.send(
            format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}Connection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    let root = "/.well-known/oauth-protected-resource";
    for path in [root, &format!("{root}/mcp")] {
        let answer = get("GET", path, "Origin: https://inspector.example.com\r\n");
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        assert_eq!(answer.head.header("content-type"), Some("application/json"));
        assert_eq!(answer.head.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.json(),
            serde_json::json!({
                "resource": "https://mcp.example.com/mcp",
                "authorization_servers": [scene.provider.issuer],
                "scopes_supported": ["erase", "read"],
                "bearer_methods_supported": ["header"],
                "resource_name": "Clinic",
            })
        );
        assert_eq!(get("OPTIONS", path, "").status(), 204);
        assert_eq!(get("DELETE", path, "").status(), 405);
    }
    for (path, host) in [(&*format!("{root}/other"), "127.0.0.1"), (root, "evil.example.com")] {
        let answer = scene
            .send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes());
        assert!(matches!(answer.status(), 403 | 404), "{path} at {host}: {}", answer.text());
    }
    assert!(scene.upstream.got().is_empty());
}

#[test]
fn looks_at_no_more_tokens_of_a_source_that_sends_junk() {
    let scene = Scene::open();
    let good = scene.provider.token(&[]);
    assert_eq!(scene.gate.call(&good, "echo", "{}").status(), 200);
    let mut wire = scene.gate.connect();
    let mut statuses = Vec::new();
    for number in 0..2_000 {
        let junk = scene.provider.token(&[("aud", &format!("\"other-{number}\""))]);
        let answer = wire.post(&junk, &[], &call(1, "echo", "{}"));
        statuses.push(answer.status());
        if answer.status() == 429 {
            assert_eq!(answer.head.header("retry-after"), Some("1"));
            assert_eq!(answer.head.header("www-authenticate"), None);
            break;
        }
    }
    let (last, before) = statuses.split_last().expect("some were sent");
    assert!(*last == 429 && before.len() >= 200, "{} were looked at, then {last}", before.len());
    assert!(before.iter().all(|status| *status == 401));
    assert_eq!(scene.gate.call(&good, "echo", "{}").status(), 200, "a token that is known goes on");
}
