//! What operators are shown of a running gate, and how many may look at once.

use std::time::Duration;

/// Decisions that are kept to be looked at: the last second of a busy gate, the last day of a quiet one; 1 MiB.
pub const DECISIONS_KEPT: usize = 2048;

/// Bytes of one name (tool, rule, user, tenant) in a decision that is kept. Tools that models call have names of
/// about twenty; a longer one is cut, and marked so.
pub const DECISION_NAME_BYTES_MAX: usize = 94;

/// Decisions in one answer.
pub const DECISIONS_SHOWN_MAX: usize = 1_000;

/// Decisions in one answer where nobody says how many.
pub const DECISIONS_SHOWN: usize = 100;

/// Decisions on the page, fewer where names are so long that it would outgrow `PAGE_BYTES_MAX`.
pub const PAGE_DECISIONS: usize = 40;

/// Rows of each table of the page and of the state: nobody reads more, and the worst come first.
pub const ROWS_SHOWN_MAX: usize = 20;

/// The page, in bytes: it must come over a bad line to a telephone.
pub const PAGE_BYTES_MAX: usize = 64 << 10;

/// Who may follow decisions as they are taken, at once: a few people and a screen on the wall.
pub const WATCHERS_MAX: usize = 16;

/// How often a follower is told what is new: at once to a person; the ring holds it at 20,000 decisions a second.
pub const WATCH_PAUSE: Duration = Duration::from_millis(100);

/// How long a follower is told nothing before it is told that there is nothing.
pub const WATCH_HEARTBEAT: Duration = Duration::from_secs(15);

/// Tools that are counted each by itself; those that come later are counted together. 2.5 KiB each.
pub const TOOLS_COUNTED_MAX: usize = 256;

/// Rules and limits whose refusals are counted each by itself.
pub const RULES_COUNTED_MAX: usize = 512;

/// Panes of the window over which rates and quantiles are told.
pub const PANES: usize = 6;

/// The length of one pane, in milliseconds; all panes are a minute, as long as an operator waits for an effect.
pub const PANE_MS: u64 = 10_000;

/// What the command line takes of a gate that it asks, in bytes.
pub const DESK_ANSWER_BYTES_MAX: usize = 8 << 20;

/// How long the command line waits for a gate that it asks: it is near, and answers from memory.
pub const DESK_WAIT: Duration = Duration::from_secs(3);

/// A line of an event that the command line takes, in bytes.
pub const DESK_LINE_BYTES_MAX: usize = 64 << 10;
