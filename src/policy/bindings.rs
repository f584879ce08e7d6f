//! From restore rules as they are written to places in arguments, and what is wrong with them.

use super::catalog::Catalog;
use super::code::Code;
use super::declared::Declared;
use super::diagnostic::{Findings, Spanned, did_you_mean, shown};
use super::glob::Glob;
use super::input;
use super::judges::Court;
use super::keeping::{Binding, Keeping};
use super::parts::{Bundle, RedactPart, RestorePart};
use crate::names::{Label, Mode};
use crate::scan::{Action, Detector};

/// Looks up every name in the restore rules, enters each rule at its tool, and checks the pseudonyms.
pub(super) fn keeping(
    bundle: &Bundle,
    catalog: &Catalog,
    court: Court<'_>,
    findings: &mut Findings,
) -> Keeping {
    check_pseudonyms(bundle, findings);
    let by_tool = Desk { bundle, catalog, court }.by_tool(findings);
    Keeping { on_unbound: bundle.on_unbound, by_tool, pseudonyms: bundle.pseudonyms.clone() }
}

/// What restore rules are read with.
struct Desk<'b> {
    bundle: &'b Bundle,
    catalog: &'b Catalog,
    court: Court<'b>,
}

impl Desk<'_> {
    /// The places of each tool, by its index; nothing where there is no rule.
    fn by_tool(&self, findings: &mut Findings) -> Vec<Vec<Binding>> {
        if self.bundle.restore.is_empty() {
            return Vec::new();
        }
        let mut by_tool = vec![Vec::new(); self.catalog.tools.len()];
        for part in &self.bundle.restore {
            let (rules, from) = (self.check_rules(part, findings), self.from(part, findings));
            let tool = self.tool(part, findings);
            let (Some(id), Some(tool), Some(argument)) = (&part.id, tool, &part.argument) else { continue };
            self.check_argument(argument, tool, findings);
            let declared = self.court.declared.get(tool).map(|all| all.at(&argument.value));
            let binding = Binding {
                rule: id.value.clone().into(),
                path: argument.value.split('.').map(Into::into).collect(),
                detectors: part.detectors.as_ref().map(|detectors| detectors.as_slice().into()),
                rules,
                from,
                embed: part.embed,
                wants_text: declared == Some(&Declared::Text),
            };
            if let Some(bindings) = by_tool.get_mut(tool) {
                bindings.push(binding);
            }
        }
        by_tool
    }

    /// The one tool that a rule names.
    fn tool(&self, part: &RestorePart, findings: &mut Findings) -> Option<usize> {
        let tool = part.tool.as_ref()?;
        if Glob::new(&tool.value).is_pattern() {
            let help = "write one rule for each tool that may have the values";
            findings.advise(Code::BadValue, tool.span, "a restore rule names one tool, no pattern", help);
            return None;
        }
        self.catalog.find(tool, findings).first().copied()
    }

    fn from(&self, part: &RestorePart, findings: &mut Findings) -> Option<Box<[Box<str>]>> {
        let from = part.from.as_ref()?;
        let found = from.iter().flat_map(|wanted| self.catalog.find(wanted, findings));
        let tools = found.filter_map(|index| self.catalog.tools.get(index));
        Some(tools.map(|tool| tool.name.value.as_str().into()).collect())
    }

    /// Notes rules that do not exist, and a restore rule whose values no rule keeps.
    fn check_rules(&self, part: &RestorePart, findings: &mut Findings) -> Option<Box<[Label]>> {
        let ids =
            || self.bundle.redact.iter().filter_map(|rule| rule.id.as_ref()).map(|id| id.value.as_str());
        let mut is_known = true;
        for wanted in part.rules.iter().flatten() {
            if !ids().any(|id| id == wanted.value.as_str()) {
                is_known = false;
                let name = wanted.value.as_str();
                let message = format!("there is no redaction rule `{}`", shown(name));
                let help = did_you_mean(name, "redaction rules", ids());
                findings.advise(Code::UnknownRule, wanted.span, message, help);
            }
        }
        let is_said = part.detectors.as_ref().is_none_or(|detectors| !detectors.is_empty());
        if is_known && is_said && !self.bundle.redact.iter().any(|rule| keeps(rule, part)) {
            let message = "no redaction rule keeps what this one gives back";
            let help = "give a rule `action: tokenize`, for the same detectors or under the name given here";
            findings.advise(Code::RestoreOfNothing, part.span, message, help);
        }
        let rules = part.rules.as_ref()?;
        Some(rules.iter().map(|rule| rule.value.clone()).collect())
    }

    fn check_argument(&self, argument: &Spanned<Box<str>>, tool: usize, findings: &mut Findings) {
        let name = self.catalog.tools.get(tool).map(|tool| tool.name.value.as_str()).unwrap_or_default();
        let schema = self.court.inputs.get(tool).and_then(Option::as_ref);
        input::check_path(argument, (name, schema), findings);
        let parts = self.bundle.rules.iter().filter(|rule| rule.mode == Mode::Enforce);
        let tested =
            parts.flat_map(|rule| &rule.args).filter(|part| Glob::new(&part.tool.value).matches(name));
        let is_same = |path: &str| {
            let within = |one: &str, other: &str| {
                one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            within(path, &argument.value) || within(&argument.value, path)
        };
        if tested.flat_map(|part| &part.constraints).any(|constraint| is_same(&constraint.path.value)) {
            let message =
                format!("rules test `{}` of `{name}` before it is restored", shown(&argument.value));
            let help = "they see the token, not the value: test another argument";
            findings.advise(Code::RestoredUnjudged, argument.span, message, help);
        }
    }
}

/// Whether a redaction rule keeps values that a restore rule gives back.
fn keeps(rule: &RedactPart, part: &RestorePart) -> bool {
    let is_meant = part.rules.as_ref().is_none_or(|rules| {
        rules.iter().any(|wanted| rule.id.as_ref().is_some_and(|id| id.value == wanted.value))
    });
    let is_kind = part
        .detectors
        .as_ref()
        .is_none_or(|detectors| detectors.iter().any(|detector| rule.detectors.contains(detector)));
    rule.action == Some(Action::Tokenize) && is_meant && is_kind
}

/// Notes pseudonyms without a key, and cards that can be put together from two rules.
fn check_pseudonyms(bundle: &Bundle, findings: &mut Findings) {
    let of = |action: Action| bundle.redact.iter().filter(move |part| part.action == Some(action));
    if !bundle.has_pseudonyms {
        for id in of(Action::Pseudonym).filter_map(|part| part.id.as_ref()) {
            let message = format!("`{}` makes pseudonyms, and nothing says with which key", id.value);
            let help = "write `pseudonyms: { key_file: /run/secrets/pseudonyms }`";
            findings.advise(Code::MissingKey, id.span, message, help);
        }
    }
    let has_card = |part: &&RedactPart| part.detectors.iter().copied().any(Detector::is_card);
    let named = of(Action::Pseudonym).find(has_card).and_then(|part| part.id.as_ref());
    let shown = of(Action::Mask).filter(|part| part.keep_last != Some(0)).find(has_card);
    if let (Some(named), Some(masked)) = (named, shown.and_then(|part| part.id.as_ref())) {
        let message =
            format!("`{}` shows the last digits of cards that `{}` names", masked.value, named.value);
        let help = "write `keep_last: 0`, or give both the same action";
        findings.advise(Code::HashedAndTruncated, masked.span, message, help);
    }
}
