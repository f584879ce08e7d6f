//! Asking a store one thing, for so long and no longer.

use std::fmt;
use std::time::Duration;

use redis::{FromRedisValue, RedisError, ScriptInvocation};
use tokio::time::timeout;

use super::link::{Link, words};
use crate::limit::{Grant, Inquiry};

/// Why there is no answer.
pub(super) enum NoAnswer {
    Fault(RedisError),
    Late,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => f.write_str(&words(fault)),
            Self::Late => f.write_str("no answer in time"),
        }
    }
}

/// Runs a script.
///
/// # Errors
/// [`NoAnswer`], after `wait` at the latest; the store may have run it all the same.
pub(super) async fn ask<T: FromRedisValue>(
    link: &Link,
    invocation: &ScriptInvocation<'_>,
    wait: Duration,
) -> Result<T, NoAnswer> {
    match timeout(wait, link.run(invocation)).await {
        Ok(answer) => answer.map_err(NoAnswer::Fault),
        Err(_) => Err(NoAnswer::Late),
    }
}

/// Reads an answer of `take.lua`; `None` where it is none.
pub(super) fn read_grant(inquiry: &Inquiry, answer: &[i64]) -> Option<Grant> {
    let numbers: Option<Vec<u64>> = answer.iter().map(|number| u64::try_from(*number).ok()).collect();
    match &*numbers? {
        [0, runs @ ..] if runs.len() == inquiry.levels.len() => Some(Grant::Taken(runs.to_vec())),
        [place, wait] if *place > 0 => {
            let level = usize::try_from(place - 1).ok().filter(|level| *level < inquiry.levels.len())?;
            Some(Grant::Refused { level, wait: *wait })
        }
        _ => None,
    }
}
