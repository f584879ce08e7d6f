//! What limits count in.

use std::fmt;

/// What a limit counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Unit {
    /// The value of a numeric argument, rounded up; by its dotted path.
    Argument(Box<str>),
    /// Requests, each as one.
    Calls,
    /// Bytes of the request's body.
    RequestBytes,
    /// Bytes of the answer's body, as the client gets it.
    ResponseBytes,
    /// Tokens of the arguments and of the answer together: what a model writes and reads.
    Tokens,
}

/// Bytes that count as one token where tokens are estimated: English prose has 4 to 5 in one of o200k, JSON
/// about 3.
pub const BYTES_PER_TOKEN: u64 = 4;

/// What names an argument.
const ARGUMENT: &str = "arg:";

impl Unit {
    /// Every unit that has a word of its own.
    pub const WORDS: &[&str] = &["calls", "request_bytes", "response_bytes", "tokens"];

    /// Reads the word of a policy, or `arg:limit`, `arg:filter.limit`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "calls" => Some(Self::Calls),
            "request_bytes" => Some(Self::RequestBytes),
            "response_bytes" => Some(Self::ResponseBytes),
            "tokens" => Some(Self::Tokens),
            _ => {
                let path = text.strip_prefix(ARGUMENT)?;
                (!path.split('.').any(str::is_empty)).then(|| Self::Argument(path.into()))
            }
        }
    }

    /// Whether what a request costs is known only when its answer has come.
    pub fn is_settled_by_answers(&self) -> bool {
        match self {
            Self::Argument(_) | Self::Calls | Self::RequestBytes => false,
            Self::ResponseBytes | Self::Tokens => true,
        }
    }
}

/// Writes it as policies do.
impl fmt::Display for Unit {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(path) => write!(to, "{ARGUMENT}{path}"),
            Self::Calls => to.write_str("calls"),
            Self::RequestBytes => to.write_str("request_bytes"),
            Self::ResponseBytes => to.write_str("response_bytes"),
            Self::Tokens => to.write_str("tokens"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in Unit::WORDS.iter().copied().chain(["arg:limit", "arg:filter.limit"]) {
            assert_eq!(Unit::parse(text).map(|unit| unit.to_string()).as_deref(), Some(text));
        }
        for text in ["", "call", "bytes", "arg:", "arg:.a", "arg:a.", "arg:a..b", "ARG:a", "usd"] {
            assert_eq!(Unit::parse(text), None, "{text}");
        }
    }
}
