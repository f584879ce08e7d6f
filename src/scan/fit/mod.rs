//! What is written over a value in a structured result, fitted to the schema that its tool advertises.
//!
//! **Why.** Clients validate `structuredContent` against the tool's `outputSchema` and fail the call where it
//! does not fit, or is missing. Stars in an e-mail address, or a token where there was a number, would turn an
//! answer that hides one value into no answer.
//!
//! **How.** The schema is read once into [`Molds`]. A scan notes its edits; those inside `structuredContent`
//! are walked (`fitter`) in step with the molds (`view`), and each value that they touch goes down a ladder
//! until something fits: what the action writes; a text in the value's `format` (`format`); stars; a text of
//! the same shape, or a number of as many digits (`forge`); `null`. Where nothing does, the member is taken out
//! if it is optional (`surgery`), else the whole answer is withheld: a structured result is never stripped, and
//! never sent beside an error. Copies of the same values in the text blocks get the same (`copies`).
//!
//! Whatever cannot be told by a look at one value (unions of objects, keywords that are not understood) is
//! told by a validation of the whole afterwards, which the caller brings.
//!
//! **What it is not.** No judge of the server: a result that did not fit before it was redacted goes out with
//! its edits, for its client to refuse.
//!
//! Source: JSON Schema 2020-12; MCP 2026-07-28, server/tools, "Structured Content" and "Output Schema".

mod copies;
mod fitter;
mod forge;
mod format;
mod mold;
mod surgery;
mod view;

use std::ops::Range;

pub use format::Format;
pub(super) use format::is_ours;
pub use mold::{Mold, MoldId, Molds, NumberMold, Rest, Slot, TextMold, Types};

use self::fitter::Fitter;
use super::sieve::sweep::Form;
use super::{Action, Detector, Sighting};
use crate::json::{Splice, Value};

/// An edit of a scan, and why it was made.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    /// In offsets of the whole text.
    pub span: Range<usize>,
    pub text: String,
    /// The finding that it is counted under.
    pub finding: usize,
    pub action: Action,
    /// The token of what was found, such as `[SSN]`.
    pub token: &'static str,
    /// Whether the name of the field told, and not the form of the value.
    pub is_named: bool,
}

impl Edit {
    pub(super) fn new(
        span: Range<usize>,
        text: &str,
        finding: usize,
        action: Action,
        (detector, form): (Detector, Form),
    ) -> Self {
        Self {
            span,
            text: text.to_owned(),
            finding,
            action,
            token: detector.row().token,
            is_named: matches!(form, Form::Bare(_) | Form::Whole(_)),
        }
    }
}

/// What fitting came to, in values of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fitting {
    /// Values that were written over by something that fits.
    pub fitted: u32,
    /// Members that were taken out.
    pub dropped: u32,
    /// 1 where nothing fits, so that the answer is withheld.
    pub blocked: u32,
    /// 1 where the result did not fit before it was redacted either.
    pub unsatisfied: u32,
}

/// Fits the edits of a scan of `result` to the molds of its tool; `check` says whether a structured result is
/// valid as a whole, and nothing where that cannot be said.
pub(super) fn fit(
    molds: &Molds,
    check: &dyn Fn(&str) -> Option<bool>,
    result: Value<'_>,
    mut edits: Vec<Edit>,
    mut sighting: Sighting,
) -> (Sighting, Fitting) {
    let structured = result.get("structuredContent");
    let Some(structured) = structured.filter(|_| sighting.blocked.is_none()) else {
        return (sighting, Fitting::default());
    };
    edits.sort_by_key(|edit| edit.span.start);
    let span = structured.span();
    let (inside, outside): (Vec<Edit>, Vec<Edit>) =
        edits.into_iter().partition(|edit| span.contains(&edit.span.start));
    if inside.is_empty() {
        return (sighting, Fitting::default());
    }
    let mut fitter = Fitter::new(molds);
    fitter.walk(structured, &inside);
    let mut fitting = fitter.fitting;
    let is_sure = !fitter.is_doubtful && !cfg!(debug_assertions);
    if fitter.stuck.is_none() && !is_sure {
        let text = spliced(structured, &fitter.made);
        match check(&text) {
            Some(true) => {}
            // Where the whole cannot be told, what was told value by value counts.
            None if !fitter.is_doubtful => {}
            Some(false) if check(structured.raw()) == Some(false) => fitting.unsatisfied = 1,
            Some(false) | None => fitter.stuck = inside.first().map(|edit| edit.finding),
        }
    }
    if let Some(finding) = fitter.stuck {
        sighting.blocked = Some(finding);
        return (sighting, Fitting { blocked: 1, ..Fitting::default() });
    }
    let outside = copies::follow(&fitter.fates, result, &outside);
    sighting.splice = Splice::default();
    for (span, text) in fitter.made.into_iter().chain(outside) {
        sighting.splice.replace(span, text);
    }
    (sighting, fitting)
}

/// The text of a part of a message with edits made, whose offsets are those of the message.
fn spliced(part: Value<'_>, edits: &[(Range<usize>, String)]) -> String {
    let from = part.span().start;
    let mut splice = Splice::default();
    for (span, text) in edits {
        splice.replace(span.start.saturating_sub(from)..span.end.saturating_sub(from), text.as_str());
    }
    String::from_utf8_lossy(&splice.apply(part.raw().as_bytes())).into_owned()
}
