//! Sorting rules by the tools and methods they concern.

use super::advice::Help;
use super::arguments::{Absence, ConstraintPart};
use super::catalog::{Catalog, stems};
use super::clauses::Drafter;
use super::code::Code;
use super::declared::Declared;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean, nearest, quoted, shown};
use super::glob::Glob;
use super::input::{self, InputSchema};
use super::parts::{ArgsPart, Effect, RulePart};
use super::places::Places;
use super::roles::Role;
use super::rules::{Clause, Docket};
use super::snapshot::MethodRules;
use crate::bounds::POLICY_RULES_MAX;
use crate::mcp::{Method, Sender, Shape};

/// The dockets of a policy while they are being filled.
#[derive(Debug)]
pub(super) struct Bench {
    /// By index of the tool.
    pub tools: Vec<Docket>,
    /// By index of the method.
    pub methods: Vec<MethodRules>,
}

/// What every rule is read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Court<'b> {
    pub roles: &'b [Role],
    pub places: &'b Places<'b>,
    /// What each tool takes, by index; `None` where that is not pinned.
    pub inputs: &'b [Option<InputSchema>],
    /// The arguments of each tool, by its index.
    pub declared: &'b [Declared],
}

/// Methods that no deny may touch: without them a client takes the server for another kind, or for dead.
const SACRED: &[Method] = &[Method::Initialize, Method::Ping, Method::ServerDiscover];

/// Methods that need no allow beside the sacred ones; lists are filtered, notifications answer nothing.
const FREE: &[Method] = &[Method::ToolsList, Method::LoggingSetLevel];

/// Whether no deny may touch a method.
pub(super) fn is_sacred(method: Method) -> bool {
    SACRED.contains(&method)
}

/// Whether a rule may speak of a method: whatever a client sends, and what a server asks of a client.
fn is_judged(method: Method) -> bool {
    method.is_sent_by(Sender::Client) || method.shape() == Shape::Request
}

impl Bench {
    /// Empty dockets for so many tools.
    pub fn new(tools: usize) -> Self {
        let start = |&method: &Method| {
            let is_free =
                SACRED.contains(&method) || FREE.contains(&method) || method.shape() == Shape::Notification;
            if method == Method::ToolsCall || !is_judged(method) {
                MethodRules::Never
            } else if is_free {
                MethodRules::Free(Docket::default())
            } else {
                MethodRules::Ruled(Docket::default())
            }
        };
        Self { tools: vec![Docket::default(); tools], methods: Method::ALL.iter().map(start).collect() }
    }

    /// Enters one rule, the `index`th of the policy, wherever it belongs.
    pub fn hear(
        &mut self,
        index: usize,
        rule: &RulePart,
        court: Court<'_>,
        catalog: &mut Catalog,
        findings: &mut Findings,
    ) {
        if index == POLICY_RULES_MAX {
            findings.raise(
                Code::TooLarge,
                rule.span,
                format!("a policy may have {POLICY_RULES_MAX} rules at most"),
            );
        }
        let opaque = &Declared::Opaque;
        let drafter = Drafter { index, rule, roles: court.roles, places: court.places, declared: opaque };
        drafter.check_roles(findings);
        match &rule.selector.methods {
            Some(methods) => {
                check_methods_rule(rule, findings);
                for method in methods.iter().flat_map(|wanted| find_methods(wanted, findings)) {
                    if let Some(docket) = self.methods.get_mut(method.index()).and_then(MethodRules::docket) {
                        let clause = drafter.about_method(&mut docket.predicates);
                        docket.enter(rule.effect, clause);
                    }
                }
            }
            None => {
                if let Some(target) = rule.targets.iter().flatten().next() {
                    findings.raise(Code::BadValue, target.span, "`targets` belong to a rule about `methods`");
                }
                let before = findings.len();
                let selected = catalog.select(&rule.selector, rule.span, findings);
                // Where one of its tools is misspelled, it may be about that one.
                let about = if findings.len() > before { &[][..] } else { &selected };
                check_args(rule, about, catalog, findings);
                check_releases(rule, about, catalog, findings);
                for part in rule.args.iter().chain(rule.releases.iter().flat_map(|release| &release.args)) {
                    check_inputs(part, &selected, catalog, court.inputs, findings);
                }
                for tool in selected {
                    let name =
                        catalog.tools.get(tool).map(|tool| tool.name.value.as_str()).unwrap_or_default();
                    let declared = court.declared.get(tool).unwrap_or(opaque);
                    let drafter = Drafter { declared, ..drafter };
                    let versions = catalog.versions_of(&rule.selector, tool);
                    if let Some(docket) = self.tools.get_mut(tool) {
                        let clause = drafter.about_tool(name, &mut docket.predicates);
                        let clause = Clause { versions, ..clause };
                        docket.enter(rule.effect, clause);
                    }
                }
            }
        }
    }
}

impl MethodRules {
    fn docket(&mut self) -> Option<&mut Docket> {
        match self {
            Self::Free(docket) | Self::Ruled(docket) => Some(docket),
            Self::Never => None,
        }
    }
}

impl Docket {
    fn enter(&mut self, effect: Effect, clause: Clause) {
        match effect {
            Effect::Allow => self.allow.push(clause),
            Effect::Deny => self.deny.push(clause),
        }
    }
}

/// Notes what takes a rule back for tools that the rule is not about: it would take back nothing.
fn check_releases(rule: &RulePart, selected: &[usize], catalog: &Catalog, findings: &mut Findings) {
    for release in &rule.releases {
        let of_args = release.args.iter().map(|part| &part.tool);
        for wanted in release.tools.iter().flatten().chain(of_args) {
            find_in_rule(wanted, selected, catalog, findings);
        }
    }
}

/// The tools that a part of a rule names, by index; a fault if the rule is about none of them.
fn find_in_rule(
    wanted: &Spanned<Box<str>>,
    selected: &[usize],
    catalog: &Catalog,
    findings: &mut Findings,
) -> Vec<usize> {
    let found = catalog.find(wanted, findings);
    if !found.is_empty() && !selected.is_empty() && !found.iter().any(|tool| selected.contains(tool)) {
        let message = format!("the rule is not about `{}`", shown(&wanted.value));
        let names = selected.iter().filter_map(|&tool| catalog.tools.get(tool));
        let help = format!("it is about {}", quoted(names.map(|tool| tool.name.value.as_str()).take(8)));
        findings.advise(Code::SelectsNothing, wanted.span, message, help);
    }
    found
}

fn check_args(rule: &RulePart, selected: &[usize], catalog: &Catalog, findings: &mut Findings) {
    for part in &rule.args {
        let found = find_in_rule(&part.tool, selected, catalog, findings);
        let is_wide = found.len() > 1 && Glob::new(&part.tool.value).is_pattern();
        let counts = |constraint: &&ConstraintPart| constraint.absence == Absence::Counts;
        if let (Effect::Deny, true, Some(first)) =
            (rule.effect, is_wide, part.constraints.iter().find(counts))
        {
            let message = format!(
                "this denies every call without `{}`, of {} tools",
                shown(&first.path.value),
                found.len()
            );
            let help = "write `when_missing: ignore` to let such calls through, or `when_missing: apply` if it is meant";
            if !rule.is_absence_said {
                findings.advise(Code::DenyOfMissing, part.tool.span, message, help);
            }
        }
    }
}

/// Holds what is asked of arguments against what the tools take.
fn check_inputs(
    part: &ArgsPart,
    selected: &[usize],
    catalog: &Catalog,
    inputs: &[Option<InputSchema>],
    findings: &mut Findings,
) {
    let glob = Glob::new(&part.tool.value);
    let pinned = selected.iter().filter_map(|&tool| {
        let name = catalog.tools.get(tool)?.name.value.as_str();
        Some((name, inputs.get(tool)?.as_ref()))
    });
    let pinned: Vec<_> = pinned.filter(|(name, _)| glob.matches(name)).collect();
    for constraint in &part.constraints {
        input::check(constraint, &pinned, findings);
    }
}

fn check_methods_rule(rule: &RulePart, findings: &mut Findings) {
    if rule.selector.tools.is_some() || rule.selector.classes.is_some() {
        let help = "write two rules";
        findings.advise(Code::BadValue, rule.span, "a rule is about tools or about methods, not both", help);
    }
    let of_releases = rule.releases.iter().flat_map(|release| {
        let of_args = release.args.iter().map(|part| part.tool.span);
        release.tools.iter().flatten().map(|tool| tool.span).chain(of_args)
    });
    for span in rule.args.iter().map(|part| part.tool.span).take(1).chain(of_releases) {
        findings.raise(Code::BadValue, span, "`args` and `tools` belong to a rule about tools");
    }
}

/// The methods that one name or pattern stands for; a fault if there is none that a rule may name.
fn find_methods(wanted: &Spanned<Box<str>>, findings: &mut Findings) -> Vec<Method> {
    let glob = Glob::new(&wanted.value);
    let named = Method::ALL.iter().copied().filter(|method| is_judged(*method));
    let named: Vec<Method> = named.filter(|method| glob.matches(method.as_str())).collect();
    let is_ruled = |method: &Method| *method != Method::ToolsCall && !SACRED.contains(method);
    let found: Vec<Method> = named.iter().copied().filter(is_ruled).collect();
    if found.is_empty() {
        note_unknown_method(wanted.span, &wanted.value, &named, findings);
    }
    found
}

fn note_unknown_method(span: Span, wanted: &str, named: &[Method], findings: &mut Findings) {
    let wanted_shown = shown(wanted);
    if named.contains(&Method::ToolsCall) {
        let message = "`tools/call` is ruled by `tools` and `classes`, not by `methods`";
        findings.advise(Code::UnknownMethod, span, message, "write `tools: [NAME]`");
    } else if named.is_empty() {
        let known: Vec<&str> =
            Method::ALL.iter().filter(|method| is_judged(**method)).map(|method| method.as_str()).collect();
        let stems: Vec<String> =
            if wanted.contains('*') { stems(known.iter().copied()).collect() } else { Vec::new() };
        let meant = nearest(wanted, stems.iter().map(String::as_str));
        let help =
            meant.map_or_else(|| did_you_mean(wanted, "methods", known), |meant| Help::meant(wanted, meant));
        let (code, message) = if wanted.contains('*') {
            (Code::GlobMatchesNothing, format!("`{wanted_shown}` matches no method of the protocol"))
        } else {
            (Code::UnknownMethod, format!("there is no method `{wanted_shown}` that a rule may be about"))
        };
        findings.advise(code, span, message, help);
    } else {
        let message = format!("`{wanted_shown}` is needed by the protocol, no rule may name it");
        findings.raise(Code::UnknownMethod, span, message);
    }
}
