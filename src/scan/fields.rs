//! From a key to what its value is: folding, the class table, and the names that rules add.
//!
//! Nearly all keys are told apart by their last four letters, before anything is folded or compared.

use std::borrow::Cow;

use super::names::{Class, NAMES};
use super::set::Set;
use crate::bounds::SCAN_KEY_BYTES_MAX;

/// Words at the end of a key that are compared with the table.
const SUFFIX_WORDS_MAX: usize = 4;

/// One name of a field pattern, folded; `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Box<[u8]>);

/// A key as it is compared: lower case, no separators, no diacritics; and where its words begin.
pub(super) struct Folded {
    bytes: [u8; SCAN_KEY_BYTES_MAX],
    length: usize,
    words: [usize; SUFFIX_WORDS_MAX],
    count: usize,
}

impl Name {
    /// Folds `text`; `None` when nothing is left.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let folded: Vec<u8> = text.chars().filter_map(fold).flat_map(encode).collect();
        (!folded.is_empty()).then(|| Self(folded.into()))
    }

    /// Whether it is nothing but `*`.
    pub(super) fn is_any(&self) -> bool {
        self.0.iter().all(|&byte| byte == b'*')
    }

    /// Whether it is the name of a key.
    pub(super) fn matches(&self, key: &Folded) -> bool {
        glob(&self.0, key.name())
    }
}

/// Compares with a pattern; goes back to the last star only, so the cost is the product at most.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut place, mut star) = (0, 0, None);
    while at < name.len() {
        match pattern.get(place) {
            Some(b'*') => {
                star = Some((place, at));
                place += 1;
            }
            Some(&byte) if byte == name[at] => (at, place) = (at + 1, place + 1),
            _ => {
                let Some((from, taken)) = star else { return false };
                star = Some((from, taken + 1));
                (at, place) = (taken + 1, from + 1);
            }
        }
    }
    pattern[place..].iter().all(|&byte| byte == b'*')
}

/// A character of a name as it is compared; `None` for what only parts words.
fn fold(character: char) -> Option<char> {
    let lower = match character {
        '_' | '-' | ' ' | '.' => return None,
        'A'..='Z' => character.to_ascii_lowercase(),
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => 'a',
        'Ç' | 'ç' | 'Ć'..='č' => 'c',
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' => 'i',
        'Ł' | 'ł' => 'l',
        'Ñ' | 'ñ' | 'Ń' | 'ń' => 'n',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' | 'Ő' | 'ő' => 'o',
        'Ś' | 'ś' | 'Š' | 'š' => 's',
        'Ù'..='Ü' | 'ù'..='ü' | 'Ű' | 'ű' => 'u',
        'Ź'..='ž' => 'z',
        other => other,
    };
    Some(lower)
}

fn encode(character: char) -> impl Iterator<Item = u8> {
    let mut buffer = [0; 4];
    let length = character.encode_utf8(&mut buffer).len();
    buffer.into_iter().take(length)
}

impl Folded {
    /// Folds the raw content of a key; of a long one its end. Allocates only where it holds an escape.
    pub(super) fn new(raw: &[u8]) -> Self {
        let raw = &raw[raw.len().saturating_sub(SCAN_KEY_BYTES_MAX)..];
        let text = String::from_utf8_lossy(raw);
        let text = if raw.contains(&b'\\') { unescape(&text) } else { text };
        let mut folded =
            Self { bytes: [0; SCAN_KEY_BYTES_MAX], length: 0, words: [0; SUFFIX_WORDS_MAX], count: 0 };
        let mut last = '_';
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
            let is_hump = character.is_uppercase() && (!last.is_uppercase() || next_is_lower);
            let is_break = last == '_' || fold(last).is_none() || is_hump;
            if let Some(character) = fold(character) {
                if is_break {
                    folded.words.rotate_right(1);
                    folded.words[0] = folded.length;
                    folded.count = (folded.count + 1).min(SUFFIX_WORDS_MAX);
                }
                for byte in encode(character) {
                    if let Some(slot) = folded.bytes.get_mut(folded.length) {
                        *slot = byte;
                        folded.length += 1;
                    }
                }
            }
            last = character;
        }
        folded
    }

    fn name(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Unescapes a key at whatever depth: twice is enough for JSON in JSON.
fn unescape<'t>(text: &str) -> Cow<'t, str> {
    let once = crate::json::decode(text);
    Cow::Owned(crate::json::decode(&once).into_owned())
}

/// What the names of keys say, made ready for the detectors and patterns of a rule set.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    /// Folded names by their hash, sorted, and their classes.
    classes: Vec<(u32, Box<[u8]>, Class)>,
    /// One bit for the hash of each end of a name; see [`may_be`](Self::may_be). Empty lets all through.
    ends: Box<[u64]>,
    /// By the last two letters of a name, one bit for each letter that stands before them.
    triples: Box<[u32]>,
}

/// Words of 64 bits in the filter of ends: a false hit costs a lookup, 16 KB would cost the cache.
const END_WORDS: usize = 128;
/// Letters of an end.
const END_LETTERS: usize = 4;
/// Bytes in which an escape may spell one of those letters.
const END_BYTES: usize = END_LETTERS * 6;

impl Fields {
    /// Makes the table ready for `active` detectors and for keys that `patterns` begin with.
    pub(super) fn new<'p>(active: Set, patterns: impl Iterator<Item = &'p Name>) -> Self {
        let rows = NAMES.iter().flat_map(|(class, names)| names.split(',').map(move |name| (*class, name)));
        let mut classes: Vec<_> = rows
            .filter_map(|(class, name)| Name::parse(name).map(|name| (hash(&name.0), name.0, class)))
            .filter(|(_, _, class)| match class {
                Class::Of(detector, _) => active.holds(*detector),
                Class::Harmless => true,
            })
            .collect();
        classes.sort_by_key(|row| row.0);
        let mut ends = Some(vec![0_u64; END_WORDS]);
        let mut triples = vec![0_u32; 32 * 32];
        let telling = classes.iter().filter(|row| row.2 != Class::Harmless).map(|row| &*row.1);
        for name in telling.chain(patterns.map(|name| &*name.0)) {
            let tail = name.rsplit(|byte| *byte == b'*').next().unwrap_or_default();
            let letters = tail.iter().rev().skip_while(|byte| byte.is_ascii_digit());
            let end: Vec<u8> = letters.take(END_LETTERS).copied().collect();
            if end.is_empty() || !end.is_ascii() {
                ends = None;
            }
            for (place, bits) in triples.iter_mut().enumerate() {
                let is_end =
                    end.iter().zip([place >> 5, place & 31]).all(|(byte, wanted)| letter(*byte) == wanted);
                *bits |= if is_end { end.get(2).map_or(u32::MAX, |third| 1 << letter(*third)) } else { 0 };
            }
            if let Some(ends) = &mut ends {
                let bit = end.iter().fold(0, |hash, letter| step(hash, *letter)) as usize % (END_WORDS * 64);
                ends[bit / 64] |= 1 << (bit % 64);
            }
        }
        Self { classes, ends: ends.unwrap_or_default().into(), triples: triples.into() }
    }

    /// Whether a key with this raw end may mean something: whether its last one, two, three or four
    /// letters are the end of a name, numbers and separators skipped. Cheap; for the hot path.
    #[inline]
    pub(super) fn may_be(&self, raw: &[u8]) -> bool {
        if self.ends.is_empty() {
            return true;
        }
        if !self.may_end(raw) {
            return false;
        }
        let end = raw.last_chunk::<END_BYTES>().map_or(raw, |end| end.as_slice());
        if end.windows(2).any(|pair| pair == b"\\u") {
            return true;
        }
        let (mut hash, mut letters) = (0, 0);
        for &byte in raw.iter().rev() {
            let letter = byte | 0x20;
            if letter.is_ascii_lowercase() {
                hash = step(hash, letter);
                letters += 1;
                let bit = hash as usize % (END_WORDS * 64);
                if self.ends.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 != 0) {
                    return true;
                }
                if letters == END_LETTERS {
                    return false;
                }
            } else if !byte.is_ascii() || byte == b'\\' || byte.is_ascii_digit() && letters > 0 {
                return true;
            } else if byte == b'"' {
                return false;
            }
        }
        false
    }

    /// Whether some name ends in the last three letters of a key; yes where the last three bytes are
    /// none, or may belong to an escape. One load, which nearly all keys do not survive.
    #[inline]
    fn may_end(&self, raw: &[u8]) -> bool {
        let Some(&[a, b, c, d, _, third, second, last]) = raw.last_chunk() else { return true };
        let is_escape = (a == b'\\') & (b == b'u') | (b == b'\\') & (c == b'u') | (c == b'\\') & (d == b'u');
        let is_word = third.is_ascii_alphabetic() & second.is_ascii_alphabetic() & last.is_ascii_alphabetic();
        if is_escape | !is_word {
            return true;
        }
        let row = self.triples.get(letter(last) << 5 | letter(second));
        row.is_none_or(|bits| bits >> letter(third) & 1 != 0)
    }

    /// What the last words of a key say; numbers at its end do not count.
    pub(super) fn class(&self, key: &Folded) -> Option<Class> {
        let name = key.name();
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let bare = || (digits > 0).then(|| self.suffix(key, &name[..name.len() - digits]))?;
        self.suffix(key, name).or_else(bare)
    }

    fn suffix(&self, key: &Folded, name: &[u8]) -> Option<Class> {
        key.words[..key.count].iter().rev().find_map(|&start| {
            let suffix = name.get(start..)?;
            let wanted = hash(suffix);
            let place = self.classes.partition_point(|row| row.0 < wanted);
            let rows = self.classes[place..].iter().take_while(|row| row.0 == wanted);
            rows.filter(|row| *row.1 == *suffix).map(|row| row.2).next()
        })
    }
}

/// A letter as a number below 32, whatever its case.
fn letter(byte: u8) -> usize {
    usize::from(byte & 31)
}

fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |hash, byte| step(hash, *byte))
}

/// One step of a multiplicative hash, high bits mixed down.
#[inline]
fn step(hash: u32, byte: u8) -> u32 {
    let mixed = (hash ^ u32::from(byte)).wrapping_mul(0x9E37_79B1);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::super::Detector;
    use super::super::names::Tier;
    use super::*;

    fn class(key: &str) -> Option<Class> {
        let mut all = Set::default();
        Detector::ALL.iter().for_each(|detector| all.insert(*detector));
        Fields::new(all, std::iter::empty()).class(&Folded::new(key.as_bytes()))
    }

    #[test]
    fn reads_a_key_by_its_last_words() {
        use Detector::{Dob, Email, Pan, Secret, UsSsn};
        for (key, wanted) in [
            ("ssn", Some(UsSsn)),
            ("patientSSN", Some(UsSsn)),
            ("SSN_last4", Some(UsSsn)),
            ("billing_card_number", Some(Pan)),
            ("dateOfBirth", Some(Dob)),
            ("DATE-OF-BIRTH", Some(Dob)),
            ("contactEmail2", Some(Email)),
            ("contrase\\u00f1a", Some(Secret)),
            ("contraseña", Some(Secret)),
            ("ssn_type", None),
            ("token_count", None),
            ("classname", None),
            ("", None),
        ] {
            let found = class(key).and_then(|class| match class {
                Class::Of(detector, Tier::Strong) => Some(detector),
                Class::Of(_, Tier::Weak) | Class::Harmless => None,
            });
            assert_eq!(found, wanted, "{key}");
        }
        assert_eq!(class("nextPageToken"), Some(Class::Harmless));
        assert_eq!(class("authToken"), class("auth_token"));
    }

    #[test]
    fn compares_patterns_folded_and_with_stars() {
        for (pattern, key, wanted) in [
            ("customer_id", "customerId", true),
            ("customer_id", "customer_ids", false),
            ("*_id", "order-id", true),
            ("a*b*c", "aXbYbc", true),
            ("a*b", "abx", false),
        ] {
            let name = Name::parse(pattern).unwrap();
            assert_eq!(name.matches(&Folded::new(key.as_bytes())), wanted, "{pattern} {key}");
        }
    }

    #[test]
    fn names_each_thing_once() {
        let mut names: Vec<_> = NAMES
            .iter()
            .flat_map(|row| row.1.split(','))
            .filter_map(Name::parse)
            .map(|name| name.0)
            .collect();
        names.sort();
        let twice: Vec<_> = names
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| String::from_utf8_lossy(&pair[0]))
            .collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn lets_every_name_of_the_table_through_the_filter() {
        let mut all = Set::default();
        Detector::ALL.iter().for_each(|detector| all.insert(*detector));
        let fields = Fields::new(all, std::iter::empty());
        for name in NAMES.iter().filter(|row| row.0 != Class::Harmless).flat_map(|row| row.1.split(',')) {
            assert!(fields.may_be(format!("\"{name}").as_bytes()), "{name}");
            assert!(fields.may_be(format!("of the other {}", name.replace(' ', "")).as_bytes()), "{name}");
            assert!(fields.may_be(format!("my_{}2", name.to_uppercase()).as_bytes()), "{name}");
        }
        assert!(fields.may_be(br"the_cart\u00e3o") && !fields.may_be(b"the_account"));
        assert!(!fields.may_be(b"\"id") && !fields.may_be(b"amount"));
    }
}
