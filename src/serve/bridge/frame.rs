//! One message as the bridge needs to see it: what it is, and where its ids stand.
//!
//! The gate has judged the message, or will; here it is only told apart and routed. So this reads
//! laxly where the gate is strict, and never decides what is allowed.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::json::{Document, Kind, Splice, Value, compact};
use crate::serve::child::oneline::OneLine;

/// One JSON-RPC message over the document it was read from.
#[derive(Debug, Clone)]
pub(super) struct Frame<'d> {
    document: &'d Document<'d>,
    /// What kind of message it is.
    pub shape: Shape<'d>,
    params: Option<Value<'d>>,
    result: Option<Value<'d>>,
}

/// The three kinds of message.
#[derive(Debug, Clone)]
pub(super) enum Shape<'d> {
    /// Wants no answer.
    Notification(Cow<'d, str>),
    /// Wants an answer to this id.
    Request(Cow<'d, str>, Value<'d>),
    /// Answers this id, with a result or with an error of this code.
    Response(Value<'d>, Option<i64>),
}

/// The first revision without sessions; revisions compare as text.
const MODERN_SINCE: &str = "2026-07-28";

impl<'d> Frame<'d> {
    /// Tells what `document` is; `None` when it is no JSON-RPC message.
    pub(super) fn read(document: &'d Document<'d>) -> Option<Self> {
        let root = document.root();
        let id = root.get("id").filter(|id| matches!(id.kind(), Kind::String | Kind::Number));
        let result = root.get("result");
        let shape = match (root.get("method"), id) {
            (Some(method), Some(id)) => Shape::Request(method.string()?, id),
            (Some(method), None) => Shape::Notification(method.string()?),
            (None, Some(id)) => {
                let error = root.get("error");
                result.or(error)?;
                Shape::Response(
                    id,
                    error.map(|error| error.get("code").and_then(|code| code.integer()).unwrap_or(0)),
                )
            }
            (None, None) => return None,
        };
        Some(Self { document, shape, params: root.get("params"), result })
    }

    fn meta(&self, key: &str) -> Option<Value<'d>> {
        self.params.or(self.result)?.get("_meta")?.get(key)
    }

    /// Whether the message itself claims a revision without sessions.
    pub(super) fn is_modern(&self) -> bool {
        let claim = self.meta("io.modelcontextprotocol/protocolVersion").and_then(|claim| claim.string());
        claim.is_some_and(|version| is_modern(&version))
    }

    /// Whether a request asks for log messages on its stream.
    pub(super) fn wants_logs(&self) -> bool {
        self.meta("io.modelcontextprotocol/logLevel").is_some()
    }

    /// The token under which a request wants to hear of progress.
    pub(super) fn progress_token(&self) -> Option<Value<'d>> {
        self.meta("progressToken")
    }

    /// The token that a progress notification speaks of.
    pub(super) fn progress_of(&self) -> Option<Value<'d>> {
        self.params?.get("progressToken")
    }

    /// The id of the listening request that a message belongs to.
    pub(super) fn subscription(&self) -> Option<Value<'d>> {
        self.meta("io.modelcontextprotocol/subscriptionId")
    }

    /// The request that a notification cancels.
    pub(super) fn cancelled(&self) -> Option<Value<'d>> {
        self.params?.get("requestId")
    }

    /// The message as one line for a child, with the given spans replaced.
    ///
    /// `None` when the edits broke it, which scalars in the place of scalars never do.
    pub(super) fn line(&self, edits: Vec<(Range<usize>, String)>) -> Option<OneLine> {
        if edits.is_empty() { Some(OneLine::of(self.document)) } else { OneLine::parse(&self.edited(edits)) }
    }

    /// The message as it came, with the given spans replaced, and fit for one event.
    pub(super) fn event(&self, edits: Vec<(Range<usize>, String)>) -> Bytes {
        let edited = self.edited(edits);
        // A CR between tokens would end the line of an event.
        if memchr::memchr2(b'\r', b'\n', &edited).is_none() {
            return Bytes::from(edited);
        }
        Bytes::from(Document::parse(&edited).map(|document| compact(&document)).unwrap_or_default())
    }

    /// What a server acknowledges that it will tell a listener of.
    pub(super) fn honoured(&self) -> Option<Value<'d>> {
        self.params?.get("notifications")
    }

    fn edited(&self, edits: Vec<(Range<usize>, String)>) -> Vec<u8> {
        let mut splice = Splice::default();
        for (span, text) in edits {
            splice.replace(span, text);
        }
        splice.apply(self.document.text().as_bytes())
    }
}

/// Whether `version` names a revision without sessions.
pub(super) fn is_modern(version: &str) -> bool {
    version >= MODERN_SINCE
}

/// Whether two ids or tokens are the same: strings compare unescaped, and `"1"` is not `1`.
pub(super) fn is_same(one: &Value<'_>, raw: &str) -> bool {
    if one.raw() == raw {
        return true;
    }
    let parsed = Document::parse(raw.as_bytes());
    let other = parsed.as_ref().ok().and_then(|document| document.root().string());
    matches!((one.string(), other), (Some(one), Some(other)) if one == other)
}

/// The number under which a request went out, from a value that should be such a number.
pub(super) fn number(value: &Value<'_>) -> Option<u64> {
    value.integer().and_then(|number| u64::try_from(number).ok())
}

/// The request that a line which is no readable message most likely meant to answer.
///
/// Looks for `"id":N` as the last member, else as the first one found. The guess only ever fails
/// a request early that would otherwise wait for its deadline.
pub(in crate::serve) fn presumed_answer(line: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"id\":";
    if !line.starts_with(b"{") {
        return None;
    }
    let number_at = |at: usize| {
        let digits: &[u8] = line.get(at + KEY.len()..).unwrap_or_default().trim_ascii_start();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let number = std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
        Some((number, digits.get(end..)?.trim_ascii() == b"}"))
    };
    let last = memchr::memmem::rfind(line, KEY).and_then(number_at);
    match last {
        Some((number, true)) => Some(number),
        Some((_, false)) | None => {
            memchr::memmem::find(line, KEY).and_then(number_at).map(|(number, _)| number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_messages_apart() {
        let cases = [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request"),
            (r#"{"jsonrpc":"2.0","id":"a","method":"pi\u006eg"}"#, "request"),
            (r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "notification"),
            (r#"{"result":{},"jsonrpc":"2.0","id":1}"#, "response"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}"#, "response"),
            (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#, "nothing"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "nothing"),
            (r#"[{"id":1}]"#, "nothing"),
            ("7", "nothing"),
        ];
        for (text, wanted) in cases {
            let document = Document::parse(text.as_bytes()).unwrap();
            let found = match Frame::read(&document).map(|frame| frame.shape) {
                Some(Shape::Notification(_)) => "notification",
                Some(Shape::Request(..)) => "request",
                Some(Shape::Response(..)) => "response",
                None => "nothing",
            };
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn compares_ids_by_meaning() {
        for (one, other, same) in
            [("1", "1", true), ("\"a\"", r#""\u0061""#, true), ("\"1\"", "1", false), ("1", "2", false)]
        {
            let document = Document::parse(one.as_bytes()).unwrap();
            assert_eq!(is_same(&document.root(), other), same, "{one} {other}");
        }
    }

    #[test]
    fn guesses_which_request_a_broken_line_answers() {
        let cases: [(&[u8], Option<u64>); 7] = [
            (br#"{"result":{"id":3,"id":3},"jsonrpc":"2.0","id":17}"#, Some(17)),
            (br#"{"jsonrpc":"2.0","id": 4,"result":{"x":NaN}}"#, Some(4)),
            (br#"{"id":9,"result":{"text":"cut in the mid"#, Some(9)),
            (b"server listening on {\"id\":1}", None),
            (br#"{"id":"x"}"#, None),
            (br#"{"id":99999999999999999999}"#, None),
            (b"{", None),
        ];
        for (line, wanted) in cases {
            assert_eq!(presumed_answer(line), wanted, "{}", String::from_utf8_lossy(line));
        }
    }
}
