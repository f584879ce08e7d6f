//! How the server took what it was asked, and who is told of it.
//!
//! A ticket holds what the ward gave it; when it is settled, the breakers hear one outcome, of the table in
//! `limit/breaker/outcome.rs`. This is the one place where statuses, codes and broken connections become that.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::ending::Ending;
use super::record::Record;
use super::ticket::Passage;
use super::ward::{Branch, Ward, plans};
use super::{Denial, Gate, Outcome, Ticket};
use crate::limit::adaptive::Sample;
use crate::limit::breaker::{Course, OutcomeClass, Permit, Toll};
use crate::limit::bulkhead::Place;
use crate::mcp::{Era, Message, Method, Revision};
use crate::names::Now;
use crate::policy::Policy;

/// What one request knows of the server's health.
#[derive(Debug, Default)]
pub(super) struct Health {
    ward: Option<Arc<Ward>>,
    leave: Leave,
    /// When it was admitted, on the steady clock.
    steady: Duration,
    /// Who writes with it, and for how long that sticks.
    writer: Option<(u64, Duration)>,
    /// Whether doing it twice is approved to be as doing it once.
    is_repeatable: bool,
    /// The status of the server's answer.
    http_status: Option<u16>,
    /// Whether the request went over a connection, though no answer came.
    is_reached: bool,
    /// What is known of how it ended, beside the record.
    class: Option<OutcomeClass>,
}

/// What a request was given.
#[derive(Debug, Default)]
pub(super) struct Leave {
    /// By the breakers; `None` where they do not hear of it.
    pub permit: Option<Permit>,
    /// At the server.
    #[expect(dead_code, reason = "held for its drop")]
    pub place: Option<Place>,
}

impl Health {
    pub fn new(
        ward: Arc<Ward>,
        leave: Leave,
        (steady, writer, is_repeatable): (Duration, Option<(u64, Duration)>, bool),
    ) -> Self {
        Self { ward: Some(ward), leave, steady, writer, is_repeatable, ..Self::default() }
    }

    /// Notes why there is no answer to hand over.
    pub fn failed(&mut self, denial: &Denial) {
        self.class = self.class.or(match denial {
            Denial::Unreachable(_) if self.http_status.is_some() => Some(OutcomeClass::Cut),
            Denial::Unreachable(_) => Some(OutcomeClass::ConnectFailed),
            Denial::UpstreamTimeout => Some(OutcomeClass::TimedOut),
            Denial::Uncredited { .. } => Some(OutcomeClass::CredentialRefused),
            Denial::AnswerWithheld(_) => Some(OutcomeClass::Foreign),
            // The server did its work: it is the policy that does not hand it over.
            Denial::ContentWithheld { .. } | Denial::Input(_) | Denial::ProseUnread(_) => {
                Some(OutcomeClass::Answered)
            }
            Denial::Argument { .. }
            | Denial::AuditUnavailable
            | Denial::BodyTooLarge
            | Denial::BodyTooSlow
            | Denial::Content { .. }
            | Denial::Closed(_)
            | Denial::Crowded(_)
            | Denial::Drifted(_)
            | Denial::Envelope(_)
            | Denial::Forbidden { .. }
            | Denial::Handle(_)
            | Denial::Head { .. }
            | Denial::Internal(_)
            | Denial::Limited { .. }
            | Denial::Mismatch { .. }
            | Denial::NoMethod(_)
            | Denial::Outdated(_)
            | Denial::Resting(_)
            | Denial::Schema(_)
            | Denial::Scope { .. }
            | Denial::Stray(_)
            | Denial::Unexchanged(_)
            | Denial::Unidentified(_)
            | Denial::Unverified(_) => Some(OutcomeClass::Refused),
        });
    }

    /// Notes the answer to the request.
    pub fn heard(&mut self, message: &Message<'_>) {
        if let Message::Result { result, .. } = message
            && result.get("resultType").and_then(|word| word.string()).as_deref() == Some("input_required")
        {
            self.class = Some(OutcomeClass::InputRequired);
        }
    }

    /// Tells everybody who should hear of it how it ended, and the record what they made of it.
    pub fn settle(self, record: &mut Record, ending: &Ending) {
        let steady = self.steady.saturating_add(ending.duration);
        let Some(ward) = &self.ward else { return };
        if let Some((who, sticky)) = self.writer {
            ward.writers.wrote(who, steady.saturating_add(sticky), steady);
        }
        let Some(permit) = self.leave.permit else { return };
        let policy = Arc::clone(&record.policy);
        let tool = record.target.as_deref().filter(|_| record.method == Some(Method::ToolsCall));
        let plans = plans(&policy, tool.and_then(|name| policy.tool(name)));
        let by_status = self.http_status.and_then(OutcomeClass::of_status);
        let class = by_status.or(self.class).unwrap_or_else(|| match (record.outcome, ending.outcome) {
            (Outcome::Success, _) => OutcomeClass::Answered,
            (Outcome::ToolError, _) => OutcomeClass::ToolError,
            (Outcome::Error(code), _) => OutcomeClass::of_code(code, &plans.tool.failure_codes),
            (Outcome::Cancelled, _) if self.http_status.is_some_and(|status| status >= 400) => {
                OutcomeClass::ClientError
            }
            // What was acknowledged: there is no message to tell of it.
            (Outcome::Cancelled, Outcome::Success) => OutcomeClass::Answered,
            (Outcome::Cancelled, _) => OutcomeClass::Cancelled,
        });
        record.course = Some(class);
        let (side, care) = (ward.side(record.branch), &policy.upstream.care);
        if class.effect().toll == Toll::Success {
            side.retries.earn(care.retries.budget_percent);
        }
        if care.is_adaptive {
            let (taken, pressure) = (side.bulkhead.taken(), class.effect().pressure);
            let sample = Sample { pressure, took: ending.duration, taken, steady };
            side.adaptive.hear(sample, care.concurrency.server);
        }
        let course = Course { class, took: ending.duration, steady };
        let mut notices = Vec::new();
        permit.close(plans, course, &mut notices);
        record.notices.extend(notices.into_iter().map(|notice| (record.branch, notice)));
    }
}

impl Ticket {
    /// Notes the status of the server's answer, before the answer is looked at.
    pub fn answered(&mut self, http_status: u16) {
        self.passage.health.http_status = Some(http_status);
    }

    /// Notes that the request went over a connection, though no answer came.
    pub fn reached(&mut self) {
        self.passage.health.is_reached = true;
    }

    /// Whether there was a connection to the server, whatever became of it.
    pub fn has_reached(&self) -> bool {
        self.passage.health.is_reached || self.passage.health.http_status.is_some()
    }

    /// Whether the server has no part in how it ends.
    pub fn is_excused(&self) -> bool {
        self.passage.health.class == Some(OutcomeClass::Cancelled)
    }

    /// Notes that whatever becomes of the request now, the server has no part in it.
    pub fn excuse(&mut self) {
        self.passage.health.class = Some(OutcomeClass::Cancelled);
    }

    /// Whether doing it twice is approved to be as doing it once.
    pub fn is_repeatable(&self) -> bool {
        self.passage.health.is_repeatable
    }

    /// Which server it is for.
    pub fn branch(&self) -> Branch {
        self.record.branch
    }
}

impl Gate {
    /// A ticket for a question of the gate itself to one server, where something there rests that no call may try;
    /// `None` else.
    pub fn question(&self, policy: &Arc<Policy>, branch: Branch, now: Now) -> Option<Ticket> {
        let ward = self.ward.as_ref()?;
        let mut notices = Vec::new();
        let (board, plan) = (&ward.side(branch).board, &policy.upstream.care.breaker);
        let plan_of = |tool: &str| policy.tool(tool).map_or(plan, |tool| &tool.care.breaker);
        let permit = board.probe(plan, plan_of, now.steady, &mut notices)?;
        let spoken = self.eras.spoken();
        let is_known = spoken.bits() != 0;
        let is_modern = spoken.bits() >> Revision::V2026_07_28.index() & 1 == 1;
        let (method, revision, body) = if is_modern {
            (Method::ServerDiscover, Some(Revision::V2026_07_28), DISCOVER)
        } else {
            (Method::Ping, spoken.of(Era::Legacy).next().filter(|_| is_known), PING)
        };
        let mut record = Record::of_a_question(now.unix_ms, policy, method);
        record.notices = notices.into_iter().map(|notice| (branch, notice)).collect();
        record.branch = branch;
        let mut passage = Passage { body: body.into(), ..Passage::empty() };
        if let Some(revision) = revision {
            let revision = HeaderValue::from_static(revision.as_str());
            passage.claims.insert("mcp-protocol-version", revision);
        }
        if is_modern {
            passage.claims.insert("mcp-method", HeaderValue::from_static(method.as_str()));
        }
        let leave = Leave { permit: Some(permit), place: None };
        passage.health = Health::new(Arc::clone(ward), leave, (now.steady, None, false));
        Some(Ticket::open(record, passage, &self.tally))
    }
}

/// Source: MCP 2026-07-28, `server/discover`.
const DISCOVER: &str = concat!(
    r#"{"jsonrpc":"2.0","id":"sluicegate","method":"server/discover","params":{"_meta":{"#,
    r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
    r#""io.modelcontextprotocol/clientCapabilities":{},"#,
    r#""io.modelcontextprotocol/clientInfo":{"name":"sluicegate","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}}}}"#
);

/// Source: MCP 2025-11-25, basic/utilities/ping.
const PING: &str = r#"{"jsonrpc":"2.0","id":"sluicegate","method":"ping"}"#;

#[cfg(test)]
mod tests;
