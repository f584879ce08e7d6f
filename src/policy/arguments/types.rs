//! The types of JSON Schema, as tests ask for them and as tests imply them.

use std::fmt;

use super::Standing;
use crate::json::{Kind, Value, decimal};

/// A type of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) enum TypeName {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl TypeName {
    /// Every type.
    pub const ALL: &[Self] =
        &[Self::Array, Self::Boolean, Self::Integer, Self::Null, Self::Number, Self::Object, Self::String];

    /// The name as JSON Schema spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }

    /// The kinds of values that are of it.
    pub fn kinds(self) -> Kinds {
        match self {
            Self::Array => Kinds::ARRAY,
            Self::Boolean => Kinds::BOOLEAN,
            Self::Integer => Kinds::INTEGER,
            Self::Null => Kinds::NULL,
            Self::Number => Kinds::NUMBER,
            Self::Object => Kinds::OBJECT,
            Self::String => Kinds::STRING,
        }
    }
}

fn judge_integer(spelling: &str) -> Standing {
    if !spelling.contains(['.', 'e', 'E']) {
        Standing::Meets
    } else if decimal::is_integral(spelling) {
        Standing::Unknown
    } else {
        Standing::Fails
    }
}

/// The kinds of values that are of the type called `name`, if there is one.
pub(in crate::policy) fn type_kinds(name: &str) -> Option<Kinds> {
    TypeName::ALL.iter().find(|of| of.as_str() == name).map(|of| of.kinds())
}

/// Whether a value is of one of these types.
pub(super) fn judge_types(types: &[TypeName], value: Value<'_>) -> Standing {
    kinds(types).judge(value)
}

/// The kinds of values that are of one of these types.
pub(super) fn kinds(types: &[TypeName]) -> Kinds {
    types.iter().fold(Kinds::NONE, |kinds, of| kinds.or(of.kinds()))
}

impl fmt::Display for TypeName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.as_str())
    }
}

/// Kinds of values, as a set. A whole number is another kind than one with a fraction, and a
/// [`TypeName::Number`] is either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub(in crate::policy) const NONE: Self = Self(0);
    pub(in crate::policy) const ARRAY: Self = Self(1);
    pub(in crate::policy) const BOOLEAN: Self = Self(2);
    pub(in crate::policy) const INTEGER: Self = Self(4);
    pub(in crate::policy) const FRACTION: Self = Self(8);
    pub(in crate::policy) const NUMBER: Self = Self(4 | 8);
    pub(in crate::policy) const NULL: Self = Self(16);
    pub(in crate::policy) const OBJECT: Self = Self(32);
    pub(in crate::policy) const STRING: Self = Self(64);
    pub(in crate::policy) const ALL: Self = Self(127);

    /// Those that are in either.
    pub(in crate::policy) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    pub(in crate::policy) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are not in it.
    pub(in crate::policy) fn others(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }

    /// Whether there is none.
    pub(in crate::policy) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether a value is of one of them; unknown for an integer that is written as `1.0` or `1e3`,
    /// which is one to JSON Schema and none to many servers.
    pub(in crate::policy) fn judge(self, value: Value<'_>) -> Standing {
        let own = match value.kind() {
            Kind::Array => Self::ARRAY,
            Kind::False | Kind::True => Self::BOOLEAN,
            Kind::Key => Self::NONE,
            Kind::Null => Self::NULL,
            Kind::Number if self.and(Self::NUMBER) == Self::INTEGER => return judge_integer(value.raw()),
            Kind::Number => Self::NUMBER,
            Kind::Object => Self::OBJECT,
            Kind::String => Self::STRING,
        };
        if self.and(own).is_empty() { Standing::Fails } else { Standing::Meets }
    }
}

/// As a message names them: `a number or a string`.
impl fmt::Display for Kinds {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let integer = if self.and(Self::FRACTION).is_empty() { "an integer" } else { "a number" };
        let fraction = if self.and(Self::INTEGER).is_empty() { "a number with a fraction" } else { "" };
        let words = [
            (Self::ARRAY, "an array"),
            (Self::BOOLEAN, "a boolean"),
            (Self::INTEGER, integer),
            (Self::FRACTION, fraction),
            (Self::NULL, "null"),
            (Self::OBJECT, "an object"),
            (Self::STRING, "a string"),
        ];
        let words = words.into_iter().filter(|(kind, word)| !self.and(*kind).is_empty() && !word.is_empty());
        for (index, (_, word)) in words.enumerate() {
            write!(to, "{}{word}", if index == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Test;
    use super::super::tests::judge;
    use super::*;

    #[test]
    fn tells_types_apart() {
        let cases: [(&[TypeName], &str, Standing); 11] = [
            (&[TypeName::String], r#""a""#, Standing::Meets),
            (&[TypeName::String], "null", Standing::Fails),
            (&[TypeName::String, TypeName::Null], "null", Standing::Meets),
            (&[TypeName::Integer], "-7", Standing::Meets),
            (&[TypeName::Integer], "1.5", Standing::Fails),
            (&[TypeName::Integer], "1.0", Standing::Unknown),
            (&[TypeName::Integer], "1e3", Standing::Unknown),
            (&[TypeName::Number], "1e3", Standing::Meets),
            (&[TypeName::Array], "[]", Standing::Meets),
            (&[TypeName::Object], "{}", Standing::Meets),
            (&[TypeName::Boolean], "false", Standing::Meets),
        ];
        for (types, value, wanted) in cases {
            assert_eq!(judge(&Test::Type(types.into()), value), wanted, "{types:?} on {value}");
        }
    }

    #[test]
    fn names_kinds_in_words() {
        let cases = [
            (Kinds::STRING, "a string"),
            (Kinds::NUMBER.or(Kinds::STRING), "a number or a string"),
            (Kinds::INTEGER, "an integer"),
            (Kinds::FRACTION, "a number with a fraction"),
            (Kinds::NULL.others().and(Kinds::NUMBER), "a number"),
        ];
        for (kinds, wanted) in cases {
            assert_eq!(kinds.to_string(), wanted);
        }
    }
}
