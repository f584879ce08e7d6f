//! Which conversations count for themselves, and which share what their caller has in common.
//!
//! **Why.** A limit per conversation keeps one runaway talk from eating what the others of its user need. But a
//! client can make up ids at will, and each new one begins with a full cell; so making them up is limited itself.
//!
//! **How.** A conversation that is known counts for itself. A new one takes from its caller's cell of the generic
//! cell rate algorithm (ITU-T I.371), and is known from then on; where that cell is empty it is not, and
//! counts with everything else of that caller that has no conversation of its own. It may try again with every call.
//!
//! Where a client names none, silence can part its talks ([`Conversations::after_silence`]): one entry for each
//! caller, with the time of its last call.
//!
//! **At first start** nothing is known, and every caller may begin a whole period's worth at once. **What is
//! forgotten** for want of room begins anew. **What it is not:** a proof of anything. It never lets through what a
//! limit per user would not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::Rate;
use super::cell::Gauge;
use crate::bounds::{CONVERSATIONS_MAX, CONVERSERS_MAX};
use crate::names::Now;

/// The first 128 bits of a hash that names a caller or a conversation.
pub type Digest = [u8; 16];

/// The conversations of all callers.
#[derive(Debug)]
pub struct Conversations {
    known: Cache<Digest, ()>,
    conversers: Cache<Digest, Arc<Mutex<Converser>>>,
}

/// What is known of one caller.
#[derive(Debug, Default)]
struct Converser {
    /// The cell that new conversations take from.
    cell: u64,
    /// The talk that silence began, by its first and its last call.
    talk: Option<(Duration, Duration)>,
}

/// Whose count a call of a conversation is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Share {
    /// The one that all have in common which began too many.
    Common,
    /// Its own.
    Own,
}

impl Conversations {
    /// Whether a call in `conversation` counts for itself; a new one is noted, if its caller may begin one.
    ///
    /// Both are hashes; that of the conversation includes its caller.
    pub fn enter(&self, caller: Digest, conversation: Digest, new_max: Rate, now: Now) -> Share {
        if self.known.get(&conversation).is_some() {
            return Share::Own;
        }
        let converser = self.converser(caller);
        let mut converser = locked(&converser);
        if self.known.get(&conversation).is_some() {
            return Share::Own;
        }
        let gauge = Gauge::of_rate(new_max, new_max.calls, now);
        let Ok(cell) = gauge.take(converser.cell, 1) else { return Share::Common };
        converser.cell = cell;
        self.known.insert(conversation, ());
        Share::Own
    }

    /// When the talk began that a call without an id belongs to: the one before, or after a silence of more than
    /// `gap` a new one.
    pub fn after_silence(&self, caller: Digest, gap: Duration, now: Now) -> Duration {
        let converser = self.converser(caller);
        let mut converser = locked(&converser);
        let began = match converser.talk {
            Some((began, last)) if now.steady.saturating_sub(last) <= gap => began,
            Some(_) | None => now.steady,
        };
        let last = converser.talk.map_or(now.steady, |(_, last)| last.max(now.steady));
        converser.talk = Some((began, last));
        began
    }

    fn converser(&self, caller: Digest) -> Arc<Mutex<Converser>> {
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::default());
        match self.conversers.get_or_insert_with(&caller, fresh) {
            Ok(converser) => converser,
            Err(never) => match never {},
        }
    }
}

// A poisoned lock holds plain numbers that are whole after every step.
fn locked(converser: &Mutex<Converser>) -> MutexGuard<'_, Converser> {
    converser.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Conversations {
    fn default() -> Self {
        Self { known: Cache::new(CONVERSATIONS_MAX), conversers: Cache::new(CONVERSERS_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Digest = [1; 16];
    const BOB: Digest = [2; 16];

    fn at(seconds: u64) -> Now {
        Now { steady: Duration::from_secs(seconds), unix_ms: 0 }
    }

    fn id(number: u32) -> Digest {
        u128::from(number).to_be_bytes()
    }

    fn rate(text: &str) -> Rate {
        Rate::parse(text).expect("a rate")
    }

    fn own(talks: &Conversations, caller: Digest, ids: std::ops::Range<u32>, now: Now) -> usize {
        ids.filter(|&number| talks.enter(caller, id(number), rate("60/hour"), now) == Share::Own).count()
    }

    #[test]
    fn lets_a_caller_begin_as_many_as_it_may_and_not_one_more() {
        let talks = Conversations::default();
        assert_eq!(own(&talks, ALICE, 0..59, at(7)), 59, "one below");
        assert_eq!(own(&talks, ALICE, 59..60, at(7)), 1, "at the bound");
        assert_eq!(own(&talks, ALICE, 60..70, at(7)), 0, "above");
        assert_eq!(own(&talks, ALICE, 0..60, at(7)), 60, "what is known goes on");
        assert_eq!(own(&talks, BOB, 1000..1060, at(7)), 60, "others have their own");
        assert_eq!(own(&talks, ALICE, 60..70, at(66)), 0, "one a minute, and not before");
        assert_eq!(own(&talks, ALICE, 60..70, at(67)), 1, "another one each minute");
        assert_eq!(own(&talks, ALICE, 60..61, at(67)), 1, "and it stays");
    }

    #[test]
    fn remembers_a_bounded_number() {
        let talks = Conversations::default();
        for number in 0..200_000 {
            let share = talks.enter(id(number), id(number), rate("1/hour"), at(0));
            assert_eq!(share, Share::Own);
        }
        assert!(talks.known.len() <= CONVERSATIONS_MAX && talks.conversers.len() <= CONVERSERS_MAX);
    }

    #[test]
    fn begins_another_talk_after_more_than_the_gap() {
        let talks = Conversations::default();
        let gap = Duration::from_secs(60);
        let rows = [(5, 5), (65, 5), (125, 5), (186, 186), (190, 186), (100, 186), (250, 186), (311, 311)];
        for (now, began) in rows {
            assert_eq!(talks.after_silence(ALICE, gap, at(now)).as_secs(), began, "at {now}");
        }
        assert_eq!(talks.after_silence(BOB, gap, at(312)).as_secs(), 312, "of one caller each");
    }

    #[test]
    fn never_begins_too_many_at_once() {
        let talks = Conversations::default();
        let total = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (talks, total) = (&talks, &total);
                scope.spawn(move || {
                    let begun = own(talks, ALICE, thread * 50..thread * 50 + 100, at(0));
                    total.fetch_add(begun, std::sync::atomic::Ordering::Relaxed);
                });
            }
        });
        let known = (0..250).filter(|&number| talks.known.get(&id(number)).is_some()).count();
        assert_eq!(known, 60, "of which some are counted by two threads: {total:?}");
    }
}
