//! `shared`: the store that holds limits together with other replicas, and what each limit says of it.
//!
//! ```yaml
//! shared: { url_file: /run/secrets/limits-url, replicas: 3, on_store_error: local }
//! limits:
//!   - { id: user, per: [tenant, user], rate: 600/min }
//!   - { id: wipe, per: [user], match: { classes: [destructive] }, rate: 5/hour, shared: strict, on_store_error: closed }
//!   - { id: here, per: [tool], rate: 100/s, shared: false }
//! ```

use std::num::NonZeroU32;

use super::upstream::{file, open};
use super::{Bundle, Findings};
use crate::bounds::{REPLICAS_MAX, STORE_URL_BYTES_MAX};
use crate::limit::{OnStoreError, SharedMode};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, did_you_mean, shown};
use crate::policy::scalar::Scalar;
use crate::policy::sharing::{SharedPlan, StorePlace, StoreTls, StoreUrl, store_url};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// The section `shared`.
#[derive(Debug)]
pub(in crate::policy) struct SharedPart {
    pub span: Span,
    /// `None` where a fault has been noted.
    pub plan: Option<SharedPlan>,
    /// How limits are shared that do not say otherwise.
    pub mode: SharedMode,
    pub on_store_error: OnStoreError,
    /// Where it says that the store is reached in the clear, over a network.
    pub plain: Option<Span>,
}

/// What one limit says of sharing.
#[derive(Debug, Default)]
pub(in crate::policy) struct LimitShare {
    pub shared: Option<(Shared, Span)>,
    pub on_store_error: Option<(OnStoreError, Span)>,
}

/// Whether a limit is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Shared {
    /// It is not.
    Not,
    /// It is, in this way.
    By(SharedMode),
}

/// The keys of `shared`.
pub(in crate::policy) const SHARED_KEYS: &[&str] =
    &["url", "url_file", "cluster", "mode", "replicas", "on_store_error", "tls"];

/// The keys of `tls` in it.
pub(in crate::policy) const STORE_TLS_KEYS: &[&str] = &["ca_file", "cert_file", "key_file"];

/// What authors write for a secret, and the key that names its file.
const INLINE: &[(&str, &str)] =
    &[("password", "url_file"), ("secret", "url_file"), ("username", "url_file"), ("auth", "url_file")];
const INLINE_OF_TLS: &[(&str, &str)] = &[("key", "key_file")];

impl Bundle {
    pub(super) fn read_shared(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = open(node, "`shared`", SHARED_KEYS, INLINE, findings) else { return };
        let place = read_place(&fields, findings);
        let is_cluster = fields.get("cluster").and_then(|node| walker::boolean(node, "`cluster`", findings));
        let mode = fields.get("mode").and_then(|node| {
            walker::word(node, "a way to share", SharedMode::ALL, SharedMode::as_str, findings)
        });
        let replicas = fields.get("replicas").and_then(|node| read_replicas(node, findings));
        let on_store_error = fields.get("on_store_error").and_then(|node| read_error(node, findings));
        let tls = fields.get("tls").map(|node| read_tls(node, findings));
        let is_tls_good = tls.as_ref().is_none_or(Option::is_some);
        if let (Some((_, Some(url))), Some(entry)) = (&place, fields.entry("tls"))
            && !url.is_tls
        {
            let help = "write `rediss://` in the URL, or remove `tls`";
            findings.advise(Code::SharedStore, entry.key_span, "the URL of the store speaks no TLS", help);
        }
        if let (Some((_, Some(url))), Some(true), Some(entry)) = (&place, is_cluster, fields.entry("cluster"))
            && url.is_socket
        {
            let help = "name one node of the cluster by its host and port";
            findings.advise(Code::SharedStore, entry.key_span, "a cluster has no Unix socket", help);
        }
        let plain = fields.entry("url").map(|entry| entry.value.span);
        let plain = plain.filter(|_| matches!(&place, Some((_, Some(url))) if !url.is_tls && !url.is_near));
        let plan = place.filter(|_| is_tls_good).map(|(place, _)| SharedPlan {
            place,
            is_cluster: is_cluster.unwrap_or_default(),
            replicas,
            tls: tls.flatten().unwrap_or_default(),
        });
        self.shared = Some(SharedPart {
            span: fields.span(),
            plan,
            mode: mode.unwrap_or_default(),
            on_store_error: on_store_error.unwrap_or_default(),
            plain,
        });
    }
}

impl LimitShare {
    /// Reads what a limit says of sharing.
    pub fn read(fields: &Fields<'_>, findings: &mut Findings) -> Self {
        let shared = fields.get("shared").and_then(|node| Some((read_word(node, findings)?, node.span)));
        let on_store_error = fields
            .entry("on_store_error")
            .and_then(|entry| Some((read_error(&entry.value, findings)?, entry.key_span)));
        Self { shared, on_store_error }
    }
}

/// `false`, or the way in which a limit is shared.
fn read_word(node: &Node, findings: &mut Findings) -> Option<Shared> {
    if let Content::Scalar(Scalar::Boolean(false)) = node.content {
        return Some(Shared::Not);
    }
    let text = match &node.content {
        Content::Scalar(Scalar::Text(text)) => &**text,
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => "",
    };
    let found = SharedMode::ALL.iter().find(|mode| mode.as_str() == text);
    if found.is_none() && !matches!(node.content, Content::Unreadable) {
        let words = SharedMode::ALL.iter().map(|mode| mode.as_str()).chain(["false"]);
        let help = did_you_mean(text, "words for `shared`", words);
        let message = format!("`{}` is no way to share a limit", shown(text));
        findings.advise(Code::UnknownWord, node.span, message, help);
    }
    found.copied().map(Shared::By)
}

fn read_error(node: &Node, findings: &mut Findings) -> Option<OnStoreError> {
    walker::word(node, "a word for `on_store_error`", OnStoreError::ALL, OnStoreError::as_str, findings)
}

fn read_replicas(node: &Node, findings: &mut Findings) -> Option<NonZeroU32> {
    let replicas = walker::count(node, "`replicas`", findings)?;
    if replicas.get() > REPLICAS_MAX {
        let message = format!("`replicas` must be a whole number from 1 to {REPLICAS_MAX}");
        findings.raise(Code::BadValue, node.span, message);
        return None;
    }
    Some(replicas)
}

/// Where the store is, and what its URL says where the policy has it.
fn read_place(fields: &Fields<'_>, findings: &mut Findings) -> Option<(StorePlace, Option<StoreUrl>)> {
    match (fields.entry("url"), fields.entry("url_file")) {
        (Some(_), Some(entry)) => {
            let message = "`shared` names its store twice";
            findings.advise(Code::SharedStore, entry.key_span, message, "remove `url` or `url_file`");
            None
        }
        (Some(entry), None) => {
            let url = read_url(&entry.value, findings)?;
            let text = walker::line(&entry.value, "`url`", STORE_URL_BYTES_MAX, findings)?;
            Some((StorePlace::Url(text.value), Some(url)))
        }
        (None, Some(entry)) => {
            let path = file(&entry.value, "`url_file`", findings)?;
            Some((StorePlace::File(path), None))
        }
        (None, None) => {
            let message = "`shared` names no store";
            let help = "write `url: redis://HOST:6379`, or `url_file: /PATH` where the URL has a password";
            findings.advise(Code::SharedStore, fields.span(), message, help);
            None
        }
    }
}

fn read_url(node: &Node, findings: &mut Findings) -> Option<StoreUrl> {
    let text = walker::text(node, "`url`", findings)?;
    match store_url(text) {
        Ok(url) if url.has_user => {
            findings.hide(node.span);
            let message = "`url` would put a secret into the policy";
            let help = "write the URL into a file that only the gate can read, and name the file: `url_file`";
            findings.advise(Code::InlineSecret, node.span, message, help);
            None
        }
        Ok(url) => Some(url),
        Err(fault) => {
            if text.contains('@') {
                findings.hide(node.span);
            }
            let help = "write `redis://HOST:6379`, `rediss://HOST:6379` for TLS, or `unix:///PATH`";
            findings.advise(Code::SharedStore, node.span, format!("`url` names no store: {fault}"), help);
            None
        }
    }
}

fn read_tls(node: &Node, findings: &mut Findings) -> Option<StoreTls> {
    let fields = open(node, "`tls`", STORE_TLS_KEYS, INLINE_OF_TLS, findings)?;
    let mut path = |key: &str, what: &str| match fields.get(key) {
        Some(node) => file(node, what, findings).map(Some),
        None => Some(None),
    };
    let (ca_file, certificate, key) =
        (path("ca_file", "`ca_file`"), path("cert_file", "`cert_file`"), path("key_file", "`key_file`"));
    let (ca_file, certificate, key) = (ca_file?, certificate?, key?);
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let message = "a certificate is shown with its key: `cert_file` and `key_file` belong together";
            findings.raise(Code::MissingKey, fields.span(), message);
            return None;
        }
    };
    Some(StoreTls { ca_file, client })
}
