//! The operators' listener: metrics and probes, and nothing that changes anything.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::body::Outgoing;
use super::drain::Phase;
use super::house::House;
use crate::names::hex;
use crate::policy::Durability;
use crate::report::METRICS_CONTENT_TYPE;
use crate::store::Status;

/// Answers `/metrics`, `/livez`, `/readyz`, `/startupz` and `/identity/jwks.json`.
pub struct Desk(pub Arc<House>);

#[async_trait]
impl ServerApp for Desk {
    async fn process_new(self: &Arc<Self>, client: Stream, _: &ShutdownWatch) -> Option<Stream> {
        tokio::spawn(attend(Arc::clone(&self.0), client));
        None
    }
}

/// Serves operators in a process that has no chassis.
pub async fn serve(house: Arc<House>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                tokio::spawn(attend(Arc::clone(&house), client));
            }
            Err(fault) => {
                tracing::warn!(%fault, "an operator's connection was not taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers on one connection until it ends.
async fn attend(house: Arc<House>, client: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = answer(&house, &request);
        async { Ok::<_, std::convert::Infallible>(response) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(house.settings.header_wait)
        .serve_connection(TokioIo::new(client), service);
    if let Err(fault) = connection.await {
        tracing::debug!(%fault, "admin connection ended");
    }
}

/// Pause after an accept that failed: the machine is out of something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

fn answer(house: &House, request: &Request<Incoming>) -> Response<Outgoing> {
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n".into());
    }
    match request.uri().path() {
        "/livez" | "/startupz" => text(StatusCode::OK, "ok\n".into()),
        "/identity/jwks.json" => keys(house),
        "/metrics" => metrics(house),
        "/readyz" => readiness(house),
        _ => text(StatusCode::NOT_FOUND, "try /metrics, /livez, /readyz or /startupz\n".into()),
    }
}

fn metrics(house: &House) -> Response<Outgoing> {
    house.metrics.observe_tickets(house.gate.tally().opened(), house.gate.tally().settled());
    let policy = house.live.policy();
    house.metrics.observe_limits(house.gate.ledger(), policy.all_limits(), house.clock.now());
    house.metrics.observe_crowds(&house.gate.crowds(&policy));
    house.metrics.observe_ejected(house.upstream.ejected(&policy));
    house.metrics.observe_vault(house.gate.vault().len());
    house.metrics.observe_keys(house.keys.oldest(), house.keys.tally());
    let mut response = text(StatusCode::OK, house.metrics.render());
    response.headers_mut().insert("content-type", HeaderValue::from_static(METRICS_CONTENT_TYPE));
    response
}

/// The keys that statements about callers are verified with.
fn keys(house: &House) -> Response<Outgoing> {
    let Some(jwks) = house.upstream.passes().jwks() else {
        return text(StatusCode::NOT_FOUND, "the policy has no `upstream.identity`\n".into());
    };
    let mut response = text(StatusCode::OK, jwks);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/jwk-set+json"));
    headers.insert("cache-control", HeaderValue::from_static("max-age=60"));
    response
}

/// Ready means: a call that the policy allows would be forwarded now.
///
/// A policy that could not be reloaded does not make the gate unready, since the last good one is in
/// force; it is told in a line of its own. Nor do keys that could not be fetched again, once there were some.
fn readiness(house: &House) -> Response<Outgoing> {
    let is_serving = house.drain.phase() == Phase::Serving;
    let needs_audit = house.live.peek().audit.durability.surest() > Durability::BestEffort;
    let is_auditing = house.is_auditing() || !needs_audit;
    let line = |name: &str, is_well: bool, trouble: &str| {
        if is_well { format!("{name}: ok\n") } else { format!("{name}: {trouble}\n") }
    };
    let mut lines = line("serving", is_serving, "draining");
    lines += &line("audit", is_auditing, "cannot take records, so calls are refused");
    lines += &policy(&house.live.status());
    let waiting = house.keys.waiting();
    let trouble = format!("none yet of {}", waiting.join(" and "));
    lines += &line("keys", waiting.is_empty(), &trouble);
    let status = if is_serving && is_auditing && waiting.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    text(status, lines)
}

fn policy(status: &Status) -> String {
    let sha256 = hex(&status.sha256[..4]);
    match &status.error {
        None => format!("policy: ok, sha256 {sha256}\n"),
        Some(error) => {
            format!("policy: the last reload was refused, {sha256} stays in force:\n{error}\n")
        }
    }
}

fn text(status: StatusCode, body: String) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
