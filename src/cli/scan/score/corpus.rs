//! The lines of a corpus, and what was found in them.

use std::ops::Range;

use serde_json::{Value, json};

use super::kinds;
use crate::cli::scan::judge::Seen;

/// One document of a corpus.
#[derive(Debug)]
pub(super) struct Case {
    pub id: Value,
    pub bucket: String,
    pub doc: String,
    pub spans: Vec<Gold>,
    pub evasion: Option<Evasion>,
}

/// A value that a document holds.
#[derive(Debug)]
pub(super) struct Gold {
    /// In characters.
    pub span: Range<usize>,
    pub kind: String,
    pub value: String,
}

/// What an evasion case tries.
#[derive(Debug)]
pub(super) struct Evasion {
    pub technique: String,
    pub context: String,
    pub kind: String,
}

/// Something that was found, as scorers count it.
#[derive(Debug)]
pub(super) struct Prediction {
    /// In characters.
    pub span: Range<usize>,
    /// The corpus's word for its kind.
    pub kind: String,
}

impl Case {
    /// Reads a line.
    ///
    /// # Errors
    /// What is missing in it.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let row: Value = serde_json::from_str(line).map_err(|fault| format!("no JSON: {fault}"))?;
        let text = |name: &str| row[name].as_str().map(ToOwned::to_owned);
        let doc = text("doc").ok_or("a document needs its text under `doc`")?;
        let length = doc.chars().count();
        let spans = row["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let spans = spans.iter().map(|span| Gold::read(span, length)).collect::<Option<_>>();
        let evasion = text("technique").zip(text("type")).map(|(technique, kind)| Evasion {
            technique,
            kind,
            context: text("ctx").unwrap_or_default(),
        });
        Ok(Self {
            id: row["id"].clone(),
            bucket: text("bucket").unwrap_or_else(|| "all".to_owned()),
            spans: spans.ok_or("a span needs `s`, `e` inside the document, and `type`")?,
            doc,
            evasion,
        })
    }
}

impl Gold {
    fn read(span: &Value, length: usize) -> Option<Self> {
        let number = |name: &str| usize::try_from(span[name].as_u64()?).ok();
        let (start, end) = (number("s")?, number("e")?);
        let (kind, value) =
            (span["type"].as_str()?.to_owned(), span["value"].as_str().unwrap_or_default().to_owned());
        (start < end && end <= length).then_some(Self { span: start..end, kind, value })
    }
}

impl Prediction {
    pub(super) fn json(&self) -> Value {
        json!({ "s": self.span.start, "e": self.span.end, "type": self.kind, "score": 1 })
    }
}

/// What was found in a document, from bytes to characters.
pub(super) fn predictions(doc: &str, seen: &[Seen]) -> Vec<Prediction> {
    let mut marks: Vec<usize> = seen.iter().flat_map(|one| [one.span.start, one.span.end]).collect();
    marks.sort_unstable();
    marks.dedup();
    let (mut at, mut passed) = (0, 0);
    let counts: Vec<usize> = marks
        .iter()
        .map(|mark| {
            passed += doc.get(at..*mark).unwrap_or_default().chars().count();
            at = *mark;
            passed
        })
        .collect();
    let place = |offset| {
        marks.binary_search(&offset).ok().and_then(|index| counts.get(index)).copied().unwrap_or(passed)
    };
    seen.iter()
        .map(|one| Prediction {
            span: place(one.span.start)..place(one.span.end),
            kind: kinds::of(one.sight.detector),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_spans_that_lie_outside() {
        let line =
            |end: usize| format!(r#"{{"id":1,"doc":"a\u00e9","spans":[{{"s":1,"e":{end},"type":"SSN"}}]}}"#);
        assert!(Case::read(&line(2)).is_ok());
        for wrong in [&*line(3), &line(1), r#"{"id":1}"#, "[", r#"{"doc":"a","spans":[{"s":0,"e":1}]}"#] {
            assert!(Case::read(wrong).is_err(), "{wrong}");
        }
    }
}
