//! Messages of health care in segments: who treats and who pays in HL7 version 2, and claims in X12.
//!
//! Segments name nothing; what stands where is told by the number of the field. In HL7 a practitioner is a number and
//! a name in components; what tells of the patient is read with the tables (`tables`). In X12 an entity says by a code
//! whether it is a person, and by another what its number is.
//!
//! Source: HL7 v2.5.1, 2.A.88 (XCN) and chapters 3 (PV1), 4 (ORC, OBR), 6 (IN1); ASC X12 005010X222 and X279 (NM1, N3,
//! N4, DMG, REF, PER, CLM), X12.5 (ISA: separators).

use std::ops::Range;

use super::notation::{Lines, Said, trimmed};
use crate::scan::Detector;
use crate::scan::named::names::Tier;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges;

/// Bytes of a segment that holds something.
const SEGMENT_BYTES_MIN: usize = 5;
/// Fields of a segment.
const FIELDS_MAX: usize = 64;
/// Bytes of the shortest that has no escape.
pub(in crate::scan) const BYTES_MIN: usize = 32;
/// Bytes of the interchange header, which has a fixed length; its last byte ends every segment.
const HEADER_BYTES: usize = 106;

/// Where practitioners stand in HL7.
const PRACTITIONERS: [(&[u8], &[usize]); 7] = [
    (b"PV1|", &[7, 8, 9, 17, 52]),
    (b"PD1|", &[4]),
    (b"ORC|", &[10, 11, 12, 19]),
    (b"OBR|", &[10, 16, 28, 32]),
    (b"OBX|", &[16]),
    (b"TXA|", &[5, 9, 10, 11]),
    (b"DG1|", &[16]),
];

/// What else stands in HL7 that the tables do not read.
const OTHERS: [(&[u8], usize, Said); 5] = [
    (b"IN1|", 19, strong("address")),
    (b"IN1|", 49, strong("health_plan_id")),
    (b"NK1|", 6, strong("phone")),
    (b"NK1|", 30, strong("person_name")),
    (b"NK1|", 32, strong("address")),
];

/// What stands in X12: segment, element, kind.
const ELEMENTS: [(&[u8], usize, Said); 8] = [
    (b"N3", 1, strong("address")),
    (b"N3", 2, strong("address")),
    (b"N4", 1, strong("address")),
    (b"N4", 3, strong("postal_code")),
    (b"DMG", 2, strong("dob")),
    (b"PER", 2, strong("person_name")),
    (b"CLM", 1, strong("mrn")),
    (b"CLP", 1, strong("mrn")),
];

/// What a number is, by the code before it: segment, code, kind.
const NUMBERS: [(&[u8], &[u8], Said); 20] = [
    (b"NM1", b"XX", strong("us_npi")),
    (b"NM1", b"MI", strong("health_plan_id")),
    (b"NM1", b"II", strong("health_plan_id")),
    (b"NM1", b"34", strong("us_ssn")),
    (b"NM1", b"24", strong("us_ein")),
    (b"NM1", b"FI", strong("us_ein")),
    (b"REF", b"SY", strong("us_ssn")),
    (b"REF", b"EI", strong("us_ein")),
    (b"REF", b"TJ", strong("us_ein")),
    (b"REF", b"EA", strong("mrn")),
    (b"REF", b"1W", strong("health_plan_id")),
    (b"REF", b"0F", strong("health_plan_id")),
    (b"REF", b"IG", strong("health_plan_id")),
    (b"REF", b"HPI", strong("us_npi")),
    (b"PER", b"TE", strong("phone")),
    (b"PER", b"CP", strong("phone")),
    (b"PER", b"HP", strong("phone")),
    (b"PER", b"WP", strong("phone")),
    (b"PER", b"FX", strong("phone")),
    (b"PER", b"EM", strong("email")),
];

const fn strong(id: &str) -> Said {
    (Detector::named(id), Tier::Strong)
}

impl Sweep<'_> {
    /// Reads the string whose content begins at `start`, if it is an interchange.
    #[inline]
    pub(in crate::scan) fn interchange(&mut self, start: usize, level: u32) {
        match self.bytes.get(start..) {
            Some([b'M', b'S', b'H', b'|', ..]) => {
                let end = edges::closing(self.bytes, start, level).content();
                self.practitioners(start..end);
            }
            Some([b'I', b'S', b'A', b'*', ..] | [b'S', b'T', b'*', ..] | [b'G', b'S', b'*', ..]) => {
                let end = edges::closing(self.bytes, start, level).content();
                self.claims(start..end);
            }
            _ => {}
        }
    }

    /// Takes those who treat a patient, and what the tables leave of the segments about money and kin.
    fn practitioners(&mut self, content: Range<usize>) {
        let bytes = self.bytes;
        for line in Lines::new(bytes, content.start, content.end) {
            let Some(id) = bytes.get(line.start..line.start + 4) else { continue };
            let places = PRACTITIONERS.iter().find(|row| row.0 == id).map(|row| row.1);
            let mut others = OTHERS.iter().filter(|row| row.0 == id).peekable();
            if places.is_none() && others.peek().is_none() {
                continue;
            }
            let fields = Fields::new(bytes, line, b'|');
            for field in places.unwrap_or_default().iter().filter_map(|place| fields.get(*place)) {
                self.practitioner(field);
            }
            for (_, place, said) in others {
                let Some(field) = fields.get(*place) else { continue };
                let is_whole = matches!(said.0, Detector::PERSON | Detector::ADDRESS);
                let first = Fields::new(bytes, field.clone(), b'^').get(0).unwrap_or_default();
                self.named_value(*said, if is_whole { field } else { first });
            }
        }
    }

    /// Takes the number and the name of each practitioner in a field: `1234567893^Lee^Ann^^^DR`.
    fn practitioner(&mut self, field: Range<usize>) {
        for one in Fields::new(self.bytes, field, b'~').all() {
            let parts = Fields::new(self.bytes, one, b'^');
            let Some(number) = parts.get(0).filter(|_| parts.count > 1) else { continue };
            self.named_value(strong("us_npi"), number);
            for part in (1..=3).filter_map(|place| parts.get(place)) {
                self.named_value(strong("person_name"), part);
            }
        }
    }

    /// Takes what the segments of a claim hold.
    fn claims(&mut self, content: Range<usize>) {
        let bytes = self.bytes;
        let last = bytes[content.start..content.end].get(HEADER_BYTES - 1);
        let terminator = match last {
            Some(end) if bytes[content.start] == b'I' && end.is_ascii_punctuation() && *end != b'\\' => *end,
            _ => b'~',
        };
        let mut from = content.start;
        while from < content.end {
            let rest = &bytes[from..content.end];
            let length = memchr::memchr(terminator, rest).unwrap_or(rest.len());
            let segment = trimmed(bytes, from..from + length);
            if segment.len() >= SEGMENT_BYTES_MIN {
                self.segment(&Fields::new(bytes, segment, b'*'));
            }
            from += length + 1;
        }
    }

    fn segment(&mut self, fields: &Fields<'_>) {
        let Some(id) = fields.text(0) else { return };
        for (_, place, said) in ELEMENTS.iter().filter(|row| row.0 == id) {
            if let Some(element) = fields.get(*place) {
                self.named_value(*said, element);
            }
        }
        // The second element of an entity says that it is a person.
        if id == b"NM1" && fields.text(2) == Some(b"1") {
            for part in (3..=5).filter_map(|place| fields.get(place)) {
                self.named_value(strong("person_name"), part);
            }
        }
        let codes: &[usize] = match id {
            b"NM1" => &[8],
            b"REF" => &[1],
            b"PER" => &[3, 5, 7],
            _ => &[],
        };
        for &place in codes {
            let code = fields.text(place);
            let said = NUMBERS.iter().find(|row| row.0 == id && Some(row.1) == code);
            if let (Some((.., said)), Some(number)) = (said, fields.get(place + 1)) {
                self.named_value(*said, number);
            }
        }
    }
}

/// The fields of a segment.
struct Fields<'t> {
    bytes: &'t [u8],
    spans: [(usize, usize); FIELDS_MAX],
    count: usize,
}

impl<'t> Fields<'t> {
    fn new(bytes: &'t [u8], text: Range<usize>, separator: u8) -> Self {
        let mut fields = Self { bytes, spans: [(0, 0); FIELDS_MAX], count: 0 };
        let mut from = text.start;
        while from <= text.end && fields.count < FIELDS_MAX {
            let rest = bytes.get(from..text.end).unwrap_or_default();
            let end = from + memchr::memchr(separator, rest).unwrap_or(rest.len());
            fields.spans[fields.count] = (from, end);
            fields.count += 1;
            from = end + 1;
        }
        fields
    }

    fn get(&self, place: usize) -> Option<Range<usize>> {
        let (start, end) = *self.spans.get(place).filter(|_| place < self.count)?;
        Some(start..end)
    }

    fn text(&self, place: usize) -> Option<&'t [u8]> {
        self.bytes.get(self.get(place)?)
    }

    fn all(&self) -> impl Iterator<Item = Range<usize>> {
        self.spans[..self.count].iter().map(|(start, end)| *start..*end)
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn reads_who_treats_a_patient() {
        let plan = everything(Action::Replace);
        check(
            &plan,
            r#"{"t":"MSH|^~\\&|A\rPV1|1|I|7B^2||||12345^QUIX^ARO^^^DR~777^Zot^Bo|||||12345^x\rOBX|1|NM|2345^Glucose||104"}"#,
            r#"{"t":"MSH|^~\\&|A\rPV1|1|I|7B^2||||[NPI]^[NAME]^[NAME]^^^DR~777^[NAME]^[NAME]|||||12345^x\rOBX|1|NM|2345^Glucose||104"}"#,
        );
        let text = r#"{"t":"PV1|1|I|7B^2||||12345^QUIX^ARO^^^DR"}"#;
        check(&plan, text, text);
    }

    #[test]
    fn reads_the_segments_of_a_claim() {
        let plan = everything(Action::Replace);
        for end in ["~", r"~\n"] {
            let text = format!(
                r#"{{"t":"ST*837*1{end}NM1*IL*1*QUIX*ARO****MI*A1020304{end}N3*HOF 5{end}N4*BERN*NY*10001{end}DMG*D8*19800229*F{end}REF*SY*123456780{end}PER*IC*BO ZOT*TE*2025550143{end}NM1*PR*2*ACME*****PI*60054{end}REF*G1*123456780{end}"}}"#
            );
            let wanted = format!(
                r#"{{"t":"ST*837*1{end}NM1*IL*1*[NAME]*[NAME]****MI*[MEMBER]{end}N3*[ADDRESS]{end}N4*[ADDRESS]*NY*[ZIP]{end}DMG*D8*[DOB]*F{end}REF*SY*[SSN]{end}PER*IC*[NAME]*TE*[PHONE]{end}NM1*PR*2*ACME*****PI*60054{end}REF*G1*123456780{end}"}}"#
            );
            check(&plan, &text, &wanted);
        }
        let text = r#"{"t":"see ST*837*1~NM1*IL*1*QUIX*ARO~"}"#;
        check(&plan, text, text);
    }
}
