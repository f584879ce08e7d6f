//! Reading what is to be explained: a file, or the words of the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Options;
use crate::bounds::BODY_BYTES_MAX;
use crate::identity::{Supposed, SupposedProof};
use crate::json::{Document, Kind, Value};
use crate::mcp::{Method, Sender};
use crate::policy::{Said, parse_time};
use crate::trial::body_of;

/// What is to be explained.
#[derive(Debug)]
pub(super) struct Request {
    /// Who calls; `None` for an anonymous caller.
    pub caller: Option<Supposed>,
    /// When, in milliseconds since 1970.
    pub unix_ms: Option<u64>,
    /// What stands beside the headers of the protocol.
    pub headers: HeaderMap,
    /// The JSON-RPC message.
    pub body: Bytes,
}

/// Makes a request of the command line.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn of(options: &Options) -> Result<Request, String> {
    if let Some(file) = &options.subject.request {
        return read(file).and_then(|text| parse(&text).map_err(|why| format!("{}: {why}", file.display())));
    }
    let said = match (&options.subject.tool, &options.subject.method) {
        (Some(tool), _) => {
            let arguments = options.args.as_deref().map(arguments).transpose()?;
            Said::Call { tool: tool.as_str().into(), arguments }
        }
        (None, Some(name)) => {
            let method = Method::parse(name).filter(|method| method.is_sent_by(Sender::Client));
            let method = method.ok_or_else(|| format!("clients send no method `{name}`"))?;
            if method == Method::ToolsCall {
                return Err("write --tool NAME for a call of a tool".to_owned());
            }
            Said::Method { method, target: options.target.as_deref().map(Into::into) }
        }
        (None, None) => return Err("write what is to be explained".to_owned()),
    };
    Ok(Request { caller: None, unix_ms: None, headers: HeaderMap::new(), body: body_of(&said) })
}

fn arguments(json: &str) -> Result<Box<str>, String> {
    let document = Document::parse(json.as_bytes()).map_err(|fault| format!("--args is no JSON: {fault}"))?;
    match document.root().kind() {
        Kind::Object => Ok(json.trim().into()),
        _ => Err("--args is no JSON object".to_owned()),
    }
}

/// Reads a file, or standard input where it is called `-`.
fn read(path: &Path) -> Result<String, String> {
    let limit = BODY_BYTES_MAX as u64 + 1;
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    let bytes = read.map_err(|cause| format!("cannot read {}: {cause}", path.display()))?;
    if bytes > BODY_BYTES_MAX {
        return Err(format!("{} is larger than {BODY_BYTES_MAX} bytes", path.display()));
    }
    Ok(text)
}

/// Reads `{ "as": {...}, "at": "...", "headers": {...}, "message": {...} }`.
fn parse(text: &str) -> Result<Request, String> {
    let document = Document::parse(text.as_bytes()).map_err(|fault| format!("no JSON: {fault}"))?;
    let root = document.root();
    check_keys(root, "a request", &["as", "at", "headers", "message"])?;
    let message = root.get("message").ok_or("a request needs a `message`, with a JSON-RPC message")?;
    let unix_ms = match root.get("at") {
        Some(at) => Some(time(at)?),
        None => None,
    };
    let caller = match root.get("as").filter(|caller| caller.kind() != Kind::Null) {
        Some(caller) => Some(supposed(caller)?),
        None => None,
    };
    let headers = root.get("headers").map(headers).transpose()?.unwrap_or_default();
    Ok(Request { caller, unix_ms, headers, body: Bytes::copy_from_slice(message.raw().as_bytes()) })
}

fn headers(fields: Value<'_>) -> Result<HeaderMap, String> {
    if fields.kind() != Kind::Object {
        return Err("`headers` is no JSON object".to_owned());
    }
    let pairs = fields.members().map(|(name, value)| {
        let name = name.name();
        let value = value.string().and_then(|text| HeaderValue::from_str(&text).ok());
        let field = HeaderName::try_from(&*name).ok().zip(value);
        field.ok_or(format!("`headers.{name}` is no header"))
    });
    pairs.collect()
}

fn time(at: Value<'_>) -> Result<u64, String> {
    let text = at.string().ok_or("`at` is no text")?;
    parse_time(&text).ok_or_else(|| format!("`{text}` is no time; write 2026-11-23T08:00:00+01:00"))
}

fn supposed(caller: Value<'_>) -> Result<Supposed, String> {
    const KEYS: &[&str] = &["user", "tenant", "agent", "workload", "scopes", "groups", "by"];
    check_keys(caller, "`as`", KEYS)?;
    let text = |key: &str| -> Result<Option<Box<str>>, String> {
        match caller.get(key).filter(|value| value.kind() != Kind::Null) {
            Some(value) => {
                value.string().map(|text| Some(text.into())).ok_or(format!("`as.{key}` is no text"))
            }
            None => Ok(None),
        }
    };
    let list = |key: &str| -> Result<Vec<Box<str>>, String> {
        let Some(value) = caller.get(key) else { return Ok(Vec::new()) };
        let texts = value.elements().map(|item| item.string().map(Into::into)).collect::<Option<_>>();
        texts.filter(|_| value.kind() == Kind::Array).ok_or(format!("`as.{key}` is no list of texts"))
    };
    let by = match text("by")? {
        None => SupposedProof::default(),
        Some(word) => SupposedProof::ALL
            .iter()
            .copied()
            .find(|proof| proof.as_str() == &*word)
            .ok_or(format!("`as.by` is `key` or `token`, not `{word}`"))?,
    };
    Ok(Supposed {
        user: text("user")?.unwrap_or_else(|| Supposed::default().user),
        tenant: text("tenant")?,
        agent: text("agent")?,
        workload: text("workload")?,
        scopes: list("scopes")?,
        groups: list("groups")?,
        by,
    })
}

fn check_keys(value: Value<'_>, what: &str, known: &[&str]) -> Result<(), String> {
    if value.kind() != Kind::Object {
        return Err(format!("{what} is no JSON object"));
    }
    match value.members().find(|(key, _)| !known.contains(&&*key.name())) {
        Some((key, _)) => Err(format!("{what} has no key `{}`; it has {}", key.name(), known.join(", "))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_request_and_says_what_is_wrong_with_one() {
        let good = r#"{"as":{"user":"alice","scopes":["a"],"by":"key"},"at":"1970-01-01T00:00:01Z","message":{"id": 1}}"#;
        let request = parse(good).expect("a request");
        assert_eq!((request.unix_ms, &request.body[..]), (Some(1000), &br#"{"id": 1}"#[..]));
        let caller = request.caller.expect("a caller");
        assert_eq!((&*caller.user, caller.by), ("alice", SupposedProof::Key));
        let cases = [
            ("[", "no JSON"),
            ("[]", "no JSON object"),
            ("{}", "needs a `message`"),
            (r#"{"massage":{}}"#, "no key `massage`"),
            (r#"{"message":{},"at":1}"#, "`at` is no text"),
            (r#"{"message":{},"headers":[]}"#, "`headers` is no JSON object"),
            (r#"{"message":{},"headers":{"X-Talk":1}}"#, "`headers.X-Talk` is no header"),
            (r#"{"message":{},"headers":{"X Talk":"1"}}"#, "`headers.X Talk` is no header"),
            (r#"{"message":{},"at":"2026-11-23"}"#, "is no time"),
            (r#"{"message":{},"as":{"scope":"a"}}"#, "`as` has no key `scope`"),
            (r#"{"message":{},"as":{"scopes":"a"}}"#, "`as.scopes` is no list of texts"),
            (r#"{"message":{},"as":{"groups":[1]}}"#, "`as.groups` is no list of texts"),
            (r#"{"message":{},"as":{"user":1}}"#, "`as.user` is no text"),
            (r#"{"message":{},"as":{"by":"badge"}}"#, "not `badge`"),
        ];
        for (text, wanted) in cases {
            let why = parse(text).expect_err(text);
            assert!(why.contains(wanted), "{text}: {why}");
        }
    }
}
