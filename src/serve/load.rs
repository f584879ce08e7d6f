//! How much this process has to do at once: beyond a bound it says so at once, before it reads or judges anything.
//!
//! ```text
//!  connection: no seat     -> closed, nothing read                             (`seats`)
//!  request's head: no room -> 503, body unread: lists from 7/8 on, calls at the end
//!  request's body: no room -> 503, as soon as its length is known, or came
//!  judged request: no place at the server -> 503 or 429                        (`limit/bulkhead`)
//! ```
//!
//! The cheapest comes first. A refusal here has no audit record, for nobody knows yet who asks or what, and a flood of
//! them must not fill the trail; it is counted. Bytes of answers are counted with those of requests and never
//! refused: the server has done the work already. While they are many, no new request comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::body::Outgoing;

/// What this process has in hand.
#[derive(Debug)]
pub struct Load {
    requests: AtomicUsize,
    bytes: AtomicUsize,
    requests_max: usize,
    bytes_max: usize,
}

/// One request in hand, and the bytes that are held for it; dropping it lets go of both.
#[derive(Debug)]
pub struct Entered {
    load: Arc<Load>,
    bytes: AtomicUsize,
}

impl Load {
    /// Room for so many requests and bytes of bodies.
    pub fn new(requests_max: usize, bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            requests_max: requests_max.max(1),
            bytes_max,
        })
    }

    /// Takes a request in hand, by its head alone; `None` where there is no room for it.
    pub fn enter(self: &Arc<Self>, head: &Parts) -> Option<Entered> {
        let most = if is_list(head) { self.requests_max - self.requests_max / 8 } else { self.requests_max };
        let more = |taken: usize| (taken < most).then(|| taken + 1);
        self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Entered { load: Arc::clone(self), bytes: AtomicUsize::new(0) })
    }
}

/// Whether a request, by what it claims, wants a list or a stream that only listens: what can wait.
fn is_list(head: &Parts) -> bool {
    let claim = head.headers.get("mcp-method").map(HeaderValue::as_bytes).unwrap_or_default();
    head.method == Method::GET || claim.ends_with(b"/list") || claim == b"subscriptions/listen"
}

impl Entered {
    /// Makes room for `bytes` of its body in all; whether there was any.
    pub fn hold(&self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes.load(Ordering::Relaxed));
        let fits = |held: usize| held.checked_add(more).filter(|held| *held <= self.load.bytes_max);
        let is_held = self.load.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if is_held {
            self.bytes.fetch_add(more, Ordering::Relaxed);
        }
        is_held
    }

    /// Counts bytes of an answer, whether there is room for them or not.
    pub fn bear(&self, bytes: usize) {
        self.load.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.load.requests.fetch_sub(1, Ordering::Relaxed);
        self.load.bytes.fetch_sub(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// The answer to a request that there is no room for.
pub fn refusal() -> Response<Outgoing> {
    let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-31503,"message":"this gateway has too much to do; retry in 1 s"}}"#;
    let mut response = Response::new(Outgoing::whole(body));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("retry-after", HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(method: &str, claim: &str) -> Parts {
        let request = Request::builder().method(method).uri("/mcp").header("mcp-method", claim);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn takes_calls_to_the_last_place_and_lists_to_seven_eighths() {
        let load = Load::new(8, 0);
        let (call, list) = (head("POST", "tools/call"), head("POST", "tools/list"));
        let lists: Vec<Entered> = (0..9).map_while(|_| load.enter(&list)).collect();
        assert_eq!(lists.len(), 7);
        assert!(load.enter(&head("GET", "")).is_none());
        let last = load.enter(&call);
        assert!(last.is_some() && load.enter(&call).is_none());
        drop(lists);
        assert!(load.enter(&list).is_some());
    }

    #[test]
    fn holds_bytes_to_the_last_and_lets_go_of_all() {
        let load = Load::new(9, 100);
        let (one, two) = (load.enter(&head("POST", "")).unwrap(), load.enter(&head("POST", "")).unwrap());
        assert!(one.hold(60) && one.hold(60) && one.hold(99) && two.hold(1));
        assert!(!two.hold(2) && !one.hold(100));
        two.bear(1_000);
        drop(one);
        assert!(!load.enter(&head("POST", "")).unwrap().hold(1), "answers count");
        drop(two);
        assert!(load.enter(&head("POST", "")).unwrap().hold(100));
        assert_eq!(load.bytes.load(Ordering::Relaxed), 0);
    }
}
