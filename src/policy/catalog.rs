//! What is known: the tools of the server and the closed lists, and looking names up in them.

use std::collections::{HashMap, HashSet};

use super::advice::Help;
use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean, nearest, shown};
use super::glob::Glob;
use super::parts::{Bundle, Section, Selector, ToolPart};
use super::snapshot::Class;
use crate::bounds::POLICY_TOOLS_MAX;
use crate::names::{Label, ToolName};

/// Every tool that exists for this policy, pinned or declared.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub tools: Vec<ToolPart>,
    by_name: HashMap<Box<str>, usize>,
    /// Every version as policies call it, its number, and the tool that it is.
    pub versions: Vec<(String, u32, ToolName)>,
    /// What every version is called that somebody declared, also one that is at fault.
    pub declared_versions: Vec<String>,
    /// The first place that selects by class.
    pub by_class: Option<Span>,
    /// The first place that selects by annotation.
    pub by_annotation: Option<Span>,
}

/// The tools that somebody approved.
#[derive(Debug)]
pub(super) struct Pinned {
    tools: Vec<ToolPart>,
    /// Where they stand, as people are told.
    place: &'static str,
}

impl Pinned {
    /// Those of `tools.lock.yaml`.
    pub fn of_lock(tools: Vec<ToolPart>) -> Self {
        Self { tools, place: "`tools.lock.yaml`" }
    }

    /// The active ones of the registry.
    pub fn of_registry(tools: Vec<ToolPart>) -> Self {
        Self { tools, place: "the registry, among what is active" }
    }
}

/// A list of names that may be used, if the bundle closes it.
#[derive(Debug)]
pub(super) struct Closed<'b> {
    kind: &'static str,
    code: Code,
    names: Option<Vec<&'b str>>,
}

impl Catalog {
    /// Joins what is pinned and what is declared.
    ///
    /// Where tools are pinned, a declared tool that is not pinned is a fault: it would be a typo, or
    /// a tool that nobody approved.
    pub fn new(declared: Vec<ToolPart>, pinned: Option<Pinned>, findings: &mut Findings) -> Self {
        let mut catalog = Self::default();
        let place = pinned.as_ref().map(|pinned| pinned.place);
        pinned.into_iter().flat_map(|pinned| pinned.tools).for_each(|tool| catalog.insert(tool));
        for tool in declared {
            let known =
                catalog.by_name.get(tool.name.value.as_str()).and_then(|&index| catalog.tools.get_mut(index));
            match known {
                Some(known) => {
                    let is_classified = tool.is_classified || known.is_classified;
                    let definition = known.definition.take();
                    let (class, sha256) = (tool.class.or(known.class), known.sha256);
                    *known = ToolPart { class, is_classified, definition, sha256, ..tool };
                }
                None => match place {
                    Some(place) => {
                        let name = tool.name.value.as_str();
                        let help = catalog.meant(name);
                        let message = format!("`{name}` is not in {place}");
                        findings.advise(Code::UnknownTool, tool.name.span, message, help);
                    }
                    None => catalog.insert(tool),
                },
            }
        }
        if let Some(beyond) = catalog.tools.get(POLICY_TOOLS_MAX) {
            let message = format!("a server may have {POLICY_TOOLS_MAX} tools at most");
            findings.raise(Code::TooLarge, beyond.name.span, message);
        }
        catalog
    }

    /// Holds tools against what selects them, and against what is told of them.
    pub fn check(&self, findings: &mut Findings) {
        self.check_classes(findings);
        self.check_described(findings);
    }

    /// Holds what clients are told of tools against what was approved of them.
    fn check_described(&self, findings: &mut Findings) {
        for tool in &self.tools {
            let schema = tool.definition.as_ref().and_then(|definition| definition.input_schema.as_deref());
            if let Some(describe) = &tool.describe {
                describe.check(tool.name.value.as_str(), schema, tool.class, findings);
            }
        }
    }

    fn insert(&mut self, tool: ToolPart) {
        self.by_name.insert(tool.name.value.as_str().into(), self.tools.len());
        self.tools.push(tool);
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(|tool| tool.name.value.as_str())
    }

    /// The index of a tool.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The known tool that a name that is none may have meant.
    pub fn meant(&self, name: &str) -> Help {
        did_you_mean(name, "tools", self.names())
    }

    /// The tools that one name or pattern stands for, by index; a fault if there is none.
    pub fn find(&self, wanted: &Spanned<Box<str>>, findings: &mut Findings) -> Vec<usize> {
        let glob = Glob::new(&wanted.value);
        let is_found = |(index, name): (usize, &str)| glob.matches(name).then_some(index);
        let found: Vec<usize> = self.names().enumerate().filter_map(is_found).collect();
        if found.is_empty() {
            let name = shown(&wanted.value);
            let (code, message) = if glob.is_pattern() {
                (Code::GlobMatchesNothing, format!("`{name}` matches no known tool"))
            } else {
                (Code::UnknownTool, format!("there is no tool `{name}`"))
            };
            let stems: Vec<String> =
                if glob.is_pattern() { stems(self.names()).collect() } else { Vec::new() };
            let meant = nearest(&wanted.value, stems.iter().map(String::as_str));
            let help =
                meant.map_or_else(|| self.meant(&wanted.value), |meant| Help::meant(&wanted.value, meant));
            findings.advise(code, wanted.span, message, help);
        }
        found
    }

    /// The tools that one name, pattern or version stands for, by index; a fault if there is none.
    fn find_any(&self, wanted: &Spanned<Box<str>>, findings: &mut Findings) -> Vec<usize> {
        if !wanted.value.contains('@') {
            return self.find(wanted, findings);
        }
        let known = self.versions.iter().find(|(called, ..)| **called == *wanted.value);
        let tool = known.and_then(|(_, _, tool)| self.by_name.get(tool.as_str()).copied());
        if tool.is_none() && !self.is_declared(&wanted.value) {
            let all = self.declared_versions.iter().map(String::as_str);
            let help = did_you_mean(&wanted.value, "versions", all);
            let message = format!("there is no version `{}`", shown(&wanted.value));
            findings.advise(Code::UnknownVersion, wanted.span, message, help);
        }
        tool.into_iter().collect()
    }

    /// Whether somebody declared a version, be it at fault.
    fn is_declared(&self, called: &str) -> bool {
        self.declared_versions.iter().any(|known| *known == *called)
    }

    /// The versions that a rule is about, of those that a tool is; none for all of them.
    pub fn versions_of(&self, selector: &Selector, tool: usize) -> Box<[u32]> {
        let Some(name) = self.tools.get(tool).map(|tool| tool.name.value.as_str()) else {
            return Box::new([]);
        };
        let wanted = selector.tools.as_deref().unwrap_or_default();
        let is_plain =
            |one: &Spanned<Box<str>>| !one.value.contains('@') && Glob::new(&one.value).matches(name);
        if self.versions.is_empty() || wanted.is_empty() || wanted.iter().any(is_plain) {
            return Box::new([]);
        }
        let is_meant = |called: &str| wanted.iter().any(|one| *one.value == *called);
        let own = self.versions.iter().filter(|(called, _, tool)| tool.as_str() == name && is_meant(called));
        own.map(|(_, number, _)| *number).collect()
    }

    /// The tools that `selector` is about, by index: named, and of one of the classes.
    pub fn select(&mut self, selector: &Selector, at: Span, findings: &mut Findings) -> Vec<usize> {
        let before = findings.len();
        let mut selected: Vec<usize> = match &selector.tools {
            None => (0..self.tools.len()).collect(),
            Some(wanted) => wanted.iter().flat_map(|wanted| self.find_any(wanted, findings)).collect(),
        };
        selected.sort_unstable();
        selected.dedup();
        if let Some(annotations) = &selector.annotations {
            self.by_annotation = self.by_annotation.or(Some(annotations.span));
            let fits = |tool: &ToolPart| {
                tool.definition.as_ref().is_some_and(|definition| {
                    annotations
                        .value
                        .iter()
                        .all(|(hint, wanted)| definition.annotations.says(*hint) == *wanted)
                })
            };
            selected.retain(|&index| self.tools.get(index).is_some_and(fits));
        }
        if let Some(classes) = &selector.classes {
            self.by_class = self.by_class.or(classes.first().map(|class| class.span));
            let is_of = |class: Option<Class>| classes.iter().any(|wanted| Some(wanted.value) == class);
            selected.retain(|&index| self.tools.get(index).is_some_and(|tool| is_of(tool.class)));
        }
        let is_unknown = |tool: &ToolPart| {
            tool.is_classified && tool.class.is_none()
                || selector.annotations.is_some() && tool.definition.is_none()
        };
        let is_misspelled = self.tools.iter().any(is_unknown)
            || selector.tools.iter().flatten().any(|wanted| self.is_declared(&wanted.value))
            || selector.classes.as_ref().is_some_and(Vec::is_empty)
            || selector.tools.as_ref().is_some_and(Vec::is_empty);
        if selected.is_empty() && findings.len() == before && !is_misspelled {
            let help = "give some tool that class under `tools`, or select otherwise";
            findings.advise(Code::SelectsNothing, at, "no known tool is selected here", help);
        }
        selected
    }

    /// Where something selects by class or annotation, every tool must have them: else a deny by class would let
    /// an unclassified tool through.
    fn check_classes(&self, findings: &mut Findings) {
        if let Some(span) = self.by_annotation
            && let Some(tool) = self.tools.iter().find(|tool| tool.definition.is_none())
        {
            let name = &tool.name.value;
            let message = format!("tool `{name}` has no approved annotations, and this selects by them");
            let help = "pin the tools with `sluicegate pin`, or select by `classes`";
            findings.advise(Code::ToolNotPinned, span, message, help);
        }
        if self.by_class.is_none() {
            return;
        }
        for tool in self.tools.iter().filter(|tool| !tool.is_classified) {
            let name = &tool.name.value;
            let message = format!("tool `{name}` has no class, and this policy selects by class");
            let help = match tool.section {
                Section::Lock => {
                    format!("add `{name}: {{ class: read }}` (or `write`, `destructive`) under `tools`")
                }
                Section::Policy => "add `class: read`, `write` or `destructive`".to_owned(),
            };
            findings.advise(Code::ToolWithoutClass, tool.name.span, message, help);
        }
    }
}

/// Patterns that would match some of `names`: each cut after a separator.
pub(super) fn stems<'n>(names: impl Iterator<Item = &'n str>) -> impl Iterator<Item = String> {
    names.flat_map(|name| {
        let cuts = name.match_indices(['.', '/', '_', '-']);
        cuts.filter_map(|(at, separator)| Some(format!("{}*", name.get(..at + separator.len())?)))
    })
}

impl<'b> Closed<'b> {
    /// The scopes that may be used.
    pub fn scopes(bundle: &'b Bundle) -> Self {
        Self { kind: "scope", code: Code::UnknownScope, names: labels(bundle.scopes.as_deref()) }
    }

    /// The tenants that may be used.
    pub fn tenants(bundle: &'b Bundle) -> Self {
        Self { kind: "tenant", code: Code::UnknownTenant, names: labels(bundle.tenants.as_deref()) }
    }

    /// The groups that may be used.
    pub fn groups(bundle: &'b Bundle) -> Self {
        Self { kind: "group", code: Code::UnknownGroup, names: texts(bundle.groups.as_deref()) }
    }

    /// The agents that may be used.
    pub fn agents(bundle: &'b Bundle) -> Self {
        Self { kind: "agent", code: Code::UnknownAgent, names: texts(bundle.agents.as_deref()) }
    }

    /// The workloads that may be used.
    pub fn workloads(bundle: &'b Bundle) -> Self {
        Self { kind: "workload", code: Code::UnknownWorkload, names: texts(bundle.workloads.as_deref()) }
    }

    /// The list for looking up many names, if there is a list.
    pub fn known(&self) -> Option<HashSet<&'b str>> {
        self.names.as_ref().map(|names| names.iter().copied().collect())
    }

    /// Notes a pattern that matches nothing in the list, if there is a list.
    pub fn check_pattern(&self, pattern: &str, span: Span, findings: &mut Findings) {
        let glob = Glob::new(pattern);
        if !self.names.as_ref().is_some_and(|names| names.iter().any(|name| glob.matches(name))) {
            self.check(pattern, span, findings);
        }
    }

    /// Notes a name that is not in the list, if there is a list.
    pub fn check(&self, name: &str, span: Span, findings: &mut Findings) {
        let Some(names) = self.names.as_ref().filter(|names| !names.contains(&name)) else { return };
        let kind = self.kind;
        let message = format!("{kind} `{}` is not in the list `{kind}s`", shown(name));
        findings.advise(
            self.code,
            span,
            message,
            did_you_mean(name, &format!("{kind}s"), names.iter().copied()),
        );
    }
}

fn labels(names: Option<&[Spanned<Label>]>) -> Option<Vec<&str>> {
    names.map(|names| names.iter().map(|name| name.value.as_str()).collect())
}

fn texts(names: Option<&[Spanned<Box<str>>]>) -> Option<Vec<&str>> {
    names.map(|names| names.iter().map(|name| &*name.value).collect())
}
