//! The name that ends where something tells of a person: before a date of birth.

use std::ops::Range;

use super::super::words::word;
use super::lexicons::{LABELS, NOUNS, TITLES};
use super::{NAME_WORDS_MAX, is_particle, is_thing};
use crate::scan::spelling::edges::before;

/// Bytes of one word, its escapes included.
const WORD_BYTES_MAX: usize = 64;

/// The name of two words or more that ends at `end`. What introduces it, a title or `patient`, is no part of it.
pub(in crate::scan) fn ending(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let (mut to, mut start, mut count) = (end, None, 0);
    while count < NAME_WORDS_MAX {
        let from = first_of(bytes, to);
        let Some(found) = word(bytes, from).filter(|found| found.end == to) else { break };
        let text = &bytes[from..to];
        if found.is_capital {
            if NOUNS.holds(text) || LABELS.holds(text) || TITLES.holds(text) {
                break;
            }
            count += 1;
            start = Some(from);
        } else if start.is_none() || !is_particle(text) {
            break;
        }
        if before(bytes, from) != b' ' {
            break;
        }
        to = from - 1;
    }
    let start = start.filter(|_| count >= 2)?;
    (!matches!(before(bytes, start), b'_' | b'/' | b'@' | b'.' | b'-') && !is_thing(&bytes[start..end]))
        .then_some(start..end)
}

/// Where the word begins that ends at `end`: behind a blank, a quote or the escape of a line end. Letters may stand in
/// escapes of their own.
fn first_of(bytes: &[u8], end: usize) -> usize {
    let floor = end.saturating_sub(WORD_BYTES_MAX);
    let head = &bytes[floor..end];
    let edge = head.iter().rposition(|byte| matches!(byte, b' ' | b'"' | b'(' | b'>' | b':' | b'*'));
    let start = edge.map_or(floor, |edge| floor + edge + 1);
    let line = bytes[start..end].windows(2).rposition(|pair| matches!(pair, b"\\n" | b"\\r" | b"\\t"));
    line.map_or(start, |line| start + line + 2)
}
