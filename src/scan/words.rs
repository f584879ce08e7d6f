//! Words of prose in raw JSON: letters in any spelling, capitals, and what joins the words of a name.

use super::edges::{before, byte, skip_escape};
use super::folded::fold;

/// Bytes of one word.
const WORD_BYTES_MAX: usize = 48;

/// A word: where it ends, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub end: usize,
    /// Letters, of which an escape is one.
    pub letters: usize,
    /// Whether it begins with a capital and is not all capitals.
    pub is_capital: bool,
}

/// The letter at `at`: its bytes, and whether it is a capital. A letter of Latin script may be an escape.
fn letter(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let first = byte(bytes, at);
    if first.is_ascii_alphabetic() {
        return Some((1, first.is_ascii_uppercase()));
    }
    let (length, character) = match first {
        0xC3..=0xC9 => (2, char::from_u32(u32::from(first & 31) << 6 | u32::from(byte(bytes, at + 1) & 63))?),
        b'\\' => {
            let run = bytes.get(at..)?.iter().take(8).take_while(|byte| **byte == b'\\').count();
            let digits = bytes.get(at + run..at + run + 5)?.strip_prefix(b"u")?;
            let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            (run + 5, char::from_u32(code).filter(|c| matches!(c, '\u{C0}'..='\u{24F}'))?)
        }
        _ => return None,
    };
    character.is_alphabetic().then_some((length, character.is_uppercase()))
}

/// The word that begins at `at`: letters, and single dashes and apostrophes between them.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<Word> {
    let (_, is_capital) = letter(bytes, at)?;
    // Nearly every word is ASCII; what ends it says whether it goes on otherwise.
    let rest = bytes.get(at..)?;
    let run = rest.iter().take(WORD_BYTES_MAX).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if !matches!(byte(rest, run), b'-' | b'\'' | b'\\' | 0x80..) {
        let is_mixed = run == 1 || rest[..run].iter().any(|byte| !byte.is_ascii_uppercase());
        return Some(Word { end: at + run, letters: run, is_capital: is_capital && is_mixed });
    }
    let (mut end, mut letters, mut capitals) = (at, 0, 0);
    while end - at < WORD_BYTES_MAX {
        let joint = usize::from(letters > 0 && matches!(byte(bytes, end), b'-' | b'\''));
        let Some((length, is_capital)) = letter(bytes, end + joint) else { break };
        end += joint + length;
        letters += 1;
        capitals += usize::from(is_capital);
    }
    Some(Word { end, letters, is_capital: is_capital && (letters == 1 || capitals < letters) })
}

/// A word in lower case and without diacritics, as lexicons have theirs, in `buffer`; one in plain ASCII as it
/// is. `None` for what is too long.
pub(super) fn plain<'w>(word: &'w [u8], buffer: &'w mut [u8; WORD_BYTES_MAX]) -> Option<&'w [u8]> {
    if word.is_ascii() {
        return Some(word);
    }
    let mut length = 0;
    for character in std::str::from_utf8(word).ok()?.chars() {
        let letters: &[u8] = match fold(character) {
            Some(letter) if letter.is_ascii() => &[u8::try_from(letter).ok()?],
            Some('ß') => b"ss",
            Some('æ') => b"ae",
            Some('œ') => b"oe",
            Some('đ') => b"d",
            Some(_) => return None,
            None => b"-",
        };
        buffer.get_mut(length..length + letters.len())?.copy_from_slice(letters);
        length += letters.len();
    }
    Some(&buffer[..length])
}

/// Where the word begins that ends before `end`: letters of Latin script, and dashes and apostrophes among them;
/// `end` where there is none.
pub(super) fn word_start(bytes: &[u8], end: usize) -> usize {
    let floor = end.saturating_sub(WORD_BYTES_MAX);
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'-' | b'\'');
    let head = bytes.get(floor..end).unwrap_or_default();
    let length = head.iter().rev().take_while(|byte| is_part(byte)).count();
    let mut start = skip_escape(bytes, end - length).min(end);
    // Quotation marks and dashes of other alphabets are no letters.
    while start < end && letter(bytes, start).is_none() {
        start += 1;
    }
    start
}

/// The run of ASCII letters that ends before `at`, without the letter of an escape: `Herr` of `Herr `.
pub(super) fn word_before(bytes: &[u8], at: usize) -> &[u8] {
    let floor = at.saturating_sub(20);
    let head = bytes.get(floor..at).unwrap_or_default();
    let count = head.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = &head[head.len() - count..];
    let is_escape = before(bytes, at - count) == b'\\';
    word.get(usize::from(is_escape)..).unwrap_or_default()
}

/// A set of words, told by their length, their last two letters and their first before they are looked up; its
/// slots are a power of two, and twice its words at least.
pub(super) struct Lexicon<const SLOTS: usize = 1024> {
    words: &'static [u8],
    filter: Filter,
    /// One past where a word begins that has this hash; 0 where there is none.
    slots: [u16; SLOTS],
}

impl<const SLOTS: usize> Lexicon<SLOTS> {
    /// Makes words ready; they are lower case, ASCII, and parted by blanks.
    pub(super) const fn new(words: &'static str) -> Self {
        let words = words.as_bytes();
        assert!(words.len() < u16::MAX as usize, "slots hold places of 16 bits");
        let mut lexicon = Self { words, filter: Filter::NONE, slots: [0; SLOTS] };
        let (mut at, mut start, mut hash) = (0, 0, 0);
        while at <= words.len() {
            if at == words.len() || words[at] == b' ' {
                let second = if at - start > 1 { words[at - 2] } else { 0 };
                lexicon.filter = lexicon.filter.with([words[start], second, words[at - 1]], at - start);
                let mut slot = place(hash) % SLOTS;
                while lexicon.slots[slot] != 0 {
                    slot = (slot + 1) % SLOTS;
                }
                lexicon.slots[slot] = start as u16 + 1;
                (start, hash) = (at + 1, 0);
            } else {
                hash = step(hash, words[at]);
            }
            at += 1;
        }
        lexicon
    }

    /// Whether a word is one of them, whatever its case.
    #[inline]
    pub(super) fn holds(&self, word: &[u8]) -> bool {
        self.filter.may_hold(word) && self.finds(word)
    }

    fn finds(&self, word: &[u8]) -> bool {
        let mut slot = place(word.iter().fold(0, |hash, byte| step(hash, byte | 0x20))) % SLOTS;
        while let Some(start) = usize::from(self.slots[slot]).checked_sub(1) {
            let rest = self.words.get(start..).unwrap_or_default();
            let is_same = rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
            if is_same && matches!(rest.get(word.len()), None | Some(b' ')) {
                return true;
            }
            slot = (slot + 1) % SLOTS;
        }
        false
    }
}

/// Which words may stand in any of several lexicons: one look for the many words that stand in none.
pub(super) struct Sieve(Filter);

impl Sieve {
    /// Makes lexicons ready.
    pub(super) const fn over(lexicons: &[&Lexicon]) -> Self {
        let mut filter = Filter::NONE;
        let mut one = 0;
        while one < lexicons.len() {
            filter = filter.or(&lexicons[one].filter);
            one += 1;
        }
        Self(filter)
    }

    /// The words of both.
    pub(super) const fn and(&self, other: &Self) -> Self {
        Self(self.0.or(&other.0))
    }

    /// Whether a word may be in one of them.
    #[inline]
    pub(super) fn may_hold(&self, word: &[u8]) -> bool {
        self.0.may_hold(word)
    }
}

/// Which words may be some: by the last letter and the one before it, and by the last letter and the first, one
/// bit for each length.
#[derive(Clone, Copy)]
struct Filter {
    ends: [u32; 32 * 32],
    sides: [u32; 32 * 32],
}

impl Filter {
    const NONE: Self = Self { ends: [0; 32 * 32], sides: [0; 32 * 32] };

    /// Where two letters stand, whatever their case.
    const fn place(letter: u8, last: u8) -> usize {
        ((letter & 31) as usize) << 5 | (last & 31) as usize
    }

    const fn with(mut self, [first, second, last]: [u8; 3], length: usize) -> Self {
        self.ends[Self::place(second, last)] |= 1 << (length & 31);
        self.sides[Self::place(first, last)] |= 1 << (length & 31);
        self
    }

    const fn or(mut self, other: &Self) -> Self {
        let mut place = 0;
        while place < self.ends.len() {
            self.ends[place] |= other.ends[place];
            self.sides[place] |= other.sides[place];
            place += 1;
        }
        self
    }

    #[inline]
    fn may_hold(&self, word: &[u8]) -> bool {
        match word {
            [] => false,
            [only] => self.holds([*only, 0, *only], 1),
            [first, .., last] => self.holds([*first, word[word.len() - 2], *last], word.len()),
        }
    }

    #[inline]
    fn holds(&self, [first, second, last]: [u8; 3], length: usize) -> bool {
        self.ends[Self::place(second, last)] & self.sides[Self::place(first, last)] & 1 << (length & 31) != 0
    }
}

const fn step(hash: u32, letter: u8) -> u32 {
    (hash ^ letter as u32).wrapping_mul(0x0100_0193)
}

const fn place(hash: u32) -> usize {
    (hash ^ hash >> 15) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_words_in_every_spelling() {
        for (text, letters, is_capital) in [
            ("Lee,", 3, true),
            ("O'Brien ", 6, true),
            ("Jean-Luc", 7, true),
            ("Müller", 6, true),
            (r"M\u00fcller", 6, true),
            (r"M\\u00fcller", 6, true),
            ("LEE", 3, false),
            ("lee", 3, false),
            ("J.", 1, true),
        ] {
            let word = word(text.as_bytes(), 0).unwrap();
            assert_eq!((word.letters, word.is_capital), (letters, is_capital), "{text}");
        }
        assert_eq!(word(b"Lee- x", 0).unwrap().end, 3);
        assert_eq!((word(b"7", 0), word(br"\n", 0), word(br"\u2019", 0)), (None, None, None));
        assert_eq!(word_before(br"\nHerr", 6), b"Herr");
    }

    #[test]
    fn holds_its_words_and_no_others() {
        const WORDS: Lexicon = Lexicon::new("herr m");
        assert!(WORDS.holds(b"Herr") && WORDS.holds(b"M") && !WORDS.holds(b"Herrn") && !WORDS.holds(b""));
    }
}
