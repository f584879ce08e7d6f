//! Numbers and addresses known by their form: verifiers of small windows around a candidate.
//!
//! Each takes the text and the candidate's place, and returns the span of the value.

use std::ops::Range;

use crate::scan::checks;
use crate::scan::spelling::edges::{
    before, byte, closes_number, digits_end, is_open, is_word, opens_number, skip_escape,
};

/// A card number written as a number with a fraction or an exponent, whose run of digits is `at..end`:
/// `4111111111111111.0`, `4.111111111111111e15`.
pub(in crate::scan) fn odd_card(bytes: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    if let Some(span) = scientific_card(bytes, at, end) {
        return Some(span);
    }
    let is_fraction = byte(bytes, end) == b'.' && byte(bytes, end + 1).is_ascii_digit();
    let is_left = match before(bytes, at) {
        b'.' => opens_number(bytes, at),
        _ => is_open(bytes, at),
    };
    let run = bytes.get(at..end)?;
    if !is_fraction || !is_left || !is_card(run.iter().copied()) {
        return None;
    }
    let past = digits_end(bytes, end + 1);
    (!is_word(byte(bytes, past))).then_some(at..past)
}

/// A card number written as a number such as `4.111111111111111e15`; the run is its fraction.
fn scientific_card(bytes: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    if before(bytes, at) != b'.' || !matches!(byte(bytes, end), b'e' | b'E') {
        return None;
    }
    let first = at.checked_sub(2)?;
    let sign = usize::from(byte(bytes, end + 1) == b'+');
    let exponent = end + 1 + sign..digits_end(bytes, end + 1 + sign);
    let power: usize = std::str::from_utf8(bytes.get(exponent.clone())?).ok()?.parse().ok()?;
    let digits = bytes[first..=first].iter().chain(&bytes[at..end]).copied();
    (power == end - at && is_open(bytes, first) && is_card(digits)).then_some(first..exponent.end)
}

fn is_card(digits: impl Iterator<Item = u8>) -> bool {
    let mut values = [0; 20];
    let mut count = 0;
    for digit in digits {
        let Some(slot) = values.get_mut(count) else { return false };
        *slot = digit.wrapping_sub(b'0');
        count += 1;
    }
    checks::is_card(&values[..count])
}

/// A North American telephone number whose area code is at `at`, with a `1` or a parenthesis before it.
pub(in crate::scan) fn grouped_phone(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let (mut start, mut next) = (at, at + 3);
    if before(bytes, at) == b'(' {
        next += usize::from(byte(bytes, next) == b')');
        start -= 1;
        next += usize::from(next > at + 3 && matches!(byte(bytes, next), b' ' | b'-'));
    } else {
        next += usize::from(matches!(byte(bytes, next), b'-' | b'.' | b' '));
    }
    let window: &[u8; 8] = bytes.get(next..)?.first_chunk()?;
    let separator = if start == at { byte(bytes, at + 3) } else { window[3] };
    let is_shaped = next > at + 3 && window[3] == separator && matches!(separator, b'-' | b'.' | b' ');
    let is_digits = all_digits(&window[..3]) && all_digits(&window[4..]);
    if !is_shaped || !is_digits || byte(bytes, at) < b'2' || window[0] < b'2' {
        return None;
    }
    if let Some(one) = start.checked_sub(2)
        && bytes[one] == b'1'
        && matches!(bytes[one + 1], b'-' | b'.' | b' ')
        && opens_number(bytes, one)
    {
        start = one;
    }
    (opens_number(bytes, start) && closes_number(bytes, next + 8)).then_some(start..next + 8)
}

/// An international telephone number whose `+` is at `at`: 8 to 15 digits in groups.
pub(in crate::scan) fn plus_phone(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(byte(bytes, at + 1), b'1'..=b'9') || is_reference(bytes, at) {
        return None;
    }
    let (mut next, mut count, mut end) = (at + 1, 0, None);
    loop {
        let group = digits_end(bytes, next.min(bytes.len()).max(at)).min(next + 16);
        count += group.saturating_sub(next);
        if group <= next || count > 15 {
            break;
        }
        if count >= 8 && !is_word(byte(bytes, group)) {
            end = Some(group);
        }
        next = group;
        for _ in 0..2 {
            next += usize::from(matches!(byte(bytes, next), b' ' | b'-' | b'.' | b'(' | b')'));
        }
    }
    end.map(|end| at..end)
}

/// Whether the plus at `at` stands behind the key of a reference, as in the purpose of a payment: `EREF+20260101`.
/// Source: Deutsche Kreditwirtschaft, DFÜ-Abkommen, annex 3, 8.2.6.
fn is_reference(bytes: &[u8], at: usize) -> bool {
    const KEYS: [&[u8]; 7] = [b"EREF", b"KREF", b"MREF", b"CRED", b"DEBT", b"SVWZ", b"PREF"];
    let key = at.checked_sub(4).and_then(|start| bytes.get(start..at));
    key.is_some_and(|key| KEYS.contains(&key) && !before(bytes, at - 4).is_ascii_alphabetic())
}

/// An IPv4 address; `at` follows its first dot.
pub(in crate::scan) fn ipv4(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let dot = at.checked_sub(1)?;
    // Most numbers with a dot are decimals.
    let second = bytes.get(at..)?.iter().take(4).position(|byte| !byte.is_ascii_digit())?;
    if bytes[at + second] != b'.' {
        return None;
    }
    let count = bytes[..dot].iter().rev().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let start = dot - count;
    let mut octets = [0; 4];
    let mut end = start;
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            end = if byte(bytes, end) == b'.' { end + 1 } else { return None };
        }
        let to = digits_end(bytes, end).min(end + 4);
        let text = std::str::from_utf8(bytes.get(end..to)?).ok()?;
        if text.len() > 1 && text.starts_with('0') {
            return None;
        }
        *octet = text.parse::<u8>().ok()?;
        end = to;
    }
    let is_version =
        before(bytes, start) == b'/' && is_word(before(bytes, start - 1)) || follows_version(bytes, start);
    let is_free = opens_number(bytes, start) && closes_number(bytes, end);
    (is_free && !is_version && is_public(octets)).then_some(start..end)
}

/// Whether an address tells of somebody: not private, local, unset, or of no host.
fn is_public(octets: [u8; 4]) -> bool {
    !matches!(
        octets,
        [0 | 10 | 127 | 224.., ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [100, 64..=127, ..]
    )
}

/// Whether the word before `at` says that a version follows.
fn follows_version(bytes: &[u8], at: usize) -> bool {
    const WORDS: [&[u8]; 8] =
        [b"version", b"ver", b"build", b"release", b"agent", b"sdk", b"firmware", b"revision"];
    let floor = at.saturating_sub(24);
    let head = &bytes[floor..at];
    let gap = head.iter().rev().take_while(|byte| !byte.is_ascii_alphanumeric()).take(6).count();
    let word = &head[..head.len() - gap];
    gap > 0
        && WORDS
            .iter()
            .any(|end| word.len() >= end.len() && word[word.len() - end.len()..].eq_ignore_ascii_case(end))
}

/// An international bank account number whose country begins at `at`, alone or in groups.
pub(in crate::scan) fn iban(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let country: &[u8; 2] = bytes.get(at..)?.first_chunk()?;
    let length = checks::iban_length(*country)?;
    let mut compact = [0; checks::IBAN_BYTES_MAX];
    let mut end = at;
    for (place, slot) in compact.iter_mut().take(length).enumerate() {
        if place > 0 && place % 4 == 0 {
            end += separator(bytes, end);
        }
        *slot = byte(bytes, end);
        if !slot.is_ascii_uppercase() && !slot.is_ascii_digit() {
            return None;
        }
        end += 1;
    }
    let is_free = is_open(bytes, at) && !is_word(byte(bytes, end));
    (is_free && checks::iban(&compact[..length])).then_some(at..end)
}

/// How long a separator between groups is that people write: one or two blanks, a dash, a line's end.
fn separator(bytes: &[u8], at: usize) -> usize {
    match (byte(bytes, at), byte(bytes, at + 1)) {
        (b' ', b' ') | (b'\\', b'n' | b'/') => 2,
        (b' ' | b'-' | b'.' | b'/' | b'_', _) => 1,
        _ => 0,
    }
}

/// A Medicare beneficiary number in groups, whose first dash is at `at`.
pub(in crate::scan) fn mbi(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(4)?;
    let window: &[u8; 13] = bytes.get(start..)?.first_chunk()?;
    let mut bare = [0; 11];
    let kept = window.iter().enumerate().filter(|(place, _)| !matches!(place, 4 | 8));
    bare.iter_mut().zip(kept).for_each(|(slot, (_, byte))| *slot = *byte);
    let is_free = is_open(bytes, start) && closes_number(bytes, start + 13);
    (window[8] == b'-' && is_free && checks::mbi(&bare)).then_some(start..start + 13)
}

/// A national insurance number in groups of two, whose second blank is at `at`.
pub(in crate::scan) fn nino(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(5)?;
    let window: &[u8; 13] = bytes.get(start..)?.first_chunk()?;
    if ![2, 5, 8, 11].iter().all(|&place: &usize| window[place] == b' ') {
        return None;
    }
    let mut bare = [0; 9];
    let kept = window.iter().filter(|byte| **byte != b' ');
    bare.iter_mut().zip(kept).for_each(|(slot, byte)| *slot = *byte);
    let is_free = is_open(bytes, start) && !is_word(byte(bytes, start + 13));
    (is_free && checks::nino(&bare)).then_some(start..start + 13)
}

/// A number of a Brazilian company with its separators, whose slash is at `at`; letters may stand in it
/// since July 2026.
pub(in crate::scan) fn cnpj(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(10)?;
    let window: &[u8; 18] = bytes.get(start..)?.first_chunk()?;
    let mut bare = [0; 14];
    let kept = window.iter().enumerate().filter(|(place, _)| !matches!(place, 2 | 6 | 10 | 15));
    bare.iter_mut().zip(kept).for_each(|(slot, (_, byte))| *slot = *byte);
    let is_spelled = [window[2], window[6], window[10], window[15]] == *b"../-";
    let is_free = is_open(bytes, start) && closes_number(bytes, start + 18);
    (is_spelled && is_free && checks::br_cnpj(&bare)).then_some(start..start + 18)
}

/// A hardware address whose third colon or dash is at `at`.
pub(in crate::scan) fn mac(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(8)?;
    let window: &[u8; 17] = bytes.get(start..)?.first_chunk()?;
    let is_spelled = window.iter().enumerate().all(|(place, byte)| match place % 3 {
        2 => *byte == bytes[at],
        _ => byte.is_ascii_hexdigit(),
    });
    let is_unset = window.iter().all(|byte| matches!(byte, b'0' | b':' | b'-'))
        || window.iter().all(|byte| matches!(byte, b'f' | b'F' | b':' | b'-'));
    let is_left = is_open(bytes, start) && before(bytes, start) != bytes[at];
    let is_right = !is_word(byte(bytes, start + 17)) && byte(bytes, start + 17) != bytes[at];
    (is_spelled && !is_unset && is_left && is_right).then_some(start..start + 17)
}

/// An address of version 6 around the colon at `at`; local and unset ones tell of nobody.
pub(in crate::scan) fn ipv6(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    let back = bytes[at.saturating_sub(40)..at].iter().rev().take_while(|byte| is_part(byte)).count();
    let ahead = bytes[at..].iter().take(40).take_while(|byte| is_part(byte)).count();
    let span = skip_escape(bytes, at - back).min(at)..at + ahead;
    let text = std::str::from_utf8(&bytes[span.clone()]).ok()?;
    let address: std::net::Ipv6Addr = text.parse().ok()?;
    let is_local = address.is_loopback()
        || address.is_unspecified()
        || address.segments()[1..7].iter().all(|part| *part == 0);
    let is_free = is_open(bytes, span.start)
        && !is_word(byte(bytes, span.end))
        && text.bytes().any(|byte| byte.is_ascii_digit());
    (is_free && !is_local).then_some(span)
}

/// A bitcoin address that is a whole run of word characters.
pub(in crate::scan) fn bitcoin(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    let content = bytes.get(run.clone())?;
    let is_old = (26..=35).contains(&content.len()) && matches!(content[0], b'1' | b'3');
    (is_old && is_open(bytes, run.start) && checks::btc(content)).then_some(run.clone())
}

/// An Ethereum address that is a whole run of word characters. One in small letters alone has no check,
/// and may as well be a hash: it is left.
pub(in crate::scan) fn ethereum(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    let content = bytes.get(run.clone())?;
    let is_shaped =
        content.len() == 42 && content.starts_with(b"0x") && content.iter().any(u8::is_ascii_uppercase);
    (is_shaped && is_open(bytes, run.start) && checks::eth(content)).then_some(run.clone())
}

/// Endings of file names that look like a domain.
const FILE_ENDINGS: [&[u8]; 8] = [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"css", b"js"];
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 253;

/// An e-mail address around the `@` at `at`.
pub(in crate::scan) fn email(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = &bytes[at.saturating_sub(LOCAL_BYTES_MAX)..at];
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b".!#$%&'+/=?^_`{|}~-".contains(byte);
    let local = head.iter().rev().take_while(|byte| is_local(byte)).count();
    // In a path or a query the mailbox begins behind the last mark; in `bounce+user=host@list` it does not.
    let is_mark = |byte: &u8| matches!(byte, b'/' | b'?' | b'&' | b'#');
    let kept = head.iter().rev().take(local).position(is_mark).unwrap_or(local);
    let name = &head[head.len() - kept..];
    let local = match memchr::memrchr(b'=', name) {
        Some(sign) if !name[..sign].contains(&b'+') => kept - sign - 1,
        Some(_) | None => kept,
    };
    let mut start = skip_escape(bytes, at - local);
    while start < at && !bytes[start].is_ascii_alphanumeric() && bytes[start] != b'_' {
        start += 1;
    }
    let end = domain_end(bytes, at + 1)?;
    if bytes.get(at - head.len()..start).is_some_and(is_password) {
        return None;
    }
    (start < at && before(bytes, at) != b'.').then_some(start..end)
}

/// Whether `head` ends in the user of a URL and a colon, so that a password follows and no mailbox.
fn is_password(head: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'%');
    let Some(head) = head.strip_suffix(b":") else { return false };
    let user = head.iter().rev().take_while(|byte| is_part(byte)).count();
    head[..head.len() - user].ends_with(b"//")
}

/// One past the longest domain name at `from` that ends in a plausible top level.
fn domain_end(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut end, mut labels) = (from, None, 0);
    while at - from <= DOMAIN_BYTES_MAX {
        let rest = bytes.get(at..)?;
        let length =
            rest.iter().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
        let label = &rest[..length];
        if length == 0 || label[0] == b'-' {
            break;
        }
        labels += 1;
        let letters = label.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let top = if label.starts_with(b"xn--") { length } else { letters };
        let is_top = top >= 2 && (top == length || label[top] == b'-');
        if labels > 1 && is_top && !FILE_ENDINGS.iter().any(|ending| label.eq_ignore_ascii_case(ending)) {
            end = Some(at + top);
        }
        at += length;
        if byte(bytes, at) != b'.' {
            break;
        }
        at += 1;
    }
    end
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}
