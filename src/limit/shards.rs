//! Where the cells are kept: many small maps, each under its own lock, each with a bound.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::key::{Hashed, Key};
use super::roster::{Entry, List};
use crate::bounds::{CELL_SHARDS, SHARDS_PER_SWEEP};
use crate::names::Now;

/// The numbers of cells by key.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Box<[RwLock<Shard>]>,
    /// Bound of one shard.
    cells_max: usize,
    swept: AtomicUsize,
    /// How often a key found no room.
    crowded: AtomicU64,
}

type Shard = HashMap<Key, AtomicU64, BuildHasherDefault<Hashed>>;

/// Whether a cell may be made in a shard that holds many, for a limit that has many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Room {
    /// Always: as many as the policy has rules.
    Always,
    /// Up to the bound.
    Bound,
    /// In a shard that is filled to three quarters at most, so that names made up by clients leave room for
    /// callers.
    Made,
}

impl Room {
    fn of(self, cells_max: usize) -> usize {
        match self {
            Self::Always => usize::MAX,
            Self::Bound => cells_max,
            Self::Made => part(cells_max),
        }
    }
}

/// Three quarters: of all cells what one limit may have, of a shard what made-up names may fill.
fn part(cells: usize) -> usize {
    cells / 4 * 3
}

impl Shards {
    /// Makes empty shards of at most `cells_max` cells each.
    pub fn new(cells_max: usize) -> Self {
        let shards = (0..CELL_SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, cells_max, swept: AtomicUsize::new(0), crowded: AtomicU64::new(0) }
    }

    /// Cells that one limit may have.
    pub fn cells_per_limit_max(&self) -> usize {
        part(self.cells_max * CELL_SHARDS)
    }

    /// The number in a cell of the limit `entry`, zero if it is yet to be made; `None` where there is no room.
    pub fn peek(&self, key: Key, room: Room, entry: &Entry) -> Option<u64> {
        let shard = self.read(key);
        match shard.get(&key) {
            Some(cell) => Some(cell.load(Ordering::Relaxed)),
            None => {
                let limit_has_room =
                    matches!(room, Room::Always) || entry.cells() < self.cells_per_limit_max();
                let has_room = limit_has_room && shard.len() < room.of(self.cells_max);
                if !has_room {
                    self.crowded.fetch_add(1, Ordering::Relaxed);
                }
                has_room.then_some(0)
            }
        }
    }

    /// Moves the number in a cell, which is made if it is missing; returns the new number.
    ///
    /// # Errors
    /// What `step` says; the number stays as it is.
    pub fn step<T>(&self, key: Key, entry: &Entry, step: impl Fn(u64) -> Result<u64, T>) -> Result<u64, T> {
        if let Some(cell) = self.read(key).get(&key) {
            return advance(cell, step);
        }
        match self.write(key).entry(key) {
            Place::Occupied(cell) => advance(cell.get(), step),
            Place::Vacant(place) => {
                let next = step(0)?;
                place.insert(AtomicU64::new(next));
                entry.made();
                Ok(next)
            }
        }
    }

    /// Moves the number in a cell that may be gone.
    pub fn restep(&self, key: Key, step: impl Fn(u64) -> Option<u64>) {
        if let Some(cell) = self.read(key).get(&key) {
            let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        }
    }

    /// Drops the cells of the next few shards that say no more than new ones, to all requests from `now` on.
    pub fn sweep(&self, list: &List, now: Now) {
        let first = self.swept.fetch_add(SHARDS_PER_SWEEP, Ordering::Relaxed);
        for shard in self.shards.iter().cycle().skip(first % CELL_SHARDS).take(SHARDS_PER_SWEEP) {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|key, cell| {
                let Some(entry) = list.at(key.index()) else { return true };
                let is_over = entry.fading.is_over(*cell.get_mut(), now);
                if is_over {
                    entry.forgot();
                }
                !is_over
            });
            if shard.len() < shard.capacity() / 4 {
                shard.shrink_to_fit();
            }
        }
    }

    /// How often a key found no room, so that a wider one stood in for it.
    pub fn crowded(&self) -> u64 {
        self.crowded.load(Ordering::Relaxed)
    }

    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn shard(&self, key: Key) -> &RwLock<Shard> {
        // INVARIANT: `new` makes exactly `CELL_SHARDS` shards.
        &self.shards[key.shard(CELL_SHARDS)]
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
    let mut value = cell.load(Ordering::Relaxed);
    loop {
        let next = step(value)?;
        match cell.compare_exchange_weak(value, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Ok(next),
            Err(current) => value = current,
        }
    }
}
