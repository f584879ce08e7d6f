//! Sessions of the legacy era: opened on the way in, entered by messages, sealed on the way out.
//!
//! A modern request has no session: a header that names one is neither read nor passed on, in either
//! direction. Source: MCP 2026-07-28, basic/transports.

use http::{HeaderMap, HeaderValue};

use super::answer::is_secret;
use super::ask::{Ask, Errand, Way, field};
use super::calls::{Question, TakenBack};
use super::handles::Handles;
use super::rounds::Abilities;
use super::ticket::{Passage, Session};
use super::{Denial, Gate, Handle, Stray, Ticket};
use crate::identity::Caller;
use crate::json::{Document, quote};
use crate::limit::Hold;
use crate::mcp::{
    Claims, EnvelopeFault, EnvelopeFaultKind, Era, Id, Message, Method, Revision, Sender, Speech, call,
    claims,
};
use crate::names::Now;
use crate::policy::{Policy, Seal};

/// Finds what a message speaks, by its headers where its transport has some.
///
/// # Errors
/// [`Denial::Mismatch`]: the client's fault.
pub(super) fn spoken(way: Way<'_>, claimed: &Claims<'_>, message: &Message<'_>) -> Result<Speech, Denial> {
    let speech = match way {
        Way::Pipe { .. } if is_taken_back(claimed, message) => {
            Ok(Speech { revision: Revision::V2026_07_28, era: Era::Modern })
        }
        Way::Streamable => claims::agree(claimed, message),
        Way::EventStream { .. } | Way::Pipe { .. } => claims::classify_body(message, claimed.negotiated),
    };
    let speech = speech.map_err(Denial::mismatch)?;
    if let (Era::Modern, Some(method)) = (speech.era, message.method())
        && !method.exists_in(speech.revision, Sender::Client)
    {
        return Err(Denial::NoMethod(Era::Modern));
    }
    if speech.era == Era::Modern && matches!(way, Way::EventStream { .. }) {
        return Err(Denial::Head {
            http_status: 400,
            text: "this transport ended before revision 2026-07-28; use the /mcp endpoint".into(),
        });
    }
    Ok(speech)
}

/// Whether a message takes a request back on a pipe that has agreed on nothing: modern clients put no
/// claim on notifications, and there is no header to say it.
fn is_taken_back(claimed: &Claims<'_>, message: &Message<'_>) -> bool {
    let claim = message.params().and_then(call::meta).and_then(|meta| meta.get(claims::VERSION_KEY));
    claimed.negotiated.is_none()
        && message.method() == Some(Method::NotificationsCancelled)
        && claim.is_none()
}

/// Why a body is no message; a method that nobody knows is told in the words of its era.
pub(super) fn unread(fault: EnvelopeFault, document: &Document<'_>) -> Denial {
    let is_request = fault.id.is_some();
    match fault.kind {
        EnvelopeFaultKind::UnknownMethod | EnvelopeFaultKind::WrongSender if is_request => {
            Denial::NoMethod(claims::claimed_era(document.root()))
        }
        _ => Denial::Envelope(fault),
    }
}

impl Gate {
    /// The sealer and what the handles of one message are bound to.
    pub(super) fn handles<'a>(&'a self, policy: &'a Policy, caller: &'a Caller, now: Now) -> Handles<'a> {
        let sealer = match policy.strict.seal {
            Seal::All => Some(&self.sealer),
            Seal::None => None,
        };
        Handles { sealer, calls: &self.calls, caller, server: policy.server.as_str(), mode: policy.mode, now }
    }

    /// Opens the session that a request names.
    ///
    /// # Errors
    /// [`Denial::Handle`]: it is none of this caller's.
    pub(super) fn session(&self, handles: &Handles<'_>, ask: &Ask<'_>) -> Result<Option<Session>, Denial> {
        let known =
            |session: &str| Ok(Some(Session { key: handles.key(Handle::Session, session), header: None }));
        match ask.way {
            Way::EventStream { session } | Way::Pipe { session } => known(session),
            Way::Streamable => {
                let Some(token) = field(ask.headers, "mcp-session-id") else { return Ok(None) };
                // A modern request ignores the session, so it does not matter whose it is.
                if field(ask.headers, "mcp-protocol-version")
                    .is_some_and(|it| Era::of_version(it) == Era::Modern)
                {
                    return Ok(None);
                }
                let header = handles.open(Handle::Session, &[], token)?;
                let key = handles.key(Handle::Session, &header);
                Ok(Some(Session { key, header: Some(header.into()) }))
            }
        }
    }

    /// What a stream may carry, or the end of a session.
    ///
    /// # Errors
    /// [`Denial::Handle`]: the event to resume from is none of this caller's.
    pub(super) fn stream(
        &self,
        handles: &Handles<'_>,
        ask: &Ask<'_>,
        session: Option<&Session>,
    ) -> Result<Passage, Denial> {
        let is_listening = matches!(ask.errand, Errand::Listen);
        let event = field(ask.headers, "last-event-id").filter(|_| is_listening);
        let event = event.map(|token| handles.open(Handle::Event, &[], token)).transpose()?;
        let mut passage = Passage::of_stream(ask, event.as_deref());
        passage.is_resuming |= !matches!(ask.way, Way::Streamable);
        if let Some(session) = session {
            self.calls.begin(session.key);
            passage.enter(session);
        }
        Ok(passage)
    }

    /// Enters a judged message into its session, and refuses words that answer nothing.
    ///
    /// # Errors
    /// [`Denial::Stray`]: it goes no further, and its sender need not hear of it.
    pub(super) fn enter(
        &self,
        handles: &Handles<'_>,
        message: &Message<'_>,
        session: Option<Session>,
        passage: &mut Passage,
    ) -> Result<(), Denial> {
        let is_legacy = passage.speech.is_some_and(|speech| speech.era == Era::Legacy);
        passage.progress = call::progress_token(message.params()).ok().flatten();
        if !is_legacy {
            passage.abilities = Abilities::of(message.params());
            return Ok(());
        }
        // Whoever initializes anew begins another session.
        let session = session
            .filter(|session| message.method() != Some(Method::Initialize) || session.header.is_none());
        if let Some(session) = &session {
            self.calls.begin(session.key);
            passage.enter(session);
        }
        let key = session.map(|session| session.key);
        match message {
            Message::Request { id, method, .. } => {
                if let Some(key) = key {
                    let places = passage.hold.as_ref().map(Hold::places);
                    self.calls.ask(key, (id, *method), passage.progress.as_ref(), places);
                }
            }
            Message::Notification { method: Method::NotificationsCancelled, params } => {
                let id = params.and_then(|params| params.get("requestId")).and_then(|id| Id::read(id).ok());
                let was = match (key, &id) {
                    (Some(key), Some(id)) => self.calls.cancel(key, id),
                    (None, _) => TakenBack::Sent,
                    (Some(_), None) => TakenBack::Unknown,
                };
                match was {
                    TakenBack::Held => passage.is_moot = true,
                    TakenBack::Sent => {}
                    TakenBack::Unknown => return Err(Denial::Stray(Stray::CancelUnknown)),
                }
            }
            Message::Notification { .. } => {}
            Message::Error { id, .. } => self.satisfy(handles, key, id.as_ref())?,
            Message::Result { id, .. } => self.satisfy(handles, key, Some(id))?,
        }
        Ok(())
    }

    fn satisfy(
        &self,
        handles: &Handles<'_>,
        session: Option<super::calls::Key>,
        id: Option<&Id>,
    ) -> Result<(), Denial> {
        let session = session.unwrap_or_else(|| handles.key(Handle::Session, ""));
        let wanted = id.and_then(|id| self.calls.satisfy(session, id));
        wanted.map(|_| ()).ok_or(Denial::Stray(Stray::ReplyUnknown))
    }

    /// Looks at the head of an answer: seals the session that it names, and learns which it begins.
    ///
    /// Call it once, before the head is handed over. `http_status` is the server's.
    pub fn meet(&self, ticket: &mut Ticket, headers: &mut HeaderMap, http_status: u16, now: Now) {
        let Some(caller) = ticket.record.caller.clone() else { return };
        let policy = ticket.policy().clone();
        let handles = self.handles(&policy, &caller, now);
        if http_status == 404
            && let Some(session) = ticket.passage.session
        {
            self.calls.end(session);
        }
        let challenge = headers.get("www-authenticate").and_then(|value| value.to_str().ok());
        if challenge.is_some_and(|challenge| is_secret(&policy, &quote(challenge))) {
            headers.remove("www-authenticate");
        }
        if ticket.era() == Some(Era::Modern) {
            headers.remove("mcp-session-id");
            return;
        }
        let Some(named) = headers.get("mcp-session-id").and_then(|value| value.to_str().ok()) else { return };
        if ticket.record.method == Some(Method::Initialize) {
            let session = handles.key(Handle::Session, named);
            self.calls.begin(session);
            if let Some(revision) = ticket.passage.negotiated {
                self.calls.negotiated(session, revision);
            }
            ticket.passage.session = Some(session);
        }
        match HeaderValue::from_str(&handles.seal(Handle::Session, &[], named)) {
            Ok(sealed) => headers.insert("mcp-session-id", sealed),
            Err(_) => headers.remove("mcp-session-id"),
        };
    }

    /// The `id` of an event as the client may see it; `None` in an era without resumption.
    pub fn event_id(&self, ticket: &Ticket, id: &str, now: Now) -> Option<String> {
        let caller = ticket.record.caller.as_ref()?;
        let is_legacy = ticket.era() != Some(Era::Modern);
        is_legacy.then(|| self.handles(ticket.policy(), caller, now).seal(Handle::Event, &[], id))
    }

    /// Seals where a client of HTTP+SSE shall post to, as the server told it to `ticket`'s caller.
    ///
    /// Not subject to the policy: without a seal this would let a client choose the path.
    pub fn seal_endpoint(&self, ticket: &Ticket, uri: &str, now: Now) -> Option<String> {
        let caller = ticket.record.caller.as_ref()?;
        let handles = Handles { sealer: Some(&self.sealer), ..self.handles(ticket.policy(), caller, now) };
        Some(handles.seal(Handle::Endpoint, &[], uri))
    }

    /// Opens where a client of HTTP+SSE posts to.
    ///
    /// # Errors
    /// [`Denial::Handle`]: it was given to somebody else, or to nobody.
    pub fn open_endpoint(
        &self,
        policy: &Policy,
        caller: &Caller,
        token: &str,
        now: Now,
    ) -> Result<String, Denial> {
        let handles = Handles { sealer: Some(&self.sealer), ..self.handles(policy, caller, now) };
        handles.open(Handle::Endpoint, &[], token)
    }

    /// A ticket for what the gate itself has to tell the server about a request of the server.
    pub fn objection(&self, ticket: &Ticket, back: bytes::Bytes) -> Ticket {
        let record = ticket.record.about_the_server();
        let mut passage = Passage { body: back, session: ticket.passage.session, ..Passage::empty() };
        passage.claims = ticket.passage.claims.clone();
        passage.claims.remove("last-event-id");
        passage.speech = ticket.passage.speech;
        passage.subject = ticket.passage.subject;
        Ticket::open(record, passage, &self.tally)
    }

    /// Notes that a request is not sent before something else is known; [`Gate::let_go`] ends that.
    pub fn hold(&self, ticket: &Ticket) {
        if let Some((session, id)) = ticket.passage.session.zip(ticket.record.request_id.as_ref()) {
            self.calls.hold(session, id);
        }
    }

    /// Whether a request that was held may be sent now; not where its client has taken it back meanwhile.
    pub fn let_go(&self, ticket: &mut Ticket) -> bool {
        let named = ticket.passage.session.zip(ticket.record.request_id.as_ref());
        let is_wanted = named.is_none_or(|(session, id)| self.calls.let_go(session, id));
        if !is_wanted {
            ticket.take_back();
        }
        is_wanted
    }

    /// Whether the client has taken the ticket's request back, so that no answer is owed.
    pub fn is_cancelled(&self, ticket: &Ticket) -> bool {
        let id = ticket.record.request_id.as_ref();
        let question = ticket.passage.session.zip(id).map(|(session, id)| self.calls.question(session, id));
        matches!(question, Some(Question::Cancelled))
    }

    /// Forgets the session of a ticket: it has ended.
    pub fn end_session(&self, ticket: &Ticket) {
        if let Some(session) = ticket.passage.session {
            self.calls.end(session);
        }
    }
}
