//! What has to be done now and then, whether or not anybody calls.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use tokio::time::{MissedTickBehavior, interval};

use super::house::House;
use super::{pins, probe};
use crate::bounds::{
    BREAKER_PROBE_PAUSE, PIN_LOOK_PAUSE, SEAL_LOOK_PAUSE, SECRET_LOOK_PAUSE, SWEEP_PAUSE, TLS_LOOK_PAUSE,
};
use crate::store::SealFile;

/// Forgets the cells of limits whose time has passed, a few shards at a time, and looks after the
/// sealing secret, the files of TLS and the credentials for the server.
pub struct Chores(pub Arc<House>);

/// Looks after the store of shared limits.
pub struct Cells(pub Arc<House>);

/// Asks for the keys of issuers.
pub struct Keys(pub Arc<House>);

#[async_trait]
impl BackgroundService for Cells {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            () = self.0.cells.run() => {}
            _ = shutdown.changed() => {}
        }
    }
}

#[async_trait]
impl BackgroundService for Keys {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            () = Arc::clone(&self.0.keys).run() => {}
            _ = shutdown.changed() => {}
        }
    }
}

#[async_trait]
impl BackgroundService for Chores {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let mut ticks = interval(SWEEP_PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = interval(SEAL_LOOK_PAUSE);
        let mut tls_looks = interval(TLS_LOOK_PAUSE);
        let mut secrets = interval(SECRET_LOOK_PAUSE);
        let mut probes = interval(BREAKER_PROBE_PAUSE);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lists = interval(PIN_LOOK_PAUSE);
        lists.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.0.gate.ledger().sweep(self.0.clock.now()),
                _ = looks.tick() => self.look_after_seal().await,
                _ = tls_looks.tick() => self.look_after_tls().await,
                _ = secrets.tick() => self.look_after_passes().await,
                // Apart, since a server that rests may take its time; there is one question at once.
                _ = probes.tick() => drop(tokio::spawn(probe::ask(Arc::clone(&self.0)))),
                _ = lists.tick() => drop(tokio::spawn(pins::look(Arc::clone(&self.0)))),
                _ = shutdown.changed() => return,
            }
        }
    }
}

impl Chores {
    /// Shows the server what the files hold now.
    async fn look_after_passes(&self) {
        let passes = Arc::clone(self.0.upstream.passes());
        if !passes.is_silent() && tokio::task::spawn_blocking(move || passes.look()).await.is_err() {
            tracing::error!("looking after the credentials for the server failed; those in use stay");
        }
    }

    /// Seals with another key from now on if the secret has changed.
    async fn look_after_seal(&self) {
        let house = Arc::clone(&self.0);
        let looked = tokio::task::spawn_blocking(move || match house.seal.as_ref().map(SealFile::changed) {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(key))) => {
                house.gate.rotate(key, house.clock.now());
                tracing::info!("handles are sealed with a new key; the one before it opens for a day");
            }
            Some(Err(fault)) => tracing::error!(%fault, "the sealing key in use stays"),
        });
        if looked.await.is_err() {
            tracing::error!("looking after the sealing secret failed; the key in use stays");
        }
    }

    /// Serves with other certificates from now on if their files have changed.
    async fn look_after_tls(&self) {
        let Some(tls) = self.0.tls.clone() else { return };
        if tokio::task::spawn_blocking(move || tls.refresh()).await.is_err() {
            tracing::error!("looking after the certificates failed; those in use stay");
        }
    }
}
