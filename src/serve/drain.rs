//! Going away without cutting anybody off before the deadline.
//!
//! On SIGTERM the listeners close and open exchanges and streams go on; when the last has ended, or at
//! the deadline, what is left gets a last event with an error, and the process ends. pingora's own way
//! is to sleep its whole grace period even when nothing is open, so the signal is watched here and
//! pingora is told only to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use super::house::House;
use crate::bounds::{DOORS_WAIT, LAST_WORDS_WAIT};

/// How far the process is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Taking connections.
    Serving,
    /// Taking no new connections; finishing what is open.
    Draining,
    /// The deadline has passed: streams say a last word and end.
    Closing,
}

/// Counts what is open, and says when to stop.
#[derive(Debug)]
pub struct Drain {
    phase: watch::Sender<Phase>,
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
    /// A process that serves, and that will take at most `deadline` to finish once asked to stop.
    pub fn new(deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            phase: watch::Sender::new(Phase::Serving),
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

    /// Changes of phase.
    pub fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// What ends the endpoint's accept loop: the begin of the drain.
    pub fn endpoint_stop(&self) -> watch::Receiver<bool> {
        self.close_endpoint.subscribe()
    }

    /// What ends an accept loop that operators need to the end.
    pub fn last_stop(&self) -> watch::Receiver<bool> {
        self.close_all.subscribe()
    }

    /// Stops accepting, and waits until nothing is open or the deadline has passed.
    pub async fn finish(&self) {
        self.phase.send_replace(Phase::Draining);
        self.close_endpoint.send_replace(true);
        tracing::info!(open = self.connections.open(), "draining");
        if tokio::time::timeout(self.deadline, self.connections.emptied()).await.is_err() {
            self.phase.send_replace(Phase::Closing);
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

/// Tells pingora when to stop: at once on SIGINT, after the drain on SIGTERM. SIGHUP reloads.
pub struct Signals {
    /// What is drained.
    pub house: Arc<House>,
    /// Called once signals are heeded: from then on the gate is ready.
    pub ready: Box<dyn Fn() + Send + Sync>,
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        if let Err(fault) = self.watch().await {
            tracing::error!(%fault, "signals cannot be watched, stopping");
        }
        self.house.drain.shut().await;
        if let Some(bridge) = self.house.upstream.bridge() {
            bridge.stop().await;
        }
        if let Err(unflushed) = self.house.audit.close() {
            tracing::error!(%unflushed, "audit records were lost");
        }
        ShutdownSignal::FastShutdown
    }
}

impl Signals {
    /// Returns when it is time to go, and everything that was open has ended.
    async fn watch(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        (self.ready)();
        loop {
            tokio::select! {
                _ = hangup.recv() => {
                    let live = Arc::clone(&self.house.live);
                    // What came of it is told to whoever opened the policy.
                    let tls = self.house.tls.clone();
                    tokio::task::spawn_blocking(move || {
                        live.reload();
                        tls.iter().for_each(|tls| tls.refresh());
                    });
                }
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => break,
            }
        }
        tokio::select! {
            () = self.house.drain.finish() => {}
            _ = interrupt.recv() => tracing::warn!("interrupted while draining"),
        }
        Ok(())
    }
}
