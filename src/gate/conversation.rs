//! Which conversation a message belongs to.
//!
//! The protocol has none since 2026-07-28, so the policy says where an id may be found, and the first source
//! that says something counts. What is longer than `CONVERSATION_CHARS_MAX`, empty, or not printable says
//! nothing, and neither does a header that comes twice; then the next source is asked.
//!
//! All but claims is the client's word. So an id never stands alone: it is hashed together with the caller
//! (issuer, tenant, user, agent) and the source, and only ever parts what that caller has. The hash is the same
//! on every replica, and the id itself is written down nowhere.
//!
//! A trace is one turn and a connection is whoever shares it: neither is a conversation. Source: MCP 2026-07-28,
//! basic, "statelessness"; SEP-414; SEP-2567.

use std::borrow::Cow;

use ring::digest::{Context, SHA256};

use super::ask::{Ask, Way, field};
use crate::bounds::CONVERSATION_CHARS_MAX;
use crate::identity::Caller;
use crate::json::Value;
use crate::limit::{Conversations, Digest, Share};
use crate::mcp::{baggage, call, is_unseen};
use crate::names::{Now, hex};
use crate::policy::{ConversationSource, Policy};

/// The conversation of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversation {
    /// A hash of its id, its source and its caller.
    pub id: Digest,
    /// What told it.
    pub source: Source,
    /// Whose count its calls are added to, where a limit counts per conversation.
    pub share: Share,
}

/// What told a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// One of the policy's sources, by its place.
    Named(usize),
    /// Silence before it.
    Silence,
}

impl Conversation {
    /// What told it, as policies write it.
    pub fn source(&self, policy: &Policy) -> String {
        match self.source {
            Source::Named(place) => {
                policy.conversation.sources.get(place).map(ToString::to_string).unwrap_or_default()
            }
            Source::Silence => "idle-gap".to_owned(),
        }
    }

    /// What its requests are counted under; `None` where they are counted with others of its caller.
    pub(super) fn of_its_own(&self) -> Option<String> {
        match self.share {
            Share::Common => None,
            Share::Own => Some(self.name()),
        }
    }

    /// The hash as text.
    pub fn name(&self) -> String {
        hex(&self.id)
    }
}

/// The id as it was sent, and the place of its source; `None` where no source says anything.
pub(super) fn named<'a>(
    policy: &Policy,
    caller: &'a Caller,
    ask: &'a Ask<'_>,
    meta: Option<Value<'a>>,
) -> Option<(usize, Cow<'a, str>)> {
    let mut sources = policy.conversation.sources.iter().enumerate();
    sources.find_map(|(place, source)| {
        let found = match source {
            ConversationSource::Baggage(key) => carried(ask, meta, key),
            ConversationSource::Claim(name) => caller.claim(name).map(Cow::Borrowed),
            ConversationSource::Header(name) => only(ask, name).map(Cow::Borrowed),
            ConversationSource::Meta(key) => meta.and_then(|meta| call::conversation(meta, key)),
            ConversationSource::Session => session(ask).map(Cow::Borrowed),
        };
        found.filter(|id| is_id(id)).map(|id| (place, id))
    })
}

/// The conversation that a message names.
pub(super) fn of(
    policy: &Policy,
    caller: &Caller,
    ask: &Ask<'_>,
    meta: Option<Value<'_>>,
) -> Option<Conversation> {
    let (place, id) = named(policy, caller, ask, meta)?;
    let (kind, name) = policy.conversation.sources.get(place)?.parts();
    let parts = [kind, name.unwrap_or_default(), &id].map(str::as_bytes);
    let id = told(principal(caller), &parts);
    Some(Conversation { id, source: Source::Named(place), share: Share::Own })
}

/// Finds out whose count a request is added to, where a limit on it counts per conversation; `known` is the one
/// that it names.
pub(super) fn enter(
    talks: &Conversations,
    policy: &Policy,
    caller: &Caller,
    (known, now): (Option<Conversation>, Now),
) -> Option<Conversation> {
    let (plan, caller) = (&policy.conversation, principal(caller));
    match (known, plan.idle_gap) {
        (Some(known), _) => {
            let share = match plan.sources.get(place(known.source)) {
                // An issuer gave it, so that its number is not the client's choice.
                Some(ConversationSource::Claim(_)) => Share::Own,
                Some(_) | None => talks.enter(told(caller, &[]), known.id, plan.new_max, now),
            };
            Some(Conversation { share, ..known })
        }
        (None, Some(gap)) => {
            let began = talks.after_silence(told(caller.clone(), &[]), gap, now);
            let id = told(caller, &[b"idle-gap", &began.as_nanos().to_be_bytes()]);
            Some(Conversation { id, source: Source::Silence, share: Share::Own })
        }
        (None, None) => None,
    }
}

/// What all has in common that a caller does, for `purpose`; whatever conversation it belongs to.
pub(super) fn of_all(caller: &Caller, purpose: &[u8]) -> Digest {
    told(principal(caller), &[purpose])
}

fn place(source: Source) -> usize {
    match source {
        Source::Named(place) => place,
        Source::Silence => usize::MAX,
    }
}

/// A header that comes once.
fn only<'a>(ask: &'a Ask<'_>, name: &str) -> Option<&'a str> {
    let mut values = ask.headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?.trim();
    values.next().is_none().then_some(first)
}

/// An entry of baggage: of the message itself, or else of the request that carries it.
fn carried<'a>(ask: &'a Ask<'_>, meta: Option<Value<'a>>, key: &str) -> Option<Cow<'a, str>> {
    let of_message = meta.and_then(|meta| call::conversation(meta, "baggage"));
    if let Some(entry) = of_message.and_then(|text| Some(baggage::entry(&text, key)?.into_owned())) {
        return Some(entry.into());
    }
    // Fields of one name are one list. Source: RFC 9110, section 5.3.
    let fields: Option<Vec<&str>> =
        ask.headers.get_all("baggage").iter().map(|it| it.to_str().ok()).collect();
    match fields?.as_slice() {
        [] => None,
        [one] => baggage::entry(one, key),
        many => Some(baggage::entry(&many.join(","), key)?.into_owned().into()),
    }
}

/// The session of the legacy era. A pipe has none: what shares a process need not belong together.
fn session<'a>(ask: &'a Ask<'_>) -> Option<&'a str> {
    match ask.way {
        Way::EventStream { session } => Some(session),
        Way::Pipe { .. } => None,
        Way::Streamable => field(ask.headers, "mcp-session-id"),
    }
}

/// Whether a text may be the id of a conversation.
fn is_id(text: &str) -> bool {
    let is_seen = |c: char| !c.is_control() && !is_unseen(c);
    let mut characters = 0_usize;
    let is_printable = text.chars().all(|c| {
        characters += 1;
        characters <= CONVERSATION_CHARS_MAX && is_seen(c)
    });
    is_printable && !text.trim().is_empty()
}

/// Everything that tells callers apart, to be hashed.
fn principal(caller: &Caller) -> Context {
    let mut context = Context::new(&SHA256);
    context.update(b"sluicegate conversation 1");
    let names = [caller.issuer(), caller.tenant(), Some(caller.user()), caller.agent()];
    update(&mut context, caller.proof().as_str().as_bytes());
    for name in names {
        // An absent name and an empty one are two.
        context.update(&[u8::from(name.is_some())]);
        update(&mut context, name.unwrap_or_default().as_bytes());
    }
    context
}

fn told(mut context: Context, parts: &[&[u8]]) -> Digest {
    for part in parts {
        update(&mut context, part);
    }
    let mut id = Digest::default();
    id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    id
}

fn update(context: &mut Context, part: &[u8]) {
    context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(part);
}

#[cfg(test)]
mod tests;
