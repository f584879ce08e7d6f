//! Whether anything goes on in a connection: one in which nothing does is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes on in one connection.
#[derive(Debug, Default)]
pub struct Activity {
    begun: AtomicUsize,
    open: AtomicUsize,
    /// How many had begun at the last look.
    seen: AtomicUsize,
}

/// What a look at a connection saw.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Something began, or is open.
    Active,
    /// Nothing began since the last look, and nothing is open.
    Idle,
}

impl Activity {
    /// Counts one more request until the value is dropped.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Whether anything was open since the last look.
    pub fn look(&self) -> Look {
        let begun = self.begun.load(Ordering::Relaxed);
        let is_idle =
            self.seen.swap(begun, Ordering::Relaxed) == begun && self.open.load(Ordering::Relaxed) == 0;
        if is_idle { Look::Idle } else { Look::Active }
    }
}

/// A request from its first byte to the last of its answer.
#[derive(Debug)]
pub struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_connection_for_idle_only_when_nothing_begun_and_nothing_open() {
        let activity = Arc::new(Activity::default());
        assert_eq!(activity.look(), Look::Idle, "nothing ever begun");
        let busy = activity.begin();
        assert_eq!(activity.look(), Look::Active);
        assert_eq!(activity.look(), Look::Active, "still open");
        drop(busy);
        assert_eq!(activity.look(), Look::Idle);
        drop(activity.begin());
        assert_eq!(activity.look(), Look::Active, "one came and went");
        assert_eq!(activity.look(), Look::Idle);
    }
}
