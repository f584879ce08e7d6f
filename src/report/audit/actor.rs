//! How a caller is named in a line: by a keyed hash, unless the operator wants the name itself. A conversation
//! always is: its id may be that of a session, which is a secret.

use std::fmt;

use quick_cache::sync::Cache;
use ring::hmac;

use super::text::Text;
use crate::bounds::{AUDIT_ACTORS_MAX, AUDIT_NAME_BYTES_MAX};
use crate::identity::{Caller, Proof};
use crate::limit::Digest;

/// How callers are named in audit lines.
pub enum Actors {
    /// By HMAC-SHA256 with this key: who holds the key can look for a user, who holds the file cannot list
    /// them.
    Keyed(Box<[u8]>),
    /// As the token or key calls them.
    Plain,
    /// By HMAC-SHA256 with a key that ends with the process: lines of one run belong together, no more.
    Unlinked,
}

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyed(_) => "Keyed",
            Self::Plain => "Plain",
            Self::Unlinked => "Unlinked",
        })
    }
}

/// How one caller is named, wherever operators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alias<'c> {
    /// The policy lets anybody in.
    Anonymous,
    /// The first 128 bits of HMAC-SHA256(key, user).
    Hashed([u8; 16]),
    /// As the token or key calls it.
    Plain(&'c str),
    /// Nobody knows who that was.
    Unknown,
}

/// [`Actors`], made ready.
#[derive(Debug)]
pub(super) enum Naming {
    Hashed {
        key: Box<hmac::Key>,
        /// An HMAC costs as much as the rest of a line, and few users make most calls.
        names: Cache<Box<str>, [u8; 16]>,
        conversations: Cache<[u8; 16], [u8; 16]>,
    },
    Plain,
}

impl Naming {
    /// Makes `actors` ready; `random` is the key where none was given.
    pub(super) fn new(actors: Actors, random: &[u8]) -> Self {
        let hashed = |key: &[u8]| Self::Hashed {
            key: Box::new(hmac::Key::new(hmac::HMAC_SHA256, key)),
            names: Cache::new(AUDIT_ACTORS_MAX),
            conversations: Cache::new(AUDIT_ACTORS_MAX),
        };
        match actors {
            Actors::Keyed(key) => hashed(&key),
            Actors::Plain => Self::Plain,
            Actors::Unlinked => hashed(random),
        }
    }

    /// What `caller` is called.
    pub(super) fn alias<'c>(&self, caller: &'c Caller) -> Alias<'c> {
        match self {
            Self::Hashed { .. } if caller.proof() == Proof::Anonymous => Alias::Anonymous,
            Self::Hashed { key, names, .. } => Alias::Hashed(names.get(caller.user()).unwrap_or_else(|| {
                let name = digest(key, caller.user().as_bytes());
                names.insert(caller.user().into(), name);
                name
            })),
            Self::Plain => Alias::Plain(caller.user()),
        }
    }

    /// Adds the id of `caller` as a JSON string: `"hmac:"` and the first 128 bits of HMAC(key, user).
    pub(super) fn write(&self, text: &mut Text, caller: &Caller) {
        match self.alias(caller) {
            Alias::Anonymous | Alias::Unknown => text.raw("\"anonymous\""),
            Alias::Hashed(name) => {
                text.raw("\"hmac:");
                text.hex(&name);
                text.raw("\"");
            }
            Alias::Plain(user) => text.string(user, AUDIT_NAME_BYTES_MAX),
        }
    }

    /// Adds a conversation, which is a hash already, as a JSON string: under the key where there is one.
    pub(super) fn write_conversation(&self, text: &mut Text, id: &Digest) {
        let (lead, id) = match self {
            Self::Hashed { key, conversations, .. } => {
                let name = conversations.get(id).unwrap_or_else(|| {
                    let name = digest(key, id);
                    conversations.insert(*id, name);
                    name
                });
                ("\"hmac:", name)
            }
            Self::Plain => ("\"sha256:", *id),
        };
        text.raw(lead);
        text.hex(&id);
        text.raw("\"");
    }
}

fn digest(key: &hmac::Key, what: &[u8]) -> [u8; 16] {
    let tag = hmac::sign(key, what);
    let mut name = [0; 16];
    name.copy_from_slice(&tag.as_ref()[..16]);
    name
}
