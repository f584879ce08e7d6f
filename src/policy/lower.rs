//! Handing parts of a bundle to the rooms that carry them out.

use super::catalog::Catalog;
use super::code::Code;
use super::diagnostic::{Findings, Span, did_you_mean, shown};
use super::parts::{Bundle, IssuerPart, KeyPart, LimitPart, RedactPart, RulePart};
use super::places::Places;
use super::rules::Rule;
use super::{Source, lint};
use crate::identity::{Culprit, Directory, Issuer, Settings, StaticKey};
use crate::names::{Label, Mode};
use crate::{limit, scan};

/// The limits of a policy.
#[derive(Debug)]
pub(super) struct Limits {
    pub rules: Vec<limit::Rule>,
    /// For each tool, the limits it is charged to.
    pub by_tool: Vec<Vec<usize>>,
    /// The limits without a condition.
    pub of_all: Vec<usize>,
}

/// A rule as far as judgements name it. `None` only where a fault has been noted.
pub(super) fn rule(part: &RulePart, places: &Places<'_>) -> Option<Rule> {
    Some(Rule {
        id: part.id.as_ref()?.value.clone(),
        effect: part.effect,
        message: part.message.clone(),
        owner: part.owner.clone(),
        place: places.of(part.span),
    })
}

/// In shadow everything is in shadow.
pub(super) fn effective(bundle: Mode, own: Mode) -> Mode {
    match bundle {
        Mode::Enforce => own,
        Mode::Shadow => Mode::Shadow,
    }
}

pub(super) fn limits(
    parts: &[LimitPart],
    mode: Mode,
    catalog: &mut Catalog,
    findings: &mut Findings,
) -> Limits {
    let mut limits =
        Limits { rules: Vec::new(), by_tool: vec![Vec::new(); catalog.tools.len()], of_all: Vec::new() };
    lint::check_conversation_limits(parts, findings);
    for part in parts {
        let selected = catalog.select(&part.selector, part.span, findings);
        let (Some(id), Some(rate)) = (&part.id, part.rate) else { continue };
        let index = limits.rules.len();
        for tool in selected {
            if let Some(indices) = limits.by_tool.get_mut(tool) {
                indices.push(index);
            }
        }
        if part.selector.tools.is_none() && part.selector.classes.is_none() {
            limits.of_all.push(index);
        }
        limits.rules.push(limit::Rule {
            id: id.value.clone(),
            per: part.per.clone(),
            rate,
            burst: part.burst.unwrap_or(rate.calls),
            mode: effective(mode, part.mode),
        });
    }
    limits
}

pub(super) fn redaction(parts: &[RedactPart], mode: Mode, findings: &mut Findings) -> Option<scan::Plan> {
    let lower = |part: &RedactPart| {
        Some(scan::Rule {
            id: part.id.as_ref()?.value.clone(),
            on: part.on?,
            detectors: part.detectors.clone(),
            fields: part.fields.clone(),
            action: part.action?,
            mode: effective(mode, part.mode),
        })
    };
    let rules: Vec<scan::Rule> = parts.iter().filter_map(lower).collect();
    let is_whole = rules.len() == parts.len() && !findings.has_errors();
    match scan::Plan::new(rules) {
        Ok(plan) => Some(plan),
        Err(fault) => {
            if let Some(span) =
                parts.last().and_then(|part| part.id.as_ref()).map(|id| id.span).filter(|_| is_whole)
            {
                findings.raise(Code::TooLarge, span, fault.to_string());
            }
            None
        }
    }
}

pub(super) fn directory(bundle: &Bundle, sources: &[Source], findings: &mut Findings) -> Option<Directory> {
    let mut settings = Settings { anonymous: bundle.anonymous.unwrap_or_default(), ..Settings::default() };
    let mut issuer_spans = Vec::new();
    for part in &bundle.issuers {
        if let Some(jwks) = key_set(part, sources, findings) {
            issuer_spans.push((part.jwks.span, part.issuer.value.clone()));
            settings.issuers.push(issuer(part, jwks));
        }
    }
    settings.keys = bundle.keys.iter().map(static_key).collect();
    match Directory::new(settings) {
        Ok(directory) => Some(directory),
        Err(fault) => {
            let place = match fault.culprit {
                Culprit::Issuer(at) => {
                    issuer_spans.get(at).map(|(span, name)| (*span, format!("issuer `{}`", shown(name))))
                }
                Culprit::Key(at) => {
                    bundle.keys.get(at).map(|key| (key.id.span, format!("key `{}`", key.id.value)))
                }
            };
            let nowhere = (Span { file: 0, start: 0, end: 0 }, "a caller".to_owned());
            let (span, who) = place.unwrap_or(nowhere);
            findings.raise(Code::KeySetUnusable, span, format!("{who} cannot be verified: {}", fault.kind));
            None
        }
    }
}

/// The text of an issuer's key set, a file of the bundle.
fn key_set<'s>(part: &IssuerPart, sources: &'s [Source], findings: &mut Findings) -> Option<&'s str> {
    let name = &*part.jwks.value;
    if name.contains("://") {
        let message = format!("`{}` is a URL, and key sets are not fetched yet", shown(name));
        let help =
            "put the key set into the bundle, and write the name of that file, such as `idp.jwks.json`";
        findings.advise(Code::KeySetMissing, part.jwks.span, message, help);
        return None;
    }
    let found = sources.iter().find(|source| *source.name == *name);
    if found.is_none() {
        let others = sources.iter().map(|source| &*source.name).filter(|name| !name.ends_with(".yaml"));
        let help = did_you_mean(name, "files", others);
        findings.advise(
            Code::KeySetMissing,
            part.jwks.span,
            format!("the bundle has no file `{}`", shown(name)),
            help,
        );
    }
    found.map(|source| source.text.as_str())
}

fn issuer(part: &IssuerPart, jwks: &str) -> Issuer {
    Issuer {
        issuer: part.issuer.value.clone(),
        audiences: part.audiences.clone(),
        algorithms: part.algorithms.clone(),
        jwks: jwks.into(),
        claims: part.claims.clone(),
    }
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
