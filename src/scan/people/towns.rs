//! Towns behind streets: `Am Hang 7, 57622 Cottbus`, `12 Main St\nBend, OR 97701`, `4 High Street, Leeds LS1 4AP`.
//!
//! A town by itself tells little, and its name is hardly known. Right behind a street that was found, with its postal
//! code, it completes an address.
//!
//! Source: Universal Postal Union, Postal addressing systems in member countries (the places of code and town).

use std::ops::Range;

use super::words::word;
use crate::scan::Detector;
use crate::scan::sieve::sweep::{Form, Sweep};
use crate::scan::spelling::edges::{byte, is_word};

/// Bytes of a town with its code.
const TOWN_BYTES_MAX: usize = 64;
/// Words of the name of a town.
const WORDS_MAX: usize = 4;
/// Small words in names of towns.
const SMALL: [&[u8]; 22] = [
    b"am", b"an", b"auf", b"bei", b"da", b"de", b"del", b"der", b"di", b"do", b"im", b"in", b"la", b"les",
    b"nad", b"of", b"pod", b"sur", b"under", b"upon", b"van", b"von",
];

impl Sweep<'_> {
    /// Adds the towns right behind the streets that were found.
    pub(in crate::scan) fn towns(&mut self) {
        let ends: Vec<usize> = self
            .hits
            .iter()
            .filter(|hit| hit.detector == Detector::ADDRESS && hit.form == Form::Part)
            .map(|hit| hit.span.end)
            .collect();
        for end in ends {
            if let Some(span) = behind(self.bytes, end) {
                self.part(Detector::ADDRESS, span);
            }
        }
    }
}

/// The town behind the street that ends at `end`.
fn behind(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = &bytes[end..(end + TOWN_BYTES_MAX).min(bytes.len())];
    let marks: [&[u8]; 6] = [b", ", b"\\n", b"\\r\\n", b",\\n", b"\\\\n", b" - "];
    let mark = marks.iter().find(|mark| rest.starts_with(mark))?;
    let start = end + mark.len();
    let found = coded(bytes, start).or_else(|| named(bytes, start))?;
    (!is_word(byte(bytes, found))).then_some(start..found)
}

/// Where a town ends that begins with its code: `57622 Cottbus`, `741 65 Brno`, `30-059 Kraków`, `1017 AB Amsterdam`.
fn coded(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = digits_at(bytes, at);
    let next = at + digits;
    let end = match (digits, byte(bytes, next)) {
        (3, b' ') if digits_at(bytes, next + 1) == 2 => next + 3,
        (2, b'-') if digits_at(bytes, next + 1) == 3 => next + 4,
        (5, b'-') if digits_at(bytes, next + 1) == 3 => next + 4,
        (4, b' ') if matches!(bytes.get(next + 1..next + 4), Some([b'A'..=b'Z', b'A'..=b'Z', b' '])) => {
            next + 3
        }
        (4..=6, _) => next,
        _ => return None,
    };
    (byte(bytes, end) == b' ').then(|| town(bytes, end + 1))?
}

/// Where a town ends whose code follows: `Bend, OR 97701`, `Moncton ON E1C 4Z6`, `Leeds LS1 4AP`.
fn named(bytes: &[u8], at: usize) -> Option<usize> {
    let name = town(bytes, at)?;
    let comma = usize::from(byte(bytes, name) == b',');
    let mut from = name + comma;
    if byte(bytes, from) != b' ' {
        return None;
    }
    from += 1;
    // A state or a province.
    if let Some([b'A'..=b'Z', b'A'..=b'Z', b' ']) = bytes.get(from..from + 3) {
        from += 3;
        let digits = digits_at(bytes, from);
        if digits == 5 {
            let is_long = byte(bytes, from + 5) == b'-' && digits_at(bytes, from + 6) == 4;
            return Some(from + if is_long { 10 } else { 5 });
        }
    }
    // Of Britain and Canada: letters and digits in two groups, of which the second has three.
    let is_part = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let group = |at: usize| bytes.get(at..).unwrap_or_default().iter().take(5).take_while(is_part).count();
    let first = group(from);
    let second = from + first + 1;
    let has_digit = |from: usize, length: usize| bytes[from..from + length].iter().any(u8::is_ascii_digit);
    let is_code = (2..=4).contains(&first)
        && byte(bytes, from).is_ascii_uppercase()
        && has_digit(from, first)
        && byte(bytes, from + first) == b' '
        && group(second) == 3
        && has_digit(second, 3);
    is_code.then_some(second + 3)
}

/// Where the name of a town ends that begins at `at`.
fn town(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut from, mut end) = (at, None);
    for _ in 0..WORDS_MAX {
        let Some(next) = word(bytes, from) else { break };
        let text = &bytes[from..next.end];
        if next.letters >= 2 && (next.is_capital && !is_code(text)) {
            end = Some(next.end);
        } else if end.is_none() || !SMALL.contains(&text) {
            break;
        }
        if byte(bytes, next.end) != b' ' {
            break;
        }
        from = next.end + 1;
    }
    end
}

/// Two capitals are a state, not a part of a town.
fn is_code(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_uppercase)
}

fn digits_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take(7).take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_towns_with_their_codes_behind_streets() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["at Am Hang 5\n57622 Cottbus\nx"]"#, r#"["at Am Hang 5\n57622 Cottbus\nx"]"#),
            (r#"["at 12 Main Street\nBend, OR 97701."]"#, r#"["at [ADDRESS]\n[ADDRESS]."]"#),
            (r#"["at 12 Main Street\nLeeds LS1 4AP."]"#, r#"["at [ADDRESS]\n[ADDRESS]."]"#),
            (r#"["at 12 Main Street\nMoncton ON E1C 4Z6"]"#, r#"["at [ADDRESS]\n[ADDRESS]"]"#),
            (r#"["at Hauptstrasse 5\n30-059 Kraków\nx"]"#, r#"["at [ADDRESS]\n[ADDRESS]\nx"]"#),
            (r#"["at Hauptstrasse 5\n1017 AB Bad Aro am See\nx"]"#, r#"["at [ADDRESS]\n[ADDRESS]\nx"]"#),
        ] {
            check(&plan, text, wanted);
        }
        let text = r#"["we met 57622 Cottbus fans in Bend, OR 97701"]"#;
        check(&plan, text, text);
        check(&plan, r#"["at 12 Main Street, 50 People came"]"#, r#"["at [ADDRESS], 50 People came"]"#);
    }
}
