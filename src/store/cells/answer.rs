//! Asking a store one thing, for so long and no longer: what its scripts are told, and what they say.

use std::fmt;
use std::time::Duration;

use redis::{FromRedisValue, RedisError, ScriptInvocation};
use tokio::time::timeout;

use super::link::{GIVE_BACK, LEND, Link, TELL, words};
use crate::bounds::{STORE_ANSWER_WAIT, STORE_HEARSAY_LIFE};
use crate::limit::{Answer, Asked, Grant, Inquiry, Measure, Order, Taken, Task};

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

/// Has the store do what one order says, for the replica of this name.
///
/// # Errors
/// See [`ask`].
pub(super) async fn carry(link: &Link, order: &Order, replica: &str) -> Result<Answer, NoAnswer> {
    match order.task {
        Task::GiveBack { pace, count, run } => {
            let mut invocation = GIVE_BACK.key(order.key.to_string());
            invocation.arg(pace.interval).arg(pace.life_ms()).arg(count).arg(run);
            ask::<i64>(link, &invocation, STORE_ANSWER_WAIT).await.map(|_| Answer::GivenBack)
        }
        Task::Lend { pace, debt, ago, want } => {
            let mut invocation = LEND.key(order.key.to_string());
            invocation.arg(pace.interval).arg(pace.burst).arg(pace.life_ms()).arg(debt).arg(ago).arg(want);
            let (count, wait, run, ahead) =
                ask::<(u64, u64, u64, u64)>(link, &invocation, STORE_ANSWER_WAIT).await?;
            // It never lends more than is wanted; if it did, that would be no answer of ours.
            Ok(Answer::Lent { count: count.min(want), wait, run, ahead })
        }
        Task::Tell(tell) => {
            let mut invocation = TELL.key(order.key.of_window(tell.end));
            invocation.arg(tell.amount).arg(tell.life_ms).arg(replica);
            invocation.arg(tell.birth).arg(tell.seq).arg(tell.own).arg(tell.want);
            invocation.arg(tell.others).arg(STORE_HEARSAY_LIFE.as_millis().to_string());
            let (held, used) = ask::<(u64, u64)>(link, &invocation, STORE_ANSWER_WAIT).await?;
            Ok(Answer::Told { seq: tell.seq, held: held.min(tell.want), used })
        }
    }
}

/// Adds one cell to what `take.lua` is asked.
pub(super) fn add_level(invocation: &mut ScriptInvocation<'_>, level: &Asked) {
    match (&level.numbers.measure, level.window) {
        (Measure::Budget(budget), Some(window)) => {
            invocation.key(level.key.of_window(window.end)).arg(window.life_ms()).arg(level.cost);
            invocation.arg(budget.amount()).arg(0).arg(budget.most());
            invocation.arg(window.left_ms.saturating_mul(1000));
        }
        (Measure::Budget(_), None) => {}
        (Measure::Rate(pace), _) => {
            invocation.key(level.key.to_string()).arg(pace.life_ms()).arg(level.cost);
            invocation.arg(pace.burst).arg(pace.interval).arg(0).arg(0);
        }
    }
}

/// Reads an answer of `take.lua`; `None` where it is none.
pub(super) fn read_grant(inquiry: &Inquiry, answer: &[i64]) -> Option<Grant> {
    let numbers: Option<Vec<u64>> = answer.iter().map(|number| u64::try_from(*number).ok()).collect();
    match &*numbers? {
        [0, pairs @ ..] if pairs.len() == 2 * inquiry.levels.len() => {
            let taken = pairs.chunks_exact(2).map(|pair| Taken { run: pair[0], used: pair[1] });
            Some(Grant::Taken(taken.collect()))
        }
        [place, wait] if *place > 0 => {
            let level = usize::try_from(place - 1).ok().filter(|level| *level < inquiry.levels.len())?;
            Some(Grant::Refused { level, wait: *wait })
        }
        _ => None,
    }
}
