//! What the signals do, and in which order the process ends.
//!
//! SIGHUP reads policy and certificates again. SIGINT ends at once. SIGTERM ends as soon as nothing is open, and after
//! the drain deadline at the latest; but SIGKILL may follow within 2 seconds, whatever the deadline, and nobody is told.
//! So what has been answered is made durable first, before anything is waited for, and each further record as it
//! comes: a kill can only take messages that were never answered to their end. How many there were at SIGTERM stands in
//! the trail.
//!
//! Operators are answered until the last record is written: a probe that fails while a pod ends marks the pod as failed.
//!
//! pingora's own way is to sleep its whole grace period even when nothing is open, so the signals are watched here and
//! pingora is told only to stop.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{SignalKind, signal};

use super::house::House;

/// Tells pingora when to stop.
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
        let house = &self.house;
        house.drain.close_endpoint();
        if let Some(bridge) = house.upstream.bridge() {
            bridge.stop().await;
        }
        let audit = Arc::clone(&house.audit);
        let closed = tokio::task::spawn_blocking(move || audit.close()).await;
        if let Ok(Err(unflushed)) = closed {
            tracing::error!(%unflushed, "audit records were lost");
        }
        // Behind the records, which are a promise; spans are none.
        let last = Arc::clone(house);
        if tokio::task::spawn_blocking(move || last.tracer.close()).await.is_err() {
            tracing::error!("spans were lost");
        }
        house.drain.shut().await;
        ShutdownSignal::FastShutdown
    }
}

impl Signals {
    /// Returns when it is time to go, and everything that was open has ended.
    async fn watch(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        self.house.drain.begin();
        (self.ready)();
        loop {
            tokio::select! {
                _ = hangup.recv() => {
                    let house = Arc::clone(&self.house);
                    // What came of it is told to whoever opened the policy.
                    tokio::task::spawn_blocking(move || house.reload());
                }
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => break,
            }
        }
        let in_flight = self.house.gate.tally();
        self.house.audit.hurry(in_flight.opened().saturating_sub(in_flight.settled()));
        tokio::select! {
            () = self.house.drain.finish() => {}
            _ = interrupt.recv() => tracing::warn!("interrupted while stopping"),
        }
        Ok(())
    }
}
