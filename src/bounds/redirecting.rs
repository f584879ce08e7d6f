//! Connections that the kernel brings to the gate.

use std::time::Duration;

/// How long the kernel may take to say what came of a table of nftables: it may load modules first.
pub const REDIRECT_ANSWER_MAX: Duration = Duration::from_secs(10);

/// How long the gate looks at start whether its own connections come back to it: they do so at once.
pub const CIRCLE_LOOK_MAX: Duration = Duration::from_millis(200);
