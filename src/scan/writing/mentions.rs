//! Tokens in what a client says: where they stand, before anybody knows what they stand for.
//!
//! Only what is spelled plainly counts: a token whose letters are written as escapes is text like any
//! other. Nothing is decoded, joined over two strings or guessed.

use std::ops::Range;

use memchr::memmem;

use super::place::{Place, Walker};
use crate::bounds::MENTIONS_MAX;
use crate::json::Value;
use crate::scan::vault::{PREFIX, Reading, Token, WORD_BYTES_MAX};

/// A token, or what looks like one, in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// What its word says.
    pub reading: Reading,
    /// Its bytes in the whole text.
    pub span: Range<usize>,
    /// The bytes of the string that it stands in, quotes included; `None` in the name of a member.
    pub leaf: Option<Range<usize>>,
    /// Where: `$.arguments.to`. Keys that may be data are stars in it.
    pub path: Box<str>,
}

impl Mention {
    /// Whether the string holds the token and nothing else.
    pub fn is_whole(&self) -> bool {
        self.leaf
            .as_ref()
            .is_some_and(|leaf| leaf.start + 1 == self.span.start && self.span.end + 1 == leaf.end)
    }
}

/// Every token in `carrier`, in the order of the text, up to `MENTIONS_MAX`. Two looks at each byte, and no
/// allocation where there is none.
pub fn mentions(carrier: Value<'_>) -> Vec<Mention> {
    let bytes = carrier.raw().as_bytes();
    let lower = PREFIX.to_ascii_lowercase();
    let mut places: Vec<usize> = [PREFIX, &lower]
        .iter()
        .flat_map(|prefix| memmem::find_iter(bytes, prefix.as_bytes()))
        .take(2 * MENTIONS_MAX)
        .collect();
    places.sort_unstable();
    let base = carrier.span().start;
    let mut walker = Walker::new(carrier);
    let (mut found, mut path) = (Vec::new(), String::new());
    for (span, reading) in places.into_iter().filter_map(|at| read(bytes, at)).take(MENTIONS_MAX) {
        let span = base + span.start..base + span.end;
        let leaf = match walker.seek(span.start) {
            Place::Text => Some(walker.value().span()),
            Place::Between | Place::Key | Place::Number => None,
        };
        walker.path(&mut path);
        found.push(Mention { reading, span, leaf, path: path.as_str().into() });
    }
    found
}

/// The token whose first byte is at `at`, if a word begins there.
fn read(bytes: &[u8], at: usize) -> Option<(Range<usize>, Reading)> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if at.checked_sub(1).is_some_and(|before| is_word(&bytes[before])) {
        return None;
    }
    let rest = bytes.get(at..)?;
    let length = rest.iter().take(WORD_BYTES_MAX + 1).take_while(|byte| is_word(byte)).count();
    let word = std::str::from_utf8(rest.get(..length)?).ok()?;
    Token::read(word).map(|reading| (at..at + length, reading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn finds_whole_words_and_says_where() {
        let text = r#" {"a":"PII_SSN_00000000000","b":["x pii_ssn_00000000000.","XPII_SSN_00000000000","PII_SSN_00000000000_"],
            "PII_SSN_00000000001":{"c d":"\u0050II_SSN_00000000000","n":1}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let found = mentions(document.root());
        let told: Vec<_> = found
            .iter()
            .map(|mention| (&text[mention.span.clone()], &*mention.path, mention.is_whole(), mention.reading))
            .map(|(word, path, is_whole, reading)| (word, path, is_whole, reading != Reading::Broken))
            .collect();
        assert_eq!(
            told,
            [
                ("PII_SSN_00000000000", "$.a", true, true),
                ("pii_ssn_00000000000", "$.b[0]", false, true),
                ("PII_SSN_00000000001", "$.*", false, false),
            ]
        );
    }
}
