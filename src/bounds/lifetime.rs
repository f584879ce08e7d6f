//! How long the process takes to come and to go.

use std::time::Duration;

/// Threads that serve, where nobody says how many: two carry more than one server answers, and a container without a
/// limit of CPU sees every core of its node.
pub const THREADS_USUAL_MAX: usize = 2;

/// How long the gate goes on as before once it was asked to drain: that it is not ready any more takes some
/// seconds to reach every proxy that routes to it.
pub const DRAIN_QUIET: Duration = Duration::from_secs(5);

/// How long `sluicegate drain` waits for the gate's word: it is in the same pod, and the kubelet waits for both.
pub const DRAIN_ASK_MAX: Duration = Duration::from_secs(2);

/// What an operator sends with a change, in bytes: the word for a level.
pub const ADMIN_BODY_BYTES_MAX: usize = 64;

/// How seldom the same complaint about peers is told again, however many there are.
pub const COMPLAINT_PAUSE: Duration = Duration::from_secs(1);

/// What a stream has left, after the drain deadline, to say its last word.
pub const LAST_WORDS_WAIT: Duration = Duration::from_millis(500);

/// How long the accept loops may take to end once told: they only have to notice.
pub const DOORS_WAIT: Duration = Duration::from_secs(2);
