//! The cells of shared limits that this replica knows, and the list of those that need the store.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lease::micros;
use super::{Account, Answer, At, Cell, Numbers, Order, StoreKey};
use crate::bounds::{LEASE_SHARDS, LEASES_PER_SHARD_MAX};
use crate::names::Now;

/// All cells of shared limits of a process, at most `LEASE_SHARDS * LEASES_PER_SHARD_MAX` and one for each rule.
#[derive(Debug)]
pub struct Leases {
    finder: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// Bound of one shard.
    cells_max: usize,
    due: Mutex<Vec<StoreKey>>,
    is_due: AtomicBool,
    is_attached: AtomicBool,
    is_lost: AtomicBool,
    replicas: AtomicU64,
    /// How many times the store was lost.
    losses: AtomicU64,
    stamps: AtomicU64,
    swept: AtomicUsize,
}

type Shard = HashMap<StoreKey, Cell>;

/// Whether a cell may be made in a shard that holds many.
#[derive(Debug, Clone, Copy)]
pub(in crate::limit) enum Place {
    /// Up to the bound.
    Bound,
    /// Up to three quarters of the bound, so that names made up by clients leave room for callers.
    Made,
}

impl Default for Leases {
    fn default() -> Self {
        Self::with_room(LEASES_PER_SHARD_MAX)
    }
}

impl Leases {
    pub(super) fn with_room(cells_max: usize) -> Self {
        Self {
            finder: RandomState::new(),
            shards: (0..LEASE_SHARDS).map(|_| Mutex::default()).collect(),
            cells_max,
            due: Mutex::default(),
            is_due: AtomicBool::new(false),
            is_attached: AtomicBool::new(false),
            is_lost: AtomicBool::new(true),
            replicas: AtomicU64::new(1),
            losses: AtomicU64::new(1),
            stamps: AtomicU64::new(1),
            swept: AtomicUsize::new(0),
        }
    }

    /// Says that somebody reaches the store from now on; until then shared limits are local ones.
    pub fn attach(&self) {
        self.is_attached.store(true, Ordering::Relaxed);
    }

    /// Whether somebody reaches the store.
    pub fn is_attached(&self) -> bool {
        self.is_attached.load(Ordering::Relaxed)
    }

    /// Says whether the store can be asked.
    pub fn set_lost(&self, is_lost: bool) {
        if is_lost {
            self.losses.fetch_add(1, Ordering::Relaxed);
        }
        self.is_lost.store(is_lost, Ordering::Relaxed);
    }

    /// Whether the store cannot be asked.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Says how many replicas share the store, this one among them.
    pub fn set_replicas(&self, replicas: u64) {
        self.replicas.store(replicas.max(1), Ordering::Relaxed);
    }

    /// Whether there is something for the store to do; one load.
    pub fn is_due(&self) -> bool {
        self.is_due.load(Ordering::Relaxed)
    }

    /// What the store should do now, at most `orders_max` things; each must be answered by [`Leases::learn`] or
    /// [`Leases::fail`], and its cell is not ordered about again before.
    pub fn orders(&self, now: Now, orders_max: usize) -> Vec<Order> {
        let at = self.at(now);
        let keys: Vec<StoreKey> = {
            let mut due = lock(&self.due);
            let rest = due.len().saturating_sub(orders_max);
            let keys = due.split_off(rest);
            self.is_due.store(rest > 0, Ordering::Relaxed);
            keys
        };
        let order = |key: StoreKey| {
            let mut shard = self.shard(key);
            let cell = shard.get_mut(&key)?;
            cell.is_queued = false;
            let task = cell.account_mut().order(at)?;
            Some(Order { key, numbers: Arc::clone(&cell.numbers), task })
        };
        keys.into_iter().filter_map(order).collect()
    }

    /// Hears what the store did.
    pub fn learn(&self, key: StoreKey, answer: Answer, now: Now) {
        let at = self.at(now);
        self.change(key, at, |account| account.learn(answer, at));
    }

    /// Hears that the store did not answer.
    pub fn fail(&self, key: StoreKey, now: Now) {
        self.change(key, self.at(now), |account| account.fail());
    }

    /// Looks at the next few shards: gives back what nobody spends, tells what is owed, forgets what is idle.
    ///
    /// To be called from a timer a few times in a second; holds one shard's lock at a time.
    pub fn tend(&self, now: Now, shards: usize) {
        let at = self.at(now);
        let first = self.swept.fetch_add(shards, Ordering::Relaxed);
        for shard in self.shards.iter().cycle().skip(first % LEASE_SHARDS).take(shards) {
            let mut shard = lock(shard);
            let mut due = Vec::new();
            let is_crowded = shard.len() > self.cells_max / 2;
            shard.retain(|key, cell| {
                if mark(cell, at) {
                    due.push(*key);
                }
                cell.is_queued || !cell.account().is_idle(at, is_crowded)
            });
            drop(shard);
            self.queue(due);
        }
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether a cell is there, or could be made.
    pub(in crate::limit) fn has_room(&self, key: StoreKey, place: Place) -> bool {
        let shard = self.shard(key);
        shard.contains_key(&key) || shard.len() < place.of(self.cells_max)
    }

    /// Whether `cost` may be taken of a cell; it counts as wanted.
    ///
    /// # Errors
    /// How many microseconds to wait.
    pub(in crate::limit) fn look(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        cost: u64,
        now: Now,
    ) -> Result<(), u64> {
        let at = self.at(now);
        self.with(key, numbers, at, |account| {
            account.want(cost, at);
            account.look(cost, at)
        })
    }

    /// Takes `cost` of a cell.
    ///
    /// # Errors
    /// How many microseconds to wait.
    pub(in crate::limit) fn take(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        cost: u64,
        now: Now,
    ) -> Result<(), u64> {
        let at = self.at(now);
        self.with(key, numbers, at, |account| account.take(cost, at))
    }

    /// Takes `cost` of a cell as if the store were lost, for it gave no answer to a call that waited.
    ///
    /// # Errors
    /// How many microseconds to wait.
    pub(in crate::limit) fn take_without(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        cost: u64,
        now: Now,
    ) -> Result<(), u64> {
        let at = At { is_lost: true, ..self.at(now) };
        self.with(key, numbers, at, |account| account.take(cost, at))
    }

    /// Notes that the store itself took `cost` for a call of this replica, and how much is used since.
    pub(in crate::limit) fn note(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        (cost, used): (u64, Option<u64>),
        now: Now,
    ) {
        let at = self.at(now);
        self.with(key, numbers, at, |account| account.note(cost, used, at));
    }

    /// How much all have used of a cell, in thousandths, as far as the store has told.
    pub(in crate::limit) fn used(&self, key: StoreKey, now: Now) -> Option<u64> {
        let at = self.at(now);
        self.shard(key).get(&key)?.account().used(at)
    }

    /// Takes `cost` of a cell, whatever it has.
    pub(in crate::limit) fn debit(&self, key: StoreKey, numbers: &Arc<Numbers>, cost: u64, now: Now) {
        let at = self.at(now);
        self.with(key, numbers, at, |account| account.debit(cost, at));
    }

    /// Gives `cost` back to a cell.
    pub(in crate::limit) fn refund(&self, key: StoreKey, cost: u64, now: Now) {
        let at = self.at(now);
        self.change(key, at, |account| account.refund(cost, at));
    }

    /// Gives back what the store took in a run, with its count.
    pub(in crate::limit) fn undo(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        (cost, run): (u64, u64),
        now: Now,
    ) {
        let at = self.at(now);
        self.with(key, numbers, at, |account| account.undo(cost, run, at));
    }

    fn at(&self, now: Now) -> At {
        At {
            now: micros(now.steady),
            unix_ms: now.unix_ms,
            stamp: self.stamps.fetch_add(1, Ordering::Relaxed),
            epoch: self.losses.load(Ordering::Relaxed),
            replicas: self.replicas.load(Ordering::Relaxed),
            is_lost: self.is_lost(),
        }
    }

    /// Does something to a cell, which is made if it is missing.
    fn with<T>(
        &self,
        key: StoreKey,
        numbers: &Arc<Numbers>,
        at: At,
        act: impl FnOnce(&mut dyn Account) -> T,
    ) -> T {
        let mut shard = self.shard(key);
        let cell = shard.entry(key).or_insert_with(|| Cell::new(numbers));
        cell.follow(numbers);
        let done = act(cell.account_mut());
        let is_due = mark(cell, at);
        drop(shard);
        if is_due {
            self.queue(vec![key]);
        }
        done
    }

    /// Does something to a cell that may be gone.
    fn change(&self, key: StoreKey, at: At, act: impl FnOnce(&mut dyn Account)) {
        let mut shard = self.shard(key);
        let Some(cell) = shard.get_mut(&key) else { return };
        act(cell.account_mut());
        let is_due = mark(cell, at);
        drop(shard);
        if is_due {
            self.queue(vec![key]);
        }
    }

    fn queue(&self, keys: Vec<StoreKey>) {
        if !keys.is_empty() {
            lock(&self.due).extend(keys);
            self.is_due.store(true, Ordering::Relaxed);
        }
    }

    fn shard(&self, key: StoreKey) -> MutexGuard<'_, Shard> {
        let shards = u64::try_from(self.shards.len()).unwrap_or(1).max(1);
        let index = usize::try_from(self.finder.hash_one(key) % shards).unwrap_or_default();
        // INVARIANT: the index is below the number of shards, of which there is at least one.
        lock(&self.shards[index])
    }
}

impl Place {
    fn of(self, cells_max: usize) -> usize {
        match self {
            Self::Bound => cells_max,
            Self::Made => cells_max / 4 * 3,
        }
    }
}

/// Whether a cell is to be put on the list.
fn mark(cell: &mut Cell, at: At) -> bool {
    let is_new = !cell.is_queued && cell.account_mut().is_due(at);
    cell.is_queued |= is_new;
    is_new
}

// A poisoned lock holds plain numbers that are whole after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
