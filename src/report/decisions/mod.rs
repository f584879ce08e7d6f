//! What was decided of late: the last decisions one by one, and counts of the last minute.
//!
//! **Why.** Metrics say how many, the audit says what for ever; the person who is asked "why was I refused?" wants
//! the last refusals, now, without a query. **How.** [`Decisions::note`] reads each [`Record`] once, as metrics
//! do, and writes into places that were made at start:
//!
//! ```text
//! record ─┬─► ring of 2048 slots     one number, one short lock of its own slot, no allocation
//!         ├─► window of the gate     six panes of ten seconds: counts, and how long it took
//!         ├─► window of its tool     only tools that the policy knows: others are counted together
//!         └─► refusals by rule       only where a rule refused, or would have
//! ```
//!
//! **What it is not.** No audit: what is older is gone, and with the process all of it. It holds what a record
//! holds, less: no detail, no argument, no finding, no token; users as the audit calls them. Names that a client
//! made up come out [legible](Name) and cut, whoever asks.

mod brief;
mod ring;
mod rules;
mod tools;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use self::brief::{Brief, Name, legible};
pub use self::ring::Read;
pub use self::rules::RuleCount;
pub use self::tools::ToolCount;
pub use self::window::Counts;

use self::ring::Ring;
use self::rules::Rules;
use self::tools::Tools;
use self::window::{Kind, Window};
use super::audit::Alias;
use crate::bounds::WATCHERS_MAX;
use crate::gate::{Action, Record};
use crate::mcp::Method;

/// What was decided of late; shared by all threads.
#[derive(Debug)]
pub struct Decisions {
    ring: Ring,
    all: Window,
    tools: Tools,
    rules: Rules,
    /// By [`Action`], since the start.
    totals: [AtomicU64; ACTIONS],
    watchers: Arc<AtomicUsize>,
    started_unix_ms: u64,
}

/// Every action of a record.
const ACTIONS: usize = 5;

/// Somebody who follows decisions; leaves when dropped.
#[derive(Debug)]
pub struct Watcher(Arc<AtomicUsize>);

/// How many messages there were since the start, by what was done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Passed on as they came.
    pub allowed: u64,
    /// Refused.
    pub denied: u64,
    /// Not carried out for a fault that is not the caller's.
    pub failed: u64,
    /// Passed on with something hidden.
    pub redacted: u64,
    /// Passed on although they would have been refused.
    pub would_deny: u64,
}

impl Decisions {
    /// Nothing was decided yet, in a process that began at `started_unix_ms`.
    pub fn new(started_unix_ms: u64) -> Self {
        Self {
            ring: Ring::new(),
            all: Window::default(),
            tools: Tools::default(),
            rules: Rules::default(),
            totals: Default::default(),
            watchers: Arc::default(),
            started_unix_ms,
        }
    }

    /// Notes what happened to one message. About 0.1 µs; allocates only with the first call of a tool and the first
    /// refusal by a rule.
    pub fn note(&self, record: &Record, user: Alias<'_>) {
        let tool = record.target.as_deref().filter(|_| record.method == Some(Method::ToolsCall));
        let ended_unix_ms = record.unix_ms.saturating_add(record.duration_us / 1000);
        let kind = Kind::of(record.action);
        let overhead_us = record.overhead_us.request.saturating_add(record.overhead_us.response);
        self.all.note(ended_unix_ms, kind, overhead_us);
        if let Some(tool) = tool {
            self.tools.note(tool, &record.policy, (ended_unix_ms, kind, record.duration_us));
        }
        if let (Action::Deny | Action::ShadowDeny, Some(rule)) = (record.action, &record.rule) {
            self.rules.note(rule, record.action);
        }
        // INVARIANT: there is one total for each action.
        self.totals[record.action as usize].fetch_add(1, Ordering::Relaxed);
        self.ring.push(|brief| brief.fill(record, user));
    }

    /// The decisions with a number above `since` that `fits`, oldest first; the latest `max` of them.
    pub fn latest(&self, max: usize, since: u64, fits: impl Fn(&Brief) -> bool) -> Read {
        self.ring.latest(max, since, fits)
    }

    /// The decisions with a number above `since` that `fits`, oldest first; the first `max` of them.
    pub fn after(&self, since: u64, max: usize, fits: impl Fn(&Brief) -> bool) -> Read {
        self.ring.after(since, max, fits)
    }

    /// The number of the last decision; 0 before the first.
    pub fn last(&self) -> u64 {
        self.ring.last()
    }

    /// What the whole gate did within the last minute; its quantiles are of the time that the gate itself took.
    pub fn counts(&self, now_unix_ms: u64) -> Counts {
        self.all.counts(now_unix_ms)
    }

    /// The tools that were called within the last minute, the busiest first; those that the policy does not know are
    /// one, without a name. Quantiles are of the time from request to answer.
    pub fn tools(&self, now_unix_ms: u64) -> Vec<ToolCount> {
        self.tools.counts(now_unix_ms)
    }

    /// The rules and limits that refused since the start, or would have; the busiest first.
    pub fn rules(&self) -> Vec<RuleCount> {
        self.rules.counts()
    }

    /// What was done since the start.
    pub fn totals(&self) -> Totals {
        let total = |action: Action| self.totals[action as usize].load(Ordering::Relaxed);
        Totals {
            allowed: total(Action::Allow),
            denied: total(Action::Deny),
            failed: total(Action::Error),
            redacted: total(Action::Redact),
            would_deny: total(Action::ShadowDeny),
        }
    }

    /// When the process began, in milliseconds since 1970.
    pub fn started_unix_ms(&self) -> u64 {
        self.started_unix_ms
    }

    /// Lets one more follow decisions, `WATCHERS_MAX` at most; `None` where there are as many already.
    pub fn watch(&self) -> Option<Watcher> {
        let more = |count: usize| (count < WATCHERS_MAX).then_some(count + 1);
        let taken = self.watchers.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.is_ok().then(|| Watcher(Arc::clone(&self.watchers)))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
