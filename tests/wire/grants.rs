//! Tokens that the gate gets for the server: for itself, or for what each caller brought.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::legacy_stage::{Play, Stage};
use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::idp::{ISSUER, Idp, TokenEndpoint, field, grant, header};
use crate::support::upstream::{After, Got, Upstream, result, send_head};
use crate::support::wait_for;

const SECRET: &str = "secret of the gate";

/// A policy that gets tokens at `endpoint` in `way`, with `more` settings.
fn policy(way: &str, endpoint: &TokenEndpoint, more: &str) -> Bundle {
    let bundle = Bundle::empty();
    bundle.write("secret.txt", SECRET);
    let (url, secret) = (endpoint.url(), bundle.file("secret.txt").display().to_string());
    bundle.write(
        "policy.yaml",
        &bundle::with(&format!(
            "upstream: {{ credentials: {{ {way}: {{ token_url: \"{url}\", client_id: gate, client_secret_file: {secret}, {more} }} }} }}"
        )),
    );
    bundle
}

fn start(bundle: Bundle, upstream: &Upstream) -> Gate {
    Gate::with(bundle, &["--upstream", &upstream.url()])
}

/// A gate that gets tokens for itself.
fn client(endpoint: &TokenEndpoint, upstream: &Upstream) -> Gate {
    start(
        policy(
            "client_credentials",
            endpoint,
            "scopes: [db, \"db:read\"], resource: \"https://db.internal/mcp\"",
        ),
        upstream,
    )
}

/// A gate that exchanges the tokens of callers, and who signs those.
fn exchange(endpoint: &TokenEndpoint, more: &str, upstream: &Upstream) -> (Gate, Idp) {
    let (bundle, idp) = exchanging(endpoint, more);
    (start(bundle, upstream), idp)
}

fn exchanging(endpoint: &TokenEndpoint, more: &str) -> (Bundle, Idp) {
    let bundle = policy("token_exchange", endpoint, &format!("resource: \"https://db.internal/mcp\"{more}"));
    let idp = Idp::new();
    bundle.write("idp.yaml", ISSUER);
    bundle.write("idp.jwks.json", &idp.jwks());
    (bundle, idp)
}

/// What an exchange gives: a token that names the caller's by its last characters.
fn exchanged(got: &Got) -> (u16, String) {
    let subject = field(got, "subject_token").unwrap_or_default();
    let token = format!("for-{}", &subject[subject.len().saturating_sub(8)..]);
    (
        200,
        format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":600,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}}"#
        ),
    )
}

fn shown(upstream: &Upstream) -> Vec<String> {
    upstream.got().iter().map(|got| header(got, "authorization").unwrap_or_default()).collect()
}

fn is_well(gate: &Gate, bearer: &str) -> bool {
    gate.call(bearer, "echo", "{}").status() == 200
}

#[test]
fn one_token_is_got_for_all() {
    let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(|_| grant("t-1", 600)));
    let gate = Arc::new(client(&endpoint, &upstream));
    let gun = Arc::new(Barrier::new(50));
    let callers = (0..50).map(|_| {
        let (gate, gun) = (Arc::clone(&gate), Arc::clone(&gun));
        std::thread::spawn(move || {
            gun.wait();
            is_well(&gate, ALICE)
        })
    });
    let callers: Vec<_> = callers.collect();
    assert!(callers.into_iter().all(|caller| caller.join().expect("no caller panics")));
    assert_eq!(shown(&upstream), vec!["Bearer t-1"; 50]);
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    let basic = format!("Basic {}", STANDARD.encode("gate:secret+of+the+gate"));
    assert_eq!(header(&asked[0], "authorization"), Some(basic));
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("scope", "db db:read"),
        ("resource", "https://db.internal/mcp"),
    ] {
        assert_eq!(field(&asked[0], name).as_deref(), Some(value), "{}", asked[0].body);
    }
    assert_eq!(
        gate.metric("sluicegate_upstream_credentials_total", r#"kind="client_credentials",result="success""#),
        1.0
    );
    let written = gate.log() + &gate.page("/metrics").text() + &format!("{:?}", gate.records());
    assert!(!written.contains("t-1") && !written.contains(SECRET), "{written}");
}

#[test]
fn a_client_may_tell_its_secret_in_the_form() {
    let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(|_| grant("t-1", 600)));
    let gate = start(policy("client_credentials", &endpoint, "client_auth: post"), &upstream);
    assert!(is_well(&gate, ALICE));
    let asked = &endpoint.asked()[0];
    assert_eq!(header(asked, "authorization"), None);
    assert_eq!(field(asked, "client_secret").as_deref(), Some(SECRET));
    assert_eq!((field(asked, "scope"), field(asked, "resource")), (None, None));
}

#[test]
fn a_stale_token_is_renewed_while_it_is_used() {
    let count = AtomicUsize::new(0);
    let endpoint =
        TokenEndpoint::new(move |_| grant(&format!("t-{}", count.fetch_add(1, Ordering::SeqCst)), 4));
    let upstream = Upstream::echo();
    let gate = client(&endpoint, &upstream);
    wait_for("the third token", || {
        assert!(is_well(&gate, ALICE), "no call is lost on the way");
        (shown(&upstream).last().map(String::as_str) == Some("Bearer t-2")).then_some(())
    });
    assert!(endpoint.asked().len() <= 4, "{}", endpoint.asked().len());
}

#[test]
fn without_a_token_nothing_is_sent() {
    let upstream = Upstream::echo();
    let endpoint = TokenEndpoint::new(|_| (503, "<html>".into()));
    let gate = client(&endpoint, &upstream);
    let refused = gate.call(ALICE, "echo", "{}");
    assert_eq!(
        (refused.status(), refused.head.header("retry-after")),
        (502, Some("1")),
        "{}",
        refused.text()
    );
    let (code, text) = refused.error();
    assert!(
        code == -31_502 && text.contains("no credential for the server") && text.contains("nothing was done"),
        "{text}"
    );
    // While the endpoint rests, nobody asks it.
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 502);
    assert_eq!(endpoint.asked().len(), 1);
    let record = gate.record("the refusal", |record| record["action"]["target"] == "echo");
    assert!(record.to_string().contains("HTTP status 503"), "{record}");
    assert_eq!(upstream.bytes(), 0);
    endpoint.say(|_| grant("t-1", 600));
    wait_for("the token", || is_well(&gate, ALICE).then_some(()));
    wait_for("the good news", || gate.log().contains("to be had again").then_some(()));
    assert!(gate.metric("sluicegate_upstream_credentials_total", r#"result="failure""#) >= 1.0);
    assert_eq!(gate.metric("sluicegate_upstream_errors_total", ""), 0.0, "the server has no part in it");
}

#[test]
fn a_stale_token_goes_on_while_the_endpoint_is_down() {
    let upstream = Upstream::echo();
    let endpoint = TokenEndpoint::new(|_| grant("t-1", 60));
    let gate = client(&endpoint, &upstream);
    assert!(is_well(&gate, ALICE));
    endpoint.say(|_| (500, String::new()));
    assert!((0..20).all(|_| is_well(&gate, ALICE)));
    assert_eq!(endpoint.asked().len(), 1);
}

#[test]
fn hostile_answers_of_the_endpoint_reach_nobody() {
    let token = |token: &str| format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
    for (name, status, body) in [
        ("huge", 200, token(&"x".repeat(100 << 10))),
        ("a huge token", 200, token(&"x".repeat(9 << 10))),
        ("no JSON", 200, "<html>t-1</html>".into()),
        ("no object", 200, "[\"t-1\"]".into()),
        ("another type", 200, r#"{"access_token":"t-1","token_type":"DPoP"}"#.into()),
        ("no type", 200, r#"{"access_token":"t-1"}"#.into()),
        ("two tokens", 200, r#"{"access_token":"t-1","access_token":"t-2","token_type":"Bearer"}"#.into()),
        ("a line break", 200, token(r"t-1\r\nX-Admin: 1")),
        ("a NUL", 200, token(r"t-1\u0000")),
        ("no life", 200, r#"{"access_token":"t-1","token_type":"Bearer","expires_in":0}"#.into()),
        ("a redirect", 302, token("t-1")),
        ("a refusal", 400, r#"{"error":"invalid_scope","access_token":"t-1"}"#.into()),
    ] {
        let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(move |_| (status, body.clone())));
        let gate = client(&endpoint, &upstream);
        let refused = gate.call(ALICE, "echo", "{}");
        assert_eq!(refused.status(), 502, "{name}: {}", refused.text());
        assert_eq!(upstream.bytes(), 0, "{name}");
        assert!(!gate.log().contains("t-1"), "{name}: {}", gate.log());
    }
}

/// A server that takes no token but `good`, and none at all where that is empty.
fn picky(good: &'static str) -> Upstream {
    Upstream::start(move |got, stream| {
        let is_good = header(got, "authorization").as_deref() == Some(good);
        let body = result(&got.body, r#"{"content":[{"type":"text","text":"ok"}]}"#);
        send_head(stream, if is_good { 200 } else { 401 }, "WWW-Authenticate: Bearer\r\n", &body);
        After::Keep
    })
}

#[test]
fn a_token_that_the_server_rejects_is_replaced_once() {
    let upstream = picky("Bearer t-2");
    let endpoint = TokenEndpoint::new(|_| grant("t-1", 600));
    let gate = client(&endpoint, &upstream);
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 502);
    assert_eq!((endpoint.asked().len(), upstream.got().len()), (1, 1), "a new token is not replaced");
    endpoint.say(|_| grant("t-2", 600));
    let mut calls = 1;
    wait_for("the token to be replaced", || {
        calls += 1;
        is_well(&gate, ALICE).then_some(())
    });
    assert_eq!(endpoint.asked().len(), 2);
    let shown = shown(&upstream);
    assert_eq!(shown.last().map(String::as_str), Some("Bearer t-2"));
    assert_eq!(shown.len(), calls + 1, "the call that found the token to be old was sent again");
    assert!(gate.metric("sluicegate_upstream_credentials_total", r#"result="rejected""#) >= 2.0);
}

#[test]
fn each_caller_has_a_token_of_its_own() {
    let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(exchanged));
    let (gate, idp) = exchange(&endpoint, ", audience: db, scopes: [db]", &upstream);
    let (carol, dave) = (idp.token("carol"), idp.token("dave"));
    let of = |token: &str| format!("Bearer for-{}", &token[token.len() - 8..]);
    for _ in 0..3 {
        assert!(is_well(&gate, &carol) && is_well(&gate, &dave));
    }
    let wanted: Vec<String> = [&carol, &dave].iter().cycle().take(6).map(|token| of(token)).collect();
    assert_eq!(shown(&upstream), wanted);
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 2, "one for each");
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", carol.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("resource", "https://db.internal/mcp"),
        ("audience", "db"),
        ("scope", "db"),
    ] {
        assert_eq!(field(&asked[0], name).as_deref(), Some(value), "{}", asked[0].body);
    }
    assert_eq!(field(&asked[0], "actor_token"), None);
    let written = gate.log() + &gate.page("/metrics").text() + &format!("{:?}", gate.records());
    for token in [&carol, &dave] {
        let signature = token.rsplit('.').next().expect("a token has three parts");
        assert!(
            upstream.got().iter().all(|got| !got.head.contains(signature) && !got.body.contains(signature))
        );
        assert!(!written.contains(signature) && !written.contains("for-"), "{written}");
    }
}

#[test]
fn an_actor_is_named_where_there_is_one() {
    let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(exchanged));
    let (bundle, idp) = exchanging(&endpoint, "");
    bundle.write("svid.txt", "svid-1\n");
    let policy = std::fs::read_to_string(bundle.file("policy.yaml")).expect("it was written");
    let actor = format!("actor_token_file: {}, resource:", bundle.file("svid.txt").display());
    bundle.write("policy.yaml", &policy.replace("resource:", &actor));
    let gate = start(bundle, &upstream);
    assert!(is_well(&gate, &idp.token("carol")));
    let asked = &endpoint.asked()[0];
    assert_eq!(field(asked, "actor_token").as_deref(), Some("svid-1"));
    assert_eq!(field(asked, "actor_token_type").as_deref(), Some("urn:ietf:params:oauth:token-type:jwt"));
}

#[test]
fn callers_without_a_token_are_told_so() {
    let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(exchanged));
    let (gate, idp) = exchange(&endpoint, "", &upstream);
    let refused = gate.call(ALICE, "echo", "{}").tool_error().expect("a refusal for the model");
    assert!(refused.contains("you came without one"), "{refused}");
    assert_eq!((upstream.bytes(), endpoint.asked().len()), (0, 0));
    let record = gate.record("the refusal", |record| record["action"]["target"] == "echo");
    assert!(record.to_string().contains("no token to exchange"), "{record}");
    assert!(is_well(&gate, &idp.token("carol")));
}

#[test]
fn a_caller_whose_token_is_not_exchanged_stops_nobody_else() {
    let upstream = Upstream::echo();
    let mallory = Arc::new(AtomicBool::new(false));
    let refused = Arc::clone(&mallory);
    let endpoint = TokenEndpoint::new(move |got| match refused.swap(false, Ordering::SeqCst) {
        true => (400, r#"{"error":"invalid_grant","error_description":"t-1"}"#.into()),
        false => exchanged(got),
    });
    let (gate, idp) = exchange(&endpoint, "", &upstream);
    let token = idp.token("mallory");
    mallory.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let refused = gate.call(&token, "echo", "{}").tool_error().expect("a refusal for the model");
        assert!(refused.contains("could not be exchanged"), "{refused}");
    }
    assert_eq!(endpoint.asked().len(), 1, "it is not asked again at once");
    assert!(is_well(&gate, &idp.token("carol")));
    assert!(gate.metric("sluicegate_upstream_credentials_total", r#"result="refused""#) == 1.0);
    wait_for("another try", || gate.call(&token, "echo", "{}").tool_error().is_none().then_some(()));
}

#[test]
fn what_an_exchange_gives_must_be_an_access_token() {
    for body in [
        r#"{"access_token":"t-1","token_type":"Bearer"}"#,
        r#"{"access_token":"t-1","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}"#,
        r#"{"access_token":"t-1","token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:id_token"}"#,
    ] {
        let (upstream, endpoint) = (Upstream::echo(), TokenEndpoint::new(move |_| (200, body.into())));
        let (gate, idp) = exchange(&endpoint, "", &upstream);
        assert_eq!(gate.call(&idp.token("carol"), "echo", "{}").status(), 502, "{body}");
        assert_eq!(upstream.bytes(), 0);
    }
}

#[test]
fn a_stream_and_what_is_told_back_go_in_the_callers_name() {
    let endpoint = TokenEndpoint::new(exchanged);
    let (bundle, idp) = exchanging(&endpoint, "");
    let stage = Stage::of(bundle, Play::default(), &[]);
    let carol = idp.token("carol");
    let client = stage.open(&carol);
    assert_eq!(stage.post(&carol, &client.target, &call(1, "echo", "{}")).status(), 202);
    stage.say(r#"{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}"#);
    let got = wait_for("all three", || Some(stage.upstream.got()).filter(|got| got.len() == 3));
    for got in got {
        let wanted = format!("Bearer for-{}", &carol[carol.len() - 8..]);
        assert_eq!(header(&got, "authorization"), Some(wanted), "{}", got.head);
    }
    assert_eq!(endpoint.asked().len(), 1);
}

#[test]
fn an_endpoint_that_hangs_holds_nobody_for_long() {
    let (upstream, endpoint) = (
        Upstream::echo(),
        TokenEndpoint::new(|_| {
            std::thread::sleep(Duration::from_secs(6));
            grant("t-1", 600)
        }),
    );
    let gate = client(&endpoint, &upstream);
    let refused = gate.call(ALICE, "echo", "{}");
    assert_eq!(refused.status(), 502);
    let record = gate.record("the refusal", |record| record["action"]["target"] == "echo");
    assert!(record.to_string().contains("no whole answer within 3 s"), "{record}");
    assert_eq!(upstream.bytes(), 0);
}
