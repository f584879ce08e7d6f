//! Tokens that say nothing themselves: what their issuer says of them when it is asked.
//!
//! **How.** A token that is neither a static key nor a JWT makes an [`Inquiry`](super::Inquiry); the shell asks,
//! and [`Directory::hear`](super::Directory::hear) takes the answer. What is said of a token is judged as if it
//! stood in it: issuer, audience, times, scopes, what it is bound to. What is missing refuses.
//!
//! **What it is not.** It never guesses: where nobody answered, nobody is a caller. An answer is believed for
//! `INTROSPECTED_LIFE` at most, which is the lag of a revocation.
//!
//! Source: RFC 7662, sections 2.2 and 4.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::tally::Outcome;
use super::token::judge;
use super::{Caller, Endpoint, Flaw, Issuer, Proof, digest};
use crate::bounds::{INTROSPECTED_LIFE, INTROSPECTED_TOKENS_MAX, REFUSED_LIFE, REFUSED_TOKENS_MAX};
use crate::json::{Document, Kind, Value};
use crate::names::Now;

/// Whom to ask about the tokens of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Introspection {
    /// What is asked.
    pub endpoint: Endpoint,
    /// Who asks.
    pub client: Box<str>,
    /// The file with the secret of whoever asks.
    pub secret_file: Box<str>,
}

/// A question about a token. Shows it to nobody but whoever asks.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenInquiry {
    token: Box<str>,
    sha256: [u8; 32],
}

/// What was said of tokens a moment ago; of those in force apart from the others, so that junk pushes out junk.
#[derive(Debug)]
pub(super) struct Hearsay {
    active: Cache<[u8; 32], (Arc<Caller>, Duration)>,
    inactive: Cache<[u8; 32], (Flaw, Duration)>,
}

impl TokenInquiry {
    /// A question about this token.
    pub fn new(token: &str) -> Self {
        Self { token: token.into(), sha256: digest(token) }
    }

    /// The token, for whoever asks about it.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Its SHA-256, for whoever keeps something of it.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }
}

impl fmt::Debug for TokenInquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInquiry").finish_non_exhaustive()
    }
}

impl Hearsay {
    pub fn new() -> Self {
        Self { active: Cache::new(INTROSPECTED_TOKENS_MAX), inactive: Cache::new(REFUSED_TOKENS_MAX) }
    }

    /// What was said of a token, if that still holds.
    pub fn recall(&self, sha256: &[u8; 32], steady: Duration) -> Option<Result<Arc<Caller>, Flaw>> {
        if let Some((caller, until)) = self.active.get(sha256)
            && steady < until
        {
            return Some(Ok(caller));
        }
        let (flaw, until) = self.inactive.get(sha256)?;
        (steady < until).then_some(Err(flaw))
    }

    /// Takes what `issuer` says of a token. What is no answer at all says nothing, and is not remembered.
    pub fn hear(&self, sha256: [u8; 32], answer: &[u8], issuer: &Issuer, now: Now) -> Outcome {
        match read(answer, issuer, now.unix_ms) {
            None => Outcome::Unavailable,
            Some(Ok((caller, expires_ms))) => {
                let left = Duration::from_millis(expires_ms.saturating_sub(now.unix_ms));
                let until = now.steady.saturating_add(left.min(INTROSPECTED_LIFE));
                self.inactive.remove(&sha256);
                self.active.insert(sha256, (Arc::new(caller), until));
                Outcome::Ok
            }
            Some(Err(flaw)) => {
                self.active.remove(&sha256);
                self.inactive.insert(sha256, (flaw, now.steady.saturating_add(REFUSED_LIFE)));
                Outcome::Refused
            }
        }
    }
}

/// Whether bytes are an answer to such a question: an object that says whether the token is active.
pub fn is_introspection(answer: &[u8]) -> bool {
    Document::parse(answer).is_ok_and(|answer| active(answer.root()).is_some())
}

fn active(answer: Value<'_>) -> Option<bool> {
    if answer.kind() == Kind::Object { answer.get("active")?.boolean() } else { None }
}

/// Judges an answer; `None` where it is none.
fn read(answer: &[u8], issuer: &Issuer, unix_ms: u64) -> Option<Result<(Caller, u64), Flaw>> {
    let answer = Document::parse(answer).ok()?;
    let claims = answer.root();
    Some(if active(claims)? { check(claims, issuer, unix_ms) } else { Err(Flaw::Inactive) })
}

/// Returns the caller, and until when the issuer says so, in milliseconds since 1970.
fn check(claims: Value<'_>, issuer: &Issuer, unix_ms: u64) -> Result<(Caller, u64), Flaw> {
    // It may leave this out, since only one issuer is asked; what it says must be so.
    if claims.get("iss").is_some_and(|iss| iss.string().as_deref() != Some(&*issuer.issuer)) {
        return Err(Flaw::Issuer);
    }
    let is_of = |name: &str, words: &[&str]| match claims.get(name) {
        None => true,
        Some(said) => {
            said.string().is_some_and(|said| words.iter().any(|word| word.eq_ignore_ascii_case(&said)))
        }
    };
    // A refresh token is active too, and nobody may call with one.
    if !is_of("token_type", &["bearer", "dpop", "access_token"])
        || !is_of("token_use", &["access_token", "access"])
    {
        return Err(Flaw::Type);
    }
    judge(claims, issuer, Proof::Introspection, unix_ms)
}

/// An answer from anybody; for fuzzers.
pub(super) fn fuzz_introspection(answer: &[u8], issuer: &Issuer) {
    let is_answer = is_introspection(answer);
    assert_eq!(read(answer, issuer, 0).is_some(), is_answer, "one answer to whether it is one");
}
