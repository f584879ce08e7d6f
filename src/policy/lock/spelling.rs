//! Texts of a server so that a person sees all of them: what has no width or turns a line is spelled out.

use crate::json::quote;
use crate::mcp::is_unseen;

/// A text for a terminal: line feeds as they are, and `\u{202e}` for what nobody would see.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_shown(c) || c == '\n' {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

/// A text as a JSON string that is also one of YAML, with escapes for what nobody would see.
pub(super) fn quoted(text: &str) -> String {
    let plain = quote(text);
    if plain.chars().all(is_shown) {
        return plain;
    }
    let mut shown = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        if is_shown(c) {
            shown.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    shown
}

/// Whether a character shows where it stands. The last two of a plane are none to YAML.
pub(super) fn is_shown(c: char) -> bool {
    !is_unseen(c) && u32::from(c) & 0xFFFE != 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_out_what_nobody_sees() {
        let text = "größe 😀\n\u{1b}[31m\u{202e}\u{200b}\u{e0041}\u{2028}\r\t";
        let wanted = "größe 😀\n\\u{1b}[31m\\u{202e}\\u{200b}\\u{e0041}\\u{2028}\\u{d}\\u{9}";
        assert_eq!(visible(text), wanted);
        let wanted = r#""größe 😀\n\u001b[31m\u202e\u200b\udb40\udc41\u2028\r\t""#;
        assert_eq!(quoted(text), wanted);
        assert_eq!(serde_json::from_str::<String>(wanted).expect("JSON"), text);
    }
}
