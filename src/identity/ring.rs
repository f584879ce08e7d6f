//! The keys of an issuer that are fetched: those held now, and whether somebody may ask for others.
//!
//! **Why.** A token with an unknown `kid` may be the first after a rotation, or junk that wants to make
//! us ask. **How.** A ring is shared by every policy that names the same place, so that a reload
//! forgets no key. A caller whose key is held never waits. An unknown `kid` may make the shell ask once
//! in `KEYS_ASK_PAUSE`; whoever comes while an answer is under way waits for that one; a `kid` that was
//! not in the answer makes nobody ask for `KID_STRANGER_LIFE`.
//!
//! **When it trips.** `KEYS_STALE_MAX` after the last good answer the keys are believed no longer. At
//! first start there are none, or those of a seed, which lasts until the first answer. **What does not
//! count:** keys that come in anyway, by the refresh in the background.
//!
//! **What it is not.** It asks nobody and has no clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::DecodingKey;

use super::jwks::{Keys, Rigour};
use super::{Algorithm, KeyFaultKind, digest};
use crate::bounds::{KEYS_ASK_PAUSE, KEYS_ROUND_MAX, KEYS_STALE_MAX, KID_STRANGER_LIFE, KIDS_KEPT_MAX};

/// The keys of one issuer at one place.
#[derive(Debug, Default)]
pub struct Ring {
    held: ArcSwapOption<Held>,
    was_filled: AtomicBool,
    asking: Mutex<Asking>,
}

/// Keys that are believed, for a while.
#[derive(Debug)]
struct Held {
    keys: Keys,
    epoch: u64,
    /// `None` for a seed.
    until: Option<Duration>,
}

/// Who has asked for what, and what came of it.
#[derive(Debug, Default)]
struct Asking {
    /// How often it was asked, to the end.
    rounds: u64,
    /// Since when an answer is under way.
    under_way: Option<Duration>,
    /// When an unknown `kid` last made somebody ask.
    asked: Option<Duration>,
    has_failed: bool,
    wanted: Vec<[u8; 32]>,
    strangers: Vec<([u8; 32], Duration)>,
}

/// What a new key set has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// All keys of before are there, unchanged, and no others.
    Nothing,
    /// There are new keys, and all of before.
    Added,
    /// A key of before is gone or another one now: callers that were verified with it are none.
    Removed,
}

/// What is to be had for a token's header.
pub(super) enum Found {
    /// The key, and the epoch of the set that it is of.
    Key(Box<DecodingKey>, u64),
    /// Somebody should ask, or wait for who does.
    Ask,
    /// There is none.
    None,
    /// Nobody can tell now.
    Unavailable,
}

impl Ring {
    /// Holds keys until the place has answered.
    pub(super) fn seed(&self, jwks: &str) -> Result<(), KeyFaultKind> {
        self.hold(jwks, None).map(drop)
    }

    /// Takes a fetched key set. On any fault the one before stays, as it does after [`Ring::failed`].
    ///
    /// # Errors
    /// What is wrong with the set as a whole; single keys that are no good are passed over.
    pub fn learn(&self, jwks: &str, now: Duration) -> Result<Learned, KeyFaultKind> {
        let learned = self.hold(jwks, Some(now.saturating_add(KEYS_STALE_MAX)));
        let held = self.held.load();
        let mut asking = self.asking();
        let Asking { wanted, strangers, .. } = &mut *asking;
        strangers.retain(|(_, until)| now < *until);
        if let (Ok(_), Some(held)) = (&learned, &*held) {
            let unknown = wanted.iter().filter(|name| !held.keys.knows(**name));
            let room = KIDS_KEPT_MAX.saturating_sub(strangers.len());
            let until = now.saturating_add(KID_STRANGER_LIFE);
            strangers.extend(unknown.take(room).map(|name| (*name, until)));
        }
        asking.end(learned.is_err());
        learned
    }

    /// Notes that an answer is under way.
    pub fn begin(&self, now: Duration) {
        self.asking().under_way = Some(now);
    }

    /// Notes that none came.
    pub fn failed(&self) {
        self.asking().end(true);
    }

    /// Whether somebody waits for an answer that has not come.
    pub fn is_wanted(&self) -> bool {
        let asking = self.asking();
        asking.rounds == 0 || asking.under_way.is_some()
    }

    /// Whether it ever held a key.
    pub fn was_filled(&self) -> bool {
        self.was_filled.load(Ordering::Acquire)
    }

    /// Counts up whenever a key is gone.
    pub(super) fn epoch(&self) -> u64 {
        self.held.load().as_ref().map_or(0, |held| held.epoch)
    }

    /// Finds the key for a token's header. Without a `kid` only an only key can be meant.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm, now: Duration) -> Found {
        let held = self.held.load();
        let held = held.as_ref().filter(|held| held.until.is_none_or(|until| now < until));
        let Some(held) = held else {
            return if self.asking().wants(None, now) { Found::Ask } else { Found::Unavailable };
        };
        if let Some(key) = held.keys.find(kid, algorithm) {
            return Found::Key(Box::new(key.clone()), held.epoch);
        }
        let Some(name) = kid.map(digest).filter(|name| !held.keys.knows(*name)) else { return Found::None };
        let mut asking = self.asking();
        if asking.wants(Some(name), now) {
            Found::Ask
        } else if asking.has_failed {
            Found::Unavailable
        } else {
            Found::None
        }
    }

    fn hold(&self, jwks: &str, until: Option<Duration>) -> Result<Learned, KeyFaultKind> {
        let keys = Keys::parse(jwks, Algorithm::ALL, Rigour::Lenient)?;
        let before = self.held.load_full();
        let (learned, epoch) = match &before {
            Some(before) if !before.keys.is_within(&keys) => (Learned::Removed, before.epoch + 1),
            Some(before) if keys.is_within(&before.keys) => (Learned::Nothing, before.epoch),
            Some(before) => (Learned::Added, before.epoch),
            None => (Learned::Added, 0),
        };
        self.held.store(Some(Arc::new(Held { keys, epoch, until })));
        self.was_filled.store(true, Ordering::Release);
        Ok(learned)
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    /// Whether whoever shows this `kid` may wait for an answer; makes one due if none is under way.
    fn wants(&mut self, name: Option<[u8; 32]>, now: Duration) -> bool {
        let is_strange =
            |name: [u8; 32]| self.strangers.iter().any(|(known, until)| *known == name && now < *until);
        if name.is_some_and(is_strange) {
            return false;
        }
        // Whoever made it due may have gone before anybody was asked.
        let is_due = self.under_way.is_some_and(|since| now < since.saturating_add(KEYS_ROUND_MAX));
        if !is_due && self.rounds > 0 {
            // Where there are no keys at all, they are asked for anyway.
            let was_asked = self.asked.is_some_and(|asked| now < asked.saturating_add(KEYS_ASK_PAUSE));
            if name.is_none() || was_asked {
                return false;
            }
            (self.asked, self.under_way) = (Some(now), Some(now));
        }
        if let Some(name) =
            name.filter(|name| !self.wanted.contains(name) && self.wanted.len() < KIDS_KEPT_MAX)
        {
            self.wanted.push(name);
        }
        true
    }

    fn end(&mut self, has_failed: bool) {
        (self.under_way, self.has_failed, self.rounds) = (None, has_failed, self.rounds.saturating_add(1));
        self.wanted.clear();
    }
}
