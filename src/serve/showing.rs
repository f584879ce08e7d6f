//! What the server is shown with each request: the gate's credential, and who calls.
//!
//! Every request to the server passes `Upstream::ask`, and so this; none goes out without what is due. A
//! request that the server did not take for our credential (401) was not executed, so it may be sent once
//! more with another credential. A 403 may be what the server says to this caller or this call: only where
//! it challenges the token is that one given up, and nothing is sent again.
//!
//! Challenges of the server are about the gate's credential and say nothing to a client, whose own
//! challenges are the gate's: they are not passed on.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};

use crate::gate::{Denial, Ticket, Unexchanged};
use crate::identity::{Caller, Proof, bearer_token, digest};
use crate::policy::Policy;
use crate::store::{NoPass, Pass, Passes, Subject};

/// In whose name a request goes to the server; keeps no ticket, and only lends the caller's token.
pub struct Behalf<'a> {
    policy: Arc<Policy>,
    caller: Option<Arc<Caller>>,
    subject: Option<[u8; 32]>,
    headers: &'a HeaderMap,
}

/// What an answer says of the credential that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it was taken.
    Taken,
    /// It was not taken, and the request not executed.
    Turned,
    /// It does not reach far enough, or no longer.
    Short,
}

impl<'a> Behalf<'a> {
    /// In the name of the ticket's caller, whose request has `headers`.
    pub fn of(ticket: &Ticket, headers: &'a HeaderMap) -> Self {
        let (policy, caller) = (Arc::clone(ticket.policy()), ticket.record().caller.clone());
        Self { policy, caller, subject: ticket.subject(), headers }
    }

    /// The token to exchange: that of `headers`, where it is the one that the ticket was given for.
    pub fn subject(&self) -> Option<Subject<'a>> {
        let sha256 = self.subject?;
        let shown = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = shown.map(str::trim).and_then(bearer_token).filter(|token| digest(token) == sha256);
        Some(Subject { sha256, token })
    }

    /// Puts into `request` what is due.
    ///
    /// # Errors
    /// There is no statement about the caller.
    pub fn dress<B>(
        &self,
        passes: &Passes,
        pass: Option<&Pass>,
        request: &mut Request<B>,
    ) -> Result<(), Denial> {
        if let Some(pass) = pass {
            let (name, value) = pass.header();
            request.headers_mut().insert(name.clone(), value.clone());
        }
        if let Some(caller) = &self.caller {
            let introduced = passes.introduce(self.policy.server.as_str(), caller);
            let introduced = introduced.map_err(|fault| Denial::Internal(fault.to_string().into()))?;
            if let Some((name, value)) = introduced {
                request.headers_mut().insert(name, value);
            }
        }
        Ok(())
    }

    /// The refusal where there is nothing to show.
    pub fn refusal(&self, fault: &NoPass) -> Denial {
        let is_token = |caller: &Arc<Caller>| matches!(caller.proof(), Proof::Introspection | Proof::Token);
        let has_token = self.caller.as_ref().is_some_and(is_token);
        let wait = match fault {
            // The policy has changed under way, or the token is no longer at hand.
            NoPass::NoToken if has_token => A_MOMENT,
            NoPass::NoToken => return Denial::Unexchanged(Unexchanged::NoToken),
            NoPass::Refused(detail) => return Denial::Unexchanged(Unexchanged::Refused(detail.clone())),
            NoPass::Resting(wait) => *wait,
            NoPass::Endpoint(_) | NoPass::Lost | NoPass::Rejected(_) => A_MOMENT,
        };
        Denial::Uncredited { detail: fault.to_string().into(), wait }
    }
}

/// When to call again where nobody knows better.
const A_MOMENT: Duration = Duration::from_secs(1);

impl Standing {
    /// Reads it, and takes the challenge off that is not the client's.
    pub fn of<B>(answer: &mut Response<B>) -> Self {
        let challenge = answer.headers_mut().remove(WWW_AUTHENTICATE);
        match (answer.status(), challenge) {
            (StatusCode::UNAUTHORIZED, _) => Self::Turned,
            (StatusCode::FORBIDDEN, Some(challenge)) if names_a_token(challenge.as_bytes()) => Self::Short,
            (_, _) => Self::Taken,
        }
    }
}

/// Whether a challenge complains of a bearer token. Source: RFC 6750, section 3.1.
fn names_a_token(challenge: &[u8]) -> bool {
    let has = |word: &[u8]| challenge.windows(word.len()).any(|part| part == word);
    has(b"invalid_token") || has(b"insufficient_scope")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn tells_a_refused_credential_from_a_refused_call() {
        let standing = |status: u16, challenge: Option<&'static str>| {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(challenge) = challenge {
                answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            let standing = Standing::of(&mut answer);
            assert!(!answer.headers().contains_key(WWW_AUTHENTICATE), "none is the client's");
            standing
        };
        for (status, challenge, wanted) in [
            (200, None, Standing::Taken),
            (200, Some("Bearer"), Standing::Taken),
            (401, None, Standing::Turned),
            (401, Some("Bearer realm=\"db\""), Standing::Turned),
            (403, None, Standing::Taken),
            (403, Some("Basic realm=\"db\""), Standing::Taken),
            (403, Some("Bearer error=\"invalid_token\""), Standing::Short),
            (403, Some("Bearer error=\"insufficient_scope\", scope=\"a\""), Standing::Short),
            (404, Some("Bearer error=\"invalid_token\""), Standing::Taken),
        ] {
            assert_eq!(standing(status, challenge), wanted, "{status} {challenge:?}");
        }
    }
}
