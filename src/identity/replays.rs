//! Which proofs were shown a moment ago: each holds once.
//!
//! **Why.** A proof that was overheard is as good as new within its window, unless somebody remembers it.
//!
//! **How.** Two generations of hashes. A proof goes into the young one; when that is older than
//! [`DPOP_PROOF_LIFE`], it becomes the old one, and what was the old one is forgotten. So every proof is
//! remembered for at least as long as it could hold, and at most twice that. Only proofs that hold get here:
//! junk takes no room.
//!
//! **When it is full.** No proof holds any more until the next generation begins: to forget one would be to
//! let it in again.
//!
//! **What it is not.** Shared. Two replicas, and the process before and after a restart, do not know of each
//! other's proofs: there a proof holds once in each.
//!
//! Source: RFC 9449, section 11.1.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::bounds::{DPOP_PROOF_LIFE, DPOP_PROOFS_MAX};
use crate::names::Now;

/// The proofs of possession that were shown to this process a moment ago; shared by all policies.
#[derive(Debug, Default)]
pub struct Replays(Mutex<Generations>);

/// The hash of a proof: 128 bits of SHA-256 over the key that made it and its `jti`.
pub(super) type Once = [u8; 16];

/// What is known of a proof that was just shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It was shown before.
    Again,
    /// Nobody can tell: there is no room to remember it.
    Full,
    /// It was never shown, and from now on it was.
    New,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<Once>,
    old: HashSet<Once>,
    /// When the young one began.
    since: Duration,
}

impl Replays {
    /// Notes a proof, if it is new.
    pub(super) fn note(&self, once: Once, now: Now) -> Noted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).note(once, now.steady, DPOP_PROOFS_MAX)
    }
}

impl Generations {
    fn note(&mut self, once: Once, steady: Duration, proofs_max: usize) -> Noted {
        if steady.saturating_sub(self.since) >= DPOP_PROOF_LIFE {
            self.old = mem::take(&mut self.young);
            self.since = steady;
        }
        if self.old.contains(&once) || self.young.contains(&once) {
            return Noted::Again;
        }
        if self.young.len() >= proofs_max {
            return Noted::Full;
        }
        self.young.insert(once);
        Noted::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn remembers_a_proof_for_as_long_as_it_could_hold() {
        let life = DPOP_PROOF_LIFE.as_secs();
        for begun in [0, 1, life - 1, life, 3 * life] {
            let mut proofs = Generations::default();
            assert_eq!(proofs.note([0; 16], seconds(0), 9), Noted::New);
            assert_eq!(proofs.note([1; 16], seconds(begun), 9), Noted::New);
            for later in [0, 1, life / 2, life] {
                // Others come meanwhile, so that generations change.
                proofs.note([2; 16], seconds(begun + later), 9);
                assert_eq!(proofs.note([1; 16], seconds(begun + later), 9), Noted::Again, "{begun} {later}");
            }
        }
        let mut proofs = Generations::default();
        proofs.note([1; 16], seconds(0), 9);
        proofs.note([2; 16], seconds(life), 9);
        assert_eq!(proofs.note([1; 16], seconds(2 * life), 9), Noted::New, "forgotten in the end");
    }

    #[test]
    fn lets_nothing_in_that_it_cannot_remember() {
        let mut proofs = Generations::default();
        for (number, wanted) in [(0, Noted::New), (1, Noted::New), (2, Noted::Full), (1, Noted::Again)] {
            assert_eq!(proofs.note([number; 16], seconds(1), 2), wanted, "{number}");
        }
        let later = seconds(1) + DPOP_PROOF_LIFE;
        assert_eq!(proofs.note([2; 16], later, 2), Noted::New);
        assert_eq!(proofs.note([1; 16], later, 2), Noted::Again);
    }
}
