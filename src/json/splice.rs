//! Edits to a text that leave every other byte as it was.

use std::ops::Range;

use super::Document;

/// A set of replacements over one text.
///
/// Spans may be given in any order. Where two overlap, the one that starts first wins, and of two
/// that start together the longer; the other is not applied, since its bytes are gone.
#[derive(Debug, Clone, Default)]
pub struct Splice {
    edits: Vec<(Range<usize>, Box<str>)>,
}

impl Splice {
    /// Replaces the bytes of `span` by `text`.
    pub fn replace(&mut self, span: Range<usize>, text: impl Into<Box<str>>) {
        self.edits.push((span, text.into()));
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Whether an edit changes bytes of `span`.
    pub fn touches(&self, span: &Range<usize>) -> bool {
        self.edits.iter().any(|(edit, _)| edit.start < span.end && span.start < edit.end)
    }

    /// Adds all edits of `other`.
    pub fn append(&mut self, mut other: Self) {
        self.edits.append(&mut other.edits);
    }

    /// Writes `original` with the edits made. One allocation, one copy of each kept byte.
    ///
    /// A span that reaches past the end of `original` is a caller's mistake and is cut there.
    pub fn apply(mut self, original: &[u8]) -> Vec<u8> {
        self.edits.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let growth: usize = self.edits.iter().map(|(_, text)| text.len()).sum();
        let mut edited = Vec::with_capacity(original.len() + growth);
        let mut from = 0;
        for (span, text) in &self.edits {
            if span.start < from {
                continue;
            }
            let start = span.start.min(original.len());
            edited.extend_from_slice(&original[from..start]);
            edited.extend_from_slice(text.as_bytes());
            from = span.end.clamp(start, original.len());
        }
        edited.extend_from_slice(&original[from..]);
        edited
    }
}

/// Reads a text behind one byte, puts another text in the place of the values that the byte picks, and
/// checks that only those have changed.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_splice(bytes: &[u8]) {
    let Some((pick, text)) = bytes.split_first() else { return };
    let Ok(document) = Document::parse(text) else { return };
    let picked = |place: usize| pick >> (place % 8) & 1 != 0;
    let mut splice = Splice::default();
    let members = || document.root().members().map(|(_, value)| value).chain(document.root().elements());
    for (_, value) in members().enumerate().filter(|(place, _)| picked(*place)) {
        splice.replace(value.span(), "[0]");
    }
    let edited = splice.apply(text);
    let again = Document::parse(&edited);
    assert!(again.is_ok(), "an edited text is JSON");
    let Ok(again) = again else { return };
    let after = again.root().members().map(|(_, value)| value).chain(again.root().elements());
    let wanted: Vec<_> =
        members().enumerate().map(|(place, value)| if picked(place) { "[0]" } else { value.raw() }).collect();
    assert_eq!(after.map(|value| value.raw()).collect::<Vec<_>>(), wanted, "only what was picked changed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_other_byte() {
        let mut splice = Splice::default();
        splice.replace(6..9, "[b]");
        splice.replace(0..1, "[a]");
        assert!(splice.touches(&(8..12)) && splice.touches(&(0..1)) && !splice.touches(&(1..6)));
        assert_eq!(splice.apply(b"a 1e3 bbb  \xC3\xA9"), b"[a] 1e3 [b]  \xC3\xA9");
    }

    #[test]
    fn applies_the_first_and_longest_of_overlapping_edits() {
        let mut splice = Splice::default();
        splice.replace(2..4, "inner");
        splice.replace(1..6, "outer");
        splice.replace(1..3, "short");
        assert_eq!(splice.apply(b"0123456789"), b"0outer6789");
    }
}
