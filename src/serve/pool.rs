//! Connections to the server that are kept open, for each place and thread.

use std::cell::RefCell;
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
    /// That of Streamable HTTP, or of the bridge.
    Streamable,
}

/// A connection that is in nobody's use.
struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

thread_local! {
    // One upstream per process, so one list for each pool and thread.
    static IDLE: RefCell<[Vec<Idle>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// A connection in use; goes back to the idle ones only when its answer was read to the end.
///
/// Empty where the connection ends with its answer.
pub struct Line(pub(super) Option<SendRequest<Full<Bytes>>>, pub(super) Pool);

impl Line {
    /// Keeps the connection for the next request.
    pub fn give_back(self) {
        let Some(sender) = self.0.filter(|sender| !sender.is_closed()) else { return };
        self.1.with(|idle| {
            if idle.len() < UPSTREAM_IDLE_CONNECTIONS_MAX {
                idle.push(Idle { sender, since: Instant::now() });
            }
        });
    }
}

impl Pool {
    fn with<T>(self, act: impl FnOnce(&mut Vec<Idle>) -> T) -> T {
        IDLE.with_borrow_mut(|[streamable, event_stream]| match self {
            Self::EventStream => act(event_stream),
            Self::Streamable => act(streamable),
        })
    }

    /// Takes out a connection that has lain idle for `idle_max` at most; `None` when there is none.
    pub async fn take(self, idle_max: Duration) -> Option<SendRequest<Full<Bytes>>> {
        loop {
            let idle = self.with(Vec::pop)?;
            if idle.since.elapsed() > idle_max {
                // The last one given back is the youngest: the rest are older still.
                self.with(Vec::clear);
                return None;
            }
            let mut sender = idle.sender;
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }
}
