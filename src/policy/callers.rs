//! From the callers of a bundle to the directory that verifies them.

use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean, shown};
use super::parts::{Bundle, IssuerPart, KeyPart, KeysPart};
use super::{Source, certificates, lower};
use crate::identity::{
    ClaimNames, Culprit, Directory, Issuer, KeyFaultKind, KeyPlace, KeySource, Settings, StaticKey,
    VisibleUrl,
};
use crate::names::Label;

pub(super) fn directory(bundle: &Bundle, sources: &[Source], findings: &mut Findings) -> Option<Directory> {
    let mut settings = Settings { anonymous: bundle.anonymous.unwrap_or_default(), ..Settings::default() };
    check_senders(bundle, findings);
    let conversation = lower::conversation(bundle.conversation.as_ref());
    let mut issuer_spans = Vec::new();
    let resource = bundle.resource.url.as_ref();
    for part in &bundle.issuers {
        let keys = key_source(part, sources, findings);
        if let (Some(keys), Some(audiences)) = (keys, audiences(part, resource, findings)) {
            issuer_spans.push((part.keys.span, part.issuer.value.clone()));
            settings.issuers.push(Issuer {
                issuer: part.issuer.value.clone(),
                audiences,
                algorithms: part.algorithms.clone(),
                keys,
                claims: ClaimNames {
                    kept: conversation.claims().map(Box::from).collect(),
                    ..part.claims.clone()
                },
                terms: part.terms.clone(),
                introspection: part.introspection.as_ref().map(|asked| asked.value.clone()),
            });
        }
    }
    settings.visible = resource.and_then(|url| VisibleUrl::parse(&url.value));
    settings.certificates = certificates::lower(&bundle.certificates, sources, findings);
    settings.keys = bundle.keys.iter().map(static_key).collect();
    match Directory::new(settings) {
        Ok(directory) => Some(directory),
        Err(fault) => {
            let place = match fault.culprit {
                Culprit::Issuer(at) => {
                    issuer_spans.get(at).map(|(span, name)| (*span, format!("issuer `{}`", shown(name))))
                }
                Culprit::Certificate(at) => bundle
                    .certificates
                    .get(at)
                    .map(|part| (part.authorities.span, format!("certificate `{}`", part.id.value))),
                Culprit::Key(at) => {
                    bundle.keys.get(at).map(|key| (key.id.span, format!("key `{}`", key.id.value)))
                }
            };
            let nowhere = (Span { file: 0, start: 0, end: 0 }, "a caller".to_owned());
            let (span, who) = place.unwrap_or(nowhere);
            let code = match fault.kind {
                KeyFaultKind::Authority(_) => Code::AuthorityUnusable,
                _ => Code::KeySetUnusable,
            };
            findings.raise(code, span, format!("{who} cannot be verified: {}", fault.kind));
            None
        }
    }
}

/// Notes what is asked of senders and cannot be checked.
fn check_senders(bundle: &Bundle, findings: &mut Findings) {
    for (span, issuer) in bundle.issuers.iter().filter_map(|part| Some((part.dpop?, &part.issuer.value))) {
        if bundle.resource.url.is_none() {
            let message =
                format!("nothing says which URL the proofs of callers from `{}` must name", shown(issuer));
            let help = "write `resource` under `callers`: the URL of the endpoint as clients know it";
            findings.advise(Code::ProofWithoutResource, span, message, help);
        }
    }
    let mut asked = bundle.issuers.iter().filter_map(|part| part.introspection.as_ref());
    let Some(first) = asked.next() else { return };
    for other in asked {
        let message = "a token says nothing about its issuer, so only one issuer can be asked about it";
        findings.raise_twin(Code::TwoIntrospections, other.span, first.span, message);
    }
}

/// What the server is called in `aud`: by default what clients call it.
fn audiences(
    part: &IssuerPart,
    resource: Option<&Spanned<Box<str>>>,
    findings: &mut Findings,
) -> Option<Vec<Box<str>>> {
    let audiences = part.audiences.clone().or_else(|| Some(vec![resource?.value.clone()]));
    if audiences.is_none() {
        let message = format!("nothing says what tokens of `{}` call this server", shown(&part.issuer.value));
        let help = "write `audience` here, or `resource` under `callers`";
        findings.advise(Code::MissingKey, part.issuer.span, message, help);
    }
    audiences
}

fn key_source(part: &IssuerPart, sources: &[Source], findings: &mut Findings) -> Option<KeySource> {
    match &part.keys.value {
        KeysPart::File(name) => {
            let text = key_set(name, part.keys.span, sources, findings)?;
            Some(KeySource::Given(text.into()))
        }
        KeysPart::None => Some(KeySource::None),
        KeysPart::Place(place, seed) => {
            let seed = match seed {
                Some(name) => Some(key_set(&name.value, name.span, sources, findings)?.into()),
                None => None,
            };
            Some(KeySource::Fetched { place: KeyPlace::clone(place), seed })
        }
    }
}

/// The text of a key set, a file of the bundle.
fn key_set<'s>(name: &str, span: Span, sources: &'s [Source], findings: &mut Findings) -> Option<&'s str> {
    let found = sources.iter().find(|source| *source.name == *name);
    if found.is_none() {
        let others = sources.iter().map(|source| &*source.name).filter(|name| !name.ends_with(".yaml"));
        let help = did_you_mean(name, "files", others);
        findings.advise(Code::KeySetMissing, span, format!("the bundle has no file `{}`", shown(name)), help);
    }
    found.map(|source| source.text.as_str())
}

fn static_key(part: &KeyPart) -> StaticKey {
    let text = |label: &Label| label.as_str().into();
    StaticKey {
        id: part.id.value.clone(),
        sha256: part.sha256,
        user: part.user.clone(),
        tenant: part.tenant.as_ref().map(|tenant| text(&tenant.value)),
        agent: part.agent.as_ref().map(|agent| agent.value.clone()),
        workload: part.workload.as_ref().map(|workload| workload.value.clone()),
        scopes: part.scopes.iter().map(|scope| text(&scope.value)).collect(),
        groups: part.groups.iter().map(|group| group.value.clone()).collect(),
    }
}
