//! The requests in flight on one carrier of many: each waits here, with its ticket, for its answer.
//!
//! Where every request has an exchange of its own, the exchange holds its journey. Where all answers come
//! on one carrier, this says which journey an answer belongs to. An answer to none is worth nothing, and
//! dropping the tickets ends every journey that was left.

use std::collections::HashMap;
use std::time::Instant;

use super::journey::Journey;
use crate::bounds::TICKETS_PER_CARRIER_MAX;
use crate::json::Document;
use crate::mcp::{Id, Message, Sender, envelope};

/// The journeys that wait for their answers.
#[derive(Default)]
pub struct Tickets {
    waiting: HashMap<Id, Waiting>,
    turn: u64,
}

struct Waiting {
    journey: Journey,
    turn: u64,
    /// When the answer comes too late.
    until: Option<Instant>,
}

/// One place among the tickets: an id may be used again once it was answered, a turn never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    id: Id,
    number: u64,
}

/// Why a request cannot wait here; the client's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// `TICKETS_PER_CARRIER_MAX` wait already.
    Full,
    /// Another request with this id waits: nobody could tell their answers apart.
    Taken,
}

impl Tickets {
    /// Whether a request with this id can wait.
    ///
    /// # Errors
    /// [`NoRoom`], the client's fault.
    pub fn room(&self, id: &Id) -> Result<(), NoRoom> {
        if self.waiting.contains_key(id) {
            return Err(NoRoom::Taken);
        }
        if self.waiting.len() >= TICKETS_PER_CARRIER_MAX { Err(NoRoom::Full) } else { Ok(()) }
    }

    /// Lets a journey wait for the answer to `id`; ask for [`Tickets::room`] first, under the same lock.
    pub fn add(&mut self, id: Id, journey: Journey, until: Option<Instant>) -> Turn {
        self.turn += 1;
        let number = self.turn;
        self.waiting.insert(id.clone(), Waiting { journey, turn: number, until });
        Turn { id, number }
    }

    /// Takes out the journey that an answer to `id` belongs to.
    pub fn take(&mut self, id: &Id) -> Option<Journey> {
        self.waiting.remove(id).map(|waiting| waiting.journey)
    }

    /// Takes out the journey of one turn, unless it was answered.
    pub fn take_turn(&mut self, turn: &Turn) -> Option<Journey> {
        let is_there = self.waiting.get(&turn.id).is_some_and(|waiting| waiting.turn == turn.number);
        is_there.then(|| self.take(&turn.id)).flatten()
    }

    /// Takes out the journeys whose requests the client has taken back.
    pub fn take_cancelled(&mut self) -> Vec<Journey> {
        self.take_where(|waiting| waiting.journey.is_cancelled())
    }

    /// Takes out the journeys whose answers come too late.
    pub fn take_late(&mut self, now: Instant) -> Vec<Journey> {
        self.take_where(|waiting| waiting.until.is_some_and(|until| until <= now))
    }

    /// Takes out every journey.
    pub fn take_all(&mut self) -> Vec<Journey> {
        self.take_where(|_| true)
    }

    /// When the next answer comes too late.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.values().filter_map(|waiting| waiting.until).min()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn take_where(&mut self, mut fits: impl FnMut(&mut Waiting) -> bool) -> Vec<Journey> {
        self.waiting.extract_if(|_, waiting| fits(waiting)).map(|(_, waiting)| waiting.journey).collect()
    }
}

/// Which request a message of the server answers; `None` for anything else, and for what is no message.
pub fn answered(body: &[u8]) -> Option<Id> {
    let document = Document::parse(body).ok()?;
    match envelope::read(&document, Sender::Server).ok()? {
        Message::Error { id, .. } => id,
        Message::Result { id, .. } => Some(id),
        Message::Notification { .. } | Message::Request { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_answers_from_other_messages() {
        let id = |body: &str| answered(body.as_bytes()).map(|id| id.raw().to_owned());
        for (body, wanted) in [
            (r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, Some("7")),
            (r#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m"}}"#, Some("\"a\"")),
            (r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#, None),
            (r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#, None),
            (r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#, None),
            (r#"{"jsonrpc":"2.0","id":7,"id":8,"result":{}}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(id(body).as_deref(), wanted, "{body}");
        }
    }
}
