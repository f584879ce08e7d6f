//! Where the server is, how a connection to it is opened, and what a request to it looks like.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use pingora_core::connectors::TransportConnector;
use pingora_core::protocols::l4::ext::TcpKeepalive;
use pingora_core::upstreams::peer::HttpPeer;

use super::bare::Socket;
use super::bridge::Bridge;
use super::pool::Pool;
use super::target::Target;
use super::upstream::Waits;
use crate::gate::{Denial, Ticket};
use crate::mcp::endpoint::Base;

/// Where one transport of the server is.
pub struct Place {
    way: Way,
    /// What it is called in `Host`.
    pub host: HeaderValue,
    /// The path of its endpoint.
    pub path: Uri,
    /// Where its idle connections are kept.
    pub pool: Pool,
}

pub enum Way {
    /// A child process, by pipes.
    Bridge(Arc<Bridge>),
    /// A host, with or without TLS.
    Network {
        /// A name or an address.
        host: String,
        /// Its port.
        port: u16,
        /// Whether it speaks TLS.
        is_tls: bool,
    },
    /// A Unix socket, by its file.
    Unix(String),
}

impl Place {
    /// Where `target` says, with its idle connections in `pool`.
    pub fn of(target: &Target, pool: Pool) -> Self {
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

    /// Reached by `way`, with this `Host` and path.
    pub fn build(way: Way, host: &str, path: &str, pool: Pool) -> Self {
        Self {
            way,
            // INVARIANT: both were parts of a parsed URI, or are literals.
            host: HeaderValue::from_str(host).expect("an authority is a header value"),
            path: path.parse().expect("a path is a request target"),
            pool,
        }
    }

    /// The bridge, where the server is a child process.
    pub fn bridge(&self) -> Option<&Arc<Bridge>> {
        match &self.way {
            Way::Bridge(bridge) => Some(bridge),
            Way::Network { .. } | Way::Unix(_) => None,
        }
    }

    /// Its origin and path; one without a host goes by the name that our `Host` header says.
    pub fn base(&self) -> Base {
        let path = self.path.path().into();
        match &self.way {
            Way::Network { host, port, is_tls } => {
                Base { is_tls: *is_tls, host: host.as_str().into(), port: *port, path }
            }
            Way::Bridge(_) | Way::Unix(_) => Base { is_tls: false, host: "localhost".into(), port: 80, path },
        }
    }

    /// What the ticket allows, framed anew: our own host and protocol headers, and of the client's headers
    /// only those that `is_passed_up` knows.
    pub fn request(&self, ticket: &Ticket, method: &Method, headers: &HeaderMap) -> Request<Bytes> {
        let mut request = Request::new(ticket.body());
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

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Denial::Unreachable`].
    pub async fn connect(
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

async fn resolve(host: &str, port: u16) -> Result<SocketAddr, Denial> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return Ok(SocketAddr::new(ip, port));
    }
    let mut found = tokio::net::lookup_host((bare, port)).await.map_err(|fault| unreachable(&fault))?;
    found.next().ok_or_else(|| Denial::Unreachable(format!("`{host}` has no address").into()))
}

/// The refusal where there is no connection.
pub fn unreachable(fault: &dyn std::fmt::Display) -> Denial {
    Denial::Unreachable(fault.to_string().into())
}
