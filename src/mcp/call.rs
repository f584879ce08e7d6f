//! What a message is about: the tool and its arguments, the prompt, the resource, the task.
//!
//! Names that the protocol gives a meaning are text without controls, invisible or direction-changing
//! characters, in one of its spellings: what a person reads in a record is what the server gets. The name
//! of a tool is of the specification's alphabet before any rule is asked about it.
//! Source: rule S13 of the strict profile; MCP 2026-07-28, server/tools, "Tool Names".

use std::borrow::Cow;

use super::characters::{self, Flaw};
use super::id::Id;
use super::method::{Method, Subject};
use crate::json::{Kind, Value};
use crate::names::ToolName;

/// One call of a tool, as spans of its document.
#[derive(Debug, Clone)]
pub struct ToolCall<'d> {
    /// Unescaped; of the alphabet of tool names.
    pub name: Cow<'d, str>,
    /// An object.
    pub arguments: Option<Value<'d>>,
    /// `_meta`: an object.
    pub meta: Option<Value<'d>>,
    /// What the progress of the call is to be reported under.
    pub progress_token: Option<Id>,
}

/// Why params do not say what they are about; always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ParamsFault {
    /// More than one name for one thing.
    #[error("`params` name their subject twice")]
    Ambiguous,
    /// A character that is not seen, or that turns the direction of text.
    #[error("`params.{0}` holds an invisible or control character")]
    Character(&'static str),
    /// A text that can be spelled in another way that looks the same.
    #[error("`params.{0}` is not in Unicode's composed form (NFC)")]
    Form(&'static str),
    /// A value of another kind than the protocol wants.
    #[error("`params.{0}` is not of the kind that the protocol wants")]
    Kind(&'static str),
    /// A value that the method must have.
    #[error("`params.{0}` is missing")]
    Missing(&'static str),
    /// The name of no tool that could be.
    #[error("`params.name` is not the name of a tool: 1 to 128 letters, digits, `_`, `.` and `-`")]
    ToolName,
}

impl ParamsFault {
    /// Its code in a JSON-RPC error.
    pub const CODE: i64 = -32602;
}

/// Reads the params of a `tools/call`.
///
/// # Errors
/// [`ParamsFault`], the client's fault. Null `arguments` are none.
///
/// Walks the members once; allocates only for a name with escapes and for the progress token.
pub fn tool(params: Option<Value<'_>>) -> Result<ToolCall<'_>, ParamsFault> {
    let params = params.ok_or(ParamsFault::Missing("name"))?;
    let (mut name, mut arguments, mut meta) = (None, None, None);
    for (key, value) in params.members() {
        match &*key.name() {
            "name" => name = Some(value),
            "arguments" => arguments = Some(value),
            "_meta" => meta = Some(value),
            _ => {}
        }
    }
    let name = tool_name(name.ok_or(ParamsFault::Missing("name"))?)?;
    let arguments = object(arguments, "arguments")?;
    let meta = object(meta, "_meta")?;
    Ok(ToolCall { name, arguments, meta, progress_token: token(meta)? })
}

/// The name of what a message with `method` acts on; `None` when the method has no subject.
///
/// A resource's is its URI, a task's its id, a reference's the name of a prompt or the URI of a template.
/// The other texts that lead to something, cursors, tokens and ids, are checked with it.
///
/// # Errors
/// [`ParamsFault`], the sender's fault.
pub fn target(method: Method, params: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, ParamsFault> {
    check_handles(params)?;
    match method.subject() {
        Subject::Nothing => Ok(None),
        Subject::Prompt => member(params, "name").map(Some),
        Subject::Tool => {
            let name = params.and_then(|params| params.get("name"));
            tool_name(name.ok_or(ParamsFault::Missing("name"))?).map(Some)
        }
        Subject::Resource => member(params, "uri").map(Some),
        Subject::Task => member(params, "taskId").map(Some),
        Subject::Skill => either(params).map(Some),
        Subject::Reference => {
            let reference = params.and_then(|params| params.get("ref")).ok_or(ParamsFault::Missing("ref"))?;
            either(Some(reference)).map(Some)
        }
    }
}

/// The resources that a `subscriptions/listen` asks to hear of.
///
/// # Errors
/// [`ParamsFault`] when one is no readable text.
pub fn subscribed(params: Option<Value<'_>>) -> Result<Vec<Cow<'_, str>>, ParamsFault> {
    const NAME: &str = "notifications.resourceSubscriptions";
    let filter = params.and_then(|params| params.get("notifications"));
    let Some(list) = filter.and_then(|filter| filter.get("resourceSubscriptions")) else {
        return Ok(Vec::new());
    };
    match list.kind() {
        Kind::Array => list.elements().map(|uri| text(uri, NAME)).collect(),
        Kind::Null => Ok(Vec::new()),
        Kind::False | Kind::Key | Kind::Number | Kind::Object | Kind::String | Kind::True => {
            Err(ParamsFault::Kind(NAME))
        }
    }
}

/// The `_meta` of params or of a result, where it is an object.
pub fn meta(carrier: Value<'_>) -> Option<Value<'_>> {
    carrier.get("_meta").filter(|meta| meta.kind() == Kind::Object)
}

/// The token under which the progress of a request is to be reported.
///
/// # Errors
/// [`ParamsFault`] when it is no string and no exact integer.
pub fn progress_token(params: Option<Value<'_>>) -> Result<Option<Id>, ParamsFault> {
    token(params.and_then(meta))
}

/// The text or integer under `key` in `meta`, a candidate for the name of the conversation.
///
/// Chosen by the client, vouched for by nobody. `None` for other kinds and for unreadable text.
pub fn conversation<'d>(meta: Value<'d>, key: &str) -> Option<Cow<'d, str>> {
    let value = meta.get(key)?;
    match value.kind() {
        Kind::String => text(value, "_meta").ok(),
        Kind::Number => Some(Cow::Borrowed(value.raw())),
        Kind::Array | Kind::False | Kind::Key | Kind::Null | Kind::Object | Kind::True => None,
    }
}

/// The trace id in `meta`'s `traceparent`: 32 lower-case hexadecimal digits, not all zero.
///
/// Source: W3C Trace Context, section 3.2.2.
pub fn trace_id(meta: Value<'_>) -> Option<Cow<'_, str>> {
    let parent = conversation(meta, "traceparent")?;
    let mut fields = parent.split('-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_good = version.len() == 2 && trace.len() == 32 && is_hex(version) && is_hex(trace);
    let is_good = is_good && version != "ff" && trace.bytes().any(|byte| byte != b'0');
    is_good.then(|| Cow::Owned(trace.to_owned()))
}

fn member<'d>(params: Option<Value<'d>>, key: &'static str) -> Result<Cow<'d, str>, ParamsFault> {
    let value = params.and_then(|params| params.get(key)).ok_or(ParamsFault::Missing(key))?;
    text(value, key)
}

/// The `name` or the `uri` of an object that has one of them.
fn either(object: Option<Value<'_>>) -> Result<Cow<'_, str>, ParamsFault> {
    let part = |key| object.and_then(|object| object.get(key));
    match (part("name"), part("uri")) {
        (Some(name), None) => text(name, "name"),
        (None, Some(uri)) => text(uri, "uri"),
        (Some(_), Some(_)) => Err(ParamsFault::Ambiguous),
        (None, None) => Err(ParamsFault::Missing("name")),
    }
}

fn token(meta: Option<Value<'_>>) -> Result<Option<Id>, ParamsFault> {
    handle(meta, "progressToken", "_meta.progressToken")
}

/// What leads to something that is neither tool nor resource: a page of a list, a request that runs.
fn check_handles(params: Option<Value<'_>>) -> Result<(), ParamsFault> {
    match params.and_then(|params| params.get("cursor")) {
        Some(cursor) if cursor.kind() != Kind::Null => drop(text(cursor, "cursor")?),
        Some(_) | None => {}
    }
    progress_token(params)?;
    handle(params, "progressToken", "progressToken")?;
    handle(params, "requestId", "requestId")?;
    Ok(())
}

/// A string or integer under `key` that names a request, here or in the words of its sender.
fn handle(carrier: Option<Value<'_>>, key: &str, place: &'static str) -> Result<Option<Id>, ParamsFault> {
    let Some(value) = carrier.and_then(|carrier| carrier.get(key)) else { return Ok(None) };
    if value.kind() == Kind::String {
        text(value, place)?;
    }
    Id::read(value).map(Some).map_err(|_| ParamsFault::Kind(place))
}

fn tool_name(value: Value<'_>) -> Result<Cow<'_, str>, ParamsFault> {
    let name = value.string().ok_or(ParamsFault::Kind("name"))?;
    if ToolName::check(&name).is_ok() { Ok(name) } else { Err(ParamsFault::ToolName) }
}

fn object<'d>(value: Option<Value<'d>>, key: &'static str) -> Result<Option<Value<'d>>, ParamsFault> {
    match value.map(|value| (value.kind(), value)) {
        None | Some((Kind::Null, _)) => Ok(None),
        Some((Kind::Object, object)) => Ok(Some(object)),
        Some((Kind::Array | Kind::False | Kind::Key | Kind::Number | Kind::String | Kind::True, _)) => {
            Err(ParamsFault::Kind(key))
        }
    }
}

fn text<'d>(value: Value<'d>, key: &'static str) -> Result<Cow<'d, str>, ParamsFault> {
    let text = value.string().ok_or(ParamsFault::Kind(key))?;
    match characters::check(&text) {
        Ok(()) => Ok(text),
        Err(Flaw::Form) => Err(ParamsFault::Form(key)),
        Err(Flaw::Unseen) => Err(ParamsFault::Character(key)),
    }
}

/// Reads arbitrary bytes as params of every method; for fuzzers, and panics never.
pub fn fuzz_call(bytes: &[u8]) {
    let Ok(document) = crate::json::Document::parse(bytes) else { return };
    let params = Some(document.root());
    for &method in Method::ALL {
        let found = target(method, params).ok().flatten();
        assert!(found.is_none_or(|name| !name.chars().any(char::is_control)));
    }
    if let Ok(call) = tool(params) {
        assert_eq!(target(Method::ToolsCall, params), Ok(Some(call.name)), "two readers, one name");
        let _ = call.meta.and_then(trace_id);
    }
    let _ = (subscribed(params), progress_token(params));
}
