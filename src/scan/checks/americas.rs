//! Numbers of Canada and Latin America.

use super::luhn;
use super::sums::{base36, digits, fits, is_uniform, missing, month_day, two, weighted};

/// Canadian social insurance number: nine digits not from 0 or 8, Luhn. Source: ESDC, "SIN Code of Practice".
pub(in crate::scan) fn ca_sin(bare: &[u8]) -> bool {
    digits::<9>(bare).is_some_and(|d| !matches!(d[0], 0 | 8) && luhn(&d))
}

/// Brazilian person's tax number: eleven digits, two of them checks modulo 11. Source: Receita Federal, CPF.
pub(in crate::scan) fn br_cpf(bare: &[u8]) -> bool {
    let check = |body: &[u8], weights: &[u8]| weighted(body, weights) * 10 % 11 % 10;
    digits::<11>(bare).is_some_and(|d| {
        !is_uniform(&d)
            && check(&d[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) == u32::from(d[9])
            && check(&d[..10], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == u32::from(d[10])
    })
}

/// Brazilian company's number: twelve places, letters among them since July 2026, and two checks modulo 11.
///
/// A letter counts its ASCII code less 48. Source: Receita Federal, IN RFB 2.229/2024.
pub(in crate::scan) fn br_cnpj(bare: &[u8]) -> bool {
    const WEIGHTS: [u8; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    if !fits(bare, b"************##") || is_uniform(bare) {
        return false;
    }
    let mut d = [0; 14];
    for (slot, byte) in d.iter_mut().zip(bare) {
        *slot = byte - b'0';
    }
    let check = |body: &[u8], weights: &[u8]| match weighted(body, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    check(&d[..12], &WEIGHTS[1..]) == u32::from(d[12]) && check(&d[..13], &WEIGHTS) == u32::from(d[13])
}

/// What a letter counts in an alphabet that has one more letter between N and O.
fn spanish(byte: u8) -> Option<u8> {
    base36(byte).map(|value| value + u8::from(byte > b'N'))
}

/// Mexican person's code: 18 places with a date and a sex, weights 18-2 modulo 10. Source: RENAPO, CURP.
pub(in crate::scan) fn mx_curp(bare: &[u8]) -> bool {
    if !fits(bare, b"@@@@######@@@@@@*#") || !matches!(bare[10], b'H' | b'M' | b'X') {
        return false;
    }
    let Some(date) = digits::<4>(&bare[6..10]) else { return false };
    let weights = (2..=18).rev();
    let sum =
        bare.iter().zip(weights).map(|(byte, weight)| spanish(*byte).map_or(0, u32::from) * weight).sum();
    month_day(two(&date, 0), two(&date, 2)) && missing(sum, 10) == u32::from(bare[17] - b'0')
}

/// Mexican taxpayer's code: three or four letters or `&`, a date, three places, weights 13-2 modulo 11.
///
/// Codes with an Ñ are not read. Source: SAT, RFC; python-stdnum `mx.rfc`.
pub(in crate::scan) fn mx_rfc(bare: &[u8]) -> bool {
    /// What an empty first place counts, in codes of companies.
    const BLANK: u32 = 37;
    let Some((&check, body)) = bare.split_last() else { return false };
    let Some((names, [date @ .., one, other])) = body.split_last_chunk::<8>() else { return false };
    let Some(date) = digits::<6>(date) else { return false };
    let is_shaped = matches!(names.len(), 3 | 4)
        && names.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'&')
        && fits(&[*one, *other], b"**");
    if !is_shaped || !month_day(two(&date, 2), two(&date, 4)) {
        return false;
    }
    let value = |byte: &u8| if *byte == b'&' { 24 } else { spanish(*byte).map_or(0, u32::from) };
    let padded = if names.len() == 3 { BLANK * 13 } else { 0 };
    let sum = body.iter().rev().zip(2..).map(|(byte, weight)| value(byte) * weight).sum::<u32>() + padded;
    b"0123456789A"[missing(sum, 11) as usize] == check
}

/// Mexican bank account: 18 digits, the last checking the others by weights 3-7-1, each product modulo 10.
///
/// Source: Asociación de Bancos de México, CLABE.
pub(in crate::scan) fn clabe(bare: &[u8]) -> bool {
    const WEIGHTS: [u8; 18] = [3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1];
    digits::<18>(bare).is_some_and(|d| !is_uniform(&d) && weighted(&d, &WEIGHTS).is_multiple_of(10))
}

/// Chilean person's or company's number: seven or eight digits and a digit or `K` modulo 11.
///
/// Source: Servicio de Impuestos Internos, RUT.
pub(in crate::scan) fn cl_rut(bare: &[u8]) -> bool {
    let Some((&check, body)) = bare.split_last() else { return false };
    if !matches!(body.len(), 7 | 8) || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weights = [2, 3, 4, 5, 6, 7, 2, 3];
    let sum = body.iter().rev().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    b"0123456789K"[missing(sum, 11) as usize] == check
}

/// Colombian taxpayer's number: eight to sixteen digits, primes as weights, modulo 11.
///
/// Source: DIAN, Orden Administrativa 4 of 1989.
pub(in crate::scan) fn co_nit(bare: &[u8]) -> bool {
    let Some((&check, body)) = bare.split_last() else { return false };
    if !(7..=15).contains(&body.len()) || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let primes = [3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71];
    let sum: u32 = body.iter().rev().zip(primes).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    b"01987654321"[(sum % 11) as usize] == check
}

/// Argentinian taxpayer's number: a known kind, eleven digits, weights modulo 11. Source: AFIP, CUIT.
pub(in crate::scan) fn ar_cuit(bare: &[u8]) -> bool {
    let Some(d) = digits::<11>(bare) else { return false };
    let check = match 11 - weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        11 => 0,
        10 => 9,
        rest => rest,
    };
    matches!(two(&d, 0), 20 | 23 | 24 | 27 | 30 | 33 | 34 | 50 | 51 | 55) && check == u32::from(d[10])
}
