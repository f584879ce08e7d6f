//! The server behind the gate: reached only with a ticket, over connections that are kept open.
//!
//! One server may be reached by two transports, Streamable HTTP and HTTP+SSE, at two addresses. Where the
//! path is the server's own word, it is an [`Endpoint`]: of the configured origin, whatever it says.
//!
//! Each thread keeps its own idle connections, since the task that drives one lives on the runtime that
//! opened it. Servers close idle connections too (Node after 5 s), so ours are given up after
//! `UPSTREAM_IDLE_MAX`. A request is sent again on a new connection only when hyper says that not a
//! byte of it left: tool calls are not idempotent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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

use super::bare::{self, Answer, Socket};
use super::bridge::Bridge;
use super::pool::{Line, Pool};
use super::target::Target;
use crate::bounds::{UPSTREAM_ANSWER_MAX, UPSTREAM_CONNECT_MAX, UPSTREAM_IDLE_MAX};
use crate::gate::{Denial, Ticket};
use crate::mcp::Endpoint;
use crate::mcp::endpoint::Base;
use crate::policy::Policy;

/// The server, and how to reach it.
pub struct Upstream {
    streamable: Option<Place>,
    event_stream: Option<Place>,
    connector: TransportConnector,
}

/// Where one transport of the server is.
pub(super) struct Place {
    way: Way,
    pub(super) host: HeaderValue,
    pub(super) path: Uri,
    pool: Pool,
}

enum Way {
    Bridge(Arc<Bridge>),
    Network { host: String, port: u16, is_tls: bool },
    Unix(String),
}

impl Upstream {
    /// A server that speaks Streamable HTTP at `streamable`, HTTP+SSE at `event_stream`, or both.
    pub fn new(streamable: Option<&Target>, event_stream: Option<&Target>) -> Self {
        let streamable = streamable.map(|target| Place::of(target, Pool::Streamable));
        let event_stream = event_stream.map(|target| Place::of(target, Pool::EventStream));
        Self { streamable, event_stream, connector: TransportConnector::new(None) }
    }

    /// A server spoken to through pipes.
    pub fn bridged(bridge: Arc<Bridge>) -> Self {
        let place = Place::build(Way::Bridge(bridge), "localhost", "/mcp", Pool::Streamable);
        Self { streamable: Some(place), event_stream: None, connector: TransportConnector::new(None) }
    }

    /// A server that is reached by the pipes of `sluicegate stdio`, and by no connection.
    pub fn piped() -> Self {
        Self::new(None, None)
    }

    /// The bridge, where the server is a child process.
    pub fn bridge(&self) -> Option<&Arc<Bridge>> {
        self.streamable.as_ref().and_then(Place::bridge)
    }

    /// Where the server speaks HTTP+SSE, for an endpoint to be held against.
    pub fn event_stream(&self) -> Option<Base> {
        self.event_stream.as_ref().map(Place::base)
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
    ) -> Result<(Response<Answer>, Line), Denial> {
        let place = self.streamable.as_ref().ok_or_else(nowhere)?;
        let request = place.request(ticket, method, headers);
        let wait = ticket.timeout().unwrap_or(waits.answer);
        if *method == Method::GET || ticket.is_subscription() {
            let watch = self.watch(place, request.map(|_| ticket.body()), waits);
            return Box::pin(within(wait, watch)).await;
        }
        let (answer, line) = within(wait, self.exchange(place, request, waits)).await?;
        Ok((answer.map(Answer::Kept), line))
    }

    /// Opens the stream of HTTP+SSE, and waits for the head of the answer.
    ///
    /// # Errors
    /// See [`Upstream::send`].
    pub async fn listen(
        &self,
        ticket: &Ticket,
        headers: &HeaderMap,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Denial> {
        let place = self.event_stream.as_ref().ok_or_else(nowhere)?;
        let request = place.request(ticket, &Method::GET, headers);
        let watch = self.watch(place, request.map(|_| ticket.body()), waits);
        Box::pin(within(waits.answer, watch)).await
    }

    /// Posts what the ticket allows to where the server of HTTP+SSE wants it.
    ///
    /// The request is made before the first wait, so that the ticket is free while it is under way: its
    /// answer may come on the stream before this one does.
    ///
    /// # Errors
    /// See [`Upstream::send`].
    pub fn post<'a>(
        &'a self,
        ticket: &Ticket,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        waits: Waits,
    ) -> impl Future<Output = Result<(Response<Incoming>, Line), Denial>> + Send + use<'a> {
        let place = self.event_stream.as_ref().ok_or_else(nowhere);
        let request = place.and_then(|place| {
            let mut request = place.request(ticket, &Method::POST, headers);
            let path = endpoint.as_str().parse();
            *request.uri_mut() =
                path.map_err(|_| Denial::Internal("an endpoint that is no target".into()))?;
            Ok((place, request))
        });
        async move {
            let (place, request) = request?;
            within(waits.answer, self.exchange(place, request, waits)).await
        }
    }

    /// Asks for a stream that may stay open, over a connection of its own.
    async fn watch(
        &self,
        place: &Place,
        request: Request<Bytes>,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Denial> {
        let socket = place.connect(&self.connector, waits).await?;
        let answer = bare::ask(socket, request)
            .await
            .map_err(|fault| broken(fault.kind() == std::io::ErrorKind::InvalidData, &fault))?;
        Ok((answer.map(Answer::Bare), Line(None, place.pool)))
    }

    async fn exchange(
        &self,
        place: &Place,
        mut request: Request<Full<Bytes>>,
        waits: Waits,
    ) -> Result<(Response<Incoming>, Line), Denial> {
        while let Some(mut sender) = place.pool.take(waits.idle).await {
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, Line(Some(sender), place.pool))),
                Err(mut fault) => match fault.take_message() {
                    // Not a byte of it left: the connection was closed while it lay idle.
                    Some(unsent) => request = unsent,
                    None => return Err(broken_off(&fault.into_error())),
                },
            }
        }
        let mut sender = handshake(place.connect(&self.connector, waits).await?).await?;
        match sender.send_request(request).await {
            Ok(answer) => Ok((answer, Line(Some(sender), place.pool))),
            Err(fault) => Err(broken_off(&fault)),
        }
    }
}

impl Place {
    pub(super) fn of(target: &Target, pool: Pool) -> Self {
        match target {
            Target::Network { host, port, is_tls, path } => {
                let way = Way::Network { host: host.clone(), port: *port, is_tls: *is_tls };
                Self::build(way, &format!("{host}:{port}"), path, pool)
            }
            Target::Unix { socket, path } => {
                Self::build(Way::Unix(socket.to_string_lossy().into_owned()), "localhost", path, pool)
            }
        }
    }

    fn build(way: Way, host: &str, path: &str, pool: Pool) -> Self {
        Self {
            way,
            // INVARIANT: both were parts of a parsed URI, or are literals.
            host: HeaderValue::from_str(host).expect("an authority is a header value"),
            path: path.parse().expect("a path is a request target"),
            pool,
        }
    }

    fn bridge(&self) -> Option<&Arc<Bridge>> {
        match &self.way {
            Way::Bridge(bridge) => Some(bridge),
            Way::Network { .. } | Way::Unix(_) => None,
        }
    }

    /// Its origin and path; one without a host goes by the name that our `Host` header says.
    fn base(&self) -> Base {
        let path = self.path.path().into();
        match &self.way {
            Way::Network { host, port, is_tls } => {
                Base { is_tls: *is_tls, host: host.as_str().into(), port: *port, path }
            }
            Way::Bridge(_) | Way::Unix(_) => Base { is_tls: false, host: "localhost".into(), port: 80, path },
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

    pub(super) async fn connect(
        &self,
        connector: &TransportConnector,
        waits: Waits,
    ) -> Result<Box<dyn Socket>, Denial> {
        match tokio::time::timeout(waits.connect, Box::pin(self.dial(connector))).await {
            Ok(connected) => connected,
            Err(_) => Err(Denial::Unreachable("no connection in time".into())),
        }
    }

    async fn dial(&self, connector: &TransportConnector) -> Result<Box<dyn Socket>, Denial> {
        match &self.way {
            Way::Bridge(bridge) => Ok(Box::new(bridge.connect())),
            Way::Network { host, port, is_tls } => {
                let address = resolve(host, *port).await?;
                let mut peer = HttpPeer::new(address, *is_tls, host.clone());
                peer.options.tcp_keepalive = Some(KEEP_ALIVE.clone());
                // Boxed: the future holds 8 kB of TLS state.
                let stream =
                    Box::pin(connector.new_stream(&peer)).await.map_err(|fault| unreachable(&fault))?;
                Ok(Box::new(stream))
            }
            Way::Unix(socket) => {
                let stream =
                    tokio::net::UnixStream::connect(socket).await.map_err(|fault| unreachable(&fault))?;
                Ok(Box::new(stream))
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
        let plan = &policy.upstream;
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

async fn within<T>(wait: Duration, work: impl Future<Output = Result<T, Denial>>) -> Result<T, Denial> {
    tokio::time::timeout(wait, work).await.unwrap_or(Err(Denial::UpstreamTimeout))
}

/// A request by a transport that the server does not have; which endpoints there are, sees to that.
fn nowhere() -> Denial {
    Denial::Unreachable("the server has no address for this transport".into())
}

pub(super) async fn handshake(stream: Box<dyn Socket>) -> Result<SendRequest<Full<Bytes>>, Denial> {
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

fn broken_off(fault: &hyper::Error) -> Denial {
    broken(fault.is_parse(), fault)
}

fn broken(is_parse: bool, fault: &dyn std::fmt::Display) -> Denial {
    let what = if is_parse { "an answer that is not HTTP" } else { "closed before it answered" };
    Denial::Unreachable(format!("{what}: {fault}").into())
}
