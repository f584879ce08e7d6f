//! What lists did not show, or would not have shown were their policy enforced.

use prometheus::{IntCounter, Registry};

use super::count::add;
use super::families::{Resolve, counters};
use crate::gate::{List, Record};
use crate::names::Mode;
use crate::report::labels;

/// The words of `mode`.
const MODES: [Mode; 2] = [Mode::Enforce, Mode::Shadow];

/// The series by list and mode.
pub(super) struct UnlistedSeries(Vec<IntCounter>);

impl UnlistedSeries {
    pub fn new(r: &Registry) -> Self {
        let help =
            "Items of lists that were not shown to their caller; in `shadow` those that would not have been.";
        let family = counters(r, "sluicegate_list_items_hidden_total", help, &["list", "mode"]);
        let modes = labels::words(&MODES, Mode::as_str);
        Self(family.resolve(&[&labels::words(List::ALL, List::as_str), &modes]))
    }

    pub fn count(&self, record: &Record) {
        let Some(list) = record.unlisted.list else { return };
        let mode = usize::from(record.mode == Mode::Shadow);
        add(&self.0, list as usize * MODES.len() + mode, record.unlisted.count.into());
    }
}
