//! The gate on which all cases play: one policy, started once for each kind of server.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use crate::case::{Era, Post, SESSION};
use crate::client::visit;
use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::Gate;
use crate::support::upstream::result;
use crate::tokens::Pen;

/// What looks like an unfinished request is given up soon, so that thousands of cases end soon.
const HURRY: [&str; 4] = ["--header-timeout", "1500ms", "--body-timeout", "1500ms"];

/// The key of a caller who differs from alice by name alone.
pub const CAROL: &str = "key-of-carol-1b7e02";
const CAROL_SHA256: &str = "0cb52b63152b32105732d1f785681257f8cf78e34fbb558e1a6f64369bcfd5c3";

/// The issuer of [`policy`].
pub const ISSUER: &str = "https://idp.example.com";
/// What this server is called in `aud`.
pub const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// The policy of the tests, with an issuer whose administrators may call everything: a forged token that
/// is believed leaves the marker behind.
pub fn policy() -> String {
    let issuer = format!(
        "  issuers:\n    - {{ issuer: {ISSUER}, audience: {AUDIENCE}, jwks: idp.jwks.json, algorithms: [ES256, EdDSA, RS256] }}\n  keys:\n    - {{ id: carol, sha256: {CAROL_SHA256}, user: carol, tenant: acme, scopes: [read] }}\n"
    );
    bundle::clinic()
        .replacen("  keys:\n", &issuer, 1)
        .replacen("roles:\n", "groups: [admins]\nroles:\n  admin: { groups: [admins] }\n", 1)
        .replacen("allow:\n", "allow:\n  - { id: admin, roles: [admin], classes: [read, destructive] }\n", 1)
}

/// The bundle of [`policy`].
pub fn bundle(pens: &[&Pen]) -> Bundle {
    let bundle = Bundle::new(&policy());
    bundle.write("idp.jwks.json", &Pen::jwks(pens));
    bundle
}

/// Starts the gate in front of the server at `url`.
pub fn gate(url: &str, pens: &[&Pen]) -> Gate {
    Gate::with(bundle(pens), &[&["--upstream", url][..], &HURRY].concat())
}

/// Starts the gate around the child `words`, whose marker is `marker`.
pub fn gate_around(marker: &Path, words: &[&str]) -> Gate {
    let marker = format!("MARKER={}", marker.display());
    let pen = Pen::ed25519();
    Gate::with(bundle(&[&pen]), &[&["--env", &marker][..], &HURRY, &["--"], words].concat())
}

/// Begins a session of the legacy era, and returns its id; an empty one where the server has none.
pub fn begin(address: SocketAddr) -> String {
    begin_as(address, ALICE)
}

/// The same for another caller.
pub fn begin_as(address: SocketAddr, key: &str) -> String {
    let authorization = format!("Bearer {key}");
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"hostile","version":"1"}}}"#;
    let post = Post::new(Era::Legacy, "", initialize.into())
        .without("Mcp-Session-Id")
        .without("MCP-Protocol-Version")
        .set("Authorization", &authorization);
    let told = visit(address, &post.bytes());
    assert_eq!(told.status, Some(200), "no session: {} {}", told.head(), told.text());
    let session = told.header("mcp-session-id").unwrap_or_default();
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let post = Post::new(Era::Legacy, "", initialized.into())
        .set("Mcp-Session-Id", &session)
        .set("Authorization", &authorization);
    let told = visit(address, &post.bytes());
    assert_eq!(told.status, Some(202), "no session: {} {}", told.head(), told.text());
    session
}

/// `bytes` with the session of the stage in each place that was left for it.
pub fn addressed(bytes: &[u8], session: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = rest.windows(SESSION.len()).position(|window| window == SESSION.as_bytes()) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(session.as_bytes());
        rest = &rest[at + SESSION.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Answers `initialize` as a server of ours that begins the session `id`.
pub fn open_session(stream: &mut TcpStream, asked: &str, id: &str) {
    let body = result(
        asked,
        r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"a","version":"1"}}"#,
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: {id}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}
