//! The stream: every message of the server on its way to the client, each judged whole.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::sync::{mpsc, watch};

use super::super::admission::admit;
use super::super::body::Outgoing;
use super::super::door::{MESSAGES, TOKEN_NAME};
use super::super::drain::Phase;
use super::super::exchange::{Kind, Visit, kind};
use super::super::journey::Journey;
use super::super::pool::Line;
use super::super::tickets::answered;
use super::super::waits::Waits;
use super::source::{self, ENDPOINT, News, Source};
use super::speech::deliver;
use super::{Pair, Word, fresh_name};
use crate::gate::{Carrier, Denial, Errand, Release, Stray, Ticket, Way};
use crate::identity::Caller;
use crate::mcp::sse::{self, Event};
use crate::policy::AnswerCoding;
use crate::report::{Held, StreamKind};

/// Opens a stream for a client, and one of the server behind it.
///
/// The client is answered once the server has said where to post: until then it can still be refused.
pub async fn listen(visit: &Visit<'_>, caller: &Arc<Caller>) -> Response<Outgoing> {
    let house = visit.house;
    let judging = Instant::now();
    let Some(name) = fresh_name() else {
        return visit.turn_away(Denial::Internal("the system has no randomness".into()));
    };
    let ask = visit.ask_by(Way::EventStream { session: &name }, Errand::Listen);
    let ticket = match admit(house, &visit.policy, caller, &ask).await {
        Ok(ticket) => ticket,
        Err(refusal) => return visit.refuse(refusal, judging),
    };
    let mut journey = Journey::begin(house, ticket, visit.started, judging.elapsed());
    if let Err(denial) = journey.vouch().await {
        return journey.refuse(&denial);
    }
    let waits = Waits::of(&visit.policy);
    match connect(&mut journey, &visit.parts.headers, name, waits).await {
        Ok(opened) => opened.start(journey).await,
        Err(denial) => journey.refuse(&denial),
    }
}

/// A stream of the server that has said where to post.
struct Opened {
    pair: Arc<Pair>,
    words: mpsc::Receiver<Word>,
    source: Source,
    line: Line,
    headers: HeaderMap,
}

async fn connect(
    journey: &mut Journey,
    headers: &HeaderMap,
    name: Box<str>,
    waits: Waits,
) -> Result<Opened, Denial> {
    let house = Arc::clone(journey.house());
    let base = house.upstream.event_stream();
    let base = base.ok_or_else(|| Denial::Internal("no address for HTTP+SSE".into()))?;
    journey.forward();
    let (answer, line) = house.upstream.listen(journey.ticket(), headers, waits).await?;
    house.reached();
    let (head, incoming) = answer.into_parts();
    if !head.status.is_success() || kind(&head.headers, &incoming, AnswerCoding::Withhold) != Kind::Events {
        let text = format!("HTTP status {} and no event stream where one is due", head.status);
        return Err(Denial::AnswerWithheld(text.into()));
    }
    let mut source = Source::new(incoming);
    let endpoint = tokio::time::timeout(waits.answer, source.endpoint(&house, &base)).await;
    let endpoint = endpoint.unwrap_or(Err(Denial::UpstreamTimeout))?;
    let (pair, words) = Pair::new(name, endpoint);
    Ok(Opened { pair, words, source, line, headers: head.headers })
}

impl Opened {
    /// Tells the client where to post, and hands over what the server says from now on.
    async fn start(self, mut journey: Journey) -> Response<Outgoing> {
        let house = Arc::clone(journey.house());
        let now = house.clock.now();
        let Some(token) = house.gate.seal_endpoint(journey.ticket(), &self.pair.text(), now) else {
            return journey.refuse(&Denial::Internal("a stream of nobody".into()));
        };
        if !house.pairs.open(&self.pair) {
            return journey.refuse(&Denial::Head {
                http_status: 503,
                text: "too many event streams are open here; try again later".into(),
            });
        }
        let mut headers = self.headers;
        headers.remove(CONTENT_LENGTH);
        // This transport has no session header, so none of the server's may become one.
        headers.remove("mcp-session-id");
        journey.status(StatusCode::OK);
        let head = journey.head(headers, StatusCode::OK);
        let mut hello = Vec::new();
        let target = format!("{MESSAGES}?{TOKEN_NAME}{token}");
        let event = Event { event: Some(ENDPOINT), data: Some(target.as_bytes()), ..Event::default() };
        sse::write(&mut hello, &event);
        let mut stream = Stream {
            phase: house.drain.watch(),
            _counted: house.metrics.open_stream(StreamKind::Listen),
            journey,
            pair: self.pair,
            source: self.source,
            line: Some(self.line),
            words: self.words,
            is_over: false,
        };
        hello.extend(stream.release().await);
        stream.journey.sent(hello.len());
        let rest = stream::unfold(stream, |mut stream| async { stream.next().await.map(|it| (it, stream)) });
        let events = stream::once(std::future::ready(Bytes::from(hello))).chain(rest);
        let mut response = Response::new(Outgoing::Watch(Box::pin(events)));
        *response.headers_mut() = head;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response
    }
}

struct Stream {
    /// Of the stream itself: what answers nothing is judged with its ticket.
    journey: Journey,
    pair: Arc<Pair>,
    source: Source,
    line: Option<Line>,
    words: mpsc::Receiver<Word>,
    phase: watch::Receiver<Phase>,
    /// Counts the stream as open.
    _counted: Held,
    is_over: bool,
}

/// Who was heard first.
enum Heard {
    Client(Word),
    /// For as long as one should be.
    Nobody,
    Operator,
    Server(News),
}

impl Stream {
    /// The next bytes for the client: one or more whole events, or a heartbeat. `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.is_over {
            let bytes = match self.heard().await {
                Heard::Server(News::Chunk) => self.release().await,
                Heard::Server(News::End) => self.ended(),
                Heard::Server(News::Fault) => self.farewell("closed in mid-stream", cut),
                Heard::Client(Word::Look) => Vec::new(),
                Heard::Client(Word::Say(body)) => event(&body),
                Heard::Operator => self.leave(),
                Heard::Nobody => self.silence(),
            };
            if !bytes.is_empty() {
                self.journey.sent(bytes.len());
                return Some(bytes.into());
            }
        }
        None
    }

    async fn heard(&mut self) -> Heard {
        let heartbeat = self.journey.house().settings.heartbeat;
        let (wait, last_phase) = {
            let tickets = self.pair.tickets();
            let until = tickets.next_deadline().map(|it| it.saturating_duration_since(Instant::now()));
            // A stream that only listens ends at once, one with a call under way has until the deadline.
            let is_idle = tickets.is_empty() && self.pair.questions.is_empty();
            let last_phase = if is_idle { Phase::Stopping } else { Phase::Closing };
            (until.map_or(heartbeat, |until| until.min(heartbeat)), last_phase)
        };
        tokio::select! {
            news = self.source.news() => Heard::Server(news),
            Some(word) = self.words.recv() => Heard::Client(word),
            _ = self.phase.wait_for(|phase| *phase >= last_phase) => Heard::Operator,
            () = tokio::time::sleep(wait) => Heard::Nobody,
        }
    }

    /// Judges every event that has arrived whole.
    async fn release(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let event = match self.source.decoder.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => return bytes,
                Err(_) => {
                    bytes.extend(self.end(&source::too_long(), cut));
                    return bytes;
                }
            };
            if event.event == Some(ENDPOINT) {
                self.journey.house().metrics.strayed(Stray::EndpointOrder);
                continue;
            }
            let retry = event.retry;
            let Some(data) = event.message().map(Bytes::copy_from_slice) else {
                // A heartbeat. There is no resumption in this transport, so a client shall not try it.
                if event.data.is_none() {
                    sse::write(&mut bytes, &Event { retry, ..Event::default() });
                }
                continue;
            };
            if let Some(body) = self.judge(&data).await {
                let message = Event { event: Some("message"), retry, data: Some(&body), ..Event::default() };
                sse::write(&mut bytes, &message);
            }
        }
    }

    /// What the client gets to see of one message; `None` for nothing.
    async fn judge(&mut self, data: &Bytes) -> Option<Bytes> {
        let answered = answered(data);
        if answered.as_ref().is_some_and(|id| self.pair.questions.answer(id, data)) {
            return None;
        }
        let asker = answered.as_ref().and_then(|id| self.pair.tickets().take(id));
        if let Some(mut journey) = asker {
            return match journey.inspect(data, Carrier::Event).await {
                Release::Pass { body, .. } => {
                    journey.sent(body.len());
                    Some(body)
                }
                Release::Withhold(denial) => Some(withheld(journey, &denial)),
                Release::Drop(_) | Release::Object { .. } => None,
            };
        }
        match self.journey.inspect(data, Carrier::Event).await {
            // The table of calls still knows the question, but it was answered by us.
            Release::Pass { .. } if answered.is_some() => {
                self.journey.house().metrics.strayed(Stray::AnswerRepeated);
                None
            }
            Release::Pass { body, .. } => Some(body),
            Release::Object { back, .. } => {
                self.object(back);
                None
            }
            Release::Drop(_) => None,
            Release::Withhold(_) => {
                self.journey.house().metrics.strayed(Stray::Content);
                None
            }
        }
    }

    /// Tells the server that a request of it does not reach the client, so that it does not wait.
    ///
    /// A server that asks faster than it takes answers is told no more.
    fn object(&mut self, back: Bytes) {
        let Ok(room) = Arc::clone(&self.pair.objections).try_acquire_owned() else { return };
        let house = Arc::clone(self.journey.house());
        let ticket = house.gate.objection(self.journey.ticket(), back);
        let journey = Journey::begin(&house, ticket, Instant::now(), Duration::ZERO);
        let pair = Arc::clone(&self.pair);
        tokio::spawn(async move {
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static("application/json, text/event-stream"));
            let mut journey = journey;
            let waits = Waits::of(journey.ticket().policy());
            let posted = house.upstream.post(journey.ticket(), &pair.endpoint, &headers, waits);
            if let Ok(status) = deliver(&house, posted, waits).await {
                journey.status(status);
            }
            drop(room);
        });
    }

    /// Answers in the place of a server that takes too long; a heartbeat where it does not.
    fn silence(&mut self) -> Vec<u8> {
        let late = self.pair.tickets().take_late(Instant::now());
        if late.is_empty() {
            let mut bytes = Vec::new();
            sse::write(&mut bytes, &Event::default());
            return bytes;
        }
        late.into_iter().flat_map(|journey| event(&withheld(journey, &Denial::UpstreamTimeout))).collect()
    }

    fn ended(&mut self) -> Vec<u8> {
        if let Some(line) = self.line.take() {
            line.give_back();
        }
        self.farewell("the stream ended before the answer", cut)
    }

    /// Ends the stream if it is time: a call may have begun since the wait did.
    fn leave(&mut self) -> Vec<u8> {
        let is_idle = self.pair.tickets().is_empty() && self.pair.questions.is_empty();
        let is_time = *self.phase.borrow() == Phase::Closing || is_idle;
        if is_time { self.farewell("the gateway is going away", Ticket::excuse) } else { Vec::new() }
    }

    fn farewell(&mut self, why: &str, mark: fn(&mut Ticket)) -> Vec<u8> {
        self.journey.acknowledged();
        self.end(&Denial::Unreachable(why.into()), mark)
    }

    /// The last word: whoever still waits is answered, after its ticket was marked.
    fn end(&mut self, denial: &Denial, mark: fn(&mut Ticket)) -> Vec<u8> {
        self.is_over = true;
        self.journey.house().pairs.close(&self.pair);
        self.pair.questions.end();
        let left = self.pair.tickets().take_all();
        let word = |mut journey: Journey| {
            mark(journey.ticket());
            event(&withheld(journey, denial))
        };
        left.into_iter().flat_map(word).collect()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let house = Arc::clone(self.journey.house());
        house.pairs.close(&self.pair);
        self.pair.questions.end();
        house.gate.end_session(self.journey.ticket());
        // Dropped only after the lock is: each of them settles.
        let left = self.pair.tickets().take_all();
        drop(left);
    }
}

/// Marks a request whose server had begun to answer.
fn cut(ticket: &mut Ticket) {
    ticket.answered(200);
}

/// Words a refusal in the place of an answer, and ends its journey.
pub fn withheld(mut journey: Journey, denial: &Denial) -> Bytes {
    let reply = journey.withhold(denial);
    journey.sent(reply.body.len());
    reply.body
}

fn event(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    sse::write_message(&mut bytes, body);
    bytes
}
