//! What the gate has no room for is refused before it is read, and at once.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, open_events, result, send_json};
use crate::support::wire::Wire;
use crate::support::{PATIENCE, wait_for};

use super::bulkheads::Held;

fn gate(held: &Held, words: &[&str]) -> Gate {
    let url = held.upstream.url();
    let mut all = vec!["--upstream", url.as_str()];
    all.extend(words);
    Gate::with(Bundle::new(&bundle::clinic()), &all)
}

#[test]
fn sheds_requests_by_their_head_and_lists_before_calls() {
    let held = Held::start();
    let gate = gate(&held, &["--max-requests", "8"]);
    let mut calls: Vec<Wire> = (0..7).map(|_| held.begin(&gate, ALICE, &[], "echo")).collect();
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let claims = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let shed = gate.connect().post(BOB, &claims, list);
    assert_eq!((shed.status(), shed.error().0), (503, -31_503), "{}", shed.text());
    assert_eq!(shed.head.header("retry-after"), Some("1"));
    calls.push(held.begin(&gate, ALICE, &[], "echo"));
    // Nobody is asked who they are, and nothing of the body is read.
    let mut wire = gate.connect();
    wire.send(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n");
    assert_eq!(wire.head().status, 503);
    assert_eq!(gate.call(BOB, "echo", "{}").error().0, -31_503);
    assert_eq!(gate.metric("sluicegate_shed_total", "requests"), 3.0);
    assert_eq!(held.upstream.got().len(), 8);
    held.open();
    for mut wire in calls {
        assert_eq!(wire.answer().tool_error(), None);
    }
    wait_for("room", || (gate.call(BOB, "echo", "{}").status() == 200).then_some(()));
    assert_eq!(gate.records().iter().filter(|record| record["result"]["http_status"] == 503).count(), 0);
}

#[test]
fn sheds_bodies_that_it_has_no_bytes_for_and_lets_go_of_them() {
    let held = Held::start();
    let gate = gate(&held, &["--max-held", "1"]);
    let big = format!(r#"{{"text":"{}"}}"#, "a".repeat(600 << 10));
    let mut first = gate.connect();
    first.send(&crate::support::wire::request(ALICE, &[], call(1, "echo", &big).as_bytes()));
    wait_for("the call to arrive", || (held.upstream.got().len() == 1).then_some(()));
    let shed = gate.call(BOB, "echo", &big);
    assert_eq!((shed.status(), shed.error().0), (503, -31_503), "{}", shed.text());
    assert_eq!(shed.head.header("retry-after"), Some("1"));
    assert_eq!(gate.metric("sluicegate_shed_total", "bytes"), 1.0);
    // In pieces its length is not known before, and it is shed when it came.
    let mut pieces = gate.connect();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {BOB}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    pieces.send(head.as_bytes());
    pieces.send(format!("{:x}\r\n{}\r\n", 500 << 10, "a".repeat(500 << 10)).as_bytes());
    assert_eq!(pieces.head().status, 503);
    held.open();
    assert_eq!(first.answer().tool_error(), None);
    assert_eq!(gate.call(BOB, "echo", "{}").tool_error(), None, "what is small has room");
    wait_for("room", || (gate.call(BOB, "echo", &big).status() == 200).then_some(()));
}

#[test]
fn an_open_stream_takes_no_room_of_requests() {
    let (say, said) = mpsc::channel::<()>();
    let said = Arc::new(Mutex::new(said));
    let upstream = Upstream::start(move |got, stream| {
        if !got.head.starts_with("GET") {
            send_json(stream, 200, &result(&got.body, r#"{"content":[]}"#));
            return After::Keep;
        }
        open_events(stream);
        // Until the test is over: then nobody is left who could say something.
        let _ = said.lock().map(|said| said.recv_timeout(PATIENCE));
        After::Close
    });
    let url = upstream.url();
    let words = ["--upstream", url.as_str(), "--max-requests", "8"];
    let gate = Gate::with(Bundle::new(&bundle::clinic()), &words);
    let streams: Vec<Wire> = (0..9)
        .map(|_| {
            let mut wire = gate.connect();
            let head = format!(
                "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\nAccept: text/event-stream\r\n\r\n"
            );
            wire.send(head.as_bytes());
            assert_eq!(wire.head().status, 200, "there are as many as are asked for");
            wire
        })
        .collect();
    assert_eq!(gate.call(BOB, "echo", "{}").status(), 200);
    drop((say, streams));
}
