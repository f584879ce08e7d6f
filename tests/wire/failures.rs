//! A server that is down, refuses, hangs or breaks off gives a clear JSON-RPC error, in time.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, end_chunks, open_events, send_chunk};
use crate::support::wire::Answer;

fn policy() -> String {
    bundle::with("upstream: { connect_timeout: 500ms, timeout: 700ms }")
}

/// A failing server is told as an HTTP status with a JSON-RPC error that has the id of the request.
#[track_caller]
fn check(name: &str, answer: &Answer, status: u16) {
    let json = answer.json();
    let (code, text) = answer.error();
    assert_eq!((answer.status(), json["id"].as_u64()), (status, Some(1)), "{name}: {}", answer.text());
    assert_eq!(code, -31_000 - i64::from(status), "{name}: {}", answer.text());
    assert!(text.contains("echo") && text.len() > 20, "{name}: {text}");
    assert_eq!(answer.head.header("content-type"), Some("application/json"), "{name}");
}

#[track_caller]
fn failed(gate: &Gate) -> Value {
    gate.record("a failed call", |record| record["decision"]["action"] == "error")
}

#[test]
fn says_502_when_nobody_listens() {
    let address =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a free port");
    let gate = Gate::start(&policy(), &format!("http://{address}/mcp"));
    check("nobody listens", &gate.call(ALICE, "echo", "{}"), 502);
    assert_eq!(failed(&gate)["decision"]["reason"], "upstream");
    assert_eq!(gate.metric("sluicegate_upstream_up", ""), 0.0);
    assert!(gate.metric("sluicegate_upstream_errors_total", r#"kind="connect""#) >= 1.0);
}

#[test]
fn says_502_when_the_socket_file_is_missing() {
    let gate = Gate::start(&policy(), "unix:/tmp/sluicegate-no-such-socket:/mcp");
    check("no socket", &gate.call(ALICE, "echo", "{}"), 502);
}

#[test]
fn says_504_when_the_server_hangs() {
    let upstream = Upstream::start(|_, stream| {
        // Until the gate hangs up.
        let _ = std::io::Read::read(stream, &mut [0; 1]);
        After::Close
    });
    let gate = Gate::start(&policy(), &upstream.url());
    let started = Instant::now();
    check("hangs", &gate.call(ALICE, "echo", "{}"), 504);
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(650) && waited < Duration::from_secs(5), "{waited:?}");
    failed(&gate);
}

#[test]
fn says_502_when_the_server_breaks_off() {
    let cases: [(&str, &'static str); 5] = [
        ("closes without an answer", ""),
        ("half a head", "HTTP/1.1 200 OK\r\nContent-Le"),
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n"),
        (
            "half a body",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\"",
        ),
        (
            "half a chunk",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"js",
        ),
    ];
    for (name, bytes) in cases {
        let upstream = Upstream::start(move |_, stream| {
            let _ = stream.write_all(bytes.as_bytes());
            After::Close
        });
        let gate = Gate::start(&policy(), &upstream.url());
        check(name, &gate.call(ALICE, "echo", "{}"), 502);
        assert_eq!(upstream.got().len(), 1, "{name}: a call is never sent twice");
    }
}

#[test]
fn withholds_what_cannot_be_checked() {
    let ok = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    let cases = [
        ("HTML", "text/html", "<p>536-22-8726</p>".to_owned()),
        ("no JSON", "application/json", "536-22-8726 {".to_owned()),
        ("another id", "application/json", ok.replace(":1,", ":7,")),
        ("the id as text", "application/json", ok.replace(":1,", ":\"1\",")),
        (
            "the same key twice",
            "application/json",
            ok.replace("\"content\":[]", "\"content\":[],\"content\":[]"),
        ),
        (
            "a result and an error",
            "application/json",
            ok.replace("\"id\"", "\"error\":{\"code\":1,\"message\":\"\"},\"id\""),
        ),
        ("two answers", "application/json", format!("{ok}{ok}")),
    ];
    for (name, kind, body) in cases {
        let upstream = Upstream::start(move |_, stream| {
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
            After::Keep
        });
        let gate = Gate::start(&policy(), &upstream.url());
        let answer = gate.call(ALICE, "echo", "{}");
        check(name, &answer, 502);
        assert!(!answer.text().contains("536-22"), "{name}: {}", answer.text());
    }
}

#[test]
fn closes_a_broken_stream_with_the_answer_that_is_owed() {
    for is_clean in [false, true] {
        let upstream = Upstream::start(move |_, stream| {
            open_events(stream);
            let note = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}"#;
            send_chunk(stream, &format!("data: {note}\n\ndata: {{\"jsonrpc\""));
            if is_clean {
                end_chunks(stream);
            }
            After::Close
        });
        let gate = Gate::start(&policy(), &upstream.url());
        let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{},"_meta":{"progressToken":"t"}}}"#;
        let answer = gate.post(ALICE, asked);
        assert_eq!(answer.status(), 200);
        let events = answer.text().lines().filter(|line| line.starts_with("data:")).count();
        assert_eq!(events, 2, "{}", answer.text());
        let last = answer.json();
        assert_eq!(last["id"], 1, "{last}");
        assert!(last["error"]["code"] == -31_502 || last["result"]["isError"] == true, "{last}");
    }
}

#[test]
fn serves_again_as_soon_as_the_server_does() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = held.local_addr().expect("it is bound");
    drop(held);
    let gate = Gate::start(&policy(), &format!("http://{address}/mcp"));
    check("down", &gate.call(ALICE, "echo", "{}"), 502);
    let listener = std::net::TcpListener::bind(address).expect("the port is still free");
    let answering = std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        // The gate may look whether somebody is there, and say nothing.
        let mut stream = loop {
            let (mut stream, _) = listener.accept().expect("the gate connects");
            if std::io::Read::read(&mut stream, &mut chunk).is_ok_and(|count| count > 0) {
                break stream;
            }
        };
        let body = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
        crate::support::upstream::send_json(&mut stream, 200, body);
    });
    let answer = gate.post(ALICE, &call(1, "echo", "{}"));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answering.join().expect("the server ends well");
}
