//! The four annotations of a tool that a rule may go by.

use super::Annotations;

/// What a tool's annotations may claim. Source: MCP 2026-07-28, schema, `ToolAnnotations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hint {
    /// What it changes cannot be got back.
    Destructive,
    /// Calling it twice is as calling it once.
    Idempotent,
    /// It deals with things beyond its server.
    OpenWorld,
    /// It changes nothing.
    ReadOnly,
}

impl Hint {
    /// Every hint.
    pub const ALL: &[Self] = &[Self::Destructive, Self::Idempotent, Self::OpenWorld, Self::ReadOnly];

    /// The protocol's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destructive => "destructiveHint",
            Self::Idempotent => "idempotentHint",
            Self::OpenWorld => "openWorldHint",
            Self::ReadOnly => "readOnlyHint",
        }
    }
}

impl Annotations {
    /// Whether they claim it, the protocol's default where they say nothing.
    pub fn says(&self, hint: Hint) -> bool {
        match hint {
            Hint::Destructive => self.destructive.unwrap_or(true),
            Hint::Idempotent => self.idempotent.unwrap_or(false),
            Hint::OpenWorld => self.open_world.unwrap_or(true),
            Hint::ReadOnly => self.read_only.unwrap_or(false),
        }
    }
}
