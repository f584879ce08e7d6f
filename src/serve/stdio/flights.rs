//! The client's requests that wait for an answer on the pipe, each with its ticket.
//!
//! One pipe carries everything, so the table finds for each message of the server the request that it
//! belongs to: an answer by its id, progress by its token, a subscription's news by the subscription.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::json::Value;
use crate::mcp::Id;
use crate::serve::child::oneline::OneLine;
use crate::serve::journey::Journey;

/// All requests in flight.
#[derive(Default)]
pub(super) struct Flights {
    by_id: HashMap<Id, Flight>,
    batches: HashMap<u64, Gathering>,
    last: u64,
}

/// One request in flight.
pub(super) struct Flight {
    /// Its ticket, with the clock running.
    pub journey: Journey,
    /// Under what its progress is reported.
    pub progress: Option<Id>,
    /// How long the server may be silent on it, where the policy says, and since when it is.
    pub patience: Option<(Duration, Instant)>,
    /// Whether it is of the modern era.
    pub is_modern: bool,
    /// The batch that it came in.
    pub batch: Option<u64>,
    turn: u64,
}

/// A batch whose answers are put together again.
#[derive(Default)]
struct Gathering {
    waiting: usize,
    answers: Vec<OneLine>,
    /// Whether all its messages have been judged.
    is_closed: bool,
}

impl Flight {
    pub(super) fn new(journey: Journey, batch: Option<u64>) -> Self {
        Self { journey, progress: None, patience: None, is_modern: false, batch, turn: 0 }
    }
}

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn holds(&self, id: &Id) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn get(&mut self, id: &Id) -> Option<&mut Flight> {
        self.by_id.get_mut(id)
    }

    /// Puts a request into the air; nobody may wait under its id.
    pub(super) fn begin(&mut self, id: Id, mut flight: Flight) {
        self.last += 1;
        flight.turn = self.last;
        if let Some(gathering) = flight.batch.and_then(|batch| self.batches.get_mut(&batch)) {
            gathering.waiting += 1;
        }
        self.by_id.insert(id, flight);
    }

    /// Ends a request, with an answer or without; what the client gets now.
    pub(super) fn end(&mut self, id: &Id, answer: Option<OneLine>) -> Option<OneLine> {
        let flight = self.by_id.remove(id)?;
        if let Some(gathering) = flight.batch.and_then(|batch| self.batches.get_mut(&batch)) {
            gathering.waiting -= 1;
        }
        self.hand_over(flight.batch, answer)
    }

    /// An answer on its way to the client: by itself, or with the others of its batch.
    pub(super) fn hand_over(&mut self, batch: Option<u64>, answer: Option<OneLine>) -> Option<OneLine> {
        let Some(batch) = batch else { return answer };
        self.batches.get_mut(&batch)?.answers.extend(answer);
        self.gathered(batch)
    }

    /// Notes that a message of a batch will be begun or answered later.
    pub(super) fn delay(&mut self, batch: Option<u64>) {
        if let Some(gathering) = batch.and_then(|batch| self.batches.get_mut(&batch)) {
            gathering.waiting += 1;
        }
    }

    /// Notes that a message which was delayed is begun or answered now, or never.
    pub(super) fn resume(&mut self, batch: Option<u64>) {
        if let Some(gathering) = batch.and_then(|batch| self.batches.get_mut(&batch)) {
            gathering.waiting -= 1;
        }
    }

    /// Opens a batch.
    pub(super) fn open_batch(&mut self) -> u64 {
        self.last += 1;
        self.batches.insert(self.last, Gathering::default());
        self.last
    }

    /// Says that all messages of a batch have been judged; its answer, if nothing is in the air.
    pub(super) fn close_batch(&mut self, batch: u64) -> Option<OneLine> {
        self.batches.get_mut(&batch)?.is_closed = true;
        self.gathered(batch)
    }

    fn gathered(&mut self, batch: u64) -> Option<OneLine> {
        let gathering = self.batches.get(&batch)?;
        if !gathering.is_closed || gathering.waiting > 0 {
            return None;
        }
        let Gathering { answers, .. } = self.batches.remove(&batch)?;
        let answers: Vec<&[u8]> = answers.iter().map(|answer| answer.as_bytes().trim_ascii_end()).collect();
        // A batch of nothing but notifications has no answer.
        let text = (!answers.is_empty()).then(|| [&b"["[..], &answers.join(&b","[..]), b"]"].concat())?;
        OneLine::parse(&text)
    }

    /// The request that a message which answers nothing belongs to, if it says so.
    pub(super) fn of_word(&self, method: &str, params: Option<Value<'_>>) -> Option<Id> {
        let id = |value: Option<Value<'_>>| value.and_then(|value| Id::read(value).ok());
        let params = params?;
        let named = params.get("_meta").and_then(|meta| meta.get(SUBSCRIPTION));
        if named.is_some() {
            return id(named).filter(|id| self.holds(id));
        }
        match method {
            "notifications/progress" => {
                let token = id(params.get("progressToken"))?;
                let reporting = |flight: &Flight| flight.progress.as_ref() == Some(&token);
                self.by_id.iter().find(|(_, flight)| reporting(flight)).map(|(id, _)| id.clone())
            }
            "notifications/cancelled" => id(params.get("requestId"))
                .filter(|id| self.by_id.get(id).is_some_and(|flight| flight.is_modern)),
            _ => None,
        }
    }

    /// The request that has waited longest.
    pub(super) fn oldest(&self) -> Option<Id> {
        self.by_id.iter().min_by_key(|(_, flight)| flight.turn).map(|(id, _)| id.clone())
    }

    /// The request that a line which is no message most likely meant to answer.
    pub(super) fn presumed(&self, number: Option<u64>) -> Option<Id> {
        let named =
            number.and_then(|number| self.by_id.keys().find(|id| id.raw().parse() == Ok(number)).cloned());
        named.or_else(|| self.oldest().filter(|_| self.len() == 1))
    }

    /// When the first of them has waited too long, and which one it is.
    pub(super) fn deadline(&self) -> Option<(Instant, Id)> {
        let due = |flight: &Flight| flight.patience.map(|(wait, since)| since + wait);
        let due = self.by_id.iter().filter_map(|(id, flight)| Some((due(flight)?, id)));
        due.min_by_key(|(at, _)| *at).map(|(at, id)| (at, id.clone()))
    }

    /// Notes that the server has said something about a request.
    pub(super) fn touch(&mut self, id: &Id) {
        if let Some(Flight { patience: Some((_, since)), .. }) = self.by_id.get_mut(id) {
            *since = Instant::now();
        }
    }
}

/// The key of `_meta` that says which subscription a notification is for. Source: MCP 2026-07-28.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
