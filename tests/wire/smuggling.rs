//! HTTP/1 that two readers could frame differently: each is refused with an error and a record of its own,
//! nothing of it reaches the server, and what comes behind it is never looked at.

use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::support::wire::request;

/// What follows each bad request: if it were ever read, the server would see it.
fn second() -> Vec<u8> {
    request(ALICE, &[], call(2, "echo", "{}").as_bytes())
}

/// A call with field lines in place of its `Content-Length`, and a body as it is.
fn framed(fields: &str, body: &str) -> Vec<u8> {
    let lines = [
        "POST /mcp HTTP/1.1",
        "Host: 127.0.0.1",
        &format!("Authorization: Bearer {ALICE}"),
        "Content-Type: application/json",
    ];
    format!("{}\r\n{fields}\r\n{body}", lines.join("\r\n")).into_bytes()
}

fn first_line(line: &str) -> Vec<u8> {
    let text = String::from_utf8(second()).expect("it is ASCII");
    text.replacen("POST /mcp HTTP/1.1\r\n", line, 1).into_bytes()
}

struct Row {
    name: &'static str,
    bytes: Vec<u8>,
    status: u16,
    words: &'static str,
}

fn row(name: &'static str, bytes: impl Into<Vec<u8>>, status: u16, words: &'static str) -> Row {
    Row { name, bytes: bytes.into(), status, words }
}

fn lengths() -> Vec<Row> {
    let body = call(1, "echo", "{}");
    let (size, chunk) = (body.len(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    let length = format!("Content-Length: {size}\r\n");
    let coding = "Transfer-Encoding: chunked\r\n";
    let with = |value: &str| framed(&format!("Content-Length: {value}\r\n"), &body);
    let coded = |value: &str| framed(&format!("Transfer-Encoding: {value}\r\n"), &chunk);
    vec![
        row("a length, then a coding", framed(&format!("{length}{coding}"), &chunk), 400, "both"),
        row("a coding, then a length", framed(&format!("{coding}{length}"), &chunk), 400, "both"),
        row("two equal lengths", framed(&format!("{length}{length}"), &body), 400, "content-length"),
        row("two lengths", framed(&format!("{length}Content-Length: 5\r\n"), &body), 400, "content-length"),
        row("a length with a plus", with(&format!("+{size}")), 400, "Content-Length"),
        row("a list of lengths", with(&format!("{size},{size}")), 400, "Content-Length"),
        row("a hexadecimal length", with("0x40"), 400, "Content-Length"),
        row("a negative length", with("-1"), 400, "Content-Length"),
        row("a length of 2^64", with("18446744073709551616"), 400, "Content-Length"),
        row("a length and white space", with(&format!("{size}\t")), 400, "Content-Length"),
        row("two codings in one", coded("chunked, identity"), 400, "chunked"),
        row("a coding that is nearly chunked", coded("xchunked"), 400, "chunked"),
        row("a vertical tab", coded("chunked\x0b"), 400, "visible ASCII"),
        row("two codings", framed(&format!("{coding}{coding}"), &chunk), 400, "transfer-encoding"),
        row(
            "a coding in HTTP/1.0",
            String::from_utf8_lossy(&framed(coding, &chunk)).replacen("HTTP/1.1", "HTTP/1.0", 1),
            400,
            "HTTP/1.0",
        ),
    ]
}

fn chunks() -> Vec<Row> {
    let body = call(1, "echo", "{}");
    let size = body.len();
    let chunked = |chunks: String| framed("Transfer-Encoding: chunked\r\n", &chunks);
    vec![
        row("an extension", chunked(format!("{size:x};x=1\r\n{body}\r\n0\r\n\r\n")), 400, "extension"),
        row("a bare LF behind the size", chunked(format!("{size:x}\n{body}\r\n0\r\n\r\n")), 400, "chunk"),
        row("a bare LF behind the data", chunked(format!("{size:x}\r\n{body}\n0\r\n\r\n")), 400, "chunk"),
        row("a size with a sign", chunked(format!("+{size:x}\r\n{body}\r\n0\r\n\r\n")), 400, "chunk"),
        row("a size of 65 bits", chunked(format!("1{size:016x}\r\n{body}\r\n0\r\n\r\n")), 400, "chunk"),
        row("no CR LF behind the data", chunked(format!("{size:x}\r\n{body}0\r\n\r\n")), 400, "chunk"),
        row("a bare LF at the end", chunked(format!("{size:x}\r\n{body}\r\n0\r\n\n")), 400, "trailer"),
        row(
            "a trailer",
            chunked(format!("{size:x}\r\n{body}\r\n0\r\nMcp-Name: delete_all\r\n\r\n")),
            400,
            "trailer",
        ),
    ]
}

fn lines() -> Vec<Row> {
    let body = call(1, "echo", "{}");
    let length = format!("Content-Length: {}\r\n", body.len());
    let field = |field: &str| framed(&format!("{length}{field}"), &body);
    let bare = String::from_utf8_lossy(&framed(&length, &body)).replace("\r\n", "\n");
    vec![
        row("bare LF", bare, 400, "CR LF"),
        row("one bare LF", field("X-A: b\n"), 400, "CR LF"),
        row("a bare CR", field("X-A: b\rX-B: c\r\n"), 400, "visible ASCII"),
        row("a folded value", field("X-A: b\r\n c\r\n"), 400, "folded"),
        row("a space before the colon", field("X-A : b\r\n"), 400, "white space"),
        row("an empty name", field(": b\r\n"), 400, "name"),
        row("NUL in a value", field("X-A: b\0c\r\n"), 400, "visible ASCII"),
        row("a byte that is not ASCII in a value", field("X-A: caf\u{e9}\r\n"), 400, "visible ASCII"),
        row("a byte that is not ASCII in a name", field("X-\u{e9}: b\r\n"), 400, "name"),
        row("101 fields", field(&"X-A: b\r\n".repeat(101)), 431, "100 fields"),
        row("a head of more than 64 KiB", field(&format!("X-A: {}\r\n", "b".repeat(65_536))), 431, "64 KiB"),
        row("an upgrade", field("Connection: upgrade\r\nUpgrade: foo\r\n"), 400, "upgrade"),
        row(
            "an upgrade to HTTP/2",
            field("Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
            400,
            "upgrade",
        ),
        row("our own word for a fault", field("X-Sluicegate-Framing-Fault: 3\r\n"), 400, "reserved"),
        row("a GET with a body", first_line("GET /mcp HTTP/1.1\r\n"), 400, "no body"),
        row("CONNECT", first_line("CONNECT 127.0.0.1:1 HTTP/1.1\r\n"), 405, "tunnel"),
        row("TRACE", first_line("TRACE /mcp HTTP/1.1\r\n"), 405, "echo"),
        row("HTTP/1.2", first_line("POST /mcp HTTP/1.2\r\n"), 400, "HTTP/1.1"),
        row("HTTP/2 in words", first_line("POST /mcp HTTP/2.0\r\n"), 400, "HTTP/1.1"),
        row("no version", first_line("POST /mcp\r\n"), 400, "request line"),
        row("two spaces", first_line("POST  /mcp HTTP/1.1\r\n"), 400, "request line"),
        row("a line before the first", first_line("\r\nPOST /mcp HTTP/1.1\r\n"), 400, "request line"),
        row("a target that is a star", first_line("OPTIONS * HTTP/1.1\r\n"), 400, "target"),
        row("a target with a fragment", first_line("POST /mcp# HTTP/1.1\r\n"), 400, "target"),
        row("a target with a backslash", first_line("POST \\mcp HTTP/1.1\r\n"), 400, "target"),
        row("a body where a head should be", body.clone() + "\r\n\r\n", 400, "request line"),
    ]
}

#[test]
fn refuses_what_two_readers_could_frame_differently_and_nothing_behind_it_is_read() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut faults = Vec::new();
    for Row { name, bytes, status, words } in lengths().into_iter().chain(chunks()).chain(lines()) {
        let before = gate.records().len();
        let mut wire = gate.connect();
        wire.send(&[bytes, second()].concat());
        let Some(answer) = wire.try_answer() else {
            faults.push(format!("{name}: no answer"));
            continue;
        };
        let error = answer.error();
        let is_right = answer.status() == status && error.0 == -32_600 && error.1.contains(words);
        let closes = answer.head.header("connection") == Some("close");
        let rest = wire.closed();
        if !is_right || !closes || !rest.is_empty() {
            faults.push(format!(
                "{name}: {} {} closes {closes}, then {} bytes",
                answer.status(),
                error.1,
                rest.len()
            ));
            continue;
        }
        wait_for("a record of the refusal", || (gate.records().len() > before).then_some(()));
        let records = gate.records().split_off(before);
        if records.len() != 1 || records[0]["decision"]["action"] != "deny" {
            faults.push(format!("{name}: {} records", records.len()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(upstream.bytes(), 0, "{:?}", upstream.got());
}

#[test]
fn reads_requests_that_arrive_byte_by_byte() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = gate.connect();
    for byte in second() {
        wire.send(&[byte]);
    }
    assert_eq!(wire.answer().status(), 200);
    for byte in framed("Transfer-Encoding: chunked\r\nX-A: b\n", "") {
        wire.send(&[byte]);
    }
    let answer = wire.answer();
    assert_eq!(answer.status(), 400, "{}", answer.text());
    assert!(wire.closed().is_empty());
    assert_eq!(upstream.got().len(), 1);
}

#[test]
fn answers_what_was_well_before_it_refuses_what_came_behind() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = gate.connect();
    wire.send(&[second(), framed("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), second()].concat());
    assert_eq!(wire.answer().status(), 200);
    assert_eq!(wire.answer().status(), 400);
    assert!(wire.closed().is_empty());
    assert_eq!(upstream.got().len(), 1);
}

#[test]
fn records_a_head_that_does_not_come_in_time() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    let gate = Gate::with(
        bundle::Bundle::new(&bundle::clinic()),
        &["--upstream", &url, "--header-timeout", "300ms"],
    );
    let mut wire = gate.connect();
    wire.send(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    let answer = wire.answer();
    assert_eq!((answer.status(), answer.error().0), (408, -32_600), "{}", answer.text());
    assert!(wire.closed().is_empty());
    gate.record("the refusal", |record| record["decision"]["action"] == "deny");
    let mut silent = gate.connect();
    assert!(silent.closed().is_empty());
    assert_eq!(gate.records().len(), 1, "silence is no request");
}

#[test]
fn lets_a_client_read_the_refusal_of_a_body_that_it_is_still_sending() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for _ in 0..20 {
        let mut wire = gate.connect();
        let mut bytes = framed("Content-Length: 5\r\nContent-Length: 5\r\n", "");
        bytes.resize(bytes.len() + 512 * 1024, b'x');
        wire.send(&bytes);
        assert_eq!(wire.answer().status(), 400);
    }
    assert_eq!(upstream.bytes(), 0);
}
