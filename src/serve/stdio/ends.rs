//! How requests on the pipe end without an answer: given up, lost with the server, or withheld.

use super::pipe::{Pipe, Words, withheld};
use crate::gate::Denial;
use crate::mcp::Id;

impl Pipe {
    /// Gives up the request that has waited too long, and tells both sides.
    pub(super) fn give_up(&mut self, id: &Id, words: &mut Words) {
        let Some(flight) = self.flights.get(id) else { return };
        let notice = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{},"reason":"no answer in time"}}}}"#,
            id.raw()
        );
        let ticket = self.house.gate.objection(flight.journey.ticket(), notice.into());
        words.server.extend(self.own_words(ticket));
        self.withhold(id, &Denial::UpstreamTimeout, words);
    }

    /// Answers everything that still waits: the server has gone.
    pub(super) fn lost(&mut self, words: &mut Words) {
        let denial = Denial::Unreachable("the server process has ended".into());
        self.finish_lists(&Err(denial.clone()), words);
        while let Some(id) = self.flights.oldest() {
            self.withhold(&id, &denial, words);
        }
        self.own.acknowledged();
    }

    pub(super) fn withhold(&mut self, id: &Id, denial: &Denial, words: &mut Words) {
        let Some(flight) = self.flights.get(id) else { return };
        let line = withheld(&mut flight.journey, denial);
        words.client.extend(self.flights.end(id, line));
    }
}
