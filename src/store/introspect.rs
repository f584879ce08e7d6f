//! Asking an issuer about tokens that say nothing themselves.
//!
//! **Why.** An opaque token is known to whoever gave it, and to nobody else; and whoever is asked too often, or
//! while it is down, must not take the gate with it.
//!
//! **How.** At most one question for each token is on its way; whoever wants to know meanwhile waits for the same
//! answer. A question goes on when those who asked it have gone: the next one will want to know. Behind an
//! endpoint that failed [`INTROSPECTION_FAILURES_MAX`] times in a row nobody is asked for
//! [`INTROSPECTION_REST`], then one question tries it again.
//!
//! | what came | for the caller | for the endpoint |
//! |---|---|---|
//! | 200 and a JSON object with `active` | what it says | is well |
//! | anything else, nothing in time, no connection | cannot be known now: 503, never a guess | has failed |
//!
//! **At first start** nothing is known and nobody rests. **What it is not.** It reads nothing of an answer but
//! whether it is one; what was said is remembered by the directory, for seconds.
//!
//! Source: RFC 7662, section 2.

mod rest;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{OnceCell, watch};

use self::rest::Rest;
use super::fetch::{Answer, Credential, FetchFault, Fetcher, Trust, read_secret};
use crate::bounds::{INTROSPECTION_FAILURES_MAX, INTROSPECTION_REST, INTROSPECTIONS_MAX};
use crate::identity::{Introspection, TokenInquiry, is_introspection};
use crate::names::Now;

/// Whoever asks about tokens. One for each process.
pub struct Introspector {
    clock: Box<dyn Fn() -> Now + Send + Sync>,
    ask: Box<Ask>,
    state: Mutex<State>,
}

type Ask =
    dyn Fn(Introspection, TokenInquiry) -> BoxFuture<'static, Result<Bytes, IntrospectFault>> + Send + Sync;

/// Why nobody can tell what a token is; the operator's fault, or the endpoint's.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectFault {
    /// The answer is none that RFC 7662 knows.
    #[error("the answer is no introspection response")]
    Answer,
    /// There is no answer.
    #[error(transparent)]
    Fetch(#[from] FetchFault),
    /// The client's secret cannot be read.
    #[error("cannot read the client secret {}: {cause}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
}

#[derive(Default)]
struct State {
    /// By the endpoint and the token.
    flights: HashMap<(Introspection, [u8; 32]), watch::Receiver<Landing>>,
    rests: HashMap<Introspection, Rest>,
}

/// What came of a question: nothing yet, nothing at all, or an answer.
type Landing = Option<Option<Bytes>>;

impl Introspector {
    /// Asks endpoints that `trust` knows, and reads the time from `clock`.
    ///
    /// The client is made with the first question: most policies have none.
    pub fn new(clock: impl Fn() -> Now + Send + Sync + 'static, trust: Trust) -> Arc<Self> {
        let (fetcher, trust) = (Arc::new(OnceCell::new()), Arc::new(trust));
        Self::by(clock, move |place, inquiry| {
            let (fetcher, trust) = (Arc::clone(&fetcher), Arc::clone(&trust));
            Box::pin(async move {
                let fetcher = fetcher.get_or_try_init(|| async { Fetcher::new(&trust) }).await?;
                ask(fetcher, &place, &inquiry).await
            })
        })
    }

    fn by(
        clock: impl Fn() -> Now + Send + Sync + 'static,
        ask: impl Fn(Introspection, TokenInquiry) -> BoxFuture<'static, Result<Bytes, IntrospectFault>>
        + Send
        + Sync
        + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { clock: Box::new(clock), ask: Box::new(ask), state: Mutex::default() })
    }

    /// What `place` says of a token; `None` where nobody can tell now.
    ///
    /// Takes as long as the endpoint does, at most `FETCH_WAIT`; no time at all while it rests, or while
    /// `INTROSPECTIONS_MAX` questions are on their way.
    pub async fn ask(self: &Arc<Self>, place: &Introspection, inquiry: &TokenInquiry) -> Option<Bytes> {
        let mut flight = self.board(place, inquiry)?;
        // Fails only when the task was dropped with its runtime.
        flight.wait_for(Option::is_some).await.ok()?.clone().flatten()
    }

    /// The question about a token that is on its way, or a new one.
    fn board(
        self: &Arc<Self>,
        place: &Introspection,
        inquiry: &TokenInquiry,
    ) -> Option<watch::Receiver<Landing>> {
        let key = (place.clone(), inquiry.sha256());
        let mut state = self.state();
        if let Some(flight) = state.flights.get(&key) {
            return Some(flight.clone());
        }
        let now = (self.clock)().steady;
        let is_full = state.flights.len() >= INTROSPECTIONS_MAX;
        if is_full || !state.rests.entry(place.clone()).or_default().may_try(now) {
            return None;
        }
        let (land, flight) = watch::channel(None);
        state.flights.insert(key.clone(), flight.clone());
        let (own, inquiry) = (Arc::clone(self), inquiry.clone());
        tokio::spawn(async move {
            let guard = Flight { own: &own, key: &key };
            let answer = (own.ask)(key.0.clone(), inquiry).await;
            drop(guard);
            let _ = land.send(Some(own.note(&key.0, answer)));
        });
        Some(flight)
    }

    /// Notes how the endpoint fares, and tells of it when that changes.
    fn note(&self, place: &Introspection, answer: Result<Bytes, IntrospectFault>) -> Option<Bytes> {
        let now = (self.clock)().steady;
        let mut state = self.state();
        let rest = state.rests.entry(place.clone()).or_default();
        match answer {
            Ok(answer) => {
                if rest.succeeded() {
                    tracing::info!(endpoint = %place.endpoint, "tokens are introspected again");
                }
                Some(answer)
            }
            Err(fault) => {
                if rest.failed(now) {
                    tracing::error!(
                        endpoint = %place.endpoint,
                        %fault,
                        "tokens cannot be introspected, so their callers are refused"
                    );
                }
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question on its way; taken off the list however it ends.
struct Flight<'a> {
    own: &'a Introspector,
    key: &'a (Introspection, [u8; 32]),
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.own.state().flights.remove(self.key);
    }
}

async fn ask(
    fetcher: &Fetcher,
    place: &Introspection,
    inquiry: &TokenInquiry,
) -> Result<Bytes, IntrospectFault> {
    let path = PathBuf::from(&*place.secret_file);
    let secret = read_secret(&path).map_err(|cause| IntrospectFault::Secret { path, cause })?;
    let form = [("token", inquiry.token()), ("token_type_hint", "access_token")];
    let credential = Credential::Basic { client: &place.client, secret: &secret };
    let Answer { body, .. } = fetcher.post(&place.endpoint, &form, credential).await?.ok()?;
    if is_introspection(&body) { Ok(body) } else { Err(IntrospectFault::Answer) }
}
