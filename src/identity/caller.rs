//! The caller: the proof that somebody was looked up and found.

use super::Bond;

/// Who sent a message. Only [`Directory::verify`](super::Directory::verify) makes one; who is only
/// supposed to call is a [`Supposed`](super::Supposed).
///
/// Scopes and groups are sorted, without doubles, and compared as exact strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub(super) user: Box<str>,
    pub(super) tenant: Option<Box<str>>,
    pub(super) agent: Option<Box<str>>,
    pub(super) workload: Option<Box<str>>,
    pub(super) issuer: Option<Box<str>>,
    pub(super) scopes: Box<[Box<str>]>,
    pub(super) groups: Box<[Box<str>]>,
    /// Claims by name.
    pub(super) kept: Box<[(Box<str>, Box<str>)]>,
    pub(super) proof: Proof,
    pub(super) bond: Bond,
}

/// How a caller was established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Not at all: the policy lets anybody in.
    Anonymous,
    /// By a certificate that an authority of the policy vouches for.
    Certificate,
    /// By what an issuer said of a token when it was asked.
    Introspection,
    /// By a static key of the policy.
    Key,
    /// By a token of one of the issuers.
    Token,
}

impl Caller {
    /// The user; `anonymous` for an anonymous caller.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The organisation, if the token or key names one.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The program that speaks for the user, if the token or key names one.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// What the program runs as, if that was attested: a SPIFFE id or a service account.
    pub fn workload(&self) -> Option<&str> {
        self.workload.as_deref()
    }

    /// Who vouches for it; `None` for keys and anonymous callers.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// What the caller may ask for; sorted.
    pub fn scopes(&self) -> &[Box<str>] {
        &self.scopes
    }

    /// Where the caller belongs; sorted.
    pub fn groups(&self) -> &[Box<str>] {
        &self.groups
    }

    /// What its token says under a claim that [`ClaimNames::kept`](super::ClaimNames::kept) names.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.kept.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }

    /// How the caller was established.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// What its token is bound to.
    pub fn bond(&self) -> Bond {
        self.bond
    }

    /// Whether `scope` is among its scopes.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.binary_search_by(|own| (**own).cmp(scope)).is_ok()
    }

    pub(super) fn anonymous() -> Self {
        Self {
            user: "anonymous".into(),
            tenant: None,
            agent: None,
            workload: None,
            issuer: None,
            scopes: Box::default(),
            groups: Box::default(),
            kept: Box::default(),
            proof: Proof::Anonymous,
            bond: Bond::default(),
        }
    }
}

/// Sorts names and drops doubles.
pub(super) fn set(mut names: Vec<Box<str>>) -> Box<[Box<str>]> {
    names.sort_unstable();
    names.dedup();
    names.into()
}

impl Proof {
    /// The word for it in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Certificate => "certificate",
            Self::Introspection => "introspection",
            Self::Key => "key",
            Self::Token => "token",
        }
    }
}
