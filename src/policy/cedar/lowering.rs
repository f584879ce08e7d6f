//! From a rule to the one Cedar policy that says the same.
//!
//! ```text
//! Clause of each tool ─▶ condition ─┬─ tools with the same condition together ─▶ permit (...) when {...} unless {...};
//! Role ──────────────▶ condition ───┘
//! ```
//!
//! **Doubt.** An allow asks `has` and then the question, so what is missing or unknown is a no. A deny asks
//! `if ... has ... then ... else true`, so it is a yes. Where the rule ignores a missing argument,
//! `context.missing` tells that from an unknown one.
//!
//! **What it is not.** It evaluates nothing, and looks at no YAML: what is lowered is the compiled rule.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::expression::Expression;
use super::subject::{Hearing, Kind, Subject, comparison, one_of};
use super::words::{Holder, Pattern, Quoted, key, list};
use crate::names::{Label, Mode};
use crate::policy::arguments::Absence;
use crate::policy::parts::Effect;
use crate::policy::predicates::{Predicate, Requirement};
use crate::policy::roles::{Audience, Role};
use crate::policy::rules::{Clause, Release, When};
use crate::policy::snapshot::Policy;

/// A rule as a Cedar policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lowered {
    pub id: Box<str>,
    pub mode: Mode,
    pub text: String,
}

/// What some tools or methods of a rule have in common.
struct Group {
    actions: Vec<String>,
    when: Expression,
    unless: Expression,
}

const LINE_CHARACTERS_MAX: usize = 100;

/// Lowers the rule at `index`, as far as `subjects` go; `None` if it concerns none of them.
pub(super) fn lower(policy: &Policy, index: usize, subjects: &[Subject<'_>]) -> Option<Lowered> {
    let rule = policy.book.rules.get(index)?;
    let (mut groups, mut common): (Vec<Group>, Option<&Clause>) = (Vec::new(), None);
    for subject in subjects {
        let clauses = match rule.effect {
            Effect::Allow => &subject.docket.allow,
            Effect::Deny => &subject.docket.deny,
        };
        // A method that two patterns of a rule name is there twice, alike.
        let Some(clause) = clauses.iter().find(|clause| clause.rule == index) else { continue };
        common = Some(clause);
        let speaker = Speaker { roles: &policy.book.roles, subject, effect: rule.effect };
        let (when, unless) = (speaker.when(clause), speaker.unless(clause));
        match groups.iter_mut().find(|group| group.when == when && group.unless == unless) {
            Some(group) => group.actions.push(subject.action()),
            None => groups.push(Group { actions: vec![subject.action()], when, unless }),
        }
    }
    let clause = common?;
    let place = rule.place;
    let mut text = format!("@id({})\n", Quoted(rule.id.as_str()));
    let source = format!("{}:{}:{}", policy.file(place), place.line, place.column);
    // A `String` takes whatever is written to it.
    let _ = writeln!(text, "@src({})", Quoted(&source));
    if clause.mode == Mode::Shadow {
        text.push_str("@mode(\"shadow\")\n");
    }
    let audience = audience(clause.audience, &policy.book.roles);
    let when = Expression::all([audience, by_action(&groups, |group| group.when.clone())]);
    let unless = by_action(&groups, |group| group.unless.clone());
    let actions: Vec<&String> = groups.iter().flat_map(|group| &group.actions).collect();
    head(rule.effect, &actions, policy.server.as_str(), &mut text);
    body("when", &when, &Expression::True, &mut text);
    body("unless", &unless, &Expression::False, &mut text);
    text.push_str(";\n");
    Some(Lowered { id: rule.id.as_str().into(), mode: clause.mode, text })
}

/// What the protocol itself allows, as a policy.
pub(super) fn built_in(policy: &Policy, name: &Label, subjects: &[Subject<'_>]) -> Lowered {
    let free = subjects.iter().filter(|subject| matches!(subject.kind, Kind::Free(_)));
    let actions: Vec<String> = free.map(Subject::action).collect();
    let mut text = format!("@id({})\n", Quoted(name.as_str()));
    head(Effect::Allow, &actions.iter().collect::<Vec<_>>(), policy.server.as_str(), &mut text);
    text.push_str(";\n");
    Lowered { id: name.as_str().into(), mode: Mode::Enforce, text }
}

fn head(effect: Effect, actions: &[&String], server: &str, text: &mut String) {
    let effect = match effect {
        Effect::Allow => "permit",
        Effect::Deny => "forbid",
    };
    let line = actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
    let action = match actions {
        [only] => format!("action == {only}"),
        _ if line.len() + 16 <= LINE_CHARACTERS_MAX => format!("action in [{line}]"),
        many => {
            let lines: Vec<String> = many.iter().map(|action| format!("        {action}")).collect();
            format!("action in [\n{}\n    ]", lines.join(",\n"))
        }
    };
    let server = Quoted(server);
    let _ =
        write!(text, "{effect} (\n    principal,\n    {action},\n    resource == Mcp::Server::{server}\n)");
}

fn body(word: &str, condition: &Expression, empty: &Expression, text: &mut String) {
    if condition != empty {
        let _ = write!(text, "\n{word} {{\n    ");
        condition.write(1, text);
        text.push_str("\n}");
    }
}

/// What holds for each group, told apart by action.
fn by_action(groups: &[Group], condition: impl Fn(&Group) -> Expression) -> Expression {
    let Some((last, others)) = groups.split_last() else { return Expression::True };
    others.iter().rev().fold(condition(last), |rest, group| {
        let is_it = match group.actions.as_slice() {
            [only] => format!("action == {only}"),
            many => format!("action in [{}]", many.join(", ")),
        };
        Expression::choose(Expression::asks(is_it), condition(group), rest)
    })
}

/// Whom a rule is for. Roles are spelled out: Cedar evaluates them by itself.
fn audience(audience: Audience, roles: &[Role]) -> Expression {
    let Audience::Roles(wanted) = audience else { return Expression::True };
    Expression::any(wanted.common(wanted).filter_map(|index| roles.get(index)).map(role))
}

fn role(role: &Role) -> Expression {
    let principal = Holder::new("principal");
    let member = |name: &str, wanted: &mut dyn Iterator<Item = &str>| {
        let wanted: Vec<&str> = wanted.collect();
        let attribute = principal.attribute(name);
        match wanted.as_slice() {
            [] => Expression::True,
            [only] => Expression::asks(format!("{attribute}.contains({})", Quoted(only))),
            many => Expression::asks(format!("{attribute}.containsAny({})", list(many.iter().copied()))),
        }
    };
    let one = |name: &str, wanted: &mut dyn Iterator<Item = &str>| {
        let wanted: Vec<&str> = wanted.collect();
        if wanted.is_empty() {
            return Expression::True;
        }
        let is_it = one_of(wanted.iter().copied(), &principal.attribute(name));
        Expression::all([Expression::asks(principal.has(name)), is_it])
    };
    let users = &mut role.users.iter().map(|user| &**user);
    let users = if role.users.is_empty() {
        Expression::True
    } else {
        one_of(users.collect::<Vec<_>>().iter().copied(), &principal.attribute("user"))
    };
    let workload = principal.attribute("workload");
    let like = |glob: &crate::policy::glob::Glob| match glob.is_pattern() {
        true => Expression::asks(format!("{workload} like {}", Pattern(glob.as_str()))),
        false => Expression::asks(format!("{workload} == {}", Quoted(glob.as_str()))),
    };
    let workloads = match role.workloads.is_empty() {
        true => Expression::True,
        false => Expression::all([
            Expression::asks(principal.has("workload")),
            Expression::any(role.workloads.iter().map(like)),
        ]),
    };
    Expression::all([
        member("scopes", &mut role.scopes.iter().map(Label::as_str)),
        member("groups", &mut role.groups.iter().map(|group| &**group)),
        one("tenant", &mut role.tenants.iter().map(Label::as_str)),
        one("agent", &mut role.agents.iter().map(|agent| &**agent)),
        users,
        workloads,
    ])
}

/// Puts the clauses about one subject into words.
struct Speaker<'s> {
    roles: &'s [Role],
    subject: &'s Subject<'s>,
    effect: Effect,
}

impl Speaker<'_> {
    /// What must hold beside the audience.
    fn when(&self, clause: &Clause) -> Expression {
        let asked = match &clause.when {
            When::Always => Expression::True,
            When::Arguments(all) => {
                Expression::all(all.iter().map(|requirement| self.requirement(requirement, self.effect)))
            }
            When::Targets(any) => self.targets(any),
        };
        Expression::all([self.time(clause.time), self.version(clause), asked])
    }

    /// That the call is of a version that the clause is about; of a deny also where nobody can say.
    fn version(&self, clause: &Clause) -> Expression {
        if clause.versions.is_empty() {
            return Expression::True;
        }
        let known = Expression::asks("context has version");
        let is = |number: &u32| Expression::asks(format!("context.version == {number}"));
        let any = Expression::any(clause.versions.iter().map(is));
        match self.effect {
            Effect::Allow => Expression::all([known, any]),
            Effect::Deny => Expression::choose(known, any, Expression::True),
        }
    }

    fn targets(&self, globs: &[crate::policy::glob::Glob]) -> Expression {
        let has = Expression::asks("context has target");
        let like = globs.iter().map(|glob| match glob.is_pattern() {
            true => Expression::asks(format!("context.target like {}", Pattern(glob.as_str()))),
            false => Expression::asks(format!("context.target == {}", Quoted(glob.as_str()))),
        });
        let is_doubtful = Expression::asks("context.target_is_doubtful");
        match self.effect {
            Effect::Allow => Expression::all([has, Expression::not(is_doubtful), Expression::any(like)]),
            Effect::Deny => Expression::choose(
                has,
                Expression::any(std::iter::once(is_doubtful).chain(like)),
                Expression::True,
            ),
        }
    }

    fn unless(&self, clause: &Clause) -> Expression {
        Expression::any(clause.releases.iter().map(|release| self.release(release)))
    }

    /// What takes a rule back: of a deny by a clear yes only, of an allow by anything but a clear no.
    fn release(&self, release: &Release) -> Expression {
        let contrary = match self.effect {
            Effect::Allow => Effect::Deny,
            Effect::Deny => Effect::Allow,
        };
        let due = [
            audience(release.audience, self.roles),
            release.ends_unix_ms.map_or(Expression::True, before),
            self.time(release.time),
        ];
        let asked = release.requirements.iter().map(|requirement| self.requirement(requirement, contrary));
        Expression::all(due.into_iter().chain(asked))
    }

    fn time(&self, place: Option<usize>) -> Expression {
        let Some(place) = place else { return Expression::True };
        match self.subject.vocabulary.hearing(place) {
            Some(Hearing::Time(name)) => {
                Expression::asks(Holder::new("context.times").attribute(name).to_string())
            }
            // A time that nobody can tell is none.
            Some(Hearing::Compared | Hearing::Fact(..)) | None => Expression::False,
        }
    }

    /// What is asked of an argument, with doubts counting as `effect` wants.
    fn requirement(&self, requirement: &Requirement, effect: Effect) -> Expression {
        let mut compared = Vec::new();
        let mut asked = Vec::new();
        let argument = requirement.steps().fold(Holder::new("context.args"), |at, step| at.attribute(step));
        for &place in &requirement.tests {
            match (self.subject.vocabulary.hearing(place), self.subject.docket.predicates.get(place)) {
                (Some(Hearing::Fact(path, name)), _) => asked.push(fact(path, name, effect)),
                (Some(Hearing::Compared), Some(Predicate::Test { test, declared, .. })) => {
                    compared.extend(comparison(test, declared, &argument));
                }
                _ => asked.push(Expression::False),
            }
        }
        if !compared.is_empty() {
            let there = Expression::all(self.steps(requirement));
            let otherwise = match effect {
                Effect::Allow => Expression::False,
                Effect::Deny => Expression::True,
            };
            asked.insert(0, Expression::choose(there, Expression::all(compared), otherwise));
        }
        let missing = Holder::new("context.missing").attribute(&requirement.path);
        let missing = Expression::asks(missing.to_string());
        match (requirement.absence, effect) {
            (Absence::Counts, _) => Expression::all(asked),
            (Absence::Ignored, Effect::Allow) => Expression::any([missing, Expression::all(asked)]),
            (Absence::Ignored, Effect::Deny) => {
                Expression::all([Expression::not(missing)].into_iter().chain(asked))
            }
        }
    }

    /// The way to an argument: `context.args has filter && context.args.filter has limit`.
    fn steps(&self, requirement: &Requirement) -> Vec<Expression> {
        let mut holder = Holder::new("context.args");
        let mut questions = Vec::new();
        for step in requirement.steps() {
            questions.push(Expression::asks(holder.has(step)));
            holder = holder.attribute(step);
        }
        questions
    }
}

fn fact(path: &str, name: &str, effect: Effect) -> Expression {
    let facts = Holder::new("context.facts").attribute(path);
    let (known, value) = (Expression::asks(facts.has(name)), facts.attribute(name).to_string());
    let otherwise = match effect {
        Effect::Allow => Expression::False,
        Effect::Deny => Expression::True,
    };
    Expression::choose(known, Expression::asks(value), otherwise)
}

/// That it is not yet this time.
fn before(unix_ms: u64) -> Expression {
    instant(unix_ms).map_or(Expression::True, |text| {
        Expression::asks(format!("context.now < datetime({})", Quoted(&text)))
    })
}

/// A time as Cedar reads it; `None` for one that no calendar of four digits has.
pub(super) fn instant(unix_ms: u64) -> Option<String> {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())?;
    let text = time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let text = text.strip_suffix(".000Z").map_or(text.clone(), |whole| format!("{whole}Z"));
    Some(text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned))
}

/// The name of an attribute with its type: `limit?: Long`.
pub(super) fn optional(name: &str, of: &str) -> String {
    format!("{}?: {of}", key(name))
}
