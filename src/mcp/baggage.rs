//! W3C baggage: what an application says about a request, entry by entry.
//!
//! Written by the client, vouched for by nobody. It comes in the header `baggage` of HTTP, or in
//! `params._meta` under that name, in the same form.
//!
//! Source: W3C Baggage, 3.3; MCP SEP-414.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::bounds::BAGGAGE_BYTES_MAX;

/// The value of the entry `key`.
///
/// `None` where it is not there, stands twice with different values (two readers take two of them), is no
/// text when decoded, or the whole is longer than `BAGGAGE_BYTES_MAX`. Properties of an entry are left aside.
pub fn entry<'b>(baggage: &'b str, key: &str) -> Option<Cow<'b, str>> {
    if baggage.len() > BAGGAGE_BYTES_MAX {
        return None;
    }
    let members = baggage.split(',').map(|member| member.split(';').next().unwrap_or_default());
    let mut found = members.filter_map(|member| {
        let (name, value) = member.split_once('=')?;
        (name.trim_matches(BLANKS) == key).then(|| value.trim_matches(BLANKS))
    });
    let first = found.next()?;
    if found.any(|other| other != first) {
        return None;
    }
    percent_decode_str(first).decode_utf8().ok()
}

/// Optional white space around names and values.
const BLANKS: [char; 2] = [' ', '\t'];

/// Reads arbitrary bytes as baggage; for fuzzers, and panics never.
pub fn fuzz_baggage(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(value) = entry(text, "a") {
        assert!(value.len() <= text.len(), "decoding adds nothing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_an_entry_or_says_nothing() {
        let rows = [
            ("a=1", Some("1")),
            ("b=2,a=1", Some("1")),
            (" a = 1 ;p=2;q , b=2", Some("1")),
            ("a=x%20y%C3%A9", Some("x y\u{e9}")),
            ("a=1,a=1", Some("1")),
            ("a=1,a=2", None),
            ("A=1", None),
            ("aa=1,b;a=1", None),
            ("a=%FF", None),
            ("a=", Some("")),
            ("a", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(entry(text, "a").as_deref(), wanted, "{text}");
            fuzz_baggage(text.as_bytes());
        }
    }

    #[test]
    fn reads_no_more_than_its_bound() {
        let long = |bytes: usize| format!("a=1,b={}", "x".repeat(bytes - "a=1,b=".len()));
        for (bytes, wanted) in
            [(BAGGAGE_BYTES_MAX - 1, true), (BAGGAGE_BYTES_MAX, true), (BAGGAGE_BYTES_MAX + 1, false)]
        {
            assert_eq!(entry(&long(bytes), "a").is_some(), wanted, "{bytes}");
        }
    }
}
