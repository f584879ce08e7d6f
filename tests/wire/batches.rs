//! Batches of 2025-03-26: judged and sent one by one, answered as one.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::handles::{gate, initialize};
use crate::support::bundle::ALICE;
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, end_chunks, open_events, result, send_chunk, send_head};
use crate::support::wire::{Answer, Wire};

/// A server that answers `slow` with a stream, everything else with JSON, notifications with 202.
fn server() -> Upstream {
    let sessions = AtomicU32::new(0);
    Upstream::start(move |got, stream| {
        let body: serde_json::Value = serde_json::from_str(&got.body).unwrap_or_default();
        let text = r#"{"content":[{"type":"text","text":"mail maria.lopez@example.org"}]}"#;
        if got.body.contains("initialize\"") {
            let version = &body["params"]["protocolVersion"];
            let answer = format!(
                r#"{{"protocolVersion":{version},"capabilities":{{}},"serverInfo":{{"name":"s","version":"1"}}}}"#
            );
            let session = format!("Mcp-Session-Id: s-{}\r\n", sessions.fetch_add(1, Ordering::SeqCst));
            send_head(stream, 200, &session, &result(&got.body, &answer));
        } else if body["id"].is_null() {
            send_head(stream, 202, "", "");
        } else if got.body.contains("slow") {
            open_events(stream);
            send_chunk(stream, &format!("data: {}\n\n", result(&got.body, text)));
            end_chunks(stream);
        } else {
            send_head(stream, 200, "", &result(&got.body, text));
        }
        After::Keep
    })
}

fn post(gate: &Gate, session: &str, messages: &[String]) -> Answer {
    let body = format!("[{}]", messages.join(","));
    let headers = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", "2025-03-26")];
    Wire::connect(gate.address).post(ALICE, &headers, &body)
}

fn notification() -> String {
    r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#.into()
}

#[test]
fn each_message_is_judged_and_sent_by_itself() {
    let upstream = server();
    let gate = gate(&upstream, "version: 1\n");
    let session = initialize(&gate, ALICE, "2025-03-26");
    let reached = upstream.got().len();
    let messages =
        [call(1, "echo", "{}"), notification(), call(2, "delete_all", "{}"), call(3, "lookup", "{}")];
    let answer = post(&gate, &session, &messages);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let answers = answer.json();
    let answers = answers.as_array().expect("the answers are an array");
    let mut ids: Vec<i64> = answers.iter().filter_map(|answer| answer["id"].as_i64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3], "{answers:?}");
    let refused = answers.iter().find(|answer| answer["id"] == 2).expect("it is answered");
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    assert!(!answer.text().contains("maria.lopez"), "{}", answer.text());
    let got = upstream.got();
    assert_eq!(got.len(), reached + 3, "the denied call did not reach the server");
    assert!(got.iter().all(|got| !got.body.starts_with('[') && !got.body.contains("delete_all")));
}

#[test]
fn a_stream_among_the_answers_makes_all_of_them_events() {
    let upstream = server();
    let gate = gate(&upstream, "version: 1\n");
    let session = initialize(&gate, ALICE, "2025-03-26");
    let answer = post(&gate, &session, &[call(1, "echo", "{}"), call(2, "slow", "{}")]);
    assert_eq!(answer.head.header("content-type"), Some("text/event-stream"));
    let text = answer.text();
    assert_eq!(text.matches("data: {").count(), 2, "{text}");
    let only = post(&gate, &session, &[notification(), notification()]);
    assert_eq!((only.status(), only.text().as_str()), (202, ""));
}

#[test]
fn no_batch_passes_where_none_was_negotiated() {
    let upstream = server();
    let gate = gate(&upstream, "version: 1\n");
    let newer = initialize(&gate, ALICE, "2025-06-18");
    let older = initialize(&gate, ALICE, "2025-03-26");
    let reached = upstream.got().len();
    let handshake = r#"{"jsonrpc":"2.0","id":5,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    let echo = call(1, "echo", "{}");
    let many: Vec<String> = (0..33).map(|id| call(id, "echo", "{}")).collect();
    let cases: [(&str, &[String]); 6] = [
        (&newer, std::slice::from_ref(&echo)),
        (&older, &[]),
        (&older, &many),
        (&older, &[echo.clone(), handshake.into()]),
        (&older, &[echo.clone(), "7".into()]),
        (&older, &[format!("[{echo}]")]),
    ];
    for (session, messages) in cases {
        let answer = post(&gate, session, messages);
        assert_eq!((answer.status(), answer.error().0), (400, -32_600), "{messages:?}: {}", answer.text());
    }
    assert_eq!(upstream.got().len(), reached);
    assert_eq!(post(&gate, &older, &many[..32]).status(), 200, "32 are not too many");
}

#[test]
fn the_policy_can_refuse_all_batches() {
    let upstream = server();
    let gate = gate(&upstream, "version: 1\nstrict: { batches: reject }\n");
    let session = initialize(&gate, ALICE, "2025-03-26");
    assert_eq!(post(&gate, &session, &[call(1, "echo", "{}")]).status(), 400);
}
