//! Bounds of limits.

use std::time::Duration;

/// How much a budget may be of: what 38 bits hold twice over, so that an overdraft and some debt fit. A
/// hundred gigabytes or tokens in one window of one caller.
pub const BUDGET_MAX: u64 = 100_000_000_000;

/// How long the fullest cell of a limit stands in metrics: as long as two scrapes are apart, twice.
pub const LIMIT_TIDE: Duration = Duration::from_secs(60);

/// Guesses of how long answers are: tools of a server, and room for their hashes to miss each other.
pub const ESTIMATES: usize = 4_096;

/// How many bytes the first answer of a tool is taken to have: a page of text.
pub const ESTIMATE_BYTES: u64 = 4_096;

/// Requests that may wait for a place under one limit and one key: a queue is for a moment, not for a crowd.
pub const LIMIT_QUEUE_MAX: u32 = 1_024;

/// How long a request may wait for a place: clients give up soon after.
pub const LIMIT_QUEUE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Rounds of calls remembered that servers have asked for, about 0.1 KB each. One that is forgotten counts as a
/// call of its own.
pub const ROUNDS_MAX: usize = 16_384;

/// How long the next round of a call may take to count as the same call: a person is asked in between.
pub const ROUND_LIFE_MAX: Duration = Duration::from_secs(600);
