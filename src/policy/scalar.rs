//! What a bare word means: only what YAML 1.1 and 1.2 read alike.
//!
//! `no` is false in one and a text in the other, `1_000`, `010`, `0x10` and `1:30` are numbers in one
//! and something else in the other. A policy that two readers read differently is refused.

use crate::json::decimal;

/// A value of a policy that is neither list nor map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Boolean(bool),
    Null,
    /// A number as JSON writes it, as it is spelled.
    Number(Box<str>),
    Text(Box<str>),
}

/// A bare word that may mean two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ambiguity {
    /// A word for true or false.
    Boolean(bool),
    /// A number in one of the versions.
    Number,
}

const TRUE_WORDS: &[&str] = &["true", "yes", "on", "y"];
const FALSE_WORDS: &[&str] = &["false", "no", "off", "n"];

impl Scalar {
    /// Reads a word that stands without quotes.
    ///
    /// # Errors
    /// [`Ambiguity`], the policy author's fault.
    pub fn plain(text: &str) -> Result<Self, Ambiguity> {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Ok(Self::Null),
            "true" => return Ok(Self::Boolean(true)),
            "false" => return Ok(Self::Boolean(false)),
            _ => {}
        }
        let means = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        if means(TRUE_WORDS) {
            return Err(Ambiguity::Boolean(true));
        }
        if means(FALSE_WORDS) {
            return Err(Ambiguity::Boolean(false));
        }
        if decimal::is_number(text) {
            return Ok(Self::Number(text.into()));
        }
        if is_number_of_old(text) { Err(Ambiguity::Number) } else { Ok(Self::Text(text.into())) }
    }

    /// What it is, with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Null => "nothing",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

/// Whether every version of YAML takes the bare word for this text.
pub(crate) fn is_bare_text(text: &str) -> bool {
    matches!(Scalar::plain(text), Ok(Scalar::Text(_)))
}

/// Whether some version of YAML takes `text` for a number although JSON would not.
fn is_number_of_old(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    let radix = |prefix: &str, is_digit: fn(&char) -> bool| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c == '_' || is_digit(&c)))
    };
    if radix("0x", char::is_ascii_hexdigit)
        || radix("0o", char::is_ascii_digit)
        || radix("0b", char::is_ascii_digit)
    {
        return true;
    }
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit())
        || unsigned.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let dots = unsigned.matches('.').count();
    let is_decimal = dots <= 1 && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'));
    let is_sexagesimal = unsigned.contains(':')
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '_'))
        && unsigned.split(':').all(|part| !part.is_empty());
    let is_scientific = lower.split_once('e').is_some_and(|(mantissa, exponent)| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let is_mantissa = |c: char| c.is_ascii_digit() || matches!(c, '_' | '.');
        !exponent.is_empty()
            && exponent.bytes().all(|byte| byte.is_ascii_digit())
            && mantissa.chars().all(is_mantissa)
    });
    starts && (is_decimal || is_sexagesimal || is_scientific)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_what_every_version_reads_alike() {
        for text in
            ["a", "60/min", "10s", "2027-03-01", "db:query", "1.2.3.4", "0xyz", "sha-1", "e5", "-", "a_1"]
        {
            assert_eq!(Scalar::plain(text), Ok(Scalar::Text(text.into())), "{text}");
        }
        for text in ["0", "-1", "1.5", "1e3"] {
            assert_eq!(Scalar::plain(text), Ok(Scalar::Number(text.into())), "{text}");
        }
        for text in ["yes", "No", "ON", "off", "y", "N", "True", "FALSE"] {
            assert!(matches!(Scalar::plain(text), Err(Ambiguity::Boolean(_))), "{text}");
        }
        let old = [
            "010", "+1", "0x1F", "0o17", "0b1", "1_000", ".5", "5.", ".inf", "-.INF", ".nan", "1:30", "1.e3",
            "+.5",
        ];
        for text in old {
            assert_eq!(Scalar::plain(text), Err(Ambiguity::Number), "{text}");
        }
    }
}
