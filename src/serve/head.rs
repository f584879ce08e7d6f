//! The head of a request: which errand it is, and whether two readers could read it differently.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN, UPGRADE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method};

use super::framing::{FAULT_HEADER, Fault};
use crate::gate::{Denial, Errand};

/// Whether a header field carries meaning, so that it may come once only.
fn is_single(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "content-encoding"
            | "content-length"
            | "content-type"
            | "host"
            | "last-event-id"
            | "mcp-method"
            | "mcp-name"
            | "mcp-protocol-version"
            | "mcp-session-id"
            | "origin"
    ) || name.starts_with("mcp-param-")
}

/// Which names a client may call the gate by, and which web origins may call it.
#[derive(Debug, Clone, Default)]
pub struct Doorplate {
    /// The one path of the endpoint, compared byte by byte.
    pub path: Box<str>,
    /// Host names that are ours, without port. Empty: any, unless the gate listens on loopback only.
    pub hosts: Vec<Box<str>>,
    /// Web origins that may call, such as `https://app.example.com`.
    pub origins: Vec<Box<str>>,
    /// Whether the gate listens on loopback only: then `localhost` and its addresses are its names,
    /// and no others unless listed. This is what stops a web page that rebinds its own name.
    pub is_loopback: bool,
}

/// Finds what a request wants, and refuses a head that is ambiguous.
///
/// # Errors
/// [`Denial::Head`], the client's fault: 400 ambiguous or malformed, 403 foreign host or origin, 404
/// another path, 405 another method, 415 a body that is not plain JSON.
pub fn read(head: &Parts, plate: &Doorplate) -> Result<Errand, Denial> {
    check_framing(head)?;
    if head.uri.path() != &*plate.path {
        return deny(404, "no such endpoint; the MCP endpoint is at /mcp");
    }
    if head.uri.query().is_some() {
        return deny(400, "the MCP endpoint takes no query");
    }
    let errand = match head.method {
        Method::POST => Errand::Say(Bytes::new()),
        Method::GET => Errand::Listen,
        Method::DELETE => Errand::Leave,
        _ => return deny(405, "the MCP endpoint answers POST, GET and DELETE"),
    };
    check_hygiene(&head.headers)?;
    check_host(head, plate)?;
    check_origin(&head.headers, plate)?;
    if matches!(errand, Errand::Say(_)) {
        check_content(&head.headers)?;
    }
    Ok(errand)
}

fn deny<T>(http_status: u16, text: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, Denial> {
    Err(Denial::Head { http_status, text: text.into() })
}

/// Refuses what the guard of the connection found.
///
/// Over HTTP/1 the guard lets no client send the header; over HTTP/2 it may be sent, and is refused.
fn check_framing(head: &Parts) -> Result<(), Denial> {
    let Some(told) = head.headers.get(FAULT_HEADER) else { return Ok(()) };
    let told = told.to_str().ok().filter(|_| head.version < http::Version::HTTP_2);
    Err(misframed(told.and_then(Fault::at).unwrap_or(Fault::Forged)))
}

/// The refusal for a fault of the framing.
pub fn misframed(fault: Fault) -> Denial {
    Denial::Head { http_status: fault.http_status(), text: fault.to_string().into() }
}

fn check_hygiene(headers: &HeaderMap) -> Result<(), Denial> {
    let mut previous = None;
    // Fields of one name come one behind the other.
    for (name, value) in headers {
        let text = name.as_str();
        if is_single(text) {
            if previous == Some(name) {
                return deny(400, format!("the header `{name}` comes more than once; send it once"));
            }
            if value.to_str().is_err() {
                return deny(400, format!("the header `{name}` holds characters outside visible ASCII"));
            }
        } else if text.starts_with("mcp_") {
            return deny(400, format!("the header `{name}` is spelled with an underscore; use a hyphen"));
        } else if *name == UPGRADE {
            return deny(400, "this endpoint upgrades to no other protocol");
        }
        previous = Some(name);
    }
    Ok(())
}

fn check_content(headers: &HeaderMap) -> Result<(), Denial> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    match text(CONTENT_ENCODING) {
        None => {}
        Some(coding) if coding.eq_ignore_ascii_case("identity") => {}
        Some(_) => return deny(415, "the request body is encoded (Content-Encoding); send plain JSON"),
    }
    let Some(content_type) = text(CONTENT_TYPE) else {
        return deny(415, "the request has no Content-Type; send application/json");
    };
    if is_json(content_type) {
        Ok(())
    } else {
        deny(415, "the Content-Type is not application/json in UTF-8")
    }
}

/// Whether a media type is `application/json`, with at most `charset=utf-8`.
pub fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
}

fn check_host(head: &Parts, plate: &Doorplate) -> Result<(), Denial> {
    let named = head.headers.get(HOST).map(|value| value.to_str().unwrap_or_default().parse::<Authority>());
    let host = match (head.uri.authority(), named) {
        (Some(target), Some(Ok(named))) if *target != named => {
            return deny(400, "the request target and the Host header name different hosts");
        }
        (_, Some(Ok(named))) => named,
        (Some(target), None) => target.clone(),
        (_, Some(Err(_))) => return deny(400, "the Host header is malformed"),
        (None, None) => return deny(400, "the request has no Host header"),
    };
    if host.as_str().contains('@') {
        return deny(400, "the Host header is malformed");
    }
    let host = host.host();
    let is_listed = plate.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host));
    let is_open = !plate.is_loopback && plate.hosts.is_empty();
    if is_listed || is_open || (plate.is_loopback && is_loopback(host)) {
        Ok(())
    } else {
        deny(403, "the Host header names another host than this gateway")
    }
}

fn check_origin(headers: &HeaderMap, plate: &Doorplate) -> Result<(), Denial> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let is_listed = plate.origins.iter().any(|listed| **listed == *origin);
    let is_local = || {
        let authority = origin.split_once("://").map(|(_, rest)| rest.parse::<Authority>());
        matches!(authority, Some(Ok(authority)) if is_loopback(authority.host()))
    };
    if is_listed || (plate.is_loopback && is_local()) {
        Ok(())
    } else {
        deny(403, "the Origin header names a web origin that may not call this gateway")
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn status(request: http::request::Builder) -> u16 {
        let plate = Doorplate { path: "/mcp".into(), is_loopback: true, ..Doorplate::default() };
        let (head, ()) = request.body(()).unwrap().into_parts();
        match read(&head, &plate) {
            Ok(_) => 200,
            Err(Denial::Head { http_status, .. }) => http_status,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn post(uri: &str) -> http::request::Builder {
        Request::post(uri).header("host", "localhost:80").header("content-type", "application/json")
    }

    #[test]
    fn takes_an_honest_head() {
        assert_eq!(status(post("/mcp")), 200);
        assert_eq!(status(post("/mcp").header("origin", "http://localhost:5173")), 200);
        assert_eq!(status(post("/mcp").header("content-encoding", "identity")), 200);
        assert_eq!(status(Request::get("/mcp").header("host", "[::1]:8080")), 200);
        assert_eq!(status(Request::delete("/mcp").header("host", "127.0.0.1")), 200);
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        let cases = [
            (post("/mcp").header("authorization", "Bearer a").header("authorization", "Bearer b"), 400),
            (post("/mcp").header("mcp-name", "a").header("mcp-name", "a"), 400),
            (post("/mcp").header("mcp-param-x", "a").header("mcp-param-x", "b"), 400),
            (post("/mcp").header("mcp_name", "a"), 400),
            (post("/mcp").header("mcp-name", "caf\u{e9}".as_bytes()), 400),
            (post("/mcp").header("upgrade", "websocket"), 400),
            (post("/mcp?token=x"), 400),
            (post("//mcp"), 404),
            (post("/mcp/"), 404),
            (post("/%6dcp"), 404),
            (post("/MCP"), 404),
            (Request::put("/mcp").header("host", "localhost"), 405),
            (Request::post("/mcp").header("content-type", "application/json"), 400),
            (
                Request::post("/mcp")
                    .header("host", "evil.example")
                    .header("content-type", "application/json"),
                403,
            ),
            (post("http://other.example/mcp"), 400),
            (post("/mcp").header("origin", "https://evil.example"), 403),
            (post("/mcp").header("origin", "null"), 403),
            (post("/mcp").header("content-encoding", "gzip"), 415),
            (Request::post("/mcp").header("host", "localhost"), 415),
            (Request::post("/mcp").header("host", "localhost").header("content-type", "text/plain"), 415),
        ];
        for (request, wanted) in cases {
            let shown = format!("{request:?}");
            assert_eq!(status(request), wanted, "{shown}");
        }
    }

    #[test]
    fn knows_json_in_its_spellings() {
        for good in [
            "application/json",
            "APPLICATION/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "application/jsonp",
            "application/json, text/plain",
            "application/json; charset=utf-16",
            "application/json;",
            "text/json",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
