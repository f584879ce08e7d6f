//! The same person again: names that were found in a message, looked for in the rest of it.
//!
//! A field or a title says who `Ann Lee` is; a sentence elsewhere only names her. Only whole names are
//! looked for here, of two words at least; parts of them are left to `called`.

use std::collections::BTreeMap;

use memchr::memmem::Finder;

use super::Detector;
use super::sieve::ground::Ground;
use super::sieve::sweep::{Form, Hit, Sweep};
use super::spelling::edges::{before, byte, is_open, is_word, skip_space_back};
use crate::bounds::{SCAN_ECHO_BYTES_MAX, SCAN_ECHOES_MAX};

/// Bytes of the shortest name that is looked for.
const NAME_BYTES_MIN: usize = 5;

impl Sweep<'_> {
    /// Adds every further place of the people that were found. Costs nothing where there are none.
    pub(super) fn echo(&mut self) {
        let again = again(self.bytes, &self.hits);
        self.hits.extend(again);
    }
}

/// Every place in `bytes` of the people among `hits`, on the surest ground of each.
pub(super) fn again(bytes: &[u8], hits: &[Hit]) -> Vec<Hit> {
    let people = hits.iter().filter(|hit| hit.detector == Detector::PERSON);
    let found = people
        .filter(|hit| !is_called(bytes, hit))
        .filter_map(|hit| Some((bytes.get(hit.span.clone())?, (hit.rules, hit.ground))))
        .filter(|(name, _)| is_whole(name));
    let mut names = BTreeMap::new();
    for (name, (rules, ground)) in found.take(SCAN_ECHOES_MAX) {
        // Every rule that wants the person in one place wants them in all.
        let known: &mut (u64, Ground) = names.entry(name).or_insert((rules, ground));
        let surest = if known.1.confidence() < ground.confidence() { ground } else { known.1 };
        *known = (known.0 | rules, surest);
    }
    let count = SCAN_ECHO_BYTES_MAX / bytes.len().max(1);
    let mut found = Vec::new();
    for (name, (rules, ground)) in names.into_iter().take(count) {
        for at in Finder::new(name).find_iter(bytes) {
            let span = at..at + name.len();
            if is_open(bytes, at) && !is_word(byte(bytes, span.end)) && before(bytes, at) != b'_' {
                found.push(Hit { span, detector: Detector::PERSON, rules, form: Form::Part, ground });
            }
        }
    }
    found
}

/// Whether a hit may be what the protocol calls a tool or a peer: whole, under `name`, in no inner text.
fn is_called(bytes: &[u8], hit: &Hit) -> bool {
    let head = bytes.get(..hit.span.start.saturating_sub(1)).unwrap_or_default();
    let head = &head[..skip_space_back(head, head.len())];
    hit.form == Form::Whole(1) && head.ends_with(b"\"name\":")
}

/// Whether a name is long enough to be one wherever it stands.
fn is_whole(name: &[u8]) -> bool {
    name.len() >= NAME_BYTES_MIN
        && name.contains(&b' ')
        && name.iter().all(|byte| byte.is_ascii_alphabetic() || b" .'-\\".contains(byte) || !byte.is_ascii())
        && name.first().is_some_and(|first| !first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, rule};
    use super::super::{Action, Detector, Plan};

    #[test]
    fn finds_the_same_person_again_and_no_part_of_one() {
        let plan = Plan::new(vec![rule("r", &[Detector::PERSON], &[], Action::Replace)]).unwrap();
        for (text, wanted) in [
            (
                r#"{"patient_name":"Aro Quix","note":"then Aro Quix left, Aro Quixes too"}"#,
                r#"{"patient_name":"[NAME]","note":"then [NAME] left, Aro Quixes too"}"#,
            ),
            (
                r#"{"note":"Patient Ann Lee is here. It was Ann Lee."}"#,
                r#"{"note":"Patient [NAME] is here. It was [NAME]."}"#,
            ),
            (
                r#"{"patient_name":"Aro","note":"then Aro left"}"#,
                r#"{"patient_name":"[NAME]","note":"then Aro left"}"#,
            ),
            (
                r#"{"serverInfo":{"name":"Acme Files"},"instructions":"of Acme Files"}"#,
                r#"{"serverInfo":{"name":"Acme Files"},"instructions":"of Acme Files"}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }
}
