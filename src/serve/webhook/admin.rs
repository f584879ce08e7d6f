//! The operators' listener of the injector: metrics and probes, and nothing that changes anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::{Desk, door};
use crate::bounds::REVIEW_ADMIN_CONNECTIONS_MAX;
use crate::report::METRICS_CONTENT_TYPE;
use crate::serve::admin::text;
use crate::serve::body::Outgoing;
use crate::serve::seats::Seats;
use crate::store::unix_ms;

/// Answers operators until the process ends.
pub async fn serve(desk: Arc<Desk>, listener: TcpListener) {
    let _door = desk.drain.door();
    let (seats, stop) = (Seats::new(REVIEW_ADMIN_CONNECTIONS_MAX), desk.drain.last_stop());
    door::take(&listener, &seats, stop, |client, seat| {
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            attend(desk, client).await;
            drop(seat);
        });
    })
    .await;
}

async fn attend(desk: Arc<Desk>, client: TcpStream) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(&desk, &request);
        async { Ok::<_, std::convert::Infallible>(response) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(desk.wait)
        .serve_connection(TokioIo::new(client), service);
    if let Err(fault) = connection.await {
        tracing::debug!(%fault, "an operator's connection ended");
    }
}

fn answer(desk: &Desk, request: &Request<Incoming>) -> Response<Outgoing> {
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n".into());
    }
    match request.uri().path() {
        "/livez" | "/startupz" => text(StatusCode::OK, "ok\n".into()),
        "/metrics" => {
            let mut response = text(StatusCode::OK, desk.metrics.render());
            let content_type = HeaderValue::from_static(METRICS_CONTENT_TYPE);
            response.headers_mut().insert("content-type", content_type);
            response
        }
        "/readyz" => readiness(desk),
        _ => text(StatusCode::NOT_FOUND, "try /metrics, /livez, /readyz or /startupz\n".into()),
    }
}

/// Ready means: a review would be answered, and the API server would take the answer.
///
/// Files that could not be taken over do not make the injector unready, since those before are in use.
fn readiness(desk: &Desk) -> Response<Outgoing> {
    let is_leaving = desk.is_leaving.load(Ordering::Relaxed);
    let is_expired = desk.standing.until_unix_s() < unix_ms() / 1000;
    let mut lines = String::from(if is_leaving { "serving: leaving\n" } else { "serving: ok\n" });
    lines += if is_expired { "expiry: the certificate is no longer valid\n" } else { "expiry: ok\n" };
    for (subject, trouble) in desk.standing.troubles() {
        let subject = subject.as_str();
        lines += &match trouble {
            None => format!("{subject}: ok\n"),
            Some(trouble) => {
                format!("{subject}: changed files are refused, those before stay in use:\n{trouble}\n")
            }
        };
    }
    let is_ready = !is_leaving && !is_expired;
    text(if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, lines)
}
