//! Callers by certificate, as they are written.

use crate::bounds::CLAIM_BYTES_MAX;
use crate::identity::{Named, San, SpiffePattern};
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned, shown};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// Callers who are known by a certificate.
#[derive(Debug)]
pub(in crate::policy) struct CertificatePart {
    pub id: Spanned<Label>,
    /// The file of the bundle that holds the authorities.
    pub authorities: Spanned<Box<str>>,
    pub named: Named,
    pub user: Option<Box<str>>,
    pub tenant: Option<Spanned<Label>>,
    pub agent: Option<Spanned<Box<str>>>,
    pub scopes: Vec<Spanned<Label>>,
    pub groups: Vec<Spanned<Box<str>>>,
}

/// The keys of callers by certificate.
pub(in crate::policy) const CERTIFICATE_KEYS: &[&str] =
    &["id", "ca", "spiffe", "san", "user", "tenant", "agent", "scopes", "groups"];

/// Reads one of `callers.certificates`.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<CertificatePart> {
    let fields = Fields::open(node, "a certificate", CERTIFICATE_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a certificate id", findings));
    let authorities = fields.need("ca", findings);
    let authorities =
        authorities.and_then(|node| walker::line(node, "a file name", CLAIM_BYTES_MAX, findings));
    let named = read_named(&fields, findings);
    let mut line = |key: &str, what: &str| {
        fields.get(key).and_then(|node| walker::line(node, what, CLAIM_BYTES_MAX, findings))
    };
    let (user, agent) = (line("user", "a user"), line("agent", "an agent"));
    let tenant = fields.get("tenant").and_then(|node| walker::label(node, "a tenant", findings));
    let scopes = fields.get("scopes").map(|node| walker::labels(node, "a scope", findings));
    let groups = fields.get("groups").map(|node| walker::texts(node, "a group", findings));
    Some(CertificatePart {
        id: id?,
        authorities: authorities?,
        named: named?,
        user: user.map(|user| user.value),
        tenant,
        agent,
        scopes: scopes.unwrap_or_default(),
        groups: groups.unwrap_or_default(),
    })
}

/// Reads which names are meant: by one of two keys, not by both.
fn read_named(fields: &Fields<'_>, findings: &mut Findings) -> Option<Named> {
    match (fields.entry("spiffe"), fields.entry("san")) {
        (Some(spiffe), None) => read_spiffe(&spiffe.value, findings),
        (None, Some(san)) => read_san(&san.value, findings),
        (Some(_), Some(san)) => {
            let help = "leave one of them out; two kinds of names are two entries of the list";
            findings.advise(
                Code::BadSubject,
                san.key_span,
                "a certificate is looked for by `spiffe` or by `san`, not by both",
                help,
            );
            None
        }
        (None, None) => {
            let help = "such as `spiffe: \"spiffe://acme/ns/ops/*\"`, or `san: \"dns:web.acme.example\"`";
            findings.advise(
                Code::MissingKey,
                fields.span(),
                "a certificate needs the key `spiffe` or `san`",
                help,
            );
            None
        }
    }
}

fn read_spiffe(node: &Node, findings: &mut Findings) -> Option<Named> {
    let text = walker::line(node, "a SPIFFE id", CLAIM_BYTES_MAX, findings)?;
    match SpiffePattern::parse(&text.value) {
        Ok(pattern) => Some(Named::Spiffe(pattern)),
        Err(fault) => {
            let message = format!("`{}` is no SPIFFE id: {fault}", shown(&text.value));
            let help = "write one id, or `/*` at its end for all below it, such as `spiffe://acme/ns/ops/*`";
            findings.advise(Code::BadSubject, text.span, message, help);
            None
        }
    }
}

fn read_san(node: &Node, findings: &mut Findings) -> Option<Named> {
    let text = walker::line(node, "a name of a certificate", CLAIM_BYTES_MAX, findings)?;
    let san = San::parse(&text.value);
    if san.is_none() {
        let message = format!("`{}` is no name of a certificate", shown(&text.value));
        let help = "say which kind it is: `dns:`, `email:` or `uri:`, and then the whole name, without `*`";
        findings.advise(Code::BadSubject, text.span, message, help);
    }
    san.map(Named::San)
}
