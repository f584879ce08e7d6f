//! Connections to the server that are kept open, for each place and thread.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

use crate::bounds::UPSTREAM_IDLE_CONNECTIONS_MAX;

/// Which idle connections belong together: those to one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// That of HTTP+SSE.
    EventStream,
    /// That of a replica.
    Replica,
    /// That of Streamable HTTP, or of the bridge.
    Streamable,
}

/// A connection that is in nobody's use.
struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
    origin: Origin,
}

/// Where a connection leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The number of the place: a replica may be another one after a reload.
    pub place: u64,
    /// Its address, where it has one.
    pub address: Option<SocketAddr>,
}

thread_local! {
    // One upstream per process, so one list for each pool and thread.
    static IDLE: RefCell<[Vec<Idle>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// A connection in use; goes back to the idle ones only when its answer was read to the end.
///
/// Empty where the connection ends with its answer.
pub struct Line {
    /// `None` where the connection ends with its answer.
    pub(super) sender: Option<SendRequest<Full<Bytes>>>,
    pub(super) pool: Pool,
    pub(super) origin: Origin,
}

impl Line {
    /// Keeps the connection for the next request.
    pub fn give_back(self) {
        let Some(sender) = self.sender.filter(|sender| !sender.is_closed()) else { return };
        let origin = self.origin;
        self.pool.with(|idle| {
            if idle.len() < UPSTREAM_IDLE_CONNECTIONS_MAX {
                idle.push(Idle { sender, since: Instant::now(), origin });
            }
        });
    }
}

impl Pool {
    fn with<T>(self, act: impl FnOnce(&mut Vec<Idle>) -> T) -> T {
        IDLE.with_borrow_mut(|[streamable, event_stream, replica]| match self {
            Self::EventStream => act(event_stream),
            Self::Replica => act(replica),
            Self::Streamable => act(streamable),
        })
    }

    /// Takes out a connection to `place` that has lain idle for `idle_max` at most; `None` when there is none.
    pub async fn take(self, place: u64, idle_max: Duration) -> Option<(SendRequest<Full<Bytes>>, Origin)> {
        loop {
            let idle = self.with(Vec::pop)?;
            if idle.since.elapsed() > idle_max {
                // The last one given back is the youngest: the rest are older still.
                self.with(Vec::clear);
                return None;
            }
            let mut sender = idle.sender;
            if idle.origin.place == place && sender.ready().await.is_ok() {
                return Some((sender, idle.origin));
            }
        }
    }
}
