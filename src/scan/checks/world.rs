//! Numbers that no one country issues: cards, accounts, banks and devices.

use super::sums::{digits, fits, is_uniform};
use super::{iban_length, iban_remainder, is_brand, luhn};

/// Payment card: 12 to 19 digits, a length that the brand of the prefix issues, Luhn. Source: ISO/IEC 7812-1.
pub(in crate::scan) fn pan(bare: &[u8]) -> bool {
    let mut room = [0; 19];
    let Some(values) = room.get_mut(..bare.len()).filter(|values| values.len() >= 12) else { return false };
    for (slot, byte) in values.iter_mut().zip(bare) {
        if !byte.is_ascii_digit() {
            return false;
        }
        *slot = byte - b'0';
    }
    is_brand(values) && luhn(values)
}

/// Bank account: a country of the registry, its length, remainder 1 modulo 97. Source: ISO 13616.
pub(in crate::scan) fn iban(bare: &[u8]) -> bool {
    let Some(head) = bare.first_chunk::<4>().filter(|head| fits(*head, b"@@##")) else { return false };
    iban_length([head[0], head[1]]) == Some(bare.len()) && iban_remainder(bare)
}

/// Countries of banks that have no IBAN, sorted.
const OTHER_COUNTRIES: [&[u8; 2]; 14] =
    [b"AR", b"AU", b"CA", b"CN", b"HK", b"IN", b"JP", b"KR", b"MX", b"NZ", b"SG", b"TH", b"US", b"ZA"];

/// Bank's code: 8 or 11 places, a known country at places five and six. No check digit. Source: ISO 9362.
pub(in crate::scan) fn bic(bare: &[u8]) -> bool {
    if !fits(bare, b"@@@@@@**") && !fits(bare, b"@@@@@@*****") {
        return false;
    }
    let country = [bare[4], bare[5]];
    iban_length(country).is_some() || OTHER_COUNTRIES.contains(&&country)
}

/// Mobile equipment's number: 15 digits, Luhn. Source: 3GPP TS 23.003, annex B.
pub(in crate::scan) fn imei(bare: &[u8]) -> bool {
    digits::<15>(bare).is_some_and(|d| !is_uniform(&d) && luhn(&d))
}

/// SIM card's number: 19 or 20 digits from 89, Luhn. Source: ITU-T E.118.
pub(in crate::scan) fn iccid(bare: &[u8]) -> bool {
    bare.starts_with(b"89")
        && (digits::<19>(bare).is_some_and(|d| luhn(&d)) || digits::<20>(bare).is_some_and(|d| luhn(&d)))
}
