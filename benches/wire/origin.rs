//! The MCP server behind the proxies: raw tokio, no HTTP library, answers from memory.
//!
//! It runs as a process of its own (`wire --origin`), one for each target, so that no target's idle
//! connections weigh on another's. It reads a whole request, finds the method and the tool by searching for
//! their keys, and answers with the id as it came. It is a stand-in for a fast server, not a parser to trust.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Buf;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bodies::{self, Shape, TOOL_FORBIDDEN, TOOL_LIMITED};
use crate::call::REVISION;

/// What the origin prints before its address, once it listens.
pub const READY: &str = "origin ready ";
/// The most bytes of one request.
const REQUEST_BYTES_MAX: usize = 64 << 10;
/// Progress events before the result of a stream.
const EVENTS_BEFORE: u32 = 3;

/// The answers, made once.
struct Answers {
    prose: String,
    records: String,
    small: String,
}

/// Serves until the process is ended.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{READY}{}", listener.local_addr()?);
    let answers: &'static Answers = Box::leak(Box::new(Answers {
        prose: bodies::result(Shape::Prose),
        records: bodies::result(Shape::Records),
        small: bodies::result(Shape::Small),
    }));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A connection that breaks is the proxy's affair: the generator sees and reports what is missing.
        tokio::spawn(async move { converse(stream, answers).await });
    }
}

async fn converse(mut stream: TcpStream, answers: &Answers) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (body_at, end) = loop {
            if let Some(found) = framed(&buffer)? {
                break found;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        if buffer.starts_with(b"POST ") {
            answer(&mut stream, &buffer[body_at..end], answers).await?;
        } else if buffer.starts_with(b"DELETE ") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
        } else {
            stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n").await?;
        }
        buffer.drain(..end);
    }
}

/// Where the body of the first request starts and ends, once it is whole.
fn framed(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let refused = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidData, text));
    let Some(body_at) = memmem::find(buffer, b"\r\n\r\n").map(|at| at + 4) else {
        return if buffer.len() > REQUEST_BYTES_MAX { refused("head is too long") } else { Ok(None) };
    };
    let Ok(head) = std::str::from_utf8(&buffer[..body_at]) else { return refused("head is not text") };
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse::<usize>());
    match length {
        Ok(length) if length <= REQUEST_BYTES_MAX => {
            Ok(Some((body_at, body_at + length)).filter(|(_, end)| buffer.len() >= *end))
        }
        _ => refused("content-length is no number, or too large"),
    }
}

async fn answer(stream: &mut TcpStream, body: &[u8], answers: &Answers) -> io::Result<()> {
    let id = after(body, br#""id":"#).map(lexeme);
    let method = after(body, br#""method":""#).map(word).unwrap_or_default();
    let Some(id) = id else {
        return stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
    };
    if method != b"tools/call" {
        let session = if method == b"initialize" { session() } else { String::new() };
        return json(stream, id, &other(method), &session).await;
    }
    match after(body, br#""name":""#).map(word).unwrap_or_default() {
        b"notes_read" => json(stream, id, &answers.prose, "").await,
        b"ledger_export" => json(stream, id, &answers.records, "").await,
        b"report_watch" => events(stream, id, &answers.small).await,
        _ => json(stream, id, &answers.small, "").await,
    }
}

async fn json(stream: &mut TcpStream, id: &[u8], rest: &str, header: &str) -> io::Result<()> {
    const OPEN: &[u8] = br#"{"jsonrpc":"2.0","id":"#;
    let length = OPEN.len() + id.len() + rest.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{header}Content-Length: {length}\r\n\r\n"
    );
    let mut wire = Buf::chain(head.as_bytes(), OPEN).chain(id).chain(rest.as_bytes());
    stream.write_all_buf(&mut wire).await
}

/// Every event leaves in a write of its own, as from a server that makes them one by one.
async fn events(stream: &mut TcpStream, id: &[u8], rest: &str) -> io::Result<()> {
    let id = String::from_utf8_lossy(id);
    // A proxy that buffers replies must be told not to; the header is nginx's, and others ignore it.
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut wire = head.to_owned();
    for step in 1..=EVENTS_BEFORE {
        let event = format!(
            "event: message\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":\"t{id}\",\"progress\":{step},\"total\":{},\"message\":\"page {step} of the report is ready\"}}}}\n\n",
            EVENTS_BEFORE + 1
        );
        wire.push_str(&chunk(&event));
        stream.write_all(wire.as_bytes()).await?;
        wire.clear();
        tokio::task::yield_now().await;
    }
    wire.push_str(&chunk(&format!("event: message\ndata: {{\"jsonrpc\":\"2.0\",\"id\":{id}{rest}\n\n")));
    wire.push_str("0\r\n\r\n");
    stream.write_all(wire.as_bytes()).await
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// The header that opens a session; no two are alike.
fn session() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    format!("Mcp-Session-Id: wire-session-{}\r\n", OPENED.fetch_add(1, Ordering::Relaxed))
}

fn other(method: &[u8]) -> String {
    match method {
        b"initialize" => format!(
            r#","result":{{"protocolVersion":"{REVISION}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"wire","version":"1"}}}}}}"#
        ),
        b"tools/list" => {
            let names = Shape::ALL.map(Shape::tool).into_iter().chain([TOOL_FORBIDDEN, TOOL_LIMITED]);
            let tools: Vec<_> = names
                .map(|name| format!(r#"{{"name":"{name}","inputSchema":{{"type":"object"}}}}"#))
                .collect();
            format!(r#","result":{{"tools":[{}]}}}}"#, tools.join(","))
        }
        _ => r#","result":{}}"#.to_owned(),
    }
}

fn after<'b>(body: &'b [u8], key: &[u8]) -> Option<&'b [u8]> {
    memmem::find(body, key).map(|at| &body[at + key.len()..])
}

fn lexeme(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b' ')).unwrap_or(rest.len());
    &rest[..end]
}

fn word(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
    &rest[..end]
}
