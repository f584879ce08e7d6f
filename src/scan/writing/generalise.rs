//! Values made coarser: what is left says something about many, and nothing about one.
//!
//! A date becomes its year, a ZIP code its first three digits, an age over 89 `90+`, an address of a host
//! the network around it, a coordinate one decimal. What is none of these is not made coarser, and the
//! caller replaces it. A number stays a number where it can.
//!
//! Sources: 45 CFR 164.514(b)(2)(i)(B) and (C); the guidance of HHS on it of 2012 for the ZIP codes of
//! fewer than 20,000 people; RFC 3849 and RFC 6177 for what a /48 is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::json;
use crate::scan::Detector;
use crate::scan::sieve::sweep::Form;
use crate::scan::vault::kind;

/// The areas of fewer than 20,000 people: their first three digits tell too much.
const SMALL_AREAS: &[&str] = &[
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884",
    "890", "893",
];

/// What is left of `content`; `None` where it cannot be made coarser.
pub(in crate::scan) fn coarser(detector: Detector, content: &[u8], form: Form) -> Option<String> {
    let content = std::str::from_utf8(content).ok()?;
    let text = json::decode(content);
    let is_number = matches!(form, Form::Bare(_));
    let found = match (kind(detector), detector.as_str()) {
        ("IP", _) => address(&text),
        ("ZIP", _) => area(&text),
        ("GEO", _) => degrees(&text),
        ("FIELD", _) => address(&text).or_else(|| year(&text)).or_else(|| area(&text)).or_else(|| age(&text)),
        (_, "age") => age(&text),
        (_, id) if id == "dob" || id.split('_').any(|word| word == "date") => year(&text),
        _ => None,
    };
    found.map(|found| if found == "90+" && is_number { "90".into() } else { found }).filter(|found| {
        let is_digits = found.bytes().all(|byte| byte.is_ascii_digit()) && !found.starts_with('0');
        !is_number || is_digits || kind(detector) == "GEO"
    })
}

/// The year of a date: the only part of four digits, the others shorter; or eight digits in a row.
fn year(text: &str) -> Option<String> {
    let is_year = |part: &str| ("1800".."2200").contains(&part);
    let runs: Vec<&str> =
        text.split(|character: char| !character.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    if let [run] = runs[..]
        && run.len() == 8
    {
        let (month, day) = (&run[4..6], &run[6..8]);
        let is_date = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
        return run.get(..4).filter(|year| is_date && is_year(year)).map(Into::into);
    }
    let mut long = runs.iter().filter(|run| run.len() >= 4);
    let year = long.next().filter(|run| run.len() == 4 && is_year(run))?;
    long.next().is_none().then(|| (*year).into())
}

/// The first three digits of a ZIP code, of five or of nine; three stay as they are.
fn area(text: &str) -> Option<String> {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (five, four) = text.trim().split_once(['-', ' ']).unwrap_or((text.trim(), ""));
    let is_code = matches!((five.len(), four.len()), (5, 0 | 4) | (3, 0));
    let area = five.get(..3).filter(|_| is_code && is_digits(five) && is_digits(four))?;
    Some(if SMALL_AREAS.contains(&area) { "000".into() } else { area.into() })
}

/// An age, and `90+` for those over 89.
fn age(text: &str) -> Option<String> {
    let text = text.trim();
    if text == "90+" {
        return Some(text.into());
    }
    let years: u8 = text.parse().ok().filter(|_| text.len() <= 3 && !text.starts_with('+'))?;
    Some(if years > 89 { "90+".into() } else { text.into() })
}

/// The network around an address: /24 of version 4, /48 of version 6.
fn address(text: &str) -> Option<String> {
    Some(match text.trim().parse().ok()? {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::from([a, b, c, 0]).to_string()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::from([a, b, c, 0, 0, 0, 0, 0]).to_string()
        }
    })
}

/// A coordinate to a tenth of a degree, some ten kilometres.
fn degrees(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let degrees: f64 = text.parse().ok().filter(|_| is_plain)?;
    (degrees.abs() <= 180.0).then(|| format!("{degrees:.1}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_what_is_common_to_many_and_leaves_it_once() {
        for (read, text, wanted) in [
            (year as fn(&str) -> Option<String>, "1980-02-29", Some("1980")),
            (year, "29 Feb 1980", Some("1980")),
            (year, "29.02.1980", Some("1980")),
            (year, "02/29/1980", Some("1980")),
            (year, "1980-02-29T10:11:12.131Z", Some("1980")),
            (year, "19800229", Some("1980")),
            (year, "1980", Some("1980")),
            (year, "19801329", None),
            (year, "29.02.80", None),
            (year, "1980 and 1981", None),
            (year, "1799-01-01", None),
            (year, "2200-01-01", None),
            (year, "318902400", None),
            (area, "90210", Some("902")),
            (area, "90210-1234", Some("902")),
            (area, "03601", Some("000")),
            (area, "9021", None),
            (area, "SW1A 1AA", None),
            (age, "89", Some("89")),
            (age, "90", Some("90+")),
            (age, "104", Some("90+")),
            (age, "1040", None),
            (age, "ninety", None),
            (address, "8.8.8.8", Some("8.8.8.0")),
            (address, "2001:db8:85a3::8a2e:370:7334", Some("2001:db8:85a3::")),
            (address, "fe80::1%eth0", None),
            (degrees, "48.85661", Some("48.9")),
            (degrees, "-2.35", Some("-2.4")),
            (degrees, "181", None),
            (degrees, "inf", None),
        ] {
            let coarse = read(text);
            assert_eq!(coarse.as_deref(), wanted, "{text}");
            if let Some(coarse) = coarse {
                assert_eq!(read(&coarse), Some(coarse.clone()), "again, from {text}");
            }
        }
    }

    #[test]
    fn keeps_numbers_numbers() {
        let dob = Detector::parse("dob").unwrap();
        assert_eq!(coarser(dob, b"19800229", Form::Bare(1)).as_deref(), Some("1980"));
        assert_eq!(coarser(dob, b"318902400", Form::Bare(1)), None);
        let field = Detector::ALL.iter().find(|known| kind(**known) == "FIELD").unwrap();
        assert_eq!(coarser(*field, b"93", Form::Bare(1)).as_deref(), Some("90"));
        assert_eq!(coarser(*field, b"93", Form::Whole(1)).as_deref(), Some("90+"));
        assert_eq!(coarser(*field, b"10210", Form::Bare(1)), None, "three zeros are no number");
        let ssn = Detector::parse("us_ssn").unwrap();
        assert_eq!(coarser(ssn, b"123-45-6789", Form::Part), None);
    }
}
