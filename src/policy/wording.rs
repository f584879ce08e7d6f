//! What a policy says, rule by rule, in words: for comparing two policies, and for reports.

use std::collections::BTreeMap;

use super::parts::Effect;
use super::places::Place;
use super::predicates::{Predicate, Predicates, Requirement};
use super::roles::{Audience, Role, Standing};
use super::rules::{Clause, Docket, Release, When};
use super::snapshot::{MethodRules, Policy};
use crate::mcp::Method;
use crate::names::{Label, Mode};

/// One rule of a policy.
#[derive(Debug, Clone)]
pub struct Wording<'p> {
    /// Its name.
    pub rule: &'p Label,
    /// Whether it allows.
    pub is_allow: bool,
    /// Where it stands.
    pub place: Place,
    /// Everything that decides, one line each, in an order of its own: two rules that decide alike have the same lines.
    pub lines: Vec<String>,
}

impl Policy {
    /// Every rule, in the order of the policy. Allocates; for people.
    pub fn wordings(&self) -> Vec<Wording<'_>> {
        let mut lines: Vec<Vec<String>> = vec![Vec::new(); self.book.rules.len()];
        let tools = self.tools.iter().map(|tool| (tool.name.as_str(), &tool.docket));
        let methods = Method::ALL.iter().filter_map(|method| match self.methods.get(method.index())? {
            MethodRules::Free(docket) | MethodRules::Ruled(docket) => Some((method.as_str(), docket)),
            MethodRules::Never => None,
        });
        for (subject, docket) in tools.chain(methods) {
            for clause in docket.allow.iter().chain(&docket.deny) {
                if let Some(lines) = lines.get_mut(clause.rule) {
                    lines.push(self.clause(subject, docket, clause));
                }
            }
        }
        let mut wordings = Vec::new();
        for (rule, mut lines) in self.book.rules.iter().zip(lines) {
            lines.extend(rule.message.iter().map(|message| format!("message: {message}")));
            lines.sort_unstable();
            let is_allow = rule.effect == Effect::Allow;
            wordings.push(Wording { rule: &rule.id, is_allow, place: rule.place, lines });
        }
        wordings
    }

    /// Every role with its conditions in words, by name.
    pub fn role_wordings(&self) -> BTreeMap<&str, String> {
        self.book.roles.iter().map(|role| (role.id.as_str(), conditions(role))).collect()
    }

    /// The roles that a caller has.
    pub fn roles_of(&self, standing: &Standing) -> Vec<&Label> {
        let held = standing.held.common(standing.held);
        held.filter_map(|index| self.book.roles.get(index)).map(|role| &role.id).collect()
    }

    /// The users that some role names, each once.
    pub fn named_users(&self) -> Vec<&str> {
        let mut users: Vec<&str> =
            self.book.roles.iter().flat_map(|role| &role.users).map(|user| &**user).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    fn clause(&self, subject: &str, docket: &Docket, clause: &Clause) -> String {
        let mut words = vec![subject.to_owned()];
        words.extend(self.audience(clause.audience));
        match &clause.when {
            When::Always => {}
            When::Arguments(all) => words.extend(all.iter().map(|one| requirement(one, &docket.predicates))),
            When::Targets(any) => {
                words.extend(any.iter().map(|target| format!("target {}", target.as_str())));
            }
        }
        words.extend(time(clause.time, &docket.predicates));
        words.extend(clause.releases.iter().map(|release| self.release(release, &docket.predicates)));
        if clause.mode == Mode::Shadow {
            words.push("in shadow".to_owned());
        }
        words.join("; ")
    }

    fn release(&self, release: &Release, predicates: &Predicates) -> String {
        let mut words: Vec<String> = self.audience(release.audience).into_iter().collect();
        words.extend(release.requirements.iter().map(|one| requirement(one, predicates)));
        words.extend(time(release.time, predicates));
        let (words, exception) = (words.join(" and "), &release.exception);
        match (exception, release.ends_unix_ms) {
            (Some(id), Some(end)) => format!("exception {id} until {end}: {words}"),
            (Some(_) | None, _) => format!("unless {words}"),
        }
    }

    fn audience(&self, audience: Audience) -> Option<String> {
        let Audience::Roles(wanted) = audience else { return None };
        let mut names: Vec<&str> = wanted
            .common(wanted)
            .filter_map(|index| self.book.roles.get(index))
            .map(|role| role.id.as_str())
            .collect();
        names.sort_unstable();
        Some(format!("roles {}", names.join(", ")))
    }
}

fn requirement(one: &Requirement, predicates: &Predicates) -> String {
    let asked =
        one.tests.iter().filter_map(|&place| predicates.get(place)).map(|predicate| match predicate {
            Predicate::Known(_) => "is there".to_owned(),
            Predicate::Test { test, .. } => test.to_string(),
            Predicate::Time(window) => window.as_str().to_owned(),
        });
    let asked: Vec<String> = asked.collect();
    let absence = match one.absence {
        super::arguments::Absence::Counts => "",
        super::arguments::Absence::Ignored => ", or absent",
    };
    format!("{} {}{absence}", one.path, asked.join(" and "))
}

fn time(time: Option<usize>, predicates: &Predicates) -> Option<String> {
    match predicates.get(time?)? {
        Predicate::Time(window) => Some(format!("time {}", window.as_str())),
        Predicate::Known(_) | Predicate::Test { .. } => None,
    }
}

fn conditions(role: &Role) -> String {
    let list =
        |what: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    let owned = |what: &str, names: &[Box<str>]| list(what, names.iter().map(AsRef::as_ref).collect());
    let labels = |what: &str, names: &[Label]| list(what, names.iter().map(Label::as_str).collect());
    let all = [
        labels("scopes", &role.scopes),
        owned("groups", &role.groups),
        labels("tenants", &role.tenants),
        owned("agents", &role.agents),
        list("workloads", role.workloads.iter().map(super::glob::Glob::as_str).collect()),
        owned("users", &role.users),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
