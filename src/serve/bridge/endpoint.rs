//! POST, GET and DELETE of one MCP endpoint, toward children.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::answer::{Answer, Call, Deadline, KEEP_ALIVE, LATE, LATE_CODE, LOST, Leave, Next, Source};
use super::calls::{Asker, Unopened};
use super::frame::{self, Frame, Shape};
use super::process::{Process, Unsent};
use super::renewal::Renewal;
use super::{Bridge, CALLER_HEADER, NoChild, TIMEOUT_HEADER};
use crate::bounds::BRIDGE_LINE_BYTES_MAX;
use crate::json::{Document, Value};
use crate::serve::child::oneline::OneLine;

/// How long a `tools/call` may take before its answer begins as a stream, so that no deadline for
/// the first byte ends a slow tool.
const STREAM_AFTER: Duration = Duration::from_millis(250);

/// How long a child may ponder `server/discover`. Some legacy servers leave it without an answer,
/// and clients then want to hear that there is none, not a time-out.
const DISCOVER_WAIT: Duration = Duration::from_secs(10);

const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INTERNAL: i64 = -32603;
const PARSE: i64 = -32700;

/// What the headers of a request say.
struct Claims {
    caller: Box<str>,
    session: Option<Box<str>>,
    names_modern: bool,
    /// How long the call may take, where the policy says.
    timeout: Option<Duration>,
}

impl Claims {
    fn read(headers: &HeaderMap) -> Self {
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Self {
            caller: value(CALLER_HEADER).unwrap_or_default().into(),
            session: value("mcp-session-id").map(Box::from),
            names_modern: value("mcp-protocol-version").is_some_and(frame::is_modern),
            timeout: value(TIMEOUT_HEADER).and_then(|ms| ms.parse().ok()).map(Duration::from_millis),
        }
    }
}

impl Bridge {
    /// Answers one HTTP request.
    pub(super) async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Response<Answer> {
        let (head, body) = request.into_parts();
        let claims = Claims::read(&head.headers);
        match head.method {
            Method::POST => match Limited::new(body, BRIDGE_LINE_BYTES_MAX).collect().await {
                Ok(body) => self.post(&claims, &body.to_bytes()).await,
                Err(_) => Answer::error(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    None,
                    INVALID_REQUEST,
                    "the message is too long",
                ),
            },
            Method::GET if !claims.names_modern => self.get(&claims),
            Method::DELETE if !claims.names_modern => self.delete(&claims),
            _ => Answer::error(StatusCode::METHOD_NOT_ALLOWED, None, INVALID_REQUEST, "use POST"),
        }
    }

    async fn post(self: &Arc<Self>, claims: &Claims, body: &Bytes) -> Response<Answer> {
        let document = match Document::parse(body) {
            Ok(document) => document,
            Err(fault) => return Answer::error(StatusCode::BAD_REQUEST, None, PARSE, &fault.to_string()),
        };
        let Some(frame) = Frame::read(&document) else {
            return Answer::error(StatusCode::BAD_REQUEST, None, INVALID_REQUEST, "not a JSON-RPC message");
        };
        match &frame.shape {
            Shape::Request(method, id) if frame.is_modern() => {
                let terms = Terms { timeout: claims.timeout, ..Terms::plain(Leave::Cancel) };
                match (self.shared(&claims.caller).await, &**method) {
                    (Ok(child), "subscriptions/listen") => {
                        let (bridge, caller) = (Arc::clone(self), claims.caller.clone());
                        listen(child, &frame, id, Renewal { bridge, caller, request: body.clone(), lost: 0 })
                            .await
                    }
                    (Ok(child), _) => ask(child, &frame, id, terms).await.1,
                    (Err(fault), _) => no_child(id, &fault),
                }
            }
            Shape::Request(method, id) if method == "initialize" => self.initialize(claims, &frame, id).await,
            Shape::Request(_, id) => match self.found(claims, Some(id)) {
                Ok(child) => {
                    let terms = Terms { timeout: claims.timeout, ..Terms::plain(Leave::Nothing) };
                    ask(child, &frame, id, terms).await.1
                }
                Err(refused) => *refused,
            },
            Shape::Notification(method) if frame.is_modern() || is_stray(claims) => {
                // Closing the stream is how a modern client cancels; by HTTP it sends no word of it.
                let child =
                    self.shared_running(&claims.caller).filter(|_| method != "notifications/cancelled");
                accept(child.zip(frame.line(vec![]))).await
            }
            Shape::Notification(method) => match self.found(claims, None) {
                Ok(child) if method == "notifications/cancelled" => {
                    let line = child.calls.cancellation(&frame);
                    accept(line.map(|line| (child, line))).await
                }
                Ok(child) => {
                    let is_first = method == "notifications/initialized";
                    let told = accept(frame.line(vec![]).map(|line| (Arc::clone(&child), line))).await;
                    if is_first {
                        child.begin();
                    }
                    told
                }
                Err(refused) => *refused,
            },
            Shape::Response(..) => match self.found(claims, None) {
                Ok(child) => accept(frame.line(vec![]).map(|line| (child, line))).await,
                Err(refused) => *refused,
            },
        }
    }

    async fn initialize(&self, claims: &Claims, frame: &Frame<'_>, id: &Value<'_>) -> Response<Answer> {
        let (session, child) = match self.begin(&claims.caller).await {
            Ok(begun) => begun,
            Err(fault) => return no_child(id, &fault),
        };
        let (end, mut response) = ask(Arc::clone(&child), frame, id, Terms::plain(Leave::EndSession)).await;
        match end {
            // A server that refuses the handshake begins no session.
            Asked::Failed => child.stop(),
            Asked::Answered => {
                // INVARIANT: a session id is hexadecimal.
                let value = HeaderValue::from_str(&session).expect("a session id is visible ASCII");
                response.headers_mut().insert("mcp-session-id", value);
            }
        }
        response
    }

    fn get(&self, claims: &Claims) -> Response<Answer> {
        let child = match self.found(claims, None) {
            Ok(child) => child,
            Err(refused) => return *refused,
        };
        match child.calls.listen() {
            Some(events) => Answer::events(None, Source::Session(events)),
            None => Answer::error(
                StatusCode::CONFLICT,
                None,
                INVALID_REQUEST,
                "this session has a stream already",
            ),
        }
    }

    fn delete(&self, claims: &Claims) -> Response<Answer> {
        match self.found(claims, None) {
            Ok(child) => {
                child.stop();
                Answer::empty(StatusCode::OK)
            }
            Err(refused) => *refused,
        }
    }

    /// The child of the session that the headers name.
    fn found(&self, claims: &Claims, id: Option<&Value<'_>>) -> Result<Arc<Process>, Box<Response<Answer>>> {
        let refuse =
            |status, text| Err(Box::new(Answer::error(status, id.map(Value::raw), INVALID_REQUEST, text)));
        let Some(session) = &claims.session else {
            return refuse(
                StatusCode::BAD_REQUEST,
                "no session: call initialize first, then send its Mcp-Session-Id",
            );
        };
        match self.session(session, &claims.caller) {
            Some(child) => Ok(child),
            None => refuse(StatusCode::NOT_FOUND, "session not found: call initialize again"),
        }
    }
}

/// Whether a notification belongs to no session and to the modern era by its header alone.
fn is_stray(claims: &Claims) -> bool {
    claims.session.is_none() && claims.names_modern
}

/// How a request ended, as far as the beginning of its answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Answered,
    Failed,
}

/// What holds for one request beside its words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub on_leave: Leave,
    /// How long the child may be silent on it.
    pub timeout: Option<Duration>,
    pub asker: Asker,
}

impl Terms {
    /// Those of a request without a time of its own.
    pub(super) fn plain(on_leave: Leave) -> Self {
        Self { on_leave, timeout: None, asker: Asker::Client }
    }
}

/// Sends a request to a child.
///
/// # Errors
/// The status and the words for the client.
pub(super) async fn send(
    child: Arc<Process>,
    frame: &Frame<'_>,
    id: &Value<'_>,
    terms: Terms,
) -> Result<Call, (StatusCode, &'static str)> {
    let opened = child.calls.open(frame, id, terms.asker).map_err(|unopened| match unopened {
        Unopened::Full => (StatusCode::SERVICE_UNAVAILABLE, "too many calls wait for the server"),
        Unopened::Gone => (StatusCode::BAD_GATEWAY, LOST),
        Unopened::Unfit => (StatusCode::INTERNAL_SERVER_ERROR, "the request could not be rewritten"),
    })?;
    let sent = child.send(opened.line, terms.asker).await;
    let mut call = Call {
        child,
        number: opened.number,
        id: id.raw().into(),
        events: opened.events,
        answer: opened.answer,
        on_leave: terms.on_leave,
        deadline: terms.timeout.map(Deadline::new),
    };
    match sent {
        Ok(()) => Ok(call),
        Err(Unsent::Gone) => Err((StatusCode::BAD_GATEWAY, LOST)),
        Err(Unsent::Full) => {
            // The child has not seen the request, so there is nothing to cancel.
            (call.on_leave, call.deadline) = (Leave::Nothing, None);
            Err((StatusCode::SERVICE_UNAVAILABLE, "the server does not read its input"))
        }
    }
}

/// Sends a request to a child and waits until it is clear how to answer.
async fn ask(
    child: Arc<Process>,
    frame: &Frame<'_>,
    id: &Value<'_>,
    terms: Terms,
) -> (Asked, Response<Answer>) {
    match send(child, frame, id, terms).await {
        Ok(call) => begin_answer(call, patience(frame)).await,
        Err((status, text)) => (Asked::Failed, Answer::error(status, Some(id.raw()), INTERNAL, text)),
    }
}

/// Sends a listening request, whose stream outlives the child.
async fn listen(
    child: Arc<Process>,
    frame: &Frame<'_>,
    id: &Value<'_>,
    renewal: Renewal,
) -> Response<Answer> {
    let mut call = match send(child, frame, id, Terms::plain(Leave::Cancel)).await {
        Ok(call) => call,
        Err((status, text)) => return Answer::error(status, Some(id.raw()), INTERNAL, text),
    };
    match timeout(STREAM_AFTER, call.next()).await {
        Ok(Next::Event(message)) => Answer::events(Some(message), Source::Listen(call, renewal)),
        Ok(Next::Answer(line, code)) => Answer::result(call.child.calls.era(), line, code),
        Ok(Next::Closed) => Answer::events(None, Source::Ended),
        Ok(Next::Late | Next::Lost) => Answer::error(StatusCode::BAD_GATEWAY, Some(&call.id), INTERNAL, LOST),
        Err(_) => Answer::events(None, Source::Listen(call, renewal)),
    }
}

/// What to do when no message comes at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Say after a while that there is no such method.
    Discover,
    /// Begin a stream after a while.
    Stream,
    /// Wait.
    Whole,
}

fn patience(frame: &Frame<'_>) -> Patience {
    match &frame.shape {
        Shape::Request(method, _) if method == "server/discover" => Patience::Discover,
        Shape::Request(method, _) if method == "tools/call" => Patience::Stream,
        _ if frame.progress_token().is_some() => Patience::Stream,
        Shape::Request(..) | Shape::Notification(_) | Shape::Response(..) => Patience::Whole,
    }
}

async fn begin_answer(mut call: Call, patience: Patience) -> (Asked, Response<Answer>) {
    // A call with a time of its own is given up in that time, unless something comes before its answer.
    let stream_after = if call.deadline.is_some() { KEEP_ALIVE } else { STREAM_AFTER };
    let next = match patience {
        Patience::Whole => call.next().await,
        Patience::Stream => match timeout(stream_after, call.next()).await {
            Ok(next) => next,
            Err(_) => return (Asked::Answered, Answer::events(None, Source::Call(call))),
        },
        Patience::Discover => timeout(DISCOVER_WAIT, call.next()).await.unwrap_or(Next::Lost),
    };
    match next {
        Next::Answer(line, None) => (Asked::Answered, Answer::result(call.child.calls.era(), line, None)),
        Next::Answer(line, code) => (Asked::Failed, Answer::result(call.child.calls.era(), line, code)),
        Next::Event(message) => (Asked::Answered, Answer::events(Some(message), Source::Call(call))),
        Next::Closed => (Asked::Answered, Answer::events(None, Source::Ended)),
        Next::Late => {
            (Asked::Failed, Answer::error(StatusCode::GATEWAY_TIMEOUT, Some(&call.id), LATE_CODE, LATE))
        }
        Next::Lost if patience == Patience::Discover => {
            let text = "the server knows no server/discover";
            (Asked::Failed, Answer::error(StatusCode::NOT_FOUND, Some(&call.id), METHOD_NOT_FOUND, text))
        }
        Next::Lost => (Asked::Failed, Answer::error(StatusCode::BAD_GATEWAY, Some(&call.id), INTERNAL, LOST)),
    }
}

/// Sends a line that wants no answer, if there is one.
async fn accept(line: Option<(Arc<Process>, OneLine)>) -> Response<Answer> {
    let Some((child, line)) = line else { return Answer::empty(StatusCode::ACCEPTED) };
    match child.send(line, Asker::Client).await {
        Ok(()) => Answer::empty(StatusCode::ACCEPTED),
        Err(Unsent::Full) => {
            let text = "the server does not read its input";
            Answer::error(StatusCode::SERVICE_UNAVAILABLE, None, INTERNAL, text)
        }
        Err(Unsent::Gone) => Answer::error(StatusCode::BAD_GATEWAY, None, INTERNAL, LOST),
    }
}

fn no_child(id: &Value<'_>, fault: &NoChild) -> Response<Answer> {
    let (status, retry_after) = match fault {
        NoChild::Resting(pause) => (StatusCode::SERVICE_UNAVAILABLE, Some(pause.seconds())),
        NoChild::Full | NoChild::FullForCaller | NoChild::Stopped => (StatusCode::SERVICE_UNAVAILABLE, None),
        NoChild::Start(_) => (StatusCode::BAD_GATEWAY, None),
    };
    let source = std::error::Error::source(fault).map(ToString::to_string);
    match fault {
        // That was told when the pause began.
        NoChild::Resting(_) => tracing::debug!(%fault, "no server process for a request"),
        NoChild::Full | NoChild::FullForCaller | NoChild::Start(_) | NoChild::Stopped => {
            tracing::warn!(%fault, source, "no server process for a request");
        }
    }
    let mut response = Answer::error(status, Some(id.raw()), INTERNAL, &fault.to_string());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
