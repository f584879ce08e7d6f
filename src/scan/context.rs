//! What is said around a value: the words before it, and whether one of them names it.
//!
//! The words are those of the table of field names, so that `"npi": …`, `npi=…` and `NPI …` mean the
//! same. Only the same string is looked at, and only a short way back.

use super::Detector;
use super::named::fields::Fields;
use super::named::folded::{encode, fold};
use super::named::names::{Class, Tier};
use super::people::words::Lexicon;
use super::sieve::set::Set;
use super::spelling::edges::{before, byte};
use super::vault;
use super::writing::write::GONE;

/// Bytes before a value in which a word may name it. As other scanners have it: 40 characters, and a
/// little for separators.
const REACH: usize = 48;
/// Bytes between a word and the value that it labels.
const GAP: usize = 14;
/// Words of a phrase.
const PHRASE_WORDS_MAX: usize = 4;
/// Bytes of a phrase, folded.
const PHRASE_BYTES_MAX: usize = 64;
/// Words between a label and its value.
static FILLERS: Lexicon = Lexicon::new(
    "is was are no nr num number of the for a id on ist as given der den dem le il el em op dnia est es lautet to me",
);

/// The words before a place in the same string, the last first.
struct Words<'b> {
    bytes: &'b [u8],
    /// Where the string begins, as far as it is looked at.
    floor: usize,
    /// One past the next word.
    at: usize,
}

impl<'b> Words<'b> {
    fn before(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, floor: at.saturating_sub(REACH), at }
    }

    /// Goes back over one word; `None` at the start of the string or behind what stands for a value and so
    /// names nothing that follows: `[PHONE]`, `****`, `PII_SSN_4H7Q2M9XKTG`.
    #[inline]
    fn next_back(&mut self) -> Option<(usize, usize)> {
        let mut end = self.at;
        while end > self.floor && !is_part(self.bytes[end - 1]) {
            let is_end = match self.bytes[end - 1] {
                b'"' => true,
                b']' => is_token(&self.bytes[self.floor..end - 1]),
                b'*' => is_mask(self.bytes, self.floor, end),
                _ => false,
            };
            if is_end {
                return None;
            }
            end -= 1;
        }
        let mut start = end;
        while start > self.floor && is_part(self.bytes[start - 1]) {
            start -= 1;
            let is_hump = self.bytes[start].is_ascii_uppercase()
                && start > self.floor
                && self.bytes[start - 1].is_ascii_lowercase();
            if is_hump {
                break;
            }
        }
        if is_surrogate(&self.bytes[self.floor..start], &self.bytes[start..end]) {
            return None;
        }
        self.at = start;
        // The letter of an escape such as `\n` is no part of a word.
        let is_escape =
            start > 0 && self.bytes[start - 1] == b'\\' && matches!(self.bytes[start], b'n' | b't' | b'r');
        start += usize::from(is_escape && start < end);
        (start < end).then_some((start, end))
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a closing bracket behind `head` ends a token that stands for a value.
fn is_token(head: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let length = head.iter().rev().take_while(|byte| is_part(byte)).count();
    length > 0 && head.len().checked_sub(length + 1).is_none_or(|open| head[open] == b'[')
}

/// Whether the stars before `end` were written over a value: four or more, or some that belong to no word
/// beside them, as those of emphasis do.
fn is_mask(bytes: &[u8], floor: usize, end: usize) -> bool {
    let stars = bytes[floor..end].iter().rev().take_while(|byte| **byte == b'*').count();
    let is_open = |byte: u8| matches!(byte, b' ' | b'=' | b'#' | b'-' | b'"' | b'\'');
    stars >= 4 || is_open(before(bytes, end - stars)) && !is_part(byte(bytes, end))
}

/// Whether a word behind `head` is the last part of a pseudonym or a token: of their lengths and letters,
/// behind the name of a kind.
fn is_surrogate(head: &[u8], word: &[u8]) -> bool {
    matches!(word.len(), 11 | 14)
        && matches!(head, [.., kind, b'_'] if kind.is_ascii_uppercase() || kind.is_ascii_digit())
        && vault::value(word).is_some()
}

/// Where what stands for a value ends, pseudonym, token or placeholder, if this text begins with it and goes on.
pub(super) fn surrogate_end(value: &[u8]) -> Option<usize> {
    if value.starts_with(b"[") {
        let length = value.iter().position(|byte| *byte == b']')? + 1;
        let head = &value[..length];
        let is_ours = || Detector::ALL.iter().any(|detector| detector.row().token.as_bytes() == head);
        return (length < value.len() && (head == GONE.as_bytes() || is_ours())).then_some(length);
    }
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let length = value.iter().position(|byte| !is_part(byte))?;
    let start = value[..length].iter().rposition(|byte| *byte == b'_')? + 1;
    let is_last = !self::is_part(value[length]);
    (is_last && is_surrogate(&value[..start], &value[start..length])).then_some(length)
}

/// What the words right before `at` name, and how surely.
#[inline]
pub(super) fn label(bytes: &[u8], at: usize, fields: &Fields) -> Option<(Detector, Tier)> {
    // A tab parts a label from its value as a blank does.
    let at = if bytes[..at].ends_with(b"\\t") { at - 2 } else { at };
    let mut words = Words::before(bytes, at);
    let mut reach = GAP;
    loop {
        let (start, end) = words.next_back()?;
        if at - end > reach {
            return None;
        }
        if let Some(Class::Of(detector, tier)) = phrase(bytes, words.floor, (start, end), fields) {
            return Some((detector, tier));
        }
        if !FILLERS.holds(&bytes[start..end]) {
            return None;
        }
        reach += end - start + 4;
    }
}

/// Every kind that the words within reach before `at` name.
pub(super) fn near(bytes: &[u8], at: usize, fields: &Fields) -> Set {
    let mut words = Words::before(bytes, at);
    let mut found = Set::default();
    while let Some(word) = words.next_back() {
        if let Some(Class::Of(detector, _)) = phrase(bytes, words.floor, word, fields) {
            found.insert(detector);
        }
    }
    found
}

/// What the longest phrase says that ends with a word.
#[inline]
fn phrase(bytes: &[u8], floor: usize, (start, end): (usize, usize), fields: &Fields) -> Option<Class> {
    if !fields.may_be_word(&bytes[start..end]) || !fields.may_be(&bytes[floor..end]) {
        return None;
    }
    let mut folded = [0; PHRASE_BYTES_MAX];
    let mut ends = [0; PHRASE_WORDS_MAX];
    let mut words = Words { bytes, floor, at: end };
    let (mut from, mut count) = (PHRASE_BYTES_MAX, 0);
    // The words stand in the buffer from its end, so that each phrase is a tail of it.
    while count < PHRASE_WORDS_MAX
        && let Some((start, end)) = words.next_back()
    {
        let Some(begin) = fold_into(&mut folded[..from], &bytes[start..end]) else { break };
        from = begin;
        ends[count] = from;
        count += 1;
        // A phrase is one: a blank, a dash or an underscore between its words.
        if words
            .at
            .checked_sub(1)
            .is_none_or(|at| !matches!(bytes[at], b' ' | b'-' | b'_' | b'.') && !is_part(bytes[at]))
        {
            break;
        }
    }
    let class = ends[..count].iter().rev().find_map(|&from| fields.named(&folded[from..]));
    class.filter(|class| !matches!(class, Class::Of(_, Tier::Beside)))
}

/// Writes a word, folded, to the end of `buffer`; where it begins there.
fn fold_into(buffer: &mut [u8], word: &[u8]) -> Option<usize> {
    if word.is_ascii() {
        let start = buffer.len().checked_sub(word.len())?;
        buffer[start..].iter_mut().zip(word).for_each(|(slot, byte)| *slot = byte.to_ascii_lowercase());
        return Some(start);
    }
    let text = std::str::from_utf8(word).ok()?;
    let length: usize = text.chars().filter_map(fold).map(char::len_utf8).sum();
    let start = buffer.len().checked_sub(length)?;
    let bytes = text.chars().filter_map(fold).flat_map(encode);
    buffer[start..].iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
    Some(start)
}

/// Whether a value begins at `at` right behind the quote or colon of its field, so that nothing in its
/// string stands before it.
#[inline]
pub(super) fn is_first(bytes: &[u8], at: usize) -> bool {
    let [third, second, last] =
        [3, 2, 1].map(|back: usize| at.checked_sub(back).map_or(b'"', |at| bytes[at]));
    last == b'"' || last == b':' && second == b'"' || last == b' ' && second == b':' && third == b'"'
}
