//! Lines of a form: `Patient name: Ann Lee`, `Nom du patient : …`, `- **Born:** …`, `full_name = "Ann Lee"`.
//!
//! The label goes back to where its line, cell or clause begins and is read as the name of a field; what stands
//! behind it is taken as far as it looks like a value of that kind. Numbers are left to the words before them.

use std::ops::Range;

use super::names::{Class, Tier};
use super::veto;
use crate::scan::Detector;
use crate::scan::catalogue::Veto;
use crate::scan::labels;
use crate::scan::people::{births, prose};
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{self, before, byte, skip_escape};

/// Bytes of a label.
const LABEL_BYTES_MAX: usize = 48;
/// Bytes of a value in a line.
const VALUE_BYTES_MAX: usize = 120;
/// People that one line names.
const PEOPLE_MAX: usize = 16;

impl Sweep<'_> {
    /// Takes the value behind the colon or equals sign at `at`, if a label of a form ends at `end`.
    pub(in crate::scan) fn line(&mut self, at: usize, end: usize) {
        let bytes = self.bytes;
        let Some((detector, tier, ground)) = self.labelled(end) else { return };
        let value = value_start(bytes, at + 1);
        match detector.row().veto {
            Veto::Name => self.people(value, tier, ground),
            Veto::Place => self.place(value, detector, ground),
            // Of a short year no digits lead to it.
            Veto::Date => {
                if let Some(span) = births::short(bytes, value.start) {
                    self.part_by(ground, detector, span);
                }
            }
            // A name in plain ASCII right before the sign is left to `bare_key`.
            Veto::Digits if detector == Detector::PHONE => {
                if let Some(span) = dialled(bytes, value) {
                    self.part_by(ground, detector, span);
                }
            }
            Veto::Secret
                if tier == Tier::Strong
                    && (end < at || !bytes[end - 1].is_ascii() || is_phrase(bytes, end)) =>
            {
                if let Some(span) = labels::assigned(bytes, at, detector)
                    && !veto::is_harmless(detector, tier, &bytes[span.clone()])
                {
                    self.part_by(ground, detector, span);
                }
            }
            _ => {}
        }
    }

    /// What the label says that ends at `end`; said as a whole it may be a name that needs to be.
    fn labelled(&mut self, end: usize) -> Option<(Detector, Tier, Ground)> {
        let start = label_start(self.bytes, end);
        match self.class(start..end)? {
            Class::Of(_, Tier::Beside) | Class::Harmless => None,
            Class::Of(detector, tier) => Some((detector, tier, Ground::of_field(tier))),
        }
    }

    /// What the whole label says whose last word ends at `end`: `Cache key`.
    pub(in crate::scan) fn label_class(&mut self, end: usize) -> Option<Class> {
        let start = label_start(self.bytes, end);
        self.class(start..end)
    }

    /// Takes the people whom a line names from `value` on, parted by commas.
    fn people(&mut self, value: Range<usize>, tier: Tier, ground: Ground) {
        let bytes = self.bytes;
        let mut from = value.start;
        for _ in 0..PEOPLE_MAX {
            let Some(span) = prose::named(bytes, from, value.end, tier == Tier::Strong) else { return };
            from = span.end;
            self.part_by(ground, Detector::PERSON, span);
            let comma = usize::from(matches!(byte(bytes, from), b',' | b';'));
            if comma == 0 || byte(bytes, from + 1) != b' ' {
                return;
            }
            from += 2;
        }
    }

    /// Takes the address that a line holds: words and a number.
    fn place(&mut self, value: Range<usize>, detector: Detector, ground: Ground) {
        let Some(content) = self.bytes.get(value.clone()) else { return };
        let digits = content.iter().filter(|byte| byte.is_ascii_digit()).count();
        let capitals = content.iter().any(u8::is_ascii_uppercase);
        let is_place =
            (1..=12).contains(&digits) && capitals && content.contains(&b' ') && content.len() <= 100;
        if is_place && detector == Detector::ADDRESS && !veto::is_harmless(detector, Tier::Weak, content) {
            self.part_by(ground, detector, value);
        }
    }
}

/// Where the label ends before the colon or equals sign at `at`: before blanks, dots and emphasis.
pub(in crate::scan) fn label_end(bytes: &[u8], at: usize) -> usize {
    at - bytes[..at].iter().rev().take(4).take_while(|byte| b" *.)_`".contains(byte)).count()
}

/// Whether the label that ends at `end` is of several words, or has letters that are not of ASCII.
fn is_phrase(bytes: &[u8], end: usize) -> bool {
    bytes[label_start(bytes, end)..end].iter().any(|byte| *byte == b' ' || !byte.is_ascii())
}

/// Where the label begins that ends at `end`: at the edge of its line, of a cell or of a clause.
fn label_start(bytes: &[u8], end: usize) -> usize {
    let floor = end.saturating_sub(LABEL_BYTES_MAX);
    let is_edge = |byte: &u8| {
        matches!(byte, b'"' | b'|' | b';' | b',' | b'<' | b'>' | b'*' | b'\\' | b'[' | b'{' | b'?' | b'&')
    };
    let head = &bytes[floor..end];
    let mut start = head.iter().rposition(is_edge).map_or(floor, |place| floor + place + 1);
    if before(bytes, start) == b'\\' {
        start = skip_escape(bytes, start).min(end);
    }
    start
        + bytes[start..end].iter().take_while(|byte| matches!(byte, b' ' | b'-' | b'#' | b'_' | b'(')).count()
}

/// Where the value of a line begins, behind blanks, signs and a quote, and where its line ends.
fn value_start(bytes: &[u8], from: usize) -> Range<usize> {
    let rest = bytes.get(from..(from + VALUE_BYTES_MAX).min(bytes.len())).unwrap_or_default();
    let lead = rest.iter().take_while(|byte| matches!(byte, b' ' | b'*' | b'_' | b'.')).count();
    let is_quote = |byte: &u8| matches!(byte, b'\'' | b'"' | b'`');
    let (mut start, mut quote) = (from + lead, None);
    if byte(bytes, start) == b'\\' && byte(bytes, start + 1) == b'"' {
        start += 1;
    }
    if before(bytes, start) == b'\\' || byte(bytes, start) != b'"' && is_quote(&byte(bytes, start)) {
        quote = Some(byte(bytes, start));
        start += 1;
    }
    let rest = bytes.get(start..(start + VALUE_BYTES_MAX).min(bytes.len())).unwrap_or_default();
    let is_end = |byte: &u8| match quote {
        Some(quote) => *byte == quote || matches!(byte, b'\\' | b'"'),
        None => matches!(byte, b'\\' | b'"' | b'|' | b'<' | b'{' | b'['),
    };
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let blanks = rest[..length].iter().rev().take_while(|byte| matches!(byte, b' ' | b'*')).count();
    start..start + length - blanks
}

/// The number that a line says to dial: six to fifteen digits in groups.
fn dialled(bytes: &[u8], value: Range<usize>) -> Option<Range<usize>> {
    let content = bytes.get(value.clone())?;
    let is_part = |byte: &&u8| byte.is_ascii_digit() || b" +-./()".contains(byte);
    let length = content.iter().take(32).take_while(is_part).count();
    let blanks = content[..length].iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
    let length = length - blanks;
    let digits = content[..length].iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_date = content[..length].iter().filter(|byte| **byte == b'.').count() == 2 && digits == 8;
    let is_apart = !edges::is_word(byte(bytes, value.start + length));
    ((6..=15).contains(&digits) && is_apart && !is_date).then_some(value.start..value.start + length)
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn takes_whom_a_line_of_a_form_names() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["x\nPatient Name : Ann Lee\nSex: F"]"#, r#"["x\nPatient Name : [NAME]\nSex: F"]"#),
            (r#"["- **Insured:** Roe, Jo (self)"]"#, r#"["- **Insured:** [NAME] (self)"]"#),
            (r#"["Nachname: van der Berg\nVorname: Ann"]"#, r#"["Nachname: [NAME]\nVorname: [NAME]"]"#),
            (r#"["Assuré : Zoé Lefèvre"]"#, r#"["Assuré : [NAME]"]"#),
            (r#"["Reviewers: Ann Lee, Bob Roe"]"#, r#"["Reviewers: [NAME], [NAME]"]"#),
            (r#"["full_name = \"Ann Lee\""]"#, r#"["full_name = \"[NAME]\""]"#),
            (
                r#"["Telefon: (22) 901 48 31\nTel: 06 39 98 63 67, x"]"#,
                r#"["Telefon: [PHONE]\nTel: [PHONE], x"]"#,
            ),
            (r#"["Home address: Am Hang 7, Bern\nx"]"#, r#"["Home address: [ADDRESS]\nx"]"#),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["Owner: Platform Team\nAuthor: payments-api"]"#,
            r#"["Telefon: 7 of 12\nTelefon: 22 901 x"]"#,
            r#"["name: Run Unit Tests\nname: build"]"#,
            r#"["Client: Postman 7\nAddress: 10.0.0.1:80"]"#,
            r#"["a note on the patient name: Please see below"]"#,
        ] {
            check(&plan, text, text);
        }
    }
}
