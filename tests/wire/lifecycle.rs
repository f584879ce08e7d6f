//! Coming and going: probes that answer for the whole life, a drain that cuts nobody off, and a stop that loses no record.

use std::net::{SocketAddr, TcpStream};
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::audit::{Place, records, verified};
use crate::support::bundle::{self, ALICE};
use crate::support::frames::{End, Frames, block, fields, flag, frame, kind};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::upstream::{After, Script, Upstream, open_events, result, send_json};
use crate::support::wire::{Answer, Wire, request};
use crate::support::{PATIENCE, wait_for};

const RESULT: &str = r#"{"content":[{"type":"text","text":"ok"}]}"#;

/// A server that answers `slow` by what the test says, and everything else at once.
fn directed() -> (Upstream, Sender<Option<String>>, Receiver<()>) {
    let (script, say, is_gone) = Script::new();
    let upstream = Upstream::start(move |got, stream| {
        if !got.body.contains("\"slow\"") {
            send_json(stream, 200, &result(&got.body, RESULT));
            return After::Keep;
        }
        open_events(stream);
        script.play(stream)
    });
    (upstream, say, is_gone)
}

/// Opens a stream, on which the server has said something.
fn open(gate: &Gate, say: &Sender<Option<String>>) -> Wire {
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[], call(7, "slow", "{}").as_bytes()));
    assert_eq!(wire.head().header("content-type"), Some("text/event-stream"));
    say.send(Some(": hello\n\n".into())).expect("the server listens");
    assert!(wire.chunk().is_some());
    wire
}

/// Lets the server say its last word on a stream, which must arrive.
fn finish(wire: &mut Wire, say: &Sender<Option<String>>) {
    let last = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{RESULT}}}"#);
    say.send(Some(format!("data: {last}\n\n"))).expect("the server listens");
    say.send(None).expect("the server listens");
    let mut text = String::new();
    while let Some(chunk) = wire.chunk() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains(&last), "the stream was cut: {text}");
}

/// Asks the operators' listener for a change.
fn change(gate: &Gate, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut wire = Wire::connect(gate.admin);
    let length = body.len();
    wire.send(
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    );
    wire.answer()
}

fn drain(gate: &Gate, words: &[&str]) -> Output {
    let admin = gate.admin.to_string();
    sluicegate().args(["drain", "--admin", &admin]).args(words).output().expect("the binary runs")
}

fn is_refused(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_err()
}

fn accesses(gate: &Gate) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |record: &Value| (word(&record["access"]["action"]), word(&record["access"]["outcome"]));
    records(gate.audit()).iter().filter(|record| record["stage"] == "admin.access").map(of).collect()
}

#[test]
fn says_what_it_takes_to_have_started_and_does_not_wait_for_keys() {
    let upstream = Upstream::echo();
    let issuer = "  issuers:\n    - { issuer: https://idp.example.com, audience: https://mcp.example.com/mcp, jwks: \"https://127.0.0.1:1/keys\", algorithms: [ES256] }\n  keys:\n";
    let gate = Gate::start(&bundle::clinic().replacen("  keys:\n", issuer, 1), &upstream.url());
    let started = wait_for("the first record", || {
        let page = gate.page("/startupz");
        (page.status() == 200).then_some(page)
    });
    for line in ["listener: ok\n", "audit: ok\n", "policy: ok, sha256 "] {
        assert!(started.text().contains(line), "{}", started.text());
    }
    let ready = gate.page("/readyz");
    assert_eq!((ready.status(), ready.text().contains("keys: none yet")), (503, true), "{}", ready.text());
    assert_eq!(gate.page("/livez").status(), 200);
}

#[test]
fn a_drain_is_quiet_first_then_sends_clients_elsewhere_and_cuts_no_stream() {
    let (upstream, say, _) = directed();
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut stream = open(&gate, &say);
    let mut kept = gate.connect();
    let mut ask = || kept.post(ALICE, &[], &call(1, "echo", "{}"));
    assert_eq!(ask().head.header("connection"), None);
    let mut frames = Frames::connect(gate.address, &[]);

    let asked = Instant::now();
    let told = change(&gate, "POST", "/drain", "", "");
    assert_eq!((told.status(), told.text().as_str()), (200, "draining since_ms=0\n"));
    let answer = ask();
    assert_eq!((answer.status(), answer.head.header("connection")), (200, None), "quiet");
    for (page, status) in [("/readyz", 503), ("/livez", 200), ("/startupz", 200)] {
        assert_eq!(gate.page(page).status(), status, "{page}");
    }
    let last = wait_for("the gate to send clients elsewhere", || {
        let answer = ask();
        assert_eq!(answer.status(), 200);
        (answer.head.header("connection") == Some("close")).then_some(answer)
    });
    assert!(asked.elapsed() >= Duration::from_secs(4), "not before its time");
    assert_eq!(last.tool_error(), None);
    assert!(kept.closed().is_empty(), "the connection ends with that answer");
    assert!(frames.goodbye(), "HTTP/2 says it by a frame");
    let mut late = gate.connect();
    let answer = late.post(ALICE, &[], &call(1, "echo", "{}"));
    assert_eq!((answer.status(), answer.head.header("connection")), (200, Some("close")), "still served");
    let mut late = Frames::connect(gate.address, &[]);
    let head = fields();
    let head: Vec<(&str, &[u8])> = head.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    late.send(&frame(kind::HEADERS, flag::END_HEADERS, 1, &block(&head)));
    late.send(&frame(kind::DATA, flag::END_STREAM, 1, call(1, "echo", "{}").as_bytes()));
    assert_eq!(late.end_past_goodbye(1), End::Answered(true), "still served");

    // They never answer a ping, as honest clients do before a connection of HTTP/2 ends.
    drop((frames, late));
    gate.signal("TERM");
    wait_for("the endpoint to close", || is_refused(gate.address).then_some(()));
    assert_eq!(gate.page("/livez").status(), 200);
    finish(&mut stream, &say);
    assert!(gate.ended().success());
    assert_eq!(accesses(&gate), [("drain".to_owned(), "success".to_owned())]);
    let stages: Vec<_> = records(gate.audit()).iter().map(|record| record["stage"].clone()).collect();
    assert!(stages.iter().any(|stage| stage == "gate.stop") && stages.last() == Some(&"audit.stop".into()));
    verified(gate.audit(), &[]);
}

#[test]
fn a_stream_that_begins_while_clients_are_sent_elsewhere_is_the_last_of_its_connection() {
    let (upstream, say, _) = directed();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    assert!(drain(&gate, &[]).status.success());
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[], call(7, "slow", "{}").as_bytes()));
    assert_eq!(wire.head().header("connection"), Some("close"));
    finish(&mut wire, &say);
    assert!(wire.closed().is_empty());
}

#[test]
fn the_verb_waits_until_clients_have_noticed_and_may_be_said_twice() {
    let upstream = Upstream::echo();
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let begun = Instant::now();
    let first = drain(&gate, &["--wait", "300ms"]);
    assert!(first.status.success() && begun.elapsed() >= Duration::from_millis(250), "{first:?}");
    assert_eq!(gate.page("/readyz").status(), 503);
    let again = drain(&gate, &["--wait", "0s"]);
    assert!(again.status.success() && !String::from_utf8_lossy(&again.stdout).contains("since_ms=0\n"));
    let whole = drain(&gate, &[]);
    assert!(whole.status.success() && begun.elapsed() >= Duration::from_secs(4));
    let answer = gate.call(ALICE, "echo", "{}");
    assert_eq!((answer.status(), answer.head.header("connection")), (200, Some("close")));
    gate.signal("TERM");
    assert!(gate.ended().success());
    let nobody = drain(&gate, &[]);
    assert_eq!(nobody.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("--admin"), "{nobody:?}");
}

#[test]
fn changes_are_not_for_web_pages_and_each_has_its_method() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for (path, method) in [("/drain", "POST"), ("/-/reload", "POST"), ("/log-level", "PUT")] {
        let page = gate.page(path);
        assert_eq!((page.status(), page.head.header("allow")), (405, Some(method)), "{path}");
        let told = change(&gate, method, path, "Origin: http://localhost:15820\r\n", "");
        assert_eq!(told.status(), 403, "{path}");
        assert!(told.text().contains("Origin"), "{}", told.text());
    }
    assert_eq!(gate.page("/readyz").status(), 200);
    wait_for("the refusals to be recorded", || {
        // One a second is.
        accesses(&gate).contains(&("drain".into(), "denied".into())).then_some(())
    });
}

#[test]
fn reloads_and_sets_the_log_level_when_told_to() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let published = |gate: &Gate| gate.log().matches("policy published").count();
    for (level, status) in [("error", 200), ("verbose", 400), ("", 400)] {
        assert_eq!(change(&gate, "PUT", "/log-level", "", level).status(), status, "{level}");
    }
    let long = "x".repeat(1000);
    assert_eq!(change(&gate, "PUT", "/log-level", "", &long).status(), 400);
    let told = change(&gate, "POST", "/-/reload", "", "");
    assert!(told.status() == 200 && told.text().starts_with("policy: ok, sha256 "), "{}", told.text());
    assert_eq!(change(&gate, "PUT", "/log-level", "", "INFO\n").text(), "log level: info\n");
    assert_eq!(change(&gate, "POST", "/-/reload", "", "").status(), 200);
    wait_for("the line of a reload", || (published(&gate) > 0).then_some(()));
    assert_eq!(published(&gate), 1, "the first reload was not worth a line at that level");
    gate.bundle.write("policy.yaml", "version: 1\ntols: {}\n");
    let told = change(&gate, "POST", "/-/reload", "", "");
    assert_eq!((told.status(), told.text().contains("tols")), (422, true), "{}", told.text());
    wait_for("the changes to be recorded", || (accesses(&gate).len() == 8).then_some(()));
    let failed = accesses(&gate).iter().filter(|(_, outcome)| outcome == "failure").count();
    assert_eq!(failed, 4, "three levels that are none, and a policy that does not hold");
}

/// Every call that was answered while the gate was told to stop has its record, and what holds of the trail holds.
#[test]
fn a_stop_under_load_loses_no_record() {
    let (upstream, say, _) = directed();
    let place = Place::new();
    let mut gate = place.gate("", &upstream, &[]);
    let (next, is_over) = (AtomicU32::new(1000), AtomicBool::new(false));
    let answered = Mutex::new(Vec::new());
    let address = gate.address;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let Some(mut wire) = Wire::try_connect(address) else { return };
                    loop {
                        let id = next.fetch_add(1, Ordering::Relaxed);
                        let tool = ["look", "note", "echo"][id as usize % 3];
                        wire.send(&request(ALICE, &[], call(id, tool, "{}").as_bytes()));
                        match wire.try_answer() {
                            Some(answer) if answer.status() == 200 => {
                                answered.lock().expect("no thread panicked with it").push(u64::from(id));
                            }
                            _ => break,
                        }
                    }
                }
            });
        }
        let count = || answered.lock().expect("no thread panicked with it").len();
        wait_for("calls to come through", || (count() > 300).then_some(()));
        gate.signal("TERM");
        let status = gate.ended();
        is_over.store(true, Ordering::Relaxed);
        assert!(status.success(), "{status}");
    });
    drop(say);
    let trail = records(&place.file());
    let ended: Vec<u64> = trail
        .iter()
        .filter(|record| record["stage"] == "decision")
        .filter_map(|record| record["action"]["request_id"].as_u64())
        .collect();
    let answered = answered.lock().expect("no thread panicked with it");
    let missing: Vec<_> = answered.iter().filter(|id| !ended.contains(id)).collect();
    assert!(missing.is_empty(), "{} of {} have no record: {missing:?}", missing.len(), answered.len());
    let stop = trail.iter().find(|record| record["stage"] == "gate.stop");
    assert!(stop.is_some_and(|record| record["in_flight"].is_u64()), "{stop:?}");
    verified(&place.file(), &[]);
}

/// However long it may still take: who is killed soon after SIGTERM has its records written.
#[test]
fn what_has_ended_is_written_before_the_kill_that_may_follow() {
    let (upstream, say, _) = directed();
    let place = Place::new();
    let mut gate = place.gate("", &upstream, &["--drain-timeout", "1h"]);
    let mut stream = gate.connect();
    stream.send(&request(ALICE, &[], call(7, "echo", "{}").as_bytes()));
    assert_eq!(stream.answer().status(), 200);
    let mut other = Held::open(&gate, &say);
    gate.signal("TERM");
    let stop = wait_for("word of the stop", || {
        records(&place.file()).into_iter().find(|record| record["stage"] == "gate.stop")
    });
    assert_eq!(stop["in_flight"], 1, "{stop}");
    let written = records(&place.file());
    assert!(written.iter().any(|record| record["stage"] == "decision"), "{written:?}");
    other.still_open();
    gate.end();
    let trail = verified(&place.file(), &[]);
    assert!(!trail.contains("broken"), "{trail}");
}

/// A call of `policy()` that the server answers by a stream.
struct Held<'a> {
    wire: Wire,
    say: &'a Sender<Option<String>>,
}

impl<'a> Held<'a> {
    fn open(gate: &Gate, say: &'a Sender<Option<String>>) -> Self {
        let mut wire = gate.connect();
        wire.send(&request(ALICE, &[], call(8, "look", r#"{"how":"slow"}"#).as_bytes()));
        say.send(Some(": hello\n\n".into())).expect("the server listens");
        assert_eq!(wire.head().header("content-type"), Some("text/event-stream"));
        assert!(wire.chunk().is_some());
        Self { wire, say }
    }

    fn still_open(&mut self) {
        self.say.send(Some(": more\n\n".into())).expect("the server listens");
        assert!(self.wire.chunk().is_some(), "the stream was cut");
    }
}

#[test]
fn probes_are_answered_until_the_last_record_is_written() {
    let (upstream, say, _) = directed();
    let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut stream = open(&gate, &say);
    gate.signal("TERM");
    wait_for("the endpoint to close", || is_refused(gate.address).then_some(()));
    for page in ["/livez", "/startupz"] {
        assert_eq!(gate.page(page).status(), 200, "{page}");
    }
    finish(&mut stream, &say);
    wait_for("the operators' listener to close", || is_refused(gate.admin).then_some(()));
    let last = records(gate.audit()).pop().expect("records");
    assert_eq!(last["stage"], "audit.stop", "{last}");
    assert!(gate.ended().success());
}
