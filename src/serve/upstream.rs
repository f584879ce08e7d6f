//! The server behind the gate: reached only with a ticket, over connections that are kept open.
//!
//! Each thread keeps its own idle connections, since the task that drives one lives on the runtime that
//! opened it. Servers close idle connections too (Node after 5 s), so ours are given up after
//! `UPSTREAM_IDLE_MAX`. A request is sent again on a new connection only when hyper says that not a
//! byte of it left: tool calls are not idempotent.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use pingora_core::connectors::TransportConnector;
use pingora_core::protocols::l4::ext::TcpKeepalive;
use pingora_core::upstreams::peer::HttpPeer;

use super::bridge::Bridge;
use super::target::Target;
use crate::bounds::{
    UPSTREAM_ANSWER_MAX, UPSTREAM_CONNECT_MAX, UPSTREAM_IDLE_CONNECTIONS_MAX, UPSTREAM_IDLE_MAX,
};
use crate::gate::{Denial, Ticket};
use crate::policy::Policy;

/// The server, and how to reach it.
pub struct Upstream {
    way: Way,
    host: HeaderValue,
    path: Uri,
    connector: TransportConnector,
}

enum Way {
    Bridge(Arc<Bridge>),
    Network { host: String, port: u16, is_tls: bool },
    Pipe,
    Unix(String),
}

/// A connection that is in nobody's use.
struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

thread_local! {
    // One upstream per process, so one list per thread; see the module's documentation.
    static IDLE: RefCell<Vec<Idle>> = const { RefCell::new(Vec::new()) };
}

/// A connection in use; goes back to the idle ones only when its answer was read to the end.
pub struct Line(SendRequest<Full<Bytes>>);

impl Line {
    /// Keeps the connection for the next request.
    pub fn give_back(self) {
        if self.0.is_closed() {
            return;
        }
        IDLE.with_borrow_mut(|idle| {
            if idle.len() < UPSTREAM_IDLE_CONNECTIONS_MAX {
                idle.push(Idle { sender: self.0, since: Instant::now() });
            }
        });
    }
}

impl Upstream {
    /// A server at `target`.
    pub fn new(target: &Target) -> Self {
        let (way, host, path) = match target {
            Target::Network { host, port, is_tls, path } => {
                let way = Way::Network { host: host.clone(), port: *port, is_tls: *is_tls };
                (way, format!("{host}:{port}"), path.as_str())
            }
            Target::Unix { socket, path } => {
                (Way::Unix(socket.to_string_lossy().into_owned()), "localhost".into(), path.as_str())
            }
        };
        Self::build(way, &host, path)
    }

    /// A server spoken to through pipes.
    pub fn bridged(bridge: Arc<Bridge>) -> Self {
        Self::build(Way::Bridge(bridge), "localhost", "/mcp")
    }

    /// A server that is reached by the pipes of `sluicegate stdio`, and by no connection.
    pub fn piped() -> Self {
        Self::build(Way::Pipe, "localhost", "/mcp")
    }

    fn build(way: Way, host: &str, path: &str) -> Self {
        Self {
            way,
            // INVARIANT: both were parts of a parsed URI, or are literals.
            host: HeaderValue::from_str(host).expect("an authority is a header value"),
            path: path.parse().expect("a path is a request target"),
            connector: TransportConnector::new(None),
        }
    }

    /// The bridge, where the server is a child process.
    pub fn bridge(&self) -> Option<&Arc<Bridge>> {
        match &self.way {
            Way::Bridge(bridge) => Some(bridge),
            Way::Network { .. } | Way::Pipe | Way::Unix(_) => None,
        }
    }

    /// Sends what the ticket allows, and waits for the head of the answer.
    ///
    /// The request is framed anew: our own length, host and protocol headers, and of the client's
    /// headers only those that `is_passed_up` knows.
    ///
    /// # Errors
    /// [`Denial::Unreachable`] or [`Denial::UpstreamTimeout`]; the server's fault, or its absence.
    pub async fn send(
        &self,
        ticket: &Ticket,
        method: &Method,
        headers: &HeaderMap,
        waits: Waits,
    ) -> Result<(Response<Incoming>, Line), Denial> {
        let request = self.request(ticket, method, headers);
        let exchange = self.exchange(request, waits);
        let wait = ticket.timeout().unwrap_or(waits.answer);
        match tokio::time::timeout(wait, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Denial::UpstreamTimeout),
        }
    }

    fn request(&self, ticket: &Ticket, method: &Method, headers: &HeaderMap) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(ticket.body()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = self.path.clone();
        let sent = request.headers_mut();
        sent.reserve(12);
        sent.insert(HOST, self.host.clone());
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in headers {
            if is_passed_up(name.as_str()) {
                sent.append(name.clone(), value.clone());
            }
        }
        if *method == Method::POST {
            sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in ticket.claims() {
            sent.insert(name.clone(), value.clone());
        }
        if self.bridge().is_some() {
            Bridge::introduce(sent, &ticket.caller_key(), ticket.timeout());
        }
        request
    }

    async fn exchange(
        &self,
        mut request: Request<Full<Bytes>>,
        waits: Waits,
    ) -> Result<(Response<Incoming>, Line), Denial> {
        while let Some(mut sender) = take_idle(waits.idle).await {
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, Line(sender))),
                Err(mut fault) => match fault.take_message() {
                    // Not a byte of it left: the connection was closed while it lay idle.
                    Some(unsent) => request = unsent,
                    None => return Err(broken(&fault.into_error())),
                },
            }
        }
        let mut sender = match tokio::time::timeout(waits.connect, Box::pin(self.connect())).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Denial::Unreachable("no connection in time".into())),
        };
        match sender.send_request(request).await {
            Ok(answer) => Ok((answer, Line(sender))),
            Err(fault) => Err(broken(&fault)),
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Denial> {
        match &self.way {
            Way::Bridge(bridge) => handshake(bridge.connect()).await,
            Way::Network { host, port, is_tls } => {
                let address = resolve(host, *port).await?;
                let mut peer = HttpPeer::new(address, *is_tls, host.clone());
                peer.options.tcp_keepalive = Some(KEEP_ALIVE.clone());
                // Boxed: the future holds 8 kB of TLS state.
                let stream =
                    Box::pin(self.connector.new_stream(&peer)).await.map_err(|fault| unreachable(&fault))?;
                handshake(stream).await
            }
            Way::Pipe => Err(Denial::Unreachable("the server is reached by its pipes alone".into())),
            Way::Unix(socket) => {
                let stream =
                    tokio::net::UnixStream::connect(socket).await.map_err(|fault| unreachable(&fault))?;
                handshake(stream).await
            }
        }
    }
}

/// How long to wait for the server.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For a connection.
    pub connect: Duration,
    /// For the head of an answer, where the tool has no time of its own, and for a body to be whole.
    pub answer: Duration,
    /// How long a connection may lie unused.
    pub idle: Duration,
}

impl Waits {
    /// What the policy in force says, and our own bounds where it is silent.
    pub fn of(policy: &Policy) -> Self {
        let plan = policy.upstream;
        Self {
            connect: plan.connect_timeout.unwrap_or(UPSTREAM_CONNECT_MAX),
            answer: plan.timeout.unwrap_or(UPSTREAM_ANSWER_MAX),
            idle: plan.idle.unwrap_or(UPSTREAM_IDLE_MAX),
        }
    }
}

/// Whether a client's header means something to a server and carries no credential of the client.
///
/// Headers of the protocol are not among them: the ticket has them, made anew and opened.
fn is_passed_up(name: &str) -> bool {
    matches!(name, "accept" | "accept-language" | "traceparent" | "tracestate" | "user-agent")
}

static KEEP_ALIVE: TcpKeepalive = TcpKeepalive {
    idle: Duration::from_secs(60),
    interval: Duration::from_secs(15),
    count: 3,
    #[cfg(target_os = "linux")]
    user_timeout: Duration::ZERO,
};

async fn take_idle(idle_max: Duration) -> Option<SendRequest<Full<Bytes>>> {
    loop {
        let idle = IDLE.with_borrow_mut(Vec::pop)?;
        if idle.since.elapsed() > idle_max {
            // The last one given back is the youngest: the rest are older still.
            IDLE.with_borrow_mut(Vec::clear);
            return None;
        }
        let mut sender = idle.sender;
        if sender.ready().await.is_ok() {
            return Some(sender);
        }
    }
}

async fn handshake<T>(stream: T) -> Result<SendRequest<Full<Bytes>>, Denial>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|fault| unreachable(&fault))?;
    tokio::spawn(async move {
        if let Err(fault) = connection.await {
            tracing::debug!(%fault, "upstream connection ended");
        }
    });
    Ok(sender)
}

async fn resolve(host: &str, port: u16) -> Result<SocketAddr, Denial> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return Ok(SocketAddr::new(ip, port));
    }
    let mut found = tokio::net::lookup_host((bare, port)).await.map_err(|fault| unreachable(&fault))?;
    found.next().ok_or_else(|| Denial::Unreachable(format!("`{host}` has no address").into()))
}

fn unreachable(fault: &dyn std::fmt::Display) -> Denial {
    Denial::Unreachable(fault.to_string().into())
}

fn broken(fault: &hyper::Error) -> Denial {
    let what = if fault.is_parse() { "an answer that is not HTTP" } else { "closed before it answered" };
    Denial::Unreachable(format!("{what}: {fault}").into())
}
