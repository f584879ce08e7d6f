//! What a cell is called in the store: the same in all replicas, and a hash, so that no name of a user is there.
//!
//! Whoever may read the store can try names and see which of them fit, as with every hash that has no secret.

use std::fmt;

use ring::digest::{Context, SHA256};

use super::super::key::Width;
use super::super::{Level, Rule, Subject};

/// The name of a cell in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreKey {
    /// What the cells of one tenant have in common, so that a cluster keeps them in one place; only of cells
    /// that are asked about together.
    tag: Option<u64>,
    cell: u128,
}

impl StoreKey {
    /// The cell of `rule` for one call.
    pub(in crate::limit) fn new(rule: &Rule, subject: &Subject<'_>, width: Width, is_tagged: bool) -> Self {
        let mut name = Name(Context::new(&SHA256));
        name.part("sluicegate cell 1");
        // The levels of a caller are counted for each tenant: in a cluster its cells lie together.
        name.maybe(subject.tenant.filter(|_| is_tagged));
        name.part(subject.server);
        name.part(rule.mode().as_str());
        name.part(rule.id().as_str());
        name.part(&rule.unit().to_string());
        name.part(match width {
            Width::Own => "own",
            Width::Principal => "principal",
            Width::Rule => "rule",
        });
        for level in rule.per().iter().filter(|_| width != Width::Rule) {
            name.part(level.as_str());
            match level {
                Level::Agent => name.maybe(subject.agent),
                Level::Class => name.maybe(subject.class),
                Level::Conversation => {
                    name.maybe(subject.tenant);
                    name.part(subject.user);
                    name.maybe(subject.agent);
                    name.maybe(subject.conversation.filter(|_| width == Width::Own));
                }
                Level::Server => {}
                Level::Tenant => name.maybe(subject.tenant),
                Level::Tool => name.maybe(subject.tool),
                Level::User => name.part(subject.user),
            }
        }
        let tag = is_tagged.then(|| {
            let mut tag = Name(Context::new(&SHA256));
            tag.part("sluicegate tenant 1");
            tag.maybe(subject.tenant);
            tag.number() as u64
        });
        Self { tag, cell: name.number() }
    }

    /// What its window is called that ends before a minute since 1970.
    pub fn of_window(&self, end: u64) -> String {
        format!("{self}:{end}")
    }
}

#[cfg(test)]
impl StoreKey {
    pub(super) fn for_tests(cell: u128) -> Self {
        Self { tag: None, cell }
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag {
            Some(tag) => write!(f, "sluicegate:{{{tag:016x}}}:{:032x}", self.cell),
            None => write!(f, "sluicegate:{:032x}", self.cell),
        }
    }
}

/// A hash over parts, each with its length, so that no two lists of parts read as one.
struct Name(Context);

impl Name {
    fn part(&mut self, text: &str) {
        self.0.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.0.update(&[u8::from(text.is_some())]);
        text.into_iter().for_each(|text| self.part(text));
    }

    fn number(self) -> u128 {
        let digest = self.0.finish();
        digest.as_ref().iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    }
}
