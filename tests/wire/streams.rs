//! Streams of events: each event leaves as soon as it is whole, and an end on one side is an end on the other.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Script, Upstream, id, open_events};
use crate::support::wire::{Wire, request};
use crate::support::{PATIENCE, wait_for};

/// A server whose stream says what the test tells it to; `None` ends it.
fn directed() -> (Upstream, Sender<Option<String>>, Receiver<()>) {
    let (script, say, is_gone) = Script::new();
    let upstream = Upstream::start(move |_, stream| {
        open_events(stream);
        script.play(stream)
    });
    (upstream, say, is_gone)
}

fn progress(step: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"t","progress":{step}}}}}"#
    )
}

fn result() -> String {
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#.into()
}

fn event(data: &str) -> String {
    format!("event: message\ndata: {data}\n\n")
}

/// Opens a stream by calling `slow`.
fn open(gate: &Gate) -> Wire {
    let mut wire = gate.connect();
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{},"_meta":{"progressToken":"t"}}}"#;
    wire.send(&request(ALICE, &[], asked.as_bytes()));
    let head = wire.head();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    wire
}

fn next(wire: &mut Wire) -> String {
    String::from_utf8_lossy(&wire.chunk().expect("the stream goes on")).into_owned()
}

#[test]
fn hands_over_each_event_as_soon_as_it_is_whole() {
    let (upstream, say, _) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = open(&gate);
    for step in 1..=3 {
        let whole = event(&progress(step));
        let (one, two) = whole.split_at(30);
        say.send(Some(one.into())).expect("the server listens");
        say.send(Some(two.into())).expect("the server listens");
        // The server says nothing more until this has arrived.
        let got = next(&mut wire);
        assert!(got.contains(&progress(step)), "{got}");
    }
    assert_eq!(gate.metric("sluicegate_inflight_requests", ""), 1.0, "an open stream is an open ticket");
    say.send(Some(event(&result()))).expect("the server listens");
    assert!(next(&mut wire).contains(&result()));
    say.send(None).expect("the server listens");
    assert!(wire.chunk().is_none());
}

#[test]
fn tells_the_server_when_the_client_has_gone() {
    let (upstream, say, is_gone) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = open(&gate);
    say.send(Some(event(&progress(1)))).expect("the server listens");
    next(&mut wire);
    drop(wire);
    wait_for("the server to notice", || {
        let _ = say.send(Some(event(&progress(2))));
        is_gone.recv_timeout(Duration::from_millis(20)).ok()
    });
    gate.record("a cancelled call", |record| record["result"]["outcome"] == "cancelled");
}

#[test]
fn drains_on_sigterm_without_cutting_an_open_stream() {
    let (upstream, say, _) = directed();
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = open(&gate);
    say.send(Some(event(&progress(1)))).expect("the server listens");
    next(&mut wire);
    gate.signal("TERM");
    wait_for("the gate to be unready", || (gate.page("/readyz").status() == 503).then_some(()));
    say.send(Some(event(&progress(2)))).expect("the server listens");
    assert!(next(&mut wire).contains(&progress(2)), "the stream goes on");
    say.send(Some(event(&result()))).expect("the server listens");
    say.send(None).expect("the server listens");
    assert!(next(&mut wire).contains(&result()));
    assert!(gate.ended().success(), "it ends once the last stream has");
}

#[test]
fn ends_open_streams_with_an_error_at_the_drain_deadline() {
    let (upstream, say, _) = directed();
    let url = upstream.url();
    let words = ["--upstream", &url, "--drain-timeout", "700ms"];
    let mut gate = Gate::with(Bundle::new(&bundle::clinic()), &words);
    let mut wire = open(&gate);
    say.send(Some(event(&progress(1)))).expect("the server listens");
    next(&mut wire);
    let asked = Instant::now();
    gate.signal("TERM");
    let last = next(&mut wire);
    assert!(asked.elapsed() >= Duration::from_millis(600), "not before its deadline");
    assert!(last.contains(r#""id":1"#) && (last.contains("isError") || last.contains("error")), "{last}");
    assert!(wire.chunk().is_none());
    gate.ended();
}

#[test]
fn answers_a_call_that_is_under_way_when_sigterm_comes() {
    let (began, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let upstream = Upstream::start(move |got, stream| {
        let _ = began.send(());
        let _ = may_go_on.lock().expect("no thread panicked with it").recv_timeout(PATIENCE);
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#, id(&got.body));
        crate::support::upstream::send_json(stream, 200, &body);
        After::Keep
    });
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[], call(1, "echo", "{}").as_bytes()));
    has_begun.recv_timeout(PATIENCE).expect("the call reaches the server");
    gate.signal("TERM");
    wait_for("the gate to be unready", || (gate.page("/readyz").status() == 503).then_some(()));
    go_on.send(()).expect("the server listens");
    assert_eq!(wire.answer().status(), 200);
    assert!(gate.ended().success());
}

#[test]
fn keeps_a_silent_stream_alive_with_comments() {
    let (upstream, say, _) = directed();
    let url = upstream.url();
    let gate = Gate::with(Bundle::new(&bundle::clinic()), &["--upstream", &url, "--heartbeat", "50ms"]);
    let mut wire = open(&gate);
    assert!(next(&mut wire).starts_with(':'));
    say.send(Some(event(&result()))).expect("the server listens");
    say.send(None).expect("the server listens");
    let mut text = String::new();
    while let Some(chunk) = wire.chunk() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains(&result()), "{text}");
}

/// Everything that a client reads from the stream that `pieces` make.
fn released(gate: &Gate, say: &Sender<Option<String>>, pieces: &[&str]) -> String {
    let mut wire = open(gate);
    for piece in pieces {
        say.send(Some((*piece).into())).expect("the server listens");
    }
    say.send(None).expect("the server listens");
    let mut text = String::new();
    while let Some(chunk) = wire.chunk() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    text
}

#[test]
fn releases_the_same_events_wherever_the_stream_is_cut() {
    let (upstream, say, _) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let found = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"SSN 536-22-8726 \u2028 fin"}]}}"#;
    let stream = format!(
        "\u{feff}: hello\r\n\r\nid: a\r\ndata: {}\r\n\r\n:\rdata: {{\ndata:  \"jsonrpc\":\"2.0\",\rdata: \"id\":7,\"result\":{{}}}}\r\revent: other\ndata: x\n\nretry: 200\nid: b\ndata: {found}\n\ndata: cut",
        progress(1)
    );
    let whole = released(&gate, &say, &[&stream]);
    assert!(whole.contains("progress") && whole.contains("retry: 200"), "{whole}");
    assert!(
        !whole.contains("536-22-8726") && !whole.contains("\"id\":7") && !whole.contains("cut"),
        "{whole}"
    );
    let events = |text: &str| -> Vec<String> {
        text.split("\n\n").filter(|event| !event.is_empty() && *event != ":").map(str::to_owned).collect()
    };
    for at in (1..stream.len()).filter(|at| stream.is_char_boundary(*at)) {
        let (one, two) = stream.split_at(at);
        assert_eq!(events(&released(&gate, &say, &[one, two])), events(&whole), "cut at {at}");
    }
    let each: Vec<String> = stream.chars().map(String::from).collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    assert_eq!(events(&released(&gate, &say, &each)), events(&whole), "cut everywhere");
}
