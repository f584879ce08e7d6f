//! The revisions of the protocol, and what differs between them, as data.

/// A published revision of the protocol, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05: HTTP+SSE.
    V2024_11_05,
    /// 2025-03-26: Streamable HTTP; what a legacy message speaks that does not say.
    V2025_03_26,
    /// 2025-06-18: the version header, no batches.
    V2025_06_18,
    /// 2025-11-25: priming events, tasks.
    V2025_11_25,
    /// 2026-07-28: no session, no handshake, mirrored headers.
    V2026_07_28,
}

/// The two ways of speaking the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// Up to 2025-11-25: `initialize` first, then a session.
    Legacy,
    /// From 2026-07-28: every request says all about itself.
    Modern,
}

/// A set of revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revisions(u8);

impl Revisions {
    /// The set with these bits, one for each revision by [`Revision::index`].
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// One bit for each revision.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The revisions in it of one era, newest first; all known ones of that era if there are none.
    pub fn of(self, era: Era) -> impl Iterator<Item = Revision> {
        let is_in = move |revision: &Revision| self.0 >> revision.index() & 1 == 1;
        let is_empty = !Revision::ALL.iter().any(|revision| revision.era() == era && is_in(revision));
        let of_era = Revision::ALL.iter().rev().copied().filter(move |revision| revision.era() == era);
        of_era.filter(move |revision| is_empty || is_in(revision))
    }
}

impl FromIterator<Revision> for Revisions {
    fn from_iter<I: IntoIterator<Item = Revision>>(revisions: I) -> Self {
        Self(revisions.into_iter().fold(0, |bits, revision| bits | 1 << revision.index()))
    }
}

/// What differs between revisions for one who stands in between.
///
/// Source: `reference/protocol.md`, section 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// Which of the two ways it speaks.
    pub era: Era,
    /// Whether a client that closes its connection cancels what runs on it.
    pub disconnect_cancels: bool,
    /// Whether `MCP-Protocol-Version` stands on every request after the first.
    pub has_version_header: bool,
    /// Whether streams can be taken up again with `Last-Event-ID`.
    pub is_resumable: bool,
    /// Whether the server may send requests, and the client answer them.
    pub server_requests: bool,
    /// Whether every result carries `resultType`.
    pub has_result_type: bool,
    /// The JSON-RPC code for a resource that does not exist.
    pub resource_not_found: i64,
}

const LEGACY: Traits = Traits {
    era: Era::Legacy,
    disconnect_cancels: false,
    has_version_header: true,
    is_resumable: true,
    server_requests: true,
    has_result_type: false,
    resource_not_found: -32002,
};

const MODERN: Traits = Traits {
    era: Era::Modern,
    disconnect_cancels: true,
    has_version_header: true,
    is_resumable: false,
    server_requests: false,
    has_result_type: true,
    resource_not_found: -32602,
};

const ROWS: [(&str, Traits); 5] = [
    ("2024-11-05", Traits { has_version_header: false, is_resumable: false, ..LEGACY }),
    ("2025-03-26", Traits { has_version_header: false, ..LEGACY }),
    ("2025-06-18", LEGACY),
    ("2025-11-25", LEGACY),
    ("2026-07-28", MODERN),
];

impl Revision {
    /// Every revision, oldest first, in the order of [`Revision::index`].
    pub const ALL: &[Self] =
        &[Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];

    /// The revision whose date is `text`; `None` for one that is not known.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|revision| revision.as_str() == text)
    }

    /// Its date, as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        ROWS[self as usize].0
    }

    /// Which of the two ways it speaks.
    pub fn era(self) -> Era {
        self.traits().era
    }

    /// What sets it apart.
    pub fn traits(self) -> &'static Traits {
        &ROWS[self as usize].1
    }

    /// Its place in [`Revision::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

impl Era {
    /// The era of a version, known or not: dates compare as text.
    pub fn of_version(version: &str) -> Self {
        if version >= Revision::V2026_07_28.as_str() { Self::Modern } else { Self::Legacy }
    }

    /// The word for it in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_five_dates_and_compares_the_others() {
        for &revision in Revision::ALL {
            assert_eq!(Revision::parse(revision.as_str()), Some(revision));
            assert_eq!(Era::of_version(revision.as_str()), revision.era());
        }
        for unknown in ["", "2025-06-19", "2026-07-28 ", "2025-06-18, 2026-07-28", "draft"] {
            assert_eq!(Revision::parse(unknown), None, "{unknown}");
        }
        assert_eq!(Era::of_version("2026-07-27"), Era::Legacy);
        assert_eq!(Era::of_version("2027-01-01"), Era::Modern);
        assert!(Revision::ALL.is_sorted());
    }
}
