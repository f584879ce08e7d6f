//! The one spelling of a value, for digests: two texts that mean the same have the same bytes here.
//!
//! **Why.** A server may reorder the keys of a schema, or write `1.0` for `1`, and mean what it meant.
//! A digest over the text would call that a change; one over this form does not.
//!
//! **How.** Members in the order of their names as UTF-16, no blanks, strings with as few escapes as may
//! be, numbers as JavaScript prints the nearest double. Hence what it is not: two integers beyond 2^53
//! that are one double are one number here.
//!
//! Source: RFC 8785.

use super::{Kind, Value, quote};

/// Appends the canonical form of `value` to `out`.
///
/// A key that stands twice is written twice: ask [`Value::repeats`] first. Allocates for every object.
pub fn write_jcs(value: Value<'_>, out: &mut String) {
    match value.kind() {
        Kind::Object => {
            let mut members: Vec<_> = value.members().map(|(key, value)| (key.name(), value)).collect();
            members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&quote(&name));
                out.push(':');
                write_jcs(value, out);
            }
            out.push('}');
        }
        Kind::Array => {
            out.push('[');
            for (index, value) in value.elements().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_jcs(value, out);
            }
            out.push(']');
        }
        Kind::String => out.push_str(&quote(&value.string().unwrap_or_default())),
        Kind::Number => write_number(value.raw(), out),
        Kind::False | Kind::Key | Kind::Null | Kind::True => out.push_str(value.raw()),
    }
}

/// Writes a number as `Number::toString` of ECMA-262 (6.1.6.1.20) does.
fn write_number(text: &str, out: &mut String) {
    let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return out.push_str(text);
    };
    if number == 0.0 {
        return out.push('0');
    }
    let (digits, point) = shortest(number.abs());
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    out.push_str(if number < 0.0 { "-" } else { "" });
    if count <= point && point <= PLAIN_DIGITS_MAX {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
    } else if (1..=PLAIN_DIGITS_MAX).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.push_str(&format!("{whole}.{fraction}"));
    } else if (PLAIN_ZEROS_MIN..=0).contains(&point) {
        out.push_str(&format!("0.{}{digits}", zeros(-point)));
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        out.push_str(&format!("{first}{dot}{rest}e{:+}", point - 1));
    }
}

/// The shortest digits that read back as `number`, and where the point stands among them.
///
/// Of two that are as near, the standard wants the even one; the formatter of the standard library takes
/// the greater, that of `serde_json` the even one.
fn shortest(number: f64) -> (String, i32) {
    let text = serde_json::Value::from(number).to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.parse::<i32>().unwrap_or(0);
    let written = format!("{whole}{fraction}");
    let digits = written.trim_start_matches('0');
    let leading = i32::try_from(written.len() - digits.len()).unwrap_or(0);
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent - leading;
    (digits.trim_end_matches('0').to_owned(), point)
}

/// Digits before the point up to which a number is written without an exponent.
const PLAIN_DIGITS_MAX: i32 = 21;

/// The place of the point from which on a small number is written without an exponent.
const PLAIN_ZEROS_MIN: i32 = -5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        let document = Document::parse(text.as_bytes()).expect("a test is JSON");
        let mut out = String::new();
        write_jcs(document.root(), &mut out);
        assert_eq!(out, wanted, "{text}");
    }

    #[test]
    fn writes_the_examples_of_the_standard() {
        // RFC 8785, 3.2.2 and 3.2.3.
        let text = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let wanted = concat!(
            r#"{"literals":[null,true,false],"#,
            r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        check(text, wanted);
        let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        check(text, "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}");
    }

    #[test]
    fn writes_numbers_as_javascript_does() {
        // RFC 8785, appendix B, and the edges of each notation.
        let cases = [
            ("-0", "0"),
            ("5e-324", "5e-324"),
            ("9007199254740992", "9007199254740992"),
            ("-9007199254740992", "-9007199254740992"),
            ("295147905179352830000", "295147905179352830000"),
            ("9.999999999999997e22", "9.999999999999997e+22"),
            ("1e23", "1e+23"),
            ("1.0000000000000001e23", "1.0000000000000001e+23"),
            ("999999999999999700000", "999999999999999700000"),
            ("999999999999999900000", "999999999999999900000"),
            ("1e21", "1e+21"),
            ("9.999999999999997e-7", "9.999999999999997e-7"),
            ("0.000001", "0.000001"),
            ("0.00000012", "1.2e-7"),
            ("333333333.3333332", "333333333.3333332"),
            ("-0.0000033333333333333333", "-0.0000033333333333333333"),
            ("1424953923781206.2", "1424953923781206.2"),
            ("1.0", "1"),
            ("10e1", "100"),
            ("-12.50", "-12.5"),
        ];
        for (text, wanted) in cases {
            check(text, wanted);
        }
    }
}
