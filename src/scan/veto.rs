//! What stays although its field has a telling name: values that are positively harmless.
//!
//! Anything else, encoded or odd, is redacted whole.

use super::Detector;
use super::detector::TABLE;
use super::names::Tier;

/// Whether a value under a field of this class tells nothing.
pub(super) fn is_harmless(detector: Detector, tier: Tier, content: &[u8]) -> bool {
    let digits = content.iter().filter(|byte| byte.is_ascii_digit()).count();
    if is_hidden(content, digits) || (content.len() <= 2 && detector != Detector::Secret) {
        return true;
    }
    let is_short = content.len() < 12;
    let is_word = content.iter().all(u8::is_ascii_lowercase);
    match detector {
        Detector::Pan | Detector::UsSsn | Detector::Phone | Detector::Iban => {
            let least = if tier == Tier::Weak { 7 } else { 4 };
            is_short && digits < least || is_fraction(content)
        }
        Detector::Dob => is_short && digits == 0,
        Detector::Mrn => is_short && digits == 0 || is_path(content) || is_word,
        Detector::Email => is_short && is_word || tier == Tier::Weak && !content.contains(&b'@'),
        Detector::Ipv4 => !is_address(content),
        Detector::Secret => match tier {
            Tier::Strong => is_path(content),
            Tier::Weak => !is_random(content, digits),
        },
        Detector::AwsAccessKey
        | Detector::Field
        | Detector::GithubToken
        | Detector::Jwt
        | Detector::PemPrivateKey => false,
    }
}

/// Whether there is nothing left to hide: no letter or digit, one of our tokens, or stars and at most
/// the last four.
pub(super) fn is_hidden(content: &[u8], digits: usize) -> bool {
    let is_plain = |byte: &u8| !byte.is_ascii_alphanumeric() && byte.is_ascii();
    let stars = content.iter().filter(|byte| **byte == b'*').count();
    let head = content.split_last_chunk::<4>().map_or(content, |(head, _)| head);
    content.iter().all(is_plain)
        || digits <= 4 && stars >= 4 && head.iter().all(is_plain)
        || content.first() == Some(&b'[') && TABLE.iter().any(|row| row.token.as_bytes() == content)
}

fn is_fraction(content: &[u8]) -> bool {
    let is_decimal = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let dots = content.iter().filter(|byte| **byte == b'.').count();
    let tail = content.iter().rev().take_while(|byte| **byte != b'.').count();
    dots == 1
        && content.iter().all(is_decimal)
        && tail < content.len()
        && content[content.len() - tail..].iter().any(|byte| *byte != b'0')
}

fn is_path(content: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-{}:$@".contains(byte);
    let is_rooted =
        content.starts_with(b"/") || content.starts_with(b"arn:") || content.starts_with(b"projects/");
    is_rooted && content.iter().all(is_plain)
}

/// Whether a value may be a public address of version 4 or 6.
fn is_address(content: &[u8]) -> bool {
    let text = std::str::from_utf8(content).unwrap_or_default();
    let bare = text.split(['/', '%']).next().unwrap_or_default();
    match bare.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            !(address.is_private() || address.is_loopback() || address.is_unspecified())
        }
        Ok(std::net::IpAddr::V6(address)) => !(address.is_loopback() || address.is_unspecified()),
        // Not read as an address, but perhaps a list of them, or one with a port.
        Err(_) => content.iter().filter(|byte| matches!(byte, b'.' | b':')).count() >= 3,
    }
}

/// Whether a value under a weak name looks drawn by chance: long, one piece, letters and digits.
fn is_random(content: &[u8], digits: usize) -> bool {
    let is_piece = !content.iter().any(|byte| matches!(byte, b' ' | b'/'));
    let is_header = content.starts_with(b"Bearer ") || content.starts_with(b"Basic ");
    let letters = content.iter().any(u8::is_ascii_alphabetic);
    is_header && content.len() >= 12 || is_piece && letters && digits >= 2 && content.len() >= 16
}
