//! A client of HTTP/2 that sends exactly the frames it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::bundle::ALICE;

/// Kinds of frames. Source: RFC 9113, section 6.
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub mod flag {
    pub const NONE: u8 = 0;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With an answer; true if its status is 200.
    Answered(bool),
    /// With a reset.
    Reset,
    /// With the connection.
    Closed,
}

/// A connection that spoke the preface.
pub struct Frames(TcpStream);

impl Frames {
    /// Connects, and says the preface with `settings`.
    pub fn connect(address: SocketAddr, settings: &[u8]) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("the listener takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a timeout can be set");
        let mut frames = Self(stream);
        frames.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frames.send(&frame(kind::SETTINGS, flag::NONE, 0, settings));
        frames
    }

    /// Sends bytes; false once the peer takes no more.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next frame: its kind, its stream and its payload. `None` at the end.
    pub fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], stream, payload))
    }

    /// Reads until the end of `stream` is clear.
    pub fn end(&mut self, stream: u32) -> End {
        self.end_unless(stream, kind::GOAWAY)
    }

    /// The same where the peer may say goodbye before: it finishes what has begun.
    pub fn end_past_goodbye(&mut self, stream: u32) -> End {
        self.end_unless(stream, u8::MAX)
    }

    fn end_unless(&mut self, stream: u32, last: u8) -> End {
        loop {
            match self.next() {
                // The first field is the status; 200 is entry 8 of the static table.
                Some((kind::HEADERS, of, payload)) if of == stream => {
                    // A change of the table's size may stand before it.
                    let first = payload.iter().find(|byte| **byte & 0xe0 != 0x20);
                    return End::Answered(first == Some(&0x88));
                }
                Some((kind::RST_STREAM, of, _)) if of == stream => return End::Reset,
                Some((kind, ..)) if kind == last => return End::Closed,
                None => return End::Closed,
                Some(_) => {}
            }
        }
    }

    /// Reads until the peer says goodbye or closes; false if it does neither.
    pub fn goodbye(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.next() {
                Some((kind::GOAWAY, ..)) => return true,
                Some(_) if Instant::now() < deadline => {}
                Some(_) => return false,
                None => return Instant::now() < deadline,
            }
        }
    }
}

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A header block of literal fields. Source: RFC 7541, section 6.2.2.
pub fn block(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name.as_bytes(), value] {
            length(&mut bytes, text.len());
            bytes.extend_from_slice(text);
        }
    }
    bytes
}

/// A length of seven bits and more.
pub fn length(bytes: &mut Vec<u8>, length: usize) {
    if length < 127 {
        bytes.push(length as u8);
        return;
    }
    bytes.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        bytes.push(rest as u8 | 128);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// The fields of an honest call.
pub fn fields() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (":method", b"POST".to_vec()),
        (":scheme", b"http".to_vec()),
        (":path", b"/mcp".to_vec()),
        (":authority", b"127.0.0.1".to_vec()),
        ("authorization", format!("Bearer {ALICE}").into_bytes()),
        ("content-type", b"application/json".to_vec()),
    ]
}
