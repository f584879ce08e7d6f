//! What a conversation has seen, and so may not do any more.
//!
//! **How.** Each answer of a labelled tool adds the tool's labels to its conversation, and each answer those that the
//! policy gives for what was found in it, unless it was withheld; before a call the policy's
//! flows are held against them. A conversation is known as limits know it (see `conversation`); what belongs to none
//! of its own counts for all of its caller. Labels are kept by name, so that a reload forgets none.
//!
//! **When there is no room** for another conversation, calls whose labels would have to be remembered are refused:
//! nothing is forgotten to make room. What was silent for [`FLOW_LIFE`] is.
//!
//! **What it is not.** No bar to whoever can make up ids of conversations: a client that begins a new one has seen
//! nothing. A claim of a token (`claim:NAME`) is an id that clients cannot make up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rules::Topic;
use super::{Denial, Gate, Reason, Record, Ticket, conversation};
use crate::bounds::{FLOW_CONVERSATIONS_MAX, FLOW_LIFE};
use crate::identity::Caller;
use crate::limit::{Digest, Share};
use crate::mcp::Method;
use crate::names::{Label, Mode, Now};
use crate::policy::{Flow, Policy, Tool};

/// What every conversation has seen.
#[derive(Debug)]
pub(super) struct Flows {
    seen: Mutex<HashMap<Digest, Seen>>,
    most: usize,
    /// What every conversation is taken to have seen, where that is only tried out.
    supposed: Vec<Label>,
}

#[derive(Debug)]
struct Seen {
    labels: Vec<Label>,
    /// When it was asked about last, on the steady clock.
    at: Duration,
}

/// Why a call is closed to its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It has seen what the flow waits for.
    After {
        /// The flow.
        flow: Label,
        /// What it has seen.
        seen: Box<str>,
        /// What the tool is.
        tool: Box<str>,
        /// What the flow's author tells the caller.
        message: Option<Box<str>>,
    },
    /// What it would see could not be remembered.
    Full,
}

impl Default for Flows {
    fn default() -> Self {
        Self { seen: Mutex::default(), most: FLOW_CONVERSATIONS_MAX, supposed: Vec::new() }
    }
}

impl Flows {
    /// The flow that closes `tool` to a conversation.
    fn closing<'p>(&self, policy: &'p Policy, tool: &Tool, who: Digest, now: Now) -> Option<&'p Flow> {
        let mut seen = self.seen();
        if seen.get(&who).is_some_and(|known| !known.is_fresh(now)) {
            seen.remove(&who);
        }
        let known = seen.get_mut(&who).map(|known| {
            known.at = now.steady;
            &*known.labels
        });
        let known = known.unwrap_or_default();
        policy.closed_by(tool, |label| known.contains(label) || self.supposed.contains(label))
    }

    /// Makes sure that there is room for what a conversation will have seen.
    fn reserve(&self, who: Digest, now: Now) -> bool {
        let mut seen = self.seen();
        if seen.len() >= self.most && !seen.contains_key(&who) {
            seen.retain(|_, known| known.is_fresh(now));
        }
        if seen.len() >= self.most && !seen.contains_key(&who) {
            return false;
        }
        seen.entry(who).or_insert_with(|| Seen { labels: Vec::new(), at: now.steady }).at = now.steady;
        true
    }

    /// Notes that a conversation has seen these labels.
    fn note<'l>(&self, who: Digest, labels: impl Iterator<Item = &'l Label>) {
        let mut seen = self.seen();
        // Where it was reserved and is gone, a day has passed.
        let Some(known) = seen.get_mut(&who) else { return };
        for label in labels {
            if !known.labels.contains(label) {
                known.labels.push(label.clone());
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Digest, Seen>> {
        // A poisoned lock holds labels that are whole after every step.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn is_fresh(&self, now: Now) -> bool {
        now.steady.saturating_sub(self.at) <= FLOW_LIFE
    }
}

impl Gate {
    /// The same gate, where every conversation is taken to have seen these labels: to try a policy out.
    #[must_use]
    pub fn supposing(self, labels: &[Label]) -> Self {
        let supposed = self.flows.supposed.iter().chain(labels).cloned().collect();
        Self { flows: Flows { supposed, ..self.flows }, ..self }
    }

    /// Refuses a call that is closed to its conversation; whose labels its answer will add, if any.
    ///
    /// # Errors
    /// [`Denial::Closed`].
    pub(super) fn follow_flows(
        &self,
        policy: &Policy,
        caller: &Caller,
        topic: &Topic<'_>,
        now: Now,
        record: &mut Record,
    ) -> Result<Option<Digest>, Denial> {
        if policy.flows().is_empty() {
            return Ok(None);
        }
        let name = match topic {
            Topic::Call(call) => Some(&*call.name),
            Topic::Task(_, tool) => tool.as_deref(),
            Topic::Method(..) | Topic::Reply => None,
        };
        let tool = name.and_then(|name| policy.tool(name)).filter(|tool| !tool.labels().is_empty());
        let is_marked = tool.is_some_and(|tool| policy.marks(tool).next().is_some())
            || brings_content(topic) && !policy.content_marks().is_empty();
        if tool.is_none() && !is_marked {
            return Ok(None);
        }
        let entered = conversation::enter(&self.talks, policy, caller, (record.conversation, now));
        record.conversation = entered.or(record.conversation);
        let who = match entered {
            Some(talk) if talk.share == Share::Own => talk.id,
            Some(_) | None => conversation::of_all(caller, b"flows"),
        };
        if let Some(tool) = tool.filter(|_| matches!(topic, Topic::Call(_)))
            && let Some(flow) = self.flows.closing(policy, tool, who, now)
        {
            if flow.mode == Mode::Enforce {
                record.rule = Some(flow.id.clone());
                return Err(Denial::Closed(Box::new(Closed::after(flow, tool))));
            }
            record.would_deny(Reason::Flow, &flow.id);
        }
        if !is_marked {
            return Ok(None);
        }
        if !self.flows.reserve(who, now) && policy.mode == Mode::Enforce {
            return Err(Denial::Closed(Box::new(Closed::Full)));
        }
        Ok(Some(who))
    }

    /// Notes that a conversation gets, or may have got, an answer of `tool`.
    pub(super) fn mark(&self, policy: &Policy, who: Option<Digest>, tool: Option<&str>) {
        if let (Some(who), Some(tool)) = (who, tool.and_then(|tool| policy.tool(tool))) {
            self.flows.note(who, policy.marks(tool));
        }
    }

    /// Notes what a conversation has seen in an answer that it gets: what redaction found there, and whether a text
    /// of it gives orders.
    pub(super) fn mark_content(&self, policy: &Policy, ticket: &Ticket, has_orders: bool) {
        let Some(who) = ticket.passage.talk else { return };
        let marks = policy.content_marks().iter();
        let given = marks.filter(|mark| mark.fits(&ticket.record.findings, has_orders));
        self.flows.note(who, given.map(|mark| &mark.label));
    }

    /// Notes what a conversation may have seen in an answer that did not come this way: anything.
    pub(super) fn mark_unseen(&self, policy: &Policy, who: Option<Digest>) {
        if let Some(who) = who {
            self.flows.note(who, policy.content_marks().iter().map(|mark| &mark.label));
        }
    }
}

/// Whether an answer brings what somebody wrote.
fn brings_content(topic: &Topic<'_>) -> bool {
    match topic {
        Topic::Call(_) | Topic::Task(Method::TasksResult | Method::TasksGet, _) => true,
        Topic::Method(method, _) => matches!(method, Method::ResourcesRead | Method::PromptsGet),
        Topic::Task(..) | Topic::Reply => false,
    }
}

impl Closed {
    fn after(flow: &Flow, tool: &Tool) -> Self {
        let closed: Vec<Label> =
            flow.deny.iter().filter(|label| tool.labels().contains(label)).cloned().collect();
        Self::After {
            flow: flow.id.clone(),
            seen: listed(&flow.after).into(),
            tool: listed(&closed).into(),
            message: flow.message.clone(),
        }
    }

    /// What the caller is told of `what`.
    pub(super) fn text(&self, what: &str) -> String {
        match self {
            Self::After { seen, tool, message, .. } => {
                let aside = message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
                format!(
                    "{what} was not called: this conversation has seen data that is {seen}, and a tool that is {tool} is closed to it from then on; do not retry, go on without it or ask the user to begin a new conversation{aside}"
                )
            }
            Self::Full => format!(
                "{what} was not called: the gateway cannot keep track of more conversations now; retry later"
            ),
        }
    }

    /// What the operator is told.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::After { flow, seen, tool, .. } => format!("flow `{flow}`: {tool} after {seen}"),
            Self::Full => "no room to remember what another conversation sees".to_owned(),
        }
    }
}

fn listed(labels: &[Label]) -> String {
    let named: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    match named.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
