//! From a key to what its value is: the class table, and the names that rules add.
//!
//! Nearly all keys are told apart by their last four letters, before anything is folded or compared.

use super::folded::{Folded, Name};
use super::names::{self, Class, Tier};
use crate::scan::sieve::set::Set;

/// What the names of keys say, made ready for the detectors and patterns of a rule set.
#[derive(Debug, Clone, Default)]
pub(in crate::scan) struct Fields {
    /// Names by their hash, sorted, and their classes.
    classes: Vec<(u32, &'static str, Class)>,
    /// By the high bits of a hash, where its names begin.
    starts: Box<[u16]>,
    /// One bit for the hash of each short name, then one for each end of a longer one; see
    /// [`may_be`](Self::may_be). Empty lets all through.
    ends: Box<[u64]>,
    /// By the last two letters of a name, one bit for each letter that stands before them.
    triples: Box<[u32]>,
}

/// Words of 64 bits in the filter of ends: a false hit costs a lookup, 16 KB would cost the cache.
const END_WORDS: usize = 256;
/// Words of 64 bits before them, in the filter of names that are shorter than an end.
const SHORT_WORDS: usize = 128;
/// Parts of the table of names by the high bits of their hashes, about as many as names.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 11;
/// Letters of an end.
const END_LETTERS: usize = 5;
/// Bytes in which an escape may spell one of those letters.
const END_BYTES: usize = END_LETTERS * 6;

impl Fields {
    /// Makes the table ready for `active` detectors and for keys that `patterns` begin with.
    pub(in crate::scan) fn new<'p>(active: Set, patterns: impl Iterator<Item = &'p Name>) -> Self {
        let mut classes: Vec<_> = names::all()
            .filter(|(class, _)| match class {
                Class::Of(detector, _) => active.holds(*detector),
                Class::Harmless => true,
            })
            .map(|(class, name)| (hash(letters(name)), name, class))
            .collect();
        classes.sort_by_key(|row| row.0);
        // Where a name begins is told in 16 bits: the names that lie further are not looked for, and there are none.
        let place = |bucket: usize| classes.partition_point(|row| bucket_of(row.0) < bucket);
        let starts = (0..=BUCKETS).map(|bucket| u16::try_from(place(bucket)).unwrap_or(u16::MAX)).collect();
        let mut ends = Some(vec![0_u64; SHORT_WORDS + END_WORDS]);
        let mut triples = vec![0_u32; 32 * 32];
        let telling = classes.iter().filter(|row| row.2 != Class::Harmless).map(|row| row.1.as_bytes());
        for name in telling.chain(patterns.map(|name| &*name.0)) {
            let tail = name.rsplit(|byte| *byte == b'*').next().unwrap_or_default();
            let (mut end, mut count) = ([0; END_LETTERS], 0);
            let tail =
                tail.iter().rev().filter(|byte| **byte != b' ').skip_while(|byte| byte.is_ascii_digit());
            for (slot, byte) in end.iter_mut().zip(tail) {
                *slot = *byte;
                count += 1;
            }
            let end = &end[..count];
            if end.is_empty() || !end.is_ascii() {
                ends = None;
            }
            // What the end leaves open, any letter may fill.
            let bits = end.get(2).map_or(u32::MAX, |third| 1 << letter(*third));
            let rows = |place: usize| end.get(place).map_or(0..32, |byte| letter(*byte)..letter(*byte) + 1);
            for row in rows(0).flat_map(|last| rows(1).map(move |second| last << 5 | second)) {
                triples[row] |= bits;
            }
            if let Some(ends) = &mut ends {
                let bit = bit(end.iter().fold(0, |hash, letter| step(hash, *letter)), end.len());
                ends[bit / 64] |= 1 << (bit % 64);
            }
        }
        Self { classes, starts, ends: ends.unwrap_or_default().into(), triples: triples.into() }
    }

    /// Whether a key with this raw end may mean something: whether its last letters are a short name or
    /// the end of a longer one, numbers and separators skipped. Cheap; for the hot path.
    #[inline]
    pub(in crate::scan) fn may_be(&self, raw: &[u8]) -> bool {
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
                let bit = bit(hash, letters);
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
    pub(in crate::scan) fn class(&self, key: &Folded) -> Option<Class> {
        let name = key.name();
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let bare = || (digits > 0).then(|| self.suffix(key, &name[..name.len() - digits]))?;
        self.suffix(key, name).or_else(bare)
    }

    fn suffix(&self, key: &Folded, name: &[u8]) -> Option<Class> {
        key.words[..key.count].iter().rev().find_map(|&start| {
            let class = self.named(name.get(start..)?)?;
            (start == 0 || !matches!(class, Class::Of(_, Tier::Sole))).then_some(class)
        })
    }

    /// What a name says, folded and whole.
    pub(in crate::scan) fn named(&self, name: &[u8]) -> Option<Class> {
        let wanted = hash(name.iter().copied());
        let bucket = bucket_of(wanted);
        let [from, to] = self.starts.get(bucket..bucket + 2)? else { return None };
        let rows = self.classes.get(usize::from(*from)..usize::from(*to))?.iter();
        let mut same = rows.filter(|row| row.0 == wanted && letters(row.1).eq(name.iter().copied()));
        same.next().map(|row| row.2)
    }

    /// As [`may_be`](Self::may_be), for a word by itself: two lookups in a table that is in the cache.
    #[inline]
    pub(in crate::scan) fn may_be_word(&self, word: &[u8]) -> bool {
        let Some(&[third, second, last]) = word.last_chunk() else { return true };
        let is_word = third.is_ascii_alphabetic() & second.is_ascii_alphabetic() & last.is_ascii_alphabetic();
        let row = self.triples.get(letter(last) << 5 | letter(second));
        !is_word || row.is_none_or(|bits| bits >> letter(third) & 1 != 0)
    }
}

fn bucket_of(hash: u32) -> usize {
    (hash >> (u32::BITS - BUCKET_BITS)) as usize
}

/// The bit of an end of so many letters.
#[inline]
fn bit(hash: u32, letters: usize) -> usize {
    // The high bits know of every letter.
    let mixed = ((hash ^ hash >> 13).wrapping_mul(0x85EB_CA6B) >> 12) as usize + letters * 641;
    match letters {
        END_LETTERS => SHORT_WORDS * 64 + mixed % (END_WORDS * 64),
        _ => mixed % (SHORT_WORDS * 64),
    }
}

/// A letter as a number below 32, whatever its case.
fn letter(byte: u8) -> usize {
    usize::from(byte & 31)
}

/// The letters of a name in the table, which stands there folded but for the blanks between its words.
fn letters(name: &'static str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b' ')
}

fn hash(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0, step)
}

/// One step of a multiplicative hash, high bits mixed down.
#[inline]
fn step(hash: u32, byte: u8) -> u32 {
    let mixed = (hash ^ u32::from(byte)).wrapping_mul(0x9E37_79B1);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::super::names::Tier;
    use super::*;
    use crate::scan::Detector;

    fn class(key: &str) -> Option<Class> {
        let mut all = Set::default();
        Detector::ALL.iter().for_each(|detector| all.insert(*detector));
        Fields::new(all, std::iter::empty()).class(&Folded::new(key.as_bytes()))
    }

    #[test]
    fn reads_a_key_by_its_last_words() {
        const DOB: Detector = Detector::named("dob");
        for (key, wanted) in [
            ("ssn", Some(Detector::US_SSN)),
            ("patientSSN", Some(Detector::US_SSN)),
            ("SSN_last4", Some(Detector::US_SSN)),
            ("billing_card_number", Some(Detector::PAN)),
            ("dateOfBirth", Some(DOB)),
            ("DATE-OF-BIRTH", Some(DOB)),
            ("contactEmail2", Some(Detector::EMAIL)),
            ("addressLine1", Some(Detector::ADDRESS)),
            ("billing_address_line_2", Some(Detector::ADDRESS)),
            ("contrase\\u00f1a", Some(Detector::SECRET)),
            ("contraseña", Some(Detector::SECRET)),
            ("ssn_type", None),
            ("token_count", None),
            ("classname", None),
            ("", None),
        ] {
            let found = class(key).and_then(|class| match class {
                Class::Of(detector, Tier::Strong) => Some(detector),
                Class::Of(..) | Class::Harmless => None,
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
        let mut names: Vec<_> =
            names::all().filter_map(|row| Name::parse(row.1)).map(|name| name.0).collect();
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
        for (_, name) in names::all().filter(|row| row.0 != Class::Harmless) {
            assert!(fields.may_be(format!("\"{name}").as_bytes()), "{name}");
            assert!(fields.may_be(format!("of the other {}", name.replace(' ', "")).as_bytes()), "{name}");
            assert!(fields.may_be(format!("my_{}2", name.to_uppercase()).as_bytes()), "{name}");
        }
        assert!(fields.may_be(br"the_cart\u00e3o") && !fields.may_be(b"the_kernel"));
        assert!(!fields.may_be(b"\"id"), "id");
        assert!(!fields.may_be(b"amount") && !fields.may_be(b"\"type"));
    }
}
