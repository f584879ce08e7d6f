//! The last decisions, in places that are written over.
//!
//! Who writes takes a number and then the lock of one slot, which nobody else wants unless somebody reads just
//! there or the whole ring went round meanwhile. Who reads takes one slot after the other, and stops before
//! a number that was taken and is not yet written: it comes with the next read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Brief;
use crate::bounds::DECISIONS_KEPT;

/// The last `DECISIONS_KEPT` decisions.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[Mutex<Brief>]>,
    /// The number of the last decision.
    last: AtomicU64,
}

/// What a look found.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The decisions that fit, oldest first.
    pub decisions: Vec<Brief>,
    /// Up to which number was looked: what comes later has a greater one.
    pub last: u64,
    /// Decisions that were asked for and are no longer there, fit or not.
    pub missed: u64,
}

impl Ring {
    pub fn new() -> Self {
        let slots = std::iter::repeat_with(|| Mutex::new(Brief::BLANK)).take(DECISIONS_KEPT).collect();
        Self { slots, last: AtomicU64::new(0) }
    }

    pub fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    fn slot(&self, seq: u64) -> MutexGuard<'_, Brief> {
        // INVARIANT: there are `DECISIONS_KEPT` slots.
        let slot = &self.slots[(seq % DECISIONS_KEPT as u64) as usize];
        slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one more decision, written by `fill`.
    pub fn push(&self, fill: impl FnOnce(&mut Brief)) {
        let seq = self.last.fetch_add(1, Ordering::AcqRel) + 1;
        let mut slot = self.slot(seq);
        // A writer that slept while the ring went round finds a later one in its place.
        if slot.seq < seq {
            fill(&mut slot);
            slot.seq = seq;
        }
    }

    /// See [`Decisions::after`](super::Decisions::after).
    pub fn after(&self, since: u64, max: usize, fits: impl Fn(&Brief) -> bool) -> Read {
        let last = self.last();
        let first = since.saturating_add(1).max((last + 1).saturating_sub(DECISIONS_KEPT as u64));
        let mut read = Read {
            last: since.min(last),
            missed: first.saturating_sub(since.saturating_add(1)),
            ..Read::default()
        };
        for seq in first..=last {
            if read.decisions.len() >= max {
                break;
            }
            let brief = *self.slot(seq);
            match brief.seq.cmp(&seq) {
                // Not yet written: what comes behind it waits, so that a reader misses nothing.
                std::cmp::Ordering::Less => break,
                std::cmp::Ordering::Equal => {
                    if fits(&brief) {
                        read.decisions.push(brief);
                    }
                }
                std::cmp::Ordering::Greater => read.missed += 1,
            }
            read.last = seq;
        }
        read
    }

    /// See [`Decisions::latest`](super::Decisions::latest).
    pub fn latest(&self, max: usize, since: u64, fits: impl Fn(&Brief) -> bool) -> Read {
        let last = self.last();
        let first = since.saturating_add(1).max((last + 1).saturating_sub(DECISIONS_KEPT as u64));
        let mut decisions = Vec::new();
        for seq in (first..=last).rev() {
            if decisions.len() >= max {
                break;
            }
            let brief = *self.slot(seq);
            if brief.seq == seq && fits(&brief) {
                decisions.push(brief);
            }
        }
        decisions.reverse();
        Read { decisions, last, missed: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: u64 = DECISIONS_KEPT as u64;

    fn numbers(read: &Read) -> Vec<u64> {
        read.decisions.iter().map(|brief| brief.seq).collect()
    }

    fn push(ring: &Ring, count: u64) {
        (0..count).for_each(|_| ring.push(|brief| brief.duration_us = 1));
    }

    #[test]
    fn tells_what_is_new_and_then_nothing() {
        let ring = Ring::new();
        assert!(ring.after(0, 10, |_| true).decisions.is_empty());
        push(&ring, 3);
        let read = ring.after(1, 10, |_| true);
        assert_eq!((numbers(&read), read.last, read.missed), (vec![2, 3], 3, 0));
        assert!(numbers(&ring.after(read.last, 10, |_| true)).is_empty());
        let ahead = ring.after(u64::MAX, 10, |_| true);
        assert_eq!((numbers(&ahead), ahead.missed), (vec![], 0));
    }

    #[test]
    fn says_how_many_are_gone() {
        let ring = Ring::new();
        for (more, missed) in [(KEPT, 0), (1, 1), (KEPT, KEPT + 1)] {
            push(&ring, more);
            let read = ring.after(0, usize::MAX, |_| true);
            assert_eq!((read.missed, read.decisions.len()), (missed, DECISIONS_KEPT));
        }
    }

    #[test]
    fn gives_the_first_or_the_latest_that_fit() {
        let ring = Ring::new();
        push(&ring, 10);
        let even = |brief: &Brief| brief.seq.is_multiple_of(2);
        let first = ring.after(0, 2, even);
        assert_eq!((numbers(&first), first.last), (vec![2, 4], 4), "the rest comes with the next look");
        assert_eq!(numbers(&ring.latest(2, 0, even)), [8, 10]);
        assert_eq!(numbers(&ring.latest(9, 7, even)), [8, 10]);
    }

    #[test]
    fn waits_for_a_number_that_is_taken_and_not_written() {
        let ring = Ring::new();
        push(&ring, 1);
        ring.last.fetch_add(1, Ordering::AcqRel);
        push(&ring, 1);
        assert_eq!(ring.after(0, 10, |_| true).last, 1);
        let mut slot = ring.slot(2);
        slot.seq = 2;
        drop(slot);
        assert_eq!(numbers(&ring.after(1, 10, |_| true)), [2, 3]);
    }

    #[test]
    fn many_threads_lose_nothing() {
        let ring = Ring::new();
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| push(&ring, KEPT / 4))));
        });
        assert_eq!(numbers(&ring.after(0, usize::MAX, |_| true)), (1..=KEPT).collect::<Vec<_>>());
    }
}
