//! The order of the checks: what a message must pass to reach the server, and to come back.
//!
//! ```text
//! Ask -> identify -> read -> classify -> agree -> allow -> charge -> scan -> Ticket
//!                                                                              |
//! Record <- settle <- release <- redact, filter <- correlate <- read <- answer +
//! ```
//!
//! [`Gate::admit`] is the one function that makes a [`Ticket`], and the checks stand in it in the order
//! in which they are made, the cheapest first. Whatever cannot be decided is refused. In shadow mode
//! the rules only report; what keeps two parsers from reading one message differently acts always.
//!
//! The gate does no I/O and reads no clock: time comes in as [`Now`](crate::names::Now).

mod answer;
mod ask;
mod listing;
mod reason;
mod record;
mod refusal;
mod rules;
mod ticket;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;

pub use answer::{Carrier, Release};
pub use ask::{Ask, Errand, Origin};
pub use reason::Reason;
pub use record::{Action, Ending, Outcome, Overhead, Record, Sizes, Verdict};
pub use refusal::{Denial, Words};
pub use ticket::{Tally, Ticket};
pub use wire::Reply;

use crate::identity::Caller;
use crate::json::Document;
use crate::limit::Ledger;
use crate::mcp::{self, Sender};
use crate::policy::Policy;
use ask::{claims, field};
use rules::Topic;
use ticket::Passage;

/// The judge of every message: shared counters, and nothing else of its own.
///
/// The policy comes with each message, so that a reload takes effect at once and forgets no count.
#[derive(Debug, Default)]
pub struct Gate {
    ledger: Ledger,
    tally: Arc<Tally>,
}

/// A refused message: what is written down, and why.
#[derive(Debug)]
pub struct Refusal {
    /// What is written down; its reason and rule are filled in.
    pub record: Box<Record>,
    /// Why, and so what the caller is told.
    pub denial: Denial,
}

impl Gate {
    /// Finds out who calls, before a byte of the body is read.
    ///
    /// # Errors
    /// [`Denial::Unidentified`]: no credential, or one that does not hold.
    pub fn identify(&self, policy: &Policy, ask: &Ask<'_>) -> Result<Arc<Caller>, Denial> {
        policy.directory.verify(field(ask.headers, AUTHORIZATION), ask.now).map_err(Denial::Unidentified)
    }

    /// Judges one message from an identified client.
    ///
    /// # Errors
    /// A [`Refusal`] that names the first check that failed. Limits are charged after the rules have
    /// allowed a call and before its arguments are searched, so that searching is limited too.
    pub fn admit(
        &self,
        policy: &Arc<Policy>,
        caller: &Arc<Caller>,
        ask: &Ask<'_>,
    ) -> Result<Ticket, Refusal> {
        let mut record = Record::open(policy, Some(caller), ask);
        let passage = match &ask.errand {
            Errand::Say(body) => self.judge(policy, caller, ask, body, &mut record),
            Errand::Listen | Errand::Leave => Ok(Passage::of_stream(ask)),
        };
        match passage {
            Ok(passage) => Ok(Ticket::open(record, passage, &self.tally)),
            Err(denial) => Err(Refusal::new(record, denial)),
        }
    }

    /// Steps 4 to 10 of the path of a message, in this order.
    fn judge(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        body: &Bytes,
        record: &mut Record,
    ) -> Result<Passage, Denial> {
        let document = Document::parse(body).map_err(|fault| Denial::Envelope(fault.into()))?;
        let message = mcp::envelope::read(&document, Sender::Client).map_err(|fault| {
            record.request_id.clone_from(&fault.id);
            Denial::Envelope(fault)
        })?;
        record.describe(&message);
        let claimed = claims(ask.headers);
        let speech = mcp::claims::agree(&claimed, &message).map_err(Denial::mismatch)?;
        record.revision = Some(speech.revision);
        let topic = Topic::of(&message)?;
        record.aim(&topic);
        let standing = policy.standing(caller);
        rules::allow(policy, caller, &standing, &topic, record)?;
        rules::charge(&self.ledger, policy, caller, ask, &topic, record)?;
        let edited = rules::search(policy, &message, body, record)?;
        let claims = Passage::claims(&claimed, &message, &speech, edited.as_ref())?;
        let timeout = topic.tool_name().and_then(|name| policy.tool(name)).and_then(|tool| tool.timeout);
        let body = edited.unwrap_or_else(|| body.clone());
        Ok(Passage { body, claims, speech: Some(speech), is_resuming: false, timeout })
    }

    /// Ends a ticket: the record of what happened, for audit and metrics.
    pub fn settle(&self, ticket: Ticket, ending: Ending) -> Box<Record> {
        let mut record = ticket.spend();
        record.close(ending);
        record
    }

    /// The counters of all limits.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many tickets were made and settled.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Refusal {
    /// Completes the record of a message that goes no further.
    pub fn new(mut record: Box<Record>, denial: Denial) -> Self {
        record.refuse(&denial);
        Self { record, denial }
    }
}
