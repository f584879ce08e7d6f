//! The id of a request: spelled as it came, compared by what it means.

use std::hash::{Hash, Hasher};

use crate::bounds::{ID_BYTES_MAX, ID_INTEGER_MAX};
use crate::json::{Document, Kind, Value};

/// The id of a JSON-RPC request.
///
/// Keeps its lexeme, so that an answer carries exactly what the client wrote. Equal are ids that mean
/// the same: `"\u0061"` is `"a"`, `-0` is `0`, but `"1"` is not `1`.
#[derive(Debug, Clone)]
pub struct Id {
    raw: Box<str>,
    meaning: Meaning,
}

#[derive(Debug, Clone)]
enum Meaning {
    Integer(i64),
    /// A string that is written as it reads: the lexeme without its quotes.
    Plain,
    /// A string with escapes, unescaped.
    Unescaped(Box<str>),
}

#[derive(PartialEq, Eq, Hash)]
enum Sense<'a> {
    Integer(i64),
    Text(&'a str),
}

/// Why a value is no id; always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdFault {
    /// An empty string.
    #[error("the id is an empty string")]
    Empty,
    /// A control character in a string.
    #[error("the id holds a control character")]
    Control,
    /// A number with a fraction or an exponent.
    #[error("the id is a number with a fraction or an exponent")]
    Fraction,
    /// Neither string nor number.
    #[error("the id is neither a string nor an integer")]
    Kind,
    /// An integer that not every reader keeps exactly.
    #[error("the id is an integer beyond 2^53 - 1")]
    Range,
    /// A string longer than `ID_BYTES_MAX`.
    #[error("the id has more than {ID_BYTES_MAX} bytes")]
    TooLong,
}

impl Id {
    /// Reads the id that `value` is. Allocates its lexeme.
    ///
    /// # Errors
    /// [`IdFault`]: what some readers take for another id. Source: rule S9 of the strict profile.
    pub fn read(value: Value<'_>) -> Result<Self, IdFault> {
        let meaning = match value.kind() {
            Kind::String => read_text(value)?,
            Kind::Number => Meaning::Integer(read_integer(value)?),
            Kind::Array | Kind::False | Kind::Key | Kind::Null | Kind::Object | Kind::True => {
                return Err(IdFault::Kind);
            }
        };
        Ok(Self { raw: value.raw().into(), meaning })
    }

    /// Its JSON lexeme, as it came.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    fn sense(&self) -> Sense<'_> {
        match &self.meaning {
            Meaning::Integer(integer) => Sense::Integer(*integer),
            // A lexeme of a string has its two quotes.
            Meaning::Plain => Sense::Text(self.raw.get(1..self.raw.len() - 1).unwrap_or_default()),
            Meaning::Unescaped(text) => Sense::Text(text),
        }
    }
}

fn read_integer(value: Value<'_>) -> Result<i64, IdFault> {
    if value.raw().contains(['.', 'e', 'E']) {
        return Err(IdFault::Fraction);
    }
    let integer = value.integer().ok_or(IdFault::Range)?;
    if (-ID_INTEGER_MAX..=ID_INTEGER_MAX).contains(&integer) { Ok(integer) } else { Err(IdFault::Range) }
}

fn read_text(value: Value<'_>) -> Result<Meaning, IdFault> {
    let text = value.string().ok_or(IdFault::Kind)?;
    if text.is_empty() {
        return Err(IdFault::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdFault::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(IdFault::Control);
    }
    Ok(if value.is_escaped() { Meaning::Unescaped(text.into()) } else { Meaning::Plain })
}

impl From<u32> for Id {
    /// An id of our own making, for carriers on which ids must be made unique.
    fn from(integer: u32) -> Self {
        Self { raw: integer.to_string().into(), meaning: Meaning::Integer(integer.into()) }
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.sense() == other.sense()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sense().hash(state);
    }
}

/// Reads arbitrary bytes as an id, and checks what must hold of one that is accepted.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_id(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    let Ok(id) = Id::read(document.root()) else { return };
    let again = Document::parse(id.raw().as_bytes()).map(|document| Id::read(document.root()));
    assert_eq!(again, Ok(Ok(id)), "a lexeme means what it meant");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Id, IdFault> {
        fuzz_id(text.as_bytes());
        Id::read(Document::parse(text.as_bytes()).unwrap().root())
    }

    #[test]
    fn takes_strings_and_exact_integers_only() {
        let texts = |bytes: usize| format!("\"{}\"", "a".repeat(bytes));
        for good in [
            "0",
            "-0",
            "-7",
            "9007199254740990",
            "9007199254740991",
            "-9007199254740991",
            "\"a\"",
            "\"1\"",
            &texts(255),
            &texts(256),
        ] {
            assert_eq!(read(good).unwrap().raw(), good);
        }
        let cases = [
            ("null", IdFault::Kind),
            ("true", IdFault::Kind),
            ("[1]", IdFault::Kind),
            ("{}", IdFault::Kind),
            ("1.0", IdFault::Fraction),
            ("1e0", IdFault::Fraction),
            ("9007199254740992", IdFault::Range),
            ("-9007199254740992", IdFault::Range),
            ("99999999999999999999", IdFault::Range),
            ("\"\"", IdFault::Empty),
            ("\"a\\u0000\"", IdFault::Control),
            ("\"a\\u0085\"", IdFault::Control),
            ("\"\u{7f}\"", IdFault::Control),
            (&texts(257), IdFault::TooLong),
        ];
        for (bad, fault) in cases {
            assert_eq!(read(bad), Err(fault), "{bad}");
        }
    }

    #[test]
    fn is_equal_by_meaning() {
        let hash = |id: &Id| {
            let mut state = std::hash::DefaultHasher::new();
            id.hash(&mut state);
            state.finish()
        };
        for (one, other) in [("\"\\u0061\"", "\"a\""), ("0", "-0"), ("\"/\"", "\"\\/\""), ("7", "7")] {
            let (one, other) = (read(one).unwrap(), read(other).unwrap());
            assert_eq!(one, other);
            assert_eq!(hash(&one), hash(&other));
        }
        for (one, other) in [("\"1\"", "1"), ("\"a\"", "\"A\""), ("1", "-1"), ("\"é\"", "\"e\u{301}\"")] {
            assert_ne!(read(one).unwrap(), read(other).unwrap());
        }
        assert_eq!(Id::from(7), read("7").unwrap());
    }
}
