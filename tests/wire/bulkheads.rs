//! How much may be with the server at once, what is sent again, and what goes to a replica.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Condvar, Mutex};

use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Got, Upstream, open_events, result, send_json};
use crate::support::wire::{Wire, request};
use crate::support::{PATIENCE, wait_for};

const OK: &str = r#"{"content":[{"type":"text","text":"ok"}]}"#;

fn policy(more: &str, upstream: &str) -> String {
    format!(
        "version: 1\nserver: {{ id: clinic }}\n{}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  echo: {{ class: read }}\n  lookup: {{ class: read, concurrency: 1 }}\n  \
         note: {{ class: write }}\n  put: {{ class: write, idempotent: true }}\n  wipe: {{ class: destructive }}\n\
         allow:\n  - {{ id: all, roles: [reader], tools: [echo, lookup, note, put, wipe] }}\n{more}\n\
         upstream: {{ {upstream} }}\n",
        bundle::callers()
    )
}

/// A server that answers nothing until it may.
pub struct Held {
    /// The server.
    pub upstream: Upstream,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Held {
    pub fn start() -> Self {
        let open = Arc::new((Mutex::new(false), Condvar::new()));
        let gate = Arc::clone(&open);
        let upstream = Upstream::start(move |got, stream| {
            let (is_open, bell) = &*gate;
            let guard = is_open.lock().expect("no thread panicked with it");
            drop(bell.wait_timeout_while(guard, PATIENCE, |is_open| !*is_open));
            send_json(stream, 200, &result(&got.body, OK));
            After::Keep
        });
        Self { upstream, open }
    }

    pub fn open(&self) {
        *self.open.0.lock().expect("no thread panicked with it") = true;
        self.open.1.notify_all();
    }

    /// Begins a call, and waits until the server has it.
    pub fn begin(&self, gate: &Gate, bearer: &str, headers: &[(&str, &str)], tool: &str) -> Wire {
        let before = self.upstream.got().len();
        let mut wire = gate.connect();
        wire.send(&request(bearer, headers, call(1, tool, "{}").as_bytes()));
        wait_for("the call to arrive", || (self.upstream.got().len() > before).then_some(()));
        wire
    }
}

#[test]
fn refuses_what_finds_no_place_and_frees_places_however_calls_end() {
    let held = Held::start();
    let policy = policy("", "concurrency: { server: 4, tool: 2 }");
    let gate = Gate::start(&policy, &held.upstream.url());
    let first = held.begin(&gate, ALICE, &[], "lookup");
    let text = gate.call(BOB, "lookup", "{}").tool_error().expect("the model is told");
    assert!(text.contains("other tools may still work; retry in 1 s"), "{text}");
    let mut others: Vec<Wire> = (0..2).map(|_| held.begin(&gate, ALICE, &[], "echo")).collect();
    assert!(gate.call(BOB, "echo", "{}").tool_error().is_some_and(|text| text.contains("too many calls")));
    others.push(held.begin(&gate, ALICE, &[], "note"));
    let full = gate.call(BOB, "wipe", "{}").tool_error().expect("the server is full");
    assert!(full.contains("too much to do; retry in 1 s"), "{full}");
    let list = gate.post(BOB, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!((list.status(), list.error().0), (503, -31_503));
    assert_eq!(list.head.header("retry-after"), Some("1"));
    assert_eq!(held.upstream.got().len(), 4, "what found no place reached no server");
    let record = gate.record("a refusal", |record| record["decision"]["reason"] == "overload");
    assert_eq!(record["decision"]["action"], "deny");
    assert_eq!(gate.metric("sluicegate_concurrency_inflight", "primary"), 4.0);
    assert_eq!(gate.metric("sluicegate_concurrency_limit", "primary"), 4.0);
    // One client hangs up, the others get their answers.
    drop(first);
    wait_for("its place to be free", || {
        (gate.metric("sluicegate_concurrency_inflight", "primary") == 3.0).then_some(())
    });
    held.open();
    for mut wire in others {
        assert_eq!(wire.answer().tool_error(), None);
    }
    wait_for("every place to be free", || {
        (gate.metric("sluicegate_concurrency_inflight", "primary") == 0.0).then_some(())
    });
    assert_eq!(gate.call(BOB, "lookup", "{}").tool_error(), None);
}

#[test]
fn bounds_a_conversation_only_where_the_policy_says_how_one_is_known() {
    let header = ("x-conversation-id", "c-1");
    for (more, is_bounded) in
        [("", false), ("conversation: { sources: [\"header:X-Conversation-Id\"] }", true)]
    {
        let held = Held::start();
        let gate = Gate::start(&policy(more, "concurrency: { tool: 99 }"), &held.upstream.url());
        let eight: Vec<Wire> = (0..8).map(|_| held.begin(&gate, ALICE, &[header], "echo")).collect();
        if is_bounded {
            let body = call(1, "echo", "{}");
            let ninth = gate.connect().post(ALICE, &[header], &body);
            assert!(ninth.tool_error().is_some_and(|text| text.contains("this conversation has too many")));
        }
        let mut more = [
            held.begin(&gate, ALICE, &[("x-conversation-id", "c-2")], "echo"),
            held.begin(&gate, BOB, &[header], "echo"),
        ];
        held.open();
        for wire in eight.into_iter().map(Box::new).chain([]) {
            let mut wire = wire;
            assert_eq!(wire.answer().tool_error(), None);
        }
        more.iter_mut().for_each(|wire| assert_eq!(wire.answer().tool_error(), None));
    }
}

#[test]
fn counts_streams_that_only_listen_apart() {
    let (say, said) = mpsc::channel::<()>();
    let said = Mutex::new(said);
    let upstream = Upstream::start(move |got, stream| {
        if got.head.starts_with("GET") {
            open_events(stream);
            let _ = said.lock().expect("no thread panicked with it").recv_timeout(PATIENCE);
            return After::Close;
        }
        send_json(stream, 200, &result(&got.body, OK));
        After::Keep
    });
    let gate = Gate::start(&policy("", "concurrency: { listens: 1, server: 2 }"), &upstream.url());
    let listen = |bearer: &str| {
        let mut wire = gate.connect();
        let head = format!(
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\nAccept: text/event-stream\r\n\r\n"
        );
        wire.send(head.as_bytes());
        wire
    };
    let mut first = listen(ALICE);
    assert_eq!(first.head().status, 200);
    let mut second = listen(BOB);
    let refused = second.answer();
    assert_eq!(refused.status(), 503, "{}", refused.text());
    assert_eq!(gate.call(BOB, "echo", "{}").tool_error(), None, "calls have places of their own");
    let _: Result<(), _> = Sender::send(&say, ());
    drop(first);
    wait_for("the place to be free", || (listen(BOB).head().status == 200).then_some(()));
}

/// A server that fails the first `failures` requests of each kind with 503.
fn failing(failures: usize) -> (Upstream, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let upstream = Upstream::start(move |got, stream| {
        let turn = seen.fetch_add(1, Ordering::SeqCst);
        if turn < failures {
            send_json(stream, 503, "{}");
        } else {
            send_json(stream, 200, &result(&got.body, OK));
        }
        After::Keep
    });
    (upstream, count)
}

#[test]
fn sends_again_only_what_may_be_done_twice_and_only_if_the_policy_says_so() {
    for (upstream, tool, wanted) in [
        ("idle: 4s", "echo", 1),
        ("retries: { attempts: 1 }", "echo", 2),
        ("retries: { attempts: 2 }", "put", 2),
        ("retries: { attempts: 3 }", "note", 1),
        ("retries: { attempts: 3 }", "wipe", 1),
    ] {
        let (server, count) = failing(1);
        let gate = Gate::start(&policy("", upstream), &server.url());
        let answer = gate.call(ALICE, tool, "{}");
        assert_eq!(count.load(Ordering::SeqCst), wanted, "{upstream} {tool}: {}", answer.text());
        assert_eq!(answer.tool_error().is_none() && answer.status() == 200, wanted == 2, "{tool}");
    }
}

#[test]
fn never_sends_again_what_may_have_been_read() {
    let upstream = Upstream::start(|_, _| After::Close);
    let gate = Gate::start(&policy("", "retries: { attempts: 3 }"), &upstream.url());
    for (calls, tool) in ["echo", "put", "note", "wipe"].iter().enumerate() {
        assert_eq!(gate.call(ALICE, tool, "{}").status(), 502);
        assert_eq!(upstream.got().len(), calls + 1, "{tool}");
    }
}

#[test]
fn sends_no_more_again_than_its_budget() {
    let (server, count) = failing(usize::MAX);
    let upstream = "retries: { attempts: 3, per_second: 1 }, breaker: { state: forced_closed }";
    let gate = Gate::start(&policy("", upstream), &server.url());
    let calls = 20;
    for _ in 0..calls {
        gate.call(ALICE, "echo", "{}");
    }
    let again = gate.metric("sluicegate_upstream_retries_total", "");
    assert_eq!(count.load(Ordering::SeqCst), calls + again as usize);
    assert!((1.0..=10.0).contains(&again), "{again}: one, and one for each second that this took");
    assert!(gate.metric("sluicegate_retry_budget_exhausted_total", "") >= 10.0);
}

fn with_replica(primary: &Upstream, replica: &Upstream, more: &str, rules: &str) -> Gate {
    let upstream = format!(
        "breaker: {{ rest: 300ms, rest_max: 300ms }}, replica: {{ url: \"{}\"{more} }}",
        replica.url()
    );
    let bundle = Bundle::new(&policy(rules, &upstream));
    Gate::with(bundle, &["--upstream", &primary.url()])
}

fn calls_of(upstream: &Upstream) -> Vec<String> {
    upstream.got().iter().map(Got::subject).filter(|what| what != "ping").collect()
}

#[test]
fn sends_what_reads_to_the_replica_and_a_writer_to_the_first_server_for_a_while() {
    let (primary, replica) = (Upstream::echo(), Upstream::echo());
    let gate = with_replica(&primary, &replica, ", sticky: 400ms", "");
    gate.call(ALICE, "echo", "{}");
    assert_eq!((calls_of(&primary).len(), calls_of(&replica)), (0, vec!["echo".into()]));
    gate.record("the call", |record| record["result"]["upstream"] == "replica");
    gate.call(ALICE, "note", "{}");
    gate.call(ALICE, "echo", "{}");
    assert_eq!(calls_of(&primary), ["note", "echo"], "who wrote reads what it wrote");
    gate.call(BOB, "echo", "{}");
    assert_eq!(calls_of(&replica), ["echo", "echo"], "others go on");
    wait_for("the writer to be let go", || {
        gate.call(ALICE, "echo", "{}");
        (calls_of(&replica).len() > 2).then_some(())
    });
    gate.post(ALICE, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert!(calls_of(&replica).iter().all(|what| what == "echo"));
    assert!(gate.metric("sluicegate_upstream_outcome_total", r#"upstream="replica""#) >= 3.0);
}

#[test]
fn keeps_calls_of_a_session_at_the_server_that_knows_it() {
    let (primary, replica) = (Upstream::echo(), Upstream::echo());
    let policy_text = "strict: { seal: none }";
    let gate = with_replica(&primary, &replica, "", policy_text);
    let body = call(1, "echo", "{}");
    gate.connect().post(ALICE, &[("mcp-session-id", "s-1"), ("mcp-protocol-version", "2025-06-18")], &body);
    assert_eq!((calls_of(&primary).len(), calls_of(&replica).len()), (1, 0));
}

#[test]
fn falls_back_to_the_first_server_or_refuses_as_the_policy_says() {
    for (more, falls_back) in [("", true), (", fallback: refuse", false)] {
        let primary = Upstream::echo();
        let replica = Upstream::start(|_, stream| {
            send_json(stream, 500, "{}");
            After::Keep
        });
        let text =
            format!("breaker: {{ calls: 3, rest: 20s }}, replica: {{ url: \"{}\"{more} }}", replica.url());
        let gate = Gate::start(&policy("", &text), &primary.url());
        for _ in 0..3 {
            gate.call(ALICE, "echo", "{}");
        }
        let answer = gate.call(ALICE, "echo", "{}");
        assert_eq!(answer.tool_error().is_none(), falls_back, "{}", answer.text());
        assert_eq!(calls_of(&primary).len(), usize::from(falls_back));
        assert_eq!(calls_of(&replica).len(), 3);
        assert_eq!(gate.metric("sluicegate_breaker_state", r#"tool="echo",upstream="replica""#), 2.0);
    }
}

#[test]
fn sends_sql_that_a_rule_allowed_as_reading_to_the_replica() {
    let (primary, replica) = (Upstream::echo(), Upstream::echo());
    let bundle = format!(
        "version: 1\nserver: {{ id: db }}\n{}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  query: {{ class: write }}\n\
         allow:\n  - {{ id: reads, roles: [reader], tools: [query], args: {{ query: {{ sql: {{ sql: {{ read_only: true, dialect: postgres }} }} }} }} }}\n  \
         - {{ id: writes, roles: [reader], tools: [query], args: {{ query: {{ sql: {{ prefix: UPDATE }} }} }} }}\n\
         upstream: {{ db_boundary: declared, replica: {{ url: \"{}\", for: [sql] }} }}\n",
        bundle::callers(),
        replica.url()
    );
    let gate = Gate::start(&bundle, &primary.url());
    gate.call(ALICE, "query", r#"{"sql":"SELECT 1"}"#);
    gate.call(BOB, "query", r#"{"sql":"UPDATE orders SET paid = true"}"#);
    assert_eq!((calls_of(&primary).len(), calls_of(&replica).len()), (1, 1));
    assert!(replica.got()[0].body.contains("SELECT 1"));
}
