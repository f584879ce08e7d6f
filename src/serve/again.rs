//! Sending a request, and once more where that is safe, allowed and within the budget.
//!
//! Safe means: not a byte of it was sent, or doing it twice is approved to be as doing it once. All attempts
//! together have the time of one.

use http::{HeaderMap, Method, Response};

use super::bare::Answer;
use super::journey::Journey;
use super::pool::Line;
use super::waits::Waits;
use crate::gate::{Denial, Repeat};
use crate::limit::breaker::OutcomeClass;

/// Sends what a journey's ticket allows, and waits for the head of the answer.
///
/// # Errors
/// As [`super::upstream::Upstream::send`], of the last attempt.
pub async fn send(
    journey: &mut Journey,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(Response<Answer>, Line), Denial> {
    let house = std::sync::Arc::clone(journey.house());
    let mut waits = Waits::of(journey.ticket().policy());
    let mut attempts = 0;
    journey.forward();
    loop {
        attempts += 1;
        let sent = house.upstream.send(journey.ticket(), method, headers, waits).await;
        let class = match &sent {
            Ok((answer, _)) => OutcomeClass::of_status(answer.status().as_u16()),
            Err(trouble) if trouble.is_unsent => Some(OutcomeClass::ConnectFailed),
            Err(trouble) => {
                journey.ticket().reached();
                matches!(trouble.denial, Denial::UpstreamTimeout).then_some(OutcomeClass::TimedOut)
            }
        };
        let Some(class) = class else { return sent.map_err(|trouble| trouble.denial) };
        let rest = journey.rest_of(waits.answer);
        waits.head = Some(rest);
        let repeat = if rest.is_zero() {
            Repeat::Never
        } else {
            house.gate.repeat(journey.ticket(), class, attempts, house.clock.now())
        };
        match repeat {
            Repeat::Now => house.metrics.repeated(),
            Repeat::BudgetSpent => {
                house.metrics.budget_spent();
                return sent.map_err(|trouble| trouble.denial);
            }
            Repeat::Never => return sent.map_err(|trouble| trouble.denial),
        }
    }
}
