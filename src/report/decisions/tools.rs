//! The last minute of each tool that a policy knows.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::window::{Counts, Kind, Window};
use crate::bounds::TOOLS_COUNTED_MAX;
use crate::policy::Policy;

/// The windows of tools, and one for all others.
#[derive(Debug, Default)]
pub(super) struct Tools {
    known: ArcSwap<HashMap<Box<str>, Arc<Window>>>,
    others: Window,
}

/// One tool within the last minute.
#[derive(Debug, Clone)]
pub struct ToolCount {
    /// Its name; `None` for all that the policy does not know, together.
    pub name: Option<Box<str>>,
    /// What came of its calls.
    pub counts: Counts,
}

impl Tools {
    /// Notes a call. A name gets a window of its own when `policy` knows it, so that no caller fills the table.
    pub fn note(&self, tool: &str, policy: &Policy, (unix_ms, kind, took_us): (u64, Kind, u64)) {
        let known = self.known.load();
        if let Some(window) = known.get(tool) {
            return window.note(unix_ms, kind, took_us);
        }
        if known.len() >= TOOLS_COUNTED_MAX || policy.tool(tool).is_none() {
            return self.others.note(unix_ms, kind, took_us);
        }
        self.known.rcu(|known| {
            let mut known = HashMap::clone(known);
            if known.len() < TOOLS_COUNTED_MAX {
                known.entry(tool.into()).or_default();
            }
            known
        });
        self.known.load().get(tool).map_or(&self.others, |window| window).note(unix_ms, kind, took_us);
    }

    /// Those that were called within the last minute, the busiest first.
    pub fn counts(&self, now_unix_ms: u64) -> Vec<ToolCount> {
        let known = self.known.load();
        let mut counts: Vec<ToolCount> = known
            .iter()
            .map(|(name, window)| ToolCount { name: Some(name.clone()), counts: window.counts(now_unix_ms) })
            .chain([ToolCount { name: None, counts: self.others.counts(now_unix_ms) }])
            .filter(|tool| tool.counts.messages > 0)
            .collect();
        counts.sort_by(|a, b| b.counts.messages.cmp(&a.counts.messages).then_with(|| a.name.cmp(&b.name)));
        counts
    }
}
