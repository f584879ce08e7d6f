//! What one scan saw, span by span: for whoever shows or counts findings, not for the path of a message.

use std::ops::Range;
use std::sync::Arc;

use crate::names::{Label, Mode};
use crate::scan::sieve::ground::{Confidence, Ground};
use crate::scan::{Action, Detector};

/// One value that a rule asks to be written over; never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Its bytes in the whole text, escapes whole; of a string the content alone.
    pub span: Range<usize>,
    /// What kind of value it is.
    pub detector: Detector,
    /// Why it is taken for one; of several grounds the surest.
    pub ground: Ground,
    /// The strictest rule that asks for it.
    pub rule: Arc<Label>,
    /// What that rule does with it.
    pub action: Action,
    /// Whether that rule acts or only reports.
    pub mode: Mode,
    /// Where: as in [`Finding`](crate::scan::Finding).
    pub path: Box<str>,
}

impl Sight {
    /// How sure it is.
    pub fn confidence(&self) -> Confidence {
        self.ground.confidence()
    }
}

/// Adds a sight to those of its place, which begin at `from`: of one kind there is one, as wide as all.
pub(in crate::scan) fn note(sights: &mut Vec<Sight>, from: usize, sight: Sight) {
    let same = sights.iter_mut().skip(from).find(|known| {
        known.detector == sight.detector && known.rule == sight.rule && known.mode == sight.mode
    });
    match same {
        Some(known) => {
            known.span = known.span.start.min(sight.span.start)..known.span.end.max(sight.span.end);
            if known.confidence() < sight.confidence() {
                known.ground = sight.ground;
            }
        }
        None => sights.push(sight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use crate::scan::tests::rule;
    use crate::scan::{Direction, Plan};

    fn seen(plan: &Plan, text: &str) -> Vec<(String, &'static str, &'static str, String)> {
        let document = Document::parse(text.as_bytes()).unwrap();
        let sights = plan.sights(Direction::Results, document.root());
        let told = |sight: &Sight| {
            let value = text[sight.span.clone()].to_owned();
            (value, sight.detector.as_str(), sight.confidence().as_str(), sight.path.to_string())
        };
        sights.iter().map(told).collect()
    }

    #[test]
    fn tells_each_value_by_itself_and_nothing_twice() {
        let detectors = [Detector::US_SSN, Detector::EMAIL, Detector::PAN];
        let plan = Plan::new(vec![rule("r", &detectors, &["note.inner"], Action::Mask)]).unwrap();
        let row =
            |value: &str, kind, confidence, path: &str| (value.to_owned(), kind, confidence, path.to_owned());
        for (text, wanted) in [
            (
                r#"{"a":["x\n123-45-6789 and a@example.com"],"ssn":"123-45-6789"}"#,
                vec![
                    row("123-45-6789", "us_ssn", "certain", "$.a[0]"),
                    row("a@example.com", "email", "certain", "$.a[0]"),
                    row("123-45-6789", "us_ssn", "certain", "$.ssn"),
                ],
            ),
            (r#"{"ssn":123456789}"#, vec![row("123456789", "us_ssn", "likely", "$.ssn")]),
            (r#"{"note":{"inner":"x"}}"#, vec![row("x", "field", "certain", "$.note.inner")]),
            (
                r#"{"a":"\u00312\u0033-45-6789","b":"***-**-6789"}"#,
                vec![row(r"\u00312\u0033-45-6789", "us_ssn", "certain", "$.a")],
            ),
            (r#"{"a":"nothing"}"#, vec![]),
        ] {
            assert_eq!(seen(&plan, text), wanted, "{text}");
        }
    }

    #[test]
    fn sees_what_a_scan_reports_and_nothing_in_its_outcome() {
        let mut shadow = rule("s", &[Detector::EMAIL], &[], Action::Drop);
        shadow.mode = Mode::Shadow;
        let plan = Plan::new(vec![rule("r", &[Detector::US_SSN], &[], Action::Replace), shadow]).unwrap();
        let text = r#"{"cursor":"123-45-6789","a":"123-45-6789","b":"a@example.com","c":"[SSN]"}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let sighting = plan.scan(Direction::Results, document.root());
        let sights = plan.sights(Direction::Results, document.root());
        let told: Vec<_> = sights.iter().map(|sight| (&sight.rule, sight.detector, sight.mode)).collect();
        let found: Vec<_> = sighting.findings.iter().map(|one| (&one.rule, one.detector, one.mode)).collect();
        assert_eq!(told, found);
        let edited = sighting.splice.apply(text.as_bytes());
        let again = Document::parse(&edited).unwrap();
        let left = plan.sights(Direction::Results, again.root());
        assert!(left.iter().all(|sight| sight.mode == Mode::Shadow), "{left:?}");
        assert!(plan.sights(Direction::Arguments, document.root()).is_empty());
    }
}
