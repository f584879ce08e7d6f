//! Numbers of the United States: people, taxes, health, banks and vehicles.

use super::luhn;
use super::sums::{digits, fits, number, two, values, weighted};

/// Social Security number: area not 000, 666 or 9xx, group not 00, serial not 0000. No check digit.
///
/// Source: SSA, POMS RM 10201.
pub(in crate::scan) fn ssn(bare: &[u8]) -> bool {
    let Some(d) = digits::<9>(bare) else { return false };
    let area = number(&d[..3]);
    (1..900).contains(&area) && area != 666 && two(&d, 3) != 0 && number(&d[5..]) != 0
}

/// Individual taxpayer number: 9xx and a group of 50-65, 70-88, 90-92 or 94-99. No check digit.
///
/// Source: IRS, Internal Revenue Manual 3.21.263.
pub(in crate::scan) fn itin(bare: &[u8]) -> bool {
    digits::<9>(bare)
        .is_some_and(|d| d[0] == 9 && matches!(two(&d, 3), 50..=65 | 70..=88 | 90..=92 | 94..=99))
}

/// Adoption taxpayer number: 9xx and group 93. No check digit. Source: IRS, Form W-7A.
pub(in crate::scan) fn atin(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(|d| d[0] == 9 && two(&d, 3) == 93)
}

/// Tax preparer's number: `P` and eight digits. No check digit. Source: IRS, Form W-12.
pub(in crate::scan) fn ptin(bare: &[u8]) -> bool {
    fits(bare, b"P########")
}

/// Employer's number: nine digits whose first two some campus issues. No check digit.
///
/// Source: IRS, "How EINs are assigned and valid EIN prefixes".
pub(in crate::scan) fn ein(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(
        |d| !matches!(two(&d, 0), 0 | 7..=9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97),
    )
}

/// Health provider's number: ten digits from 1 or 2, Luhn with 80840 before them. Source: 45 CFR 162.406.
pub(in crate::scan) fn npi(bare: &[u8]) -> bool {
    let Some(d) = digits::<10>(bare) else { return false };
    let mut prefixed = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    prefixed[5..].copy_from_slice(&d);
    matches!(d[0], 1 | 2) && luhn(&prefixed)
}

/// Medicare beneficiary's number: eleven places of fixed kind, no S L O I B Z. No check digit.
///
/// Source: CMS, "Understanding the Medicare Beneficiary Identifier (MBI) format".
pub(in crate::scan) fn mbi(bare: &[u8]) -> bool {
    fits(bare, b"#@*#@*#@@##") && bare[0] != b'0' && !bare.iter().any(|byte| b"SLOIBZ".contains(byte))
}

/// Number of a prescriber of controlled drugs: two letters (or a letter and 9) and seven digits, the last
/// of them (d1 + d3 + d5) + 2 (d2 + d4 + d6) modulo 10. Source: DEA Diversion Control.
pub(in crate::scan) fn dea(bare: &[u8]) -> bool {
    let Some((kind, tail)) = bare.split_first_chunk::<2>() else { return false };
    let Some(d) = digits::<7>(tail) else { return false };
    kind[0].is_ascii_uppercase()
        && matches!(kind[1], b'A'..=b'Z' | b'9')
        && weighted(&d, &[1, 2, 1, 2, 1, 2]) % 10 == u32::from(d[6])
}

/// Bank's routing number: nine digits of an issued district, weights 3-7-1 modulo 10.
///
/// Source: ABA, "Routing Number Policy".
pub(in crate::scan) fn aba(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(|d| {
        matches!(two(&d, 0), 0..=12 | 21..=32 | 61..=72 | 80)
            && weighted(&d, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
    })
}

/// Vehicle's number: 17 places without I, O, Q, at least one letter, weights modulo 11 at place nine.
///
/// Source: 49 CFR 565.15; vehicles of other markets need not carry the check digit.
pub(in crate::scan) fn vin(bare: &[u8]) -> bool {
    /// What a letter counts, from A; 0 for those that no number has.
    const LETTERS: [u8; 26] = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9];
    const WEIGHTS: [u8; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let Some(mut d) = values::<17>(bare) else { return false };
    let mut has_letter = false;
    for value in d.iter_mut().filter(|value| **value > 9) {
        *value = LETTERS[usize::from(*value - 10)];
        has_letter = true;
        if *value == 0 {
            return false;
        }
    }
    has_letter && b"0123456789X"[(weighted(&d, &WEIGHTS) % 11) as usize] == bare[8]
}
