//! The one way of what the server says to the gate: prose that the policy wants read is read first.
//!
//! Reading happens on threads of its own, and this waits for it; what else the thread at hand has to do goes on
//! meanwhile. Messages of one stream stay in order, so one that is read holds up those behind it, for as long as the
//! policy lets it wait.

use bytes::Bytes;

use super::house::House;
use crate::gate::{Carrier, Said, Ticket, Unread};
use crate::policy::Policy;
use crate::scan::Told;

/// Has the prose of a message read, where the policy in force asks for that.
pub(super) async fn read<'s>(
    house: &House,
    policy: &Policy,
    ticket: &Ticket,
    body: &'s Bytes,
    carrier: Carrier,
) -> Said<'s> {
    let Some(plan) = &policy.prose else { return Said::plainly(body, carrier) };
    let read = match house.gate.prose(policy, ticket, body, carrier) {
        Ok(texts) if texts.is_empty() => Ok(Told::default()),
        Ok(texts) => match &house.reader {
            Some(reader) => Box::pin(reader.read(texts, plan)).await,
            // No policy takes effect that wants what is not there; were it so, nothing is read.
            None => Err(Unread::Failed),
        },
        Err(unread) => Err(unread),
    };
    if let Err(unread) = read {
        house.metrics.prose_unread(unread, plan.unread(&policy.redaction));
    }
    Said { body, carrier, read }
}
