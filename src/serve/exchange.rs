//! The path of a message, step by step: one request in, one answer out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::{Body, Incoming};

use super::admission::admit;
use super::again;
use super::bare::Answer;
use super::batch;
use super::body::{self, Outgoing, ReadFault};
use super::coding::{self, Coding};
use super::door::Door;
use super::head;
use super::house::House;
use super::identify::identify;
use super::journey::{Journey, respond};
use super::legacy_sse;
use super::load::{self, Entered};
use super::outflow;
use super::pins::{self, Halt, Road};
use super::pool::Line;
use super::waits::Waits;
use crate::bounds::{ANSWER_BYTES_MAX, FOREIGN_BODY_BYTES_MAX};
use crate::gate::{
    Ask, Carrier, Denial, Ending, Errand, Origin, Outcome, Overhead, Record, Refusal, Release, Reply, Ticket,
    Way,
};
use crate::identity::Caller;
use crate::limit::bulkhead::Full;
use crate::limit::{CellId, Queue, StoreWord};
use crate::names::{Label, Now};
use crate::policy::{AnswerCoding, Policy};
use crate::report::Shed;

/// Answers one HTTP request to the endpoint.
pub async fn exchange(house: Arc<House>, origin: Origin, request: Request<Incoming>) -> Response<Outgoing> {
    let started = Instant::now();
    let now = house.clock.now();
    let (parts, incoming) = request.into_parts();
    let Some(entered) = house.load.enter(&parts).map(Arc::new) else {
        house.metrics.shed(Shed::Requests);
        house.metrics.count_response(StatusCode::SERVICE_UNAVAILABLE.as_u16());
        return load::refusal();
    };
    let policy = house.live.policy();
    let visit = Visit { house: &house, policy, parts, origin, now, started, entered: Arc::clone(&entered) };
    let mut response = answer(&visit, incoming).await;
    if matches!(response.body(), Outgoing::Whole(_)) {
        // Held until it was sent; a stream has its place at the server instead.
        response.extensions_mut().insert(entered);
    }
    response
}

/// Finds out who asks for what, and does it.
async fn answer(visit: &Visit<'_>, incoming: Incoming) -> Response<Outgoing> {
    let house = visit.house;
    let errand = match head::read(&visit.parts, &house.settings.plate, visit.policy.strict.request_coding) {
        Ok(errand) => errand,
        Err(denial) => return visit.turn_away(denial),
    };
    let door = Door::at(visit.parts.uri.path(), &house.settings.plate);
    let mut ask = visit.ask(errand);
    let caller = match identify(house, &visit.policy, &ask).await {
        Ok(caller) => caller,
        Err(denial) => return visit.turn_away(denial),
    };
    match door {
        Some(Door::Events) => return Box::pin(legacy_sse::listen(visit, &caller)).await,
        Some(Door::Messages) => return Box::pin(legacy_sse::say(visit, &caller, incoming)).await,
        Some(Door::Streamable) | None => {}
    }
    if let Errand::Say(body) = &mut ask.errand {
        match visit.read(incoming).await {
            Ok(read) => *body = read,
            Err(denial) => return visit.turn_away(denial),
        }
        match house.gate.explode(&visit.policy, &caller, &visit.ask(Errand::Listen), body) {
            Ok(None) => {}
            Ok(Some(messages)) => return Box::pin(batch::carry_all(visit, &caller, messages)).await,
            Err(denial) => return visit.turn_away(denial),
        }
    }
    carry(visit, &caller, ask).await
}

/// Carries one message to the server and its answer back.
pub(super) async fn carry(visit: &Visit<'_>, caller: &Arc<Caller>, ask: Ask<'_>) -> Response<Outgoing> {
    let house = visit.house;
    let judging = Instant::now();
    let (admitted, waited) = match admit(house, &visit.policy, caller, &ask).await {
        Err(refusal) => visit.wait(caller, &ask, refusal).await,
        admitted => (admitted, Duration::ZERO),
    };
    let judging = judging + waited;
    let ticket = match admitted {
        Ok(ticket) => ticket,
        Err(refusal) => return visit.refuse(refusal, judging),
    };
    let mut journey = Journey::begin(house, ticket, visit.started, judging.elapsed());
    journey.enter(&visit.entered);
    match pins::check(&mut journey, &visit.parts.headers, Road::Streamable).await {
        Ok(()) => {}
        Err(Halt::Denied(denial)) => return journey.refuse(&denial),
        Err(Halt::TakenBack) => return journey.fall_silent(),
    }
    if journey.ticket().is_moot() {
        return journey.accept();
    }
    if let Err(denial) = journey.vouch().await {
        return journey.refuse(&denial);
    }
    let Visit { parts, .. } = visit;
    match again::send(&mut journey, &parts.method, &parts.headers).await {
        Ok((answer, line)) => {
            house.reached();
            if parts.method == Method::DELETE && answer.status().is_success() {
                house.gate.end_session(journey.ticket());
            }
            deliver(journey, answer, line).await
        }
        Err(denial) => journey.refuse(&denial),
    }
}

/// The limit that has no place, and how to wait for one.
fn line(refusal: &Refusal) -> Option<(Label, (CellId, Queue))> {
    match &refusal.denial {
        Denial::Limited(limited) => Some((limited.rule.id().clone(), limited.line()?)),
        _ => None,
    }
}

/// One request while it is being judged.
pub(super) struct Visit<'h> {
    pub house: &'h Arc<House>,
    pub policy: Arc<Policy>,
    pub parts: Parts,
    origin: Origin,
    pub now: Now,
    pub started: Instant,
    /// What is held for it.
    pub entered: Arc<Entered>,
}

impl Visit<'_> {
    /// What is asked of the gate: one message of this request, or what it wants without one.
    pub fn ask(&self, errand: Errand) -> Ask<'_> {
        self.ask_by(Way::Streamable, errand)
    }

    /// See [`Visit::ask`]; by any transport.
    pub fn ask_by<'a>(&'a self, way: Way<'a>, errand: Errand) -> Ask<'a> {
        let origin = self.origin.clone();
        let (headers, now, word) = (&self.parts.headers, self.now, StoreWord::Askable);
        Ask { errand, headers, origin, way, now, word, trace: self.house.trace(&self.parts, self.started) }
    }

    /// Reads what the client posts, whole.
    pub async fn read(&self, incoming: Incoming) -> Result<Bytes, Denial> {
        let wait = self.house.settings.body_wait;
        let bytes_max = self.policy.strict.body_bytes_max;
        let body = body::read_request(incoming, bytes_max, wait, &self.entered).await;
        let body = body.map_err(|fault| {
            if fault == ReadFault::Crowded {
                self.house.metrics.shed(Shed::Bytes);
            }
            unread(fault)
        })?;
        coding::unpack(&self.parts.headers, &body, bytes_max).map_err(head::miscoded)
    }

    /// Waits for a place among those in flight, where the limit that has none lets it; says how long, too. The last
    /// refusal stands where there is no line, where it is full, or where time is up.
    async fn wait(
        &self,
        caller: &Arc<Caller>,
        ask: &Ask<'_>,
        refusal: Refusal,
    ) -> (Result<Ticket, Refusal>, Duration) {
        let (house, joined) = (self.house, tokio::time::Instant::now());
        let Some((limit, (cell, queue))) = line(&refusal) else { return (Err(refusal), Duration::ZERO) };
        let max = usize::try_from(queue.max.get()).unwrap_or(usize::MAX);
        let Some(waiter) = house.queues.join(cell, max) else { return (Err(refusal), Duration::ZERO) };
        house.notice(&refusal.record);
        let admitted = loop {
            match admit(house, &self.policy, caller, ask).await {
                Err(refusal) if line(&refusal).is_some_and(|(_, (other, _))| other == cell) => {
                    if !waiter.woken(joined + queue.timeout).await {
                        break Err(refusal);
                    }
                    house.notice(&refusal.record);
                }
                admitted => break admitted,
            }
        };
        let waited = joined.elapsed();
        house.metrics.waited(&limit, waited);
        (admitted, waited)
    }

    /// Refuses a request of which no message was read.
    pub fn turn_away(&self, denial: Denial) -> Response<Outgoing> {
        let record = Record::open(&self.policy, None, &self.ask(Errand::Listen));
        let mut response = self.refuse(Refusal::new(record, denial), Instant::now());
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(door) = Door::at(self.parts.uri.path(), &self.house.settings.plate)
        {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(door.methods()));
        }
        response
    }

    pub fn refuse(&self, refusal: Refusal, judging: Instant) -> Response<Outgoing> {
        self.refuse_by(refusal, judging, respond)
    }

    /// Refuses a message with words that `hand_over` brings to the client.
    pub fn refuse_by(
        &self,
        refusal: Refusal,
        judging: Instant,
        hand_over: impl FnOnce(Reply) -> Response<Outgoing>,
    ) -> Response<Outgoing> {
        let Refusal { mut record, denial } = refusal;
        if let Denial::Stray(stray) = &denial {
            self.house.metrics.strayed(*stray);
        }
        let reply = Reply::new(&self.policy, &record, &denial);
        let (code, bytes) = (reply.code, reply.body.len());
        let response = hand_over(reply);
        record.close(Ending {
            outcome: code.map_or(Outcome::ToolError, Outcome::Error),
            http_status: response.status().as_u16(),
            duration: self.started.elapsed(),
            bytes: bytes as u64,
            overhead: Overhead { request: judging.elapsed().as_micros() as u64, response: 0 },
        });
        self.house.tell(&record);
        response
    }
}

fn unread(fault: ReadFault) -> Denial {
    match fault {
        ReadFault::Broken => Denial::Head { http_status: 400, text: "the request body ended early".into() },
        ReadFault::Crowded => Denial::Crowded(Full::Bytes),
        ReadFault::Framing(fault) => head::misframed(fault),
        ReadFault::TooLarge => Denial::BodyTooLarge,
        ReadFault::TooSlow => Denial::BodyTooSlow,
    }
}

/// What kind of body an answer has.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    Events,
    Foreign,
    Json,
}

pub(super) fn kind(headers: &HeaderMap, body: &impl Body, coding: AnswerCoding) -> Kind {
    match (Coding::of(headers), coding) {
        (Ok(None), _) | (Ok(Some(_)), AnswerCoding::Decode) => {}
        (Ok(Some(_)), AnswerCoding::Withhold) | (Err(_), _) => return Kind::Foreign,
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if body.is_end_stream() {
        Kind::Empty
    } else if essence.eq_ignore_ascii_case("text/event-stream") {
        Kind::Events
    } else if head::is_json(content_type) {
        Kind::Json
    } else {
        Kind::Foreign
    }
}

/// Hands over the server's answer, judged.
async fn deliver(mut journey: Journey, answer: Response<Answer>, line: Line) -> Response<Outgoing> {
    let (head, incoming) = answer.into_parts();
    journey.answered(head.status);
    let is_owed = journey.ticket().wants_answer();
    let coding = journey.ticket().policy().strict.answer_coding;
    match kind(&head.headers, &incoming, coding) {
        Kind::Events if head.status.is_success() => outflow::start(journey, head.headers, incoming, line),
        Kind::Json if is_owed || !head.status.is_success() => whole(journey, head, incoming, line).await,
        Kind::Empty | Kind::Events | Kind::Foreign | Kind::Json => {
            Box::pin(bodiless(journey, head, incoming, line)).await
        }
    }
}

/// Judges an answer that is one JSON body.
async fn whole(
    mut journey: Journey,
    head: http::response::Parts,
    incoming: Answer,
    line: Line,
) -> Response<Outgoing> {
    let usual = Waits::of(journey.ticket().policy()).answer;
    let wait = journey.left(usual);
    let expected = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX).min(ANSWER_BYTES_MAX);
    journey.bear(expected);
    let body = match body::read(incoming, ANSWER_BYTES_MAX, wait).await {
        Ok(body) => body,
        Err(ReadFault::Broken | ReadFault::Crowded | ReadFault::Framing(_)) => {
            return journey.refuse(&Denial::Unreachable("closed in mid-answer".into()));
        }
        Err(ReadFault::TooLarge) => {
            return journey.refuse(&Denial::AnswerWithheld("larger than 16 MiB".into()));
        }
        Err(ReadFault::TooSlow) => return journey.refuse(&Denial::UpstreamTimeout),
    };
    line.give_back();
    journey.bear(body.len().saturating_sub(expected));
    let body = match coding::unpack(&head.headers, &body, ANSWER_BYTES_MAX) {
        Ok(body) => body,
        Err(fault) => return journey.refuse(&Denial::AnswerWithheld(fault.to_string().into())),
    };
    match journey.inspect(&body, Carrier::Whole).await {
        Release::Pass { body, .. } => finish(journey, head.status, head.headers, body),
        Release::Withhold(denial) => journey.refuse(&denial),
        Release::Drop(stray) | Release::Object { stray, .. } => {
            journey.refuse(&Denial::AnswerWithheld(stray.as_str().into()))
        }
    }
}

/// Answers where the server sent no message: an acknowledgement, or an error page of its own.
///
/// The status is the server's, since clients act on it (a 404 ends a session, a 405 says that there is
/// no stream); what else it sent was not made for clients and is not handed over.
async fn bodiless(
    mut journey: Journey,
    head: http::response::Parts,
    incoming: Answer,
    line: Line,
) -> Response<Outgoing> {
    let wait = Waits::of(journey.ticket().policy()).answer;
    let had_body = !incoming.is_end_stream();
    if body::read(incoming, FOREIGN_BODY_BYTES_MAX, wait).await.is_ok() {
        line.give_back();
    }
    let is_owed = journey.ticket().wants_answer();
    let (status, is_success) = (head.status, head.status.is_success());
    if is_owed && is_success {
        return journey
            .refuse(&Denial::AnswerWithheld("no JSON and no event stream where an answer is due".into()));
    }
    if status.is_redirection() || status.is_informational() {
        return journey.refuse(&Denial::AnswerWithheld(format!("HTTP status {status}").into()));
    }
    let mut headers = head.headers;
    headers.remove(CONTENT_TYPE);
    if is_success || !had_body {
        journey.acknowledged();
        return finish(journey, status, headers, Bytes::new());
    }
    let reply = journey
        .withhold(&Denial::AnswerWithheld(format!("HTTP status {status} without a JSON-RPC body").into()));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    finish(journey, status, headers, reply.body)
}

fn finish(mut journey: Journey, status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Outgoing> {
    journey.status(status);
    journey.sent(body.len());
    let mut response = Response::new(Outgoing::whole(body));
    *response.status_mut() = status;
    *response.headers_mut() = journey.head(headers, status);
    response
}
