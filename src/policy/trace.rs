//! Why a decision came out as it did: the walk of the rules, written down.
//!
//! The judge itself reports, clause by clause, what became of it; nothing here decides. So what is
//! explained cannot differ from what is done.

use super::arguments::Absence;
use super::decision::Decision;
use super::outline::TakenBack;
use super::parts::Effect;
use super::places::Place;
use super::predicates::{Predicate, Predicates, Requirement, Sight};
use super::roles::{Audience, Standing};
use super::rules::{Clause, Docket, Fate, Release, Rulebook, When};
use super::snapshot::Policy;
use crate::names::{Label, Mode};

/// Hears what becomes of each clause while a message is judged.
pub(super) trait Recorder {
    /// Whether every clause is to be looked at, also when the decision is certain.
    const IS_WHOLE: bool;

    /// Takes note of one clause.
    fn hear(&mut self, fate: Fate);
}

/// Takes no note, so that the judge may stop early.
#[derive(Debug)]
pub(super) struct Silent;

/// Notes everything.
#[derive(Debug, Default)]
pub(super) struct Protocol(Vec<Fate>);

/// A decision, and what every rule about the tool or method had to say.
#[derive(Debug, Clone)]
pub struct Explanation<'p> {
    /// What was decided; the same that judging alone says.
    pub decision: Decision<'p>,
    /// Denies first, each kind in the order of the policy.
    pub rules: Vec<RuleTrace<'p>>,
}

/// What one rule had to say.
#[derive(Debug, Clone)]
pub struct RuleTrace<'p> {
    /// Its name.
    pub rule: &'p Label,
    /// Whether it allows.
    pub is_allow: bool,
    /// Whom to ask about it.
    pub owner: Option<&'p str>,
    /// Whether it takes effect.
    pub mode: Mode,
    /// Where it stands.
    pub place: Place,
    /// What became of it.
    pub outcome: RuleOutcome<'p>,
    /// Everything that it asks, in the order in which it is asked.
    pub checks: Vec<Check<'p>>,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleOutcome<'p> {
    /// It applies.
    Applies,
    /// The caller has none of its roles.
    Foreign,
    /// Something took it back.
    Released(TakenBack<'p>),
    /// It asks something of the message that does not hold.
    Unmet,
    /// It is not its time.
    Untimely,
}

/// One thing that a rule asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check<'p> {
    /// In the words of the policy: `role analyst`, `limit: max 1000`, `time ...`.
    pub asked: String,
    /// The answer.
    pub answer: Answer,
    /// Whether that lets the rule apply, or what it belongs to take the rule back: an allow wants a yes,
    /// a deny anything but a no.
    pub is_met: bool,
    /// Whether it belongs to something that takes the rule back, and to which exception.
    pub release: Option<Option<&'p Label>>,
    /// What it is about.
    pub about: About<'p>,
    /// Where it stands.
    pub place: Place,
}

/// What a rule asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'p> {
    /// An argument, by its path.
    Argument(&'p str),
    /// Who calls.
    Caller,
    /// The prompt, resource or task.
    Target,
    /// When.
    Time,
}

/// The answer to what a rule asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The argument is not there.
    Absent,
    /// It does not hold.
    No,
    /// Nobody can say, so it counts against the caller.
    Unknown,
    /// It holds.
    Yes,
}

impl Recorder for Silent {
    const IS_WHOLE: bool = false;

    fn hear(&mut self, _: Fate) {}
}

impl Recorder for Protocol {
    const IS_WHOLE: bool = true;

    fn hear(&mut self, fate: Fate) {
        self.0.push(fate);
    }
}

impl Rulebook {
    /// Judges a message, and writes down why.
    pub(super) fn explain<'p>(
        &'p self,
        docket: &'p Docket,
        standing: &Standing,
        sight: &Sight<'_>,
        judge: impl FnOnce(&mut Protocol) -> Decision<'p>,
    ) -> Explanation<'p> {
        let mut protocol = Protocol::default();
        let decision = judge(&mut protocol);
        let teller = Teller { book: self, predicates: &docket.predicates, standing, sight };
        // The judge hears denies before allows, each in the order of the docket.
        let clauses = docket.deny.iter().chain(&docket.allow).zip(&protocol.0);
        let rules = clauses.filter_map(|(clause, fate)| teller.tell(clause, *fate)).collect();
        Explanation { decision, rules }
    }
}

/// Puts the walk into words.
struct Teller<'p, 's, 'v> {
    book: &'p Rulebook,
    predicates: &'p Predicates,
    standing: &'s Standing<'s>,
    sight: &'s Sight<'v>,
}

impl<'p> Teller<'p, '_, '_> {
    fn tell(&self, clause: &'p Clause, fate: Fate) -> Option<RuleTrace<'p>> {
        let rule = self.book.rules.get(clause.rule)?;
        let outcome = match fate {
            Fate::Applies => RuleOutcome::Applies,
            Fate::Foreign => RuleOutcome::Foreign,
            Fate::Released(at) => {
                let release = clause.releases.get(at)?;
                let exception = release.exception.as_ref();
                RuleOutcome::Released(TakenBack { exception, place: release.place })
            }
            Fate::Unmet => RuleOutcome::Unmet,
            Fate::Untimely => RuleOutcome::Untimely,
        };
        let mut checks = Vec::new();
        self.audience(clause.audience, rule.place, None, &mut checks);
        self.time(clause.time, rule.place, None, &mut checks);
        match &clause.when {
            When::Always => {}
            When::Arguments(all) => {
                all.iter().for_each(|one| self.requirement(rule.effect, one, None, &mut checks));
            }
            When::Targets(any) => {
                let patterns: Vec<&str> = any.iter().map(super::glob::Glob::as_str).collect();
                let answer = if fate == Fate::Unmet { Answer::No } else { Answer::Yes };
                let asked = format!("target is one of {}", patterns.join(", "));
                let is_met = fate != Fate::Unmet;
                let (about, release, place) = (About::Target, None, rule.place);
                checks.push(Check { asked, answer, is_met, release, about, place });
            }
        }
        clause.releases.iter().for_each(|release| self.release(rule.effect, release, &mut checks));
        let is_allow = rule.effect == Effect::Allow;
        let owner = rule.owner.as_deref();
        Some(RuleTrace {
            rule: &rule.id,
            is_allow,
            owner,
            mode: clause.mode,
            place: rule.place,
            outcome,
            checks,
        })
    }

    fn release(&self, effect: Effect, release: &'p Release, checks: &mut Vec<Check<'p>>) {
        let of = Some(release.exception.as_ref());
        self.audience(release.audience, release.place, of, checks);
        self.time(release.time, release.place, of, checks);
        if let Some(end) = release.ends_unix_ms {
            let answer = if self.sight.unix_ms < end { Answer::Yes } else { Answer::No };
            let (asked, is_met) = ("not expired".to_owned(), answer == Answer::Yes);
            let (about, place) = (About::Time, release.place);
            checks.push(Check { asked, answer, is_met, release: of, about, place });
        }
        // What takes a deny back must be as sure as an allow, and the other way round.
        let effect = match effect {
            Effect::Allow => Effect::Deny,
            Effect::Deny => Effect::Allow,
        };
        release.requirements.iter().for_each(|one| self.requirement(effect, one, of, checks));
    }

    fn audience(
        &self,
        audience: Audience,
        place: Place,
        release: Option<Option<&'p Label>>,
        checks: &mut Vec<Check<'p>>,
    ) {
        let Audience::Roles(wanted) = audience else { return };
        let names = wanted.common(wanted).filter_map(|index| self.book.roles.get(index));
        let names: Vec<&str> = names.map(|role| role.id.as_str()).collect();
        let asked = format!("role {}", names.join(" or "));
        let is_met = audience.admits(self.standing.held);
        let answer = if is_met { Answer::Yes } else { Answer::No };
        checks.push(Check { asked, answer, is_met, release, about: About::Caller, place });
    }

    fn time(
        &self,
        time: Option<usize>,
        place: Place,
        release: Option<Option<&'p Label>>,
        checks: &mut Vec<Check<'p>>,
    ) {
        let Some(at) = time else { return };
        let Some(Predicate::Time(window)) = self.predicates.get(at) else { return };
        let (asked, answer) = (format!("time {}", window.as_str()), self.answer(at));
        let is_met = answer == Answer::Yes;
        checks.push(Check { asked, answer, is_met, release, about: About::Time, place });
    }

    fn requirement(
        &self,
        effect: Effect,
        requirement: &'p Requirement,
        release: Option<Option<&'p Label>>,
        checks: &mut Vec<Check<'p>>,
    ) {
        for &at in &requirement.tests {
            let asked = match self.predicates.get(at) {
                Some(Predicate::Test { path, test, .. }) => format!("{path} {test}"),
                Some(Predicate::Known(path)) => format!("{path} is readable"),
                Some(Predicate::Time(_)) | None => continue,
            };
            let (about, place) = (About::Argument(&requirement.path), requirement.place);
            let answer = self.answer(at);
            let is_met = answer.counts(effect, requirement.absence);
            checks.push(Check { asked, answer, is_met, release, about, place });
        }
    }

    fn answer(&self, place: usize) -> Answer {
        self.predicates.answer(place, self.sight).into()
    }
}

impl Answer {
    /// Every answer.
    pub const ALL: &[Self] = &[Self::Absent, Self::No, Self::Unknown, Self::Yes];
    /// Whether it lets a rule apply, doubts counting against the caller.
    fn counts(self, effect: Effect, absence: Absence) -> bool {
        match (self, effect) {
            (Self::Yes, _) => true,
            (Self::No, _) => false,
            (Self::Unknown, effect) => effect == Effect::Deny,
            (Self::Absent, Effect::Allow) => absence == Absence::Ignored,
            (Self::Absent, Effect::Deny) => absence == Absence::Counts,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yes => "yes",
        }
    }
}

impl Policy {
    /// The name of the file that a place is in, relative to the bundle.
    pub fn file(&self, place: Place) -> &str {
        self.files.get(place.file).map_or("", |name| name)
    }
}
