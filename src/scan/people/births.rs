//! Dates of birth that no word names: behind a person, behind an age, behind the star of genealogists.
//!
//! `Ann Lee (29.02.1980)`, `Ann Lee, 02/29/1980,`, `age 46 (1980-02-29)`, `Ann Lee (*1980)`. Only years that lie
//! some time back count, for other dates stand behind people too.

use std::ops::Range;

use crate::scan::Detector;
use crate::scan::context;
use crate::scan::labels;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::{Form, Hit, Sweep};
use crate::scan::spelling::edges::{byte, is_word};

const DOB: Detector = Detector::named("dob");
/// Years of birth that are believed without a word.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2012;
/// Bytes between a word that tells of a birth and its date.
const REACH: usize = 48;

impl Sweep<'_> {
    /// Adds the dates that stand right behind the people who were found.
    pub(in crate::scan) fn births(&mut self) {
        if self.rules.by_detector(DOB) == 0 {
            return;
        }
        let bytes = self.bytes;
        let people =
            self.hits.iter().filter(|hit| hit.detector == Detector::PERSON && hit.form == Form::Part);
        let found: Vec<_> = people.filter_map(|hit| behind(bytes, hit.span.end)).collect();
        for span in found {
            let rules = self.rules.taking(DOB, Ground::Prose);
            if rules != 0 {
                self.hits.push(Hit { span, detector: DOB, rules, form: Form::Part, ground: Ground::Prose });
            }
        }
    }

    /// Takes the date whose digits begin at `at`, where a word about a birth or an age stands before it.
    pub(in crate::scan) fn birth(&mut self, at: usize) {
        let bytes = self.bytes;
        let Some(date) = date(bytes, at).filter(|_| self.rules.by_detector(DOB) != 0) else { return };
        let head = &bytes[at.saturating_sub(REACH)..at];
        let is_told = || {
            !head.iter().any(u8::is_ascii_digit) && context::near(bytes, at, &self.rules.fields).holds(DOB)
        };
        if is_star(head) || is_aged(head) || is_told() {
            self.part_by(Ground::Prose, DOB, at..date);
        }
    }
}

/// The date that stands behind a person whose name ends at `end`.
fn behind(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let mut at = end + usize::from(byte(bytes, end) == b',');
    let is_comma = at > end;
    if byte(bytes, at) != b' ' {
        return None;
    }
    at += 1;
    let is_open = byte(bytes, at) == b'(';
    at += usize::from(is_open);
    let is_star = byte(bytes, at) == b'*';
    at += usize::from(is_star) + usize::from(is_star && byte(bytes, at + 1) == b' ');
    if !(is_comma || is_open || is_star) {
        return None;
    }
    let is_year = is_star && year(bytes, at).is_some() && !is_word(byte(bytes, at + 4));
    let past = date(bytes, at).or(is_year.then_some(at + 4))?;
    let is_closed = !is_open || matches!(byte(bytes, past), b')' | b',' | b';');
    is_closed.then_some(at..past)
}

/// Where the date ends that begins at `at` and has a year that lies some time back: `29.02.1980`, `2/29/1980`,
/// `1980-02-29`, `29 February 1980`.
fn date(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |from: usize| {
        bytes
            .get(from..)
            .map_or(0, |rest| rest.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count())
    };
    let separator = |at: usize| Some(byte(bytes, at)).filter(|byte| matches!(byte, b'.' | b'/' | b'-'));
    let first = digits(at);
    let end = if first == 4 {
        year(bytes, at)?;
        let mark = separator(at + 4)?;
        let month = at + 5;
        let day = month + digits(month) + 1;
        (digits(month) == 2 && separator(day - 1) == Some(mark) && digits(day) == 2).then_some(day + 2)?
    } else if let Some(mark) =
        separator(at + first).filter(|_| (1..=2).contains(&first) && digits(at + first + 1) > 0)
    {
        let month = at + first + 1;
        let count = digits(month);
        let last = month + count + 1;
        let is_date = (1..=2).contains(&count) && separator(last - 1) == Some(mark) && digits(last) == 4;
        year(bytes, last).filter(|_| is_date)?;
        last + 4
    } else {
        let end = labels::written(bytes, at).filter(|_| (1..=2).contains(&first))?;
        year(bytes, end.checked_sub(4)?)?;
        end
    };
    (!is_word(byte(bytes, end))).then_some(end)
}

/// The date with a short year that begins at `at`: `3/4/80`, `29.02.80`.
pub(in crate::scan) fn short(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = bytes.get(at..(at + 9).min(bytes.len()))?;
    let mark = *rest.iter().find(|byte| !byte.is_ascii_digit()).filter(|byte| b"./-".contains(byte))?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == mark).count();
    let mut parts = rest[..length].split(|byte| *byte == mark);
    let is_short = |part: Option<&[u8]>| part.is_some_and(|part| (1..=2).contains(&part.len()));
    let is_date =
        is_short(parts.next()) && is_short(parts.next()) && parts.next().is_some_and(|year| year.len() == 2);
    (is_date && parts.next().is_none() && !is_word(byte(bytes, at + length))).then_some(at..at + length)
}

/// Whether four digits at `at` are a year in which somebody may have been born.
pub(in crate::scan) fn is_year(bytes: &[u8], at: usize) -> bool {
    year(bytes, at).is_some()
}

fn year(bytes: &[u8], at: usize) -> Option<u32> {
    let text = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
    text.parse().ok().filter(|year| YEARS.contains(year))
}

/// Whether a text ends in a star that says that somebody was born: `(*`, ` *`; not one of a list.
fn is_star(head: &[u8]) -> bool {
    matches!(head, [.., b'(' | b' ' | b'"', b'*'] | [.., b'(', b'*', b' '])
}

/// Whether a text ends in an age and the mark before a date: `age 46 (`, `46 y/o, `, `46-year-old (`.
fn is_aged(head: &[u8]) -> bool {
    let Some(head) = head.strip_suffix(b"(").or(head.strip_suffix(b", ")) else { return false };
    let head = head.trim_ascii_end();
    let digits = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=3).contains(&digits) {
        let word = &head[..head.len() - digits].trim_ascii_end();
        return [
            b"age".as_slice(),
            b"aged",
            b"Age",
            b"Alter",
            b"edad",
            b"idade",
            b"leeftijd",
            b"wiek",
            b"eta",
        ]
        .iter()
        .any(|age| word.ends_with(age));
    }
    let tails: [&[u8]; 14] = [
        b"y/o",
        b"yo",
        b"y.o.",
        b"year-old",
        b"years old",
        b"years",
        b"yrs",
        b"Jahre",
        b"ans",
        b"anos",
        b"anni",
        b"jaar",
        b"lat",
        b"yrs old",
    ];
    let rest =
        tails.iter().find_map(|tail| head.strip_suffix(*tail)).or(head.strip_suffix("años".as_bytes()));
    rest.is_some_and(|rest| matches!(rest, [.., b'0'..=b'9'] | [.., b'0'..=b'9', b' ' | b'-']))
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_dates_behind_people_and_ages_and_no_others() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            ("Ann Lee (29.02.1980) came", "[NAME] ([DOB]) came"),
            ("Ann Lee, 02/29/1980, came", "[NAME], [DOB], came"),
            ("Ann Lee (* 3. März 1980)", "[NAME] (* [DOB])"),
            ("Ann Lee (*1980)", "[NAME] (*[DOB])"),
            ("she is 46 y/o (1980-02-29)", "she is 46 y/o ([DOB])"),
            ("at age 46 (2/29/1980)", "at age 46 ([DOB])"),
        ] {
            check(&plan, &format!("[\"x {text}.\"]"), &format!("[\"x {wanted}.\"]"));
        }
        for text in ["x Ann Lee (2026-02-28)", "x 46 (1980-02-29)", "x in use for 46 (1980)"] {
            check(&plan, &format!("[\"{text}\"]"), &format!("[\"{}\"]", text.replace("Ann Lee", "[NAME]")));
        }
    }
}
