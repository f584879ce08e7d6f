//! What is written in place of a value: stars, tokens, numbers that are nobody's.
//!
//! Everything written is ASCII without quotes and backslashes, so that it is valid at every depth; a
//! token in place of a number brings the quotes of its depth. Writing over what was written before
//! changes nothing.

use crate::scan::catalogue::Mask;
use crate::scan::sieve::sweep::Form;
use crate::scan::spelling::edges::lead;
use crate::scan::{Action, Detector, checks};

/// What action drop leaves of a part of a text. Nothing at all could join its neighbours to a value.
pub(in crate::scan) const GONE: &str = "[REDACTED]";

/// The text that `action` writes over `content`, a value of this kind and form. What needs more than the
/// value is written as its typed placeholder here; see `desk`.
pub(in crate::scan) fn over(
    detector: Detector,
    action: Action,
    keep_last: Option<u8>,
    content: &[u8],
    form: Form,
) -> String {
    let token = detector.row().token;
    match (action, form) {
        (Action::Drop, Form::Bare(_) | Form::Whole(_)) => "null".into(),
        (Action::Drop, Form::Part | Form::Piece) => GONE.into(),
        (Action::Mask, Form::Bare(_)) => number(kept(detector, keep_last), content),
        (Action::Mask, Form::Piece) => stars(content, 0),
        (Action::Mask, Form::Part | Form::Whole(_)) => match detector.row().mask {
            Mask::Address => address(content),
            Mask::Fixed => "********".into(),
            Mask::LastFour | Mask::Stars => stars(content, kept(detector, keep_last)),
            Mask::Token => token.into(),
        },
        (
            Action::Block | Action::Generalise | Action::Pseudonym | Action::Replace | Action::Tokenize,
            form,
        ) => placed(token, form),
    }
}

/// How many of the last digits stay.
fn kept(detector: Detector, keep_last: Option<u8>) -> usize {
    match detector.row().mask {
        Mask::LastFour => keep_last.unwrap_or(4).into(),
        Mask::Stars => keep_last.unwrap_or(0).into(),
        Mask::Address | Mask::Fixed | Mask::Token => 0,
    }
}

/// A word in the place of a value: with the quotes of its depth in that of a number.
pub(in crate::scan) fn placed(word: &str, form: Form) -> String {
    match form {
        Form::Bare(level) => quoted(word, level),
        Form::Part | Form::Piece | Form::Whole(_) => word.into(),
    }
}

/// `token` as a string of a level.
fn quoted(token: &str, level: u32) -> String {
    let slashes = "\\".repeat(lead(level));
    format!("{slashes}\"{token}{slashes}\"")
}

/// Stars for all but separators, and for all but the last `keep` digits if there are twice as many.
fn stars(content: &[u8], keep: usize) -> String {
    let digits = content.iter().filter(|byte| byte.is_ascii_digit()).count();
    let stars = content.iter().filter(|byte| **byte == b'*').count();
    let from = if digits + stars >= 2 * keep { digits.saturating_sub(keep) } else { digits };
    let mut seen = 0;
    let mut text = String::with_capacity(content.len());
    for unit in units(content) {
        text.push(match unit {
            [digit @ b'0'..=b'9'] => {
                seen += 1;
                if seen > from { char::from(*digit) } else { '*' }
            }
            [separator @ (b' ' | b'-' | b'.' | b':' | b'/' | b'@' | b'(' | b')' | b'+')] => {
                char::from(*separator)
            }
            _ => '*',
        });
    }
    text
}

/// Cuts a content into characters: escapes whole at whatever depth, surrogate pairs as one.
fn units(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let run = rest.iter().take_while(|byte| **byte == b'\\').count();
        let first = *rest.get(run).or(rest.first())?;
        let mut length = match (run, first) {
            (0, 0xF0..) => 4,
            (0, 0xE0..) => 3,
            (0, 0xC0..) => 2,
            (0, _) => 1,
            (_, b'u') => run + 5,
            _ => run + 1,
        };
        let is_pair = |from: usize| {
            rest.get(from..from + run + 2).is_some_and(|next| {
                next[..run].iter().all(|byte| *byte == b'\\')
                    && next[run] == b'u'
                    && matches!(next[run + 1], b'd' | b'D')
            })
        };
        if run > 0 && first == b'u' && matches!(rest.get(run + 1), Some(b'd' | b'D')) && is_pair(length) {
            length *= 2;
        }
        let (unit, tail) = rest.split_at(length.min(rest.len()));
        rest = tail;
        Some(unit)
    })
}

/// The first character and the domain of an address; stars, if it is none.
fn address(content: &[u8]) -> String {
    let text = std::str::from_utf8(content).unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'"');
    match text.split_once('@') {
        Some((local, domain)) if is_plain && domain.contains('.') && !domain.contains('@') => {
            let first = local.chars().next().filter(char::is_ascii_alphanumeric);
            let mut text = String::with_capacity(domain.len() + 5);
            text.extend(first);
            text.push_str("***@");
            text.push_str(domain);
            text
        }
        Some(_) | None => stars(content, 0),
    }
}

/// A number of as many digits that is nobody's: no leading zero, no valid card, exact as a double at
/// 16 digits; its last `keep` digits stay if there are twice as many. `true` and `false` become `null`.
fn number(keep: usize, content: &[u8]) -> String {
    let digits: Vec<u8> = content.iter().copied().filter(u8::is_ascii_digit).collect();
    if digits.is_empty() {
        return "null".into();
    }
    let is_whole = digits.len() == content.len();
    let length = if is_whole { digits.len() } else { digits.len().min(15) };
    let mut values = vec![9_u8; length];
    if length == 16 {
        values[0] = 8;
    }
    if keep > 0 && is_whole && length >= 2 * keep {
        for (value, digit) in values.iter_mut().zip(&digits).skip(length - keep) {
            *value = digit - b'0';
        }
        if length >= 12 && checks::luhn(&values) {
            values[length - 5] = 8;
        }
    }
    values.iter().map(|value| char::from(b'0' + value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_each_form_and_writes_it_once() {
        for (detector, form, content, wanted) in [
            (Detector::US_SSN, Form::Part, "123-45-6789", "***-**-****"),
            (Detector::PAN, Form::Part, "4111 1111 1111 1111", "**** **** **** 1111"),
            (Detector::PAN, Form::Whole(1), "123", "***"),
            (Detector::EMAIL, Form::Part, "user@example.com", "u***@example.com"),
            (Detector::EMAIL, Form::Whole(1), "user at example", "**** ** *******"),
            (Detector::SECRET, Form::Whole(1), "x", "********"),
            (Detector::FIELD, Form::Whole(1), "Zo\u{eb} \\u00e9\\\\n\\ud83d\\ude00", "*** ***"),
            (Detector::PAN, Form::Bare(1), "4111111111111111", "8999999999991111"),
            (Detector::US_SSN, Form::Bare(1), "123456789", "999999999"),
            (Detector::FIELD, Form::Bare(1), "-1.5e3", "999"),
            (Detector::FIELD, Form::Bare(1), "true", "null"),
        ] {
            check(detector, None, content, form, wanted);
        }
        let replaced = over(Detector::PAN, Action::Replace, None, b"4111111111111111", Form::Bare(3));
        assert_eq!(replaced, r#"\\\"[PAN]\\\""#);
    }

    #[track_caller]
    fn check(detector: Detector, keep: Option<u8>, content: &str, form: Form, wanted: &str) {
        let once = over(detector, Action::Mask, keep, content.as_bytes(), form);
        assert_eq!(once, wanted, "{content} {keep:?}");
        if once != "null" {
            let twice = over(detector, Action::Mask, keep, once.as_bytes(), form);
            assert_eq!(twice, once, "{content} {keep:?}");
        }
    }

    #[test]
    fn keeps_as_many_of_the_last_digits_as_it_is_told_and_never_half_of_them() {
        let [iban, pan, secret, ssn] = [Detector::IBAN, Detector::PAN, Detector::SECRET, Detector::US_SSN];
        for (detector, keep, form, content, wanted) in [
            (ssn, 4, Form::Part, "123-45-6789", "***-**-6789"),
            (ssn, 1, Form::Part, "123-45-6789", "***-**-***9"),
            (ssn, 4, Form::Bare(1), "123456789", "999996789"),
            (ssn, 4, Form::Bare(1), "1234567", "9999999"),
            (ssn, 4, Form::Whole(1), "1234567", "*******"),
            (ssn, 4, Form::Whole(1), "12345678", "****5678"),
            (pan, 0, Form::Part, "4111 1111 1111 1111", "**** **** **** ****"),
            (pan, 0, Form::Bare(1), "4111111111111111", "8999999999999999"),
            (pan, 2, Form::Bare(1), "4111111111111111", "8999999999999911"),
            (iban, 4, Form::Part, "DE89 3704 0044 0532 0130 00", "**** **** **** **** **30 00"),
            (secret, 4, Form::Whole(1), "123456789012", "********"),
        ] {
            check(detector, Some(keep), content, form, wanted);
        }
    }
}
