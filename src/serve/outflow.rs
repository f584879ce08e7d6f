//! A stream of events on its way to the client: each is judged whole and leaves as soon as it is.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::bare::Answer;
use super::body::Outgoing;
use super::coding::{self, Coding};
use super::drain::Phase;
use super::journey::Journey;
use super::pool::Line;
use super::waits::Waits;
use crate::gate::{Carrier, Denial, Release};
use crate::mcp::sse::{self, Event};
use crate::report::{Held, StreamKind};

/// Starts handing over a stream.
pub fn start(
    mut journey: Journey,
    mut headers: HeaderMap,
    incoming: Answer,
    line: Line,
) -> Response<Outgoing> {
    journey.status(StatusCode::OK);
    journey.ticket().release_body();
    journey.leave();
    let is_call = journey.ticket().wants_answer() && !journey.ticket().is_subscription();
    let kind = if is_call { StreamKind::Sse } else { StreamKind::Listen };
    headers.remove(CONTENT_LENGTH);
    // Whoever called has seen to it that the coding is known.
    let coding = Coding::of(&headers).ok().flatten();
    let head = journey.head(headers, StatusCode::OK);
    let outflow = Outflow {
        patience: is_call.then(|| Patience::of(&mut journey)),
        phase: journey.house().drain.watch(),
        _counted: journey.house().metrics.open_stream(kind),
        journey,
        incoming,
        line: Some(line),
        unpacker: coding.map(|coding| coding::Decoder::new(coding, u64::MAX)),
        decoder: sse::Decoder::new(),
        last_phase: if is_call { Phase::Closing } else { Phase::Stopping },
        is_resumable: false,
        is_over: false,
    };
    let events =
        stream::unfold(outflow, |mut outflow| async { outflow.next().await.map(|bytes| (bytes, outflow)) })
            .boxed();
    let body = if is_call { Outgoing::Events(events) } else { Outgoing::Watch(events) };
    let mut response = Response::new(body);
    *response.headers_mut() = head;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

struct Outflow {
    journey: Journey,
    /// How long the answer may take; `None` for what only listens.
    patience: Option<Patience>,
    incoming: Answer,
    line: Option<Line>,
    /// Takes off the coding, where there is one; its ratio bounds it, and the decoder of events.
    unpacker: Option<coding::Decoder>,
    decoder: sse::Decoder,
    phase: watch::Receiver<Phase>,
    /// Counts the stream as open.
    _counted: Held,
    /// The phase in which it ends: a call has until the deadline, what only listens ends at once.
    last_phase: Phase,
    /// Whether the client can take it up again on another stream, so that nothing is lost with this one.
    is_resumable: bool,
    is_over: bool,
}

/// How long the server may take over an answer that comes as a stream.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// When the time of the tool is up, whatever the server says meanwhile.
    end: Option<Instant>,
    /// How long it may be silent where the tool has no time of its own.
    silence: Duration,
    heard: Instant,
}

impl Patience {
    fn of(journey: &mut Journey) -> Self {
        let end = journey.ticket().timeout().map(|timeout| journey.started() + timeout);
        let silence = Waits::of(journey.ticket().policy()).answer;
        Self { end, silence, heard: Instant::now() }
    }

    /// Notes that the server said something.
    fn hear(&mut self) {
        self.heard = Instant::now();
    }

    fn until(self) -> Instant {
        self.end.unwrap_or(self.heard + self.silence)
    }
}

/// What a wait on the server brought.
enum News {
    Chunk(Bytes),
    Closing,
    End,
    Fault,
    Late,
    Silence,
}

impl Outflow {
    /// The next bytes for the client: one or more whole events, or a heartbeat. `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        while !self.is_over {
            let bytes = match self.news().await {
                News::Chunk(chunk) => {
                    self.patience.iter_mut().for_each(Patience::hear);
                    match self.unpacker.as_mut().map_or(Ok(chunk.clone()), |unpacker| unpacker.push(&chunk)) {
                        Ok(plain) => {
                            self.decoder.push(&plain);
                            self.release().await
                        }
                        Err(fault) => {
                            self.is_over = true;
                            self.owe(|| Denial::AnswerWithheld(fault.to_string().into()))
                        }
                    }
                }
                News::Silence => HEARTBEAT.to_vec(),
                News::End => {
                    self.is_over = true;
                    if let Some(line) = self.line.take() {
                        line.give_back();
                    }
                    self.owe(|| Denial::Unreachable("the stream ended before the answer".into()))
                }
                News::Fault => {
                    self.is_over = true;
                    self.owe(|| Denial::Unreachable("closed in mid-stream".into()))
                }
                News::Late => {
                    self.is_over = true;
                    self.owe(|| Denial::UpstreamTimeout)
                }
                News::Closing => {
                    self.is_over = true;
                    self.farewell()
                }
            };
            if !bytes.is_empty() {
                self.journey.sent(bytes.len());
                return Some(bytes.into());
            }
        }
        None
    }

    async fn news(&mut self) -> News {
        let heartbeat = self.journey.house().settings.heartbeat;
        let late = self.patience.filter(|_| !self.journey.ticket().is_answered()).map(Patience::until);
        tokio::select! {
            biased;
            frame = self.incoming.frame() => match frame {
                None => News::End,
                Some(Err(_)) => News::Fault,
                // Trailers say nothing to a client of events.
                Some(Ok(frame)) => News::Chunk(frame.into_data().unwrap_or_default()),
            },
            _ = self.phase.wait_for(|phase| *phase >= self.last_phase) => News::Closing,
            () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => News::Late,
            () = tokio::time::sleep(heartbeat) => News::Silence,
        }
    }

    /// Judges every event that has arrived whole.
    async fn release(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let event = match self.decoder.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => return bytes,
                Err(_) => {
                    self.is_over = true;
                    bytes.extend(self.owe(|| Denial::AnswerWithheld("an event larger than 4 MiB".into())));
                    return bytes;
                }
            };
            let id = event.id.and_then(|id| self.journey.event_id(id));
            self.is_resumable |= id.is_some();
            let event = Event { id: id.as_deref(), ..event };
            let Some(data) = event.message() else {
                // A heartbeat, an id to resume from, or an event that no client of MCP listens to.
                let is_silent = event.data.is_none_or(<[u8]>::is_empty);
                if is_silent {
                    sse::write(&mut bytes, &event);
                } else {
                    keep_place(&mut bytes, &event);
                }
                continue;
            };
            match self.journey.inspect(&Bytes::copy_from_slice(data), Carrier::Event).await {
                Release::Pass { body, .. } => sse::write(&mut bytes, &Event { data: Some(&body), ..event }),
                Release::Drop(_) => keep_place(&mut bytes, &event),
                Release::Object { back, .. } => {
                    self.journey.object(back);
                    keep_place(&mut bytes, &event);
                }
                Release::Withhold(denial) => {
                    self.is_over = true;
                    let reply = self.journey.withhold(&denial);
                    sse::write(&mut bytes, &Event { data: Some(&reply.body), ..event });
                    return bytes;
                }
            }
        }
    }

    /// The last word of a stream that the gate ends: a subscription is told so in its own terms.
    fn farewell(&mut self) -> Vec<u8> {
        self.journey.ticket().excuse();
        let Some(end) = self.journey.ticket().end_of_subscription() else {
            return self.owe(|| Denial::Unreachable("the gateway is going away".into()));
        };
        self.journey.acknowledged();
        let mut bytes = Vec::new();
        sse::write(&mut bytes, &Event { data: Some(end.as_bytes()), ..MESSAGE });
        bytes
    }

    /// The event that a client is owed whose request was not answered.
    fn owe(&mut self, denial: impl FnOnce() -> Denial) -> Vec<u8> {
        let ticket = self.journey.ticket();
        if !ticket.wants_answer() {
            self.journey.acknowledged();
            return Vec::new();
        }
        if ticket.is_answered() {
            return Vec::new();
        }
        // What was broken off can be taken up again, and answers there; what was taken back never does.
        if self.is_resumable && !self.is_closing() || self.journey.is_cancelled() {
            return Vec::new();
        }
        let reply = self.journey.withhold(&denial());
        let mut bytes = Vec::new();
        sse::write(&mut bytes, &Event { data: Some(&reply.body), ..MESSAGE });
        bytes
    }

    fn is_closing(&self) -> bool {
        *self.phase.borrow() >= self.last_phase
    }
}

/// Writes what is left of an event that is not handed over: its place in the stream.
fn keep_place(bytes: &mut Vec<u8>, event: &Event<'_>) {
    if event.id.is_some() || event.retry.is_some() {
        sse::write(bytes, &Event { event: None, data: None, ..*event });
    }
}

/// An event of the kind that carries messages.
const MESSAGE: Event<'_> = Event { event: Some("message"), id: None, retry: None, data: None };

/// A comment: clients must ignore it, and it keeps the connection from being taken for dead.
const HEARTBEAT: &[u8] = b":\n\n";
