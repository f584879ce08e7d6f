//! Finding out who calls, where that takes asking somebody.

use std::sync::Arc;

use super::house::House;
use crate::gate::{Ask, Denial};
use crate::identity::{Caller, Finding, Inquiry, Refused};
use crate::policy::Policy;

/// Finds out who calls; almost always without waiting, and else for at most `FETCH_WAIT`.
///
/// # Errors
/// [`Denial::Unidentified`]: no credential, one that does not hold, or one that nobody can judge now.
pub async fn identify(house: &House, policy: &Policy, ask: &Ask<'_>) -> Result<Arc<Caller>, Denial> {
    let finding = match house.gate.identify(policy, ask) {
        Finding::Pending(inquiry) => {
            settle(house, policy, &inquiry).await;
            // Time has gone on while others were asked.
            let Ask { errand, origin, .. } = ask;
            let now = house.clock.now();
            let ask = Ask { errand: errand.clone(), origin: origin.clone(), now, ..*ask };
            let finding = house.gate.identify(policy, &ask);
            // What an issuer said is remembered, so the second look is a cheap one and counts for nothing.
            if let (Inquiry::Token(_), Finding::Refused(Refused::Invalid(_))) = (&inquiry, &finding) {
                house.gate.suspect(&ask);
            }
            finding
        }
        finding => finding,
    };
    finding.settled().map_err(Denial::Unidentified)
}

/// Asks whoever an inquiry is for. Whether it helped, the next look at the evidence tells.
async fn settle(house: &House, policy: &Policy, inquiry: &Inquiry) {
    match inquiry {
        Inquiry::Keys(_) => house.keys.settle(&policy.directory, inquiry).await,
        Inquiry::Token(token) => {
            let answer = match policy.directory.introspection() {
                Some(place) => house.introspector.ask(place, token).await,
                None => None,
            };
            policy.directory.hear(token, answer.as_deref(), house.clock.now());
        }
    }
}
