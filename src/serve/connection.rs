//! One client's connection: its codec, its clocks and its end.
//!
//! ```text
//!   socket -> Guard (framing of HTTP/1, slow heads, clients that take nothing) -> hyper (h1 or h2) -> exchange
//! ```
//!
//! When it ends: the client closes; a fault of its framing was told; it has lain idle, with no request
//! begun and none open, for `CONNECTION_IDLE_MAX` (at most twice that, since the look is taken only now and then);
//! the process drains. What does not count as idle: an open event stream, however silent.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use pingora_core::protocols::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::body::Outgoing;
use super::drain::Phase;
use super::exchange::exchange;
use super::guard::Guard;
use super::house::House;
use super::preflight::{self, Grant};
use crate::bounds::{
    CODEC_BYTES_MAX, CONNECTION_IDLE_MAX, HEAD_BYTES_MAX, HEAD_FIELDS_MAX, HTTP2_CONNECTION_WINDOW_BYTES,
    HTTP2_FRAME_BYTES_MAX, HTTP2_LOCAL_RESETS_MAX, HTTP2_PENDING_RESETS_MAX, HTTP2_PING_PAUSE,
    HTTP2_PING_WAIT, HTTP2_SEND_BYTES_MAX, HTTP2_STREAM_WINDOW_BYTES, HTTP2_STREAMS_MAX,
};

/// Serves one connection to its end, or until the process drains.
pub async fn serve(house: Arc<House>, client: Stream) {
    let open = house.drain.connection();
    let peer = client.get_socket_digest().and_then(|digest| digest.peer_addr()?.as_inet().copied());
    let activity = Arc::new(Activity::default());
    let guard = Guard::new(client, house.settings.header_wait);
    let service = {
        let (house, activity, is_misframed) =
            (Arc::clone(&house), Arc::clone(&activity), guard.is_misframed());
        service_fn(move |request: Request<Incoming>| {
            let (house, busy, is_misframed) =
                (Arc::clone(&house), activity.begin(), Arc::clone(&is_misframed));
            async move {
                let mut response = answered(house, peer, request).await;
                if is_misframed.load(Ordering::Relaxed) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response.map(|body| Attended { body, _busy: busy }))
            }
        })
    };
    let codec = codec();
    let mut connection = std::pin::pin!(codec.serve_connection(TokioIo::new(guard), service));
    let mut phase = house.drain.watch();
    let mut is_leaving = false;
    let mut looks = interval_at(Instant::now() + CONNECTION_IDLE_MAX, CONNECTION_IDLE_MAX);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(fault) = ended {
                    tracing::debug!(%fault, "client connection ended");
                }
                break;
            }
            _ = phase.wait_for(|phase| *phase != Phase::Serving), if !is_leaving => {
                is_leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = looks.tick() => match activity.look() {
                Look::Active => {}
                // A client that does not answer the goodbye of HTTP/2 is left at the next look.
                Look::Idle if is_leaving => break,
                Look::Idle => {
                    is_leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
            },
        }
    }
    drop(open);
}

fn codec() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The guard watches the time of a head, and the looks that between two: no clock is needed here.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HEAD_FIELDS_MAX)
        .max_buf_size(CODEC_BYTES_MAX);
    builder
        .http2()
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
async fn answered(
    house: Arc<House>,
    peer: Option<SocketAddr>,
    request: Request<Incoming>,
) -> Response<Outgoing> {
    let grant = Grant::of(request.headers(), &house.settings.plate);
    let (head, body) = request.into_parts();
    if let Some(answer) = preflight::answer(&head, &house.settings.plate) {
        return answer;
    }
    let mut response = contained(house, peer, Request::from_parts(head, body)).await;
    if let Some(grant) = grant {
        grant.note(response.headers_mut());
    }
    response
}

/// Answers a request; a panic in it ends that request alone, and refuses it.
async fn contained(
    house: Arc<House>,
    peer: Option<SocketAddr>,
    request: Request<Incoming>,
) -> Response<Outgoing> {
    let metrics = Arc::clone(&house.metrics);
    match AssertUnwindSafe(exchange(house, peer, request)).catch_unwind().await {
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

/// What goes on in one connection.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicUsize,
    open: AtomicUsize,
    /// How many had begun at the last look.
    seen: AtomicUsize,
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    Active,
    Idle,
}

impl Activity {
    fn begin(self: &Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Whether anything was open since the last look.
    fn look(&self) -> Look {
        let begun = self.begun.load(Ordering::Relaxed);
        let is_idle =
            self.seen.swap(begun, Ordering::Relaxed) == begun && self.open.load(Ordering::Relaxed) == 0;
        if is_idle { Look::Idle } else { Look::Active }
    }
}

/// A request from its first byte to the last of its answer.
#[derive(Debug)]
struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that keeps its connection from being taken for idle.
struct Attended {
    body: Outgoing,
    _busy: Busy,
}

impl Body for Attended {
    type Data = Bytes;
    type Error = std::convert::Infallible;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_connection_for_idle_only_when_nothing_begun_and_nothing_open() {
        let activity = Arc::new(Activity::default());
        assert_eq!(activity.look(), Look::Idle, "nothing ever begun");
        let busy = activity.begin();
        assert_eq!(activity.look(), Look::Active);
        assert_eq!(activity.look(), Look::Active, "still open");
        drop(busy);
        assert_eq!(activity.look(), Look::Idle);
        drop(activity.begin());
        assert_eq!(activity.look(), Look::Active, "one came and went");
        assert_eq!(activity.look(), Look::Idle);
    }
}
