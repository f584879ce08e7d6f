//! Keys by URL: rotation under traffic, endpoints that are down, and what operators see of it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::bundle::{ALICE, Bundle, clinic};
use crate::support::gate::{Gate, call};
use crate::support::pipe::{Pipe, careless};
use crate::support::provider::Provider;
use crate::support::upstream::Upstream;
use crate::support::wait_for;

/// The usual policy, with an issuer whose key set is at a URL, and what else is said of it.
fn policy(provider: &Provider, more: &str) -> String {
    let issuer = &provider.issuer;
    clinic().replace(
        "callers:\n",
        &format!(
            "callers:\n  resource: https://mcp.example.com/mcp\n  issuers:\n    \
             - {{ issuer: \"{issuer}\", jwks: \"{issuer}/jwks\", claims: {{ tenant: org_id }}{more} }}\n"
        ),
    )
}

fn start(provider: &Provider, upstream: &Upstream) -> Gate {
    Gate::with(Bundle::new(&policy(provider, "")), &["--upstream", &upstream.url()])
}

/// A token that was never seen before.
fn fresh(provider: &Provider) -> String {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    provider.token(&[("jti", &number.to_string())])
}

fn status(gate: &Gate, token: &str) -> u16 {
    gate.call(token, "echo", "{}").status()
}

const REFRESHES: &str = "sluicegate_jwks_refreshes_total";

#[test]
fn loses_no_caller_while_keys_rotate_and_asks_once() {
    let (provider, upstream) = (Provider::start(), Upstream::echo());
    let gate = start(&provider, &upstream);
    let old = fresh(&provider);
    assert_eq!(status(&gate, &old), 200);
    assert_eq!(provider.fetches(), 1);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let traffic: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut wire = gate.connect();
                    let mut count = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        let answer = wire.post(&fresh(&provider), &[], &call(1, "echo", "{}"));
                        assert_eq!(answer.status(), 200, "{}", answer.text());
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        wait_for("traffic", || (upstream.got().len() > 30).then_some(()));
        provider.rotate("k2");
        let before = upstream.got().len();
        wait_for("traffic with the new key", || (upstream.got().len() > before + 60).then_some(()));
        is_over.store(true, Ordering::Relaxed);
        assert!(traffic.into_iter().map(|one| one.join().expect("no call failed")).sum::<usize>() > 90);
    });
    assert_eq!(provider.fetches(), 2, "one question for all");
    assert_eq!(status(&gate, &old), 200);
    assert_eq!(gate.metric(REFRESHES, "success"), 2.0);
    assert_eq!(gate.metric(REFRESHES, "failure"), 0.0);
    assert!(gate.metric("sluicegate_token_verify_total", r#"cache="miss",result="ok""#) > 90.0);
}

#[test]
fn refuses_callers_whose_key_was_withdrawn() {
    let (provider, upstream) = (Provider::start(), Upstream::echo());
    let gate = start(&provider, &upstream);
    let old = fresh(&provider);
    assert_eq!(status(&gate, &old), 200);
    provider.rotate("k2");
    provider.retire("k1");
    assert_eq!(status(&gate, &old), 200, "nobody has told the gate");
    assert_eq!(status(&gate, &fresh(&provider)), 200, "the new key makes it ask");
    assert_eq!(status(&gate, &old), 401, "and so it learns that the old one is gone");
}

#[test]
fn goes_on_while_the_key_endpoint_is_down() {
    let (provider, upstream) = (Provider::start(), Upstream::echo());
    let gate = start(&provider, &upstream);
    let known = fresh(&provider);
    assert_eq!(status(&gate, &known), 200);
    provider.set_down(true);
    let withheld = {
        let token = fresh(&provider);
        provider.rotate("k2");
        token
    };
    let new = gate.call(&fresh(&provider), "echo", "{}");
    assert_eq!((new.status(), new.head.header("retry-after")), (503, Some("5")), "{}", new.text());
    assert_eq!(new.head.header("www-authenticate"), None, "a good token is not to be thrown away");
    assert_eq!((status(&gate, &known), status(&gate, &withheld)), (200, 200));
    assert!(gate.metric(REFRESHES, "failure") >= 1.0);
    // A reload forgets no key, although there is nobody to ask.
    gate.bundle.write("policy.yaml", &policy(&provider, ", leeway: 31s"));
    wait_for("the reload", || {
        (gate.metric("sluicegate_policy_reloads_total", "success") > 0.0).then_some(())
    });
    assert_eq!(status(&gate, &known), 200);
    assert_eq!(gate.page("/readyz").status(), 200);
    provider.set_down(false);
    let late = fresh(&provider);
    wait_for("the new key", || (status(&gate, &late) == 200).then_some(()));
    assert_eq!(gate.log().matches("could not be fetched, those held stay").count(), 1, "{}", gate.log());
}

#[test]
fn is_ready_once_there_are_keys() {
    let (provider, upstream) = (Provider::start(), Upstream::echo());
    provider.set_down(true);
    let gate = start(&provider, &upstream);
    wait_for("a first failure", || (gate.metric(REFRESHES, "failure") > 0.0).then_some(()));
    let page = gate.page("/readyz");
    let line = format!("keys: none yet of {}", provider.issuer);
    assert!(page.status() == 503 && page.text().contains(&line), "{}", page.text());
    assert_eq!(status(&gate, &fresh(&provider)), 503);
    assert_eq!(status(&gate, ALICE), 200, "others need no key of that issuer");
    provider.set_down(false);
    wait_for("the first keys", || (gate.page("/readyz").status() == 200).then_some(()));
    assert_eq!(status(&gate, &fresh(&provider)), 200);
    assert!(gate.metric("sluicegate_jwks_last_refresh_success_timestamp_seconds", "") > 1.7e9);
}

#[test]
fn begins_with_the_keys_of_the_bundle_where_nobody_answers() {
    let (provider, upstream) = (Provider::start(), Upstream::echo());
    provider.set_down(true);
    let bundle = Bundle::new(&policy(&provider, ", jwks_file: idp.jwks.json"));
    bundle.write("idp.jwks.json", &provider.jwks());
    let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
    assert_eq!(gate.page("/readyz").status(), 200);
    assert_eq!(status(&gate, &fresh(&provider)), 200);
}

#[test]
fn knows_service_accounts_by_the_metadata_of_their_cluster() {
    let (cluster, upstream) = (Provider::start(), Upstream::echo());
    let token = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(token.path(), "secret-1\n").expect("it can be written");
    let (issuer, path) = (&cluster.issuer, token.path().display());
    // Loopback needs no authorities, and a file that holds none would be told.
    let policy = format!(
        "version: 1
server: {{ id: clinic }}
callers:
  issuers:
    - {{ issuer: \"{issuer}\", kind: kubernetes, audience: mcp, discovery: \"{issuer}\", bearer_file: \"{path}\",
        ca_file: CA, claims: {{ tenant: [kubernetes.io, namespace] }} }}
roles:
  agents: {{ workloads: [\"system:serviceaccount:tools:*\"], tenants: [tools] }}
tools:
  echo: {{ class: read }}
allow:
  - {{ id: read, roles: [agents], classes: [read] }}
"
    );
    let authority = crate::support::provider::authority();
    let policy = policy.replace("ca_file: CA", &format!("ca_file: \"{}\"", authority.path().display()));
    let gate = Gate::with(Bundle::new(&policy), &["--upstream", &upstream.url()]);
    let account = |namespace: &str| {
        let account = format!(r#"{{"namespace":"{namespace}","serviceaccount":{{"name":"agent"}}}}"#);
        cluster.token_with(
            |_| r#"{"alg":"ES256","kid":"k1"}"#.into(),
            &[("aud", r#"["mcp"]"#), ("kubernetes.io", &account), ("scope", "")],
        )
    };
    assert_eq!(gate.call(&account("tools"), "echo", "{}").json()["result"]["content"][0]["text"], "ok");
    assert!(gate.call(&account("other"), "echo", "{}").tool_error().is_some());
    assert_eq!(status(&gate, &cluster.token(&[("aud", r#""mcp""#)])), 401, "it is no service account");
    let shown =
        cluster.got().iter().filter(|got| got.head.contains("authorization: Bearer secret-1")).count();
    assert_eq!(shown, cluster.got().len(), "the gate shows its own token");
    assert!(!gate.log().contains("secret-1"));
}

#[test]
fn knows_the_client_of_a_pipe_by_keys_that_are_fetched() {
    let provider = Provider::start();
    let mut pipe = Pipe::start(&policy(&provider, ""), &fresh(&provider), &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    let answer = pipe.ask(&call(2, "echo", r#"{"text":"ok"}"#));
    assert_eq!(answer["result"]["content"][0]["text"], "ok", "{answer}");
    pipe.close();
    assert!(pipe.ended().success());
    let foreign = Provider::start().token(&[]);
    let mut pipe = Pipe::start(&policy(&provider, ""), &foreign, &[], &careless(&[]));
    assert!(!pipe.ended().success());
    assert!(pipe.log().contains("SLUICEGATE_TOKEN"), "{}", pipe.log());
}
