//! Step 7: is the tool still the one that somebody approved.
//!
//! **Why.** What a server says of a tool is what a model goes by and what rules were written for. It may change
//! after it was approved: for everybody, for one caller, on the second page, or between the list and the call.
//!
//! **How.** Every list is looked at: those that callers ask for as they pass, page by page, and those that the gate
//! asks for by itself, whole. A tool that differs from its pin is noted together with who was shown that
//! (a [`Sight`]), and the policy says what is done about it: calls of that tool alone are refused, or its approved
//! definition is shown in its place. A call goes on only if its caller was shown the whole list not too long
//! ago; else the list is asked for first, in the caller's own session.
//!
//! **How it ends.** When whoever was shown the difference is shown what was approved again, when the policy
//! approves what was shown, or after [`PIN_SIGHT_LIFE`] in which nobody was shown it. A difference that others are
//! not shown is cloaking, and told as such; the tool stays shut for all.
//!
//! **What it is not.** No proof of what a server does, and nothing for tools that were never approved: those are in no
//! list and no call reaches them, pins or not.

mod guard;
mod inventory;
mod notice;
mod strangers;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

pub use inventory::{Inventory, PageFault, Standpoint};
pub use notice::{PinEvent, PinNotice, Quarantined};
use strangers::Strangers;

use crate::bounds::{PIN_CALLERS_MAX, PIN_SIGHT_LIFE, PIN_SIGHTS_MAX};
use crate::identity::Caller;
use crate::json::Value;
use crate::limit::Digest;
use crate::names::Now;
use crate::policy::{Definition, Deviation, DriftKind, PinAction, Policy, Tool, definition_sha256};

/// What was seen of the server's lists.
#[derive(Debug)]
pub(super) struct Pins {
    seen: Mutex<Seen>,
    /// Tools of which something is noted; where there is none, nothing is looked at.
    noted: AtomicUsize,
    /// When each caller was shown the whole list, on the steady clock.
    shown: Cache<Digest, Duration>,
    /// What was shown before this is worth nothing, in nanoseconds of the steady clock.
    unsettled: AtomicU64,
    /// Whether the gate should look by itself at once.
    is_due: AtomicBool,
    hashers: [RandomState; 2],
}

#[derive(Debug, Default)]
struct Seen {
    tools: HashMap<Box<str>, Vec<Sight>>,
    strangers: Strangers,
}

/// What somebody was shown of a tool, other than what was approved.
#[derive(Debug)]
struct Sight {
    by: Viewer,
    what: Shown,
    /// When it was seen last, on the steady clock.
    at: Duration,
    /// Whether it was told that others are shown something else.
    is_cloak_told: bool,
}

/// Who was shown a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewer {
    /// A caller, whatever it spoke by.
    Caller(Digest),
    /// The gate itself, by a process of the server that serves somebody.
    Child(u64),
    /// The gate itself.
    Own,
}

/// What was shown in the place of what was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Definition(Arc<Definition>),
    /// Two tools of one name: which of them is called, the server alone knows.
    Twice,
    Unreadable,
}

/// What becomes of one page of a list.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Where the tools stand that are not shown.
    hidden: Vec<usize>,
    /// What is shown in the place of others.
    pub frozen: Vec<(Range<usize>, String)>,
    /// What there is to tell.
    pub notices: Vec<PinNotice>,
}

impl Look {
    /// Whether a tool of the page may be shown at all.
    pub fn shows(&self, tool: &Value<'_>) -> bool {
        !self.hidden.contains(&tool.span().start)
    }
}

impl Default for Pins {
    fn default() -> Self {
        Self {
            seen: Mutex::default(),
            noted: AtomicUsize::new(0),
            shown: Cache::new(PIN_CALLERS_MAX),
            unsettled: AtomicU64::new(0),
            is_due: AtomicBool::new(false),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }
}

impl Pins {
    /// Who a caller is to the pins: all that tells callers apart, hashed under keys that nobody outside knows. Asked for
    /// with every call of a pinned tool, so it costs less than a digest would.
    pub fn viewer(&self, caller: &Caller) -> Digest {
        let who = (caller.proof(), caller.issuer(), caller.tenant(), caller.user(), caller.agent());
        let mut digest = Digest::default();
        for (half, hasher) in digest.chunks_exact_mut(8).zip(&self.hashers) {
            half.copy_from_slice(&hasher.hash_one(who).to_be_bytes());
        }
        digest
    }

    fn viewing(&self, caller: Option<&Caller>) -> Viewer {
        caller.map_or(Viewer::Own, |caller| Viewer::Caller(self.viewer(caller)))
    }

    /// Looks at one page of tools as `by` is shown it.
    pub fn look(&self, policy: &Policy, by: Viewer, tools: Value<'_>, now: Now) -> Look {
        let mut look = Look::default();
        if !policy.has_pins() {
            return look;
        }
        let mut names = HashSet::new();
        let twice: HashSet<_> = tools
            .elements()
            .filter_map(|tool| tool.get("name")?.string())
            .filter(|name| !names.insert(name.clone()))
            .collect();
        for element in tools.elements() {
            let Some(name) = element.get("name").and_then(|name| name.string()) else { continue };
            let Some(tool) = policy.tool(&name) else {
                self.stranger(policy, element, &mut look.notices);
                continue;
            };
            if tool.pinned_sha256().is_none() {
                continue;
            }
            let shown = if twice.contains(&name) { Some(Shown::Twice) } else { differing(tool, element) };
            self.note((policy, tool), by, shown, now, &mut look.notices);
            let Some(deviation) = self.deviation(policy, tool, now) else { continue };
            match (deviation.action, tool.definition()) {
                (PinAction::Warn, _) => {}
                (PinAction::Freeze, Some(approved)) => {
                    look.frozen.push((element.span(), approved.to_json()));
                }
                (PinAction::Freeze, None) | (PinAction::Block | PinAction::Hide, _) => {
                    look.hidden.push(element.span().start);
                }
            }
        }
        look
    }

    /// Notes what `by` is shown of a tool; `None` for what was approved.
    fn note(
        &self,
        (policy, tool): (&Policy, &Tool),
        by: Viewer,
        shown: Option<Shown>,
        now: Now,
        notices: &mut Vec<PinNotice>,
    ) {
        if shown.is_none() && self.noted.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut seen = self.seen();
        let sights = seen.tools.entry(tool.name.as_str().into()).or_default();
        match shown {
            Some(what) => {
                let is_news = sights.iter().all(|sight| sight.what != what);
                let deviation = deviation(policy, tool, &what);
                let digest = what.sha256();
                let has_room = sights.len() < PIN_SIGHTS_MAX;
                match sights.iter_mut().find(|sight| sight.by == by) {
                    Some(sight) if sight.what == what => sight.at = now.steady,
                    Some(sight) => *sight = Sight { by, what, at: now.steady, is_cloak_told: false },
                    None if has_room => sights.push(Sight { by, what, at: now.steady, is_cloak_told: false }),
                    None => {}
                }
                if let Some(deviation) = deviation.filter(|_| is_news) {
                    let event = PinEvent::Changed(deviation.kind);
                    notices.push(PinNotice::of(event, tool, digest, &deviation));
                    // Whether others are shown the same, the gate finds out by itself.
                    if matches!(by, Viewer::Caller(_)) {
                        self.is_due.store(true, Ordering::Relaxed);
                    }
                }
            }
            None => {
                let count = sights.len();
                sights.retain(|sight| sight.by != by);
                let is_over = count > 0 && sights.is_empty();
                if is_over {
                    notices.push(PinNotice::restored(tool));
                }
                for sight in sights.iter_mut().filter(|sight| !sight.is_cloak_told) {
                    sight.is_cloak_told = true;
                    if let Some(deviation) = deviation(policy, tool, &sight.what) {
                        notices.push(PinNotice::of(PinEvent::Cloak, tool, sight.what.sha256(), &deviation));
                    }
                }
            }
        }
        self.tidy(&mut seen, policy, now);
    }

    /// Forgets what processes said that are not among `running`, and says what is again as it was approved.
    fn forget_children(&self, policy: &Policy, running: &[u64], notices: &mut Vec<PinNotice>) {
        let mut seen = self.seen();
        for (name, sights) in &mut seen.tools {
            let count = sights.len();
            sights.retain(|sight| !matches!(sight.by, Viewer::Child(number) if !running.contains(&number)));
            if count > 0 && sights.is_empty() {
                notices.extend(policy.tool(name).map(PinNotice::restored));
            }
        }
        seen.tools.retain(|_, sights| !sights.is_empty());
        self.noted.store(seen.tools.len(), Ordering::Relaxed);
    }

    /// Whether nobody was shown anything but what was approved.
    pub fn is_clean(&self) -> bool {
        self.noted.load(Ordering::Relaxed) == 0
    }

    /// In what a tool differs, by the strictest of what somebody was shown; `None` where nobody was.
    pub fn deviation(&self, policy: &Policy, tool: &Tool, now: Now) -> Option<Deviation> {
        if self.noted.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let seen = self.seen();
        let sights = seen.tools.get(tool.name.as_str())?;
        let fresh = sights.iter().filter(|sight| sight.is_fresh(now));
        fresh
            .filter_map(|sight| deviation(policy, tool, &sight.what))
            .max_by_key(|deviation| deviation.action)
    }

    /// Every tool that differs, by name, for people.
    pub fn quarantined(&self, policy: &Policy, now: Now) -> Vec<Quarantined> {
        let mut found = Vec::new();
        for tool in policy.tools() {
            let Some(deviation) = self.deviation(policy, tool, now) else { continue };
            let seen = self.seen();
            let sights = seen.tools.get(tool.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            found.push(Quarantined {
                tool: tool.name.as_str().into(),
                kind: deviation.kind,
                action: deviation.action,
                summary: deviation.summary,
                is_cloaked: sights.iter().any(|sight| sight.is_cloak_told),
            });
        }
        found
    }

    /// Forgets what counts no more: what was approved since, and what nobody was shown for long.
    fn tidy(&self, seen: &mut Seen, policy: &Policy, now: Now) {
        seen.tools.retain(|name, sights| {
            let tool = policy.tool(name);
            sights.retain(|sight| {
                sight.is_fresh(now) && tool.is_some_and(|tool| deviation(policy, tool, &sight.what).is_some())
            });
            !sights.is_empty()
        });
        self.noted.store(seen.tools.len(), Ordering::Relaxed);
    }

    /// Notes that what callers were shown so far is worth nothing any more.
    pub fn unsettle(&self, now: Now) {
        let nanos = u64::try_from(now.steady.as_nanos()).unwrap_or(u64::MAX);
        self.unsettled.fetch_max(nanos, Ordering::Relaxed);
        self.is_due.store(true, Ordering::Relaxed);
    }

    /// Notes that a caller begins anew: what it is shown may come from another process.
    pub fn begin(&self, by: Digest) {
        self.shown.remove(&by);
    }

    /// Notes that a caller was shown the whole list.
    pub fn settle(&self, by: Digest, now: Now) {
        self.shown.insert(by, now.steady);
    }

    /// Whether a caller was shown the whole list within `age`.
    pub fn is_settled(&self, by: Digest, age: Duration, now: Now) -> bool {
        let Some(at) = self.shown.get(&by) else { return false };
        let is_worth = at.as_nanos() > u128::from(self.unsettled.load(Ordering::Relaxed));
        is_worth && !age.is_zero() && now.steady.saturating_sub(at) <= age
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A poisoned lock holds sights that are whole after every step.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sight {
    fn is_fresh(&self, now: Now) -> bool {
        now.steady.saturating_sub(self.at) <= PIN_SIGHT_LIFE
    }
}

impl Shown {
    fn sha256(&self) -> Option<[u8; 32]> {
        match self {
            Self::Definition(definition) => Some(definition.sha256),
            Self::Twice | Self::Unreadable => None,
        }
    }
}

/// What is said of a tool, if that is not what was approved.
fn differing(tool: &Tool, element: Value<'_>) -> Option<Shown> {
    match definition_sha256(element) {
        Ok(sha256) if tool.pinned_sha256() == Some(&sha256) => None,
        Ok(_) => {
            let read = Definition::read(element).ok();
            Some(read.map_or(Shown::Unreadable, |definition| Shown::Definition(Arc::new(definition))))
        }
        Err(_) => Some(Shown::Unreadable),
    }
}

fn deviation(policy: &Policy, tool: &Tool, shown: &Shown) -> Option<Deviation> {
    match shown {
        Shown::Definition(definition) => policy.deviation(tool, Some(definition)),
        Shown::Unreadable => policy.deviation(tool, None),
        Shown::Twice => Some(Deviation {
            kind: DriftKind::Text,
            action: PinAction::Block,
            summary: "the server has two tools of this name".into(),
        }),
    }
}

#[cfg(test)]
mod tests;
