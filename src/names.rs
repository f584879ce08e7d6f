//! The nouns that every floor shares: names checked once, the time of a message, the mode of a rule.

use std::fmt;
use std::time::Duration;

/// The name of a tool, as a client may call it.
///
/// 1 to 128 of `A-Z a-z 0-9 _ . -`, compared byte by byte. Anything else is refused, whatever a
/// server calls its tools: confusables and controls do not reach a policy.
/// Source: MCP 2026-07-28, server/tools, "Tool Names".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolName(Box<str>);

/// A name that somebody wrote into a policy: of a rule, a role, a scope, a tenant, a limit.
///
/// 1 to 128 printable ASCII characters without white space, quotes or backslash, so that it may stand
/// in a metric label, a log line and an audit record as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Box<str>);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// A character outside the alphabet.
    #[error("character {0:?} is not allowed in a name")]
    Character(char),
    /// No character at all.
    #[error("a name may not be empty")]
    Empty,
    /// More than 128 characters.
    #[error("a name has at most 128 characters")]
    TooLong,
}

/// The time of one message, read once by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the process started; never goes back. For limits, time-outs and durations.
    pub steady: Duration,
    /// Since 1970-01-01 UTC, in milliseconds. For token expiry and records.
    pub unix_ms: u64,
}

/// Whether a rule, a bundle or a process acts or only reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Decisions take effect.
    #[default]
    Enforce,
    /// Decisions are recorded under their own verdict words and change no byte.
    Shadow,
}

const NAME_CHARACTERS_MAX: usize = 128;

fn check(text: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), NameFault> {
    if text.is_empty() {
        return Err(NameFault::Empty);
    }
    if let Some(character) = text.chars().find(|&character| !is_allowed(character)) {
        return Err(NameFault::Character(character));
    }
    if text.len() > NAME_CHARACTERS_MAX { Err(NameFault::TooLong) } else { Ok(()) }
}

impl ToolName {
    /// Checks that `text` may be the name of a tool.
    ///
    /// # Errors
    /// [`NameFault`]: the caller's fault on a call, the policy author's in a bundle.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        Self::check(text)?;
        Ok(Self(text.into()))
    }

    /// Checks as [`parse`](Self::parse) does, and keeps nothing.
    ///
    /// # Errors
    /// [`NameFault`], as there.
    pub fn check(text: &str) -> Result<(), NameFault> {
        check(text, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Label {
    /// Checks that `text` may be a name in a policy.
    ///
    /// # Errors
    /// [`NameFault`]: the policy author's fault.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        check(text, |c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '\'' | '`'))?;
        Ok(Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Mode {
    /// The word for it in policies, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        }
    }
}

impl Now {
    /// The time that is `by` later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self { steady: self.steady.saturating_add(by), unix_ms: self.unix_ms.saturating_add(by_ms) }
    }
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_two_digits_for_each_byte() {
        assert_eq!((hex(&[]), hex(&[0, 9, 10, 0x7f, 0xff])), (String::new(), "00090a7fff".into()));
    }

    #[test]
    fn both_clocks_go_on_and_neither_goes_over() {
        let now = Now { steady: Duration::from_millis(5), unix_ms: 7 };
        let wanted = Now { steady: Duration::from_millis(15), unix_ms: 17 };
        assert_eq!(now.after(Duration::from_millis(10)), wanted);
        let last = Now { steady: Duration::MAX, unix_ms: u64::MAX };
        assert_eq!(now.after(Duration::MAX), last);
    }

    #[test]
    fn takes_the_alphabet_of_the_specification_and_nothing_else() {
        for good in ["a", "get-issue", "admin.tools.list", "2fa", "UPPER_lower", &"x".repeat(128)] {
            assert!(ToolName::parse(good).is_ok(), "{good}");
        }
        let cases =
            ["", "delete all", "delete_\u{430}ll", "a\u{200b}b", "../x", "*", "a\0", &"x".repeat(129)];
        for bad in cases {
            assert!(ToolName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
