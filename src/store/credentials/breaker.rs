//! When an endpoint that failed may be asked again.
//!
//! **Trips** with the first failure, for `CREDENTIAL_REST_MIN`, doubled with each further one up to
//! `CREDENTIAL_REST_MAX`. **Recovers** by one question when the pause is over, while everybody else is still
//! refused; its success ends the trouble. **Does not count**: an answer that refuses one caller, and the
//! failures of questions that were under way already.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bounds::{CREDENTIAL_REST_MAX, CREDENTIAL_REST_MIN};

/// How an endpoint has been doing; starts well.
#[derive(Default)]
pub(super) struct Breaker(Mutex<Option<Trouble>>);

struct Trouble {
    since: Instant,
    until: Instant,
    pause: Duration,
}

impl Breaker {
    /// Whether the endpoint may be asked now; whoever hears yes must ask, and tell what came of it.
    ///
    /// # Errors
    /// How long to wait.
    pub fn may_ask(&self, now: Instant) -> Result<(), Duration> {
        match &mut *self.trouble() {
            None => Ok(()),
            Some(trouble) if now < trouble.until => Err(trouble.until - now),
            Some(trouble) => {
                trouble.until = now + trouble.pause;
                Ok(())
            }
        }
    }

    /// Notes an answer; whether that is news.
    pub fn answered(&self) -> bool {
        self.trouble().take().is_some()
    }

    /// Notes that a question of `asked` failed; whether that is news.
    pub fn failed(&self, asked: Instant, now: Instant) -> bool {
        let mut trouble = self.trouble();
        let pause = match &*trouble {
            None => CREDENTIAL_REST_MIN,
            Some(trouble) if asked < trouble.since => return false,
            Some(trouble) => CREDENTIAL_REST_MAX.min(trouble.pause * 2),
        };
        trouble.replace(Trouble { since: now, until: now + pause, pause }).is_none()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_longer_with_each_failure_and_recovers_by_one_question() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(breaker.may_ask(start), Ok(()));
        assert!(breaker.failed(at(0), at(10)), "the first is news");
        assert!(!breaker.failed(at(5), at(20)), "it was under way already");
        assert_eq!(breaker.may_ask(at(1009)), Err(Duration::from_millis(1)));
        assert_eq!(breaker.may_ask(at(1010)), Ok(()));
        assert!(breaker.may_ask(at(1010)).is_err(), "one question at a time");
        assert!(!breaker.failed(at(1010), at(1020)));
        assert!(breaker.may_ask(at(3019)).is_err() && breaker.may_ask(at(3020)).is_ok());
        assert!(breaker.answered() && !breaker.answered());
        assert_eq!(breaker.may_ask(at(3020)), Ok(()));
    }

    #[test]
    fn rests_no_longer_than_its_bound() {
        let (breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..10 {
            breaker.failed(now, now);
            now += CREDENTIAL_REST_MAX;
        }
        breaker.failed(now, now);
        assert!(breaker.may_ask(now + CREDENTIAL_REST_MAX).is_ok());
        assert!(breaker.may_ask(now + CREDENTIAL_REST_MAX).is_err());
    }
}
