//! What the rules said of a message, and what was done with it.

/// What the rules said of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Some rule allows it and none forbids it.
    Allow,
    /// A rule, a limit or a check forbids it, or nothing allows it.
    Deny,
    /// It could not be judged, or the server failed.
    Error,
}

impl Verdict {
    /// The word for it in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

/// What was done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Passed on as it came.
    Allow,
    /// Refused.
    Deny,
    /// Not carried out for a fault that is not the caller's.
    Error,
    /// Passed on, with something hidden on the way in or out.
    Redact,
    /// Passed on although it would have been refused, for the rule or the process is in shadow.
    ShadowDeny,
}
