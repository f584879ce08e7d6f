//! The gate's own question to a server that rests, where no call may try it; and a look whether one that could not be
//! reached is there again.
//!
//! It says that the server is there, and nothing of a tool: that a tool is well only its calls can show. Where the
//! gate cannot ask in its own name (a child behind pipes, a credential that is the caller's), a connection, or the
//! time that has passed, has to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Method};

use super::house::House;
use super::journey::Journey;
use super::waits::Waits;
use crate::bounds::BREAKER_PROBE_MAX;
use crate::gate::{Branch, Denial};
use crate::policy::Policy;

/// Asks as often as must go well, where something rests; ends with the first question that fails.
pub async fn ask(house: Arc<House>) {
    let policy = house.live.policy();
    for &branch in Branch::ALL {
        try_out(&house, &policy, branch).await;
    }
    // Else an idle gate would go on saying that a server is down which long is not.
    let waits = Waits { connect: BREAKER_PROBE_MAX, ..Waits::of(&policy) };
    if house.metrics.is_upstream_lost() && house.upstream.is_there(waits).await {
        house.reached();
    }
}

async fn try_out(house: &Arc<House>, policy: &Arc<Policy>, branch: Branch) {
    for _ in 0..policy.upstream.care.breaker.probes {
        let Some(ticket) = house.gate.question(policy, branch, house.clock.now()) else { return };
        let mut journey = Journey::begin(house, ticket, Instant::now(), Duration::ZERO);
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json, text/event-stream"));
        let waits = Waits { answer: BREAKER_PROBE_MAX, ..Waits::of(policy) };
        match house.upstream.knock(journey.ticket(), (&Method::POST, &headers), waits).await {
            Ok(status) => {
                house.reached();
                journey.answered(status);
                journey.acknowledged();
            }
            Err(Denial::Uncredited { .. } | Denial::Unexchanged(_)) => journey.acknowledged(),
            Err(denial) => {
                journey.withhold(&denial);
            }
        }
    }
}
