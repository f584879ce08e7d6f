//! What the server behind the gate speaks, as it has shown itself.
//!
//! The era belongs to the server, not to a message: this remembers what its answers say, so that a client
//! who asks for something else is told what there is. It decides nothing about a message.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::json::Value;
use crate::mcp::{Message, Method, Revision, Revisions};

/// The revisions that the server has been heard to speak.
#[derive(Debug, Default)]
pub(super) struct Eras(AtomicU8);

impl Eras {
    /// What is known so far; empty before the first handshake.
    pub fn spoken(&self) -> Revisions {
        Revisions::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Learns from the answer to a request of `method`.
    pub fn learn(&self, method: Method, message: &Message<'_>) {
        let heard: Revisions = match (method, message) {
            (Method::Initialize, Message::Result { result, .. }) => {
                revision(result.get("protocolVersion")).into_iter().collect()
            }
            (Method::ServerDiscover, Message::Result { result, .. }) => {
                let versions = result.get("supportedVersions").into_iter().flat_map(|all| all.elements());
                versions.filter_map(|version| revision(Some(version))).collect()
            }
            (_, _) => return,
        };
        self.0.fetch_or(heard.bits(), Ordering::Relaxed);
    }
}

fn revision(version: Option<Value<'_>>) -> Option<Revision> {
    version.and_then(|version| version.string()).and_then(|version| Revision::parse(&version))
}
