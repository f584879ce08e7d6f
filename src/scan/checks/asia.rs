//! Numbers of Asia and the Pacific, with Israel, Turkey and South Africa.

use super::luhn;
use super::sums::{digits, fits, is_uniform, missing, month_day, number, two, values, verhoeff, weighted};

/// Turkish citizen's number: eleven digits not from 0, two sums modulo 10. Source: python-stdnum `tr.tckimlik`.
pub(in crate::scan) fn tr_tckn(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| {
        // 9 stands for -1 modulo 10.
        let tenth = weighted(&d, &[7, 9, 7, 9, 7, 9, 7, 9, 7]) % 10;
        let sum: u32 = d[..10].iter().copied().map(u32::from).sum();
        d[0] != 0 && tenth == u32::from(d[9]) && sum % 10 == u32::from(d[10])
    })
}

/// Israeli person's number: eight or nine digits, Luhn. Source: python-stdnum `il.idnr`.
pub(in crate::scan) fn il_id(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(|d| !is_uniform(&d) && luhn(&d))
        || digits::<8>(bare).is_some_and(|d| !is_uniform(&d) && luhn(&d))
}

/// South African person's number: a date, four digits, 0-2 for the status, two digits, Luhn.
///
/// Source: Department of Home Affairs; python-stdnum `za.idnr`.
pub(in crate::scan) fn za_id(bare: &[u8]) -> bool {
    digits::<13>(bare).is_some_and(|d| d[10] <= 2 && month_day(two(&d, 2), two(&d, 4)) && luhn(&d))
}

/// Indian resident's number: twelve digits from 2-9, no palindrome, Verhoeff's check. Source: UIDAI.
pub(in crate::scan) fn aadhaar(bare: &[u8]) -> bool {
    digits::<12>(bare).is_some_and(|d| d[0] >= 2 && !d.iter().eq(d.iter().rev()) && verhoeff(&d))
}

/// Whether the fourth letter of a taxpayer's code is a kind of holder.
fn is_pan_holder(bare: &[u8]) -> bool {
    b"PCHFATBLJG".contains(&bare[3])
}

/// Indian taxpayer's code: five letters, the fourth a kind of holder, four digits, a letter. No open check.
///
/// Source: Income Tax Department, "Structure of PAN".
pub(in crate::scan) fn in_pan(bare: &[u8]) -> bool {
    fits(bare, b"@@@@@####@") && is_pan_holder(bare) && &bare[5..9] != b"0000"
}

/// Indian goods tax number: a state, a taxpayer's code, an entity, `Z`, and a check modulo 36. Source: GSTN.
pub(in crate::scan) fn in_gstin(bare: &[u8]) -> bool {
    if !fits(bare, b"##@@@@@####@*Z*") || bare[12] == b'0' || !is_pan_holder(&bare[2..]) {
        return false;
    }
    let Some(d) = values::<15>(bare) else { return false };
    let products =
        d[..14].iter().zip([1, 2].into_iter().cycle()).map(|(value, weight)| u32::from(*value) * weight);
    let sum = products.map(|product| product / 36 + product % 36).sum();
    matches!(two(&d, 0), 0..=38 | 97) && missing(sum, 36) == u32::from(d[14])
}

/// Indian voter's number: three letters and seven digits, Luhn over the digits. Source: python-stdnum `in_.epic`.
pub(in crate::scan) fn in_epic(bare: &[u8]) -> bool {
    let Some((letters, tail)) = bare.split_first_chunk::<3>() else { return false };
    letters.iter().all(u8::is_ascii_uppercase) && digits::<7>(tail).is_some_and(|d| luhn(&d))
}

/// Indian bank branch: four letters, a zero, six letters or digits. No check digit. Source: RBI, IFSC.
pub(in crate::scan) fn ifsc(bare: &[u8]) -> bool {
    fits(bare, b"@@@@0******")
}

/// Australian tax file number: nine digits, weights modulo 11. Source: python-stdnum `au.tfn`.
pub(in crate::scan) fn au_tfn(bare: &[u8]) -> bool {
    digits::<9>(bare)
        .is_some_and(|d| !is_uniform(&d) && weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11))
}

/// Australian health card: ten or eleven digits from 2-6, weights 1-3-7-9 modulo 10 at place nine.
///
/// Source: Services Australia, Medicare card number.
pub(in crate::scan) fn au_medicare(bare: &[u8]) -> bool {
    if !matches!(bare.len(), 10 | 11) || !bare[9..].iter().all(u8::is_ascii_digit) {
        return false;
    }
    digits::<9>(&bare[..9]).is_some_and(|d| {
        (2..=6).contains(&d[0]) && weighted(&d[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(d[8])
    })
}

/// Australian business number: eleven digits, the first less one, weights modulo 89. Source: ABR, "Format of the ABN".
pub(in crate::scan) fn au_abn(bare: &[u8]) -> bool {
    let Some(mut d) = digits::<11>(bare) else { return false };
    let Some(first) = d[0].checked_sub(1) else { return false };
    d[0] = first;
    weighted(&d, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).is_multiple_of(89)
}

/// New Zealand tax number: eight or nine digits in the issued range, weights modulo 11 in two stages.
///
/// Source: Inland Revenue, "Resident Withholding Tax and Non-Resident Withholding Tax specification".
pub(in crate::scan) fn nz_ird(bare: &[u8]) -> bool {
    let mut padded = *b"000000000";
    match bare.len() {
        8 => padded[1..].copy_from_slice(bare),
        9 => padded.copy_from_slice(bare),
        _ => return false,
    }
    let Some(d) = digits::<9>(&padded) else { return false };
    let check = match missing(weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2]), 11) {
        10 => missing(weighted(&d, &[7, 4, 3, 2, 5, 2, 7, 6]), 11),
        check => check,
    };
    (10_000_001..150_000_000).contains(&number(&d)) && check == u32::from(d[8])
}

/// Singaporean person's number: S T F G, seven digits, a letter by weights modulo 11. Not the M series.
///
/// Source: python-stdnum has none; the public tables of ICA's letters.
pub(in crate::scan) fn sg_nric(bare: &[u8]) -> bool {
    if !fits(bare, b"@#######@") {
        return false;
    }
    let Some(d) = digits::<7>(&bare[1..8]) else { return false };
    let (offset, letters) = match bare[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    letters[((weighted(&d, &[2, 7, 6, 5, 4, 3, 2]) + offset) % 11) as usize] == bare[8]
}

/// Malaysian person's number: a date and a code of birthplace in use. No check digit.
///
/// Source: JPN, MyKad; python-stdnum `my.nric`.
pub(in crate::scan) fn my_nric(bare: &[u8]) -> bool {
    digits::<12>(bare).is_some_and(|d| {
        month_day(two(&d, 2), two(&d, 4))
            && !matches!(two(&d, 6), 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97)
    })
}

/// Thai person's number: thirteen digits from 1-8, weights 13-2 modulo 11. Source: python-stdnum `th.pin`.
pub(in crate::scan) fn th_pin(bare: &[u8]) -> bool {
    digits::<13>(bare).is_some_and(|d| {
        let sum = weighted(&d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        (1..=8).contains(&d[0]) && (11 - sum % 11) % 10 == u32::from(d[12])
    })
}

/// Korean resident's number as issued until late 2020: a date, 1-8, weights modulo 11.
///
/// Source: python-stdnum `kr.rrn`. Later numbers have no check digit: [`kr_rrn_shape`].
pub(in crate::scan) fn kr_rrn(bare: &[u8]) -> bool {
    kr_rrn_shape(bare)
        && digits::<13>(bare).is_some_and(|d| {
            (11 - weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10 == u32::from(d[12])
        })
}

/// Korean resident's number of any year: a date and 1-8 for century and sex, nothing more.
///
/// Proof enough only where the number was written with its dash.
pub(in crate::scan) fn kr_rrn_shape(bare: &[u8]) -> bool {
    digits::<13>(bare).is_some_and(|d| (1..=8).contains(&d[6]) && month_day(two(&d, 2), two(&d, 4)))
}

/// Chinese resident's number: a region, a date, a serial, and a digit or `X` of ISO 7064 mod 11-2.
///
/// Source: GB 11643-1999.
pub(in crate::scan) fn cn_id(bare: &[u8]) -> bool {
    let Some((&check, body)) = bare.split_last() else { return false };
    digits::<17>(body).is_some_and(|d| {
        (1..=8).contains(&d[0])
            && matches!(d[6], 1 | 2)
            && month_day(two(&d, 10), two(&d, 12))
            && b"10X98765432"
                [(weighted(&d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11) as usize]
                == check
    })
}

/// Japanese person's number: twelve digits, weights 6-2, 7-2 modulo 11. Source: Ordinance 85 of 2014, article 5.
pub(in crate::scan) fn jp_mynumber(bare: &[u8]) -> bool {
    digits::<12>(bare).is_some_and(|d| {
        let check = match weighted(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        !is_uniform(&d) && check == u32::from(d[11])
    })
}

/// Japanese company's number: thirteen digits, the first 9 less a weighted sum modulo 9.
///
/// Source: National Tax Agency, "Corporate number".
pub(in crate::scan) fn jp_corporate(bare: &[u8]) -> bool {
    digits::<13>(bare)
        .is_some_and(|d| 9 - weighted(&d[1..], &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]) % 9 == u32::from(d[0]))
}

/// Taiwanese person's number: a letter of a region, 1 2 8 9, weights modulo 10. Source: Ministry of the Interior.
pub(in crate::scan) fn tw_id(bare: &[u8]) -> bool {
    let Some((&letter, tail)) = bare.split_first() else { return false };
    let Some(d) = digits::<9>(tail) else { return false };
    let Some(region) =
        b"ABCDEFGHJKLMNPQRSTUVXYWZIO".iter().zip(10_u32..).find(|(known, _)| **known == letter)
    else {
        return false;
    };
    let sum = region.1 / 10 + region.1 % 10 * 9 + weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(d[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}

/// Hong Kong identity card: one or two letters, six digits, 0-9 or A, weights 9-2 modulo 11.
///
/// Source: Immigration Department of Hong Kong; a missing first letter counts 36.
pub(in crate::scan) fn hk_id(bare: &[u8]) -> bool {
    let mut padded = [0; 9];
    match bare.len() {
        8 => padded[1..].copy_from_slice(bare),
        9 => padded.copy_from_slice(bare),
        _ => return false,
    }
    if !fits(&padded[1..], b"@######*")
        || padded[8] > b'A'
        || (bare.len() == 9 && !padded[0].is_ascii_uppercase())
    {
        return false;
    }
    let Some(d) = values::<8>(&padded[1..]) else { return false };
    let first = if bare.len() == 9 { u32::from(padded[0] - b'A') + 10 } else { 36 };
    (first * 9 + weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 1])).is_multiple_of(11)
}
