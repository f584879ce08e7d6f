//! Where the cells are kept: many small maps, each under its own lock, each with a bound.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::key::Key;
use crate::bounds::{CELL_SHARDS, SHARDS_PER_SWEEP};

/// Arrival times in nanoseconds by key.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Box<[RwLock<Shard>]>,
    /// Bound of one shard.
    cells_max: usize,
    swept: AtomicUsize,
}

type Shard = HashMap<Key, AtomicU64, BuildHasherDefault<Hashed>>;

/// Whether a cell may be made in a shard that holds many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Room {
    /// Always: as many as the policy has rules.
    Always,
    /// Up to the bound.
    Bound,
    /// Up to three quarters of the bound, so that names made up by clients leave room for callers.
    Made,
}

impl Room {
    fn of(self, cells_max: usize) -> usize {
        match self {
            Self::Always => usize::MAX,
            Self::Bound => cells_max,
            Self::Made => cells_max / 4 * 3,
        }
    }
}

impl Shards {
    /// Makes empty shards of at most `cells_max` cells each.
    pub fn new(cells_max: usize) -> Self {
        let shards = (0..CELL_SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, cells_max, swept: AtomicUsize::new(0) }
    }

    /// The arrival time of a cell, long past if it is yet to be made; `None` where there is no room.
    pub fn peek(&self, key: Key, room: Room) -> Option<u64> {
        let shard = self.read(key);
        match shard.get(&key) {
            Some(cell) => Some(cell.load(Ordering::Relaxed)),
            None => (shard.len() < room.of(self.cells_max)).then_some(0),
        }
    }

    /// Moves the arrival time of a cell, which is made at zero if it is missing; returns the new time.
    ///
    /// # Errors
    /// What `step` says; the time stays as it is.
    pub fn step<T>(&self, key: Key, step: impl Fn(u64) -> Result<u64, T>) -> Result<u64, T> {
        if let Some(cell) = self.read(key).get(&key) {
            return advance(cell, step);
        }
        advance(self.write(key).entry(key).or_default(), step)
    }

    /// Moves the arrival time of a cell that may be gone.
    pub fn restep(&self, key: Key, step: impl Fn(u64) -> Option<u64>) {
        if let Some(cell) = self.read(key).get(&key) {
            let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        }
    }

    /// Drops the cells of the next few shards whose arrival time is before `time`.
    pub fn sweep(&self, time: u64) {
        let first = self.swept.fetch_add(SHARDS_PER_SWEEP, Ordering::Relaxed);
        for shard in self.shards.iter().cycle().skip(first % CELL_SHARDS).take(SHARDS_PER_SWEEP) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, cell| *cell.get_mut() >= time);
            if shard.len() < shard.capacity() / 4 {
                shard.shrink_to_fit();
            }
        }
    }

    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn shard(&self, key: Key) -> &RwLock<Shard> {
        let index = usize::try_from(key.shard % CELL_SHARDS as u64).unwrap_or_default();
        // INVARIANT: `new` makes exactly `CELL_SHARDS` shards.
        &self.shards[index]
    }

    // A poisoned shard is a map of plain numbers that is whole after every step.
    fn read(&self, key: Key) -> RwLockReadGuard<'_, Shard> {
        self.shard(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: Key) -> RwLockWriteGuard<'_, Shard> {
        self.shard(key).write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn advance<T>(cell: &AtomicU64, step: impl Fn(u64) -> Result<u64, T>) -> Result<u64, T> {
    let mut time = cell.load(Ordering::Relaxed);
    loop {
        let next = step(time)?;
        match cell.compare_exchange_weak(time, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Ok(next),
            Err(current) => time = current,
        }
    }
}

/// Takes a key's own bits: it is a keyed hash already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
