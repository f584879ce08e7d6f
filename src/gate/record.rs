//! What happened to one message: the facts that audit and metrics are made of.

mod open;
mod restores;
mod unlisted;
mod verdict;

use std::net::SocketAddr;
use std::sync::Arc;

pub use restores::{Restore, RestoreResult};
pub use unlisted::{List, Unlisted};
pub use verdict::{Action, Verdict};

use super::candidate::Trial;
use super::conversation::Conversation;
use super::ending::{Ending, Outcome, Overhead, Sizes};
use super::facts::Testimony;
use super::hints::Hint;
use super::pins::PinNotice;
use super::reason::Reason;
use super::refusal::Denial;
use super::trace::Trace;
use super::versions::Called;
use super::ward::Branch;
use crate::bounds::{RECORD_FINDINGS_MAX, RECORD_RESTORES_MAX};
use crate::identity::Caller;
use crate::limit::CellId;
use crate::limit::Inquiry;
use crate::limit::breaker::{Notice, OutcomeClass};
use crate::mcp::{Id, Message, Method, Revision};
use crate::names::{Label, Mode};
use crate::policy::Policy;
use crate::scan::fit::Fitting;
use crate::scan::{Direction, Finding};

/// Everything there is to tell about one judged message; made by `Gate::settle` or by a refusal.
///
/// Holds no argument, result, token or redacted value: findings say where and what kind, not what.
#[derive(Debug)]
pub struct Record {
    /// When the message arrived, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The policy it was judged by.
    pub policy: Arc<Policy>,
    /// Who sent it; `None` when that could not be established.
    pub caller: Option<Arc<Caller>>,
    /// The other end of the connection; `None` on a Unix socket or a pipe.
    pub peer: Option<SocketAddr>,
    /// The client's `User-Agent`, cut to `USER_AGENT_BYTES_MAX`.
    pub user_agent: Option<Box<str>>,
    /// What it asked for; `None` when the message was not understood.
    pub method: Option<Method>,
    /// The name of the tool, prompt, resource or task; cut to `TARGET_BYTES_MAX`.
    pub target: Option<Box<str>>,
    /// The version that was called, of a tool that has versions; `target` is the server's tool.
    pub called: Option<Box<Called>>,
    /// The JSON-RPC id of a request.
    pub request_id: Option<Id>,
    /// The protocol revision spoken.
    pub revision: Option<Revision>,
    /// The conversation that it belongs to, where a source of the policy tells one.
    pub conversation: Option<Conversation>,
    /// What the rules said.
    pub verdict: Verdict,
    /// What was done.
    pub action: Action,
    /// Whether decisions took effect.
    pub mode: Mode,
    /// Why; [`Reason::None`] for an allowed message.
    pub reason: Reason,
    /// The rule or limit that decided.
    pub rule: Option<Label>,
    /// More for the operator than the caller was told, such as a parse fault and its offset.
    pub detail: Option<Box<str>>,
    /// What redaction found, in either direction.
    pub findings: Vec<(Direction, Finding)>,
    /// The tokens that the client sent, and what became of them.
    pub restores: Vec<Restore>,
    /// How what was written over in the structured result came to fit its schema.
    pub fitting: Fitting,
    /// What rules asked about the arguments, where the policy wants that written down.
    pub testimony: Option<Box<Testimony>>,
    /// What the candidate says, where there is one.
    pub trial: Option<Box<Trial>>,
    /// What the store of shared limits has to be asked before the message is judged; written down nowhere.
    pub inquiry: Option<Box<Inquiry>>,
    /// Whether two arguments beside each other have keys that some reader takes for one.
    pub has_colliding_keys: bool,
    /// Whether a rule could not be evaluated, and so refused it.
    pub is_unjudged: bool,
    /// What the head of its answer tells of a limit that is nearly used up.
    pub hint: Option<Box<Hint>>,
    /// How the server took it, as breakers hear it; `None` where it was not asked.
    pub course: Option<OutcomeClass>,
    /// The record that was durable before it was forwarded, by its id; `None` where none had to be.
    pub admitted: Option<u128>,
    /// Which server it was for.
    pub branch: Branch,
    /// Breakers that went from one state to another with it, of which server.
    pub notices: Vec<(Branch, Notice)>,
    /// What was seen of tools that are not what was approved.
    pub drifts: Vec<PinNotice>,
    /// What of a list was not shown, or would not have been.
    pub unlisted: Unlisted,
    /// The tool whose breaker refused it, or would have; `None` where that was the server's.
    pub resting_tool: Option<Box<str>>,
    /// Where its spans stand; `None` where nothing is traced.
    pub trace: Option<Box<Trace>>,
    /// Cells of limits in which it had a place among those in flight, free again when the record is told: it may have
    /// been refused after it was counted, and others may wait for the place.
    pub places: Vec<CellId>,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status sent to the client; 0 when the client had gone.
    pub http_status: u16,
    /// From the first byte of the request to the last byte of the answer, in microseconds.
    pub duration_us: u64,
    /// The part of the duration that the gate itself took, waiting for peers excluded.
    pub overhead_us: Overhead,
    /// Body bytes of the request, and of the answer as it left.
    pub bytes: Sizes,
    /// Tokens of what the client got, where a limit had them counted.
    pub tokens: Option<u64>,
}

impl Record {
    /// Notes what a message is.
    pub(super) fn describe(&mut self, message: &Message<'_>) {
        if let Message::Request { id, .. } = message {
            self.request_id = Some(id.clone());
        }
        self.method = message.method();
    }

    /// Notes that the message goes no further, or its answer is withheld.
    pub(super) fn refuse(&mut self, denial: &Denial) {
        let is_failure = denial.is_failure();
        self.verdict = if is_failure { Verdict::Error } else { Verdict::Deny };
        self.action = if is_failure { Action::Error } else { Action::Deny };
        self.reason = denial.reason();
        self.detail = denial.detail().map(Into::into);
    }

    /// Completes the record with how it ended.
    pub fn close(&mut self, ending: Ending) {
        self.outcome = ending.outcome;
        self.http_status = ending.http_status;
        self.duration_us = ending.duration.as_micros() as u64;
        self.bytes.response = ending.bytes;
        self.overhead_us = ending.overhead;
    }

    /// Notes what was found, up to `RECORD_FINDINGS_MAX`; further findings only add to its count.
    pub(super) fn note_findings(&mut self, direction: Direction, findings: Vec<Finding>) {
        for finding in findings {
            let known = self.findings.iter().position(|(way, known)| {
                *way == direction && known.detector == finding.detector && known.path == finding.path
            });
            let is_full = self.findings.len() >= RECORD_FINDINGS_MAX;
            let slot = known.or(is_full.then_some(RECORD_FINDINGS_MAX - 1));
            match slot.and_then(|slot| self.findings.get_mut(slot)) {
                Some((_, known)) => known.count = known.count.saturating_add(finding.count),
                None => self.findings.push((direction, finding)),
            }
        }
    }

    /// Notes a token that the client sent, up to `RECORD_RESTORES_MAX` places; further ones only add to the
    /// count of the last.
    pub(super) fn note_restore(&mut self, restore: Restore) {
        let is_same = |known: &Restore| {
            known.kind == restore.kind && known.path == restore.path && known.result == restore.result
        };
        let known = self.restores.iter().position(is_same);
        let is_full = self.restores.len() >= RECORD_RESTORES_MAX;
        let slot = known.or(is_full.then_some(RECORD_RESTORES_MAX - 1));
        match slot.and_then(|slot| self.restores.get_mut(slot)) {
            Some(known) => known.count = known.count.saturating_add(restore.count),
            None => self.restores.push(restore),
        }
    }

    /// Notes that a rule or limit in shadow mode would have refused.
    pub(super) fn would_deny(&mut self, reason: Reason, rule: &Label) {
        self.verdict = Verdict::Deny;
        self.action = Action::ShadowDeny;
        self.reason = reason;
        self.rule = Some(rule.clone());
    }
}

/// The longest beginning of `text` that has at most `bytes_max` bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
