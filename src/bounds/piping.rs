//! A server that is spoken to over pipes.

use std::time::Duration;

/// Requests that wait on the pipe of `sluicegate stdio`: a model calls a handful of tools at once.
pub const PIPE_IN_FLIGHT_MAX: usize = 256;

/// How long a piped server may take to end after its input was closed, and again after SIGTERM. SDK
/// clients wait 2 s for us before they send us SIGTERM, and 2 s more before SIGKILL.
pub const PIPE_GRACE: Duration = Duration::from_millis(700);

/// How long what an ended server wrote last is read: what it started may hold its pipes open.
pub const PIPE_DRAIN_WAIT: Duration = Duration::from_millis(200);
