//! Tokens that a client sent, and what became of them.

use std::sync::Arc;

use crate::names::Label;

/// Tokens of one type at one place of what the client sent; never the values behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The type: `SSN`; `unknown` where no token was ever of the type that it names.
    pub kind: &'static str,
    /// Where: `$.arguments.to`.
    pub path: Box<str>,
    /// What became of them.
    pub result: RestoreResult,
    /// How many.
    pub count: u32,
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreResult {
    /// The server got the value, by this rule.
    Restored(Arc<Label>),
    /// It stands for a value, and no rule gives that back there; it stayed text.
    Unbound,
    /// It stands for nothing in this conversation; it stayed text.
    Unknown,
}

impl RestoreResult {
    /// Every word for it, in the order of [`index`](Self::index).
    pub const WORDS: &[&str] = &["restored", "unbound", "unknown"];

    /// Its place in [`WORDS`](Self::WORDS).
    pub fn index(&self) -> usize {
        match self {
            Self::Restored(_) => 0,
            Self::Unbound => 1,
            Self::Unknown => 2,
        }
    }

    /// The word for it in records and metrics.
    pub fn as_str(&self) -> &'static str {
        Self::WORDS[self.index()]
    }
}
