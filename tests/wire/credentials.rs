//! What the server is shown: a credential from a file, and a signed statement about the caller.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde_json::Value;
use tempfile::TempDir;

use crate::legacy_stage::{Play, Stage};
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::idp::header;
use crate::support::upstream::{After, Got, Upstream, open_events, result, send_head};
use crate::support::wait_for;

/// A policy that shows the server what `upstream` says; `FILES` is the directory of the secrets.
fn policy(upstream: &str, files: &TempDir) -> String {
    let upstream = upstream.replace("FILES", &files.path().display().to_string());
    bundle::with(&format!("upstream: {{ {upstream} }}"))
}

fn files(named: &[(&str, &str)]) -> TempDir {
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, text) in named {
        write(&files, name, text);
    }
    files
}

fn write(files: &TempDir, name: &str, text: &str) {
    std::fs::write(files.path().join(name), text).expect("a secret can be written");
}

const HEADER: &str = "credentials: { header: { name: Authorization, prefix: \"Bearer \", file: FILES/key } }";
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#;

/// A server with sessions and streams of the legacy era.
fn server() -> Upstream {
    Upstream::start(|got, stream| {
        if got.head.starts_with("GET ") {
            open_events(stream);
            return After::Close;
        }
        let answer = if got.body.contains("\"initialize\"") {
            r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#
        } else {
            r#"{"content":[{"type":"text","text":"ok"}]}"#
        };
        send_head(stream, 200, "Mcp-Session-Id: session-1\r\n", &result(&got.body, answer));
        After::Keep
    })
}

/// Sends a request without a body in a session.
fn bare(gate: &Gate, method: &str, session: &str) -> u16 {
    let mut wire = gate.connect();
    let head = format!(
        "{method} /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\nAccept: text/event-stream\r\n\
         MCP-Protocol-Version: 2025-06-18\r\nMcp-Session-Id: {session}\r\nConnection: close\r\n\r\n"
    );
    wire.send(head.as_bytes());
    wire.answer().status()
}

#[test]
fn every_request_to_the_server_carries_the_credential() {
    let (upstream, files) = (server(), files(&[("key", "secret-1\n")]));
    let gate = Gate::start(&policy(HEADER, &files), &upstream.url());
    let hello = gate.post(ALICE, INITIALIZE);
    let session = hello.head.header("mcp-session-id").expect("a session").to_owned();
    let in_session = [("Mcp-Session-Id", session.as_str()), ("X-Api-Key", "own"), ("Cookie", "own")];
    assert_eq!(gate.connect().post(ALICE, &in_session, &call(1, "echo", "{}")).status(), 200);
    bare(&gate, "GET", &session);
    bare(&gate, "DELETE", &session);
    let got = wait_for("all four", || Some(upstream.got()).filter(|got| got.len() == 4));
    for got in &got {
        assert_eq!(header(got, "authorization").as_deref(), Some("Bearer secret-1"), "{}", got.head);
        assert_eq!(got.head.to_ascii_lowercase().matches("authorization:").count(), 1, "{}", got.head);
        assert!(!got.head.contains(ALICE) && !got.head.contains("own"), "{}", got.head);
    }
    assert!(!gate.log().contains("secret-1"));
}

#[test]
fn both_sockets_of_the_older_transport_carry_it() {
    let files = files(&[("key", "secret-1")]);
    let plan = "credentials: { header: { name: X-Api-Key, file: FILES/key } }, identity: { audience: db }";
    let stage = Stage::with(&policy(plan, &files), Play::default(), &[]);
    let client = stage.open(ALICE);
    assert_eq!(stage.post(ALICE, &client.target, &call(1, "echo", "{}")).status(), 202);
    // The server asks for what nobody may be asked: what the gate tells it carries the same.
    stage.say(r#"{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}"#);
    let got = wait_for("all three", || Some(stage.upstream.got()).filter(|got| got.len() == 3));
    for got in got {
        assert_eq!(header(&got, "x-api-key").as_deref(), Some("secret-1"), "{}", got.head);
        assert_eq!(claims(&got)["sub"], "alice");
    }
}

#[test]
fn a_credential_follows_its_file_and_is_never_lost() {
    let (upstream, files) = (Upstream::echo(), files(&[("key", "secret-1")]));
    let gate = Gate::start(&policy(HEADER, &files), &upstream.url());
    let shown = || {
        assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
        upstream.got().last().and_then(|got| header(got, "authorization"))
    };
    assert_eq!(shown().as_deref(), Some("Bearer secret-1"));
    write(&files, "key", "secret-2");
    wait_for("the new one", || (shown().as_deref() == Some("Bearer secret-2")).then_some(()));
    write(&files, "key", "");
    wait_for("word of it", || gate.log().contains("can no longer be read").then_some(()));
    assert_eq!(shown().as_deref(), Some("Bearer secret-2"), "the last good one stays");
    write(&files, "key", "secret-3");
    wait_for("the third", || (shown().as_deref() == Some("Bearer secret-3")).then_some(()));
    assert_eq!(gate.log().matches("can no longer be read").count(), 1, "told once");
    let log = gate.log();
    assert!(!["secret-1", "secret-2", "secret-3"].iter().any(|secret| log.contains(secret)), "{log}");
    assert_eq!(gate.metric("sluicegate_upstream_credentials_total", r#"result="success""#), 2.0);
}

#[test]
fn a_rotation_that_the_server_sees_first_loses_no_call() {
    let upstream = Upstream::start(|got, stream| {
        let is_new = got.head.contains("secret-2");
        let challenge = if is_new { "" } else { "WWW-Authenticate: Bearer realm=\"inside\"\r\n" };
        let body = result(&got.body, r#"{"content":[{"type":"text","text":"ok"}]}"#);
        send_head(stream, if is_new { 200 } else { 401 }, challenge, &body);
        After::Keep
    });
    let files = files(&[("key", "secret-1")]);
    let gate = Gate::start(&policy(HEADER, &files), &upstream.url());
    let refused = gate.call(ALICE, "echo", "{}");
    assert_eq!(refused.status(), 502, "{}", refused.text());
    assert!(refused.error().1.contains("no credential for the server"), "{}", refused.text());
    assert_eq!(refused.head.header("www-authenticate"), None, "it is not the client who must sign in");
    assert_eq!(upstream.got().len(), 1, "the same again is of no use");
    write(&files, "key", "secret-2");
    assert_eq!(gate.call(ALICE, "echo", "{}").json()["result"]["content"][0]["text"], "ok");
    assert!(gate.metric("sluicegate_upstream_credentials_total", r#"result="rejected""#) >= 1.0);
}

/// Starts the gate and waits for its end: the exit code, and what it said.
fn ended(policy: &str, words: &[&str]) -> (Option<i32>, String) {
    let bundle = Bundle::new(policy);
    let mut command = sluicegate();
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy"]);
    let done = command.arg(bundle.path()).args(words).output().expect("the binary can be started");
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn does_not_start_without_what_must_be_shown() {
    let files = files(&[("empty", ""), ("two", "secret-1\nX-Admin: 1\n"), ("key", "secret-1")]);
    let upstream = ["--upstream", "http://127.0.0.1:9/mcp"];
    let of = |name: &str| HEADER.replace("FILES/key", &format!("FILES/{name}"));
    let client = "credentials: { client_credentials: { token_url: \"http://127.0.0.1:9/t\", client_id: a, client_secret_file: FILES/absent } }";
    for (plan, words, part) in [
        (of("absent"), &upstream[..], "absent"),
        (of("empty"), &upstream, "it is empty"),
        (of("two"), &upstream, "more than one line"),
        (client.to_owned(), &upstream, "absent"),
        ("identity: { audience: db, key_file: FILES/key }".to_owned(), &upstream, "no private key"),
        (HEADER.to_owned(), &["--", "cat"], "a server behind pipes has none"),
        ("identity: { audience: db }".to_owned(), &["--", "cat"], "a server behind pipes has none"),
    ] {
        let (code, said) = ended(&policy(&plan, &files), words);
        assert!(code.is_some_and(|code| code != 0) && said.contains(part), "{plan}: {code:?} {said}");
        assert!(!said.contains("secret-1"), "{said}");
    }
}

#[test]
fn a_policy_whose_secret_is_missing_does_not_take_effect() {
    let (upstream, files) = (Upstream::echo(), files(&[("key", "secret-1")]));
    let gate = Gate::start(&policy(HEADER, &files), &upstream.url());
    gate.bundle.write("policy.yaml", &policy(&HEADER.replace("FILES/key", "FILES/absent"), &files));
    wait_for("the refusal", || gate.page("/readyz").text().contains("absent").then_some(()));
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
    assert_eq!(header(&upstream.got()[0], "authorization").as_deref(), Some("Bearer secret-1"));
    gate.bundle.write("policy.yaml", &bundle::clinic());
    wait_for("nothing to be shown", || {
        gate.call(ALICE, "echo", "{}");
        upstream.got().last().is_some_and(|got| header(got, "authorization").is_none()).then_some(())
    });
}

/// The claims of the statement that a request carries, unverified.
fn claims(got: &Got) -> Value {
    let statement = header(got, "x-sluicegate-identity").expect("a statement about the caller");
    let claims = statement.split('.').nth(1).expect("a token has three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice(&claims).expect("claims are JSON")
}

/// Verifies a statement by the JWK set that operators see, as a server would; its key id.
fn verified(gate: &Gate, got: &Got) -> String {
    let statement = header(got, "x-sluicegate-identity").expect("a statement about the caller");
    let (signed, signature) = statement.rsplit_once('.').expect("a token has three parts");
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
    let head = decoded(signed.split('.').next().unwrap_or_default());
    let head: Value = serde_json::from_slice(&head).expect("a header is JSON");
    let page = gate.page("/identity/jwks.json");
    assert_eq!(page.head.header("content-type"), Some("application/jwk-set+json"));
    let set = page.json();
    let keys = set["keys"].as_array().expect("keys");
    let key = keys.iter().find(|key| key["kid"] == head["kid"]).expect("the key is in the set");
    assert!(key.get("d").is_none() && head["typ"] == "sluicegate-identity+jwt", "{key} {head}");
    let part = |name: &str| decoded(key[name].as_str().unwrap_or_default());
    let signature = decoded(signature);
    let verified = match key["alg"].as_str() {
        Some("ES256") => {
            let point = [&[4][..], &part("x"), &part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature)
        }
        _ => UnparsedPublicKey::new(&ED25519, part("x")).verify(signed.as_bytes(), &signature),
    };
    assert!(verified.is_ok(), "{statement} by {key}");
    head["kid"].as_str().expect("a key id").to_owned()
}

#[test]
fn the_server_is_told_who_calls_by_the_gate_alone() {
    let (upstream, files) = (Upstream::echo(), files(&[]));
    let plan = "identity: { audience: \"https://db.internal/mcp\", lifetime: 30s }";
    let gate = Gate::start(&policy(plan, &files), &upstream.url());
    let forged = [("X-Sluicegate-Identity", "forged"), ("x-sluicegate-identity", "forged")];
    assert_eq!(gate.connect().post(ALICE, &forged, &call(1, "echo", "{}")).status(), 200);
    assert_eq!(gate.call(BOB, "echo", "{}").status(), 200);
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
    let got = upstream.got();
    let said: Vec<Value> = got.iter().map(claims).collect();
    for (got, said) in got.iter().zip(&said) {
        assert!(!got.head.contains("forged") && !got.head.contains("Bearer"), "{}", got.head);
        assert_eq!(got.head.to_ascii_lowercase().matches("x-sluicegate-identity:").count(), 1);
        verified(&gate, got);
        let life = said["exp"].as_u64().zip(said["iat"].as_u64()).map(|(end, begin)| end - begin);
        assert_eq!(life, Some(30), "{said}");
        assert_eq!((&said["iss"], &said["aud"]), (&"clinic".into(), &"https://db.internal/mcp".into()));
    }
    let who = |said: &Value| (said["sub"].clone(), said["tenant"].clone(), said["auth"].clone());
    assert_eq!(who(&said[0]), ("alice".into(), "acme".into(), "key".into()));
    assert_eq!(who(&said[1]), ("bob".into(), "globex".into(), "key".into()));
    assert_eq!(said[0]["scope"], "read");
    assert_ne!(said[0]["jti"], said[2]["jti"], "each request has its own");
    for part in header(&got[0], "x-sluicegate-identity").unwrap_or_default().split('.').skip(1) {
        assert!(!gate.log().contains(part));
    }
}

#[test]
fn a_client_cannot_say_who_it_is_where_nobody_asked() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let forged = [("X-Sluicegate-Identity", "forged"), ("X-Forwarded-User", "forged")];
    assert_eq!(gate.connect().post(ALICE, &forged, &call(1, "echo", "{}")).status(), 200);
    assert!(!upstream.got()[0].head.contains("forged"), "{}", upstream.got()[0].head);
    assert_eq!(gate.page("/identity/jwks.json").status(), 404);
}

fn openssl(directory: &Path, words: &str) {
    let mut command = Command::new("openssl");
    let done = command.args(words.split_whitespace()).current_dir(directory).output();
    assert!(done.is_ok_and(|done| done.status.success()), "openssl {words}");
}

#[test]
fn a_signing_key_follows_its_file_and_the_last_one_is_still_known() {
    let (upstream, files) = (Upstream::echo(), files(&[]));
    openssl(files.path(), "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key");
    let plan = "identity: { audience: db, key_file: FILES/key }";
    let gate = Gate::start(&policy(plan, &files), &upstream.url());
    gate.call(ALICE, "echo", "{}");
    let first = verified(&gate, &upstream.got()[0]);
    openssl(files.path(), "genpkey -algorithm ed25519 -out next");
    std::fs::rename(files.path().join("next"), files.path().join("key")).expect("a key can be replaced");
    let second = wait_for("the new key", || {
        gate.call(ALICE, "echo", "{}");
        let kid = verified(&gate, upstream.got().last().expect("a call"));
        (kid != first).then_some(kid)
    });
    let kids: Vec<Value> = gate.page("/identity/jwks.json").json()["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| key["kid"].clone())
        .collect();
    assert_eq!(kids, [second.as_str(), first.as_str()], "what is on its way can still be verified");
    assert_eq!(verified(&gate, &upstream.got()[0]), first);
}
