//! One breaker: closed, open, half open, and what leads from one to another.

use std::time::Duration;

use super::outcome::Toll;
use super::plan::{BreakerPlan, Drive};
use super::window::{Count, Window};
use crate::bounds::{BREAKER_JITTER_PERCENT, BREAKER_PROBE_WAIT};

/// What one breaker knows. Starts closed, with an empty window.
#[derive(Debug)]
pub(super) struct Breaker {
    window: Window,
    phase: Phase,
    /// How often in a row the gate had no answer.
    run: u32,
    /// How often it has opened since the last call that went well.
    openings: u32,
    /// Counts the phases: what was admitted in one says nothing in the next.
    turn: u32,
    /// When a call wanted to pass last, or the end of one was heard.
    used: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    HalfOpen { busy: u32, good: u32 },
    Open { until: Duration },
}

/// Where a breaker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// A few calls pass, to see whether the server is well again.
    HalfOpen,
    /// Nothing passes.
    Open,
}

/// Why a breaker went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Too many calls failed.
    Failed,
    /// A call that tried the server failed.
    ProbeFailed,
    /// Calls that tried the server went well.
    Probed,
    /// Its time of rest is over.
    Rested,
    /// The gate had no answer several times in a row.
    Row,
    /// Too many calls were slow.
    Slow,
    /// Too many results had `isError`.
    ToolErrors,
    /// Too many tools of the server rest.
    Tools,
}

/// That a breaker went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Where it was.
    pub from: BreakerState,
    /// Where it is.
    pub to: BreakerState,
    /// Why.
    pub cause: Cause,
    /// How long it rests, where it does.
    pub rest: Option<Duration>,
}

/// Whether a request may try a server that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It changes nothing, or nothing more when done twice.
    Fit,
    /// Nobody may do it to see what happens.
    Unfit,
}

/// The leave of one breaker to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    turn: u32,
    is_probe: bool,
    /// Whether it would have been refused if the breaker did more than look.
    pub is_spared: bool,
}

impl Pass {
    /// Whether it tries a server that failed.
    pub fn is_probe(self) -> bool {
        self.is_probe
    }
}

impl Breaker {
    pub fn new(plan: &BreakerPlan) -> Self {
        let (window, phase, used) = (Window::new(plan.window), Phase::Closed, Duration::ZERO);
        Self { window, phase, run: 0, openings: 0, turn: 0, used }
    }

    /// Whether a request may go on at `steady`; what changed with it.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(
        &mut self,
        plan: &BreakerPlan,
        steady: Duration,
        probe: Probe,
    ) -> (Result<Pass, Duration>, Option<Change>) {
        self.used = self.used.max(steady);
        match plan.drive {
            Drive::ForcedClosed => return (Ok(self.pass(false, false)), None),
            Drive::ForcedOpen => return (Err(plan.rest), None),
            Drive::Auto | Drive::Observe => {}
        }
        let mut change = None;
        if let Phase::Open { until } = self.phase
            && until <= steady
            && probe == Probe::Fit
        {
            change = Some(self.go(Phase::HalfOpen { busy: 0, good: 0 }, Cause::Rested, None));
        }
        let admitted = match &mut self.phase {
            Phase::Closed => Ok(self.pass(false, false)),
            Phase::HalfOpen { busy, good } if probe == Probe::Fit && *busy + *good < plan.probes => {
                *busy += 1;
                Ok(self.pass(true, false))
            }
            Phase::HalfOpen { .. } => Err(BREAKER_PROBE_WAIT),
            Phase::Open { until } => Err(until.saturating_sub(steady).max(BREAKER_PROBE_WAIT)),
        };
        match admitted {
            Err(_) if plan.drive == Drive::Observe => (Ok(self.pass(false, true)), change),
            admitted => (admitted, change),
        }
    }

    fn pass(&self, is_probe: bool, is_spared: bool) -> Pass {
        Pass { turn: self.turn, is_probe, is_spared }
    }

    /// Whether somebody should try the server: the rest is over, and no call could.
    pub fn wants_probe(&self, steady: Duration) -> bool {
        match self.phase {
            Phase::Closed => false,
            Phase::HalfOpen { busy, .. } => busy == 0,
            Phase::Open { until } => until <= steady,
        }
    }

    /// Gives a pass back of which nothing is to be told.
    pub fn release(&mut self, pass: Pass) {
        if let Phase::HalfOpen { busy, .. } = &mut self.phase
            && pass.is_probe
            && pass.turn == self.turn
        {
            *busy = busy.saturating_sub(1);
        }
    }

    /// Hears how a call ended; `chance` spreads the rest.
    pub fn hear(
        &mut self,
        plan: &BreakerPlan,
        steady: Duration,
        pass: Pass,
        news: News,
        chance: u64,
    ) -> Option<Change> {
        self.used = self.used.max(steady);
        let is_deaf = plan.drive == Drive::ForcedClosed;
        if pass.turn != self.turn || news.toll == Toll::Nothing || is_deaf {
            self.release(pass);
            return None;
        }
        match self.phase {
            Phase::Closed => self.hear_closed(plan, steady, news, chance),
            Phase::HalfOpen { busy, good } if pass.is_probe => match news.toll {
                Toll::Failure { .. } => Some(self.open(plan, steady, Cause::ProbeFailed, chance)),
                // An answer of any kind shows that somebody is there.
                Toll::Neutral | Toll::Success if good + 1 >= plan.probes => {
                    if news.toll == Toll::Success && !news.is_passive {
                        self.openings = 0;
                    }
                    Some(self.go(Phase::Closed, Cause::Probed, None))
                }
                Toll::Neutral | Toll::Success => {
                    self.phase = Phase::HalfOpen { busy: busy.saturating_sub(1), good: good + 1 };
                    None
                }
                Toll::Nothing => None,
            },
            Phase::HalfOpen { .. } | Phase::Open { .. } => None,
        }
    }

    fn hear_closed(
        &mut self,
        plan: &BreakerPlan,
        steady: Duration,
        news: News,
        chance: u64,
    ) -> Option<Change> {
        let mut count = Count { tool_errors: u32::from(news.is_tool_error), ..Count::default() };
        match news.toll {
            Toll::Failure { is_local } => {
                self.run = if is_local { self.run.saturating_add(1) } else { 0 };
                (count.total, count.failed, count.slow) = (1, 1, u32::from(news.is_slow));
            }
            Toll::Neutral => self.run = 0,
            Toll::Nothing => return None,
            Toll::Success => {
                (self.run, self.openings) = (0, 0);
                (count.total, count.slow) = (1, u32::from(news.is_slow));
            }
        }
        self.window.add(plan.window, steady, count);
        let cause = self.cause(plan, steady)?;
        Some(self.open(plan, steady, cause, chance))
    }

    /// Why it should trip now, if it should.
    fn cause(&mut self, plan: &BreakerPlan, steady: Duration) -> Option<Cause> {
        if self.run >= plan.failures {
            return Some(Cause::Row);
        }
        let Count { total, failed, slow, tool_errors } = self.window.sum(plan.window, steady);
        if let Some(limit) = plan.tool_errors
            && total.saturating_add(tool_errors) >= limit.calls
            && is_share(tool_errors, total.saturating_add(tool_errors), limit.percent)
        {
            return Some(Cause::ToolErrors);
        }
        if total < plan.calls {
            return None;
        }
        let is_failed = is_share(failed, total, plan.failed_percent);
        let is_slow = is_share(slow, total, plan.slow_percent);
        is_failed.then_some(Cause::Failed).or_else(|| is_slow.then_some(Cause::Slow))
    }

    /// Opens, for twice as long as the last time.
    pub fn open(&mut self, plan: &BreakerPlan, steady: Duration, cause: Cause, chance: u64) -> Change {
        let rest = jittered(plan.rest_after(self.openings), chance).min(plan.rest_max);
        self.openings = self.openings.saturating_add(1);
        self.go(Phase::Open { until: steady.saturating_add(rest) }, cause, Some(rest))
    }

    fn go(&mut self, phase: Phase, cause: Cause, rest: Option<Duration>) -> Change {
        let from = self.state();
        self.phase = phase;
        self.turn = self.turn.wrapping_add(1);
        self.run = 0;
        self.window.clear();
        Change { from, to: self.state(), cause, rest }
    }

    pub fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
            Phase::Open { .. } => BreakerState::Open,
        }
    }

    /// How long it rests still, where it is open.
    pub fn rest(&self, steady: Duration) -> Option<Duration> {
        match self.phase {
            Phase::Open { until } => Some(until.saturating_sub(steady)),
            Phase::Closed | Phase::HalfOpen { .. } => None,
        }
    }

    /// Whether calls came or ended within its window, or would have if it did not rest.
    pub fn is_used(&self, steady: Duration) -> bool {
        let is_resting = matches!(self.phase, Phase::Open { until } if until > steady);
        is_resting || steady.saturating_sub(self.used) < self.window.length()
    }
}

/// How a call ended, as one breaker hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    pub toll: Toll,
    pub is_slow: bool,
    pub is_tool_error: bool,
    /// Whether it was a question of the gate itself, which says that the server is there and no more.
    pub is_passive: bool,
}

fn is_share(part: u32, whole: u32, percent: u32) -> bool {
    part > 0 && u64::from(part) * 100 >= u64::from(whole) * u64::from(percent)
}

/// A time, give or take `BREAKER_JITTER_PERCENT`.
fn jittered(time: Duration, chance: u64) -> Duration {
    let spread = u64::from(2 * BREAKER_JITTER_PERCENT + 1);
    let percent = 100 - BREAKER_JITTER_PERCENT + u32::try_from(chance % spread).unwrap_or_default();
    time.saturating_mul(percent) / 100
}

impl BreakerState {
    /// The word for it in metrics, records and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

impl Cause {
    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failure_rate",
            Self::ProbeFailed => "probe_failed",
            Self::Probed => "probed",
            Self::Rested => "rested",
            Self::Row => "consecutive",
            Self::Slow => "slow_rate",
            Self::ToolErrors => "tool_errors",
            Self::Tools => "tools_open",
        }
    }
}
