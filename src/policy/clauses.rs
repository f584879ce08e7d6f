//! From one rule as it is written to what it says about one tool.

use super::arguments::{ConstraintPart, Test};
use super::code::Code;
use super::declared::Declared;
use super::diagnostic::{Findings, Spanned, did_you_mean};
use super::glob::Glob;
use super::parts::{ArgsPart, ReleaseKind, ReleasePart, RulePart};
use super::places::Places;
use super::predicates::{Predicate, Predicates, Requirement};
use super::roles::{Audience, Role, RoleSet};
use super::rules::{Clause, Release, When};
use crate::names::Label;

/// One rule, being entered into the dockets that it concerns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drafter<'b> {
    /// Index of the rule in the policy.
    pub index: usize,
    pub rule: &'b RulePart,
    pub roles: &'b [Role],
    pub places: &'b Places<'b>,
    /// The arguments of the tool that is concerned.
    pub declared: &'b Declared,
}

impl Drafter<'_> {
    /// What the rule says about a tool.
    pub fn about_tool(&self, tool: &str, predicates: &mut Predicates) -> Clause {
        let requirements = self.requirements(&self.rule.args, tool, predicates);
        let when = if requirements.is_empty() { When::Always } else { When::Arguments(requirements) };
        self.clause(when, Some(tool), predicates)
    }

    /// What the rule says about a method.
    pub fn about_method(&self, predicates: &mut Predicates) -> Clause {
        let globs = |targets: &Vec<Spanned<Box<str>>>| {
            When::Targets(targets.iter().map(|target| Glob::new(&target.value)).collect())
        };
        let when = self.rule.targets.as_ref().map_or(When::Always, globs);
        self.clause(when, None, predicates)
    }

    fn clause(&self, when: When, tool: Option<&str>, predicates: &mut Predicates) -> Clause {
        let is_about = |release: &&ReleasePart| match (&release.tools, tool) {
            (None, _) => true,
            (Some(tools), Some(tool)) => tools.iter().any(|wanted| Glob::new(&wanted.value).matches(tool)),
            (Some(_), None) => false,
        };
        let releases = self.rule.releases.iter().filter(is_about);
        Clause {
            rule: self.index,
            versions: Box::new([]),
            audience: self.audience(self.rule.roles.as_deref()),
            when,
            time: self.rule.time.clone().map(|window| predicates.place(Predicate::Time(window))),
            releases: releases.map(|release| self.release(release, tool, predicates)).collect(),
            mode: self.rule.mode,
        }
    }

    fn release(&self, part: &ReleasePart, tool: Option<&str>, predicates: &mut Predicates) -> Release {
        let (exception, ends_unix_ms) = match &part.kind {
            ReleaseKind::Exception { id, expires } => (Some(id.value.clone()), Some(expires.value)),
            ReleaseKind::Unless => (None, None),
        };
        Release {
            exception,
            audience: self.audience(part.roles.as_deref()),
            requirements: self.requirements(&part.args, tool.unwrap_or_default(), predicates),
            time: part.time.clone().map(|window| predicates.place(Predicate::Time(window))),
            ends_unix_ms,
            place: self.places.of(part.span),
        }
    }

    fn requirements(&self, args: &[ArgsPart], tool: &str, predicates: &mut Predicates) -> Box<[Requirement]> {
        let concerned = args.iter().filter(|part| Glob::new(&part.tool.value).matches(tool));
        let constraints = concerned.flat_map(|part| &part.constraints);
        constraints.map(|constraint| self.requirement(constraint, predicates)).collect()
    }

    fn requirement(&self, constraint: &ConstraintPart, predicates: &mut Predicates) -> Requirement {
        let path = &constraint.path.value;
        let declared = self.declared.at(path);
        let ask = |test: &Spanned<Test>| Predicate::Test {
            path: path.clone(),
            test: test.value.clone(),
            declared: declared.clone(),
        };
        let mut tests: Vec<usize> = constraint.tests.iter().map(|test| predicates.place(ask(test))).collect();
        if tests.is_empty() {
            tests.push(predicates.place(Predicate::Known(path.clone())));
        }
        let place = self.places.of(constraint.path.span);
        Requirement { path: path.clone(), tests: tests.into(), absence: constraint.absence, place }
    }

    fn audience(&self, wanted: Option<&[Spanned<Label>]>) -> Audience {
        let Some(wanted) = wanted else { return Audience::Everyone };
        let mut set = RoleSet::default();
        let is_wanted = |role: &Role| wanted.iter().any(|name| name.value == role.id);
        self.roles.iter().enumerate().filter(|(_, role)| is_wanted(role)).for_each(|(at, _)| set.insert(at));
        Audience::Roles(set)
    }

    /// Notes every role that nobody declared.
    pub fn check_roles(&self, findings: &mut Findings) {
        let of_releases = self.rule.releases.iter().filter_map(|release| release.roles.as_ref());
        for wanted in self.rule.roles.iter().chain(of_releases).flatten() {
            if self.roles.iter().any(|role| role.id == wanted.value) {
                continue;
            }
            let known = self.roles.iter().map(|role| role.id.as_str());
            let help = did_you_mean(wanted.value.as_str(), "roles", known);
            findings.advise(
                Code::UnknownRole,
                wanted.span,
                format!("there is no role `{}`", wanted.value),
                help,
            );
        }
    }
}
