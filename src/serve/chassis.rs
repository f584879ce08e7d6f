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
use std::net::{SocketAddr, TcpListener};
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
    /// Certificate files that cannot serve.
    #[error(transparent)]
    Tls(#[from] TlsFault),
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
    pub fn build(
        house: Arc<House>,
        listen: SocketAddr,
        admin: SocketAddr,
        threads: usize,
    ) -> Result<Self, StartFault> {
        let (mcp_socket, endpoint) = bind(listen)?;
        let (admin_socket, admin) = bind(admin)?;
        let mut config = ListenerConfig::tcp(endpoint.to_string()).l4_buffer(L4BufferSettings::unbuffered());
        if let Some(tls) = &house.tls {
            config = config.tls(tls.settings()?);
        }
        let stop = (house.drain.endpoint_stop(), house.drain.door());
        let mut conf = ServerConf { threads, work_stealing: false, ..ServerConf::default() };
        conf.grace_period_seconds = Some(0);
        conf.graceful_shutdown_timeout_seconds = Some(0);
        let mut server = Server::new_with_opt_and_conf(None, conf);
        server.bootstrap();
        server.add_service(Doorway::new(
            "mcp",
            Endpoint { house: Arc::clone(&house), seats: Seats::new(CONNECTIONS_MAX) },
            config,
            mcp_socket,
            stop,
            threads,
        ));
        let config = ListenerConfig::tcp(admin.to_string()).l4_buffer(L4BufferSettings::unbuffered());
        // Operators may still look while the last streams end: this one stops with the process.
        let stop = (house.drain.last_stop(), house.drain.door());
        server.add_service(Doorway::new(
            "admin",
            admin::Desk(Arc::clone(&house)),
            config,
            admin_socket,
            stop,
            1,
        ));
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
    let fault = |cause| StartFault::Bind { address, cause };
    let open = || {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
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

/// A pingora service on a socket that was bound beforehand, stopped by our own drain.
struct Doorway<A> {
    inner: Listening<A>,
    name: &'static str,
    address: String,
    socket: Option<TcpListener>,
    stop: watch::Receiver<bool>,
    /// Held until the accept loop has ended.
    door: Option<Open>,
    threads: usize,
}

impl<A: ServerApp + Send + Sync + 'static> Doorway<A> {
    fn new(
        name: &'static str,
        app: A,
        config: ListenerConfig,
        socket: TcpListener,
        (stop, door): (watch::Receiver<bool>, Open),
        threads: usize,
    ) -> Self {
        let mut inner = Listening::new(name.into(), app);
        inner.add_listener(config);
        let address = inner.endpoints().addresses().into_iter().next().unwrap_or_default();
        Self { inner, name, address, socket: Some(socket), stop, door: Some(door), threads }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> PingoraService for Doorway<A> {
    async fn start_service(&mut self, fds: Option<ListenFds>, _: ShutdownWatch, listeners_per_fd: usize) {
        if let (Some(fds), Some(socket)) = (&fds, self.socket.take()) {
            fds.lock().add(self.address.clone(), socket.into_raw_fd());
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
}

#[async_trait]
impl ServerApp for Endpoint {
    async fn process_new(self: &Arc<Self>, client: Stream, _: &ShutdownWatch) -> Option<Stream> {
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
