//! Counting what was found against what is there.

use std::collections::BTreeMap;
use std::ops::Range;

use super::corpus::{Case, Prediction};
use super::outcome::Outcome;

/// Everything counted so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub total: Counts,
    pub buckets: BTreeMap<String, Counts>,
    pub kinds: BTreeMap<String, Counts>,
    /// Kinds of findings that touch no value, in the order in which they came.
    pub mistakes: Vec<(String, usize)>,
    /// Cases of evasion by technique, in the order in which they came.
    pub techniques: Vec<Technique>,
    pub outcome: Outcome,
}

/// What one way of writing values brought.
#[derive(Debug)]
pub(super) struct Technique {
    pub name: String,
    pub count: usize,
    /// Type and context of what was missed.
    pub missed: Vec<String>,
}

/// Counts of documents, values and findings.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub gold: usize,
    pub leak_ok: usize,
    pub typed_ok: usize,
    pub findings: usize,
    pub hits: usize,
    /// Characters.
    pub length: usize,
    pub clean: usize,
    pub eaten: usize,
    pub touched: usize,
    /// Documents that would break if findings were replaced as plain text.
    pub broken: usize,
}

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.total.length == 0 && self.techniques.is_empty()
    }

    /// Counts one document.
    pub(super) fn add(&mut self, case: &Case, found: &[Prediction]) {
        if let Some(evasion) = &case.evasion {
            let is_caught = found.iter().any(|one| one.kind == evasion.kind);
            let name = &evasion.technique;
            if !self.techniques.iter().any(|known| known.name == *name) {
                self.techniques.push(Technique { name: name.clone(), count: 0, missed: Vec::new() });
            }
            for technique in self.techniques.iter_mut().filter(|known| known.name == *name) {
                technique.count += 1;
                technique
                    .missed
                    .extend((!is_caught).then(|| format!("{}/{}", evasion.kind, evasion.context)));
            }
            return;
        }
        let text: Vec<char> = case.doc.chars().collect();
        let covers = union(found.iter().map(|one| one.span.clone()).collect());
        let mut own = self.values(case, found, &text, &covers);
        for one in found {
            let is_hit = case
                .spans
                .iter()
                .any(|gold| one.span.start < gold.span.end && one.span.end > gold.span.start);
            own.findings += 1;
            own.hits += usize::from(is_hit);
            if !is_hit {
                match self.mistakes.iter_mut().find(|(kind, _)| *kind == one.kind) {
                    Some((_, count)) => *count += 1,
                    None => self.mistakes.push((one.kind.clone(), 1)),
                }
            }
        }
        let values = union(case.spans.iter().map(|gold| gold.span.clone()).collect());
        own.length = text.len();
        own.clean = text.len() - values.iter().map(Range::len).sum::<usize>();
        own.eaten = covers.iter().map(|cover| cover.len() - shared(cover, &values)).sum();
        own.touched = usize::from(!covers.is_empty());
        own.broken = usize::from(!covers.is_empty() && !is_json(&cut(&text, &covers)));
        self.total.add(own);
        self.buckets.entry(case.bucket.clone()).or_default().add(own);
    }

    /// Counts the values of one document, by type too.
    fn values(
        &mut self,
        case: &Case,
        found: &[Prediction],
        text: &[char],
        covers: &[Range<usize>],
    ) -> Counts {
        let mut own = Counts::default();
        for gold in &case.spans {
            let typed: Vec<_> =
                found.iter().filter(|one| one.kind == gold.kind).map(|one| one.span.clone()).collect();
            let counts = Counts {
                gold: 1,
                leak_ok: usize::from(covered(&gold.span, covers, text) >= 0.99),
                typed_ok: usize::from(covered(&gold.span, &union(typed), text) >= 0.8),
                ..Counts::default()
            };
            own.add(counts);
            self.kinds.entry(gold.kind.clone()).or_default().add(counts);
        }
        own
    }

    /// Cases of evasion: caught, and all.
    pub(super) fn caught(&self) -> (usize, usize) {
        let (all, missed) = self.techniques.iter().fold((0, 0), |(all, missed), technique| {
            (all + technique.count, missed + technique.missed.len())
        });
        (all - missed, all)
    }

    /// What stands in documents without values.
    pub(super) fn negative(&self) -> Counts {
        self.buckets.get("neg").copied().unwrap_or_default()
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.gold += other.gold;
        self.leak_ok += other.leak_ok;
        self.typed_ok += other.typed_ok;
        self.findings += other.findings;
        self.hits += other.hits;
        self.length += other.length;
        self.clean += other.clean;
        self.eaten += other.eaten;
        self.touched += other.touched;
        self.broken += other.broken;
    }

    pub(super) fn recall(&self) -> Option<f64> {
        share(self.leak_ok, self.gold)
    }

    pub(super) fn typed(&self) -> Option<f64> {
        share(self.typed_ok, self.gold)
    }

    pub(super) fn precision(&self) -> Option<f64> {
        share(self.hits, self.findings)
    }

    /// Recall counts four times as much as precision.
    pub(super) fn f2(&self) -> f64 {
        let (recall, precision) = (self.recall().unwrap_or(0.0), self.precision().unwrap_or(0.0));
        5.0 * recall * precision / (4.0 * precision + recall).max(1e-9)
    }

    /// Of a hundred clean characters.
    pub(super) fn eaten_percent(&self) -> f64 {
        share(100 * self.eaten, self.clean).unwrap_or(0.0)
    }

    /// Findings that touch no value, by KB.
    pub(super) fn false_hits(&self) -> Option<f64> {
        share(1024 * (self.findings - self.hits), self.length)
    }
}

/// A part of a whole; `None` where there is no whole.
pub(super) fn share(part: usize, whole: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of a corpus are far below 2^53")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Spans sorted, those that touch made one.
pub(super) fn union(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut united: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match united.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => united.push(span),
        }
    }
    united
}

/// How much of the letters and digits of a span lies in `covers`, which do not overlap.
fn covered(span: &Range<usize>, covers: &[Range<usize>], text: &[char]) -> f64 {
    let count = |part: Range<usize>| {
        text.get(part).unwrap_or_default().iter().filter(|character| character.is_alphanumeric()).count()
    };
    let inside: usize = covers
        .iter()
        .filter(|cover| cover.start < span.end && cover.end > span.start)
        .map(|cover| count(cover.start.max(span.start)..cover.end.min(span.end)))
        .sum();
    share(inside, count(span.clone()).max(1)).unwrap_or(0.0)
}

/// How many characters of a span lie in `others`.
fn shared(span: &Range<usize>, others: &[Range<usize>]) -> usize {
    others.iter().map(|other| span.end.min(other.end).saturating_sub(span.start.max(other.start))).sum()
}

/// A text with a word in the place of each span.
fn cut(text: &[char], covers: &[Range<usize>]) -> String {
    let (mut out, mut last) = (String::with_capacity(text.len()), 0);
    for cover in covers {
        out.extend(text.get(last..cover.start).unwrap_or_default());
        out.push_str("<REDACTED>");
        last = cover.end;
    }
    out.extend(text.get(last..).unwrap_or_default());
    out
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::corpus::Gold;
    use super::*;

    /// What of a value counts as found, of which the first `found` of a hundred digits are.
    fn counted(found: usize, kind: &str) -> (usize, usize) {
        let gold = Gold { span: 1..101, kind: "SSN".to_owned(), value: String::new() };
        let case = Case {
            id: serde_json::Value::Null,
            bucket: "x".to_owned(),
            doc: format!("-{}", "1".repeat(100)),
            spans: vec![gold],
            evasion: None,
        };
        let mut tally = Tally::default();
        tally.add(&case, &[Prediction { span: 0..1 + found, kind: kind.to_owned() }]);
        (tally.total.leak_ok, tally.total.typed_ok)
    }

    #[test]
    fn a_value_leaks_by_two_of_a_hundred_digits_and_is_told_by_four_fifths() {
        for (found, wanted) in [(79, (0, 0)), (80, (0, 1)), (98, (0, 1)), (99, (1, 1)), (100, (1, 1))] {
            assert_eq!(counted(found, "SSN"), wanted, "{found}");
        }
        assert_eq!(counted(100, "PAN"), (1, 0));
    }

    #[test]
    fn unites_what_touches_and_measures_letters_and_digits() {
        assert_eq!(union(vec![5..7, 0..2, 2..3, 6..9]), [0..3, 5..9]);
        let text: Vec<char> = "12-34-x".chars().collect();
        assert!((covered(&(0..7), &[0..2, 3..5], &text) - 0.8).abs() < 1e-9);
        assert_eq!(shared(&(1..6), &[0..2, 5..9]), 2);
        assert_eq!(cut(&text, std::slice::from_ref(&(0..2))), "<REDACTED>-34-x");
    }
}
