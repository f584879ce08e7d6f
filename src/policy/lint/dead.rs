//! Allows that can never apply, because a deny covers all that they let through.
//!
//! One such pair is a contradiction that its author wants to hear of, so the bundle is refused. Two kinds of deny
//! are there to cover what is allowed, and must take effect at once: one of everything for everybody, which
//! freezes a server, and one of the organisation over what a team allows. These warn.

use crate::names::Mode;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned};
use crate::policy::judges::Bench;
use crate::policy::parts::{Bundle, RulePart};
use crate::policy::rules::{Clause, Docket, When};
use crate::policy::snapshot::MethodRules;
use crate::policy::{Source, layers};

/// Notes every allow each of whose clauses is covered by a deny that nothing can escape.
pub(super) fn check(bundle: &Bundle, bench: &Bench, sources: &[Source], findings: &mut Findings) {
    let methods = bench.methods.iter().filter_map(|rules| match rules {
        MethodRules::Ruled(docket) => Some(docket),
        MethodRules::Free(_) | MethodRules::Never => None,
    });
    let dockets: Vec<&Docket> = bench.tools.iter().chain(methods).collect();
    for (index, rule) in bundle.rules.iter().enumerate() {
        let mut clauses = dockets.iter().flat_map(|docket| {
            let own = docket.allow.iter().filter(|clause| clause.rule == index);
            own.map(|clause| covering(clause, docket))
        });
        // The first uncovered clause ends it; an allow without clauses is another fault.
        let Some(Some(first)) = clauses.next() else { continue };
        let mut denies = vec![first];
        if !clauses.all(|deny| deny.map(|deny| denies.push(deny)).is_some()) {
            continue;
        }
        let denies: Vec<&RulePart> = denies.iter().filter_map(|&deny| bundle.rules.get(deny)).collect();
        note(rule, &denies, sources, findings);
    }
}

/// The rule of a deny that covers `clause`, if one does.
fn covering(clause: &Clause, docket: &Docket) -> Option<usize> {
    let covers = |deny: &&Clause| {
        deny.mode == Mode::Enforce
            && matches!(deny.when, When::Always)
            && (deny.versions.is_empty() || deny.versions == clause.versions)
            && deny.time.is_none()
            && deny.releases.is_empty()
            && deny.audience.covers(clause.audience)
    };
    docket.deny.iter().find(covers).map(|deny| deny.rule)
}

fn note(rule: &RulePart, denies: &[&RulePart], sources: &[Source], findings: &mut Findings) {
    let is_meant = |deny: &&RulePart| {
        is_freeze(deny)
            || layers::is_organisation(sources, deny.span) && !layers::is_organisation(sources, rule.span)
    };
    let code = if denies.iter().all(is_meant) { Code::DeadAllow } else { Code::ShadowedAllow };
    let name = denies.iter().find_map(|deny| deny.id.as_ref()).map_or("the deny", |id| id.value.as_str());
    let message = format!("this allow never applies: `{name}` denies all of it");
    findings.advise(code, rule.span, message, "remove it, or narrow the deny");
}

/// Whether a deny is of everything, for everybody.
fn is_freeze(deny: &RulePart) -> bool {
    let is_all =
        |names: &Option<Vec<Spanned<Box<str>>>>| names.iter().flatten().any(|name| *name.value == *"*");
    let is_every_tool = is_all(&deny.selector.tools)
        && deny.selector.classes.is_none()
        && deny.selector.annotations.is_none();
    deny.roles.is_none() && (is_every_tool || is_all(&deny.selector.methods))
}
