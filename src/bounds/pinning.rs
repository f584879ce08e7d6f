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
