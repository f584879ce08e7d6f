//! What one request costs, in every unit that a limit may count.

use super::tokens::tokens_in;
use super::{Excess, Rule, Unit};

/// What is known of a request before it is answered.
#[derive(Clone, Copy)]
pub struct Bill<'a> {
    /// Whether it is a request of its own, or goes on with an earlier one.
    pub round: Round,
    /// Bytes of its body.
    pub request_bytes: u64,
    /// Counts the tokens of its arguments. Each rule asks that counts tokens: whoever counts long remembers.
    pub argument_tokens: &'a dyn Fn() -> u64,
    /// The value of a numeric argument by its dotted path, rounded up; `None` where it is missing, no number,
    /// below zero or ambiguous.
    pub argument: &'a dyn Fn(&str) -> Option<u64>,
    /// How many bytes its answer may have, by what the tool has answered so far.
    pub response_bytes: u64,
}

/// Whether a request is the first of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// It is, or counts as one.
    First,
    /// It brings what the server has asked for; a limit with `count_once` has counted the call already.
    Later,
}

/// What is known of a request when it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// Bytes that the client got.
    pub response_bytes: u64,
    /// Tokens that the client got, where somebody counted them; else they are estimated from the bytes.
    pub response_tokens: Option<u64>,
}

/// What one rule takes for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// All of it.
    pub whole: u64,
    /// The part that no answer changes.
    pub known: u64,
}

impl Bill<'_> {
    /// What `rule` takes now; of a guess at most what the rule can hold.
    ///
    /// # Errors
    /// [`Excess::Unmeasured`], the caller's fault.
    pub(super) fn cost(&self, rule: &Rule) -> Result<Cost, Excess> {
        let fixed = |known: u64| Cost { whole: known, known };
        let cost = match (rule.unit(), self.round) {
            (Unit::Calls, Round::Later) if rule.counts_calls_once() => fixed(0),
            (Unit::Calls, Round::First | Round::Later) => fixed(1),
            (Unit::Argument(path), _) => fixed((self.argument)(path).ok_or(Excess::Unmeasured)?),
            (Unit::RequestBytes, _) => fixed(self.request_bytes),
            (Unit::ResponseBytes, _) => self.guessed(rule, 0, self.response_bytes),
            (Unit::Tokens, _) => self.guessed(rule, (self.argument_tokens)(), tokens_in(self.response_bytes)),
        };
        Ok(cost)
    }

    fn guessed(&self, rule: &Rule, known: u64, rolling: u64) -> Cost {
        let guess = rule.estimate().unwrap_or(rolling).min(rule.most().saturating_sub(known));
        Cost { whole: known.saturating_add(guess), known }
    }
}

/// What `unit` counts of an answer.
pub(super) fn of_answer(unit: &Unit, answered: Answered) -> u64 {
    match unit {
        Unit::Argument(_) | Unit::Calls | Unit::RequestBytes => 0,
        Unit::ResponseBytes => answered.response_bytes,
        Unit::Tokens => answered.response_tokens.unwrap_or_else(|| tokens_in(answered.response_bytes)),
    }
}
