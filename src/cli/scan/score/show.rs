//! Figures for people and for scripts.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::ScoreOptions;
use super::tally::{Counts, Tally, share};

/// Kinds of mistakes that are named.
const MISTAKES_NAMED_MAX: usize = 10;

/// The figures as text.
pub(super) fn human(tally: &Tally, options: &ScoreOptions) -> String {
    let mut text = String::new();
    // INVARIANT: writing to a text cannot fail.
    if tally.total.length > 0 {
        let _ = values(&mut text, tally, options);
    }
    if !tally.techniques.is_empty() {
        let _ = evasion(&mut text, tally, options);
    }
    text
}

fn values(text: &mut String, tally: &Tally, options: &ScoreOptions) -> std::fmt::Result {
    let (total, negative) = (&tally.total, tally.negative());
    writeln!(
        text,
        "leak recall {:.3}  typed {}  precision {:.3}  F2 {:.3}  findings {}",
        total.recall().unwrap_or(0.0),
        digits(total.typed()),
        total.precision().unwrap_or(0.0),
        total.f2(),
        total.findings
    )?;
    writeln!(
        text,
        "clean bytes eaten {:.2} %  false hits per KB without data {}  documents touched there {}  \
         JSON broken by naive replacement {:.1} % of touched documents",
        total.eaten_percent(),
        digits(negative.false_hits()),
        negative.touched,
        share(100 * total.broken, total.touched).unwrap_or(0.0)
    )?;
    for (name, counts) in &tally.buckets {
        let (recall, precision) = (digits(counts.recall()), digits(counts.precision()));
        writeln!(text, "  {name:26} leak recall {recall:>6}  precision {precision:>6}")?;
    }
    let mut mistakes: Vec<_> = tally.mistakes.iter().collect();
    mistakes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named: Vec<_> =
        mistakes.iter().take(MISTAKES_NAMED_MAX).map(|(kind, count)| format!("{kind} {count}")).collect();
    writeln!(
        text,
        "  false findings: {}",
        if named.is_empty() { "none".to_owned() } else { named.join(", ") }
    )?;
    if options.types {
        for (name, counts) in &tally.kinds {
            let (leak, typed) = (digits(counts.recall()), digits(counts.typed()));
            writeln!(text, "  {name:14} leak {leak}  typed {typed}  of {}", counts.gold)?;
        }
    }
    let outcome = &tally.outcome;
    writeln!(
        text,
        "redacted output: broken JSON {}, bytes changed outside findings {}, values left {}, second pass changed it {}",
        outcome.broken, outcome.changed, outcome.left, outcome.unsettled
    )
}

fn evasion(text: &mut String, tally: &Tally, options: &ScoreOptions) -> std::fmt::Result {
    for technique in &tally.techniques {
        let caught = technique.count - technique.missed.len();
        let missed = if options.misses { technique.missed.join(" ") } else { String::new() };
        writeln!(text, "{:18} {caught:2} of {:2} {missed}", technique.name, technique.count)?;
    }
    let (caught, all) = tally.caught();
    writeln!(text, "caught {caught} of {all}")
}

/// Three digits, or a dash where there is no figure.
fn digits(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3}"))
}

/// The figures as one object; `missed` are the floors that were not reached.
pub(super) fn json(tally: &Tally, missed: &[String]) -> Value {
    let all = |counts: &std::collections::BTreeMap<String, Counts>| -> Map<String, Value> {
        counts.iter().map(|(name, counts)| (name.clone(), figures(counts))).collect()
    };
    let mistakes: Map<String, Value> =
        tally.mistakes.iter().map(|(kind, count)| (kind.clone(), json!(count))).collect();
    let techniques: Map<String, Value> = tally
        .techniques
        .iter()
        .map(|one| (one.name.clone(), json!({ "cases": one.count, "missed": one.missed })))
        .collect();
    let ((caught, cases), outcome) = (tally.caught(), &tally.outcome);
    json!({
        "version": 1,
        "ok": missed.is_empty(),
        "missed": missed,
        "total": figures(&tally.total),
        "eaten_percent": tally.total.eaten_percent(),
        "false_hits_per_kb": tally.negative().false_hits(),
        "buckets": all(&tally.buckets),
        "types": all(&tally.kinds),
        "false_findings": mistakes,
        "redacted": {
            "documents": outcome.documents,
            "broken": outcome.broken,
            "changed": outcome.changed,
            "left": outcome.left,
            "unsettled": outcome.unsettled,
        },
        "evasion": { "caught": caught, "cases": cases, "techniques": techniques },
    })
}

fn figures(counts: &Counts) -> Value {
    json!({
        "values": counts.gold,
        "findings": counts.findings,
        "leak_recall": counts.recall(),
        "typed_recall": counts.typed(),
        "precision": counts.precision(),
        "f2": counts.f2(),
        "characters": counts.length,
        "documents_touched": counts.touched,
    })
}
