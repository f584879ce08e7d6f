//! Where a server of HTTP+SSE wants to be posted to: read from its `endpoint` event, and held to its origin.
//!
//! **Why.** The event names a URI in the server's own words, and whoever follows it sends every message
//! there. A server that was taken over, or one that reflects what a client wrote, could so point a gateway
//! at any host that it can reach.
//!
//! **How.** The URI is resolved against that of the stream as browsers do, with the forms refused on which
//! readers differ: another scheme or none before a colon, a host without a scheme, a user, a fragment, a
//! backslash, encoded dots and slashes, anything but visible ASCII. What is left is a path and a query,
//! so a host other than the configured one cannot even be said.
//!
//! Source: MCP 2024-11-05, basic/transports, "HTTP with SSE"; RFC 3986, 5.2; WHATWG URL, 4.4.

use std::net::Ipv6Addr;

use crate::bounds::ENDPOINT_BYTES_MAX;

/// The URI of the stream, taken apart: what an endpoint is resolved against and must agree with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Whether the scheme is `https` rather than `http`.
    pub is_tls: bool,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: Box<str>,
    /// The port, said or not.
    pub port: u16,
    /// From its first `/`, without a query.
    pub path: Box<str>,
}

/// A path and a query of the configured server; made by [`Endpoint::resolve`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Box<str>);

/// Why a text is no endpoint; the server's fault. Never holds the text, for it holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    /// A character that a URI does not have: a space, a control, a backslash, or beyond ASCII.
    #[error("has a character that no URI has, at byte {0}")]
    Character(usize),
    /// No text at all.
    #[error("is empty")]
    Empty,
    /// An escape that is none, or one for a dot, a slash or a control in the path.
    #[error("has an escape that readers take differently, at byte {0}")]
    Escape(usize),
    /// A `#`.
    #[error("has a fragment")]
    Fragment,
    /// `//host`, or a path that would read as one.
    #[error("begins with two slashes")]
    NoScheme,
    /// Another scheme, host or port than the stream's.
    #[error("is of another origin than the stream")]
    Origin,
    /// More than `ENDPOINT_BYTES_MAX` bytes.
    #[error("has more than {ENDPOINT_BYTES_MAX} bytes")]
    TooLong,
    /// A user name in the authority.
    #[error("names a user")]
    User,
}

impl Endpoint {
    /// Reads the data of an `endpoint` event that came on the stream at `base`.
    ///
    /// # Errors
    /// [`EndpointFault`], the server's: it may not be followed.
    pub fn resolve(base: &Base, text: &str) -> Result<Self, EndpointFault> {
        check_characters(text)?;
        if text.starts_with("//") {
            return Err(EndpointFault::NoScheme);
        }
        let reference = match scheme(text) {
            Some(scheme) => base.strip(scheme, &text[scheme.len() + 1..])?,
            None => text,
        };
        let (path, query) = match reference.find('?') {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        check_escapes(path)?;
        let path = match path.as_bytes().first() {
            None if scheme(text).is_some() => "/".to_owned(),
            None => base.path.to_string(),
            Some(b'/') => without_dots(path),
            Some(_) => {
                let folder = base.path.rfind('/').map_or("/", |at| &base.path[..=at]);
                without_dots(&format!("{folder}{path}"))
            }
        };
        if path.starts_with("//") {
            return Err(EndpointFault::NoScheme);
        }
        Ok(Self(format!("{path}{query}").into()))
    }

    /// The path and the query, as they are asked for.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Base {
    /// What follows the origin in an absolute URI.
    fn strip<'a>(&self, scheme: &str, rest: &'a str) -> Result<&'a str, EndpointFault> {
        let is_own = scheme.eq_ignore_ascii_case(if self.is_tls { "https" } else { "http" });
        let Some(rest) = rest.strip_prefix("//").filter(|_| is_own) else {
            return Err(EndpointFault::Origin);
        };
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(EndpointFault::User);
        }
        let end = authority.find(']').map_or(0, |at| at + 1);
        let end = authority[end..].find(':').map_or(authority.len(), |at| end + at);
        let (host, port) = authority.split_at(end);
        let port = match port.strip_prefix(':') {
            None if self.is_tls => Some(443),
            None => Some(80),
            // A sign is no digit, though it parses.
            Some(digits) if digits.starts_with('+') => None,
            Some(digits) => digits.parse().ok(),
        };
        if is_same_host(host, &self.host) && port == Some(self.port) {
            Ok(rest)
        } else {
            Err(EndpointFault::Origin)
        }
    }
}

/// The scheme of an absolute URI, and of a relative one that some readers would take for absolute.
fn scheme(text: &str) -> Option<&str> {
    let end = text.find([':', '/', '?'])?;
    text[end..].starts_with(':').then(|| &text[..end])
}

fn is_same_host(one: &str, other: &str) -> bool {
    let address = |host: &str| host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    one.eq_ignore_ascii_case(other) || address(one).is_some_and(|one| address(other) == Some(one))
}

fn check_characters(text: &str) -> Result<(), EndpointFault> {
    if text.is_empty() {
        return Err(EndpointFault::Empty);
    }
    if text.len() > ENDPOINT_BYTES_MAX {
        return Err(EndpointFault::TooLong);
    }
    // Brackets stand around an address only, but no reader takes them for anything else.
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    match text.bytes().position(|byte| !is_known(byte)) {
        Some(at) if text.as_bytes()[at] == b'#' => Err(EndpointFault::Fragment),
        Some(at) => Err(EndpointFault::Character(at)),
        None => check_percents(text),
    }
}

/// Each `%` is followed by two digits.
fn check_percents(text: &str) -> Result<(), EndpointFault> {
    for (at, _) in text.match_indices('%') {
        let is_escape = text.as_bytes()[at + 1..].iter().take(2).filter(|byte| byte.is_ascii_hexdigit());
        if is_escape.count() < 2 {
            return Err(EndpointFault::Escape(at));
        }
    }
    Ok(())
}

/// No escape of a path may stand for what some readers act on before they decode and others after.
fn check_escapes(path: &str) -> Result<(), EndpointFault> {
    for (at, _) in path.match_indices('%') {
        let byte = path.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if byte.is_none_or(|byte| byte.is_ascii_control() || b"./\\%".contains(&byte)) {
            return Err(EndpointFault::Escape(at));
        }
    }
    Ok(())
}

/// Takes `.` and `..` out of a path. Source: RFC 3986, 5.2.4.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut names = path.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        match name {
            "." => {}
            ".." => {
                segments.pop();
            }
            name => {
                segments.push(name);
                continue;
            }
        }
        if is_last {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

/// Resolves arbitrary bytes, and checks that what comes of it stays on the server and means itself.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_endpoint(bytes: &[u8]) {
    let base = Base { is_tls: false, host: "[::1]".into(), port: 81, path: "/a/sse".into() };
    let text = String::from_utf8_lossy(bytes);
    let Ok(endpoint) = Endpoint::resolve(&base, &text) else { return };
    let path = endpoint.as_str();
    assert!(path.starts_with('/') && !path.starts_with("//"), "it is a path");
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#'), "it is plain");
    if path.len() <= ENDPOINT_BYTES_MAX {
        assert_eq!(Endpoint::resolve(&base, path).as_ref(), Ok(&endpoint), "it means itself");
    }
}
