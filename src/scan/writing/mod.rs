//! What is written in place of values, and what is told of them.

pub(super) mod desk;
pub(super) mod generalise;
pub(super) mod mentions;
pub(super) mod place;
pub(super) mod pseudonym;
pub(super) mod renamed;
pub(super) mod sight;
pub(super) mod spot;
pub(super) mod tally;
pub(super) mod write;
