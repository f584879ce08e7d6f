//! W3C trace context: which trace a message belongs to, and which span of it sent the message.
//!
//! Written by the client, vouched for by nobody: good for putting spans in their place, and for nothing else.
//! It comes in the headers `traceparent` and `tracestate` of HTTP, or in `params._meta` under the same names. What
//! is not well-formed is as if it were not there.
//!
//! Source: W3C Trace Context (Level 1), 3.2 and 3.3; MCP 2026-07-28, basic, `_meta` (SEP-414).

use std::fmt;

use crate::bounds::{TRACESTATE_BYTES_MAX, TRACESTATE_MEMBERS_MAX};
use crate::names::hex;

/// The id of a trace; never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a span in its trace; never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// Whether the spans of a trace are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// They are not.
    Dropped,
    /// They are.
    Sampled,
}

/// Where a message stands: its trace, and the span that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span that sent the message.
    pub span_id: SpanId,
    /// What its sender decided.
    pub sampling: Sampling,
}

impl TraceId {
    /// `bytes` as an id; `None` for zero, which is none.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// Its bytes.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl SpanId {
    /// `bytes` as an id; `None` for zero, which is none.
    pub fn new(bytes: [u8; 8]) -> Option<Self> {
        (bytes != [0; 8]).then_some(Self(bytes))
    }

    /// Its bytes.
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl TraceContext {
    /// Reads a `traceparent`; `None` where it is not well-formed.
    ///
    /// Of a later version than ours the beginning is read, which has to be as in ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (known, rest) = bytes.split_at_checked(LENGTH)?;
        let is_separated = [2, 35, 52].iter().all(|&at| known[at] == b'-');
        let [version] = digits(&known[..2])?;
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|&next| next == b'-'),
        };
        if !is_separated || !is_whole {
            return None;
        }
        let [flags] = digits(&known[53..])?;
        Some(Self {
            trace_id: TraceId::new(digits(&known[3..35])?)?,
            span_id: SpanId::new(digits(&known[36..52])?)?,
            sampling: if flags & SAMPLED == 0 { Sampling::Dropped } else { Sampling::Sampled },
        })
    }
}

impl fmt::Display for TraceContext {
    /// Writes it as a `traceparent` of our version.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = match self.sampling {
            Sampling::Dropped => "00",
            Sampling::Sampled => "01",
        };
        write!(f, "00-{}-{}-{flags}", self.trace_id, self.span_id)
    }
}

/// Whether `text` is a well-formed `tracestate`, of at most `TRACESTATE_BYTES_MAX` bytes.
pub fn is_state(text: &str) -> bool {
    let members = || text.split(',').map(|member| member.trim_matches(BLANKS)).filter(|it| !it.is_empty());
    let is_told_once = |at: usize, key: &str| !members().take(at).any(|member| key_of(member) == key);
    text.len() <= TRACESTATE_BYTES_MAX
        && (1..=TRACESTATE_MEMBERS_MAX).contains(&members().count())
        && members().enumerate().all(|(at, member)| is_member(member) && is_told_once(at, key_of(member)))
}

/// The length of a `traceparent` of version 00, in bytes.
const LENGTH: usize = 55;
/// The flag of what is sampled.
const SAMPLED: u8 = 1;
/// Optional white space around the members of a list.
const BLANKS: [char; 2] = [' ', '\t'];

fn key_of(member: &str) -> &str {
    member.split('=').next().unwrap_or_default()
}

fn is_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else { return false };
    let is_value = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    is_key(key) && (1..=256).contains(&value.len()) && value.bytes().all(is_value) && !value.ends_with(' ')
}

/// Whether it names a system, or a tenant at a system.
fn is_key(key: &str) -> bool {
    let is_rest = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
    let is_name = |name: &str, bytes_max: usize| name.len() <= bytes_max && name.bytes().all(is_rest);
    let starts_with = |name: &str, is_first: fn(u8) -> bool| name.bytes().next().is_some_and(is_first);
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    match key.split_once('@') {
        None => is_name(key, 256) && starts_with(key, is_letter),
        Some((tenant, system)) => {
            is_name(tenant, 241)
                && starts_with(tenant, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && is_name(system, 14)
                && starts_with(system, is_letter)
        }
    }
}

/// The bytes that lower-case hexadecimal digits say; `None` for other digits, and for more or fewer.
fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let half = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = half(*high)? << 4 | half(*low)?;
    }
    Some(bytes)
}

/// Reads arbitrary bytes as a trace context; for fuzzers, and panics never.
pub fn fuzz_trace_context(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(context) = TraceContext::parse(text) {
        assert_eq!(
            TraceContext::parse(&context.to_string()),
            Some(context),
            "what is read is what was written"
        );
    }
    assert!(!is_state(text) || text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn reads_what_is_well_formed_and_nothing_else() {
        let rows = [
            (format!("00-{TRACE}-{SPAN}-01"), Some(Sampling::Sampled)),
            (format!("00-{TRACE}-{SPAN}-00"), Some(Sampling::Dropped)),
            (format!("00-{TRACE}-{SPAN}-03"), Some(Sampling::Sampled)),
            (format!("00-{TRACE}-{SPAN}-02"), Some(Sampling::Dropped)),
            (format!("01-{TRACE}-{SPAN}-01"), Some(Sampling::Sampled)),
            (format!("fe-{TRACE}-{SPAN}-01-more"), Some(Sampling::Sampled)),
            (format!("fe-{TRACE}-{SPAN}-01more"), None),
            (format!("00-{TRACE}-{SPAN}-01-more"), None),
            (format!("00-{TRACE}-{SPAN}-01-"), None),
            (format!("ff-{TRACE}-{SPAN}-01"), None),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            (format!("00_{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}-0g"), None),
            (format!("00-{TRACE}-{SPAN}-1"), None),
            (format!(" 00-{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}-01 "), None),
            (format!("00-{}\u{e9}-{SPAN}-01", &TRACE[2..]), None),
            (String::new(), None),
        ];
        for (text, wanted) in rows {
            let read = TraceContext::parse(&text);
            assert_eq!(read.map(|context| context.sampling), wanted, "{text}");
            if let Some(context) = read {
                assert_eq!(
                    (context.trace_id.to_string(), context.span_id.to_string()),
                    (TRACE.into(), SPAN.into())
                );
                let flags = if wanted == Some(Sampling::Sampled) { "01" } else { "00" };
                assert_eq!(context.to_string(), format!("00-{TRACE}-{SPAN}-{flags}"));
            }
            fuzz_trace_context(text.as_bytes());
        }
    }

    #[test]
    fn takes_a_state_that_is_well_formed_and_no_other() {
        let long = |key: usize, value: usize| format!("{}={}", "k".repeat(key), "v".repeat(value));
        let members = |count: usize| (0..count).map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(",");
        let rows = [
            ("congo=t61rcWkgMzE".to_owned(), true),
            ("rojo=00f067aa0ba902b7, congo=t6".into(), true),
            ("rojo=1,,\t,congo=2,".into(), true),
            ("1a-2b*c/d@sys_t3m=x y".into(), true),
            ("a=1,a=2".into(), false),
            ("a@b@c=1".into(), false),
            ("1a=1".into(), false),
            ("a@1b=1".into(), false),
            ("A=1".into(), false),
            ("a=".into(), false),
            ("a=b=c".into(), false),
            ("=1".into(), false),
            ("a".into(), false),
            ("a=\u{e9}".into(), false),
            ("a=1\r\nx: y".into(), false),
            (",".into(), false),
            (String::new(), false),
            (long(256, 256), true),
            (long(257, 1), false),
            (long(1, 257), false),
            (members(TRACESTATE_MEMBERS_MAX - 1), true),
            (members(TRACESTATE_MEMBERS_MAX), true),
            (members(TRACESTATE_MEMBERS_MAX + 1), false),
        ];
        for (text, wanted) in rows {
            assert_eq!(is_state(&text), wanted, "{text}");
            fuzz_trace_context(text.as_bytes());
        }
        for (bytes, wanted) in [
            (TRACESTATE_BYTES_MAX - 1, true),
            (TRACESTATE_BYTES_MAX, true),
            (TRACESTATE_BYTES_MAX + 1, false),
        ] {
            let text = format!("a=1{}", ",".repeat(bytes - 3));
            assert_eq!(is_state(&text), wanted, "{bytes}");
        }
    }
}
