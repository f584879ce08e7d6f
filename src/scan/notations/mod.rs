//! Notations other than JSON, which name their values in ways of their own.

pub(super) mod cards;
pub(super) mod columns;
pub(super) mod commands;
pub(super) mod headers;
pub(super) mod interchange;
pub(super) mod markup;
pub(super) mod notation;
pub(super) mod payments;
