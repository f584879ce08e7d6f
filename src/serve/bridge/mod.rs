//! The stdio bridge: a wrapped MCP server, served over Streamable HTTP inside this process.
//!
//! **Why.** The exchange loop speaks HTTP/1.1 to an upstream and nothing else. A server that speaks
//! over its standard pipes gets an HTTP endpoint of its own, at the other end of an in-memory pipe;
//! so every check, bound and deadline of the loop holds for it unchanged.
//!
//! **How.**
//! ```text
//!   exchange loop == duplex ==> endpoint --(POST, GET, DELETE)--> session or shared child
//!                               answer   <--(JSON or events)----  calls <-- lines <-- child process
//! ```
//! A legacy `initialize` starts a child of its own and mints an `Mcp-Session-Id`. Requests of the
//! modern era, which know no session, meet in one child for each caller. Callers never share a
//! child: what a server remembers of one of them stays there.
//!
//! A child that keeps ending is started again ever more slowly (`restarts`), and listeners of the modern
//! era are taken over to the next child (`renewal`).
//!
//! **What it is not.** No check of what is said: the gate has judged each message before it comes
//! here, and judges all that leaves. The sandbox of a child is `serve::sandbox`.
//!
//! Source: MCP 2025-11-25 and 2026-07-28, basic/transports.

mod answer;
mod calls;
mod endpoint;
pub(super) mod frame;
mod inquiry;
mod process;
mod renewal;
mod restarts;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::time::{Instant, sleep_until};

use super::child::Child;
use super::child::scribe::Scribe;
use crate::bounds::{
    BRIDGE_CHILDREN_MAX, BRIDGE_CHILDREN_PER_CALLER_MAX, BRIDGE_YIELD_IDLE, RESTART_WAIT_MAX,
};
use crate::names::hex;
use crate::store::Live;
use calls::Era;
pub use inquiry::Running;
use process::Process;
use restarts::{Pause, Restarts};

/// The header by which the gate tells the bridge whose request it is; opaque here.
///
/// Whatever a client sends under this name must be removed before.
const CALLER_HEADER: &str = "x-sluicegate-caller";

/// The header by which the gate tells the bridge how long a call may take, in milliseconds.
const TIMEOUT_HEADER: &str = "x-sluicegate-timeout";

/// How long a session may be silent before its child is ended, by default.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// How long each step of ending a child may take, by default.
const GRACE: Duration = Duration::from_secs(2);

/// The deadlines of one process.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// How long it may go without a request, a waiting answer or a listener.
    pub idle: Duration,
    /// How long it may take to end after its input was closed, and again after SIGTERM.
    pub grace: Duration,
    /// How long it must have been silent before it makes room for another of its caller.
    pub yields: Duration,
}

/// A stdio server as an HTTP endpoint; see the module.
pub struct Bridge {
    child: Child,
    times: Times,
    scribe: Arc<Scribe>,
    restarts: Arc<Restarts>,
    children: Mutex<Children>,
}

#[derive(Debug, Default)]
struct Children {
    /// By session id.
    sessions: HashMap<Box<str>, Arc<Process>>,
    /// By caller.
    shared: HashMap<Box<str>, Arc<Process>>,
    has_stopped: bool,
}

/// Why there is no child for a request.
#[derive(Debug, thiserror::Error)]
enum NoChild {
    #[error("too many server processes run already; try again later")]
    Full,
    #[error(
        "too many server processes run for you already; end a session with DELETE, or let one lie idle for a minute"
    )]
    FullForCaller,
    #[error(
        "the server ended {} time(s) in a row right after its start; retry in {} s",
        .0.ends,
        .0.seconds()
    )]
    Resting(Pause),
    #[error("the server could not be started")]
    Start(#[source] io::Error),
    #[error("the gate is shutting down")]
    Stopped,
}

/// What one end of the in-memory pipe holds before the other has read it.
const PIPE_BYTES: usize = 64 * 1024;

impl Default for Times {
    fn default() -> Self {
        Self { idle: IDLE, grace: GRACE, yields: BRIDGE_YIELD_IDLE }
    }
}

impl Bridge {
    /// Prepares to wrap a server, with the default deadlines. Starts nothing yet.
    ///
    /// What the server says on standard error is redacted as the policy in force redacts results.
    pub fn new(child: Child, live: Option<Arc<Live>>) -> Arc<Self> {
        Self::with_times(child, live, Times::default())
    }

    /// Prepares to wrap a server. Starts nothing yet.
    pub fn with_times(child: Child, live: Option<Arc<Live>>, times: Times) -> Arc<Self> {
        let scribe = Arc::new(Scribe::new(&child.environment, live));
        Arc::new(Self { child, times, scribe, restarts: Arc::default(), children: Mutex::default() })
    }

    /// Adds to the headers of a request who asks, and how long it may take where the policy says.
    ///
    /// What a client sends under the same names must not be among them.
    pub fn introduce(headers: &mut HeaderMap, caller: &str, timeout: Option<Duration>) {
        // INVARIANT: hexadecimal digits are visible ASCII.
        let caller = HeaderValue::from_str(&hex(caller.as_bytes())).expect("digits are a header value");
        headers.insert(CALLER_HEADER, caller);
        if let Some(ms) = timeout.and_then(|timeout| u64::try_from(timeout.as_millis()).ok()) {
            headers.insert(TIMEOUT_HEADER, ms.into());
        }
    }

    /// Opens a connection to the endpoint; speak HTTP/1.1 on it. The path is not looked at.
    ///
    /// Serves the other end in a task of the current tokio runtime, which ends with the connection.
    /// A child belongs to the runtime on which its first request came, and dies with it.
    pub fn connect(self: &Arc<Self>) -> impl AsyncRead + AsyncWrite + Send + Unpin + use<> {
        let (near, far): (DuplexStream, DuplexStream) = tokio::io::duplex(PIPE_BYTES);
        let bridge = Arc::clone(self);
        let service = service_fn(move |request| {
            let bridge = Arc::clone(&bridge);
            async move { Ok::<_, Infallible>(bridge.answer(request).await) }
        });
        tokio::spawn(async move {
            let mut builder = http1::Builder::new();
            builder.header_read_timeout(None);
            // How a connection ends is the exchange loop's business, which holds the other end.
            let _ = builder.serve_connection(TokioIo::new(far), service).await;
        });
        near
    }

    /// Ends all children and waits until each has been reaped. Further requests are refused.
    ///
    /// Takes twice the grace where a child ignores both the end of its input and SIGTERM.
    pub async fn stop(&self) {
        let children: Vec<_> = {
            let mut children = self.children();
            children.has_stopped = true;
            let Children { sessions, shared, .. } = &mut *children;
            sessions.drain().chain(shared.drain()).map(|(_, child)| child).collect()
        };
        children.iter().for_each(|child| child.stop());
        for child in children {
            child.gone().await;
        }
    }

    fn children(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the child of a new session.
    async fn begin(&self, caller: &str) -> Result<(Box<str>, Arc<Process>), NoChild> {
        self.rest(caller).await?;
        let mut children = self.children();
        let child = children.start(self, Era::Legacy, caller)?;
        let id = session_id();
        children.sessions.insert(id.clone(), Arc::clone(&child));
        Ok((id, child))
    }

    /// Finds the child of a session that `caller` began.
    fn session(&self, id: &str, caller: &str) -> Option<Arc<Process>> {
        let children = self.children();
        children.sessions.get(id).filter(|child| child.is_running() && *child.owner == *caller).cloned()
    }

    /// Finds or starts the child that serves the requests of `caller` without a session.
    async fn shared(&self, caller: &str) -> Result<Arc<Process>, NoChild> {
        if let Some(child) = self.shared_running(caller) {
            return Ok(child);
        }
        self.rest(caller).await?;
        let mut children = self.children();
        // Another request may have started it in the meantime.
        if let Some(child) = children.running(caller) {
            return Ok(child);
        }
        let child = children.start(self, Era::Modern, caller)?;
        children.shared.insert(caller.into(), Arc::clone(&child));
        Ok(child)
    }

    /// Waits out a short pause before the next start; a long one is an error.
    async fn rest(&self, caller: &str) -> Result<(), NoChild> {
        let patience = Instant::now() + RESTART_WAIT_MAX;
        while let Some(pause) = self.restarts.pause(caller, Instant::now()) {
            if pause.until > patience {
                return Err(NoChild::Resting(pause));
            }
            sleep_until(pause.until).await;
        }
        Ok(())
    }

    /// Finds the child that serves the requests of `caller` without a session, if it runs.
    fn shared_running(&self, caller: &str) -> Option<Arc<Process>> {
        self.children().running(caller)
    }
}

impl Children {
    fn running(&self, caller: &str) -> Option<Arc<Process>> {
        self.shared.get(caller).filter(|child| child.is_running()).cloned()
    }

    fn start(&mut self, bridge: &Bridge, era: Era, caller: &str) -> Result<Arc<Process>, NoChild> {
        if self.has_stopped {
            return Err(NoChild::Stopped);
        }
        self.sessions.retain(|_, child| child.is_there());
        self.shared.retain(|_, child| child.is_there());
        if self.sessions.len() + self.shared.len() >= BRIDGE_CHILDREN_MAX {
            return Err(NoChild::Full);
        }
        self.make_room(caller, bridge.times.yields)?;
        Process::start(bridge, era, caller).map_err(|fault| {
            bridge.restarts.ended_early(caller, Instant::now());
            NoChild::Start(fault)
        })
    }

    /// Ends the session of `caller` that has been silent longest, where there are too many.
    ///
    /// Clients that come back without ending what they had are common; callers never make room for
    /// each other.
    fn make_room(&self, caller: &str, yields: Duration) -> Result<(), NoChild> {
        let own =
            || self.sessions.values().chain(self.shared.values()).filter(|child| *child.owner == *caller);
        if own().count() >= 2 * BRIDGE_CHILDREN_PER_CALLER_MAX {
            return Err(NoChild::FullForCaller);
        }
        if own().filter(|child| child.is_running()).count() < BRIDGE_CHILDREN_PER_CALLER_MAX {
            return Ok(());
        }
        let idle = |child: &&Arc<Process>| Some((child.calls.idle_since()?, Arc::clone(child)));
        let silent = own().filter(|child| child.is_running()).filter_map(|child| idle(&child));
        match silent.min_by_key(|(since, _)| *since) {
            Some((since, child)) if since.elapsed() >= yields => {
                tracing::info!("a silent session was ended to make room for another of its caller");
                child.stop();
                Ok(())
            }
            Some(_) | None => Err(NoChild::FullForCaller),
        }
    }
}

/// 128 random bits, in hexadecimal.
fn session_id() -> Box<str> {
    let mut bits = [0; 16];
    // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
    SystemRandom::new().fill(&mut bits).expect("the system gives random bits");
    hex(&bits).into()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trials;
