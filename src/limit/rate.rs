//! Rates as policies write them, and the number that the arithmetic needs.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many calls in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls in a period.
    pub calls: NonZeroU32,
    /// The period; not zero.
    pub period: Duration,
}

/// Why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateFault {
    /// What stands before the slash is no number of calls.
    #[error("the number before the slash must be a whole one from 1 to 1000000000")]
    Calls,
    /// There is no slash.
    #[error("a rate is written as a number, a slash and a unit of time, such as `60/min`")]
    Form,
    /// What stands after the slash is no unit.
    #[error("the unit of a rate is one of `s`, `min`, `hour`, `day`")]
    Unit,
}

/// Calls that a rate may name: one in a nanosecond is the finest that arrival times can tell.
const CALLS_MAX: u32 = 1_000_000_000;

const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("min", 60), ("s", 1)];

impl Rate {
    /// Reads `60/min`, `5/s`, `1_000/hour` or `1/day`.
    ///
    /// # Errors
    /// [`RateFault`], the policy author's.
    pub fn parse(text: &str) -> Result<Self, RateFault> {
        let (calls, unit) = text.split_once('/').ok_or(RateFault::Form)?;
        let calls = Self::calls(calls.trim()).ok_or(RateFault::Calls)?;
        let unit = unit.trim();
        let seconds = UNITS.iter().find(|(name, _)| *name == unit).ok_or(RateFault::Unit)?.1;
        Ok(Self { calls, period: Duration::from_secs(seconds) })
    }

    fn calls(text: &str) -> Option<NonZeroU32> {
        whole(text).filter(|calls: &NonZeroU32| calls.get() <= CALLS_MAX)
    }

    /// The time after which one is given back.
    ///
    /// At least a nanosecond, and rounded down to whole ones: in a caller's favour, by less than a
    /// nanosecond for each.
    pub fn interval(self) -> Duration {
        (self.period / self.calls.get()).max(Duration::from_nanos(1))
    }
}

/// A whole number as policies write large ones: `2_000_000`.
pub(super) fn whole<T: FromStr>(text: &str) -> Option<T> {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_number = text.starts_with(is_digit)
        && text.ends_with(is_digit)
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    is_number.then(|| text.replace('_', "").parse().ok())?
}

/// Writes it as policies do.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, seconds)| Duration::from_secs(*seconds) == self.period) {
            Some((unit, _)) => write!(f, "{}/{unit}", self.calls),
            None => write!(f, "{}/{:?}", self.calls, self.period),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_policies_write() {
        let cases = [("60/min", 60, 60), ("5/s", 5, 1), ("1_000/hour", 1000, 3600), ("1 / day", 1, 86_400)];
        for (text, calls, seconds) in cases {
            let rate = Rate::parse(text).map(|rate| (rate.calls.get(), rate.period.as_secs()));
            assert_eq!(rate, Ok((calls, seconds)), "{text}");
        }
        assert_eq!(Rate::parse("1_000/hour").map(|rate| rate.to_string()), Ok("1000/hour".into()));
    }

    #[test]
    fn refuses_everything_else_and_says_what_is_wrong() {
        for text in ["", "60", "60 per min"] {
            assert_eq!(Rate::parse(text), Err(RateFault::Form), "{text}");
        }
        for text in
            ["/min", "0/min", "-1/s", "+1/s", "1.5/s", "_1/s", "1_/s", "1000000001/s", "99999999999/s"]
        {
            assert_eq!(Rate::parse(text), Err(RateFault::Calls), "{text}");
        }
        for text in ["60/", "60/m", "60/Min", "60/month", "60/min/s"] {
            assert_eq!(Rate::parse(text), Err(RateFault::Unit), "{text}");
        }
        assert!(Rate::parse("1000000000/s").is_ok());
    }
}
