//! Arithmetic that tells a number from a number that only looks like it.
//!
//! **Why.** Most kinds of numbers are so many digits, and so are invoices, epochs and ids. A check digit,
//! a date or an unissued prefix tells most of them apart.
//!
//! **How.** One function for each kind of number, named by its country and its own short name, from
//! `&[u8]` to `bool`: pure, no allocation, no panic on any bytes, the length first. It takes the number
//! *bare*: ASCII digits and upper-case letters without separators, and anything else is refused. Three take
//! more: [`fi_hetu`] the mark of the century or none, [`mx_rfc`] the `&`, and [`btc`] and [`eth`] the
//! address as written, for there case counts.
//!
//! **What it is not.** No proof that a number was issued, and often no proof at all: a check modulo 11
//! lets one in eleven strings of digits through, [`ssn`] nine in ten. The share of chance is held by the
//! tests; whoever acts on a number of digits alone must know it.

mod americas;
mod asia;
mod europe;
mod sums;
#[cfg(test)]
mod tests;
mod uk;
mod us;
mod wallets;
mod world;

pub(in crate::scan) use self::{americas::*, asia::*, europe::*, uk::*, us::*, wallets::*, world::*};

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
/// 14 to 16 digits only: lengths that chance hits too often need a field name, and [`pan`].
pub(super) fn is_card(digits: &[u8]) -> bool {
    (14..=16).contains(&digits.len()) && is_brand(digits) && luhn(digits)
}

/// Whether some brand issues cards of this prefix and length, 12 to 19 digits (values 0-9).
///
/// Where lists of prefixes differ, the narrower: Diners Club's 3095 has 14 digits, not 16. No number of
/// one repeated digit passes this and Luhn. Source: ISO/IEC 7812-1 and what the brands publish.
fn is_brand(digits: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = digits.first_chunk() else { return false };
    let lead = u32::from(a) * 1000 + u32::from(b) * 100 + u32::from(c) * 10 + u32::from(d);
    // Maestro and Verve issue every length.
    if matches!(lead, 5000..=5099 | 5600..=5899 | 6300..=6399 | 6700..=6899) {
        return (12..=19).contains(&digits.len());
    }
    // JCB, Discover, UnionPay and RuPay.
    let is_long = matches!(lead, 3528..=3589 | 6011 | 6440..=6599 | 6200..=6299 | 6000..=6099 | 8100..=8299);
    let is_diners = matches!(lead, 3000..=3059 | 3600..=3699 | 3800..=3999);
    let is_visa = matches!(lead, 4000..=4999);
    match digits.len() {
        13 => is_visa,
        14 => is_diners || lead == 3095,
        15 => matches!(lead, 3400..=3499 | 3700..=3799),
        // Beside them Mastercard and Mir.
        16 => is_long || is_diners || is_visa || matches!(lead, 5100..=5599 | 2221..=2720 | 2200..=2204),
        17 | 18 => is_long,
        19 => is_long || is_visa,
        _ => false,
    }
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

/// Every check of a bare number under its name, for the tests to walk.
#[cfg(test)]
#[expect(clippy::type_complexity, reason = "the pairs are what the tests walk")]
pub(in crate::scan) const ALL: &[(&str, fn(&[u8]) -> bool)] = &[
    ("pan", pan),
    ("iban", iban),
    ("bic", bic),
    ("imei", imei),
    ("iccid", iccid),
    ("ssn", ssn),
    ("itin", itin),
    ("atin", atin),
    ("ptin", ptin),
    ("ein", ein),
    ("npi", npi),
    ("mbi", mbi),
    ("dea", dea),
    ("aba", aba),
    ("vin", vin),
    ("nhs", nhs),
    ("nino", nino),
    ("utr", utr),
    ("pps", pps),
    ("de_tax", de_tax),
    ("de_svnr", de_svnr),
    ("de_idcard", de_idcard),
    ("fr_nir", fr_nir),
    ("es_dni", es_dni),
    ("it_cf", it_cf),
    ("nl_bsn", nl_bsn),
    ("be_nrn", be_nrn),
    ("pl_pesel", pl_pesel),
    ("se_pnr", se_pnr),
    ("fi_hetu", fi_hetu),
    ("no_fnr", no_fnr),
    ("dk_cpr", dk_cpr),
    ("is_kennitala", is_kennitala),
    ("at_svnr", at_svnr),
    ("ch_ahv", ch_ahv),
    ("pt_nif", pt_nif),
    ("cz_rc", cz_rc),
    ("ro_cnp", ro_cnp),
    ("bg_egn", bg_egn),
    ("gr_amka", gr_amka),
    ("hr_oib", hr_oib),
    ("si_emso", si_emso),
    ("ee_ik", ee_ik),
    ("ca_sin", ca_sin),
    ("br_cpf", br_cpf),
    ("br_cnpj", br_cnpj),
    ("mx_curp", mx_curp),
    ("mx_rfc", mx_rfc),
    ("clabe", clabe),
    ("cl_rut", cl_rut),
    ("co_nit", co_nit),
    ("ar_cuit", ar_cuit),
    ("tr_tckn", tr_tckn),
    ("il_id", il_id),
    ("za_id", za_id),
    ("aadhaar", aadhaar),
    ("in_pan", in_pan),
    ("in_gstin", in_gstin),
    ("in_epic", in_epic),
    ("ifsc", ifsc),
    ("au_tfn", au_tfn),
    ("au_medicare", au_medicare),
    ("au_abn", au_abn),
    ("nz_ird", nz_ird),
    ("sg_nric", sg_nric),
    ("my_nric", my_nric),
    ("th_pin", th_pin),
    ("kr_rrn", kr_rrn),
    ("kr_rrn_shape", kr_rrn_shape),
    ("cn_id", cn_id),
    ("jp_mynumber", jp_mynumber),
    ("jp_corporate", jp_corporate),
    ("tw_id", tw_id),
    ("hk_id", hk_id),
    ("btc", btc),
    ("eth", eth),
];
