//! A second scan changes nothing, also where values lie over each other.
//!
//! What one detector finds is cut where that detector wants it, and what is written there is known to all of
//! them. Where hits lie over each other, one has a name inside, or digits follow close behind it, words that told
//! of what follows may be gone when they are written over, or tell of it over a placeholder. So there, and only there, the
//! text is swept again as it would be written, and what a second scan would find is added to what is written
//! over, until it finds nothing more.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::Detector;
use super::settle::Case;
use super::sieve::sweep::{Form, Hit, Sweep};
use super::spelling::joined;
use super::writing::renamed::Renamed;
use crate::json::Document;

/// Sweeps of what would be written; each adds hits, or is the last. One or two do, in all that was seen.
const SWEEPS_MAX: usize = 6;
/// Bytes behind a value within which the name before it may still tell of another one.
const CLOSE: usize = 16;

/// In the order of the text, of those that begin together the longest first.
fn sort(hits: &mut [Hit]) {
    hits.sort_by_key(|hit| (hit.span.start, Reverse(hit.span.end)));
}

impl Case<'_> {
    /// Sorts `hits`, and adds what a second scan would find where they may hide what told of it.
    pub(super) fn steady(&self, hits: &mut Vec<Hit>) {
        let acting = self.rules.acting();
        sort(hits);
        for _ in 0..SWEEPS_MAX {
            if !hides(self.bytes, hits, acting) {
                return;
            }
            let known: BTreeSet<_> = hits.iter().map(key).collect();
            let acted: Vec<_> = hits.iter().filter(|hit| hit.rules & acting != 0).cloned().collect();
            let draft = self.draft(&acted);
            let found = self.swept_again(&draft.text);
            let acts = found.into_iter().filter(|hit| hit.rules & acting != 0);
            let found = acts.filter_map(|hit| Some(Hit { span: draft.origin(&hit.span)?, ..hit }));
            let found = found.filter(|hit| !known.contains(&key(hit)));
            let before = hits.len();
            hits.extend(found);
            if hits.len() == before {
                return;
            }
            sort(hits);
        }
    }

    /// What a second scan finds by itself; values that a model or a conversation tells of are told once.
    fn swept_again(&self, text: &[u8]) -> Vec<Hit> {
        if self.plain.is_some() {
            return Sweep::plain(text, self.rules, 0);
        }
        // A text without escapes has none when it is written over, but for values that are dropped.
        let mut hits = Sweep::raw(text, self.rules).unwrap_or_default();
        if let Ok(document) = Document::parse(text) {
            hits.extend(joined::seams(document.root(), text, self.rules, |at| at));
        }
        hits
    }

    /// The swept text with everything written over that `hits` ask for.
    fn draft(&self, hits: &[Hit]) -> Draft {
        let mut draft = Draft::default();
        let (mut tokens, mut from) = (Renamed::default(), 0);
        self.each(hits, |group, span, spot| {
            let Some(written) = self.written(group, span, spot, &mut tokens) else { return };
            let Some(kept) = self.bytes.get(from..written.target.start) else { return };
            draft.text.extend_from_slice(kept);
            let at = draft.text.len();
            draft.text.extend_from_slice(written.text.as_bytes());
            from = written.target.end;
            draft.seams.push(Seam { written: at..draft.text.len(), origin: written.target });
        });
        draft.text.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
        draft
    }
}

/// A text as it would be written.
#[derive(Default)]
struct Draft {
    text: Vec<u8>,
    seams: Vec<Seam>,
}

/// What is written, and what it is written over.
struct Seam {
    written: Range<usize>,
    origin: Range<usize>,
}

impl Draft {
    /// A place in the draft as one in the text; `None` if it lies in what was written.
    fn origin(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let Range { start, end } = *span;
        let left = self.seams.partition_point(|seam| seam.written.start <= start).checked_sub(1);
        let right = self.seams.partition_point(|seam| seam.written.start < end).checked_sub(1);
        let left = left.map(|at| &self.seams[at]);
        let right = right.map(|at| &self.seams[at]);
        let is_written = left.is_some_and(|seam| end <= seam.written.end);
        let start = match left {
            Some(seam) if start < seam.written.end => seam.origin.start,
            Some(seam) => start - seam.written.end + seam.origin.end,
            None => start,
        };
        let end = match right {
            Some(seam) if end <= seam.written.end => seam.origin.end,
            Some(seam) => end - seam.written.end + seam.origin.end,
            None => end,
        };
        (!is_written).then_some(start..end)
    }
}

fn key(hit: &Hit) -> (usize, usize, Detector) {
    (hit.span.start, hit.span.end, hit.detector)
}

/// Whether some hit that rules act on may hide from what follows what told of it: two lie over each other and
/// are not alike, one has the sign of a name inside, or digits follow close behind one. A whole value ends where
/// its string does, and hides nothing.
fn hides(bytes: &[u8], hits: &[Hit], acting: u64) -> bool {
    let mut last = 0..0;
    hits.iter().filter(|hit| hit.rules & acting != 0 && !matches!(hit.form, Form::Whole(_))).any(|hit| {
        let is_alike = hit.span == last || hit.span.start >= last.end;
        last = last.start.max(hit.span.start)..last.end.max(hit.span.end);
        let names = || bytes.get(hit.span.clone()).is_some_and(|value| value.contains(&b'='));
        !is_alike || names() || is_followed(bytes, hit.span.end)
    })
}

/// Whether digits stand close behind a place in its string.
fn is_followed(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default().iter().take(CLOSE);
    rest.take_while(|byte| !matches!(byte, b'"' | b'\\')).any(u8::is_ascii_digit)
}
