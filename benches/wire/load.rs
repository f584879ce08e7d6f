//! Load at saturation: every connection sends its next call as soon as the last one is answered.
//!
//! A window is two phases over the same connections. The first warms up; then all connections are quiet, so
//! that the meter can be read with no call in flight; the second is measured, and every call of it is counted.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::call::{Call, ID_FIRST, Introduction, REVISION};
use crate::histogram::Histogram;
use crate::reply::{self, Replies, Reply, fault};

/// How long anything that should take milliseconds may take on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The proxy to load, and how.
#[derive(Clone)]
pub struct Aim {
    /// Where it listens.
    pub proxy: SocketAddr,
    /// The bearer token, if it wants one.
    pub token: Option<String>,
    /// The tool to call.
    pub tool: &'static str,
}

/// One kept-alive connection with an open MCP session.
pub struct Line {
    /// The socket.
    pub stream: TcpStream,
    /// What has arrived on it.
    pub replies: Replies,
    /// The call to make over it.
    pub call: Call,
}

/// What one window of load saw.
pub struct Tally {
    /// From the first request of the window to its last reply.
    pub elapsed: Duration,
    /// How long the calls took.
    pub latency: Histogram,
    /// How late calls were sent that had a time to be sent at; empty at saturation.
    pub lateness: Histogram,
}

/// An id that no other call of this process has.
pub fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(ID_FIRST);
    IDS.fetch_add(1, Ordering::Relaxed)
}

impl Line {
    /// Connects and opens an MCP session.
    ///
    /// # Errors
    /// The proxy does not answer, or not as an MCP server does.
    pub async fn open(aim: &Aim) -> io::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(aim.proxy)).await??;
        stream.set_nodelay(true)?;
        let mut introduction = Introduction { proxy: aim.proxy, token: aim.token.clone(), session: None };
        let call = Call::new(&introduction, aim.tool);
        let mut line = Self { stream, replies: Replies::new(), call };
        let initialize = format!(
            r#"{{"jsonrpc":"2.0","id":{},"method":"initialize","params":{{"protocolVersion":"{REVISION}","capabilities":{{}},"clientInfo":{{"name":"wire","version":"1"}}}}}}"#,
            next_id()
        );
        let opened = line.ask(&introduction.post(&initialize)).await?;
        if opened.status != 200 {
            let body = String::from_utf8_lossy(line.replies.body(&opened)).into_owned();
            return Err(fault(&format!("initialize was answered with status {}: {body}", opened.status)));
        }
        introduction.session = opened.session;
        line.ask(&introduction.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)).await?;
        line.call = Call::new(&introduction, aim.tool);
        Ok(line)
    }

    /// Makes one call and returns the reply unchecked.
    ///
    /// # Errors
    /// The connection breaks, or stays silent for [`PATIENCE`].
    pub async fn probe(&mut self) -> io::Result<(u64, Reply)> {
        let id = next_id();
        let wire = self.call.numbered(id).to_vec();
        Ok((id, self.ask(&wire).await?))
    }

    async fn ask(&mut self, wire: &[u8]) -> io::Result<Reply> {
        write_whole(&self.stream, wire).await?;
        timeout(PATIENCE, self.replies.next(&mut self.stream)).await?
    }

    async fn call_until(&mut self, end: Instant, latency: &Mutex<Histogram>) -> io::Result<()> {
        let mut sent = Instant::now();
        while sent < end {
            let id = next_id();
            write_whole(&self.stream, self.call.numbered(id)).await?;
            let answered = self.replies.next(&mut self.stream).await?;
            reply::check(&answered, self.replies.body(&answered), id)?;
            let now = Instant::now();
            latency.lock().unwrap_or_else(PoisonError::into_inner).record(now - sent);
            sent = now;
        }
        Ok(())
    }
}

/// Opens so many lines to the proxy, one after the other.
///
/// # Errors
/// The first that cannot be opened.
pub async fn open(aim: &Aim, connections: usize) -> io::Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(connections);
    for _ in 0..connections {
        lines.push(Line::open(aim).await?);
    }
    Ok(lines)
}

/// Drives all lines as fast as they are answered, for so long, and waits until the last call is answered.
///
/// # Errors
/// A line breaks, an answer is wrong, or the last answers do not come.
pub async fn saturate(lines: Vec<Line>, window: Duration) -> io::Result<(Vec<Line>, Tally)> {
    let latency = Arc::new(Mutex::new(Histogram::new()));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut line in lines {
        let latency = Arc::clone(&latency);
        tasks.spawn(async move { line.call_until(start + window, &latency).await.map(|()| line) });
    }
    let mut lines = Vec::with_capacity(tasks.len());
    let finish = async {
        while let Some(ended) = tasks.join_next().await {
            lines.push(ended.map_err(io::Error::other)??);
        }
        io::Result::Ok(())
    };
    timeout(window + PATIENCE, finish).await??;
    let elapsed = start.elapsed();
    let latency = latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((lines, Tally { elapsed, latency, lateness: Histogram::new() }))
}

/// Makes one call on each line, one after the other.
///
/// # Errors
/// A line breaks, or an answer is wrong.
pub async fn call_once(mut lines: Vec<Line>) -> io::Result<Vec<Line>> {
    for line in &mut lines {
        let (id, answered) = line.probe().await?;
        reply::check(&answered, line.replies.body(&answered), id)?;
    }
    Ok(lines)
}

/// Keeps the lines open and silent for so long.
pub async fn rest(lines: Vec<Line>, window: Duration) -> (Vec<Line>, Tally) {
    let start = Instant::now();
    tokio::time::sleep(window).await;
    let tally = Tally { elapsed: start.elapsed(), latency: Histogram::new(), lateness: Histogram::new() };
    (lines, tally)
}

/// Writes without waiting where the socket has room, as it nearly always has for so few bytes.
async fn write_whole(stream: &TcpStream, mut wire: &[u8]) -> io::Result<()> {
    while !wire.is_empty() {
        match stream.try_write(wire) {
            Ok(written) => wire = &wire[written..],
            Err(full) if full.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(broken) => return Err(broken),
        }
    }
    Ok(())
}
