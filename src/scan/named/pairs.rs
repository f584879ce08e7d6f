//! Values that the member beside them names: `{"name":"ssn","value":"…"}`.

use super::names::{Class, Tier};
use super::walk::{Leaf, Token, past};
use crate::bounds::SCAN_KEY_REACH_MAX;
use crate::scan::Detector;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{End, before, byte, lead, opening, skip_space, skip_space_back};

/// Bytes behind a value in which its name may stand.
const PAIR_BYTES_MAX: usize = 256;

/// What a member is to the one beside it, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::scan) enum Part {
    /// It names the columns of the rows beside it.
    Columns,
    /// What somebody or something is called that the object refers to.
    Display,
    /// It names the value beside it.
    Naming,
    #[default]
    Other,
    /// It holds rows.
    Rows,
    /// It holds a value whose name stands beside it.
    Value,
}

impl Part {
    pub(in crate::scan) fn of(name: &[u8]) -> Self {
        match name {
            b"columns" | b"fields" | b"header" | b"headers" | b"columnNames" | b"column_names" => {
                Self::Columns
            }
            b"display" => Self::Display,
            b"name" | b"key" | b"field" | b"label" | b"type" | b"system" | b"code" | b"attribute"
            | b"property" | b"question" => Self::Naming,
            b"rows" | b"data" | b"records" | b"dataRows" | b"cells" => Self::Rows,
            b"value" | b"val" | b"values" | b"valor" | b"valeur" | b"wert" => Self::Value,
            _ => Self::Other,
        }
    }
}

/// Fields of FHIR whose `display` is what somebody is called. Source: HL7 FHIR R4, Reference.
const WHO: [&[u8]; 17] = [
    b"subject",
    b"patient",
    b"performer",
    b"beneficiary",
    b"individual",
    b"generalPractitioner",
    b"author",
    b"recorder",
    b"asserter",
    b"requester",
    b"practitioner",
    b"subscriber",
    b"policyHolder",
    b"informant",
    b"actor",
    b"participant",
    b"member",
];
/// Kinds of resources that are people.
const PEOPLE: [&[u8]; 4] = [b"Patient/", b"Practitioner/", b"RelatedPerson/", b"Person/"];

impl Sweep<'_> {
    /// Looks whether the member at `leaf`, whose name begins at `key`, names the value beside it, or is named by its
    /// neighbour.
    pub(in crate::scan) fn pair(&mut self, part: Part, key: usize, leaf: Leaf) {
        match part {
            Part::Columns => self.note_columns(leaf),
            Part::Display => {
                if self.is_someone(key, leaf.level) {
                    self.classed(leaf, Detector::PERSON, Tier::Sole);
                }
            }
            Part::Naming => {
                if let Some((detector, tier)) = self.name_in(leaf) {
                    self.named = Some((leaf, detector, tier));
                }
            }
            Part::Other => {}
            Part::Rows => self.take_rows(leaf),
            Part::Value => {
                self.take_rows(leaf);
                let before =
                    self.named.filter(|(from, ..)| from.level == leaf.level && self.is_level(*from, leaf.at));
                let found =
                    before.map(|(_, detector, tier)| (detector, tier)).or_else(|| self.named_after(leaf));
                if let Some((detector, tier)) = found.filter(|(_, tier)| *tier != Tier::Beside) {
                    self.classed(leaf, detector, tier);
                }
            }
        }
    }

    /// Whether the object of the member whose name begins at `key` refers to somebody: by the reference that
    /// stands before it, or by the name of the field that holds the object.
    fn is_someone(&self, key: usize, level: u32) -> bool {
        let bytes = self.bytes;
        let quote = |at: usize| at.saturating_sub(lead(level) + 1);
        let mut at = skip_space_back(bytes, quote(key));
        if before(bytes, at) == b',' {
            let end = skip_space_back(bytes, at - 1);
            let content = end.checked_sub(1).filter(|at| bytes[*at] == b'"');
            let start = content.and_then(|at| opening(bytes, at, level, SCAN_KEY_REACH_MAX));
            let Some(start) = start else { return false };
            return PEOPLE.iter().any(|kind| bytes[start..end].starts_with(kind));
        }
        while matches!(before(bytes, at), b'{' | b'[') {
            at = skip_space_back(bytes, at - 1);
        }
        let Some(end) = at.checked_sub(1).filter(|colon| bytes[*colon] == b':') else { return false };
        let end = skip_space_back(bytes, end);
        let Some(last) = end.checked_sub(1).filter(|at| bytes[*at] == b'"') else { return false };
        let start = opening(bytes, last, level, SCAN_KEY_REACH_MAX);
        start.is_some_and(|start| WHO.contains(&&bytes[start..quote(end)]))
    }

    /// What the string at `leaf` says as a name; of a URI its last part.
    fn name_in(&mut self, leaf: Leaf) -> Option<(Detector, Tier)> {
        let Some(Token::Content(start, End::Closed(end, _))) = self.token(leaf) else { return None };
        let content = self.bytes.get(start..end).filter(|content| content.len() <= 128)?;
        let part = content.iter().rposition(|byte| matches!(byte, b'/' | b'#' | b':')).map_or(0, |at| at + 1);
        match self.class(start + part..end) {
            Some(Class::Of(detector, tier)) => Some((detector, tier)),
            Some(Class::Harmless) | None => None,
        }
    }

    /// What the members behind the value at `leaf` name it.
    fn named_after(&mut self, leaf: Leaf) -> Option<(Detector, Tier)> {
        let (mut at, mut depth) = (leaf.at, 0_usize);
        while at - leaf.at < PAIR_BYTES_MAX {
            let token = self.token(Leaf { at, ..leaf })?;
            let next = skip_space(self.bytes, past(token, at));
            match token {
                Token::Open => depth += 1,
                Token::Close => depth = depth.checked_sub(1)?,
                Token::Content(start, End::Closed(end, _))
                    if depth == 0 && byte(self.bytes, next) == b':' =>
                {
                    if self.bytes.get(start..end).is_some_and(|name| Part::of(name) == Part::Naming) {
                        let value = Leaf { at: skip_space(self.bytes, next + 1), ..leaf };
                        if let Some(said) = self.name_in(value) {
                            return Some(said);
                        }
                    }
                }
                Token::Bare(_) | Token::Content(..) | Token::Null(_) | Token::Part => {}
            }
            at = next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn lets_a_neighbour_name_a_value() {
        let plan = everything(Action::Mask);
        for (text, wanted) in [
            (r#"{"name":"ssn","value":"123456780"}"#, r#"{"name":"ssn","value":"*********"}"#),
            (
                r#"[{"value":"hunter-2","name":"db_password"}]"#,
                r#"[{"value":"********","name":"db_password"}]"#,
            ),
            (
                r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123456780"}"#,
                r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"*********"}"#,
            ),
            (r#"{"name":"qty","value":"123456780"}"#, r#"{"name":"qty","value":"123456780"}"#),
            (
                r#"[{"name":"ssn","value":null},{"value":"123456780"}]"#,
                r#"[{"name":"ssn","value":null},{"value":"123456780"}]"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }

    #[test]
    fn reads_people_and_identifiers_of_health_records() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"{"subject":{"reference":"Patient/7","display":"Ann Lee"}}"#,
                r#"{"subject":{"reference":"Patient/7","display":"[NAME]"}}"#,
            ),
            (r#"{"performer":[{"display":"Ann Lee"}]}"#, r#"{"performer":[{"display":"[NAME]"}]}"#),
            (
                r#"{"t":"{\"subject\":{\"reference\":\"Patient/7\",\"display\":\"Ann Lee\"}}"}"#,
                r#"{"t":"{\"subject\":{\"reference\":\"Patient/7\",\"display\":\"[NAME]\"}}"}"#,
            ),
            (
                r#"{"birthDate":"1980-02-29","identifier":[{"use":"usual","system":"urn:oid:1.2","value":"12345"}]}"#,
                r#"{"birthDate":"[DOB]","identifier":[{"use":"usual","system":"urn:oid:1.2","value":"[MRN]"}]}"#,
            ),
            (
                r#"{"contact":[{"name":{"family":"du Lac","given":["Zoe"]},"address":{"line":["1 A St"],"city":"Oslo"}}]}"#,
                r#"{"contact":[{"name":{"family":"[NAME]","given":["[NAME]"]},"address":{"line":["[ADDRESS]"],"city":"[ADDRESS]"}}]}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"{"location":{"reference":"Location/7","display":"North Wing"}}"#,
            r#"{"code":{"display":"Heart Rate"}}"#,
            r#"{"identifier":{"value":"order-77"},"count":3}"#,
            r#"{"owner":{"name":"Payments","display":"Payments"}}"#,
        ] {
            check(&plan, text, text);
        }
    }
}
