//! Handing callers by certificate to the room that finds callers.

use super::Source;
use super::code::Code;
use super::diagnostic::{Findings, did_you_mean, shown};
use super::parts::CertificatePart;
use crate::identity::CertificateHolder;
use crate::names::Label;

/// The callers by certificate, with their authorities read out of the bundle.
///
/// All or none: their places are those of `parts`.
pub(super) fn lower(
    parts: &[CertificatePart],
    sources: &[Source],
    findings: &mut Findings,
) -> Vec<CertificateHolder> {
    let holders: Vec<_> = parts.iter().filter_map(|part| holder(part, sources, findings)).collect();
    if holders.len() == parts.len() { holders } else { Vec::new() }
}

fn holder(part: &CertificatePart, sources: &[Source], findings: &mut Findings) -> Option<CertificateHolder> {
    let name = &*part.authorities.value;
    let Some(source) = sources.iter().find(|source| *source.name == *name) else {
        let others = sources.iter().map(|source| &*source.name).filter(|name| name.ends_with(".pem"));
        let help = did_you_mean(name, "files", others);
        let message = format!("the bundle has no file `{}`", shown(name));
        findings.advise(Code::AuthorityMissing, part.authorities.span, message, help);
        return None;
    };
    let text = |label: &Label| label.as_str().into();
    Some(CertificateHolder {
        id: part.id.value.clone(),
        authorities: source.text.as_str().into(),
        named: part.named.clone(),
        user: part.user.clone(),
        tenant: part.tenant.as_ref().map(|tenant| text(&tenant.value)),
        agent: part.agent.as_ref().map(|agent| agent.value.clone()),
        scopes: part.scopes.iter().map(|scope| text(&scope.value)).collect(),
        groups: part.groups.iter().map(|group| group.value.clone()).collect(),
    })
}
