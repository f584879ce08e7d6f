//! What a client posts: judged, sent on to where the server wants it, answered on the stream.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};
use hyper::body::Incoming;

use super::super::admission::admit;
use super::super::bare::Answer;
use super::super::body::{self, Outgoing};
use super::super::door::token;
use super::super::exchange::Visit;
use super::super::house::House;
use super::super::journey::{Journey, respond};
use super::super::pins::{self, Halt, Road};
use super::super::pool::Line;
use super::super::tickets::{NoRoom, Turn};
use super::super::waits::Waits;
use super::stream::withheld;
use super::{Pair, Word};
use crate::bounds::FOREIGN_BODY_BYTES_MAX;
use crate::gate::{Denial, Errand, Handle, Refusal, Reply, Way};
use crate::identity::Caller;
use crate::mcp::Method;

/// Takes what a client says to the endpoint of its stream.
pub async fn say(visit: &Visit<'_>, caller: &Arc<Caller>, incoming: Incoming) -> Response<Outgoing> {
    let house = visit.house;
    let sealed = token(visit.parts.uri.query()).unwrap_or_default();
    let opened = house.gate.open_endpoint(&visit.policy, caller, sealed, visit.now);
    let pair = opened.ok().and_then(|text| house.pairs.find(&text));
    let Some(pair) = pair.filter(|pair| !pair.words.is_closed()) else {
        // Another caller's, made up or ended: all sound alike.
        return visit.turn_away(Denial::Handle(Handle::Endpoint));
    };
    let body = match visit.read(incoming).await {
        Ok(body) => body,
        Err(denial) => return visit.turn_away(denial),
    };
    let judging = Instant::now();
    let ask = visit.ask_by(Way::EventStream { session: &pair.name }, Errand::Say(body));
    let ticket = match admit(house, &visit.policy, caller, &ask).await {
        Ok(ticket) => ticket,
        Err(refusal) => return refuse(visit, &pair, refusal, judging),
    };
    let mut journey = Journey::begin(house, ticket, visit.started, judging.elapsed());
    journey.status(StatusCode::ACCEPTED);
    if journey.ticket().record().method == Some(Method::NotificationsCancelled) {
        let cancelled = pair.tickets().take_cancelled();
        drop(cancelled);
    }
    if journey.ticket().is_moot() {
        return journey.accept();
    }
    match pins::check(&mut journey, &visit.parts.headers, Road::Pair(&pair)).await {
        Ok(()) => {}
        Err(Halt::Denied(denial)) => return inject(&pair, journey.withhold(&denial)),
        Err(Halt::TakenBack) => return accepted(),
    }
    if journey.ticket().wants_answer() {
        ask_server(visit, &pair, journey).await
    } else {
        tell_server(visit, &pair, journey).await
    }
}

/// Refuses a message: on the stream where that can be understood there.
fn refuse(visit: &Visit<'_>, pair: &Pair, refusal: Refusal, judging: Instant) -> Response<Outgoing> {
    // What is no message has nobody who waits for an event, and a challenge is a header.
    let is_for_http = matches!(refusal.denial, Denial::Envelope(_) | Denial::Scope { .. } | Denial::Stray(_));
    if is_for_http || refusal.record.request_id.is_none() {
        return visit.refuse(refusal, judging);
    }
    visit.refuse_by(refusal, judging, |reply| inject(pair, reply))
}

/// Sends a request on, and lets its ticket wait for the answer on the stream.
async fn ask_server(visit: &Visit<'_>, pair: &Pair, mut journey: Journey) -> Response<Outgoing> {
    let house = visit.house;
    if let Err(denial) = journey.vouch().await {
        return inject(pair, journey.withhold(&denial));
    }
    let waits = Waits::of(&visit.policy);
    journey.forward();
    let posted = house.upstream.post(journey.ticket(), &pair.endpoint, &visit.parts.headers, waits);
    let turn = match wait_here(pair, journey) {
        Ok(turn) => turn,
        Err(refused) => return *refused,
    };
    if let Err(denial) = deliver(house, posted, waits).await
        && let Some(journey) = pair.tickets().take_turn(&turn)
    {
        return say_aside(pair, withheld(journey, &denial));
    }
    accepted()
}

/// Lets a request wait before it is sent: the answer may be faster than the server's 202.
fn wait_here(pair: &Pair, mut journey: Journey) -> Result<Turn, Box<Response<Outgoing>>> {
    let ticket = journey.ticket();
    let until = ticket.timeout().map(|timeout| Instant::now() + timeout);
    let Some(id) = ticket.record().request_id.clone() else {
        return Err(Box::new(journey.refuse(&Denial::Internal("a request without an id".into()))));
    };
    let mut tickets = pair.tickets();
    let turn = match tickets.room(&id) {
        Ok(()) => tickets.add(id, journey, until),
        Err(no_room) => {
            drop(tickets);
            // On the stream this would answer the request that waits under the same id.
            return Err(Box::new(journey.refuse(&crowded(no_room))));
        }
    };
    drop(tickets);
    if until.is_some() {
        // A full queue is being read, and the deadline is looked up before each wait.
        let _ = pair.words.try_send(Word::Look);
    }
    Ok(turn)
}

fn crowded(no_room: NoRoom) -> Denial {
    match no_room {
        NoRoom::Full => Denial::Head {
            http_status: 503,
            text: "too many requests of this stream wait for an answer; wait for some of them".into(),
        },
        NoRoom::Taken => Denial::Head {
            http_status: 400,
            text: "a request with this id still waits for its answer; use another id".into(),
        },
    }
}

/// Sends on what wants no answer: a notification, or an answer to the server.
async fn tell_server(visit: &Visit<'_>, pair: &Pair, mut journey: Journey) -> Response<Outgoing> {
    let house = visit.house;
    if let Err(denial) = journey.vouch().await {
        return journey.refuse(&denial);
    }
    let waits = Waits::of(&visit.policy);
    journey.forward();
    let posted = house.upstream.post(journey.ticket(), &pair.endpoint, &visit.parts.headers, waits);
    match deliver(house, posted, waits).await {
        Ok(_) => {
            journey.acknowledged();
            accepted()
        }
        Err(denial) => journey.refuse(&denial),
    }
}

/// Waits until the server has taken what was posted; what else it says of it means nothing.
///
/// # Errors
/// It was not reached, or did not take it.
pub async fn deliver(
    house: &House,
    posted: impl Future<Output = Result<(Response<Answer>, Line), Denial>>,
    waits: Waits,
) -> Result<StatusCode, Denial> {
    let (answer, line) = posted.await?;
    house.reached();
    let status = answer.status();
    if body::read(answer.into_body(), FOREIGN_BODY_BYTES_MAX, waits.answer).await.is_ok() {
        line.give_back();
    }
    if status.is_success() {
        Ok(status)
    } else {
        Err(Denial::AnswerWithheld(format!("HTTP status {status} to a posted message").into()))
    }
}

/// Answers a request on the stream, as the server would.
fn inject(pair: &Pair, reply: Reply) -> Response<Outgoing> {
    match pair.words.try_send(Word::Say(reply.body.clone())) {
        Ok(()) => accepted(),
        // The client does not read its stream, or has closed it: then this is the last way to reach it.
        Err(_) if reply.http_status < 400 => respond(Reply { http_status: 503, ..reply }),
        Err(_) => respond(reply),
    }
}

fn say_aside(pair: &Pair, body: Bytes) -> Response<Outgoing> {
    inject(pair, Reply { http_status: 502, body, retry_after: None, challenge: None, hint: None, code: None })
}

fn accepted() -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(Bytes::new()));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
