//! What the wire tests stand on: the real binary, servers that misbehave, and a client that speaks raw bytes.
//!
//! Nothing here sleeps for a guessed time: it waits for a condition, with a deadline.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod authority;
pub mod bundle;
pub mod consent;
pub mod frames;
pub mod gate;
pub mod idp;
pub mod peers;
pub mod pipe;
pub mod provider;
pub mod signer;
pub mod store;
pub mod upstream;
pub mod wire;

use std::time::{Duration, Instant};

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until there is something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
