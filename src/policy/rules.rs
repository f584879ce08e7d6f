//! Rules made ready for judging: for each tool and method, the ones that can concern it.
//!
//! **Why.** A policy of a hundred rules has a handful for any one tool. The compiler sorts them by
//! tool once, so that a decision walks that handful and allocates nothing.
//!
//! **How a rule comes to apply.** Its audience holds the caller, its time is now, what it asks of the
//! arguments holds, and nothing takes it back. Whatever cannot be said counts against the caller: for
//! an allow it does not hold, for a deny it does.
//!
//! One walk decides and explains: a [`Recorder`] hears what became of each clause, and the silent one
//! lets the walk stop as soon as nothing can change any more.

use super::arguments::may_lead_elsewhere;
use super::decision::{Decision, Forbid, Listing, Why};
use super::glob::Glob;
use super::parts::Effect;
use super::places::Place;
use super::predicates::{Facts, Predicates, Requirement, Sight};
use super::roles::{Audience, Role, Standing};
use super::trace::Recorder;
use crate::names::{Label, Mode};

/// What a rule says about itself.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub id: Label,
    pub effect: Effect,
    pub message: Option<Box<str>>,
    pub owner: Option<Box<str>>,
    pub place: Place,
}

/// A rule, as far as it concerns one tool or method.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Index of the rule.
    pub rule: usize,
    /// The versions of the tool that it is about; none for all.
    pub versions: Box<[u32]>,
    pub audience: Audience,
    pub when: When,
    /// Place of a time window in the table; `None` for always.
    pub time: Option<usize>,
    pub releases: Box<[Release]>,
    pub mode: Mode,
}

/// What must hold of the message beside its tool or method.
#[derive(Debug, Clone)]
pub(super) enum When {
    /// Nothing.
    Always,
    /// All of these, of the arguments.
    Arguments(Box<[Requirement]>),
    /// The target fits one of these.
    Targets(Box<[Glob]>),
}

/// Something that takes a rule back where all of it holds.
#[derive(Debug, Clone)]
pub(super) struct Release {
    /// The name of an exception; `None` for the rule's own `unless`.
    pub exception: Option<Label>,
    pub audience: Audience,
    pub requirements: Box<[Requirement]>,
    pub time: Option<usize>,
    /// The first millisecond since 1970 in which it does not hold any more.
    pub ends_unix_ms: Option<u64>,
    pub place: Place,
}

/// What became of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It applies.
    Applies,
    /// It is not for this caller.
    Foreign,
    /// Taken back by the release at this index.
    Released(usize),
    /// It asks something of the message that does not hold.
    Unmet,
    /// It is not its time.
    Untimely,
}

/// All rules that concern one tool or method, each kind in the order of the policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Docket {
    pub allow: Vec<Clause>,
    pub deny: Vec<Clause>,
    pub predicates: Predicates,
}

/// Every rule and role of a policy.
#[derive(Debug, Default)]
pub(super) struct Rulebook {
    pub rules: Vec<Rule>,
    pub roles: Vec<Role>,
}

impl Rulebook {
    /// Judges one message by the rules that concern it. A deny wins; without an allow it is denied.
    pub fn judge<'p, R: Recorder>(
        &'p self,
        docket: &'p Docket,
        standing: &Standing,
        sight: &Sight<'_>,
        recorder: &mut R,
    ) -> Decision<'p> {
        let accusation = self.accuse(docket, standing, sight, recorder);
        if let (Err(forbid), false) = (&accusation, R::IS_WHOLE) {
            return Decision::Forbid(forbid.clone());
        }
        let mut permit = None;
        for clause in &docket.allow {
            let fate = docket.fate(Effect::Allow, clause, standing, sight);
            recorder.hear(fate);
            if fate == Fate::Applies && clause.mode == Mode::Enforce {
                permit = permit.or(Some(clause));
                if !R::IS_WHOLE {
                    break;
                }
            }
        }
        let shadow = match accusation {
            Ok(shadow) => shadow,
            Err(forbid) => return Decision::Forbid(forbid),
        };
        match permit.and_then(|clause| self.rules.get(clause.rule)) {
            Some(rule) => Decision::Allow { by: &rule.id, shadow },
            None => Decision::Forbid(self.nearest(docket, standing, sight)),
        }
    }

    /// Looks for a deny that applies; the first one in shadow if there is none in force.
    ///
    /// # Errors
    /// The refusal of the first deny in force that applies.
    pub fn accuse<'p, R: Recorder>(
        &'p self,
        docket: &'p Docket,
        standing: &Standing,
        sight: &Sight<'_>,
        recorder: &mut R,
    ) -> Result<Option<&'p Label>, Forbid<'p>> {
        let (mut shadow, mut forbid) = (None, None);
        for clause in &docket.deny {
            let fate = docket.fate(Effect::Deny, clause, standing, sight);
            recorder.hear(fate);
            if fate != Fate::Applies {
                continue;
            }
            let rule = self.rules.get(clause.rule);
            match clause.mode {
                Mode::Shadow => shadow = shadow.or(rule.map(|rule| &rule.id)),
                Mode::Enforce => {
                    let message = rule.and_then(|rule| rule.message.as_deref());
                    let refusal = Forbid { why: Why::Denied, rule: rule.map(|rule| &rule.id), message };
                    if !R::IS_WHOLE {
                        return Err(refusal);
                    }
                    forbid = forbid.or(Some(refusal));
                }
            }
        }
        forbid.map_or(Ok(shadow), Err)
    }

    /// Judges whether some message about this method could be allowed, by the first rule that would.
    pub fn offer<'p>(&'p self, docket: &'p Docket, standing: &Standing) -> Decision<'p> {
        let sight = Sight::of(Facts::Target(None), standing);
        let permit = docket.permits().find(|clause| docket.is_open(clause, standing, &sight));
        match (docket.lists(standing), permit.and_then(|clause| self.rules.get(clause.rule))) {
            (Listing::Shown, Some(rule)) => Decision::Allow { by: &rule.id, shadow: None },
            (Listing::Hidden | Listing::Shown, _) => Decision::Forbid(self.nearest(docket, standing, &sight)),
        }
    }

    /// What the allow that came nearest lacked: scopes that the client can get, else an argument.
    fn nearest<'p>(&'p self, docket: &'p Docket, standing: &Standing, sight: &Sight<'_>) -> Forbid<'p> {
        let refuse = |clause: &Clause, why| {
            let rule = self.rules.get(clause.rule).map(|rule| &rule.id);
            Forbid { why, rule, message: None }
        };
        let would_apply = |clause: &&Clause| {
            docket.fate_for_anyone(Effect::Allow, clause, standing, sight) == Fate::Applies
        };
        let met = docket.permits().filter(would_apply);
        let scoped = met.filter_map(|clause| Some((clause, self.missing_scopes(clause, standing)?)));
        if let Some((clause, missing)) = scoped.min_by_key(|(_, missing)| missing.len()) {
            return refuse(clause, Why::Scope { missing });
        }
        let mine = docket.permits().filter(|clause| docket.is_timely(clause, standing, sight));
        let failing = mine.filter_map(|clause| Some((clause, docket.failing(clause, sight)?)));
        match failing.min_by_key(|(_, failing)| failing.count) {
            Some((clause, failing)) => {
                let message = self.rules.get(clause.rule).and_then(|rule| rule.message.as_deref());
                Forbid { message, ..refuse(clause, Why::Argument { path: failing.path }) }
            }
            None => Forbid::plain(Why::NotAllowed),
        }
    }

    /// The fewest scopes that would bring the caller into the clause's audience.
    fn missing_scopes<'p>(&'p self, clause: &Clause, standing: &Standing) -> Option<Vec<&'p str>> {
        let Audience::Roles(wanted) = clause.audience else { return None };
        if wanted.meets(standing.held) {
            return None;
        }
        let roles = wanted.common(standing.but_for_scopes).filter_map(|index| self.roles.get(index));
        roles
            .map(|role| role.scopes.iter().map(Label::as_str).take(1).collect::<Vec<_>>())
            .min_by_key(Vec::len)
    }
}

/// The requirements of one allow that a call does not meet.
struct Failing<'p> {
    path: &'p str,
    count: usize,
}

impl Docket {
    /// Whether some message about this tool or method could be allowed to this caller now.
    pub fn lists(&self, standing: &Standing) -> Listing {
        let sight = Sight::of(Facts::Target(None), standing);
        let is_allowed = self.permits().any(|clause| self.is_open(clause, standing, &sight));
        if is_allowed && !self.shuts(standing) { Listing::Shown } else { Listing::Hidden }
    }

    /// Whether every message about this tool or method is denied to this caller now.
    pub fn shuts(&self, standing: &Standing) -> bool {
        let sight = Sight::of(Facts::Target(None), standing);
        self.deny.iter().any(|clause| self.is_closed(clause, standing, &sight))
    }

    /// Whether a rule asks which version of the tool is called.
    pub fn is_of_versions(&self) -> bool {
        self.allow.iter().chain(&self.deny).any(|clause| !clause.versions.is_empty())
    }

    /// The allow clauses that take effect.
    fn permits(&self) -> impl Iterator<Item = &Clause> {
        self.allow.iter().filter(|clause| clause.mode == Mode::Enforce)
    }

    /// What becomes of a clause in the face of one message.
    fn fate(&self, effect: Effect, clause: &Clause, standing: &Standing, sight: &Sight<'_>) -> Fate {
        if !clause.audience.admits(standing.held) {
            return Fate::Foreign;
        }
        self.fate_for_anyone(effect, clause, standing, sight)
    }

    /// What becomes of a clause if its audience held the caller.
    fn fate_for_anyone(
        &self,
        effect: Effect,
        clause: &Clause,
        standing: &Standing,
        sight: &Sight<'_>,
    ) -> Fate {
        if !self.is_now(clause.time, sight) {
            return Fate::Untimely;
        }
        if !clause.is_about(effect, sight.version) {
            return Fate::Unmet;
        }
        if !clause.holds(effect, &self.predicates, sight) {
            return Fate::Unmet;
        }
        let released =
            clause.releases.iter().position(|release| self.releases(effect, release, standing, sight));
        released.map_or(Fate::Applies, Fate::Released)
    }

    /// Whether a clause is for this caller at this time, and not taken back.
    fn is_timely(&self, clause: &Clause, standing: &Standing, sight: &Sight<'_>) -> bool {
        clause.audience.admits(standing.held)
            && self.is_now(clause.time, sight)
            && !clause.releases.iter().any(|release| self.releases(Effect::Allow, release, standing, sight))
    }

    /// Whether an allow may apply to some message of the caller now.
    fn is_open(&self, clause: &Clause, standing: &Standing, sight: &Sight<'_>) -> bool {
        let is_taken_back = |release: &Release| {
            release.requirements.is_empty() && self.releases(Effect::Allow, release, standing, sight)
        };
        clause.audience.admits(standing.held)
            && (sight.version.is_none() || clause.is_about(Effect::Allow, sight.version))
            && self.is_now(clause.time, sight)
            && !clause.releases.iter().any(is_taken_back)
    }

    /// Whether a deny applies to every message of the caller now.
    fn is_closed(&self, clause: &Clause, standing: &Standing, sight: &Sight<'_>) -> bool {
        let may_release = |release: &Release| self.is_due(release, standing, sight);
        clause.mode == Mode::Enforce
            && matches!(clause.when, When::Always)
            && (clause.versions.is_empty()
                || sight.version.is_some() && clause.is_about(Effect::Deny, sight.version))
            && clause.audience.admits(standing.held)
            && self.is_now(clause.time, sight)
            && !clause.releases.iter().any(may_release)
    }

    fn is_now(&self, time: Option<usize>, sight: &Sight<'_>) -> bool {
        use super::arguments::Standing::Meets;
        time.is_none_or(|place| self.predicates.answer(place, sight) == Meets)
    }

    /// Whether a release is for this caller at this time.
    fn is_due(&self, release: &Release, standing: &Standing, sight: &Sight<'_>) -> bool {
        release.audience.admits(standing.held)
            && release.ends_unix_ms.is_none_or(|end| sight.unix_ms < end)
            && self.is_now(release.time, sight)
    }

    /// Whether a release takes a rule back: a deny by a clear yes only, an allow by anything but a clear no.
    fn releases(&self, effect: Effect, release: &Release, standing: &Standing, sight: &Sight<'_>) -> bool {
        let holds = |requirement: &Requirement| match effect {
            Effect::Allow => requirement.incriminates(&self.predicates, sight),
            Effect::Deny => requirement.permits(&self.predicates, sight),
        };
        self.is_due(release, standing, sight) && release.requirements.iter().all(holds)
    }

    fn failing<'p>(&'p self, clause: &'p Clause, sight: &Sight<'_>) -> Option<Failing<'p>> {
        let When::Arguments(all) = &clause.when else { return None };
        let mut failing = all.iter().filter(|one| !one.permits(&self.predicates, sight));
        let first = failing.next()?;
        Some(Failing { path: &first.path, count: 1 + failing.count() })
    }
}

impl Clause {
    /// Whether it is about a call of a version; one of which nobody can say counts against the caller.
    fn is_about(&self, effect: Effect, version: Option<u32>) -> bool {
        self.versions.is_empty()
            || version.map_or(effect == Effect::Deny, |version| self.versions.contains(&version))
    }

    /// Whether what the clause asks of the message holds, doubts counting against the caller.
    fn holds(&self, effect: Effect, predicates: &Predicates, sight: &Sight<'_>) -> bool {
        match (effect, &self.when, sight.facts) {
            (_, When::Always, _) => true,
            (Effect::Allow, When::Arguments(all), Facts::Arguments(_)) => {
                all.iter().all(|one| one.permits(predicates, sight))
            }
            (Effect::Deny, When::Arguments(all), Facts::Arguments(_)) => {
                all.iter().all(|one| one.incriminates(predicates, sight))
            }
            (Effect::Allow, When::Targets(any), Facts::Target(Some(target))) => {
                !may_lead_elsewhere(target) && any.iter().any(|glob| glob.matches(target))
            }
            (Effect::Deny, When::Targets(any), Facts::Target(Some(target))) => {
                may_lead_elsewhere(target) || any.iter().any(|glob| glob.matches(target))
            }
            (
                Effect::Allow,
                When::Arguments(_) | When::Targets(_),
                Facts::Arguments(_) | Facts::Target(_),
            ) => false,
            (Effect::Deny, When::Arguments(_) | When::Targets(_), Facts::Arguments(_) | Facts::Target(_)) => {
                true
            }
        }
    }
}
