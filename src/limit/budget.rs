//! Budgets: so much in each hour, day, week or month of a calendar.
//!
//! A window begins and ends by the wall clock of a time zone: a day from midnight to midnight, whether it
//! has 23, 24 or 25 hours, a week from Monday on, a month from its first day on. What is left over ends with
//! the window, and so does debt.
//!
//! Time zones are compiled in: a gate counts alike on every machine, whatever is installed there.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use super::rate::whole;
use crate::bounds::BUDGET_MAX;

/// So much in each window of a calendar.
#[derive(Debug, Clone)]
pub struct Budget {
    amount: u64,
    period: Period,
    zone: TimeZone,
    /// How much more a request may take that begins while something is left, in percent of the amount.
    overdraft: u8,
    /// The window that was asked for last: its first minute and the one it ends before, 32 bits each.
    window: Window,
}

/// Minutes of a window that was found before; tells nothing that could not be found again.
#[derive(Debug, Default)]
struct Window(AtomicU64);

/// The length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From midnight on.
    Day,
    /// From its first minute on.
    Hour,
    /// From its first day on.
    Month,
    /// From Monday on.
    Week,
}

/// Why a text is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetFault {
    /// What stands before the slash is no amount.
    #[error("the amount must be a whole number from 1 to {BUDGET_MAX}")]
    Amount,
    /// There is no slash.
    #[error("a budget is written as an amount, a slash and a window, such as `2_000_000/day`")]
    Form,
    /// What stands after the slash is no window.
    #[error("the window of a budget is one of `hour`, `day`, `week`, `month`")]
    Period,
}

const MINUTE_MS: u64 = 60_000;

impl Budget {
    /// Reads `2_000_000/day`, in UTC and without overdraft.
    ///
    /// # Errors
    /// [`BudgetFault`], the policy author's.
    pub fn parse(text: &str) -> Result<Self, BudgetFault> {
        let (amount, period) = text.split_once('/').ok_or(BudgetFault::Form)?;
        let amount = whole(amount.trim()).filter(|amount| (1..=BUDGET_MAX).contains(amount));
        let amount = amount.ok_or(BudgetFault::Amount)?;
        let period = period.trim();
        let period = Period::ALL.iter().copied().find(|known| known.as_str() == period);
        let period = period.ok_or(BudgetFault::Period)?;
        Ok(Self { amount, period, zone: TimeZone::UTC, overdraft: 0, window: Window::default() })
    }

    /// The same by the clock of another time zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, window: Window::default(), ..self }
    }

    /// The same, where a request that begins while something is left may take `percent` more, of 100 at most.
    #[must_use]
    pub fn with_overdraft(self, percent: u8) -> Self {
        Self { overdraft: percent.min(100), ..self }
    }

    /// How much there is in a window.
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// How much a request may take that begins while something is left.
    pub fn most(&self) -> u64 {
        self.amount.saturating_add(self.amount.saturating_mul(self.overdraft.into()) / 100)
    }

    /// The length of its windows.
    pub fn period(&self) -> Period {
        self.period
    }

    /// By whose clock it goes.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// When the window ends that a time is in, in whole minutes since 1970.
    ///
    /// A few nanoseconds in the window of the request before, else about a microsecond.
    pub fn end_minute(&self, unix_ms: u64) -> u64 {
        let minute = unix_ms / MINUTE_MS;
        let known = self.window.0.load(Ordering::Relaxed);
        let (first, end) = (known >> 32, known & u64::from(u32::MAX));
        if (first..end).contains(&minute) {
            return end;
        }
        // A time that no calendar has is a window of its own minute.
        let (first, end) = self.find(unix_ms).unwrap_or((minute, minute.saturating_add(1)));
        if end <= u64::from(u32::MAX) {
            self.window.0.store(first << 32 | end, Ordering::Relaxed);
        }
        end
    }

    fn find(&self, unix_ms: u64) -> Option<(u64, u64)> {
        let time = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
        let (first, end) = match self.period {
            Period::Hour => self.hour(time)?,
            Period::Day | Period::Month | Period::Week => {
                let (first, end) = self.days(time.to_zoned(self.zone.clone()).date())?;
                (self.midnight(first)?.timestamp(), self.midnight(end)?.timestamp())
            }
        };
        let minute = |time: Timestamp| u64::try_from(time.as_second().div_euclid(60)).ok();
        Some((minute(first)?, minute(end)?))
    }

    /// The first day of a window and the first one after it.
    fn days(&self, today: Date) -> Option<(Date, Date)> {
        let first = match self.period {
            Period::Day | Period::Hour => today,
            Period::Month => today.first_of_month(),
            Period::Week => today.checked_sub(today.weekday().to_monday_zero_offset().days()).ok()?,
        };
        let length = match self.period {
            Period::Day | Period::Hour => 1.day(),
            Period::Month => 1.month(),
            Period::Week => 1.week(),
        };
        Some((first, first.checked_add(length).ok()?))
    }

    /// When a day begins; where the clock leaps over midnight, with its first minute.
    fn midnight(&self, day: Date) -> Option<Zoned> {
        day.to_zoned(self.zone.clone()).ok()?.start_of_day().ok()
    }

    /// An hour of the wall clock: offsets are no whole hours everywhere.
    fn hour(&self, time: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let offset = i64::from(self.zone.to_offset(time).seconds());
        let into = (time.as_second() + offset).rem_euclid(3600);
        let first = Timestamp::from_second(time.as_second() - into).ok()?;
        Some((first, Timestamp::from_second(first.as_second() + 3600).ok()?))
    }
}

impl Period {
    /// Every length, in alphabetical order.
    pub const ALL: &[Self] = &[Self::Day, Self::Hour, Self::Month, Self::Week];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Month => "month",
            Self::Week => "week",
        }
    }

    /// About how long it is; of a month 31 days.
    pub fn longest(self) -> Duration {
        let hours = match self {
            Self::Day => 24,
            Self::Hour => 1,
            Self::Month => 31 * 24,
            Self::Week => 7 * 24,
        };
        Duration::from_secs(hours * 3600)
    }
}

impl Clone for Window {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

/// What was found before says nothing about what a budget is.
impl PartialEq for Budget {
    fn eq(&self, other: &Self) -> bool {
        (self.amount, self.period, self.overdraft) == (other.amount, other.period, other.overdraft)
            && self.zone == other.zone
    }
}

impl Eq for Budget {}

/// Writes it as policies do.
impl fmt::Display for Budget {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.amount, self.period.as_str())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    fn ms(text: &str) -> u64 {
        let time: Timestamp = text.parse().expect("a time");
        u64::try_from(time.as_millisecond()).expect("after 1970")
    }

    fn end(period: &str, zone: &str, at: &str) -> String {
        let zone = TimeZoneDatabase::bundled().get(zone).expect("a zone");
        let budget = Budget::parse(&format!("10/{period}")).expect("a budget").in_zone(zone);
        let minutes = i64::try_from(budget.end_minute(ms(at))).expect("a time");
        assert_eq!(budget.end_minute(ms(at)), budget.end_minute(ms(at)), "also when it is known");
        Timestamp::from_second(minutes * 60).expect("a time").to_string()
    }

    #[test]
    fn ends_with_the_window_of_the_calendar() {
        let cases = [
            ("hour", "UTC", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"),
            ("hour", "UTC", "2026-11-23T10:59:59.999Z", "2026-11-23T11:00:00Z"),
            ("hour", "Asia/Kolkata", "2026-11-23T10:00:00Z", "2026-11-23T10:30:00Z"),
            ("day", "UTC", "2026-11-23T23:59:59.999Z", "2026-11-24T00:00:00Z"),
            ("day", "UTC", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
            ("day", "Europe/Berlin", "2026-11-23T22:59:00Z", "2026-11-23T23:00:00Z"),
            ("day", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T22:00:00Z"),
            ("day", "UTC", "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"),
            ("day", "UTC", "2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
            ("week", "UTC", "2026-11-22T23:59:00Z", "2026-11-23T00:00:00Z"),
            ("week", "UTC", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
            ("month", "UTC", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
            ("month", "UTC", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z"),
            ("month", "UTC", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("month", "America/New_York", "2026-11-01T03:59:00Z", "2026-11-01T04:00:00Z"),
        ];
        for (period, zone, at, wanted) in cases {
            assert_eq!(end(period, zone, at), wanted, "{period} in {zone} at {at}");
        }
    }

    #[test]
    fn a_time_that_no_calendar_has_is_a_window_of_its_own() {
        let budget = Budget::parse("1/day").expect("a budget");
        for unix_ms in [u64::MAX, i64::MAX as u64, 1 << 60] {
            assert_eq!(budget.end_minute(unix_ms), unix_ms / MINUTE_MS + 1);
        }
    }

    #[test]
    fn reads_what_policies_write_and_says_what_is_wrong() {
        let read = |text: &str| Budget::parse(text).map(|budget| budget.to_string());
        assert_eq!(read("2_000_000/day"), Ok("2000000/day".into()));
        assert_eq!(read("1 / month"), Ok("1/month".into()));
        for text in ["", "60", "60 a day"] {
            assert_eq!(read(text), Err(BudgetFault::Form), "{text}");
        }
        let above = format!("{}/day", BUDGET_MAX + 1);
        for text in ["/day", "0/day", "-1/day", "1.5/day", "_1/day", "99999999999999999999/day", &above] {
            assert_eq!(read(text), Err(BudgetFault::Amount), "{text}");
        }
        for text in ["1/", "1/min", "1/Day", "1/year"] {
            assert_eq!(read(text), Err(BudgetFault::Period), "{text}");
        }
        assert!(read(&format!("{BUDGET_MAX}/hour")).is_ok());
    }

    #[test]
    fn an_overdraft_adds_a_share_of_the_amount() {
        let budget = |percent| Budget::parse("50/day").expect("a budget").with_overdraft(percent).most();
        assert_eq!([budget(0), budget(10), budget(100), budget(255)], [50, 55, 100, 100]);
    }
}
