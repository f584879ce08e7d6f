//! What a conversation may still do after what it has seen.
//!
//! **Why.** A model that has read what strangers wrote, and what is private, and may send something out, can be
//! talked into sending out the private. Each tool by itself is harmless; the three together are not. So tools carry
//! labels, and a flow closes the tools of one label to a conversation that has seen the others.
//!
//! **How.** A conversation has seen the labels of a tool once it has got an answer of it, and those of its content
//! where the policy gives any for what is found there (see `marks`). A flow holds from the
//! moment that all of its `after` were seen, for as long as the conversation is remembered.
//!
//! **What it is not.** No tracking of data: what was seen once is not followed to where it goes.
//!
//! Source: S. Willison, "The lethal trifecta", 2025; "CaMeL", arXiv:2503.18813.

use super::marks::ContentMark;
use super::snapshot::{Policy, Tool};
use crate::names::{Label, Mode};

/// A flow: what closes, and after what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its name in records.
    pub id: Label,
    /// Labels that a conversation must have seen, all of them.
    pub after: Box<[Label]>,
    /// Labels of which a tool needs one to be closed then.
    pub deny: Box<[Label]>,
    /// What its author tells the caller.
    pub message: Option<Box<str>>,
    /// Whether it refuses or only tells.
    pub mode: Mode,
}

impl Flow {
    /// Whether it is about a tool with these labels.
    pub fn closes(&self, tool: &Tool) -> bool {
        self.deny.iter().any(|label| tool.labels().contains(label))
    }

    /// Whether it holds for whoever has seen these labels.
    pub fn holds(&self, has_seen: impl Fn(&Label) -> bool) -> bool {
        self.after.iter().all(has_seen)
    }
}

impl Tool {
    /// What a conversation has seen that got an answer of it.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }
}

impl Policy {
    /// What conversations may not do after what they have seen.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// The labels of a tool that some flow waits for.
    pub fn marks<'p>(&'p self, tool: &'p Tool) -> impl Iterator<Item = &'p Label> {
        let is_awaited = |label: &&Label| self.flows.iter().any(|flow| flow.after.contains(label));
        tool.labels().iter().filter(is_awaited)
    }

    /// The labels that answers get by what is found in them, as far as a flow waits for them.
    pub fn content_marks(&self) -> &[ContentMark] {
        &self.marks
    }

    /// The flows that close a tool to whoever has seen these labels; those that enforce first.
    pub fn closed_by<'p>(&'p self, tool: &Tool, has_seen: impl Fn(&Label) -> bool) -> Option<&'p Flow> {
        let mut held = self.flows.iter().filter(|flow| flow.closes(tool) && flow.holds(&has_seen));
        let first = held.next()?;
        if first.mode == Mode::Enforce {
            return Some(first);
        }
        held.find(|flow| flow.mode == Mode::Enforce).or(Some(first))
    }
}
