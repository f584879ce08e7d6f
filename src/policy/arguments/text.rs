//! Tests of strings by what they look like, and of sizes.
//!
//! Where a test speaks of a path, by a `/` in it, a string that may lead elsewhere is unknown. A string
//! with NUL ends there to some readers, so what it ends with is unknown.

use std::fmt;
use std::sync::Arc;

use regex::RegexBuilder;

use super::{Standing, may_lead_elsewhere};
use crate::bounds::{REGEX_BYTES_MAX, REGEX_CACHE_BYTES_MAX, REGEX_NESTING_MAX, REGEX_PROGRAM_BYTES_MAX};
use crate::json::{Kind, Value};
use crate::policy::glob::Glob;

/// Whether a string begins with `prefix`; unknown where a path may lead out of it again.
pub(super) fn judge_prefix(prefix: &str, value: Value<'_>) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    if prefix.contains('/') && may_lead_elsewhere(&text) {
        return Standing::Unknown;
    }
    decide(text.starts_with(prefix))
}

/// Whether a string ends with `suffix`.
pub(super) fn judge_suffix(suffix: &str, value: Value<'_>) -> Standing {
    judge_whole(suffix, value, |text| text.ends_with(suffix))
}

/// Whether the whole of a string fits `glob`, in which `*` stands for any run of characters.
pub(super) fn judge_glob(glob: &Glob, value: Value<'_>) -> Standing {
    judge_whole(glob.as_str(), value, |text| glob.matches(text))
}

/// A regular expression over the whole of a string.
///
/// Linear in the string, without look-around or back-references. Two are equal when they are written alike.
#[derive(Clone)]
pub(in crate::policy) struct Pattern {
    source: Box<str>,
    whole: Arc<regex::Regex>,
}

impl Pattern {
    /// Compiles `source` within the bounds `REGEX_*_MAX`.
    ///
    /// # Errors
    /// What is wrong with it, in one line; the policy author's fault.
    pub fn new(source: &str) -> Result<Self, String> {
        if source.len() > REGEX_BYTES_MAX {
            return Err(format!("a regular expression may have {REGEX_BYTES_MAX} bytes at most"));
        }
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(REGEX_PROGRAM_BYTES_MAX)
                .dfa_size_limit(REGEX_CACHE_BYTES_MAX)
                .nest_limit(REGEX_NESTING_MAX)
                .build()
                .map_err(|fault| told(&fault))
        };
        // Alone first: what is wrong by itself must not become right by what is put around it.
        compile(source)?;
        let whole = compile(&format!(r"\A(?:{source})\z"))?;
        Ok(Self { source: source.into(), whole: Arc::new(whole) })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the whole of a string fits.
    pub(super) fn judge(&self, value: Value<'_>) -> Standing {
        judge_whole(&self.source, value, |text| self.whole.is_match(text))
    }
}

fn told(fault: &regex::Error) -> String {
    match fault {
        regex::Error::CompiledTooBig(bytes) => {
            format!("compiled it is larger than {bytes} bytes: shorten it, or repeat less")
        }
        regex::Error::Syntax(text) => {
            // The parser's own picture has several lines; the last one says what is wrong.
            let last = text.lines().last().unwrap_or_default();
            last.trim().trim_start_matches("error: ").to_owned()
        }
        _ => "it cannot be compiled".to_owned(),
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Pattern({:?})", self.source)
    }
}

fn judge_whole(test: &str, value: Value<'_>, fits: impl Fn(&str) -> bool) -> Standing {
    let Some(text) = value.string() else { return Standing::Unknown };
    if text.contains('\0') || (test.contains('/') && may_lead_elsewhere(&text)) {
        return Standing::Unknown;
    }
    decide(fits(&text))
}

pub(super) fn decide(is_inside: bool) -> Standing {
    if is_inside { Standing::Meets } else { Standing::Fails }
}

/// How many characters a string may have, or elements an array; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Length {
    pub min: Option<u32>,
    pub max: Option<u32>,
}

impl Length {
    pub(super) fn judge(self, value: Value<'_>) -> Standing {
        // One more than the largest length is enough to know.
        let enough = self.max.map_or(usize::MAX, |max| count(max).saturating_add(1));
        let enough = enough.max(self.min.map_or(0, count));
        let length = match value.kind() {
            Kind::Array => value.elements().take(enough).count(),
            Kind::String => value.string().map_or(0, |text| text.chars().take(enough).count()),
            Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::Object | Kind::True => {
                return Standing::Unknown;
            }
        };
        decide(
            self.min.is_none_or(|min| length >= count(min))
                && self.max.is_none_or(|max| length <= count(max)),
        )
    }
}

fn count(bound: u32) -> usize {
    usize::try_from(bound).unwrap_or(usize::MAX)
}

impl fmt::Display for Length {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(to, "{{ min: {min}, max: {max} }}"),
            (Some(min), None) => write!(to, "{{ min: {min} }}"),
            (None, Some(max)) => write!(to, "{{ max: {max} }}"),
            (None, None) => to.write_str("{}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Test;
    use super::super::tests::judge;
    use super::*;

    fn regex(source: &str) -> Test {
        Test::Regex(Pattern::new(source).expect("a regular expression"))
    }

    fn glob(pattern: &str) -> Test {
        Test::Glob(Glob::new(pattern))
    }

    #[test]
    fn compares_the_ends_of_a_string() {
        let suffix = |text: &str| Test::Suffix(text.into());
        let cases = [
            (suffix(".csv"), r#""a.csv""#, Standing::Meets),
            (suffix(".csv"), r#""a.csv.exe""#, Standing::Fails),
            (suffix(".csv"), r#""a.exe\u0000.csv""#, Standing::Unknown),
            (suffix("/end"), r#""a/../end""#, Standing::Unknown),
            (suffix("/end"), r#""a/end""#, Standing::Meets),
            (suffix(".csv"), "1", Standing::Unknown),
            (glob("ord-*"), r#""ord-1""#, Standing::Meets),
            (glob("ord-*"), r#""xord-1""#, Standing::Fails),
            (glob("/data/*.csv"), r#""/data/a.csv""#, Standing::Meets),
            (glob("/data/*.csv"), r#""/data/../a.csv""#, Standing::Unknown),
            (glob("*"), "[]", Standing::Unknown),
        ];
        for (test, value, wanted) in cases {
            assert_eq!(judge(&test, value), wanted, "{test} on {value}");
        }
    }

    #[test]
    fn a_regular_expression_is_about_the_whole_string() {
        let cases = [
            ("a|ab", r#""ab""#, Standing::Meets),
            ("a|ab", r#""abc""#, Standing::Fails),
            ("[a-z]+", r#""abc\n""#, Standing::Fails),
            ("(?m)^a$", r#""a\nb""#, Standing::Fails),
            ("(?i)PROD", r#""prod""#, Standing::Meets),
            ("x", r#""a\u0000x""#, Standing::Unknown),
            ("/data/.*", r#""/data/../etc""#, Standing::Unknown),
            ("x", "null", Standing::Unknown),
        ];
        for (source, value, wanted) in cases {
            assert_eq!(judge(&regex(source), value), wanted, "{source} on {value}");
        }
    }

    #[test]
    fn refuses_a_regular_expression_that_is_none_or_too_large() {
        for source in ["(", "a)|(b", "(?=a)", r"(a)\1", "a{1000}{1000}{1000}", "(?x)a # b"] {
            assert!(
                Pattern::new(source).is_err_and(|why| !why.is_empty() && !why.contains('\n')),
                "{source}"
            );
        }
        let long = |bytes: usize| Pattern::new(&"a".repeat(bytes)).is_ok();
        assert_eq!(
            [REGEX_BYTES_MAX - 1, REGEX_BYTES_MAX, REGEX_BYTES_MAX + 1].map(long),
            [true, true, false]
        );
    }

    #[test]
    fn counts_characters_and_elements() {
        let length = |min, max| Test::Length(Length { min, max });
        let cases = [
            (length(None, Some(2)), r#""\u00e4é""#, Standing::Meets),
            (length(None, Some(2)), r#""abc""#, Standing::Fails),
            (length(Some(2), None), r#""a""#, Standing::Fails),
            (length(Some(2), Some(2)), "[1,[2,3]]", Standing::Meets),
            (length(Some(2), Some(2)), "[1,2,3]", Standing::Fails),
            (length(Some(1), None), "[]", Standing::Fails),
            (length(None, Some(2)), "{}", Standing::Unknown),
            (length(None, Some(2)), "12", Standing::Unknown),
        ];
        for (test, value, wanted) in cases {
            assert_eq!(judge(&test, value), wanted, "{test} on {value}");
        }
    }
}
