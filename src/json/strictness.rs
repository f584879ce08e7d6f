//! What a policy may choose about texts: the strict word is the default of each.

/// What becomes of a key that stands twice in one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// Refused at any depth: readers take the first, the last or both.
    #[default]
    Reject,
    /// Refused in the protocol's own objects. Arguments and results may repeat keys.
    RejectProtocol,
}

/// How a text goes on that is not ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// Every character beyond ASCII is escaped: for readers that cut lines where Unicode does.
    Ascii,
    /// As it came.
    #[default]
    Utf8,
}

impl DuplicateKeys {
    /// Both.
    pub const ALL: &[Self] = &[Self::Reject, Self::RejectProtocol];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::RejectProtocol => "reject_protocol",
        }
    }
}

impl Output {
    /// Both.
    pub const ALL: &[Self] = &[Self::Ascii, Self::Utf8];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8 => "utf8",
        }
    }
}
