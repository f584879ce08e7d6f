//! Credentials known by their form: prefix, alphabet, check.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;

use super::checks;
use super::edges::{byte, is_open, is_word};

/// Bytes of a token's header that are decoded: it names an algorithm and a key, no more.
const JWT_HEADER_BYTES_MAX: usize = 1024;

/// An AWS access key id that begins at `at`: prefix and 16 of base 32.
pub(super) fn aws_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let key = bytes.get(at..at + 20)?;
    let is_prefix =
        matches!(&key[..4], b"AKIA" | b"ASIA" | b"ABIA" | b"ACCA" | [b'A', b'3', b'T', b'A'..=b'Z']);
    let is_body = key[4..].iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    let is_free = is_open(bytes, at) && !is_word(byte(bytes, at + 20));
    (is_prefix && is_body && is_free).then_some(at..at + 20)
}

/// A GitHub token whose first underscore is the last of its prefix and stands at `at`.
pub(super) fn github(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = &bytes[..at];
    let rest = bytes.get(at + 1..)?;
    let (start, length) = if head.ends_with(b"github_pat") {
        (at - 10, 82)
    } else if matches!(head, [.., b'g', b'h', b'p' | b'o' | b'u' | b's' | b'r']) {
        (at - 3, 36)
    } else {
        return None;
    };
    let body = rest.get(..length)?;
    let is_alphabet = body.iter().all(|&byte| byte.is_ascii_alphanumeric() || length == 82 && byte == b'_');
    let is_checked = length == 82 || checks::github_crc(body);
    let is_free = is_open(bytes, start) && !is_word(byte(bytes, at + 1 + length));
    (is_alphabet && is_checked && is_free).then_some(start..at + 1 + length)
}

fn base64_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_other = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_');
    rest.iter().position(is_other).map_or(bytes.len(), |length| at + length)
}

/// A JSON web token that begins at `at`: two dots or more, and a header that names an algorithm.
pub(super) fn jwt(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !is_open(bytes, at) {
        return None;
    }
    let header = bytes.get(at..(at + JWT_HEADER_BYTES_MAX).min(bytes.len()))?;
    let header = &header[..base64_end(header, 0)];
    let mut decoded = [0; JWT_HEADER_BYTES_MAX];
    let length = URL_SAFE_NO_PAD.decode_slice(header, &mut decoded).ok()?;
    if byte(bytes, at + header.len()) != b'.' || memmem::find(&decoded[..length], b"\"alg\"").is_none() {
        return None;
    }
    let (mut end, mut dots) = (at + header.len(), 0);
    while byte(bytes, end) == b'.' && dots < 4 {
        end = base64_end(bytes, end + 1);
        dots += 1;
    }
    (dots >= 2).then_some(at..end)
}

/// A private key in PEM form; `at` is the `B` of its `BEGIN`. Without an end it reaches to the next
/// quote, which is the end of its string at whatever depth.
pub(super) fn pem(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(5)?;
    let label = bytes.get(start..)?.strip_prefix(b"-----BEGIN ")?;
    let label = &label[..memmem::find(&label[..label.len().min(64)], b"-----")?];
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let quote = memchr::memchr(b'"', &bytes[at..]).map_or(bytes.len(), |offset| at + offset);
    let body = &bytes[at..quote];
    let slashes = body.iter().rev().take_while(|&&byte| byte == b'\\').count();
    let end = memmem::find(body, b"-----END ").and_then(|end| {
        let tail = end + 9;
        memmem::find(&body[tail..], b"-----").map(|offset| at + tail + offset + 5)
    });
    Some(start..end.unwrap_or(quote - slashes))
}
