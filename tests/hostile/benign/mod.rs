//! The benign table: what clients honestly send reaches the server, and gets what it would get without us.
//!
//! Half of it was recorded from the SDK clients of `tests/peers` (`record.py`), the rest is every unusual
//! form that is not ambiguous. Each request goes to the gate and to the server itself; status and JSON
//! must be the same, apart from what the policy hides: a tool, personal data, handles that are sealed.

mod written;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::case::SESSION;
use crate::client::{Told, visit};
use crate::readings;
use crate::stage;
use crate::summary;
use crate::support::bundle::ALICE;
use crate::support::gate::SECRETS;
use crate::support::peers::Server;
use crate::tokens::Pen;

const RECORDED: &str = include_str!("recorded.jsonl");

/// One honest request; sessions and addresses are filled in when it is sent.
pub struct Request {
    /// Its name.
    id: String,
    /// As it is sent, with words where stages differ.
    bytes: Vec<u8>,
}

/// The requests of one client, in their order.
struct Visit {
    requests: Vec<Request>,
}

/// The recorded visits to the server `name`.
fn recorded(name: &str) -> Vec<Visit> {
    let mut visits: Vec<(String, Visit)> = Vec::new();
    for (at, line) in RECORDED.lines().enumerate() {
        let json: Value = serde_json::from_str(line).expect("the data file is JSON lines");
        let [client, server] = [0, 1].map(|at| json["of"][at].as_str().unwrap_or_default().to_owned());
        if server != name {
            continue;
        }
        let method = json["method"].as_str().unwrap_or_default();
        let body = json["body"].as_str().unwrap_or_default();
        let mut text = format!("{method} /mcp HTTP/1.1\r\n");
        for header in json["headers"].as_array().into_iter().flatten() {
            let value = header[1].as_str().unwrap_or_default();
            let value = value.replace("KEY", ALICE).replace("SESSION", SESSION);
            text += &format!("{}: {value}\r\n", header[0].as_str().unwrap_or_default());
        }
        if method == "POST" {
            text += &format!("content-length: {}\r\n", body.len());
        }
        let request =
            Request { id: format!("{client}/{at}"), bytes: format!("{text}\r\n{body}").into_bytes() };
        match visits.last_mut() {
            Some((last, visit)) if *last == client => visit.requests.push(request),
            _ => visits.push((client, Visit { requests: vec![request] })),
        }
    }
    visits.into_iter().map(|(_, visit)| visit).collect()
}

/// Where requests go, and the session there.
struct Place {
    address: SocketAddr,
    session: String,
}

impl Place {
    fn new(address: SocketAddr) -> Self {
        Self { address, session: stage::begin(address) }
    }

    fn send(&mut self, request: &Request) -> Told {
        let filled = stage::addressed(&request.bytes, &self.session);
        let host = format!("Host: {}\r\n", self.address);
        let text = String::from_utf8(filled).expect("honest requests are UTF-8");
        let bytes =
            text.replacen("Host: HOST\r\n", &host, 1).replacen("host: HOST\r\n", &host, 1).into_bytes();
        if bytes.starts_with(b"GET ") {
            return glance(self.address, &bytes);
        }
        let told = visit(self.address, &bytes);
        if text.contains("\"initialize\"")
            && let Some(session) = told.header("mcp-session-id")
        {
            self.session = session;
        }
        told
    }
}

/// The head of an answer whose body may never end.
fn glance(address: SocketAddr, bytes: &[u8]) -> Told {
    let mut told = Told::default();
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(5)) else { return told };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let _ = stream.write_all(bytes);
    let mut chunk = [0; 1024];
    while !told.bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(length @ 1..) => told.bytes.extend_from_slice(&chunk[..length]),
            Ok(_) | Err(_) => break,
        }
    }
    let end = told.bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_default();
    told.bytes.truncate(end + 4);
    told.status = told.head().get(9..12).and_then(|word| word.parse().ok());
    told
}

/// The messages of an answer, without what the policy changes on purpose.
fn messages(told: &Told) -> Vec<Value> {
    let text = String::from_utf8_lossy(&told.body()).into_owned();
    let is_stream = told.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    let texts = if is_stream { readings::standard(&text) } else { vec![text] };
    let mut all: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    all.iter_mut().for_each(level);
    all
}

/// Takes out what the policy hides or changes, alike on both sides.
fn level(message: &mut Value) {
    if let Some(result) = message.get_mut("result").and_then(Value::as_object_mut) {
        // A list that was filtered is this caller's alone, and is kept for a shorter time.
        result.remove("cacheScope");
        result.remove("ttlMs");
        if let Some(tools) = result.get_mut("tools").and_then(Value::as_array_mut) {
            tools.retain(|tool| ["echo", "lookup", "slow"].iter().any(|name| tool["name"] == *name));
        }
    }
    mask(message);
}

/// Blots out texts that hold personal data, or did.
fn mask(json: &mut Value) {
    match json {
        Value::String(text) => {
            let marks = ["Maria Lopez, SSN", "\"ssn\"", "SSN ", "***"];
            if SECRETS.iter().chain(&marks).any(|mark| text.contains(mark)) {
                "personal".clone_into(text);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(mask),
        Value::Object(all) => all.values_mut().for_each(mask),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
    }
}

/// How the gate's answer is not the server's; `None` when it is.
fn difference(direct: &Told, gated: &Told) -> Option<String> {
    let is_honoured = direct.status.is_some_and(|status| status < 400);
    let shown = |told: &Told| format!("{} {}", told.head().lines().next().unwrap_or_default(), told.text());
    if !is_honoured {
        // The server takes it amiss; then the gate may say what it likes, but not hang.
        return gated.is_hung.then(|| format!("hangs where the server says {}", shown(direct)));
    }
    if direct.status != gated.status {
        return Some(format!("refused: {}, not {}", shown(gated), shown(direct)));
    }
    let (wanted, got) = (messages(direct), messages(gated));
    (wanted != got).then(|| format!("{got:?}, not {wanted:?}"))
}

/// Sends every request to both places; returns their number and what is different.
fn compare(name: &str, server: &Server) -> (usize, Vec<String>) {
    let pen = Pen::ed25519();
    let gate = stage::gate(&server.url, &[&pen]);
    let (mut count, mut faults) = (0, Vec::new());
    let mut check = |direct: &mut Place, gated: &mut Place, request: &Request| {
        count += 1;
        let (one, two) = (direct.send(request), gated.send(request));
        faults.extend(difference(&one, &two).map(|fault| format!("{} [{name}]: {fault}", request.id)));
    };
    for visit in recorded(name) {
        let (mut direct, mut gated) = (Place::new(server.address()), Place::new(gate.address));
        visit.requests.iter().for_each(|request| check(&mut direct, &mut gated, request));
    }
    let (mut direct, mut gated) = (Place::new(server.address()), Place::new(gate.address));
    written::requests().iter().for_each(|request| check(&mut direct, &mut gated, request));
    (count, faults)
}

#[test]
fn no_honest_request_is_refused() {
    let (python, typescript) = std::thread::scope(|scope| {
        let runs = [
            scope.spawn(|| compare("python", &Server::python())),
            scope.spawn(|| compare("typescript", &Server::typescript())),
        ];
        let [python, typescript] = runs.map(|run| run.join().expect("the run ends well"));
        (python, typescript)
    });
    let count = python.0 + typescript.0;
    let distinct = RECORDED.lines().count() + written::requests().len();
    let faults = [python.1, typescript.1].concat();
    let refused = faults.iter().filter(|fault| fault.contains("]: refused")).count();
    summary::tell(
        "benign",
        &format!(
            "benign: {distinct} requests ({count} with both servers), {refused} refused, {} changed",
            faults.len() - refused
        ),
    );
    assert!(distinct >= 150, "{distinct} requests");
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// The comparison can fail: an answer that is refused, changed, or cut is told from the right one.
#[test]
fn the_comparison_sees_a_difference() {
    let answer = |status: u16, body: &str| Told {
        status: Some(status),
        bytes: format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        is_hung: false,
    };
    let good = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hi"}]}}"#;
    let changed = good.replace("hi", "ho");
    for (body, status, is_same) in
        [(good, 200, true), (good, 400, false), (&changed, 200, false), ("", 200, false)]
    {
        let found = difference(&answer(200, good), &answer(status, body));
        assert_eq!(found.is_none(), is_same, "{status} {body}: {found:?}");
    }
    assert_eq!(difference(&answer(404, ""), &answer(200, good)), None);
}
