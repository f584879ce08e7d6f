//! What would have to be otherwise for the opposite to be decided.
//!
//! **How.** For each allow that might apply: what it lacks, and what the denies that apply would have to
//! find otherwise. Those answers are taken for given, and the judge is asked again; only what really turns
//! the decision is told, the smallest first. Nothing here decides.
//!
//! **What it is not.** No solver: answers are supposed one by one, so two of them about one argument may
//! contradict each other. Roles are supposed with what they ask for, not found in a directory.

use super::arguments::Standing as Standpoint;
use super::decision::Decision;
use super::places::Place;
use super::predicates::{Facts, Predicate, Requirement, Sight};
use super::roles::{Audience, Role, Standing};
use super::rules::{Clause, Docket, When};
use super::snapshot::{MethodRules, Policy};
use super::trace::Silent;
use crate::identity::Caller;
use crate::json::Value;
use crate::mcp::Method;
use crate::names::{Label, Mode};

/// A change of a message, its caller or its time that turns the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip<'p> {
    /// All of these are needed.
    pub steps: Vec<FlipStep<'p>>,
}

/// One thing that would have to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlipStep<'p> {
    /// What a rule asks of the message would have to hold, or not to hold.
    Check {
        /// In the words of the policy: `limit max: 1000`.
        asked: String,
        /// The argument that it is about; `None` for a time.
        argument: Option<&'p str>,
        /// Whether it would have to hold.
        holds: bool,
        /// Where it stands.
        place: Place,
    },
    /// The caller would have to have a role.
    Role {
        /// Its name.
        role: &'p Label,
        /// What it asks for that the caller does not have.
        lacks: Vec<Lack<'p>>,
    },
}

/// Something that a role asks for: any one of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack<'p> {
    /// What kind: `scope`, `group`, `tenant`, `agent`, `user`, `workload`.
    pub kind: &'static str,
    /// What would do.
    pub any_of: Vec<&'p str>,
}

/// An answer that is taken for given.
type Supposition = (usize, Standpoint);

/// What a decision is turned in.
struct Turner<'p, 's> {
    policy: &'p Policy,
    docket: &'p Docket,
    caller: &'s Caller,
    standing: Standing<'s>,
    facts: Facts<'s>,
    /// The message as it is, with nothing supposed.
    sight: Sight<'s>,
}

/// A change on its way to be tried.
#[derive(Default)]
struct Draft<'p> {
    steps: Vec<FlipStep<'p>>,
    supposed: Vec<Supposition>,
    roles: Vec<usize>,
}

/// More than these tell nobody what to do.
const FLIPS_MAX: usize = 3;

impl Policy {
    /// The smallest changes that would turn the decision on a call, of a version where its tool has any, at most
    /// three.
    ///
    /// For people: judges the call once for each rule about the tool.
    pub fn flips_of_call(
        &self,
        caller: &Caller,
        (unix_ms, version): (u64, Option<u32>),
        tool: &str,
        arguments: Option<Value<'_>>,
    ) -> Vec<Flip<'_>> {
        let standing = self.standing(caller, unix_ms).on(version);
        // Nothing that a caller could change turns on a tool that is off or unknown.
        let Ok(tool) = self.find(&standing, tool) else { return Vec::new() };
        // No rule was asked.
        if self.misfit(tool, &standing, arguments).is_some() {
            return Vec::new();
        }
        Turner::new(self, &tool.docket, (caller, standing), Facts::Arguments(arguments)).flips()
    }

    /// The smallest changes that would turn the decision on any other message, at most three.
    pub fn flips_of_method(
        &self,
        caller: &Caller,
        unix_ms: u64,
        method: Method,
        target: Option<&str>,
    ) -> Vec<Flip<'_>> {
        let standing = self.standing(caller, unix_ms);
        let Some(MethodRules::Ruled(docket)) = self.methods.get(method.index()) else { return Vec::new() };
        Turner::new(self, docket, (caller, standing), Facts::Target(target)).flips()
    }
}

impl<'p, 's> Turner<'p, 's> {
    fn new(
        policy: &'p Policy,
        docket: &'p Docket,
        (caller, standing): (&'s Caller, Standing<'s>),
        facts: Facts<'s>,
    ) -> Self {
        Self { policy, docket, caller, standing, facts, sight: Sight::of(facts, &standing) }
    }

    fn flips(&self) -> Vec<Flip<'p>> {
        let is_allowed = self.is_allowed(&Draft::default());
        let drafts: Vec<Draft<'p>> = if is_allowed {
            self.docket.allow.iter().flat_map(|clause| self.spoilers(clause)).collect()
        } else {
            self.permits().filter_map(|clause| self.help(clause)).collect()
        };
        let mut flips: Vec<Flip<'p>> = Vec::new();
        for draft in drafts {
            let flip = Flip { steps: draft.steps.clone() };
            let turns = !draft.steps.is_empty() && self.is_allowed(&draft) != is_allowed;
            if turns && !flips.contains(&flip) {
                flips.push(flip);
            }
        }
        flips.sort_by_key(Flip::cost);
        let least = flips.first().map(|flip| flip.steps.len()).unwrap_or_default();
        flips.retain(|flip| flip.steps.len() == least);
        flips.truncate(FLIPS_MAX);
        flips
    }

    fn is_allowed(&self, draft: &Draft<'p>) -> bool {
        let sight = Sight::of(self.facts, &self.standing);
        draft.supposed.iter().for_each(|&(place, answer)| sight.suppose(place, answer));
        let mut standing = self.standing;
        draft.roles.iter().for_each(|&role| standing.held.insert(role));
        let decision = self.policy.book.judge(self.docket, &standing, &sight, &mut Silent);
        matches!(decision, Decision::Allow { .. })
    }

    fn permits(&self) -> impl Iterator<Item = &'p Clause> {
        self.docket.allow.iter().filter(|clause| clause.mode == Mode::Enforce)
    }

    /// What an allow lacks, and what stands against it; `None` where no answer can help.
    fn help(&self, clause: &'p Clause) -> Option<Draft<'p>> {
        let mut draft = Draft::default();
        if !clause.audience.admits(self.standing.held) {
            self.join(clause.audience, &mut draft)?;
        }
        if let Some(at) = clause.time {
            self.want(at, None, self.place_of(clause), Standpoint::Meets, &mut draft);
        }
        match &clause.when {
            When::Always => {}
            When::Arguments(all) => {
                for one in all.iter().filter(|one| !one.permits(&self.docket.predicates, &self.sight)) {
                    self.require(one, &mut draft);
                }
            }
            When::Targets(any) => {
                let Facts::Target(Some(target)) = self.facts else { return None };
                any.iter().find(|glob| glob.matches(target))?;
            }
        }
        let denies = self.docket.deny.iter().filter(|deny| deny.mode == Mode::Enforce);
        for deny in denies.filter(|deny| self.applies(deny)) {
            self.disarm(deny, &mut draft)?;
        }
        Some(draft)
    }

    /// Whether a deny applies as far as it asks, not counting what takes it back: trying tells.
    fn applies(&self, deny: &Clause) -> bool {
        let predicates = &self.docket.predicates;
        let asks = match &deny.when {
            When::Always => true,
            When::Arguments(all) => all.iter().all(|one| one.incriminates(predicates, &self.sight)),
            When::Targets(any) => match self.facts {
                Facts::Target(Some(target)) => any.iter().any(|glob| glob.matches(target)),
                Facts::Arguments(_) | Facts::Target(None) => true,
            },
        };
        asks && deny.audience.admits(self.standing.held)
            && deny.time.is_none_or(|at| predicates.answer(at, &self.sight) == Standpoint::Meets)
    }

    /// The first thing that a deny asks, answered by no.
    fn disarm(&self, deny: &'p Clause, draft: &mut Draft<'p>) -> Option<()> {
        let first = match &deny.when {
            When::Arguments(all) => all.iter().find_map(|one| Some((one, *one.tests.first()?))),
            When::Always | When::Targets(_) => None,
        };
        match (first, deny.time) {
            (Some((one, at)), _) => {
                self.want(at, Some(&one.path), one.place, Standpoint::Fails, draft);
                Some(())
            }
            (None, Some(at)) => {
                self.want(at, None, self.place_of(deny), Standpoint::Fails, draft);
                Some(())
            }
            (None, None) => None,
        }
    }

    /// Each thing that an allow asks of an argument, answered by no.
    fn spoilers(&self, clause: &'p Clause) -> Vec<Draft<'p>> {
        let When::Arguments(all) = &clause.when else { return Vec::new() };
        let mut drafts = Vec::new();
        for one in all {
            for &at in &one.tests {
                let mut draft = Draft::default();
                self.want(at, Some(&one.path), one.place, Standpoint::Fails, &mut draft);
                drafts.push(draft);
            }
        }
        drafts
    }

    fn require(&self, one: &'p Requirement, draft: &mut Draft<'p>) {
        for &at in &one.tests {
            self.want(at, Some(&one.path), one.place, Standpoint::Meets, draft);
        }
    }

    /// Supposes an answer, unless it is that already.
    fn want(
        &self,
        at: usize,
        argument: Option<&'p str>,
        place: Place,
        answer: Standpoint,
        draft: &mut Draft<'p>,
    ) {
        if self.docket.predicates.answer(at, &self.sight) == answer {
            return;
        }
        let asked = match self.docket.predicates.get(at) {
            Some(Predicate::Test { path, test, .. }) => format!("{path} {test}"),
            Some(Predicate::Known(path)) => format!("{path} is readable"),
            Some(Predicate::Time(window)) => format!("time {}", window.as_str()),
            None => return,
        };
        draft.supposed.push((at, answer));
        draft.steps.push(FlipStep::Check { asked, argument, holds: answer == Standpoint::Meets, place });
    }

    /// Gives the caller the role of an audience that lacks least.
    fn join(&self, audience: Audience, draft: &mut Draft<'p>) -> Option<()> {
        let Audience::Roles(wanted) = audience else { return Some(()) };
        let roles = &self.policy.book.roles;
        let known = wanted.common(wanted).filter_map(|at| Some((at, roles.get(at)?)));
        let (at, role, lacks) = known
            .map(|(at, role)| (at, role, role.lacks(self.caller)))
            .min_by_key(|(_, _, lacks)| lacks.len())?;
        draft.roles.push(at);
        if let [Lack { kind: "scope", any_of }] = lacks.as_slice() {
            // A scope may bring other roles too, and with them denies.
            let with_it =
                |role: &Role| role.scopes.iter().any(|scope| any_of.first() == Some(&scope.as_str()));
            let others = self.standing.but_for_scopes.common(self.standing.but_for_scopes);
            draft.roles.extend(others.filter(|&other| roles.get(other).is_some_and(with_it)));
        }
        draft.steps.push(FlipStep::Role { role: &role.id, lacks });
        Some(())
    }

    fn place_of(&self, clause: &Clause) -> Place {
        self.policy.book.rules.get(clause.rule).map(|rule| rule.place).unwrap_or_default()
    }
}

impl Flip<'_> {
    /// How much it asks: steps first, then what roles lack.
    fn cost(&self) -> (usize, usize) {
        let lacks = self.steps.iter().map(|step| match step {
            FlipStep::Check { .. } => 1,
            FlipStep::Role { lacks, .. } => lacks.len(),
        });
        (self.steps.len(), lacks.sum())
    }
}

impl Role {
    /// What the caller would need to have the role.
    fn lacks(&self, caller: &Caller) -> Vec<Lack<'_>> {
        let mut lacks = Vec::new();
        let mut lack = |kind, any_of: Vec<_>, is_met: bool| {
            if !any_of.is_empty() && !is_met {
                lacks.push(Lack { kind, any_of });
            }
        };
        let is_own = |value: Option<&str>, known: &[Box<str>]| known.iter().any(|one| Some(&**one) == value);
        lack("scope", labels(&self.scopes), self.scopes.iter().any(|scope| caller.has_scope(scope.as_str())));
        lack("group", texts(&self.groups), self.groups.iter().any(|group| caller.groups().contains(group)));
        let tenant = caller.tenant();
        lack(
            "tenant",
            labels(&self.tenants),
            self.tenants.iter().any(|known| Some(known.as_str()) == tenant),
        );
        lack("agent", texts(&self.agents), is_own(caller.agent(), &self.agents));
        lack("user", texts(&self.users), is_own(Some(caller.user()), &self.users));
        let workloads = self.workloads.iter().map(super::glob::Glob::as_str).collect();
        let runs = caller.workload().is_some_and(|own| self.workloads.iter().any(|known| known.matches(own)));
        lack("workload", workloads, runs);
        lacks
    }
}

fn texts(values: &[Box<str>]) -> Vec<&str> {
    values.iter().map(|value| &**value).collect()
}

fn labels(values: &[Label]) -> Vec<&str> {
    values.iter().map(Label::as_str).collect()
}
