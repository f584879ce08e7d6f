//! The head of a request: which errand it is, and whether two readers could read it differently.

#[cfg(test)]
mod tests;

use http::header::{AUTHORIZATION, CONTENT_TYPE, EXPECT, HOST, ORIGIN, UPGRADE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, Version};

use super::coding::{self, Coding};
use super::door::{Door, Transports};
use super::framing::{FAULT_HEADER, Fault};
use crate::gate::{Denial, Errand};
use crate::identity::Refused;
use crate::policy::RequestCoding;

/// Whether a header field carries meaning, so that it may come once only.
fn is_single(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "content-encoding"
            | "content-length"
            | "content-type"
            | "dpop"
            | "expect"
            | "host"
            | "last-event-id"
            | "mcp-method"
            | "mcp-name"
            | "mcp-protocol-version"
            | "mcp-session-id"
            | "origin"
            | "proxy-authorization"
            | "transfer-encoding"
            | "x-api-key"
    ) || name.starts_with("mcp-param-")
}

/// Whether a name with an underscore is that of a field which carries meaning, to a reader that takes
/// `_` and `-` for the same. Source: CGI, RFC 3875, section 4.1.18.
fn is_underscored(name: &str) -> bool {
    name.contains('_') && {
        let hyphened = name.replace('_', "-");
        is_single(&hyphened) || hyphened.starts_with("mcp-")
    }
}

/// Which names a client may call the gate by, and which web origins may call it.
#[derive(Debug, Clone, Default)]
pub struct Doorplate {
    /// The one path of the endpoint, compared byte by byte.
    pub path: Box<str>,
    /// By which transports the server can be spoken to, and so which endpoints there are.
    pub transports: Transports,
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
pub fn read(head: &Parts, plate: &Doorplate, coding: RequestCoding) -> Result<Errand, Denial> {
    check_framing(head)?;
    let door = Door::of(&head.uri, plate)?;
    check_hygiene(&head.headers)?;
    check_host(head, plate)?;
    check_origin(&head.headers, plate)?;
    let errand = door.errand(&head.method)?;
    check_expectation(&head.headers)?;
    if matches!(errand, Errand::Say(_)) {
        check_content(&head.headers, coding)?;
    }
    Ok(errand)
}

/// Whether a head is sound and meant for us, whatever it asks for and from whatever page.
///
/// # Errors
/// [`Denial`], as [`read`].
pub fn check_sender(head: &Parts, plate: &Doorplate) -> Result<(), Denial> {
    check_framing(head)?;
    check_hygiene(&head.headers)?;
    check_host(head, plate)
}

/// Whether a request only asks what may be asked, and is sound: `OPTIONS` at the endpoint.
pub fn is_question(head: &Parts, plate: &Doorplate) -> bool {
    head.method == Method::OPTIONS
        && matches!(read(head, plate, RequestCoding::Refuse), Err(Denial::Head { http_status: 405, .. }))
}

pub(super) fn deny<T>(
    http_status: u16,
    text: impl Into<std::borrow::Cow<'static, str>>,
) -> Result<T, Denial> {
    Err(Denial::Head { http_status, text: text.into() })
}

/// Refuses what the guard of the connection found.
///
/// Over HTTP/1 the guard lets no client send the header; over HTTP/2 it may be sent, and is refused.
pub(super) fn check_framing(head: &Parts) -> Result<(), Denial> {
    let Some(told) = head.headers.get(FAULT_HEADER) else { return Ok(()) };
    let told = told.to_str().ok().filter(|_| head.version < Version::HTTP_2);
    Err(misframed(told.and_then(Fault::at).unwrap_or(Fault::Forged)))
}

/// The refusal for a fault of the framing.
pub fn misframed(fault: Fault) -> Denial {
    Denial::Head { http_status: fault.http_status(), text: fault.to_string().into() }
}

/// The refusal for a fault of the content coding.
pub fn miscoded(fault: coding::Fault) -> Denial {
    match fault {
        coding::Fault::TooLarge => Denial::BodyTooLarge,
        coding::Fault::Broken | coding::Fault::Cut | coding::Fault::Trailing => {
            Denial::Head { http_status: 400, text: fault.to_string().into() }
        }
    }
}

/// Refuses a field of meaning that comes twice, or is spelled in a second way.
pub(super) fn check_hygiene(headers: &HeaderMap) -> Result<(), Denial> {
    let mut previous = None;
    // Fields of one name come one behind the other.
    for (name, value) in headers {
        let text = name.as_str();
        if is_single(text) {
            if previous == Some(name) && *name == AUTHORIZATION {
                return Err(Denial::Unidentified(Refused::Double));
            }
            if previous == Some(name) {
                return deny(400, format!("the header `{name}` comes more than once; send it once"));
            }
            if value.to_str().is_err() {
                return deny(400, format!("the header `{name}` holds characters outside visible ASCII"));
            }
        } else if is_underscored(text) {
            return deny(400, format!("the header `{name}` is spelled with an underscore; use a hyphen"));
        } else if *name == UPGRADE {
            return deny(400, "this endpoint upgrades to no other protocol");
        }
        previous = Some(name);
    }
    // Some readers take a list in one field for the field twice.
    match headers.get(AUTHORIZATION) {
        Some(credentials) if credentials.as_bytes().contains(&b',') => {
            Err(Denial::Unidentified(Refused::Double))
        }
        _ => Ok(()),
    }
}

fn check_expectation(headers: &HeaderMap) -> Result<(), Denial> {
    match headers.get(EXPECT) {
        Some(expected) if !expected.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            deny(417, "the only expectation that is met here is `Expect: 100-continue`")
        }
        _ => Ok(()),
    }
}

/// Refuses a body that is not JSON as it is.
pub(super) fn check_content(headers: &HeaderMap, coding: RequestCoding) -> Result<(), Denial> {
    match (Coding::of(headers), coding) {
        (Ok(None), _) | (Ok(Some(_)), RequestCoding::Decode) => {}
        (Ok(Some(_)) | Err(_), RequestCoding::Refuse) => {
            return deny(415, "the request body is encoded (Content-Encoding); send plain JSON");
        }
        (Err(_), RequestCoding::Decode) => {
            return deny(415, "the Content-Encoding is neither gzip nor deflate; send plain JSON");
        }
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
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
    let (essence, parameter) = match content_type.split_once(';') {
        Some((essence, parameter)) => (essence, Some(parameter.trim())),
        None => (content_type, None),
    };
    let is_utf_8 = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            name.eq_ignore_ascii_case("charset") && bare.eq_ignore_ascii_case("utf-8")
        })
    };
    essence.trim().eq_ignore_ascii_case("application/json") && parameter.is_none_or(is_utf_8)
}

fn check_host(head: &Parts, plate: &Doorplate) -> Result<(), Denial> {
    let target = head.uri.authority().map(Authority::as_str);
    let named = head.headers.get(HOST).map(|value| value.to_str().unwrap_or_default());
    let host = match (target, named) {
        (Some(target), Some(named)) if !target.eq_ignore_ascii_case(named) => {
            return deny(400, "the request target and the Host header name different hosts");
        }
        (_, Some(named)) => named,
        // HTTP/2 has the host in its target; in HTTP/1 some readers would look for the header.
        (Some(target), None) if head.version >= Version::HTTP_2 => target,
        (_, None) => return deny(400, "the request has no Host header"),
    };
    let Some(host) = bare_host(host) else { return deny(400, "the Host header is malformed") };
    let is_listed = plate.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host));
    let is_open = !plate.is_loopback && plate.hosts.is_empty();
    if is_listed || is_open || (plate.is_loopback && is_loopback(host)) {
        Ok(())
    } else {
        deny(403, "the Host header names another host than this gateway")
    }
}

/// The host of `host` or `host:port`, where it is a name of letters, digits, `-`, `.` and `_`, or an
/// address; an IPv6 one in brackets and without a zone.
fn bare_host(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            matches!(digits.len(), 1..=5)
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.parse::<u16>().is_ok()
        });
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    (is_host && is_port).then_some(host)
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
