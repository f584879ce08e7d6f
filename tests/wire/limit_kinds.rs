//! Each kind of limit, in front of a real server: budgets, places in flight, what answers and arguments cost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};

use serde_json::json;

use crate::handles::{gate as gate_with, initialize};
use crate::support::bundle::{self, ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, result, send_json};
use crate::support::wait_for;
use crate::support::wire::{Answer, Wire, request};

const CONTENT: &str = r#"{"content":[{"type":"text","text":"ok"}]}"#;

fn limited(limits: &str, upstream: &Upstream) -> Gate {
    Gate::start(&bundle::with(&format!("limits:\n  - {limits}")), &upstream.url())
}

/// What a refused call is told.
#[track_caller]
fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.tool_error().unwrap_or_else(|| panic!("it went through: {}", answer.text()))
}

#[track_caller]
fn passes(answer: &Answer) {
    assert!(answer.status() == 200 && answer.tool_error().is_none(), "{}", answer.text());
}

/// A server that answers a call of `slow` when it is told to, and everything else at once.
fn slow() -> (Upstream, Sender<()>) {
    let (answer, told) = mpsc::channel();
    let told = Mutex::new(told);
    let upstream = Upstream::start(move |got, stream| {
        if got.body.contains(r#""slow""#) {
            let _ = told.lock().expect("no thread panicked with it").recv_timeout(crate::support::PATIENCE);
        }
        let head = if got.body.contains("initialize") { INITIALIZED } else { CONTENT };
        if got.body.contains("initialize") {
            crate::support::upstream::send_head(
                stream,
                200,
                "Mcp-Session-Id: one\r\n",
                &result(&got.body, head),
            );
        } else {
            send_json(stream, 200, &result(&got.body, head));
        }
        After::Keep
    });
    (upstream, answer)
}

const INITIALIZED: &str =
    r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"slow","version":"1"}}"#;

/// Sends a call of `slow` that stays open, and waits until the server has it.
fn open(gate: &Gate, upstream: &Upstream, headers: &[(&str, &str)], id: u32) -> Wire {
    let before = upstream.got().len();
    let mut wire = gate.connect();
    wire.send(&request(ALICE, headers, call(id, "slow", "{}").as_bytes()));
    wait_for("the call at the server", || (upstream.got().len() > before).then_some(()));
    wire
}

#[test]
fn a_budget_is_spent_once_and_says_when_it_comes_back() {
    let upstream = Upstream::echo();
    let gate = limited("{ id: month, per: [user], budget: 2/month }", &upstream);
    passes(&gate.call(ALICE, "echo", "{}"));
    passes(&gate.call(ALICE, "lookup", "{}"));
    let text = refusal(&gate.call(ALICE, "echo", "{}"));
    assert!(text.contains("budget used up: 2 calls a month per user; retry in"), "{text}");
    passes(&gate.call(BOB, "echo", "{}"));
    let record = gate.record("the refused call", |record| record["decision"]["reason"] == "budget");
    assert_eq!(record["decision"]["rule"], "month");
    assert_eq!(upstream.got().len(), 3);
    assert_eq!(gate.metric("sluicegate_limit_keys", "month"), 2.0);
    assert_eq!(gate.metric("sluicegate_limit_decisions_total", r#"limit="month",verdict="deny""#), 1.0);
    assert_eq!(gate.metric("sluicegate_limit_remaining_ratio", "month"), 0.0);
}

#[test]
fn a_place_in_flight_is_free_when_the_answer_came() {
    let (upstream, answer) = slow();
    let gate = limited("{ id: hot, per: [tool], concurrency: 1 }", &upstream);
    let mut first = open(&gate, &upstream, &[], 1);
    let text = refusal(&gate.call(BOB, "slow", "{}"));
    assert!(text.contains("too many requests are in flight here"), "{text}");
    passes(&gate.call(BOB, "echo", "{}"));
    for _ in 0..2 {
        answer.send(()).expect("the server waits");
    }
    passes(&first.answer());
    passes(&gate.call(BOB, "slow", "{}"));
}

#[test]
fn a_place_in_flight_is_free_when_the_client_has_gone() {
    let (upstream, answer) = slow();
    let gate = limited("{ id: hot, per: [user], concurrency: 1 }", &upstream);
    let first = open(&gate, &upstream, &[], 1);
    refusal(&gate.call(ALICE, "echo", "{}"));
    drop(first);
    wait_for("a free place", || gate.call(ALICE, "echo", "{}").tool_error().is_none().then_some(()));
    drop(answer);
}

#[test]
fn a_place_in_flight_is_free_when_the_call_was_taken_back() {
    let (upstream, answer) = slow();
    let gate = limited("{ id: hot, per: [user], concurrency: 1 }", &upstream);
    let session = initialize(&gate, ALICE, "2025-11-25");
    let headers = [("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", "2025-11-25")];
    let first = open(&gate, &upstream, &headers, 7);
    let post = |body: &str| gate.connect().post(ALICE, &headers, body);
    refusal(&post(&call(8, "echo", "{}")));
    post(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#);
    passes(&post(&call(9, "echo", "{}")));
    drop((first, answer));
}

#[test]
fn an_answer_is_charged_what_it_was_long() {
    let long = format!(r#"{{"content":[{{"type":"text","text":"{}"}}]}}"#, "a".repeat(900));
    let upstream = Upstream::json(move |body| result(body, &long));
    let gate = limited(
        "{ id: bytes, per: [user], unit: response_bytes, estimate: 1, budget: 1000/month }",
        &upstream,
    );
    passes(&gate.call(ALICE, "echo", "{}"));
    wait_for("the settled budget", || {
        (gate.metric("sluicegate_limit_remaining_ratio", "bytes") < 0.1).then_some(())
    });
    passes(&gate.call(ALICE, "echo", "{}"));
    wait_for("debt", || (gate.metric("sluicegate_limit_remaining_ratio", "bytes") < 0.0).then_some(()));
    let text = refusal(&gate.call(ALICE, "echo", "{}"));
    assert!(text.contains("budget used up") && text.contains("per user"), "{text}");
}

#[test]
fn tokens_count_what_the_model_writes_and_reads() {
    let upstream = Upstream::echo();
    let gate = limited("{ id: words, per: [user], unit: tokens, rate: 1000/hour }", &upstream);
    passes(&gate.call(ALICE, "echo", r#"{"message":"hello"}"#));
    let long = format!(r#"{{"message":"{}"}}"#, "a".repeat(5000));
    let text = refusal(&gate.call(ALICE, "echo", &long));
    assert!(text.contains("the limit per user never has more than 1000"), "{text}");
    passes(&gate.call(ALICE, "echo", r#"{"message":"hello"}"#));
}

#[test]
fn an_argument_is_counted_by_its_number_and_refused_without_one() {
    let upstream = Upstream::echo();
    let limit =
        "{ id: rows, per: [user], match: { tools: [lookup] }, unit: \"arg:page.limit\", rate: 100/hour }";
    let gate = limited(limit, &upstream);
    let rows = |rows: &str| gate.call(ALICE, "lookup", &format!(r#"{{"page":{{"limit":{rows}}}}}"#));
    passes(&rows("60"));
    assert!(refusal(&rows("41")).contains("retry in"));
    passes(&rows("39.5"));
    for (arguments, part) in [
        (r#"{"page":{"limit":"5"}}"#, "`page.limit`, which must be a number"),
        (r#"{"page":{"limit":-5}}"#, "`page.limit`, which must be a number"),
        ("{}", "`page.limit`, which must be a number"),
        (r#"{"page":{"limit":1e9}}"#, "waiting does not help"),
    ] {
        let text = refusal(&gate.call(ALICE, "lookup", arguments));
        assert!(text.contains(part), "{arguments}: {text}");
    }
    passes(&gate.call(ALICE, "echo", "{}"));
    assert_eq!(upstream.got().len(), 3);
}

#[test]
fn lists_and_handshakes_are_counted_where_a_limit_says_so() {
    let (upstream, answer) = slow();
    let gate = limited(
        "{ id: others, per: [user], match: { requests: [lists, handshakes] }, rate: 2/hour }",
        &upstream,
    );
    let list = r#"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#;
    initialize(&gate, ALICE, "2025-11-25");
    assert_eq!(gate.post(ALICE, list).status(), 200);
    let limited = gate.post(ALICE, list);
    assert_eq!((limited.status(), limited.error().0), (429, -31_429), "{}", limited.text());
    assert!(limited.head.header("retry-after").is_some());
    for _ in 0..3 {
        passes(&gate.call(ALICE, "echo", "{}"));
        initialize(&gate, ALICE, "2025-11-25");
    }
    drop(answer);
}

#[test]
fn the_next_round_of_a_call_is_no_call_of_its_own_where_the_policy_says_so() {
    let asks = json!({ "resultType": "input_required", "requestState": "state-1",
        "inputRequests": { "a": { "method": "elicitation/create", "params": { "message": "?" } } } });
    let upstream = Upstream::json(move |body| {
        let is_round = body.contains("inputResponses");
        let done = json!({ "resultType": "complete", "content": [] });
        result(body, &if is_round { done } else { asks.clone() }.to_string())
    });
    let more = "version: 1\nallow:\n  - { id: ask, roles: [reader], methods: [elicitation/create] }\nlimits:\n  \
        - { id: once, per: [user], rate: 1/hour, input_required: count_once }\n";
    let gate = gate_with(&upstream, more);
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} } });
    let send = |params: serde_json::Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
        let headers =
            [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")];
        let mut wire = gate.connect();
        wire.send(&request(ALICE, &headers, body.as_bytes()));
        wire.answer()
    };
    let first = send(json!({ "name": "echo", "arguments": {}, "_meta": meta })).json();
    let state = first["result"]["requestState"].as_str().unwrap_or_else(|| panic!("no state: {first}"));
    let round = json!({ "name": "echo", "arguments": {}, "inputResponses": { "a": { "action": "accept" } },
        "requestState": state, "_meta": meta });
    passes(&send(round.clone()));
    assert!(refusal(&send(round)).contains("rate limit"), "a state counts once");
    assert!(refusal(&send(json!({ "name": "echo", "arguments": {}, "_meta": meta }))).contains("rate limit"));
}

#[test]
fn who_waits_for_a_place_gets_it_and_who_waits_too_long_does_not() {
    let (upstream, answer) = slow();
    let gate =
        limited("{ id: hot, per: [tool], concurrency: 1, queue: { max: 1, timeout: 20s } }", &upstream);
    let mut first = open(&gate, &upstream, &[], 1);
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for id in [2, 3] {
            let (tell, gate) = (tell.clone(), &gate);
            scope.spawn(move || {
                let answered = gate.connect().post(BOB, &[], &call(id, "slow", "{}"));
                tell.send(answered.tool_error()).expect("somebody listens");
            });
        }
        let one = told.recv_timeout(crate::support::PATIENCE).expect("one has no room in the line");
        assert!(one.as_ref().is_some_and(|text| text.contains("in flight")), "{one:?}");
        assert_eq!(upstream.got().len(), 1);
        for _ in 0..2 {
            answer.send(()).expect("the server waits");
        }
        passes(&first.answer());
        let other = told.recv_timeout(crate::support::PATIENCE).expect("the other waits in the line");
        assert_eq!(other, None);
    });
    assert_eq!(gate.metric("sluicegate_queue_wait_seconds_count", "hot"), 1.0);
    assert_eq!(gate.metric("sluicegate_limit_keys", "hot"), 1.0);
}

#[test]
fn who_waits_for_a_place_is_refused_when_time_is_up() {
    let (upstream, answer) = slow();
    let gate =
        limited("{ id: hot, per: [tool], concurrency: 1, queue: { max: 1, timeout: 50ms } }", &upstream);
    let mut first = open(&gate, &upstream, &[], 1);
    assert!(refusal(&gate.call(BOB, "slow", "{}")).contains("in flight"));
    assert_eq!(gate.metric("sluicegate_queue_wait_seconds_count", "hot"), 1.0);
    answer.send(()).expect("the server waits");
    passes(&first.answer());
}

#[test]
fn who_waits_gets_the_place_of_a_call_that_is_refused_after_it_was_counted() {
    let upstream = Upstream::echo();
    // Room for both: whoever was woken stands in the line until the gate has judged the call again.
    let limits = "limits:\n  - { id: hot, per: [tool], concurrency: 1, queue: { max: 2, timeout: 20s } }";
    let rule = "redact:\n  - { id: stop, on: arguments, detectors: [us_ssn], action: block }\n";
    let gate = Gate::start(&bundle::with(limits).replace("redact:\n", rule), &upstream.url());
    // Searching it takes a while, in which it has the place.
    let long = format!(r#"{{"a":"{} 536-22-8726"}}"#, "some words ".repeat(40_000));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                let said = refusal(&gate.call(ALICE, "echo", &long));
                // Each may wait for the other, and nobody wakes who waits but the end of a call.
                assert!(!said.contains("in flight"), "{said}");
            }
        });
        let waits = || gate.metric("sluicegate_queue_wait_seconds_count", "hot");
        let mut answers = Vec::new();
        while answers.len() < 8 || (waits() < 3.0 && answers.len() < 500) {
            answers.push(gate.call(BOB, "echo", "{}").tool_error());
        }
        is_over.store(true, Ordering::SeqCst);
        assert!(waits() >= 3.0, "some came while the other had the place");
        assert!(answers.iter().all(Option::is_none), "{answers:?}");
    });
}
