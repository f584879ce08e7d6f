//! Which server a request goes to, whether that one is well, and whether it has a place for it.
//!
//! Asked after the rules and before the limits, so that what is refused for a sick or busy server costs its caller
//! nothing. What is given is held by the ticket and given back when the ticket is settled or dropped, however its
//! exchange ends. Notifications and answers of the client are neither refused nor counted.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::ask::Ask;
use super::health::{Health, Leave};
use super::record::Record;
use super::rules::Topic;
use super::words::seconds;
use super::{Action, Denial, Gate, Reason, Ticket, Verdict};
use crate::identity::Caller;
use crate::limit::adaptive::Adaptive;
use crate::limit::breaker::{Again, Applicant, Board, BreakerStanding, OutcomeClass, Plans, Probe, Shut};
use crate::limit::bulkhead::{Bulkhead, Full, Guest, Room};
use crate::limit::retry::RetryBudget;
use crate::limit::sticky::Sticky;
use crate::mcp::{Message, Method};
use crate::names::{Mode, Now};
use crate::policy::{Fallback, Policy, ReplicaPlan, Tool};

/// One of the servers behind a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Branch {
    /// The one that the operator names.
    #[default]
    Primary,
    /// The one that only reads.
    Replica,
}

impl Branch {
    /// Both.
    pub const ALL: &[Self] = &[Self::Primary, Self::Replica];

    /// The word for it in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// Looks after the servers behind a gate; shared by all policies in turn.
#[derive(Debug)]
pub(super) struct Ward {
    pub primary: Side,
    pub replica: Side,
    pub writers: Sticky,
    keys: RandomState,
}

/// One server.
#[derive(Debug)]
pub(super) struct Side {
    pub board: Arc<Board>,
    pub bulkhead: Bulkhead,
    pub adaptive: Adaptive,
    pub retries: RetryBudget,
}

/// A judged message that wants to go to a server.
#[derive(Clone, Copy)]
pub(super) struct Traveller<'a> {
    pub policy: &'a Policy,
    pub caller: &'a Caller,
    pub ask: &'a Ask<'a>,
    pub topic: &'a Topic<'a>,
    pub message: &'a Message<'a>,
    /// Whether it belongs to a session, which only the first server knows.
    pub is_bound: bool,
}

/// Whether something is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It could be, but too much was asked again lately.
    BudgetSpent,
    /// It is not.
    Never,
    /// It is, now.
    Now,
}

/// How much is with one server, and how much may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Which server.
    pub branch: Branch,
    /// Requests that are there now.
    pub taken: u32,
    /// Requests that may be there.
    pub limit: u32,
}

impl Side {
    fn new() -> Self {
        Self {
            board: Board::new(),
            bulkhead: Bulkhead::default(),
            adaptive: Adaptive::default(),
            retries: RetryBudget::default(),
        }
    }

    fn limit(&self, policy: &Policy) -> u32 {
        let care = &policy.upstream.care;
        if care.is_adaptive { self.adaptive.limit(care.concurrency.server) } else { care.concurrency.server }
    }
}

impl Ward {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            primary: Side::new(),
            replica: Side::new(),
            writers: Sticky::default(),
            keys: RandomState::new(),
        })
    }

    pub fn side(&self, branch: Branch) -> &Side {
        match branch {
            Branch::Primary => &self.primary,
            Branch::Replica => &self.replica,
        }
    }

    /// Who calls, as a number that says nothing.
    fn who(&self, caller: &Caller) -> u64 {
        self.keys.hash_one((caller.issuer(), caller.tenant(), caller.user(), caller.agent()))
    }

    /// As what a request wants a place.
    fn guest<'a>(
        &self,
        traveller: Traveller<'a>,
        method: Method,
        tool: Option<&'a Tool>,
        record: &Record,
    ) -> Guest<'a> {
        match (traveller.topic, method) {
            (Topic::Call(_), _) => {
                let is_bounded = traveller.policy.upstream.care.concurrency.conversation.is_some();
                let conversation = record.conversation.filter(|_| is_bounded);
                Guest::Call {
                    tool: tool.map(|tool| tool.name.as_str()),
                    conversation: conversation.map(|conversation| self.keys.hash_one(conversation.id)),
                }
            }
            (_, Method::SubscriptionsListen) => Guest::Listen,
            (Topic::Method(..) | Topic::Reply | Topic::Task(..), _) => Guest::Other,
        }
    }

    /// Which server a request is for, where there are two.
    fn route(
        &self,
        traveller: Traveller<'_>,
        (replica, who): (&ReplicaPlan, u64),
        tool: Option<&Tool>,
        record: &Record,
    ) -> Branch {
        let Traveller { ask, topic, is_bound, .. } = traveller;
        let (Some(tool), Topic::Call(_)) = (tool, topic) else { return Branch::Primary };
        let by_rule = || record.rule.as_ref().is_some_and(|rule| tool.care.sql_rules.contains(rule));
        let is_read = replica.takes.read && tool.reads()
            || replica.takes.sql && record.verdict == Verdict::Allow && by_rule();
        if is_bound || !is_read || self.writers.holds(who, ask.now.steady) {
            Branch::Primary
        } else {
            Branch::Replica
        }
    }

    /// Asks the breakers and the places of one server.
    ///
    /// # Errors
    /// [`Denial::Resting`] or [`Denial::Crowded`].
    fn enter(
        &self,
        traveller: Traveller<'_>,
        branch: Branch,
        (tool, guest): (Option<&Tool>, Guest<'_>),
        record: &mut Record,
    ) -> Result<Leave, Denial> {
        let Traveller { policy, ask, topic, .. } = traveller;
        let side = self.side(branch);
        let probe = match (topic, guest) {
            (_, Guest::Listen) => Probe::Unfit,
            (Topic::Call(_), _) if !tool.is_some_and(Tool::is_harmless) => Probe::Unfit,
            _ => Probe::Fit,
        };
        let applicant =
            Applicant { tool: tool.map(|tool| tool.name.as_str()), probe, tools: policy.tools().len() };
        let mut notices = Vec::new();
        let admitted = side.board.admit(plans(policy, tool), applicant, ask.now.steady, &mut notices);
        record.notices.extend(notices.into_iter().map(|notice| (branch, notice)));
        let permit = admitted.map_err(|shut| {
            record.resting_tool = applicant.tool.filter(|_| shut.is_tool).map(Into::into);
            Denial::Resting(shut)
        })?;
        let place = side.bulkhead.enter(room(policy, tool, side), guest);
        if let (Err(full), Mode::Enforce) = (&place, policy.mode) {
            return Err(Denial::Crowded(*full));
        }
        // Noted of the server that it goes to, and of no other that was asked before.
        if permit.is_spared() {
            (record.verdict, record.action) = (Verdict::Deny, Action::ShadowDeny);
            record.reason = Reason::Unavailable;
            record.resting_tool = applicant.tool.map(Into::into);
        }
        if place.is_err() {
            (record.verdict, record.action) = (Verdict::Deny, Action::ShadowDeny);
            record.reason = Reason::Overload;
        }
        let is_counted = guest != Guest::Listen;
        Ok(Leave { permit: is_counted.then_some(permit), place: place.ok() })
    }
}

fn room(policy: &Policy, tool: Option<&Tool>, side: &Side) -> Room {
    let plan = policy.upstream.care.concurrency;
    Room {
        server: side.limit(policy),
        tool: tool.and_then(|tool| tool.care.concurrency).unwrap_or(plan.tool),
        conversation: plan.conversation.unwrap_or(u32::MAX),
        listens: plan.listens,
    }
}

/// The plans of the breakers that a message is judged by.
pub(super) fn plans<'p>(policy: &'p Policy, tool: Option<&'p Tool>) -> Plans<'p> {
    let server = &policy.upstream.care.breaker;
    Plans { server, tool: tool.map_or(server, |tool| &tool.care.breaker) }
}

impl Gate {
    /// The same gate, which looks after its servers: it leaves alone what fails, and crowds none.
    #[must_use]
    pub fn watchful(self) -> Self {
        Self { ward: Some(Ward::new()), ..self }
    }

    /// Finds out where a judged message goes, and whether it may.
    ///
    /// # Errors
    /// [`Denial::Resting`] or [`Denial::Crowded`].
    pub(super) fn consult(&self, traveller: Traveller<'_>, record: &mut Record) -> Result<Health, Denial> {
        let Traveller { policy, ask, topic, message, .. } = traveller;
        let (Some(ward), Message::Request { method, .. }) = (&self.ward, message) else {
            return Ok(Health::default());
        };
        let tool = topic.tool_name().and_then(|name| policy.tool(name));
        let guest = ward.guest(traveller, *method, tool, record);
        let replica = policy.upstream.care.replica.as_ref();
        let replica = replica.map(|replica| (replica, ward.who(traveller.caller)));
        let wanted = replica.map_or(Branch::Primary, |replica| ward.route(traveller, replica, tool, record));
        let falls_back = replica.is_some_and(|(replica, _)| replica.fallback == Fallback::Primary);
        let (leave, branch) = match ward.enter(traveller, wanted, (tool, guest), record) {
            Err(Denial::Resting(_) | Denial::Crowded(_)) if wanted == Branch::Replica && falls_back => {
                (ward.enter(traveller, Branch::Primary, (tool, guest), record), Branch::Primary)
            }
            entered => (entered, wanted),
        };
        record.branch = branch;
        let leave = leave?;
        let is_write = matches!(topic, Topic::Call(_)) && !tool.is_some_and(Tool::reads);
        let writer = replica.filter(|_| is_write && branch == Branch::Primary);
        let writer = writer.map(|(replica, who)| (who, replica.sticky));
        if let Some((who, sticky)) = writer {
            ward.writers.wrote(who, ask.now.steady.saturating_add(sticky), ask.now.steady);
        }
        let is_repeatable = match topic {
            Topic::Call(_) => tool.is_some_and(Tool::is_repeatable),
            Topic::Method(method, _) => method.as_str().ends_with("/list"),
            Topic::Reply | Topic::Task(..) => false,
        };
        Ok(Health::new(Arc::clone(ward), leave, (ask.now.steady, writer, is_repeatable)))
    }

    /// A place for a stream that only listens.
    ///
    /// # Errors
    /// [`Denial::Crowded`].
    pub(super) fn seat(&self, policy: &Policy) -> Result<Health, Denial> {
        let Some(ward) = &self.ward else { return Ok(Health::default()) };
        let side = &ward.primary;
        match side.bulkhead.enter(room(policy, None, side), Guest::Listen) {
            Ok(place) => {
                let leave = Leave { permit: None, place: Some(place) };
                Ok(Health::new(Arc::clone(ward), leave, (Duration::ZERO, None, false)))
            }
            Err(full) if policy.mode == Mode::Enforce => Err(Denial::Crowded(full)),
            Err(_) => Ok(Health::default()),
        }
    }

    /// Whether a request is sent again that ended so, after `attempts` of them; whoever hears "now" sends it.
    pub fn repeat(&self, ticket: &Ticket, class: OutcomeClass, attempts: u32, now: Now) -> Repeat {
        let Some(ward) = &self.ward else { return Repeat::Never };
        let plan = ticket.policy().upstream.care.retries;
        let is_due = match class.effect().again {
            Again::Never => false,
            Again::Repeatable => ticket.is_repeatable(),
            Again::Unsent => true,
        };
        if !is_due || attempts > plan.attempts {
            return Repeat::Never;
        }
        if ward.side(ticket.record().branch).retries.spend(plan.per_second, now.steady) {
            Repeat::Now
        } else {
            Repeat::BudgetSpent
        }
    }

    /// Where the breakers of each server are.
    pub fn breakers(&self, policy: &Policy, now: Now) -> Vec<(Branch, BreakerStanding)> {
        let Some(ward) = &self.ward else { return Vec::new() };
        let branches = Branch::ALL.iter().take(1 + usize::from(policy.upstream.care.replica.is_some()));
        let of = |&branch| {
            let standings = ward.side(branch).board.standings(now.steady).into_iter();
            standings.map(move |standing| (branch, standing))
        };
        branches.flat_map(of).collect()
    }

    /// How much is with each server.
    pub fn crowds(&self, policy: &Policy) -> Vec<Crowd> {
        let Some(ward) = &self.ward else { return Vec::new() };
        let branches = [Branch::Primary, Branch::Replica].into_iter();
        let crowd = |branch| {
            let side = ward.side(branch);
            Crowd { branch, taken: side.bulkhead.taken(), limit: side.limit(policy) }
        };
        branches.take(1 + usize::from(policy.upstream.care.replica.is_some())).map(crowd).collect()
    }
}

/// What a caller is told of what is full: what to do about it.
pub(super) fn crowded(what: &str, full: Full) -> String {
    let why = match full {
        Full::Bytes => "this gateway holds as many bytes as it may",
        Full::Conversation => "this conversation has too many calls under way; wait for some of them",
        Full::Listens => "too many streams listen here already",
        Full::Server => "the server behind this gateway has too much to do",
        Full::Tool => "too many calls of it are under way already; other tools may still work",
    };
    format!("{what} was not carried out: {why}; retry in 1 s")
}

/// What a caller is told of what rests: that spinning is no use, and what is.
pub(super) fn resting(what: &str, shut: Shut) -> String {
    let wait = seconds(shut.wait).max(1);
    match (shut.is_tool, shut.others_work) {
        (true, true) => format!("{what} is temporarily unavailable, retry in {wait} s; other tools work"),
        (true, false) => format!("{what} is temporarily unavailable, retry in {wait} s"),
        (false, _) => format!(
            "{what} is temporarily unavailable, for the server behind this gateway does not answer; retry in {wait} s"
        ),
    }
}

#[cfg(test)]
mod tests;
