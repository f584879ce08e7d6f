//! Keys that are nearly a key of the protocol, without being it.
//!
//! Some readers match names without regard to case, drop NUL, or fold full-width letters: to them
//! `"NAME"` is `name`. So a key that is none of the protocol's, but folds to one, is refused wherever the
//! protocol gives keys a meaning. Keys of arguments are data and never looked at here.
//!
//! The fold: without default-ignorables, controls, `-`, `_` and white space at the edges; compatibility
//! letters as ASCII letters; lower case. Source: rule S5 of the strict profile; CVE-2026-27896.

use super::keys::{CONTENT, ENVELOPE, ERROR, META, REFERENCE, RESULT, TOOL, params_keys};
use super::method::Method;
use crate::json::{Key, Value};

/// A key that is nearly one of the protocol's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near<'d> {
    pub key: Key<'d>,
    pub known: &'static str,
}

/// Finds the first key of the params of `method`, of their `_meta` or of a reference in them, that is
/// nearly one of the protocol's.
pub(super) fn in_params(method: Method, params: Value<'_>) -> Option<Near<'_>> {
    for (key, value) in params.members() {
        if let Some(known) = near_miss(&key.name(), params_keys(method)) {
            return Some(Near { key, known });
        }
        let inner = if key.is("_meta") {
            among(value, META)
        } else if method == Method::CompletionComplete && key.is("ref") {
            among(value, REFERENCE)
        } else {
            None
        };
        if inner.is_some() {
            return inner;
        }
    }
    None
}

/// Finds the first key of a result, of its `_meta`, or of a tool or block of content in it, that is
/// nearly one of the protocol's.
pub(super) fn in_result(result: Value<'_>) -> Option<Near<'_>> {
    for (key, value) in result.members() {
        if let Some(known) = near_miss(&key.name(), RESULT) {
            return Some(Near { key, known });
        }
        let inner = if key.is("_meta") {
            among(value, META)
        } else if key.is("tools") {
            value.elements().find_map(|tool| among(tool, TOOL))
        } else if key.is("content") {
            value.elements().find_map(|block| among(block, CONTENT))
        } else {
            None
        };
        if inner.is_some() {
            return inner;
        }
    }
    None
}

/// Finds the first key of an error that is nearly one of the protocol's.
pub(super) fn in_error(error: Value<'_>) -> Option<Near<'_>> {
    among(error, ERROR)
}

fn among<'d>(object: Value<'d>, known: &'static [&'static str]) -> Option<Near<'d>> {
    object.members().find_map(|(key, _)| near_miss(&key.name(), known).map(|known| Near { key, known }))
}

/// The entry of `known` that `key` is nearly; `None` when it is one of them, or far from all.
///
/// Allocates nothing.
pub fn near_miss(key: &str, known: &[&'static str]) -> Option<&'static str> {
    if known.contains(&key) {
        return None;
    }
    let first = fold(key).next()?;
    // The protocol's keys are ASCII, and most strangers differ in their first letter.
    let starts_alike = |known: &str| {
        let letter = known.bytes().find(|byte| !matches!(byte, b'-' | b'_'));
        letter.is_some_and(|letter| char::from(letter.to_ascii_lowercase()) == first)
    };
    known.iter().copied().find(|known| starts_alike(known) && folds_alike(key, known))
}

/// Whether some reader may take one key for the other.
pub(super) fn folds_alike(one: &str, other: &str) -> bool {
    fold(one).eq(fold(other))
}

/// The characters of `text` as a reader may see them who does not look closely.
fn fold(text: &str) -> impl Iterator<Item = char> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_ignored(c));
    text.chars().filter(|&c| !is_ignored(c)).flat_map(|c| compatible(c).into_iter().flatten())
}

/// Whether a reader may drop `c`: joiners of words, controls, and what Unicode calls default-ignorable.
fn is_ignored(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, '-' | '_') || c.is_ascii_control();
    }
    matches!(c,
        '\u{80}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}'
        | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2010}'..='\u{2015}'
        | '\u{202A}'..='\u{202E}' | '\u{203F}' | '\u{2060}'..='\u{206F}' | '\u{2212}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FE33}' | '\u{FE34}' | '\u{FE4D}'..='\u{FE4F}' | '\u{FE58}' | '\u{FE63}'
        | '\u{FEFF}' | '\u{FF0D}' | '\u{FF3F}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The lower-case letters for which `c` is another spelling, up to three; `c` itself for all others.
fn compatible(c: char) -> [Option<char>; 3] {
    let one = |c: char| [Some(c.to_ascii_lowercase()), None, None];
    let spelled = |text: &str| {
        let mut letters = text.chars();
        [letters.next(), letters.next(), letters.next()]
    };
    match c {
        '\0'..='\x7F' => one(c),
        '\u{FF01}'..='\u{FF5E}' => one(shifted(c, 0xFF01, '!')),
        '\u{24B6}'..='\u{24CF}' => one(shifted(c, 0x24B6, 'a')),
        '\u{24D0}'..='\u{24E9}' => one(shifted(c, 0x24D0, 'a')),
        // Mathematical letters: alphabets of 26 capitals and 26 small letters in turn.
        '\u{1D400}'..='\u{1D6A3}' => one(char::from(b'a' + ((c as u32 - 0x1D400) % 26) as u8)),
        '\u{FB00}' => spelled("ff"),
        '\u{FB01}' => spelled("fi"),
        '\u{FB02}' => spelled("fl"),
        '\u{FB03}' => spelled("ffi"),
        '\u{FB04}' => spelled("ffl"),
        '\u{FB05}' | '\u{FB06}' => spelled("st"),
        _ => one(LETTERS.iter().find(|(letter, _)| *letter == c).map_or(c, |&(_, plain)| plain)),
    }
}

fn shifted(c: char, from: u32, to: char) -> char {
    char::from_u32(c as u32 - from + to as u32).unwrap_or(c)
}

/// Single letters that fold to an ASCII letter: the long s, the Kelvin sign, and their like.
const LETTERS: &[(char, char)] = &[
    ('\u{AA}', 'a'),
    ('\u{BA}', 'o'),
    ('\u{130}', 'i'),
    ('\u{131}', 'i'),
    ('\u{17F}', 's'),
    ('\u{2070}', '0'),
    ('\u{2071}', 'i'),
    ('\u{207F}', 'n'),
    ('\u{2102}', 'c'),
    ('\u{210A}', 'g'),
    ('\u{210B}', 'h'),
    ('\u{210C}', 'h'),
    ('\u{210D}', 'h'),
    ('\u{210E}', 'h'),
    ('\u{2110}', 'i'),
    ('\u{2111}', 'i'),
    ('\u{2112}', 'l'),
    ('\u{2113}', 'l'),
    ('\u{2115}', 'n'),
    ('\u{2119}', 'p'),
    ('\u{211A}', 'q'),
    ('\u{211B}', 'r'),
    ('\u{211C}', 'r'),
    ('\u{211D}', 'r'),
    ('\u{2124}', 'z'),
    ('\u{2128}', 'z'),
    ('\u{212A}', 'k'),
    ('\u{212C}', 'b'),
    ('\u{212D}', 'c'),
    ('\u{212F}', 'e'),
    ('\u{2130}', 'e'),
    ('\u{2131}', 'f'),
    ('\u{2133}', 'm'),
    ('\u{2134}', 'o'),
    ('\u{2139}', 'i'),
    ('\u{2145}', 'd'),
    ('\u{2146}', 'd'),
    ('\u{2147}', 'e'),
    ('\u{2148}', 'i'),
    ('\u{2149}', 'j'),
    ('\u{2160}', 'i'),
    ('\u{2164}', 'v'),
    ('\u{2169}', 'x'),
    ('\u{216C}', 'l'),
    ('\u{216D}', 'c'),
    ('\u{216E}', 'd'),
    ('\u{216F}', 'm'),
    ('\u{2170}', 'i'),
    ('\u{2174}', 'v'),
    ('\u{2179}', 'x'),
    ('\u{217C}', 'l'),
    ('\u{217D}', 'c'),
    ('\u{217E}', 'd'),
    ('\u{217F}', 'm'),
];

/// Looks for near misses in arbitrary text, and checks what must hold.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_near(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for known in [ENVELOPE, META, RESULT] {
        assert!(known.iter().all(|key| near_miss(key, known).is_none()), "a key is not near itself");
        if let Some(near) = near_miss(&text, known) {
            assert_ne!(near, text);
        }
    }
}
