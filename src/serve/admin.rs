//! The operators' listener: metrics, probes and what people look at, and [`changes`] for who is on the same machine.

mod changes;
mod live;
mod page;
mod query;
mod state;
mod views;

use std::net::SocketAddr;
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
use crate::report::{CertificatePurpose, METRICS_CONTENT_TYPE};
use crate::store::{RegistryState, Status};

pub use self::changes::LogDial;

/// Answers `/metrics`, `/livez`, `/readyz`, `/startupz` and `/identity/jwks.json`, makes changes, and answers what
/// [`views`] knows.
pub struct Desk(pub Arc<House>);

#[async_trait]
impl ServerApp for Desk {
    async fn process_new(self: &Arc<Self>, client: Stream, _: &ShutdownWatch) -> Option<Stream> {
        let peer = client.get_socket_digest().and_then(|digest| digest.peer_addr()?.as_inet().copied());
        tokio::spawn(attend(Arc::clone(&self.0), client, peer));
        None
    }
}

/// Serves operators in a process that has no chassis.
pub async fn serve(house: Arc<House>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((client, peer)) => {
                tokio::spawn(attend(Arc::clone(&house), client, Some(peer)));
            }
            Err(fault) => {
                tracing::warn!(%fault, "an operator's connection was not taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers on one connection until it ends.
async fn attend(house: Arc<House>, client: impl AsyncRead + AsyncWrite + Unpin, peer: Option<SocketAddr>) {
    let house = &house;
    let service = service_fn(|request: Request<Incoming>| async move {
        let response = match changes::at(request.uri().path()) {
            Some((method, action)) if request.method() == method => {
                changes::make(house, action, peer, request).await
            }
            Some((method, _)) => other_method(method),
            None => answer(house, &request, peer),
        };
        Ok::<_, std::convert::Infallible>(response)
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
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

fn answer(house: &Arc<House>, request: &Request<Incoming>, peer: Option<SocketAddr>) -> Response<Outgoing> {
    if request.method() != Method::GET {
        return other_method("GET");
    }
    match request.uri().path() {
        "/livez" => text(StatusCode::OK, "ok\n".into()),
        "/identity/jwks.json" => keys(house),
        "/metrics" => metrics(house),
        "/readyz" => readiness(house),
        "/startupz" => startup(house),
        _ => views::answer(house, request, peer),
    }
}

fn other_method(method: &'static str) -> Response<Outgoing> {
    let mut response =
        text(StatusCode::METHOD_NOT_ALLOWED, format!("only {method} is answered at this path\n"));
    response.headers_mut().insert("allow", HeaderValue::from_static(method));
    response
}

fn metrics(house: &House) -> Response<Outgoing> {
    house.metrics.observe_tickets(house.gate.tally().opened(), house.gate.tally().settled());
    let policy = house.live.policy();
    house.metrics.observe_limits(house.gate.ledger(), policy.all_limits(), house.clock.now());
    house.metrics.observe_crowds(&house.gate.crowds(&policy));
    house.metrics.observe_ejected(house.upstream.ejected(&policy));
    house.metrics.observe_quarantined(house.gate.quarantined(&policy, house.clock.now()).len());
    house.metrics.observe_vault(house.gate.vault().len());
    house.metrics.observe_keys(house.keys.oldest(), house.keys.tally());
    if let Some(ends) = house.tls.as_ref().and_then(|tls| tls.ends_unix_s()) {
        house.metrics.observe_certificate(CertificatePurpose::Listener, ends);
    }
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

/// Started means: a policy is in force, its audit can be written, and clients can connect. Whether the keys of issuers
/// have come is not asked: a key endpoint that is down must not stop pods from starting.
fn startup(house: &House) -> Response<Outgoing> {
    let is_listening = house.drain.phase() > Phase::Starting;
    let is_auditing = house.audit.has_begun() && house.is_auditing();
    let mut lines = line("listener", is_listening, "not taking connections yet");
    lines += &line("audit", is_auditing, "the sink has taken no record yet, or takes none now");
    // Nobody is answered before a policy is in force.
    lines += &policy(&house.live.status());
    verdict(is_listening && is_auditing, lines)
}

/// Ready means: a call that the policy allows would be forwarded now.
///
/// A policy that could not be reloaded does not make the gate unready, since the last good one is in
/// force; it is told in a line of its own. Nor do keys that could not be fetched again, once there were some.
fn readiness(house: &House) -> Response<Outgoing> {
    let is_serving = house.drain.phase() == Phase::Serving;
    let needs_audit = house.live.peek().audit.durability.surest() > Durability::BestEffort;
    let is_auditing = house.is_auditing() || !needs_audit;
    let mut lines = line("serving", is_serving, "draining");
    lines += &line("audit", is_auditing, "cannot take records, so calls are refused");
    lines += &policy(&house.live.status());
    lines += &house.registry.as_ref().map(|registry| registry_line(&registry.state())).unwrap_or_default();
    let waiting = house.keys.waiting();
    let trouble = format!("none yet of {}", waiting.join(" and "));
    lines += &line("keys", waiting.is_empty(), &trouble);
    verdict(is_serving && is_auditing && waiting.is_empty(), lines)
}

fn line(name: &str, is_well: bool, trouble: &str) -> String {
    if is_well { format!("{name}: ok\n") } else { format!("{name}: {trouble}\n") }
}

fn verdict(is_well: bool, lines: String) -> Response<Outgoing> {
    text(if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, lines)
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

/// What is wrong with the registry makes a gate no less ready: the last good one is in force.
fn registry_line(state: &RegistryState) -> String {
    let RegistryState { revision, is_connected, error, .. } = state;
    match (error, is_connected) {
        (None, _) => format!("registry: ok, revision {revision}\n"),
        (Some(error), true) => {
            format!("registry: what it says is refused, revision {revision} stays in force:\n{error}\n")
        }
        (Some(error), false) => format!("registry: revision {revision} stays in force: {error}\n"),
    }
}

/// An answer in plain text.
pub(super) fn text(status: StatusCode, body: String) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
