//! What a bare word means to kubectl.
//!
//! kubectl reads YAML 1.1 and turns it into JSON: `yes` is true, `0644` is 420. A manifest means here what it means
//! there, or the pod that is injected would be another one than the pod that was written. (Policies are read more
//! strictly: there, such words are refused.)
//!
//! Source: go-yaml v2, `resolve.go`, by way of sigs.k8s.io/yaml.

use serde_json::{Number, Value};

const TRUE: &[&str] = &["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: &[&str] = &["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: &[&str] = &["", "~", "null", "Null", "NULL"];
const NO_JSON: &[&str] = &[".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"];

/// Reads a word that stands without quotes; `None` for a number that JSON does not have.
pub(super) fn resolve(text: &str) -> Option<Value> {
    if NULL.contains(&text) {
        return Some(Value::Null);
    }
    if TRUE.contains(&text) || FALSE.contains(&text) {
        return Some(Value::Bool(TRUE.contains(&text)));
    }
    if NO_JSON.contains(&text.trim_start_matches(['+', '-'])) {
        return None;
    }
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = if starts { integer(&text.replace('_', "")).or_else(|| float(text)) } else { None };
    Some(number.map_or_else(|| Value::String(text.to_owned()), Value::Number))
}

/// A whole number in the notations of Go: decimal, and with `0x`, `0b`, `0o` or only `0` before the digits.
fn integer(text: &str) -> Option<Number> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let notations = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8), ("0", 8)];
    let notation = notations.iter().find(|(start, _)| digits.len() > 1 && digits.starts_with(start));
    let (digits, radix) = notation.map_or((digits, 10), |(start, radix)| (&digits[start.len()..], *radix));
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let amount = u64::from_str_radix(digits, radix).ok()?;
    if is_negative { 0_i64.checked_sub_unsigned(amount).map(Number::from) } else { Some(amount.into()) }
}

/// A number with a point or an exponent, whose sign must be there.
fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or(("", mantissa));
    let is_exponent =
        exponent.is_none_or(|exponent| exponent.strip_prefix(['+', '-']).is_some_and(is_digits));
    let is_number = (whole.is_empty() || is_digits(whole)) && is_digits(part) && is_exponent;
    if !is_number {
        return None;
    }
    Number::from_f64(text.trim_start_matches('+').parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_words_as_kubectl_does() {
        let cases = [
            ("", json!(null)),
            ("~", json!(null)),
            ("yes", json!(true)),
            ("off", json!(false)),
            ("0644", json!(420)),
            ("0o644", json!(420)),
            ("0x1F", json!(31)),
            ("-7", json!(-7)),
            ("+7", json!(7)),
            ("1_000", json!(1000)),
            ("0", json!(0)),
            ("1.5", json!(1.5)),
            ("-.5", json!(-0.5)),
            ("1e+3", json!(1000.0)),
            ("1e3", json!("1e3")),
            ("08", json!(8.0)),
            ("1.2.3", json!("1.2.3")),
            ("10s", json!("10s")),
            ("-a", json!("-a")),
            ("2026-11-23", json!("2026-11-23")),
            ("12:30", json!("12:30")),
            ("--listen=1", json!("--listen=1")),
            ("0.0.0.0:1", json!("0.0.0.0:1")),
        ];
        for (text, wanted) in cases {
            assert_eq!(resolve(text), Some(wanted), "{text}");
        }
        assert_eq!(resolve("-.inf"), None);
    }
}
