//! Where handles stand in messages, and the edits that seal and open them.
//!
//! Only what the *server* made is sealed. In 2025-11-25 a client makes tasks too, when it is asked to
//! sample or to elicit: their ids are the client's own and pass as they are.

use std::sync::Arc;
use std::time::Duration;

use super::calls::{self, Calls};
use super::seal::{Bond, Sealer, is_sealed};
use super::{Denial, Handle};
use crate::bounds::TASK_LIFE_MAX;
use crate::identity::Caller;
use crate::json::{Kind, Splice, Value, quote};
use crate::mcp::{Message, Method};
use crate::names::{Mode, Now};

/// The sealer, with what the handles of one message are bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handles<'a> {
    /// `None` where the policy does not want handles to be sealed.
    pub sealer: Option<&'a Sealer>,
    pub calls: &'a Calls,
    pub caller: &'a Caller,
    pub server: &'a str,
    /// In shadow lists keep the cursors that the server made, for no byte of a list is changed.
    pub mode: Mode,
    pub now: Now,
}

/// The key of `_meta` that ties a message to a task; 2025-11-25 only.
const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";

impl<'a> Handles<'a> {
    fn bond<'b>(&self, handle: Handle, scope: &'b [&'b str]) -> Bond<'b>
    where
        'a: 'b,
    {
        Bond { handle, caller: self.caller, server: self.server, scope }
    }

    /// The token for a handle of the server; the handle itself where nothing is sealed.
    pub fn seal(&self, handle: Handle, scope: &[&str], text: &str) -> String {
        let Some(sealer) = self.sealer else { return text.to_owned() };
        sealer.seal(&self.bond(handle, scope), text)
    }

    /// The server's handle for what a client brings.
    ///
    /// # Errors
    /// [`Denial::Handle`]: it is another caller's, of another purpose, expired or made up.
    pub fn open(&self, handle: Handle, scope: &[&str], token: &str) -> Result<String, Denial> {
        let Some(sealer) = self.sealer else { return Ok(token.to_owned()) };
        sealer.open(&self.bond(handle, scope), token, self.now).ok_or(Denial::Handle(handle))
    }

    /// The key of a session or task in the table.
    pub fn key(&self, handle: Handle, text: &str) -> calls::Key {
        self.calls.key(&calls::bond(handle, self.caller, self.server), text)
    }

    /// Opens the task id of a request, and finds the tool that it carries out, if it is remembered.
    ///
    /// # Errors
    /// [`Denial::Handle`]: no task of this caller.
    pub fn task(&self, token: &str) -> Result<Option<Arc<str>>, Denial> {
        let task = self.open(Handle::Task, &[], token)?;
        Ok(self.calls.tool_of(self.key(Handle::Task, &task), self.now))
    }

    /// The version that a task of a request was called by, where its result is to be translated.
    ///
    /// # Errors
    /// [`Denial::Handle`]: no task of this caller.
    pub fn version(&self, token: &str) -> Result<Option<Arc<str>>, Denial> {
        let task = self.open(Handle::Task, &[], token)?;
        Ok(self.calls.version_of(self.key(Handle::Task, &task), self.now))
    }

    /// The edits that open every handle in what a client says; `subject` is what its method is about.
    ///
    /// # Errors
    /// [`Denial::Handle`] names the first that does not open.
    pub fn opened(&self, message: &Message<'_>, subject: Option<&str>) -> Result<Splice, Denial> {
        let mut edits = Splice::default();
        if self.sealer.is_none() {
            return Ok(edits);
        }
        match message {
            Message::Request { method, params: Some(params), .. } => {
                self.open_request(*method, *params, subject.unwrap_or_default(), &mut edits)?;
            }
            // A client speaks of the server's task with the name that it was given; of its own with its own.
            Message::Result { result, .. } => {
                let task = related_task(*result).filter(|task| is_text(*task, is_sealed));
                self.open_value(Handle::Task, &[], task, &mut edits)?;
            }
            Message::Notification { params: Some(params), .. } => {
                let task = related_task(*params).filter(|task| is_text(*task, is_sealed));
                self.open_value(Handle::Task, &[], task, &mut edits)?;
            }
            Message::Error { .. }
            | Message::Notification { params: None, .. }
            | Message::Request { params: None, .. } => {}
        }
        Ok(edits)
    }

    fn open_request(
        &self,
        method: Method,
        params: Value<'_>,
        subject: &str,
        edits: &mut Splice,
    ) -> Result<(), Denial> {
        self.open_value(Handle::Task, &[], related_task(params), edits)?;
        if is_list(method) {
            let is_brought = |cursor: &Value<'_>| self.mode == Mode::Enforce || is_text(*cursor, is_sealed);
            let cursor = params.get("cursor").filter(is_brought);
            self.open_value(Handle::Cursor, &[method.as_str()], cursor, edits)?;
        } else if is_about_a_task(method) {
            self.open_value(Handle::Task, &[], params.get("taskId"), edits)?;
        } else if has_rounds(method) {
            let scope = [method.as_str(), subject];
            self.open_value(Handle::RequestState, &scope, params.get("requestState"), edits)?;
        }
        Ok(())
    }

    fn open_value(
        &self,
        handle: Handle,
        scope: &[&str],
        token: Option<Value<'_>>,
        edits: &mut Splice,
    ) -> Result<(), Denial> {
        let Some(token) = token.filter(|token| token.kind() != Kind::Null) else { return Ok(()) };
        let text = token.string().ok_or(Denial::Handle(handle))?;
        edits.replace(token.span(), quote(&self.open(handle, scope, &text)?));
        Ok(())
    }

    /// The edits that seal every handle in what the server says.
    ///
    /// `method` is what the message answers, or what it is; `subject` what that is about, and of a call also the version
    /// that its result is translated for.
    pub fn sealed(
        &self,
        message: &Message<'_>,
        method: Option<Method>,
        (subject, version): (&str, Option<&str>),
    ) -> Splice {
        let mut edits = Splice::default();
        match (message, method) {
            (Message::Result { result, .. }, Some(method)) => {
                self.seal_value(Handle::Task, &[], related_task(*result), &mut edits);
                if is_list(method) && self.mode == Mode::Enforce {
                    let cursor = result.get("nextCursor");
                    self.seal_value(Handle::Cursor, &[method.as_str()], cursor, &mut edits);
                }
                if has_rounds(method) && result_type(*result).is_some_and(|kind| kind == "input_required") {
                    let scope = [method.as_str(), subject];
                    self.seal_value(Handle::RequestState, &scope, result.get("requestState"), &mut edits);
                }
                for task in tasks(*result, method) {
                    self.seal_value(Handle::Task, &[], task.get("taskId"), &mut edits);
                    // The answer to a call on another stream does not say which tool: rules for tasks judge it.
                    if method == Method::ToolsCall && !subject.is_empty() {
                        self.remember(task, (subject, version));
                    }
                }
            }
            (Message::Notification { method, params: Some(params) }, _) => {
                self.seal_value(Handle::Task, &[], related_task(*params), &mut edits);
                if matches!(method, Method::NotificationsTasks | Method::NotificationsTasksStatus) {
                    self.seal_value(Handle::Task, &[], params.get("taskId"), &mut edits);
                }
                if *method == Method::NotificationsSubscriptionsAcknowledged {
                    for task in listened_tasks(*params) {
                        self.seal_value(Handle::Task, &[], Some(task), &mut edits);
                    }
                }
            }
            (Message::Request { params: Some(params), .. }, _) => {
                self.seal_value(Handle::Task, &[], related_task(*params), &mut edits);
            }
            (
                Message::Error { .. }
                | Message::Notification { .. }
                | Message::Request { .. }
                | Message::Result { .. },
                _,
            ) => {}
        }
        edits
    }

    fn seal_value(&self, handle: Handle, scope: &[&str], value: Option<Value<'_>>, edits: &mut Splice) {
        if self.sealer.is_none() {
            return;
        }
        if let Some((value, text)) = value.and_then(|value| Some((value, value.string()?))) {
            edits.replace(value.span(), quote(&self.seal(handle, scope, &text)));
        }
    }

    /// Remembers the tool of a task that has begun, for as long as the server keeps the task.
    fn remember(&self, task: Value<'_>, called: (&str, Option<&str>)) {
        let Some(id) = task.get("taskId").and_then(|id| id.string()) else { return };
        let ttl = task.get("ttlMs").or_else(|| task.get("ttl")).and_then(|ttl| ttl.integer());
        let life = ttl.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        let life = life.unwrap_or(TASK_LIFE_MAX).min(TASK_LIFE_MAX);
        self.calls.task_began(self.key(Handle::Task, &id), called, self.now.steady + life);
    }
}

/// The task ids that a `subscriptions/listen` asks to hear of, or that its acknowledgement grants.
pub(super) fn listened_tasks(params: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let filter = params.get("notifications");
    filter.and_then(|filter| filter.get("taskIds")).into_iter().flat_map(|tasks| tasks.elements())
}

/// What kind of result it is; `None` in the legacy era.
pub(super) fn result_type(result: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    result.get("resultType").and_then(|kind| kind.string())
}

/// The tasks that a result tells of.
fn tasks(result: Value<'_>, method: Method) -> Vec<Value<'_>> {
    if method == Method::TasksList {
        return result.get("tasks").into_iter().flat_map(|tasks| tasks.elements()).collect();
    }
    let is_task = is_about_a_task(method) || result_type(result).is_some_and(|kind| kind == "task");
    let whole = is_task.then_some(result);
    let part = result.get("task").filter(|task| task.get("taskId").is_some());
    whole.into_iter().chain(part).collect()
}

fn related_task(carrier: Value<'_>) -> Option<Value<'_>> {
    carrier.get("_meta")?.get(RELATED_TASK)?.get("taskId")
}

fn is_text(value: Value<'_>, is_so: impl Fn(&str) -> bool) -> bool {
    value.string().is_some_and(|text| is_so(&text))
}

fn is_list(method: Method) -> bool {
    matches!(
        method,
        Method::PromptsList
            | Method::ResourcesDirectoryRead
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
            | Method::SkillsList
            | Method::TasksList
            | Method::ToolsList
    )
}

/// Whether a method of the client acts on a task of the server.
pub(super) fn is_about_a_task(method: Method) -> bool {
    matches!(method, Method::TasksCancel | Method::TasksGet | Method::TasksResult | Method::TasksUpdate)
}

/// Whether a request may take several rounds. Source: MCP 2026-07-28, multi-round-trip requests.
pub(super) fn has_rounds(method: Method) -> bool {
    matches!(method, Method::PromptsGet | Method::ResourcesRead | Method::ToolsCall)
}
