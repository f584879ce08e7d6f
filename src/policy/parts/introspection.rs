//! Whom to ask about tokens, as it is written.

use super::issuers::{absolute, endpoint, line};
use crate::bounds::CLAIM_BYTES_MAX;
use crate::identity::Introspection;
use crate::policy::diagnostic::{Findings, Spanned};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// The keys of `introspection`.
pub(in crate::policy) const INTROSPECTION_KEYS: &[&str] = &["url", "client_id", "client_secret_file"];

/// Reads `introspection` of an issuer.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Spanned<Introspection>> {
    let fields = Fields::open(node, "`introspection`", INTROSPECTION_KEYS, findings)?;
    let url = fields.need("url", findings).and_then(|node| line(node, "a URL", findings));
    let endpoint = url.and_then(|url| endpoint(&url, findings));
    let client = fields.need("client_id", findings);
    let client = client.and_then(|node| walker::line(node, "a client id", CLAIM_BYTES_MAX, findings));
    let file = fields.need("client_secret_file", findings).and_then(|node| line(node, "a file", findings));
    let secret_file = file.and_then(|file| absolute(file, findings));
    let value = Introspection { endpoint: endpoint?, client: client?.value, secret_file: secret_file? };
    Some(Spanned { span: fields.span(), value })
}
