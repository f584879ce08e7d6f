//! The breakers of one server: its own, and one for each tool.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::outcome::{OutcomeClass, Toll};
use super::plan::BreakerPlan;
use super::state::{Breaker, BreakerState, Cause, Change, News, Pass, Probe};
use crate::bounds::{BREAKER_TOOLS_MAX, BREAKER_TOOLS_OPEN_MIN};

/// The breakers of one server. Shared by all threads and all policies in turn: a reload forgets nothing.
#[derive(Debug)]
pub struct Board {
    server: Mutex<Breaker>,
    tools: RwLock<HashMap<Box<str>, Arc<Cell>>>,
    /// How many tools are not closed.
    resting: AtomicU32,
    /// Spreads rests, so that many gates do not come back at once.
    chances: RandomState,
}

/// One tool.
#[derive(Debug)]
struct Cell {
    name: Box<str>,
    breaker: Mutex<Breaker>,
    /// Whether its calls may try the server after a rest.
    is_fit: AtomicBool,
}

/// The plans that a request is judged by: that of the server, and that of its tool.
#[derive(Debug, Clone, Copy)]
pub struct Plans<'p> {
    /// Of the server.
    pub server: &'p BreakerPlan,
    /// Of the tool.
    pub tool: &'p BreakerPlan,
}

/// A request that wants to go to the server.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// The tool that it calls, if the policy knows it.
    pub tool: Option<&'a str>,
    /// Whether it may try a server that failed.
    pub probe: Probe,
    /// How many tools the policy knows.
    pub tools: usize,
}

/// Why a request may not go to the server now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut {
    /// How long until it may.
    pub wait: Duration,
    /// Whether it is the tool that rests, and not the whole server.
    pub is_tool: bool,
    /// Whether other tools can be called.
    pub others_work: bool,
}

/// That the breaker of a tool, or of the server, went from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The tool; `None` for the server.
    pub tool: Option<Box<str>>,
    /// What happened.
    pub change: Change,
}

/// Where one breaker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerStanding {
    /// The tool; `None` for the server.
    pub tool: Option<Box<str>>,
    /// Where it is.
    pub state: BreakerState,
    /// How long it rests still, where it is open.
    pub rest: Option<Duration>,
}

/// The leave to ask the server; whoever holds it tells how that ended, or drops it where that says nothing.
#[derive(Debug)]
pub struct Permit {
    board: Arc<Board>,
    server: Option<Pass>,
    tool: Option<(Arc<Cell>, Pass)>,
    /// What else a question of the gate itself tries.
    others: Vec<Tried>,
    is_passive: bool,
}

/// A tool that a question of the gate itself tries, and the plan by which it does.
#[derive(Debug)]
struct Tried {
    cell: Arc<Cell>,
    pass: Pass,
    plan: BreakerPlan,
}

/// How a request ended, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// How it ended.
    pub class: OutcomeClass,
    /// From the request to the end of its answer.
    pub took: Duration,
    /// When it ended, on the steady clock.
    pub steady: Duration,
}

impl Board {
    /// A board on which every breaker is closed.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            server: Mutex::new(Breaker::new(&BreakerPlan::default())),
            tools: RwLock::default(),
            resting: AtomicU32::new(0),
            chances: RandomState::new(),
        })
    }

    /// Where each breaker is that has been asked of late, and how long those that are open rest still; that of the
    /// server comes first.
    pub fn standings(&self, steady: Duration) -> Vec<BreakerStanding> {
        let standing = |tool: Option<&str>, breaker: &Breaker| BreakerStanding {
            tool: tool.map(Into::into),
            state: breaker.state(),
            rest: breaker.rest(steady),
        };
        let mut standings = vec![standing(None, &lock(&self.server))];
        let mut tools: Vec<BreakerStanding> =
            self.cells().iter().map(|cell| standing(Some(&cell.name), &lock(&cell.breaker))).collect();
        tools.sort_by(|a, b| a.tool.cmp(&b.tool));
        standings.append(&mut tools);
        standings
    }

    /// Whether a request may go to the server at `steady`; `notices` gets what changed with it.
    ///
    /// # Errors
    /// [`Shut`], with how long to wait.
    pub fn admit(
        self: &Arc<Self>,
        plans: Plans<'_>,
        applicant: Applicant<'_>,
        steady: Duration,
        notices: &mut Vec<Notice>,
    ) -> Result<Permit, Shut> {
        let mut permit = Permit::empty(self);
        let (passed, change) = lock(&self.server).admit(plans.server, steady, applicant.probe);
        self.note(notices, None, change);
        permit.server = Some(passed.map_err(|wait| Shut { wait, is_tool: false, others_work: false })?);
        let Some(cell) = applicant.tool.and_then(|tool| self.cell(tool, plans.tool)) else {
            return Ok(permit);
        };
        cell.is_fit.store(applicant.probe == Probe::Fit, Ordering::Relaxed);
        let (passed, change) = lock(&cell.breaker).admit(plans.tool, steady, applicant.probe);
        self.note(notices, Some(&cell.name), change);
        match passed {
            Ok(pass) => {
                permit.tool = Some((cell, pass));
                Ok(permit)
            }
            Err(wait) => {
                let resting = usize::try_from(self.resting.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
                Err(Shut { wait, is_tool: true, others_work: resting.max(1) < applicant.tools })
            }
        }
    }

    /// The leave for a question of the gate itself, where something rests that no call may try. `plan` is that of the
    /// server, `plan_of` finds that of a tool.
    ///
    /// It tries all of that at once: an answer shows that the server is there.
    pub fn probe<'p>(
        self: &Arc<Self>,
        plan: &BreakerPlan,
        plan_of: impl Fn(&str) -> &'p BreakerPlan,
        steady: Duration,
        notices: &mut Vec<Notice>,
    ) -> Option<Permit> {
        let mut permit = Permit::empty(self);
        permit.is_passive = true;
        let mut server = lock(&self.server);
        if server.wants_probe(steady) {
            let (passed, change) = server.admit(plan, steady, Probe::Fit);
            permit.server = passed.ok();
            self.note(notices, None, change);
        }
        drop(server);
        let resting = self.resting.load(Ordering::Relaxed) > 0;
        for cell in self.cells().into_iter().filter(|_| resting) {
            if cell.is_fit.load(Ordering::Relaxed) {
                continue;
            }
            let mut breaker = lock(&cell.breaker);
            if breaker.wants_probe(steady) {
                let plan = plan_of(&cell.name);
                let (passed, change) = breaker.admit(plan, steady, Probe::Fit);
                drop(breaker);
                self.note(notices, Some(&cell.name), change);
                permit.others.extend(passed.ok().map(|pass| Tried { cell, pass, plan: plan.clone() }));
            }
        }
        (permit.server.is_some() || !permit.others.is_empty()).then_some(permit)
    }

    /// Where the breaker of a tool is, or that of the server.
    #[cfg(test)]
    pub(super) fn state(&self, tool: Option<&str>) -> BreakerState {
        match tool {
            None => lock(&self.server).state(),
            Some(tool) => {
                let cell = self.tools.read().unwrap_or_else(PoisonError::into_inner).get(tool).cloned();
                cell.map_or(BreakerState::Closed, |cell| lock(&cell.breaker).state())
            }
        }
    }

    fn cells(&self) -> Vec<Arc<Cell>> {
        self.tools.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The cell of a tool, made where there is none; `None` where there are too many.
    fn cell(&self, tool: &str, plan: &BreakerPlan) -> Option<Arc<Cell>> {
        if let Some(cell) = self.tools.read().unwrap_or_else(PoisonError::into_inner).get(tool) {
            return Some(Arc::clone(cell));
        }
        let mut tools = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        if tools.len() >= BREAKER_TOOLS_MAX && !tools.contains_key(tool) {
            return None;
        }
        let made = || {
            Arc::new(Cell {
                name: tool.into(),
                breaker: Mutex::new(Breaker::new(plan)),
                is_fit: AtomicBool::new(true),
            })
        };
        Some(Arc::clone(tools.entry(tool.into()).or_insert_with(made)))
    }

    fn note(&self, notices: &mut Vec<Notice>, tool: Option<&str>, change: Option<Change>) {
        let Some(change) = change else { return };
        if tool.is_some() && change.from == BreakerState::Closed {
            self.resting.fetch_add(1, Ordering::Relaxed);
        }
        if tool.is_some() && change.to == BreakerState::Closed {
            self.resting.fetch_sub(1, Ordering::Relaxed);
        }
        notices.push(Notice { tool: tool.map(Into::into), change });
    }

    fn chance(&self, name: &str, steady: Duration) -> u64 {
        self.chances.hash_one((name, steady))
    }

    /// Lets the server rest where too many of its tools do.
    fn roll_up(&self, plan: &BreakerPlan, steady: Duration, notices: &mut Vec<Notice>) {
        let (mut used, mut open) = (0_u32, 0_u32);
        for cell in self.cells() {
            let breaker = lock(&cell.breaker);
            // One that opened long ago and that nobody asks for says nothing of the server now.
            if breaker.is_used(steady) {
                used += 1;
                open += u32::from(breaker.state() != BreakerState::Closed);
            }
        }
        let is_share = u64::from(open) * 100 >= u64::from(used) * u64::from(plan.tools_percent);
        if open < BREAKER_TOOLS_OPEN_MIN || !is_share {
            return;
        }
        let mut server = lock(&self.server);
        if server.state() == BreakerState::Closed {
            let change = server.open(plan, steady, Cause::Tools, self.chance("", steady));
            self.note(notices, None, Some(change));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A breaker is plain numbers, whole after every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Permit {
    fn empty(board: &Arc<Board>) -> Self {
        Self { board: Arc::clone(board), server: None, tool: None, others: Vec::new(), is_passive: false }
    }

    /// Whether it would have been refused if breakers did more than look.
    pub fn is_spared(&self) -> bool {
        let tool = self.tool.as_ref().map(|(_, pass)| *pass);
        self.server.into_iter().chain(tool).any(|pass| pass.is_spared)
    }

    /// Tells how the request ended; `notices` gets what changed with it.
    pub fn close(mut self, plans: Plans<'_>, course: Course, notices: &mut Vec<Notice>) {
        let Course { class, took, steady } = course;
        let effect = class.effect();
        let news = |plan: &BreakerPlan| News {
            toll: effect.toll,
            is_slow: effect.is_slow || plan.slow_after.is_some_and(|after| took >= after),
            is_tool_error: class == OutcomeClass::ToolError,
            is_passive: self.is_passive,
        };
        let board = Arc::clone(&self.board);
        let is_call = self.tool.is_some();
        let mut is_opened = false;
        let mut tell = |cell: &Cell, pass, plan: &BreakerPlan| {
            let chance = board.chance(&cell.name, steady);
            let change = lock(&cell.breaker).hear(plan, steady, pass, news(plan), chance);
            is_opened |= change.is_some_and(|change| change.to == BreakerState::Open);
            board.note(notices, Some(&cell.name), change);
        };
        if let Some((cell, pass)) = self.tool.take() {
            tell(&cell, pass, plans.tool);
        }
        for Tried { cell, pass, plan } in self.others.drain(..) {
            tell(&cell, pass, &plan);
        }
        if let Some(pass) = self.server.take() {
            let news = news(plans.server);
            let toll = if is_call && !pass.is_probe() { of_server(class) } else { news.toll };
            let news = News { toll, is_tool_error: false, ..news };
            let chance = board.chance("", steady);
            let change = lock(&board.server).hear(plans.server, steady, pass, news, chance);
            board.note(notices, None, change);
        }
        if is_opened {
            board.roll_up(plans.server, steady, notices);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pass) = self.server.take() {
            lock(&self.board.server).release(pass);
        }
        let others = self.others.drain(..).map(|tried| (tried.cell, tried.pass));
        for (cell, pass) in self.tool.take().into_iter().chain(others) {
            lock(&cell.breaker).release(pass);
        }
    }
}

/// What the end of a call says of the whole server: only that it is there, or that it is not.
fn of_server(class: OutcomeClass) -> Toll {
    match (class, class.effect().toll) {
        (OutcomeClass::ConnectFailed, toll) => toll,
        (_, Toll::Neutral | Toll::Success) => Toll::Neutral,
        (_, Toll::Failure { .. } | Toll::Nothing) => Toll::Nothing,
    }
}
