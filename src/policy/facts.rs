//! What must be known of a call to judge it again: the answers to what rules ask, without the arguments.
//!
//! **Why.** A change of policy is safe when yesterday's calls have been judged by it. Arguments are not kept,
//! for they are what the gate protects; what the rules asked about them, and the answers, can be.
//!
//! **How.** [`Policy::facts`] answers every question in the table of a tool. [`Policy::judge_recorded`] judges
//! from such answers, or from recorded values, under any policy. A question that the record does not answer is
//! tried with every answer: where the verdict hangs on it, nobody can know, and that is what it says.

use super::arguments::Standing as Stand;
use super::decision::Decision;
use super::predicates::{Facts, Predicate, Sight};
use super::roles::Standing;
use super::snapshot::{Policy, Tool};
use super::trace::{Answer, Silent};
use crate::bounds::RECORDED_DOUBTS_MAX;
use crate::json::Value;

/// What a rule asks about one argument, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The argument: `limit`, `filter.limit`.
    pub path: Box<str>,
    /// In the words of the policy: `max: 1000`; empty where only its presence is asked.
    pub asked: Box<str>,
    /// The answer.
    pub answer: Answer,
}

/// A question that a recorded call has to answer.
#[derive(Debug)]
pub struct Question<'p> {
    predicate: &'p Predicate,
    /// The argument: `limit`, `filter.limit`.
    pub path: &'p str,
    /// In the words of the policy, as in [`Fact::asked`].
    pub asked: Box<str>,
}

/// Why a recorded call cannot be judged: the questions that its verdict hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknowable(pub Vec<(Box<str>, Box<str>)>);

impl Question<'_> {
    /// The answer for a value of the argument.
    pub fn of(&self, value: Value<'_>) -> Answer {
        match self.predicate {
            Predicate::Known(_) | Predicate::Test { .. } => self.predicate.weigh(value).into(),
            Predicate::Time(_) => Answer::Unknown,
        }
    }
}

impl Policy {
    /// The answers to everything that rules ask about the arguments of a call of `tool`. Allocates.
    pub fn facts(&self, tool: &str, arguments: Option<Value<'_>>) -> Vec<Fact> {
        let Some(tool) = self.tool(tool) else { return Vec::new() };
        let sight = Sight::new(Facts::Arguments(arguments), 0);
        let answer = |place: usize| tool.docket.predicates.answer(place, &sight).into();
        let fact = |(place, predicate): (usize, &Predicate)| {
            let (path, asked) = question(predicate)?;
            Some(Fact { path: path.into(), asked, answer: answer(place) })
        };
        tool.docket.predicates.iter().enumerate().filter_map(fact).collect()
    }

    /// Judges a call of `tool` that was recorded earlier; `recall` answers what the record knows.
    ///
    /// # Errors
    /// [`Unknowable`], where the verdict hangs on something that the record does not tell.
    ///
    /// Tries up to 4 to the power of `RECORDED_DOUBTS_MAX` combinations of answers.
    pub fn judge_recorded(
        &self,
        standing: &Standing,
        tool: &str,
        recall: &dyn Fn(&Question<'_>) -> Option<Answer>,
    ) -> Result<Decision<'_>, Unknowable> {
        match self.find(standing, tool) {
            Ok(tool) if self.raw.as_ref().is_some_and(|raw| raw.concerns(tool.index)) => {
                Err(Unknowable(vec![("".into(), "what a Cedar policy asks".into())]))
            }
            Ok(tool) => self.judge_answers(standing, tool, recall),
            Err(forbid) => Ok(Decision::Forbid(forbid)),
        }
    }

    fn judge_answers<'p>(
        &'p self,
        standing: &Standing,
        tool: &'p Tool,
        recall: &dyn Fn(&Question<'_>) -> Option<Answer>,
    ) -> Result<Decision<'p>, Unknowable> {
        let (mut answers, mut doubts) = (Vec::new(), Vec::new());
        for (place, predicate) in tool.docket.predicates.iter().enumerate() {
            let known = match (predicate, question(predicate)) {
                (Predicate::Time(window), _) if window.holds(standing.unix_ms) => Some(Stand::Meets),
                (Predicate::Time(_), _) | (_, None) => Some(Stand::Fails),
                (_, Some((path, asked))) => recall(&Question { predicate, path, asked }).map(Stand::from),
            };
            if known.is_none() {
                doubts.push(place);
            }
            answers.push(known.unwrap_or(Stand::Unknown));
        }
        let judge = |answers: &[Stand]| {
            self.call(tool, standing, &Sight::recorded(answers, standing.unix_ms), &mut Silent)
        };
        let decision = judge(&answers);
        let combinations =
            4_usize.checked_pow(u32::try_from(doubts.len()).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        let is_certain = doubts.len() <= RECORDED_DOUBTS_MAX
            && (0..combinations).all(|mut combination| {
                for &place in &doubts {
                    answers[place] = EVERY_ANSWER[combination % 4];
                    combination /= 4;
                }
                is_allow(&judge(&answers)) == is_allow(&decision)
            });
        if is_certain {
            return Ok(decision);
        }
        let asked = doubts.iter().filter_map(|&place| tool.docket.predicates.get(place)).filter_map(question);
        Err(Unknowable(asked.map(|(path, asked)| (path.into(), asked)).collect()))
    }
}

const EVERY_ANSWER: [Stand; 4] = [Stand::Absent, Stand::Fails, Stand::Meets, Stand::Unknown];

fn is_allow(decision: &Decision<'_>) -> bool {
    matches!(decision, Decision::Allow { .. })
}

/// The argument and the words of a question; `None` for one about time.
fn question(predicate: &Predicate) -> Option<(&str, Box<str>)> {
    match predicate {
        Predicate::Known(path) => Some((path, "".into())),
        Predicate::Test { path, test, .. } => Some((path, test.to_string().into())),
        Predicate::Time(_) => None,
    }
}

impl From<Stand> for Answer {
    fn from(standing: Stand) -> Self {
        match standing {
            Stand::Absent => Self::Absent,
            Stand::Fails => Self::No,
            Stand::Meets => Self::Yes,
            Stand::Unknown => Self::Unknown,
        }
    }
}

impl From<Answer> for Stand {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Absent => Self::Absent,
            Answer::No => Self::Fails,
            Answer::Unknown => Self::Unknown,
            Answer::Yes => Self::Meets,
        }
    }
}
