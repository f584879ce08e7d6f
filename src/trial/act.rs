//! One message through the gate, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::message::headers_of;
use crate::gate::{
    Ask, Carrier, Denial, Ending, Errand, Gate, Origin, Outcome, Overhead, Record, Refusal, Release, Reply,
    Said, SealKey, Ticket, Way,
};
use crate::identity::Caller;
use crate::limit::StoreWord;
use crate::names::{Label, Mode, Now};
use crate::policy::{Decision, Explanation, Policy, Verdict};
use crate::scan::Vault;

/// A gate of its own for one case, with nothing counted yet.
#[derive(Debug)]
pub struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
    caller: Arc<Caller>,
    /// What stands beside the headers of the protocol.
    headers: HeaderMap,
}

/// What came of one message.
#[derive(Debug)]
pub struct Came {
    /// Whether it went through, and its answer back; of a policy in shadow whether it would have.
    pub verdict: Verdict,
    /// What the gate writes down; its `rule` decided, or came nearest.
    pub record: Box<Record>,
    /// The rule or limit in shadow mode that would have refused.
    pub shadow: Option<Label>,
    /// Why not.
    pub denial: Option<Denial>,
    /// What the caller gets in place of an answer.
    pub reply: Option<Reply>,
    /// What the server gets.
    pub sent: Option<Bytes>,
    /// What the caller gets of the answer.
    pub handed: Option<Bytes>,
}

/// Seals the handles of cases, which nobody else ever sees.
const SECRET: &[u8] = b"handles of cases that are never handed out";
/// Draws the tokens of cases: the same ones each time.
const CHANCE: &[u8; 32] = b"tokens of cases, always the same";

impl Stage {
    /// The same gate with all that it has counted, for another caller.
    #[must_use]
    pub fn with_caller(self, caller: Arc<Caller>) -> Self {
        Self { caller, ..self }
    }

    /// A gate for this caller, who has not called yet.
    pub fn new(policy: Arc<Policy>, caller: Arc<Caller>) -> Self {
        // INVARIANT: the constant is as long as a sealing secret must be; a test holds it.
        let key = SealKey::derive(SECRET).expect("a secret of 32 bytes or more");
        Self { gate: Gate::new(key, Vault::new(CHANCE)), policy, caller, headers: HeaderMap::new() }
    }

    /// The same, where the conversation has seen these labels before.
    #[must_use]
    pub fn having_seen(self, labels: &[Label]) -> Self {
        Self { gate: self.gate.supposing(labels), ..self }
    }

    /// The same, with more headers on every message; those of the protocol are made from the message.
    #[must_use]
    pub fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }

    /// Sends `body`, and lets the server answer with `result` if it gets that far.
    ///
    /// `explanation` is that of the same message at the same time; it tells what is in shadow apart.
    pub fn send(
        &self,
        body: &Bytes,
        result: Option<&str>,
        now: Now,
        explanation: Option<&Explanation<'_>>,
    ) -> Came {
        match self.enter(body, now) {
            Ok(ticket) => self.answer(ticket, result, now, explanation),
            Err(came) => *came,
        }
    }

    /// Sends `body`, and lets the server take its time.
    ///
    /// # Errors
    /// What came of it, if it got no further than the gate.
    pub fn enter(&self, body: &Bytes, now: Now) -> Result<Ticket, Box<Came>> {
        let mut headers = self.headers.clone();
        headers.extend(headers_of(body));
        let ask = Ask {
            errand: Errand::Say(body.clone()),
            headers: &headers,
            origin: Origin::default(),
            way: Way::Streamable,
            now,
            word: StoreWord::Never,
            trace: None,
        };
        self.gate.admit(&self.policy, &self.caller, &ask).map_err(|Refusal { record, denial }| {
            let reply = Reply::new(&self.policy, &record, &denial);
            Box::new(Came {
                verdict: Verdict::Deny,
                record,
                shadow: None,
                denial: Some(denial),
                reply: Some(reply),
                sent: None,
                handed: None,
            })
        })
    }

    /// Lets the server answer a message that got through, with `result` if there is one.
    pub fn answer(
        &self,
        mut ticket: Ticket,
        result: Option<&str>,
        now: Now,
        explanation: Option<&Explanation<'_>>,
    ) -> Came {
        let sent = Some(ticket.body());
        let (mut denial, mut handed) = (None, None);
        let id = ticket.record().request_id.as_ref().map(|id| id.raw().to_owned());
        if let (Some(result), Some(id)) = (result, id) {
            let answer = Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#));
            match self.gate.inspect(&self.policy, &mut ticket, &Said::plainly(&answer, Carrier::Whole), now) {
                Release::Pass { body, .. } => handed = Some(body),
                Release::Withhold(why) => denial = Some(why),
                Release::Drop(stray) | Release::Object { stray, .. } => denial = Some(Denial::Stray(stray)),
            }
        }
        let reply = denial.as_ref().map(|denial| Reply::new(&self.policy, ticket.record(), denial));
        let (would_refuse, shadow) = in_shadow(ticket.record(), explanation);
        if let Some(denial) = &denial {
            ticket.withhold(denial);
        }
        let ending = Ending {
            outcome: Outcome::Success,
            http_status: reply.as_ref().map_or(200, |reply| reply.http_status),
            duration: Duration::ZERO,
            bytes: handed.as_ref().map_or(0, |body| body.len() as u64),
            overhead: Overhead::default(),
        };
        let verdict = if would_refuse || denial.is_some() { Verdict::Deny } else { Verdict::Allow };
        let mut record = self.gate.settle(ticket, ending);
        if let (Verdict::Allow, Some(Explanation { decision: Decision::Allow { by, .. }, .. })) =
            (verdict, explanation)
        {
            // In the record stands what is in shadow; what let the message through is another rule.
            record.rule = Some((*by).clone());
        }
        Came { verdict, record, shadow, denial, reply, sent, handed }
    }
}

/// Whether a message that went through would have been refused if the bundle were in force, and which
/// single rule or limit is in shadow.
fn in_shadow(record: &Record, explanation: Option<&Explanation<'_>>) -> (bool, Option<Label>) {
    use crate::gate;
    if record.verdict != gate::Verdict::Deny {
        return (false, None);
    }
    let of_rule = explanation.and_then(|explanation| match &explanation.decision {
        Decision::Allow { shadow, .. } => *shadow,
        Decision::Forbid(_) => None,
    });
    match record.mode {
        Mode::Enforce => (false, record.rule.clone()),
        Mode::Shadow if record.reason == gate::Reason::Schema && record.rule.is_some() => {
            (false, record.rule.clone())
        }
        Mode::Shadow if of_rule.is_some() && of_rule == record.rule.as_ref() => (false, of_rule.cloned()),
        Mode::Shadow => (true, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_cases_makes_a_key() {
        assert!(SealKey::derive(SECRET).is_ok());
    }

    #[test]
    fn knows_every_reason_that_a_refusal_may_have() {
        use crate::gate::Reason;
        let of_callers = [Reason::AuthInvalid, Reason::AuthMissing, Reason::None];
        let reasons = Reason::ALL.iter().filter(|reason| !of_callers.contains(reason));
        let words: Vec<&str> = reasons.map(|reason| reason.as_str()).collect();
        assert_eq!(words, crate::policy::REASONS);
    }
}
