//! The only way out of a sandbox with a network: some hosts, through the gate.
//!
//! ```text
//!   server --> 127.0.0.1:PORT  (CONNECT api.example.com:443) --+
//!   server --> api.example.com:443, by a name of its own ------+--> gate --> the host, if it is on the list
//! ```
//!
//! The ports are opened by the launcher inside the sandbox's network and handed to the gate over a Unix socket, so
//! what comes in there is read by the gate. The first is for clients that know a proxy (`HTTPS_PROXY`); for each
//! host without a wildcard there is another, which the sandbox's `/etc/hosts` leads to, for those that know none.
//! TLS stays between server and host.
//!
//! A host is looked up here and refused where it has only addresses of a private network: a name on the list
//! must not lead to the neighbours. **What it is not.** No look at what is said.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::sync::Arc;
use std::time::Instant;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::bounds::{EGRESS_CONNECTIONS_MAX, EGRESS_HEAD_BYTES_MAX, EGRESS_LOOK, EGRESS_WAIT};
use crate::policy::{Hosts, is_host};
use crate::report::{Egress, EgressReason, RefusedEgress};
use crate::serve::seldom::Seldom;

/// The socket at which launchers hand over their ports, until the process ends.
///
/// It has a name of the network's, not of the file system, so that nothing is left behind; who calls there must be
/// of our own user.
#[derive(Debug)]
pub struct Door {
    name: String,
}

/// Told of each connection to the outside.
pub trait Witness: Send + Sync {
    /// One was made, or could not be made.
    fn left(&self, result: Egress);
    /// One was refused.
    fn refused(&self, what: RefusedEgress);
    /// Some seconds have gone by.
    fn look(&self) {}
}

impl Door {
    /// Opens a socket of which nobody but our own user gets an answer, and serves it by a thread of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(hosts: Hosts, witness: Arc<dyn Witness>) -> io::Result<Self> {
        let mut random = [0; 16];
        let drawn = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
        drawn.map_err(|_| io::Error::other("no random bits"))?;
        let door = Self { name: format!("sluicegate-{}", crate::names::hex(&random)) };
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&door.name)?;
        let listener = std::os::unix::net::UnixListener::bind_addr(&address)?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || runtime.block_on(serve(listener, Arc::new(hosts), witness));
        std::thread::Builder::new().name("egress".into()).spawn(serve)?;
        Ok(door)
    }

    /// What the socket is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Takes launchers in, until the process ends.
async fn serve(listener: std::os::unix::net::UnixListener, hosts: Arc<Hosts>, witness: Arc<dyn Witness>) {
    let Ok(listener) = UnixListener::from_std(listener) else { return };
    let looking = Arc::clone(&witness);
    let seats = Arc::new(Semaphore::new(EGRESS_CONNECTIONS_MAX));
    let out = Out { hosts, witness, seats, refusals: Arc::default() };
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(EGRESS_LOOK).await;
            looking.look();
        }
    });
    loop {
        let Ok((line, _)) = listener.accept().await else {
            tokio::time::sleep(EGRESS_WAIT / 10).await;
            continue;
        };
        if !is_ours(&line) {
            tracing::warn!("another user asked for a way out of a sandbox");
            continue;
        }
        let out = out.clone();
        tokio::spawn(async move {
            if let Err(fault) = sandbox(line, out).await {
                tracing::warn!(%fault, "a sandbox has no way out");
            }
        });
    }
}

/// Whether who calls is of our own user: others in the same network see the name of the socket.
fn is_ours(line: &UnixStream) -> bool {
    line.peer_cred().is_ok_and(|caller| caller.uid() == rustix::process::geteuid().as_raw())
}

/// What each connection to the outside needs.
#[derive(Clone)]
struct Out {
    hosts: Arc<Hosts>,
    witness: Arc<dyn Witness>,
    seats: Arc<Semaphore>,
    refusals: Arc<Seldom>,
}

/// Serves the ports of one sandbox, as long as its launcher holds the line.
async fn sandbox(mut line: UnixStream, out: Out) -> io::Result<()> {
    let mut ports = JoinSet::new();
    loop {
        let (text, handed) = timeout(EGRESS_WAIT, receive(&line)).await??;
        let Some(handed) = handed else {
            // The last word: everything has been handed over, or the launcher has gone.
            if text == "." {
                line.write_all(b".").await?;
            }
            break;
        };
        let listener = std::net::TcpListener::from(handed);
        listener.set_nonblocking(true)?;
        let (listener, out) = (TcpListener::from_std(listener)?, out.clone());
        let fixed =
            text.trim().rsplit_once(':').and_then(|(name, port)| Some((name.into(), port.parse().ok()?)));
        ports.spawn(port(listener, fixed, out));
        line.write_all(b".").await?;
    }
    // The end of the line is that of the sandbox, and of all its ports.
    let _ = line.read(&mut [0]).await;
    Ok(())
}

async fn receive(line: &UnixStream) -> io::Result<(String, Option<OwnedFd>)> {
    loop {
        line.readable().await?;
        let taken = line.try_io(Interest::READABLE, || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut rights = RecvAncillaryBuffer::new(&mut space);
            let mut bytes = [0; 512];
            let received =
                recvmsg(line, &mut [io::IoSliceMut::new(&mut bytes)], &mut rights, RecvFlags::CMSG_CLOEXEC)?;
            let mut handed = rights.drain().filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut rights) => rights.next(),
                _ => None,
            });
            let text = bytes.get(..received.bytes).unwrap_or_default();
            Ok((String::from_utf8_lossy(text).into_owned(), handed.next()))
        });
        match taken {
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {}
            taken => return taken,
        }
    }
}

/// Why there is no connection to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreached {
    Failed(&'static str),
    Refused(EgressReason),
}

/// What a server writes there is no name unless it looks like one.
fn shown(name: &str) -> &str {
    if is_host(name) || name.parse::<IpAddr>().is_ok() { name } else { "-" }
}

/// Where a port leads, where it leads to one host.
type Fixed = Option<(Box<str>, u16)>;

async fn port(listener: TcpListener, fixed: Fixed, out: Out) {
    let mut open = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(EGRESS_WAIT / 10).await;
            continue;
        };
        while open.try_join_next().is_some() {}
        let (fixed, out) = (fixed.clone(), out.clone());
        open.spawn(async move {
            let Ok(_seat) = Arc::clone(&out.seats).try_acquire_owned() else {
                let (name, port) = fixed.unwrap_or_else(|| ("-".into(), 0));
                return out.refuse(&name, port, EgressReason::TooMany);
            };
            // How it ends is a matter between the server and the host.
            let _ = match fixed {
                Some((name, port)) => straight(client, &name, port, &out).await,
                None => asked(client, &out).await,
            };
        });
    }
}

/// A connection to the port of one host.
async fn straight(mut client: TcpStream, name: &str, port: u16, out: &Out) -> io::Result<()> {
    let mut host = out.dial(name, port).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
    tokio::io::copy_bidirectional(&mut client, &mut host).await.map(drop)
}

/// A connection whose first words say where it is to lead: `CONNECT HOST:PORT`.
async fn asked(mut client: TcpStream, out: &Out) -> io::Result<()> {
    let mut head = Vec::with_capacity(512);
    // One byte more than the head would be the server's first word to the host.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= EGRESS_HEAD_BYTES_MAX {
            out.refuse("-", 0, EgressReason::Malformed);
            return refuse(&mut client, 431, "the head is too long").await;
        }
        head.push(timeout(EGRESS_WAIT, client.read_u8()).await??);
    }
    let Some((name, port)) = target(&head) else {
        out.refuse("-", 0, EgressReason::Malformed);
        let words = "only CONNECT HOST:PORT leads out of the sandbox";
        return refuse(&mut client, 405, words).await;
    };
    match out.dial(&name, port).await {
        Ok(mut host) => {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            tokio::io::copy_bidirectional(&mut client, &mut host).await.map(drop)
        }
        Err(Unreached::Refused(_)) => {
            refuse(&mut client, 403, "the host is not among those that the sandbox may reach").await
        }
        Err(Unreached::Failed(_)) => refuse(&mut client, 502, "the host cannot be reached").await,
    }
}

fn target(head: &[u8]) -> Option<(Box<str>, u16)> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    let is_whole = request.parse(head).is_ok_and(|status| status.is_complete());
    let path = request.path.filter(|_| is_whole && request.method == Some("CONNECT"))?;
    let (name, port) = path.rsplit_once(':')?;
    Some((name.into(), port.parse().ok()?))
}

async fn refuse(client: &mut TcpStream, status: u16, words: &str) -> io::Result<()> {
    let length = words.len() + 1;
    let answer = format!(
        "HTTP/1.1 {status} Refused\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{words}\n"
    );
    client.write_all(answer.as_bytes()).await
}

impl Out {
    /// Connects to a host on the list, at an address of the open network.
    async fn dial(&self, name: &str, port: u16) -> Result<TcpStream, Unreached> {
        let dialled = self.reach(name, port).await;
        match &dialled {
            Ok(_) => self.witness.left(Egress::Allowed),
            Err(Unreached::Refused(reason)) => self.refuse(name, port, *reason),
            Err(Unreached::Failed(why)) => {
                self.witness.left(Egress::Failed);
                tracing::info!(host = shown(name), port, why, "a connection out of the sandbox failed");
            }
        }
        dialled
    }

    /// Tells of what was refused, to the log, the metrics and the audit.
    fn refuse(&self, name: &str, port: u16, reason: EgressReason) {
        let (host, why) = (shown(name), reason.as_str());
        // A server may try as often as it likes.
        if let Some(count) = self.refusals.due(Instant::now()) {
            tracing::warn!(host, port, why, count, "a connection out of the sandbox was refused");
        }
        self.witness.left(Egress::Refused);
        self.witness.refused(RefusedEgress { host: host.into(), port, reason });
    }

    async fn reach(&self, name: &str, port: u16) -> Result<TcpStream, Unreached> {
        if !self.hosts.allow(name, port) {
            return Err(Unreached::Refused(EgressReason::Unlisted));
        }
        let found = timeout(EGRESS_WAIT, tokio::net::lookup_host((name, port))).await;
        let found: Vec<SocketAddr> = match found {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(_)) | Err(_) => return Err(Unreached::Failed("it has no address")),
        };
        let open: Vec<&SocketAddr> = found.iter().filter(|address| self.hosts.admit(address.ip())).collect();
        if open.is_empty() {
            return Err(Unreached::Refused(EgressReason::Private));
        }
        for address in open {
            if let Ok(Ok(host)) = timeout(EGRESS_WAIT, TcpStream::connect(address)).await {
                return Ok(host);
            }
        }
        Err(Unreached::Failed("it does not answer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_connect_and_nothing_else() {
        let read = |line: &str| target(format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        assert_eq!(read("CONNECT api.example.com:443"), Some(("api.example.com".into(), 443)));
        for line in ["GET http://api.example.com/", "CONNECT api.example.com", "CONNECT a:b", "connect a:1"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
