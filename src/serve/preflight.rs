//! What a web browser asks before it lets a page call the gate, and what it wants to see in the answer.
//!
//! Only pages of listed origins may read answers: there is no wildcard, and the origin that is named is
//! the one that asked. Pages that may not are told nothing, which is what makes the browser refuse them.
//! Requests without `Origin` come from no browser, and nothing of this concerns them.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW, ORIGIN,
    VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::body::Outgoing;
use super::head::{Doorplate, is_question};
use crate::bounds::PREFLIGHT_FIELDS_MAX;

/// Answers a question about the endpoint; `None` where the request is none, or is not sound.
pub fn answer(head: &Parts, plate: &Doorplate) -> Option<Response<Outgoing>> {
    if !is_question(head, plate) {
        return None;
    }
    let mut response = Response::new(Outgoing::whole(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("POST, GET, DELETE, OPTIONS"));
    if let Some(origin) = Grant::of(&head.headers, plate) {
        origin.note(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, GET, DELETE"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        let asked = head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).and_then(|value| value.to_str().ok());
        let granted: Vec<&str> = asked
            .unwrap_or_default()
            .split(',')
            .take(PREFLIGHT_FIELDS_MAX)
            .map(str::trim)
            .filter(|name| may_be_sent(&name.to_ascii_lowercase()))
            .collect();
        if let Ok(granted) = HeaderValue::from_str(&granted.join(", ")) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, granted);
        }
    }
    Some(response)
}

/// The leave of a page of a listed origin to read an answer.
#[derive(Debug, Clone)]
pub struct Grant(HeaderValue);

impl Grant {
    /// The leave for whoever sent these headers; `None` without a listed origin.
    pub fn of(headers: &HeaderMap, plate: &Doorplate) -> Option<Self> {
        let origin = headers.get(ORIGIN)?;
        plate
            .origins
            .iter()
            .any(|listed| listed.as_bytes() == origin.as_bytes())
            .then(|| Self(origin.clone()))
    }

    /// Writes it into the head of an answer.
    pub fn note(self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.0);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}

/// What a page may read of an answer: what it has to say again, how to get in, and when to come back.
const READABLE: &str = "mcp-session-id, www-authenticate, retry-after, ratelimit, ratelimit-policy, \
                        x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";

/// Whether a page may send a header: those of the protocol, by name, since a browser takes no pattern.
fn may_be_sent(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "content-type"
            | "last-event-id"
            | "mcp-method"
            | "mcp-name"
            | "mcp-protocol-version"
            | "mcp-session-id"
    ) || name.starts_with("mcp-param-")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn ask(origin: &str, wanted: &str) -> Option<HeaderMap> {
        let plate = Doorplate {
            path: "/mcp".into(),
            hosts: vec!["gate.example".into()],
            origins: vec!["https://app.example".into()],
            is_loopback: false,
            ..Doorplate::default()
        };
        let request = Request::options("/mcp")
            .header("host", "gate.example")
            .header("origin", origin)
            .header("access-control-request-headers", wanted);
        let (head, ()) = request.body(()).unwrap().into_parts();
        answer(&head, &plate).map(|response| response.headers().clone())
    }

    #[test]
    fn lets_a_listed_origin_send_what_the_protocol_has() {
        let headers = ask("https://app.example", "Authorization, mcp-param-city,x-other, cookie").unwrap();
        let is = |name: &str, value: &str| assert_eq!(headers[name], value, "{name}");
        is("allow", "POST, GET, DELETE, OPTIONS");
        is("access-control-allow-origin", "https://app.example");
        is("access-control-allow-methods", "POST, GET, DELETE");
        is("access-control-allow-headers", "Authorization, mcp-param-city");
        is("access-control-expose-headers", READABLE);
        is("vary", "origin");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }

    #[test]
    fn leaves_a_foreign_origin_to_be_refused() {
        for origin in ["https://evil.example", "https://app.example.evil", "https://APP.example", "null", "*"]
        {
            assert!(ask(origin, "authorization").is_none(), "{origin}");
        }
    }
}
