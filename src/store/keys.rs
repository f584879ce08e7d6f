//! The key sets that are fetched: who asks for them, when, and what the policies get to see.
//!
//! **Why.** No request may wait for a key endpoint because it is slow or down, and none may make us a
//! burden to it. **How.** Each place that a policy names has one task, which is the only one that asks
//! there: when the last answer grows old, when an unknown `kid` makes somebody ask, and, ever more
//! slowly, while it fails. What it learns goes into a [`Ring`] that all policies share which name the
//! same place, so a reload forgets nothing.
//!
//! ```text
//! furnish (before a policy is in force) ──▶ ring of the place ◀── learn ── task ── asks, in its own pace
//!                                              │                    ▲
//! verify: unknown kid ──▶ inquiry ── settle ───┼── wakes it, waits ─┘
//! ```
//!
//! **At first start** the ring is empty or holds the bundle's seed; [`KeySources::waiting`] names the
//! issuers that nobody could verify a token of yet. **What it is not.** It verifies nothing.

mod pace;
mod places;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use self::pace::Pace;
pub use self::places::{KeySet, PlaceFault, Places};
use crate::bounds::FETCH_WAIT;
use crate::identity::{Directory, Inquiry, KeyPlace, KeysAt, Learned, Ring, Tally};
use crate::names::Now;

/// All places that the policy in force wants keys of. One for each process.
pub struct KeySources {
    clock: Box<dyn Fn() -> Now + Send + Sync>,
    ask: Box<Ask>,
    tell: Box<dyn Fn(KeyNews) + Send + Sync>,
    sources: Mutex<Vec<Arc<Source>>>,
    changed: Notify,
    tally: Arc<Tally>,
}

type Ask = dyn Fn(KeyPlace) -> BoxFuture<'static, Result<KeySet, PlaceFault>> + Send + Sync;

/// What came of asking a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNews {
    /// No usable key set; what is held stays.
    Failed,
    /// A key set, new or as it was.
    Refreshed,
}

/// One place that is asked for keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStanding {
    /// Whose keys it has.
    pub issuer: Box<str>,
    /// What is asked.
    pub url: Box<str>,
    /// When it last answered well, in seconds since 1970; 0 if never.
    pub answered_unix_s: u64,
    /// Whether its keys were ever held.
    pub is_filled: bool,
}

/// One place, and the ring that holds its keys.
struct Source {
    place: KeyPlace,
    ring: Arc<Ring>,
    wake: Notify,
    /// How often it was asked.
    rounds: watch::Sender<u64>,
    /// When it last answered well, in seconds since 1970; 0 if never.
    answered: AtomicU64,
}

impl KeySources {
    /// Sources that read the time from `clock`, ask by `ask` and report to `tell`.
    pub fn new(
        clock: impl Fn() -> Now + Send + Sync + 'static,
        ask: impl Fn(KeyPlace) -> BoxFuture<'static, Result<KeySet, PlaceFault>> + Send + Sync + 'static,
        tell: impl Fn(KeyNews) + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Box::new(clock),
            ask: Box::new(ask),
            tell: Box::new(tell),
            sources: Mutex::default(),
            changed: Notify::new(),
            tally: Arc::default(),
        }
    }

    /// Gives a directory the keys that are held of its places, before it is in use. Places that it does
    /// not name are asked no longer.
    pub fn furnish(&self, directory: &mut Directory) {
        directory.count_into(&self.tally);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let mut named = Vec::new();
        for (place, ring) in directory.places() {
            let source = match sources.iter().find(|source| source.place == *place) {
                Some(known) => {
                    *ring = Arc::clone(&known.ring);
                    Arc::clone(known)
                }
                None => Arc::new(Source::new(place.clone(), Arc::clone(ring))),
            };
            named.push(source);
        }
        *sources = named;
        self.changed.notify_one();
    }

    /// Asks, for as long as it is polled.
    pub async fn run(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        let mut at_work: Vec<(Arc<Source>, AbortHandle)> = Vec::new();
        loop {
            let wanted = self.sources();
            at_work.retain(|(source, task)| {
                let is_wanted = wanted.iter().any(|other| Arc::ptr_eq(other, source));
                if !is_wanted {
                    task.abort();
                }
                is_wanted
            });
            for source in wanted {
                if !at_work.iter().any(|(other, _)| Arc::ptr_eq(other, &source)) {
                    let (own, its) = (Arc::clone(&self), Arc::clone(&source));
                    let task = tasks.spawn(async move { own.look_after(&its).await });
                    at_work.push((source, task));
                }
            }
            // Ended tasks are let go of; none ends by itself.
            while tasks.try_join_next().is_some() {}
            self.changed.notified().await;
        }
    }

    /// Waits until what `inquiry` is about has been asked, at most `FETCH_WAIT`.
    ///
    /// Returns at once where nobody asks any longer. Whether it helped, a new look at the evidence tells.
    pub async fn settle(&self, directory: &Directory, inquiry: &Inquiry) {
        let Some(ring) = directory.ring(inquiry) else { return };
        let Some(source) = self.sources().into_iter().find(|source| Arc::ptr_eq(&source.ring, ring)) else {
            return;
        };
        let mut rounds = source.rounds.subscribe();
        if ring.is_wanted() {
            source.wake.notify_one();
            // Late, or never: the new look tells.
            let _ = timeout(FETCH_WAIT, rounds.changed()).await;
        }
    }

    /// The issuers whose keys were never held, so that none of their tokens can be verified yet.
    pub fn waiting(&self) -> Vec<Box<str>> {
        let sources = self.sources();
        let waiting = sources.iter().filter(|source| !source.ring.was_filled());
        waiting.map(|source| source.place.issuer.clone()).collect()
    }

    /// When the place that has been silent the longest last answered, in seconds since 1970; 0 if one never
    /// has, `None` without places.
    pub fn oldest(&self) -> Option<u64> {
        self.sources().iter().map(|source| source.answered.load(Ordering::Relaxed)).min()
    }

    /// Every place that is asked.
    pub fn standings(&self) -> Vec<KeyStanding> {
        let sources = self.sources();
        let standing = |source: &Arc<Source>| KeyStanding {
            issuer: source.place.issuer.clone(),
            url: match &source.place.at {
                KeysAt::Discovery(at) | KeysAt::Url(at) => at.to_string().into(),
            },
            answered_unix_s: source.answered.load(Ordering::Relaxed),
            is_filled: source.ring.was_filled(),
        };
        sources.iter().map(standing).collect()
    }

    /// How often tokens were looked at, by all policies.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn sources(&self) -> Vec<Arc<Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks one place, again and again.
    async fn look_after(&self, source: &Source) {
        let mut pace = Pace::default();
        loop {
            let pause = self.ask_once(source, &mut pace).await;
            source.rounds.send_modify(|rounds| *rounds += 1);
            let due = tokio::time::sleep(pause);
            let mut due = std::pin::pin!(due);
            loop {
                tokio::select! {
                    () = &mut due => break,
                    // A call may be left over from before the last answer.
                    () = source.wake.notified() => if source.ring.is_wanted() { break },
                }
            }
        }
    }

    /// Asks one place once; returns how long to leave it alone.
    async fn ask_once(&self, source: &Source, pace: &mut Pace) -> Duration {
        let Source { place, ring, .. } = source;
        ring.begin((self.clock)().steady);
        let answer = (self.ask)(place.clone()).await;
        let now = (self.clock)();
        let learned = match answer {
            Ok(set) => match ring.learn(&set.jwks, now.steady) {
                Ok(learned) => Ok((learned, set.max_age)),
                Err(fault) => Err(PlaceFault::Set(fault)),
            },
            Err(fault) => {
                ring.failed();
                Err(fault)
            }
        };
        let issuer = &*place.issuer;
        let was_failing = pace.is_failing();
        match learned {
            Ok((learned, max_age)) => {
                source.answered.store(now.unix_ms / 1000, Ordering::Relaxed);
                (self.tell)(KeyNews::Refreshed);
                if was_failing || learned != Learned::Nothing {
                    tracing::info!(issuer, change = ?learned, "the issuer's keys were fetched");
                }
                pace.succeeded(max_age, chance())
            }
            Err(fault) => {
                (self.tell)(KeyNews::Failed);
                if was_failing {
                    tracing::debug!(issuer, %fault, "the issuer's keys could not be fetched again");
                } else {
                    tracing::warn!(issuer, %fault, "the issuer's keys could not be fetched, those held stay");
                }
                pace.failed(chance())
            }
        }
    }
}

impl Source {
    fn new(place: KeyPlace, ring: Arc<Ring>) -> Self {
        Self { place, ring, wake: Notify::new(), rounds: watch::Sender::new(0), answered: AtomicU64::new(0) }
    }
}

impl std::fmt::Debug for KeySources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySources").finish_non_exhaustive()
    }
}

/// A number below 256, so that replicas do not ask all at once; which one matters little.
fn chance() -> u8 {
    let mut byte = [0];
    // Without randomness all ask at once, which is no harm to us.
    let _ = SystemRandom::new().fill(&mut byte);
    byte[0]
}
