//! A document as one canonical line.

use super::Document;

/// Writes `document` as one line of ASCII: no white space between tokens, numbers and key order as
/// they were, everything outside printable ASCII as `\u` escapes.
///
/// For carriers that readers split into lines: some also split at a lone CR, at U+0085, U+2028 or
/// U+2029. Source: rule S14 of the strict profile.
pub fn compact(document: &Document<'_>) -> Vec<u8> {
    let text = document.text();
    let mut line = Vec::with_capacity(text.len());
    let mut is_inside = false;
    let mut is_escape = false;
    for character in text.chars() {
        match character {
            ' ' | '\n' | '\r' | '\t' if !is_inside => continue,
            '"' if !is_escape => is_inside = !is_inside,
            _ => {}
        }
        is_escape = character == '\\' && !is_escape;
        match u8::try_from(character) {
            Ok(byte @ 0x20..=0x7E) => line.push(byte),
            _ => push_escape(&mut line, character),
        }
    }
    line
}

fn push_escape(line: &mut Vec<u8>, character: char) {
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        line.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}
