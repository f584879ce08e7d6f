//! Callers who show a certificate and no token.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::caller::{Caller, Proof, set};
use super::claims::is_name;
use super::{Authority, AuthorityFault, Bond, PeerCertificate, San, SpiffeId, SpiffePattern};
use crate::bounds::{CERTIFICATE_CALLERS_MAX, VERIFIED_LIFE};
use crate::names::{Label, Now};

/// Callers who are known by a certificate.
#[derive(Debug, Clone)]
pub struct CertificateHolder {
    /// What the policy calls them.
    pub id: Label,
    /// The text of the file with the authorities that must vouch for them, in PEM.
    pub authorities: Box<str>,
    /// Which names they have.
    pub named: Named,
    /// The user they stand for; without it, each is called by the name that was looked for.
    pub user: Option<Box<str>>,
    /// Their organisation.
    pub tenant: Option<Box<str>>,
    /// The program they are.
    pub agent: Option<Box<str>>,
    /// What they may ask for.
    pub scopes: Vec<Box<str>>,
    /// Where they belong.
    pub groups: Vec<Box<str>>,
}

/// Which certificates are meant, by what they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Those with this name among others.
    San(San),
    /// Those of these workloads.
    Spiffe(SpiffePattern),
}

/// What is wrong with a caller by certificate; the policy author's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HolderFault {
    Authority(AuthorityFault),
    Empty,
}

/// All callers by certificate, and whom of them was seen a moment ago.
#[derive(Debug)]
pub(super) struct Holders {
    /// In the order of the policy.
    known: Vec<CertificateHolder>,
    /// Those of `known`, one each.
    authorities: Vec<Authority>,
    /// By the whole chain: another one could lead to another authority.
    seen: Cache<[u8; 32], Seen>,
}

#[derive(Debug, Clone)]
struct Seen {
    caller: Option<Arc<Caller>>,
    until: Duration,
}

impl Holders {
    /// Reads all authorities; a fault comes with its place.
    pub fn new(known: Vec<CertificateHolder>) -> Result<Self, (usize, HolderFault)> {
        let mut authorities = Vec::with_capacity(known.len());
        for (at, holder) in known.iter().enumerate() {
            let names = [&holder.user, &holder.tenant, &holder.agent].into_iter().flatten();
            if !names.chain(&holder.scopes).chain(&holder.groups).all(|name| is_name(name)) {
                return Err((at, HolderFault::Empty));
            }
            let authority = Authority::parse(&holder.authorities);
            authorities.push(authority.map_err(|fault| (at, HolderFault::Authority(fault)))?);
        }
        Ok(Self { known, authorities, seen: Cache::new(CERTIFICATE_CALLERS_MAX) })
    }

    /// Who vouches for them.
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// The caller who shows a certificate: by the first of the policy that means it.
    ///
    /// The chain is verified anew when `VERIFIED_LIFE` has passed, and never believed beyond its end.
    pub fn find(&self, shown: &PeerCertificate, now: Now) -> Option<Arc<Caller>> {
        if let Some(seen) = self.seen.get(&shown.chain_sha256).filter(|seen| now.steady < seen.until) {
            return seen.caller;
        }
        let caller = self.look(shown, now.unix_ms).map(Arc::new);
        let until = now.steady.saturating_add(shown.left(now.unix_ms).min(VERIFIED_LIFE));
        self.seen.insert(shown.chain_sha256, Seen { caller: caller.clone(), until });
        caller
    }

    fn look(&self, shown: &PeerCertificate, unix_ms: u64) -> Option<Caller> {
        let mut all = self.known.iter().zip(&self.authorities);
        all.find_map(|(holder, authority)| {
            let name = holder.named.of(shown)?;
            authority.vouches_for(shown, unix_ms).then(|| holder.caller(name))
        })
    }
}

impl Named {
    /// The name of a certificate that is meant.
    fn of<'a>(&'a self, shown: &'a PeerCertificate) -> Option<&'a str> {
        match self {
            Self::San(san) => shown.names().contains(san).then(|| san.name()),
            Self::Spiffe(pattern) => shown.spiffe().filter(|id| pattern.matches(id)).map(SpiffeId::as_str),
        }
    }
}

impl CertificateHolder {
    fn caller(&self, name: &str) -> Caller {
        Caller {
            user: self.user.clone().unwrap_or_else(|| name.into()),
            tenant: self.tenant.clone(),
            agent: self.agent.clone(),
            workload: match &self.named {
                Named::Spiffe(_) => Some(name.into()),
                Named::San(_) => None,
            },
            issuer: None,
            scopes: set(self.scopes.clone()),
            groups: set(self.groups.clone()),
            kept: Box::default(),
            proof: Proof::Certificate,
            bond: Bond::default(),
        }
    }
}
