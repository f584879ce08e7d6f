//! Whether the server is well enough to be asked, and how it took what it was asked.
//!
//! A request asks the breakers after the rules and before the limits, so that what is refused for a sick server
//! costs its caller nothing. What it gets is held by its ticket, and told the outcome when the ticket is settled:
//! so a try is over however its exchange ends. Notifications and answers of the client are neither refused nor
//! counted, and streams that only listen are not counted.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::record::{Ending, Record};
use super::rules::Topic;
use super::ticket::Passage;
use super::{Action, Denial, Gate, Outcome, Reason, Ticket, Verdict};
use crate::limit::breaker::{Applicant, Board, Course, OutcomeClass, Permit, Plans, Probe};
use crate::mcp::{Era, Message, Method, Revision};
use crate::names::Now;
use crate::policy::{Policy, Tool};

/// What one request knows of the server's health.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// The leave of the breakers; `None` where they are not asked.
    permit: Option<Permit>,
    /// When it was admitted, on the steady clock.
    steady: Duration,
    /// The status of the server's answer.
    http_status: Option<u16>,
    /// What is known of how it ended, beside the record.
    class: Option<OutcomeClass>,
}

impl Gate {
    /// The same gate, which leaves alone a server and tools that fail.
    #[must_use]
    pub fn watchful(self) -> Self {
        Self { board: Some(Board::new()), ..self }
    }

    /// Asks the breakers whether a judged message may go on.
    ///
    /// # Errors
    /// [`Denial::Resting`].
    pub(super) fn consult(
        &self,
        policy: &Policy,
        topic: &Topic<'_>,
        message: &Message<'_>,
        now: Now,
        record: &mut Record,
    ) -> Result<Health, Denial> {
        let health = Health { steady: now.steady, ..Health::default() };
        let (Some(board), Message::Request { method, .. }) = (&self.board, message) else {
            return Ok(health);
        };
        let tool = topic.tool_name().and_then(|name| policy.tool(name));
        let probe = match (topic, method) {
            (_, Method::SubscriptionsListen) => Probe::Unfit,
            (Topic::Call(_), _) if tool.is_some_and(Tool::is_harmless) => Probe::Fit,
            (Topic::Call(_), _) => Probe::Unfit,
            (Topic::Method(..) | Topic::Reply | Topic::Task(..), _) => Probe::Fit,
        };
        let applicant =
            Applicant { tool: tool.map(|tool| tool.name.as_str()), probe, tools: policy.tools().len() };
        let plans = plans(policy, tool);
        let admitted = board.admit(plans, applicant, now.steady, &mut record.notices);
        let permit = admitted.map_err(|shut| {
            record.resting_tool = applicant.tool.filter(|_| shut.is_tool).map(Into::into);
            Denial::Resting(shut)
        })?;
        if permit.is_spared() {
            (record.verdict, record.action) = (Verdict::Deny, Action::ShadowDeny);
            record.reason = Reason::Unavailable;
            record.resting_tool = applicant.tool.map(Into::into);
        }
        let is_counted = *method != Method::SubscriptionsListen;
        Ok(Health { permit: is_counted.then_some(permit), ..health })
    }
}

impl Gate {
    /// A ticket for a question of the gate itself, where something rests that no call may try; `None` else.
    pub fn question(&self, policy: &Arc<Policy>, now: Now) -> Option<Ticket> {
        let board = self.board.as_ref()?;
        let mut notices = Vec::new();
        let permit = board.probe(&policy.upstream.care.breaker, now.steady, &mut notices)?;
        let spoken = self.eras.spoken();
        let is_modern = spoken.bits() != 0
            && spoken.of(Era::Modern).next() == Some(Revision::V2026_07_28)
            && spoken.bits() >> Revision::V2026_07_28.index() & 1 == 1;
        let (method, revision, body) = if is_modern {
            (Method::ServerDiscover, Some(Revision::V2026_07_28), DISCOVER)
        } else {
            (Method::Ping, spoken.of(Era::Legacy).next().filter(|_| spoken.bits() != 0), PING)
        };
        let mut record = Record::of_a_question(now.unix_ms, policy, method);
        record.notices = notices;
        let mut passage = Passage { body: body.into(), ..Passage::empty() };
        if let Some(revision) = revision {
            let revision = HeaderValue::from_static(revision.as_str());
            passage.claims.insert("mcp-protocol-version", revision);
        }
        if is_modern {
            passage.claims.insert("mcp-method", HeaderValue::from_static(method.as_str()));
        }
        passage.health = Health { permit: Some(permit), steady: now.steady, ..Health::default() };
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

fn plans<'p>(policy: &'p Policy, tool: Option<&'p Tool>) -> Plans<'p> {
    let server = &policy.upstream.care.breaker;
    Plans { server, tool: tool.map_or(server, |tool| &tool.care.breaker) }
}

impl Health {
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
            | Denial::Envelope(_)
            | Denial::Forbidden { .. }
            | Denial::Handle(_)
            | Denial::Head { .. }
            | Denial::Internal(_)
            | Denial::Limited { .. }
            | Denial::Mismatch { .. }
            | Denial::NoMethod(_)
            | Denial::Resting(_)
            | Denial::Schema(_)
            | Denial::Scope { .. }
            | Denial::Stray(_)
            | Denial::Unexchanged(_)
            | Denial::Unidentified(_) => Some(OutcomeClass::Refused),
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

    /// Tells the breakers how it ended, and the record what they made of it.
    pub fn settle(self, record: &mut Record, ending: &Ending) {
        let Some(permit) = self.permit else { return };
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
        let steady = self.steady.saturating_add(ending.duration);
        let course = Course { class, took: ending.duration, steady };
        permit.close(plans, course, &mut record.notices);
    }
}

impl Ticket {
    /// Notes the status of the server's answer, before the answer is looked at.
    pub fn answered(&mut self, http_status: u16) {
        self.passage.health.http_status = Some(http_status);
    }

    /// Notes that whatever becomes of the request now, the server has no part in it.
    pub fn excuse(&mut self) {
        self.passage.health.class = Some(OutcomeClass::Cancelled);
    }
}
