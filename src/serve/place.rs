//! Where the server is, how a connection to it is opened, and what a request to it looks like.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use pingora_core::connectors::TransportConnector;
use pingora_core::protocols::l4::ext::TcpKeepalive;
use pingora_core::upstreams::peer::HttpPeer;

use super::addresses::Addresses;
use super::bare::Socket;
use super::bridge::Bridge;
use super::pool::{Origin, Pool};
use super::target::Target;
use super::waits::Waits;
use crate::bounds::{UPSTREAM_ADDRESSES_MAX, UPSTREAM_ADDRESSES_TRIED_MAX};
use crate::gate::{Denial, Ticket, Transport};
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
    /// No other place of this process has it.
    pub number: u64,
    addresses: Addresses,
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
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            addresses: Addresses::default(),
        }
    }

    /// The bridge, where the server is a child process.
    pub fn bridge(&self) -> Option<&Arc<Bridge>> {
        match &self.way {
            Way::Bridge(bridge) => Some(bridge),
            Way::Network { .. } | Way::Unix(_) => None,
        }
    }

    /// What it is reached by.
    pub fn transport(&self) -> Transport {
        match &self.way {
            Way::Bridge(_) => Transport::Pipe,
            Way::Network { .. } => Transport::Tcp,
            Way::Unix(_) => Transport::Unix,
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
        let is_traced = ticket.is_traced();
        for (name, value) in headers {
            // Where there are spans of ours, the ticket says what the server is told of them.
            let is_replaced = is_traced && matches!(name.as_str(), "traceparent" | "tracestate");
            if is_passed_up(name.as_str()) && !is_replaced {
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
    /// [`Denial::Unreachable`]. Where a host has several addresses, others are tried before that.
    pub async fn connect(
        &self,
        connector: &TransportConnector,
        waits: Waits,
    ) -> Result<(Box<dyn Socket>, Origin), Denial> {
        let found = in_time(waits, self.resolve()).await?;
        self.connect_to(found, connector, waits).await
    }

    async fn connect_to(
        &self,
        found: Vec<Option<SocketAddr>>,
        connector: &TransportConnector,
        waits: Waits,
    ) -> Result<(Box<dyn Socket>, Origin), Denial> {
        let mut last = None;
        for address in found {
            match in_time(waits, Box::pin(self.dial(connector, address))).await {
                Ok(socket) => return Ok((socket, Origin { place: self.number, address })),
                Err(denial) => {
                    self.failed(address);
                    last = Some(denial);
                }
            }
        }
        Err(last.unwrap_or_else(|| Denial::Unreachable("the server has no address".into())))
    }

    /// The addresses to try, in this order; one without an address where it is reached otherwise.
    async fn resolve(&self) -> Result<Vec<Option<SocketAddr>>, Denial> {
        let Way::Network { host, port, .. } = &self.way else { return Ok(vec![None]) };
        let found = resolve(host, *port).await?;
        if found.len() < 2 {
            return Ok(found.into_iter().map(Some).collect());
        }
        let order = self.addresses.order(found);
        Ok(order.into_iter().take(UPSTREAM_ADDRESSES_TRIED_MAX).map(Some).collect())
    }

    /// Notes that an address did its work.
    pub fn went_well(&self, address: Option<SocketAddr>) {
        address.into_iter().for_each(|address| self.addresses.went_well(address));
    }

    /// Notes that an address failed.
    pub fn failed(&self, address: Option<SocketAddr>) {
        address.into_iter().for_each(|address| self.addresses.failed(address));
    }

    /// How many of its addresses are left alone now.
    pub fn ejected(&self) -> usize {
        self.addresses.ejected()
    }

    async fn dial(
        &self,
        connector: &TransportConnector,
        address: Option<SocketAddr>,
    ) -> Result<Box<dyn Socket>, Denial> {
        match &self.way {
            Way::Bridge(bridge) => Ok(Box::new(bridge.connect())),
            Way::Network { host, is_tls, .. } => {
                let address = address.ok_or_else(|| Denial::Internal("a host without an address".into()))?;
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

static NUMBERS: AtomicU64 = AtomicU64::new(0);

async fn in_time<T>(waits: Waits, work: impl Future<Output = Result<T, Denial>>) -> Result<T, Denial> {
    let late = || Err(Denial::Unreachable("no connection in time".into()));
    tokio::time::timeout(waits.connect, work).await.unwrap_or_else(|_| late())
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

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Denial> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = tokio::net::lookup_host((bare, port)).await.map_err(|fault| unreachable(&fault))?;
    let found: Vec<SocketAddr> = found.take(UPSTREAM_ADDRESSES_MAX).collect();
    if found.is_empty() {
        return Err(Denial::Unreachable(format!("`{host}` has no address").into()));
    }
    Ok(found)
}

/// The refusal where there is no connection.
pub fn unreachable(fault: &dyn std::fmt::Display) -> Denial {
    Denial::Unreachable(fault.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::BREAKER_FAILURES;

    const WAITS: Waits = Waits {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        idle: Duration::from_secs(5),
        head: None,
    };

    #[tokio::test]
    async fn uses_another_address_where_one_is_dead_and_leaves_that_alone() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let alive = held.local_addr().unwrap();
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let way = Way::Network { host: "server.example".into(), port: 1, is_tls: false };
        let place = Place::build(way, "server.example", "/mcp", Pool::Streamable);
        let connector = TransportConnector::new(None);
        for turn in 1..=BREAKER_FAILURES {
            place.addresses.order(vec![dead, alive]);
            assert_eq!(place.ejected(), 0, "turn {turn}");
            let found = vec![Some(dead), Some(alive)];
            let (_, origin) = place.connect_to(found, &connector, WAITS).await.unwrap();
            assert_eq!(origin.address, Some(alive));
        }
        assert_eq!(place.ejected(), 1);
        for _ in 0..4 {
            assert_eq!(place.addresses.order(vec![dead, alive]), [alive, dead]);
        }
        let denial = place.connect_to(vec![Some(dead)], &connector, WAITS).await.err();
        assert!(matches!(denial, Some(Denial::Unreachable(_))));
    }
}
