//! Numbers of the United Kingdom and Ireland.

use super::sums::{base36, digits, fits, missing, weighted};

/// Patient's number of the NHS: ten digits, weights 10-2 modulo 11. Source: NHS Data Dictionary, "NHS number".
pub(in crate::scan) fn nhs(bare: &[u8]) -> bool {
    digits::<10>(bare)
        .is_some_and(|d| missing(weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]), 11) == u32::from(d[9]))
}

/// National Insurance number: two letters that may stand there, six digits, A-D. No check digit.
///
/// Source: HMRC, National Insurance Manual NIM39110.
pub(in crate::scan) fn nino(bare: &[u8]) -> bool {
    fits(bare, b"@@######@")
        && !matches!(bare[0], b'D' | b'F' | b'I' | b'Q' | b'U' | b'V')
        && !matches!(bare[1], b'D' | b'F' | b'I' | b'O' | b'Q' | b'U' | b'V')
        && !matches!(&bare[..2], b"BG" | b"GB" | b"NK" | b"KN" | b"TN" | b"NT" | b"ZZ")
        && bare[8] <= b'D'
}

/// Taxpayer's reference: ten digits and perhaps a `K`, weights modulo 11 give the first digit.
///
/// Source: python-stdnum `gb.utr`, after HMRC's rule for software makers.
pub(in crate::scan) fn utr(bare: &[u8]) -> bool {
    let Some(d) = digits::<10>(bare.strip_suffix(b"K").unwrap_or(bare)) else { return false };
    let check = b"21987654321"[(weighted(&d[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11) as usize];
    check == d[0] + b'0'
}

/// Irish public service number: seven digits, a letter modulo 23, and perhaps a letter A B H W T X.
///
/// A, B and H count nine times their place in the alphabet. Source: Revenue (Ireland), "PPS number".
pub(in crate::scan) fn pps(bare: &[u8]) -> bool {
    let Some((body, letters)) = bare.split_first_chunk::<7>() else { return false };
    let extra = match letters {
        [_] | [_, b'W' | b'T' | b'X'] => 0,
        [_, letter @ (b'A' | b'B' | b'H')] => base36(*letter).map_or(0, |value| u32::from(value) - 9),
        _ => return false,
    };
    let Some(d) = digits::<7>(body) else { return false };
    let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + 9 * extra;
    b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize] == letters[0]
}
