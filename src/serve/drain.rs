//! Going away without cutting anybody off before the deadline.
//!
//! ```text
//!            bound          POST /drain        5 s later         SIGTERM           --drain-timeout
//!  Starting ──────► Serving ──────────► Quiet ──────────► Parting ──────► Stopping ──────────► Closing
//!  unready          ready               unready, takes    clients are     listeners closed,    streams get a
//!                                       and answers       sent elsewhere, what is open         last word
//!                                       as before         still served    goes on
//! ```
//!
//! Whoever routes to the gate hears late that it is not ready any more, so the drain begins with doing nothing. Then
//! the clients that stay are sent to another connection: HTTP/1 by `Connection: close` on the next answer, HTTP/2 by
//! GOAWAY. Whoever still comes is served. SIGTERM may come at any time, and without a drain before.
//!
//! No phase is ever gone back to. What the signals do is in [`signals`](super::signals).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::bounds::{DOORS_WAIT, DRAIN_QUIET, LAST_WORDS_WAIT};

/// How far the process is on its way in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not taking connections yet.
    Starting,
    /// Taking connections.
    Serving,
    /// About to go, which nobody knows yet: not ready, and otherwise as before.
    Quiet,
    /// About to go: who is still here is told to connect elsewhere.
    Parting,
    /// Taking no new connections; finishing what is open.
    Stopping,
    /// The deadline has passed: streams say a last word and end.
    Closing,
}

/// Counts what is open, and says when to stop.
#[derive(Debug)]
pub struct Drain {
    phase: watch::Sender<Phase>,
    /// The same as a phase from [`Phase::Parting`] on, for every answer to look at.
    is_parting: AtomicBool,
    /// When it was first asked for.
    asked: OnceLock<Instant>,
    /// Ends the accept loop of the endpoint.
    close_endpoint: watch::Sender<bool>,
    /// Ends the accept loops that serve until the end.
    close_all: watch::Sender<bool>,
    connections: Arc<Count>,
    doors: Arc<Count>,
    deadline: Duration,
}

/// How many of something are open, and whoever waits for the last to close.
#[derive(Debug, Default)]
struct Count {
    open: AtomicU64,
    closed: Notify,
}

/// Something that is open; closing it is dropping it.
#[derive(Debug)]
pub struct Open(Arc<Count>);

impl Drain {
    /// A process that starts, and that will take at most `deadline` to finish once asked to stop.
    pub fn new(deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            phase: watch::Sender::new(Phase::Starting),
            is_parting: AtomicBool::new(false),
            asked: OnceLock::new(),
            close_endpoint: watch::Sender::new(false),
            close_all: watch::Sender::new(false),
            connections: Arc::default(),
            doors: Arc::default(),
            deadline,
        })
    }

    /// Counts one more open connection until the value is dropped.
    pub fn connection(&self) -> Open {
        Open::new(&self.connections)
    }

    /// Counts one more listening service until the value is dropped.
    pub fn door(&self) -> Open {
        Open::new(&self.doors)
    }

    /// The current phase.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Whether clients are to be told to connect elsewhere. Costs one load.
    pub fn is_parting(&self) -> bool {
        self.is_parting.load(Ordering::Relaxed)
    }

    /// Changes of phase.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// What ends the endpoint's accept loop.
    pub fn endpoint_stop(&self) -> watch::Receiver<bool> {
        self.close_endpoint.subscribe()
    }

    /// What ends an accept loop that operators need to the end.
    pub fn last_stop(&self) -> watch::Receiver<bool> {
        self.close_all.subscribe()
    }

    /// Goes on to `phase` unless it is that far; whether it was not.
    fn reach(&self, phase: Phase) -> bool {
        if phase >= Phase::Parting {
            self.is_parting.store(true, Ordering::Relaxed);
        }
        self.phase.send_if_modified(|now| {
            let is_further = *now < phase;
            *now = phase.max(*now);
            is_further
        })
    }

    /// Notes that connections are taken.
    pub fn begin(&self) {
        self.reach(Phase::Serving);
    }

    /// Begins to drain, and says how long ago that was: a second time changes nothing.
    ///
    /// To be called in a runtime that lasts until the process ends.
    pub fn part(self: &Arc<Self>) -> Duration {
        let asked = *self.asked.get_or_init(Instant::now);
        if self.reach(Phase::Quiet) {
            tracing::info!(quiet_ms = DRAIN_QUIET.as_millis(), "asked to drain, not ready any more");
            let drain = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(DRAIN_QUIET).await;
                if drain.reach(Phase::Parting) {
                    tracing::info!(open = drain.connections.open(), "clients are sent elsewhere");
                }
            });
        }
        asked.elapsed()
    }

    /// Stops accepting clients.
    pub fn close_endpoint(&self) {
        self.reach(Phase::Stopping);
        self.close_endpoint.send_replace(true);
    }

    /// Stops accepting clients, and waits until nothing is open or the deadline has passed.
    pub async fn finish(&self) {
        self.close_endpoint();
        tracing::info!(open = self.connections.open(), "stopping");
        if tokio::time::timeout(self.deadline, self.connections.emptied()).await.is_err() {
            self.reach(Phase::Closing);
            tracing::warn!(left = self.connections.open(), "drain deadline passed: ending what is open");
            // A last event needs a moment to leave.
            let _ = tokio::time::timeout(LAST_WORDS_WAIT, self.connections.emptied()).await;
        }
    }

    /// Closes every listener, and waits until their accept loops have ended.
    ///
    /// pingora's accept loop spins on the errors of a runtime that goes away beneath it, so none may be
    /// left when the runtimes are told to stop.
    pub async fn shut(&self) {
        self.close_endpoint.send_replace(true);
        self.close_all.send_replace(true);
        if tokio::time::timeout(DOORS_WAIT, self.doors.emptied()).await.is_err() {
            tracing::error!(left = self.doors.open(), "listeners do not close");
        }
    }
}

impl Count {
    fn open(&self) -> u64 {
        self.open.load(Ordering::Acquire)
    }

    async fn emptied(&self) {
        loop {
            let mut closed = std::pin::pin!(self.closed.notified());
            // From here on a close is seen, so that none falls between the look and the wait.
            closed.as_mut().enable();
            if self.open() == 0 {
                return;
            }
            closed.await;
        }
    }
}

impl Open {
    fn new(count: &Arc<Count>) -> Self {
        count.open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.closed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn goes_on_as_before_for_a_while_and_never_goes_back() {
        let drain = Drain::new(Duration::ZERO);
        assert_eq!(drain.phase(), Phase::Starting);
        drain.begin();
        assert_eq!(drain.phase(), Phase::Serving);
        drain.part();
        drain.part();
        drain.begin();
        assert!(drain.phase() == Phase::Quiet && !drain.is_parting());
        let mut phase = drain.watch();
        let waited = tokio::time::Instant::now();
        assert!(phase.wait_for(|phase| *phase == Phase::Parting).await.is_ok());
        assert!(drain.is_parting() && waited.elapsed() >= DRAIN_QUIET);
        drain.finish().await;
        drain.part();
        assert_eq!(drain.phase(), Phase::Stopping);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_in_the_quiet_time_is_no_way_back() {
        let drain = Drain::new(Duration::from_secs(60));
        drain.begin();
        drain.part();
        let open = drain.connection();
        let finished = tokio::spawn({
            let drain = Arc::clone(&drain);
            async move { drain.finish().await }
        });
        tokio::time::sleep(2 * DRAIN_QUIET).await;
        assert!(drain.phase() == Phase::Stopping && !finished.is_finished());
        drop(open);
        assert!(finished.await.is_ok());
        assert_eq!(drain.phase(), Phase::Stopping, "nobody was cut off");
    }
}
