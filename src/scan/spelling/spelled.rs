//! ASCII spelled otherwise: `\u0034`, full-width digits, invisible characters between letters, `%34`,
//! `&#52;`. The text in plain spelling, and the way back to its bytes.
//!
//! A message without any of it is never copied. What would change the structure of the text, quotes and
//! backslashes, is respelled only in `\u` escapes, at its own depth.

use std::ops::Range;

use super::edges::{before, byte, slashes};
use super::foreign::{Meaning, meaning};

/// A text in plain spelling. What is not ASCII in meaning stays as it came.
pub(in crate::scan) struct Plain {
    pub text: Vec<u8>,
    units: Vec<Unit>,
}

/// One spelling that was replaced: its bytes there and here. Nothing, if it was dropped.
struct Unit {
    raw: Range<usize>,
    plain: Range<usize>,
}

/// A spelling found in a text: its bytes, and what it says.
struct Found {
    span: Range<usize>,
    meaning: Meaning,
    /// Backslashes, where it is an escape.
    run: usize,
}

/// Whether the special byte at `at` belongs to a spelling of what may be a part of a value, so that the
/// text must be respelled to be seen.
#[inline]
pub(in crate::scan) fn is_spelled(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'u' => escape(bytes, at - 1).is_some_and(|found| found.is_telling(bytes)),
        b'%' => percent(bytes, at).is_some_and(|found| found.is_letter()),
        b'&' => entity(bytes, at).is_some_and(|found| found.is_letter()),
        0x80.. => raw(bytes, at).is_some_and(|found| found.is_telling(bytes)),
        _ => false,
    }
}

impl Found {
    /// Whether it stands for a letter, a digit or a sign of an address.
    fn is_letter(&self) -> bool {
        matches!(self.meaning, Meaning::Ascii(byte) if byte.is_ascii_alphanumeric() || byte == b'@')
    }

    /// Whether it may hide a value: a letter or digit, or something unseen or a separator between them.
    fn is_telling(&self, bytes: &[u8]) -> bool {
        let next = byte(bytes, self.span.end);
        let last = before(bytes, self.span.start);
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'@' || byte >= 0x80;
        match self.meaning {
            Meaning::Ascii(b' ' | b'-' | b'.' | b'/') if self.run == 0 => {
                last.is_ascii_digit() && next.is_ascii_digit()
            }
            Meaning::Ascii(byte) => !matches!(byte, b'<' | b'>' | b'&' | b'\''),
            Meaning::Nothing => is_part(last) && (is_part(next) || next == b'\\'),
            Meaning::Own => false,
        }
    }
}

/// The escape whose backslash is at `at`.
fn escape(bytes: &[u8], at: usize) -> Option<Found> {
    let unit: &[u8; 6] = bytes.get(at..)?.first_chunk()?;
    let code = hex(unit.strip_prefix(b"\\u")?)?;
    let run = slashes(bytes, at) + 1;
    let mut span = at + 1 - run..at + 6;
    let character = if (0xD800..0xDC00).contains(&code) {
        // The other half of the pair stands behind as many backslashes.
        let low = at + 6 + run;
        let slashes = bytes.get(at + 6..low)?.iter().all(|byte| *byte == b'\\');
        let code_low = hex(bytes.get(low..low + 5)?.strip_prefix(b"u")?)?;
        if !slashes || !(0xDC00..0xE000).contains(&code_low) {
            return None;
        }
        span.end = low + 5;
        char::from_u32(0x10000 + ((code - 0xD800) << 10) + (code_low - 0xDC00))?
    } else {
        char::from_u32(code)?
    };
    let meaning = match u8::try_from(code) {
        Ok(byte @ 0x20..=0x7E) => Meaning::Ascii(byte),
        _ => meaning(character),
    };
    (meaning != Meaning::Own).then_some(Found { span, meaning, run })
}

/// The character that begins at `at`, if it stands for ASCII or for nothing.
fn raw(bytes: &[u8], at: usize) -> Option<Found> {
    let length = match bytes[at] {
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
        _ => return None,
    };
    let character = std::str::from_utf8(bytes.get(at..at + length)?).ok()?.chars().next()?;
    let meaning = meaning(character);
    (meaning != Meaning::Own).then_some(Found { span: at..at + length, meaning, run: 0 })
}

/// `%34`, where it stands for what may belong to a value.
fn percent(bytes: &[u8], at: usize) -> Option<Found> {
    let code = hex(bytes.get(at + 1..at + 3)?)?;
    found(code, at..at + 3)
}

/// `&#52;` and `&#x34;`.
fn entity(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = bytes.get(at..)?.strip_prefix(b"&#")?;
    let length = rest.iter().take(8).position(|byte| *byte == b';')?;
    let digits = std::str::from_utf8(&rest[..length]).ok()?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    found(code.ok()?, at..at + 3 + length)
}

/// A spelling of a character that changes nothing of the structure.
fn found(code: u32, span: Range<usize>) -> Option<Found> {
    let byte = u8::try_from(code).ok()?;
    let is_part = byte.is_ascii_alphanumeric() || b" @.-_:/+=".contains(&byte);
    is_part.then_some(Found { span, meaning: Meaning::Ascii(byte), run: 0 })
}

fn hex(digits: &[u8]) -> Option<u32> {
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| is_hex)?, 16).ok()
}

impl Plain {
    /// Respells `bytes`. Two allocations, one copy.
    pub(in crate::scan) fn new(bytes: &[u8]) -> Self {
        let mut plain = Self { text: Vec::with_capacity(bytes.len()), units: Vec::new() };
        let (mut from, mut at) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            let unit = match byte {
                b'\\' if bytes.get(at + 1) == Some(&b'u') => escape(bytes, at),
                b'%' => percent(bytes, at),
                b'&' => entity(bytes, at),
                0xC0.. => raw(bytes, at),
                _ => None,
            };
            let Some(unit) = unit.filter(|unit| unit.span.start >= from) else {
                at += 1;
                continue;
            };
            plain.text.extend_from_slice(&bytes[from..unit.span.start]);
            let place = plain.text.len();
            if let Meaning::Ascii(byte) = unit.meaning {
                plain.spell(byte, unit.run);
            }
            (from, at) = (unit.span.end, unit.span.end);
            plain.units.push(Unit { raw: unit.span, plain: place..plain.text.len() });
        }
        plain.text.extend_from_slice(&bytes[from..]);
        plain
    }

    /// Writes what `run` backslashes and a `u00XX` spell. A quote or backslash keeps its depth.
    fn spell(&mut self, byte: u8, run: usize) {
        let lead = match byte {
            b'"' if run.is_power_of_two() => 2 * run - 1,
            b'"' | b'\\' => run,
            _ => 0,
        };
        self.text.extend(std::iter::repeat_n(b'\\', lead));
        self.text.push(byte);
    }

    /// The bytes that a span of the plain text came from; spellings whole, and what was dropped inside or at
    /// its edges.
    pub(in crate::scan) fn raw(&self, span: Range<usize>) -> Range<usize> {
        let first = self.units.partition_point(|unit| unit.plain.start < span.start);
        let at_edge = self.units.get(first).filter(|unit| unit.plain.start == span.start);
        let start = at_edge.map_or_else(|| self.origin(span.start).start, |unit| unit.raw.start);
        let end = span.end.checked_sub(1).map_or(start, |last| self.origin(last).end);
        let past = self.units.partition_point(|unit| unit.plain.end <= span.end);
        let last = self.units[..past].last().filter(|unit| unit.plain.start == span.end);
        start..last.map_or(end, |unit| unit.raw.end.max(end)).max(start)
    }

    /// Where a byte of the raw text stands in the plain one; of a spelling where it begins.
    pub(in crate::scan) fn place(&self, raw: usize) -> usize {
        let count = self.units.partition_point(|unit| unit.raw.start <= raw);
        match count.checked_sub(1).and_then(|place| self.units.get(place)) {
            Some(unit) if raw < unit.raw.end => unit.plain.start,
            Some(unit) => unit.plain.end + (raw - unit.raw.end),
            None => raw,
        }
    }

    /// The raw bytes of one plain byte.
    fn origin(&self, at: usize) -> Range<usize> {
        let count = self.units.partition_point(|unit| unit.plain.start <= at);
        match count.checked_sub(1).and_then(|place| self.units.get(place)) {
            Some(unit) if at < unit.plain.end => unit.raw.clone(),
            Some(unit) => {
                let raw = unit.raw.end + (at - unit.plain.end);
                raw..raw + 1
            }
            None => at..at + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn respells_at_depth_and_finds_the_way_back() {
        let raw = br"a\u0031\\u0032\u0022\u00e9z";
        let plain = Plain::new(raw);
        assert_eq!(plain.text, br#"a12\"\u00e9z"#);
        assert_eq!(plain.raw(1..3), 1..14);
        assert_eq!((plain.place(1), plain.place(3), plain.place(14), plain.place(26)), (1, 1, 3, 11));
        assert_eq!(plain.raw(3..5), 14..20);
        assert_eq!(plain.raw(0..1), 0..1);
        assert_eq!(plain.raw(11..12), 26..27);
    }

    #[test]
    fn reads_every_spelling_and_keeps_what_is_none() {
        for (raw, wanted) in [
            ("\u{ff11}\u{ff12}", "12"),
            ("1\u{200b}2", "12"),
            (r"1\u200b2\uD835\uDFD2", "124"),
            ("%34%40a%22%20", "4@a%22 "),
            ("&#52;&#x35;&#34;&amp;", "45&#34;&amp;"),
            ("caf\u{e9} \u{4e09}", "caf\u{e9} \u{4e09}"),
        ] {
            assert_eq!(String::from_utf8(Plain::new(raw.as_bytes()).text).unwrap(), wanted, "{raw}");
        }
        let plain = Plain::new("a1\u{200b}2b".as_bytes());
        assert_eq!(plain.raw(1..3), 1..6);
        let plain = Plain::new("a\u{200b}\u{200b}1\u{200b}b".as_bytes());
        assert_eq!((plain.raw(1..2), plain.raw(0..1)), (1..11, 0..7));
    }

    #[test]
    fn asks_for_respelling_only_where_something_may_hide() {
        for (text, wanted) in [
            ("1\u{200b}2", true),
            ("x \u{200b} y", false),
            ("\u{ff11}", true),
            ("12\u{a0}000", true),
            ("a\u{a0}b", false),
            ("2010\u{2013}2020", true),
            ("caf\u{e9}", false),
            ("user%40example", true),
            ("a%20b", false),
            ("&#52;", true),
            ("&amp;", false),
        ] {
            let found = (0..text.len()).any(|at| {
                matches!(text.as_bytes()[at], b'%' | b'&' | 0xC0..) && is_spelled(text.as_bytes(), at)
            });
            assert_eq!(found, wanted, "{text}");
        }
    }
}
