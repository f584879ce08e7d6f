//! The MCP server behind the gate: opens sessions, and streams that say nothing until they are told to.
//!
//! A stand-in, not a parser to trust: it finds what it needs by searching for keys.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::call::REVISION;
use crate::reply::fault;

/// The method of the event that all streams are told.
pub const EVENT: &str = "notifications/tools/list_changed";

const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);
const REQUEST_BYTES_MAX: usize = 64 << 10;
const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                      Transfer-Encoding: chunked\r\n\r\n";

/// A server in a task of this process; ends with the runtime.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    told: watch::Sender<u32>,
    open: Arc<AtomicU32>,
}

/// Counts a stream as open until it is dropped.
struct Open(Arc<AtomicU32>);

impl Server {
    /// Listens on loopback.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (told, _) = watch::channel(0);
        let open = Arc::new(AtomicU32::new(0));
        let (teller, counter) = (told.clone(), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that breaks is the gate's affair: the client sees what is missing.
                tokio::spawn(converse(stream, teller.subscribe(), Arc::clone(&counter)));
            }
        });
        Ok(Self { address, told, open })
    }

    /// Sends one event down every stream.
    pub fn tell(&self) {
        self.told.send_modify(|told| *told += 1);
    }

    /// Waits until so many streams are open.
    ///
    /// # Errors
    /// Another number is open after 20 s.
    pub async fn wait_for_streams(&self, wanted: u32) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.open.load(Ordering::Relaxed) != wanted {
            if Instant::now() > end {
                let open = self.open.load(Ordering::Relaxed);
                return Err(fault(&format!("{open} streams are open at the server, not {wanted}")));
            }
            tokio::time::sleep(POLL).await;
        }
        // The gate has its part to do behind the last byte that we saw.
        tokio::time::sleep(POLL * 10).await;
        Ok(())
    }
}

async fn converse(mut stream: TcpStream, told: watch::Receiver<u32>, open: Arc<AtomicU32>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(2048);
    loop {
        let end = loop {
            if let Some(end) = whole(&buffer) {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 || buffer.len() > REQUEST_BYTES_MAX {
                return Ok(());
            }
        };
        let request = &buffer[..end];
        let has = |mark: &str| memmem::find(request, mark.as_bytes()).is_some();
        if request.starts_with(b"GET ") {
            return events(&mut stream, ":\n\n", "", told, Open::new(open)).await;
        }
        if has("subscriptions/listen") {
            let tag = r#""_meta":{"io.modelcontextprotocol/subscriptionId":1}"#;
            let first = format!(
                "data: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{{\"notifications\":{{\"toolsListChanged\":true}},{tag}}}}}\n\n"
            );
            let params = format!(r#","params":{{{tag}}}"#);
            return events(&mut stream, &first, &params, told, Open::new(open)).await;
        }
        if has(r#""initialize""#) {
            initialized(&mut stream).await?;
        } else {
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await?;
        }
        buffer.drain(..end);
    }
}

/// Where the first request ends, once it is whole.
fn whole(buffer: &[u8]) -> Option<usize> {
    let body_at = memmem::find(buffer, b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&buffer[..body_at]).ok()?;
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    Some(body_at + length).filter(|end| *end <= buffer.len())
}

async fn initialized(stream: &mut TcpStream) -> io::Result<()> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let session = OPENED.fetch_add(1, Ordering::Relaxed);
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":"{REVISION}","capabilities":{{"tools":{{"listChanged":true}}}},"serverInfo":{{"name":"streams","version":"1"}}}}}}"#
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: session-{session}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await
}

/// Says `first`, then the event each time it is told to, until the gate goes.
async fn events(
    stream: &mut TcpStream,
    first: &str,
    params: &str,
    mut told: watch::Receiver<u32>,
    open: Open,
) -> io::Result<()> {
    told.mark_unchanged();
    stream.write_all(format!("{STREAM}{}", chunk(first)).as_bytes()).await?;
    let event = format!("event: message\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"{EVENT}\"{params}}}\n\n");
    let mut byte = [0];
    loop {
        tokio::select! {
            _ = told.changed() => stream.write_all(chunk(&event).as_bytes()).await?,
            gone = stream.read(&mut byte) => {
                drop(open);
                return gone.map(drop);
            }
        }
    }
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

impl Open {
    fn new(open: Arc<AtomicU32>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
