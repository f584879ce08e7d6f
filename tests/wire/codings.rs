//! Content codings: nobody is asked for one, and what is coded is judged all the same or goes no further.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, end_chunks, result};
use crate::support::wire::{Answer, request};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn send(gate: &Gate, coding: &str, body: &[u8]) -> Answer {
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[("Content-Encoding", coding)], body));
    wire.answer()
}

#[test]
fn refuses_coded_requests_unless_the_policy_decodes_them() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let body = call(1, "echo", "{}");
    for (coding, bytes) in [
        ("gzip", gzip(body.as_bytes())),
        ("deflate", zlib(body.as_bytes())),
        ("x-gzip", body.clone().into_bytes()),
        ("br", body.clone().into_bytes()),
        ("gzip, gzip", gzip(&gzip(body.as_bytes()))),
        ("", body.clone().into_bytes()),
    ] {
        assert_eq!(send(&gate, coding, &bytes).status(), 415, "{coding}");
    }
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn decodes_requests_where_the_policy_says_so_and_judges_what_comes_out() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::with("strict: { request_coding: decode }"), &upstream.url());
    let (good, bad) = (call(1, "echo", "{}"), call(1, "delete_all", "{}"));
    assert_eq!(send(&gate, "GZIP", &gzip(good.as_bytes())).status(), 200);
    assert_eq!(send(&gate, "deflate", &zlib(good.as_bytes())).status(), 200);
    assert!(send(&gate, "gzip", &gzip(bad.as_bytes())).tool_error().is_some());
    assert_eq!(upstream.got().len(), 2);
    for got in upstream.got() {
        assert_eq!(got.body, good);
        assert!(!got.head.to_ascii_lowercase().contains("content-encoding"), "{}", got.head);
    }
    let whole = gzip(good.as_bytes());
    let bomb = gzip(&vec![b' '; 40 << 20]);
    for (name, coding, bytes, status) in [
        ("cut", "gzip", &whole[..whole.len() - 1], 400),
        ("a second member", "gzip", &[whole.as_slice(), &whole].concat(), 400),
        ("not coded", "gzip", good.as_bytes(), 400),
        ("another coding", "deflate", &whole, 400),
        ("twice", "gzip", &gzip(&whole), 400),
        ("a list", "gzip, gzip", &gzip(&whole), 415),
        ("unknown", "br", good.as_bytes(), 415),
        ("a bomb", "gzip", &bomb, 413),
        ("coded and not said", "identity", &whole, 400),
    ] {
        assert_eq!(send(&gate, coding, bytes).status(), status, "{name}");
    }
    assert_eq!(upstream.got().len(), 2);
}

/// A server that answers every call with `text` in a coding, as JSON or as an event.
fn coded(coding: &'static str, is_event: bool, pack: fn(&[u8]) -> Vec<u8>, text: &'static str) -> Upstream {
    Upstream::start(move |got, stream| {
        let answer = result(&got.body, &format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#));
        let (kind, plain) = if is_event {
            ("text/event-stream", format!("event: message\ndata: {answer}\n\n"))
        } else {
            ("application/json", answer)
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let _ = stream.write_all(head.as_bytes());
        // In small chunks, so that no form of the answer comes in one piece.
        for chunk in pack(plain.as_bytes()).chunks(20) {
            let _ = stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes());
            let _ = stream.write_all(chunk);
            let _ = stream.write_all(b"\r\n");
        }
        end_chunks(stream);
        After::Keep
    })
}

#[test]
fn decodes_answers_that_nobody_asked_to_be_coded() {
    for is_event in [false, true] {
        for (coding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("deflate", zlib)] {
            let upstream = coded(coding, is_event, pack, "ssn 536-22-8726");
            let gate = Gate::start(&bundle::clinic(), &upstream.url());
            let answer = gate.call(ALICE, "echo", "{}");
            assert_eq!(answer.head.header("content-encoding"), None);
            let text = answer.json()["result"]["content"][0]["text"].to_string();
            assert!(text.contains("ssn") && !text.contains("536-22"), "{coding} {is_event}: {text}");
        }
    }
}

/// How a server codes its answer.
type Pack = fn(&[u8]) -> Vec<u8>;

#[test]
fn withholds_answers_that_it_cannot_decode() {
    let plain = |bytes: &[u8]| bytes.to_vec();
    let bomb = |_: &[u8]| gzip(&vec![b' '; 40 << 20]);
    let cases: [(&str, Pack); 5] =
        [("br", plain), ("gzip, gzip", gzip), ("gzip", plain), ("gzip", bomb), ("", plain)];
    for is_event in [false, true] {
        for (coding, pack) in cases {
            let upstream = coded(coding, is_event, pack, "secret-1");
            let gate = Gate::start(&bundle::clinic(), &upstream.url());
            let answer = gate.call(ALICE, "echo", "{}");
            assert!(!answer.text().contains("secret-1"), "{coding}: {}", answer.text());
            assert!(answer.text().contains("withheld"), "{coding} {is_event}: {}", answer.text());
        }
        let upstream = coded("gzip", is_event, gzip, "secret-1");
        let gate = Gate::start(&bundle::with("strict: { answer_coding: withhold }"), &upstream.url());
        let answer = gate.call(ALICE, "echo", "{}");
        assert!(answer.text().contains("withheld"), "{}", answer.text());
    }
}
