//! The judgement of one line, from either side: what goes on, what goes back, what is written down.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::flights::{Flight, Flights};
use super::lists::Lists;
use super::said::Said;
use super::token::Token;
use crate::bounds::PIPE_IN_FLIGHT_MAX;
use crate::gate::{
    Ask, Carrier, Denial, Ending, Errand, Origin, Outcome, Overhead, Record, Refusal, Release, Reply,
    Standpoint, Stray, Ticket, Way, Wire,
};
use crate::identity::Caller;
use crate::json::{Document, Value};
use crate::limit::StoreWord;
use crate::mcp::envelope::{self, Message};
use crate::mcp::{Era, Id, Method, Sender, call};
use crate::names::Now;
use crate::policy::Policy;
use crate::serve::bridge::frame::presumed_answer;
use crate::serve::child::lines::Line;
use crate::serve::child::oneline::OneLine;
use crate::serve::house::House;
use crate::serve::identify::identify;
use crate::serve::journey::Journey;

/// One client and one server, and what is between them.
pub(super) struct Pipe {
    pub house: Arc<House>,
    token: Token,
    /// The ticket for what answers nothing, as that of a listening stream.
    pub own: Journey,
    /// The list that calls wait for, if any do.
    pub lists: Option<Lists>,
    /// In whose place the gate asks for the list by itself; `None` until the client has used a tool.
    pub standpoint: Option<Standpoint>,
    /// What the client spoke last.
    era: Option<Era>,
    pub flights: Flights,
}

/// What is to be said after a line was judged.
#[derive(Default)]
pub(super) struct Words {
    pub client: Vec<OneLine>,
    pub server: Vec<OneLine>,
}

/// A message of the client while it is being judged.
struct Heard<'h> {
    policy: Arc<Policy>,
    ask: Ask<'h>,
    started: Instant,
    batch: Option<u64>,
}

/// All messages of one pipe are one session; callers are told apart by the gate.
const WAY: Way<'static> = Way::Pipe { session: "stdio" };

impl Pipe {
    /// Opens the pipe for the caller whom the token names.
    ///
    /// # Errors
    /// Why the policy does not let this caller in.
    pub(super) async fn open(house: Arc<House>, token: Token) -> Result<Self, Denial> {
        let (policy, started) = (house.live.policy(), Instant::now());
        let ask = ask(Errand::Listen, &token, house.clock.now());
        let caller = identify(&house, &policy, &ask).await?;
        let ticket = house.gate.admit(&policy, &caller, &ask).map_err(|refusal| refusal.denial)?;
        let own = Journey::begin(&house, ticket, started, started.elapsed());
        Ok(Self { house, token, own, lists: None, standpoint: None, era: None, flights: Flights::default() })
    }

    /// Asks whatever has to be asked before the caller can be known by what is in force now: almost
    /// always nothing.
    pub(super) async fn inquire(&self) {
        let (policy, now) = (self.house.live.policy(), self.house.clock.now());
        // What came of it shows when the next line is judged.
        let _ = identify(&self.house, &policy, &ask(Errand::Listen, &self.token, now)).await;
    }

    /// Judges one line of the client.
    pub(super) fn hear(&mut self, line: &Line<'_>, words: &mut Words) {
        let body = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => return,
            Line::Whole(line) => Bytes::copy_from_slice(line),
            Line::Cut(_) => Bytes::new(),
        };
        let (house, started) = (Arc::clone(&self.house), Instant::now());
        let (policy, now) = (house.live.policy(), house.clock.now());
        let caller = self.identify(&policy, now);
        // The token may be read anew by the next line; this one is judged by what is in force.
        let headers = self.token.headers().clone();
        let ask = Ask {
            errand: Errand::Say(body.clone()),
            headers: &headers,
            origin: Origin::default(),
            way: WAY,
            now,
            word: StoreWord::Never,
            trace: self.house.tracer.seed(started, Wire::Pipe),
        };
        let mut heard = Heard { policy, ask, started, batch: None };
        let caller = match caller {
            Ok(_) if matches!(line, Line::Cut(_)) => {
                return self.turn_away(&heard, Denial::BodyTooLarge, words);
            }
            Ok(caller) => caller,
            Err(denial) => return self.turn_away(&heard, denial, words),
        };
        match house.gate.explode(&heard.policy, &caller, &heard.ask, &body) {
            Ok(None) => self.admit(&heard, &caller, words),
            Ok(Some(messages)) => {
                let batch = self.flights.open_batch();
                heard.batch = Some(batch);
                for message in messages {
                    heard.ask.errand = Errand::Say(message);
                    heard.ask.trace = self.house.tracer.seed(started, Wire::Pipe);
                    self.admit(&heard, &caller, words);
                }
                words.client.extend(self.flights.close_batch(batch));
            }
            Err(denial) => self.turn_away(&heard, denial, words),
        }
    }

    /// Who speaks, by what is in force now; a token that has run out is looked for anew.
    fn identify(&mut self, policy: &Policy, now: Now) -> Result<Arc<Caller>, Denial> {
        let gate = &self.house.gate;
        let mut found = gate.identify(policy, &ask(Errand::Listen, &self.token, now)).settled();
        if found.is_err() && self.token.renew() {
            found = gate.identify(policy, &ask(Errand::Listen, &self.token, now)).settled();
        }
        found.map_err(Denial::Unidentified)
    }

    fn admit(&mut self, heard: &Heard<'_>, caller: &Arc<Caller>, words: &mut Words) {
        let (house, judging) = (Arc::clone(&self.house), Instant::now());
        let judged = house.gate.admit(&heard.policy, caller, &heard.ask);
        house.cells.wake();
        let ticket = match judged {
            Ok(ticket) => ticket,
            Err(refusal) => {
                let refused = self.refuse(heard, refusal);
                words.client.extend(self.flights.hand_over(heard.batch, refused));
                return;
            }
        };
        let mut journey = Journey::begin(&house, ticket, heard.started, judging.elapsed());
        if house.gate.wants_inventory(journey.ticket(), house.clock.now()) {
            return self.hold(journey, heard.batch, words);
        }
        self.forward(journey, heard.batch, words);
    }

    /// Sends an admitted message on, or says what the client is told instead.
    pub(super) fn forward(&mut self, journey: Journey, batch: Option<u64>, words: &mut Words) {
        match self.send(journey, batch, words) {
            Ok(line) => words.server.push(line),
            Err(refused) => words.client.extend(self.flights.hand_over(batch, refused)),
        }
    }

    /// Takes note of an admitted message; what the server reads of it.
    ///
    /// # Errors
    /// What the client is told instead, if anything.
    fn send(
        &mut self,
        mut journey: Journey,
        batch: Option<u64>,
        words: &mut Words,
    ) -> Result<OneLine, Option<OneLine>> {
        if let Err(denial) = self.house.vouch_blocking(journey.ticket()) {
            return Err(withheld(&mut journey, &denial));
        }
        let body = journey.ticket().body();
        let Ok(document) = Document::parse(&body) else {
            return Err(withheld(&mut journey, &Denial::Internal("a judged message is no JSON".into())));
        };
        journey.forward();
        let params = document.root().get("params");
        let record = journey.ticket().record();
        let (id, method) = (record.request_id.clone(), record.method);
        self.era = record.revision.map(|revision| revision.traits().era).or(self.era);
        if matches!(method, Some(Method::ToolsCall | Method::ToolsList)) {
            self.stand(journey.ticket());
        }
        match id {
            Some(id) if self.flights.holds(&id) => {
                // The answer would be taken for that of the request which waits.
                withheld(&mut journey, &in_use());
                return Err(None);
            }
            Some(_) if self.flights.len() >= PIPE_IN_FLIGHT_MAX => {
                journey.ticket().excuse();
                return Err(withheld(
                    &mut journey,
                    &Denial::Unreachable("too many calls are in flight".into()),
                ));
            }
            Some(id) => {
                let wait = journey.ticket().timeout().or(journey.ticket().policy().upstream.timeout);
                let mut flight = Flight::new(journey, batch);
                flight.patience = wait.map(|wait| (wait, tokio::time::Instant::now()));
                flight.progress = call::progress_token(params).ok().flatten();
                flight.is_modern = self.era == Some(Era::Modern);
                self.flights.begin(id, flight);
            }
            None => {
                if method == Some(Method::NotificationsCancelled) {
                    self.cancel(&mut journey, params, words)?;
                }
                journey.acknowledged();
            }
        }
        Ok(OneLine::of(&document))
    }

    /// Remembers in whose place the list can be asked for.
    fn stand(&mut self, ticket: &Ticket) {
        if !self.standpoint.as_ref().is_some_and(|known| known.is_of(ticket)) {
            self.standpoint = Some(Standpoint::of(ticket));
        }
    }

    /// Refuses a line that was not taken apart, with the id of its request where that is clear.
    fn turn_away(&self, heard: &Heard<'_>, denial: Denial, words: &mut Words) {
        let mut record = Record::open(&heard.policy, None, &heard.ask);
        if let Errand::Say(body) = &heard.ask.errand
            && let Ok(document) = Document::parse(body)
            && let Ok(Message::Request { id, .. }) = envelope::read(&document, Sender::Client)
        {
            record.request_id = Some(id);
        }
        words.client.extend(self.refuse(heard, Refusal::new(record, denial)));
    }

    /// Writes a refusal down; the words for the client, if it can know what they answer.
    fn refuse(&self, heard: &Heard<'_>, refusal: Refusal) -> Option<OneLine> {
        let Refusal { mut record, denial } = refusal;
        if let Denial::Stray(stray) = &denial {
            self.house.metrics.strayed(*stray);
        }
        let reply = Reply::new(&heard.policy, &record, &denial);
        let line = record.request_id.is_some().then(|| OneLine::parse(&reply.body)).flatten();
        record.close(Ending {
            outcome: reply.code.map_or(Outcome::ToolError, Outcome::Error),
            http_status: 0,
            duration: heard.started.elapsed(),
            bytes: line.as_ref().map_or(0, |line| line.as_bytes().len() as u64),
            overhead: Overhead { request: heard.started.elapsed().as_micros() as u64, response: 0 },
        });
        self.house.tell(&record);
        line
    }

    /// Judges one line of the server. May be dropped and asked again: until it is done, nothing has changed.
    pub(super) async fn said(&mut self, line: &Said, words: &mut Words) {
        let Said { bytes: line, is_cut } = line;
        if !is_cut && line.trim_ascii().is_empty() {
            return;
        }
        let document = if *is_cut { None } else { Document::parse(line).ok() };
        let Some(document) = document else {
            tracing::warn!(bytes = line.len(), "a line of the server is no message, and was dropped");
            self.house.metrics.strayed(Stray::Unreadable);
            // Whatever has a method was no answer; the guess only fails early what would wait in vain.
            let is_answer = line.starts_with(b"{") && memchr::memmem::find(line, b"\"method\"").is_none();
            let presumed = self.flights.presumed(presumed_answer(line)).filter(|_| is_answer);
            if let Some(id) = presumed {
                let why = if *is_cut { "a line of more than 4 MiB" } else { "a line that is no strict JSON" };
                self.withhold(&id, &Denial::AnswerWithheld(why.into()), words);
            }
            return;
        };
        let root = document.root();
        match root.get("method").and_then(|method| method.string()) {
            Some(method) => self.said_by_itself(&method, root.get("params"), line, words).await,
            None => self.answered(root.get("id"), line, words).await,
        }
    }

    /// An answer goes to the request that it answers, once.
    async fn answered(&mut self, id: Option<Value<'_>>, body: &Bytes, words: &mut Words) {
        let id = id.and_then(|id| Id::read(id).ok());
        if id.as_ref().is_some_and(|id| self.is_page(id)) {
            return self.listed(body, words);
        }
        let id = id.filter(|id| self.flights.holds(id));
        let Some((flight, id)) = id.and_then(|id| Some((self.flights.get(&id)?, id))) else {
            self.house.metrics.strayed(Stray::AnswerUnknown);
            tracing::info!("an answer of the server to nothing that waits was dropped");
            return;
        };
        self.house.metrics.upstream_answered();
        match flight.journey.inspect(body, Carrier::Event).await {
            Release::Pass { body, .. } => match OneLine::parse(&body) {
                Some(line) => {
                    flight.journey.sent(line.as_bytes().len());
                    words.client.extend(self.flights.end(&id, Some(line)));
                }
                None => self.withhold(&id, &Denial::Internal("a redacted answer is no JSON".into()), words),
            },
            Release::Withhold(denial) => self.withhold(&id, &denial, words),
            // It was counted by the journey.
            Release::Drop(_) | Release::Object { .. } => {
                words.client.extend(self.flights.end(&id, None));
            }
        }
    }

    /// A request or a notification goes by the ticket of the request that it speaks of, if it says so.
    async fn said_by_itself(
        &mut self,
        method: &str,
        params: Option<Value<'_>>,
        body: &Bytes,
        words: &mut Words,
    ) {
        let mut id = self.flights.of_word(method, params);
        if id.is_none() && self.era == Some(Era::Modern) {
            // Nothing stands alone there, so it is judged as a part of what goes on.
            id = self.flights.oldest();
            if id.is_none() {
                self.house.metrics.strayed(Stray::RequestForbidden);
                tracing::info!("a message of the server in the midst of nothing was dropped");
                return;
            }
        }
        let flight = id.as_ref().and_then(|id| self.flights.get(id));
        let journey = flight.map_or(&mut self.own, |flight| &mut flight.journey);
        match journey.inspect(body, Carrier::Event).await {
            Release::Pass { body, .. } => {
                let line = OneLine::parse(&body);
                journey.sent(line.as_ref().map_or(0, |line| line.as_bytes().len()));
                words.client.extend(line);
            }
            Release::Object { back, .. } => {
                let ticket = self.house.gate.objection(journey.ticket(), back);
                words.server.extend(self.own_words(ticket));
            }
            Release::Drop(_) => {}
            // What cannot be checked is dropped, but does not end the request that it speaks of.
            Release::Withhold(_) => self.house.metrics.strayed(Stray::Unreadable),
        }
        if let Some(id) = id {
            self.flights.touch(&id);
        }
    }

    /// What the gate itself tells the server; written down like everything that reaches it.
    pub(super) fn own_words(&self, ticket: Ticket) -> Option<OneLine> {
        let mut journey = Journey::begin(&self.house, ticket, Instant::now(), std::time::Duration::ZERO);
        journey.acknowledged();
        OneLine::parse(&journey.ticket().body())
    }
}

fn ask(errand: Errand, token: &Token, now: Now) -> Ask<'_> {
    Ask {
        errand,
        headers: token.headers(),
        origin: Origin::default(),
        way: WAY,
        now,
        word: StoreWord::Never,
        trace: None,
    }
}

/// Notes a refusal in place of an answer; its words where a request waits for them.
pub(super) fn withheld(journey: &mut Journey, denial: &Denial) -> Option<OneLine> {
    let is_request = journey.ticket().wants_answer();
    let reply = journey.withhold(denial);
    let line = is_request.then(|| OneLine::parse(&reply.body)).flatten();
    journey.sent(line.as_ref().map_or(0, |line| line.as_bytes().len()));
    line
}

fn in_use() -> Denial {
    Denial::Mismatch { code: -32_600, text: "a request with this id is in flight".into(), data: None }
}
