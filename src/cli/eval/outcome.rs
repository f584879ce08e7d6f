//! What came of each case: right, wrong, or not called at all.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Price;
use super::cases::Case;
use super::chooser::{Chooser, Pick};
use crate::cli::opening::{Fault, unable};
use crate::lint::{Listing, Ranking};
use crate::policy::fits;

/// All that was asked, and what it is held against.
pub(super) struct Results<'r> {
    pub list: String,
    pub chooser: String,
    pub cases: &'r [Case],
    pub tally: Tally,
    /// The same cases with the server's own words.
    pub plain: Option<Tally>,
    /// The cases that were right before, by name.
    pub before: Option<BTreeMap<String, bool>>,
    pub fail_under: u32,
    pub price: Option<Price>,
    /// Tools that a request in the words of the one may lead to the other, and how near they are.
    pub pairs: Vec<(String, String, f64)>,
}

/// What came of the cases, in their order.
pub(super) struct Tally {
    pub outcomes: Vec<Outcome>,
}

/// What came of one case, all its repeats together.
pub(super) struct Outcome {
    pub picks: Vec<(Pick, Verdict)>,
}

/// What one pick is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No tool was called, and one should have been.
    Abstained,
    /// The right tool, with arguments that it does not take.
    BadArguments,
    /// The right tool with other arguments than wanted: which.
    OtherArguments(String),
    /// As wanted.
    Right,
    /// Another tool than wanted.
    Wrong,
}

impl Outcome {
    /// Whether every repeat was as wanted.
    pub fn is_right(&self) -> bool {
        self.picks.iter().all(|(_, verdict)| *verdict == Verdict::Right)
    }

    /// The tools that were chosen, each once, in the order in which they first were.
    pub fn chosen(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (pick, _) in &self.picks {
            let name = pick.tool.as_deref().unwrap_or(NO_TOOL);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

/// What stands where no tool was called.
pub(super) const NO_TOOL: &str = "(none)";

impl Tally {
    /// How many picks are of a kind.
    pub fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.outcomes.iter().flat_map(|outcome| &outcome.picks).filter(|(_, verdict)| is(verdict)).count()
    }

    /// How many picks there are.
    pub fn picks(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.picks.len()).sum()
    }

    /// How many cases are right each time.
    pub fn right(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.is_right()).count()
    }

    /// Tokens in and out.
    pub fn tokens(&self) -> (u64, u64) {
        let picks = || self.outcomes.iter().flat_map(|outcome| &outcome.picks);
        (picks().map(|(pick, _)| pick.input_tokens).sum(), picks().map(|(pick, _)| pick.output_tokens).sum())
    }

    /// How often which tool was chosen where which was wanted; for a case with several the first.
    pub fn matrix(&self, cases: &[Case]) -> BTreeMap<(String, String), usize> {
        let mut matrix = BTreeMap::new();
        for (case, outcome) in cases.iter().zip(&self.outcomes) {
            for (pick, verdict) in &outcome.picks {
                let chosen = pick.tool.clone().unwrap_or_else(|| NO_TOOL.to_owned());
                let first = case.tools.first().cloned().unwrap_or_else(|| NO_TOOL.to_owned());
                let wanted = if *verdict == Verdict::Wrong { first } else { wanted_of(case, &chosen, first) };
                *matrix.entry((wanted, chosen)).or_default() += 1;
            }
        }
        matrix
    }
}

/// What was wanted, as far as it names the tool that was chosen.
fn wanted_of(case: &Case, chosen: &str, first: String) -> String {
    let is_expected = case.tools.iter().any(|tool| tool == chosen) || case.tools.is_empty() && !case.abstains;
    if is_expected { chosen.to_owned() } else { first }
}

impl Results<'_> {
    /// The cases of a hundred that are right.
    pub fn percent(&self) -> usize {
        (self.tally.right() * 100).checked_div(self.cases.len()).unwrap_or(100)
    }

    /// Cases that were right before and are not now.
    pub fn regressions(&self) -> Vec<&str> {
        let Some(before) = &self.before else { return Vec::new() };
        let cases = self.cases.iter().zip(&self.tally.outcomes);
        let worse =
            cases.filter(|(case, outcome)| !outcome.is_right() && before.get(&case.name) == Some(&true));
        worse.map(|(case, _)| case.name.as_str()).collect()
    }

    /// Whether a pipeline may go on.
    pub fn is_enough(&self) -> bool {
        match &self.before {
            Some(_) => self.regressions().is_empty(),
            None => {
                let wanted = usize::try_from(self.fail_under).unwrap_or(100);
                self.tally.right() * 100 >= self.cases.len() * wanted
            }
        }
    }

    /// What it cost, where prices are known.
    #[expect(clippy::cast_precision_loss, reason = "tokens are fewer than 2^53")]
    pub fn cost(&self) -> Option<f64> {
        let Price { input, output } = self.price?;
        let all = std::iter::once(&self.tally).chain(&self.plain);
        let each = all.map(|tally| {
            let (read, written) = tally.tokens();
            (read as f64 * input + written as f64 * output) / 1e6
        });
        Some(each.sum())
    }
}

/// Asks every case as often as wanted, one question at a time.
///
/// # Errors
/// The first question that was not answered: then no figure would mean anything.
pub(super) async fn run(
    chooser: &Chooser<'_>,
    listing: &Listing,
    cases: &[Case],
    repeat: u32,
) -> Result<Tally, Fault> {
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        let mut picks = Vec::new();
        for _ in 0..repeat {
            let pick = chooser.choose(&case.ask).await;
            let pick = pick.map_err(|why| unable(format!("case `{}`: {why}", case.name)))?;
            let verdict =
                judge(case, &pick, listing, matches!(chooser, Chooser::Baseline(_) | Chooser::Blend(_)));
            picks.push((pick, verdict));
        }
        outcomes.push(Outcome { picks });
    }
    Ok(Tally { outcomes })
}

/// What a pick is; the baseline gives no arguments, so none are asked of it.
fn judge(case: &Case, pick: &Pick, listing: &Listing, is_wordless: bool) -> Verdict {
    let Some(name) = &pick.tool else {
        let is_wanted = case.abstains || case.tools.is_empty();
        return if is_wanted { Verdict::Right } else { Verdict::Abstained };
    };
    let is_expected = !case.abstains && (case.tools.is_empty() || case.tools.contains(name));
    if !is_expected || case.not.contains(name) {
        return Verdict::Wrong;
    }
    let Some(tool) = listing.tools().find(|tool| tool.name == *name) else { return Verdict::Wrong };
    if is_wordless {
        return Verdict::Right;
    }
    let none = Value::Object(serde_json::Map::new());
    let given = pick.arguments.as_ref().unwrap_or(&none);
    let is_valid = given.is_object()
        && tool.input_schema.as_ref().is_none_or(|schema| fits(schema, &given.to_string()) != Some(false));
    if !is_valid {
        return Verdict::BadArguments;
    }
    let wanted = case.args.as_ref().and_then(Value::as_object).into_iter().flatten();
    let other = wanted
        .filter(|(name, value)| !is_same(given.get(name.as_str()), value))
        .map(|(name, _)| name.as_str());
    let other: Vec<&str> = other.collect();
    if other.is_empty() { Verdict::Right } else { Verdict::OtherArguments(other.join(", ")) }
}

/// Whether an argument is what was wanted: numbers by value, texts without regard to case and blanks around.
fn is_same(given: Option<&Value>, wanted: &Value) -> bool {
    match (given, wanted) {
        (Some(Value::String(given)), Value::String(wanted)) => {
            given.trim().to_lowercase() == wanted.trim().to_lowercase()
        }
        (Some(Value::Number(given)), Value::Number(wanted)) => given.as_f64() == wanted.as_f64(),
        (given, wanted) => given == Some(wanted),
    }
}

/// How near another tool must be to count as taken for one.
const NEAR: f64 = 0.6;

/// Tools that are near each other by words: a request in the description of the first would score the second at
/// this part of the first. The nearest first.
pub(super) fn pairs(listing: &Listing) -> Vec<(String, String, f64)> {
    let ranking = Ranking::new(listing);
    let mut pairs = Vec::new();
    for tool in listing.tools() {
        let words = format!("{} {}", tool.name, tool.description.as_deref().unwrap_or_default());
        let ranked = ranking.rank(&words);
        let own = ranked.iter().find(|ranked| ranked.tool == tool.name).map_or(0.0, |ranked| ranked.score);
        let others = ranked.iter().filter(|ranked| ranked.tool != tool.name && own > 0.0);
        let near = others.map(|other| (tool.name.clone(), other.tool.clone(), other.score / own));
        pairs.extend(near.filter(|(_, _, part)| *part >= NEAR));
    }
    pairs.sort_by(|left, right| right.2.total_cmp(&left.2).then_with(|| left.0.cmp(&right.0)));
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn judges_tool_and_arguments() {
        let list = Listing::read(&json!({ "tools": [
            { "name": "add", "inputSchema": { "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] } },
            { "name": "sub" },
        ] }));
        let case = |tools: &[&str], abstains: bool, not: &[&str], args: Option<Value>| Case {
            name: "c".into(),
            ask: "x".into(),
            tools: tools.iter().map(|&tool| tool.to_owned()).collect(),
            abstains,
            not: not.iter().map(|&tool| tool.to_owned()).collect(),
            args,
        };
        let pick = |tool: Option<&str>, arguments: Option<Value>| Pick {
            tool: tool.map(str::to_owned),
            arguments,
            ..Pick::default()
        };
        let cases = [
            (case(&["add"], false, &[], None), pick(Some("add"), Some(json!({ "a": 1 }))), Verdict::Right),
            (
                case(&["add"], false, &[], None),
                pick(Some("add"), Some(json!({ "a": "1" }))),
                Verdict::BadArguments,
            ),
            (case(&["add"], false, &[], None), pick(Some("add"), None), Verdict::BadArguments),
            (case(&["add"], false, &[], None), pick(Some("add"), Some(json!("{"))), Verdict::BadArguments),
            (
                case(&["add"], false, &[], Some(json!({ "a": 2 }))),
                pick(Some("add"), Some(json!({ "a": 1 }))),
                Verdict::OtherArguments("a".into()),
            ),
            (
                case(&["add"], false, &[], Some(json!({ "a": 1.0 }))),
                pick(Some("add"), Some(json!({ "a": 1 }))),
                Verdict::Right,
            ),
            (case(&["add"], false, &[], None), pick(Some("sub"), None), Verdict::Wrong),
            (case(&["add"], false, &[], None), pick(Some("made_up"), None), Verdict::Wrong),
            (case(&["add"], false, &[], None), pick(None, None), Verdict::Abstained),
            (case(&[], true, &[], None), pick(None, None), Verdict::Right),
            (case(&[], true, &[], None), pick(Some("sub"), None), Verdict::Wrong),
            (case(&[], false, &["sub"], None), pick(Some("sub"), None), Verdict::Wrong),
            (case(&[], false, &["add"], None), pick(Some("sub"), None), Verdict::Right),
            (case(&["add", "sub"], false, &[], None), pick(Some("sub"), None), Verdict::Right),
        ];
        for (case, pick, wanted) in cases {
            assert_eq!(judge(&case, &pick, &list, false), wanted, "{case:?} {pick:?}");
        }
    }
}
