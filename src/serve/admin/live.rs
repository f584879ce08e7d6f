//! Decisions as they are taken, as server-sent events.
//!
//! Nobody who judges a message knows of followers: each looks at the ring a few times a second. A follower that is
//! slower than the gate is told how many it has missed, and keeps nothing waiting.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use http::{HeaderMap, Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::query::Query;
use super::text;
use super::views::{decision, dress};
use crate::bounds::{DECISIONS_SHOWN_MAX, WATCH_HEARTBEAT, WATCH_PAUSE, WATCHERS_MAX};
use crate::report::{Read, Watcher};
use crate::serve::body::Outgoing;
use crate::serve::drain::Phase;
use crate::serve::house::House;

/// One follower.
struct Follower {
    house: Arc<House>,
    query: Query,
    since: u64,
    said: Instant,
    /// Held for as long as it follows.
    _watcher: Watcher,
}

/// Streams what fits `query` from now on, or from behind the event that the follower saw last.
pub fn answer(house: &Arc<House>, query: Query, headers: &HeaderMap) -> Response<Outgoing> {
    let Some(watcher) = house.decisions.watch() else {
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{WATCHERS_MAX} follow already; close one of them, or ask /decisions now and then\n"),
        );
    };
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let since = seen.or(query.since).unwrap_or_else(|| house.decisions.last());
    let follower =
        Follower { house: Arc::clone(house), query, since, said: Instant::now(), _watcher: watcher };
    let mut response = Response::new(Outgoing::Events(events(follower)));
    dress(response.headers_mut(), "text/event-stream");
    response
}

fn events(follower: Follower) -> BoxStream<'static, Bytes> {
    // The first comment tells that the stream is open.
    let hello = futures_util::stream::once(async { Bytes::from_static(b": following\n\n") });
    hello.chain(unfold(follower, next)).boxed()
}

/// What is new, once something is; or a comment, so that a follower sees that nothing is.
async fn next(mut follower: Follower) -> Option<(Bytes, Follower)> {
    loop {
        let Follower { house, query, since, .. } = &follower;
        let Read { decisions, last, missed } =
            house.decisions.after(*since, DECISIONS_SHOWN_MAX, |brief| query.fits(brief));
        let is_closing = house.drain.phase() == Phase::Closing;
        follower.since = last;
        let mut events = String::new();
        if missed > 0 {
            events.push_str(&format!("event: missed\ndata: {{\"missed\":{missed}}}\n\n"));
        }
        for brief in &decisions {
            events.push_str(&format!("id: {}\nevent: decision\ndata: {}\n\n", brief.seq, decision(brief)));
        }
        if events.is_empty() && follower.said.elapsed() >= WATCH_HEARTBEAT {
            events.push_str(": nothing\n\n");
        }
        if !events.is_empty() {
            follower.said = Instant::now();
            return Some((events.into(), follower));
        }
        if is_closing {
            return None;
        }
        sleep(WATCH_PAUSE).await;
    }
}
