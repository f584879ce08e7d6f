//! Rules made ready for judging: for each tool and method, the ones that can concern it.
//!
//! **Why.** A policy of a hundred rules has a handful for any one tool. The compiler sorts them by
//! tool once, so that a decision walks that handful and allocates nothing.

use super::arguments::{Constraint, may_lead_elsewhere};
use super::decision::{Decision, Forbid, Listing, Why};
use super::glob::Glob;
use super::roles::{Audience, Role, Standing};
use crate::json::Value;
use crate::names::{Label, Mode};

/// What a rule says about itself.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub id: Label,
    pub message: Option<Box<str>>,
}

/// A rule, as far as it concerns one tool or method.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Index of the rule.
    pub rule: usize,
    pub audience: Audience,
    pub when: When,
    pub mode: Mode,
}

/// What must hold of the message beside its tool or method.
#[derive(Debug, Clone)]
pub(super) enum When {
    /// Nothing.
    Always,
    /// All of these, of the arguments.
    Arguments(Box<[Constraint]>),
    /// The target fits one of these.
    Targets(Box<[Glob]>),
}

/// What the rules may look at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Facts<'a> {
    Arguments(Option<Value<'a>>),
    Target(Option<&'a str>),
}

/// All rules that concern one tool or method, each kind in the order of the policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Docket {
    pub allow: Vec<Clause>,
    pub deny: Vec<Clause>,
}

/// Every rule and role of a policy.
#[derive(Debug, Default)]
pub(super) struct Rulebook {
    pub rules: Vec<Rule>,
    pub roles: Vec<Role>,
}

impl Rulebook {
    /// Judges one message by the rules that concern it. A deny wins; without an allow it is denied.
    pub fn judge<'p>(&'p self, docket: &'p Docket, standing: &Standing, facts: Facts<'_>) -> Decision<'p> {
        let shadow = match self.accuse(docket, standing, facts) {
            Ok(shadow) => shadow,
            Err(forbid) => return Decision::Forbid(forbid),
        };
        let permit =
            docket.permits().find(|clause| clause.audience.admits(standing.held) && clause.permits(facts));
        match permit.and_then(|clause| self.rules.get(clause.rule)) {
            Some(rule) => Decision::Allow { by: &rule.id, shadow },
            None => Decision::Forbid(self.nearest(docket, standing, facts)),
        }
    }

    /// Looks for a deny that applies; the first one in shadow if there is none in force.
    ///
    /// # Errors
    /// The refusal of the first deny in force that applies.
    pub fn accuse<'p>(
        &'p self,
        docket: &'p Docket,
        standing: &Standing,
        facts: Facts<'_>,
    ) -> Result<Option<&'p Label>, Forbid<'p>> {
        let mut shadow = None;
        for clause in docket.deny.iter().filter(|clause| clause.audience.admits(standing.held)) {
            if !clause.incriminates(facts) {
                continue;
            }
            let rule = self.rules.get(clause.rule);
            match clause.mode {
                Mode::Shadow => shadow = shadow.or(rule.map(|rule| &rule.id)),
                Mode::Enforce => {
                    let message = rule.and_then(|rule| rule.message.as_deref());
                    return Err(Forbid { why: Why::Denied, rule: rule.map(|rule| &rule.id), message });
                }
            }
        }
        Ok(shadow)
    }

    /// Judges whether some message about this method could be allowed, by the first rule that would.
    pub fn offer<'p>(&'p self, docket: &'p Docket, standing: &Standing) -> Decision<'p> {
        let permit = docket.permits().find(|clause| clause.audience.admits(standing.held));
        match (Self::lists(docket, standing), permit.and_then(|clause| self.rules.get(clause.rule))) {
            (Listing::Shown, Some(rule)) => Decision::Allow { by: &rule.id, shadow: None },
            (Listing::Hidden | Listing::Shown, _) => {
                Decision::Forbid(self.nearest(docket, standing, Facts::Target(None)))
            }
        }
    }

    /// Whether some message about this tool or method could be allowed.
    pub fn lists(docket: &Docket, standing: &Standing) -> Listing {
        let is_mine =
            |clause: &&Clause| clause.audience.admits(standing.held) && clause.mode == Mode::Enforce;
        let is_denied = docket.deny.iter().filter(is_mine).any(|clause| matches!(clause.when, When::Always));
        let is_allowed = docket.allow.iter().any(|clause| is_mine(&clause));
        if is_allowed && !is_denied { Listing::Shown } else { Listing::Hidden }
    }

    /// What the allow that came nearest lacked: a scope that the client can get, else an argument.
    fn nearest<'p>(&'p self, docket: &'p Docket, standing: &Standing, facts: Facts<'_>) -> Forbid<'p> {
        let refuse = |clause: &Clause, why| {
            let rule = self.rules.get(clause.rule).map(|rule| &rule.id);
            Forbid { why, rule, message: None }
        };
        for clause in docket.permits().filter(|clause| clause.permits(facts)) {
            if let Some(scope) = self.missing_scope(clause, standing) {
                return refuse(clause, Why::Scope { missing: vec![scope] });
            }
        }
        let mine = docket.permits().filter(|clause| clause.audience.admits(standing.held));
        let failing = mine.filter_map(|clause| clause.failing(facts).map(|failing| (clause, failing)));
        match failing.min_by_key(|(_, failing)| failing.count) {
            Some((clause, failing)) => {
                let message = self.rules.get(clause.rule).and_then(|rule| rule.message.as_deref());
                Forbid { message, ..refuse(clause, Why::Argument { path: failing.path }) }
            }
            None => Forbid::plain(Why::NotAllowed),
        }
    }

    /// A scope that would bring the caller into the clause's audience; every role needs one at most.
    fn missing_scope<'p>(&'p self, clause: &Clause, standing: &Standing) -> Option<&'p str> {
        let Audience::Roles(wanted) = clause.audience else { return None };
        if wanted.meets(standing.held) {
            return None;
        }
        let role = wanted.common(standing.but_for_scopes).next().and_then(|index| self.roles.get(index))?;
        role.scopes.first().map(Label::as_str)
    }
}

/// The constraints of one allow that a call does not meet.
struct Failing<'p> {
    path: &'p str,
    count: usize,
}

impl Docket {
    /// The allow clauses that take effect.
    fn permits(&self) -> impl Iterator<Item = &Clause> {
        self.allow.iter().filter(|clause| clause.mode == Mode::Enforce)
    }
}

impl Clause {
    fn permits(&self, facts: Facts<'_>) -> bool {
        match (&self.when, facts) {
            (When::Always, _) => true,
            (When::Arguments(all), Facts::Arguments(arguments)) => {
                all.iter().all(|one| one.permits(arguments))
            }
            (When::Targets(any), Facts::Target(Some(target))) => {
                !may_lead_elsewhere(target) && any.iter().any(|glob| glob.matches(target))
            }
            (When::Arguments(_) | When::Targets(_), Facts::Arguments(_) | Facts::Target(_)) => false,
        }
    }

    fn incriminates(&self, facts: Facts<'_>) -> bool {
        match (&self.when, facts) {
            (When::Always, _) => true,
            (When::Arguments(all), Facts::Arguments(arguments)) => {
                all.iter().all(|one| one.incriminates(arguments))
            }
            (When::Targets(any), Facts::Target(Some(target))) => {
                may_lead_elsewhere(target) || any.iter().any(|glob| glob.matches(target))
            }
            (When::Arguments(_) | When::Targets(_), Facts::Arguments(_) | Facts::Target(_)) => true,
        }
    }

    fn failing(&self, facts: Facts<'_>) -> Option<Failing<'_>> {
        let (When::Arguments(all), Facts::Arguments(arguments)) = (&self.when, facts) else { return None };
        let mut failing = all.iter().filter(|one| !one.permits(arguments));
        let first = failing.next()?;
        Some(Failing { path: &first.path, count: 1 + failing.count() })
    }
}
