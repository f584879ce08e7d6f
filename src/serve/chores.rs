//! What has to be done now and then, whether or not anybody calls.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use tokio::time::{MissedTickBehavior, interval};

use super::house::House;
use crate::bounds::SWEEP_PAUSE;

/// Forgets the cells of limits whose time has passed, a few shards at a time.
pub struct Chores(pub Arc<House>);

#[async_trait]
impl BackgroundService for Chores {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let mut ticks = interval(SWEEP_PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.0.gate.ledger().sweep(self.0.clock.now()),
                _ = shutdown.changed() => return,
            }
        }
    }
}
