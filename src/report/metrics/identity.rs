//! Series about how callers are identified: key sets, and tokens.

use prometheus::{IntCounter, IntGaugeVec, Registry};

use super::Metrics;
use super::count::{add, signed};
use super::families::{Resolve, counters, gauges};
use crate::identity::{Memory, Outcome, Tally};
use crate::report::labels::{self, ReloadResult};

pub(super) struct IdentitySeries {
    refreshes: Vec<IntCounter>,
    /// Without a series where no keys are fetched.
    refreshed_at: IntGaugeVec,
    looks: Vec<IntCounter>,
}

impl IdentitySeries {
    pub(super) fn new(r: &Registry) -> Self {
        Self {
            refreshes: counters(
                r,
                "sluicegate_jwks_refreshes_total",
                "Key sets that were asked for.",
                &["result"],
            )
            .resolve(&[&labels::words(ReloadResult::ALL, ReloadResult::as_str)]),
            refreshed_at: gauges(
                r,
                "sluicegate_jwks_last_refresh_success_timestamp_seconds",
                "When the key endpoint that has been silent the longest last answered; 0 if one never has.",
                &[],
            ),
            looks: counters(
                r,
                "sluicegate_token_verify_total",
                "Tokens that were looked at: what came of it, and whether it was known from before.",
                &["cache", "result"],
            )
            .resolve(&[
                &labels::words(Memory::ALL, Memory::as_str),
                &labels::words(Outcome::ALL, Outcome::as_str),
            ]),
        }
    }
}

impl Metrics {
    /// Counts a key set that was fetched.
    pub fn keys_refreshed(&self) {
        add(&self.identity.refreshes, ReloadResult::Success as usize, 1);
    }

    /// Counts a key set that could not be fetched.
    pub fn keys_kept(&self) {
        add(&self.identity.refreshes, ReloadResult::Failure as usize, 1);
    }

    /// Sets when the oldest key set was fetched, and how often tokens were looked at.
    pub fn observe_keys(&self, oldest: Option<u64>, tally: &Tally) {
        let none: [&str; 0] = [];
        match oldest {
            Some(unix_seconds) => {
                let at = usize::try_from(unix_seconds).map_or(i64::MAX, signed);
                self.identity.refreshed_at.with_label_values(&none).set(at);
            }
            // Fails only if it is not there, which is what is wanted.
            None => drop(self.identity.refreshed_at.remove_label_values(&none)),
        }
        let counts =
            Memory::ALL.iter().flat_map(|memory| Outcome::ALL.iter().map(|it| tally.get(*memory, *it)));
        for (counter, count) in self.identity.looks.iter().zip(counts) {
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }
}
