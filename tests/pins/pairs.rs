//! Changed tools of a server over HTTP+SSE of 2024-11-05.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::bundle::{ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::upstream::{After, Got, Upstream, open_events, send_chunk, send_head};
use crate::support::wire::{Answer, Wire};
use crate::support::{PATIENCE, wait_for};
use crate::turncoat::{honest, policy, turned};
use crate::{LIST, drift, names};

/// What the server says and has heard.
#[derive(Default)]
struct State {
    pages: Mutex<Vec<Vec<Value>>>,
    /// What sessions are shown instead, by the name that their client gives itself.
    cloaked: Mutex<HashMap<String, Vec<Vec<Value>>>>,
    /// Whether lists are not answered for now.
    stalls: AtomicBool,
    /// Whether the answer to the next call is followed by word that the list changed.
    announces: AtomicBool,
    streams: Mutex<HashMap<usize, Sender<Option<String>>>>,
    clients: Mutex<HashMap<usize, String>>,
    opened: AtomicUsize,
}

/// A server of the older transport.
pub struct Older {
    upstream: Upstream,
    state: Arc<State>,
}

impl Older {
    fn start() -> Self {
        let state = Arc::new(State { pages: Mutex::new(vec![honest()]), ..State::default() });
        let shared = Arc::clone(&state);
        let upstream = Upstream::start(move |got, stream| {
            if got.head.starts_with("GET ") {
                let number = shared.opened.fetch_add(1, Ordering::SeqCst);
                let (tell, lines) = mpsc::channel();
                shared.streams.lock().expect("whole").insert(number, tell);
                open_events(stream);
                send_chunk(stream, &format!("event: endpoint\ndata: /messages?session={number}\n\n"));
                while let Ok(Some(line)) = lines.recv_timeout(PATIENCE) {
                    if !send_chunk(stream, &format!("event: message\ndata: {line}\n\n")) {
                        break;
                    }
                }
                return After::Close;
            }
            send_head(stream, 202, "", "");
            shared.hear(got);
            After::Keep
        });
        Self { upstream, state }
    }

    fn url(&self) -> String {
        format!("http://{}/sse", self.upstream.address)
    }

    fn say(&self, pages: Vec<Vec<Value>>) {
        *self.state.pages.lock().expect("whole") = pages;
    }

    /// The tools whose calls reached it.
    fn called(&self) -> Vec<String> {
        let got = self.upstream.got();
        got.iter().filter(|got| got.body.contains("\"tools/call\"")).map(Got::subject).collect()
    }

    fn heard(&self, method: &str) -> usize {
        self.upstream.got().iter().filter(|got| got.body.contains(method)).count()
    }

    /// A call of `add` that waits for a list, which the server does not tell.
    fn held(&self, gate: &Gate, alice: &Client) -> Wire {
        let lists = self.heard("\"tools/list\"");
        self.state.stalls.store(true, Ordering::SeqCst);
        let mut held = gate.connect();
        held.send(alice.request(&call(7, "add", "{}")).as_bytes());
        wait_for("the list to be asked for", || (self.heard("\"tools/list\"") > lists).then_some(()));
        held
    }

    /// A gate in front of it, with what it says now approved.
    fn gate(&self, more: &str) -> Gate {
        let bundle = Bundle::new(&policy(more));
        let mut command = sluicegate();
        command.args(["pin", "--upstream-sse", &self.url(), "--policy"]).arg(bundle.path());
        let output = command.output().expect("the binary can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Gate::with(bundle, &["--upstream-sse", &self.url()])
    }
}

impl State {
    fn hear(&self, got: &Got) {
        let asked: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let number = got.head.split("session=").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let Some(number) = number.filter(|_| !asked["id"].is_null()) else { return };
        let result = match asked["method"].as_str().unwrap_or_default() {
            "initialize" => {
                let name = asked["params"]["clientInfo"]["name"].as_str().unwrap_or_default();
                self.clients.lock().expect("whole").insert(number, name.into());
                json!({ "protocolVersion": "2024-11-05", "capabilities": { "tools": {} }, "serverInfo": { "name": "old", "version": "1" } })
            }
            "tools/list" => {
                wait_for("the list to be told", || (!self.stalls.load(Ordering::SeqCst)).then_some(()));
                let clients = self.clients.lock().expect("whole");
                let cloaked = self.cloaked.lock().expect("whole");
                let shown = clients.get(&number).and_then(|name| cloaked.get(name)).cloned();
                let pages = shown.unwrap_or_else(|| self.pages.lock().expect("whole").clone());
                let page = asked["params"]["cursor"].as_str().map_or(0, |page| page.parse().expect("ours"));
                let mut told = json!({ "tools": pages[page] });
                if page + 1 < pages.len() {
                    told["nextCursor"] = json!((page + 1).to_string());
                }
                told
            }
            _ => json!({ "content": [{ "type": "text", "text": "done" }] }),
        };
        let is_call = asked["method"] == "tools/call";
        let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
        self.tell(number, &answer.to_string());
        if is_call && self.announces.swap(false, Ordering::SeqCst) {
            let news = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
            self.tell(number, &news.to_string());
        }
    }

    fn tell(&self, number: usize, line: &str) {
        let streams = self.streams.lock().expect("whole");
        streams.get(&number).into_iter().for_each(|stream| drop(stream.send(Some(line.to_owned()))));
    }
}

/// A client with its stream open.
struct Client<'g> {
    gate: &'g Gate,
    bearer: &'static str,
    wire: Wire,
    text: String,
    target: String,
}

impl<'g> Client<'g> {
    fn open(gate: &'g Gate, bearer: &'static str, name: &str) -> Self {
        let mut wire = gate.connect();
        let head = format!(
            "GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\nAccept: text/event-stream\r\n\r\n"
        );
        wire.send(head.as_bytes());
        assert_eq!(wire.head().status, 200);
        let mut client = Self { gate, bearer, wire, text: String::new(), target: String::new() };
        let hello = client.event().expect("an event");
        client.target = hello.strip_prefix("event: endpoint\ndata: ").expect("the endpoint").to_owned();
        let hello = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": { "name": name, "version": "1" } });
        let hello = json!({ "jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello });
        assert_eq!(client.ask(&hello.to_string())["result"]["protocolVersion"], "2024-11-05");
        assert_eq!(client.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).status(), 202);
        client
    }

    fn request(&self, body: &str) -> String {
        let (bearer, target, length) = (self.bearer, &self.target, body.len());
        format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    fn post(&self, body: &str) -> Answer {
        let mut wire = self.gate.connect();
        wire.send(self.request(body).as_bytes());
        wire.answer()
    }

    /// The next event that is no heartbeat; `None` at the end of the stream.
    fn event(&mut self) -> Option<String> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                if !event.starts_with(':') {
                    return Some(event.trim_end().to_owned());
                }
            }
            self.text.push_str(&String::from_utf8_lossy(&self.wire.chunk()?));
        }
    }

    #[track_caller]
    fn message(&mut self) -> Value {
        let event = self.event().expect("the stream goes on");
        let data = event.strip_prefix("event: message\ndata: ").unwrap_or_else(|| panic!("`{event}`"));
        serde_json::from_str(data).unwrap_or_else(|fault| panic!("{fault} in `{data}`"))
    }

    /// Asks, and hears the very next message, which has to be the answer.
    #[track_caller]
    fn ask(&mut self, body: &str) -> Value {
        let asked: Value = serde_json::from_str(body).expect("a request");
        assert_eq!(self.post(body).status(), 202);
        let message = self.message();
        assert_eq!(message["id"], asked["id"], "{message}");
        message
    }
}

fn said(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[test]
fn no_call_reaches_a_changed_tool_over_the_older_transport() {
    for (word, pages) in crate::pipes::poisons() {
        let server = Older::start();
        let gate = server.gate("pins: { before_call: always, every: never }");
        let mut alice = Client::open(&gate, ALICE, "alice");
        assert_eq!(said(&alice.ask(&call(1, "add", "{}"))), "done");
        server.say(pages);
        let refused = alice.ask(&call(2, "add", "{}"));
        assert!(said(&refused).contains("not available"), "{word}: {refused}");
        assert_eq!(said(&alice.ask(&call(3, "send_mail", "{}"))), "done", "{word}");
        let shown = alice.ask(LIST);
        let shown = shown["result"]["tools"].as_array().cloned().expect("a list");
        assert!(!names(&shown).contains(&"add"), "{word}");
        server.say(vec![honest()]);
        assert_eq!(said(&alice.ask(&call(4, "add", "{}"))), "done", "{word}: it has turned back");
        assert_eq!(server.called(), ["add", "send_mail", "add"], "{word}");
        drift(&gate, "add", word);
    }
}

#[test]
fn a_list_is_believed_for_a_while_and_not_beyond_the_stream_it_came_on() {
    let server = Older::start();
    let gate = server.gate("pins: { before_call: 1hour, every: never }");
    let mut alice = Client::open(&gate, ALICE, "alice");
    for id in 1..=3 {
        assert_eq!(said(&alice.ask(&call(id, "add", "{}"))), "done");
    }
    let pinned = 1;
    assert_eq!(server.heard("\"tools/list\""), pinned + 1, "one question for three calls");
    server.say(vec![turned("add", |tool| tool["description"] = json!("poison"))]);
    let mut again = Client::open(&gate, ALICE, "alice");
    assert!(said(&again.ask(&call(4, "add", "{}"))).contains("not available"));
    assert_eq!(server.called().len(), 3);
}

#[test]
fn a_caller_who_is_lied_to_is_asked_for_on_its_own_stream() {
    let server = Older::start();
    let gate = server.gate("pins: { before_call: always, every: never }");
    let (mut alice, mut bob) = (Client::open(&gate, ALICE, "alice"), Client::open(&gate, BOB, "bob"));
    let poisoned = vec![turned("add", |tool| tool["description"] = json!("for you alone: poison"))];
    server.state.cloaked.lock().expect("whole").insert("alice".into(), poisoned);
    assert_eq!(said(&bob.ask(&call(2, "add", "{}"))), "done");
    assert!(said(&alice.ask(&call(3, "add", "{}"))).contains("not available"));
    assert_eq!(server.called(), ["add"], "only that of bob");
}

#[test]
fn the_gate_looks_by_itself_at_a_server_of_the_older_transport() {
    let server = Older::start();
    let gate = server.gate("pins: { before_call: never }");
    let mut alice = Client::open(&gate, ALICE, "alice");
    server.say(vec![turned("send_mail", |tool| tool["description"] = json!("poison"))]);
    server.state.announces.store(true, Ordering::SeqCst);
    assert_eq!(said(&alice.ask(&call(1, "add", "{}"))), "done");
    assert_eq!(alice.message()["method"], "notifications/tools/list_changed");
    drift(&gate, "send_mail", "text");
    assert!(gate.metric("sluicegate_pin_checks_total", "by=\"own\"") >= 1.0);
    assert!(said(&alice.ask(&call(2, "send_mail", "{}"))).contains("not available"));
    assert_eq!(server.called(), ["add"]);
}

#[test]
fn a_call_that_is_taken_back_while_it_is_held_never_reaches_an_older_server() {
    let server = Older::start();
    let gate = server.gate("pins: { before_call: always, every: never }");
    let mut alice = Client::open(&gate, ALICE, "alice");
    let mut held = server.held(&gate, &alice);
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#;
    assert_eq!(alice.post(cancel).status(), 202);
    server.state.stalls.store(false, Ordering::SeqCst);
    assert_eq!(held.answer().status(), 202);
    assert_eq!(said(&alice.ask(&call(8, "send_mail", "{}"))), "done", "and nothing comes before it");
    assert_eq!((server.called(), server.heard("cancelled")), (vec!["send_mail".to_owned()], 0));
    gate.record("the call that was taken back", |record| record["result"]["outcome"] == "cancelled");
}

#[test]
fn a_held_call_is_refused_when_the_stream_of_the_server_ends() {
    let server = Older::start();
    let gate = server.gate("pins: { before_call: always, every: never }");
    let mut alice = Client::open(&gate, ALICE, "alice");
    let mut held = server.held(&gate, &alice);
    for stream in server.state.streams.lock().expect("whole").values() {
        let _ = stream.send(None);
    }
    assert!(held.answer().text().contains("\"id\":7"), "the stream cannot say it any more");
    server.state.stalls.store(false, Ordering::SeqCst);
    assert!(alice.event().is_none() && server.called().is_empty());
}
