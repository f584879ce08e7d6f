//! A client that sends exactly the bytes it is told to.

use std::fmt::Debug;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::Value;

use super::PATIENCE;

/// What bytes go through.
pub trait Conduit: Read + Write + Send + Debug {
    /// Says that nothing more comes.
    fn finish(&mut self);
}

impl Conduit for TcpStream {
    fn finish(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Wire {
    stream: Box<dyn Conduit>,
    pending: Vec<u8>,
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    text: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its head.
    pub head: Head,
    /// Its body, unframed.
    pub body: Vec<u8>,
}

impl Head {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON-RPC message in the body, or in the last event of it.
    #[track_caller]
    pub fn json(&self) -> Value {
        let text = self.text();
        let last = text.lines().rev().find_map(|line| line.strip_prefix("data:"));
        let json = last.unwrap_or(&text);
        serde_json::from_str(json).unwrap_or_else(|fault| panic!("{fault} in `{text}` ({})", self.head.text))
    }

    /// The code and the message of a JSON-RPC error.
    #[track_caller]
    pub fn error(&self) -> (i64, String) {
        let error = &self.json()["error"];
        (error["code"].as_i64().unwrap_or_default(), error["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The text of a tool's result that says that it failed; `None` for any other answer.
    #[track_caller]
    pub fn tool_error(&self) -> Option<String> {
        let json = self.json();
        let text = json["result"]["content"][0]["text"].as_str()?;
        (json["result"]["isError"] == true).then(|| text.to_owned())
    }
}

impl Wire {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("the listener takes connections")
    }

    /// Connects, unless nobody listens.
    pub fn try_connect(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("the option can be set");
        Some(Self::over(stream))
    }

    /// Speaks over what is connected already.
    pub fn over(stream: impl Conduit + 'static) -> Self {
        Self { stream: Box::new(stream), pending: Vec::new() }
    }

    /// Sends bytes as they are. A peer that has closed already is no failure: its answer tells.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// Says that nothing more comes.
    pub fn finish_sending(&mut self) {
        self.stream.finish();
    }

    /// Posts `body` and reads the answer.
    pub fn post(&mut self, bearer: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(&request(bearer, headers, body.as_bytes()));
        self.answer()
    }

    /// Reads more; the number of bytes, 0 at the end.
    fn read_more(&mut self) -> usize {
        let mut chunk = [0; 16 * 1024];
        let length = match self.stream.read(&mut chunk) {
            Ok(length) => length,
            Err(fault) if matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("no answer within {PATIENCE:?}; so far: {}", String::from_utf8_lossy(&self.pending))
            }
            Err(_) => 0,
        };
        self.pending.extend_from_slice(&chunk[..length]);
        length
    }

    fn take_until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.pending.windows(mark.len()).position(|window| window == mark) {
                return Some(self.pending.drain(..at + mark.len()).collect());
            }
            if self.read_more() == 0 {
                return None;
            }
        }
    }

    /// Reads the head of an answer; `None` if the peer closed instead.
    pub fn try_head(&mut self) -> Option<Head> {
        let bytes = self.take_until(b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
        Some(Head { status, text })
    }

    /// Reads the head of an answer.
    #[track_caller]
    pub fn head(&mut self) -> Head {
        self.try_head().expect("the peer answers")
    }

    /// Reads a whole answer.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("the peer answers")
    }

    /// Reads a whole answer; `None` if the peer closed instead.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let head = self.try_head()?;
        let mut body = Vec::new();
        if let Some(length) = head.header("content-length").and_then(|text| text.parse::<usize>().ok()) {
            while self.pending.len() < length && self.read_more() > 0 {}
            body = self.pending.drain(..length.min(self.pending.len())).collect();
        } else if head.header("transfer-encoding").is_some() {
            while let Some(chunk) = self.chunk() {
                body.extend(chunk);
            }
        } else if !matches!(head.status, 100..=199 | 202 | 204) {
            while self.read_more() > 0 {}
            body = std::mem::take(&mut self.pending);
        }
        Some(Answer { head, body })
    }

    /// The next chunk of a chunked body; `None` at its end or when it was cut.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.take_until(b"\r\n")?;
        let length = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
        while self.pending.len() < length + 2 {
            if self.read_more() == 0 {
                return None;
            }
        }
        let chunk: Vec<u8> = self.pending.drain(..length).collect();
        self.pending.drain(..2);
        (length > 0).then_some(chunk)
    }

    /// Waits until the peer closes, and returns what it still sent.
    pub fn closed(&mut self) -> Vec<u8> {
        while self.read_more() > 0 {}
        std::mem::take(&mut self.pending)
    }
}

/// A POST to the endpoint as a client of 2025-06-18 sends it, with `headers` added or in place of ours.
pub fn request(bearer: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let authorization = format!("Bearer {bearer}");
    let usual = [
        ("Host", "127.0.0.1"),
        ("Authorization", authorization.as_str()),
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
        ("MCP-Protocol-Version", "2025-06-18"),
        ("Content-Length", length.as_str()),
    ];
    let is_ours = |name: &str| !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let mut text = String::from("POST /mcp HTTP/1.1\r\n");
    for (name, value) in usual.iter().filter(|(name, _)| is_ours(name)).chain(headers) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
