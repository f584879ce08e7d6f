//! The bounds of asking a server what it offers, and of what was approved of it.

use std::time::Duration;

use super::ANSWER_BYTES_MAX;

/// Bytes of a list of tools that is to be approved, all pages together: as much as one answer may have,
/// and five times what fits into a lock file.
pub const INQUIRY_BYTES_MAX: usize = ANSWER_BYTES_MAX;

/// Pages of such a list: enough for as many tools as there may be, sixteen on each.
pub const INQUIRY_PAGES_MAX: usize = 256;

/// How long a server on pipes may be silent at the first question, before it is asked the older one, too.
pub const INQUIRY_PROBE_WAIT: Duration = Duration::from_secs(3);

/// How long it may take to give a session back that nobody uses.
pub const INQUIRY_CLOSE_WAIT: Duration = Duration::from_secs(2);

/// How often the gate asks a server for its list by itself, where the policy does not say: servers that are changed
/// behind our back are changed for hours, and a list is one request for each page.
pub const PIN_EVERY: Duration = Duration::from_secs(5 * 60);

/// The least that a policy may say there: more often would be load and no more knowledge.
pub const PIN_EVERY_MIN: Duration = Duration::from_secs(30);

/// How old what a caller was shown may be when it calls, where the policy does not say: a talk calls every few
/// seconds, so that few calls wait for a list, and none goes by what is older than a person needs to look.
pub const PIN_BEFORE_CALL: Duration = Duration::from_secs(60);

/// How long a call waits for the list before it is refused: five times what a slow list of 4 MiB takes over a local
/// network.
pub const PIN_CHECK_WAIT: Duration = Duration::from_secs(5);

/// How long the gate's own question may take; nobody waits for it.
pub const PIN_OWN_WAIT: Duration = Duration::from_secs(30);

/// Processes of a server that are asked for their lists at once: each list may be as large as an answer may be.
pub const PIN_CHILDREN_AT_ONCE: usize = 4;

/// How often it is looked whether a question of the gate's own is due.
pub const PIN_LOOK_PAUSE: Duration = Duration::from_secs(1);

/// How much earlier or later the gate asks, in thousandths, so that replicas do not ask together.
pub const PIN_JITTER_PERMILLE: u64 = 100;

/// How many times in a row the pause is doubled while the server does not answer: from 5 min to 80 min.
pub const PIN_BACKOFF_DOUBLINGS_MAX: u32 = 4;

/// How long a difference that one caller was shown keeps a tool shut, after it was seen last: a server that
/// is rolled out or back is the same for all within the hour.
pub const PIN_SIGHT_LIFE: Duration = Duration::from_secs(3_600);

/// Callers of which it is remembered what they were shown of one changed tool. Further ones change nothing: the tool
/// is shut already.
pub const PIN_SIGHTS_MAX: usize = 8;

/// Callers of which it is remembered when they were shown the whole list, some 60 bytes each. One that is forgotten
/// is shown it once more.
pub const PIN_CALLERS_MAX: usize = 16_384;

/// Tools without approval of which it is remembered that they were told of.
pub const PIN_STRANGERS_MAX: usize = 256;

/// Calls that wait in one pipe for the list: as many as a client has in flight.
pub const PIN_HELD_MAX: usize = 256;
