//! One client of the bench: opens what is to be held, and holds it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Cell;
use crate::call::{Introduction, REVISION};
use crate::reply::{Replies, Reply, fault};
use crate::server::EVENT;

/// How long anything that should take milliseconds may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes between two events: heads, acknowledgements, heartbeats.
const BETWEEN_BYTES_MAX: usize = 16 << 10;

/// The gate to talk to.
pub struct Aim {
    /// Where it listens.
    pub gate: SocketAddr,
    /// The bearer token that it wants.
    pub token: String,
}

/// A connection that is held.
pub struct Held {
    stream: TcpStream,
}

/// Opens a connection and, on it, what the cell holds.
///
/// # Errors
/// The gate does not answer, or not as an MCP server does.
pub async fn open(aim: &Aim, cell: Cell) -> io::Result<Held> {
    let stream = timeout(PATIENCE, TcpStream::connect(aim.gate)).await??;
    stream.set_nodelay(true)?;
    let mut held = Held { stream };
    match cell {
        Cell::Client => drop(held.begin_session(aim).await?),
        Cell::Get => {
            let session = held.begin_session(aim).await?;
            held.listen(&get(aim, &session)).await?;
        }
        Cell::Listen => held.listen(&subscribe(aim)).await?,
    }
    Ok(held)
}

impl Held {
    /// Opens a session, and returns the gate's name for it.
    async fn begin_session(&mut self, aim: &Aim) -> io::Result<String> {
        let token = Some(aim.token.clone());
        let mut introduction = Introduction { proxy: aim.gate, token, session: None };
        let initialize = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{REVISION}","capabilities":{{}},"clientInfo":{{"name":"streams","version":"1"}}}}}}"#
        );
        let opened = self.ask(&introduction.post(&initialize)).await?;
        introduction.session = opened.session;
        self.ask(&introduction.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)).await?;
        introduction.session.ok_or_else(|| fault("initialize opened no session"))
    }

    async fn ask(&mut self, wire: &[u8]) -> io::Result<Reply> {
        self.stream.write_all(wire).await?;
        let mut replies = Replies::new();
        let reply = timeout(PATIENCE, replies.next(&mut self.stream)).await??;
        if !matches!(reply.status, 200 | 202) {
            return Err(fault(&format!("answered with status {}", reply.status)));
        }
        Ok(reply)
    }

    /// Opens a stream, and waits until its first event is there.
    async fn listen(&mut self, wire: &[u8]) -> io::Result<()> {
        self.stream.write_all(wire).await?;
        let head = self.read_until(b"\n\n").await?;
        let text = String::from_utf8_lossy(&head);
        if text.starts_with("HTTP/1.1 200 ") && text.contains("text/event-stream") {
            return Ok(());
        }
        Err(fault(&format!("no event stream: {text}")))
    }

    /// Waits for the event that the server tells all of.
    ///
    /// # Errors
    /// The stream ended, or nothing came.
    pub async fn hear(&mut self) -> io::Result<()> {
        self.read_until(EVENT.as_bytes()).await.map(drop)
    }

    async fn read_until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        while memmem::find(&read, mark).is_none() {
            let count = timeout(PATIENCE, self.stream.read_buf(&mut read)).await??;
            if count == 0 || read.len() > BETWEEN_BYTES_MAX {
                return Err(fault(&format!("no event: {}", String::from_utf8_lossy(&read))));
            }
        }
        Ok(read)
    }

    /// Reads what has arrived, heartbeats, and finds the connection still open.
    ///
    /// # Errors
    /// It is closed.
    pub fn is_alive(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.try_read(&mut bytes) {
                Ok(0) => return Err(fault("a connection was closed while it was held")),
                Ok(_) => {}
                Err(empty) if empty.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(broken) => return Err(broken),
            }
        }
    }
}

fn get(aim: &Aim, session: &str) -> Vec<u8> {
    format!(
        "GET /mcp HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: {REVISION}\r\n\
         Mcp-Session-Id: {session}\r\nAuthorization: Bearer {}\r\n\r\n",
        aim.gate, aim.token
    )
    .into_bytes()
}

fn subscribe(aim: &Aim) -> Vec<u8> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"streams","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: subscriptions/listen\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        aim.gate,
        aim.token,
        body.len()
    )
    .into_bytes()
}
