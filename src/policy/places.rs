//! From bytes to lines and columns, for everything that a policy remembers the place of.

use super::Source;
use super::diagnostic::Span;

/// A place in a bundle, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Index of the file in the bundle; see [`Policy::file`](super::Policy::file).
    pub file: usize,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

/// Where the lines of each file of a bundle begin.
#[derive(Debug)]
pub(super) struct Places<'s> {
    sources: &'s [Source],
    lines: Vec<Vec<usize>>,
}

impl<'s> Places<'s> {
    /// Looks at each byte once.
    pub fn new(sources: &'s [Source]) -> Self {
        let begins = |source: &Source| {
            let after = source.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(after).collect()
        };
        Self { sources, lines: sources.iter().map(begins).collect() }
    }

    /// The place at which a span begins.
    pub fn of(&self, span: Span) -> Place {
        let nowhere = Place { file: span.file, line: 1, column: 1 };
        let (Some(source), Some(lines)) = (self.sources.get(span.file), self.lines.get(span.file)) else {
            return nowhere;
        };
        let line = lines.partition_point(|&begin| begin <= span.start);
        let begin = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = source.text.get(begin..span.start).map_or(0, |text| text.chars().count());
        Place { file: span.file, line, column: before + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let source = Source { name: "a.yaml".into(), text: "ab\n\u{e9}c\n".into() };
        let sources = [source];
        let places = Places::new(&sources);
        let cases = [(0, 1, 1), (1, 1, 2), (3, 2, 1), (5, 2, 2), (7, 3, 1)];
        for (start, line, column) in cases {
            assert_eq!(
                places.of(Span { file: 0, start, end: start }),
                Place { file: 0, line, column },
                "{start}"
            );
        }
        assert_eq!(places.of(Span { file: 9, start: 4, end: 4 }), Place { file: 9, line: 1, column: 1 });
    }
}
