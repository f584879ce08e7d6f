//! A document as it goes on: as it came where that is safe as bytes, and else as one line.
//!
//! Two readers who agree on a text may still cut a stream at different places: some also at a lone CR,
//! at U+0085, U+2028 or U+2029. So what holds one of these, or a control in any place, is written anew
//! from its tokens: no white space between them, order and spelling of keys, strings and numbers as they
//! were, and as escapes what a line may not hold. Source: rule S14 of the strict profile.

use std::ops::Range;

use super::{Document, Output};

/// The byte-order mark, which says nothing about UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The bytes behind one leading byte-order mark, or all of them.
///
/// For the whole body of a request or an answer, before it is parsed. A second mark stays, and is no
/// JSON. Source: rule S1 of the strict profile.
pub fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// Writes `document` as `output` wants it; `None` when it already is, and may go on as it came.
///
/// Looks at each byte once where there is nothing to do, and allocates nothing then.
pub fn canonical(document: &Document<'_>, output: Output) -> Option<Vec<u8>> {
    (!is_canonical(document.text(), output)).then(|| write(document.text(), output))
}

/// Writes `document` as one line of ASCII.
///
/// For carriers that readers split into lines.
pub fn compact(document: &Document<'_>) -> Vec<u8> {
    write(document.text(), Output::Ascii)
}

/// Whether a text, known to be JSON, already is what `output` wants. Looks at each byte once.
///
/// Blanks between tokens are no hazard, and every second client writes them.
pub fn is_canonical(text: &str, output: Output) -> bool {
    // Without a branch for each byte, so that whole words of them are compared at once.
    let is_plain = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    if text.as_bytes().chunks(64).all(is_plain) {
        return true;
    }
    match output {
        Output::Ascii => false,
        Output::Utf8 => !text.chars().any(is_hazard),
    }
}

/// Whether `character` may end a line, or is a control, to some reader.
fn is_hazard(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn write(text: &str, output: Output) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut line = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' {
            let end = string_end(bytes, at + 1);
            write_string(&mut line, text, at..end, output);
            at = end;
        } else {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                line.push(byte);
            }
            at += 1;
        }
    }
    line
}

/// One past the closing quote of the string whose first content byte is at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            Some(offset) if bytes[at + offset] == b'"' => return at + offset + 1,
            // An escape; no escape but this one and its like holds a quote.
            Some(offset) => at += offset + 2,
            // A document's strings all end.
            None => return bytes.len(),
        }
    }
}

fn write_string(line: &mut Vec<u8>, text: &str, span: Range<usize>, output: Output) {
    let lexeme = &text[span];
    let is_escaped = |character: char| match output {
        Output::Ascii => !matches!(character, ' '..='~'),
        Output::Utf8 => is_hazard(character),
    };
    let mut from = 0;
    for (at, character) in lexeme.char_indices().filter(|(_, character)| is_escaped(*character)) {
        line.extend_from_slice(&lexeme.as_bytes()[from..at]);
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            line.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
        from = at + character.len_utf8();
    }
    line.extend_from_slice(&lexeme.as_bytes()[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, utf8: Option<&str>, ascii: Option<&str>) {
        let document = Document::parse(unmarked(text.as_bytes())).unwrap();
        for (output, wanted) in [(Output::Utf8, utf8), (Output::Ascii, ascii)] {
            let written = canonical(&document, output).map(|line| String::from_utf8(line).unwrap());
            assert_eq!(written.as_deref(), wanted, "{text:?} {output:?}");
        }
    }

    #[test]
    fn leaves_alone_what_no_reader_cuts() {
        check(r#"{"a": [1.50, "n\u0061me", -0], "b":"\r\n"}"#, None, None);
        check("\u{FEFF}{}", None, None);
        check("{\"é\":\"😀 \u{200B}\u{A0}\"}", None, Some(r#"{"\u00e9":"\ud83d\ude00 \u200b\u00a0"}"#));
    }

    #[test]
    fn writes_anew_what_some_reader_cuts() {
        let plain = Some(r#"{"a b":[1.50,"x\" é"]}"#);
        let ascii = Some(r#"{"a b":[1.50,"x\" \u00e9"]}"#);
        for space in ["\r", "\n", "\t", "\r\n "] {
            check(&format!("{{ \"a b\" :{space}[1.50, \"x\\\" é\"]}}"), plain, ascii);
        }
        for (hazard, escape) in [
            ('\u{7F}', "007f"),
            ('\u{80}', "0080"),
            ('\u{85}', "0085"),
            ('\u{2028}', "2028"),
            ('\u{2029}', "2029"),
        ] {
            let wanted = format!("[\"\\u{escape}\",\"\\\\\"]");
            check(&format!("[\"{hazard}\", \"\\\\\"]"), Some(&wanted), Some(&wanted));
        }
    }

    #[test]
    fn takes_off_one_mark() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"\xEF\xBB\xBF{}", b"{}"),
            (b"\xEF\xBB\xBF\xEF\xBB\xBF{}", b"\xEF\xBB\xBF{}"),
            (b"{}\xEF\xBB\xBF", b"{}\xEF\xBB\xBF"),
            (b"\xEF\xBB", b"\xEF\xBB"),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(unmarked(bytes), *wanted);
        }
    }
}
