//! What must not be said: finds personal data and secrets in a message, and writes over them.
//!
//! **Why.** Answers of tools hold what their readers may not see, in every spelling that JSON allows
//! and in several copies. So values are found in the bytes as they travel, by form and by the names
//! of fields, and written over there; every other byte stays as it came.
//!
//! **How.** One pass in blocks of 64 marks *candidates* (`candidates`): runs of digits and bytes that
//! stand in every value of some kind. Small *verifiers* judge the window around each (`shapes`,
//! `tokens`, `checks`). A colon after a quote leads to the *name of a field* (`fields`, `names`), and
//! from there to its value at any depth of JSON in strings (`walk`, `edges`), unless the value is
//! harmless (`veto`). What they leave is a list of hits; `settle` unites overlaps, asks which rule is
//! strictest, looks up the place of each (`place`), and writes (`write`). A text that spells ASCII in
//! escapes goes through the same sweep in plain spelling, with a way back (`spelled`).
//!
//! ```text
//! bytes -> candidates -> verifiers, fields -> hits -> settle -> edits, findings
//!    \-> spelled in \u? -> plain spelling -/     (spans mapped back)
//! ```
//!
//! **What it is not.** No view into encodings: base64, percent signs and full-width digits are not
//! read. No names of people: they need a model. Nothing is joined over two strings.

mod candidates;
mod checks;
mod detector;
mod edges;
mod fields;
mod names;
mod place;
mod plan;
mod rule;
mod rules;
mod set;
mod settle;
mod shapes;
mod sight;
mod spelled;
mod sweep;
mod tokens;
mod veto;
mod walk;
mod write;

pub use detector::Detector;
pub use plan::{Finding, Plan, PlanFault, Sighting};
pub use rule::{Action, Direction, FieldPattern, PatternFault, Rule, is_same_field};
pub use sight::{Confidence, Sight};

#[cfg(test)]
mod tests;

/// Scans arbitrary bytes by every detector, and checks what must hold of every outcome.
///
/// For fuzzers; panics only when an invariant of this room is broken.
pub fn fuzz_scan(bytes: &[u8]) {
    use crate::json::Document;
    use crate::names::{Label, Mode};
    let Ok(document) = Document::parse(bytes) else { return };
    let (Ok(id), Ok(field)) = (Label::parse("fuzz"), FieldPattern::parse("a.b")) else { return };
    for action in [Action::Mask, Action::Replace, Action::Drop] {
        let detectors = Detector::ALL.to_vec();
        let rule = Rule {
            id: id.clone(),
            on: Direction::Results,
            detectors,
            fields: vec![field.clone()],
            action,
            mode: Mode::Enforce,
        };
        let Ok(plan) = Plan::new(vec![rule]) else { return };
        let edited = plan.scan(Direction::Results, document.root()).splice.apply(bytes);
        let again = Document::parse(&edited);
        assert!(again.is_ok(), "redacted text is JSON");
        if let Ok(again) = again {
            let twice = plan.scan(Direction::Results, again.root()).splice.apply(&edited);
            assert_eq!(edited, twice, "redaction is a fixed point");
        }
    }
}
