//! Every limit that was ever charged: its place in keys, how many cells it has, and what it said.
//!
//! A limit keeps its place for as long as the process runs, across policies, so that its cells are found
//! again; the counters are for metrics. Beyond 65,535 limits the last place is shared, which mixes the
//! counters and no cells.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::{ArcSwap, Guard};

use super::Rule;
use super::cell::Fading;
use super::key::Hashed;
use crate::bounds::LIMIT_TIDE;
use crate::names::Now;

/// All limits.
#[derive(Debug, Default)]
pub(super) struct Roster {
    list: ArcSwap<List>,
}

/// The limits at one time.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    by_stamp: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
    entries: Vec<Arc<Entry>>,
}

/// One limit.
#[derive(Debug)]
pub(super) struct Entry {
    pub index: u16,
    pub fading: Fading,
    cells: AtomicUsize,
    said: [AtomicU64; 4],
    /// The fullest cells that were charged in this tide and the one before: number of the tide, then thousandths.
    tides: [AtomicU64; 2],
}

/// What a limit says of a request that concerns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Allow,
    Deny,
    NearLimit,
    ShadowDeny,
}

/// How a limit stands, over all its cells; its counters start with the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Cells in memory.
    pub cells: usize,
    /// Requests that it let go on, with a fifth or more of its cell left.
    pub allowed: u64,
    /// Requests that were refused for it.
    pub denied: u64,
    /// Requests that it let go on, with less than a fifth of its cell left.
    pub near: u64,
    /// Requests that it would have refused if it were not in shadow.
    pub shadowed: u64,
    /// How much is used of the fullest cell that was charged within `LIMIT_TIDE` or so, in thousandths; above
    /// 1000 it is in debt.
    pub used: u64,
}

/// Bits of thousandths in a tide.
const USED_BITS: u32 = 24;
const USED_MAX: u64 = (1 << USED_BITS) - 1;

impl Roster {
    /// The list in which each of `rules` is.
    pub fn with<'r>(&self, rules: impl Iterator<Item = &'r Arc<Rule>>) -> Guard<Arc<List>> {
        let list = self.list.load();
        let mut missing = rules.filter(|rule| !list.by_stamp.contains_key(&rule.stamp())).peekable();
        if missing.peek().is_none() {
            return list;
        }
        let missing: Vec<&Arc<Rule>> = missing.collect();
        self.list.rcu(|list| {
            let mut list = List::clone(list);
            missing.iter().for_each(|rule| list.add(rule));
            list
        });
        self.list.load()
    }

    /// All limits.
    pub fn all(&self) -> Guard<Arc<List>> {
        self.list.load()
    }
}

impl List {
    fn add(&mut self, rule: &Rule) {
        if self.by_stamp.contains_key(&rule.stamp()) {
            return;
        }
        let at = self.entries.len().min(usize::from(u16::MAX));
        if at == self.entries.len() {
            let index = u16::try_from(at).unwrap_or(u16::MAX);
            self.entries.push(Arc::new(Entry::new(index, Fading::of(rule))));
        }
        self.by_stamp.insert(rule.stamp(), at);
    }

    /// The entry of a rule.
    pub fn entry(&self, rule: &Rule) -> Option<&Entry> {
        self.at(*self.by_stamp.get(&rule.stamp())?)
    }

    /// The entry at a place.
    pub fn at(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index).map(|entry| &**entry)
    }
}

impl Entry {
    fn new(index: u16, fading: Fading) -> Self {
        let (cells, said, tides) = (AtomicUsize::new(0), Default::default(), Default::default());
        Self { index, fading, cells, said, tides }
    }

    pub fn cells(&self) -> usize {
        self.cells.load(Ordering::Relaxed)
    }

    pub fn made(&self) {
        self.cells.fetch_add(1, Ordering::Relaxed);
    }

    pub fn forgot(&self) {
        let less = |known: usize| known.checked_sub(1);
        let _ = self.cells.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub fn say(&self, word: Word) {
        self.said[word as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how much of a cell is used.
    pub fn note(&self, used: u64, now: Now) {
        let number = now.steady.as_secs() / LIMIT_TIDE.as_secs() + 1;
        let value = number << USED_BITS | used.min(USED_MAX);
        let tide = &self.tides[usize::from(number % 2 == 1)];
        // A later tide is greater, whatever the one before it was like.
        if tide.load(Ordering::Relaxed) < value {
            tide.fetch_max(value, Ordering::Relaxed);
        }
    }

    pub fn standing(&self, now: Now) -> Standing {
        let said = |word: Word| self.said[word as usize].load(Ordering::Relaxed);
        let number = now.steady.as_secs() / LIMIT_TIDE.as_secs() + 1;
        let tides = self.tides.iter().map(|tide| tide.load(Ordering::Relaxed));
        let recent = tides.filter(|tide| (tide >> USED_BITS) + 1 >= number);
        Standing {
            cells: self.cells(),
            allowed: said(Word::Allow),
            denied: said(Word::Deny),
            near: said(Word::NearLimit),
            shadowed: said(Word::ShadowDeny),
            used: recent.map(|tide| tide & USED_MAX).max().unwrap_or_default(),
        }
    }
}
