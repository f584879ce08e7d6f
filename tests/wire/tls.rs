//! TLS on the endpoint, with clients that are not ours: curl over HTTP/1.1 and HTTP/2, raw bytes by openssl.

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wire::request;

/// A certificate for `localhost`, and its key.
fn certificate() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:TRUE -keyout key.pem -out cert.pem";
    let mut command = Command::new("openssl");
    command.args(words.split_whitespace()).current_dir(directory.path()).stderr(Stdio::null());
    assert!(command.status().is_ok_and(|status| status.success()), "openssl makes a certificate");
    directory
}

fn gate(upstream: &Upstream, files: &TempDir) -> Gate {
    let path = |name: &str| files.path().join(name).display().to_string();
    let (url, cert, key) = (upstream.url(), path("cert.pem"), path("key.pem"));
    let words = ["--upstream", &url, "--tls-cert", &cert, "--tls-key", &key, "--host", "localhost"];
    Gate::with(Bundle::new(&bundle::clinic()), &words)
}

/// Posts by curl; returns its exit, and the version, the status and the body that it got.
fn curl(gate: &Gate, files: &TempDir, how: &[&str], body: &str) -> (bool, String) {
    let port = gate.address.port();
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "20", "--resolve", &format!("localhost:{port}:127.0.0.1")]);
    command.arg("--cacert").arg(files.path().join("cert.pem")).args(how);
    command.args(["-H", "Content-Type: application/json", "-H", &format!("Authorization: Bearer {ALICE}")]);
    command.args([
        "-w",
        " %{http_version} %{http_code}",
        "-d",
        body,
        &format!("https://localhost:{port}/mcp"),
    ]);
    let done = command.output().expect("curl can be started");
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn serves_both_versions_of_http_by_negotiation() {
    let (upstream, files) = (Upstream::echo(), certificate());
    let gate = gate(&upstream, &files);
    for (how, version) in [(&["--http1.1"][..], " 1.1 200"), (&["--http2"], " 2 200")] {
        let (is_well, text) = curl(&gate, &files, how, &call(1, "echo", "{}"));
        assert!(is_well && text.ends_with(version) && text.contains(r#""text":"ok""#), "{how:?}: {text}");
        let (_, text) = curl(&gate, &files, how, &call(1, "delete_all", "{}"));
        assert!(text.contains(r#""isError":true"#), "{how:?}: {text}");
    }
    assert_eq!(upstream.got().len(), 2);
}

#[test]
fn refuses_versions_of_tls_that_are_broken_and_clients_without_tls() {
    let (upstream, files) = (Upstream::echo(), certificate());
    let gate = gate(&upstream, &files);
    let old = ["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    let (is_well, text) = curl(&gate, &files, &old, &call(1, "echo", "{}"));
    assert!(!is_well && text.ends_with(" 000"), "{text}");
    let mut plain = gate.connect();
    plain.send(&request(ALICE, &[], call(1, "echo", "{}").as_bytes()));
    let said = plain.closed();
    assert!(!said.starts_with(b"HTTP/"), "{}", said.escape_ascii());
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn reads_framing_as_strictly_inside_tls() {
    let (upstream, files) = (Upstream::echo(), certificate());
    let gate = gate(&upstream, &files);
    let body = call(1, "echo", "{}");
    let both = [("Host", "localhost"), ("Transfer-Encoding", "chunked")];
    let bytes = [request(ALICE, &both, body.as_bytes()), request(ALICE, &[], body.as_bytes())].concat();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-connect", &gate.address.to_string(), "-servername", "localhost"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl can be started");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(&bytes).expect("openssl reads");
    // It ends when the gate closes: its input stays open until then.
    let done = child.wait_with_output().expect("openssl ends");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.starts_with("HTTP/1.1 400 ") && text.matches("HTTP/1.1").count() == 1, "{text}");
    assert_eq!(upstream.bytes(), 0);
    drop(stdin);
}
