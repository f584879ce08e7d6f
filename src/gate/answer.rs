//! Judging what the server says: correlate, filter, redact.

use std::sync::Arc;

use bytes::Bytes;

use super::listing;
use super::{Denial, Gate, Outcome, Policy, Ticket, rules};
use crate::json::{Document, Splice, Value};
use crate::mcp::{self, Era, Message, Method, Sender};
use crate::scan::{Direction, Sighting};

/// What becomes of one message of the server.
#[derive(Debug)]
pub enum Release {
    /// It is not for this client, and nothing waits for it: say nothing.
    Drop(&'static str),
    /// Hand over these bytes.
    Pass {
        /// The message, edited where it had to be.
        body: Bytes,
        /// Whether this answers the ticket's request, so that nothing more is owed.
        is_answer: bool,
    },
    /// It may not be handed over; the client is owed these words in its place.
    Withhold(Denial),
}

/// How messages of the server reach the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// One of several, as events of a stream.
    Event,
    /// The one body of an answer.
    Whole,
}

impl Gate {
    /// Judges one message of the server, whole.
    ///
    /// `policy` is the one in force now: a long stream is judged by the current rules at each event.
    /// Whatever is no strict JSON-RPC message, or answers something that this ticket never asked, is
    /// not handed over. Bytes that no rule touches are handed over as they came, without a copy.
    pub fn inspect(
        &self,
        policy: &Arc<Policy>,
        ticket: &mut Ticket,
        body: &Bytes,
        carrier: Carrier,
    ) -> Release {
        let withheld = |text: String| Release::Withhold(Denial::AnswerWithheld(text.into()));
        let document = match Document::parse(body) {
            Ok(document) => document,
            Err(fault) => return withheld(format!("not acceptable JSON: {fault}")),
        };
        let message = match mcp::envelope::read(&document, Sender::Server) {
            Ok(message) => message,
            Err(fault) => return withheld(format!("not a JSON-RPC message: {fault}")),
        };
        let is_answer = match correlate(ticket, &message, carrier) {
            Ok(is_answer) => is_answer,
            Err(release) => return release,
        };
        if is_answer {
            ticket.record.outcome = outcome(&message);
        }
        let mut splice = Splice::default();
        if let Some(listed) = tools(ticket, &message) {
            listing::filter(policy, ticket.record.caller.as_deref(), listed, &mut splice);
        }
        match redact(policy, ticket, rules::carrier(&message), &mut splice) {
            Some(denial) if is_answer => Release::Withhold(denial),
            Some(_) => Release::Drop("a message that holds what may not pass"),
            None if splice.is_empty() => Release::Pass { body: body.clone(), is_answer },
            None => Release::Pass { body: splice.apply(body).into(), is_answer },
        }
    }
}

/// Finds whether a message answers what this ticket asked, and drops what answers something else.
fn correlate(ticket: &Ticket, message: &Message<'_>, carrier: Carrier) -> Result<bool, Release> {
    let stray = |what: &'static str| match carrier {
        Carrier::Event => Release::Drop(what),
        Carrier::Whole => Release::Withhold(Denial::AnswerWithheld(what.into())),
    };
    let is_modern = ticket.passage.speech.is_some_and(|speech| speech.era == Era::Modern);
    match message {
        Message::Notification { .. } if carrier == Carrier::Event => Ok(false),
        Message::Request { .. } if carrier == Carrier::Event && !is_modern => Ok(false),
        Message::Notification { .. } | Message::Request { .. } => Err(stray("a request where none may be")),
        Message::Error { .. } | Message::Result { .. } => {
            match (message.id(), ticket.record.request_id.as_ref()) {
                (Some(id), Some(asked)) if id == asked => Ok(true),
                // Only a body of its own can say which request it could not read.
                (None, Some(_)) if carrier == Carrier::Whole => Ok(true),
                (Some(_), None) if ticket.passage.is_resuming => Ok(true),
                (Some(_) | None, _) => Err(stray("an answer to something that was not asked here")),
            }
        }
    }
}

impl Ticket {
    /// How the request has ended so far; [`Outcome::Cancelled`] until an answer came.
    pub fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// Whether the answer that is owed has come.
    pub fn is_answered(&self) -> bool {
        self.record.outcome != Outcome::Cancelled
    }

    /// Notes that the answer was withheld, and why.
    pub fn withhold(&mut self, denial: &Denial) {
        self.record.refuse(denial);
    }
}

/// The result that may hold a list of tools: of `tools/list`, or of an unknown earlier request.
fn tools<'d>(ticket: &Ticket, message: &Message<'d>) -> Option<Value<'d>> {
    let Message::Result { result, .. } = message else { return None };
    (ticket.record.method == Some(Method::ToolsList) || ticket.passage.is_resuming).then_some(*result)
}

/// Adds the edits that hide what may not be seen; a denial where hiding is not enough.
fn redact(
    policy: &Policy,
    ticket: &mut Ticket,
    subject: Option<Value<'_>>,
    splice: &mut Splice,
) -> Option<Denial> {
    let subject = subject.filter(|_| !policy.redaction.is_empty(Direction::Results))?;
    let sighting = policy.redaction.scan(Direction::Results, subject);
    if sighting.findings.is_empty() {
        return None;
    }
    let Sighting { splice: edits, findings, blocked } = sighting;
    let denial = blocked.and_then(|index| findings.get(index)).map(|finding| Denial::ContentWithheld {
        kind: finding.detector.as_str(),
        path: finding.path.clone(),
        is_secret: finding.detector.is_secret(),
    });
    if !edits.is_empty() && ticket.record.action == super::Action::Allow {
        ticket.record.action = super::Action::Redact;
    }
    splice.append(edits);
    ticket.record.note_findings(Direction::Results, findings);
    denial
}

fn outcome(message: &Message<'_>) -> Outcome {
    match message {
        Message::Result { result, .. } => match result.get("isError").and_then(|flag| flag.boolean()) {
            Some(true) => Outcome::ToolError,
            Some(false) | None => Outcome::Success,
        },
        Message::Error { error, .. } => {
            Outcome::Error(error.get("code").and_then(|code| code.integer()).unwrap_or_default())
        }
        Message::Request { .. } | Message::Notification { .. } => Outcome::Success,
    }
}
