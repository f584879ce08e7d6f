//! Class JSON: one text, two readings.

mod bytes;
mod duplicates;
mod envelope;
mod grammar;
mod near;
mod values;

use crate::case::Case;

/// Every case of the class.
pub fn cases() -> Vec<Case> {
    [bytes::cases(), duplicates::cases(), envelope::cases(), grammar::cases(), near::cases(), values::cases()]
        .concat()
}
