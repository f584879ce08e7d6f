//! A string as its reader sees it, and the way back to the bytes that spell it, out of JSON in strings of any depth.

use std::borrow::Cow;

use crate::json::{Value, decode_noting};

/// The text of a string, without escapes, and where it stands.
pub(in crate::scan) struct Unescaped<'t> {
    pub text: Cow<'t, str>,
    /// Places in the text, and in the one around it; between two of them both go on byte by byte. Never empty.
    edges: Vec<(usize, usize)>,
    /// The text around it; `None` for the message.
    around: Option<&'t Unescaped<'t>>,
}

impl<'t> Unescaped<'t> {
    /// The text of a string that stands in `around`; `None` for what is no string.
    pub(in crate::scan) fn of(string: Value<'t>, around: Option<&'t Self>) -> Option<Self> {
        let content = string.content()?;
        let start = string.span().start + 1;
        let mut edges = vec![(0, start)];
        let text = decode_noting(content, |text, raw| edges.push((text, start + raw)));
        Some(Self { text, edges, around })
    }

    /// The place in the message of a place in the text.
    pub(in crate::scan) fn back(&self, at: usize) -> usize {
        let count = self.edges.partition_point(|(text, _)| *text <= at);
        let edge = count.checked_sub(1).and_then(|last| self.edges.get(last));
        let outer = edge.map_or(at, |(text, outer)| outer + (at - text));
        self.around.map_or(outer, |around| around.back(outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, decode};

    #[test]
    fn knows_where_each_character_is_spelled() {
        let message = r#"  "{\"a\":\"\ud83d\ude00\u00e9é\\n\"}" "#;
        let document = Document::parse(message.as_bytes()).unwrap();
        let inner = Unescaped::of(document.root(), None).unwrap();
        assert_eq!(inner.text, "{\"a\":\"\u{1f600}éé\\n\"}");
        assert_eq!(inner.back(inner.text.len()), message.rfind('"').unwrap());
        for (at, character) in inner.text.char_indices() {
            let spelled = &message[inner.back(at)..inner.back(at + character.len_utf8())];
            assert_eq!(decode(spelled), character.to_string());
        }
        assert!(Unescaped::of(Document::parse(b"7").unwrap().root(), None).is_none());
    }
}
