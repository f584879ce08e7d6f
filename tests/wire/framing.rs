//! HTTP at its edges: bodies at the bound, slow clients, connections that are used again, HTTP/2.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wire::request;

const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A call of exactly `length` bytes.
fn call_of(length: usize) -> String {
    let empty = call(1, "echo", r#"{"x":""}"#);
    call(1, "echo", &format!(r#"{{"x":"{}"}}"#, "a".repeat(length - empty.len())))
}

#[test]
fn takes_bodies_up_to_the_bound_and_refuses_one_byte_more() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let around = |at: usize| [at - 1, at, at + 1];
    for length in around(64 * 1024).into_iter().chain(around(BODY_BYTES_MAX)) {
        let body = call_of(length);
        assert_eq!(body.len(), length);
        let before = upstream.got().len();
        let answer = gate.post(ALICE, &body);
        if length <= BODY_BYTES_MAX {
            assert_eq!(answer.status(), 200, "{length}: {}", answer.text());
            assert!(
                upstream.got().last().is_some_and(|got| got.body == body),
                "{length}: arrives as it was sent"
            );
        } else {
            assert_eq!((answer.status(), answer.error().0), (413, -31_413), "{length}: {}", answer.text());
            assert_eq!(upstream.got().len(), before);
        }
    }
}

#[test]
fn holds_the_bound_for_chunked_bodies_too() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for (length, status) in [(BODY_BYTES_MAX, 200), (BODY_BYTES_MAX + 1, 413)] {
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let body = call_of(length);
        let mut wire = gate.connect();
        wire.send(format!("{head}{length:x}\r\n{body}\r\n0\r\n\r\n").as_bytes());
        assert_eq!(wire.answer().status(), status, "{length}");
    }
    assert!(upstream.got().iter().all(|got| !got.head.to_ascii_lowercase().contains("transfer-encoding")));
}

#[test]
fn answers_a_client_that_waits_to_be_asked_for_its_body() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let body = call(1, "echo", "{}");
    let bytes = request(ALICE, &[("Expect", "100-continue")], body.as_bytes());
    let (head, _) = bytes.split_at(bytes.len() - body.len());
    let mut wire = gate.connect();
    wire.send(head);
    assert_eq!(wire.head().status, 100);
    wire.send(body.as_bytes());
    assert_eq!(wire.answer().status(), 200);
}

fn hurried(upstream: &Upstream) -> Gate {
    let url = upstream.url();
    let words = ["--upstream", &url, "--header-timeout", "400ms", "--body-timeout", "400ms"];
    Gate::with(Bundle::new(&bundle::clinic()), &words)
}

#[test]
fn gives_up_on_a_head_that_does_not_come() {
    let upstream = Upstream::echo();
    let gate = hurried(&upstream);
    for start in ["", "P", "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n"] {
        let started = Instant::now();
        let mut wire = gate.connect();
        wire.send(start.as_bytes());
        wire.closed();
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "`{start}` held a connection for {:?}",
            started.elapsed()
        );
    }
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn gives_up_on_a_body_that_does_not_come() {
    let upstream = Upstream::echo();
    let gate = hurried(&upstream);
    let body = call(1, "echo", "{}");
    let bytes = request(ALICE, &[], body.as_bytes());
    let mut wire = gate.connect();
    wire.send(&bytes[..bytes.len() - 1]);
    let answer = wire.answer();
    assert_eq!((answer.status(), answer.error().0), (408, -31_408), "{}", answer.text());
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn uses_a_connection_again_for_request_after_request() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = gate.connect();
    for id in 0..5 {
        let tool = if id % 2 == 0 { "echo" } else { "delete_all" };
        let answer = wire.post(ALICE, &[], &call(id, tool, "{}"));
        assert_eq!(answer.json()["id"], id);
        assert_eq!(answer.tool_error().is_some(), id % 2 == 1, "{}", answer.text());
    }
    // Two at once: the answers come in the order of the requests.
    let both = [
        request(ALICE, &[], call(8, "delete_all", "{}").as_bytes()),
        request(ALICE, &[], call(9, "echo", "{}").as_bytes()),
    ];
    wire.send(&both.concat());
    assert_eq!(
        [wire.answer().json()["id"].as_u64(), wire.answer().json()["id"].as_u64()],
        [Some(8), Some(9)]
    );
}

#[test]
fn speaks_http_2_without_tls() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let exchange = async {
        let stream = tokio::net::TcpStream::connect(gate.address).await.expect("it listens");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("it speaks h2");
        tokio::spawn(connection);
        for (tool, is_error) in [("echo", false), ("delete_all", true), ("echo", false)] {
            let request = http::Request::post(gate.url())
                .header("authorization", format!("Bearer {ALICE}"))
                .header("content-type", "application/json")
                .header("accept", "application/json, text/event-stream")
                .body(Full::new(bytes::Bytes::from(call(1, tool, "{}"))))
                .expect("the request is well-formed");
            let answer = sender.send_request(request).await.expect("it answers");
            assert_eq!(answer.status(), 200);
            let body = answer.into_body().collect().await.expect("the answer is whole").to_bytes();
            let json: serde_json::Value = serde_json::from_slice(&body).expect("the answer is JSON");
            assert_eq!(json["result"]["isError"] == true, is_error, "{json}");
        }
    };
    runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), exchange).await })
        .expect("it answers in time");
}
