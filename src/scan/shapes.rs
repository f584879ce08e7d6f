//! Numbers and addresses known by their form: verifiers of small windows around a candidate.
//!
//! Each takes the text and the candidate's place, and returns the span of the value.

use std::ops::Range;

use super::checks;
use super::edges::{before, byte, closes_number, digits_end, is_open, is_word, opens_number, skip_escape};

/// A US social security number in groups, whose first digit is at `at`.
pub(super) fn ssn(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let window: &[u8; 11] = bytes.get(at..)?.first_chunk()?;
    let separator = window[3];
    let is_shaped = matches!(separator, b'-' | b' ') && window[6] == separator && all_digits(&window[4..6]);
    if !is_shaped || !all_digits(&window[..3]) || !all_digits(&window[7..]) {
        return None;
    }
    let is_never = matches!(&window[..3], b"000" | b"666" | [b'9', ..])
        || &window[4..6] == b"00"
        || &window[7..] == b"0000";
    let span = at..at + 11;
    // A dot beside it makes no decimal of a number in groups.
    let is_left = before(bytes, at) == b'.' || opens_number(bytes, at);
    let is_right = byte(bytes, span.end) == b'.' || closes_number(bytes, span.end);
    (!is_never && is_left && is_right).then_some(span)
}

/// A card number in digits alone, whose run is `at..end`; a fraction belongs to it, and so does an
/// exponent that gives a whole number.
pub(super) fn card(bytes: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    if let Some(span) = scientific_card(bytes, at, end) {
        return Some(span);
    }
    let run = bytes.get(at..end)?;
    let is_left = match before(bytes, at) {
        b'.' => opens_number(bytes, at),
        _ => is_open(bytes, at),
    };
    if !is_left || !is_card(run.iter().copied()) {
        return None;
    }
    let mut span = at..end;
    if byte(bytes, end) == b'.' && byte(bytes, end + 1).is_ascii_digit() {
        span.end = digits_end(bytes, end + 1);
    }
    (!is_word(byte(bytes, span.end))).then_some(span)
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

/// A card number in groups of one kind of separator, whose first four digits are at `at`.
pub(super) fn grouped_card(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    const GROUPS: [&[usize]; 3] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];
    let separator = byte(bytes, at + 4);
    if !all_digits(bytes.get(at + 5..at + 9)?) {
        return None;
    }
    GROUPS.iter().find_map(|groups| {
        let mut end = at;
        for (place, &length) in groups.iter().enumerate() {
            if place > 0 {
                end += usize::from(byte(bytes, end) == separator);
            }
            let group = bytes.get(end..end + length)?;
            end = if all_digits(group) { end + length } else { return None };
        }
        let span = at..end;
        let length = groups.iter().sum::<usize>() + groups.len() - 1;
        let digits = bytes[span.clone()].iter().copied().filter(u8::is_ascii_digit);
        let is_free = is_open(bytes, at) && closes_number(bytes, end);
        (span.len() == length && is_free && is_card(digits)).then_some(span)
    })
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
pub(super) fn grouped_phone(bytes: &[u8], at: usize) -> Option<Range<usize>> {
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
pub(super) fn plus_phone(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(byte(bytes, at + 1), b'1'..=b'9') {
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

/// An IPv4 address; `at` follows its first dot.
pub(super) fn ipv4(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let dot = at.checked_sub(1)?;
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
pub(super) fn iban(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let country: &[u8; 2] = bytes.get(at..)?.first_chunk()?;
    let length = checks::iban_length(*country)?;
    let mut compact = [0; checks::IBAN_BYTES_MAX];
    let mut end = at;
    for (place, slot) in compact.iter_mut().take(length).enumerate() {
        if place > 0 && place % 4 == 0 && matches!(byte(bytes, end), b' ' | b'-') {
            end += 1;
        }
        *slot = byte(bytes, end);
        if !slot.is_ascii_uppercase() && !slot.is_ascii_digit() {
            return None;
        }
        end += 1;
    }
    let is_free = is_open(bytes, at) && !is_word(byte(bytes, end));
    (is_free && checks::iban_remainder(&compact[..length])).then_some(at..end)
}

/// Endings of file names that look like a domain.
const FILE_ENDINGS: [&[u8]; 8] = [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"css", b"js"];
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 253;

/// An e-mail address around the `@` at `at`.
pub(super) fn email(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = &bytes[at.saturating_sub(LOCAL_BYTES_MAX)..at];
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b".!#$%&'+/=?^_`{|}~-".contains(byte);
    let local = head.iter().rev().take_while(|byte| is_local(byte)).count();
    let mut start = skip_escape(bytes, at - local);
    while start < at && !bytes[start].is_ascii_alphanumeric() && bytes[start] != b'_' {
        start += 1;
    }
    let end = domain_end(bytes, at + 1)?;
    (start < at && before(bytes, at) != b'.').then_some(start..end)
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
