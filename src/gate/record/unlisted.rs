//! What a list did not show its caller, or would not have shown where a policy only looks.

use crate::bounds::RECORD_UNLISTED_MAX;
use crate::names::Mode;

/// Items of a list that the policy leaves to the caller in no other way than by their absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// Of which list; `None` where the message was no answer to one.
    pub list: Option<List>,
    /// How many.
    pub count: u32,
    /// Those of them that the policy knows by name, up to `RECORD_UNLISTED_MAX`; gathered in shadow alone, for who is
    /// about to enforce wants to know them. No other name is written down: it is the server's text.
    pub names: Vec<Box<str>>,
}

/// A list from which items are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `tools/list`.
    Tools,
}

impl List {
    /// Every list, in the order of their index.
    pub const ALL: &[Self] = &[Self::Prompts, Self::Resources, Self::Tools];

    /// The word for it in records and metrics: the member of the result that holds its items.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Tools => "tools",
        }
    }
}

impl Unlisted {
    /// Notes one item of `list`; `known` is its name where the policy knows it.
    pub(in crate::gate) fn note(&mut self, list: List, mode: Mode, known: Option<&str>) {
        self.list = Some(list);
        self.count = self.count.saturating_add(1);
        let is_named = mode == Mode::Shadow && self.names.len() < RECORD_UNLISTED_MAX;
        self.names.extend(known.filter(|_| is_named).map(Into::into));
    }
}
