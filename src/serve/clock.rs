//! The one place where the time is read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::names::Now;

/// Turns the machine's clocks into [`Now`] values.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the steady clock at zero.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Reads both clocks; about 50 ns.
    pub fn now(&self) -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { steady: self.start.elapsed(), unix_ms: since_epoch.as_millis() as u64 }
    }
}
