//! Who says a line of a chat: `[08:51] Ann: hello`, `Ann (Support): hello`, `<Ann> hello`.
//!
//! The line begins with the name, perhaps behind a time, and a colon ends it. Only a given name that is known is
//! believed, or such a name with another: what else stands before colons are labels.

use super::prose;
use crate::scan::Detector;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{before, byte};

/// Bytes from the start of a line to the colon.
const LINE_BYTES_MAX: usize = 48;

impl Sweep<'_> {
    /// Takes who says the line whose colon is at `at`.
    #[inline]
    pub(in crate::scan) fn speaker(&mut self, at: usize) {
        let last = before(self.bytes, at);
        if byte(self.bytes, at + 1) == b' ' && (last.is_ascii_lowercase() || last == b')' || last >= 0x80) {
            self.said_by(at);
        }
    }

    /// Takes who says the line that begins with the bracket at `at`: `<Ann> hello`.
    pub(in crate::scan) fn bracketed(&mut self, at: usize) {
        let bytes = self.bytes;
        let is_first = matches!(before(bytes, at), b'"' | b'n');
        let is_part = |byte: &&u8| byte.is_ascii_alphabetic() || **byte >= 0x80;
        let length = bytes[at + 1..].iter().take(24).take_while(is_part).count();
        let end = at + 1 + length;
        let name = &bytes[at + 1..end];
        if is_first
            && bytes[end..].starts_with(b"> ")
            && name.first().is_some_and(u8::is_ascii_uppercase)
            && prose::is_given(name)
        {
            self.part(Detector::PERSON, at + 1..end);
        }
    }

    fn said_by(&mut self, at: usize) {
        let bytes = self.bytes;
        let floor = at.saturating_sub(LINE_BYTES_MAX);
        let head = &bytes[floor..at];
        let is_edge = |pair: &[u8]| matches!(pair, [b'\\', b'n' | b'r']);
        let line = head.windows(2).rposition(is_edge).map(|place| floor + place + 2);
        let quote = memchr::memrchr(b'"', head).map(|place| floor + place + 1);
        let Some(mut start) = line.max(quote) else { return };
        // Whom an answer quotes.
        start += bytes[start..at].iter().take_while(|byte| matches!(byte, b'>' | b' ')).count();
        // A time in brackets.
        if byte(bytes, start) == b'['
            && let Some(end) = memchr::memmem::find(&bytes[start..at], b"] ")
        {
            start += end + 2;
        }
        let text = &bytes[start..at];
        let end = memchr::memmem::find(text, b" (").map_or(at, |role| start + role);
        let name = &bytes[start..end];
        let mut words = name.split(|byte| *byte == b' ');
        let is_name = |word: &[u8]| {
            let is_letter =
                |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b"-'.\\".contains(byte);
            word.first().is_some_and(|first| first.is_ascii_uppercase() || *first >= 0x80 || *first == b'\\')
                && word.iter().all(|byte| is_letter(byte) || word.contains(&b'\\') && byte.is_ascii_digit())
        };
        let first = words.next().unwrap_or_default();
        let count = words.clone().count();
        // Of more than two, a double word is the name of a thing.
        let is_double = first.iter().filter(|byte| **byte == b'-').count() < 2;
        if prose::is_given(first)
            && is_double
            && first.len() >= 2
            && count <= 2
            && is_name(first)
            && words.all(is_name)
        {
            self.part(Detector::PERSON, start..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_who_says_a_line() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"["x\n[08:51] Helen: good day\n[08:52] visitor: yes"]"#,
                r#"["x\n[08:51] [NAME]: good day\n[08:52] visitor: yes"]"#,
            ),
            (r#"["Helen (Support): good day"]"#, r#"["[NAME] (Support): good day"]"#),
            (
                r#"["<Helen> good day\n<Peter> x <Paula> y"]"#,
                r#"["<[NAME]> good day\n<[NAME]> x <Paula> y"]"#,
            ),
            (r#"["x\nHelen Quix: good day"]"#, r#"["x\n[NAME]: good day"]"#),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["x\nAgent: good day\nNote: x\nWill: x\nCustomer: Helen: x"]"#,
            r#"["x\nRobert-Quix-Institut: x"]"#,
            r#"["x\nsee Helen: x\nHelen-2: x\nHelen:x"]"#,
        ] {
            check(&plan, text, text);
        }
    }
}
