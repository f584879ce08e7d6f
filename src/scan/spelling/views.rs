//! Values inside encodings: base64, base64 of URLs, hexadecimal.
//!
//! A run of word characters is decoded where its first characters decode to text; what is found in the
//! text takes the whole run, since no part of an encoding can be written over. Two encodings deep,
//! four kilobytes a run.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::edges::{byte, skip_escape};
use crate::bounds::{SCAN_VIEW_BYTES_MAX, SCAN_VIEW_DEPTH_MAX};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// Reads base64 with or without padding.
pub(in crate::scan) const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
/// Reads base64 of URLs, as [`BASE64`].
pub(in crate::scan) const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Characters of an encoding that are decoded to see whether it holds text.
const TASTE: usize = 16;

/// What the run decodes to, if that is text, and the bytes of the encoding: the run, and what of its
/// alphabet stands around it.
pub(in crate::scan) fn decode(
    bytes: &[u8],
    run: &Range<usize>,
    depth: u32,
) -> Option<(Vec<u8>, Range<usize>)> {
    if depth >= SCAN_VIEW_DEPTH_MAX {
        return None;
    }
    let is_hex = bytes[run.clone()].iter().all(u8::is_ascii_hexdigit);
    if is_hex && run.len().is_multiple_of(2) && run.len() <= SCAN_VIEW_BYTES_MAX {
        let text = unhex(&bytes[run.clone()])?;
        return is_text(&text).then_some((text, run.clone()));
    }
    let span = widen(bytes, run);
    let content = bytes.get(span.clone()).filter(|content| content.len() <= SCAN_VIEW_BYTES_MAX)?;
    let is_url = content.iter().any(|byte| matches!(byte, b'-' | b'_'));
    if is_url && content.iter().any(|byte| matches!(byte, b'+' | b'/')) {
        return None;
    }
    let engine = if is_url { &BASE64_URL } else { &BASE64 };
    let mut taste = [0; TASTE];
    let length = engine.decode_slice(content.get(..TASTE)?, &mut taste).ok()?;
    if !is_text(&taste[..length]) {
        return None;
    }
    let text = engine.decode(content).ok()?;
    is_text(&text).then_some((text, span))
}

/// The run with the `+`, `/` and `=` of base64 around it, without the letter of an escape.
fn widen(bytes: &[u8], run: &Range<usize>) -> Range<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let floor = run.start.saturating_sub(SCAN_VIEW_BYTES_MAX);
    let back = bytes[floor..run.start].iter().rev().take_while(|byte| is_part(byte)).count();
    let ahead = bytes[run.end..].iter().take(SCAN_VIEW_BYTES_MAX).take_while(|byte| is_part(byte)).count();
    let mut end = run.end + ahead;
    for _ in 0..2 {
        end += usize::from(byte(bytes, end) == b'=');
    }
    skip_escape(bytes, run.start - back).min(run.start)..end
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, _) = digits.as_chunks::<2>();
    let first = pairs.first().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))??;
    // Text begins with a printable character; identifiers mostly do not go on like it.
    if !matches!(first, 0x20..=0x7E) {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

/// Whether nearly all of it is printable.
fn is_text(bytes: &[u8]) -> bool {
    let is_printable = |byte: &&u8| matches!(byte, 0x20..=0x7E | b'\t' | b'\n' | b'\r');
    let count = bytes.iter().filter(is_printable).count();
    !bytes.is_empty() && count * 20 >= bytes.len() * 19
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<String> {
        let found = decode(text.as_bytes(), &(0..text.len()), 0)?;
        Some(String::from_utf8(found.0).unwrap())
    }

    #[test]
    fn decodes_text_and_leaves_what_is_drawn_by_chance() {
        for (text, wanted) in [
            ("dXNlckBleGFtcGxlLmNvbQ==", Some("user@example.com")),
            ("eyJzc24iOiIxMjMtNDUtNjc4OSJ9", Some(r#"{"ssn":"123-45-6789"}"#)),
            ("3132332d34352d36373839", Some("123-45-6789")),
            ("4bf92f3577b34da6a3ce929d0e0e4736", None),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", None),
            ("thisIsAVeryLongIdentifierOfAProgram", None),
        ] {
            assert_eq!(decoded(text).as_deref(), wanted, "{text}");
        }
        let text = "dXNlckBleGFtcGxlLmNvbQ==";
        assert_eq!(decode(text.as_bytes(), &(0..22), SCAN_VIEW_DEPTH_MAX), None);
    }
}
