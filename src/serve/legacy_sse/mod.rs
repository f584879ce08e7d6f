//! HTTP+SSE of 2024-11-05: a stream that carries every message of the server, and an endpoint to post to.
//!
//! ```text
//!   client  --GET /sse----------------------->  gate  --GET--------------->  server
//!           <-endpoint: /message?sessionId=T--        <-endpoint: its own--
//!           --POST /message?sessionId=T------>        --POST its own------>
//!           <-202-----------------------------        <-202---------------
//!           <-message: the answer, judged-----        <-message-----------
//! ```
//!
//! Both sockets are one conversation with one name, made here for each stream: the token `T` is that name
//! and the server's own endpoint, sealed for the caller of the stream. A request that is let through waits
//! as a ticket until its answer comes on the stream ([`Tickets`]); one that is
//! refused is answered on the stream as well, since what a POST is answered with means nothing.
//!
//! When it ends: either side closes the stream, the server sends what cannot be read, or the process
//! drains. Requests that wait then are told so where there still is a client; whoever posts later gets 404.
//!
//! What it is not: there is no resumption, no session header and no batch in this transport, and no modern
//! era. Source: MCP 2024-11-05, basic/transports.

mod questions;
mod source;
mod speech;
mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Semaphore, mpsc};

use super::tickets::Tickets;
use crate::bounds::{PAIR_WORDS_QUEUED_MAX, PAIRS_MAX};
use crate::mcp::Endpoint;
use crate::names::hex;

use questions::Questions;
pub use speech::say;
pub use stream::listen;

/// The streams that are open, by the name of their conversation.
#[derive(Default)]
pub struct Pairs(Mutex<HashMap<Box<str>, Arc<Pair>>>);

/// What a stream and those who post to it share.
pub struct Pair {
    /// The name of the conversation, which nobody outside knows.
    name: Box<str>,
    /// Where the server wants to be posted to.
    endpoint: Endpoint,
    tickets: Mutex<Tickets>,
    questions: Questions,
    words: mpsc::Sender<Word>,
    /// Room for what the server is told of its own requests.
    objections: Arc<Semaphore>,
}

/// What those who post have to say to the stream.
enum Word {
    /// An answer must come sooner than was known.
    Look,
    /// A message of ours for the client.
    Say(Bytes),
}

impl Pairs {
    /// Enters a stream; false where `PAIRS_MAX` are open.
    fn open(&self, pair: &Arc<Pair>) -> bool {
        let mut pairs = lock(&self.0);
        let has_room = pairs.len() < PAIRS_MAX;
        if has_room {
            pairs.insert(pair.name.clone(), Arc::clone(pair));
        }
        has_room
    }

    fn close(&self, pair: &Pair) {
        lock(&self.0).remove(&pair.name);
    }

    /// Finds the stream that an opened token names; `None` once it has ended.
    fn find(&self, text: &str) -> Option<Arc<Pair>> {
        let (name, endpoint) = text.split_once(' ')?;
        let pair = lock(&self.0).get(name).cloned()?;
        (pair.endpoint.as_str() == endpoint).then_some(pair)
    }
}

impl Pair {
    /// A conversation that has just begun, and what those who post say to its stream.
    fn new(name: Box<str>, endpoint: Endpoint) -> (Arc<Self>, mpsc::Receiver<Word>) {
        let (words, said) = mpsc::channel(PAIR_WORDS_QUEUED_MAX);
        let objections = Arc::new(Semaphore::new(PAIR_WORDS_QUEUED_MAX));
        (
            Arc::new(Self {
                name,
                endpoint,
                tickets: Mutex::default(),
                questions: Questions::default(),
                words,
                objections,
            }),
            said,
        )
    }

    /// What is sealed into the token: the reverse of [`Pairs::find`].
    fn text(&self) -> String {
        format!("{} {}", self.name, self.endpoint.as_str())
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        lock(&self.tickets)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that no other conversation has or had, on any replica; `None` if the system has no randomness.
fn fresh_name() -> Option<Box<str>> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::endpoint::Base;

    fn pair(name: &str) -> Arc<Pair> {
        let base = Base { is_tls: false, host: "a".into(), port: 80, path: "/sse".into() };
        Pair::new(name.into(), Endpoint::resolve(&base, "/m?s=1").unwrap()).0
    }

    #[test]
    fn finds_a_stream_by_its_whole_text_while_it_is_open() {
        let pairs = Pairs::default();
        let [one, two] = ["a1", "b2"].map(pair);
        assert!(pairs.open(&one) && pairs.open(&two));
        assert_eq!(one.text(), "a1 /m?s=1");
        assert!(pairs.find("a1 /m?s=1").is_some_and(|found| Arc::ptr_eq(&found, &one)));
        for other in ["a1 /m?s=2", "a1", "a1 ", "c3 /m?s=1", " /m?s=1", ""] {
            assert!(pairs.find(other).is_none(), "{other}");
        }
        pairs.close(&one);
        assert!(pairs.find("a1 /m?s=1").is_none());
        assert!(pairs.find("b2 /m?s=1").is_some());
    }

    #[test]
    fn bounds_the_streams_at_the_edge() {
        let pairs = Pairs::default();
        let opened = (0..PAIRS_MAX + 1).map(|number| pairs.open(&pair(&number.to_string())));
        let opened: Vec<bool> = opened.collect();
        assert!(opened[..PAIRS_MAX].iter().all(|is_open| *is_open) && !opened[PAIRS_MAX]);
        assert_ne!(fresh_name(), fresh_name());
    }
}
