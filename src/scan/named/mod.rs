//! Values that a name leads to: keys, members, lines and columns, down to the value at any depth.

pub(super) mod beside;
pub(super) mod fields;
pub(super) mod folded;
pub(super) mod keys;
pub(super) mod lines;
pub(super) mod names;
pub(super) mod pairs;
pub(super) mod tables;
pub(super) mod veto;
pub(super) mod walk;
