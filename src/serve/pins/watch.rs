//! The gate's own look at the list: every few minutes, and whenever something gives cause.
//!
//! **When.** As often as the policy says, a tenth earlier or later, for replicas not to ask together; at the next
//! tick after somebody was shown a changed tool, after the server said that its list changed, and after it came back.
//! **When the server does not answer** the pause is doubled, up to [`PIN_BACKOFF_DOUBLINGS_MAX`] times, and nothing
//! is refused for it: calls are looked at before they go on. **What it is not.** Not for child processes: one more
//! of them could disturb the others, and says nothing of theirs; nor where the server is reached in the name of its
//! callers, for the gate has none of its own then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use ring::rand::{SecureRandom, SystemRandom};

use super::Turns;
use crate::bounds::{PIN_BACKOFF_DOUBLINGS_MAX, PIN_JITTER_PERMILLE, PIN_OWN_WAIT};
use crate::gate::Inventory;
use crate::policy::Policy;
use crate::report::{PinAsker, PinResult};
use crate::serve::house::House;
use crate::serve::inquiry::{Asked, inquire};

/// What is known of the gate's own questions.
#[derive(Debug, Default)]
pub struct PinWatch {
    /// Whose turn it is before calls.
    pub(super) turns: Turns,
    plan: Mutex<Plan>,
    is_asking: AtomicBool,
}

#[derive(Debug, Default)]
struct Plan {
    /// When the last question was, and how much later than `every` the next one is.
    last: Option<(Instant, Duration)>,
    failures: u32,
}

impl PinWatch {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A poisoned lock holds times that are whole after every step.
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// How long after the last question the next one is due.
    fn pause(&self, every: Duration) -> Duration {
        every.saturating_mul(1 << self.failures.min(PIN_BACKOFF_DOUBLINGS_MAX))
    }

    fn is_due(&mut self, every: Duration, now: Instant) -> bool {
        match self.last {
            Some((last, jitter)) => now.saturating_duration_since(last) >= self.pause(every) + jitter,
            None => {
                self.last = Some((now, Duration::ZERO));
                false
            }
        }
    }
}

/// Asks, if it is time to.
pub async fn look(house: Arc<House>) {
    let policy = house.live.policy();
    let Some(every) = policy.pins.every.filter(|_| policy.has_pins()) else { return };
    if house.upstream.target().is_none() {
        return;
    }
    let is_scheduled = house.pins.plan().is_due(every, Instant::now());
    if !(house.gate.wants_survey() || is_scheduled) || house.pins.is_asking.swap(true, Ordering::Relaxed) {
        return;
    }
    ask(&house, &policy, every).await;
    house.pins.is_asking.store(false, Ordering::Relaxed);
}

async fn ask(house: &Arc<House>, policy: &Arc<Policy>, every: Duration) {
    let Some(target) = house.upstream.target().cloned() else { return };
    let mut headers = HeaderMap::new();
    match house.upstream.passes().pass(None).await {
        Ok(Some(pass)) => {
            let (name, value) = pass.header();
            headers.insert(name.clone(), value.clone());
        }
        Ok(None) => {}
        Err(fault) => {
            tracing::debug!(%fault, "the gate has no credential of its own to ask for the list with");
            return house.pins.plan().again(every, true);
        }
    }
    let asked_at = house.clock.now();
    match inquire(Asked::Network { target, headers }, PIN_OWN_WAIT).await {
        Ok(offer) => {
            let notices =
                house.gate.survey(policy, &Inventory::own(&offer.tools), asked_at).unwrap_or_default();
            house.tell_drifts(policy, &notices);
            house.metrics.pins_checked(PinAsker::Own, PinResult::of(&notices));
            house.pins.plan().again(every, true);
        }
        Err(fault) => {
            tracing::warn!(%fault, "the gate could not ask the server for its list of tools");
            house.metrics.pins_checked(PinAsker::Own, PinResult::Failed);
            house.pins.plan().again(every, false);
        }
    }
}

impl Plan {
    /// Notes that a question was asked, and how it went.
    fn again(&mut self, every: Duration, is_answered: bool) {
        self.failures = if is_answered { 0 } else { self.failures.saturating_add(1) };
        let mut byte = [0; 1];
        // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
        SystemRandom::new().fill(&mut byte).expect("the system gives random bits");
        let most = every.mul_f64(PIN_JITTER_PERMILLE as f64 / 1000.0);
        self.last = Some((Instant::now(), most.mul_f64(f64::from(byte[0]) / 255.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_ever_more_seldom_while_nobody_answers() {
        let (every, start) = (Duration::from_secs(300), Instant::now());
        let mut plan = Plan::default();
        assert!(!plan.is_due(every, start), "the first time is a pause after the start");
        assert!(!plan.is_due(every, start + every - Duration::from_secs(1)));
        assert!(plan.is_due(every, start + every));
        let pauses: Vec<u64> = (0..7)
            .map(|_| {
                plan.again(every, false);
                plan.pause(every).as_secs()
            })
            .collect();
        assert_eq!(pauses, [600, 1_200, 2_400, 4_800, 4_800, 4_800, 4_800]);
        plan.again(every, true);
        assert_eq!(plan.pause(every), every);
        let (last, jitter) = plan.last.expect("it was asked");
        assert!(jitter <= every / 10 && !plan.is_due(every, last + every / 2), "{jitter:?}");
        assert!(plan.is_due(every, last + every + every / 10));
    }
}
