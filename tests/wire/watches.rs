//! Streams that only listen: they leave the codec, and nothing of that can be seen from outside.

use std::sync::mpsc::{Receiver, Sender};

use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Script, Upstream, open_events, result, send_json};
use crate::support::wait_for;
use crate::support::wire::{Wire, request};

const CHANGED: &str =
    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";

/// A server whose GET stream says what the test tells it to, `None` ends it, and that answers calls.
fn directed() -> (Upstream, Sender<Option<String>>, Receiver<()>) {
    let (script, say, is_gone) = Script::new();
    let upstream = Upstream::start(move |got, stream| {
        if !got.head.starts_with("GET ") {
            send_json(stream, 200, &result(&got.body, r#"{"content":[]}"#));
            return After::Keep;
        }
        open_events(stream);
        script.play(stream)
    });
    (upstream, say, is_gone)
}

fn get(more: &str) -> String {
    format!(
        "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer {ALICE}\r\n{more}\r\n"
    )
}

/// Opens a GET stream.
fn open(gate: &Gate, more: &str) -> Wire {
    let mut wire = gate.connect();
    wire.send(get(more).as_bytes());
    let head = wire.head();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    wire
}

#[test]
fn goes_on_with_calls_on_the_connection_of_a_stream_that_ended() {
    let (upstream, say, _) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    // With and without a request that is sent before the stream has ended, whole and in part.
    let asked = request(ALICE, &[], call(7, "slow", "{}").as_bytes());
    for early in [0, 20, asked.len()] {
        let mut wire = open(&gate, "Connection: keep-alive\r\n");
        for _ in 0..3 {
            say.send(Some(CHANGED.into())).expect("the server listens");
            assert_eq!(wire.chunk().expect("the stream goes on"), CHANGED.as_bytes());
        }
        wire.send(&asked[..early]);
        say.send(Some(CHANGED.into())).expect("the server listens");
        assert_eq!(wire.chunk().expect("the stream goes on"), CHANGED.as_bytes());
        say.send(None).expect("the server listens");
        assert!(wire.chunk().is_none(), "it ends in good order");
        wire.send(&asked[early..]);
        assert_eq!(wire.answer().json()["id"], 7, "{early} bytes sent early");
    }
}

#[test]
fn leaves_the_codec_what_the_codec_has_to_end() {
    let (upstream, say, _) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = open(&gate, "Connection: close\r\n");
    say.send(Some(CHANGED.into())).expect("the server listens");
    assert_eq!(wire.chunk().expect("the stream goes on"), CHANGED.as_bytes());
    say.send(None).expect("the server listens");
    assert!(wire.chunk().is_none());
    assert!(wire.closed().is_empty(), "the connection is closed behind it");
}

#[test]
fn tells_the_server_when_a_listener_has_gone() {
    let (upstream, say, is_gone) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let wire = open(&gate, "");
    drop(wire);
    gate.record("a stream that ended", |record| {
        record["action"]["method"].is_null() && record["result"]["http_status"] == 200
    });
    wait_for("the server to notice", || {
        let _ = say.send(Some(CHANGED.into()));
        is_gone.recv_timeout(std::time::Duration::from_millis(20)).ok()
    });
}

#[test]
fn ends_listeners_at_once_on_sigterm() {
    let (upstream, _say, _) = directed();
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = open(&gate, "");
    gate.signal("TERM");
    assert!(wire.chunk().is_none(), "it ends in good order");
    assert!(wire.closed().is_empty());
    assert!(gate.ended().success());
}
