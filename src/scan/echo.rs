//! A value that was given back, looked for in what its receiver answers: the token again, not the value.
//!
//! A tool that was sent an address tells that it has sent a mail there. The model must read the token
//! that it wrote, in results as in errors and notifications, whatever the rules find by form. So a value
//! is looked for as it is: whole words, in every way in which JSON spells it, at each depth of JSON in
//! strings. What the receiver spells otherwise (other separators, other letters) is left to the rules.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;
use zeroize::Zeroizing;

use super::Detector;
use super::spelling::edges::{byte, is_open, is_word};
use super::vault::Token;
use crate::bounds::ECHO_BYTES_MIN;
use crate::json::encode;
use crate::names::Label;

/// One value, and what is written in its place.
pub struct Echo {
    /// The ways in which it may be spelled in a message: three of ASCII, up to fifteen of other letters.
    needles: Vec<Zeroizing<String>>,
    pub(super) token: Token,
    pub(super) detector: Detector,
    /// The rule that gave it back.
    pub(super) rule: Arc<Label>,
}

/// A value that was found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    /// Its bytes in the text that was swept.
    pub span: Range<usize>,
    /// The place of its echo.
    pub echo: usize,
}

/// Depths of JSON in strings in which a value is looked for.
const DEPTHS: usize = 3;

impl Echo {
    /// What to look for; `None` for a value that is too short to be looked for.
    pub(super) fn new(value: &str, token: Token, detector: Detector, rule: Arc<Label>) -> Option<Self> {
        if value.len() < ECHO_BYTES_MIN {
            return None;
        }
        let mut needles: Vec<Zeroizing<String>> = Vec::new();
        let mut last = vec![Zeroizing::new(value.to_owned())];
        for _ in 0..DEPTHS {
            let mut next: Vec<Zeroizing<String>> = Vec::new();
            for text in &last {
                let content = Zeroizing::new(encode(text));
                for spelled in [ascii(&content, u16_lower), ascii(&content, u16_upper), content] {
                    if !next.contains(&spelled) {
                        next.push(spelled);
                    }
                }
            }
            needles.extend(next.iter().filter(|text| !needles.contains(text)).cloned().collect::<Vec<_>>());
            last = next;
        }
        Some(Self { needles, token, detector, rule })
    }

    /// Adds every place in `bytes` where the value stands as a word.
    pub(super) fn hear(&self, echo: usize, bytes: &[u8], heard: &mut Vec<Heard>) {
        for needle in &self.needles {
            let needle = needle.as_bytes();
            let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
            let (first, last) = (is_edge(needle.first()), is_edge(needle.last()));
            for at in memmem::find_iter(bytes, needle) {
                let end = at + needle.len();
                let is_free = (!first || is_open(bytes, at)) && (!last || !is_word(byte(bytes, end)));
                if is_free {
                    heard.push(Heard { span: at..end, echo });
                }
            }
        }
    }
}

/// Finds all of `echoes` in `bytes`, in the order of the text; of two that overlap, the first and longest.
pub(super) fn hear(echoes: &[Echo], bytes: &[u8]) -> Vec<Heard> {
    let mut heard = Vec::new();
    for (place, echo) in echoes.iter().enumerate() {
        echo.hear(place, bytes, &mut heard);
    }
    heard.sort_by_key(|heard| (heard.span.start, std::cmp::Reverse(heard.span.end)));
    let mut end = 0;
    heard.retain(|heard| {
        let is_free = heard.span.start >= end;
        end = if is_free { heard.span.end } else { end };
        is_free
    });
    heard
}

/// The content of a JSON string with everything beyond ASCII in escapes.
fn ascii(content: &str, escape: fn(u16) -> String) -> Zeroizing<String> {
    let mut spelled = Zeroizing::new(String::with_capacity(content.len()));
    for character in content.chars() {
        if character.is_ascii() {
            spelled.push(character);
        } else {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| spelled.push_str(&escape(*unit)));
        }
    }
    spelled
}

fn u16_lower(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

fn u16_upper(unit: u16) -> String {
    format!("\\u{unit:04X}")
}

impl std::fmt::Debug for Echo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Echo").field("token", &self.token).finish_non_exhaustive()
    }
}
