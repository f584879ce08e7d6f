//! Everybody who may be a caller, and what was found out a moment ago.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::bearer::{self, Credential};
use super::caller::{Caller, Proof, set};
use super::claims::is_name;
use super::holders::{HolderFault, Holders};
use super::introspection::Hearsay;
use super::ring::Ring;
use super::tally::{Memory, Outcome, Tally};
use super::token::{self, Stop, Trusted, is_jwt};
use super::{
    Anonymous, Authority, Bond, Culprit, Evidence, Finding, Flaw, Inquiry, Introspection, KeyFault,
    KeyFaultKind, KeyPlace, Refused, Settings, StaticKey, TokenInquiry, VisibleUrl, digest, provider,
};
use crate::bounds::{REFUSED_LIFE, REFUSED_TOKENS_MAX, VERIFIED_TOKENS_MAX};
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
    holders: Holders,
    /// The endpoint's URL, for proofs of possession.
    visible: Option<VisibleUrl>,
    verified: Cache<[u8; 32], Known>,
    /// Apart from the verified ones, so that junk pushes out junk.
    refused: Cache<[u8; 32], Lasting<Flaw>>,
    hearsay: Hearsay,
    tally: Arc<Tally>,
}

/// A caller whose token was verified.
#[derive(Debug, Clone)]
struct Known {
    caller: Lasting<Arc<Caller>>,
    /// The place of the issuer, and the epoch of its keys.
    issuer: usize,
    epoch: u64,
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
        let holders = Holders::new(settings.certificates).map_err(|(at, fault)| KeyFault {
            culprit: Culprit::Certificate(at),
            kind: match fault {
                HolderFault::Authority(fault) => KeyFaultKind::Authority(fault),
                HolderFault::Empty => KeyFaultKind::Empty,
            },
        })?;
        let (visible, hearsay, tally) = (settings.visible, Hearsay::new(), Arc::default());
        Ok(Self { issuers, keys, anonymous, holders, visible, verified, refused, hearsay, tally })
    }

    /// The places that are asked for keys, each with the ring that holds them. Whoever asks may put in a
    /// ring that already holds the keys of the same place, before the directory is in use.
    pub fn places(&mut self) -> impl Iterator<Item = (&KeyPlace, &mut Arc<Ring>)> {
        self.issuers.iter_mut().filter_map(Trusted::fetched)
    }

    /// The ring that an inquiry is about.
    pub fn ring(&self, inquiry: &Inquiry) -> Option<&Arc<Ring>> {
        match inquiry {
            Inquiry::Keys(place) => self.issuers.get(*place).and_then(Trusted::ring),
            Inquiry::Token(_) => None,
        }
    }

    /// Whom to ask about tokens that say nothing themselves, where the policy says so.
    pub fn introspection(&self) -> Option<&Introspection> {
        self.issuers.iter().find_map(|trusted| trusted.issuer.introspection.as_ref())
    }

    /// Takes what came of an inquiry about a token: an answer of [`Directory::introspection`], or none.
    pub fn hear(&self, inquiry: &TokenInquiry, answer: Option<&[u8]>, now: Now) {
        let asked = self.issuers.iter().find(|trusted| trusted.issuer.introspection.is_some());
        let (Some(asked), Some(answer)) = (asked, answer) else {
            return self.tally.count(Memory::Miss, Outcome::Unavailable);
        };
        let outcome = self.hearsay.hear(inquiry.sha256(), answer, &asked.issuer, now);
        self.tally.count(Memory::Miss, outcome);
    }

    /// The authorities that vouch for the certificates of callers.
    pub fn authorities(&self) -> &[Authority] {
        self.holders.authorities()
    }

    /// Counts into `tally` from now on, so that a reload forgets no count.
    pub fn count_into(&mut self, tally: &Arc<Tally>) {
        self.tally = Arc::clone(tally);
    }

    /// Finds the caller of a message by what it shows.
    ///
    /// Who shows something that is not accepted is refused, also where anonymous callers are let in.
    ///
    /// Less than a microsecond for a key or a token seen a moment ago, 20 to 60 for a new token.
    pub fn verify(&self, evidence: &Evidence<'_>, now: Now) -> Finding {
        let finding = match self.recall(evidence, now) {
            Recall::Known(finding) => finding,
            Recall::Unknown(token, _) if !is_jwt(token) => {
                Finding::Pending(Inquiry::Token(TokenInquiry::new(token)))
            }
            Recall::Unknown(token, sha256) => self.verify_token(token, sha256, now),
        };
        self.bound(finding, evidence, now)
    }

    /// Finds the caller as [`Directory::verify`] does where that is cheap: no token is verified.
    pub fn recollect(&self, evidence: &Evidence<'_>, now: Now) -> Option<Finding> {
        match self.recall(evidence, now) {
            // To look at a proof is to verify a signature.
            Recall::Known(Finding::Caller(caller)) if caller.bond.needs_proof() => None,
            Recall::Known(finding) => Some(self.bound(finding, evidence, now)),
            Recall::Unknown(..) => None,
        }
    }

    /// Checks that a caller is who may use the token; for each request anew, and with no memory of failures.
    fn bound(&self, finding: Finding, evidence: &Evidence<'_>, now: Now) -> Finding {
        let (Finding::Caller(caller), Some(authorization)) = (&finding, evidence.authorization) else {
            return finding;
        };
        // The usual case; the token was read already.
        if !caller.bond.is_bound() && bearer::is_bearer(authorization) {
            return finding;
        }
        let credential = Credential::read(authorization).ok_or(Refused::Malformed);
        let checked = credential
            .and_then(|credential| caller.bond.check(credential, evidence, self.visible.as_ref(), now));
        checked.map_or_else(Finding::Refused, |()| finding)
    }

    /// The caller of a request that shows no token: by the certificate, where the policy knows callers by it.
    fn without_token(&self, evidence: &Evidence<'_>, now: Now) -> Finding {
        let (caller, refused) = match evidence.certificate {
            Some(shown) if !self.authorities().is_empty() => {
                (self.holders.find(shown, now), Refused::Invalid(Flaw::Certificate))
            }
            _ => (self.anonymous.clone(), Refused::Missing),
        };
        caller.map_or(Finding::Refused(refused), Finding::Caller)
    }

    fn recall<'e>(&self, evidence: &Evidence<'e>, now: Now) -> Recall<'e> {
        let refused = |refused| Recall::Known(Finding::Refused(refused));
        let Some(authorization) = evidence.authorization else {
            return Recall::Known(self.without_token(evidence, now));
        };
        let Some(Credential { token, .. }) = Credential::read(authorization) else {
            return refused(Refused::Malformed);
        };
        // Hashing first makes every look-up below take the same time for good and bad guesses.
        let sha256 = digest(token);
        if let Some(caller) = self.keys.get(&sha256) {
            return Recall::Known(Finding::Caller(Arc::clone(caller)));
        }
        if !is_jwt(token) {
            return self.recall_opaque(token, sha256, now);
        }
        if let Some(caller) = self.verified.get(&sha256).and_then(|known| self.still(known, now)) {
            self.tally.count(Memory::Hit, Outcome::Ok);
            return Recall::Known(Finding::Caller(caller));
        }
        if let Some(known) = self.refused.get(&sha256).filter(|known| now.steady < known.until) {
            self.tally.count(Memory::Hit, Outcome::Refused);
            return refused(Refused::Invalid(known.found));
        }
        Recall::Unknown(token, sha256)
    }

    /// What was said of a token that is no JWT; where nobody could be asked, it is none at all.
    fn recall_opaque<'e>(&self, token: &'e str, sha256: [u8; 32], now: Now) -> Recall<'e> {
        let known = match self.hearsay.recall(&sha256, now.steady) {
            Some(known) => known,
            None if self.introspection().is_some() => return Recall::Unknown(token, sha256),
            None => return Recall::Known(Finding::Refused(Refused::Invalid(Flaw::UnknownKey))),
        };
        let outcome = if known.is_ok() { Outcome::Ok } else { Outcome::Refused };
        self.tally.count(Memory::Hit, outcome);
        Recall::Known(known.map_or_else(|flaw| Finding::Refused(Refused::Invalid(flaw)), Finding::Caller))
    }

    /// The caller, if the time is not over and none of the issuer's keys has gone.
    fn still(&self, known: Known, now: Now) -> Option<Arc<Caller>> {
        let epoch = self.issuers.get(known.issuer).map(Trusted::epoch);
        (now.steady < known.caller.until && epoch == Some(known.epoch)).then_some(known.caller.found)
    }

    fn verify_token(&self, token: &str, sha256: [u8; 32], now: Now) -> Finding {
        match token::verify(token, &self.issuers, now) {
            Ok(verified) => {
                self.tally.count(Memory::Miss, Outcome::Ok);
                let caller = Arc::new(verified.caller);
                let left = Duration::from_millis(verified.expires_ms.saturating_sub(now.unix_ms));
                let belief = self.issuers.get(verified.issuer).map(|trusted| trusted.issuer.terms.belief);
                let life = left.min(belief.unwrap_or_default());
                if !life.is_zero() {
                    let until = now.steady.saturating_add(life);
                    let caller = Lasting { found: Arc::clone(&caller), until };
                    let known = Known { caller, issuer: verified.issuer, epoch: verified.epoch };
                    self.verified.insert(sha256, known);
                }
                Finding::Caller(caller)
            }
            Err(Stop::Ask(place)) => Finding::Pending(Inquiry::Keys(place)),
            Err(Stop::Flaw(flaw)) => {
                self.tally.count(Memory::Miss, Outcome::Refused);
                // Looking for a key costs little, and it may come in at any time.
                if flaw != Flaw::Key {
                    let until = now.steady.saturating_add(REFUSED_LIFE);
                    self.refused.insert(sha256, Lasting { found: flaw, until });
                }
                Finding::Refused(Refused::Invalid(flaw))
            }
            Err(Stop::Unavailable) => {
                self.tally.count(Memory::Miss, Outcome::Unavailable);
                Finding::Refused(Refused::Unavailable)
            }
        }
    }
}

/// What is known of somebody without verifying anything.
enum Recall<'e> {
    Known(Finding),
    /// Nothing: of this token, with this SHA-256.
    Unknown(&'e str, [u8; 32]),
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
        kept: Box::default(),
        proof: Proof::Key,
        bond: Bond::default(),
    })
}
