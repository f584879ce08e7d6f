//! One message as it may stand on a pipe.

use crate::json::Document;
use crate::mcp::lines;

/// One JSON value in its canonical form: printable ASCII, and one line feed at its end.
///
/// What goes to a process is of this type, so that no path can write what a reader that also splits
/// at a lone CR, at U+0085 or at U+2028 would take for two messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct OneLine(Vec<u8>);

impl OneLine {
    /// The canonical form of `document`.
    pub(in crate::serve) fn of(document: &Document<'_>) -> Self {
        let mut line = Vec::with_capacity(document.text().len() + 1);
        lines::write(&mut line, document);
        Self(line)
    }

    /// The canonical form of `text`; `None` when that is not one strict JSON value.
    pub(in crate::serve) fn parse(text: &[u8]) -> Option<Self> {
        Document::parse(text).ok().map(|document| Self::of(&document))
    }

    /// The bytes, line feed included.
    pub(in crate::serve) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_whatever_reads_as_json_in_one_line_of_ascii() {
        let ends = ["\r", "\n", "\r\n", "\t"];
        let inside = ["\u{85}", "\u{2028}", "\u{2029}", "\u{7f}", "\u{1f600}"];
        let texts = ends.map(|end| format!("{{{end}\"id\"{end}:{end}1{end}}}{end}"));
        for text in texts.into_iter().chain(inside.map(|text| format!("{{\"i{text}d\":\"{text}\"}}"))) {
            let line = OneLine::parse(text.as_bytes()).unwrap();
            let (end, rest) = line.as_bytes().split_last().unwrap();
            assert_eq!(*end, b'\n', "{text:?}");
            assert!(rest.iter().all(|byte| matches!(byte, 0x20..=0x7e)), "{text:?}: {rest:?}");
        }
        for text in ["", "{} {}", "{\"a\":1,\"a\":2}", "{\"a\":\"\r\"}", "nonsense"] {
            assert_eq!(OneLine::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
