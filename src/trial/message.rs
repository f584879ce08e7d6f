//! The bytes of a message that a case describes, and the headers that a client would put beside them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::json::{Document, quote};
use crate::mcp::claims::{self, CAPABILITIES_KEY, VERSION_KEY};
use crate::mcp::{self, Method, Revision, Sender, Shape, Subject};
use crate::policy::Said;

/// The message that a case sends: of the newest revision that has its method.
pub fn body_of(said: &Said) -> Bytes {
    let (method, mut members) = match said {
        Said::Call { tool, arguments } => {
            let arguments = arguments.as_deref().map(|json| format!(r#","arguments":{json}"#));
            (Method::ToolsCall, vec![format!(r#""name":{}{}"#, quote(tool), arguments.unwrap_or_default())])
        }
        Said::Method { method, target } => {
            let target = target.as_deref().and_then(|target| subject(*method, target));
            (*method, target.into_iter().collect())
        }
    };
    if method == Method::Initialize {
        members.push(format!(
            r#""protocolVersion":"{}","capabilities":{{}},"clientInfo":{{"name":"case","version":"1"}}"#,
            Revision::V2025_11_25.as_str()
        ));
    }
    if method.exists_in(Revision::V2026_07_28, Sender::Client) {
        let version = Revision::V2026_07_28.as_str();
        members.push(format!(r#""_meta":{{"{VERSION_KEY}":"{version}","{CAPABILITIES_KEY}":{{}}}}"#));
    }
    let id = match method.shape() {
        Shape::Notification => "",
        Shape::Request => r#""id":1,"#,
    };
    let params = members.join(",");
    format!(r#"{{"jsonrpc":"2.0",{id}"method":"{}","params":{{{params}}}}}"#, method.as_str()).into()
}

/// The members of params by which a method names what it is about.
fn subject(method: Method, target: &str) -> Option<String> {
    let is_uri = target.contains("://");
    let text = quote(target);
    match method.subject() {
        Subject::Nothing => None,
        Subject::Prompt | Subject::Tool => Some(format!(r#""name":{text}"#)),
        Subject::Resource => Some(format!(r#""uri":{text}"#)),
        Subject::Task => Some(format!(r#""taskId":{text}"#)),
        Subject::Skill if is_uri => Some(format!(r#""uri":{text}"#)),
        Subject::Skill => Some(format!(r#""name":{text}"#)),
        Subject::Reference if is_uri => Some(format!(r#""ref":{{"type":"ref/resource","uri":{text}}}"#)),
        Subject::Reference => Some(format!(r#""ref":{{"type":"ref/prompt","name":{text}}}"#)),
    }
}

/// The headers that say again what the body says; none for a body that is no message.
pub fn headers_of(body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Ok(document) = Document::parse(body) else { return headers };
    let Ok(message) = mcp::envelope::read(&document, Sender::Client) else { return headers };
    let Ok(speech) = claims::classify_body(&message, Some(Revision::V2025_11_25)) else { return headers };
    for (name, value) in claims::restate(&message, &speech) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// What a refusal says, out of the bytes that the caller gets.
pub fn told(body: &[u8]) -> Option<String> {
    let document = Document::parse(body).ok()?;
    let root = document.root();
    let of_error = root.get("error").and_then(|error| error.get("message"));
    let of_tool = || root.get("result")?.get("content")?.elements().next()?.get("text");
    Some(of_error.or_else(of_tool)?.string()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a case may be about reads as a message about just that.
    #[test]
    fn every_method_of_a_client_is_a_message_about_its_target() {
        for &method in Method::ALL.iter().filter(|method| method.is_sent_by(Sender::Client)) {
            let target = "file:///a \"b\"";
            let body = body_of(&Said::Method { method, target: Some(target.into()) });
            let document = Document::parse(&body).expect("JSON");
            if method == Method::ToolsCall {
                continue;
            }
            let message = mcp::envelope::read(&document, Sender::Client).expect("a message");
            let found = mcp::call::target(method, message.params()).expect("a target");
            let wanted = (method.subject() != Subject::Nothing).then_some(target);
            assert_eq!(found.as_deref(), wanted, "{method:?}");
        }
    }

    #[test]
    fn a_call_carries_its_arguments_as_they_are() {
        let said = Said::Call { tool: "db_query".into(), arguments: Some(r#"{"limit":1e3}"#.into()) };
        let body = body_of(&said);
        let document = Document::parse(&body).expect("JSON");
        let message = mcp::envelope::read(&document, Sender::Client).expect("a message");
        let call = mcp::call::tool(message.params()).expect("a call");
        assert_eq!(
            (&*call.name, call.arguments.map(|value| value.raw())),
            ("db_query", Some(r#"{"limit":1e3}"#))
        );
        let headers = headers_of(&body);
        assert_eq!(headers.get("mcp-name").map(HeaderValue::as_bytes), Some(&b"db_query"[..]));
    }
}
