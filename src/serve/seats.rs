//! How many connections may be open at once: past that, new ones are closed before a byte is read.
//!
//! Connections that are open have work in them; a new one has not. So the new ones are shed first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room for connections.
#[derive(Debug)]
pub struct Seats {
    free: Arc<Semaphore>,
    shed: AtomicU64,
}

/// The place of one connection, free again when dropped.
#[derive(Debug)]
pub struct Seat(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Seats {
    /// Room for `seats` connections.
    pub fn new(seats: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(seats)), shed: AtomicU64::new(0) }
    }

    /// Takes a seat; `None` when all are taken.
    pub fn take(&self) -> Option<Seat> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(Seat(permit));
        }
        let shed = self.shed.fetch_add(1, Ordering::Relaxed) + 1;
        // Told more and more seldom, so that a flood of connections is none of lines.
        if shed.is_power_of_two() {
            tracing::warn!(shed, "too many connections are open, new ones are closed");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheds_what_finds_no_seat_and_gives_free_ones_again() {
        let seats = Seats::new(2);
        let (first, second) = (seats.take(), seats.take());
        assert!(first.is_some() && second.is_some());
        assert!(seats.take().is_none());
        drop(first);
        assert!(seats.take().is_some());
        assert_eq!(seats.shed.load(Ordering::Relaxed), 1);
    }
}
