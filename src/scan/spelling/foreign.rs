//! Characters that stand for ASCII, or for nothing: what a reader takes them for.
//!
//! Full-width and other digits, exotic blanks and dashes, mathematical letters; invisible characters
//! are dropped. Letters of other alphabets that merely look alike are left, but for signs of addresses.
//! Source: Unicode 17, UnicodeData.txt (categories Nd, Zs, Pd, Cf) and UAX #15 for compatibility.

use unicode_normalization::char::decompose_compatible;

/// What a character is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Meaning {
    /// This ASCII character.
    Ascii(u8),
    /// Nothing: it is not seen.
    Nothing,
    /// Itself.
    Own,
}

/// The zero of each set of ten digits.
const ZEROS: [u32; 46] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
    0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x1E950,
];

/// What `character` is to a reader.
pub(in crate::scan) fn meaning(character: char) -> Meaning {
    let code = u32::from(character);
    if code < 0x80 {
        return Meaning::Own;
    }
    match code {
        0x00AD
        | 0x034F
        | 0x061C
        | 0x115F
        | 0x1160
        | 0x17B4
        | 0x17B5
        | 0x180B..=0x180F
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0x3164
        | 0xFE00..=0xFE0F
        | 0xFEFF
        | 0xFFA0
        | 0xE0000..=0xE007F => {
            return Meaning::Nothing;
        }
        0x00A0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000 => {
            return Meaning::Ascii(b' ');
        }
        0x2010..=0x2015 | 0x2212 | 0xFE58 | 0xFE63 | 0xFF0D => return Meaning::Ascii(b'-'),
        0x2024 | 0xFE52 => return Meaning::Ascii(b'.'),
        0x2044 | 0x2215 => return Meaning::Ascii(b'/'),
        // Letters of living scripts; nothing else below is written by people who mean them.
        0x00C0..=0x024F | 0x0370..=0x058F | 0x3040..=0x9FFF | 0xAC00..=0xD7AF => return Meaning::Own,
        _ => {}
    }
    let digit = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10));
    if let Some(digit) = digit.and_then(|digit| u8::try_from(digit).ok()) {
        return Meaning::Ascii(b'0' + digit);
    }
    let is_styled = matches!(code, 0x2070..=0x209F | 0x2100..=0x214F | 0x2460..=0x24FF | 0xFE50..=0xFE6F | 0xFF00..=0xFF5F | 0x1D400..=0x1D7FF | 0x1F100..=0x1F16F | 0x1FBF0..=0x1FBF9);
    if !is_styled {
        return Meaning::Own;
    }
    let (mut first, mut count) = (None, 0);
    decompose_compatible(character, |part| {
        first.get_or_insert(part);
        count += 1;
    });
    match first.and_then(|part| u8::try_from(u32::from(part)).ok()) {
        Some(byte @ 0x20..=0x7E) if count == 1 && !matches!(byte, b'"' | b'\\') => Meaning::Ascii(byte),
        _ => Meaning::Own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_reader_reads() {
        for (character, wanted) in [
            ('\u{ff14}', Meaning::Ascii(b'4')),
            ('\u{664}', Meaning::Ascii(b'4')),
            ('\u{1d7d2}', Meaning::Ascii(b'4')),
            ('\u{2463}', Meaning::Ascii(b'4')),
            ('\u{ff20}', Meaning::Ascii(b'@')),
            ('\u{a0}', Meaning::Ascii(b' ')),
            ('\u{2011}', Meaning::Ascii(b'-')),
            ('\u{200b}', Meaning::Nothing),
            ('\u{ad}', Meaning::Nothing),
            ('\u{e9}', Meaning::Own),
            ('\u{4e09}', Meaning::Own),
            ('\u{ff02}', Meaning::Own),
            ('4', Meaning::Own),
        ] {
            assert_eq!(meaning(character), wanted, "{character:?}");
        }
        assert!(ZEROS.is_sorted());
    }
}
