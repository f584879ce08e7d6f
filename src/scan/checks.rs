//! Arithmetic that tells a number from a number that only looks like it.

/// Luhn's check over digits given as values 0-9. Source: ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (place, &digit) in digits.iter().rev().enumerate() {
        let doubled = u32::from(digit) * 2;
        sum += if place % 2 == 0 { u32::from(digit) } else { doubled / 10 + doubled % 10 };
    }
    sum % 10 == 0
}

/// Whether a card brand issues numbers that begin and are as long as these digits (values 0-9).
///
/// 14 to 16 digits only: lengths that chance hits too often need a field name.
pub(super) fn is_card(digits: &[u8]) -> bool {
    if !(14..=16).contains(&digits.len()) {
        return false;
    }
    let lead = digits[..4].iter().fold(0, |sum, &digit| sum * 10 + u32::from(digit));
    let is_brand = match digits.len() {
        14 => matches!(lead, 3000..=3059 | 3095 | 3600..=3699 | 3800..=3999) || is_maestro(lead),
        15 => matches!(lead, 3400..=3499 | 3700..=3799) || is_maestro(lead),
        _ => {
            matches!(lead, 4000..=4999 | 5100..=5599 | 2221..=2720 | 3528..=3589 | 6011 | 6440..=6599 | 6200..=6299)
                || matches!(lead, 6000..=6099 | 8100..=8299 | 2200..=2204 | 3000..=3059 | 3600..=3699 | 3800..=3999)
                || is_maestro(lead)
        }
    };
    is_brand && luhn(digits)
}

fn is_maestro(lead: u32) -> bool {
    matches!(lead, 5000..=5099 | 5600..=5899 | 6300..=6399 | 6700..=6899)
}

/// Countries and the length of their account numbers. Source: SWIFT IBAN registry, release 99.
const IBAN_LENGTHS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// The longest account number there is.
pub(super) const IBAN_BYTES_MAX: usize = 34;

/// How many characters an account number of `country` has; `None` for no country of the registry.
pub(super) fn iban_length(country: [u8; 2]) -> Option<usize> {
    let place = IBAN_LENGTHS.binary_search_by_key(&&country, |row| row.0).ok()?;
    Some(usize::from(IBAN_LENGTHS[place].1))
}

/// Whether letters and digits, without separators, leave 1 modulo 97. Source: ISO 13616, ISO 7064.
pub(super) fn iban_remainder(compact: &[u8]) -> bool {
    let (head, tail) = compact.split_at(compact.len().min(4));
    let mut remainder = 0;
    for &byte in tail.iter().chain(head) {
        remainder = match byte {
            b'0'..=b'9' => remainder * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => remainder * 100 + u32::from(byte - b'A') + 10,
            _ => return false,
        } % 97;
    }
    remainder == 1
}

/// Whether the last six of 36 characters are the base-62 CRC-32 of the thirty before them.
pub(super) fn github_crc(body: &[u8]) -> bool {
    let Some((text, check)) = body.split_last_chunk::<6>() else { return false };
    let mut crc = u32::MAX;
    for &byte in text {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc;
    check.iter().rev().all(|&byte| {
        let digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(rest % 62) as usize];
        rest /= 62;
        digit == byte
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_countries_sorted_for_the_search() {
        assert!(IBAN_LENGTHS.is_sorted_by_key(|row| row.0));
        assert_eq!((iban_length(*b"NO"), iban_length(*b"RF")), (Some(15), None));
    }

    #[test]
    fn knows_the_published_numbers() {
        let digits = |text: &str| text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>();
        assert!(luhn(&digits("49927398716")) && !luhn(&digits("49927398717")));
        assert!(is_card(&digits("4111111111111111")) && !is_card(&digits("8999999999991111")));
        assert!(iban_remainder(b"DE89370400440532013000") && !iban_remainder(b"DE88370400440532013000"));
    }
}
