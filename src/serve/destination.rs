//! Connections that were brought here by the kernel: where each was going, and whether the gate may take it.
//!
//! ```text
//!   client ──► pod:8080 ──[nftables: redirect]──► gate:15001 ──► 127.0.0.1:8080
//!                                                  └ was going to 8080: served; elsewhere, or here: closed
//! ```
//!
//! A connection that nobody redirected was made to the gate's own port, where no server is: it is closed, and so no
//! rule that leads back here can make a circle. One to a port that the gate does not serve is closed as well, since
//! nothing would judge it. Both are counted, and told once a second at most.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use pingora_core::protocols::Stream;

use super::seldom::Seldom;
use super::target::Target;
use crate::bounds::CIRCLE_LOOK_MAX;
use crate::report::{Metrics, Misdirected};

/// The ports that the gate serves in the place of servers.
#[derive(Debug)]
pub struct Destinations {
    served: Vec<u16>,
    complaints: Seldom,
}

impl Destinations {
    /// The ports of `targets`; `None` where one has none.
    pub fn of(targets: &[&Target]) -> Option<Self> {
        let port = |target: &&Target| match target {
            Target::Network { port, .. } => Some(*port),
            Target::Unix { .. } => None,
        };
        let served = targets.iter().map(port).collect::<Option<Vec<u16>>>()?;
        Some(Self { served, complaints: Seldom::default() })
    }

    /// Whether a connection is for a server behind the gate. One that is not is counted.
    pub(super) fn takes(&self, client: &Stream, metrics: &Metrics) -> bool {
        let digest = client.get_socket_digest();
        let inet = |address: &pingora_core::protocols::l4::socket::SocketAddr| address.as_inet().copied();
        let (peer, local, original) = digest.map_or((None, None, None), |digest| {
            let address = |address: Option<&_>| address.and_then(inet);
            (address(digest.peer_addr()), address(digest.local_addr()), address(digest.original_dst()))
        });
        let Err(why) = self.judge(local, original) else { return true };
        metrics.misdirected(why);
        if let Some(count) = self.complaints.due(Instant::now()) {
            let why = why.as_str();
            tracing::warn!(
                ?peer,
                ?original,
                why,
                count,
                "connections are closed that are for no server here"
            );
        }
        false
    }

    fn judge(&self, local: Option<SocketAddr>, original: Option<SocketAddr>) -> Result<(), Misdirected> {
        let (Some(local), Some(original)) = (local, original) else { return Err(Misdirected::Direct) };
        if original.port() == local.port() {
            return Err(Misdirected::Direct);
        }
        if self.served.contains(&original.port()) { Ok(()) } else { Err(Misdirected::Port) }
    }
}

/// Why the gate must not run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "what the gate sends to its server comes back to it: run it as the user that `sluicegate redirect --uid` names \
     (runAsUser), whose connections are let through"
)]
pub struct Circle;

/// Looks whether connections to the server come out at our own `listeners`, as they do when this process runs as
/// another user than the one that is let through.
///
/// A server that is not there yet cannot be told from one that refuses, and is no circle. Takes
/// `CIRCLE_LOOK_MAX` at most.
///
/// # Errors
/// [`Circle`]: every call would go round until no connection is left.
pub fn look_for_circle(server: SocketAddr, listeners: &[TcpListener]) -> Result<(), Circle> {
    let Ok(own) = TcpStream::connect_timeout(&server, CIRCLE_LOOK_MAX) else { return Ok(()) };
    let Ok(own) = own.local_addr() else { return Ok(()) };
    let begun = Instant::now();
    loop {
        for listener in listeners {
            // Nobody is served yet, so that a client who comes just now is told to come again by being closed.
            while let Ok((_, peer)) = listener.accept() {
                if peer.port() == own.port() && peer.ip().to_canonical() == own.ip().to_canonical() {
                    return Err(Circle);
                }
            }
        }
        if begun.elapsed() >= CIRCLE_LOOK_MAX {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_was_going_to_a_server_and_nothing_else() {
        let targets = ["http://127.0.0.1:8080/mcp", "http://127.0.0.1:3001/sse"];
        let targets = targets.map(|text| Target::parse(text).unwrap());
        let destinations = Destinations::of(&targets.iter().collect::<Vec<_>>()).unwrap();
        let address = |text: &str| text.parse().ok();
        for (local, original, wanted) in [
            ("10.1.2.3:15001", "10.1.2.3:8080", Ok(())),
            ("127.0.0.1:15001", "127.0.0.1:3001", Ok(())),
            ("[fd00::2]:15001", "[fd00::2]:8080", Ok(())),
            ("10.1.2.3:15001", "10.1.2.3:15001", Err(Misdirected::Direct)),
            ("127.0.0.1:15001", "10.1.2.3:15001", Err(Misdirected::Direct)),
            ("10.1.2.3:15001", "", Err(Misdirected::Direct)),
            ("", "10.1.2.3:8080", Err(Misdirected::Direct)),
            ("10.1.2.3:15001", "10.1.2.3:8081", Err(Misdirected::Port)),
        ] {
            assert_eq!(destinations.judge(address(local), address(original)), wanted, "{local} {original}");
        }
        let socket = Target::parse("unix:/run/mcp.sock").unwrap();
        assert!(Destinations::of(&[&socket]).is_none());
    }

    #[test]
    fn sees_a_circle_and_no_other_connection_for_one() {
        let listen = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        let ((ours, own), (server, elsewhere)) = (listen(), listen());
        let ours = [ours];
        let _client = TcpStream::connect(own).unwrap();
        assert_eq!(look_for_circle(elsewhere, &ours), Ok(()));
        assert_eq!(look_for_circle(own, &ours), Err(Circle));
        drop(server);
        assert_eq!(look_for_circle(elsewhere, &ours), Ok(()));
    }
}
