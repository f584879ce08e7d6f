//! How requests on the pipe end without an answer: given up, taken back, lost with the server, or withheld.

use super::pipe::{Pipe, Words, withheld};
use crate::gate::{Denial, Stray};
use crate::json::Value;
use crate::mcp::Id;
use crate::serve::child::oneline::OneLine;
use crate::serve::journey::Journey;

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

    /// Ends a request that the client takes back: nothing more is owed.
    pub(super) fn cancel(
        &mut self,
        journey: &mut Journey,
        params: Option<Value<'_>>,
        words: &mut Words,
    ) -> Result<(), Option<OneLine>> {
        let id = params.and_then(|params| params.get("requestId")).and_then(|id| Id::read(id).ok());
        if id.as_ref().is_some_and(|id| self.release(id, words)) {
            journey.acknowledged();
            return Err(None);
        }
        match id.filter(|id| self.flights.holds(id)) {
            Some(id) => {
                // The other answers of its batch may have waited for nothing else.
                words.client.extend(self.flights.end(&id, None));
                Ok(())
            }
            None => {
                self.house.metrics.strayed(Stray::CancelUnknown);
                Err(withheld(journey, &Denial::Stray(Stray::CancelUnknown)))
            }
        }
    }

    pub(super) fn withhold(&mut self, id: &Id, denial: &Denial, words: &mut Words) {
        let Some(flight) = self.flights.get(id) else { return };
        let line = withheld(&mut flight.journey, denial);
        words.client.extend(self.flights.end(id, line));
    }
}
