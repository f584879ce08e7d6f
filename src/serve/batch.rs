//! A batch on its way: each message by itself to the server, the answers put together again.
//!
//! Where every answer is one JSON body, so is the answer to the batch: an array. As soon as one of them
//! is a stream, all go out as events of one stream, as they come. Notifications and answers of the client
//! add nothing; where nothing else is in the batch, it is accepted without a body.
//!
//! Source: MCP 2025-03-26, basic/transports, "Sending Messages to the Server".

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::{self, BoxStream, SelectAll};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;

use super::body::Outgoing;
use super::exchange::{Visit, carry};
use crate::gate::Errand;
use crate::identity::Caller;
use crate::mcp::sse::{self, Event};

/// Carries every message of a batch, all at once.
pub async fn carry_all(visit: &Visit<'_>, caller: &Arc<Caller>, messages: Vec<Bytes>) -> Response<Outgoing> {
    let each = messages.into_iter().map(|message| carry(visit, caller, visit.ask(Errand::Say(message))));
    put_together(join_all(each).await).await
}

async fn put_together(answers: Vec<Response<Outgoing>>) -> Response<Outgoing> {
    let mut whole = Vec::new();
    let mut streams = SelectAll::new();
    for answer in answers {
        match answer.into_body() {
            Outgoing::Events(events) | Outgoing::Watch(events) => streams.push(events),
            // Only a connection lends, and a batch is put together before.
            Outgoing::Lent => {}
            Outgoing::Whole(body) => {
                let Ok(body) = body.collect().await;
                let body = body.to_bytes();
                whole.extend((!body.is_empty()).then_some(body));
            }
        }
    }
    match (streams.is_empty(), whole.is_empty()) {
        (true, true) => answer(StatusCode::ACCEPTED, None, Outgoing::whole(Bytes::new())),
        (true, false) => {
            let array = [b"[", whole.join(&b","[..]).as_slice(), b"]"].concat();
            answer(StatusCode::OK, Some("application/json"), Outgoing::whole(array))
        }
        (false, _) => answer(StatusCode::OK, Some("text/event-stream"), events(whole, streams)),
    }
}

fn events(whole: Vec<Bytes>, streams: SelectAll<BoxStream<'static, Bytes>>) -> Outgoing {
    let mut first = Vec::new();
    for message in whole {
        let event = Event { event: Some("message"), data: Some(&message), ..Event::default() };
        sse::write(&mut first, &event);
    }
    let first = stream::iter((!first.is_empty()).then(|| Bytes::from(first)));
    Outgoing::Events(Box::pin(first.chain(streams)))
}

fn answer(status: StatusCode, content_type: Option<&'static str>, body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    }
    response
}
