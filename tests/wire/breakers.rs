//! What fails is left alone for a while: one tool and no other, or the server; and is tried again without harm.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{
    After, Got, Upstream, end_chunks, id, open_events, result, send_chunk, send_head, send_json,
};
use crate::support::{PATIENCE, wait_for};

const OK: &str = r#"{"content":[{"type":"text","text":"ok"}]}"#;

/// A policy under which a destructive tool may be called too, with `upstream` and `tools` to it.
fn policy(upstream: &str) -> String {
    format!(
        "version: 1\nserver: {{ id: clinic }}\n{}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  echo: {{ class: read }}\n  lookup: {{ class: read }}\n  slow: {{ class: read, timeout: 150ms }}\n  \
         wipe: {{ class: destructive, timeout: 150ms }}\n\
         allow:\n  - {{ id: all, roles: [reader], tools: [echo, lookup, slow, wipe] }}\n\
         upstream: {{ {upstream} }}\n",
        bundle::callers()
    )
}

/// Says nothing until the gate hangs up.
fn hang(stream: &mut TcpStream) -> After {
    let _ = stream.read(&mut [0; 1]);
    After::Close
}

/// A server of which `tool` hangs while the flag is up; everything else works.
fn hanging(tool: &'static str) -> (Upstream, Arc<AtomicBool>) {
    let hangs = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&hangs);
    let upstream = Upstream::start(move |got, stream| {
        if got.subject() == tool && flag.load(Ordering::SeqCst) {
            return hang(stream);
        }
        send_json(stream, 200, &result(&got.body, OK));
        After::Keep
    });
    (upstream, hangs)
}

fn asked(upstream: &Upstream, tool: &str) -> usize {
    upstream.got().iter().filter(|got| got.subject() == tool).count()
}

const QUICK: &str = "breaker: { rest: 300ms, rest_max: 300ms }";

#[test]
fn leaves_a_tool_that_hangs_alone_and_no_other() {
    let (upstream, hangs) = hanging("slow");
    let gate = Gate::start(&policy("breaker: { rest: 20s }"), &upstream.url());
    for _ in 0..5 {
        assert_eq!(gate.call(ALICE, "slow", "{}").status(), 504);
        assert_eq!(gate.call(ALICE, "echo", "{}").tool_error(), None);
    }
    let refused = gate.call(ALICE, "slow", "{}");
    let text = refused.tool_error().expect("the model is told");
    assert_eq!(refused.status(), 200);
    assert!(text.contains("the tool `slow` is temporarily unavailable, retry in "), "{text}");
    assert!(text.ends_with(" s; other tools work"), "{text}");
    let wait: u64 = refused.head.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a wait");
    assert!((15..=24).contains(&wait), "{wait}");
    assert_eq!(asked(&upstream, "slow"), 5, "what is refused reaches no server");
    assert_eq!(gate.call(ALICE, "lookup", "{}").tool_error(), None);
    assert_eq!(gate.call(ALICE, "wipe", "{}").tool_error(), None);
    let record = gate.record("the refusal", |record| record["decision"]["reason"] == "unavailable");
    assert_eq!(record["decision"]["action"], "error");
    assert!(record["decision"]["detail"].as_str().is_some_and(|it| it.contains("of the tool")), "{record}");
    assert_eq!(gate.metric("sluicegate_breaker_state", r#"tool="slow""#), 2.0);
    assert_eq!(gate.metric("sluicegate_breaker_state", r#"tool="""#), 0.0);
    assert_eq!(gate.metric("sluicegate_breaker_short_circuited_total", r#"tool="slow""#), 1.0);
    assert_eq!(gate.metric("sluicegate_upstream_outcome_total", r#"class="timed_out""#), 5.0);
    hangs.store(false, Ordering::SeqCst);
}

#[test]
fn tries_again_by_itself_and_recovers_without_a_restart() {
    let (upstream, hangs) = hanging("slow");
    let gate = Gate::start(&policy(QUICK), &upstream.url());
    for _ in 0..5 {
        gate.call(ALICE, "slow", "{}");
    }
    let before = asked(&upstream, "slow");
    wait_for("a try that fails", || (gate.call(ALICE, "slow", "{}").status() == 504).then_some(()));
    assert_eq!(asked(&upstream, "slow"), before + 1);
    assert!(gate.call(ALICE, "slow", "{}").tool_error().is_some(), "one failure is enough");
    hangs.store(false, Ordering::SeqCst);
    let good = || (gate.call(ALICE, "slow", "{}").tool_error().is_none()).then_some(());
    wait_for("the first try that goes well", good);
    wait_for("three of them", || {
        good()?;
        (gate.metric("sluicegate_breaker_state", r#"tool="slow""#) == 0.0).then_some(())
    });
    for (to, least) in [("open", 2.0), ("half_open", 2.0), ("closed", 1.0)] {
        let changes = gate.metric("sluicegate_breaker_transitions_total", &format!(r#"to="{to}""#));
        assert!(changes >= least, "{to}: {changes}");
    }
}

#[test]
fn tries_no_destructive_tool_but_asks_a_question_of_its_own() {
    let (wipe_hangs, ping_fails) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
    let (hangs, fails) = (Arc::clone(&wipe_hangs), Arc::clone(&ping_fails));
    let upstream = Upstream::start(move |got, stream| {
        match got.subject().as_str() {
            "wipe" if hangs.load(Ordering::SeqCst) => return hang(stream),
            "ping" if fails.load(Ordering::SeqCst) => send_json(stream, 503, "{}"),
            _ => send_json(stream, 200, &result(&got.body, OK)),
        }
        After::Keep
    });
    let gate = Gate::start(&policy(QUICK), &upstream.url());
    for _ in 0..5 {
        assert_eq!(gate.call(ALICE, "wipe", "{}").status(), 504);
    }
    // Several rests long nobody but the gate tries, and that with a question that changes nothing.
    wait_for("three questions", || {
        assert!(gate.call(ALICE, "wipe", "{}").tool_error().is_some());
        (asked(&upstream, "ping") >= 3).then_some(())
    });
    assert_eq!(asked(&upstream, "wipe"), 5);
    wipe_hangs.store(false, Ordering::SeqCst);
    ping_fails.store(false, Ordering::SeqCst);
    wait_for("the tool to be called again", || {
        gate.call(ALICE, "wipe", "{}").tool_error().is_none().then_some(())
    });
    assert!(asked(&upstream, "ping") >= 6, "as many answers as tries are wanted");
    gate.record("a question", |record| record["action"]["method"] == "ping");
}

/// How a server answers a call, by the row of the table of outcomes.
type Row = (&'static str, &'static str, fn(&Got, &mut TcpStream) -> After);

fn status(status: u16, got: &Got, stream: &mut TcpStream) -> After {
    let body = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":1,"message":"no"}}}}"#, id(&got.body));
    send_json(stream, status, &body);
    After::Keep
}

fn code(code: i64, got: &Got, stream: &mut TcpStream) -> After {
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":{code},"message":"no"}}}}"#, id(&got.body));
    send_json(stream, 200, &body);
    After::Keep
}

fn answer(text: &str, got: &Got, stream: &mut TcpStream) -> After {
    send_json(stream, 200, &result(&got.body, text));
    After::Keep
}

const FAILURES: &[Row] = &[
    ("no answer in time", "timed_out", |_, stream| hang(stream)),
    ("closed before the first byte", "connect_failed", |_, _| After::Close),
    ("no HTTP", "connect_failed", |_, stream| {
        let _ = stream.write_all(b"SSH-2.0-x\r\n");
        After::Close
    }),
    ("500", "server_error", |got, stream| status(500, got, stream)),
    ("502", "gateway_error", |got, stream| status(502, got, stream)),
    ("503", "unavailable", |got, stream| status(503, got, stream)),
    ("504", "gateway_error", |got, stream| status(504, got, stream)),
    ("an internal error", "internal_error", |got, stream| code(-32_603, got, stream)),
    ("a code that the policy names", "declared_error", |got, stream| code(-32_050, got, stream)),
    ("a stream cut before the answer", "cut", |_, stream| {
        open_events(stream);
        send_chunk(stream, ": wait\n\n");
        After::Close
    }),
    ("a stream that ends before the answer", "cut", |_, stream| {
        open_events(stream);
        end_chunks(stream);
        After::Keep
    }),
    ("a stream that hangs", "timed_out", |_, stream| {
        open_events(stream);
        send_chunk(stream, ": wait\n\n");
        hang(stream)
    }),
    ("half a body", "cut", |_, stream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{");
        After::Close
    }),
];

const OTHERS: &[Row] = &[
    ("a result", "answered", |got, stream| answer(OK, got, stream)),
    ("isError", "tool_error", |got, stream| answer(r#"{"content":[],"isError":true}"#, got, stream)),
    ("429", "throttled", |got, stream| {
        send_head(stream, 429, "Retry-After: 7\r\n", &result(&got.body, OK));
        After::Keep
    }),
    ("400", "protocol_error", |got, stream| status(400, got, stream)),
    ("404 without a message", "foreign", |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 X\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno");
        After::Keep
    }),
    ("unknown method", "protocol_error", |got, stream| code(-32_601, got, stream)),
    ("bad params", "protocol_error", |got, stream| code(-32_602, got, stream)),
    ("a code of the specification", "protocol_error", |got, stream| code(-32_020, got, stream)),
    ("a code of the server", "protocol_error", |got, stream| code(-32_000, got, stream)),
    ("no JSON", "foreign", |_, stream| {
        send_json(stream, 200, "no");
        After::Keep
    }),
];

/// Calls `slow` seven times; how often the server was asked, and how that was counted.
fn seven(row: &Row) -> (usize, f64) {
    let (_, class, play) = *row;
    let upstream = Upstream::start(play);
    let breaker = "breaker: { calls: 5, failures: 5, rest: 20s, failure_codes: [-32050] }";
    let gate = Gate::start(&policy(breaker), &upstream.url());
    let counts: usize = (0..7).map(|_| usize::from(!is_refused(&gate.call(ALICE, "slow", "{}")))).sum();
    (counts, gate.metric("sluicegate_upstream_outcome_total", &format!(r#"class="{class}""#)))
}

fn is_refused(answer: &crate::support::wire::Answer) -> bool {
    answer.text().contains("temporarily unavailable")
}

#[test]
fn opens_for_each_outcome_that_the_table_calls_a_failure() {
    for row in FAILURES {
        assert_eq!(seven(row), (5, 5.0), "{}", row.0);
    }
}

#[test]
fn stays_closed_for_each_outcome_that_it_does_not() {
    for row in OTHERS {
        assert_eq!(seven(row), (7, 7.0), "{}", row.0);
    }
}

#[test]
fn does_not_count_calls_that_their_client_took_back() {
    let reached = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reached);
    let upstream = Upstream::start(move |got, stream| {
        if got.subject() == "echo" {
            count.fetch_add(1, Ordering::SeqCst);
            return hang(stream);
        }
        send_json(stream, 200, &result(&got.body, OK));
        After::Keep
    });
    let gate = Gate::start(&policy("breaker: { failures: 2 }"), &upstream.url());
    for calls in 1..=6 {
        let mut wire = gate.connect();
        wire.send(&crate::support::wire::request(ALICE, &[], call(1, "echo", "{}").as_bytes()));
        wait_for("the call to arrive", || (reached.load(Ordering::SeqCst) == calls).then_some(()));
    }
    wait_for("all to be settled", || {
        (gate.metric("sluicegate_upstream_outcome_total", r#"class="cancelled""#) == 6.0).then_some(())
    });
    assert_eq!(gate.metric("sluicegate_breaker_state", r#"tool="echo""#), 0.0);
}

#[test]
fn leaves_a_server_alone_that_nobody_reaches_and_says_so_by_http() {
    let address =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a free port");
    let gate = Gate::start(&policy(QUICK), &format!("http://{address}/mcp"));
    for tool in ["echo", "lookup", "slow", "wipe", "echo"] {
        assert_eq!(gate.call(ALICE, tool, "{}").status(), 502);
    }
    let text = gate.call(ALICE, "lookup", "{}").tool_error().expect("the model is told");
    assert!(text.contains("does not answer; retry in") && !text.contains("other tools"), "{text}");
    let list = gate.post(ALICE, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!((list.status(), list.error().0), (503, -31_503));
    assert!(list.head.header("retry-after").is_some());
    let listener = std::net::TcpListener::bind(address).expect("the port is still free");
    let serving = std::thread::spawn(move || {
        // The questions of the gate, and the call.
        for stream in listener.incoming().take(9).map_while(Result::ok) {
            let mut stream = stream;
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).unwrap_or_default();
            let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
            let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
            let is_last = body.contains("tools/call");
            send_head(&mut stream, 200, "Connection: close\r\n", &result(&body, OK));
            if is_last {
                return;
            }
        }
    });
    wait_for("the server to be used again", || {
        gate.call(ALICE, "echo", "{}").tool_error().is_none().then_some(())
    });
    serving.join().expect("the server ends well");
}

#[test]
fn only_looks_where_the_policy_wants_that_and_does_what_it_is_forced_to() {
    let (upstream, _hangs) = hanging("slow");
    let gate = Gate::start(&policy("breaker: { state: observe }"), &upstream.url());
    for _ in 0..7 {
        assert_eq!(gate.call(ALICE, "slow", "{}").status(), 504);
    }
    assert_eq!(gate.metric("sluicegate_breaker_state", r#"tool="slow""#), 2.0);
    gate.bundle.write("policy.yaml", &policy("breaker: { state: forced_open }"));
    wait_for("the reload", || is_refused(&gate.call(ALICE, "echo", "{}")).then_some(()));
}

#[test]
fn refuses_nothing_in_shadow() {
    let (upstream, _hangs) = hanging("slow");
    let gate = Gate::with(Bundle::new(&policy(QUICK)), &["--upstream", &upstream.url(), "--shadow"]);
    for _ in 0..7 {
        assert_eq!(gate.call(ALICE, "slow", "{}").status(), 504);
    }
    assert_eq!(gate.metric("sluicegate_breaker_transitions_total", r#"to="open""#), 1.0);
}

#[test]
fn tells_of_a_try_that_has_to_wait_for_a_place() {
    let (answer, told) = std::sync::mpsc::channel::<()>();
    let (told, hangs) = (std::sync::Mutex::new(told), Arc::new(AtomicBool::new(true)));
    let flag = Arc::clone(&hangs);
    let upstream = Upstream::start(move |got, stream| {
        match got.subject().as_str() {
            "slow" if flag.load(Ordering::SeqCst) => return hang(stream),
            "lookup" => {
                let _ = told.lock().expect("no thread panicked with it").recv_timeout(PATIENCE);
            }
            _ => {}
        }
        send_json(stream, 200, &result(&got.body, OK));
        After::Keep
    });
    let limit = "limits: [{ id: one, per: [user], concurrency: 1, queue: { max: 1, timeout: 20s } }]\n";
    let gate = Gate::start(&(policy(QUICK) + limit), &upstream.url());
    for _ in 0..5 {
        assert_eq!(gate.call(ALICE, "slow", "{}").status(), 504);
    }
    hangs.store(false, Ordering::SeqCst);
    let mut held = gate.connect();
    held.send(&crate::support::wire::request(ALICE, &[], call(1, "lookup", "{}").as_bytes()));
    wait_for("the call to arrive", || (asked(&upstream, "lookup") == 1).then_some(()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            wait_for("the rest to be over", || {
                let answer = gate.call(ALICE, "slow", "{}");
                (!is_refused(&answer)).then_some(answer)
            })
        });
        wait_for("word of the try", || {
            (gate.metric("sluicegate_breaker_transitions_total", r#"to="half_open""#) == 1.0).then_some(())
        });
        assert_eq!(asked(&upstream, "slow"), 5, "it waits");
        answer.send(()).expect("the server waits");
        assert_eq!(held.answer().tool_error(), None);
        assert_eq!(waiting.join().expect("it is answered").tool_error(), None);
    });
}
