//! What there is to tell of a tool that differs from what was approved.

use crate::policy::{Deviation, DriftKind, PinAction, Tool};

/// Something that somebody should hear of; never holds what a server wrote but the name of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinNotice {
    /// What happened.
    pub event: PinEvent,
    /// To which tool.
    pub tool: Box<str>,
    /// What is done about it.
    pub action: PinAction,
    /// The digest of what was approved.
    pub approved: Option<[u8; 32]>,
    /// The digest of what was shown.
    pub shown: Option<[u8; 32]>,
    /// In words, for an operator.
    pub detail: Box<str>,
}

/// What happened to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinEvent {
    /// The server has a tool that nobody approved.
    Added,
    /// It differs from what was approved.
    Changed(DriftKind),
    /// It differs for some callers only.
    Cloak,
    /// A tool that nobody approved passes for one that somebody did.
    Collision,
    /// The server has it no more.
    Gone,
    /// It has another name, and is as it was otherwise.
    Renamed,
    /// It is again what was approved.
    Restored,
}

/// A tool that differs from what was approved, for whoever looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its name.
    pub tool: Box<str>,
    /// In what it differs most.
    pub kind: DriftKind,
    /// What is done about it.
    pub action: PinAction,
    /// In words.
    pub summary: Box<str>,
    /// Whether some are shown what was approved.
    pub is_cloaked: bool,
}

impl PinEvent {
    /// All.
    pub const ALL: &[Self] = &[
        Self::Added,
        Self::Changed(DriftKind::Annotations),
        Self::Changed(DriftKind::Minor),
        Self::Changed(DriftKind::Schema),
        Self::Changed(DriftKind::Text),
        Self::Cloak,
        Self::Collision,
        Self::Gone,
        Self::Renamed,
        Self::Restored,
    ];

    /// The word for it in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed(kind) => kind.as_str(),
            Self::Cloak => "cloak",
            Self::Collision => "collision",
            Self::Gone => "gone",
            Self::Renamed => "renamed",
            Self::Restored => "restored",
        }
    }
}

impl PinNotice {
    pub(super) fn of(event: PinEvent, tool: &Tool, shown: Option<[u8; 32]>, deviation: &Deviation) -> Self {
        let detail = match event {
            PinEvent::Cloak => format!("shown to some callers only; {}", deviation.summary).into(),
            _ => deviation.summary.clone(),
        };
        let (action, approved) = (deviation.action, tool.pinned_sha256().copied());
        Self { event, tool: tool.name.as_str().into(), action, approved, shown, detail }
    }

    pub(super) fn restored(tool: &Tool) -> Self {
        let approved = tool.pinned_sha256().copied();
        Self {
            event: PinEvent::Restored,
            tool: tool.name.as_str().into(),
            action: PinAction::Warn,
            approved,
            shown: approved,
            detail: "it is again what was approved".into(),
        }
    }
}
