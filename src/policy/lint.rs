//! What is no typo and still likely to be a mistake; most of it only warns.

mod care;
mod dead;
mod flows;
mod surroundings;
mod versions;

pub(super) use care::check as check_care;
pub(super) use flows::check as check_flows;
pub(super) use surroundings::sql_rules;
pub(super) use versions::check as check_versions;

use std::collections::HashMap;
use std::time::Duration;

use super::Source;
use super::code::Code;
use super::compile::{BUILT_IN, BUILT_IN_SCHEMA};
use super::diagnostic::{Findings, Span, Spanned};
use super::judges::Bench;
use super::parts::{Bundle, Effect, LimitPart, ReleaseKind, ReleasePart, check_claims, note_double};
use crate::identity::Anonymous;
use crate::limit::Level;
use crate::names::{Label, Mode};

/// Notes ids that stand twice. Rules, limits, redaction and restore rules share one space of names, for an
/// audit record names any of them in one place.
pub(super) fn note_doubles(bundle: &Bundle, findings: &mut Findings) {
    let rules = bundle.rules.iter().filter_map(|rule| rule.id.as_ref());
    let limits = bundle.limits.iter().filter_map(|limit| limit.id.as_ref());
    let redact = bundle.redact.iter().filter_map(|rule| rule.id.as_ref());
    let restore = bundle.restore.iter().filter_map(|rule| rule.id.as_ref());
    let flows = bundle.flows.iter().map(|flow| &flow.id);
    let mut seen = HashMap::new();
    for id in rules.chain(limits).chain(redact).chain(restore).chain(flows) {
        if [BUILT_IN, BUILT_IN_SCHEMA].contains(&id.value.as_str()) {
            findings.raise(
                Code::BadName,
                id.span,
                format!("`{}` is the name of a rule of the gate itself", id.value),
            );
        }
        if let Some(twin) = seen.insert(&id.value, id.span) {
            note_double("a rule or limit called", id.value.as_str(), id.span, twin, findings);
        }
    }
    let mut seen = HashMap::new();
    for id in bundle.keys.iter().map(|key| &key.id) {
        if let Some(twin) = seen.insert(&id.value, id.span) {
            note_double("key", id.value.as_str(), id.span, twin, findings);
        }
    }
    let mut seen = HashMap::new();
    for id in bundle.certificates.iter().map(|part| &part.id) {
        if let Some(twin) = seen.insert(&id.value, id.span) {
            note_double("certificate", id.value.as_str(), id.span, twin, findings);
        }
    }
}

/// Notes what hangs on the day: exceptions that have ended or soon will, and what is in shadow for too long.
///
/// An exception that ends while the gate runs stops counting at that moment; it is the next bundle that is refused.
pub(super) fn check_days(bundle: &Bundle, unix_ms: u64, findings: &mut Findings) {
    surroundings::check_shadow(bundle, unix_ms, findings);
    let soon_ms = u64::try_from(ENDS_SOON.as_millis()).unwrap_or(u64::MAX);
    let mut seen = HashMap::new();
    for ReleasePart { kind, .. } in bundle.rules.iter().flat_map(|rule| &rule.releases) {
        let ReleaseKind::Exception { id, expires } = kind else { continue };
        if let Some(twin) = seen.insert(&id.value, id.span) {
            note_double("exception", id.value.as_str(), id.span, twin, findings);
        }
        if expires.value <= unix_ms {
            let message = format!("the exception `{}` has ended", id.value);
            let help = "remove it, or let its owner agree to a later day";
            findings.advise(Code::ExpiredException, expires.span, message, help);
        } else if expires.value.saturating_sub(unix_ms) <= soon_ms {
            let message = format!("the exception `{}` ends within two weeks", id.value);
            let help = "ask its owner whether it is still needed; once it has ended, the bundle is refused";
            findings.advise(Code::ExceptionEndsSoon, expires.span, message, help);
        }
    }
}

/// Warns of names that no list declares, once for each kind.
fn check_lists(bundle: &Bundle, findings: &mut Findings) {
    fn first<T>(lists: impl Iterator<Item = Option<Spanned<T>>>) -> Option<Span> {
        lists.flatten().map(|name| name.span).next()
    }
    let roles = || bundle.roles.iter();
    let open = [
        ("scopes", bundle.scopes.is_none(), first(roles().map(|role| role.scopes.first().cloned()))),
        ("tenants", bundle.tenants.is_none(), first(roles().map(|role| role.tenants.first().cloned()))),
        ("groups", bundle.groups.is_none(), first(roles().map(|role| role.groups.first().cloned()))),
        ("agents", bundle.agents.is_none(), first(roles().map(|role| role.agents.first().cloned()))),
        ("workloads", bundle.workloads.is_none(), first(roles().map(|role| role.workloads.first().cloned()))),
    ];
    for (kind, is_open, used) in open {
        if let (true, Some(span)) = (is_open, used) {
            let message =
                format!("no list `{kind}` declares what this may be, so a typo in it goes unnoticed");
            let help = format!("add `{kind}: [...]` with every name that is used");
            findings.advise(Code::OpenList, span, message, help);
        }
    }
}

/// Two weeks: time enough for somebody to be asked.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3_600);

/// Warns of everything else.
pub(super) fn check(bundle: &Bundle, bench: &Bench, sources: &[Source], findings: &mut Findings) {
    check_rules(bundle, findings);
    dead::check(bundle, bench, sources, findings);
    check_roles(bundle, findings);
    check_lists(bundle, findings);
    check_claims(bundle, findings);
    surroundings::check_boundary(bundle, findings);
    surroundings::check_scopes(bundle, findings);
    let anonymous = bundle.anonymous.unwrap_or_default();
    if let Some(server) = &bundle.server
        && bundle.issuers.is_empty()
        && bundle.certificates.is_empty()
        && bundle.keys.is_empty()
        && anonymous == Anonymous::Deny
    {
        let help = "add `issuers` or `keys` under `callers`, or say `anonymous: allow`";
        findings.advise(Code::NobodyMayCall, server.span, "nobody may call this server", help);
    }
}

fn check_rules(bundle: &Bundle, findings: &mut Findings) {
    for rule in &bundle.rules {
        match (rule.effect, rule.mode) {
            (Effect::Allow, Mode::Shadow) => {
                let help = "remove `mode: shadow`, or the rule";
                findings.advise(Code::ShadowAllow, rule.span, "an allow in shadow allows nothing", help);
            }
            (Effect::Deny, Mode::Enforce | Mode::Shadow) if rule.owner.is_none() => {
                let help = "add `owner: TEAM`, for those who ask why they are refused";
                findings.advise(Code::DenyWithoutOwner, rule.span, "this deny names no owner", help);
            }
            (Effect::Allow | Effect::Deny, Mode::Enforce | Mode::Shadow) => {}
        }
    }
}

fn check_roles(bundle: &Bundle, findings: &mut Findings) {
    for role in bundle.roles.iter().filter(|role| !is_named(bundle, &role.id)) {
        findings.raise(Code::UnusedRole, role.id.span, format!("no rule names the role `{}`", role.id.value));
    }
}

/// Whether some rule, or what takes one back, names a role.
fn is_named(bundle: &Bundle, id: &Spanned<Label>) -> bool {
    let of_rules = bundle.rules.iter().filter_map(|rule| rule.roles.as_ref());
    let releases = bundle.rules.iter().flat_map(|rule| &rule.releases);
    let of_releases = releases.filter_map(|release| release.roles.as_ref());
    of_rules.chain(of_releases).flatten().any(|role| role.value == id.value)
}

/// A limit, and the tools that it is about; `None` for all.
type Reach<'p> = (&'p LimitPart, Option<Vec<usize>>);

/// A conversation is named by the client, so it only ever parts what a user has: warns of a limit per conversation
/// on calls that no limit per user counts.
pub(super) fn check_conversation_limits(limits: &[Reach<'_>], tools: usize, findings: &mut Findings) {
    let of_users = || {
        limits.iter().filter(|(limit, _)| {
            let is_enforced = limit.mode == Mode::Enforce;
            is_enforced && limit.per.contains(&Level::User) && !limit.per.contains(&Level::Conversation)
        })
    };
    for (limit, reach) in limits.iter().filter(|(limit, _)| limit.per.contains(&Level::Conversation)) {
        let counts = |other: &LimitPart| other.requests.or(limit.requests) == other.requests;
        let is_covered = |tool: &usize| {
            of_users().any(|(other, of)| {
                counts(other) && of.as_ref().is_none_or(|of: &Vec<usize>| of.contains(tool))
            })
        };
        let is_beside_one = match reach {
            Some(of) => of.iter().all(is_covered),
            None => {
                let mut all = of_users().filter(|(_, of)| of.is_none());
                all.any(|(other, _)| counts(other)) || tools > 0 && (0..tools).all(|tool| is_covered(&tool))
            }
        };
        if !is_beside_one {
            let help = "add a limit with `per: [user]` on the same calls: a client may start any number of conversations";
            let message = "a limit per conversation on calls that no limit per user counts";
            findings.advise(Code::ConversationLimitAlone, limit.span, message, help);
        }
    }
}
