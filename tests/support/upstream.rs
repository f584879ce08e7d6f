//! A server made for tests: it keeps every byte it gets, and answers as it is told to, badly if need be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::PATIENCE;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Got {
    /// The head, blank line included.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Got {
    /// The tool that it calls, or its method.
    pub fn subject(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let name = json["params"]["name"].as_str();
        name.or(json["method"].as_str()).unwrap_or_default().to_owned()
    }
}

/// What happens to a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It is closed.
    Close,
    /// The next request is read.
    Keep,
}

type Play = dyn Fn(&Got, &mut TcpStream) -> After + Send + Sync;

/// A listening server; it stops with the value.
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    got: Mutex<Vec<Got>>,
    bytes: AtomicUsize,
    is_over: AtomicBool,
}

impl Upstream {
    /// Listens, and answers each request as `play` does.
    pub fn start(play: impl Fn(&Got, &mut TcpStream) -> After + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State::default());
        let (shared, play): (_, Arc<Play>) = (Arc::clone(&state), Arc::new(play));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let (state, play) = (Arc::clone(&shared), Arc::clone(&play));
                std::thread::spawn(move || attend(stream, &state, &*play));
            }
        });
        Self { address, state }
    }

    /// Answers each request with 200 and the JSON that `answer` makes of its body.
    pub fn json(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |got, stream| {
            send_json(stream, 200, &answer(&got.body));
            After::Keep
        })
    }

    /// Answers every call with what `echo` says, and takes notifications.
    pub fn echo() -> Self {
        Self::json(|body| result(body, r#"{"content":[{"type":"text","text":"ok"}]}"#))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Every request so far.
    pub fn got(&self) -> Vec<Got> {
        self.state.got.lock().expect("no thread panicked with it").clone()
    }

    /// Every byte so far.
    pub fn bytes(&self) -> usize {
        self.state.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn attend(stream: TcpStream, state: &State, play: &Play) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_nodelay(true);
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(got) = receive(&mut reader, state) {
        state.got.lock().expect("no thread panicked with it").push(got.clone());
        if play(&got, &mut writer) == After::Close {
            break;
        }
    }
    let _ = writer.shutdown(std::net::Shutdown::Both);
}

fn receive(reader: &mut BufReader<TcpStream>, state: &State) -> Option<Got> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let length = reader.read_line(&mut head).ok()?;
        state.bytes.fetch_add(length, Ordering::SeqCst);
        if length == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    state.bytes.fetch_add(body.len(), Ordering::SeqCst);
    Some(Got { head, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The id of a request, as it is spelled.
pub fn id(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body).map_or("null".into(), |json| json["id"].to_string())
}

/// A JSON-RPC result for the request in `body`.
pub fn result(body: &str, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id(body))
}

/// Sends a whole answer.
pub fn send_json(stream: &mut TcpStream, status: u16, body: &str) {
    send_head(stream, status, "", body);
}

/// Sends a whole answer with more header fields, each with its line end.
pub fn send_head(stream: &mut TcpStream, status: u16, fields: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{fields}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// Begins an answer that is a stream of events.
pub fn open_events(stream: &mut TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let _ = stream.write_all(head.as_bytes());
}

/// Sends a part of a chunked body; false once the other end has gone.
pub fn send_chunk(stream: &mut TcpStream, text: &str) -> bool {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    stream.write_all(chunk.as_bytes()).is_ok()
}

/// A stream of events that a test speaks through.
pub struct Script {
    lines: Mutex<Receiver<Option<String>>>,
    gone: Sender<()>,
}

impl Script {
    /// A script, what to say through it (`None` ends the stream), and word that the other end has gone.
    pub fn new() -> (Self, Sender<Option<String>>, Receiver<()>) {
        let (say, lines) = mpsc::channel();
        let (gone, is_gone) = mpsc::channel();
        (Self { lines: Mutex::new(lines), gone }, say, is_gone)
    }

    /// Says on an open stream what it is told to, each in a chunk of its own.
    pub fn play(&self, stream: &mut TcpStream) -> After {
        let lines = self.lines.lock().expect("no thread panicked with it");
        while let Ok(Some(text)) = lines.recv_timeout(PATIENCE) {
            if !send_chunk(stream, &text) {
                let _ = self.gone.send(());
                return After::Close;
            }
        }
        end_chunks(stream);
        After::Keep
    }
}

/// Ends a chunked body.
pub fn end_chunks(stream: &mut TcpStream) {
    let _ = stream.write_all(b"0\r\n\r\n");
}
