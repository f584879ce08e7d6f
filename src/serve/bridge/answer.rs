//! What the bridge's endpoint sends back: one JSON message, or a stream of events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval, sleep};

use super::calls::{Answered, Era, Forgotten};
use super::process::Process;
use super::renewal::{self, Renewal, Renewing};
use crate::json::quote;
use crate::mcp::sse;
use crate::serve::child::oneline::OneLine;

/// The body of an answer.
pub(super) enum Answer {
    /// All of it; taken when sent.
    Whole(Option<Bytes>),
    /// One event for each message.
    Events(Box<Events>),
}

/// An open stream of events.
pub(super) struct Events {
    first: VecDeque<Bytes>,
    source: Source,
    keep_alive: Interval,
}

/// Where the messages of a stream come from.
pub(super) enum Source {
    /// From one request, until its answer.
    Call(Call),
    /// Nothing more comes.
    Ended,
    /// From a listening request, from one child after the other.
    Listen(Call, Renewal),
    /// From the session, until it ends.
    Session(mpsc::Receiver<Bytes>),
    /// From the next child, once it runs; the id of the request that waits for it.
    Renewing(Renewing, Box<str>),
}

/// A request that waits for its answer.
///
/// Dropped before that, it is forgotten, and the child is told as the era wants it.
#[derive(Debug)]
pub(super) struct Call {
    pub child: Arc<Process>,
    pub number: u64,
    /// The id as the client spells it.
    pub id: Box<str>,
    pub events: mpsc::Receiver<Bytes>,
    pub answer: oneshot::Receiver<Answered>,
    pub on_leave: Leave,
    pub deadline: Option<Deadline>,
}

/// How long the child may be silent on one request.
#[derive(Debug)]
pub(super) struct Deadline {
    each: Duration,
    at: Pin<Box<Sleep>>,
}

/// What it means that a client leaves before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// That it has cancelled the request.
    Cancel,
    /// That nobody will ever use the session that the request was to begin.
    EndSession,
    /// Nothing.
    Nothing,
}

/// The next message for one request.
#[derive(Debug)]
pub(super) enum Next {
    /// The answer, and the code if it is an error.
    Answer(Bytes, Option<i64>),
    /// The end of the stream, without an answer.
    Closed,
    /// Something that comes before the answer.
    Event(Bytes),
    /// Nothing in time.
    Late,
    /// No answer comes: the child has ended, or its answer could not be read.
    Lost,
}

/// What an event is longer than its message.
const EVENT_FRAME_BYTES: usize = 24;

/// Comments keep idle deadlines away that are meant for dead servers.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How much later than the gate the bridge gives up a first answer: the gate's own words are better.
const DEADLINE_SLACK: Duration = Duration::from_millis(250);

impl Deadline {
    /// Starts the clock of a request.
    pub(super) fn new(each: Duration) -> Self {
        Self { each, at: Box::pin(sleep(each + DEADLINE_SLACK)) }
    }

    /// Whether the time is up, for the gate if not for the bridge.
    fn has_passed(&self) -> bool {
        self.at.deadline() <= Instant::now() + DEADLINE_SLACK
    }
}

impl Call {
    /// Waits for the next message.
    pub(super) async fn next(&mut self) -> Next {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        match self.events.poll_recv(context) {
            Poll::Ready(Some(message)) => {
                if let Some(deadline) = &mut self.deadline {
                    deadline.at.as_mut().reset(Instant::now() + deadline.each);
                }
                Poll::Ready(Next::Event(message))
            }
            Poll::Ready(None) => Pin::new(&mut self.answer).poll(context).map(|answer| match answer {
                Ok(Answered::Line(line, code)) => Next::Answer(line, code),
                Ok(Answered::Closed) => Next::Closed,
                Err(_) => Next::Lost,
            }),
            Poll::Pending => match &mut self.deadline {
                Some(deadline) => deadline.at.as_mut().poll(context).map(|()| Next::Late),
                None => Poll::Pending,
            },
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let is_late = self.deadline.as_ref().is_some_and(Deadline::has_passed);
        let forgotten = self.child.calls.forget(self.number);
        let reason = match (forgotten, self.on_leave) {
            (Forgotten::Answered, _) => return,
            (Forgotten::Waiting, Leave::EndSession) => return self.child.stop(),
            (Forgotten::Waiting, _) if is_late => "no answer in time",
            (Forgotten::Waiting, Leave::Nothing) => return,
            (Forgotten::Waiting, Leave::Cancel) => "the client has gone",
        };
        let cancelled = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{},"reason":"{reason}"}}}}"#,
            self.number
        );
        if let Some(line) = OneLine::parse(cancelled.as_bytes()) {
            self.child.send_now(line);
        }
    }
}

impl Answer {
    /// An answer of one JSON message.
    pub(super) fn json(status: StatusCode, message: impl Into<Bytes>) -> Response<Self> {
        let mut response = Response::new(Self::Whole(Some(message.into())));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    }

    /// An answer without a body.
    pub(super) fn empty(status: StatusCode) -> Response<Self> {
        let mut response = Response::new(Self::Whole(None));
        *response.status_mut() = status;
        response
    }

    /// A JSON-RPC error to the request whose id is spelled `id`.
    pub(super) fn error(status: StatusCode, id: Option<&str>, code: i64, text: &str) -> Response<Self> {
        Self::json(status, error_message(id, code, text))
    }

    /// A stream of what comes from `source`, after `first`.
    pub(super) fn events(first: Option<Bytes>, source: Source) -> Response<Self> {
        let mut keep_alive = interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        keep_alive.reset();
        let first = first.into_iter().collect();
        let mut response = Response::new(Self::Events(Box::new(Events { first, source, keep_alive })));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, no-transform"));
        response
    }

    /// The answer to a request as one JSON message.
    ///
    /// The modern era has statuses for some errors; the legacy one answers all of them with 200.
    pub(super) fn result(era: Era, line: Bytes, code: Option<i64>) -> Response<Self> {
        let status = match (era, code) {
            (Era::Modern, Some(-32601)) => StatusCode::NOT_FOUND,
            (Era::Modern, Some(-32022..=-32020)) => StatusCode::BAD_REQUEST,
            (Era::Modern | Era::Legacy, _) => StatusCode::OK,
        };
        Self::json(status, line)
    }
}

/// One JSON-RPC error as text.
pub(super) fn error_message(id: Option<&str>, code: i64, text: &str) -> String {
    let id = id.map(|id| format!(r#""id":{id},"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0",{id}"error":{{"code":{code},"message":{}}}}}"#, quote(text))
}

/// What a client reads whose answer is lost.
pub(super) const LOST: &str =
    "the server ended, or answered with something unreadable; the call may have taken effect";

/// What a client reads whose call took longer than it may.
pub(super) const LATE: &str =
    "the server did not answer in time; it may still be working, so check before you call it again";

/// The code that goes with [`LATE`], as the gate itself has it.
pub(super) const LATE_CODE: i64 = -31_504;

impl Events {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(message) = self.first.pop_front() {
                return Poll::Ready(Some(event(&message)));
            }
            let message = match &mut self.source {
                Source::Ended => return Poll::Ready(None),
                Source::Session(events) => match events.poll_recv(context) {
                    Poll::Ready(message) => return Poll::Ready(message.map(|message| event(&message))),
                    Poll::Pending => Poll::Pending,
                },
                Source::Call(call) | Source::Listen(call, _) => call.poll_next(context),
                Source::Renewing(renewing, id) => match renewing.as_mut().poll(context) {
                    Poll::Ready(Some((call, renewal))) => {
                        self.source = Source::Listen(call, renewal);
                        continue;
                    }
                    Poll::Ready(None) => {
                        self.first.push_back(error_message(Some(id), -32603, LOST).into());
                        self.source = Source::Ended;
                        continue;
                    }
                    Poll::Pending => Poll::Pending,
                },
            };
            let Poll::Ready(next) = message else {
                return self.keep_alive.poll_tick(context).map(|_| Some(Bytes::from_static(b":\n\n")));
            };
            self.take(next);
        }
    }

    /// Queues what came for the client, and goes on to where the rest comes from.
    fn take(&mut self, next: Next) {
        let source = std::mem::replace(&mut self.source, Source::Ended);
        let (id, rest) = match source {
            Source::Call(call) => (call.id.clone(), Ok(call)),
            Source::Listen(call, renewal) => (call.id.clone(), Err((call, renewal))),
            Source::Ended | Source::Session(_) | Source::Renewing(..) => return,
        };
        let failed = |code, text| Bytes::from(error_message(Some(&id), code, text));
        match (next, rest) {
            (Next::Event(message), Ok(call)) => {
                self.first.push_back(message);
                self.source = Source::Call(call);
            }
            (Next::Event(message), Err((call, mut renewal))) => {
                let news = if renewal.lost > 0 { renewal::news(&message) } else { None };
                renewal.lost = if news.is_some() { 0 } else { renewal.lost };
                self.first.extend(news.unwrap_or_else(|| vec![message]));
                self.source = Source::Listen(call, renewal);
            }
            (Next::Lost, Err((call, renewal))) if !call.child.is_running() => {
                self.source = Source::Renewing(renewal.renew(), id);
            }
            (Next::Answer(line, _), _) => self.first.push_back(line),
            (Next::Late, _) => self.first.push_back(failed(LATE_CODE, LATE)),
            (Next::Lost, _) => self.first.push_back(failed(-32603, LOST)),
            (Next::Closed, _) => {}
        }
    }
}

/// One message as an event.
fn event(message: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(message.len() + EVENT_FRAME_BYTES);
    sse::write(
        &mut out,
        &sse::Event { event: Some("message"), data: Some(message), ..sse::Event::default() },
    );
    Bytes::from(out)
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take()),
            Self::Events(events) => events.poll(context),
        };
        chunk.map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events(_) => SizeHint::default(),
        }
    }
}
