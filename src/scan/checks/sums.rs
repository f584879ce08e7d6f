//! The arithmetic that check digits share, over digits given as values 0-9.

/// The values of a text of exactly `N` digits; `None` for any other length or byte.
pub(super) fn digits<const N: usize>(bare: &[u8]) -> Option<[u8; N]> {
    let text: &[u8; N] = bare.try_into().ok()?;
    text.iter().all(u8::is_ascii_digit).then(|| text.map(|byte| byte - b'0'))
}

/// Whether a text has a shape: `#` a digit, `@` an upper-case letter, `*` either, else the byte itself.
pub(super) fn fits(bare: &[u8], shape: &[u8]) -> bool {
    bare.len() == shape.len()
        && bare.iter().zip(shape).all(|(byte, kind)| match kind {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_uppercase(),
            b'*' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            literal => byte == literal,
        })
}

/// What a digit (0-9) or an upper-case letter (10-35) counts in base 36; `None` for any other byte.
pub(super) fn base36(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The values of `N` digits and upper-case letters in base 36; `None` for any other length or byte.
pub(super) fn values<const N: usize>(bare: &[u8]) -> Option<[u8; N]> {
    let text: &[u8; N] = bare.try_into().ok()?;
    let mut values = [0; N];
    for (slot, byte) in values.iter_mut().zip(text) {
        *slot = base36(*byte)?;
    }
    Some(values)
}

/// The number that at most 19 digits write.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// The number that the two digits at `at` write.
pub(super) fn two(digits: &[u8], at: usize) -> u8 {
    digits[at] * 10 + digits[at + 1]
}

/// The sum of products, as far as the shorter side reaches.
pub(super) fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * u32::from(*weight)).sum()
}

/// What must be added to `sum` to make it a multiple of `modulus`: 0 to `modulus` - 1.
pub(super) fn missing(sum: u32, modulus: u32) -> u32 {
    (modulus - sum % modulus) % modulus
}

/// Whether there is such a day in some year: 29 February is one.
pub(super) fn month_day(month: u8, day: u8) -> bool {
    const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = month.checked_sub(1).and_then(|place| DAYS.get(usize::from(place)));
    last.is_some_and(|last| (1..=*last).contains(&day))
}

/// Whether all are the same, as in `000000000`: typed to fill a form, and right by many sums.
pub(super) fn is_uniform(bare: &[u8]) -> bool {
    bare.iter().all(|byte| Some(byte) == bare.first())
}

/// Whether the last digit checks the others. Source: ISO/IEC 7064, the hybrid system mod 11,10.
pub(super) fn iso7064_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10, |product, digit| match (product + u32::from(*digit)) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    (product + u32::from(*check)) % 10 == 1
}

/// Whether the last digit checks the others. Source: J. Verhoeff, Error Detecting Decimal Codes, 1969.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    // Multiplication in the dihedral group of order ten, and the powers of one permutation.
    const PRODUCT: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const POWER: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let check = digits.iter().rev().zip((0..8).cycle()).fold(0_u8, |check, (digit, power)| {
        let turned = POWER[power][usize::from(*digit)];
        PRODUCT[usize::from(check)][usize::from(turned)]
    });
    check == 0
}
