//! Which question a message of the server belongs to; what belongs to none is dropped.
//!
//! On the stream of a POST only that request is answered, once. On a stream that resumes an earlier
//! one, whatever waits in the session is. Progress needs a token that somebody waits under,
//! a subscription's notifications the id of that subscription, and requests of the server an era that
//! has them and a policy that allows them.

use super::answer::{Carrier, Release, is_secret};
use super::calls::Question;
use super::handles::Handles;
use super::{Denial, Handle, Policy, Stray, Ticket};
use crate::json::Value;
use crate::mcp::{Era, Id, Message, Method, Shape, call};
use crate::policy::{Decision, Standing};

/// What a message of the server is, seen from the client's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belonging {
    /// It answers the ticket's own request.
    Answer,
    /// It answers an earlier request of the session, on a stream that resumes.
    LateAnswer(Method),
    /// It answers nothing: a notification, or a request of the server.
    Word(Method),
}

impl Belonging {
    /// The method of the request that is answered, or of the message itself.
    pub fn method(self, ticket: &Ticket) -> Option<Method> {
        match self {
            Self::Answer => ticket.record.method,
            Self::LateAnswer(method) | Self::Word(method) => Some(method),
        }
    }
}

/// Finds what `message` belongs to.
///
/// # Errors
/// What becomes of a message that belongs to nothing here.
pub(super) fn correlate(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    message: &Message<'_>,
    carrier: Carrier,
) -> Result<Belonging, Release> {
    let stray = |stray: Stray| match carrier {
        Carrier::Event => Release::Drop(stray),
        Carrier::Whole => Release::Withhold(Denial::AnswerWithheld(stray.as_str().into())),
    };
    match message {
        Message::Error { .. } | Message::Result { .. } => {
            answer(ticket, handles, message.id(), carrier).map_err(stray)
        }
        Message::Notification { .. } | Message::Request { .. } if carrier == Carrier::Whole => {
            Err(stray(Stray::RequestForbidden))
        }
        Message::Notification { method, params } => {
            notification(policy, ticket, handles, *method, *params).map_err(stray)
        }
        Message::Request { id, method, .. } => request(policy, ticket, handles, id, *method),
    }
}

fn answer(
    ticket: &Ticket,
    handles: &Handles<'_>,
    id: Option<&Id>,
    carrier: Carrier,
) -> Result<Belonging, Stray> {
    let own = ticket.record.request_id.as_ref().filter(|_| ticket.wants_answer());
    let session = ticket.passage.session;
    match (id, own) {
        (Some(id), Some(own)) if id == own => {
            let is_cancelled = session
                .is_some_and(|session| matches!(handles.calls.question(session, id), Question::Cancelled));
            match (ticket.is_answered(), is_cancelled) {
                (true, _) => Err(Stray::AnswerRepeated),
                (false, true) => Err(Stray::AnswerCancelled),
                (false, false) => Ok(Belonging::Answer),
            }
        }
        // Only a body of its own can say which request it could not read.
        (None, Some(_)) if carrier == Carrier::Whole => Ok(Belonging::Answer),
        (Some(id), None) if ticket.passage.is_resuming => {
            match session.map_or(Question::Unknown, |session| handles.calls.question(session, id)) {
                Question::Waiting(asked) => Ok(Belonging::LateAnswer(asked.method)),
                Question::Cancelled => Err(Stray::AnswerCancelled),
                Question::Unknown => Err(Stray::AnswerUnknown),
            }
        }
        (Some(_) | None, _) => Err(Stray::AnswerUnknown),
    }
}

fn notification(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    method: Method,
    params: Option<Value<'_>>,
) -> Result<Belonging, Stray> {
    if ticket.era() == Some(Era::Modern) && ticket.is_answered() {
        return Err(Stray::AfterAnswer);
    }
    match method {
        Method::NotificationsCancelled => cancelled(ticket, handles, params)?,
        Method::NotificationsProgress => progress(ticket, handles, params)?,
        _ if ticket.era() == Some(Era::Modern) => subscribed(policy, ticket, handles, method, params)?,
        _ => {}
    }
    Ok(Belonging::Word(method))
}

/// A server takes back its own requests only; a modern one also its end of a subscription.
fn cancelled(ticket: &Ticket, handles: &Handles<'_>, params: Option<Value<'_>>) -> Result<(), Stray> {
    let id = params.and_then(|params| params.get("requestId")).and_then(|id| Id::read(id).ok());
    let id = id.ok_or(Stray::CancelUnknown)?;
    let is_known = match ticket.era() {
        Some(Era::Modern) => ticket.is_subscription() && ticket.record.request_id.as_ref() == Some(&id),
        Some(Era::Legacy) | None => handles.calls.satisfy(ticket.session_or_common(handles), &id).is_some(),
    };
    if is_known { Ok(()) } else { Err(Stray::CancelUnknown) }
}

fn progress(ticket: &Ticket, handles: &Handles<'_>, params: Option<Value<'_>>) -> Result<(), Stray> {
    let token = params.and_then(|params| params.get("progressToken")).and_then(|token| Id::read(token).ok());
    let token = token.ok_or(Stray::ProgressUnknown)?;
    let is_own = ticket.passage.progress.as_ref() == Some(&token) && !ticket.is_answered();
    let session = ticket.passage.session;
    let is_known = is_own || session.is_some_and(|session| handles.calls.reports(session, &token));
    if is_known { Ok(()) } else { Err(Stray::ProgressUnknown) }
}

/// What a subscription hears carries its id, and speaks of resources that the caller may hear of.
fn subscribed(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    method: Method,
    params: Option<Value<'_>>,
) -> Result<(), Stray> {
    let tag = params.and_then(call::meta).and_then(|meta| meta.get(SUBSCRIPTION));
    let tag = tag.map(|tag| Id::read(tag).map_err(|_| Stray::SubscriptionForeign)).transpose()?;
    let is_own = tag.as_ref() == ticket.record.request_id.as_ref();
    if tag.is_some() && !is_own || tag.is_none() && ticket.is_subscription() {
        return Err(Stray::SubscriptionForeign);
    }
    if method == Method::NotificationsResourcesUpdated && ticket.is_subscription() {
        let uri = call::target(method, params).ok().flatten();
        let standing = policy.standing(handles.caller, handles.now.unix_ms);
        let is_allowed = uri.is_some_and(|uri| may_hear_of(policy, &standing, &uri));
        return if is_allowed { Ok(()) } else { Err(Stray::SubscriptionForeign) };
    }
    Ok(())
}

/// Whether a caller may hear of changes of a resource.
pub(super) fn may_hear_of(policy: &Policy, standing: &Standing, uri: &str) -> bool {
    let decision = policy.judge_method(standing, Method::SubscriptionsListen, Some(uri));
    matches!(decision, Decision::Allow { .. }) || policy.mode == crate::names::Mode::Shadow
}

fn request(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    id: &Id,
    method: Method,
) -> Result<Belonging, Release> {
    // INVARIANT: the envelope takes a request of a method that is answered only.
    debug_assert_eq!(method.shape(), Shape::Request);
    if ticket.era() == Some(Era::Modern) {
        return Err(Release::Drop(Stray::RequestForbidden));
    }
    if !may_ask(policy, handles, method) {
        return Err(Release::Object { stray: Stray::RequestDenied, back: objection(id) });
    }
    // The client would have to repeat the id, so it is searched like what the server says.
    if id.raw().starts_with('"') && is_secret(policy, id.raw()) {
        return Err(Release::Object { stray: Stray::Content, back: objection(id) });
    }
    let session = ticket.session_or_common(handles);
    handles.calls.begin(session);
    if handles.calls.want(session, id, method) {
        Ok(Belonging::Word(method))
    } else {
        Err(Release::Object { stray: Stray::RequestsFull, back: objection(id) })
    }
}

/// Whether the server may ask the client of this caller for something.
pub(super) fn may_ask(policy: &Policy, handles: &Handles<'_>, method: Method) -> bool {
    let decision = policy.judge_method(&policy.standing(handles.caller, handles.now.unix_ms), method, None);
    matches!(decision, Decision::Allow { .. }) || policy.mode == crate::names::Mode::Shadow
}

/// What a server is told whose request does not reach the client.
fn objection(id: &Id) -> bytes::Bytes {
    let id = id.raw();
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-31403,"message":"the gateway does not pass this request on: the policy does not allow it"}}}}"#
    )
    .into()
}

impl Ticket {
    pub(super) fn era(&self) -> Option<Era> {
        self.passage.speech.map(|speech| speech.era)
    }

    /// The session, or what all requests of the caller without a session have in common.
    pub(super) fn session_or_common(&self, handles: &Handles<'_>) -> super::calls::Key {
        self.passage.session.unwrap_or_else(|| handles.key(Handle::Session, ""))
    }
}

/// The key of `_meta` that says which subscription a notification is for. Source: MCP 2026-07-28.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
