//! The bridge as the exchange loop meets it: HTTP/1.1 over the in-memory pipe, real processes.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use tokio::time::timeout;

use std::ffi::OsString;

use super::*;

pub(super) const DEADLINE: Duration = Duration::from_secs(20);
pub(super) const MODERN: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28""#;

pub(super) fn wrap(habits: &[&str]) -> Child {
    let script = ["-u", "-c", include_str!("child.py")];
    let arguments = script.iter().chain(habits).map(OsString::from).collect();
    Child {
        program: "python3".into(),
        arguments,
        environment: vec![("GIVEN".into(), "1".into())],
        sandbox: None,
    }
}

pub(super) fn bridge() -> Arc<Bridge> {
    Bridge::new(wrap(&["modern"]), None)
}

pub(super) async fn send(
    bridge: &Arc<Bridge>,
    method: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Incoming> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(bridge.connect())).await.unwrap();
    tokio::spawn(connection);
    let request =
        headers.iter().fold(Request::builder().method(method).uri("/mcp"), |request, (name, value)| {
            request.header(*name, *value)
        });
    let request = request.body(Full::new(body.into())).unwrap();
    timeout(DEADLINE, sender.send_request(request)).await.expect("an answer in time").unwrap()
}

pub(super) async fn read(response: Response<Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = timeout(DEADLINE, response.into_body().collect()).await.expect("an end in time").unwrap();
    (status, String::from_utf8(body.to_bytes().to_vec()).unwrap())
}

/// Reads a stream until `wanted` has come.
pub(super) async fn read_until(body: &mut Incoming, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let frame = timeout(DEADLINE, body.frame()).await.expect("an event in time");
        let frame = frame.unwrap_or_else(|| panic!("the stream ended without {wanted}: {text}")).unwrap();
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    text
}

pub(super) fn call(id: &str, tool: &str, more: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}"{more}}}}}"#)
}

pub(super) fn modern(id: &str, tool: &str) -> String {
    call(id, tool, &format!(",{MODERN}}}"))
}

pub(super) async fn begin(bridge: &Arc<Bridge>) -> String {
    let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
    let response = send(bridge, "POST", &[], body).await;
    let session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let (status, text) = read(response).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""id": 0}"#) && text.contains("2025-11-25"), "{text}");
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let response = send(bridge, "POST", &[("mcp-session-id", &session)], initialized).await;
    assert_eq!(read(response).await, (202, String::new()));
    session
}

pub(super) async fn ask(bridge: &Arc<Bridge>, session: &str, body: String) -> (u16, String) {
    read(send(bridge, "POST", &[("mcp-session-id", session)], body).await).await
}

#[tokio::test]
async fn serves_a_session_and_keeps_the_spelling_of_ids() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    assert_eq!(session.len(), 32);
    let list = r#"{"jsonrpc":"2.0","id":"\u0061-1","method":"tools/list"}"#;
    let (status, text) = ask(&bridge, &session, list.into()).await;
    assert_eq!(status, 200);
    assert!(text.ends_with(r#""id": "\u0061-1"}"#) && text.contains("echo"), "{text}");
    for id in ["7", "\"7\"", "-3", "9007199254740991"] {
        let (_, text) =
            ask(&bridge, &session, call(id, "echo", r#","arguments":{"text":"h\u00e9 \u2028"}"#)).await;
        assert!(text.contains(&format!("\"id\": {id}}}")) && text.contains(r"h\u00e9 \u2028"), "{text}");
    }
    bridge.stop().await;
}

#[tokio::test]
async fn streams_progress_under_the_token_of_the_client() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let body = call("5", "progress", r#","_meta":{"progressToken":"tok\u0065n"}"#);
    let response = send(&bridge, "POST", &[("mcp-session-id", &session)], body).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (_, text) = read(response).await;
    let events: Vec<_> = text.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 3, "{text}");
    for (event, wanted) in events.iter().zip([r#""progress": 1"#, r#""progress": 2"#, r#""id": 5}"#]) {
        assert!(event.starts_with("event: message\ndata: {") && event.contains(wanted), "{event}");
    }
    assert_eq!(text.matches(r#""progressToken": "tok\u0065n""#).count(), 2);
    bridge.stop().await;
}

#[tokio::test]
async fn carries_a_question_of_the_server_and_its_answer() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let mut stream =
        send(&bridge, "POST", &[("mcp-session-id", &session)], call("8", "ask", "")).await.into_body();
    let question = read_until(&mut stream, "\n\n").await;
    assert!(question.contains("sampling/createMessage") && question.contains("server-1"), "{question}");
    let answer = r#"{"jsonrpc":"2.0","id":"server-1","result":{"model":"m"}}"#;
    assert_eq!(ask(&bridge, &session, answer.into()).await.0, 202);
    let text = read_until(&mut stream, "\"id\": 8,").await;
    assert!(text.contains("model"), "{text}");
    bridge.stop().await;
}

#[tokio::test]
async fn has_one_listening_stream_for_each_session_and_keeps_what_came_before() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let headers = [("mcp-session-id", session.as_str())];
    let listen = || send(&bridge, "GET", &headers, "");
    ask(&bridge, &session, call("1", "echo", r#","arguments":{"text":"x"}"#)).await;
    let mut stream = listen().await.into_body();
    assert_eq!(listen().await.status(), 409);
    assert!(ask(&bridge, &session, call("2", "announce", "")).await.1.contains("announced"));
    let text = read_until(&mut stream, "\n\n").await;
    assert!(text.contains("list_changed"), "{text}");
    drop(stream);
    // The bridge sees the end of the connection when it next runs.
    timeout(DEADLINE, async { while listen().await.status() == 409 {} }).await.unwrap();
    bridge.stop().await;
}

#[tokio::test]
async fn keeps_sessions_apart() {
    let bridge = bridge();
    let (one, other) = (begin(&bridge).await, begin(&bridge).await);
    for (session, wanted) in [(&one, "1"), (&one, "2"), (&other, "1"), (&one, "3")] {
        let (_, text) = ask(&bridge, session, call("1", "count", "")).await;
        assert!(text.contains(&format!(r#""text": "{wanted}""#)), "{text}");
    }
    assert_eq!(read(send(&bridge, "DELETE", &[("mcp-session-id", &one)], "").await).await.0, 200);
    assert_eq!(ask(&bridge, &one, call("1", "count", "")).await.0, 404);
    assert_eq!(ask(&bridge, &other, call("1", "count", "")).await.0, 200);
    let stranger = [("mcp-session-id", other.as_str()), (CALLER_HEADER, "mallory")];
    assert_eq!(read(send(&bridge, "POST", &stranger, call("1", "count", "")).await).await.0, 404);
    bridge.stop().await;
}

#[tokio::test]
async fn serves_modern_requests_without_a_session_and_callers_apart() {
    let bridge = bridge();
    let post = async |caller: &str, body: String| {
        read(send(&bridge, "POST", &[(CALLER_HEADER, caller)], body).await).await
    };
    for (caller, wanted) in [("alice", "1"), ("alice", "2"), ("bob", "1")] {
        let (status, text) = post(caller, modern("\"same\"", "count")).await;
        assert_eq!(status, 200);
        assert!(
            text.contains(&format!(r#""text": "{wanted}""#)) && text.contains(r#""id": "same"}"#),
            "{text}"
        );
    }
    let unknown = format!(r#"{{"jsonrpc":"2.0","id":3,"method":"nope","params":{{{MODERN}}}}}}}"#);
    let (status, text) = post("alice", unknown).await;
    assert!(status == 404 && text.contains("-32601"), "{status} {text}");
    let listen =
        format!(r#"{{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{{{MODERN}}}}}}}"#);
    let (_, text) = post("alice", listen).await;
    assert_eq!(text.matches(r#"subscriptionId": "l""#).count(), 2, "{text}");
    assert!(post("alice", modern("4", "ask")).await.1.contains("no requests from server"));
    bridge.stop().await;
}

#[tokio::test]
async fn turns_a_modern_disconnect_into_a_cancellation() {
    let bridge = bridge();
    let stream = send(&bridge, "POST", &[], modern("1", "hang")).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    drop(stream);
    let cancelled = async {
        while !read(send(&bridge, "POST", &[], modern("2", "cancelled")).await).await.1.contains("[1]") {}
    };
    timeout(DEADLINE, cancelled).await.expect("the server hears of it");
    bridge.stop().await;
}

#[tokio::test]
async fn translates_a_legacy_cancellation() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let _stream = send(&bridge, "POST", &[("mcp-session-id", &session)], call("\"x\"", "hang", "")).await;
    for (id, wanted) in [("\"unknown\"", "[]"), ("\"\\u0078\"", "[2]")] {
        let cancel = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
        );
        assert_eq!(ask(&bridge, &session, cancel).await.0, 202);
        let (_, text) = ask(&bridge, &session, call("9", "cancelled", "")).await;
        assert!(text.contains(&format!(r#""text": "{wanted}""#)), "{text}");
    }
    bridge.stop().await;
}

#[tokio::test]
async fn answers_for_a_server_that_crashes() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let headers = [("mcp-session-id", session.as_str())];
    let hanging = send(&bridge, "POST", &headers, call("1", "hang", "")).await;
    let (status, text) = ask(&bridge, &session, call("2", "crash", "")).await;
    assert!(status == 502 && text.contains(r#""id":2,"#) && text.contains("-32603"), "{status} {text}");
    let (status, text) = read(hanging).await;
    assert!(status == 200 && text.contains(r#""id":1,"#) && text.contains("-32603"), "{status} {text}");
    let (status, text) = ask(&bridge, &session, call("3", "count", "")).await;
    assert!(status == 404 && text.contains(r#""id":3,"#), "{status} {text}");
    let gone = Bridge::new(Child { program: "/nonexistent/server".into(), ..wrap(&[]) }, None);
    let (status, text) = read(send(&gone, "POST", &[], modern("4", "count")).await).await;
    assert!(status == 502 && text.contains("could not be started"), "{status} {text}");
    bridge.stop().await;
}

#[tokio::test]
async fn survives_a_server_that_talks_nonsense() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let (status, text) = ask(&bridge, &session, call("1", "garbage", "")).await;
    assert!(status == 200 && text.contains("clean") && !text.contains("listening"), "{text}");
    for tool in ["twice", "huge"] {
        let (status, text) = ask(&bridge, &session, call("2", tool, "")).await;
        assert!(text.contains("-32603") && text.len() < 500, "{tool}: {status} {text}");
    }
    assert!(ask(&bridge, &session, call("3", "count", "")).await.1.contains(r#""text": "1""#));
    bridge.stop().await;
}

#[tokio::test]
async fn sends_one_line_for_each_message() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let smuggled = r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"crash"}}"#;
    for end in ["\r", "\n", "\r\n", "\u{2028}", "\u{85}"] {
        // Between tokens only white space may stand; the others are legal inside a string.
        let inside = if end.len() > 2 || end == "\u{85}" {
            format!("\"{end}\"")
        } else {
            format!("{end}{smuggled}{end}")
        };
        let body = call("1", "echo", &format!(r#","arguments":{{"text":"ok","x":[{inside}]}}"#));
        let (status, text) = ask(&bridge, &session, body).await;
        assert!(status == 200 && text.contains("ok"), "{end:?}: {text}");
    }
    let (_, text) = ask(&bridge, &session, call("2", "seen", "")).await;
    assert_eq!(text.matches("tools/call").count(), 6, "five calls and this one: {text}");
    for (body, code) in
        [("{} {}", "-32700"), ("[]", "-32600"), ("{\"a\":1}", "-32600"), ("\u{feff}{}", "-32700")]
    {
        let (status, text) = ask(&bridge, &session, body.into()).await;
        assert!(status == 400 && text.contains(code), "{body}: {text}");
    }
    bridge.stop().await;
}

#[tokio::test]
async fn tells_a_prober_that_a_legacy_server_has_no_discovery() {
    for habits in [&["legacy"], &["fragile"]] {
        let bridge = Bridge::new(wrap(habits), None);
        let probe =
            format!(r#"{{"jsonrpc":"2.0","id":"p","method":"server/discover","params":{{{MODERN}}}}}}}"#);
        let (status, text) = read(send(&bridge, "POST", &[], probe).await).await;
        assert!(status == 404 && text.contains("-32601"), "{habits:?}: {status} {text}");
        begin(&bridge).await;
        bridge.stop().await;
    }
}

#[tokio::test]
async fn ends_a_child_that_does_not_want_to() {
    let times = Times { grace: Duration::from_millis(50), ..Times::default() };
    let bridge = Bridge::with_times(wrap(&["deaf"]), None, times);
    let session = begin(&bridge).await;
    let child = bridge.session(&session, "").unwrap();
    timeout(DEADLINE, bridge.stop()).await.expect("it is killed");
    assert!(!child.is_there());
    assert_eq!(read(send(&bridge, "POST", &[], modern("1", "count")).await).await.0, 503);
}

#[tokio::test]
async fn ends_what_nobody_uses() {
    let times = Times { idle: Duration::from_millis(500), ..Times::default() };
    let bridge = Bridge::with_times(wrap(&[]), None, times);
    let session = begin(&bridge).await;
    let child = Arc::clone(&bridge.children().sessions[&*session]);
    timeout(DEADLINE, child.gone()).await.expect("it is reaped");
    assert_eq!(ask(&bridge, &session, call("1", "count", "")).await.0, 404);
}

#[tokio::test]
async fn refuses_what_has_no_session() {
    let bridge = bridge();
    let refuse = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"refuse"}}"#;
    let response = send(&bridge, "POST", &[], refuse).await;
    assert!(!response.headers().contains_key("mcp-session-id"));
    assert!(read(response).await.1.contains("-32602"));
    let modern_header = [("mcp-protocol-version", "2026-07-28")];
    let unknown = [("mcp-session-id", "unknown")];
    let table = [
        ("POST", &[][..], 400),
        ("POST", &unknown, 404),
        ("GET", &[], 400),
        ("GET", &unknown, 404),
        ("GET", &modern_header, 405),
        ("DELETE", &modern_header, 405),
        ("DELETE", &unknown, 404),
        ("PUT", &[], 405),
    ];
    for (method, headers, status) in table {
        assert_eq!(
            send(&bridge, method, headers, call("1", "count", "")).await.status(),
            status,
            "{method} {headers:?}"
        );
    }
    bridge.stop().await;
}

#[tokio::test]
async fn bounds_children_and_hides_the_environment() {
    let bridge = bridge();
    let (_, text) = read(send(&bridge, "POST", &[], modern("1", "environment")).await).await;
    assert!(text.contains("PATH") && text.contains("GIVEN") && !text.contains("CARGO"), "{text}");
    let children = std::mem::take(&mut *bridge.children());
    let child = children.shared.values().next().unwrap();
    for number in 0..BRIDGE_CHILDREN_MAX {
        bridge.children().sessions.insert(number.to_string().into(), Arc::clone(child));
    }
    let (status, text) = read(send(&bridge, "POST", &[], modern("1", "count")).await).await;
    assert!(status == 503 && text.contains("too many"), "{status} {text}");
    bridge.stop().await;
}
