//! Callers that no message brought: those of test cases and of questions about a policy.

use std::sync::Arc;
use std::time::Duration;

use super::caller::Proof;
use super::{Anonymous, Caller, Directory, Evidence, KeyFaultKind, Settings, StaticKey, digest};
use crate::names::{Label, Now};

/// A caller as somebody describes it, to ask what would happen to it.
///
/// For cases and explanations only: nothing that judges messages of clients may use it, and
/// `tests/floors.rs` holds that. What it may be is checked as for every other caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supposed {
    /// The user.
    pub user: Box<str>,
    /// The user's organisation.
    pub tenant: Option<Box<str>>,
    /// The program that speaks for the user.
    pub agent: Option<Box<str>>,
    /// What the program runs as.
    pub workload: Option<Box<str>>,
    /// What the caller may ask for.
    pub scopes: Vec<Box<str>>,
    /// Where the caller belongs.
    pub groups: Vec<Box<str>>,
    /// By what the caller would be known.
    pub by: SupposedProof,
}

/// By what a described caller would be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SupposedProof {
    /// By a static key, so that no scope can be asked for.
    Key,
    /// By a token of some issuer, from whom a client can get more scopes.
    #[default]
    Token,
}

/// What opens the directory of this one caller.
const KEY: &str = "supposed";
const PRESENTED: &str = "Bearer supposed";

/// Who vouches for a token that was never issued.
const ISSUER: &str = "supposed";

impl Supposed {
    /// The caller; anonymous where nobody is described.
    ///
    /// # Errors
    /// What no caller can be, such as a user without a name: the fault of whoever described it.
    pub fn caller(supposed: Option<&Self>) -> Result<Arc<Caller>, KeyFaultKind> {
        let settings = match supposed {
            Some(supposed) => Settings { keys: vec![supposed.key()], ..Settings::default() },
            None => Settings { anonymous: Anonymous::Allow, ..Settings::default() },
        };
        let directory = Directory::new(settings).map_err(|fault| fault.kind)?;
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        let found = directory.verify(&Evidence::header(supposed.map(|_| PRESENTED)), now);
        let caller = found.settled().map_err(|_| KeyFaultKind::Empty)?;
        match supposed.map(|supposed| supposed.by) {
            Some(SupposedProof::Token) => {
                let caller = Arc::unwrap_or_clone(caller);
                Ok(Arc::new(Caller { issuer: Some(ISSUER.into()), proof: Proof::Token, ..caller }))
            }
            Some(SupposedProof::Key) | None => Ok(caller),
        }
    }

    fn key(&self) -> StaticKey {
        StaticKey {
            // INVARIANT: the text is a constant that keeps to the alphabet.
            id: Label::parse(KEY).expect("a constant name"),
            sha256: digest(KEY),
            user: self.user.clone(),
            tenant: self.tenant.clone(),
            agent: self.agent.clone(),
            workload: self.workload.clone(),
            scopes: self.scopes.clone(),
            groups: self.groups.clone(),
        }
    }
}

/// Somebody without anything but a name.
impl Default for Supposed {
    fn default() -> Self {
        Self {
            user: "somebody".into(),
            tenant: None,
            agent: None,
            workload: None,
            scopes: Vec::new(),
            groups: Vec::new(),
            by: SupposedProof::default(),
        }
    }
}

impl SupposedProof {
    /// Both.
    pub const ALL: &[Self] = &[Self::Key, Self::Token];

    /// The word for it in cases.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Token => "token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_checked_like_every_other_caller() {
        let alice =
            Supposed { user: "alice".into(), scopes: vec!["b".into(), "a".into()], ..Supposed::default() };
        let caller = Supposed::caller(Some(&alice)).expect("a caller");
        assert_eq!((caller.user(), caller.proof(), caller.has_scope("a")), ("alice", Proof::Token, true));
        let by_key = Supposed { by: SupposedProof::Key, ..alice };
        let caller = Supposed::caller(Some(&by_key)).expect("a caller");
        assert_eq!((caller.proof(), caller.issuer()), (Proof::Key, None));
        let nobody = Supposed { user: "".into(), ..Supposed::default() };
        assert_eq!(Supposed::caller(Some(&nobody)), Err(KeyFaultKind::Empty));
        assert_eq!(Supposed::caller(None).expect("a caller").proof(), Proof::Anonymous);
    }
}
