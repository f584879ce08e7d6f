//! Class R: servers that try it on clients.
//!
//! Each case is the bytes of an answer. Two words mark what must not arrive: `STRAY` stands in what was
//! never asked or may not be seen, and the number of [`SSN`] in what must be masked wherever it stands.

mod bodies;
mod meaning;
mod places;
mod streams;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::case::{Era, Post};
use crate::client::{Told, visit};
use crate::known::sift;
use crate::readings;
use crate::summary;
use crate::support::bundle::{self, BOB};
use crate::support::gate::Gate;
use crate::support::upstream::{After, Got, Upstream, result, send_json};

/// Personal data that the policy masks in results.
pub const SSN: &str = "536-22-8726";
/// The id of every request of a case.
const ID: u64 = 41;
const THREADS: usize = 4;

/// What the client asks, before the server answers as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `tools/call`, legacy.
    Call,
    /// `tools/list`, legacy.
    List,
    /// `tools/call` of 2026-07-28.
    Modern,
    /// `tools/list` of 2026-07-28.
    ModernList,
}

/// One hostile answer.
pub struct Script {
    /// Its name.
    pub id: String,
    /// What is asked.
    pub ask: Ask,
    /// What the server writes.
    pub bytes: Vec<u8>,
    /// What it does then.
    pub after: After,
}

impl Script {
    /// An answer to a legacy call.
    pub fn new(id: impl Into<String>, bytes: impl Into<Vec<u8>>, after: After) -> Self {
        Self { id: format!("answer/{}", id.into()), ask: Ask::Call, bytes: bytes.into(), after }
    }

    /// An answer of JSON with status 200.
    pub fn json(id: impl Into<String>, body: impl AsRef<[u8]>) -> Self {
        Self::typed(id, "application/json", body)
    }

    /// An answer with status 200 and `kind` as its content type.
    pub fn typed(id: impl Into<String>, kind: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        Self::new(id, [head.as_bytes(), body].concat(), After::Keep)
    }

    /// A stream of events, in one chunk, that ends well.
    pub fn events(id: impl Into<String>, events: impl AsRef<[u8]>) -> Self {
        Self::chunked(id, &[events.as_ref()])
    }

    /// A stream of events in these chunks, that ends well.
    pub fn chunked(id: impl Into<String>, chunks: &[&[u8]]) -> Self {
        let mut bytes = EVENTS.as_bytes().to_vec();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        Self::new(id, bytes, After::Keep)
    }

    /// The same to another question.
    pub fn to(mut self, ask: Ask) -> Self {
        self.ask = ask;
        self
    }
}

const EVENTS: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// An honest answer to the question, with `text` in it.
pub fn answer(text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{ID},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

/// An answer to a question that nobody asked.
pub fn stray() -> String {
    answer("STRAY").replace(&format!(":{ID},"), ":999,")
}

fn question(ask: Ask, at: usize) -> Vec<u8> {
    let (era, method) = match ask {
        Ask::Call => (Era::Legacy, "tools/call"),
        Ask::List => (Era::Legacy, "tools/list"),
        Ask::Modern => (Era::Modern, "tools/call"),
        Ask::ModernList => (Era::Modern, "tools/list"),
    };
    let params = match method {
        "tools/call" => format!(r#"{{"name":"echo","arguments":{{"message":"case-{at}."}}@}}"#),
        _ => format!(r#"{{"cursor":"case-{at}."@}}"#),
    };
    let body = format!(r#"{{"jsonrpc":"2.0","id":{ID},"method":"{method}","params":{params}}}"#);
    let post = Post::new(era, "echo", era.text(body.as_bytes())).without("Mcp-Session-Id");
    let post = if era == Era::Modern { post.set("Mcp-Method", method) } else { post };
    let post = if method == "tools/list" { post.without("Mcp-Name") } else { post };
    post.bytes()
}

/// The next caller's question, behind each case.
fn next() -> Vec<u8> {
    let body = r#"{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"echo","arguments":{"message":"next"}}}"#;
    let post = Post::new(Era::Legacy, "echo", body.into()).without("Mcp-Session-Id");
    post.set("Authorization", format!("Bearer {BOB}")).bytes()
}

/// The number of the case that a request belongs to.
fn number(got: &Got) -> Option<usize> {
    got.body.split_once("case-")?.1.split_once('.')?.0.parse().ok()
}

/// The messages that a client gets, by each way of reading.
fn messages(told: &Told) -> Result<Vec<String>, String> {
    let body = told.body();
    let text = String::from_utf8(body).map_err(|_| "an answer that is no UTF-8".to_owned())?;
    if !told.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Ok(Some(text).filter(|text| !text.is_empty()).into_iter().collect());
    }
    let events = readings::standard(&text);
    for (name, other) in
        [("LF alone", readings::line_feeds(&text)), ("every break", readings::every_break(&text))]
    {
        if other != events {
            return Err(format!("a reader of {name} sees {other:?}, others {events:?}"));
        }
    }
    Ok(events)
}

/// Every text in a message, with escapes undone.
fn texts(json: &Value, into: &mut String) {
    match json {
        Value::String(text) => into.push_str(text),
        Value::Array(all) => all.iter().for_each(|one| texts(one, into)),
        Value::Object(all) => all.iter().for_each(|(key, one)| {
            into.push_str(key);
            texts(one, into);
        }),
        Value::Bool(_) | Value::Null | Value::Number(_) => into.push_str(&json.to_string()),
    }
    into.push('\n');
}

/// What is wrong with what the client got; `None` when nothing is.
pub fn fault(told: &Told) -> Option<String> {
    if told.is_hung {
        return Some(format!("hangs; so far: {} {}", told.head(), told.text()));
    }
    let Some(status) = told.status else { return Some("closed without an answer".into()) };
    let messages = match messages(told) {
        Ok(messages) => messages,
        Err(fault) => return Some(fault),
    };
    let mut all = format!("{}\n{}\n", told.head(), String::from_utf8_lossy(&told.bytes));
    let mut answers = 0;
    for message in &messages {
        let Ok(json) = serde_json::from_str::<Value>(message) else {
            return Some(format!("dispatches what is no JSON: `{message}`"));
        };
        texts(&json, &mut all);
        let is_answer = json.get("result").is_some() || json.get("error").is_some();
        if is_answer && json["id"] != ID {
            return Some(format!("an answer to something else: `{message}`"));
        }
        answers += usize::from(is_answer);
    }
    if let Some(mark) = [SSN, "STRAY", "evil.example"].into_iter().find(|mark| all.contains(mark)) {
        return Some(format!("`{mark}` reaches the client ({status}): {all}"));
    }
    // An error without a body is an answer to whoever speaks HTTP.
    let is_bare = status >= 400 && messages.is_empty();
    (answers != 1 && !is_bare).then(|| format!("{answers} answers ({status}): {messages:?}"))
}

/// What is wrong with the answer to the next caller.
///
/// A server that hangs up without a word may do so under the next call, which is then refused.
fn next_fault(told: &Told, after: After) -> Option<String> {
    let json = told.json().unwrap_or_default();
    let is_right = told.status == Some(200) && json["id"] == 77 && told.text().contains("fine");
    let is_refused = told.status == Some(502) && json["id"] == 77 && json["error"].is_object();
    let is_right = is_right || (is_refused && after == After::Close);
    (!is_right).then(|| format!("the next caller gets: {} {}", told.head(), told.text()))
}

fn scripts() -> Vec<Script> {
    let mut scripts = streams::scripts();
    scripts.extend(bodies::scripts());
    scripts.extend(meaning::scripts());
    scripts.extend(places::scripts());
    scripts
}

fn play(gate: &Gate, scripts: &[(String, Ask, After)]) -> Vec<String> {
    let (turn, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = turn.fetch_add(1, Ordering::Relaxed);
                    let Some((id, ask, ending)) = scripts.get(at) else { return };
                    let told = visit(gate.address, &question(*ask, at));
                    let after = visit(gate.address, &next());
                    let found = fault(&told).into_iter().chain(next_fault(&after, *ending));
                    let mut faults = faults.lock().expect("no thread panicked with it");
                    faults.extend(found.map(|fault| format!("{id}: {fault}")));
                }
            });
        }
    });
    faults.into_inner().expect("no thread panicked with it")
}

#[test]
fn nothing_that_a_server_says_reaches_a_client_unjudged() {
    let scripts = scripts();
    let plan: Vec<_> = scripts.iter().map(|script| (script.id.clone(), script.ask, script.after)).collect();
    let mut ids: Vec<_> = plan.iter().map(|(id, ..)| id.clone()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert!(ids.len() == count && count >= 60, "{count} cases, {} ids", ids.len());
    let upstream = Upstream::start(move |got, stream| match number(got).and_then(|at| scripts.get(at)) {
        Some(script) => {
            let _ = std::io::Write::write_all(stream, &script.bytes);
            script.after
        }
        None => {
            send_json(stream, 200, &result(&got.body, r#"{"content":[{"type":"text","text":"fine"}]}"#));
            After::Keep
        }
    });
    let policy =
        bundle::with("upstream: { connect_timeout: 1s, timeout: 1500ms, breaker: { state: forced_closed } }");
    let gate = Gate::start(&policy, &upstream.url());
    let faults = play(&gate, &plan);
    let panics = gate.metric("sluicegate_panics_total", "");
    let hangs = faults.iter().filter(|fault| fault.contains(": hangs")).count();
    summary::tell(
        "hostile-answers",
        &format!(
            "hostile answers: {count} cases, {} let through, {hangs} hangs, {panics} crashes",
            faults.len() - hangs
        ),
    );
    let faults = sift(faults, &ids);
    assert!(faults.is_empty() && panics == 0.0, "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// The oracle can fail: the same marks, sent by a server without a gate, are found.
#[test]
fn the_marks_are_found_where_nobody_judges() {
    let stream = format!(": x\rdata: {}\r\r\n", answer(SSN));
    for (bytes, words) in [
        (Script::json("", answer(SSN)).bytes, "reaches the client"),
        (Script::json("", stray()).bytes, "an answer to something else"),
        (Script::events("", stream).bytes, "a reader of LF alone"),
        (Script::events("", format!("data: {}\n\n", answer("a\\u0053TRAY"))).bytes, "reaches the client"),
        (Script::events("", ": nothing\n\n").bytes, "0 answers"),
        (Script::events("", format!("data: {0}\n\ndata: {0}\n\n", answer("x"))).bytes, "2 answers"),
        (Script::events("", "data: {\n\n").bytes, "no JSON"),
    ] {
        let told = Told { status: Some(200), bytes, is_hung: false };
        let fault = fault(&told).unwrap_or_default();
        assert!(fault.contains(words), "`{fault}`, not `{words}`");
    }
}
