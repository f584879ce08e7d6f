//! Time windows: when a rule, or what it makes an exception of, holds.
//!
//! ```yaml
//! time: { tz: Europe/Berlin, days: mon-fri, between: ["08:00", "18:00"] }
//! time: { from: 2026-12-20, until: 2027-01-06 }
//! ```
//!
//! Hours and days are those of the wall clock in `tz`, so they follow summer time by themselves. A
//! window over midnight (`22:00` to `06:00`) belongs to the day on which it begins. `between` holds
//! from its first minute on and ends before its last; `until` is a whole day, the last one.
//!
//! Time zones are compiled in: a gate decides alike on every machine, whatever is installed there.

use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};

use super::code::Code;
use super::diagnostic::{Findings, did_you_mean, shown};
use super::walker::{self, Fields};
use super::yaml::{Content, Node};

/// When something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    zone: TimeZone,
    /// Monday is the lowest bit.
    days: u8,
    /// Minutes of the day: the first one, and the one it ends before.
    between: Option<(u16, u16)>,
    from: Option<Date>,
    until: Option<Date>,
    /// As it was written, for people.
    text: Box<str>,
}

/// The keys of a time window.
pub(super) const WINDOW_KEYS: &[&str] = &["tz", "days", "between", "from", "until"];

/// The names of days, from Monday on.
pub(super) const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const EVERY_DAY: u8 = 0b111_1111;
const MINUTES: u16 = 24 * 60;

impl Window {
    /// Whether it holds at a time, in milliseconds since 1970. A time that no calendar has is outside.
    pub fn holds(&self, unix_ms: u64) -> bool {
        let timestamp = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let Some(timestamp) = timestamp else { return false };
        let clock = self.zone.to_datetime(timestamp);
        let minute = u16::from(clock.hour().unsigned_abs()) * 60 + u16::from(clock.minute().unsigned_abs());
        let today = clock.date();
        match self.between {
            None => self.has_day(today),
            Some((start, end)) if start < end => (start..end).contains(&minute) && self.has_day(today),
            Some((start, _)) if minute >= start => self.has_day(today),
            Some((_, end)) => minute < end && today.yesterday().is_ok_and(|day| self.has_day(day)),
        }
    }

    fn has_day(&self, date: Date) -> bool {
        self.days & bit(date.weekday()) != 0
            && self.from.is_none_or(|from| date >= from)
            && self.until.is_none_or(|until| date <= until)
    }

    /// As the policy spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Times at which it may begin or end, in milliseconds since 1970: around its first and its last day, or
    /// those of a week, the ends of its hours and midnight.
    pub fn edges(&self) -> Vec<u64> {
        let week = Date::constant(2026, 11, 16);
        let first = self.from.or(self.until).unwrap_or(week);
        let days = [Some(first), self.until].into_iter().flatten();
        let days =
            days.flat_map(|day| (-1..=7).filter_map(move |offset| day.checked_add(offset.days()).ok()));
        let (start, end) = self.between.unwrap_or((0, MINUTES));
        let minutes = |day: Date| {
            [0, start, end].into_iter().filter_map(move |minute| {
                let wall = day.to_datetime(jiff::civil::Time::midnight());
                wall.checked_add(i64::from(minute).minutes()).ok()
            })
        };
        let times = days.flat_map(minutes).filter_map(|wall| self.zone.to_timestamp(wall).ok());
        times.filter_map(|time| u64::try_from(time.as_millisecond()).ok()).collect()
    }

    /// Reads a window; faults have been noted where there is none.
    pub fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let before = findings.len();
        let fields = Fields::open(node, "a time window", WINDOW_KEYS, findings)?;
        if fields.is_empty() {
            findings.advise(
                Code::MissingKey,
                node.span,
                "a time window says no time",
                "write `between` or `days`",
            );
        }
        let zone = fields.get("tz").and_then(|node| read_zone(node, findings));
        let days = fields.get("days").map_or(EVERY_DAY, |node| read_days(node, findings));
        let between = fields.get("between").and_then(|node| read_between(node, findings));
        let [from, until] =
            ["from", "until"].map(|key| fields.get(key).and_then(|node| date(node, key, findings)));
        if let (Some(first), Some(last)) = (from, until)
            && first > last
        {
            findings.raise(Code::BadValue, node.span, format!("no day is from {first} until {last}"));
        }
        if between.is_some() && fields.get("tz").is_none() {
            let help = "write `tz: Europe/Berlin`, or `tz: UTC` if that is meant";
            findings.advise(Code::MissingKey, node.span, "hours of the day need a time zone `tz`", help);
        }
        let text = describe(&fields);
        (findings.len() == before).then(|| Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            days,
            between,
            from,
            until,
            text,
        })
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset().unsigned_abs()
}

fn describe(fields: &Fields<'_>) -> Box<str> {
    let each = WINDOW_KEYS.iter().filter_map(|&key| Some(format!("{key}: {}", fields.get(key)?.json())));
    each.collect::<Vec<_>>().join(", ").into()
}

/// Reads the name of a time zone.
pub(super) fn read_zone(node: &Node, findings: &mut Findings) -> Option<TimeZone> {
    let name = walker::text(node, "a time zone", findings)?;
    let bundled = TimeZoneDatabase::bundled();
    let zone = bundled.get(name).ok();
    if zone.is_none() {
        let known: Vec<String> = bundled.available().map(|name| name.to_string()).collect();
        let meant = did_you_mean(name, "time zones", known.iter().map(String::as_str));
        findings.advise(
            Code::UnknownWord,
            node.span,
            format!("there is no time zone `{}`", shown(name)),
            meant,
        );
    }
    zone
}

/// `mon`, `mon-fri`, or a list of these. Nothing that was noted matters further, so faults give no day.
fn read_days(node: &Node, findings: &mut Findings) -> u8 {
    let items = walker::some(node, "`days`", findings).unwrap_or_default();
    items.iter().fold(0, |days, item| days | read_day(item, findings))
}

fn read_day(node: &Node, findings: &mut Findings) -> u8 {
    let Some(text) = walker::text(node, "a day", findings) else { return 0 };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let mut place = |name: &str| {
        let found = DAYS.iter().position(|day| *day == name);
        if found.is_none() {
            let help = did_you_mean(name, "days", DAYS.iter().copied());
            findings.advise(Code::UnknownWord, node.span, format!("there is no day `{}`", shown(name)), help);
        }
        found
    };
    let (Some(first), Some(last)) = (place(first), place(last)) else { return 0 };
    // `sat-mon` goes over the end of the week.
    let span = (last + DAYS.len() - first) % DAYS.len();
    (0..=span).fold(0, |days, step| days | 1 << ((first + step) % DAYS.len()))
}

fn read_between(node: &Node, findings: &mut Findings) -> Option<(u16, u16)> {
    let Content::List(items) = &node.content else {
        walker::list(node, "`between`", findings);
        return None;
    };
    let [start, end] = items.as_slice() else {
        findings.advise(
            Code::BadValue,
            node.span,
            "`between` is two times of day",
            "write `[\"08:00\", \"18:00\"]`",
        );
        return None;
    };
    let (start, end) = (read_minute(start, findings), read_minute(end, findings));
    let (start, end) = (start?, end?);
    if start == end {
        findings.raise(Code::BadValue, node.span, "no minute lies between a time and itself");
        return None;
    }
    Some((start, end))
}

/// `08:00`, up to `24:00`.
fn read_minute(node: &Node, findings: &mut Findings) -> Option<u16> {
    let text = walker::text(node, "a time of day", findings)?;
    let two = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())?
    };
    let parts = text.split_once(':').and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)));
    let minute = parts.filter(|(_, minutes)| *minutes < 60).map(|(hours, minutes)| hours * 60 + minutes);
    let minute = minute.filter(|minute| *minute <= MINUTES);
    if minute.is_none() {
        let message = format!("`{}` is no time of day", shown(text));
        findings.advise(
            Code::BadValue,
            node.span,
            message,
            "write it in quotes with two digits each: `\"08:00\"`",
        );
    }
    minute
}

/// A day: `2027-03-01`.
pub(super) fn date(node: &Node, what: &str, findings: &mut Findings) -> Option<Date> {
    let text = walker::text(node, &format!("`{what}`"), findings)?;
    // jiff reads more forms than a policy should have; a date has ten characters.
    let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    if date.is_none() {
        findings.advise(
            Code::BadValue,
            node.span,
            format!("`{}` is no day", shown(text)),
            "write it as `2027-03-01`",
        );
    }
    date
}

/// The first millisecond since 1970 that is after a day, in UTC; `None` for days before 1970.
pub(super) fn end_of(date: Date) -> Option<u64> {
    let next = date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(next.timestamp().as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Source, yaml};

    fn window(text: &str) -> Result<Window, String> {
        let source = Source { name: "t.yaml".into(), text: text.into() };
        let mut findings = Findings::default();
        let root = yaml::parse(0, &source, &mut findings).expect("a test is YAML");
        let window = Window::read(&root, &mut findings);
        let faults = findings.settle(std::slice::from_ref(&source));
        window.ok_or_else(|| faults.iter().map(|fault| fault.message.clone()).collect())
    }

    fn at(text: &str) -> u64 {
        let timestamp: Timestamp = text.parse().expect("a test is a time");
        u64::try_from(timestamp.as_millisecond()).expect("after 1970")
    }

    #[test]
    fn follows_the_wall_clock_of_its_zone() {
        let office = "{ tz: Europe/Berlin, days: mon-fri, between: ['08:00', '18:00'] }";
        let night = "{ tz: UTC, days: [fri], between: ['22:00', '06:00'] }";
        let days = "{ from: 2026-12-20, until: 2027-01-06 }";
        let cases = [
            // 2026-11-23 is a Monday; Berlin is an hour ahead in winter, two in summer.
            (office, "2026-11-23T06:59:59Z", false),
            (office, "2026-11-23T07:00:00Z", true),
            (office, "2026-11-23T16:59:59Z", true),
            (office, "2026-11-23T17:00:00Z", false),
            (office, "2026-06-22T06:00:00Z", true),
            (office, "2026-06-22T16:00:00Z", false),
            (office, "2026-11-22T10:00:00Z", false),
            (night, "2026-11-20T21:59:59Z", false),
            (night, "2026-11-20T22:00:00Z", true),
            (night, "2026-11-21T05:59:59Z", true),
            (night, "2026-11-21T06:00:00Z", false),
            (night, "2026-11-21T22:00:00Z", false),
            (days, "2026-12-19T23:59:59Z", false),
            (days, "2026-12-20T00:00:00Z", true),
            (days, "2027-01-06T23:59:59Z", true),
            (days, "2027-01-07T00:00:00Z", false),
            ("{ days: [sat-mon] }", "2026-11-23T00:00:00Z", true),
            ("{ days: [sat-mon] }", "2026-11-24T00:00:00Z", false),
            ("{ tz: UTC, between: ['20:00', '24:00'] }", "2026-11-24T23:59:00Z", true),
        ];
        for (text, time, wanted) in cases {
            assert_eq!(window(text).expect(text).holds(at(time)), wanted, "{text} at {time}");
        }
        assert!(!window(days).expect("a window").holds(u64::MAX));
    }

    #[test]
    fn refuses_what_says_no_time() {
        let cases = [
            ("{}", "a time window says no time"),
            ("{ tz: Europe/Berlni, days: mon }", "there is no time zone `Europe/Berlni`"),
            ("{ days: [mon-fry] }", "there is no day `fry`"),
            ("{ between: ['08:00', '18:00'] }", "hours of the day need a time zone `tz`"),
            ("{ tz: UTC, between: ['8:00', '18:00'] }", "`8:00` is no time of day"),
            ("{ tz: UTC, between: ['08:00', '24:01'] }", "`24:01` is no time of day"),
            ("{ tz: UTC, between: ['08:00', '08:00'] }", "no minute lies between a time and itself"),
            ("{ tz: UTC, between: ['08:00'] }", "`between` is two times of day"),
            ("{ from: 2027-02-30 }", "`2027-02-30` is no day"),
            ("{ from: 2027-02-03, until: 2027-02-02 }", "no day is from 2027-02-03 until 2027-02-02"),
            ("{ day: mon }", "a time window has no key `day`"),
        ];
        for (text, wanted) in cases {
            assert_eq!(window(text).expect_err(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let day: Date = "2027-01-31".parse().expect("a day");
        assert_eq!(end_of(day), Some(at("2027-02-01T00:00:00Z")));
        assert_eq!(end_of("1969-12-30".parse().expect("a day")), None);
    }
}
