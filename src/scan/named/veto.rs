//! What stays although its field has a telling name: values that are positively harmless.
//!
//! Anything else, encoded or odd, is redacted whole.

use super::names::Tier;
use crate::scan::Detector;
use crate::scan::catalogue::{TABLE, Veto};
use crate::scan::people::prose;

/// Whether a value under a field of this class tells nothing. Of [`Tier::Beside`] the value stands beside
/// one that tells of a person.
pub(in crate::scan) fn is_harmless(detector: Detector, tier: Tier, content: &[u8]) -> bool {
    let veto = detector.row().veto;
    // A value under `name` is mostly one of a thing, written small.
    if veto == Veto::Name && tier != Tier::Strong && !has_capital(content) {
        return true;
    }
    let digits = content.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_tiny = content.len() <= 2 && !(veto == Veto::Name && is_tiny_name(content));
    if is_hidden(content, digits) || is_tiny && !matches!(veto, Veto::Secret | Veto::Never) {
        return true;
    }
    let is_short = content.len() < 12;
    let is_weak = matches!(tier, Tier::Weak | Tier::Sole);
    match veto {
        Veto::Digits => {
            let least = if is_weak { 7 } else { 4 };
            digits < least && (is_short || is_words(content))
                || is_fraction(content)
                || is_weak && digits < 6
                || detector == Detector::named("kr_rrn") && is_retrieval(content)
        }
        Veto::Date => digits == 0 && (is_short || is_words(content)),
        Veto::Mixed => {
            digits == 0 && (is_short || is_words(content))
                || is_path(content)
                || is_weak && digits < 5 && !(detector == Detector::named("passport") && is_document(content))
                || is_numbered(content)
        }
        Veto::Code => !is_code(content),
        Veto::Short if is_weak => !(4..=6).contains(&digits) || digits != content.len(),
        Veto::Short => {
            !((3..=4).contains(&content.len()) && digits == content.len() || content.len() >= 6 && digits > 0)
        }
        Veto::Mail => is_words(content) || is_weak && !content.contains(&b'@'),
        Veto::Host => !is_address(content),
        Veto::Name => match tier {
            Tier::Strong => digits > 0 && is_short && digits * 2 > content.len(),
            Tier::Weak | Tier::Sole => {
                let least = if tier == Tier::Weak { 2 } else { 3 };
                !is_name(content, 2) && !is_caseless(content, least)
                    || prose::is_thing(content)
                    || is_shouted_thing(content)
            }
            Tier::Beside => !is_name(content, 1) && !is_caseless(content, 1),
        },
        Veto::Place => {
            is_words(content) && !content.contains(&b' ')
                || content.starts_with(b"0x")
                || content.windows(3).any(|part| part == b"://")
                || is_address_and_port(content)
                || is_weak && !is_place(detector, content, digits)
        }
        Veto::Secret => match tier {
            Tier::Strong => is_path(content) || is_reference(content),
            Tier::Weak | Tier::Sole | Tier::Beside => !is_random(content, digits),
        },
        Veto::Never => false,
    }
}

/// The number of a passport: six to nine capitals and digits, two digits at least. Source: ICAO 9303-4, 4.2.2.
fn is_document(content: &[u8]) -> bool {
    (6..=9).contains(&content.len())
        && content.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && content.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2
}

/// Nothing but lower-case letters, and what parts words: `weekly_digest`, `did not install`.
fn is_words(content: &[u8]) -> bool {
    content.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b' ' | b'_' | b'-' | b'.'))
}

/// Whether a value under a weak name looks like a street with a number, or a code of a town.
fn is_place(detector: Detector, content: &[u8], digits: usize) -> bool {
    match detector {
        Detector::ADDRESS => {
            digits > 0 && content.contains(&b' ') && content.iter().any(u8::is_ascii_alphabetic)
        }
        _ => digits >= 3 && content.len() <= 10,
    }
}

/// At most three digits behind words: `version-2`, `Tier 3`, `merge request 41`.
fn is_numbered(content: &[u8]) -> bool {
    let digits = content.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let head = &content[..content.len() - digits];
    let head = head.strip_suffix(b"-").or(head.strip_suffix(b" ")).unwrap_or(head);
    let is_capital = head.first().is_some_and(u8::is_ascii_uppercase);
    digits <= 3 && head.len() >= 4 && is_words(&head[usize::from(is_capital)..])
}

/// A bank's code: eight or eleven capitals and digits, the first six capitals.
fn is_code(content: &[u8]) -> bool {
    matches!(content.len(), 8 | 11)
        && content[..6].iter().all(u8::is_ascii_uppercase)
        && content.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Words that begin with capitals, so many at least, and perhaps particles between them: how names of
/// people are written.
fn is_name(content: &[u8], least: usize) -> bool {
    let text = String::from_utf8_lossy(content);
    let is_part = |c: char| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’' | '\\');
    let (mut capitals, mut others) = (0, 0);
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let is_capital = word.starts_with(char::is_uppercase) || word.starts_with('\\');
        if is_capital && word.chars().skip(1).all(|c| is_part(c) || word.contains('\\') && c.is_ascii_digit())
        {
            capitals += 1;
        } else if word.len() > 3 || !word.chars().all(|c| c.is_lowercase() || c == '\'') {
            others += 1;
        }
    }
    let is_shouted = !text.chars().any(char::is_lowercase) && capitals < 2;
    (least..=6).contains(&capitals) && others == 0 && !is_shouted
}

/// Words in capitals, none of which is a given name: what firms and machines write so.
fn is_shouted_thing(content: &[u8]) -> bool {
    content.is_ascii()
        && !content.iter().any(u8::is_ascii_lowercase)
        && !content.split(|byte| matches!(byte, b' ' | b',')).any(prose::may_be_given)
}

/// A name in a script that has no capitals: so many words at least, or up to four Chinese or Korean characters, which
/// count for two.
fn is_caseless(content: &[u8], least: usize) -> bool {
    let text = String::from_utf8_lossy(content);
    let is_letter = |c: char| {
        let is_mark = matches!(c, '\u{900}'..='\u{DFF}') && !c.is_numeric();
        c >= '\u{590}' && (c.is_alphabetic() || is_mark) && !c.is_lowercase() && !c.is_uppercase()
    };
    let is_dense = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}');
    if content.is_ascii() || !text.chars().all(|c| is_letter(c) || c == ' ' || c == '-') {
        return false;
    }
    let count = text.split(' ').filter(|word| !word.is_empty()).count();
    let characters = text.chars().filter(|c| *c != ' ').count();
    let words =
        if text.chars().all(|c| is_dense(c) || c == ' ') && characters <= 4 { count.max(2) } else { count };
    (least..=4).contains(&words) && characters <= 40
}

/// Names of two letters: `Li`, `Ng`.
fn is_tiny_name(content: &[u8]) -> bool {
    matches!(content, [first, last] if first.is_ascii_uppercase() && last.is_ascii_lowercase())
}

/// Whether there may be a capital, escaped or not of ASCII.
fn has_capital(content: &[u8]) -> bool {
    content.iter().any(|byte| byte.is_ascii_uppercase() || *byte == b'\\' || !byte.is_ascii())
}

fn is_address_and_port(content: &[u8]) -> bool {
    content.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'[' | b']'))
        && content.iter().any(|byte| matches!(byte, b'.' | b':'))
}

/// Whether there is nothing left to hide: no letter or digit, one of our tokens, or stars and at most
/// the last four.
pub(in crate::scan) fn is_hidden(content: &[u8], digits: usize) -> bool {
    let is_plain = |byte: &u8| !byte.is_ascii_alphanumeric() && byte.is_ascii();
    let stars = || content.iter().filter(|byte| **byte == b'*').count();
    let head = content.split_last_chunk::<4>().map_or(content, |(head, _)| head);
    content.iter().all(is_plain)
        || digits <= 4 && head.iter().all(is_plain) && stars() >= 4
        || content.first() == Some(&b'[') && TABLE.iter().any(|row| row.token.as_bytes() == content)
}

/// The reference by which a card payment is retrieved, which shares its abbreviation with a number of the Korean state
/// that has a digit more. Source: ISO 8583, field 37.
fn is_retrieval(content: &[u8]) -> bool {
    content.len() == 12 && content.iter().all(u8::is_ascii_digit)
}

/// Whether the whole value refers to a secret that stands elsewhere: `${DB_PASSWORD}`, `{{ .Values.token }}`. What is
/// drawn by chance is none, whatever stands around it.
pub(in crate::scan) fn is_reference(content: &[u8]) -> bool {
    let inner = content
        .strip_prefix(b"${{")
        .or(content.strip_prefix(b"{{"))
        .and_then(|rest| rest.strip_suffix(b"}}"))
        .or_else(|| content.strip_prefix(b"${").and_then(|rest| rest.strip_suffix(b"}")));
    let Some(inner) = inner else { return false };
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b' ' | b'$');
    let is_name = |piece: &[u8]| {
        let digits = piece.iter().filter(|byte| byte.is_ascii_digit()).count();
        piece.len() <= 32 && digits <= 2
    };
    inner.iter().all(is_part)
        && inner.iter().any(u8::is_ascii_alphabetic)
        && inner.split(|byte| matches!(byte, b'.' | b' ' | b'_' | b'-')).all(is_name)
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

/// A path or the name of a resource; a piece that mixes capitals, small letters and digits is none.
fn is_path(content: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-{}:$@".contains(byte);
    let is_rooted =
        content.starts_with(b"/") || content.starts_with(b"arn:") || content.starts_with(b"projects/");
    let is_drawn = |piece: &[u8]| {
        piece.len() >= 12
            && piece.iter().any(u8::is_ascii_digit)
            && piece.iter().any(u8::is_ascii_uppercase)
            && piece.iter().any(u8::is_ascii_lowercase)
    };
    is_rooted && content.iter().all(is_plain) && !content.split(|byte| *byte == b'/').any(is_drawn)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_what_is_positively_harmless_and_takes_the_rest() {
        for (id, tier, content, wanted) in [
            ("dob", Tier::Strong, "greeting_card", true),
            ("dob", Tier::Strong, "29 Feb 1980", false),
            ("mrn", Tier::Strong, "merge request 41", true),
            ("mrn", Tier::Strong, "merge request 4100", false),
            ("email", Tier::Strong, "weekly_digest", true),
            ("email", Tier::Strong, "Ann Lee (at) acme", false),
            ("person_name", Tier::Strong, "lee, ann", false),
            ("person_name", Tier::Sole, "Quarterly report", true),
            ("person_name", Tier::Sole, "payments-api", true),
            ("person_name", Tier::Sole, "Ann van Lee", false),
            ("person_name", Tier::Beside, "Ann", false),
            ("person_name", Tier::Beside, "ann-lee", true),
            ("address", Tier::Weak, "[::]:8080", true),
            ("address", Tier::Weak, "10.0.0.12:8443", true),
            ("address", Tier::Weak, "12 Main Street", false),
            ("postal_code", Tier::Weak, "archive.zip", true),
            ("postal_code", Tier::Weak, "90210", false),
            ("pin", Tier::Weak, "GPIO17", true),
            ("pin", Tier::Weak, "4711", false),
            ("us_itin", Tier::Weak, "txr_standard", true),
            ("vin", Tier::Weak, "5V rail", true),
            ("secret", Tier::Strong, "/run/secrets/db", true),
            ("secret", Tier::Strong, "/aB3dEfGh1jKlM/nOp", false),
            ("secret", Tier::Strong, "required", false),
            ("secret", Tier::Strong, "${DB_PASSWORD}", true),
            ("secret", Tier::Strong, "${{ secrets.DB_PASSWORD }}", true),
            ("secret", Tier::Strong, "{{ .Values.session.secret }}", true),
            ("secret", Tier::Strong, "{{aB3dEfGh1jKlM4n}}", false),
            ("secret", Tier::Strong, "${DB_PASSWORD}x", false),
            ("secret", Tier::Strong, "${DB_PASSWORD:-hunter2}", false),
            ("person_name", Tier::Weak, "विजय यादव", false),
            ("person_name", Tier::Weak, "赵美玲", false),
            ("person_name", Tier::Sole, "赵美玲", true),
            ("person_name", Tier::Beside, "赵美玲", false),
            ("person_name", Tier::Sole, "TORBO MILANO", true),
            ("person_name", Tier::Sole, "ANNA MILANO", false),
            ("person_name", Tier::Beside, "Li", false),
            ("passport", Tier::Weak, "JFG18WZPL", false),
            ("passport", Tier::Weak, "REQUIRED", true),
            ("kr_rrn", Tier::Strong, "164147431164", true),
            ("kr_rrn", Tier::Strong, "9710131019902", false),
            ("special_category", Tier::Strong, "none", false),
        ] {
            let detector = Detector::parse(id).unwrap();
            assert_eq!(is_harmless(detector, tier, content.as_bytes()), wanted, "{id} {content}");
        }
    }
}
