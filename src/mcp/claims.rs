//! What a message says it speaks, and whether its headers say the same.
//!
//! The body decides the era, never a header alone: a header that moved a message into another era would
//! also move it past the checks of its own. Modern headers mirror the body for those who route by them,
//! so a difference is an attempt to be judged as one thing and carried out as another; it is refused.
//! Legacy servers never heard of these headers: there they are neither read nor passed on.
//!
//! Source: MCP 2026-07-28, transports, "Standard request headers"; the order of the checks is that of the
//! TypeScript SDK 2.4.

use std::borrow::Cow;

use super::call;
use super::envelope::{self, Message};
use super::method::{Method, Sender, Subject};
use super::mirror::{self, Found};
use super::revision::{Era, Revision, Revisions};
use crate::json::{Document, Kind, Value, quote};

/// The headers of a request that say something about its body; each single, white space trimmed.
#[derive(Debug, Clone, Default)]
pub struct Claims<'a> {
    /// `MCP-Protocol-Version`
    pub protocol_version: Option<&'a str>,
    /// `Mcp-Method`
    pub method: Option<&'a str>,
    /// `Mcp-Name`
    pub name: Option<&'a str>,
    /// `Mcp-Param-*`: what follows the second hyphen, and the value.
    pub params: Vec<(&'a str, &'a str)>,
    /// What the session has agreed to speak, where there is one: it stands in for an absent header.
    pub negotiated: Option<Revision>,
    /// What the server is known to speak.
    pub spoken: Revisions,
}

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech {
    /// The revision that the message names; 2025-03-26 where a legacy message names none.
    pub revision: Revision,
    /// The revision's era.
    pub era: Era,
}

/// Headers and body that do not agree, or a version that is not spoken; always the client's fault.
///
/// Answered with HTTP status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Mismatch {
    /// The JSON-RPC code: -32020, -32022, -32602 or -32600.
    pub code: i64,
    /// What is wrong, without any value of the message.
    pub text: String,
    /// JSON for the error's `data`.
    pub data: Option<String>,
}

/// The key under which a modern message names its revision.
pub const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
/// The key under which a modern request says what its client can do.
pub const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;
const INVALID_PARAMS: i64 = -32602;
const INVALID_REQUEST: i64 = -32600;

/// The longest version that is repeated in an answer.
const VERSION_BYTES_MAX: usize = 64;

/// Finds what `message`, sent by a client over HTTP, speaks, and checks its headers against it.
///
/// # Errors
/// [`Mismatch`], the client's fault.
///
/// Allocates only to refuse, and for names with escapes or in Base64.
pub fn agree(claims: &Claims<'_>, message: &Message<'_>) -> Result<Speech, Mismatch> {
    let header = claims.protocol_version;
    let speech =
        Classifier { header, negotiated: claims.negotiated, spoken: claims.spoken }.classify(message)?;
    let (Era::Modern, Some(method)) = (speech.era, message.method()) else { return Ok(speech) };
    if header.is_none() {
        return Err(mismatch("the MCP-Protocol-Version header is missing"));
    }
    let is_request = matches!(message, Message::Request { .. });
    match claims.method {
        Some(claimed) if claimed != method.as_str() => {
            return Err(mismatch("the Mcp-Method header and the body's method differ"));
        }
        None if is_request => return Err(mismatch("the Mcp-Method header is missing")),
        Some(_) | None => {}
    }
    if is_request {
        check_name(claims.name, method, message.params())?;
        check_params(&claims.params, method, message.params())?;
    }
    Ok(speech)
}

/// Finds what `message` speaks where there are no headers, as over standard input and output, in a
/// session that has agreed on `negotiated`.
///
/// # Errors
/// [`Mismatch`] when it names an unknown version or lacks what a modern request must have.
pub fn classify_body(message: &Message<'_>, negotiated: Option<Revision>) -> Result<Speech, Mismatch> {
    Classifier { header: None, negotiated, spoken: Revisions::default() }.classify(message)
}

/// Makes the headers of `message` anew, from the body that was judged.
///
/// A legacy message gets no more than its version, and `initialize` not even that: the version is what it
/// is about to settle. `Mcp-Param-*` are made by [`restate_params`].
pub fn restate(message: &Message<'_>, speech: &Speech) -> Vec<(&'static str, String)> {
    let mut headers = Vec::with_capacity(3);
    let method = message.method();
    if speech.revision.traits().has_version_header
        && !(speech.era == Era::Legacy && method == Some(Method::Initialize))
    {
        headers.push(("mcp-protocol-version", speech.revision.as_str().to_owned()));
    }
    let Some(method) = method.filter(|_| speech.era == Era::Modern) else { return headers };
    headers.push(("mcp-method", method.as_str().to_owned()));
    if let Some(name) = mirrored_name(method, message.params()) {
        headers.push(("mcp-name", mirror::encode(&name)));
    }
    headers
}

/// Makes the `Mcp-Param-*` headers of a call anew: what follows `Mcp-Param-`, and the value.
///
/// `before` is the message that agreed with `claims`, `after` what is sent in its place; the two are the
/// same unless something was hidden. A header whose argument is gone or null is left out.
pub fn restate_params<'a>(
    claims: &Claims<'a>,
    before: &Message<'_>,
    after: &Message<'_>,
) -> Vec<(&'a str, String)> {
    let (Some(before), Some(after)) = (arguments(before.params()), arguments(after.params())) else {
        return Vec::new();
    };
    let restated = claims.params.iter().filter_map(|&(name, value)| {
        let path = mirror::path(before, name, &mirror::decode(value)?)?;
        let leaf = path.iter().try_fold(after, |value, key| value.get(key))?;
        Some((name, mirror::encode(&mirror::text(leaf)?)))
    });
    restated.collect()
}

/// What is known about a message beside its body.
struct Classifier<'a> {
    header: Option<&'a str>,
    negotiated: Option<Revision>,
    spoken: Revisions,
}

impl Classifier<'_> {
    /// Rules 3 to 8 of the classification: the body first, then the header.
    fn classify(&self, message: &Message<'_>) -> Result<Speech, Mismatch> {
        let is_header_modern = self.header.is_some_and(|header| Era::of_version(header) == Era::Modern);
        match message {
            Message::Error { .. } | Message::Result { .. } if is_header_modern => Err(Mismatch {
                code: INVALID_REQUEST,
                text: "a client sends no responses from revision 2026-07-28 on".to_owned(),
                data: None,
            }),
            Message::Error { .. } | Message::Result { .. } => self.by_header(),
            Message::Request { method: Method::Initialize, params, .. } if !claims_modern(*params) => {
                if is_header_modern {
                    return Err(mismatch(
                        "initialize was sent with the MCP-Protocol-Version header of a revision without it",
                    ));
                }
                self.by_header()?;
                Ok(Speech { revision: offered(*params), era: Era::Legacy })
            }
            Message::Request { params, .. } => match claimed_version(*params)? {
                Some(version) => {
                    if Era::of_version(&version) == Era::Modern {
                        check_capabilities(*params)?;
                    }
                    self.by_claim(&version)
                }
                None if is_header_modern => Err(missing_keys(*params)),
                None => self.by_header(),
            },
            Message::Notification { params, .. } => match claimed_version(*params)? {
                Some(version) => self.by_claim(&version),
                None => self.by_header(),
            },
        }
    }

    fn by_claim(&self, version: &str) -> Result<Speech, Mismatch> {
        if self.header.is_some_and(|header| header != version) {
            return Err(mismatch("the MCP-Protocol-Version header and the body's protocol version differ"));
        }
        let revision = Revision::parse(version).ok_or_else(|| unsupported(version, self.spoken))?;
        Ok(Speech { revision, era: revision.era() })
    }

    fn by_header(&self) -> Result<Speech, Mismatch> {
        let revision = match self.header {
            Some(header) => Revision::parse(header).ok_or_else(|| unsupported(header, self.spoken))?,
            None => self.negotiated.unwrap_or(Revision::V2025_03_26),
        };
        Ok(Speech { revision, era: revision.era() })
    }
}

/// The era of a body that is no message of the protocol, by what it claims; legacy if it claims nothing.
pub fn claimed_era(body: Value<'_>) -> Era {
    let version = meta_member(body.get("params"), VERSION_KEY).and_then(|version| version.string());
    version.map_or(Era::Legacy, |version| Era::of_version(&version))
}

fn meta_member<'d>(params: Option<Value<'d>>, key: &str) -> Option<Value<'d>> {
    params?.get("_meta")?.get(key)
}

/// The version that the body claims; `None` when it claims none.
fn claimed_version<'d>(params: Option<Value<'d>>) -> Result<Option<Cow<'d, str>>, Mismatch> {
    let Some(claim) = meta_member(params, VERSION_KEY) else { return Ok(None) };
    match claim.string() {
        Some(version) => Ok(Some(version)),
        None => Err(invalid_envelope(&[VERSION_KEY], "is not a string")),
    }
}

/// Whether the body is that of a whole modern request; only such an `initialize` is none of the legacy.
fn claims_modern(params: Option<Value<'_>>) -> bool {
    let version = claimed_version(params).ok().flatten();
    let is_modern = version.is_some_and(|version| Era::of_version(&version) == Era::Modern);
    is_modern && check_capabilities(params).is_ok()
}

fn check_capabilities(params: Option<Value<'_>>) -> Result<(), Mismatch> {
    match meta_member(params, CAPABILITIES_KEY).map(|value| value.kind()) {
        Some(Kind::Object) => Ok(()),
        Some(_) => Err(invalid_envelope(&[CAPABILITIES_KEY], "is not an object")),
        None => Err(missing_keys(params)),
    }
}

/// The revision that a legacy `initialize` asks for. A server that does not know it offers its newest.
fn offered(params: Option<Value<'_>>) -> Revision {
    let version =
        params.and_then(|params| params.get("protocolVersion")).and_then(|version| version.string());
    let revision = version.and_then(|version| Revision::parse(&version));
    revision.filter(|revision| revision.era() == Era::Legacy).unwrap_or(Revision::V2025_11_25)
}

/// What `Mcp-Name` repeats, for the methods that have it.
fn mirrored_name<'d>(method: Method, params: Option<Value<'d>>) -> Option<Cow<'d, str>> {
    match method.subject() {
        Subject::Prompt | Subject::Resource | Subject::Task | Subject::Tool => {
            let is_mirrored = matches!(
                method,
                Method::PromptsGet
                    | Method::ResourcesRead
                    | Method::TasksCancel
                    | Method::TasksGet
                    | Method::TasksUpdate
                    | Method::ToolsCall
            );
            if is_mirrored { call::target(method, params).ok().flatten() } else { None }
        }
        Subject::Nothing | Subject::Reference | Subject::Skill => None,
    }
}

fn check_name(claimed: Option<&str>, method: Method, params: Option<Value<'_>>) -> Result<(), Mismatch> {
    let Some(name) = mirrored_name(method, params) else { return Ok(()) };
    let claimed = claimed.ok_or_else(|| mismatch("the Mcp-Name header is missing"))?;
    match mirror::decode(claimed) {
        Some(claimed) if claimed == name => Ok(()),
        Some(_) => Err(mismatch("the Mcp-Name header and the body differ")),
        None => Err(mismatch("the Mcp-Name header is not properly encoded")),
    }
}

fn arguments(params: Option<Value<'_>>) -> Option<Value<'_>> {
    params?.get("arguments")
}

fn check_params(claimed: &[(&str, &str)], method: Method, params: Option<Value<'_>>) -> Result<(), Mismatch> {
    if method != Method::ToolsCall || claimed.is_empty() {
        return Ok(());
    }
    let arguments = arguments(params);
    if arguments.is_some_and(|arguments| arguments.repeats()) {
        return Err(mismatch("an Mcp-Param header stands beside arguments in which a key stands twice"));
    }
    for (_, value) in claimed {
        let value =
            mirror::decode(value).ok_or_else(|| mismatch("an Mcp-Param header is not properly encoded"))?;
        match arguments.map_or(Found::Nowhere, |arguments| mirror::find(arguments, &value)) {
            Found::Equal => {}
            Found::Nowhere => return Err(mismatch("an Mcp-Param header equals no argument of the body")),
        }
    }
    Ok(())
}

fn mismatch(text: &str) -> Mismatch {
    Mismatch { code: HEADER_MISMATCH, text: text.to_owned(), data: None }
}

fn unsupported(requested: &str, spoken: Revisions) -> Mismatch {
    let supported = spoken.of(Era::of_version(requested));
    let supported: Vec<_> = supported.map(|revision| quote(revision.as_str())).collect();
    let requested = match requested.len() {
        0..=VERSION_BYTES_MAX => format!(",\"requested\":{}", quote(requested)),
        _ => String::new(),
    };
    let data = format!("{{\"supported\":[{}]{requested}}}", supported.join(","));
    Mismatch { code: UNSUPPORTED_VERSION, text: "unsupported protocol version".to_owned(), data: Some(data) }
}

fn missing_keys(params: Option<Value<'_>>) -> Mismatch {
    let keys = [VERSION_KEY, CAPABILITIES_KEY];
    let missing: Vec<_> = keys.into_iter().filter(|key| meta_member(params, key).is_none()).collect();
    invalid_envelope(&missing, "is missing")
}

fn invalid_envelope(keys: &[&str], problem: &str) -> Mismatch {
    let quoted: Vec<_> = keys.iter().map(|key| quote(key)).collect();
    Mismatch {
        code: INVALID_PARAMS,
        text: format!(
            "`params._meta` of a request from revision 2026-07-28 on: {} {problem}",
            keys.join(", ")
        ),
        data: Some(format!("{{\"keys\":[{}]}}", quoted.join(","))),
    }
}

/// Reads a body and its headers, parted by NUL, and checks that what is restated agrees again.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_claims(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == 0);
    let Ok(document) = Document::parse(parts.next().unwrap_or_default()) else { return };
    let Ok(message) = envelope::read(&document, Sender::Client) else { return };
    let mut header = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (protocol_version, method, name) = (header(), header(), header());
    let params: Vec<_> = std::iter::from_fn(&mut header).map(|value| ("x", value)).collect();
    let claims = Claims { protocol_version, method, name, params, ..Claims::default() };
    let Ok(speech) = agree(&claims, &message) else { return };
    let headers = restate(&message, &speech);
    let header = |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let params = restate_params(&claims, &message, &message);
    let restated = Claims {
        protocol_version: header("mcp-protocol-version"),
        method: header("mcp-method"),
        name: header("mcp-name"),
        params: params.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        ..Claims::default()
    };
    assert!(headers.iter().all(|(_, value)| value.bytes().all(|byte| matches!(byte, b' '..=b'~'))));
    if speech.era == Era::Modern {
        assert_eq!(agree(&restated, &message), Ok(speech), "what we say of a message is so");
    }
}
