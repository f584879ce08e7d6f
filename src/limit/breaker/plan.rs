//! When a breaker trips and how long it rests, as a policy says it.

use std::time::Duration;

use crate::bounds::{
    BREAKER_CALLS_MIN, BREAKER_FAILED_PERCENT, BREAKER_FAILURES, BREAKER_PROBES, BREAKER_REST,
    BREAKER_REST_MAX, BREAKER_SLOW_PERCENT, BREAKER_TOOL_ERRORS_MIN, BREAKER_TOOL_ERRORS_PERCENT,
    BREAKER_TOOLS_PERCENT, BREAKER_WINDOW,
};

/// When a breaker trips, and what then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerPlan {
    /// Whether it acts by what it sees.
    pub drive: Drive,
    /// How far back it looks.
    pub window: Duration,
    /// Calls in the window, below which no rate says anything.
    pub calls: u32,
    /// It trips when so many of a hundred failed.
    pub failed_percent: u32,
    /// It trips when so many of a hundred were slow.
    pub slow_percent: u32,
    /// From when on a call is slow; `None`: when its time is up.
    pub slow_after: Option<Duration>,
    /// It trips when the gate had no answer so often in a row.
    pub failures: u32,
    /// The first rest; doubled each time, give or take a fifth.
    pub rest: Duration,
    /// The longest rest.
    pub rest_max: Duration,
    /// How many calls try the server after a rest, at once, and must succeed.
    pub probes: u32,
    /// The server rests when so many of a hundred tools with traffic do.
    pub tools_percent: u32,
    /// Whether results with `isError` count, and when.
    pub tool_errors: Option<ToolErrors>,
    /// Codes of JSON-RPC errors that are failures of the server.
    pub failure_codes: Box<[i64]>,
}

/// Whether a breaker acts by what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drive {
    /// It opens and closes.
    #[default]
    Auto,
    /// Nothing is refused, whatever happens.
    ForcedClosed,
    /// Everything is refused.
    ForcedOpen,
    /// It opens and closes, and refuses nothing.
    Observe,
}

/// When results with `isError` open the breaker of their tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolErrors {
    /// So many of a hundred results.
    pub percent: u32,
    /// Of at least so many.
    pub calls: u32,
}

impl Default for BreakerPlan {
    fn default() -> Self {
        Self {
            drive: Drive::Auto,
            window: BREAKER_WINDOW,
            calls: BREAKER_CALLS_MIN,
            failed_percent: BREAKER_FAILED_PERCENT,
            slow_percent: BREAKER_SLOW_PERCENT,
            slow_after: None,
            failures: BREAKER_FAILURES,
            rest: BREAKER_REST,
            rest_max: BREAKER_REST_MAX,
            probes: BREAKER_PROBES,
            tools_percent: BREAKER_TOOLS_PERCENT,
            tool_errors: None,
            failure_codes: Box::default(),
        }
    }
}

impl BreakerPlan {
    /// The rest after one has opened `openings` times before and nothing went well since: twice as long each time.
    pub(super) fn rest_after(&self, openings: u32) -> Duration {
        let doubled = self.rest.saturating_mul(1_u32.checked_shl(openings).unwrap_or(u32::MAX));
        doubled.min(self.rest_max)
    }
}

impl Default for ToolErrors {
    fn default() -> Self {
        Self { percent: BREAKER_TOOL_ERRORS_PERCENT, calls: BREAKER_TOOL_ERRORS_MIN }
    }
}

impl Drive {
    /// Every way.
    pub const ALL: &[Self] = &[Self::Auto, Self::ForcedClosed, Self::ForcedOpen, Self::Observe];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ForcedClosed => "forced_closed",
            Self::ForcedOpen => "forced_open",
            Self::Observe => "observe",
        }
    }
}
