//! Numbers compared exactly, on the digits they are written with.
//!
//! `9007199254740993` and `9007199254740992` are one double and two amounts; a limit must tell them
//! apart. So nothing is converted: both spellings are aligned by their decimal point and compared
//! digit by digit, whatever the exponents.

use std::cmp::Ordering;

/// A JSON number, taken apart; borrows its spelling.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

/// Compares two JSON numbers by value. Allocates nothing; never panics, whatever the texts.
pub fn compare(left: &str, right: &str) -> Ordering {
    // Most numbers are short integers, which compare as such.
    if let (Some(left), Some(right)) = (short_integer(left), short_integer(right)) {
        return left.cmp(&right);
    }
    let (left, right) = (Parts::read(left), Parts::read(right));
    match (left.sign(), right.sign()) {
        (1, 1) => left.compare_digits(right),
        (-1, -1) => right.compare_digits(left),
        (left, right) => left.cmp(&right),
    }
}

fn short_integer(text: &str) -> Option<i64> {
    if text.len() <= SHORT_BYTES_MAX { text.parse().ok() } else { None }
}

/// As many digits as always fit 64 bits.
const SHORT_BYTES_MAX: usize = 18;

/// Whether `text` is a number as JSON writes it.
pub fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at).unwrap_or(""), unsigned.get(at + 1..)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

/// Whether a JSON number has no fraction, however it is written: `1`, `1.0` and `1e3` have none.
pub fn is_integral(text: &str) -> bool {
    let parts = Parts::read(text);
    let places = parts.fraction.trim_end_matches('0').len();
    // Zeros before the point may be shifted behind it.
    let zeros =
        if places == 0 { parts.whole.bytes().rev().take_while(|&digit| digit == b'0').count() } else { 0 };
    let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    parts.sign() == 0 || parts.exponent.saturating_add(length(zeros)) >= length(places)
}

/// The least whole number that is not below a JSON number, the greatest there is for what is beyond it;
/// `None` below zero.
pub fn round_up(text: &str) -> Option<u64> {
    let parts = Parts::read(text);
    match parts.sign() {
        1 => {}
        0 => return Some(0),
        _ => return None,
    }
    let Ok(places) = usize::try_from(parts.magnitude().max(0)) else { return Some(u64::MAX) };
    if places > U64_DIGITS_MAX {
        return Some(u64::MAX);
    }
    let mut digits = parts.digits().skip_while(|&digit| digit == b'0');
    let whole = (0..places).fold(0_u64, |whole, _| {
        let digit = u64::from(digits.next().unwrap_or(b'0') - b'0');
        whole.saturating_mul(10).saturating_add(digit)
    });
    Some(whole.saturating_add(u64::from(digits.any(|digit| digit != b'0'))))
}

/// Digits of the greatest 64-bit number.
const U64_DIGITS_MAX: usize = 20;

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Self {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Self { negative, whole, fraction, exponent: read_exponent(exponent) }
    }

    fn digits(self) -> impl Iterator<Item = u8> + 'a {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    fn sign(self) -> i8 {
        if self.digits().all(|digit| digit == b'0') {
            return 0;
        }
        if self.negative { -1 } else { 1 }
    }

    /// Where the first digit that is not zero stands: 1 for units, 2 for tens, 0 for tenths.
    fn magnitude(self) -> i64 {
        let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let zeros = self.digits().take_while(|&digit| digit == b'0').count();
        length(self.whole.len()).saturating_sub(length(zeros)).saturating_add(self.exponent)
    }

    fn compare_digits(self, other: Self) -> Ordering {
        let significant = |parts: Self| parts.digits().skip_while(|&digit| digit == b'0');
        let longest = self.whole.len().max(other.whole.len()) + self.fraction.len().max(other.fraction.len());
        let padded = |parts: Self| significant(parts).chain(std::iter::repeat(b'0')).take(longest);
        self.magnitude().cmp(&other.magnitude()).then_with(|| padded(self).cmp(padded(other)))
    }
}

/// An exponent; one beyond 64 bits counts as the furthest there is.
fn read_exponent(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    // Half the range, so that adding the length of a text cannot overflow or tie.
    let value = digits.parse::<i64>().unwrap_or(i64::MAX).min(i64::MAX / 2);
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_by_value_not_by_spelling() {
        let cases = [
            ("200", "200.00", Ordering::Equal),
            ("2e2", "200", Ordering::Equal),
            ("20E+1", "200", Ordering::Equal),
            ("200000e-3", "200", Ordering::Equal),
            ("-0", "0.0e9", Ordering::Equal),
            ("200.000000000000000000000000001", "200", Ordering::Greater),
            ("199.999999999999999999999999999", "200", Ordering::Less),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("-1", "1", Ordering::Less),
            ("-0", "0", Ordering::Equal),
            ("999999999999999999", "1000000000000000000", Ordering::Less),
            ("-99999999999999999", "-999999999999999999", Ordering::Greater),
            ("-2", "-1", Ordering::Less),
            ("-0.001", "0", Ordering::Less),
            ("0.09", "0.1", Ordering::Less),
            ("1e-99999999999999999999", "0", Ordering::Greater),
            ("1e99999999999999999999", "1e5", Ordering::Greater),
            ("10", "9", Ordering::Greater),
            ("0.001e3", "1", Ordering::Equal),
        ];
        for (left, right, wanted) in cases {
            assert_eq!(compare(left, right), wanted, "{left} and {right}");
            assert_eq!(compare(right, left), wanted.reverse(), "{right} and {left}");
        }
    }

    #[test]
    fn knows_a_number_without_fraction() {
        for whole in
            ["0", "-7", "1.0", "1e3", "1.5e1", "120e-1", "0.0", "0e-9", "1.50e1", "1e99999999999999999999"]
        {
            assert!(is_integral(whole), "{whole}");
        }
        for fraction in ["0.5", "-1.5", "1.55e1", "12e-1", "1e-99999999999999999999", "10.01e1"] {
            assert!(!is_integral(fraction), "{fraction}");
        }
    }

    #[test]
    fn rounds_up_to_whole_numbers() {
        let cases = [
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("7", Some(7)),
            ("12.5", Some(13)),
            ("12.0", Some(12)),
            ("0.001", Some(1)),
            ("1e3", Some(1000)),
            ("1.25e1", Some(13)),
            ("1200e-2", Some(12)),
            ("1e-99999999999999999999", Some(1)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            ("1e99999999999999999999", Some(u64::MAX)),
            ("-0.001", None),
            ("-5", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(round_up(text), wanted, "{text}");
        }
    }

    #[test]
    fn knows_a_json_number() {
        for good in ["0", "-0", "10", "1.5", "1e3", "1E-3", "0.10"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "-", "01", "+1", ".5", "5.", "1e", "1e+", "0x10", "1_000", "1.2.3", "nan", "1e3e3"] {
            assert!(!is_number(bad), "{bad}");
        }
    }
}
