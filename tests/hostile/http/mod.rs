//! Class H: tricks in the HTTP head and in the framing.

mod claims;
mod coding;
mod framing;
mod http2;
mod kind;
mod target;
mod twice;

use crate::case::Case;

/// Every case of the class.
pub fn cases() -> Vec<Case> {
    [
        claims::cases(),
        coding::cases(),
        framing::cases(),
        http2::cases(),
        kind::cases(),
        target::cases(),
        twice::cases(),
    ]
    .concat()
}
