//! Limits of what is remembered of what conversations have seen.

use std::time::Duration;

/// Flows of one policy; each is looked at with every call of a tool that it closes.
pub const FLOWS_MAX: usize = 64;

/// Labels of one tool.
pub const FLOW_LABELS_MAX: usize = 16;

/// Conversations of which it is remembered what they have seen, some 120 bytes each: 8 MB. None is forgotten for want
/// of room: where there is none, calls that would have to be remembered are refused.
pub const FLOW_CONVERSATIONS_MAX: usize = 65_536;

/// How long after its last call a conversation is remembered: a working day and a night, so that a talk which is
/// taken up in the morning has forgotten nothing.
pub const FLOW_LIFE: Duration = Duration::from_secs(24 * 3_600);
