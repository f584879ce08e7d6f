//! People, where they live and when they were born: what introduces them in prose, and what a model says.

pub(super) mod births;
pub(super) mod born;
pub(super) mod called;
pub(super) mod capitals;
pub(super) mod passages;
pub(super) mod prose;
pub(super) mod speakers;
pub(super) mod streets;
pub(super) mod told;
pub(super) mod towns;
pub(super) mod words;
