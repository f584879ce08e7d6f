//! What must hold of documents as they are written over.

use super::corpus::{Case, Prediction};
use super::tally::union;
use crate::cli::scan::input::Form;
use crate::cli::scan::judge::Judge;
use crate::json::encode;

/// Faults of the documents written over.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub documents: usize,
    /// No JSON any more.
    pub broken: usize,
    /// Characters outside the findings have changed.
    pub changed: usize,
    /// Values that still stand there.
    pub left: usize,
    /// Documents that a second pass changes.
    pub unsettled: usize,
}

impl Outcome {
    /// Checks one document.
    pub(super) fn add(&mut self, case: &Case, found: &[Prediction], redacted: &[u8], judge: &Judge) {
        let text = String::from_utf8_lossy(redacted);
        self.documents += 1;
        let again = judge.look(&text, Form::Json);
        self.broken += usize::from(again.is_err());
        let is_settled = again.is_ok_and(|again| again.redacted.is_some_and(|again| again == redacted));
        self.unsettled += usize::from(!is_settled);
        self.changed += usize::from(!is_intact(case, found, &text));
        let stands = |value: &str| value.chars().count() > 4 && text.contains(&encode(value));
        self.left += case.spans.iter().filter(|gold| stands(&gold.value)).count();
    }
}

/// Whether everything outside the findings stands in the text, in order, and at its ends.
fn is_intact(case: &Case, found: &[Prediction], text: &str) -> bool {
    let doc: Vec<char> = case.doc.chars().collect();
    let covers = union(found.iter().map(|one| one.span.clone()).collect());
    if covers.is_empty() {
        return text == case.doc;
    }
    let starts = std::iter::once(0).chain(covers.iter().map(|cover| cover.end));
    let ends = covers.iter().map(|cover| cover.start).chain(std::iter::once(doc.len()));
    let kept: Vec<String> = starts
        .zip(ends)
        .map(|(start, end)| doc.get(start..end).unwrap_or_default().iter().collect())
        .collect();
    let (first, last) = (kept.first().map_or("", String::as_str), kept.last().map_or("", String::as_str));
    let mut rest = text;
    let in_order = kept.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = rest.get(at + piece.len()..).unwrap_or_default();
            true
        }
        None => false,
    });
    in_order && text.starts_with(first) && text.ends_with(last)
}
