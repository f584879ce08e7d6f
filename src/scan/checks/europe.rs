//! Numbers of the European Union and its neighbours on the continent.

use super::luhn;
use super::sums::{
    digits, fits, is_uniform, iso7064_11_10, missing, month_day, number, two, values, weighted,
};

/// German taxpayer's number: eleven digits, one of ten twice or thrice, ISO 7064 mod 11,10.
///
/// Source: Bundeszentralamt für Steuern, tax identification number.
pub(in crate::scan) fn de_tax(bare: &[u8]) -> bool {
    let Some(d) = digits::<11>(bare) else { return false };
    let mut counts = [0_u8; 10];
    for digit in &d[..10] {
        counts[usize::from(*digit)] += 1;
    }
    let mut repeated = counts.into_iter().filter(|count| *count > 1);
    let is_repeated_once = matches!(repeated.next(), Some(2 | 3)) && repeated.next().is_none();
    d[0] != 0 && is_repeated_once && iso7064_11_10(&d)
}

/// German pension number: area and birth date, a letter as two digits, a serial, sums of digits modulo 10.
///
/// Source: VKVV, section 2.
pub(in crate::scan) fn de_svnr(bare: &[u8]) -> bool {
    if !fits(bare, b"########@###") {
        return false;
    }
    let Some(v) = values::<12>(bare) else { return false };
    let letter = v[8] - 9;
    let body = [v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], letter / 10, letter % 10, v[9], v[10]];
    let products =
        body.iter().zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]).map(|(digit, weight)| digit * weight);
    products.map(|product| product / 10 + product % 10).sum::<u8>() % 10 == v[11]
}

/// German identity card or passport: nine places without vowels, a check by weights 7-3-1 modulo 10.
///
/// Source: ICAO 9303-3, section 4.9, over the letters that PAuswV allows.
pub(in crate::scan) fn de_idcard(bare: &[u8]) -> bool {
    let is_issued = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    fits(bare, b"@********#")
        && bare.iter().all(is_issued)
        && values::<10>(bare)
            .is_some_and(|v| weighted(&v, &[7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10 == u32::from(v[9]))
}

/// French person's number: sex, year, month 01-12 or from 20, place, serial, and 97 less them modulo 97.
///
/// Corsica's 2A and 2B count as 19 and 18. Source: INSEE, NIR.
pub(in crate::scan) fn fr_nir(bare: &[u8]) -> bool {
    let Ok(mut text) = <[u8; 15]>::try_from(bare) else { return false };
    match &text[5..7] {
        b"2A" => text[5..7].copy_from_slice(b"19"),
        b"2B" => text[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    digits::<15>(&text).is_some_and(|d| {
        matches!(d[0], 1..=4 | 7 | 8)
            && matches!(two(&d, 3), 1..=12 | 20..)
            && 97 - number(&d[..13]) % 97 == u64::from(two(&d, 13))
    })
}

/// Spanish citizen's or foreigner's number: a digit or X Y Z, seven digits, a letter modulo 23.
///
/// Source: Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE".
pub(in crate::scan) fn es_dni(bare: &[u8]) -> bool {
    let Ok(mut text) = <[u8; 9]>::try_from(bare) else { return false };
    if let b'X'..=b'Z' = text[0] {
        text[0] -= b'X' - b'0';
    }
    digits::<8>(&text[..8]).is_some_and(|d| b"TRWAGMYFPDXBNJZSQVHLCKE"[(number(&d) % 23) as usize] == text[8])
}

/// Italian person's code: 16 places, digits may be written as letters, two tables modulo 26.
///
/// Source: DM 23 December 1976, article 11.
pub(in crate::scan) fn it_cf(bare: &[u8]) -> bool {
    /// What a character at an odd place counts, by its value in base 36.
    const ODD: [u8; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
        14, 16, 10, 22, 25, 24, 23,
    ];
    let is_digit = |byte: &u8| byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte);
    if !fits(bare, b"@@@@@@**@**@***@")
        || !b"ABCDEHLMPRST".contains(&bare[8])
        || ![6, 7, 9, 10, 12, 13, 14].iter().all(|place| is_digit(&bare[*place]))
    {
        return false;
    }
    let Some(v) = values::<16>(bare) else { return false };
    let even = |value: u8| if value > 9 { value - 10 } else { value };
    let counts = v[..15].chunks(2).map(|pair| {
        u32::from(ODD[usize::from(pair[0])]) + pair.get(1).map_or(0, |value| u32::from(even(*value)))
    });
    counts.sum::<u32>() % 26 == u32::from(v[15]) - 10
}

/// Dutch citizen's number: nine digits, weights 9-2 and -1 modulo 11. Source: Rijksdienst, "elfproef".
pub(in crate::scan) fn nl_bsn(bare: &[u8]) -> bool {
    // 10 stands for -1 modulo 11.
    digits::<9>(bare)
        .is_some_and(|d| !is_uniform(&d) && weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11))
}

/// Belgian person's number: a date whose month may be raised by 20 or 40, and 97 less the rest modulo 97.
///
/// From birth year 2000 on a 2 stands before the number. Source: IBZ, national register.
pub(in crate::scan) fn be_nrn(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| {
        let body = number(&d[..9]);
        let check = u64::from(two(&d, 9));
        two(&d, 2) % 20 <= 12 && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check)
    })
}

/// Polish person's number: a date with the century in the month, weights 1-3-7-9 modulo 10. Source: PESEL.
pub(in crate::scan) fn pl_pesel(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| {
        month_day(two(&d, 2) % 20, two(&d, 4))
            && weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
    })
}

/// Swedish person's number: a date whose day may be raised by 60, four digits, Luhn; perhaps the century first.
///
/// Source: Skatteverket, SKV 704.
pub(in crate::scan) fn se_pnr(bare: &[u8]) -> bool {
    let tail = match bare {
        [b'1', b'8' | b'9', tail @ ..] | [b'2', b'0', tail @ ..] if bare.len() == 12 => tail,
        _ => bare,
    };
    digits::<10>(tail).is_some_and(|d| month_day(two(&d, 2), two(&d, 4) % 60) && luhn(&d))
}

/// Finnish person's number: a date, a mark of the century or none, a serial, a character modulo 31.
///
/// Source: Digital and Population Data Services Agency, "The personal identity code".
pub(in crate::scan) fn fi_hetu(bare: &[u8]) -> bool {
    let mut text = [0; 10];
    match bare.len() {
        10 => text.copy_from_slice(bare),
        11 if matches!(bare[6], b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y') => {
            text[..6].copy_from_slice(&bare[..6]);
            text[6..].copy_from_slice(&bare[7..]);
        }
        _ => return false,
    }
    digits::<9>(&text[..9]).is_some_and(|d| {
        month_day(two(&d, 2), two(&d, 0))
            && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number(&d) % 31) as usize] == text[9]
    })
}

/// Norwegian person's number: a date, day or month perhaps raised by 40, two checks modulo 11.
///
/// Source: Skatteetaten, "Fødselsnummer".
pub(in crate::scan) fn no_fnr(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| {
        month_day(two(&d, 2) % 40, two(&d, 0) % 40)
            && missing(weighted(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2]), 11) == u32::from(d[9])
            && missing(weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]), 11) == u32::from(d[10])
    })
}

/// Danish person's number: a date and four digits. No check since 2007. Source: CPR-kontoret.
pub(in crate::scan) fn dk_cpr(bare: &[u8]) -> bool {
    digits::<10>(bare).is_some_and(|d| month_day(two(&d, 2), two(&d, 0)))
}

/// Icelandic number: a date, day raised by 40 for companies, weights modulo 11, 8 9 0 for the century.
///
/// Source: Registers Iceland, kennitala.
pub(in crate::scan) fn is_kennitala(bare: &[u8]) -> bool {
    digits::<10>(bare).is_some_and(|d| {
        matches!(d[9], 8 | 9 | 0)
            && month_day(two(&d, 2), two(&d, 0) % 40)
            && weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Austrian insurance number: ten digits not from 0, weights modulo 11 at place four. Source: python-stdnum `at.vnr`.
pub(in crate::scan) fn at_svnr(bare: &[u8]) -> bool {
    digits::<10>(bare)
        .is_some_and(|d| d[0] != 0 && weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(d[3]))
}

/// Swiss insurance number: thirteen digits from 756, the check of EAN-13. Source: ZAS, AHV number.
pub(in crate::scan) fn ch_ahv(bare: &[u8]) -> bool {
    bare.starts_with(b"756")
        && digits::<13>(bare)
            .is_some_and(|d| weighted(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10))
}

/// Portuguese taxpayer's number: nine digits not from 0, weights 9-2 modulo 11. Source: python-stdnum `pt.nif`.
pub(in crate::scan) fn pt_nif(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(|d| {
        d[0] != 0 && missing(weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]), 11) % 10 == u32::from(d[8])
    })
}

/// Czech and Slovak birth number: a date, month perhaps raised by 20, 50 or 70, the last digit modulo 11.
///
/// Numbers of nine digits, before 1954, have no check and are not read. Source: Act 133/2000, section 13.
pub(in crate::scan) fn cz_rc(bare: &[u8]) -> bool {
    digits::<10>(bare).is_some_and(|d| {
        month_day(two(&d, 2) % 50 % 20, two(&d, 4)) && number(&d[..9]) % 11 % 10 == u64::from(d[9])
    })
}

/// Romanian person's number: sex and century, a date, weights 279146358279 modulo 11. Source: python-stdnum `ro.cnp`.
pub(in crate::scan) fn ro_cnp(bare: &[u8]) -> bool {
    digits::<13>(bare).is_some_and(|d| {
        let check = match weighted(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
            10 => 1,
            rest => rest,
        };
        d[0] != 0 && month_day(two(&d, 3), two(&d, 5)) && check == u32::from(d[12])
    })
}

/// Bulgarian person's number: a date, month perhaps raised by 20 or 40, powers of two modulo 11.
///
/// Source: GRAO, EGN.
pub(in crate::scan) fn bg_egn(bare: &[u8]) -> bool {
    digits::<10>(bare).is_some_and(|d| {
        month_day(two(&d, 2) % 20, two(&d, 4))
            && weighted(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == u32::from(d[9])
    })
}

/// Greek insurance number: a date, five digits, Luhn. Source: python-stdnum `gr.amka`.
pub(in crate::scan) fn gr_amka(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| month_day(two(&d, 2), two(&d, 0)) && luhn(&d))
}

/// Croatian person's or company's number: eleven digits, ISO 7064 mod 11,10. Source: Porezna uprava, OIB.
pub(in crate::scan) fn hr_oib(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| iso7064_11_10(&d))
}

/// Slovenian person's number, and that of its neighbours: a date, weights 7-2 twice modulo 11.
///
/// Source: python-stdnum `si.emso`.
pub(in crate::scan) fn si_emso(bare: &[u8]) -> bool {
    digits::<13>(bare).is_some_and(|d| {
        month_day(two(&d, 2), two(&d, 0))
            && missing(weighted(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]), 11) % 10 == u32::from(d[12])
    })
}

/// Estonian or Lithuanian person's number: sex and century, a date, weights modulo 11 in two stages.
///
/// Source: EVS 585:2007.
pub(in crate::scan) fn ee_ik(bare: &[u8]) -> bool {
    digits::<11>(bare).is_some_and(|d| {
        let check = match weighted(&d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
            10 => weighted(&d, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
            rest => rest,
        };
        (1..=8).contains(&d[0]) && month_day(two(&d, 3), two(&d, 5)) && check == u32::from(d[10])
    })
}
