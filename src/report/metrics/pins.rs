//! Counting what is seen of tools that are not what was approved.

use prometheus::{IntCounter, IntGauge, Registry};

use super::Metrics;
use super::count::signed;
use super::families::{Resolve, counters, gauge};
use crate::gate::{PinEvent, PinNotice};
use crate::policy::PinAction;
use crate::report::labels;

/// The series about pins.
pub(super) struct PinSeries {
    events: Vec<IntCounter>,
    checks: Vec<IntCounter>,
    quarantined: IntGauge,
}

/// Who asked for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinAsker {
    /// The gate in the place of a caller, whose call waited.
    Caller,
    /// The gate by itself.
    Own,
}

/// What came of asking for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinResult {
    /// There was nothing new in it.
    Clean,
    /// There was.
    Drift,
    /// It could not be had.
    Failed,
    /// The server has none.
    Unlisted,
}

impl PinAsker {
    const ALL: &[Self] = &[Self::Caller, Self::Own];

    fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Own => "own",
        }
    }
}

impl PinResult {
    const ALL: &[Self] = &[Self::Clean, Self::Drift, Self::Failed, Self::Unlisted];

    fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Drift => "drift",
            Self::Failed => "failed",
            Self::Unlisted => "unlisted",
        }
    }

    /// That of a list in which this is new.
    pub fn of(notices: &[PinNotice]) -> Self {
        if notices.is_empty() { Self::Clean } else { Self::Drift }
    }
}

impl PinSeries {
    pub fn new(r: &Registry) -> Self {
        let (events, actions) = (
            labels::words(PinEvent::ALL, PinEvent::as_str),
            labels::words(PinAction::ALL, PinAction::as_str),
        );
        Self {
            events: counters(
                r,
                "sluicegate_pin_events_total",
                "Tools that were seen to be something else than what was approved, by what changed and what is done about it.",
                &["event", "action"],
            )
            .resolve(&[&events, &actions]),
            checks: counters(
                r,
                "sluicegate_pin_checks_total",
                "Lists of tools that the gate asked for, before calls and by itself.",
                &["by", "result"],
            )
            .resolve(&[
                &labels::words(PinAsker::ALL, PinAsker::as_str),
                &labels::words(PinResult::ALL, PinResult::as_str),
            ]),
            quarantined: gauge(
                r,
                "sluicegate_pin_quarantined_tools",
                "Tools that differ from what was approved, as somebody was shown them within the hour.",
            ),
        }
    }
}

impl Metrics {
    /// Counts a tool that was seen to be something else.
    pub fn pin_noticed(&self, notice: &PinNotice) {
        let event = PinEvent::ALL.iter().position(|event| *event == notice.event);
        let action = PinAction::ALL.iter().position(|action| *action == notice.action);
        if let (Some(event), Some(action)) = (event, action) {
            let series = self.pins.events.get(event * PinAction::ALL.len() + action);
            series.into_iter().for_each(IntCounter::inc);
        }
    }

    /// Counts a list that the gate asked for.
    pub fn pins_checked(&self, by: PinAsker, result: PinResult) {
        let at = by as usize * PinResult::ALL.len() + result as usize;
        self.pins.checks.get(at).into_iter().for_each(IntCounter::inc);
    }

    /// Sets how many tools differ.
    pub fn observe_quarantined(&self, tools: usize) {
        self.pins.quarantined.set(signed(tools));
    }
}
