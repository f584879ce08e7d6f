//! A server of HTTP+SSE that says what the test tells it to, the gate before it, and a client.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::support::bundle::Bundle;
use crate::support::gate::Gate;
use crate::support::upstream::{After, Got, Script, Upstream, open_events, send_chunk};
use crate::support::wait_for;
use crate::support::wire::{Answer, Head, Wire};

/// Where the server of the tests wants to be posted to; its query is a secret.
pub const ENDPOINT: &str = "/messages/?session_id=s3cret-7";

/// A server, the gate, and what the server has to say on the stream that was opened first.
pub struct Stage {
    pub upstream: Upstream,
    pub gate: Gate,
    lines: Sender<Option<String>>,
    gone: Receiver<()>,
}

/// How the server behaves.
pub struct Play {
    /// What it sends first on a stream; `HOST` stands for its own address.
    pub hello: Arc<Mutex<Vec<String>>>,
    /// The status with which it answers what is posted.
    pub posted: u16,
}

impl Default for Play {
    fn default() -> Self {
        let hello = vec![format!("event: endpoint\ndata: {ENDPOINT}\n\n")];
        Self { hello: Arc::new(Mutex::new(hello)), posted: 202 }
    }
}

impl Stage {
    /// The server and the gate with `policy`.
    pub fn new(policy: &str) -> Self {
        Self::with(policy, Play::default(), &[])
    }

    /// The server as it behaves in `play`, and the gate with more words on its command line.
    pub fn with(policy: &str, play: Play, words: &[&str]) -> Self {
        Self::of(Bundle::new(policy), play, words)
    }

    /// See [`Stage::with`].
    pub fn of(bundle: Bundle, play: Play, words: &[&str]) -> Self {
        Self::below("", bundle, play, words)
    }

    /// See [`Stage::with`]; the gate in a shell that does `first` before.
    pub fn below(first: &str, bundle: Bundle, play: Play, words: &[&str]) -> Self {
        let (script, say, is_gone) = Script::new();
        let upstream = Upstream::start(move |got, stream| {
            if got.head.starts_with("POST ") {
                let head = format!("HTTP/1.1 {} X\r\nContent-Length: 8\r\n\r\nAccepted", play.posted);
                return After::from_written(std::io::Write::write_all(stream, head.as_bytes()).is_ok());
            }
            open_events(stream);
            let host = header(got, "host");
            let hello = play.hello.lock().expect("no thread panicked with it").clone();
            for part in hello {
                send_chunk(stream, &part.replace("HOST", &host));
            }
            let _ = script.play(stream);
            After::Close
        });
        let url = format!("http://{}/sse", upstream.address);
        let mut all = vec!["--upstream-sse", &url];
        all.extend(words);
        let gate = Gate::below(first, bundle, &all);
        Self { upstream, gate, lines: say, gone: is_gone }
    }

    /// The server says this on its stream, as it is.
    pub fn raw(&self, text: &str) {
        self.lines.send(Some(text.to_owned())).expect("the server listens");
    }

    /// The server says a message on its stream.
    pub fn say(&self, message: &str) {
        self.raw(&format!("event: message\ndata: {message}\n\n"));
    }

    /// The server ends its stream.
    pub fn end(&self) {
        self.lines.send(None).expect("the server listens");
    }

    /// Waits until the server has noticed that its stream was closed.
    pub fn is_left(&self) {
        wait_for("the server to notice", || {
            let _ = self.lines.send(Some(": still there\n\n".into()));
            self.gone.recv_timeout(Duration::from_millis(20)).ok()
        });
    }

    /// Opens a stream.
    pub fn open(&self, bearer: &str) -> Client {
        let (wire, head) = self.get(bearer, "/sse");
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        let mut client = Client { wire, text: String::new(), target: String::new() };
        let hello = client.event();
        let target = hello.strip_prefix("event: endpoint\ndata: ").expect("the first event is the endpoint");
        client.target = target.to_owned();
        client
    }

    /// Asks for a path, and reads the head of the answer.
    pub fn get(&self, bearer: &str, path: &str) -> (Wire, Head) {
        let mut wire = self.gate.connect();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\nAccept: text/event-stream\r\n\r\n"
        );
        wire.send(head.as_bytes());
        let head = wire.head();
        (wire, head)
    }

    /// Posts to a target of the gate.
    pub fn post(&self, bearer: &str, target: &str, body: &str) -> Answer {
        let mut wire = self.gate.connect();
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        wire.send(head.as_bytes());
        wire.answer()
    }

    /// The bodies that the server was posted.
    pub fn posted(&self) -> Vec<String> {
        let got = self.upstream.got();
        got.into_iter().filter(|got| got.head.starts_with("POST ")).map(|got| got.body).collect()
    }

    /// How many messages of a kind were dropped.
    pub fn strays(&self, kind: &str) -> f64 {
        self.gate.metric("sluicegate_stray_messages_total", kind)
    }
}

/// A client with its stream open.
pub struct Client {
    wire: Wire,
    text: String,
    /// Where it was told to post.
    pub target: String,
}

impl Client {
    /// The next event, without its blank line; comments are passed over.
    #[track_caller]
    pub fn event(&mut self) -> String {
        self.try_event().expect("the stream goes on")
    }

    /// The next event; `None` at the end of the stream.
    pub fn try_event(&mut self) -> Option<String> {
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

    /// The next message.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        let event = self.event();
        let data = event.strip_prefix("event: message\ndata: ").unwrap_or_else(|| panic!("`{event}`"));
        serde_json::from_str(data).unwrap_or_else(|fault| panic!("{fault} in `{data}`"))
    }
}

impl After {
    fn from_written(is_written: bool) -> Self {
        if is_written { Self::Keep } else { Self::Close }
    }
}

/// The value of a header of a request.
pub fn header(got: &Got, name: &str) -> String {
    let value = got.head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_default()
}
