//! Why a decision came out as it did: the walk of the rules, written down.
//!
//! The judge itself reports, clause by clause, what became of it; nothing here decides. So what is
//! explained cannot differ from what is done.

use super::decision::Decision;
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
    /// Something took it back: an exception by its name, or its `unless`.
    Released(Option<&'p Label>),
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
    /// Whether it belongs to something that takes the rule back, and to which exception.
    pub release: Option<Option<&'p Label>>,
    /// The argument that it is about.
    pub argument: Option<&'p str>,
    /// Where it stands.
    pub place: Place,
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
struct Teller<'p, 's> {
    book: &'p Rulebook,
    predicates: &'p Predicates,
    standing: &'s Standing,
    sight: &'s Sight<'s>,
}

impl<'p> Teller<'p, '_> {
    fn tell(&self, clause: &'p Clause, fate: Fate) -> Option<RuleTrace<'p>> {
        let rule = self.book.rules.get(clause.rule)?;
        let outcome = match fate {
            Fate::Applies => RuleOutcome::Applies,
            Fate::Foreign => RuleOutcome::Foreign,
            Fate::Released(at) => {
                RuleOutcome::Released(clause.releases.get(at).and_then(|release| release.exception.as_ref()))
            }
            Fate::Unmet => RuleOutcome::Unmet,
            Fate::Untimely => RuleOutcome::Untimely,
        };
        let mut checks = Vec::new();
        self.audience(clause.audience, rule.place, None, &mut checks);
        self.time(clause.time, rule.place, None, &mut checks);
        match &clause.when {
            When::Always => {}
            When::Arguments(all) => all.iter().for_each(|one| self.requirement(one, None, &mut checks)),
            When::Targets(any) => {
                let patterns: Vec<&str> = any.iter().map(super::glob::Glob::as_str).collect();
                let answer = if fate == Fate::Unmet { Answer::No } else { Answer::Yes };
                let asked = format!("target is one of {}", patterns.join(", "));
                checks.push(Check { asked, answer, release: None, argument: None, place: rule.place });
            }
        }
        clause.releases.iter().for_each(|release| self.release(release, &mut checks));
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

    fn release(&self, release: &'p Release, checks: &mut Vec<Check<'p>>) {
        let of = Some(release.exception.as_ref());
        self.audience(release.audience, release.place, of, checks);
        self.time(release.time, release.place, of, checks);
        if let Some(end) = release.ends_unix_ms {
            let answer = if self.sight.unix_ms < end { Answer::Yes } else { Answer::No };
            let asked = "not expired".to_owned();
            checks.push(Check { asked, answer, release: of, argument: None, place: release.place });
        }
        release.requirements.iter().for_each(|one| self.requirement(one, of, checks));
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
        let answer = if audience.admits(self.standing.held) { Answer::Yes } else { Answer::No };
        checks.push(Check { asked, answer, release, argument: None, place });
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
        checks.push(Check { asked, answer, release, argument: None, place });
    }

    fn requirement(
        &self,
        requirement: &'p Requirement,
        release: Option<Option<&'p Label>>,
        checks: &mut Vec<Check<'p>>,
    ) {
        for &at in &requirement.tests {
            let asked = match self.predicates.get(at) {
                Some(Predicate::Test { path, test }) => format!("{path} {test}"),
                Some(Predicate::Known(path)) => format!("{path} is readable"),
                Some(Predicate::Time(_)) | None => continue,
            };
            let (argument, place) = (Some(&*requirement.path), requirement.place);
            checks.push(Check { asked, answer: self.answer(at), release, argument, place });
        }
    }

    fn answer(&self, place: usize) -> Answer {
        self.predicates.answer(place, self.sight).into()
    }
}

impl Answer {
    /// Every answer.
    pub const ALL: &[Self] = &[Self::Absent, Self::No, Self::Unknown, Self::Yes];

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
