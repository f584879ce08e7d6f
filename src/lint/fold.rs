//! A text as a model reads it: what is not seen gone, look-alikes as what they look like, blanks as one.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use super::hidden::is_unseen;

/// A folded text, and where each byte of it came from.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub text: String,
    /// For each byte of `text`, the range of the original that its character stands for.
    origins: Vec<(usize, usize)>,
}

impl Folded {
    /// Folds a text. One pass, linear.
    pub fn new(text: &str) -> Self {
        let mut folded = Self::default();
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            if c.is_whitespace() {
                match folded.origins.last_mut() {
                    Some(last) if folded.text.ends_with(' ') => last.1 = end,
                    _ => folded.push(' ', at, end),
                }
            } else if c.is_ascii() && !c.is_control() {
                folded.push(c, at, end);
            } else if !is_unseen(c) {
                std::iter::once(c).nfkc().for_each(|c| folded.push(plain(c), at, end));
            }
        }
        folded
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        self.text.push(c);
        self.origins.extend(std::iter::repeat_n((start, end), c.len_utf8()));
    }

    /// Where in the original a range of the folded text stands.
    pub fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.origins.get(range.start).map_or(0, |origin| origin.0);
        let last = range.end.checked_sub(1).and_then(|last| self.origins.get(last));
        start..last.map_or(start, |origin| origin.1)
    }
}

/// The ASCII character that one of another script is taken for.
fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201B}' => '\'',
        '\u{201C}' | '\u{201D}' | '\u{201F}' => '"',
        '\u{2010}'..='\u{2015}' => '-',
        _ => look_alike(c).unwrap_or(c),
    }
}

/// The Latin letter that a Cyrillic or Greek one looks like.
///
/// Source: Unicode Technical Standard 39, confusables; the letters that words can be spelled with.
pub(super) fn look_alike(c: char) -> Option<char> {
    let pairs = [
        ("аеорсхуіјѕԁһӏԛԝ", "aeopcxyijsdhlqw"),
        ("АВЕКМНОРСТХІЈЅ", "ABEKMHOPCTXIJS"),
        ("αοινρυκ", "aoivpuk"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    ];
    pairs.iter().find_map(|(foreign, latin)| latin.chars().nth(foreign.chars().position(|f| f == c)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_finds_the_way_back() {
        let text = "I\u{200b}gn\u{0430}re \t\n all\u{2019}s";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "Ignare all's");
        let at = folded.text.find("all").expect("it is there");
        assert_eq!(&text[folded.origin(&(at..at + 3))], "all");
        assert_eq!(&text[folded.origin(&(0..6))], "I\u{200b}gn\u{0430}re");
        assert_eq!(folded.origin(&(0..0)), 0..0);
    }

    #[test]
    fn look_alikes_are_paired() {
        for (c, wanted) in [('а', 'a'), ('ԝ', 'w'), ('Ѕ', 'S'), ('κ', 'k'), ('Χ', 'X')] {
            assert_eq!(look_alike(c), Some(wanted), "{c}");
        }
        assert_eq!(look_alike('ж'), None);
    }
}
