//! Connections of API servers: taken, encrypted, and ended.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Desk, exchange};
use crate::bounds::{CONNECTION_IDLE_MAX, REVIEW_CONNECTIONS_MAX};
use crate::serve::activity::{Activity, Look};
use crate::serve::admin::ACCEPT_PAUSE;
use crate::serve::body::Outgoing;
use crate::serve::connection::{http1_builder, http2_builder};
use crate::serve::drain::Phase;
use crate::serve::guard::{Guard, Protocol};
use crate::serve::seats::{Seat, Seats};

/// Takes connections of API servers until the drain begins.
pub async fn open(desk: Arc<Desk>, listener: TcpListener) {
    let _door = desk.drain.door();
    let tls = TlsAcceptor::from(Arc::new(desk.standing.tls()));
    let (seats, stop) = (Seats::new(REVIEW_CONNECTIONS_MAX), desk.drain.endpoint_stop());
    take(&listener, &seats, stop, |client, seat| {
        tokio::spawn(attend(Arc::clone(&desk), tls.clone(), client, seat));
    })
    .await;
}

/// Takes connections until told to stop, and gives each away with its seat; one without a seat is closed.
pub(super) async fn take(
    listener: &TcpListener,
    seats: &Seats,
    mut stop: watch::Receiver<bool>,
    give: impl Fn(TcpStream, Seat),
) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|is_over| *is_over) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((client, _)) => {
                if let Some(seat) = seats.take() {
                    give(client, seat);
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "a connection was not taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection to its end.
async fn attend(desk: Arc<Desk>, tls: TlsAcceptor, client: TcpStream, seat: Seat) {
    let open = desk.drain.connection();
    // Fails where the client has gone.
    let _ = client.set_nodelay(true);
    match timeout(desk.wait, tls.accept(client)).await {
        Ok(Ok(client)) => converse(desk, client).await,
        Ok(Err(fault)) => tracing::debug!(%fault, "a handshake failed"),
        Err(_) => tracing::debug!("a handshake did not end in time"),
    }
    drop((open, seat));
}

async fn converse(desk: Arc<Desk>, client: TlsStream<TcpStream>) {
    let mut guard = Guard::new(client, desk.wait);
    let mut phase = desk.drain.watch();
    let protocol = tokio::select! {
        biased;
        protocol = poll_fn(|context| guard.poll_protocol(context)) => protocol,
        _ = phase.wait_for(|phase| *phase >= Phase::Stopping) => None,
    };
    let Some(protocol) = protocol else { return };
    let activity = Arc::<Activity>::default();
    let clerk = Clerk { desk, activity: Arc::clone(&activity), is_misframed: guard.is_misframed() };
    let mut codec = match protocol {
        Protocol::Http1 => {
            Codec::Http1(Box::new(http1_builder().serve_connection(TokioIo::new(guard), clerk)))
        }
        Protocol::Http2 => {
            Codec::Http2(Box::pin(http2_builder().serve_connection(TokioIo::new(guard), clerk)))
        }
    };
    let mut looks = interval_at(Instant::now() + CONNECTION_IDLE_MAX, CONNECTION_IDLE_MAX);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_leaving = false;
    loop {
        tokio::select! {
            biased;
            ended = poll_fn(|context| codec.poll(context)) => {
                if let Err(fault) = ended {
                    tracing::debug!(%fault, "a connection ended");
                }
                return;
            }
            _ = phase.wait_for(|phase| *phase >= Phase::Stopping), if !is_leaving => {
                is_leaving = true;
                codec.leave();
            }
            _ = looks.tick() => match activity.look() {
                Look::Active => {}
                // A client that does not answer the goodbye of HTTP/2 is left at the next look.
                Look::Idle if is_leaving => return,
                Look::Idle => {
                    is_leaving = true;
                    codec.leave();
                }
            },
        }
    }
}

/// hyper's codec for what the connection speaks.
enum Codec {
    Http1(Box<http1::Connection<Guarded, Clerk>>),
    Http2(Pin<Box<http2::Connection<Guarded, Clerk, TokioExecutor>>>),
}

/// A stream as the codecs read it.
type Guarded = TokioIo<Guard<TlsStream<TcpStream>>>;

impl Codec {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        match self {
            Self::Http1(connection) => Pin::new(connection).poll(context),
            Self::Http2(connection) => connection.as_mut().poll(context),
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

/// Whoever answers the requests of one connection.
struct Clerk {
    desk: Arc<Desk>,
    activity: Arc<Activity>,
    is_misframed: Arc<AtomicBool>,
}

impl Service<Request<Incoming>> for Clerk {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (desk, busy) = (Arc::clone(&self.desk), self.activity.begin());
        let is_misframed = Arc::clone(&self.is_misframed);
        Box::pin(async move {
            let mut response = exchange::answer(desk, request).await;
            if is_misframed.load(Ordering::Relaxed) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(busy);
            Ok(response)
        })
    }
}
