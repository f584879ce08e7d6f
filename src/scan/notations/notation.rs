//! What the notations other than JSON share: lines that end in an escape, and values that a place in them names.
//!
//! Markup (`markup`), cards and calendars (`cards`), interchanges (`interchange`), orders of payment (`payments`) and
//! rows under columns (`columns`) each say by their own syntax what a value is. The names that they use are those of
//! the one table of names of fields; what they find is judged as the value of such a field.

use std::ops::Range;

use crate::scan::Detector;
use crate::scan::named::names::{Class, Tier};
use crate::scan::named::veto;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{byte, slashes};

/// What a place in a notation says of the value there.
pub(in crate::scan) type Said = (Detector, Tier);

impl Sweep<'_> {
    /// Takes a value that its place names, without the blanks around it, unless it is harmless; whether it was taken.
    pub(in crate::scan) fn named_value(&mut self, (detector, tier): Said, span: Range<usize>) -> bool {
        let span = trimmed(self.bytes, span);
        let Some(content) = self.bytes.get(span.clone()).filter(|content| !content.is_empty()) else {
            return false;
        };
        let is_taken = !veto::is_harmless(detector, tier, content);
        if is_taken {
            self.part_by(Ground::of_field(tier), detector, span);
        }
        is_taken
    }

    /// What a name says of its value; nothing if it is harmless.
    pub(in crate::scan) fn says(&mut self, name: Range<usize>) -> Option<Said> {
        match self.class(trimmed(self.bytes, name))? {
            Class::Of(detector, tier) => Some((detector, tier)),
            Class::Harmless => None,
        }
    }
}

/// How an escape at `at` goes on: how many backslashes it has, and the byte behind them.
pub(in crate::scan) fn escape(bytes: &[u8], at: usize) -> (usize, u8) {
    let run = bytes.get(at..).unwrap_or_default().iter().take(64).take_while(|byte| **byte == b'\\').count();
    (run, byte(bytes, at + run))
}

/// A span without blanks, escaped line ends and tabs at its edges.
pub(in crate::scan) fn trimmed(bytes: &[u8], Range { mut start, mut end }: Range<usize>) -> Range<usize> {
    while start < end {
        start += match byte(bytes, start) {
            b' ' | b'\n' | b'\t' | b'\r' => 1,
            b'\\' => match escape(bytes, start) {
                (run, b'n' | b'r' | b't') => run + 1,
                _ => break,
            },
            _ => break,
        };
    }
    while start < end {
        end -= match bytes[..end] {
            [.., b' ' | b'\n' | b'\t' | b'\r'] => 1,
            [.., b'\\', b'n' | b'r' | b't'] => 1 + slashes(&bytes[start..end], end - 1 - start),
            _ => break,
        };
    }
    start.min(end)..end
}

/// Where a value ends that may stand at `line`: with it, or before a quote, which may be the end of the string.
pub(in crate::scan) fn plain_end(bytes: &[u8], line: &Range<usize>) -> usize {
    let text = &bytes[line.clone()];
    let quote = memchr::memchr(b'"', text);
    line.start + quote.map_or(text.len(), |length| length - slashes(text, length))
}

/// The lines of a text in a string, each without what ends it.
pub(in crate::scan) struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    end: usize,
    /// Backslashes of the escape that ends a line; a text in the string has more of them in its own.
    run: usize,
}

impl<'t> Lines<'t> {
    /// The lines from `at` on, up to the end of the string, or `end`. How deep the string is follows from the first
    /// line end.
    pub(in crate::scan) fn new(bytes: &'t [u8], at: usize, end: usize) -> Self {
        let mut run = 1;
        let mut from = at;
        while let Some(offset) = bytes.get(from..end).and_then(|rest| memchr::memchr(b'\\', rest)) {
            let (length, letter) = escape(bytes, from + offset);
            if matches!(letter, b'n' | b'r') {
                run = length;
                break;
            }
            from += offset + length + 1;
        }
        Self { bytes, at, end: end.min(bytes.len()), run }
    }
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.at >= self.end {
            return None;
        }
        let (start, mut from) = (self.at, self.at);
        while let Some(offset) = self.bytes.get(from..self.end).and_then(|rest| memchr::memchr(b'\\', rest)) {
            let at = from + offset;
            let (run, letter) = escape(self.bytes, at);
            from = at + run + 1;
            if run == self.run && matches!(letter, b'n' | b'r') {
                let mut next = from;
                // A carriage return and a line feed are one end.
                if letter == b'r' && escape(self.bytes, next) == (run, b'n') {
                    next += run + 1;
                }
                self.at = next;
                return Some(start..at);
            }
        }
        self.at = self.end;
        Some(start..self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lines_at_the_escapes_of_their_own_string() {
        for (text, wanted) in [
            (r"a\r\nb\\nc\nd", vec!["a", r"b\\nc", "d"]),
            (r"a\\nb\\\\nc\\rd", vec!["a", r"b\\\\nc", "d"]),
            ("a", vec!["a"]),
            ("", vec![]),
            (r"a\n\nb", vec!["a", "", "b"]),
        ] {
            let lines: Vec<_> = Lines::new(text.as_bytes(), 0, text.len()).map(|line| &text[line]).collect();
            assert_eq!(lines, wanted, "{text}");
        }
    }

    #[test]
    fn trims_blanks_and_escapes_of_them() {
        for (text, wanted) in [(r" \n\t x y \r\n ", "x y"), (r"\\n x", "x"), (r"\n", ""), ("n", "n")] {
            assert_eq!(&text[trimmed(text.as_bytes(), 0..text.len())], wanted, "{text}");
        }
    }
}
