//! Words of prose in raw JSON: letters in any spelling, capitals, and what joins the words of a name.

use crate::scan::named::folded::fold;
use crate::scan::spelling::edges::{before, byte, skip_escape};

/// Bytes of one word.
const WORD_BYTES_MAX: usize = 48;

/// A word: where it ends, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) struct Word {
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
pub(in crate::scan) fn word(bytes: &[u8], at: usize) -> Option<Word> {
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
pub(in crate::scan) fn plain<'w>(word: &'w [u8], buffer: &'w mut [u8; WORD_BYTES_MAX]) -> Option<&'w [u8]> {
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
pub(in crate::scan) fn word_start(bytes: &[u8], end: usize) -> usize {
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
pub(in crate::scan) fn word_before(bytes: &[u8], at: usize) -> &[u8] {
    let floor = at.saturating_sub(20);
    let head = bytes.get(floor..at).unwrap_or_default();
    let count = head.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = &head[head.len() - count..];
    let is_escape = before(bytes, at - count) == b'\\';
    word.get(usize::from(is_escape)..).unwrap_or_default()
}

/// What words are told by before they are looked up: their last eight letters, in lower case.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Key(u64);

impl Key {
    /// The key of a word.
    #[inline]
    pub(in crate::scan) const fn of(word: &[u8]) -> Self {
        let letters = if let Some(last) = word.last_chunk::<8>() {
            u64::from_le_bytes(*last)
        } else if let (Some(first), Some(last)) = (word.first_chunk::<4>(), word.last_chunk::<4>()) {
            // The two overlap, in the same letters.
            (u32::from_le_bytes(*last) as u64) << (8 * word.len() - 32) | u32::from_le_bytes(*first) as u64
        } else if let (Some(first), Some(last)) = (word.first_chunk::<2>(), word.last_chunk::<2>()) {
            (u16::from_le_bytes(*last) as u64) << (8 * word.len() - 16) | u16::from_le_bytes(*first) as u64
        } else if let [only] = word {
            *only as u64
        } else {
            0
        };
        Self::new(letters, word.len())
    }

    /// The key of the last `length` bytes of `head`; one read, whatever the length.
    #[inline]
    pub(in crate::scan) fn last(head: &[u8], length: usize) -> Self {
        match head.last_chunk::<8>() {
            Some(last) if length > 0 => {
                Self::new(u64::from_le_bytes(*last) >> (64 - 8 * length.min(8)), length)
            }
            _ => Self::of(&head[head.len() - length.min(head.len())..]),
        }
    }

    /// In lower case, and mixed: the highest bits depend on every letter. Source: Knuth, The Art of Computer
    /// Programming, 6.4, multiplicative hashing.
    #[inline]
    const fn new(letters: u64, length: usize) -> Self {
        let lower = letters | 0x2020_2020_2020_2020;
        Self(lower.wrapping_add(length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Its place among `places`, which are a power of two.
    #[inline]
    const fn place(self, places: usize) -> usize {
        (self.0 >> (64 - places.trailing_zeros())) as usize
    }
}

/// A set of words; its slots are a power of two, and twice its words at least.
pub(in crate::scan) struct Lexicon<const SLOTS: usize = 1024> {
    words: &'static [u8],
    sieve: Sieve<128>,
    /// One past where a word begins that has this place; 0 where there is none.
    slots: [u16; SLOTS],
}

impl<const SLOTS: usize> Lexicon<SLOTS> {
    /// Makes words ready; they are lower case, ASCII, and parted by blanks.
    pub(in crate::scan) const fn new(words: &'static str) -> Self {
        let words = words.as_bytes();
        assert!(words.len() < u16::MAX as usize, "slots hold places of 16 bits");
        let mut lexicon = Self { words, sieve: Sieve::NONE, slots: [0; SLOTS] };
        let mut start = 0;
        while start < words.len() {
            let (word, next) = word_from(words, start);
            let key = Key::of(word);
            lexicon.sieve = lexicon.sieve.with_key(key);
            let mut slot = key.place(SLOTS);
            while lexicon.slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            lexicon.slots[slot] = start as u16 + 1;
            start = next;
        }
        lexicon
    }

    /// Whether a word is one of them, whatever its case.
    #[inline]
    pub(in crate::scan) fn holds(&self, word: &[u8]) -> bool {
        let key = Key::of(word);
        self.sieve.may_hold(key) && self.finds(word, key)
    }

    fn finds(&self, word: &[u8], key: Key) -> bool {
        let mut slot = key.place(SLOTS);
        while let Some(start) = usize::from(self.slots[slot]).checked_sub(1) {
            let rest = self.words.get(start..).unwrap_or_default();
            let is_same = rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
            if is_same && !word.is_empty() && matches!(rest.get(word.len()), None | Some(b' ')) {
                return true;
            }
            slot = (slot + 1) % SLOTS;
        }
        false
    }
}

/// The word of a lexicon that begins at `start`, and where the next begins.
const fn word_from(words: &[u8], start: usize) -> (&[u8], usize) {
    let mut end = start;
    while end < words.len() && words[end] != b' ' {
        end += 1;
    }
    (words.split_at(end).0.split_at(start).1, end + 1)
}

/// Which words may stand in any of several lexicons: one look for the many words that stand in none. It has 64
/// bits for each of its size.
#[derive(Clone, Copy)]
pub(in crate::scan) struct Sieve<const SIZE: usize = 512>([u64; SIZE]);

impl<const SIZE: usize> Sieve<SIZE> {
    /// No words.
    pub(in crate::scan) const NONE: Self = Self([0; SIZE]);

    /// These words, and those of a lexicon.
    pub(in crate::scan) const fn with<const SLOTS: usize>(mut self, lexicon: &Lexicon<SLOTS>) -> Self {
        let mut start = 0;
        while start < lexicon.words.len() {
            let (word, next) = word_from(lexicon.words, start);
            self = self.with_key(Key::of(word));
            start = next;
        }
        self
    }

    /// The words of both.
    pub(in crate::scan) const fn and(&self, other: &Self) -> Self {
        let mut both = Self::NONE;
        let mut place = 0;
        while place < SIZE {
            both.0[place] = self.0[place] | other.0[place];
            place += 1;
        }
        both
    }

    const fn with_key(mut self, key: Key) -> Self {
        let place = key.place(64 * SIZE);
        self.0[place / 64] |= 1 << (place % 64);
        self
    }

    /// Whether the word with this key may be one of them.
    #[inline]
    pub(in crate::scan) const fn may_hold(&self, key: Key) -> bool {
        let place = key.place(64 * SIZE);
        self.0[place / 64] >> (place % 64) & 1 != 0
    }
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

    #[test]
    fn knows_a_word_by_the_same_key_in_any_text() {
        for length in 0..=20 {
            let word = &b"abcdefghijklmnopqrst"[..length];
            for head in ["", "x", " Dear ", "somebody wrote "] {
                let text = [head.as_bytes(), &word.to_ascii_uppercase()].concat();
                assert_eq!(Key::last(&text, length).0, Key::of(word).0, "{head}{length}");
            }
        }
        assert_ne!(Key::of(b"ab").0, Key::of(b"abc").0);
    }
}
