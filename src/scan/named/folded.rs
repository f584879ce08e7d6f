//! Names as they are compared: lower case, without separators and diacritics.

use std::borrow::Cow;

use crate::bounds::SCAN_KEY_BYTES_MAX;

/// Words at the end of a key that are compared with the table.
const SUFFIX_WORDS_MAX: usize = 4;

/// One name of a field pattern, folded; `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scan) struct Name(pub Box<[u8]>);

/// A key as it is compared: lower case, no separators, no diacritics; and where its words begin.
pub(in crate::scan) struct Folded {
    bytes: [u8; SCAN_KEY_BYTES_MAX],
    length: usize,
    pub words: [usize; SUFFIX_WORDS_MAX],
    pub count: usize,
}

impl Name {
    /// Folds `text`; `None` when nothing is left.
    pub(in crate::scan) fn parse(text: &str) -> Option<Self> {
        let folded: Vec<u8> = text.chars().filter_map(fold).flat_map(encode).collect();
        (!folded.is_empty()).then(|| Self(folded.into()))
    }

    /// Whether it is nothing but `*`.
    pub(in crate::scan) fn is_any(&self) -> bool {
        self.0.iter().all(|&byte| byte == b'*')
    }

    /// Whether it is the name of a key.
    pub(in crate::scan) fn matches(&self, key: &Folded) -> bool {
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
pub(in crate::scan) fn fold(character: char) -> Option<char> {
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
        'Đ' | 'đ' => 'đ',
        'Æ' | 'æ' => 'æ',
        'Œ' | 'œ' => 'œ',
        'Ď' | 'ď' => 'd',
        'Ğ' | 'ğ' => 'g',
        'İ' | 'ı' => 'i',
        'Ň' | 'ň' => 'n',
        'Ř' | 'ř' => 'r',
        'Ş' | 'ş' | 'Ș' | 'ș' => 's',
        'Ţ'..='ť' | 'Ț' | 'ț' => 't',
        'Ū'..='ů' => 'u',
        'Ý' | 'ý' | 'ÿ' => 'y',
        other => other,
    };
    Some(lower)
}

/// Whether a byte of a key only parts words; as [`fold`] has it.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b' ' | b'.')
}

pub(in crate::scan) fn encode(character: char) -> impl Iterator<Item = u8> {
    let mut buffer = [0; 4];
    let length = character.encode_utf8(&mut buffer).len();
    buffer.into_iter().take(length)
}

impl Folded {
    /// Folds the raw content of a key; of a long one its end. Allocates only where it holds an escape.
    pub(in crate::scan) fn new(raw: &[u8]) -> Self {
        let raw = &raw[raw.len().saturating_sub(SCAN_KEY_BYTES_MAX)..];
        if raw.iter().all(|byte| byte.is_ascii() && *byte != b'\\') {
            return Self::ascii(raw);
        }
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

    /// As [`new`](Self::new), for a key in plain ASCII.
    fn ascii(raw: &[u8]) -> Self {
        let mut folded =
            Self { bytes: [0; SCAN_KEY_BYTES_MAX], length: 0, words: [0; SUFFIX_WORDS_MAX], count: 0 };
        let mut last = b'_';
        for (place, &byte) in raw.iter().enumerate() {
            let is_upper = byte.is_ascii_uppercase();
            let next_is_lower = raw.get(place + 1).is_some_and(u8::is_ascii_lowercase);
            let is_hump = is_upper && (!last.is_ascii_uppercase() || next_is_lower);
            if !is_separator(byte) {
                if is_separator(last) || is_hump {
                    folded.words.rotate_right(1);
                    folded.words[0] = folded.length;
                    folded.count = (folded.count + 1).min(SUFFIX_WORDS_MAX);
                }
                folded.bytes[folded.length] = byte.to_ascii_lowercase();
                folded.length += 1;
            }
            last = byte;
        }
        folded
    }

    pub(in crate::scan) fn name(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Unescapes a key at whatever depth: twice is enough for JSON in JSON.
fn unescape<'t>(text: &str) -> Cow<'t, str> {
    let once = crate::json::decode(text);
    Cow::Owned(crate::json::decode(&once).into_owned())
}
