//! One token that is got again and again: fetched by one request for all, and in time.
//!
//! ```text
//!   got --------- fresh ---------> 80 % --- stale, still good ---> leeway --- gone ---> end
//!                used                used, and one fetch begins       all wait for one fetch
//! ```
//!
//! **When it fails.** A stale token goes on as long as it is good. Without one, every call that waited
//! hears the same fault, and further ones are refused at once until the endpoint may be asked again (see
//! [`Breaker`](super::breaker::Breaker)). Whose own token was refused is not asked about again for
//! `EXCHANGE_REFUSED_LIFE`. A fetch goes on when those who waited for it have gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{NoPass, Pass};
use crate::bounds::{
    CREDENTIAL_FRESH_PERCENT, CREDENTIAL_LEEWAY, CREDENTIAL_LIFE_MAX, CREDENTIAL_REJECTED_AGE,
    EXCHANGE_REFUSED_LIFE,
};

/// A credential, and how long it is of use.
#[derive(Debug)]
pub(super) struct Token {
    pub pass: Arc<Pass>,
    got: Instant,
    fresh_until: Instant,
    good_until: Instant,
}

/// Where the token of one subject is kept.
#[derive(Default)]
pub(super) struct Account(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    held: Option<Arc<Token>>,
    flight: Option<Flight>,
    refused: Option<(Instant, NoPass)>,
}

/// A fetch under way, as those who wait for it see it.
#[derive(Clone)]
struct Flight(watch::Receiver<Option<Result<Arc<Token>, NoPass>>>);

impl Token {
    /// A token that was asked for at `asked`, and lives for `life` from then on.
    pub fn new(pass: Pass, asked: Instant, life: Duration) -> Self {
        let life = life.min(CREDENTIAL_LIFE_MAX);
        let leeway = CREDENTIAL_LEEWAY.min(life / 10);
        Self {
            pass: Arc::new(pass),
            got: asked,
            fresh_until: asked + life * CREDENTIAL_FRESH_PERCENT / 100,
            good_until: asked + (life - leeway),
        }
    }

    /// The same token, known as that of a caller's token with this SHA-256.
    pub fn of(self, sha256: [u8; 32]) -> Self {
        let pass = Pass { subject: Some(sha256), ..Pass::clone(&self.pass) };
        Self { pass: Arc::new(pass), ..self }
    }
}

impl Account {
    /// The token; `begin` starts a fetch, or says why there is none now.
    ///
    /// # Errors
    /// [`NoPass`]: there is no good token, and none is to be had.
    pub async fn token<F>(
        self: &Arc<Self>,
        now: Instant,
        begin: impl FnOnce() -> Result<F, NoPass> + Send,
    ) -> Result<Arc<Token>, NoPass>
    where
        F: Future<Output = Result<Token, NoPass>> + Send + 'static,
    {
        let flight = match self.look(now, begin)? {
            Look::Held(token) => return Ok(token),
            Look::Wait(flight) => flight,
        };
        flight.landed().await
    }

    fn look<F>(
        self: &Arc<Self>,
        now: Instant,
        begin: impl FnOnce() -> Result<F, NoPass>,
    ) -> Result<Look, NoPass>
    where
        F: Future<Output = Result<Token, NoPass>> + Send + 'static,
    {
        let mut slot = self.slot();
        // One that ended without a word has panicked, or its runtime has ended.
        slot.flight.take_if(|flight| flight.0.has_changed().is_err());
        slot.held.take_if(|token| now >= token.good_until);
        slot.refused.take_if(|(until, _)| now >= *until);
        if let Some(token) = slot.held.clone() {
            if now >= token.fresh_until
                && slot.flight.is_none()
                && slot.refused.is_none()
                && let Ok(fetch) = begin()
            {
                slot.flight = Some(self.launch(fetch));
            }
            return Ok(Look::Held(token));
        }
        if let Some(flight) = &slot.flight {
            return Ok(Look::Wait(flight.clone()));
        }
        if let Some((_, fault)) = &slot.refused {
            return Err(fault.clone());
        }
        let flight = self.launch(begin()?);
        slot.flight = Some(flight.clone());
        Ok(Look::Wait(flight))
    }

    fn launch<F>(self: &Arc<Self>, fetch: F) -> Flight
    where
        F: Future<Output = Result<Token, NoPass>> + Send + 'static,
    {
        let (land, landed) = watch::channel(None);
        let account = Arc::clone(self);
        tokio::spawn(async move {
            let fetched = fetch.await.map(Arc::new);
            account.land(&fetched, Instant::now());
            // Nobody may be waiting any more.
            let _ = land.send(Some(fetched));
        });
        Flight(landed)
    }

    fn land(&self, fetched: &Result<Arc<Token>, NoPass>, now: Instant) {
        let mut slot = self.slot();
        slot.flight = None;
        match fetched {
            Ok(token) => {
                slot.held = Some(Arc::clone(token));
                slot.refused = None;
            }
            Err(fault @ NoPass::Refused(_)) => {
                slot.refused = Some((now + EXCHANGE_REFUSED_LIFE, fault.clone()));
            }
            Err(_) => {}
        }
    }

    /// Drops a token that the server does not take; whether another one is to be had.
    ///
    /// One that was got a moment ago stays: the server refuses more than this token.
    pub fn reject(&self, pass: &Arc<Pass>, now: Instant) -> bool {
        let mut slot = self.slot();
        let Some(held) = &slot.held else { return true };
        if !Arc::ptr_eq(&held.pass, pass) {
            return true;
        }
        let is_old = now.saturating_duration_since(held.got) >= CREDENTIAL_REJECTED_AGE;
        if is_old {
            slot.held = None;
        }
        is_old
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Look {
    Held(Arc<Token>),
    Wait(Flight),
}

impl Flight {
    async fn landed(mut self) -> Result<Arc<Token>, NoPass> {
        match self.0.wait_for(Option::is_some).await {
            Ok(landed) => landed.clone().unwrap_or(Err(NoPass::Lost)),
            Err(_) => Err(NoPass::Lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    const LIFE: Duration = Duration::from_secs(100);

    fn token(value: &'static str, asked: Instant) -> Token {
        Token::new(Pass::for_tests(value), asked, LIFE)
    }

    async fn held(account: &Arc<Account>, now: Instant) -> Arc<Token> {
        let begin = || -> Result<std::future::Pending<_>, _> { Err(NoPass::Lost) };
        account.token(now, begin).await.unwrap()
    }

    /// Lets spawned tasks run until they wait.
    async fn settle() {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn fetches_once_for_all_who_wait() {
        let (account, begun, start) = (Arc::new(Account::default()), AtomicUsize::new(0), Instant::now());
        let (land, landed) = oneshot::channel::<()>();
        let landed = Mutex::new(Some(landed));
        let begin = || {
            begun.fetch_add(1, Ordering::SeqCst);
            let landed = landed.lock().unwrap().take().unwrap();
            Ok(async move {
                landed.await.unwrap();
                Ok(token("a", start))
            })
        };
        let all = futures_util::future::join_all((0..50).map(|_| account.token(start, begin)));
        let (all, ()) = futures_util::future::join(all, async {
            settle().await;
            land.send(()).unwrap();
        })
        .await;
        assert!(all.iter().all(|token| token.as_ref().is_ok_and(|token| token.pass.is("a"))));
        assert_eq!(begun.into_inner(), 1);
    }

    #[tokio::test]
    async fn renews_in_time_and_goes_on_with_what_is_good() {
        let (account, start) = (Arc::new(Account::default()), Instant::now());
        let at = move |seconds| start + Duration::from_secs(seconds);
        let get = async |seconds: u64, value| {
            let now = at(seconds);
            account.token(now, || Ok(async move { Ok(token(value, now)) })).await.unwrap()
        };
        assert!(get(0, "a").await.pass.is("a"));
        assert!(get(79, "b").await.pass.is("a"));
        settle().await;
        assert!(held(&account, at(79)).await.pass.is("a"), "fresh until 80 %");
        assert!(get(80, "b").await.pass.is("a"), "nobody waits for what is only stale");
        settle().await;
        assert!(held(&account, at(80)).await.pass.is("b"));
        // Fetches that fail leave the stale one in use to its end.
        let fails = || Ok(async { Err(NoPass::Lost) });
        for seconds in [161, 169] {
            assert!(account.token(at(seconds), fails).await.unwrap().pass.is("b"));
            settle().await;
        }
        assert!(account.token(at(170), fails).await.is_err(), "ten seconds before its end");
    }

    #[tokio::test]
    async fn asks_again_after_a_fault_and_after_a_while_after_a_refusal() {
        let (account, start) = (Arc::new(Account::default()), Instant::now());
        let fails = || Ok(async { Err(NoPass::Endpoint("down".into())) });
        assert!(account.token(start, fails).await.is_err());
        let refuses = || Ok(async { Err(NoPass::Refused("invalid_grant".into())) });
        assert!(account.token(start, refuses).await.is_err());
        let gives = || Ok(async move { Ok(token("a", start)) });
        let soon = account.token(start, gives).await;
        assert!(matches!(soon, Err(NoPass::Refused(_))), "{soon:?}");
        let later = Instant::now() + EXCHANGE_REFUSED_LIFE;
        assert!(account.token(later, gives).await.is_ok());
    }

    #[tokio::test]
    async fn survives_a_fetch_that_ends_without_a_word() {
        let (account, start) = (Arc::new(Account::default()), Instant::now());
        let breaks = || Ok(async { panic!("on purpose") });
        assert!(matches!(account.token(start, breaks).await, Err(NoPass::Lost)));
        assert!(account.token(start, || Ok(async move { Ok(token("a", start)) })).await.is_ok());
    }

    #[tokio::test]
    async fn drops_a_rejected_token_unless_it_is_new() {
        let (account, start) = (Arc::new(Account::default()), Instant::now());
        let first = account.token(start, || Ok(async move { Ok(token("a", start)) })).await.unwrap();
        let age = CREDENTIAL_REJECTED_AGE;
        assert!(!account.reject(&first.pass, start + age - Duration::from_millis(1)));
        assert!(held(&account, start).await.pass.is("a"));
        assert!(account.reject(&first.pass, start + age));
        let second = account.token(start, || Ok(async move { Ok(token("b", start)) })).await.unwrap();
        assert!(second.pass.is("b"));
        assert!(account.reject(&first.pass, start), "another was got meanwhile");
        assert!(held(&account, start).await.pass.is("b"));
    }
}
