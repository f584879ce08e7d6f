//! Why a text is not the strict JSON that the gate lets through.

use std::fmt;

/// One reason to refuse a text, and where in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the offending byte; the length of the text where something is missing.
    pub at: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong with a text; always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// A UTF-8 byte-order mark before the value.
    ByteOrderMark,
    /// A raw control character inside a string.
    ControlCharacter,
    /// The same key twice in one object, compared after unescaping.
    DuplicateKey,
    /// No value at all.
    Empty,
    /// A backslash followed by what RFC 8259 does not list.
    Escape,
    /// `\uD800`..`\uDFFF` without its other half.
    LoneSurrogate,
    /// Bytes that are not UTF-8, UTF-16 and UTF-32 among them.
    NotUtf8,
    /// A number that RFC 8259's grammar does not know: leading zero, `+1`, `.5`, hexadecimal, NaN.
    Number,
    /// A number beyond `JSON_NUMBER_MAX`, such as `1e400`.
    NumberRange,
    /// Something other than what the grammar wants here.
    Syntax,
    /// Nesting beyond `JSON_DEPTH_MAX`.
    TooDeep,
    /// An object with more than `JSON_KEYS_MAX` keys.
    TooManyKeys,
    /// More than `JSON_TOKENS_MAX` values and keys.
    TooManyTokens,
    /// Anything but white space after the value: a second value, or a batch without brackets.
    TrailingBytes,
    /// The text ends before the value does.
    Truncated,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.at)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "byte-order mark before the JSON value",
            Self::ControlCharacter => "raw control character in a string",
            Self::DuplicateKey => "duplicate key",
            Self::Empty => "no JSON value",
            Self::Escape => "unknown escape in a string",
            Self::LoneSurrogate => "lone surrogate escape",
            Self::NotUtf8 => "not UTF-8",
            Self::Number => "malformed number",
            Self::NumberRange => "number out of range",
            Self::Syntax => "not JSON",
            Self::TooDeep => "nested too deeply",
            Self::TooManyKeys => "too many keys in one object",
            Self::TooManyTokens => "too many values",
            Self::TrailingBytes => "bytes after the JSON value",
            Self::Truncated => "JSON value cut short",
        })
    }
}

impl std::error::Error for Fault {}
