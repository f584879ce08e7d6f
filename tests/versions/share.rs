//! The share of a canary, as a server sees it.

use std::time::{Duration, Instant};

use crate::stage;
use crate::support::bundle::Bundle;
use crate::support::gate::Gate;
use crate::support::wire::Wire;

const CALLS: usize = 10_000;
const CLIENTS: usize = 8;
const PERCENT: usize = 10;

/// Calls `search` once in each of `conversations`, over one connection; how many were carried out by version 3.
fn call_all(gate: &Gate, conversations: std::ops::Range<usize>) -> usize {
    let mut wire = Wire::connect(gate.address);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"tea","limit":1}}}"#;
    let count = |conversation: usize| {
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Talk: talk-{conversation}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        wire.send(head.as_bytes());
        let answer = wire.answer();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        answer.text().contains("third")
    };
    conversations.map(count).filter(|is_canary| *is_canary).count()
}

#[test]
fn a_canary_holds_its_share_over_ten_thousand_calls_through_the_gate() {
    let upstream = stage::server();
    let bundle = Bundle::new(&format!(
        "version: 1\nserver: {{ id: notes }}\ncallers: {{ anonymous: allow }}\nconversation: {{ sources: [header:X-Talk] }}\n\
         tools:\n  search@2: {{}}\n  search@3: {{ upstream: search-v3 }}\n  search: {{ canary: {{ 3: {PERCENT} }} }}\n\
         allow: [{{ id: all, tools: '*' }}]\n"
    ));
    bundle.write("tools.lock.yaml", &stage::lock());
    let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
    let began = Instant::now();
    let each = CALLS / CLIENTS;
    let drawn: usize = std::thread::scope(|scope| {
        let gate = &gate;
        let clients: Vec<_> =
            (0..CLIENTS).map(|at| scope.spawn(move || call_all(gate, at * each..(at + 1) * each))).collect();
        clients.into_iter().map(|client| client.join().expect("no client panicked")).sum()
    });
    let share = drawn as f64 * 100.0 / CALLS as f64;
    println!("{CALLS} calls in {:?}: {share} percent", began.elapsed());
    assert!((share - PERCENT as f64).abs() <= 2.0, "{share} percent of the calls");
    let carried = upstream.got().iter().filter(|got| got.subject() == "search-v3").count();
    assert_eq!(carried, drawn, "the server says the same");
    let again = call_all(&gate, 0..each);
    assert_eq!(again, call_all(&gate, 0..each), "a conversation stays where it is");
    assert!(began.elapsed() < Duration::from_secs(180));
}
