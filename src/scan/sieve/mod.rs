//! The first pass and what judges its candidates by form: numbers, codes, credentials.

pub(super) mod candidates;
pub(super) mod classes;
pub(super) mod forms;
pub(super) mod ground;
pub(super) mod set;
pub(super) mod shapes;
pub(super) mod sweep;
pub(super) mod tokens;
