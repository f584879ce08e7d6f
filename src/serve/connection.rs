//! One client's connection: its codec, its clocks and its end.
//!
//! ```text
//!   socket -> Guard (framing of HTTP/1, slow heads, clients that take nothing) -> hyper (h1 or h2) -> exchange
//! ```
//!
//! When it ends: the client closes; a fault of its framing was told; it has lain idle, with no request
//! begun and none open, for `CONNECTION_IDLE_MAX` (at most twice that, since the look is taken only now and then);
//! the process drains. What does not count as idle: an open event stream, however silent.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pingora_core::protocols::Stream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::activity::{Activity, Busy, Look};
use super::body::Outgoing;
use super::drain::Phase;
use super::exchange::exchange;
use super::guard::{Guard, Protocol};
use super::house::House;
use super::load::Entered;
use super::metadata;
use super::preflight::{self, Grant};
use super::relay::{self, Lent, Relay};
use crate::bounds::{
    CODEC_BYTES_MAX, CONNECTION_IDLE_MAX, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, HTTP2_CONNECTION_WINDOW_BYTES,
    HTTP2_FRAME_BYTES_MAX, HTTP2_LOCAL_RESETS_MAX, HTTP2_PENDING_RESETS_MAX, HTTP2_PING_PAUSE,
    HTTP2_PING_WAIT, HTTP2_SEND_BYTES_MAX, HTTP2_STREAM_WINDOW_BYTES, HTTP2_STREAMS_MAX,
};
use crate::gate::Origin;

/// Serves one connection to its end, or until the process drains.
pub async fn serve(house: Arc<House>, client: Stream) {
    let open = house.drain.connection();
    let origin = Origin {
        peer: client.get_socket_digest().and_then(|digest| digest.peer_addr()?.as_inet().copied()),
        certificate: client.get_ssl_digest().and_then(|digest| digest.extension.get().cloned()),
    };
    let mut guard = Guard::new(client, house.settings.header_wait);
    let mut phase = house.drain.watch();
    let protocol = tokio::select! {
        biased;
        protocol = poll_fn(|context| guard.poll_protocol(context)) => protocol,
        _ = phase.wait_for(|phase| *phase >= Phase::Stopping) => None,
    };
    if let Some(protocol) = protocol {
        let desk = Desk {
            house,
            origin,
            activity: Arc::default(),
            relay: Arc::new(Relay::new(guard.is_flushed())),
            is_misframed: guard.is_misframed(),
        };
        let (activity, relay) = (Arc::clone(&desk.activity), Arc::clone(&desk.relay));
        let mut codec = Codec::new(protocol, guard, desk);
        while let Some(lent) = attend(&mut codec, &activity, &relay, &mut phase).await {
            match codec.without(lent).await {
                Ok(next) => codec = next,
                Err(fault) => {
                    tracing::debug!(%fault, "a client left its stream");
                    break;
                }
            }
        }
    }
    drop(open);
}

/// Drives a codec until its connection ends, is left, or has lain idle; or until a stream goes on without it.
async fn attend(
    codec: &mut Codec,
    activity: &Activity,
    relay: &Relay<Busy>,
    phase: &mut watch::Receiver<Phase>,
) -> Option<Lent<Busy>> {
    let mut is_leaving = false;
    let farewell = codec.farewell();
    let mut looks = interval_at(Instant::now() + CONNECTION_IDLE_MAX, CONNECTION_IDLE_MAX);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            turn = poll_fn(|context| codec.poll(context, relay)) => match turn {
                Turn::Ended(ended) => {
                    if let Err(fault) = ended {
                        tracing::debug!(%fault, "client connection ended");
                    }
                    return None;
                }
                Turn::Lent(lent) => return Some(lent),
            },
            _ = phase.wait_for(|phase| *phase >= farewell), if !is_leaving => {
                is_leaving = true;
                codec.leave();
            }
            _ = looks.tick() => match activity.look() {
                Look::Active => {}
                // A client that does not answer the goodbye of HTTP/2 is left at the next look.
                Look::Idle if is_leaving => return None,
                Look::Idle => {
                    is_leaving = true;
                    codec.leave();
                }
            },
        }
    }
}

/// hyper's codec for what the connection speaks.
///
/// The protocol is known before a codec is made: the one that finds out by itself holds both, and hands
/// over the first bytes apart, upon which the reader behind it doubles its buffer.
enum Codec {
    Http1(Box<http1::Connection<Guarded, Desk>>),
    Http2(Pin<Box<http2::Connection<Guarded, Desk, TokioExecutor>>>),
}

/// A stream as the codecs read it.
type Guarded = TokioIo<Guard<Stream>>;

impl Codec {
    fn new(protocol: Protocol, guard: Guard<Stream>, desk: Desk) -> Self {
        match protocol {
            Protocol::Http1 => {
                Self::Http1(Box::new(http1_builder().serve_connection(TokioIo::new(guard), desk)))
            }
            Protocol::Http2 => {
                Self::Http2(Box::pin(http2_builder().serve_connection(TokioIo::new(guard), desk)))
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, relay: &Relay<Busy>) -> Poll<Turn> {
        match self {
            Self::Http1(connection) => match Pin::new(connection).poll(context) {
                Poll::Ready(ended) => Poll::Ready(Turn::Ended(ended)),
                Poll::Pending => relay.lent().map_or(Poll::Pending, |lent| Poll::Ready(Turn::Lent(lent))),
            },
            Self::Http2(connection) => connection.as_mut().poll(context).map(Turn::Ended),
        }
    }

    /// Takes the codec apart, passes a stream on without it, and goes on with a new one.
    async fn without(self, lent: Lent<Busy>) -> io::Result<Self> {
        let Self::Http1(connection) = self else {
            // Many streams share a connection of HTTP/2, and none is lent.
            return Ok(self);
        };
        let http1::Parts { io, read_buf, service, .. } = connection.into_parts();
        let mut guard = io.into_inner();
        guard.put_back(&read_buf);
        drop(read_buf);
        relay::pass_on(&mut guard, lent).await?;
        Ok(Self::new(Protocol::Http1, guard, service))
    }

    /// When it says goodbye. A connection of HTTP/1 that is idle would be closed just as its client uses it again: until
    /// the end it is told with an answer.
    fn farewell(&self) -> Phase {
        match self {
            Self::Http1(_) => Phase::Stopping,
            Self::Http2(_) => Phase::Parting,
        }
    }

    /// Takes no further requests, and ends once the open ones have been answered.
    fn leave(&mut self) {
        match self {
            Self::Http1(connection) => Pin::new(&mut **connection).graceful_shutdown(),
            Self::Http2(connection) => connection.as_mut().graceful_shutdown(),
        }
    }
}

/// What a codec that was driven came to.
enum Turn {
    Ended(hyper::Result<()>),
    /// A stream goes on without it.
    Lent(Lent<Busy>),
}

/// The codec of HTTP/1 behind a guard: that watches the time of a head, and the looks that between two.
pub(super) fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HEAD_FIELDS_MAX)
        .max_buf_size(CODEC_BYTES_MAX);
    builder
}

/// The codec of HTTP/2 behind a guard.
pub(super) fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .max_frame_size(HTTP2_FRAME_BYTES_MAX)
        .max_pending_accept_reset_streams(HTTP2_PENDING_RESETS_MAX)
        .max_local_error_reset_streams(HTTP2_LOCAL_RESETS_MAX)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(HTTP2_SEND_BYTES_MAX)
        .keep_alive_interval(HTTP2_PING_PAUSE)
        .keep_alive_timeout(HTTP2_PING_WAIT);
    builder
}

/// Answers a request, or a question about what may be requested.
async fn answered(house: Arc<House>, origin: Origin, request: Request<Incoming>) -> Response<Outgoing> {
    let grant = Grant::of(request.headers(), &house.settings.plate);
    let (head, body) = request.into_parts();
    if let Some(answer) = preflight::answer(&head, &house.settings.plate) {
        return answer;
    }
    if let Some(answer) = metadata::answer(&head, &house.settings.plate, house.live.peek().resource.as_ref())
    {
        house.metrics.count_response(answer.status().as_u16());
        return answer;
    }
    let mut response = contained(house, origin, Request::from_parts(head, body)).await;
    if let Some(grant) = grant {
        grant.note(response.headers_mut());
    }
    response
}

/// Where the requests of one connection are answered.
struct Desk {
    house: Arc<House>,
    origin: Origin,
    activity: Arc<Activity>,
    relay: Arc<Relay<Busy>>,
    is_misframed: Arc<AtomicBool>,
}

impl Service<Request<Incoming>> for Desk {
    type Response = Response<Attended>;
    type Error = Infallible;
    // Boxed: the codec keeps the room of one such future for as long as the connection lasts.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (house, origin) = (Arc::clone(&self.house), self.origin.clone());
        let (busy, is_misframed) = (self.activity.begin(), Arc::clone(&self.is_misframed));
        let relay = relay::may_lend(&request).then(|| Arc::clone(&self.relay));
        let version = request.version();
        Box::pin(async move {
            let drain = Arc::clone(&house.drain);
            let mut response = answered(house, origin, request).await;
            let is_last = is_misframed.load(Ordering::Relaxed)
                // HTTP/2 has no such header, and says it by a frame.
                || drain.is_parting() && version < Version::HTTP_2;
            if is_last {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            // A stream that is the last of its connection ends with it, which the codec sees to.
            let relay = relay.filter(|_| !is_last);
            let held = response.extensions_mut().remove::<Arc<Entered>>();
            Ok(response.map(|body| match (body, relay) {
                (Outgoing::Watch(events), Some(relay)) => {
                    relay.lend(events, busy);
                    Attended { body: Outgoing::Lent, _busy: None, _held: None }
                }
                (body, _) => Attended { body, _busy: Some(busy), _held: held },
            }))
        })
    }
}

/// Answers a request; a panic in it ends that request alone, and refuses it.
async fn contained(house: Arc<House>, origin: Origin, request: Request<Incoming>) -> Response<Outgoing> {
    let metrics = Arc::clone(&house.metrics);
    match AssertUnwindSafe(exchange(house, origin, request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            metrics.panicked();
            tracing::error!("an exchange panicked and was refused");
            let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"the gateway failed to judge this message, so nothing was done"}}"#;
            let mut response = Response::new(Outgoing::whole(body));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
            response
        }
    }
}

/// A body that keeps its connection from being taken for idle.
struct Attended {
    body: Outgoing,
    /// `None` where the stream that was lent has it.
    _busy: Option<Busy>,
    /// What is counted of it until it was sent; `None` for streams.
    _held: Option<Arc<Entered>>,
}

impl Body for Attended {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
