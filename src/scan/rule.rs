//! What a policy asks of this room: rules, the fields they name, and what is done with a hit.

use super::Detector;
use super::named::folded::Name;
use super::sieve::ground::Confidence;
use crate::bounds::{SCAN_PATTERN_BYTES_MAX, SCAN_PATTERN_SEGMENTS_MAX};
use crate::names::{Label, Mode};

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server: arguments, and whatever else a request carries.
    Arguments,
    /// From the server to the client: results, errors, notifications.
    Results,
}

/// What is done with a hit, the weakest first: where several rules hit one place, the strictest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Makes it coarser: the year of a date, the network of an address; else as [`Action::Replace`].
    Generalise,
    /// Writes stars of the same length over it, separators kept; the last four of a card stay.
    Mask,
    /// Writes a name that is the same for the same value, and leads to no value back: `SSN_7K3QX9FA2M6T5V`.
    Pseudonym,
    /// Writes a token behind which the value is kept, to be given back where the policy says: `PII_SSN_4H7Q2M9XKTG`.
    Tokenize,
    /// Writes a token such as `[SSN]` in its place.
    Replace,
    /// Takes it out: a whole value becomes `null`, a part of a text goes.
    Drop,
    /// Withholds the whole message.
    Block,
}

/// One redaction rule of a policy.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name in findings, records and metrics.
    pub id: Label,
    /// The direction it watches.
    pub on: Direction,
    /// The kinds of value it looks for, by form and by the names of fields.
    pub detectors: Vec<Detector>,
    /// Fields whose values are redacted whole, whatever their form.
    pub fields: Vec<FieldPattern>,
    /// What is done with what it finds.
    pub action: Action,
    /// How many of the last digits [`Action::Mask`] leaves; `None` for what is usual with the kind.
    pub keep_last: Option<u8>,
    /// How sure it must be of what it finds; what is less sure is nothing to it.
    pub confidence: Confidence,
    /// Whether [`Action::Tokenize`] may keep numbers of payment cards; else they are replaced.
    pub allow_pan: bool,
    /// In shadow it finds and reports, and changes no byte.
    pub mode: Mode,
}

/// A field as a policy names it: `customer_id`, `*_id`, `patient.name`, `patient.*`.
///
/// Names stand between dots and match the keys above a value, innermost last, at any depth. They are
/// compared without case and without `_`, `-` and blanks, so `customer_id` is `customerId` too. A `*`
/// in a name stands for any characters; a last name that is `*` alone takes every value below the
/// names before it. Array positions do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPattern {
    text: Box<str>,
    names: Vec<Name>,
}

/// Why a text is no field pattern: the policy author's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// A name without a letter or digit, such as in `a..b`.
    #[error("a name in a field pattern is empty")]
    Empty,
    /// More characters or names than the bounds allow.
    #[error("a field pattern is too long")]
    TooLong,
    /// Nothing but `*`: that is every value there is.
    #[error("a field pattern needs a name, `*` alone would redact everything")]
    Unbounded,
}

/// Names of verification values, PINs and tracks of cards. Source: PCI DSS 4.0.1, 3.3.1.
const AUTHENTICATION: &[&str] = &[
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cav2",
    "cid",
    "card_cvv",
    "card_cvc",
    "card_verification_value",
    "card_security_code",
    "security_code",
    "verification_value",
    "pin",
    "card_pin",
    "pin_block",
    "track",
    "track1",
    "track2",
    "track_1",
    "track_2",
    "track_data",
    "card_track",
    "magnetic_stripe",
    "magstripe",
];

/// Whether a pattern that names `one` finds the key `other`.
pub fn is_same_field(one: &str, other: &str) -> bool {
    Name::parse(one) == Name::parse(other)
}

impl Direction {
    /// The word for it in policies and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Results => "results",
        }
    }
}

impl Action {
    /// Every action, the weakest first.
    pub const ALL: &[Self] = &[
        Self::Generalise,
        Self::Mask,
        Self::Pseudonym,
        Self::Tokenize,
        Self::Replace,
        Self::Drop,
        Self::Block,
    ];

    /// The word for it in policies, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generalise => "generalise",
            Self::Mask => "mask",
            Self::Pseudonym => "pseudonym",
            Self::Tokenize => "tokenize",
            Self::Replace => "replace",
            Self::Drop => "drop",
            Self::Block => "block",
        }
    }
}

impl FieldPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternFault`]: the policy author's fault.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        if text.len() > SCAN_PATTERN_BYTES_MAX {
            return Err(PatternFault::TooLong);
        }
        let names: Vec<_> =
            text.split('.').map(Name::parse).collect::<Option<_>>().ok_or(PatternFault::Empty)?;
        if names.len() > SCAN_PATTERN_SEGMENTS_MAX {
            return Err(PatternFault::TooLong);
        }
        if names.iter().all(Name::is_any) {
            return Err(PatternFault::Unbounded);
        }
        Ok(Self { text: text.into(), names })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name in it by which sensitive authentication data goes, which may not be kept: `cvv`, `pin`.
    pub fn authentication_name(&self) -> Option<&str> {
        self.plain_names().find(|name| AUTHENTICATION.iter().any(|known| is_same_field(name, known)))
    }

    /// Its names that stand for one key each, as they were written.
    pub fn plain_names(&self) -> impl Iterator<Item = &str> {
        self.text.split('.').filter(|name| !name.contains('*'))
    }

    /// The names, outermost first; never empty.
    pub(super) fn names(&self) -> &[Name] {
        &self.names
    }
}
