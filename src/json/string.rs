//! JSON strings: finding their end, decoding and writing them.

use std::borrow::Cow;

use super::{Fault, FaultKind};

/// Where a string ends, and whether it holds escapes.
pub(super) struct End {
    /// Offset of the closing quote.
    pub quote: usize,
    /// Whether a backslash was seen.
    pub escaped: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks, in the high bit of each byte, where `word` holds a quote, a backslash or a control.
///
/// A false mark can stand only above a true one (borrow), so the lowest mark is exact.
fn stops(word: u64) -> u64 {
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control
}

/// Finds the closing quote of the string whose first content byte is at `at`.
///
/// # Errors
/// The first control character, bad escape or lone surrogate, or [`FaultKind::Truncated`].
pub(super) fn end(bytes: &[u8], mut at: usize) -> Result<End, Fault> {
    let mut escaped = false;
    loop {
        at = skip_plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(End { quote: at, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?.1;
            }
            Some(_) => return Err(Fault { at, kind: FaultKind::ControlCharacter }),
            None => return Err(Fault { at: bytes.len(), kind: FaultKind::Truncated }),
        }
    }
}

fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let marks = stops(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

/// Reads the escape whose backslash is at `at`: the character it spells, and where it ends.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let plain = |character| Ok((character, at + 2));
    match bytes.get(at + 1) {
        Some(b'"') => plain('"'),
        Some(b'\\') => plain('\\'),
        Some(b'/') => plain('/'),
        Some(b'b') => plain('\u{8}'),
        Some(b'f') => plain('\u{c}'),
        Some(b'n') => plain('\n'),
        Some(b'r') => plain('\r'),
        Some(b't') => plain('\t'),
        Some(b'u') => unicode_escape(bytes, at),
        Some(_) => Err(Fault { at, kind: FaultKind::Escape }),
        None => Err(Fault { at: bytes.len(), kind: FaultKind::Truncated }),
    }
}

fn unicode_escape(bytes: &[u8], at: usize) -> Result<(char, usize), Fault> {
    let lone = Fault { at, kind: FaultKind::LoneSurrogate };
    let first = hex4(bytes, at + 2)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    if first >= 0xDC00 || bytes.get(at + 6..at + 8) != Some(b"\\u") {
        return Err(lone);
    }
    let second = hex4(bytes, at + 8)?;
    if !(0xDC00..0xE000).contains(&second) {
        return Err(lone);
    }
    let scalar = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    char::from_u32(scalar).map(|character| (character, at + 12)).ok_or(lone)
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let bad = Fault { at, kind: FaultKind::Escape };
    let digits = bytes.get(at..at + 4).ok_or(bad)?;
    digits.iter().try_fold(0, |sum, &byte| {
        let digit = char::from(byte).to_digit(16).ok_or(bad)?;
        Ok(sum * 16 + digit)
    })
}

/// Decodes the content of a string, quotes not included.
///
/// Borrows where there is nothing to unescape. An escape that [`Document::parse`] would refuse is
/// kept as written, so that the result never says less than the text.
///
/// [`Document::parse`]: super::Document::parse
pub fn decode(content: &str) -> Cow<'_, str> {
    decode_noting(content, |_, _| {})
}

/// Decodes as [`decode`] does, and hands `note` each edge of what was spelled otherwise: its place in the text, and in
/// `content`. Between two edges both go on byte by byte.
pub fn decode_noting(content: &str, mut note: impl FnMut(usize, usize)) -> Cow<'_, str> {
    let bytes = content.as_bytes();
    let Some(mut at) = memchr::memchr(b'\\', bytes) else { return Cow::Borrowed(content) };
    let mut decoded = String::with_capacity(content.len());
    let mut from = 0;
    loop {
        decoded.push_str(&content[from..at]);
        note(decoded.len(), at);
        from = match escape(bytes, at) {
            Ok((character, end)) => {
                decoded.push(character);
                end
            }
            Err(_) => {
                decoded.push('\\');
                at + 1
            }
        };
        note(decoded.len(), from);
        match memchr::memchr(b'\\', &bytes[from..]) {
            Some(offset) => at = from + offset,
            None => break,
        }
    }
    decoded.push_str(&content[from..]);
    Cow::Owned(decoded)
}

/// Writes `text` as a JSON string, quotes included; what must be escaped is.
pub fn quote(text: &str) -> String {
    // INVARIANT: a `str` always serialises.
    serde_json::to_string(text).expect("a string is JSON")
}

/// Spells `text` as the content of a JSON string, quotes not included: the way back from [`decode`].
pub fn encode(text: &str) -> String {
    let mut quoted = quote(text);
    quoted.pop();
    quoted.remove(0);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_at_every_offset() {
        for lead in 0..20 {
            for stop in ["\"", "\\n\"", "\\ud83d\\ude00\""] {
                let text = format!("{}{stop}", "é".repeat(lead));
                let found = end(text.as_bytes(), 0).map(|end| end.quote);
                assert_eq!(found, Ok(text.len() - 1), "{text}");
            }
        }
    }

    #[test]
    fn decodes_what_it_accepts() {
        let cases =
            [(r"plain", "plain"), (r"a\u0062c", "abc"), (r"\ud83d\ude00\/", "😀/"), (r"\\\n", "\\\n")];
        for (raw, wanted) in cases {
            assert_eq!(decode(raw), wanted);
        }
    }

    #[test]
    fn encodes_what_decodes_to_it_again() {
        for text in ["", "plain", "\"", "\\\"", "a\n\u{1}é😀\u{2028}"] {
            let content = encode(text);
            assert_eq!(decode(&content), text, "{content}");
            assert_eq!(format!("\"{content}\""), quote(text));
        }
    }

    #[test]
    fn refuses_bad_content() {
        let cases = [
            ("a\x01\"", FaultKind::ControlCharacter),
            ("a\\x\"", FaultKind::Escape),
            ("\\u12g4\"", FaultKind::Escape),
            ("\\ud800\"", FaultKind::LoneSurrogate),
            ("\\ud800\\u0041\"", FaultKind::LoneSurrogate),
            ("\\udc00\"", FaultKind::LoneSurrogate),
            ("no end", FaultKind::Truncated),
            ("ends in \\", FaultKind::Truncated),
        ];
        for (raw, kind) in cases {
            assert_eq!(end(raw.as_bytes(), 0).err().map(|fault| fault.kind), Some(kind), "{raw:?}");
        }
    }
}
