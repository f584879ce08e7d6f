//! One request from its head to the answer.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::review::{self, ReviewFault};
use super::{Desk, REVIEW_PATH, verdict};
use crate::bounds::REVIEW_BYTES_MAX;
use crate::gate::Denial;
use crate::policy::RequestCoding;
use crate::report::{Rejection, ReviewError, Reviewed};
use crate::serve::admin::text;
use crate::serve::body::{Outgoing, ReadFault, read_request};
use crate::serve::head;

/// Why a request gets an HTTP error in place of a review, and what its sender is told.
struct Refused {
    reviewed: Reviewed,
    status: StatusCode,
    told: String,
}

/// Answers a request, counts it and writes a line about it.
pub async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Response<Outgoing> {
    let begun = Instant::now();
    match judged(&desk, request).await {
        Ok(settled) => {
            let took = begun.elapsed();
            desk.metrics.reviewed(settled.reviewed, took);
            settled.log(took);
            let mut response = Response::new(Outgoing::whole(settled.body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(refused) => told(&desk, &refused, begun),
    }
}

/// The answer to what is no review, or could not be judged.
fn told(desk: &Desk, refused: &Refused, begun: Instant) -> Response<Outgoing> {
    let ([result, reason], status) = (refused.reviewed.labels(), refused.status);
    let count = desk.metrics.reviewed(refused.reviewed, begun.elapsed());
    // Told more and more seldom, for anybody who reaches the port can make such lines.
    if count.is_power_of_two() {
        let told = &refused.told;
        tracing::warn!(result, reason, count, status = status.as_u16(), %told, "a request was turned away");
    }
    let mut response = text(status, format!("sluicegate: {}\n", refused.told));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

async fn judged(desk: &Arc<Desk>, request: Request<Incoming>) -> Result<verdict::Settled, Refused> {
    let (head, body) = request.into_parts();
    check_head(&head)?;
    let Some(entered) = desk.load.enter(&head) else { return Err(busy()) };
    let body = read_request(body, REVIEW_BYTES_MAX, desk.wait, &entered).await.map_err(unread)?;
    let settings = desk.standing.settings();
    // Beside the sockets, which go on meanwhile. A panic ends that thread's work, and is an error here.
    let judging = tokio::task::spawn_blocking(move || settle(&body, &settings));
    let settled = judging.await.map_err(|_| internal())?;
    drop(entered);
    settled
}

fn settle(body: &Bytes, settings: &crate::inject::Settings) -> Result<verdict::Settled, Refused> {
    let review = review::read(body).map_err(|fault| {
        let rejection = match fault {
            ReviewFault::Field(_) => Rejection::Words,
            ReviewFault::Json(_) => Rejection::Json,
            ReviewFault::Version => Rejection::Version,
        };
        rejected(rejection, StatusCode::BAD_REQUEST, fault.to_string())
    })?;
    Ok(verdict::settle(review, settings))
}

fn check_head(head: &Parts) -> Result<(), Refused> {
    head::check_framing(head).map_err(|denial| sound(denial, Rejection::Head))?;
    if head.uri.path() != REVIEW_PATH {
        let told = format!("reviews are posted to {REVIEW_PATH}; set `path` in the webhook's `clientConfig`");
        return Err(rejected(Rejection::Path, StatusCode::NOT_FOUND, told));
    }
    if head.method != Method::POST {
        let told = "reviews are posted; only POST is answered here".to_owned();
        return Err(rejected(Rejection::Method, StatusCode::METHOD_NOT_ALLOWED, told));
    }
    head::check_hygiene(&head.headers).map_err(|denial| sound(denial, Rejection::Head))?;
    head::check_content(&head.headers, RequestCoding::Refuse)
        .map_err(|denial| sound(denial, Rejection::MediaType))
}

/// What the reader of heads has against one.
fn sound(denial: Denial, rejection: Rejection) -> Refused {
    let Denial::Head { http_status, text } = denial else {
        // A header of credentials that comes twice: nobody shows any here.
        return rejected(rejection, StatusCode::BAD_REQUEST, "the request head is malformed".to_owned());
    };
    let rejection = if http_status == 408 { Rejection::TooSlow } else { rejection };
    let status = StatusCode::from_u16(http_status).unwrap_or(StatusCode::BAD_REQUEST);
    rejected(rejection, status, text.into())
}

fn unread(fault: ReadFault) -> Refused {
    match fault {
        ReadFault::Broken => {
            let told = "the request body ended before its end".to_owned();
            rejected(Rejection::Cut, StatusCode::BAD_REQUEST, told)
        }
        ReadFault::Crowded => busy(),
        ReadFault::Framing(fault) => sound(head::misframed(fault), Rejection::Head),
        ReadFault::TooLarge => {
            let told = format!("the review is larger than {REVIEW_BYTES_MAX} bytes");
            rejected(Rejection::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, told)
        }
        ReadFault::TooSlow => {
            let told = "the request body did not arrive in time".to_owned();
            rejected(Rejection::TooSlow, StatusCode::REQUEST_TIMEOUT, told)
        }
    }
}

fn rejected(rejection: Rejection, status: StatusCode, told: String) -> Refused {
    Refused { reviewed: Reviewed::Rejected(rejection), status, told }
}

fn busy() -> Refused {
    let told = "the injector has too many reviews in hand; retry in 1 s".to_owned();
    Refused { reviewed: Reviewed::Error(ReviewError::Busy), status: StatusCode::SERVICE_UNAVAILABLE, told }
}

fn internal() -> Refused {
    let told = "the injector failed to judge this review, so the pod may not run; see its log".to_owned();
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Refused { reviewed: Reviewed::Error(ReviewError::Internal), status, told }
}
