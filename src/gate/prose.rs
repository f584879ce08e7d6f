//! Prose that a model reads before a message of the server is judged.
//!
//! The gate says what is to be read, and takes what the model saw as further findings; who reads, where and for how
//! long is the shell's. What is not read is withheld unless the policy lets it pass: then it is judged as if no model
//! were there.
//!
//! What a server says of itself is not read: lists of tools, prompts and resources, and instructions. Their words
//! are their author's, and a list that is held back takes every tool with it.

use std::collections::BTreeSet;

use super::answer::Carrier;
use super::{Denial, Gate, Ticket, rules};
use crate::json::{self, Document};
use crate::mcp::{self, Message, Method, Sender};
use crate::policy::{Beyond, Policy, ProsePlan};
use crate::scan::{Direction, Told};

/// Why the prose of a message was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// As much waits already as can be read in time.
    Busy,
    /// Reading failed.
    Failed,
    /// It was not read in time.
    Late,
    /// There is more of it than the policy lets be read.
    TooLong,
}

impl Unread {
    /// Every reason, for counters.
    pub const ALL: &[Self] = &[Self::Busy, Self::Failed, Self::Late, Self::TooLong];

    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "queue",
            Self::Failed => "failure",
            Self::Late => "deadline",
            Self::TooLong => "size",
        }
    }
}

impl Gate {
    /// The prose of a message of the server that a model must read before [`Gate::inspect`] judges it, each text
    /// once; nothing where the policy asks for nothing, or the message will be refused anyway.
    ///
    /// # Errors
    /// [`Unread::TooLong`]: there is more than the policy lets be read.
    pub fn prose(
        &self,
        policy: &Policy,
        ticket: &Ticket,
        body: &[u8],
        carrier: Carrier,
    ) -> Result<BTreeSet<Box<str>>, Unread> {
        let nothing = Ok(BTreeSet::new());
        let Some(plan) = wanted(policy) else { return nothing };
        let body = match carrier {
            Carrier::Event => body,
            Carrier::Whole => json::unmarked(body),
        };
        let Ok(document) = Document::parse_with(body, policy.strict.duplicate_keys) else { return nothing };
        let Ok(message) = mcp::envelope::read(&document, Sender::Server) else { return nothing };
        let is_own = matches!(message, Message::Result { .. }) && speaks_of_itself(ticket.record().method);
        match rules::carrier(&message).filter(|_| !is_own) {
            Some(carrier) => policy.redaction.passages(carrier, plan.bytes_max).map_err(|_| Unread::TooLong),
            None => nothing,
        }
    }
}

/// What is to be read, if any rule wants it.
fn wanted(policy: &Policy) -> Option<&ProsePlan> {
    let looks = |plan: &&ProsePlan| policy.redaction.looks_for(Direction::Results, &plan.detectors);
    policy.prose.as_ref().filter(looks)
}

/// What the model saw; a denial where it has not read, and that matters.
pub(super) fn told<'t>(policy: &Policy, read: &'t Result<Told, Unread>) -> Result<Option<&'t Told>, Denial> {
    match read {
        Ok(told) => Ok(Some(told)),
        Err(unread) => match policy.prose.as_ref().map(|plan| plan.unread(&policy.redaction)) {
            Some(Beyond::Withhold) => Err(Denial::ProseUnread(*unread)),
            Some(Beyond::Pass) | None => Ok(None),
        },
    }
}

/// Whether the result of a method is what the server says of itself.
fn speaks_of_itself(method: Option<Method>) -> bool {
    matches!(
        method,
        Some(
            Method::Initialize
                | Method::PromptsList
                | Method::ResourcesList
                | Method::ResourcesTemplatesList
                | Method::ServerDiscover
                | Method::ToolsList
        )
    )
}
