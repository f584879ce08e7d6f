//! URLs: where a server would go that is told to fetch one.
//!
//! **How.** Readers of URLs disagree about backslashes, userinfo, blanks, several slashes, percent signs
//! in hosts and numbers for addresses, and each difference has been a way around some check. So only
//! the one form is read that all of them take alike: `scheme://host[:port][/...][?...][#...]` with a host
//! of letters, digits, `.`, `-` and `_`, a dotted address of four decimal numbers, or an IPv6 address in
//! brackets. Everything else is unknown. [`fuzz_url`] holds this reading against the `url` crate's.
//!
//! **What it is not.** It resolves nothing: a public name may have a private address, now or a moment
//! later (DNS rebinding), and a server may follow redirections. Only names known to be local count as
//! private. Where that matters, name the hosts, and keep the server's network closed.
//!
//! Source: WHATWG URL; RFC 3986, section 3; RFC 6761 and RFC 6762 for local names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::is_private;
use super::literal::Word;
use super::{Standing, show_list};
use crate::bounds::URL_BYTES_MAX;
use crate::json::Value;

/// What a rule asks of a URL. An empty list asks nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct UrlTest {
    /// In lower case.
    pub schemes: Box<[Box<str>]>,
    pub hosts: Box<[HostPattern]>,
    pub ports: Box<[u16]>,
    pub private: Private,
}

/// A host as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum HostPattern {
    Address(IpAddr),
    /// Everything below this name: `acme.example` for `*.acme.example`.
    Below(Box<str>),
    /// This name, in lower case and ASCII.
    Name(Box<str>),
}

/// What is asked of private hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Private {
    /// Private and public ones are inside.
    Allow,
    /// Only public ones are.
    Deny,
    /// Only private ones are.
    Only,
}

impl Private {
    /// As a policy spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Only => "only",
        }
    }
}

/// A URL in the form that all readers take alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plain<'t> {
    scheme: &'t str,
    host: Host<'t>,
    port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host<'t> {
    Address(IpAddr),
    /// In any case.
    Name(&'t str),
}

impl UrlTest {
    /// Whether a string is a URL inside all that is asked. Allocates nothing unless it is escaped.
    pub(super) fn judge(&self, value: Value<'_>) -> Standing {
        let Some(text) = value.string() else { return Standing::Unknown };
        match Plain::read(&text) {
            Some(url) => self.judge_plain(url),
            None => Standing::Unknown,
        }
    }

    fn judge_plain(&self, url: Plain<'_>) -> Standing {
        let mut schemes = self.schemes.iter();
        if !self.schemes.is_empty() && !schemes.any(|scheme| scheme.eq_ignore_ascii_case(url.scheme)) {
            return Standing::Fails;
        }
        if !self.hosts.is_empty() && !self.hosts.iter().any(|pattern| pattern.fits(url.host)) {
            return Standing::Fails;
        }
        match (self.private, url.host.is_private()) {
            (Private::Deny, true) | (Private::Only, false) => return Standing::Fails,
            (Private::Allow, _) | (Private::Deny, false) | (Private::Only, true) => {}
        }
        if self.ports.is_empty() {
            return Standing::Meets;
        }
        match url.port.or_else(|| default_port(url.scheme)) {
            Some(port) if self.ports.contains(&port) => Standing::Meets,
            Some(_) => Standing::Fails,
            None => Standing::Unknown,
        }
    }
}

/// The ports that are meant where a URL names none, of the schemes that a URL reader knows.
fn default_port(scheme: &str) -> Option<u16> {
    let known = [("http", 80), ("https", 443), ("ws", 80), ("wss", 443), ("ftp", 21)];
    known.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme)).map(|(_, port)| *port)
}

impl<'t> Plain<'t> {
    fn read(text: &'t str) -> Option<Self> {
        if text.len() > URL_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !is_scheme {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, port) = split_port(rest.get(..end)?)?;
        Some(Self { scheme, host: Host::read(host)?, port })
    }
}

/// Parts an authority without userinfo; a port is written without leading zeros.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after_address..)?.find(':').map(|at| after_address + at) else {
        return Some((authority, None));
    };
    let (host, port) = (authority.get(..colon)?, authority.get(colon + 1..)?);
    let is_plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    let port = port.parse().ok().filter(|_| is_plain)?;
    Some((host, Some(port)))
}

impl<'t> Host<'t> {
    fn read(text: &'t str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_plain);
        if !text.split('.').all(is_label) {
            return None;
        }
        // A last label that starts like a number makes it an address to some readers, and then it
        // must be one to all.
        let last = text.rsplit('.').next().unwrap_or_default();
        if last.starts_with(|first: char| first.is_ascii_digit()) {
            let address: Ipv4Addr = text.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        Some(Self::Name(text))
    }

    fn is_private(self) -> bool {
        match self {
            Self::Address(address) => is_private(address),
            Self::Name(name) => !name.contains('.') || is_local(name),
        }
    }
}

/// Last labels of names that are not looked up in public, or never should be. A name without a dot is
/// local in any case.
const LOCAL_NAMES: &[&str] = &[
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "svc",
    "test",
];

impl HostPattern {
    /// Reads a host of a policy: a name, an address, or `*.` and a name.
    ///
    /// Names beyond ASCII become what is looked up (IDNA). `None` when it is neither.
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Some(Self::Address(address));
        }
        let (is_wide, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let name = match url::Host::parse(name).ok()? {
            url::Host::Domain(name) => name,
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => return None,
        };
        match Host::read(&name)? {
            Host::Name(_) if is_wide => Some(Self::Below(name.into())),
            Host::Name(_) => Some(Self::Name(name.into())),
            Host::Address(_) => None,
        }
    }

    /// Whether every host that fits is private.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Address(address) => is_private(*address),
            Self::Below(name) => is_local(name),
            Self::Name(name) => Host::Name(name).is_private(),
        }
    }

    fn fits(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Address(wanted), Host::Address(address)) => *wanted == address,
            (Self::Below(parent), Host::Name(name)) => is_below(name, parent),
            (Self::Name(wanted), Host::Name(name)) => wanted.eq_ignore_ascii_case(name),
            (Self::Address(_), Host::Name(_)) | (Self::Below(_) | Self::Name(_), Host::Address(_)) => false,
        }
    }
}

fn is_local(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    LOCAL_NAMES.iter().any(|local| last.eq_ignore_ascii_case(local))
        || name.eq_ignore_ascii_case("home.arpa")
        || is_below(name, "home.arpa")
}

/// Whether `name` ends in a dot and `parent`.
fn is_below(name: &str, parent: &str) -> bool {
    let at = name.len().checked_sub(parent.len());
    at.and_then(|at| name.split_at_checked(at))
        .is_some_and(|(front, back)| back.eq_ignore_ascii_case(parent) && front.ends_with('.'))
}

/// Reads arbitrary text as a URL, and checks that the `url` crate reads the same, if we read it at all.
///
/// For fuzzers and tests; panics only where the two differ.
pub(super) fn fuzz_url(text: &str) {
    let (Some(plain), Ok(url)) = (Plain::read(text), url::Url::parse(text)) else { return };
    // What the crate knows no port of, it reads by looser rules, and `file` has no host.
    let Some(port) = default_port(plain.scheme) else { return };
    assert!(url.scheme().eq_ignore_ascii_case(plain.scheme), "{text}: one scheme");
    assert!(url.username().is_empty() && url.password().is_none(), "{text}: nobody in it");
    assert_eq!(url.port_or_known_default(), Some(plain.port.unwrap_or(port)), "{text}: one port");
    let is_same = match (url.host(), plain.host) {
        (Some(url::Host::Domain(theirs)), Host::Name(ours)) => theirs.eq_ignore_ascii_case(ours),
        (Some(url::Host::Ipv4(theirs)), Host::Address(ours)) => IpAddr::V4(theirs) == ours,
        (Some(url::Host::Ipv6(theirs)), Host::Address(ours)) => IpAddr::V6(theirs) == ours,
        (_, Host::Address(_) | Host::Name(_)) => false,
    };
    assert!(is_same, "{text}: one host");
}

/// As a policy spells it.
impl fmt::Display for UrlTest {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("{ ")?;
        if !self.schemes.is_empty() {
            to.write_str("schemes: ")?;
            show_list(self.schemes.iter().map(|scheme| Word(scheme)), to)?;
            to.write_str(", ")?;
        }
        if !self.hosts.is_empty() {
            to.write_str("hosts: ")?;
            show_list(&self.hosts, to)?;
            to.write_str(", ")?;
        }
        if !self.ports.is_empty() {
            to.write_str("ports: ")?;
            show_list(&self.ports, to)?;
            to.write_str(", ")?;
        }
        write!(to, "private: {} }}", self.private.as_str())
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(to, "\"{address}\""),
            Self::Below(name) => write!(to, "\"*.{name}\""),
            Self::Name(name) => Word(name).fmt(to),
        }
    }
}

#[cfg(test)]
mod tests;
