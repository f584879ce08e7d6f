//! Two layers: what the organisation says in its folder, and what a team adds.
//!
//! The files in the folder `organisation/` of a bundle are the organisation's, all others are the team's. A
//! folder, not a word in a file, decides: it can be a mount of its own that a team cannot write to.
//!
//! Both layers are one set of rules, in which a deny wins; so nothing that a team allows gets past a deny of the
//! organisation. What is left is to keep a team from taking the ground away under such a deny, and that is refused
//! here: the whole bundle in shadow, another word for who calls, roles that a rule of the organisation names,
//! values given back that the organisation hides, and a milder class for a tool.
//!
//! **What it is not.** The lock file is the team's, so a rule of the organisation that selects by class or
//! annotation is as good as the approvals in it; a warning says so where a team alone gives the class.

use super::Source;
use super::code::Code;
use super::diagnostic::{Findings, Span};
use super::parts::{Bundle, Effect, RulePart, Section, ToolPart};
use super::snapshot::Class;
use crate::names::Mode;

/// The folder of the organisation's files, as their names begin.
pub(super) const ORGANISATION: &str = "organisation/";

/// Whether a place is in a file of the organisation.
pub(super) fn is_organisation(sources: &[Source], span: Span) -> bool {
    sources.get(span.file).is_some_and(|source| source.name.starts_with(ORGANISATION))
}

/// Refuses what would weaken the organisation's layer, where there is one.
pub(super) fn check(bundle: &Bundle, tools: &[ToolPart], sources: &[Source], findings: &mut Findings) {
    let layers = Layers { sources };
    if !sources.iter().any(|source| source.name.starts_with(ORGANISATION)) {
        return;
    }
    layers.check_mode(bundle, findings);
    layers.check_callers(bundle, findings);
    layers.check_roles(bundle, findings);
    layers.check_classes(bundle, tools, findings);
    layers.check_restoring(bundle, findings);
}

struct Layers<'s> {
    sources: &'s [Source],
}

impl Layers<'_> {
    fn is_organisation(&self, span: Span) -> bool {
        is_organisation(self.sources, span)
    }

    fn denies<'b>(&self, bundle: &'b Bundle) -> impl Iterator<Item = &'b RulePart> {
        bundle.rules.iter().filter(|rule| rule.effect == Effect::Deny && self.is_organisation(rule.span))
    }

    fn check_mode(&self, bundle: &Bundle, findings: &mut Findings) {
        let Some(server) = bundle.server.as_ref().filter(|server| !self.is_organisation(server.span)) else {
            return;
        };
        if server.value.mode == Mode::Shadow {
            let help = "write `mode: shadow` at the team's own rules";
            let message = "a team cannot put the rules of the organisation into shadow";
            findings.advise(Code::LayerConflict, server.span, message, help);
        }
    }

    fn check_callers(&self, bundle: &Bundle, findings: &mut Findings) {
        let issuers = bundle.issuers.iter().map(|issuer| issuer.issuer.span);
        let places: Vec<Span> = issuers.chain(bundle.keys.iter().map(|key| key.id.span)).collect();
        if !places.iter().any(|span| self.is_organisation(*span)) {
            return;
        }
        for span in places.into_iter().filter(|span| !self.is_organisation(*span)) {
            let message = "the organisation says who may call, so a team cannot add callers";
            findings.advise(Code::LayerConflict, span, message, "let the organisation add it");
        }
    }

    /// A role that a rule of the organisation names must be the organisation's: a team could empty it.
    fn check_roles(&self, bundle: &Bundle, findings: &mut Findings) {
        for rule in self.denies(bundle) {
            let of_releases = rule.releases.iter().filter_map(|release| release.roles.as_ref());
            for wanted in rule.roles.iter().chain(of_releases).flatten() {
                let role = bundle.roles.iter().find(|role| role.id.value == wanted.value);
                if let Some(role) = role.filter(|role| !self.is_organisation(role.id.span)) {
                    let message =
                        format!("a deny of the organisation hangs on the role `{}` of a team", wanted.value);
                    let help = "declare the role in `organisation/` too, under another name or instead";
                    findings.advise(Code::LayerConflict, role.id.span, message, help);
                }
            }
        }
    }

    /// What the organisation hides, a team does not give back: not where the organisation says anything of it.
    fn check_restoring(&self, bundle: &Bundle, findings: &mut Findings) {
        let hides = bundle.redact.iter().filter_map(|rule| rule.id.as_ref());
        if !hides.into_iter().any(|id| self.is_organisation(id.span)) {
            return;
        }
        for rule in bundle.restore.iter().filter(|rule| !self.is_organisation(rule.span)) {
            let message = "the organisation hides values, so a team cannot have them given back";
            findings.advise(Code::LayerConflict, rule.span, message, "let the organisation add it");
        }
    }

    fn check_classes(&self, bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
        if !self.denies(bundle).any(|rule| rule.selector.classes.is_some()) {
            return;
        }
        let is_of_team =
            |tool: &&ToolPart| tool.section == Section::Policy && !self.is_organisation(tool.name.span);
        for tool in tools.iter().filter(is_of_team) {
            let Some(class) = tool.class else { continue };
            let name = &tool.name.value;
            match tool.definition.as_ref().and_then(|definition| definition.class()) {
                Some(approved) if severity(class) < severity(approved) => {
                    let (class, approved) = (class.as_str(), approved.as_str());
                    let message = format!("a team calls `{name}` {class}, and it was approved as {approved}");
                    let help = "the organisation denies by class: let it give the class";
                    findings.advise(Code::LayerConflict, tool.name.span, message, help);
                }
                Some(_) => {}
                None => {
                    let message =
                        format!("the organisation denies by class, and only a team says that of `{name}`");
                    let help = "let `organisation/` give the class, or pin the tool with its annotations";
                    findings.advise(Code::ClassByTeam, tool.name.span, message, help);
                }
            }
        }
    }
}

/// How much harm a class stands for.
fn severity(class: Class) -> u8 {
    match class {
        Class::Read => 0,
        Class::Write => 1,
        Class::Destructive => 2,
    }
}
