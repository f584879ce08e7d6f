//! Streams that break off and are taken up again: what is replayed is judged like what came first.

use crate::handles::{MORE, gate, initialize};
use crate::support::bundle::ALICE;
use crate::support::gate::{Gate, call};
use crate::support::upstream::{
    After, Got, Upstream, end_chunks, open_events, result, send_chunk, send_head,
};
use crate::support::wire::Wire;

const TOOLS: &str = r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"}},{"name":"delete_all","inputSchema":{"type":"object"}}]}"#;

fn event(id: &str, data: &str) -> String {
    format!("id: {id}\ndata: {data}\n\n")
}

/// A server that primes each POST's stream and breaks it off; `replay` says what a resumed GET gets.
fn breaking(replay: impl Fn(&Got) -> Vec<String> + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |got, stream| {
        if got.body.contains("initialize") {
            let answer = r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#;
            send_head(stream, 200, "Mcp-Session-Id: s-1\r\n", &result(&got.body, answer));
            return After::Keep;
        }
        open_events(stream);
        if got.head.starts_with("GET") {
            for text in replay(got) {
                send_chunk(stream, &text);
            }
        } else {
            send_chunk(stream, "id: e/1\nretry: 500\ndata: \n\n");
        }
        end_chunks(stream);
        After::Keep
    })
}

/// Posts in the session; the text of the stream.
fn post(gate: &Gate, session: &str, body: &str) -> String {
    let headers = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", "2025-11-25")];
    Wire::connect(gate.address).post(ALICE, &headers, body).text()
}

fn get(gate: &Gate, session: &str, event: Option<&str>) -> (u16, String) {
    let mut wire = Wire::connect(gate.address);
    let resume = event.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n{resume}\r\n"
    );
    wire.send(request.as_bytes());
    let answer = wire.answer();
    (answer.status(), answer.text())
}

/// The id of the last event in a stream.
fn last_id(text: &str) -> String {
    let mut ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
    ids.next_back().expect("an event has an id").to_owned()
}

#[test]
fn an_answer_that_is_replayed_is_judged_and_comes_once() {
    let upstream = breaking(|_| {
        let found =
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"SSN 536-22-8726"}]}}"#;
        vec![
            event("e/2", found),
            event("e/3", found),
            event("e/4", &format!(r#"{{"jsonrpc":"2.0","id":2,"result":{TOOLS}}}"#)),
            event("e/5", r#"{"jsonrpc":"2.0","id":99,"result":{"content":[]}}"#),
            event("e/6", r#"{"jsonrpc":"2.0","id":"1","result":{"content":[]}}"#),
        ]
    });
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    let broken = post(&gate, &session, &call(1, "lookup", "{}"));
    assert!(!broken.contains("jsonrpc"), "nothing is made up in place of an answer to come: {broken}");
    assert!(
        broken.contains("retry: 500") && !broken.contains("e/1"),
        "the priming event is handed on: {broken}"
    );
    post(&gate, &session, r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#);
    let (status, text) = get(&gate, &session, Some(&last_id(&broken)));
    assert_eq!(status, 200);
    let got = upstream.got().pop().expect("the stream reached the server");
    assert!(got.head.contains("last-event-id: e/1\r\n"), "{}", got.head);
    assert!(!text.contains("536-22-8726") && text.contains(r#""id":1"#), "redacted: {text}");
    assert!(text.contains("echo") && !text.contains("delete_all"), "filtered: {text}");
    assert_eq!(text.matches("jsonrpc").count(), 2, "one answer to each, and none to others: {text}");
    assert_eq!(text.matches("id: sg1.").count(), 5, "what is dropped leaves its place in the stream: {text}");
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "answer_unknown"), 3.0);
}

#[test]
fn a_stream_that_resumes_nothing_carries_no_answers() {
    let upstream = breaking(|_| vec![event("e/2", r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#)]);
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    post(&gate, &session, &call(1, "lookup", "{}"));
    assert!(!get(&gate, &session, None).1.contains("jsonrpc"));
    for made_up in ["e/1", "sg1.AAAA"] {
        assert_eq!(get(&gate, &session, Some(made_up)).0, 400, "{made_up}");
    }
}

#[test]
fn an_answer_after_its_cancellation_is_dropped() {
    let upstream = breaking(|_| vec![event("e/2", r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#)]);
    let gate = gate(&upstream, MORE);
    let session = initialize(&gate, ALICE, "2025-11-25");
    let broken = post(&gate, &session, &call(1, "lookup", "{}"));
    let cancel = |id: u32| {
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
    };
    let reached = upstream.got().len();
    post(&gate, &session, &cancel(1));
    assert_eq!(upstream.got().len(), reached + 1);
    post(&gate, &session, &cancel(8));
    assert_eq!(upstream.got().len(), reached + 1, "what nobody asked cannot be taken back");
    let (_, text) = get(&gate, &session, Some(&last_id(&broken)));
    assert!(!text.contains("jsonrpc"), "{text}");
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "answer_cancelled"), 1.0);
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "cancel_unknown"), 1.0);
}

#[test]
fn a_broken_stream_that_cannot_be_resumed_is_answered_with_an_error() {
    let upstream = Upstream::start(|_, stream| {
        open_events(stream);
        end_chunks(stream);
        After::Keep
    });
    let gate = gate(&upstream, MORE);
    let text = gate.post(ALICE, &call(1, "lookup", "{}")).text();
    assert!(text.contains("-31502"), "{text}");
}
