//! pingora's server, services, listeners and TLS; hyper's codecs on its streams.
//!
//! A [`ServerApp`] whose `process_new` hands the accepted stream to hyper costs about half of what
//! pingora's own HTTP loop does, and reads bodies of any size before deciding (`benches/record/`).
//! Each connection runs in a task of its own, since the accept task holds the state of the TLS
//! handshake to its end.
//!
//! Sockets are bound before pingora starts and handed over as if inherited: a port in use is then an
//! error with a name, not a panic, and port 0 can be asked for its number.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::listeners::{L4BufferSettings, ListenerConfig};
use pingora_core::protocols::Stream;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{ListenFds, RunArgs, Server, ShutdownWatch};
use pingora_core::services::Service as PingoraService;
use pingora_core::services::background::background_service;
use pingora_core::services::listening::Service as Listening;
use tokio::sync::watch;

use super::admin;
use super::chores::{Cells, Chores, Keys};
use super::connection::serve;
use super::destination::{Circle, Destinations, look_for_circle};
use super::drain::Open;
use super::house::House;
use super::seats::Seats;
use super::signals::Signals;
use super::tls::TlsFault;
use crate::bounds::{CONNECTIONS_MAX, LISTEN_BACKLOG};

/// Why the gate cannot start; the operator's fault or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The gate would call itself.
    #[error(transparent)]
    Circle(#[from] Circle),
    /// Certificate files that cannot serve.
    #[error(transparent)]
    Tls(#[from] TlsFault),
}

/// Where the gate listens, and who comes there.
pub struct Listen {
    /// For clients.
    pub endpoint: SocketAddr,
    /// For operators.
    pub admin: SocketAddr,
    /// Where clients were going, if they are redirected; with the server's address, where it is named by one.
    pub redirected: Option<(Destinations, Option<SocketAddr>)>,
}

/// A gate with its sockets bound, ready to run.
pub struct Chassis {
    server: Server,
    house: Arc<House>,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Where MCP is served.
    pub endpoint: SocketAddr,
    /// Where operators are served.
    pub admin: SocketAddr,
}

impl Chassis {
    /// Binds the sockets and builds the services.
    ///
    /// # Errors
    /// [`StartFault`] names the address or the file at fault.
    pub fn build(house: Arc<House>, listen: Listen, threads: usize) -> Result<Self, StartFault> {
        let (mcp_sockets, endpoint) = match &listen.redirected {
            None => bind(listen.endpoint).map(|(socket, bound)| (vec![socket], bound))?,
            Some((_, server)) => {
                let (sockets, bound) = bind_each_family(listen.endpoint)?;
                server.map_or(Ok(()), |server| look_for_circle(server, &sockets))?;
                (sockets, bound)
            }
        };
        let (admin_socket, admin) = bind(listen.admin)?;
        let mut mcp_doors = Vec::new();
        for socket in mcp_sockets {
            let mut config = listener(&socket, endpoint)?;
            if let Some(tls) = &house.tls {
                config = config.tls(tls.settings()?);
            }
            mcp_doors.push((config, socket));
        }
        let stop = (house.drain.endpoint_stop(), house.drain.door());
        let mut conf = ServerConf { threads, work_stealing: false, ..ServerConf::default() };
        conf.grace_period_seconds = Some(0);
        conf.graceful_shutdown_timeout_seconds = Some(0);
        let mut server = Server::new_with_opt_and_conf(None, conf);
        server.bootstrap();
        server.add_service(Doorway::new(
            "mcp",
            Endpoint {
                house: Arc::clone(&house),
                seats: Seats::new(CONNECTIONS_MAX),
                destinations: listen.redirected.map(|(destinations, _)| destinations),
            },
            mcp_doors,
            stop,
            threads,
        ));
        let admin_door = (listener(&admin_socket, admin)?, admin_socket);
        // Operators may still look while the last streams end: this one stops with the process.
        let stop = (house.drain.last_stop(), house.drain.door());
        server.add_service(Doorway::new("admin", admin::Desk(Arc::clone(&house)), vec![admin_door], stop, 1));
        server.add_service(background_service("chores", Chores(Arc::clone(&house))));
        server.add_service(background_service("cells", Cells(Arc::clone(&house))));
        server.add_service(background_service("keys", Keys(Arc::clone(&house))));
        let scheme = if house.tls.is_some() { "https" } else { "http" };
        Ok(Self { server, house, scheme, endpoint, admin })
    }

    /// Serves until told to stop, and returns when everything has been flushed.
    ///
    /// Calls `ready` once it serves and heeds signals.
    pub fn run(self, ready: impl Fn() + Send + Sync + 'static) {
        let signals = Signals { house: self.house, ready: Box::new(ready) };
        self.server.run(RunArgs { shutdown_signal: Box::new(signals) });
    }
}

/// Binds a socket, and says which address it got.
///
/// # Errors
/// [`StartFault::Bind`] names the address.
pub fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartFault> {
    bind_for(address, Families::OfAddress)
}

/// Binds a socket for each family of addresses where the address is that of all: the kernel tells where a connection
/// was going only to a socket of its own family. A machine without IPv6 is served by IPv4 alone.
fn bind_each_family(address: SocketAddr) -> Result<(Vec<TcpListener>, SocketAddr), StartFault> {
    if !(address.is_ipv6() && address.ip().is_unspecified()) {
        return bind(address).map(|(socket, bound)| (vec![socket], bound));
    }
    match bind_for(address, Families::One) {
        Ok((six, bound)) => {
            let (four, _) = bind((Ipv4Addr::UNSPECIFIED, bound.port()).into())?;
            Ok((vec![six, four], bound))
        }
        Err(StartFault::Bind { cause, .. }) if has_no_family(&cause) => {
            tracing::warn!(%cause, "this machine has no IPv6, so redirected clients are served by IPv4 alone");
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into()).map(|(four, bound)| (vec![four], bound))
        }
        Err(fault) => Err(fault),
    }
}

/// Whether the machine knows no addresses of that family.
fn has_no_family(cause: &io::Error) -> bool {
    // Linux, `EAFNOSUPPORT`: a kernel that was started without IPv6.
    cause.kind() == io::ErrorKind::AddrNotAvailable || cause.raw_os_error() == Some(97)
}

/// Which families of addresses a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Families {
    /// As the system has it: a socket of all addresses of IPv6 usually serves IPv4 as well.
    OfAddress,
    /// That of its address.
    One,
}

fn bind_for(address: SocketAddr, families: Families) -> Result<(TcpListener, SocketAddr), StartFault> {
    let fault = |cause| StartFault::Bind { address, cause };
    let open = || {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        if families == Families::One && address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(LISTEN_BACKLOG)?;
        let listener = TcpListener::from(socket);
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    open().map_err(fault)
}

/// What pingora is to know of a socket that is bound: it is named by its address.
fn listener(socket: &TcpListener, asked: SocketAddr) -> Result<ListenerConfig, StartFault> {
    let address = socket.local_addr().map_err(|cause| StartFault::Bind { address: asked, cause })?;
    Ok(ListenerConfig::tcp(address.to_string()).l4_buffer(L4BufferSettings::unbuffered()))
}

/// A pingora service on sockets that were bound beforehand, stopped by our own drain.
struct Doorway<A> {
    inner: Listening<A>,
    name: &'static str,
    sockets: Vec<(String, TcpListener)>,
    stop: watch::Receiver<bool>,
    /// Held until the accept loop has ended.
    door: Option<Open>,
    threads: usize,
}

impl<A: ServerApp + Send + Sync + 'static> Doorway<A> {
    fn new(
        name: &'static str,
        app: A,
        doors: Vec<(ListenerConfig, TcpListener)>,
        (stop, door): (watch::Receiver<bool>, Open),
        threads: usize,
    ) -> Self {
        let mut inner = Listening::new(name.into(), app);
        let mut sockets = Vec::new();
        for (config, socket) in doors {
            inner.add_listener(config);
            // What pingora calls the listener that was added last.
            let address = inner.endpoints().addresses().pop().unwrap_or_default();
            sockets.push((address, socket));
        }
        Self { inner, name, sockets, stop, door: Some(door), threads }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> PingoraService for Doorway<A> {
    async fn start_service(&mut self, fds: Option<ListenFds>, _: ShutdownWatch, listeners_per_fd: usize) {
        for (address, socket) in self.sockets.drain(..) {
            if let Some(fds) = &fds {
                fds.lock().add(address, socket.into_raw_fd());
            }
        }
        self.inner.start_service(fds, self.stop.clone(), listeners_per_fd).await;
        self.door = None;
    }

    fn name(&self) -> &str {
        self.name
    }

    fn threads(&self) -> Option<usize> {
        Some(self.threads)
    }
}

/// The MCP endpoint.
struct Endpoint {
    house: Arc<House>,
    seats: Seats,
    /// Where clients were going, if they are redirected.
    destinations: Option<Destinations>,
}

#[async_trait]
impl ServerApp for Endpoint {
    async fn process_new(self: &Arc<Self>, client: Stream, _: &ShutdownWatch) -> Option<Stream> {
        let is_ours = |to: &Destinations| to.takes(&client, &self.house.metrics);
        if !self.destinations.as_ref().is_none_or(is_ours) {
            return None;
        }
        let seat = self.seats.take()?;
        let house = Arc::clone(&self.house);
        tokio::spawn(async move {
            serve(house, client).await;
            drop(seat);
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_address_that_is_taken() {
        let (_held, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let again = bind(address);
        assert!(matches!(again, Err(StartFault::Bind { address: named, .. }) if named == address));
    }
}
