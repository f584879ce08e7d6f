//! What came of the cases, for people and for scripts.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::cases::Case;
use super::outcome::{NO_TOOL, Outcome, Results, Tally, Verdict};
use crate::bounds::LISTING_BYTES_MAX;
use crate::cli::opening::{Fault, unable};
use crate::cli::output::plural;
use crate::policy::visible;
use crate::store;

/// Pairs of tools that are shown.
const PAIRS_SHOWN: usize = 5;

/// What a case wants, in words.
pub(super) fn wanted(case: &Case) -> String {
    if case.abstains {
        return "no tool".to_owned();
    }
    let not = if case.not.is_empty() { String::new() } else { format!("not {}", case.not.join(", ")) };
    match case.tools.is_empty() {
        true => not,
        false => case.tools.join(" or "),
    }
}

/// What is wrong with an outcome, in words.
pub(super) fn wrong(case: &Case, outcome: &Outcome) -> String {
    let bad = outcome.picks.iter().filter(|(_, verdict)| *verdict != Verdict::Right);
    let count = bad.clone().count();
    let told = bad.map(|(pick, verdict)| {
        let tool = visible(pick.tool.as_deref().unwrap_or(NO_TOOL));
        let arguments = pick.arguments.as_ref().map(Value::to_string).unwrap_or_default();
        match verdict {
            Verdict::Abstained => "no tool was called".to_owned(),
            Verdict::BadArguments => format!("`{tool}` does not take {}", visible(&arguments)),
            Verdict::OtherArguments(names) => {
                format!("`{tool}` with another {names}: {}", visible(&arguments))
            }
            Verdict::Right | Verdict::Wrong => format!("`{tool}` was chosen"),
        }
    });
    let first = told.into_iter().next().unwrap_or_default();
    let often = if outcome.picks.len() > 1 {
        format!(" ({count} of {})", outcome.picks.len())
    } else {
        String::new()
    };
    format!("{first}, and not {}{often}", wanted(case))
}

pub(super) fn human(results: &Results<'_>) -> String {
    let mut out = String::new();
    let regressions = results.regressions();
    for (case, outcome) in results.cases.iter().zip(&results.tally.outcomes) {
        if !outcome.is_right() {
            let before = if regressions.contains(&case.name.as_str()) { "; it was right before" } else { "" };
            out.push_str(&format!(
                "wrong  {}: {}{before}\n       asked: {}\n",
                case.name,
                wrong(case, outcome),
                visible(&case.ask)
            ));
        }
    }
    if let Some(plain) = &results.plain {
        changes(results, plain, &mut out);
    }
    for (tool, other, part) in results.pairs.iter().take(PAIRS_SHOWN) {
        out.push_str(&format!("near   {tool} is described much like {other} ({:.0} %)\n", part * 100.0));
    }
    let tally = &results.tally;
    out.push_str(&format!(
        "{}: {} of {} right by {} ({} %); of {}: {} wrong, {} with bad arguments, {} not called\n",
        results.list,
        tally.right(),
        plural(results.cases.len(), "case"),
        results.chooser,
        results.percent(),
        plural(tally.picks(), "pick"),
        tally.count(|verdict| *verdict == Verdict::Wrong),
        tally.count(|verdict| matches!(verdict, Verdict::BadArguments | Verdict::OtherArguments(_))),
        tally.count(|verdict| *verdict == Verdict::Abstained),
    ));
    let (read, written) = tally.tokens();
    if read + written > 0 {
        let cost = results.cost().map(|cost| format!(", {cost:.4} by the given prices")).unwrap_or_default();
        out.push_str(&format!("tokens: {read} in, {written} out{cost}\n"));
    }
    out
}

/// What the overrides of the policy change.
fn changes(results: &Results<'_>, plain: &Tally, out: &mut String) {
    let both = results.cases.iter().zip(plain.outcomes.iter().zip(&results.tally.outcomes));
    for (case, (before, after)) in both.filter(|(_, (before, after))| before.chosen() != after.chosen()) {
        let word = match (before.is_right(), after.is_right()) {
            (false, true) => "fixed ",
            (true, false) => "broken",
            (true, true) | (false, false) => "other ",
        };
        let (before, after) = (visible(&before.chosen()), visible(&after.chosen()));
        out.push_str(&format!(
            "{word} {}: {before} by the server's words, {after} by the policy's\n",
            case.name
        ));
    }
    out.push_str(&format!(
        "describe: {} of {} right without it, {} with it\n",
        plain.right(),
        plural(results.cases.len(), "case"),
        results.tally.right()
    ));
}

/// The form for scripts, and for a baseline later; fields may be added.
pub(super) fn json(results: &Results<'_>) -> Value {
    let (read, written) = results.tally.tokens();
    let case = |(case, outcome): (&Case, &Outcome)| {
        let picks = outcome.picks.iter().map(|(pick, verdict)| {
            json!({ "tool": pick.tool, "arguments": pick.arguments, "verdict": word(verdict) })
        });
        json!({ "name": case.name, "right": outcome.is_right(), "picks": picks.collect::<Vec<_>>() })
    };
    let cases = results.cases.iter().zip(&results.tally.outcomes).map(case);
    let matrix = results
        .tally
        .matrix(results.cases)
        .into_iter()
        .map(|((wanted, chosen), count)| json!({ "wanted": wanted, "chosen": chosen, "count": count }));
    let pairs = results
        .pairs
        .iter()
        .map(|(tool, other, part)| json!({ "tool": tool, "other": other, "nearness": part }));
    json!({
        "version": 1,
        "ok": results.is_enough(),
        "list": results.list,
        "chooser": results.chooser,
        "right": results.tally.right(),
        "total": results.cases.len(),
        "right_without_describe": results.plain.as_ref().map(Tally::right),
        "wrong_picks": results.tally.count(|verdict| *verdict == Verdict::Wrong),
        "bad_arguments": results.tally.count(|verdict| matches!(verdict, Verdict::BadArguments | Verdict::OtherArguments(_))),
        "abstained": results.tally.count(|verdict| *verdict == Verdict::Abstained),
        "regressions": results.regressions(),
        "input_tokens": read,
        "output_tokens": written,
        "cost": results.cost(),
        "cases": cases.collect::<Vec<_>>(),
        "matrix": matrix.collect::<Vec<_>>(),
        "near": pairs.collect::<Vec<_>>(),
    })
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Abstained => "abstained",
        Verdict::BadArguments => "bad_arguments",
        Verdict::OtherArguments(_) => "other_arguments",
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
    }
}

/// Which cases were right in what `-o json` wrote.
///
/// # Errors
/// That it is none of that.
pub(super) fn read_baseline(path: &Path) -> Result<BTreeMap<String, bool>, Fault> {
    let shown = path.display();
    let files = store::read_together(&[path.to_owned()], LISTING_BYTES_MAX).map_err(unable)?;
    let bytes = files.into_iter().next().unwrap_or_default();
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|cause| unable(format!("`{shown}`: {cause}")))?;
    let cases = value.get("cases").and_then(Value::as_array);
    let cases =
        cases.ok_or_else(|| unable(format!("`{shown}` was not written by `sluicegate eval -o json`")))?;
    let each = cases
        .iter()
        .filter_map(|case| Some((case.get("name")?.as_str()?.to_owned(), case.get("right")?.as_bool()?)));
    Ok(each.collect())
}
