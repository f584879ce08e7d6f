//! The gate's own look at the list: every few minutes, and whenever something gives cause.
//!
//! **When.** As often as the policy says, a tenth earlier or later, for replicas not to ask together; at the next
//! tick after somebody was shown a changed tool, after the server said that its list changed, and after it came back.
//! **When the server does not answer** the pause is doubled, up to [`PIN_BACKOFF_DOUBLINGS_MAX`] times, and nothing
//! is refused for it: calls are looked at before they go on. **Child processes** are asked each for itself, in the
//! session of whoever it serves, since one more of them could disturb the others and says nothing of theirs; where
//! none runs, nobody is asked. **What it is not.** Not for a server that is reached in the name of its callers, for the
//! gate has none of its own then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use http::HeaderMap;
use ring::rand::{SecureRandom, SystemRandom};

use super::Turns;
use crate::bounds::{PIN_BACKOFF_DOUBLINGS_MAX, PIN_CHILDREN_AT_ONCE, PIN_JITTER_PERMILLE, PIN_OWN_WAIT};
use crate::gate::{Inventory, PinNotice};
use crate::names::Now;
use crate::policy::Policy;
use crate::report::{PinAsker, PinResult};
use crate::serve::bridge::Bridge;
use crate::serve::house::House;
use crate::serve::inquiry::{Asked, InquiryFault, inquire};

/// What is known of the gate's own questions.
#[derive(Debug, Default)]
pub struct PinWatch {
    /// Whose turn it is before calls.
    pub(super) turns: Turns,
    plan: Mutex<Plan>,
    is_asking: AtomicBool,
    /// How many processes of the server had been followed by another one.
    renewals: AtomicU64,
}

/// JSON-RPC's code for a method that is not there. Source: JSON-RPC 2.0, 5.1.
const NO_METHOD: i64 = -32_601;

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
    if house.pins.is_asking.swap(true, Ordering::Relaxed) {
        return;
    }
    if let Some(every) = house.pins.is_due(&house, &policy) {
        let asked_at = house.clock.now();
        let told = match house.upstream.bridge().cloned() {
            Some(bridge) => survey_children(&house, &policy, &bridge, asked_at).await,
            None => survey(&house, &policy, asked_at).await,
        };
        house.pins.told(&house, &policy, every, told);
    }
    house.pins.is_asking.store(false, Ordering::Relaxed);
}

/// What a question of the gate's own brought.
#[derive(Debug)]
pub enum Told {
    /// No answer, or none that can be read.
    Failed(String),
    /// Nobody to ask.
    Nobody,
    /// A list, and what is new in it.
    Seen(Vec<PinNotice>),
}

impl PinWatch {
    /// Whether a question is due: by the clock, or for a cause. How long until the next one, then.
    pub fn is_due(&self, house: &House, policy: &Policy) -> Option<Duration> {
        let every = policy.pins.every.filter(|_| policy.has_pins())?;
        let is_scheduled = self.plan().is_due(every, Instant::now());
        (house.gate.wants_survey() || is_scheduled).then_some(every)
    }

    /// Notes what came of a question, and tells of it.
    pub fn told(&self, house: &House, policy: &Policy, every: Duration, told: Told) {
        let is_answered = !matches!(told, Told::Failed(_));
        match told {
            Told::Failed(fault) => {
                tracing::warn!(fault, "the gate could not ask the server for its list of tools");
                house.metrics.pins_checked(PinAsker::Own, PinResult::Failed);
            }
            Told::Nobody => {}
            Told::Seen(notices) => {
                house.tell_drifts(policy, &notices);
                house.metrics.pins_checked(PinAsker::Own, PinResult::of(&notices));
            }
        }
        self.plan().again(every, is_answered);
    }

    /// Whether processes of the server have ended since this was asked last.
    pub fn is_renewed(&self, renewals: u64) -> bool {
        // Who reads a newer count has to see what led to it; nothing else hangs on it.
        self.renewals.load(Ordering::Relaxed) != renewals
            && self.renewals.swap(renewals, Ordering::AcqRel) != renewals
    }
}

/// Asks a server that is there, with the credential of the gate.
async fn survey(house: &Arc<House>, policy: &Arc<Policy>, asked_at: Now) -> Told {
    let mut headers = HeaderMap::new();
    match house.upstream.passes().pass(None).await {
        Ok(Some(pass)) => {
            let (name, value) = pass.header();
            headers.insert(name.clone(), value.clone());
        }
        Ok(None) => {}
        Err(fault) => {
            tracing::debug!(%fault, "the gate has no credential of its own to ask for the list with");
            return Told::Nobody;
        }
    }
    let Some(asked) = house.upstream.asked(headers) else { return Told::Nobody };
    match inquire(asked, PIN_OWN_WAIT).await {
        Ok(offer) => {
            let seen = house.gate.survey(policy, &Inventory::own(&offer.tools), asked_at);
            Told::Seen(seen.unwrap_or_default())
        }
        Err(fault) => Told::Failed(fault.to_string()),
    }
}

/// Asks every process of the server that serves somebody.
async fn survey_children(house: &Arc<House>, policy: &Arc<Policy>, bridge: &Bridge, asked_at: Now) -> Told {
    let running = bridge.running();
    if running.is_empty() {
        let notices = house.gate.survey_children(policy, (&[], &[]), asked_at).unwrap_or_default();
        house.tell_drifts(policy, &notices);
        return Told::Nobody;
    }
    let each = running.into_iter().map(|child| async move {
        let number = child.number();
        let answer = inquire(Asked::Running(child.clone()), PIN_OWN_WAIT).await;
        (number, child.is_running(), answer)
    });
    let answers: Vec<_> = stream::iter(each).buffer_unordered(PIN_CHILDREN_AT_ONCE).collect().await;
    let (mut lists, mut numbers, mut fault) = (Vec::new(), Vec::new(), None);
    // What has ended while it was asked says nothing to anybody any more.
    for (number, _, answer) in answers.into_iter().filter(|(_, is_running, _)| *is_running) {
        numbers.push(number);
        match answer {
            Ok(offer) => lists.push((number, offer.tools)),
            // It has no tools, and says so.
            Err(InquiryFault::Refused { code: NO_METHOD, .. }) => {}
            Err(other) => fault = Some(other.to_string()),
        }
    }
    let seen = house.gate.survey_children(policy, (&lists, &numbers), asked_at);
    match (seen, fault) {
        (Some(notices), None) => Told::Seen(notices),
        (Some(notices), Some(fault)) => {
            house.tell_drifts(policy, &notices);
            Told::Failed(fault)
        }
        (None, _) => Told::Failed("a list cannot be read".into()),
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
