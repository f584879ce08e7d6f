//! Values cut into pieces: groups with a separator between them, halves in two blocks of text.
//!
//! A short string that is nothing but groups of one length is read without its separators too; prose is
//! not, since its numbers must not run together. Where one block of text ends and the next begins, the
//! two edges are read as one text, and a value that lies over the seam is taken in both.

use std::ops::Range;

use super::edges::byte;
use super::rules::Ruleset;
use super::sweep::{Form, Hit, Sweep};
use crate::bounds::{SCAN_JOIN_BYTES_MAX, SCAN_SEAM_BYTES, SCAN_VIEW_DEPTH_MAX};
use crate::json::{Kind, Value};

/// Bytes of a group.
const GROUP_MAX: usize = 8;
/// Groups of what is cut into pieces; two or three are how people write numbers and dates.
const GROUPS_MIN: usize = 4;

/// Whether the string whose content begins at `start` may be groups of one length: a separator stands
/// where the first two groups end. Cheap; asked for every field.
#[inline]
pub(super) fn may_be_groups(bytes: &[u8], start: usize) -> bool {
    let Some(window) = bytes.get(start..start + 2 * GROUP_MAX + 3) else { return false };
    let length = window[..=GROUP_MAX].iter().position(|byte| !byte.is_ascii_alphanumeric());
    let repeats = |length: usize| {
        let separator = window[length];
        let is_outside = !separator.is_ascii_alphanumeric() && separator != b'"';
        is_outside
            && length > 0
            && (window[2 * length + 1] == separator || window[2 * length + 2] == separator)
    };
    length.is_some_and(repeats) || repeats(4)
}

/// What a string of groups holds without its separators; `None` if it is no string of groups.
pub(super) fn groups(content: &[u8]) -> Option<Vec<u8>> {
    if content.len() > SCAN_JOIN_BYTES_MAX {
        return None;
    }
    let first = content.iter().position(|byte| !byte.is_ascii_alphanumeric()).filter(|length| *length > 0)?;
    // A sign such as the `@` of an address may stand inside a group.
    [first, 4].into_iter().filter(|length| *length <= GROUP_MAX).find_map(|length| split(content, length))
}

/// Cuts `content` into groups of `length` with one separator between them, and joins them.
fn split(content: &[u8], length: usize) -> Option<Vec<u8>> {
    let rest = content.get(length..)?;
    let separator: &[u8] = match rest {
        [b' ', b' ', ..] => b"  ",
        [b'\\', b'n', ..] => b"\\n",
        [byte @ (b' ' | b'_' | b'/' | b'.' | b'-' | b','), ..] => std::slice::from_ref(byte),
        _ => return None,
    };
    let period = length + separator.len();
    let whole = content.len().div_ceil(period);
    let is_cut =
        |place: usize| content.get(place * period - separator.len()..place * period) == Some(separator);
    // Looked at before anything is copied: most strings with a separator are no groups.
    if whole < GROUPS_MIN || !(1..whole).all(is_cut) || content.len() % period > length {
        return None;
    }
    let groups = content.chunks(period).map(|chunk| &chunk[..chunk.len().min(length)]);
    Some(groups.flatten().copied().collect())
}

/// Finds values that lie over the seam of two blocks of text of `carrier`. `place` maps an offset in the
/// whole text to one in the text that is swept, `bytes`.
pub(super) fn seams(
    carrier: Value<'_>,
    bytes: &[u8],
    rules: &Ruleset,
    place: impl Fn(usize) -> usize,
) -> Vec<Hit> {
    let mut hits = Vec::new();
    let Some(content) = carrier.get("content").filter(|content| content.kind() == Kind::Array) else {
        return hits;
    };
    let mut last: Option<Range<usize>> = None;
    for block in content.elements() {
        let text = block.get("text").filter(|text| text.kind() == Kind::String);
        let Some(text) = text else {
            last = None;
            continue;
        };
        let span = text.span();
        let now = place(span.start + 1)..place(span.end.saturating_sub(1));
        if let Some(before) = last {
            seam(bytes, rules, &before, &now, &mut hits);
        }
        last = Some(now);
    }
    hits
}

/// Reads the end of one text and the beginning of the next as one.
fn seam(bytes: &[u8], rules: &Ruleset, before: &Range<usize>, after: &Range<usize>, hits: &mut Vec<Hit>) {
    let tail = before.end.saturating_sub(SCAN_SEAM_BYTES).max(before.start)..before.end;
    let head = after.start..after.end.min(after.start + SCAN_SEAM_BYTES);
    let (Some(left), Some(right)) = (bytes.get(tail.clone()), bytes.get(head.clone())) else { return };
    if left.is_empty() || right.is_empty() || byte(left, left.len() - 1) == b'\\' {
        return;
    }
    let mut text = [0; 2 * SCAN_SEAM_BYTES];
    let length = left.len() + right.len();
    text[..left.len()].copy_from_slice(left);
    text[left.len()..length].copy_from_slice(right);
    for hit in Sweep::plain(&text[..length], rules, SCAN_VIEW_DEPTH_MAX) {
        if hit.span.start < left.len() && hit.span.end > left.len() {
            let parts =
                [tail.start + hit.span.start..tail.end, head.start..head.start + (hit.span.end - left.len())];
            hits.extend(parts.map(|span| Hit { span, form: Form::Piece, ..hit.clone() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_groups_of_one_length_and_nothing_else() {
        for (text, wanted) in [
            ("4111 1111 1111 1111", Some("4111111111111111")),
            ("user  @exa  mple  .com", Some("user@example.com")),
            (r"DE89\n3704\n0044\n05", Some("DE893704004405")),
            ("a.b.c.d", Some("abcd")),
            ("2026-11-23", None),
            ("12 34 56", None),
            ("see the room", None),
            ("10.1.2.3", None),
            ("plain", None),
        ] {
            let found = groups(text.as_bytes()).map(|joined| String::from_utf8(joined).unwrap());
            assert_eq!(found.as_deref(), wanted, "{text}");
            let padded = format!("{text}{}", "\"".repeat(30));
            assert!(wanted.is_none() || may_be_groups(padded.as_bytes(), 0), "{text}");
        }
        assert_eq!(groups("4111 ".repeat(40).as_bytes()), None);
    }
}
