//! Every public vector of the table, as it stands in messages.

use super::super::tests::{redact, rule};
use super::{Detector, Pack};
use crate::json::quote;
use crate::scan::{Action, Plan};

/// `text` as the content of a JSON string, every ASCII letter and digit spelled as an escape.
fn spelled(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { format!("\\u{:04x}", c as u32) } else { c.into() }).collect()
}

/// A vector of the table: what stands around the value, and the value.
struct Sample {
    is_member: bool,
    lead: String,
    value: String,
    tail: String,
}

impl Sample {
    fn new(vector: &str) -> Self {
        let (lead, rest) = vector.split_once('{').unwrap_or(("", vector));
        let (value, tail) = rest.rsplit_once('}').unwrap_or((rest, ""));
        Self { is_member: vector.starts_with('"'), lead: lead.into(), value: value.into(), tail: tail.into() }
    }

    /// The vector inside a document, at a depth of JSON in strings.
    fn nested(&self, depth: usize) -> String {
        let mut text = if self.is_member {
            format!("{{{}}}", self.value)
        } else {
            let around = format!("see\n{}{}{}\nfor more", self.lead, self.value, self.tail);
            format!("{{\"text\":{}}}", quote(&around))
        };
        for _ in 0..depth {
            text = format!("{{\"content\":[{{\"type\":\"text\",\"text\":{}}}]}}", quote(&text));
        }
        text
    }
}

fn only(detector: Detector) -> Plan {
    Plan::new(vec![rule("r", &[detector], &["x"], Action::Replace)]).unwrap()
}

#[test]
fn has_a_name_a_token_and_vectors_in_every_row() {
    for &detector in Detector::ALL {
        let row = detector.row();
        assert_eq!(Detector::parse(row.id), Some(detector).filter(|_| row.id != "field"));
        assert!(row.token.starts_with('[') && row.token.ends_with(']'), "{}", row.id);
        assert!(row.id == "field" || !row.valid.is_empty() && !row.invalid.is_empty(), "{}", row.id);
    }
    assert_eq!(Detector::of(Pack::Pci).map(Detector::as_str).next(), Some("pan"));
    assert!(Pack::ALL.iter().all(|pack| Detector::of(*pack).count() > 0));
}

#[test]
fn finds_every_valid_vector_at_every_depth_and_no_invalid_one() {
    let mut faults = Vec::new();
    for &detector in Detector::ALL {
        let (plan, row) = (only(detector), detector.row());
        if matches!(row.id, "telegram_token") {
            continue;
        }
        for depth in 0..3 {
            for vector in row.valid {
                let sample = Sample::new(vector);
                let (edited, sighting) = redact(&plan, &sample.nested(depth));
                let found: Vec<_> = sighting.findings.iter().map(|f| (f.detector, f.count)).collect();
                let wanted = Sample { value: row.token.into(), ..sample };
                let is_whole = wanted.is_member || edited == wanted.nested(depth);
                if found != [(detector, 1)] || !is_whole || redact(&plan, &edited).0 != edited {
                    faults.push(format!("{} {vector} at {depth}: {edited}", row.id));
                }
            }
            for vector in row.invalid {
                let text = Sample::new(vector).nested(depth);
                if redact(&plan, &text).0 != text {
                    faults.push(format!("{}: not {vector} at {depth}", row.id));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn finds_what_is_spelled_in_escapes() {
    let mut faults = Vec::new();
    for &detector in Detector::ALL {
        let (plan, row) = (only(detector), detector.row());
        if matches!(row.id, "telegram_token") {
            continue;
        }
        let samples = row.valid.iter().map(|vector| Sample::new(vector));
        for sample in
            samples.filter(|sample| !sample.is_member && sample.lead.is_empty() && sample.tail.is_empty())
        {
            let text = format!("{{\"a\":\"\u{e9} {}\"}}", spelled(&sample.value));
            if redact(&plan, &text).0 != format!("{{\"a\":\"\u{e9} {}\"}}", row.token) {
                faults.push(sample.value);
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
