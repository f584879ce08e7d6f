//! People in prose, without a model: capitalised words behind what introduces a person.
//!
//! A title (`Dr`, `Herr`), a label (`Patient`, `name`), a greeting or the end of a letter, a phrase (`spoke
//! with`, `invoice for`), a person just before (`and`), a mailbox or an age behind, or what only people do
//! (`… called about`). Behind a title one word is enough, behind most others there are two. Words such as
//! `Report` or `Team` belong to no name. Someone whom nothing introduces is found by a name that is widely
//! known (`known`), and else needs a model.

use std::ops::Range;

use super::words::word;
use crate::scan::notations::headers;
use crate::scan::spelling::edges::{before, byte, is_word, skip_escape};

mod backward;
mod cues;
mod family;
mod firms;
mod given;
mod known;
mod lexicons;
#[cfg(test)]
mod tests;

pub(in crate::scan) use backward::ending;
use cues::{Cue, cue};
pub(in crate::scan) use known::{
    is_body, is_given, is_telling, is_thing, known, may_be_double, may_be_given, may_be_known,
};
use lexicons::{CALLED, DEEDS, NOUNS, TITLES, VERBS};
pub(in crate::scan) use lexicons::{CUES, PARTICLES, SURE_CUES};

/// Words of one name, particles not counted.
const NAME_WORDS_MAX: usize = 6;
/// Bytes of the longest particle.
const PARTICLE_BYTES_MAX: usize = 5;
/// Bytes in which one person leads to the next.
const REACH: usize = 240;

/// The person whose name begins with the capital at `at`. `known` is where the last person before ended.
pub(in crate::scan) fn person(bytes: &[u8], at: usize, known: usize) -> Option<Range<usize>> {
    let cue = cue(bytes, at, known)?;
    if cue == Cue::Form
        && let Some(end) = registered(bytes, at)
    {
        return Some(at..end);
    }
    let (end, count, full) = name(bytes, at)?;
    let next = byte(bytes, end);
    let first = || word(bytes, at).is_some_and(|first| known::is_family(&bytes[at..first.end]));
    let is_enough = match cue {
        Cue::Title => full >= 1,
        Cue::Role => full >= 2 || full == 1 && first(),
        Cue::Label | Cue::Form => full >= 2 || full == 1 && count >= 2,
        Cue::Greeting => matches!(next, b',' | b'!' | b':' | b'\\' | b'"') || full >= 2,
        Cue::Clause => full >= 2 && acts(bytes, end, known, at),
        Cue::Closing => full >= 1 && matches!(next, b'\\' | b'"' | b',' | b'.'),
    };
    (is_enough && !is_word(next) && next != b'_' && next != b'@').then_some(at..end)
}

/// Where a name ends that is written as in a register: `DOE, JANE`, `Lee, Ann`, `JANE DOE`.
fn registered(bytes: &[u8], at: usize) -> Option<usize> {
    let part = |from: usize| {
        let part = word(bytes, from).filter(|word| word.letters >= 2 && bytes[from].is_ascii_uppercase())?;
        let text = &bytes[from..part.end];
        let is_shouted = text.iter().all(|byte| !byte.is_ascii_lowercase());
        (!NOUNS.holds(text) && (part.is_capital || is_shouted)).then_some((part.end, is_shouted))
    };
    let (first, is_shouted) = part(at)?;
    let comma = usize::from(byte(bytes, first) == b',');
    if comma == 0 && !is_shouted || byte(bytes, first + comma) != b' ' {
        return None;
    }
    let (end, is_other) = part(first + comma + 1)?;
    (is_shouted == is_other && !is_word(byte(bytes, end)) && byte(bytes, end) != b'_').then_some(end)
}

/// The person whom a form names at `at`, before `end`. A strong label is content with one word, and one whose name
/// has other meanings with one that is known.
pub(in crate::scan) fn named(bytes: &[u8], at: usize, end: usize, is_strong: bool) -> Option<Range<usize>> {
    if let Some(past) = registered(bytes, at) {
        return Some(at..past);
    }
    let mut from = at;
    while let Some(small) =
        word(bytes, from).filter(|small| is_particle(&bytes[from..small.end]) && from < end)
    {
        from = small.end + 1;
    }
    let (past, count, full) = name(bytes, from).filter(|found| found.0 <= end)?;
    let text = &bytes[from..past];
    let is_alone = past == end
        || matches!(byte(bytes, past), b',' | b';' | b'(' | b'|' | b'\t')
        || bytes[past..].starts_with(b"  ");
    let is_told = full >= 2 || full == 1 && count >= 2;
    let is_one = full == 1 && is_alone && (is_strong || is_given(text) || known::is_family(text));
    let next = byte(bytes, past);
    ((is_told || is_one) && !is_word(next) && !matches!(next, b'_' | b'@' | b'/')).then_some(at..past)
}

/// Whether a word may stand between the given and the family name: `van`, `de`.
#[inline]
pub(in crate::scan) fn is_particle(word: &[u8]) -> bool {
    word.len() <= 3 && PARTICLES.holds(word)
}

/// Whether one of the small words between the words of a name begins at `at`.
pub(in crate::scan) fn begins_particle(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let length =
        rest.iter().take(PARTICLE_BYTES_MAX + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
    PARTICLES.holds(&rest[..length])
}

/// Whether a word stands before a name as a title.
pub(in crate::scan) fn is_title(word: &[u8]) -> bool {
    TITLES.holds(word)
}

/// The words of a name that begins at `at`: its end, how many words, and how many of them are no initials.
fn name(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let (mut from, mut end, mut count, mut full) = (at, at, 0, 0);
    while count < NAME_WORDS_MAX {
        let Some(word) = word(bytes, from).filter(|word| word.is_capital) else { break };
        let text = &bytes[from..word.end];
        let is_title = count == 0 && full == 0 && TITLES.holds(text) && word.letters > 1;
        if NOUNS.holds(text) && !is_title {
            break;
        }
        count += usize::from(!is_title);
        full += usize::from(!is_title && word.letters > 1);
        let is_short = is_title || word.letters == 1;
        let dot = usize::from(is_short && byte(bytes, word.end) == b'.' && byte(bytes, word.end + 1) == b' ');
        if !is_title {
            end = word.end;
        }
        match next_word(bytes, word.end + dot) {
            Some(next) => from = next,
            None => break,
        }
    }
    (count > 0).then_some((end, count, full))
}

/// Where the next word of a name begins: after a blank, perhaps behind particles.
fn next_word(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    for _ in 0..4 {
        if byte(bytes, from) != b' ' {
            return None;
        }
        let next = word(bytes, from + 1)?;
        if next.is_capital {
            return Some(from + 1);
        }
        if !PARTICLES.holds(&bytes[from + 1..next.end]) {
            return None;
        }
        from = next.end;
    }
    None
}

/// Whether what follows a name at `end` says that it is one of a person.
fn acts(bytes: &[u8], end: usize, known: usize, at: usize) -> bool {
    let following = |from: usize| {
        let next = (byte(bytes, from) == b' ').then(|| word(bytes, from + 1)).flatten();
        next.map(|next| (&bytes[from + 1..next.end], next.end))
    };
    if has_mailbox(bytes, end) || has_age(bytes, end) || known::has_degree(bytes, end) {
        return true;
    }
    let Some((verb, past)) = following(end) else { return false };
    if DEEDS.holds(verb) || known > 0 && at - known < REACH && VERBS.holds(verb) {
        return true;
    }
    verb == b"called" && following(past).is_some_and(|(word, _)| CALLED.holds(word))
}

/// The name before the mailbox at `at`, where it stands in angle brackets: `Ann Lee <ann@example.com>`, `"Lee, Ann"
/// <ann@example.com>`. Source: RFC 5322, 3.4.
pub(in crate::scan) fn owner(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = bytes[..at].strip_suffix(b"<")?;
    let head = head.strip_suffix(b" ").unwrap_or(head);
    if headers::is_machine(&bytes[at..]) {
        return None;
    }
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\\');
    let quotes = head.iter().rev().take_while(|byte| is_quote(byte)).count();
    let head = &head[..head.len() - quotes];
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b" .'-,".contains(byte);
    let length = head.iter().rev().take(64).take_while(|byte| is_part(byte)).count();
    let mut start = skip_escape(bytes, head.len() - length);
    // Behind a comma the next of a list begins, but within quotes the given name.
    if quotes == 0
        && let Some(comma) = memchr::memrchr(b',', &head[start.min(head.len())..])
    {
        start += comma + 1;
    }
    start += head.get(start..)?.iter().take_while(|byte| **byte == b' ').count();
    let (mut from, mut count) = (start, 0);
    while let Some(part) = word(bytes, from).filter(|part| part.end <= head.len()) {
        let text = &bytes[from..part.end];
        if NOUNS.holds(text) || !part.is_capital && !PARTICLES.holds(text) {
            return None;
        }
        count += usize::from(part.is_capital);
        from = part.end + head[part.end..].iter().take_while(|byte| b" .,".contains(byte)).count();
    }
    (from == head.len() && (2..=NAME_WORDS_MAX).contains(&count)).then_some(start..from)
}

/// The name that begins the line of the account at `at`, with nothing but numbers between: `- Ann Lee: DE89…`,
/// `Ann Lee; 120.00; DE89…`.
pub(in crate::scan) fn holder(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let is_gap = |byte: &&u8| byte.is_ascii_digit() || b" :;,.|".contains(byte);
    let gap = bytes[..at].iter().rev().take(32).take_while(is_gap).count();
    let head = &bytes[..at - gap];
    if !matches!(byte(bytes, head.len()), b':' | b';' | b',' | b'|') {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b" .'-*\\".contains(byte);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let length = head.iter().rev().take(64).take_while(|byte| is_part(byte) || is_digit(byte)).count();
    // The last escape of a line end before it, or the quote of the string.
    let floor = head.len() - length;
    let line = [b"\\n".as_slice(), b"\\r"]
        .iter()
        .filter_map(|end| memchr::memmem::rfind(&head[floor..], end))
        .max()
        .map(|place| floor + place + 2)
        .or_else(|| (before(bytes, floor) == b'"').then_some(floor))?;
    let start = line + head[line..].iter().take_while(|byte| b" -*".contains(byte)).count();
    let (end, count, full) = name(bytes, start)?;
    let text = &bytes[start..end];
    (end == head.len() && count >= 2 && full >= 2 && !is_thing(text)).then_some(start..end)
}

/// Whether a mailbox in angle brackets follows: `Ann Lee <ann@example.com>`.
fn has_mailbox(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).and_then(|rest| rest.strip_prefix(b" <")).unwrap_or_default();
    let mailbox = rest.iter().take(64).position(|byte| matches!(byte, b'>' | b' ' | b'"')).unwrap_or(0);
    rest[..mailbox].contains(&b'@') && !headers::is_machine(&rest[..mailbox])
}

/// Whether an age follows, as nothing but people has it: `, 45,`, `, a 45-year-old`, ` (45F)`.
fn has_age(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    let Some(rest) = rest.strip_prefix(b", a ").or(rest.strip_prefix(b", ")).or(rest.strip_prefix(b" ("))
    else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let tail = &rest[digits..];
    let is_closed = matches!(
        tail,
        [b',', b' ', ..] | [b')', ..] | [b'F' | b'M' | b'f' | b'm' | b'y', b')' | b',' | b'o', ..]
    );
    (1..=3).contains(&digits) && (is_closed || tail.starts_with(b"-year") || tail.starts_with(b" year"))
}
