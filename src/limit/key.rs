//! The name of a cell: 128 bits, hashed once under keys that nobody outside knows.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::{Level, Rule, Subject};

/// What names a cell: 112 bits of two independent `SipHash` values, and 16 that say whose limit it is.
///
/// One value finds the place in a shard, the other the shard. A caller who does not know the keys can
/// neither aim at a cell nor crowd a shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Key {
    place: u64,
    shard: u64,
}

/// Names a cell to whoever waits for a place in it, and says nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CellId(pub(super) Key);

const INDEX_MASK: u64 = 0xffff;

impl Key {
    /// Which limit of the roster it belongs to.
    pub fn index(self) -> usize {
        usize::from(u16::try_from(self.shard & INDEX_MASK).unwrap_or_default())
    }

    /// In which of `shards` shards it lies.
    pub fn shard(self, shards: usize) -> usize {
        usize::try_from((self.shard >> 16) % (shards as u64)).unwrap_or_default()
    }
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

    /// The key of the cell of `rule`, which has this place in the roster, for `subject`.
    pub fn key(&self, rule: &Rule, index: u16, subject: &Subject<'_>, width: Width) -> Key {
        let name = Name { rule, subject, width };
        let shard = self.shard.hash_one(&name) & !INDEX_MASK | u64::from(index);
        Key { shard, place: self.place.hash_one(&name) }
    }

    /// A number for a name that callers may choose.
    pub fn number(&self, name: &str) -> u64 {
        self.place.hash_one(name)
    }
}

struct Name<'a> {
    rule: &'a Rule,
    subject: &'a Subject<'a>,
    width: Width,
}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // A shadow rule counts for itself: its mode is in the stamp.
        hasher.write_u64(self.rule.stamp());
        self.width.hash(hasher);
        if self.width == Width::Rule {
            return;
        }
        let subject = self.subject;
        for level in self.rule.per() {
            level.hash(hasher);
            match level {
                Level::Agent => subject.agent.hash(hasher),
                Level::Class => subject.class.hash(hasher),
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

/// Takes a key's own bits: it is a keyed hash already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
