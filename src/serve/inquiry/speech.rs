//! What is said to a server, and what its answers mean, whatever carries them.

use serde_json::{Value as Json, json};

use super::InquiryFault;
use crate::json::{Document, Fault, Kind, Value};
use crate::mcp::Revision;
use crate::mcp::claims::{CAPABILITIES_KEY, VERSION_KEY};
use crate::policy::visible;

/// How to go on with a server, once it has said what it speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Talk {
    /// What it speaks with us, as it writes it.
    pub revision: String,
    /// What it calls itself, and in which version.
    pub server: Option<(String, Option<String>)>,
    /// What it says for the prompt of a model.
    pub instructions: Option<String>,
    /// Whether it says that it has tools at all.
    pub has_tools: bool,
}

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub id: i64,
    pub method: &'static str,
    /// The JSON-RPC message.
    pub body: String,
    /// The revision that headers and body claim; `None` for `initialize`, which negotiates it.
    pub revision: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Error {
        code: i64,
        message: String,
    },
    /// The `result`, as JSON text.
    Result(String),
}

pub(super) const DISCOVER: &str = "server/discover";
pub(super) const INITIALIZE: &str = "initialize";
pub(super) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

const DISCOVER_ID: i64 = 1;
const INITIALIZE_ID: i64 = 2;
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// Characters of a server's words that are repeated in a fault.
const EXCERPT_CHARACTERS: usize = 200;

impl Request {
    /// The first question to a server of 2026-07-28 or later.
    pub fn discover() -> Self {
        Self::build(DISCOVER_ID, DISCOVER, json!({}), Some(Revision::V2026_07_28.as_str()))
    }

    /// The first question to a server before that.
    pub fn initialize() -> Self {
        let params = json!({
            "protocolVersion": Revision::V2025_11_25.as_str(), "capabilities": {}, "clientInfo": about(),
        });
        Self::build(INITIALIZE_ID, INITIALIZE, params, None)
    }

    /// The question for one page of tools.
    pub fn page(talk: &Talk, id: i64, cursor: Option<&str>) -> Self {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        Self::build(id, super::LIST, params, Some(&talk.revision))
    }

    fn build(id: i64, method: &'static str, mut params: Json, revision: Option<&str>) -> Self {
        if let Some(revision) = revision.filter(|revision| is_modern(revision))
            && let Some(params) = params.as_object_mut()
        {
            let meta = json!({
                VERSION_KEY: revision, CAPABILITIES_KEY: {}, "io.modelcontextprotocol/clientInfo": about(),
            });
            params.insert("_meta".into(), meta);
        }
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        Self { id, method, body, revision: revision.map(str::to_owned) }
    }
}

/// Whether a request of `revision` says all about itself.
pub(super) fn is_modern(revision: &str) -> bool {
    revision == Revision::V2026_07_28.as_str()
}

fn about() -> Json {
    json!({ "name": "sluicegate", "version": env!("CARGO_PKG_VERSION") })
}

impl Reply {
    /// Reads a message. `None` when it is no answer to `id`; an error without an id is one.
    ///
    /// # Errors
    /// [`InquiryFault::Malformed`] when it is no strict JSON.
    pub fn read(text: &[u8], request: &Request) -> Result<Option<Self>, InquiryFault> {
        let document = Document::parse(text).map_err(|fault| unreadable(request.method, &fault))?;
        let message = document.root();
        let id = message.get("id").filter(|id| id.kind() != Kind::Null);
        if id.is_some_and(|id| id.integer() != Some(request.id)) {
            return Ok(None);
        }
        if let Some(error) = message.get("error") {
            let code = error.get("code").and_then(|code| code.integer()).unwrap_or(0);
            let words = error.get("message").and_then(|message| message.string()).unwrap_or_default();
            return Ok(Some(Self::Error { code, message: excerpt(&words) }));
        }
        let result = message.get("result").filter(|_| id.is_some());
        Ok(result.map(|result| Self::Result(result.raw().to_owned())))
    }

    /// The result of `method`, which had to be answered with one.
    pub fn result(self, method: &'static str) -> Result<String, InquiryFault> {
        match self {
            Self::Result(text) => Ok(text),
            Self::Error { code, message } => Err(InquiryFault::Refused { method, code, message }),
        }
    }

    /// How to go on with a server that answered `server/discover` so; `None` when it speaks no revision
    /// of that kind, whatever it said.
    pub fn discovered(&self) -> Option<Talk> {
        let Self::Result(text) = self else { return None };
        let document = Document::parse(text.as_bytes()).ok()?;
        let root = document.root();
        let versions = root.get("supportedVersions")?;
        let mut versions = versions.elements().filter_map(|version| version.string());
        let revision = versions.find(|version| is_modern(version))?;
        Some(Talk {
            revision: revision.into_owned(),
            server: root.get("_meta").and_then(|meta| meta.get(SERVER_KEY)).and_then(identity),
            instructions: instructions(root),
            has_tools: has_tools(root),
        })
    }

    /// How to go on with a server that answered `initialize` so.
    ///
    /// # Errors
    /// That it refused, or said something else.
    pub fn initialized(self) -> Result<Talk, InquiryFault> {
        let text = self.result(INITIALIZE)?;
        let document = Document::parse(text.as_bytes()).map_err(|fault| unreadable(INITIALIZE, &fault))?;
        let root = document.root();
        let what = || "has no `protocolVersion`".to_owned();
        let revision = root.get("protocolVersion").and_then(|revision| revision.string());
        let is_header = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        Ok(Talk {
            revision: revision
                .filter(|revision| is_header(revision))
                .ok_or_else(|| InquiryFault::Malformed { method: INITIALIZE, what: what() })?
                .into_owned(),
            server: root.get("serverInfo").and_then(identity),
            instructions: instructions(root),
            has_tools: has_tools(root),
        })
    }
}

fn instructions(result: Value<'_>) -> Option<String> {
    let text = result.get("instructions")?.string()?.into_owned();
    (!text.is_empty()).then_some(text)
}

fn identity(info: Value<'_>) -> Option<(String, Option<String>)> {
    let text = |member: &str| {
        let text = info.get(member)?.string()?.into_owned();
        (!text.is_empty()).then_some(text)
    };
    Some((text("name")?, text("version")))
}

/// A server that does not say what it can, may have tools.
fn has_tools(result: Value<'_>) -> bool {
    result.get("capabilities").is_none_or(|capabilities| capabilities.get("tools").is_some())
}

/// An answer that is no strict JSON.
pub(super) fn unreadable(method: &'static str, fault: &Fault) -> InquiryFault {
    InquiryFault::Malformed {
        method,
        what: format!("is no strict JSON: {} at byte {}", fault.kind, fault.at),
    }
}

/// The beginning of a server's words, on one line, with nothing that steers a terminal.
pub(super) fn excerpt(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut words = visible(&words.join(" "));
    if let Some((at, _)) = words.char_indices().nth(EXCERPT_CHARACTERS) {
        words.truncate(at);
        words.push_str("...");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Reply> {
        Reply::read(text.as_bytes(), &Request::discover()).expect("a test is JSON")
    }

    #[test]
    fn reads_the_answer_to_its_own_question() {
        let error = |message: &str| Some(Reply::Error { code: -1, message: message.into() });
        let cases = [
            (r#"{"jsonrpc":"2.0","id":1,"result":{"a" : 1}}"#, Some(Reply::Result(r#"{"a" : 1}"#.into()))),
            (r#"{"id":2,"result":{}}"#, None),
            (r#"{"id":"1","result":{}}"#, None),
            (r#"{"result":{}}"#, None),
            (r#"{"method":"notifications/message"}"#, None),
            (r#"{"id":1,"error":{"code":-1,"message":"no\n\u001b[2J way"}}"#, error("no \\u{1b}[2J way")),
            (r#"{"id":null,"error":{"code":-1,"message":""}}"#, error("")),
            (r#"{"error":{"code":-1}}"#, error("")),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), wanted, "{text}");
        }
        assert!(Reply::read(br#"{"id":1,"id":1}"#, &Request::discover()).is_err());
    }

    #[test]
    fn knows_what_a_server_speaks() {
        let modern = r#"{"id":1,"result":{"supportedVersions":["2025-11-25","2026-07-28"],
            "capabilities":{"tools":{}},"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"a","version":"1"}}}}"#;
        let talk = read(modern).and_then(|reply| reply.discovered()).expect("it is modern");
        assert_eq!((talk.revision.as_str(), talk.has_tools), ("2026-07-28", true));
        assert_eq!(talk.server, Some(("a".into(), Some("1".into()))));
        for text in [
            r#"{"id":1,"result":{"supportedVersions":["2025-11-25"]}}"#,
            r#"{"id":1,"result":{}}"#,
            r#"{"id":1,"error":{"code":-32601,"message":"?"}}"#,
        ] {
            assert_eq!(read(text).and_then(|reply| reply.discovered()), None, "{text}");
        }
        let legacy = r#"{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"b"},"instructions":"i"}"#;
        let talk = Reply::Result(legacy.into()).initialized().expect("it is legacy");
        let wanted = Talk {
            revision: "2025-06-18".into(),
            server: Some(("b".into(), None)),
            instructions: Some("i".into()),
            has_tools: false,
        };
        assert_eq!(talk, wanted);
        for bad in ["{}", r#"{"protocolVersion":1}"#, r#"{"protocolVersion":"1\r\nX: y"}"#] {
            assert!(Reply::Result(bad.into()).initialized().is_err(), "{bad}");
        }
    }

    #[test]
    fn says_all_about_itself_where_the_revision_wants_that() {
        let talk = |revision: &str| Talk {
            revision: revision.into(),
            server: None,
            instructions: None,
            has_tools: true,
        };
        let modern = Request::page(&talk("2026-07-28"), 7, Some("c\"")).body;
        assert!(modern.contains(r#""cursor":"c\"""#) && modern.contains(VERSION_KEY), "{modern}");
        let legacy = Request::page(&talk("2025-11-25"), 7, None).body;
        assert!(!legacy.contains("_meta") && !legacy.contains("cursor"), "{legacy}");
    }

    #[test]
    fn cuts_what_a_server_says_of_itself() {
        assert_eq!(excerpt(&"x ".repeat(99)).len(), 197);
        assert_eq!(excerpt(&"x".repeat(200)).len(), 200);
        assert_eq!(excerpt(&"x".repeat(201)), format!("{}...", "x".repeat(200)));
    }
}
