//! Counting what a model reads, and what it does not come to read.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, Registry};

use super::families::{Resolve, counters, histograms};
use super::{Metrics, SECONDS};
use crate::gate::Unread;
use crate::policy::Beyond;
use crate::report::labels;

/// The series about prose.
pub(super) struct ProseSeries {
    texts: Vec<IntCounter>,
    seconds: Vec<Histogram>,
    unread: Vec<IntCounter>,
}

impl ProseSeries {
    pub(super) fn new(r: &Registry) -> Self {
        Self {
            texts: counters(
                r,
                "sluicegate_prose_texts_total",
                "Texts of results that a model has read, or that it had read before.",
                &["result"],
            )
            .resolve(&[&["read", "remembered"]]),
            seconds: histograms(
                r,
                "sluicegate_prose_read_seconds",
                "How long a message waited for its prose to be read.",
                &[],
                SECONDS,
            )
            .resolve(&[]),
            unread: counters(
                r,
                "sluicegate_prose_unread_total",
                "Messages whose prose was not read, and what became of them.",
                &["reason", "action"],
            )
            .resolve(&[
                &labels::words(Unread::ALL, Unread::as_str),
                &labels::words(Beyond::ALL, Beyond::as_str),
            ]),
        }
    }
}

impl Metrics {
    /// Counts the texts of a message that were read, and how long it waited for that.
    pub fn prose_read(&self, texts: usize, took: Duration) {
        if let (Some(counter), Some(histogram)) = (self.prose.texts.first(), self.prose.seconds.first()) {
            counter.inc_by(u64::try_from(texts).unwrap_or(u64::MAX));
            histogram.observe(took.as_secs_f64());
        }
    }

    /// Counts texts that had been read before.
    pub fn prose_remembered(&self, texts: usize) {
        if let Some(counter) = self.prose.texts.get(1) {
            counter.inc_by(u64::try_from(texts).unwrap_or(u64::MAX));
        }
    }

    /// Counts a message that was not read.
    pub fn prose_unread(&self, unread: Unread, beyond: Beyond) {
        let at = unread as usize * Beyond::ALL.len() + beyond as usize;
        self.prose.unread.get(at).into_iter().for_each(IntCounter::inc);
    }
}
