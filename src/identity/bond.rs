//! Whom a token is bound to: nobody but the holder of a key or of a certificate may use it.
//!
//! **How.** The issuer writes the thumbprint of the key (`cnf.jkt`) or of the certificate (`cnf["x5t#S256"]`)
//! into the token, or into what it says of it. What is there must be satisfied, all of it, with each request:
//! a token is remembered with its binding, a proof never. What is there and not known here refuses the token,
//! for a sender is meant that nobody would check.
//!
//! A certificate counts where an authority vouched for it in the handshake and its end has not come; that the
//! authority is still one of the policy's is asked of those who show a certificate alone.
//!
//! Whether a proof holds is never remembered against the token: else whoever stole it could lock its owner out.
//!
//! Source: RFC 7800, section 3.1; RFC 8705, section 3; RFC 9449, sections 6 and 7.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::bearer::{Credential, Scheme};
use super::dpop::{self, ProofFlaw, Subject, VisibleUrl};
use super::replays::Noted;
use super::{Binding, Evidence, Flaw, Refused, Terms};
use crate::json::{Kind, Value};
use crate::names::Now;

/// What a token is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bond {
    /// The thumbprint of a key that each request must be proved by.
    pub(super) key: Option<[u8; 32]>,
    /// The SHA-256 of the certificate that the connection must be made with.
    pub(super) certificate: Option<[u8; 32]>,
}

/// Whether an issuer's tokens may be bound to keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dpop {
    /// Those that are must be proved; others pass as bearer tokens.
    Allow,
    /// None are accepted that are.
    #[default]
    Refuse,
    /// All must be.
    Require,
}

impl Dpop {
    /// Every choice, in alphabetical order.
    pub const ALL: &[Self] = &[Self::Allow, Self::Refuse, Self::Require];

    /// The word in a policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Refuse => "refuse",
            Self::Require => "require",
        }
    }
}

impl Bond {
    /// Reads `cnf`, as far as the issuer's tokens may have one.
    pub(super) fn read(claims: Value<'_>, terms: &Terms) -> Result<Self, Flaw> {
        let dpop = terms.dpop;
        let Some(cnf) = claims.get("cnf") else {
            let is_owed = dpop == Dpop::Require || terms.binding == Binding::Required;
            return if is_owed { Err(Flaw::Unbound) } else { Ok(Self::default()) };
        };
        if cnf.kind() != Kind::Object {
            return Err(Flaw::Sender);
        }
        let mut bond = Self::default();
        for (name, value) in cnf.members() {
            let bound_to = match &*name.name() {
                "jkt" if dpop != Dpop::Refuse => &mut bond.key,
                "x5t#S256" => &mut bond.certificate,
                _ => return Err(Flaw::Sender),
            };
            *bound_to = Some(thumbprint(value).ok_or(Flaw::Sender)?);
        }
        match bond {
            Self { key: None, certificate: None } => Err(Flaw::Sender),
            Self { key: None, .. } if dpop == Dpop::Require => Err(Flaw::Unbound),
            Self { .. } => Ok(bond),
        }
    }

    /// Whether it is bound to anything.
    pub(super) fn is_bound(&self) -> bool {
        self.key.is_some() || self.certificate.is_some()
    }

    /// Whether each request must come with a proof.
    pub(super) fn needs_proof(&self) -> bool {
        self.key.is_some()
    }

    /// The word for it in records; `None` where nothing is bound.
    pub fn as_str(&self) -> Option<&'static str> {
        match (self.certificate, self.key) {
            (None, None) => None,
            (None, Some(_)) => Some("key"),
            (Some(_), None) => Some("certificate"),
            (Some(_), Some(_)) => Some("certificate_and_key"),
        }
    }

    /// Checks that the sender is who may use the token.
    ///
    /// `url` is the endpoint's, as clients know it. A proof that holds is noted, and holds no more.
    pub(super) fn check(
        &self,
        credential: Credential<'_>,
        evidence: &Evidence<'_>,
        url: Option<&VisibleUrl>,
        now: Now,
    ) -> Result<(), Refused> {
        if let Some(sha256) = &self.certificate {
            let shown = evidence.certificate.filter(|shown| shown.is_current(now.unix_ms));
            if shown.is_none_or(|shown| shown.sha256 != *sha256) {
                return Err(Refused::Invalid(Flaw::Holder));
            }
        }
        match (credential.scheme, &self.key) {
            (Scheme::Bearer, None) => Ok(()),
            (Scheme::Bearer, Some(_)) => Err(Refused::Proof(ProofFlaw::Missing)),
            (Scheme::Dpop, None) => Err(Refused::Invalid(Flaw::Scheme)),
            (Scheme::Dpop, Some(thumbprint)) => {
                let proof = evidence.dpop.ok_or(Refused::Proof(ProofFlaw::Missing))?;
                let subject = Subject {
                    method: evidence.method,
                    url: url.ok_or(Refused::Proof(ProofFlaw::Url))?,
                    token: credential.token,
                    thumbprint,
                    unix_ms: now.unix_ms,
                };
                prove(proof, &subject, evidence, now)
            }
        }
    }
}

fn prove(proof: &str, subject: &Subject<'_>, evidence: &Evidence<'_>, now: Now) -> Result<(), Refused> {
    let once = dpop::verify(proof, subject).map_err(Refused::Proof)?;
    // Where nobody remembers proofs, one would hold for ever.
    let replays = evidence.replays.ok_or(Refused::Unavailable)?;
    match replays.note(once, now) {
        Noted::Again => Err(Refused::Proof(ProofFlaw::Replay)),
        Noted::Full => Err(Refused::Unavailable),
        Noted::New => Ok(()),
    }
}

/// 32 bytes in base64url.
fn thumbprint(value: Value<'_>) -> Option<[u8; 32]> {
    let bytes = URL_SAFE_NO_PAD.decode(value.string()?.as_ref()).ok()?;
    <[u8; 32]>::try_from(bytes).ok()
}
