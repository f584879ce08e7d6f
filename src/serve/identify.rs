//! Finding out who calls, where that takes asking somebody.

use std::sync::Arc;

use super::house::House;
use crate::gate::{Ask, Denial};
use crate::identity::{Caller, Finding};
use crate::policy::Policy;

/// Finds out who calls; almost always without waiting, and else for at most `FETCH_WAIT`.
///
/// # Errors
/// [`Denial::Unidentified`]: no credential, one that does not hold, or one that nobody can judge now.
pub async fn identify(house: &House, policy: &Policy, ask: &Ask<'_>) -> Result<Arc<Caller>, Denial> {
    let finding = match house.gate.identify(policy, ask) {
        Finding::Pending(inquiry) => {
            house.keys.settle(&policy.directory, &inquiry).await;
            // Time has gone on while others were asked.
            let Ask { errand, origin, .. } = ask;
            let now = house.clock.now();
            house.gate.identify(policy, &Ask { errand: errand.clone(), origin: origin.clone(), now, ..*ask })
        }
        finding => finding,
    };
    finding.settled().map_err(Denial::Unidentified)
}
