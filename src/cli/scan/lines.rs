//! From offsets to lines and columns.

/// Where an offset lies; both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
}

/// A walk through a text; offsets that go forward cost each byte once.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// An offset whose place is known.
    at: usize,
    place: Place,
    first: usize,
}

impl<'t> Lines<'t> {
    /// A walk through a text that begins on the line `first` of its file.
    pub(super) fn new(text: &'t str, first: usize) -> Self {
        Self { text, at: 0, place: Place { line: first, column: 1 }, first }
    }

    /// The place of the character at or after `offset`.
    pub(super) fn seek(&mut self, offset: usize) -> Place {
        if offset < self.at {
            *self = Self::new(self.text, self.first);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let passed = rest.char_indices().take_while(|(start, _)| self.at + start < offset);
        let mut end = self.at;
        for (start, character) in passed {
            end = self.at + start + character.len_utf8();
            self.place = match character {
                '\n' => Place { line: self.place.line + 1, column: 1 },
                _ => Place { column: self.place.column + 1, ..self.place },
            };
        }
        self.at = end;
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_there_and_back() {
        let mut lines = Lines::new("a\u{e9}b\r\n\nx", 3);
        for (offset, line, column) in [(0, 3, 1), (3, 3, 3), (6, 4, 1), (7, 5, 1), (3, 3, 3), (99, 5, 2)] {
            assert_eq!(lines.seek(offset), Place { line, column }, "{offset}");
        }
    }
}
