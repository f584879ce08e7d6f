//! Values cut into pieces: groups with a separator between them, halves in two blocks of text.
//!
//! A short string that is nothing but groups of one length is read without its separators too; prose is
//! not, since its numbers must not run together. Where one block of text or line ends and the next begins,
//! the two edges are read as one text, and a value that lies over the seam is taken in both.

use std::ops::Range;

use crate::bounds::{SCAN_JOIN_BYTES_MAX, SCAN_SEAM_BYTES, SCAN_VIEW_DEPTH_MAX};
use crate::json::{Kind, Value};
use crate::scan::rules::Ruleset;
use crate::scan::sieve::sweep::{Form, Hit, Sweep};

/// Bytes of a group.
const GROUP_MAX: usize = 8;
/// Groups of what is cut into pieces; two or three are how people write numbers and dates.
const GROUPS_MIN: usize = 4;
/// Bytes of the shortest such value: groups of one, and the separators between them.
pub(in crate::scan) const GROUPED_MIN: usize = 2 * GROUPS_MIN - 1;

/// Whether the string whose content begins at `start` may be groups of one length: a separator stands
/// where the first two groups end. Cheap; asked for every field.
#[inline]
pub(in crate::scan) fn may_be_groups(bytes: &[u8], start: usize) -> bool {
    let Some(window) = bytes.get(start..start + 2 * GROUP_MAX + 3) else { return false };
    let length = window[..=GROUP_MAX].iter().position(|byte| !byte.is_ascii_alphanumeric());
    let repeats = |length: usize| {
        let separator = window[length];
        // As `split` has them.
        let is_separator = matches!(separator, b' ' | b'_' | b'/' | b'.' | b'-' | b',')
            || separator == b'\\' && window[length + 1] == b'n';
        is_separator
            && length > 0
            && (window[2 * length + 1] == separator || window[2 * length + 2] == separator)
    };
    length.is_some_and(repeats) || repeats(4)
}

/// What a string of groups holds without its separators; `None` if it is no string of groups.
pub(in crate::scan) fn groups(content: &[u8]) -> Option<Vec<u8>> {
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

/// Finds values that lie over the seam of two texts of `carrier` that are read one after the other: blocks
/// of content, messages, contents of a resource, and lines of text in an array. `place` maps an offset in
/// the whole text to one in the text that is swept, `bytes`.
pub(in crate::scan) fn seams(
    carrier: Value<'_>,
    bytes: &[u8],
    rules: &Ruleset,
    place: impl Fn(usize) -> usize,
) -> Vec<Hit> {
    let mut thread = Thread { bytes, rules, last: None, hits: Vec::new() };
    let inner = |text: Value<'_>| place(text.span().start + 1)..place(text.span().end.saturating_sub(1));
    for name in ["content", "contents", "messages"] {
        let Some(blocks) = carrier.get(name).filter(|blocks| blocks.kind() == Kind::Array) else { continue };
        thread.last = None;
        for block in blocks.elements() {
            let content = block.get("content").filter(|_| name == "messages").unwrap_or(block);
            match content.kind() {
                Kind::Array => {
                    content.elements().for_each(|block| thread.block(text(block).map(&inner)));
                }
                _ => thread.block(text(content).map(&inner)),
            }
        }
    }
    for array in carrier.containers().filter(|value| is_lines(*value)) {
        thread.last = None;
        array.elements().for_each(|line| thread.line(Some(line).filter(is_string).map(&inner)));
    }
    thread.hits
}

/// The text of a block of content.
fn text(block: Value<'_>) -> Option<Value<'_>> {
    block.get("text").filter(is_string)
}

fn is_string(value: &Value<'_>) -> bool {
    value.kind() == Kind::String
}

/// Whether it is an array that begins with two strings.
fn is_lines(value: Value<'_>) -> bool {
    let mut elements = value.elements();
    value.kind() == Kind::Array
        && elements.next().is_some_and(|first| is_string(&first))
        && elements.next().is_some_and(|second| is_string(&second))
}

/// Texts that are read one after the other.
struct Thread<'t> {
    bytes: &'t [u8],
    rules: &'t Ruleset,
    /// The content of the text before.
    last: Option<Range<usize>>,
    hits: Vec<Hit>,
}

impl Thread<'_> {
    /// Reads the next block of text; `None` where something else stands.
    fn block(&mut self, now: Option<Range<usize>>) {
        if let (Some(before), Some(now)) = (self.last.take(), &now) {
            self.seam(&before, now, b"");
        }
        self.last = now;
    }

    /// Reads the next line. Words and numbers that stand alone are a list, and no text that goes on.
    fn line(&mut self, now: Option<Range<usize>>) {
        if let (Some(before), Some(now)) = (self.last.take(), &now) {
            let has_words = |span: &Range<usize>, is_end: bool| {
                let from = if is_end {
                    span.end.saturating_sub(SCAN_SEAM_BYTES).max(span.start)
                } else {
                    span.start
                };
                let text = self.bytes.get(from..span.end.min(from + SCAN_SEAM_BYTES)).unwrap_or_default();
                memchr::memchr(b' ', text).is_some()
            };
            if has_words(&before, true) || has_words(now, false) {
                self.seam(&before, now, b"");
                self.seam(&before, now, b" ");
            }
        }
        self.last = now;
    }

    /// Reads the end of one text and the beginning of the next as one, with `joint` between them.
    fn seam(&mut self, before: &Range<usize>, after: &Range<usize>, joint: &[u8]) {
        let tail = before.end.saturating_sub(SCAN_SEAM_BYTES).max(before.start)..before.end;
        let head = after.start..after.end.min(after.start + SCAN_SEAM_BYTES);
        let (Some(left), Some(right)) = (self.bytes.get(tail.clone()), self.bytes.get(head.clone())) else {
            return;
        };
        if !may_go_on(left, right) {
            return;
        }
        let mut text = [0; 2 * SCAN_SEAM_BYTES + 1];
        let (end, start) = (left.len(), left.len() + joint.len());
        let length = start + right.len();
        text[..end].copy_from_slice(left);
        text[end..start].copy_from_slice(joint);
        text[start..length].copy_from_slice(right);
        for hit in Sweep::plain(&text[..length], self.rules, SCAN_VIEW_DEPTH_MAX) {
            if hit.span.start < end && hit.span.end > start {
                let parts =
                    [tail.start + hit.span.start..tail.end, head.start..head.start + (hit.span.end - start)];
                self.hits.extend(parts.map(|span| Hit { span, form: Form::Piece, ..hit.clone() }));
            }
        }
    }
}

/// Whether a value may end one text and go on in the next: digits on both sides, an address, or a long word.
/// Cheap; asked for every seam.
fn may_go_on(left: &[u8], right: &[u8]) -> bool {
    const NEAR: usize = 6;
    let (Some(&last), Some(&first)) = (left.last(), right.first()) else { return false };
    if last == b'\\' {
        return false;
    }
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/');
    let has_digit = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_digit);
    if has_digit(&left[left.len().saturating_sub(NEAR)..]) && has_digit(&right[..right.len().min(NEAR)]) {
        return true;
    }
    let ends = left.iter().rev().take_while(|byte| is_part(byte) || **byte == b'@').count();
    let begins = right.iter().take_while(|byte| is_part(byte) || **byte == b'@').count();
    let has_at = left[left.len() - ends..].contains(&b'@') || right[..begins].contains(&b'@');
    let is_word = is_part(&last) && is_part(&first) && ends + begins >= 16;
    (has_at && ends > 0 && begins > 0) || is_word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

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

    #[test]
    fn asks_for_a_seam_only_where_a_value_may_go_on() {
        for (left, right, wanted) in [
            ("card 4111 1111", " 1111 1111 on", true),
            ("write to user@exam", "ple.com now", true),
            ("write to user", "@example.com now", true),
            ("key AKIAIOSFOD", "NN7EXAMPLE", true),
            ("the first line.", "The second line", false),
            ("room 12", "is free", false),
            (r"ends in \", "4111", false),
            ("", "4111", false),
        ] {
            assert_eq!(may_go_on(left.as_bytes(), right.as_bytes()), wanted, "{left}|{right}");
        }
    }

    #[test]
    fn reads_neighbouring_texts_as_one() {
        let plan = everything(Action::Mask);
        let block = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
        let halves = [
            ("card 4111 1111", " 1111 1111.", "card **** ****", " **** ****."),
            ("SSN 123-45-", "6789.", "SSN ***-**-", "****."),
            ("to user@exam", "ple.com now", "to ****@****", "***.*** now"),
        ];
        for (left, right, left_wanted, right_wanted) in halves {
            type Around<'a> = &'a dyn Fn(&str, &str) -> String;
            let arounds: [Around<'_>; 6] = [
                &|a, b| format!(r#"{{"content":[{},{}]}}"#, block(a), block(b)),
                &|a, b| {
                    format!(r#"{{"contents":[{{"uri":"a:b","text":"{a}"}},{{"uri":"a:c","text":"{b}"}}]}}"#)
                },
                &|a, b| {
                    let message = |text: &str| format!(r#"{{"role":"user","content":{}}}"#, block(text));
                    format!(r#"{{"messages":[{},{}]}}"#, message(a), message(b))
                },
                &|a, b| {
                    format!(r#"{{"messages":[{{"role":"user","content":[{},{}]}}]}}"#, block(a), block(b))
                },
                &|a, b| format!(r#"{{"structuredContent":{{"lines":["{a}","{b}"]}}}}"#),
                &|a, b| format!(r#"{{"x":[[1,["the first","{a}","{b}",7]]]}}"#),
            ];
            for around in arounds {
                check(&plan, &around(left, right), &around(left_wanted, right_wanted));
            }
            let apart = format!(r#"{{"content":[{},{{"type":"image"}},{}]}}"#, block(left), block(right));
            check(&plan, &apart, &apart);
        }
        check(
            &plan,
            r#"{"a":["card 4111 1111","1111 1111 x"]}"#,
            r#"{"a":["card **** ****","**** **** x"]}"#,
        );
        let list = r#"{"ids":["41111111","11111111"],"years":["2019","2020"]}"#;
        check(&plan, list, list);
    }
}
