//! Callers with certificates: let in and turned away by the real binary, with curl as the client.

use std::fmt::Write as _;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::authority::{Authority, Certified, Usage};
use crate::support::bundle::Bundle;
use crate::support::gate::{Gate, call};
use crate::support::signer::Signer;
use crate::support::upstream::Upstream;
use crate::support::wait_for;

const UNTIL: i32 = 2040;

const POLICY: &str = "version: 1
server: { id: clinic, mode: enforce }
callers:
  anonymous: deny
  issuers:
    - { issuer: https://idp.example.com, audience: https://mcp.example.com/mcp, jwks: idp.jwks.json,
        algorithms: [ES256], claims: { user: sub } }
  certificates:
    - { id: ops, ca: acme.pem, spiffe: 'spiffe://acme/ns/ops/*', tenant: acme, scopes: [read] }
    - { id: web, ca: acme.pem, san: 'dns:web.acme.example', user: web, scopes: [read] }
    - { id: guest, ca: globex.pem, spiffe: 'spiffe://globex/*', scopes: [write] }
roles:
  reader: { scopes: [read] }
tools:
  echo: { class: read }
  delete_all: { class: destructive }
allow:
  - { id: read, roles: [reader], classes: [read] }
";

/// A gate with TLS, and the authorities that it may or may not know.
struct Stage {
    gate: Gate,
    acme: Authority,
    globex: Authority,
    provider: Signer,
    files: TempDir,
}

impl Stage {
    fn new(upstream: &Upstream, words: &[&str]) -> Self {
        let (acme, globex) = (Authority::new("acme"), Authority::new("globex"));
        let (bundle, provider) = (Bundle::new(POLICY), Signer::new());
        bundle.write("acme.pem", &acme.pem());
        bundle.write("globex.pem", &globex.pem());
        bundle.write("idp.jwks.json", &provider.jwks());
        let files = tempfile::tempdir().expect("a temporary directory can be made");
        let path = |name: &str| files.path().join(name).display().to_string();
        let own = acme.certify(&["dns:localhost"], Usage::Server, UNTIL);
        for (name, text) in [("own.pem", &own.pem), ("own.key", &own.key), ("acme.pem", &acme.pem())] {
            std::fs::write(path(name), text).expect("a file can be written");
        }
        let (url, own, key, ca) = (upstream.url(), path("own.pem"), path("own.key"), path("acme.pem"));
        let mut all = vec!["--upstream", &url, "--tls-cert", &own, "--tls-key", &key, "--host", "localhost"];
        all.extend(words.iter().map(|&word| if word == "CA" { ca.as_str() } else { word }));
        let gate = Gate::with(bundle, &all);
        Self { gate, acme, globex, provider, files }
    }

    /// Calls `echo` as whoever holds the certificate, with more words for curl.
    fn call(&self, certified: Option<&Certified>, words: &[&str]) -> (u16, String) {
        let path = |name: &str| self.files.path().join(name).display().to_string();
        let port = self.gate.address.port();
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--resolve", &format!("localhost:{port}:127.0.0.1")]);
        // A request that is refused before its body was read is no clean end to curl, over HTTP/2.
        command.args(["--http1.1", "--cacert", &path("acme.pem"), "-H", "Content-Type: application/json"]);
        if let Some(certified) = certified {
            std::fs::write(path("client.pem"), &certified.pem).expect("a file can be written");
            std::fs::write(path("client.key"), &certified.key).expect("a file can be written");
            command.args(["--cert", &path("client.pem"), "--key", &path("client.key")]);
        }
        command.args(words).args(["-w", "\n%{http_code}", "-d", &call(1, "echo", "{}")]);
        command.arg(format!("https://localhost:{port}/mcp"));
        let done = command.output().expect("curl can be started");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').expect("curl tells the status");
        (status.parse().expect("a status"), body.to_owned())
    }

    fn client(&self, names: &[&str]) -> Certified {
        self.acme.certify(names, Usage::Client, UNTIL)
    }
}

fn is_allowed((status, body): &(u16, String)) -> bool {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    *status == 200 && json["result"]["content"][0]["text"] == "ok"
}

#[test]
fn knows_callers_by_their_certificate_alone() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &[]);
    let ops = stage.client(&["uri:spiffe://acme/ns/ops/sa/web"]);
    for how in [&["--http1.1"][..], &["--http2"], &["--tls-max", "1.2"]] {
        let answer = stage.call(Some(&ops), how);
        assert!(is_allowed(&answer), "{how:?}: {answer:?}");
    }
    let record = stage.gate.record("the call", |record| record["actor"]["proof"] == "certificate");
    assert_eq!((&record["actor"]["type"], &record["actor"]["tenant"]), (&"workload".into(), &"acme".into()));
    let web = stage.client(&["dns:web.acme.example", "uri:https://acme.example/web"]);
    assert!(is_allowed(&stage.call(Some(&web), &[])));
    let sent = upstream.got().len();
    for (what, certified, wanted) in [
        ("another workload", stage.client(&["uri:spiffe://acme/ns/dev/sa/web"]), 401),
        ("another host", stage.client(&["dns:web.acme.example.evil"]), 401),
        ("two SPIFFE ids", stage.client(&["uri:spiffe://acme/ns/ops/a", "uri:spiffe://acme/ns/ops/b"]), 401),
        (
            "another's SPIFFE id",
            stage.globex.certify(&["uri:spiffe://acme/ns/ops/a"], Usage::Client, UNTIL),
            401,
        ),
        (
            "an unknown authority",
            Authority::new("acme").certify(&["uri:spiffe://acme/ns/ops/a"], Usage::Client, UNTIL),
            0,
        ),
        ("one that has ended", stage.acme.certify(&["uri:spiffe://acme/ns/ops/a"], Usage::Client, 2021), 0),
        ("a server's", stage.acme.certify(&["uri:spiffe://acme/ns/ops/a"], Usage::Server, UNTIL), 0),
        ("an authority's", stage.acme.certify(&["uri:spiffe://acme/ns/ops/a"], Usage::Authority, UNTIL), 0),
    ] {
        let (status, body) = stage.call(Some(&certified), &[]);
        assert_eq!(status, wanted, "{what}: {body}");
    }
    let guest = stage.globex.certify(&["uri:spiffe://globex/a"], Usage::Client, UNTIL);
    assert!(!is_allowed(&stage.call(Some(&guest), &[])), "known, and without the scope");
    assert_eq!(stage.call(None, &[]).0, 401);
    assert_eq!(upstream.got().len(), sent);
}

#[test]
fn believes_no_header_about_certificates() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &[]);
    let id = "spiffe://acme/ns/ops/sa/web";
    let ops = stage.client(&[&format!("uri:{id}")]);
    let encoded = ops.pem.replace('\n', "%0A");
    let hash: String = digest(&SHA256, &ops.der).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    for header in [
        format!("X-Forwarded-Client-Cert: By=spiffe://acme/gate;Hash={hash};URI={id}"),
        format!("X-Forwarded-Client-Cert: Cert=\"{encoded}\""),
        format!("X-SSL-Client-Cert: {encoded}"),
        format!("Client-Cert: :{}:", base64::engine::general_purpose::STANDARD.encode(&ops.der)),
        format!("X-SPIFFE-ID: {id}"),
    ] {
        assert_eq!(stage.call(None, &["-H", &header]).0, 401, "{header}");
    }
    let header = format!("X-Forwarded-Client-Cert: URI={id}");
    assert!(is_allowed(&stage.call(Some(&ops), &["-H", &header])), "it is no fault to send one");
    let sent = upstream.got();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].head.to_ascii_lowercase().contains("client-cert"), "{}", sent[0].head);
}

#[test]
fn binds_a_token_to_the_certificate_that_it_names() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &[]);
    let (own, other) = (stage.client(&["dns:a"]), stage.client(&["dns:a"]));
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &own.der));
    let cnf = format!(r#","cnf":{{"x5t#S256":"{thumbprint}"}}"#);
    let token = stage.provider.token("read", 300, &cnf);
    let header = format!("Authorization: Bearer {token}");
    let call = |certified| stage.call(certified, &["-H", &header]);
    assert_eq!(call(None).0, 401);
    let (status, body) = call(Some(&other));
    assert_eq!(status, 401, "{body}");
    assert!(is_allowed(&call(Some(&own))));
    assert_eq!(call(Some(&other)).0, 401, "what was verified a moment ago is bound all the same");
    let record = stage.gate.record("the call", |record| record["actor"]["bound_to"] == "certificate");
    assert_eq!(record["actor"]["proof"], "token", "{record}");
    assert_eq!(upstream.got().len(), 1);
    let claims = token.split('.').nth(1).expect("a token has three parts");
    assert!(!stage.gate.log().contains(claims));
}

#[test]
fn lets_nobody_connect_without_a_certificate_where_one_is_required() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &["--tls-client-ca", "CA", "--tls-client-auth", "required"]);
    let token = stage.provider.token("read", 300, "");
    let header = format!("Authorization: Bearer {token}");
    assert_eq!(stage.call(None, &["-H", &header]).0, 0, "the handshake fails");
    let any = stage.client(&["dns:a"]);
    assert!(is_allowed(&stage.call(Some(&any), &["-H", &header])));
    assert_eq!(upstream.got().len(), 1);
}

#[test]
fn serves_the_certificate_that_its_files_hold_now() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &[]);
    let ops = stage.client(&["uri:spiffe://acme/ns/ops/sa/web"]);
    let write = |name: &str, text: &str| std::fs::write(stage.files.path().join(name), text).expect("a file");
    let call = |authority: &str| {
        let path = stage.files.path().join(authority).display().to_string();
        stage.call(Some(&ops), &["--cacert", &path])
    };
    let next = Authority::new("next");
    write("next.pem", &next.pem());
    assert!(is_allowed(&call("acme.pem")) && call("next.pem").0 == 0);
    let renewed = next.certify(&["dns:localhost"], Usage::Server, UNTIL);
    write("own.pem", &renewed.pem);
    stage.gate.signal("HUP");
    wait_for("a fault to be told", || {
        stage.gate.log().contains("the certificates in use stay").then_some(())
    });
    assert!(is_allowed(&call("acme.pem")), "a certificate without its key changes nothing");
    write("own.key", &renewed.key);
    stage.gate.signal("HUP");
    wait_for("the new certificate", || is_allowed(&call("next.pem")).then_some(()));
    assert_eq!(call("acme.pem").0, 0);
}

#[test]
fn takes_other_authorities_with_a_new_policy() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream, &[]);
    let ops = stage.client(&["uri:spiffe://acme/ns/ops/sa/web"]);
    assert!(is_allowed(&stage.call(Some(&ops), &[])));
    let next = Authority::new("acme");
    stage.gate.bundle.write("acme.pem", &next.pem());
    stage.gate.signal("HUP");
    wait_for("the old authority to be forgotten", || (stage.call(Some(&ops), &[]).0 == 0).then_some(()));
    let renewed = next.certify(&["uri:spiffe://acme/ns/ops/sa/web"], Usage::Client, UNTIL);
    assert!(is_allowed(&stage.call(Some(&renewed), &[])));
}
