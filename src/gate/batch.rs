//! Batches: several messages in one body, which only 2025-03-26 has.
//!
//! Each is judged by itself and sent on by itself, so that no server ever reads a batch: what it would
//! make of a refused one among them does not matter. Source: MCP 2025-03-26, basic/transports; rule S10 of
//! the strict profile.

use bytes::Bytes;

use super::ask::{Ask, whole};
use super::{Denial, Gate};
use crate::bounds::BATCH_MESSAGES_MAX;
use crate::identity::Caller;
use crate::json::{Document, Value};
use crate::mcp::{EnvelopeFault, EnvelopeFaultKind, Era, Method, Revision, claims};
use crate::policy::{Batches, Policy};

impl Gate {
    /// Takes a batch apart; `None` for a single message.
    ///
    /// # Errors
    /// The client's fault: a batch where none may be, of too many messages or of none, or with messages
    /// that may not stand in one.
    pub fn explode(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        body: &Bytes,
    ) -> Result<Option<Vec<Bytes>>, Denial> {
        let body = whole(ask.way, body);
        if body.trim_ascii_start().first() != Some(&b'[') {
            return Ok(None);
        }
        let refused = |kind| Denial::Envelope(EnvelopeFault { kind, id: None, at: 0 });
        let handles = self.handles(policy, caller, ask.now);
        let session = self.session(&handles, ask)?;
        let revision = session.and_then(|session| self.calls.revision(session.key));
        if revision != Some(Revision::V2025_03_26) || policy.strict.batches == Batches::Reject {
            return Err(refused(EnvelopeFaultKind::Batch));
        }
        let document = Document::parse_with(&body, policy.strict.duplicate_keys)
            .map_err(|fault| Denial::Envelope(fault.into()))?;
        let messages: Vec<Value<'_>> = document.root().elements().collect();
        if messages.is_empty() || messages.len() > BATCH_MESSAGES_MAX {
            return Err(refused(EnvelopeFaultKind::BatchSize));
        }
        if messages.iter().any(|message| is_out_of_place(*message)) {
            return Err(refused(EnvelopeFaultKind::BatchElement));
        }
        Ok(Some(messages.iter().map(|message| body.slice(message.span())).collect()))
    }
}

/// Whether a message may not stand in a batch: another batch, the handshake, or one of another era.
fn is_out_of_place(message: Value<'_>) -> bool {
    let is_handshake = message
        .get("method")
        .and_then(|method| method.string())
        .is_some_and(|method| method == Method::Initialize.as_str());
    let version = message
        .get("params")
        .and_then(|params| params.get("_meta"))
        .and_then(|meta| meta.get(claims::VERSION_KEY));
    let is_modern =
        version.is_some_and(|version| version.string().is_none_or(|it| Era::of_version(&it) == Era::Modern));
    message.kind() != crate::json::Kind::Object || is_handshake || is_modern
}
