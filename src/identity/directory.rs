//! Everybody who may be a caller, and what was found out a moment ago.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::caller::{Caller, Proof, set};
use super::token::{self, Trusted, is_jwt, is_name};
use super::{
    Anonymous, Culprit, Evidence, Finding, Flaw, KeyFault, KeyFaultKind, Refused, Settings, StaticKey,
    bearer, digest, provider,
};
use crate::bounds::{REFUSED_LIFE, REFUSED_TOKENS_MAX, VERIFIED_LIFE, VERIFIED_TOKENS_MAX};
use crate::names::Now;

/// Everybody who may be a caller.
///
/// Belongs to one policy: a new policy has a new directory, and so an empty cache. A token that is
/// revoked elsewhere is believed for up to `VERIFIED_LIFE` more.
#[derive(Debug)]
pub struct Directory {
    issuers: Vec<Trusted>,
    keys: HashMap<[u8; 32], Arc<Caller>>,
    anonymous: Option<Arc<Caller>>,
    verified: Cache<[u8; 32], Lasting<Arc<Caller>>>,
    /// Apart from the verified ones, so that junk pushes out junk.
    refused: Cache<[u8; 32], Lasting<Flaw>>,
}

/// Something found out, and how long to believe it.
#[derive(Debug, Clone)]
struct Lasting<T> {
    found: T,
    until: Duration,
}

impl Directory {
    /// Reads all keys. Installs the crypto provider of the process.
    ///
    /// # Errors
    /// The first [`KeyFault`], the policy author's.
    pub fn new(settings: Settings) -> Result<Self, KeyFault> {
        provider::install_crypto();
        let mut issuers: Vec<Trusted> = Vec::new();
        for (at, issuer) in settings.issuers.into_iter().enumerate() {
            let fault = |kind| KeyFault { culprit: Culprit::Issuer(at), kind };
            let trusted = Trusted::new(issuer).map_err(fault)?;
            if issuers.iter().any(|other| other.issuer.issuer == trusted.issuer.issuer) {
                return Err(fault(KeyFaultKind::Double));
            }
            issuers.push(trusted);
        }
        let mut keys = HashMap::new();
        for (at, key) in settings.keys.into_iter().enumerate() {
            let fault = |kind| KeyFault { culprit: Culprit::Key(at), kind };
            let sha256 = key.sha256;
            let caller = holder(key).ok_or(fault(KeyFaultKind::Empty))?;
            if keys.insert(sha256, Arc::new(caller)).is_some() {
                return Err(fault(KeyFaultKind::Double));
            }
        }
        let anonymous = match settings.anonymous {
            Anonymous::Allow => Some(Arc::new(Caller::anonymous())),
            Anonymous::Deny => None,
        };
        let (verified, refused) = (Cache::new(VERIFIED_TOKENS_MAX), Cache::new(REFUSED_TOKENS_MAX));
        Ok(Self { issuers, keys, anonymous, verified, refused })
    }

    /// Finds the caller of a message by what it shows.
    ///
    /// Who shows something that is not accepted is refused, also where anonymous callers are let in.
    ///
    /// Less than a microsecond for a key or a token seen a moment ago, 20 to 60 for a new token.
    pub fn verify(&self, evidence: &Evidence<'_>, now: Now) -> Finding {
        match self.look(evidence, now) {
            Ok(caller) => Finding::Caller(caller),
            Err(refused) => Finding::Refused(refused),
        }
    }

    fn look(&self, evidence: &Evidence<'_>, now: Now) -> Result<Arc<Caller>, Refused> {
        let Some(authorization) = evidence.authorization else {
            return self.anonymous.clone().ok_or(Refused::Missing);
        };
        let token = bearer::token(authorization).ok_or(Refused::Malformed)?;
        // Hashing first makes every look-up below take the same time for good and bad guesses.
        let sha256 = digest(token);
        if let Some(caller) = self.keys.get(&sha256) {
            return Ok(Arc::clone(caller));
        }
        if !is_jwt(token) {
            return Err(Refused::Invalid(Flaw::UnknownKey));
        }
        if let Some(known) = self.verified.get(&sha256).filter(|known| now.steady < known.until) {
            return Ok(known.found);
        }
        if let Some(known) = self.refused.get(&sha256).filter(|known| now.steady < known.until) {
            return Err(Refused::Invalid(known.found));
        }
        self.verify_token(token, sha256, now).map_err(Refused::Invalid)
    }

    fn verify_token(&self, token: &str, sha256: [u8; 32], now: Now) -> Result<Arc<Caller>, Flaw> {
        match token::verify(token, &self.issuers, now.unix_ms) {
            Ok(verified) => {
                let left = Duration::from_millis(verified.expires_ms.saturating_sub(now.unix_ms));
                let until = now.steady.saturating_add(left.min(VERIFIED_LIFE));
                let caller = Arc::new(verified.caller);
                self.verified.insert(sha256, Lasting { found: Arc::clone(&caller), until });
                Ok(caller)
            }
            Err(flaw) => {
                let until = now.steady.saturating_add(REFUSED_LIFE);
                self.refused.insert(sha256, Lasting { found: flaw, until });
                Err(flaw)
            }
        }
    }
}

/// The caller that a static key stands for; `None` where a name cannot be one.
fn holder(key: StaticKey) -> Option<Caller> {
    let names = [&key.user].into_iter().chain(&key.tenant).chain(&key.agent).chain(&key.workload);
    let are_names = names.chain(&key.scopes).chain(&key.groups).all(|name| is_name(name));
    are_names.then(|| Caller {
        user: key.user,
        tenant: key.tenant,
        agent: key.agent,
        workload: key.workload,
        issuer: None,
        scopes: set(key.scopes),
        groups: set(key.groups),
        proof: Proof::Key,
    })
}
