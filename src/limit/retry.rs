//! How much may be asked again: a share of what went well, and a little more in each second.
//!
//! Where a server fails, retries of every client would double what it gets when it can take it least. With a
//! budget they are a tenth, and none when nothing goes well. Source: Finagle, `RetryBudget`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What may be asked again. Starts with what one second gives.
#[derive(Debug, Default)]
pub struct RetryBudget(Mutex<Account>);

#[derive(Debug, Default)]
struct Account {
    /// In hundredths of a retry.
    balance: u64,
    /// When time was credited last; `None` at the start.
    credited: Option<Duration>,
}

/// A retry in hundredths.
const ONE: u64 = 100;

/// Seconds whose credit is kept.
const SECONDS_MAX: u64 = 10;

/// Calls that went well whose credit is kept.
const CALLS_MAX: u64 = 1_000;

impl RetryBudget {
    /// Credits a call that went well.
    pub fn earn(&self, percent: u32) {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = u64::from(percent) * CALLS_MAX;
        account.balance = account.balance.max((account.balance + u64::from(percent)).min(most));
    }

    /// Whether something may be asked again now, which is debited.
    pub fn spend(&self, per_second: u32, steady: Duration) -> bool {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = u64::from(per_second) * ONE;
        let seconds = match account.credited {
            None => 1,
            Some(credited) => steady.saturating_sub(credited).as_secs(),
        };
        if seconds > 0 {
            account.credited = Some(match account.credited {
                Some(credited) if seconds <= SECONDS_MAX => credited + Duration::from_secs(seconds),
                Some(_) | None => steady,
            });
            let most = account.balance.max(rate * SECONDS_MAX);
            account.balance = (account.balance + rate * seconds.min(SECONDS_MAX)).min(most);
        }
        let Some(left) = account.balance.checked_sub(ONE) else { return false };
        account.balance = left;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_a_tenth_of_what_went_well_and_one_a_second() {
        let budget = RetryBudget::default();
        let at = Duration::from_secs;
        let spent = |steady| (0..1_000).take_while(|_| budget.spend(1, steady)).count();
        assert_eq!(spent(at(100)), 1, "at the start");
        assert_eq!(spent(at(100)), 0);
        assert_eq!(spent(at(102)), 2);
        (0..99).for_each(|_| budget.earn(10));
        assert_eq!(spent(at(102)), 9, "of 99");
        budget.earn(10);
        assert_eq!(spent(at(102)), 1, "of 100");
        assert_eq!(spent(at(1_000)), 10, "no more than some seconds");
        (0..100_000).for_each(|_| budget.earn(10));
        assert_eq!(spent(at(1_000)), 100, "no more than of some calls");
    }
}
