//! Messages that nobody sent, put through the gate: test cases, and questions about a policy.
//!
//! **Why.** What a test holds and what `explain` tells must be what the gate does. So there is no second
//! path: a case becomes the bytes of a message with its headers, a caller and a time, and
//! [`Gate::admit`](crate::gate::Gate::admit) judges it with everything that it has: strict reading, rules,
//! limits, the search for data. What a case says that the server answers goes through
//! [`Gate::inspect`](crate::gate::Gate::inspect).
//!
//! ```text
//! Case ─message─▶ Ask ─Gate::admit─▶ Ticket ─Gate::inspect─▶ Came ─compare─▶ findings
//!                   └────policy.explain_*────▶ Explanation ──coverage──▶ which rules were seen
//! ```
//!
//! **Time.** Nothing here reads a clock. The first message of a case is judged at its own time with all
//! limits unused, each repetition later by what the case says; one case knows nothing of another, unless it says
//! that it comes `after` the one above.
//!
//! **What it is not.** No token is verified: a case says who calls. A token that would not hold is a
//! matter of the wire, not of the rules.

mod act;
mod compare;
mod coverage;
mod inquiry;
mod message;
mod story;

pub use act::{Came, Stage};
pub use coverage::{Coverage, CoveredRule, Release};
pub use inquiry::{Account, Question, seen};
pub use message::{body_of, headers_of, told};
pub use story::{person, story, when};

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use crate::identity::{Caller, Supposed};
use crate::names::Now;
use crate::policy::{About, Case, Cases, Explanation, Faults, Place, Policy, Source};
use compare::Runs;

/// What came of the test cases of a bundle.
#[derive(Debug, Clone)]
pub struct Report {
    /// Every case that could be judged, in the order of files and lines.
    pub verdicts: Vec<CaseVerdict>,
    /// What came out otherwise than expected, and what is wrong with the test files.
    pub faults: Faults,
    /// How many cases could not be judged, for something is wrong with them.
    pub unread: usize,
    /// Which rules the cases have seen.
    pub coverage: Coverage,
    /// Cases that say no time although a rule about their message asks for it.
    pub undated: Vec<Box<str>>,
}

/// What came of one case.
#[derive(Debug, Clone)]
pub struct CaseVerdict {
    /// Its name.
    pub name: Box<str>,
    /// Its file.
    pub file: Box<str>,
    /// Where it begins.
    pub place: Place,
    /// What came out otherwise than expected; nothing if it passed.
    pub wrong: Vec<String>,
    /// What came, and why, in one line.
    pub came: String,
}

/// Which cases are judged, and when if they do not say.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'s> {
    /// A part of the names of those that are judged.
    pub filter: Option<&'s str>,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// Judges the cases of the bundle's `*.test.yaml` by `policy`.
pub fn run(policy: &Arc<Policy>, sources: &[Source], selection: Selection<'_>) -> Report {
    let mut cases = Cases::read(policy, sources);
    let list = std::mem::take(&mut cases.list);
    let mut unread = cases.unread();
    let mut coverage = Coverage::new(policy);
    let (mut verdicts, mut undated) = (Vec::new(), Vec::new());
    let is_wanted = |case: &Case| selection.filter.is_none_or(|part| case.name.contains(part));
    let mut chain = None;
    for (at, case) in list.iter().enumerate() {
        // A case that comes after another one needs what that one used up.
        let mut followers = list[at + 1..].iter().take_while(|case| case.after.is_some());
        if !is_wanted(case) && !followers.any(is_wanted) {
            continue;
        }
        let caller = match Supposed::caller(case.caller.as_ref()) {
            Ok(caller) => caller,
            // Whoever reads cases has tried each of their callers.
            Err(_) => {
                unread += 1;
                continue;
            }
        };
        let mut tell = |explanation: &Explanation<'_>| {
            coverage.observe(explanation);
            let is_timed = asks_for_time(explanation);
            if case.at.is_none() && is_timed && undated.last() != Some(&case.name) {
                undated.push(case.name.clone());
            }
        };
        let chained = Chain::follow(chain.take(), policy, case, caller, selection.unix_ms);
        let (runs, chained) = judge(policy, case, chained, &mut tell);
        chain = Some(chained);
        if !is_wanted(case) {
            continue;
        }
        let wrong = compare::compare(policy, case, &runs, &mut cases);
        verdicts.push(CaseVerdict {
            name: case.name.clone(),
            file: case.file.clone(),
            place: case.place,
            wrong,
            came: runs.told,
        });
    }
    Report { verdicts, faults: cases.settle(sources), unread, coverage, undated }
}

/// Cases that come after each other: one gate, and the time of its last message.
struct Chain {
    stage: Stage,
    caller: Arc<Caller>,
    now: Now,
}

impl Chain {
    /// The chain that a case goes on with, or begins, at the time of its first message.
    fn follow(
        chain: Option<Self>,
        policy: &Arc<Policy>,
        case: &Case,
        caller: Arc<Caller>,
        unix_ms: u64,
    ) -> Self {
        match chain.zip(case.after) {
            Some((Self { stage, now, .. }, after)) => {
                let stage = stage.with_caller(Arc::clone(&caller)).having_seen(&case.seen);
                Self { stage, caller, now: now.after(after) }
            }
            None => {
                let stage = Stage::new(Arc::clone(policy), Arc::clone(&caller)).having_seen(&case.seen);
                let now = Now { steady: Duration::ZERO, unix_ms: case.at.unwrap_or(unix_ms) };
                Self { stage, caller, now }
            }
        }
    }
}

/// Sends the message of a case as often as it says.
fn judge<'p>(
    policy: &'p Arc<Policy>,
    case: &Case,
    chain: Chain,
    tell: &mut dyn FnMut(&Explanation<'p>),
) -> (Runs<'p>, Chain) {
    let Chain { stage, caller, now: start } = chain;
    let (times, every, together) =
        case.repeat.map_or((1, Duration::ZERO, false), |it| (it.times.get(), it.every, it.together));
    let mut now = start;
    let question = Question {
        body: body_of(&case.said),
        headers: HeaderMap::new(),
        unix_ms: start.unix_ms,
        caller: Arc::clone(&caller),
    };
    let mut runs = Runs::new(question);
    // Together, all are in flight before the first is answered; else each is answered before the next one.
    let mut waiting: Vec<_> =
        (0..if together { times } else { 0 }).map(|_| stage.enter(&runs.question.body, start)).collect();
    waiting.reverse();
    for time in 0..times {
        now = start.after(every.saturating_mul(time));
        let explanation = inquiry::explain(policy, &caller, now.unix_ms, &runs.question.body);
        if let Some(explanation) = &explanation {
            tell(explanation);
        }
        let (body, result) = (&runs.question.body, case.result.as_deref());
        let came = match waiting.pop() {
            None => stage.send(body, result, now, explanation.as_ref()),
            Some(Ok(ticket)) => stage.answer(ticket, result, now, explanation.as_ref()),
            Some(Err(came)) => *came,
        };
        runs.question.unix_ms = now.unix_ms;
        runs.add(came, explanation);
    }
    runs.told = runs
        .last
        .as_ref()
        .map(|(came, why)| story(policy, &runs.question, came, why.as_ref()))
        .unwrap_or_default();
    (runs, Chain { stage, caller, now })
}

fn asks_for_time(explanation: &Explanation<'_>) -> bool {
    explanation.rules.iter().flat_map(|rule| &rule.checks).any(|check| check.about == About::Time)
}

impl Report {
    /// How many cases came out as expected.
    pub fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.wrong.is_empty()).count()
    }

    /// How many did not, or could not be judged.
    pub fn failed(&self) -> usize {
        self.verdicts.len() - self.passed() + self.unread
    }
}

/// Judges arbitrary cases by an arbitrary policy: two texts, parted by NUL. Long repetitions are left out.
///
/// For fuzzers; panics only when an invariant of this room is broken.
pub fn fuzz_trial(bytes: &[u8]) {
    let (policy, cases) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => bytes.split_at(at),
        None => {
            (&b"version: 1\nserver: { id: a }\ntools: { x: {} }\nallow: [{ id: all, tools: [x] }]"[..], bytes)
        }
    };
    let source = |name: &str, text: &[u8]| Source {
        name: name.into(),
        text: String::from_utf8_lossy(text).trim_start_matches('\0').to_owned(),
    };
    let (policy, cases) = ([source("policy.yaml", policy)], [source("policy.test.yaml", cases)]);
    if cases[0].text.contains("repeat") {
        return;
    }
    if let Ok(policy) = crate::policy::compile(&policy, 0) {
        let report = run(&Arc::new(policy), &cases, Selection { filter: None, unix_ms: 0 });
        assert!(report.failed() == 0 || !report.faults.is_empty(), "every failure is told");
    }
}

#[cfg(test)]
mod tests;
