//! Text that is no JSON as one string, and the way back.

use std::ops::Range;

use crate::json::{decode, quote};

/// A text as a JSON string.
pub(super) struct Quoted {
    /// The string, quotes included.
    pub json: String,
    /// Every escape: where it begins there, its length, and the character's place here.
    escapes: Vec<(usize, usize, usize)>,
}

impl Quoted {
    pub(super) fn new(text: &str) -> Self {
        let json = quote(text);
        let (mut escapes, mut at, mut gained) = (Vec::new(), 1, 0);
        while let Some(offset) = json.get(at..).and_then(|rest| rest.find('\\')) {
            let start = at + offset;
            let length = if json.as_bytes().get(start + 1) == Some(&b'u') { 6 } else { 2 };
            // What is escaped is one byte of the text, and the quote lies before it.
            escapes.push((start, length, start - 1 - gained));
            gained += length - 1;
            at = start + length;
        }
        Self { json, escapes }
    }

    /// A span of the string in bytes of the text; escapes whole.
    pub(super) fn origin(&self, span: Range<usize>) -> Range<usize> {
        let start = self.place(span.start).start;
        let end = span.end.checked_sub(1).map_or(start, |last| self.place(last).end);
        start..end.max(start)
    }

    /// The byte of the text that a byte of the string belongs to.
    fn place(&self, at: usize) -> Range<usize> {
        let count = self.escapes.partition_point(|(start, _, _)| *start <= at);
        let place = match count.checked_sub(1).and_then(|last| self.escapes.get(last)) {
            Some((start, length, place)) if at < start + length => *place,
            Some((start, length, place)) => place + 1 + (at - start - length),
            None => at.saturating_sub(1),
        };
        place..place + 1
    }
}

/// The text of an edited string.
pub(super) fn plain(json: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(json);
    let content = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&text);
    decode(content).into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_byte_again() {
        let text = "a\"b\\c\n\u{1}d\u{e9}\t\u{7f}e";
        let quoted = Quoted::new(text);
        assert_eq!(plain(quoted.json.as_bytes()), text.as_bytes());
        for (start, character) in text.char_indices() {
            let before = quote(&text[..start]).len() - 1;
            let after = quote(&text[..start + character.len_utf8()]).len() - 1;
            assert_eq!(quoted.origin(before..after), start..start + character.len_utf8(), "{character:?}");
        }
    }
}
