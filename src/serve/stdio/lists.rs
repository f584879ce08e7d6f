//! The list before a call on the pipe: the gate's own question in the client's one session.
//!
//! The gate asks for it by itself, too, every few minutes and when something gives cause; calls that come meanwhile
//! wait for the same answer. The pipe waits for nobody, so a call whose client was not shown the list of late is held here while the gate
//! asks for it, and whatever else the client says goes on. When the last page has come, or time is up, every
//! call that was held is judged again and goes on or is refused.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::pipe::{Pipe, Words, withheld};
use crate::bounds::{
    INQUIRY_BYTES_MAX, INQUIRY_PAGES_MAX, PIN_CHECK_WAIT, PIN_HELD_MAX, PIN_OWN_WAIT, POLICY_TOOLS_MAX,
};
use crate::gate::{Denial, Inventory, PageFault, Standpoint};
use crate::mcp::Id;
use crate::names::Now;
use crate::policy::Policy;
use crate::report::{PinAsker, PinResult};
use crate::serve::child::oneline::OneLine;
use crate::serve::journey::Journey;
use crate::serve::pins::{Told, question_id, words as fault_words};

/// A list that is being asked for, and the calls that wait for it.
pub(super) struct Lists {
    /// The page that is awaited.
    question: Journey,
    standpoint: Standpoint,
    asker: Asker,
    tools: Vec<String>,
    cursors: HashSet<String>,
    until: Instant,
    asked_at: Now,
    held: Vec<(Journey, Option<u64>)>,
}

/// Why a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// A call waits for it.
    Call,
    /// It is time to: with how long until the next time.
    Clock(Duration),
}

impl Lists {
    /// Whether a call waits for it.
    pub(super) fn holds_calls(&self) -> bool {
        !self.held.is_empty()
    }
}

impl Pipe {
    /// Holds a call until its client was shown the list.
    pub(super) fn hold(&mut self, mut call: Journey, batch: Option<u64>, words: &mut Words) {
        let until = Instant::now() + PIN_CHECK_WAIT;
        match &mut self.lists {
            Some(lists) if lists.held.len() >= PIN_HELD_MAX => {
                let denial = Denial::Unverified("too many calls wait for the list".into());
                let refused = withheld(&mut call, &denial);
                words.client.extend(self.flights.hand_over(batch, refused));
            }
            Some(lists) => {
                self.flights.delay(batch);
                lists.until = lists.until.min(until);
                lists.held.push((call, batch));
            }
            None => {
                self.flights.delay(batch);
                let (policy, from) = (Arc::clone(call.ticket().policy()), Standpoint::of(call.ticket()));
                self.begin_lists((&policy, from), (Asker::Call, until), vec![(call, batch)]);
                self.say_question(words);
            }
        }
    }

    /// Asks for the list if it is time to, in the place of the client's last request; before there was one, the server
    /// may not be ready to be asked.
    pub(super) fn look(&mut self, words: &mut Words) {
        let (policy, Some(from)) = (self.house.live.policy(), self.standpoint.clone()) else { return };
        if self.lists.is_some() {
            return;
        }
        let Some(every) = self.house.pins.is_due(&self.house, &policy) else { return };
        let until = Instant::now() + PIN_OWN_WAIT;
        self.begin_lists((&policy, from), (Asker::Clock(every), until), Vec::new());
        self.say_question(words);
    }

    fn begin_lists(
        &mut self,
        (policy, standpoint): (&Arc<Policy>, Standpoint),
        (asker, until): (Asker, Instant),
        held: Vec<(Journey, Option<u64>)>,
    ) {
        let asked_at = self.house.clock.now();
        let question = self.page(policy, &standpoint, None, asked_at);
        let (tools, cursors) = (Vec::new(), HashSet::new());
        self.lists = Some(Lists { question, standpoint, asker, tools, cursors, until, asked_at, held });
    }

    fn page(&self, policy: &Arc<Policy>, from: &Standpoint, cursor: Option<&str>, now: Now) -> Journey {
        let ticket = self.house.gate.inventory(policy, from, (&question_id(), cursor), now);
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
                    let policy = Arc::clone(lists.question.ticket().policy());
                    lists.question = self.page(&policy, &lists.standpoint, Some(&cursor), lists.asked_at);
                    self.lists = Some(lists);
                    return self.say_question(words);
                }
                Err(Denial::Unverified("the server's list has no end".into()))
            }
            Err(PageFault::Unlisted) => {
                self.house.gate.settle_unlisted(lists.question.ticket(), lists.asked_at);
                self.unlisted(&mut lists);
                Ok(())
            }
            Err(fault) => Err(Denial::Unverified(fault_words(fault).into())),
        };
        self.lists = Some(lists);
        self.finish_lists(&outcome, words);
    }

    fn surveyed(&self, lists: &mut Lists) -> Result<(), Denial> {
        let policy = Arc::clone(lists.question.ticket().policy());
        let inventory = Inventory::of(lists.question.ticket(), &lists.tools);
        let notices = self.house.gate.survey(&policy, &inventory, lists.asked_at);
        let notices = notices.ok_or_else(|| Denial::Unverified(fault_words(PageFault::Unreadable).into()))?;
        match lists.asker {
            Asker::Call => {
                self.house.tell_drifts(&policy, &notices);
                self.house.metrics.pins_checked(PinAsker::Caller, PinResult::of(&notices));
            }
            Asker::Clock(every) => self.house.pins.told(&self.house, &policy, every, Told::Seen(notices)),
        }
        Ok(())
    }

    /// Lets go of what was held: refuses it, or judges it again.
    pub(super) fn finish_lists(&mut self, outcome: &Result<(), Denial>, words: &mut Words) {
        let Some(mut lists) = self.lists.take() else { return };
        match outcome {
            Ok(()) => lists.question.acknowledged(),
            Err(denial) => self.failed(&mut lists, denial),
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

    fn unlisted(&self, lists: &mut Lists) {
        match lists.asker {
            Asker::Call => self.house.metrics.pins_checked(PinAsker::Caller, PinResult::Unlisted),
            Asker::Clock(every) => {
                let policy = Arc::clone(lists.question.ticket().policy());
                self.house.pins.told(&self.house, &policy, every, Told::Nobody);
            }
        }
    }

    fn failed(&self, lists: &mut Lists, denial: &Denial) {
        lists.question.withhold(denial);
        match lists.asker {
            Asker::Call => self.house.metrics.pins_checked(PinAsker::Caller, PinResult::Failed),
            Asker::Clock(every) => {
                let policy = Arc::clone(lists.question.ticket().policy());
                let why = denial.detail().unwrap_or_else(|| "the server did not answer".into());
                self.house.pins.told(&self.house, &policy, every, Told::Failed(why));
            }
        }
    }

    /// Forgets a call that is held and that its client takes back; whether there was one.
    pub(super) fn release(&mut self, id: &Id, words: &mut Words) -> bool {
        let Some(lists) = &mut self.lists else { return false };
        let is_it = |call: &mut Journey| call.ticket().record().request_id.as_ref() == Some(id);
        let Some(place) = lists.held.iter_mut().position(|(call, _)| is_it(call)) else { return false };
        let (mut call, batch) = lists.held.remove(place);
        call.ticket().take_back();
        if lists.held.is_empty() && lists.asker == Asker::Call {
            // Nobody waits for the list any more; its answer is one to nothing.
            self.lists = None;
        }
        self.flights.resume(batch);
        // It may have been the last of its batch, whose other answers are ready.
        words.client.extend(self.flights.hand_over(batch, None));
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

    /// Whether a call waits for the list.
    pub(super) fn holds_calls(&self) -> bool {
        self.lists.as_ref().is_some_and(Lists::holds_calls)
    }

    /// Whether nothing of the client waits, neither for an answer nor for the list.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.len() == 0 && !self.holds_calls()
    }
}
