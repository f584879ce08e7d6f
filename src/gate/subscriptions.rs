//! `subscriptions/listen`: narrowed to what its caller may hear of.
//!
//! The server acknowledges what it was asked for, so what is taken out of the request is told to the
//! client in the words of the protocol. Source: MCP 2026-07-28, subscriptions.

use super::Handle;
use super::correlate::may_hear_of;
use super::handles::{Handles, listened_tasks};
use super::listing::take_out;
use crate::json::{Kind, Splice, Value, quote};
use crate::mcp::{Message, Method};
use crate::policy::{Policy, Standing};

/// Adds the edits that take out of a subscription the resources that its caller may not hear of, and the
/// tasks that are not its own; the names of its own tasks are opened.
pub(super) fn narrow(
    policy: &Policy,
    standing: &Standing,
    handles: &Handles<'_>,
    message: &Message<'_>,
    edits: &mut Splice,
) {
    let Message::Request { method: Method::SubscriptionsListen, params: Some(params), .. } = message else {
        return;
    };
    let Some(filter) = params.get("notifications") else { return };
    if let Some(resources) = list(filter, "resourceSubscriptions") {
        let is_allowed =
            |uri: &Value<'_>| uri.string().is_some_and(|uri| may_hear_of(policy, standing, &uri));
        take_out(resources, is_allowed, edits);
    }
    if let Some(tasks) = list(filter, "taskIds") {
        let opened =
            |task: &Value<'_>| task.string().and_then(|token| handles.open(Handle::Task, &[], &token).ok());
        take_out(tasks, |task| opened(task).is_some(), edits);
        for task in listened_tasks(*params) {
            if let Some(id) = opened(&task) {
                edits.replace(task.span(), quote(&id));
            }
        }
    }
}

fn list<'d>(filter: Value<'d>, name: &str) -> Option<Value<'d>> {
    filter.get(name).filter(|list| list.kind() == Kind::Array)
}
