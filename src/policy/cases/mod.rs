//! `*.test.yaml`: messages with what the policy is expected to do with them.
//!
//! **Why.** A policy is read by people and changed under pressure; a case says in one line what must
//! stay so.
//!
//! **How.** A case says who sends what and when, or leaves it to the case above (`draft`), and what is
//! expected of it (`expect`). Every name in it is looked up: a case about a rule, tool or scope that
//! does not exist would hold for ever and say nothing. What a case says is here; the room `trial` sends
//! it through the gate.
//!
//! **Time.** A case is judged at its `at`, else at that of its file, else at a time that the runner
//! gives; one that says `after` comes so long after the case above, and knows what that one used up. Nothing
//! here reads a clock.

mod draft;
mod expect;
mod path;
mod read;

use std::num::NonZeroU32;
use std::time::Duration;

use super::Source;
use super::code::Code;
use super::compile::Part;
use super::diagnostic::{Faults, Findings, Span};
use super::places::{Place, Places};
use super::snapshot::Policy;
use super::yaml;
use crate::identity::Supposed;
use crate::mcp::Method;
use crate::names::Label;
use crate::scan::{Detector, Direction};

pub(super) use draft::{CALL_KEYS, ROOTS};
pub use expect::REASONS;
pub(super) use expect::{EXPECT_KEYS, HTTP_KEYS, WAIT_KEYS};
pub use path::Path;
pub use read::parse_time;
pub(super) use read::{CALLER_KEYS, CASE_KEYS, REPEAT_KEYS, TESTS_KEYS};

/// The cases of a bundle's test files, and what is wrong with them.
#[derive(Debug)]
pub struct Cases {
    /// Those that can be judged, in the order of files and lines.
    pub list: Vec<Case>,
    unread: usize,
    findings: Findings,
}

/// A place in a test file that something can be said about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(Span);

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called; made of the case above where it has no name of its own.
    pub name: Box<str>,
    /// The name of its file.
    pub file: Box<str>,
    /// Where it begins.
    pub place: Place,
    /// The same, for findings.
    pub mark: Mark,
    /// Who sends the message; `None` for an anonymous caller.
    pub caller: Option<Supposed>,
    /// When, in milliseconds since 1970; `None` where neither case nor file says.
    pub at: Option<u64>,
    /// How long after the last message of the case above, with limits as that one left them; `None` for a case
    /// that begins anew, at its own time.
    pub after: Option<Duration>,
    /// Labels that its conversation has seen before, for flows.
    pub seen: Vec<Label>,
    /// What is sent.
    pub said: Said,
    /// What the server answers, as JSON.
    pub result: Option<Box<str>>,
    /// How often it is sent; once if it does not say.
    pub repeat: Option<Repeat>,
    /// What is expected.
    pub expected: Expected,
}

/// What a case sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A call of a tool.
    Call {
        /// Its name.
        tool: Box<str>,
        /// The arguments as JSON.
        arguments: Option<Box<str>>,
    },
    /// Anything else.
    Method {
        /// The method.
        method: Method,
        /// The prompt, resource or task that it is about.
        target: Option<Box<str>>,
    },
}

/// Sending one message many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// How often, at most `CASE_REPEATS_MAX`.
    pub times: NonZeroU32,
    /// How much later each one is than the one before.
    pub every: Duration,
    /// Whether all of them are in flight before the first is answered.
    pub together: bool,
}

/// What a case wants; what is `None` or empty does not matter to it.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Whether it goes through; of a repeated case the last time.
    pub decision: Option<Wanted<Verdict>>,
    /// The rule that decides, or for want of one comes nearest.
    pub rule: Option<Wanted<Label>>,
    /// The allow that comes nearest where no rule decides.
    pub nearest: Option<Wanted<Label>>,
    /// The deny in shadow mode that would have refused.
    pub shadow: Option<Wanted<Label>>,
    /// The reason, one of [`REASONS`].
    pub reason: Option<Wanted<&'static str>>,
    /// The arguments by which the nearest allow, or the deny that decides, fails or applies.
    pub failed: Option<Wanted<Vec<Box<str>>>>,
    /// A part of what the caller is told.
    pub message: Option<Wanted<Box<str>>>,
    /// The scopes that the caller is asked to get.
    pub scopes: Option<Wanted<Vec<Box<str>>>>,
    /// What stands at places of the arguments or the answer when they are passed on.
    pub redacted: Vec<Wanted<Redacted>>,
    /// How many values of a kind are found, in arguments and answer together.
    pub found: Vec<Wanted<(Detector, u32)>>,
    /// How the refusal looks on the wire.
    pub http: Http,
    /// All that `tools/list` shows to the caller, sorted.
    pub lists: Option<Wanted<Vec<Box<str>>>>,
    /// How many of a repeated message go through.
    pub allowed: Option<Wanted<u32>>,
    /// The rule or limit that refuses each one that does not.
    pub denied_by: Option<Wanted<DeniedBy>>,
    /// How long those that a limit refuses are told to wait, from and to.
    pub retry_after: Option<Wanted<(Duration, Duration)>>,
}

/// Something expected, and where the file says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<T> {
    /// What.
    pub value: T,
    /// Where.
    pub mark: Mark,
}

/// Whether a message goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Allow,
    /// It does not, or its answer does not.
    Deny,
}

/// What stands at a place when it is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// In what.
    pub direction: Direction,
    /// Where in it; of a call in its arguments, of an answer in its result.
    pub path: Path,
    /// What, as JSON.
    pub value: Box<str>,
}

/// How a refusal looks on the wire.
#[derive(Debug, Clone, Default)]
pub struct Http {
    /// The HTTP status.
    pub status: Option<Wanted<u16>>,
    /// The JSON-RPC error code.
    pub code: Option<Wanted<i64>>,
    /// A part of `WWW-Authenticate`.
    pub challenge: Option<Wanted<Box<str>>>,
}

/// Who refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedBy {
    /// A limit.
    Limit(Label),
    /// A rule.
    Rule(Label),
}

impl Cases {
    /// Reads every `*.test.yaml` among `sources`, for the policy that they are about.
    pub fn read(policy: &Policy, sources: &[Source]) -> Self {
        let mut findings = Findings::default();
        let places = Places::new(sources);
        let (mut list, mut unread) = (Vec::new(), 0);
        for (file, source) in
            sources.iter().enumerate().filter(|(_, source)| Part::of(&source.name) == Part::Test)
        {
            let Some(root) = yaml::parse(file, source, &mut findings) else { continue };
            let reader = read::Reader { policy, places: &places, file: &source.name };
            let cases = reader.cases(&root, &mut findings);
            unread += cases.iter().filter(|case| case.is_none()).count();
            list.extend(cases.into_iter().flatten());
        }
        Self { list, unread, findings }
    }

    /// How many cases cannot be judged, for something is wrong with them.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// Notes that something came out otherwise than a case wants.
    pub fn note(&mut self, code: Code, mark: Mark, message: String, help: String) {
        self.findings.advise(code, mark.0, message, help);
    }

    /// Everything that was found, in the order of files and lines of the same `sources`.
    pub fn settle(self, sources: &[Source]) -> Faults {
        self.findings.settle(sources)
    }
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}
