//! Steps 8 and 10: what the rules and the search for data say of a request.

use std::borrow::Cow;
use std::sync::Arc;

use super::handles::{Handles, is_about_a_task};
use super::{Action, Denial, Record, Verdict};
use crate::identity::Caller;
use crate::json::{Splice, Value};
use crate::mcp::call::{self, ToolCall};
use crate::mcp::{Message, Method};
use crate::names::Mode;
use crate::policy::{Decision, Forbid, Keys, Policy, Standing, Why};
use crate::scan::{Desk, Direction, Sighting};

/// What a message is about.
pub(super) enum Topic<'d> {
    /// A call of a tool.
    Call(ToolCall<'d>),
    /// Another method, and the prompt, resource or task that it names.
    Method(Method, Option<Cow<'d, str>>),
    /// The client's answer to a request of the server.
    Reply,
    /// A method about a task, and the tool that the task carries out, if it is known.
    Task(Method, Option<Arc<str>>),
}

impl<'d> Topic<'d> {
    /// Finds the subject of a message.
    ///
    /// # Errors
    /// The client's fault: params that lack their subject, or name it ambiguously.
    pub(super) fn of(message: &Message<'d>, handles: &Handles<'_>) -> Result<Self, Denial> {
        let Some(method) = message.method() else { return Ok(Self::Reply) };
        let topic = match method {
            Method::ToolsCall => call::tool(message.params()).map(Self::Call),
            _ => call::target(method, message.params()).map(|target| Self::Method(method, target)),
        };
        let topic = topic.map_err(|fault| Denial::Mismatch {
            code: call::ParamsFault::CODE,
            text: fault.to_string().into(),
            data: None,
        })?;
        match topic {
            Self::Method(method, Some(token)) if is_about_a_task(method) => {
                Ok(Self::Task(method, handles.task(&token)?))
            }
            topic => Ok(topic),
        }
    }

    /// The name of the tool that is called.
    pub(super) fn tool_name(&self) -> Option<&str> {
        match self {
            Self::Call(call) => Some(&call.name),
            Self::Method(..) | Self::Reply | Self::Task(..) => None,
        }
    }

    /// The name of what it is about; of a task the tool, since its id is a secret.
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Call(call) => Some(&call.name),
            Self::Method(_, target) => target.as_deref(),
            Self::Task(_, tool) => tool.as_deref(),
            Self::Reply => None,
        }
    }
}

/// Lets the rules speak: step 8.
pub(super) fn allow(
    policy: &Policy,
    caller: &Caller,
    standing: &Standing,
    topic: &Topic<'_>,
    record: &mut Record,
) -> Result<(), Denial> {
    if let Topic::Call(call) = topic {
        tell_apart(policy, call, record)?;
    }
    let Some(decision) = decide(policy, standing, topic) else { return Ok(()) };
    match decision {
        Decision::Allow { by, shadow } => {
            record.rule = Some(by.clone());
            match (shadow, topic) {
                (Some(rule), _) => record.would_deny(super::Reason::ToolNotAllowed, rule),
                (None, Topic::Call(call)) => note_misfit(policy, standing, call, record),
                (None, Topic::Method(..) | Topic::Reply | Topic::Task(..)) => {}
            }
            Ok(())
        }
        Decision::Forbid(forbid) => {
            record.rule = forbid.rule.cloned();
            record.is_unjudged = forbid.why == Why::Unjudged;
            enforce(policy, record, forbidden(caller, forbid))
        }
    }
}

/// Notes an allowed call that its tool cannot take, where the policy only looks at that.
fn note_misfit(policy: &Policy, standing: &Standing, call: &ToolCall<'_>, record: &mut Record) {
    if let Some((rule, doubt)) = policy.shadowed_misfit(standing, &call.name, call.arguments) {
        record.would_deny(super::Reason::Schema, rule);
        record.detail = Some(doubt.to_string().into());
    }
}

/// What the rules say of a message; `None` for an answer to the server, of which no rule speaks: its content is
/// searched like any other.
pub(super) fn decide<'p>(policy: &'p Policy, standing: &Standing, topic: &Topic<'_>) -> Option<Decision<'p>> {
    Some(match topic {
        Topic::Call(call) => policy.judge_call(standing, &call.name, call.arguments),
        // What it asks to hear of is judged one by one, and taken out where it may not be heard.
        Topic::Method(Method::SubscriptionsListen, _) => policy.judge_subscription(standing),
        Topic::Method(method, target) => policy.judge_method(standing, *method, target.as_deref()),
        // Who may call a tool may follow and end the task that came of it.
        Topic::Task(method, Some(tool)) => policy.judge_task(standing, *method, tool),
        Topic::Task(method, None) => policy.judge_method(standing, *method, None),
        Topic::Reply => return None,
    })
}

/// Refuses arguments whose keys a lenient server may take for others. Acts in shadow mode too: what two
/// readers take for two calls cannot be judged as one.
fn tell_apart(policy: &Policy, call: &ToolCall<'_>, record: &mut Record) -> Result<(), Denial> {
    match policy.keys(&call.name, call.arguments) {
        Keys::Clear => Ok(()),
        Keys::Colliding => {
            record.has_colliding_keys = true;
            Ok(())
        }
        Keys::Doubtful(doubt) => Err(Denial::Mismatch {
            code: call::ParamsFault::CODE,
            text: doubt.to_string().into(),
            data: None,
        }),
    }
}

fn forbidden(caller: &Caller, forbid: Forbid<'_>) -> Denial {
    let message = forbid.message.map(Into::into);
    match forbid.why {
        Why::Argument { path } => Denial::Argument { path: path.into(), message },
        // Only a token can be had with more scopes; to others this is a plain no.
        Why::Scope { missing } if caller.issuer().is_some() => {
            Denial::Scope { missing: missing.into_iter().map(Into::into).collect() }
        }
        Why::Schema(doubt) => Denial::Schema(*doubt),
        Why::Unjudged => Denial::Internal("a rule could not be evaluated".into()),
        Why::Denied | Why::NotAllowed | Why::Scope { .. } | Why::Tenant | Why::UnknownTool => {
            Denial::Forbidden { message }
        }
    }
}

/// Refuses, or in shadow mode notes that it would have.
pub(super) fn enforce(policy: &Policy, record: &mut Record, denial: Denial) -> Result<(), Denial> {
    match policy.mode {
        Mode::Enforce => Err(denial),
        Mode::Shadow => {
            record.verdict = Verdict::Deny;
            record.action = Action::ShadowDeny;
            record.reason = denial.reason();
            Ok(())
        }
    }
}

/// Searches what the client sends: step 10. Returns the edits that hide what may not pass.
pub(super) fn search(
    policy: &Policy,
    message: &Message<'_>,
    desk: &Desk<'_>,
    record: &mut Record,
) -> Result<Splice, Denial> {
    let Some(carrier) = carrier(message).filter(|_| !policy.redaction.is_empty(Direction::Arguments)) else {
        return Ok(Splice::default());
    };
    let Sighting { splice, findings, blocked } =
        policy.redaction.scan_at(desk, Direction::Arguments, carrier);
    let stopped = blocked.and_then(|index| findings.get(index)).map(|finding| Denial::Content {
        kind: finding.detector.as_str(),
        path: finding.path.clone(),
        is_secret: finding.detector.is_secret(),
    });
    if findings.iter().any(|finding| matches!(&*finding.path, "$.uri" | "$.name")) {
        // What may not be written to the server may not be written down either.
        record.target = None;
    }
    record.note_findings(Direction::Arguments, findings);
    if let Some(denial) = stopped {
        return Err(denial);
    }
    if !splice.is_empty() {
        record.action = Action::Redact;
    }
    Ok(splice)
}

/// The part of a message that its sender fills.
pub(super) fn carrier<'d>(message: &Message<'d>) -> Option<Value<'d>> {
    match message {
        Message::Request { params, .. } | Message::Notification { params, .. } => *params,
        Message::Result { result, .. } => Some(*result),
        Message::Error { error, .. } => Some(*error),
    }
}

#[cfg(test)]
mod tests;
