//! The judgement of a message that may have to wait for the store of shared limits.
//!
//! The gate is pure: where a limit is held strictly it says what the store is to be asked, and takes nothing. This
//! asks, for a few milliseconds at most, and has the message judged again with the answer; the second judgement
//! is by the same policy at the same time. Without such a limit nothing is waited for, and nothing judged twice.

use std::sync::Arc;

use super::house::House;
use crate::gate::{Ask, Refusal, Ticket};
use crate::identity::Caller;
use crate::limit::StoreWord;
use crate::policy::Policy;

/// Judges one message from an identified client.
///
/// # Errors
/// See [`Gate::admit`](crate::gate::Gate::admit).
pub async fn admit(
    house: &House,
    policy: &Arc<Policy>,
    caller: &Arc<Caller>,
    ask: &Ask<'_>,
) -> Result<Ticket, Refusal> {
    let judged = match house.gate.admit(policy, caller, ask) {
        Err(Refusal { mut record, denial }) => match record.inquiry.take() {
            Some(inquiry) => {
                let grant = house.cells.take(&inquiry).await;
                let (errand, origin) = (ask.errand.clone(), ask.origin.clone());
                let word = StoreWord::Given(&inquiry, &grant);
                let ask = Ask { errand, origin, word, ..*ask };
                house.gate.admit_asked(policy, caller, &ask, &mut record)
            }
            None => Err(Refusal { record, denial }),
        },
        admitted => admitted,
    };
    house.cells.wake();
    judged
}
