//! The bounds of versions of tools, and of what turns calls of one into calls of another.

/// Versions of one tool: a transition has two or three, and a name that never had more than these is not a
/// product's history.
pub const VERSIONS_MAX: usize = 32;

/// Steps of one translation: more belong into a server.
pub const TRANSLATION_STEPS_MAX: usize = 64;

/// Keys that lead to one place in a translation.
pub const TRANSLATION_DEPTH_MAX: usize = 16;
