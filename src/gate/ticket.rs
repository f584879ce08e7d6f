//! The right to reach the server: made by admission, spent by settling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::ask::{Ask, field};
use super::calls;
use super::health::Health;
use super::record::Record;
use super::refusal::Denial;
use super::rounds::Abilities;
use crate::json::{self, Document, Splice};
use crate::limit::{self, Digest, Hold};
use crate::mcp::{self, Claims, Era, Id, Message, Method, Revision, Sender, Speech};
use crate::policy::Policy;
use crate::scan::Scope;

/// Permission to send one judged request to the server.
///
/// Only `Gate::admit` makes one; it cannot be copied; the upstream takes one by reference; it ends in
/// `Gate::settle`. Dropping it unsettled shows as a difference in [`Tally`], which every wire test
/// wants to be zero.
#[derive(Debug)]
#[must_use = "a ticket must be settled, so that what happened is recorded"]
pub struct Ticket {
    pub(super) record: Box<Record>,
    pub(super) passage: Passage,
    pub(super) tally: Arc<Tally>,
}

/// What may be sent, and what may come back.
#[derive(Debug)]
pub(super) struct Passage {
    /// The body to send; empty for a stream or the end of a session.
    pub body: Bytes,
    /// The protocol headers, made anew from the body.
    pub claims: HeaderMap,
    /// What is spoken; `None` for a stream or the end of a session.
    pub speech: Option<Speech>,
    /// Whether answers to earlier requests may come: a stream that resumes, or that carries all of them.
    pub is_resuming: bool,
    /// How long the server may take until its first byte.
    pub timeout: Option<Duration>,
    /// The session of the legacy era, in the table of calls in flight.
    pub session: Option<calls::Key>,
    /// What an `initialize` has agreed on.
    pub negotiated: Option<Revision>,
    /// Under what the progress of the request is reported.
    pub progress: Option<Id>,
    /// What the client of a modern request can be asked for.
    pub abilities: Abilities,
    /// SHA-256 of the caller's token, where it is exchanged for one of the server.
    pub subject: Option<[u8; 32]>,
    /// The drawer of the conversation, where the policy keeps values.
    pub scope: Option<Scope>,
    /// What it holds of limits until it ends.
    pub hold: Option<Hold>,
    /// Tokens of what the client got, where they are counted.
    pub tokens: Option<u64>,
    /// The conversation that is to remember what the tool is labelled, once there is an answer.
    pub talk: Option<Digest>,
    /// Whether it asks for a list from its beginning.
    pub is_first_page: bool,
    /// The version that the task was called by whose result is asked for, by its name on the wire.
    pub version: Option<Arc<str>>,
    /// Whether it takes back what the server has never seen.
    pub is_moot: bool,
    /// What is known of how the server takes it, and the leave of its breakers.
    pub health: Health,
}

/// A session of the legacy era, opened.
#[derive(Debug)]
pub(super) struct Session {
    /// Its place in the table of calls in flight.
    pub key: calls::Key,
    /// The server's own name for it, where that is told in a header.
    pub header: Option<Box<str>>,
}

/// How many tickets have been made and how many settled.
#[derive(Debug, Default)]
pub struct Tally {
    opened: AtomicU64,
    settled: AtomicU64,
}

impl Passage {
    /// A passage for nothing in particular: no body, no headers, nothing that may come back.
    pub(super) fn empty() -> Self {
        Self {
            body: Bytes::new(),
            claims: HeaderMap::new(),
            speech: None,
            is_resuming: false,
            timeout: None,
            session: None,
            negotiated: None,
            progress: None,
            abilities: Abilities::default(),
            subject: None,
            scope: None,
            hold: None,
            tokens: None,
            talk: None,
            is_first_page: false,
            version: None,
            is_moot: false,
            health: Health::default(),
        }
    }

    /// What a stream or the end of a session may carry: its revision, and the handles that were opened.
    pub(super) fn of_stream(ask: &Ask<'_>, event: Option<&str>) -> Self {
        let mut passage = Self::empty();
        let version = field(ask.headers, "mcp-protocol-version").and_then(Revision::parse);
        if let Some(revision) = version {
            passage.claims.insert("mcp-protocol-version", HeaderValue::from_static(revision.as_str()));
        }
        if let Some(Ok(event)) = event.map(HeaderValue::from_str) {
            passage.is_resuming = true;
            passage.claims.insert("last-event-id", event);
        }
        passage
    }

    /// Puts the server's own name of the session into the headers.
    pub(super) fn enter(&mut self, session: &Session) {
        self.session = Some(session.key);
        if let Some(Ok(value)) = session.header.as_deref().map(HeaderValue::from_str) {
            self.claims.insert("mcp-session-id", value);
        }
    }

    /// Makes the body that will be sent, and the protocol headers from it.
    ///
    /// # Errors
    /// [`Denial::Internal`] when the edited bytes do not read as a message: an edit of ours broke them.
    pub(super) fn fill(&mut self, policy: &Policy, judged: &Judged<'_>, edits: Splice) -> Result<(), Denial> {
        let Judged { body, document, message, claimed, speech, is_translated } = judged;
        let output = policy.strict.output;
        self.speech = Some(*speech);
        if edits.is_empty() {
            self.claims = headers(claimed, message, message, speech);
            self.restate(policy, message, *is_translated);
            self.body = json::canonical(document, output).map_or_else(|| (*body).clone(), Bytes::from);
            return Ok(());
        }
        let edited = edits.apply(body);
        let broken = || Denial::Internal("an edited request no longer reads as a message".into());
        let document = Document::parse_with(&edited, policy.strict.duplicate_keys).map_err(|_| broken())?;
        let after = mcp::envelope::read(&document, Sender::Client).map_err(|_| broken())?;
        self.claims = headers(claimed, message, &after, speech);
        self.restate(policy, &after, *is_translated);
        let canonical = json::canonical(&document, output);
        self.body = canonical.unwrap_or(edited).into();
        Ok(())
    }

    /// Makes the headers that repeat arguments, of a call whose client has sent others.
    fn restate(&mut self, policy: &Policy, message: &Message<'_>, is_translated: bool) {
        let is_modern = self.speech.is_some_and(|speech| speech.era == Era::Modern);
        let Some(call) = message.params().filter(|_| is_translated && is_modern) else { return };
        let name = call.get("name").and_then(|name| name.string());
        let definition = name.and_then(|name| policy.tool(&name)?.definition().cloned());
        let schema = definition.as_ref().and_then(|definition| definition.input_schema.as_deref());
        let Some(Ok(schema)) = schema.map(|schema| Document::parse(schema.as_bytes())) else { return };
        for (name, value) in mcp::headed::by_schema(schema.root(), call.get("arguments")) {
            let name = HeaderName::try_from(format!("mcp-param-{name}"));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                self.claims.insert(name, value);
            }
        }
    }
}

/// A message that was read and judged.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    /// The bytes that `document` was read from.
    pub body: &'a Bytes,
    pub document: &'a Document<'a>,
    pub message: &'a Message<'a>,
    /// What its headers say.
    pub claimed: &'a Claims<'a>,
    /// Whether its arguments are not those that its client sent, so that its headers tell of others.
    pub is_translated: bool,
    pub speech: Speech,
}

fn headers(claimed: &Claims<'_>, before: &Message<'_>, after: &Message<'_>, speech: &Speech) -> HeaderMap {
    let mut made = HeaderMap::new();
    let mut set = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            made.insert(name, value);
        }
    };
    for (name, value) in mcp::claims::restate(after, speech) {
        set(name, &value);
    }
    if speech.era == Era::Modern && !claimed.params.is_empty() {
        for (name, value) in mcp::claims::restate_params(claimed, before, after) {
            set(&format!("mcp-param-{name}"), &value);
        }
    }
    made
}

impl Ticket {
    pub(super) fn open(record: Box<Record>, passage: Passage, tally: &Arc<Tally>) -> Self {
        tally.opened.fetch_add(1, Ordering::Relaxed);
        Self { record, passage, tally: Arc::clone(tally) }
    }

    /// Takes the ticket apart: nothing more can be sent with it.
    pub(super) fn spend(self) -> (Box<Record>, Passage) {
        self.tally.settle();
        (self.record, self.passage)
    }

    /// The policy that it was judged by.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.record.policy
    }

    /// What is known of the request so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Notes under which id the disk has a record of this request.
    pub fn admitted(&mut self, id: u128) {
        self.record.admitted = Some(id);
    }

    /// The bytes that were judged: exactly these may be sent.
    pub fn body(&self) -> Bytes {
        self.passage.body.clone()
    }

    /// Lets go of what was sent, once it need not be sent again: it may hold the buffer it was read into.
    pub fn release_body(&mut self) {
        self.passage.body = Bytes::new();
    }

    /// The protocol headers to send, made anew from the judged body.
    pub fn claims(&self) -> &HeaderMap {
        &self.passage.claims
    }

    /// Counts the tokens of a message that the client gets, where a limit wants that.
    pub(super) fn count_tokens(&mut self, body: &[u8]) {
        let passage = &mut self.passage;
        if let (Some(true), Ok(text)) =
            (passage.hold.as_ref().map(Hold::counts_tokens), std::str::from_utf8(body))
        {
            let tokens = passage.tokens.get_or_insert_default();
            *tokens = tokens.saturating_add(limit::count_tokens(text));
        }
    }

    /// How long the server may take until the first byte of its answer, where the policy says.
    pub fn timeout(&self) -> Option<Duration> {
        self.passage.timeout
    }

    /// Who asks, as an opaque text that is the same for the same caller; never a credential.
    pub fn caller_key(&self) -> String {
        match &self.record.caller {
            Some(caller) => format!(
                "{}\u{1f}{}\u{1f}{}",
                caller.issuer().unwrap_or_default(),
                caller.tenant().unwrap_or_default(),
                caller.user()
            ),
            None => String::new(),
        }
    }

    /// SHA-256 of the caller's token, where the policy has it exchanged for one of the server; the token
    /// itself is in no ticket.
    pub fn subject(&self) -> Option<[u8; 32]> {
        self.passage.subject
    }

    /// Whether it is a `subscriptions/listen`: answered only when it ends.
    pub fn is_subscription(&self) -> bool {
        self.record.method == Some(Method::SubscriptionsListen)
    }

    /// The result that ends a subscription in good order; `None` for any other ticket.
    ///
    /// Source: MCP 2026-07-28, subscriptions, "graceful end".
    pub fn end_of_subscription(&self) -> Option<String> {
        let id = self.record.request_id.as_ref().filter(|_| self.is_subscription() && !self.is_answered())?;
        let id = id.raw();
        Some(format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
        ))
    }

    /// Whether it takes back a request that the server has never seen, and so is nothing to the server either.
    pub fn is_moot(&self) -> bool {
        self.passage.is_moot
    }

    /// Notes that its client took it back before it was sent.
    pub fn take_back(&mut self) {
        self.record.detail = Some("its client took it back before it was sent".into());
        // What was never called leaves no mark on a conversation.
        self.passage.talk = None;
    }

    /// Whether a JSON-RPC answer is owed: true for requests, false for notifications and streams.
    pub fn wants_answer(&self) -> bool {
        self.record.request_id.is_some() && self.passage.speech.is_some()
    }
}

impl Tally {
    pub(super) fn settle(&self) {
        self.settled.fetch_add(1, Ordering::Relaxed);
    }

    /// Tickets made since the start.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Tickets settled since the start.
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }
}
