//! Step 9: what a request is counted as, what it costs, and taking that from every limit or from none.

use std::cell::LazyCell;
use std::sync::Arc;

use crate::bounds::ROUND_LIFE_MAX;
use crate::identity::Caller;
use crate::json::{Kind, Value, decimal};
use crate::limit::{self, Bill, Hold, Level, Requests, Round, Subject};
use crate::mcp::{Message, Method};
use crate::names::Mode;
use crate::policy::{Class, Policy};

use super::ask::{Ask, Errand};
use super::calls::Key;
use super::conversation;
use super::handles::{Handles, result_type};
use super::hints::Hint;
use super::limited::Limited;
use super::rules::{Topic, enforce};
use super::{Denial, Gate, Handle, Record, Refusal, Ticket};

/// One request, as far as limits look at it.
struct Request<'a> {
    kind: Requests,
    tool: Option<&'a str>,
    arguments: Option<Value<'a>>,
    round: Round,
    /// Whether it is counted where there is room, and never refused.
    is_greeting: bool,
}

impl Gate {
    /// Judges a message again for which the store of shared limits had to be asked; `ask.word` is its answer, and
    /// `first` the record of the judgement that wanted it.
    ///
    /// # Errors
    /// See [`Gate::admit`].
    pub fn admit_asked(
        &self,
        policy: &Arc<Policy>,
        caller: &Arc<Caller>,
        ask: &Ask<'_>,
        first: &mut Record,
    ) -> Result<Ticket, Refusal> {
        let mut judged = self.admit(policy, caller, ask);
        // The server may have come to rest or filled up since, which is found out before limits are charged.
        if let Err(Refusal { denial: Denial::Crowded(_) | Denial::Resting(_), .. }) = judged {
            self.ledger.give_back_to_store(ask.word, ask.now);
        }
        let record = match &mut judged {
            Ok(ticket) => &mut ticket.record,
            Err(refusal) => &mut refusal.record,
        };
        // A breaker changes once: if it did so then, no other record tells.
        record.notices.splice(..0, first.notices.drain(..));
        judged
    }

    /// Takes what a message costs from every limit that it counts against, or from none.
    ///
    /// `initialize` and `server/discover` are counted where there is room and never refused: clients take that
    /// for a server of another kind.
    ///
    /// # Errors
    /// [`Denial::Limited`].
    pub(super) fn charge(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        (topic, message): (&Topic<'_>, &Message<'_>),
        record: &mut Record,
    ) -> Result<Option<Hold>, Denial> {
        if policy.all_limits().is_empty() {
            return Ok(None);
        }
        let Some(kind) = kind(topic) else { return Ok(None) };
        let arguments = match topic {
            Topic::Call(call) => call.arguments,
            Topic::Method(..) | Topic::Reply | Topic::Task(..) => None,
        };
        let tool = match topic {
            Topic::Call(call) => Some(&*call.name),
            Topic::Task(_, tool) => tool.as_deref(),
            Topic::Method(..) | Topic::Reply => None,
        };
        let handles = self.handles(policy, caller, ask.now);
        let later = round(policy, &handles, topic, message);
        let later = later.and_then(|key| Some((key, self.calls.take_round(key, ask.now)?)));
        let round = if later.is_some() { Round::Later } else { Round::First };
        let is_greeting = is_greeting(message.method());
        let request = Request { kind, tool, arguments, round, is_greeting };
        let charged = self.take(policy, caller, ask, &request, record);
        if let (Err(_), Some((key, until))) = (&charged, later) {
            // It has not gone on: it may come again.
            self.calls.round_asked(key, until);
        }
        charged
    }

    /// Takes the place of a stream of messages that the server sends by itself.
    ///
    /// # Errors
    /// [`Denial::Limited`].
    pub(super) fn charge_stream(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        record: &mut Record,
    ) -> Result<Option<Hold>, Denial> {
        if policy.all_limits().is_empty() || !matches!(ask.errand, Errand::Listen) {
            return Ok(None);
        }
        let kind = Requests::LISTENS;
        let request = Request { kind, tool: None, arguments: None, round: Round::First, is_greeting: false };
        record.conversation = conversation::of(policy, caller, ask, None);
        self.take(policy, caller, ask, &request, record)
    }

    fn take(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        request: &Request<'_>,
        record: &mut Record,
    ) -> Result<Option<Hold>, Denial> {
        let tool = request.tool.and_then(|name| policy.tool(name));
        let quotas = policy.quotas(tool, caller.tenant(), ask.now.unix_ms).iter();
        let quotas = quotas.filter(|rule| rule.requests().has(request.kind));
        let limits = policy.limits(tool, request.kind).chain(quotas);
        let mut conversation = None;
        if limits.clone().any(|limit| limit.per().contains(&Level::Conversation)) {
            let known = record.conversation;
            record.conversation = conversation::enter(&self.talks, policy, caller, (known, ask.now));
            conversation = record.conversation.and_then(|conversation| conversation.of_its_own());
        }
        let subject = Subject {
            server: policy.server.as_str(),
            tenant: caller.tenant(),
            user: caller.user(),
            agent: caller.agent(),
            conversation: conversation.as_deref(),
            tool: request.tool,
            class: tool.and_then(|tool| tool.class).map(Class::as_str),
        };
        let arguments = request.arguments.map_or("", |arguments| arguments.raw());
        let tokens = LazyCell::new(|| limit::count_tokens(arguments));
        let bill = Bill {
            round: request.round,
            request_bytes: match &ask.errand {
                Errand::Say(body) => body.len() as u64,
                Errand::Leave | Errand::Listen => 0,
            },
            argument_tokens: &|| *tokens,
            argument: &|path| amount(request.arguments?, path),
            response_bytes: request.tool.map_or(0, |tool| self.ledger.expected_bytes(tool)),
        };
        let charge = self.ledger.charge_by(limits.clone(), (&subject, &bill), ask.word, ask.now);
        if let Some(exceeded) = charge.shadowed {
            record.would_deny(super::Reason::RateLimit, exceeded.rule.id());
        }
        match charge.verdict {
            limit::Verdict::Asked(inquiry) => {
                record.inquiry = Some(inquiry);
                // Whoever does not ask has the message refused.
                Err(Denial::Internal("the store of shared limits was not asked".into()))
            }
            limit::Verdict::Granted => {
                if charge.near.is_some() {
                    let enforced = limits.filter(|rule| rule.mode() == Mode::Enforce);
                    let left = enforced
                        .filter_map(|rule| Some((&**rule, self.ledger.left(rule, &subject, ask.now)?)));
                    record.hint = Hint::tightest(left, &policy.limit_hints, caller).map(Box::new);
                }
                record.places = charge.hold.iter().flat_map(Hold::cells).collect();
                Ok(charge.hold)
            }
            limit::Verdict::Exceeded(_) if request.is_greeting => Ok(None),
            limit::Verdict::Exceeded(exceeded) => {
                record.rule = Some(exceeded.rule.id().clone());
                let excess = (exceeded.excess, charge.full);
                let limited = Limited::new(exceeded.rule, excess, policy, (caller, ask.now));
                enforce(policy, record, Denial::Limited(Box::new(limited))).map(|()| None)
            }
        }
    }

    /// Remembers that a call asked its client for something, so that its next round is no call of its own.
    pub(super) fn note_round(&self, policy: &Policy, handles: &Handles<'_>, message: &Message<'_>) {
        let Message::Result { result, .. } = message else { return };
        if !counts_rounds(policy) || result_type(*result).is_none_or(|kind| kind != "input_required") {
            return;
        }
        if let Some(state) = result.get("requestState").and_then(|state| state.string()) {
            let until = handles.now.steady.saturating_add(ROUND_LIFE_MAX);
            self.calls.round_asked(handles.key(Handle::RequestState, &state), until);
        }
    }
}

/// The round that a call goes on with, where some limit counts calls once.
fn round(policy: &Policy, handles: &Handles<'_>, topic: &Topic<'_>, message: &Message<'_>) -> Option<Key> {
    let Topic::Call(call) = topic else { return None };
    if !counts_rounds(policy) {
        return None;
    }
    let token = message.params()?.get("requestState")?.string()?;
    let scope = [Method::ToolsCall.as_str(), &*call.name];
    let state = handles.open(Handle::RequestState, &scope, &token).ok()?;
    Some(handles.key(Handle::RequestState, &state))
}

fn counts_rounds(policy: &Policy) -> bool {
    policy.all_limits().iter().any(|rule| rule.counts_calls_once())
}

/// The number at a dotted path of the arguments, rounded up; `None` where two readers could find another one.
fn amount(arguments: Value<'_>, path: &str) -> Option<u64> {
    let mut value = arguments;
    for step in path.split('.') {
        if value.kind() != Kind::Object || value.repeats() {
            return None;
        }
        value = value.get(step)?;
    }
    (value.kind() == Kind::Number).then(|| decimal::round_up(value.raw()))?
}

/// Whether it is how a client finds out what a server is.
fn is_greeting(method: Option<Method>) -> bool {
    matches!(method, Some(Method::Initialize | Method::ServerDiscover))
}

/// What a message is counted as; `None` for what frees something.
fn kind(topic: &Topic<'_>) -> Option<Requests> {
    let method = match topic {
        Topic::Call(_) => return Some(Requests::CALLS),
        Topic::Method(method, _) => *method,
        Topic::Reply => return Some(Requests::OTHER),
        Topic::Task(..) => return Some(Requests::POLLS),
    };
    match method {
        Method::NotificationsCancelled | Method::TasksCancel => None,
        Method::ToolsCall => Some(Requests::CALLS),
        Method::Initialize
        | Method::LoggingSetLevel
        | Method::NotificationsInitialized
        | Method::Ping
        | Method::ServerDiscover => Some(Requests::HANDSHAKES),
        Method::SubscriptionsListen => Some(Requests::LISTENS),
        Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList
        | Method::SkillsList
        | Method::TasksList
        | Method::ToolsList => Some(Requests::LISTS),
        Method::TasksGet | Method::TasksResult | Method::TasksUpdate => Some(Requests::POLLS),
        Method::PromptsGet | Method::ResourcesDirectoryRead | Method::ResourcesRead | Method::SkillsGet => {
            Some(Requests::READS)
        }
        Method::CompletionComplete
        | Method::ElicitationCreate
        | Method::NotificationsElicitationComplete
        | Method::NotificationsMessage
        | Method::NotificationsProgress
        | Method::NotificationsPromptsListChanged
        | Method::NotificationsResourcesListChanged
        | Method::NotificationsResourcesUpdated
        | Method::NotificationsRootsListChanged
        | Method::NotificationsSubscriptionsAcknowledged
        | Method::NotificationsTasks
        | Method::NotificationsTasksStatus
        | Method::NotificationsToolsListChanged
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe
        | Method::RootsList
        | Method::SamplingCreateMessage => Some(Requests::OTHER),
    }
}

#[cfg(test)]
mod asked;
#[cfg(test)]
mod tests;
