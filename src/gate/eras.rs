//! What the server behind the gate speaks, as it has shown itself.
//!
//! The era belongs to the server, not to a message: this remembers what its answers say, so that a client
//! who asks for something else is told what there is. It decides nothing about a message.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::json::Value;
use crate::mcp::{Message, Method, Revision, Revisions};

/// The revisions that the server has been heard to speak, and whether it has tasks.
#[derive(Debug, Default)]
pub(super) struct Eras {
    revisions: AtomicU8,
    tasks: AtomicBool,
}

impl Eras {
    /// What is known so far; empty before the first handshake.
    pub fn spoken(&self) -> Revisions {
        Revisions::from_bits(self.revisions.load(Ordering::Relaxed))
    }

    /// Whether the server has said what it can do, and tasks were not in it.
    pub fn lacks_tasks(&self) -> bool {
        self.revisions.load(Ordering::Relaxed) != 0 && !self.tasks.load(Ordering::Relaxed)
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
        if let Message::Result { result, .. } = message
            && has_tasks(*result)
        {
            self.tasks.store(true, Ordering::Relaxed);
        }
        self.revisions.fetch_or(heard.bits(), Ordering::Relaxed);
    }
}

fn revision(version: Option<Value<'_>>) -> Option<Revision> {
    version.and_then(|version| version.string()).and_then(|version| Revision::parse(&version))
}

/// Whether capabilities hold tasks: of 2025-11-25, or as the extension that they became.
fn has_tasks(result: Value<'_>) -> bool {
    let capabilities = result.get("capabilities");
    let extension = capabilities.and_then(|all| all.get("extensions")).and_then(|all| all.get(TASKS));
    extension.or_else(|| capabilities.and_then(|all| all.get("tasks"))).is_some()
}

/// The key of the tasks extension. Source: MCP 2026-07-28, extensions.
const TASKS: &str = "io.modelcontextprotocol/tasks";
