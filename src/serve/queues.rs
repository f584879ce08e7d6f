//! Waiting for a place among those in flight: the gate says that there is none, and who may wait for one.
//!
//! **How.** Whoever waits stands in a line, one for each cell of a limit, and asks the gate again when it is first
//! in it and a place may be free. It stands there before it asks the second time, so a place that is freed in
//! between is not missed. Whoever leaves wakes the next one: a wake too many costs one more question, a wake
//! too few would cost a time-out.
//!
//! **What it is not.** No reservation: a request that comes at the right moment may be faster than one that
//! waits. Only HTTP waits; on pipes and on HTTP+SSE, where one reader serves all, a full limit refuses at once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::limit::CellId;

/// The lines in front of all limits.
#[derive(Debug, Default)]
pub struct Queues {
    lines: Mutex<HashMap<CellId, VecDeque<Arc<Notify>>>>,
}

/// One place in a line, left when it is dropped.
#[derive(Debug)]
pub struct Waiter<'q> {
    queues: &'q Queues,
    cell: CellId,
    bell: Arc<Notify>,
}

impl Queues {
    /// Joins the line of a cell; `None` where `max` wait there already.
    pub fn join(&self, cell: CellId, max: usize) -> Option<Waiter<'_>> {
        let mut lines = self.lines();
        let line = lines.entry(cell).or_default();
        if line.len() >= max {
            return None;
        }
        let bell = Arc::new(Notify::new());
        line.push_back(Arc::clone(&bell));
        Some(Waiter { queues: self, cell, bell })
    }

    /// Wakes who is first in these lines. To be called when their places are free already: whoever joined before
    /// is in a line, and whoever joins later finds them free.
    pub fn freed(&self, cells: &[CellId]) {
        if cells.is_empty() {
            return;
        }
        let lines = self.lines();
        cells.iter().filter_map(|cell| lines.get(cell)?.front()).for_each(|bell| bell.notify_one());
    }

    /// Wakes who is first in every line.
    pub fn freed_somewhere(&self) {
        self.lines().values().filter_map(VecDeque::front).for_each(|bell| bell.notify_one());
    }

    // A poisoned table is whole after every step.
    fn lines(&self) -> MutexGuard<'_, HashMap<CellId, VecDeque<Arc<Notify>>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// Waits until a place may be free; false when it is too late.
    pub async fn woken(&self, until: Instant) -> bool {
        timeout_at(until, self.bell.notified()).await.is_ok()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut lines = self.queues.lines();
        if let Some(line) = lines.get_mut(&self.cell) {
            line.retain(|bell| !Arc::ptr_eq(bell, &self.bell));
            match line.front() {
                Some(next) => next.notify_one(),
                None => {
                    lines.remove(&self.cell);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wakes_one_after_the_other_and_ends_in_time() {
        let (queues, cell) = (Queues::default(), CellId::default());
        let soon = || Instant::now() + Duration::from_secs(1);
        let first = queues.join(cell, 2).expect("there is room");
        let second = queues.join(cell, 2).expect("there is room");
        assert!(queues.join(cell, 2).is_none(), "a third has none");
        assert!(!first.woken(soon()).await, "nothing was freed");
        queues.freed(&[cell]);
        assert!(!second.woken(soon()).await, "the first was woken");
        assert!(first.woken(soon()).await);
        drop(first);
        assert!(second.woken(soon()).await, "whoever leaves wakes the next");
        queues.freed_somewhere();
        assert!(second.woken(soon()).await);
        drop(second);
        assert!(queues.lines().is_empty());
        queues.freed(&[cell]);
    }
}
