//! ASCII spelled as `\u00XX`: the text in plain spelling, and the way back to its bytes.

use std::ops::Range;

/// A text in plain spelling. Only letters, digits and punctuation are respelled, each at its depth;
/// what is not ASCII stays as it came.
pub(super) struct Plain {
    pub text: Vec<u8>,
    units: Vec<Unit>,
}

/// One escape that was respelled: its bytes there and here.
struct Unit {
    raw: Range<usize>,
    plain: Range<usize>,
}

/// Whether the escape whose backslash is at `at` spells a character that may belong to a value.
pub(super) fn is_spelled(bytes: &[u8], at: usize) -> bool {
    decode(bytes, at).is_some_and(|byte| !matches!(byte, b'<' | b'>' | b'&' | b'\''))
}

/// The printable ASCII character that `\uXXXX` at `at` spells.
fn decode(bytes: &[u8], at: usize) -> Option<u8> {
    let unit: &[u8; 6] = bytes.get(at..)?.first_chunk()?;
    let digits = std::str::from_utf8(unit.strip_prefix(b"\\u00")?).ok()?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    matches!(byte, 0x20..=0x7E).then_some(byte)
}

impl Plain {
    /// Respells `bytes`. Two allocations, one copy.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut plain = Self { text: Vec::with_capacity(bytes.len()), units: Vec::new() };
        let mut from = 0;
        let mut at = 0;
        while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memmem::find(rest, b"\\u00")) {
            let slash = at + offset;
            at = slash + 2;
            let Some(byte) = decode(bytes, slash) else { continue };
            let run = bytes[from..slash].iter().rev().take_while(|byte| **byte == b'\\').count() + 1;
            let start = slash + 1 - run;
            plain.text.extend_from_slice(&bytes[from..start]);
            let place = plain.text.len();
            plain.spell(byte, run);
            from = slash + 6;
            at = from;
            plain.units.push(Unit { raw: start..from, plain: place..plain.text.len() });
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

    /// The bytes that a span of the plain text came from; escapes whole.
    pub(super) fn raw(&self, span: Range<usize>) -> Range<usize> {
        let start = self.origin(span.start).start;
        let end = span.end.checked_sub(1).map_or(start, |last| self.origin(last).end);
        start..end.max(start)
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
        assert_eq!(plain.raw(3..5), 14..20);
        assert_eq!(plain.raw(0..1), 0..1);
        assert_eq!(plain.raw(11..12), 26..27);
    }
}
