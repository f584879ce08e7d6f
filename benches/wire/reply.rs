//! Reads HTTP/1.1 replies off a kept-alive connection and checks that they answer the call.
//!
//! Only what proxies of this bench send is understood: a `Content-Length` or chunks. Anything else is a fault
//! that ends the round, never a guess. The parser is cheap on purpose: the generator shares its core with the
//! origin, and what it spends lowers the rate it can drive.

use std::io;

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::call;

/// The origin ends every result with this, so that a cut or replaced answer is seen.
pub const END_MARK: &str = r#""_meta":{"origin":"wire"}}}"#;
/// The most bytes of one reply: the 64 KB bodies with their escapes, heads and chunk sizes, four times over.
const REPLY_BYTES_MAX: usize = 1 << 19;
const READ_BYTES: usize = 32 << 10;

/// A reply, whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The MCP session that the server opened with it.
    pub session: Option<String>,
    /// The body without its framing; borrowed by [`Replies::body`].
    body: Body,
}

#[derive(Debug, PartialEq, Eq)]
enum Body {
    Chunked,
    Counted { from: usize, to: usize },
}

enum Progress {
    /// At least this many bytes are needed before it pays to look again.
    Partial {
        need: usize,
    },
    Whole {
        reply: Reply,
        used: usize,
    },
}

/// What has arrived on one connection.
pub struct Replies {
    buffer: Vec<u8>,
    used: usize,
    chunks: Vec<u8>,
}

impl Replies {
    /// Nothing has arrived yet.
    pub fn new() -> Self {
        Self { buffer: Vec::with_capacity(READ_BYTES), used: 0, chunks: Vec::new() }
    }

    /// Waits for the next reply.
    ///
    /// # Errors
    /// The peer closed the connection, or sent what is no HTTP reply, or too much of it.
    pub async fn next<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<Reply> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let mut need = 1;
        loop {
            if self.buffer.len() >= need {
                match parse(&self.buffer, &mut self.chunks)? {
                    Progress::Whole { reply, used } => {
                        self.used = used;
                        return Ok(reply);
                    }
                    Progress::Partial { need: more } => need = more.max(self.buffer.len() + 1),
                }
            }
            if need > REPLY_BYTES_MAX {
                return Err(fault("reply is too long"));
            }
            self.buffer.reserve(READ_BYTES.max(need.saturating_sub(self.buffer.len())));
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(fault("connection closed before the reply was whole"));
            }
        }
    }

    /// The body of the reply that [`Replies::next`] returned last.
    pub fn body(&self, reply: &Reply) -> &[u8] {
        match reply.body {
            Body::Chunked => &self.chunks,
            Body::Counted { from, to } => &self.buffer[from..to],
        }
    }
}

/// Checks that a body is the origin's whole answer to the call with this id.
///
/// # Errors
/// Says what is wrong with it, with its first bytes.
pub fn check(reply: &Reply, body: &[u8], id: u64) -> io::Result<()> {
    let excerpt = || String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    if reply.status != 200 {
        return Err(fault(&format!("status {}: {}", reply.status, excerpt())));
    }
    let mut lexeme = *br#""id":0123456789"#;
    lexeme[5..].copy_from_slice(&call::digits(id));
    if memmem::find(body, &lexeme).is_none() {
        return Err(fault(&format!("reply does not carry id {id}: {}", excerpt())));
    }
    let tail = &body[body.len().saturating_sub(END_MARK.len() + 2)..];
    if memmem::find(tail, END_MARK.as_bytes()).is_none() {
        return Err(fault(&format!("reply is not the origin's: {}", excerpt())));
    }
    Ok(())
}

/// An error of the peer's making.
pub fn fault(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn parse(bytes: &[u8], chunks: &mut Vec<u8>) -> io::Result<Progress> {
    let Some(head_end) = memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(Progress::Partial { need: 0 });
    };
    let head = std::str::from_utf8(&bytes[..head_end]).map_err(|_| fault("head is not text"))?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status: u16 = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| fault("no status line of HTTP/1.1"))?;
    let (mut counted, mut chunked, mut session) = (None, None, None);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            counted = Some(value.parse::<usize>().map_err(|_| fault("content-length is no number"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = Some(value);
        } else if name.eq_ignore_ascii_case("mcp-session-id") {
            session = Some(value.to_owned());
        }
    }
    match (counted, chunked) {
        (None, Some("chunked")) => match unchunk(&bytes[head_end..], chunks)? {
            None => Ok(Progress::Partial { need: 0 }),
            Some(used) => Ok(Progress::Whole {
                reply: Reply { status, session, body: Body::Chunked },
                used: head_end + used,
            }),
        },
        (length, None) if length.is_some() || matches!(status, 202 | 204) => {
            let end = head_end + length.unwrap_or(0);
            if bytes.len() < end {
                return Ok(Progress::Partial { need: end });
            }
            let body = Body::Counted { from: head_end, to: end };
            Ok(Progress::Whole { reply: Reply { status, session, body }, used: end })
        }
        _ => Err(fault("body has no length that is understood")),
    }
}

/// Joins the chunks of a body. `None`: the last one has not arrived. Otherwise the bytes that the body took.
fn unchunk(bytes: &[u8], chunks: &mut Vec<u8>) -> io::Result<Option<usize>> {
    chunks.clear();
    let mut at = 0;
    loop {
        let Some(line_end) = memmem::find(&bytes[at..], b"\r\n").map(|found| at + found) else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&bytes[at..line_end])
            .ok()
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .filter(|size| *size <= REPLY_BYTES_MAX)
            .ok_or_else(|| fault("chunk size is no number"))?;
        let data_end = line_end + 2 + size;
        if bytes.len() < data_end + 2 {
            return Ok(None);
        }
        chunks.extend_from_slice(&bytes[line_end + 2..data_end]);
        at = data_end + 2;
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    const COUNTED: &str =
        "HTTP/1.1 200 OK\r\nserver: x\r\nContent-length: 5\r\nmcp-session-id: s-1\r\n\r\nhello";
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    const EMPTY: &str = "HTTP/1.1 202 Accepted\r\n\r\n";

    /// Feeds the text in pieces of `size` bytes, and returns status and body of each of `count` replies.
    fn read(text: &str, size: usize, count: usize) -> io::Result<Vec<(u16, String)>> {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        let mut stream = pieces
            .into_iter()
            .fold(Box::new(tokio::io::empty()) as Box<dyn AsyncRead + Unpin>, |before, piece| {
                Box::new(before.chain(piece))
            });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut replies, mut found) = (Replies::new(), Vec::new());
            for _ in 0..count {
                let reply = replies.next(&mut stream).await?;
                found.push((reply.status, String::from_utf8_lossy(replies.body(&reply)).into_owned()));
            }
            Ok(found)
        })
    }

    #[test]
    fn reads_replies_in_pieces_of_any_size() {
        let text = [COUNTED, CHUNKED, EMPTY, COUNTED].concat();
        for size in 1..text.len() {
            let found = read(&text, size, 4).unwrap();
            let hello = |status| (status, "hello".to_owned());
            assert_eq!(found, [hello(200), hello(200), (202, String::new()), hello(200)], "{size}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_frame() {
        for text in [
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        ] {
            assert!(read(text, 7, 1).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reply_must_be_the_answer_to_the_call() {
        let good = format!(r#"{{"jsonrpc":"2.0","id":1000000001,"result":{{{END_MARK}"#);
        let event = format!("data: {good}\n\n");
        let reply = |status| Reply { status, session: None, body: Body::Chunked };
        assert!(check(&reply(200), good.as_bytes(), 1_000_000_001).is_ok());
        assert!(check(&reply(200), event.as_bytes(), 1_000_000_001).is_ok());
        assert!(check(&reply(200), good.as_bytes(), 1_000_000_002).is_err());
        assert!(check(&reply(403), good.as_bytes(), 1_000_000_001).is_err());
        assert!(check(&reply(200), &good.as_bytes()[..good.len() - 1], 1_000_000_001).is_err());
    }
}
