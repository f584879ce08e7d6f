//! What the bridge's endpoint sends back: one JSON message, or a stream of events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::calls::{Answered, Era, Forgotten};
use super::process::Process;
use crate::json::quote;
use crate::mcp::sse;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// All of it; taken when sent.
    Whole(Option<Bytes>),
    /// One event for each message.
    Events(Box<Events>),
}

/// An open stream of events.
#[derive(Debug)]
pub(super) struct Events {
    first: Option<Bytes>,
    source: Source,
    keep_alive: Interval,
}

/// Where the messages of a stream come from.
#[derive(Debug)]
pub(super) enum Source {
    /// From one request, until its answer.
    Call(Call),
    /// Nothing more comes.
    Ended,
    /// From the session, until it ends.
    Session(mpsc::Receiver<Bytes>),
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
    /// No answer comes: the child has ended, or its answer could not be read.
    Lost,
}

/// What an event is longer than its message.
const EVENT_FRAME_BYTES: usize = 24;

/// Comments keep idle deadlines away that are meant for dead servers.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

impl Call {
    /// Waits for the next message.
    pub(super) async fn next(&mut self) -> Next {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        if let Some(message) = std::task::ready!(self.events.poll_recv(context)) {
            return Poll::Ready(Next::Event(message));
        }
        Poll::Ready(match std::task::ready!(Pin::new(&mut self.answer).poll(context)) {
            Ok(Answered::Line(line, code)) => Next::Answer(line, code),
            Ok(Answered::Closed) => Next::Closed,
            Err(_) => Next::Lost,
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let forgotten = self.child.calls.forget(self.number);
        match (forgotten, self.on_leave) {
            (Forgotten::Answered, _) | (Forgotten::Waiting, Leave::Nothing) => {}
            (Forgotten::Waiting, Leave::EndSession) => self.child.stop(),
            (Forgotten::Waiting, Leave::Cancel) => self.child.send_now(
                format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{},"reason":"the client has gone"}}}}"#,
                    self.number
                )
                .into_bytes(),
            ),
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

impl Events {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(event(&first)));
        }
        let message = match &mut self.source {
            Source::Ended => return Poll::Ready(None),
            Source::Session(events) => events.poll_recv(context),
            Source::Call(call) => call
                .poll_next(context)
                .map(|next| match next {
                    Next::Event(message) => Some((message, true)),
                    Next::Answer(line, _) => Some((line, false)),
                    Next::Lost => Some((error_message(Some(&call.id), -32603, LOST).into(), false)),
                    Next::Closed => None,
                })
                .map(|message| {
                    if !matches!(message, Some((_, true))) {
                        self.source = Source::Ended;
                    }
                    message.map(|(message, _)| message)
                }),
        };
        match message {
            Poll::Ready(message) => Poll::Ready(message.map(|message| event(&message))),
            Poll::Pending => self.keep_alive.poll_tick(context).map(|_| Some(Bytes::from_static(b":\n\n"))),
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
