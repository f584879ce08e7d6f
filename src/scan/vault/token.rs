//! How a token is spelled: `PII_SSN_4H7Q2M9XKTG`.
//!
//! One word of capitals, digits and `_`: it survives JSON, URLs, SQL and Markdown, where brackets get
//! eaten, and reads the same in small letters. Behind the type stand ten letters of Crockford's base 32
//! (50 bits) and one more that checks them (Luhn's algorithm, modulo 32), so that a word which only
//! looks like a token is told from one at once.
//!
//! Sources: Crockford, "Base 32"; Luhn mod N.

use crate::scan::Detector;

/// What a token stands for as far as its text says: its type, and which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    kind: &'static str,
    id: u64,
}

/// What a word is that begins as a token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It has the shape of one, and its letters or its type are none that were ever given.
    Broken,
    /// It is one. Whether it stands for something, only the vault knows.
    Whole(Token),
}

/// How every token begins.
pub(in crate::scan) const PREFIX: &str = "PII_";
/// Bits of a token that are drawn.
pub(super) const ID_BITS: u32 = 50;

const BODY: usize = 10;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes of the longest word that is looked at.
pub(in crate::scan) const WORD_BYTES_MAX: usize = 64;

/// The type of a detector as it stands in tokens and pseudonyms: `SSN`.
pub(in crate::scan) fn kind(detector: Detector) -> &'static str {
    match detector.row().token.trim_matches(['[', ']']) {
        "REDACTED" => "FIELD",
        kind => kind,
    }
}

/// The type that is spelled so.
pub(in crate::scan) fn known(kind: &str) -> Option<&'static str> {
    let mut kinds = Detector::ALL.iter().map(|detector| self::kind(*detector));
    kinds.find(|known| *known == kind)
}

/// The lowest bits of `bits` as so many letters.
pub(in crate::scan) fn letters(bits: u64, count: usize) -> impl Iterator<Item = char> {
    (0..count).rev().map(move |place| {
        let value = (bits >> (5 * place)) & 31;
        // INVARIANT: five bits are below 32.
        char::from(ALPHABET[usize::try_from(value).expect("five bits")])
    })
}

/// What letters spell; `None` where one is outside the alphabet.
pub(in crate::scan) fn value(letters: &[u8]) -> Option<u64> {
    letters.iter().try_fold(0, |sum: u64, letter| {
        let place = ALPHABET.iter().position(|known| known == letter)?;
        Some(sum << 5 | u64::try_from(place).ok()?)
    })
}

/// The letter that checks an id.
fn check(id: u64) -> u64 {
    let sum: u64 = (0..BODY)
        .map(|place| {
            let value = (id >> (5 * place)) & 31;
            // The last letter of the body is doubled, and every second before it.
            let doubled = if place % 2 == 0 { 2 * value } else { value };
            doubled / 32 + doubled % 32
        })
        .sum();
    (32 - sum % 32) % 32
}

impl Token {
    /// The token of a type and an id, of which [`ID_BITS`] count.
    pub(super) fn new(detector: Detector, id: u64) -> Self {
        Self { kind: kind(detector), id: id & ((1 << ID_BITS) - 1) }
    }

    /// Its type: `SSN`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What tells it from others, whatever their type.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Reads a word; `None` for one that has not the shape of a token.
    pub fn read(word: &str) -> Option<Reading> {
        let is_meant = word.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if !is_meant || word.len() > WORD_BYTES_MAX || !word.is_ascii() {
            return None;
        }
        let word = word.to_ascii_uppercase();
        let (kind, tail) = word.strip_prefix(PREFIX)?.rsplit_once('_')?;
        let (body, last) = tail.as_bytes().split_at_checked(BODY)?;
        if kind.is_empty() || last.len() != 1 {
            return None;
        }
        let (id, last) = (value(body)?, value(last)?);
        Some(match known(kind) {
            Some(kind) if check(id) == last => Reading::Whole(Self { kind, id }),
            Some(_) | None => Reading::Broken,
        })
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body: String = letters(self.id, BODY).chain(letters(check(self.id), 1)).collect();
        write!(f, "{PREFIX}{}_{body}", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: u64) -> Token {
        Token::new(Detector::parse("us_ssn").unwrap(), id)
    }

    #[test]
    fn reads_what_it_writes_in_either_case_and_nothing_else() {
        for id in [0, 1, 0x2_5A5A_5A5A_5A5A, (1 << ID_BITS) - 1, 1 << ID_BITS] {
            let text = token(id).to_string();
            assert_eq!(text.len(), "PII_SSN_".len() + 11, "{text}");
            for spelled in [text.clone(), text.to_ascii_lowercase()] {
                assert_eq!(Token::read(&spelled), Some(Reading::Whole(token(id))), "{spelled}");
            }
            // Every letter that is another one.
            for place in 8..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
                let other = String::from_utf8(bytes).unwrap();
                assert_eq!(Token::read(&other), Some(Reading::Broken), "{other} for {text}");
            }
        }
        for other in
            ["PII_SSN_", "PII_SSN_000000000000", "PII__00000000000", "PII_SSN_0000000000U", "SSN_00000000000"]
        {
            assert_eq!(Token::read(other), None, "{other}");
        }
        assert_eq!(Token::read("PII_NOTHING_00000000000"), Some(Reading::Broken));
        assert_eq!(Token::read(&format!("PII_{}_00000000000", "S".repeat(WORD_BYTES_MAX))), None);
    }

    #[test]
    fn every_type_is_one_word() {
        for detector in Detector::ALL {
            let text = Token::new(*detector, 7).to_string();
            let is_word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(text.bytes().all(is_word) && text.len() <= WORD_BYTES_MAX, "{text}");
            assert!(
                matches!(Token::read(&text), Some(Reading::Whole(token)) if token.kind() == kind(*detector))
            );
        }
        let field = Detector::ALL.iter().find(|detector| detector.as_str() == "field").unwrap();
        assert_eq!(kind(*field), "FIELD");
    }
}
