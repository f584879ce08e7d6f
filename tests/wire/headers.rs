//! What the headers of a request may say, and which of them ever reach the server.

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wire::request;

/// Headers by which some server or framework takes another method, path, host, address or caller.
const OVERRIDES: &[(&str, &str)] = &[
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-HTTP-Method", "DELETE"),
    ("X-Method-Override", "DELETE"),
    ("X-Original-URL", "/admin"),
    ("X-Rewrite-URL", "/admin"),
    ("X-Original-Host", "evil.example"),
    ("X-Forwarded-For", "10.0.0.1"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Prefix", "/admin"),
    ("X-Forwarded-User", "root"),
    ("X-Real-IP", "10.0.0.1"),
    ("Forwarded", "for=10.0.0.1;host=evil.example"),
    ("mcp-init-host", "evil.example"),
    ("router-key", "secret-1"),
    ("X-Sluicegate-Caller", "mallory"),
    ("X-Sluicegate-User", "mallory"),
    ("X-Remote-User", "root"),
    ("Cookie", "session=secret-1"),
    ("Proxy-Authorization", "Basic secret-1"),
    ("X-Api-Key", "secret-1"),
    ("Via", "1.1 evil"),
    ("Keep-Alive", "timeout=99"),
    ("TE", "trailers"),
    ("Trailer", "Mcp-Name"),
    ("Content-Digest", "sha-256=:AAAA:"),
    ("Accept-Encoding", "gzip, br"),
    ("Range", "bytes=0-1"),
    ("If-None-Match", "*"),
];

#[test]
fn hands_on_no_header_that_overrides_or_carries_a_credential() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let body = call(1, "echo", "{}");
    assert_eq!(gate.connect().post(ALICE, OVERRIDES, &body).status(), 200);
    let head = upstream.got().pop().expect("the call was handed on").head.to_ascii_lowercase();
    let sent: Vec<&str> = head.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    for (name, value) in OVERRIDES {
        let is_ours = *name == "Accept-Encoding";
        assert_eq!(sent.contains(&&*name.to_ascii_lowercase()), is_ours, "{name} in {head}");
        assert!(!head.contains(&format!(": {}\r", value.to_ascii_lowercase())), "{value} in {head}");
    }
    assert!(!sent.contains(&"authorization") && head.contains("accept-encoding: identity"), "{head}");
    assert!(head.contains(&format!("host: {}", upstream.address)) && head.starts_with("post /mcp http/1.1"));
}

struct Row {
    name: &'static str,
    line: &'static str,
    headers: &'static [(&'static str, &'static str)],
    status: u16,
}

const fn row(
    name: &'static str,
    line: &'static str,
    headers: &'static [(&'static str, &'static str)],
    status: u16,
) -> Row {
    Row { name, line, headers, status }
}

const POST: &str = "POST /mcp HTTP/1.1";

const ROWS: &[Row] = &[
    row("two credentials in one", POST, &[("Authorization", "Bearer a, Bearer b")], 400),
    row("a second Origin", POST, &[("Origin", "http://localhost"), ("Origin", "http://localhost")], 400),
    row(
        "a second Content-Type",
        POST,
        &[("Content-Type", "application/json"), ("Content-Type", "text/plain")],
        400,
    ),
    row("a second coding", POST, &[("Content-Encoding", "identity"), ("Content-Encoding", "identity")], 400),
    row("a second Host", POST, &[("Host", "127.0.0.1"), ("Host", "127.0.0.1")], 400),
    row("a second session", POST, &[("Mcp-Session-Id", "a"), ("Mcp-Session-Id", "a")], 400),
    row("a second event id", POST, &[("Last-Event-ID", "a"), ("last-event-id", "b")], 400),
    row("a second parameter", POST, &[("Mcp-Param-X", "a"), ("mcp-param-x", "a")], 400),
    row("a second Expect", POST, &[("Expect", "100-continue"), ("Expect", "100-continue")], 400),
    row("an underscore in a length", POST, &[("Content_Length", "5")], 400),
    row("an underscore in a credential", POST, &[("X_Api_Key", "a")], 400),
    row("an expectation that is not met", POST, &[("Expect", "200-ok")], 417),
    row("a host with a space", POST, &[("Host", "a b")], 400),
    row("a host with a path", POST, &[("Host", "127.0.0.1/health?x=")], 400),
    row("a host with a user", POST, &[("Host", "u@127.0.0.1")], 400),
    row("a host with a zone", POST, &[("Host", "[::1%25lo]")], 400),
    row("a host with an odd port", POST, &[("Host", "127.0.0.1:+80")], 400),
    row("an empty host", POST, &[("Host", "")], 400),
    row("another host in the target", "POST http://localhost/mcp HTTP/1.1", &[], 400),
    row("a user in the target", "POST http://u@127.0.0.1/mcp HTTP/1.1", &[], 400),
    row("a dot segment", "POST /./mcp HTTP/1.1", &[], 404),
    row("dot segments", "POST /x/../mcp HTTP/1.1", &[], 404),
    row("an escaped slash", "POST /mcp%2f HTTP/1.1", &[], 404),
    row("a parameter of the path", "POST /mcp;x=1 HTTP/1.1", &[], 404),
    row("an empty query", "POST /mcp? HTTP/1.1", &[], 400),
    row("capitals", "POST /MCP HTTP/1.1", &[], 404),
    row("PUT", "PUT /mcp HTTP/1.1", &[], 405),
    row("PATCH", "PATCH /mcp HTTP/1.1", &[], 405),
    row("a method in small letters", "post /mcp HTTP/1.1", &[], 405),
    row("a method that nobody knows", "MCP /mcp HTTP/1.1", &[], 405),
];

#[test]
fn refuses_heads_that_are_ambiguous_or_not_of_the_endpoint() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut faults = Vec::new();
    for Row { name, line, headers, status } in ROWS {
        let text = String::from_utf8(request(ALICE, headers, call(1, "echo", "{}").as_bytes()));
        let text = text.expect("it is ASCII").replacen(POST, line, 1);
        let mut wire = gate.connect();
        wire.send(text.as_bytes());
        let got = wire.try_answer().map(|answer| answer.status());
        if got != Some(*status) {
            faults.push(format!("{name}: {got:?} in place of {status}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn answers_what_may_be_asked_by_itself() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    let words = ["--upstream", &url, "--origin", "https://app.example"];
    let gate = Gate::with(Bundle::new(&bundle::clinic()), &words);
    let ask = |method: &str, headers: &str| {
        let mut wire = gate.connect();
        wire.send(format!("{method} /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").as_bytes());
        wire.head()
    };
    let plain = ask("OPTIONS", "");
    assert_eq!((plain.status, plain.header("allow")), (204, Some("POST, GET, DELETE, OPTIONS")));
    assert_eq!(plain.header("access-control-allow-origin"), None);
    let wanted = "Access-Control-Request-Headers: authorization, mcp-param-x, x-other\r\n";
    let listed = ask("OPTIONS", &format!("Origin: https://app.example\r\n{wanted}"));
    assert_eq!(listed.status, 204);
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(listed.header("access-control-allow-headers"), Some("authorization, mcp-param-x"));
    let local = ask("OPTIONS", &format!("Origin: http://localhost:5173\r\n{wanted}"));
    assert_eq!((local.status, local.header("access-control-allow-origin")), (204, None), "not listed");
    let foreign = ask("OPTIONS", &format!("Origin: https://evil.example\r\n{wanted}"));
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    assert_eq!(ask("HEAD", "").status, 405);
    assert_eq!(upstream.bytes(), 0);
    let answer = gate.connect().post(ALICE, &[("Origin", "https://app.example")], &call(1, "echo", "{}"));
    assert_eq!(answer.head.header("access-control-allow-origin"), Some("https://app.example"));
}
