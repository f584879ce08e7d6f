//! What is kept: where values are given back, one argument of one tool for values of some kind from somewhere.
//!
//! **Why.** A token in the wrong argument is how a value would leave: text that somebody planted says
//! `send_mail(to: attacker, body: PII_SSN_...)`, and a gate that restores wherever it sees a token sends it. So
//! nothing is given back but where a rule binds it, and a rule binds one place.
//!
//! **How.** The rules of a call are judged on what the client sent, tokens as they are: whether it may call must
//! not hang on what it may not see, and a refusal must not tell it. Restoring comes after, and changes nothing
//! but strings that a rule here names. So a rule that tests a restored argument tests the token; a warning says so.
//!
//! **What it is not.** It holds no value: the vault does, and agrees only for the same caller and conversation.

use std::path::Path;
use std::sync::Arc;

use super::snapshot::Policy;
use crate::json::{Kind, Value};
use crate::names::Label;
use crate::scan::{Detector, Provenance};

/// What becomes of a call with a token that stands for nothing where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Unbound {
    /// It goes through, and the token is text.
    #[default]
    Pass,
    /// It is refused.
    Block,
}

/// What pseudonyms are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PseudonymPlan {
    /// An absolute path of a file whose every byte counts.
    pub key_file: Box<Path>,
    /// What the key is for; another epoch gives every value another name.
    pub epoch: Box<str>,
}

/// What a policy says of values that are kept, and of names that stand for values.
#[derive(Debug, Default)]
pub struct Keeping {
    /// What becomes of tokens that are not given back.
    pub on_unbound: Unbound,
    /// Where values are given back, by index of the tool; empty where nothing is.
    pub(super) by_tool: Vec<Vec<Binding>>,
    /// What pseudonyms are made with, if any are.
    pub pseudonyms: Option<PseudonymPlan>,
}

/// One place where values are given back, and which.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name of the rule, for records.
    pub rule: Arc<Label>,
    /// The names of members that lead to the argument; arrays on the way do not count.
    pub(super) path: Box<[Box<str>]>,
    /// The kinds of value; `None` for all that its `rules` keep.
    pub(super) detectors: Option<Box<[Detector]>>,
    /// The redaction rules that kept it; `None` for any.
    pub(super) rules: Option<Box<[Label]>>,
    /// The tools whose answers it stood in; `None` for anywhere.
    pub(super) from: Option<Box<[Box<str>]>>,
    /// Whether a token may stand inside of a longer text.
    pub embed: bool,
    /// Whether the tool takes a string there, so that a number is given back as one.
    pub wants_text: bool,
}

impl Binding {
    /// Whether a value that came so may be given back here.
    pub fn admits(&self, provenance: &Provenance) -> bool {
        let is_kind = self.detectors.as_ref().is_none_or(|known| known.contains(&provenance.detector));
        let is_kept = self.rules.as_ref().is_none_or(|known| known.contains(&*provenance.rule));
        let is_from = self.from.as_ref().is_none_or(|known| {
            provenance.origin.as_ref().is_some_and(|origin| known.iter().any(|tool| tool == origin))
        });
        is_kind && is_kept && is_from
    }

    /// The strings of a call in which values may be given back. Nothing where an object on the way holds a
    /// key twice: two readers would find two of them.
    pub fn leaves<'d>(&self, arguments: Value<'d>) -> Vec<Value<'d>> {
        let mut leaves = vec![arguments];
        for step in &self.path {
            leaves = leaves.into_iter().flat_map(elements).filter_map(|value| only(value, step)).collect();
        }
        leaves.into_iter().flat_map(elements).filter(|value| value.kind() == Kind::String).collect()
    }
}

/// The elements of an array, and of arrays in it; else the value itself.
fn elements(value: Value<'_>) -> Vec<Value<'_>> {
    match value.kind() {
        Kind::Array => value.elements().flat_map(elements).collect(),
        Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::Object | Kind::String | Kind::True => {
            vec![value]
        }
    }
}

/// The member of a name, where no key stands twice.
fn only<'d>(value: Value<'d>, name: &str) -> Option<Value<'d>> {
    if value.kind() != Kind::Object || value.repeats() {
        return None;
    }
    value.get(name)
}

impl Policy {
    /// The places of a tool's arguments where values are given back.
    pub fn bindings(&self, tool: &str) -> &[Binding] {
        let found = self.tool(tool).and_then(|tool| self.keeping.by_tool.get(tool.index));
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether values are hidden behind tokens or pseudonyms, or given back.
    pub fn keeps_values(&self) -> bool {
        self.redaction.needs_a_desk() || self.keeping.by_tool.iter().any(|bindings| !bindings.is_empty())
    }
}

impl Unbound {
    /// Both words.
    pub const ALL: &[Self] = &[Self::Block, Self::Pass];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Pass => "pass",
        }
    }
}
