//! The oracle: every case goes through the gate to real servers whose `delete_all` leaves a marker, and to
//! one that keeps every byte. No marker, no byte, no hang, no crash; and each refusal as it is demanded.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::case::{Case, Demand, Era, Post};
use crate::client::{Told, visit};
use crate::corpus::{self, Pens};
use crate::known::sift;
use crate::stage::addressed;
use crate::support::gate::Gate;
use crate::support::peers::Server;
use crate::support::upstream::{After, Got, Upstream, result, send_json};
use crate::support::wait_for;
use crate::{stage, summary, tokens};

/// Cases that are under way at once: most of their time is waiting.
const THREADS: usize = 8;

/// The headers that may reach a server; all others are the client's own, or a trick.
const PASSED_UP: &[&str] = &[
    "host",
    "accept",
    "accept-encoding",
    "accept-language",
    "content-type",
    "content-length",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    "mcp-session-id",
    "last-event-id",
    "traceparent",
    "tracestate",
    "user-agent",
];

/// Why an answer is not what was demanded; `None` when it is.
fn fault(demand: Demand, told: &Told) -> Option<String> {
    if told.is_hung {
        return Some(format!("hangs; so far: {} {}", told.head(), told.text()));
    }
    let refused = |status: u16| (400..500).contains(&status);
    let is_right = match (demand, told.status) {
        (Demand::Harmless, _) | (Demand::Closed | Demand::Denied, None) => true,
        (Demand::Closed, Some(status)) => refused(status),
        (Demand::Denied, Some(status)) => {
            let json = told.json();
            refused(status)
                || (status == 200
                    && json
                        .is_some_and(|json| json["result"]["isError"] == true || json["error"].is_object()))
        }
        (Demand::Status(statuses), Some(status)) => statuses.contains(&status),
        (Demand::Status(_), None) => false,
    };
    let what =
        || format!("{} {}", told.head().lines().next().unwrap_or("closed without an answer"), told.text());
    let short = |text: String| text.chars().take(300).collect::<String>();
    if !is_right {
        return Some(format!("wanted {demand:?}, got {}", short(what())));
    }
    // Where a refusal has words, they are JSON-RPC's.
    let has_words = told.status.is_some_and(refused) && !told.text().is_empty();
    let is_worded = told.json().is_some_and(|json| json["error"]["message"].is_string());
    (has_words && !is_worded).then(|| format!("a refusal that is no JSON-RPC error: {}", short(what())))
}

/// Sends every case, several at once, and returns what is wrong with the answers.
///
/// Each thread has a session of its own: cases use the same ids over and over.
fn send_all(address: SocketAddr, cases: &[&Case]) -> Vec<String> {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let session = stage::begin(address);
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (at, send) in case.sends.iter().enumerate() {
                        let told = visit(address, &addressed(send, &session));
                        if let Some(fault) = fault(case.demand, &told) {
                            let mut faults = faults.lock().expect("no thread panicked with it");
                            faults.push(format!("{}: request {at}: {fault}", case.id));
                        }
                    }
                }
            });
        }
    });
    faults.into_inner().expect("no thread panicked with it")
}

/// Sends the cases one by one, to find the ones after which `has_happened`.
fn find(
    address: SocketAddr,
    session: &str,
    cases: &[&Case],
    what: &str,
    has_happened: impl Fn() -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for case in cases {
        case.sends.iter().for_each(|send| drop(visit(address, &addressed(send, session))));
        // What was let through may take a moment to arrive.
        std::thread::yield_now();
        if has_happened() {
            found.push(format!("{}: {what}", case.id));
        }
    }
    found
}

/// What must hold of the gate when all is over.
fn alive(gate: &Gate) -> Vec<String> {
    let mut faults = Vec::new();
    let panics = gate.metric("sluicegate_panics_total", "");
    if panics != 0.0 {
        faults.push(format!("the gate: panicked {panics} times"));
    }
    wait_for("every ticket to be settled", || {
        (gate.metric("sluicegate_inflight_requests", "") == 0.0).then_some(())
    });
    faults
}

/// The cases against one real server; returns what is wrong.
fn against(server: &Server, pens: &Pens, cases: &[&Case]) -> Vec<String> {
    let gate = stage::gate(&server.url, &pens.all());
    let mut faults = send_all(gate.address, cases);
    if server.was_deleted() {
        server.forget();
        let session = stage::begin(gate.address);
        faults.extend(find(gate.address, &session, cases, "the denied tool ran", || {
            let was_deleted = server.was_deleted();
            server.forget();
            was_deleted
        }));
    }
    faults.extend(alive(&gate));
    // The session still works, and a caller who may delete can: the marker tells.
    let session = stage::begin(gate.address);
    for (tool, post) in [("echo", Post::allowed(Era::Legacy)), ("delete_all", Post::denied(Era::Legacy))] {
        let post = post.set("Mcp-Session-Id", &session);
        let post = if tool == "echo" { post } else { delete_as_admin(&pens.own) };
        let told = visit(gate.address, &post.bytes());
        if told.json().is_none_or(|json| json["result"]["isError"] == true || json["error"].is_object()) {
            faults.push(format!("the stage: `{tool}` fails in the end: {} {}", told.head(), told.text()));
        }
    }
    if !server.was_deleted() {
        faults.push("the stage: the marker of a permitted deletion is missing".into());
    }
    faults
}

/// The denied call by somebody who may, in a session of their own.
fn delete_as_admin(pen: &tokens::Pen) -> Post {
    Post::denied(Era::Modern).set("Authorization", format!("Bearer {}", tokens::good(pen)))
}

#[test]
fn no_case_makes_a_real_server_run_what_is_denied() {
    let pens = Pens::new();
    let cases = corpus::all(&pens);
    let cases: Vec<_> = cases.iter().collect();
    let faults: Vec<_> = std::thread::scope(|scope| {
        let (pens, cases) = (&pens, cases.as_slice());
        let runs = [
            scope.spawn(move || against(&Server::python(), pens, cases)),
            scope.spawn(move || against(&Server::typescript(), pens, cases)),
        ];
        let names = ["python", "typescript"];
        let done = runs.into_iter().zip(names).flat_map(|(run, name)| {
            let faults = run.join().expect("the run ends well");
            faults.into_iter().map(move |fault| format!("{fault} [{name}]")).collect::<Vec<_>>()
        });
        done.collect()
    });
    let ids: Vec<_> = cases.iter().map(|case| case.id.clone()).collect();
    let count = |what: &str| faults.iter().filter(|fault| fault.contains(what)).count();
    let requests: usize = cases.iter().map(|case| case.sends.len()).sum();
    summary::tell(
        "hostile-corpus",
        &format!(
            "hostile corpus: {} cases ({requests} requests) x 2 servers, {} markers, {} hangs, {} crashes",
            cases.len(),
            count(": the denied tool ran"),
            count(": hangs"),
            count("the gate: panicked"),
        ),
    );
    let faults = sift(faults, &ids);
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// What is wrong with a request that reached a server that was not to get it, or not so.
fn unclean(got: &Got) -> Option<String> {
    let names = got.head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let stranger = names.map(|(name, _)| name.to_ascii_lowercase()).find(|name| {
        !PASSED_UP.contains(&name.as_str()) && !name.starts_with("mcp-param-") && !name.is_empty()
    });
    if let Some(name) = stranger {
        return Some(format!("the header `{name}` reached the server"));
    }
    if !got.head.contains(" /mcp HTTP/1.1\r\n") {
        return Some(format!("another target: {}", got.head.lines().next().unwrap_or_default()));
    }
    let is_call = got.head.starts_with("POST ");
    let json: serde_json::Value = serde_json::from_str(&got.body).unwrap_or_default();
    if is_call && !json.is_object() {
        return Some(format!("a body that is no message: {}", got.body));
    }
    let name = json["params"]["name"].as_str().unwrap_or_default();
    let is_denied = json["method"] == "tools/call" && name != "echo";
    is_denied.then(|| format!("a call of `{name}` reached the server"))
}

/// Answers what an honest server would: enough for the gate to go on.
fn scripted() -> Upstream {
    Upstream::start(|got, stream| {
        if got.body.contains("\"initialize\"") {
            stage::open_session(stream, &got.body, "s");
        } else if got.body.is_empty() || got.body.contains("\"notifications/") {
            send_json(stream, 202, "");
        } else {
            send_json(stream, 200, &result(&got.body, r#"{"content":[{"type":"text","text":"ok"}]}"#));
        }
        After::Keep
    })
}

#[test]
fn no_byte_of_a_refused_case_reaches_the_server() {
    let pens = Pens::new();
    let upstream = scripted();
    let gate = stage::gate(&upstream.url(), &pens.all());
    let session = stage::begin(gate.address);
    let cases = corpus::all(&pens);
    let (open, refused): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.demand == Demand::Harmless);
    let mut faults = send_all(gate.address, &refused);
    // What began and settled the sessions of the threads is no part of a case.
    let is_session = |got: &&Got| got.body.contains("initialize");
    if upstream.got().iter().any(|got| !is_session(&got)) {
        let seen = AtomicUsize::new(upstream.bytes());
        faults.extend(find(gate.address, &session, &refused, "bytes reached the server", || {
            let now = upstream.bytes();
            seen.swap(now, Ordering::Relaxed) != now
        }));
    }
    let before = upstream.got().len();
    faults.extend(send_all(gate.address, &open));
    for got in &upstream.got()[before..] {
        faults.extend(unclean(got).map(|what| format!("harmless: {what}\n{}", got.head)));
    }
    faults.extend(alive(&gate));
    let ids: Vec<_> = cases.iter().map(|case| case.id.clone()).collect();
    let faults = sift(faults, &ids);
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// The oracle can fail: the same kinds of input run the denied tool where no gate stands before it.
#[test]
fn a_server_without_a_gate_runs_the_denied_tool() {
    for (name, server) in [("python", Server::python()), ("typescript", Server::typescript())] {
        let address = server.address();
        let session = stage::begin(address);
        let duplicate = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"delete_all","arguments":{}@}}"#;
        let escaped = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","\u006dethod":"tools/call","params":{"name":"delete_all","arguments":{}@}}"#;
        for case in [
            Case::body("duplicate name", Demand::Harmless, duplicate, "delete_all"),
            Case::body("escaped method", Demand::Harmless, escaped, "delete_all"),
            Case::head("lying name over a legacy call", Demand::Harmless, |post| {
                post.add("Mcp-Name", "echo")
            }),
        ] {
            let send = addressed(&case.sends[0], &session);
            let told = visit(address, &send);
            assert!(server.was_deleted(), "{name}: {}: {} {}", case.id, told.head(), told.text());
            server.forget();
        }
    }
}
