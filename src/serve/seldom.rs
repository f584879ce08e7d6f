//! A complaint that peers can cause at will, told once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::bounds::COMPLAINT_PAUSE;

/// Lets one through each [`COMPLAINT_PAUSE`], and counts the others.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    held_back: u64,
}

impl Seldom {
    /// Whether it is time to complain: then with how many there were since the last time, this one among them.
    pub fn due(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.held_back += 1;
        if told.last.is_some_and(|last| now.saturating_duration_since(last) < COMPLAINT_PAUSE) {
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_first_at_once_and_the_others_together() {
        let (seldom, start) = (Seldom::default(), Instant::now());
        assert_eq!(seldom.due(start), Some(1));
        assert_eq!(seldom.due(start), None);
        assert_eq!(seldom.due(start + COMPLAINT_PAUSE / 2), None);
        assert_eq!(seldom.due(start + COMPLAINT_PAUSE), Some(3));
        assert_eq!(seldom.due(start + COMPLAINT_PAUSE), None);
    }
}
