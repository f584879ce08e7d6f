//! The list before a call on the pipe: the gate's own question in the client's one session.
//!
//! The pipe waits for nobody, so a call whose client was not shown the list of late is held here while the gate
//! asks for it, and whatever else the client says goes on. When the last page has come, or time is up, every
//! call that was held is judged again and goes on or is refused.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::pipe::{Pipe, Words, withheld};
use crate::bounds::{INQUIRY_BYTES_MAX, INQUIRY_PAGES_MAX, PIN_CHECK_WAIT, PIN_HELD_MAX, POLICY_TOOLS_MAX};
use crate::gate::{Denial, Inventory, PageFault};
use crate::mcp::Id;
use crate::names::Now;
use crate::report::{PinAsker, PinResult};
use crate::serve::child::oneline::OneLine;
use crate::serve::journey::Journey;
use crate::serve::pins::{question_id, words as fault_words};

/// A list that is being asked for, and the calls that wait for it.
pub(super) struct Lists {
    /// The page that is awaited.
    question: Journey,
    tools: Vec<String>,
    cursors: HashSet<String>,
    until: Instant,
    asked_at: Now,
    held: Vec<(Journey, Option<u64>)>,
}

impl Pipe {
    /// Holds a call until its client was shown the list.
    pub(super) fn hold(&mut self, mut call: Journey, batch: Option<u64>, words: &mut Words) {
        match &mut self.lists {
            Some(lists) if lists.held.len() >= PIN_HELD_MAX => {
                let denial = Denial::Unverified("too many calls wait for the list".into());
                let refused = withheld(&mut call, &denial);
                words.client.extend(self.flights.hand_over(batch, refused));
            }
            Some(lists) => {
                self.flights.delay(batch);
                lists.held.push((call, batch));
            }
            None => {
                self.flights.delay(batch);
                let asked_at = self.house.clock.now();
                let question = self.page(&mut call, None);
                let until = Instant::now() + PIN_CHECK_WAIT;
                let (tools, cursors, held) = (Vec::new(), HashSet::new(), vec![(call, batch)]);
                self.lists = Some(Lists { question, tools, cursors, until, asked_at, held });
                self.say_question(words);
            }
        }
    }

    fn page(&self, call: &mut Journey, cursor: Option<&str>) -> Journey {
        let ticket = self.house.gate.inventory(call.ticket(), &question_id(), cursor);
        Journey::begin(&self.house, ticket, std::time::Instant::now(), Duration::ZERO)
    }

    /// Writes the question down, and sends it.
    fn say_question(&mut self, words: &mut Words) {
        let Some(lists) = &mut self.lists else { return };
        if let Err(denial) = self.house.vouch_blocking(lists.question.ticket()) {
            return self.finish_lists(&Err(denial), words);
        }
        match OneLine::parse(&lists.question.ticket().body()) {
            Some(line) => {
                lists.question.forward();
                words.server.push(line);
            }
            None => self.finish_lists(&Err(Denial::Internal("a question is no JSON".into())), words),
        }
    }

    /// Whether an answer to `id` is a page that the gate asked for.
    pub(super) fn is_page(&mut self, id: &Id) -> bool {
        let asked = self.lists.as_mut().map(|lists| lists.question.ticket().record().request_id.clone());
        asked.is_some_and(|asked| asked.as_ref() == Some(id))
    }

    /// Reads a page, and asks for the next one or lets go of what was held.
    pub(super) fn listed(&mut self, body: &Bytes, words: &mut Words) {
        let Some(mut lists) = self.lists.take() else { return };
        let read = self.house.gate.read_page(lists.question.ticket(), body, &mut lists.tools);
        lists.question.sent(0);
        let outcome = match read {
            Ok(None) => self.surveyed(&mut lists),
            Ok(Some(cursor)) => {
                let bytes: usize = lists.tools.iter().map(String::len).sum();
                let is_within = lists.tools.len() <= POLICY_TOOLS_MAX
                    && bytes <= INQUIRY_BYTES_MAX
                    && lists.cursors.len() < INQUIRY_PAGES_MAX;
                if is_within && lists.cursors.insert(cursor.clone()) {
                    lists.question.acknowledged();
                    if let Some((call, _)) = lists.held.first_mut() {
                        lists.question = self.page(call, Some(&cursor));
                        self.lists = Some(lists);
                        return self.say_question(words);
                    }
                    return;
                }
                Err(Denial::Unverified("the server's list has no end".into()))
            }
            Err(PageFault::Unlisted) => {
                if let Some((call, _)) = lists.held.first_mut() {
                    self.house.gate.settle_unlisted(call.ticket(), lists.asked_at);
                }
                self.house.metrics.pins_checked(PinAsker::Caller, PinResult::Unlisted);
                Ok(())
            }
            Err(fault) => Err(Denial::Unverified(fault_words(fault).into())),
        };
        self.lists = Some(lists);
        self.finish_lists(&outcome, words);
    }

    fn surveyed(&self, lists: &mut Lists) -> Result<(), Denial> {
        let Some((call, _)) = lists.held.first_mut() else { return Ok(()) };
        let policy = std::sync::Arc::clone(call.ticket().policy());
        let inventory = Inventory::of(call.ticket(), &lists.tools);
        let notices = self.house.gate.survey(&policy, &inventory, lists.asked_at);
        let notices = notices.ok_or_else(|| Denial::Unverified(fault_words(PageFault::Unreadable).into()))?;
        self.house.tell_drifts(&policy, &notices);
        self.house.metrics.pins_checked(PinAsker::Caller, PinResult::of(&notices));
        Ok(())
    }

    /// Lets go of what was held: refuses it, or judges it again.
    pub(super) fn finish_lists(&mut self, outcome: &Result<(), Denial>, words: &mut Words) {
        let Some(mut lists) = self.lists.take() else { return };
        match outcome {
            Ok(()) => lists.question.acknowledged(),
            Err(denial) => {
                lists.question.withhold(denial);
                self.house.metrics.pins_checked(PinAsker::Caller, PinResult::Failed);
            }
        }
        let now = self.house.clock.now();
        for (mut call, batch) in lists.held {
            self.flights.resume(batch);
            let judged = outcome.clone().and_then(|()| self.house.gate.recheck(call.ticket(), now));
            match judged {
                Ok(()) => self.forward(call, batch, words),
                Err(denial) => {
                    let refused = withheld(&mut call, &denial);
                    words.client.extend(self.flights.hand_over(batch, refused));
                }
            }
        }
    }

    /// Forgets a call that is held and that its client takes back; whether there was one.
    pub(super) fn release(&mut self, id: &Id) -> bool {
        let Some(lists) = &mut self.lists else { return false };
        let is_it = |call: &mut Journey| call.ticket().record().request_id.as_ref() == Some(id);
        let Some(place) = lists.held.iter_mut().position(|(call, _)| is_it(call)) else { return false };
        let (_, batch) = lists.held.remove(place);
        self.flights.resume(batch);
        if lists.held.is_empty() {
            // Nobody waits for the list any more; its answer is one to nothing.
            self.lists = None;
        }
        true
    }

    /// Gives up a list that does not come in time.
    pub(super) fn give_up_list(&mut self, words: &mut Words) {
        self.finish_lists(&Err(Denial::Unverified("no list in time".into())), words);
    }

    /// When the list comes too late.
    pub(super) fn lists_due(&self) -> Option<Instant> {
        self.lists.as_ref().map(|lists| lists.until)
    }

    /// Whether nothing of the client waits, neither for an answer nor for the list.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.len() == 0 && self.lists.is_none()
    }
}
