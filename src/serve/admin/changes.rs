//! What operators can change, and who may: whoever is on the same machine, or in the same pod.
//!
//! Probes and scrapes come from elsewhere and share this listener, so a request that changes something is answered to
//! loopback alone: there whoever can connect could signal or replace the process as well. A web page in a browser on
//! that machine could not, and can connect: a request that names an origin is refused.
//!
//! Each change that is asked for stands in the audit, and so do refusals, once a second at most.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::header::ORIGIN;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;

use super::super::body::Outgoing;
use super::super::house::House;
use super::text;
use crate::bounds::ADMIN_BODY_BYTES_MAX;
use crate::names::hex;
use crate::report::{Access, AccessOutcome, AdminAction};
use crate::store::Reload;

/// How much is logged, set by whoever started logging.
pub struct LogDial(Box<SetLevel>);

/// Sets the level of a name, or says what is wrong with it.
type SetLevel = dyn Fn(&str) -> Result<(), String> + Send + Sync;

impl LogDial {
    /// A dial that `set` turns to the level of a name; it says what is wrong with one that is none.
    pub fn new(set: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Box::new(set))
    }
}

/// The method by which a path changes something, and what; `None` for a path that is only looked at.
pub fn at(path: &str) -> Option<(&'static str, AdminAction)> {
    match path {
        "/-/reload" => Some(("POST", AdminAction::Reload)),
        "/drain" => Some(("POST", AdminAction::Drain)),
        "/log-level" => Some(("PUT", AdminAction::LogLevel)),
        _ => None,
    }
}

/// Makes a change, if whoever asks may.
pub async fn make(
    house: &Arc<House>,
    action: AdminAction,
    peer: Option<SocketAddr>,
    request: Request<Incoming>,
) -> Response<Outgoing> {
    let refusal = refusal(peer, &request);
    let response = match refusal {
        Some(why) => text(StatusCode::FORBIDDEN, format!("{why}\n")),
        None => match action {
            AdminAction::Drain => drain(house),
            AdminAction::LogLevel => log_level(house, request.into_body()).await,
            AdminAction::Reload => reload(house).await,
        },
    };
    let outcome = match response.status() {
        StatusCode::OK => AccessOutcome::Success,
        StatusCode::FORBIDDEN => AccessOutcome::Denied,
        _ => AccessOutcome::Failure,
    };
    if outcome != AccessOutcome::Denied || house.refusals.due(Instant::now()).is_some() {
        house.audit.accessed(&Access { action, outcome, peer });
        tracing::info!(action = action.as_str(), ?outcome, ?peer, "an operator asked for a change");
    }
    response
}

/// Why whoever asks may not, if so.
fn refusal(peer: Option<SocketAddr>, request: &Request<Incoming>) -> Option<&'static str> {
    if !peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        return Some(
            "changes are made from the gate's own machine or pod only, through 127.0.0.1 or ::1; \
             in a pod with `kubectl exec POD -c sluicegate -- sluicegate drain` or `kubectl port-forward`",
        );
    }
    request.headers().contains_key(ORIGIN).then_some("no web page may ask for a change: leave out `Origin`")
}

fn drain(house: &House) -> Response<Outgoing> {
    let since_ms = house.drain.part().as_millis();
    text(StatusCode::OK, format!("draining since_ms={since_ms}\n"))
}

async fn log_level(house: &House, body: Incoming) -> Response<Outgoing> {
    let body = Limited::new(body, ADMIN_BODY_BYTES_MAX).collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    let level = String::from_utf8_lossy(&body).trim().to_ascii_lowercase();
    match house.log_dial.0(&level) {
        Ok(()) => text(StatusCode::OK, format!("log level: {level}\n")),
        Err(why) => text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    }
}

async fn reload(house: &Arc<House>) -> Response<Outgoing> {
    let reading = Arc::clone(house);
    let outcome = tokio::task::spawn_blocking(move || reading.reload()).await;
    let sha256 = hex(&house.live.status().sha256[..4]);
    match outcome {
        Ok(Reload::Published | Reload::Unchanged) => {
            text(StatusCode::OK, format!("policy: ok, sha256 {sha256}\n"))
        }
        Ok(Reload::Kept(error)) => text(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("policy: refused, {sha256} stays in force:\n{error}\n"),
        ),
        Err(_) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, "reading the policy failed; the log says why\n".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_changes_something_and_how() {
        for (path, wanted) in [
            ("/drain", Some(("POST", AdminAction::Drain))),
            ("/-/reload", Some(("POST", AdminAction::Reload))),
            ("/log-level", Some(("PUT", AdminAction::LogLevel))),
            ("/metrics", None),
            ("/drain/", None),
        ] {
            assert_eq!(at(path), wanted, "{path}");
        }
    }
}
