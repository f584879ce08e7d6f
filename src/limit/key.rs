//! The name of a cell: 128 bits, hashed once under keys that nobody outside knows.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::{Level, Rule, Subject};

/// What names a cell.
///
/// Two independent `SipHash` values: one finds the shard, the other the place in it. A caller who
/// does not know the keys can neither aim at a cell nor crowd a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub shard: u64,
    pub place: u64,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.place);
    }
}

/// How wide a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Width {
    /// As the rule says.
    Own,
    /// Without the conversation, which a client can make up at will.
    Principal,
    /// One for all of the rule: for the newcomers of a full ledger.
    Rule,
}

/// Makes keys; random for each ledger.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    shard: RandomState,
    place: RandomState,
}

impl Keys {
    pub fn new() -> Self {
        Self { shard: RandomState::new(), place: RandomState::new() }
    }

    pub fn key(&self, rule: &Rule, subject: &Subject<'_>, width: Width) -> Key {
        let name = Name { rule, subject, width };
        Key { shard: self.shard.hash_one(&name), place: self.place.hash_one(&name) }
    }
}

struct Name<'a> {
    rule: &'a Rule,
    subject: &'a Subject<'a>,
    width: Width,
}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // A shadow rule counts for itself: with its mode it changes its cells.
        (self.rule.mode, self.width).hash(hasher);
        self.rule.id.hash(hasher);
        if self.width == Width::Rule {
            return;
        }
        let subject = self.subject;
        for level in &self.rule.per {
            level.hash(hasher);
            match level {
                Level::Agent => subject.agent.hash(hasher),
                Level::Conversation => {
                    (subject.tenant, subject.user, subject.agent).hash(hasher);
                    if self.width == Width::Own {
                        subject.conversation.hash(hasher);
                    }
                }
                Level::Server => subject.server.hash(hasher),
                Level::Tenant => subject.tenant.hash(hasher),
                Level::Tool => subject.tool.hash(hasher),
                Level::User => subject.user.hash(hasher),
            }
        }
    }
}
