//! Where limits are held together with other replicas, as a plan: never a password.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::code::Code;
use super::diagnostic::{Findings, Span};
use super::parts::{LimitPart, LimitShare, Shared, SharedPart};
use super::snapshot::Policy;
use crate::limit::{Kind, Numbers, OnStoreError, Rule, SharedMode, Sharing};
use crate::names::Label;

/// The store of shared limits, and who shares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPlan {
    /// Where it is.
    pub place: StorePlace,
    /// Whether it is a cluster, of which the place names one node.
    pub is_cluster: bool,
    /// How many replicas there are at least; the store tells of more.
    pub replicas: Option<NonZeroU32>,
    /// What TLS needs beyond the system's authorities.
    pub tls: StoreTls,
}

/// Where a store is. Its URL says whether TLS is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// At the URL that stands in a file, with its password; an absolute path.
    File(Box<Path>),
    /// At this URL, which has no password.
    Url(Box<str>),
}

/// Files in PEM for TLS to a store; absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreTls {
    /// The authorities that vouch for the store, in place of the system's.
    pub ca_file: Option<Box<Path>>,
    /// What the gate shows of itself: a certificate, and its key.
    pub client: Option<(Box<Path>, Box<Path>)>,
}

/// Schemes of the URL of a store, and whether they speak TLS.
const SCHEMES: &[(&str, bool)] = &[
    ("redis", false),
    ("redis+unix", false),
    ("rediss", true),
    ("unix", false),
    ("valkey", false),
    ("valkey+unix", false),
    ("valkeys", true),
];

/// What can be read off the URL of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct StoreUrl {
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// Whether it is a Unix socket.
    pub is_socket: bool,
    /// Whether what is sent stays on this machine.
    pub is_near: bool,
    /// Whether it names a user or a password.
    pub has_user: bool,
}

/// Why a text is no URL of a store. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlFault {
    /// There is no host, or no path of a socket.
    #[error("it names no host and no socket")]
    Place,
    /// A part that would be left unread, or that would switch off the check of certificates.
    #[error("it has a part that a store does not have")]
    Rest,
    /// A scheme that is not spoken.
    #[error("its scheme is none of redis, rediss, valkey, valkeys and unix")]
    Scheme,
    /// No URL at all.
    #[error("it cannot be read")]
    Url,
}

impl Policy {
    /// The limits that are held together with other replicas, and how.
    pub fn shared_limits(&self) -> impl Iterator<Item = (&Label, SharedMode)> {
        self.limits.iter().filter_map(|rule| Some((rule.id(), rule.sharing()?.mode)))
    }
}

/// Checks the URL of a store, as it stands in a file.
///
/// # Errors
/// [`StoreUrlFault`], the operator's.
pub fn check_store_url(text: &str) -> Result<(), StoreUrlFault> {
    store_url(text).map(drop)
}

/// Reads the URL of a store.
pub(in crate::policy) fn store_url(text: &str) -> Result<StoreUrl, StoreUrlFault> {
    let url = Url::parse(text).map_err(|_| StoreUrlFault::Url)?;
    let scheme = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme());
    let &(scheme, is_tls) = scheme.ok_or(StoreUrlFault::Scheme)?;
    let is_socket = scheme.ends_with("unix");
    if url.fragment().is_some() || (!is_socket && url.query().is_some()) {
        return Err(StoreUrlFault::Rest);
    }
    let host = url.host_str().unwrap_or_default();
    let has_place = if is_socket { url.path().len() > 1 && host.is_empty() } else { !host.is_empty() };
    if !has_place {
        return Err(StoreUrlFault::Place);
    }
    let database = url.path().trim_start_matches('/');
    if !is_socket && !database.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StoreUrlFault::Rest);
    }
    let has_user = !url.username().is_empty()
        || url.password().is_some()
        || url.query_pairs().any(|(key, _)| matches!(&*key, "user" | "pass"));
    let is_loopback = match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    Ok(StoreUrl { is_tls, is_socket, is_near: is_socket || is_loopback, has_user })
}

/// How a limit is shared, by its own word and that of the bundle; `None` where it is not.
pub(super) fn of_limit(
    part: &LimitPart,
    shared: Option<&SharedPart>,
    findings: &mut Findings,
) -> Option<Sharing> {
    let LimitShare { shared: own, on_store_error } = &part.share;
    let fault = |span: Span, message: String, help: &str, findings: &mut Findings| {
        findings.advise(Code::SharedLimit, span, message, help);
        None
    };
    let Some(section) = shared else {
        if let Some((Shared::By(_), span)) = own {
            let message = "nothing says where limits are shared".to_owned();
            return fault(*span, message, "name the store: `shared: { url: redis://HOST:6379 }`", findings);
        }
        let (_, span) = on_store_error.as_ref()?;
        let message = "a limit that is not shared has no store to lose".to_owned();
        return fault(*span, message, "remove `on_store_error`, or name a store under `shared`", findings);
    };
    let mode = match own {
        None => section.mode,
        Some((Shared::By(mode), _)) => *mode,
        Some((Shared::Not, _)) => {
            let (_, span) = on_store_error.as_ref()?;
            let message = "a limit that is not shared has no store to lose".to_owned();
            return fault(*span, message, "remove `on_store_error`, or `shared: false`", findings);
        }
    };
    let (id, kind) = (part.id.as_ref()?.value.clone(), part.kind.as_ref()?);
    let word = on_store_error.as_ref().map_or(section.on_store_error, |(word, _)| *word);
    let numbers = match kind {
        Kind::Budget(budget) => Numbers::of_budget(id, budget.clone(), word),
        Kind::Rate { rate, burst } => Numbers::of_rate(id, rate.interval(), burst.get().into(), word),
        Kind::Concurrency(_) => {
            let span = own.map(|(_, span)| span).or(on_store_error.map(|(_, span)| span))?;
            let message = "what is in flight at one gate is not shared".to_owned();
            let help = "remove `shared` and `on_store_error`, or write a `rate` or a `budget`";
            return fault(span, message, help, findings);
        }
    };
    Some(Sharing { mode, numbers: Arc::new(numbers) })
}

/// Warns of what is shared in a way that somebody may not have meant.
pub(super) fn check(shared: Option<&SharedPart>, rules: &[Arc<Rule>], findings: &mut Findings) {
    let Some(part) = shared else { return };
    if let Some(span) = part.plain {
        let message = "the store of shared limits is reached without TLS, and not on this machine";
        findings.advise(Code::SharedPlainly, span, message, "write `rediss://` for TLS");
    }
    let shared: Vec<&Numbers> = rules.iter().filter_map(|rule| Some(&*rule.sharing()?.numbers)).collect();
    if shared.is_empty() {
        let message = "`shared` names a store, and no limit is shared";
        findings.advise(Code::SharedByNone, part.span, message, "remove it, or `shared: false` of a limit");
    }
    let replicas = part.plan.as_ref().and_then(|plan| plan.replicas);
    let is_divided = |numbers: &&&Numbers| numbers.on_store_error == OnStoreError::Local;
    let Some(replicas) = replicas else {
        if let Some(first) = shared.iter().find(is_divided).filter(|_| part.plan.is_some()) {
            let message = format!(
                "without the store `{}` is divided by the number of replicas, and nothing says how many there are",
                first.id
            );
            let help = "write `replicas: 3`, the least that there are; the store tells of more";
            findings.advise(Code::SharedByUnknown, part.span, message, help);
        }
        return;
    };
    let is_small = |numbers: &&&Numbers| numbers.most() < u64::from(replicas.get());
    if let Some(small) = shared.iter().filter(is_divided).find(is_small) {
        let message = format!(
            "without the store each of {replicas} replicas lets one call of `{}` through at least, which is more than the {} that it has",
            small.id,
            small.most()
        );
        let help = "write `on_store_error: closed` at the limit, or make the limit greater";
        findings.advise(Code::SharedTooSmall, part.span, message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_urls_of_stores_and_nothing_else() {
        let near = StoreUrl { is_tls: false, is_socket: false, is_near: true, has_user: false };
        let far = StoreUrl { is_near: false, ..near };
        for (text, wanted) in [
            ("redis://store:6379", Ok(far)),
            ("redis://store", Ok(far)),
            ("redis://store:6379/1", Ok(far)),
            ("valkey://127.0.0.1:7000", Ok(near)),
            ("redis://[::1]:6379/", Ok(near)),
            ("redis://localhost", Ok(near)),
            ("rediss://store:6380", Ok(StoreUrl { is_tls: true, ..far })),
            ("unix:///run/redis.sock", Ok(StoreUrl { is_socket: true, ..near })),
            ("unix:///run/redis.sock?db=1", Ok(StoreUrl { is_socket: true, ..near })),
            (
                "unix:///run/redis.sock?pass=secret-1",
                Ok(StoreUrl { is_socket: true, has_user: true, ..near }),
            ),
            ("redis://:secret-1@store", Ok(StoreUrl { has_user: true, ..far })),
            ("redis://user@store", Ok(StoreUrl { has_user: true, ..far })),
            ("rediss://store/#insecure", Err(StoreUrlFault::Rest)),
            ("redis://store/zero", Err(StoreUrlFault::Rest)),
            ("redis://store?protocol=resp3", Err(StoreUrlFault::Rest)),
            ("http://store:6379", Err(StoreUrlFault::Scheme)),
            ("unix:///", Err(StoreUrlFault::Place)),
            ("store:6379", Err(StoreUrlFault::Scheme)),
            ("store", Err(StoreUrlFault::Url)),
            ("", Err(StoreUrlFault::Url)),
        ] {
            assert_eq!(store_url(text), wanted, "{text}");
        }
    }
}
