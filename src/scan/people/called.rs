//! What somebody is called who was found by a whole name: `Ann Lee … when Lee came`, in a letter or a chat.
//!
//! Each word of a name is looked for by itself, if it means nobody and nothing else: no other word, no place, no given
//! name that is a word as well (`May`). Only in messages that speak of a few people, since in a long list of people
//! hardly any is spoken of, and many words would be looked for.

use std::collections::BTreeMap;

use memchr::memmem::Finder;

use super::prose;
use crate::bounds::{SCAN_CALLED_BYTES_MAX, SCAN_CALLED_MAX};
use crate::scan::Detector;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::{Form, Hit, Sweep};
use crate::scan::spelling::edges::{before, byte, is_open, is_word};

/// Bytes of the shortest part of a name that is looked for; of a given name that is known, three are enough.
const PART_BYTES_MIN: usize = 4;

impl Sweep<'_> {
    /// Adds the places where people who were found are called by a part of their names.
    pub(in crate::scan) fn called(&mut self) {
        if self.bytes.len() > SCAN_CALLED_BYTES_MAX {
            return;
        }
        let again = again(self.bytes, &self.hits);
        self.hits.extend(again);
    }
}

fn again(bytes: &[u8], hits: &[Hit]) -> Vec<Hit> {
    let mut parts: BTreeMap<&[u8], (u64, Ground)> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| hit.detector == Detector::PERSON) {
        let Some(name) = bytes.get(hit.span.clone()).filter(|name| is_sure(hit, name)) else { continue };
        for part in name.split(|byte| matches!(byte, b' ' | b',')).filter(|part| is_part(part)) {
            let known = parts.entry(part).or_insert((hit.rules, hit.ground));
            known.0 |= hit.rules;
            if parts.len() > SCAN_CALLED_MAX {
                return Vec::new();
            }
        }
    }
    let mut found = Vec::new();
    for (part, (rules, ground)) in parts {
        for at in Finder::new(part).find_iter(bytes) {
            let span = at..at + part.len();
            if stands_alone(bytes, at, span.end) {
                found.push(Hit { span, detector: Detector::PERSON, rules, form: Form::Part, ground });
            }
        }
    }
    found
}

/// Whether a name is one of a person for sure: by its field, or by a given name in it that is known. What only stood
/// behind a title or a label may be a thing.
fn is_sure(hit: &Hit, name: &[u8]) -> bool {
    let mut words = name.split(|byte| matches!(byte, b' ' | b','));
    let is_field = match hit.ground {
        Ground::Prose => false,
        Ground::WeakField => hit.form != Form::Part,
        Ground::Field | Ground::Form | Ground::Model | Ground::Rule | Ground::Word => true,
    };
    is_field || words.any(prose::is_given)
}

/// Whether a word of a name means somebody by itself.
fn is_part(part: &[u8]) -> bool {
    // Letters beyond ASCII may stand in escapes.
    let is_escaped = part.contains(&b'\\');
    let is_letter = |byte: &u8| {
        byte.is_ascii_alphabetic()
            || matches!(byte, b'-' | b'\'')
            || *byte >= 0x80
            || is_escaped && (byte.is_ascii_digit() || *byte == b'\\')
    };
    let is_capital = part.first().is_some_and(|first| {
        first.is_ascii_uppercase() || *first >= 0x80 || part.starts_with(b"\\u") || part.starts_with(b"\\\\u")
    });
    let is_long = part.len() >= PART_BYTES_MIN || part.len() == 3 && prose::is_given(part);
    let is_raised = part.iter().skip(1).any(|byte| byte.is_ascii_lowercase() || *byte >= 0x80);
    is_long && is_capital && is_raised && part.iter().all(is_letter) && prose::is_telling(part)
}

/// Whether a word stands by itself: in no other word, path, mailbox, name of a field or of a thing.
fn stands_alone(bytes: &[u8], at: usize, end: usize) -> bool {
    let (last, next) = (before(bytes, at), byte(bytes, end));
    let is_inner = matches!(last, b'_' | b'/' | b'@' | b'.' | b'-' | b'#' | b'=' | b'$' | 0x80..)
        || matches!(next, b'_' | b'/' | b'@' | b'-' | b'=' | b'(' | 0x80..)
        || next == b'.' && is_word(byte(bytes, end + 1));
    // A key, or a value that is all of its field, is judged by its field.
    let is_whole = matches!(last, b'"') && matches!(next, b'"' | b'\\');
    is_open(bytes, at) && !is_word(next) && !is_inner && !is_whole && !prose::is_body(bytes, end)
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{check, rule};
    use crate::scan::{Action, Detector, Plan};

    #[test]
    fn finds_people_by_a_part_of_their_names() {
        let plan = Plan::new(vec![rule("r", &[Detector::PERSON], &[], Action::Replace)]).unwrap();
        for (text, wanted) in [
            (
                r#"{"patient_name":"Aron Quix","note":"then Quix left, and Aron's son; a Quixes, quix, Quix-2, x/Quix"}"#,
                r#"{"patient_name":"[NAME]","note":"then [NAME] left, and [NAME]'s son; a Quixes, quix, Quix-2, x/Quix"}"#,
            ),
            (
                r#"{"patient_name":"May Bishop","note":"in May, the Bishop left"}"#,
                r#"{"patient_name":"[NAME]","note":"in May, the Bishop left"}"#,
            ),
            (
                r#"{"patient_name":"Aron Quix","x":{"Quix":1},"y":"Quix","z":"by Quix GmbH"}"#,
                r#"{"patient_name":"[NAME]","x":{"Quix":1},"y":"Quix","z":"by Quix GmbH"}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }
}
