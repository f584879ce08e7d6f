//! One message of JSON-RPC, as MCP allows it.
//!
//! Reads each key of the envelope once, and finds *one* meaning or a fault: exactly the known keys, one
//! of `method`, `result` and `error`, a method of the table, an id that every reader keeps. Arguments and
//! results stay what they are, spans of the document.
//!
//! Source: JSON-RPC 2.0; MCP schemas; rules S5, S7, S8, S9 and S10 of the strict profile.

use std::fmt;

use super::id::{Id, IdFault};
use super::keys;
use super::method::{Method, Sender, Shape};
use super::near::{self, Near};
use super::repeats;
use crate::bounds::{BATCH_MESSAGES_MAX, METHOD_BYTES_MAX};
use crate::json::{self, Document, Key, Kind, Value};

/// What one side says to the other.
#[derive(Debug, Clone)]
pub enum Message<'d> {
    /// The answer to a request that failed.
    Error {
        /// The request's; `None` when the sender could not read it.
        id: Option<Id>,
        /// An object with `code`, `message` and perhaps `data`.
        error: Value<'d>,
    },
    /// What is not answered.
    Notification {
        /// What happened.
        method: Method,
        /// An object.
        params: Option<Value<'d>>,
    },
    /// What is answered.
    Request {
        /// To be repeated in the answer.
        id: Id,
        /// What is asked for.
        method: Method,
        /// An object.
        params: Option<Value<'d>>,
    },
    /// The answer to a request that succeeded.
    Result {
        /// The request's.
        id: Id,
        /// An object, to those who keep to the protocol.
        result: Value<'d>,
    },
}

/// Why a document is no message; always its sender's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeFault {
    /// What is wrong.
    pub kind: EnvelopeFaultKind,
    /// The id to answer to: of a request, and only when no other reader may see another.
    pub id: Option<Id>,
    /// Offset in the text of what is wrong.
    pub at: usize,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFaultKind {
    /// An array of messages, which no revision but 2025-03-26 knows.
    #[error("batches are not accepted here; send one message at a time")]
    Batch,
    /// A batch with a message that may not stand in one.
    #[error("a batch holds messages of 2025-03-26 other than `initialize`, and nothing else")]
    BatchElement,
    /// A batch of no message, or of too many.
    #[error("a batch holds 1 to {BATCH_MESSAGES_MAX} messages")]
    BatchSize,
    /// An `error` that is no object.
    #[error("`error` is not an object")]
    Error,
    /// An id that readers may take for another.
    #[error("{0}")]
    Id(IdFault),
    /// Not the strict JSON that all readers read alike.
    #[error("{0}")]
    Json(json::FaultKind),
    /// A `method` that is no string of `[a-zA-Z0-9_$./-]`.
    #[error("`method` is not a string of 1 to {METHOD_BYTES_MAX} letters, digits and `_$./-`")]
    Method,
    /// A request without an id, or a response without one.
    #[error("a request or its answer lacks `id`")]
    MissingId,
    /// More than one of `method`, `result` and `error`.
    #[error("more than one of `method`, `result` and `error`")]
    Mixed,
    /// A key that is nearly one of the protocol's.
    #[error("a key is nearly, but not exactly, `{0}`")]
    NearMissKey(&'static str),
    /// A value that is no object.
    #[error("a message is a JSON object")]
    NotObject,
    /// None of `method`, `result` and `error`.
    #[error("none of `method`, `result` and `error`")]
    Nothing,
    /// `params` that are no object, or beside a result or an error.
    #[error("`params` is not the object of a method")]
    Params,
    /// A notification with an id.
    #[error("a notification has no `id`")]
    StrayId,
    /// A key that no message has.
    #[error("a key that no message has; only jsonrpc, id, method, params, result and error are known")]
    UnknownKey,
    /// A method that is not in the table.
    #[error("unknown method")]
    UnknownMethod,
    /// `jsonrpc` that is not `"2.0"`, or none.
    #[error("`jsonrpc` is not \"2.0\"")]
    Version,
    /// A method that only the other side sends.
    #[error("this method goes the other way")]
    WrongSender,
}

impl EnvelopeFaultKind {
    /// Its code in a JSON-RPC error.
    pub fn code(self) -> i64 {
        match self {
            Self::Json(fault) => json_code(fault),
            Self::UnknownMethod | Self::WrongSender => -32601,
            Self::Batch
            | Self::BatchElement
            | Self::BatchSize
            | Self::Error
            | Self::Id(_)
            | Self::Method
            | Self::MissingId
            | Self::Mixed
            | Self::NearMissKey(_)
            | Self::NotObject
            | Self::Nothing
            | Self::Params
            | Self::StrayId
            | Self::UnknownKey
            | Self::Version => -32600,
        }
    }
}

/// A text outside the grammar is a parse error; one that is only too much or ambiguous is invalid.
fn json_code(fault: json::FaultKind) -> i64 {
    use json::FaultKind as F;
    match fault {
        F::DuplicateKey | F::NumberRange | F::TooDeep | F::TooManyKeys | F::TooManyTokens => -32600,
        F::ByteOrderMark
        | F::ControlCharacter
        | F::Empty
        | F::Escape
        | F::LoneSurrogate
        | F::NotUtf8
        | F::Number
        | F::Syntax
        | F::TrailingBytes
        | F::Truncated => -32700,
    }
}

impl From<json::Fault> for EnvelopeFault {
    fn from(fault: json::Fault) -> Self {
        Self { kind: EnvelopeFaultKind::Json(fault.kind), id: None, at: fault.at }
    }
}

impl fmt::Display for EnvelopeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Alone of all faults it names no key, so it could be anywhere.
        if let EnvelopeFaultKind::Json(kind) = self.kind {
            return json::Fault { at: self.at, kind }.fmt(f);
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for EnvelopeFault {}

impl<'d> Message<'d> {
    /// The id of a request, or of the request that is answered.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Self::Error { id, .. } => id.as_ref(),
            Self::Notification { .. } => None,
            Self::Request { id, .. } | Self::Result { id, .. } => Some(id),
        }
    }

    /// The method of a request or notification.
    pub fn method(&self) -> Option<Method> {
        match self {
            Self::Notification { method, .. } | Self::Request { method, .. } => Some(*method),
            Self::Error { .. } | Self::Result { .. } => None,
        }
    }

    /// The params of a request or notification.
    pub fn params(&self) -> Option<Value<'d>> {
        match self {
            Self::Notification { params, .. } | Self::Request { params, .. } => *params,
            Self::Error { .. } | Self::Result { .. } => None,
        }
    }
}

/// The members of an envelope, each at most once.
#[derive(Default)]
struct Parts<'d> {
    version: Option<Value<'d>>,
    id: Option<Value<'d>>,
    method: Option<Value<'d>>,
    params: Option<Value<'d>>,
    result: Option<Value<'d>>,
    error: Option<Value<'d>>,
    /// The first key that is none of these.
    stranger: Option<Key<'d>>,
    /// Whether some reader may see another id.
    is_id_in_doubt: bool,
}

/// A fault and where it is; the id comes later.
struct Flaw {
    kind: EnvelopeFaultKind,
    at: usize,
}

/// Reads `document` as one message that `from` sends.
///
/// # Errors
/// [`EnvelopeFault`], the sender's fault. The envelope is checked before its parts: what cannot be told
/// to be a request is not called an unknown method.
///
/// Walks the keys of the envelope, of params, result or error, and of their `_meta`; allocates the id.
pub fn read<'d>(document: &'d Document<'_>, from: Sender) -> Result<Message<'d>, EnvelopeFault> {
    let root = document.root();
    if let Some(key) = repeats::in_protocol(root) {
        return Err(json::Fault { at: key.span().start, kind: json::FaultKind::DuplicateKey }.into());
    }
    let parts = Parts::of(root);
    parts.message(root, from).map_err(|flaw| EnvelopeFault {
        kind: flaw.kind,
        at: flaw.at,
        id: parts.id_to_answer(),
    })
}

impl<'d> Parts<'d> {
    fn of(root: Value<'d>) -> Self {
        let mut parts = Self::default();
        for (key, value) in root.members() {
            let part = match &*key.name() {
                "jsonrpc" => &mut parts.version,
                "id" => &mut parts.id,
                "method" => &mut parts.method,
                "params" => &mut parts.params,
                "result" => &mut parts.result,
                "error" => &mut parts.error,
                name => {
                    parts.is_id_in_doubt |= near::near_miss(name, keys::ENVELOPE) == Some("id");
                    parts.stranger.get_or_insert(key);
                    continue;
                }
            };
            *part = Some(value);
        }
        parts
    }

    fn id_to_answer(&self) -> Option<Id> {
        let is_request = self.method.is_some() && self.result.is_none() && self.error.is_none();
        let id = self.id.filter(|_| is_request && !self.is_id_in_doubt)?;
        Id::read(id).ok()
    }

    fn message(&self, root: Value<'d>, from: Sender) -> Result<Message<'d>, Flaw> {
        match root.kind() {
            Kind::Object => {}
            Kind::Array => return Err(flaw(EnvelopeFaultKind::Batch, root)),
            Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => {
                return Err(flaw(EnvelopeFaultKind::NotObject, root));
            }
        }
        if let Some(key) = self.stranger {
            let near = near::near_miss(&key.name(), keys::ENVELOPE);
            let kind = near.map_or(EnvelopeFaultKind::UnknownKey, EnvelopeFaultKind::NearMissKey);
            return Err(Flaw { kind, at: key.span().start });
        }
        match self.version {
            Some(version) if version.string().is_some_and(|version| version == "2.0") => {}
            other => return Err(flaw(EnvelopeFaultKind::Version, other.unwrap_or(root))),
        }
        match (self.method, self.result, self.error) {
            (Some(method), None, None) => self.call(root, method, from),
            (None, Some(result), None) => self.result(root, result),
            (None, None, Some(error)) => self.error(error),
            (None, None, None) => Err(flaw(EnvelopeFaultKind::Nothing, root)),
            (_, _, _) => Err(flaw(EnvelopeFaultKind::Mixed, root)),
        }
    }

    fn call(&self, root: Value<'d>, method: Value<'d>, from: Sender) -> Result<Message<'d>, Flaw> {
        let id = self.id.map(read_id).transpose()?;
        let params = match self.params {
            Some(params) if params.kind() != Kind::Object => {
                return Err(flaw(EnvelopeFaultKind::Params, params));
            }
            params => params,
        };
        let method = read_method(method, from)?;
        if let Some(near) = params.and_then(|params| near::in_params(method, params)) {
            return Err(near_flaw(near));
        }
        match (method.shape(), id) {
            (Shape::Request, Some(id)) => Ok(Message::Request { id, method, params }),
            (Shape::Notification, None) => Ok(Message::Notification { method, params }),
            (Shape::Request, None) => Err(flaw(EnvelopeFaultKind::MissingId, root)),
            (Shape::Notification, Some(_)) => Err(flaw(EnvelopeFaultKind::StrayId, self.id.unwrap_or(root))),
        }
    }

    fn result(&self, root: Value<'d>, result: Value<'d>) -> Result<Message<'d>, Flaw> {
        self.refuse_params()?;
        let id = read_id(self.id.ok_or(flaw(EnvelopeFaultKind::MissingId, root))?)?;
        match near::in_result(result) {
            Some(near) => Err(near_flaw(near)),
            None => Ok(Message::Result { id, result }),
        }
    }

    fn error(&self, error: Value<'d>) -> Result<Message<'d>, Flaw> {
        self.refuse_params()?;
        if error.kind() != Kind::Object {
            return Err(flaw(EnvelopeFaultKind::Error, error));
        }
        // Null says, as absence does, that the request's id could not be read.
        let id = self.id.filter(|id| id.kind() != Kind::Null).map(read_id).transpose()?;
        match near::in_error(error) {
            Some(near) => Err(near_flaw(near)),
            None => Ok(Message::Error { id, error }),
        }
    }

    fn refuse_params(&self) -> Result<(), Flaw> {
        self.params.map_or(Ok(()), |params| Err(flaw(EnvelopeFaultKind::Params, params)))
    }
}

fn flaw(kind: EnvelopeFaultKind, value: Value<'_>) -> Flaw {
    Flaw { kind, at: value.span().start }
}

fn near_flaw(near: Near<'_>) -> Flaw {
    Flaw { kind: EnvelopeFaultKind::NearMissKey(near.known), at: near.key.span().start }
}

fn read_id(value: Value<'_>) -> Result<Id, Flaw> {
    Id::read(value).map_err(|fault| flaw(EnvelopeFaultKind::Id(fault), value))
}

fn read_method(value: Value<'_>, from: Sender) -> Result<Method, Flaw> {
    let name = value.string().ok_or(flaw(EnvelopeFaultKind::Method, value))?;
    let Some(method) = Method::parse(&name) else {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_$./-".contains(&byte);
        let is_method = (1..=METHOD_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_name);
        let kind = if is_method { EnvelopeFaultKind::UnknownMethod } else { EnvelopeFaultKind::Method };
        return Err(flaw(kind, value));
    };
    if method.is_sent_by(from) { Ok(method) } else { Err(flaw(EnvelopeFaultKind::WrongSender, value)) }
}

/// Reads arbitrary bytes as a message, and checks what must hold of one that is accepted.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_envelope(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    match read(&document, Sender::Both) {
        Ok(message) => {
            let other: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
            let method = other.get("method").and_then(|method| method.as_str());
            assert_eq!(message.method().map(Method::as_str), method, "another reader sees the same method");
        }
        Err(fault) => assert!(!fault.to_string().contains('\n') && fault.at <= bytes.len()),
    }
}
