//! `sluicegate suggest`: the least that recorded calls needed, as a file to look at.
//!
//! **How.** Allowed calls are grouped by the roles of their callers and by tool. For each argument of which values were
//! recorded, the values become a condition: a few texts an `in`, many with a common folder a `prefix`, numbers a `min`
//! and a `max`. Every line says how often it was seen and from how many callers. Allow rules that no recorded call
//! needed are named for removal.
//!
//! **What it is not.** It is never applied by itself, and what was not recorded was not seen: a month holds the calls
//! of the end of a month, an hour does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::Exit;
use super::history::{History, Recorded};
use super::replay::opened;
use crate::bounds::{SUGGESTED_PREFIX_BYTES_MIN, SUGGESTED_WORDS_MAX};
use crate::mcp::Method;
use crate::policy::Policy;

/// Options of `suggest`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle whose roles the callers have
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// An audit file, or - for standard input. Values come from records of the level `facts`
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

/// Prints a patch that adds a file of suggested rules to the bundle.
pub fn suggest(options: &Options) -> Exit {
    let (policy, history) = match opened(&options.bundle, &options.from) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let text = suggested(&policy, &history);
    let lines = text.lines().count();
    let body: String = text.lines().map(|line| format!("+{line}\n")).collect();
    anstream::print!("--- /dev/null\n+++ b/suggested.yaml\n@@ -0,0 +1,{lines} @@\n{body}");
    Exit::Fine
}

/// Calls of one tool by callers with the same roles.
#[derive(Debug, Default)]
struct Need<'h> {
    count: usize,
    callers: BTreeSet<&'h str>,
    values: BTreeMap<&'h str, Vec<Value>>,
}

fn suggested(policy: &Policy, history: &History) -> String {
    let mut needs: BTreeMap<(Vec<Box<str>>, &str), Need<'_>> = BTreeMap::new();
    let (mut used, mut unknown) = (BTreeSet::new(), 0);
    for call in history.calls.iter().filter(|call| call.was.is_allow) {
        let Ok((said, roles)) = call.judge(policy) else {
            unknown += 1;
            continue;
        };
        used.extend(said.rule.into_iter().chain(call.was.rule.clone()));
        if let (Method::ToolsCall, Some(tool)) = (call.method, &call.target) {
            needs.entry((roles, tool)).or_default().add(call);
        }
    }
    let times = history.calls.iter().map(|call| &*call.time);
    let (first, last) = (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default());
    let mut text = format!(
        "# What {} recorded calls needed, from {first} to {last}. Look at each rule before you use it.\nversion: 1\nallow:\n",
        history.calls.len()
    );
    for (index, ((roles, tool), need)) in needs.iter().enumerate() {
        need.write(index + 1, roles, tool, &mut text);
    }
    // INVARIANT: writing to a text cannot fail.
    if needs.is_empty() {
        let _ = writeln!(text, "  []");
    }
    if unknown > 0 {
        let _ = writeln!(
            text,
            "# {unknown} allowed calls hang on arguments that the records do not tell, and were left out"
        );
    }
    let idle: Vec<_> = policy
        .wordings()
        .into_iter()
        .filter(|rule| rule.is_allow && !used.contains(rule.rule.as_str()))
        .collect();
    for rule in &idle {
        let (file, place) = (policy.file(rule.place), rule.place);
        let _ = writeln!(
            text,
            "# no recorded call needed `{}` ({file}:{}:{}); remove it if that is right",
            rule.rule, place.line, place.column
        );
    }
    text
}

impl<'h> Need<'h> {
    fn add(&mut self, call: &'h Recorded) {
        self.count += 1;
        self.callers.insert(&call.who.user);
        for (path, json) in call.facts.iter().flat_map(|facts| &facts.values) {
            if let Ok(value) = serde_json::from_str(json) {
                self.values.entry(path).or_default().push(value);
            }
        }
    }

    fn write(&self, number: usize, roles: &[Box<str>], tool: &str, text: &mut String) {
        let callers = self.callers.len();
        // INVARIANT: writing to a text cannot fail.
        let _ = writeln!(
            text,
            "  # seen {}x, {callers} caller{}",
            self.count,
            if callers == 1 { "" } else { "s" }
        );
        let _ = writeln!(text, "  - id: suggested-{number}");
        if !roles.is_empty() {
            let _ = writeln!(text, "    roles: [{}]", roles.join(", "));
        }
        let _ = writeln!(text, "    tools: [{tool}]");
        // An argument that some calls lacked, or whose value some records do not tell, cannot be bounded by the rest.
        let told = self.values.iter().filter(|(_, values)| values.len() == self.count);
        let conditions: Vec<String> = told
            .filter_map(|(path, values)| Some(format!("        {path}: {{ {} }}", condition(values)?)))
            .collect();
        if !conditions.is_empty() {
            let _ = writeln!(text, "    args:\n      {tool}:\n{}", conditions.join("\n"));
        }
    }
}

/// The narrowest condition that all values meet; `None` where there is none worth writing.
fn condition(values: &[Value]) -> Option<String> {
    if let Some(numbers) = values.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>() {
        let by = |left: &&f64, right: &&f64| left.total_cmp(right);
        let (min, max) = (numbers.iter().min_by(by)?, numbers.iter().max_by(by)?);
        return Some(format!("min: {min}, max: {max}"));
    }
    let distinct: BTreeSet<String> = values.iter().map(Value::to_string).collect();
    if distinct.len() <= SUGGESTED_WORDS_MAX && !values.iter().any(Value::is_null) {
        return Some(format!("in: [{}]", distinct.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let texts: Vec<&str> = values.iter().map(Value::as_str).collect::<Option<_>>()?;
    let prefix = texts.iter().copied().reduce(common)?;
    let folder = prefix.rfind('/').and_then(|end| prefix.get(..=end)).unwrap_or_default();
    (folder.len() >= SUGGESTED_PREFIX_BYTES_MIN).then(|| format!("prefix: {}", crate::json::quote(folder)))
}

/// The longest beginning of both.
fn common<'t>(left: &'t str, right: &str) -> &'t str {
    let same = left.char_indices().zip(right.chars()).take_while(|((_, one), other)| one == other);
    let end = same.last().map_or(0, |((at, one), _)| at + one.len_utf8());
    left.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_condition_holds_all_that_was_seen_and_little_else() {
        let many: Vec<Value> = (0..20).map(|number| json!(format!("/data/a/{number}"))).collect();
        let unlike: Vec<Value> = (0..20).map(|number| json!(format!("{number}/data"))).collect();
        let cases = [
            (vec![json!(3), json!(-1), json!(2.5)], Some("min: -1, max: 3")),
            (vec![json!("b"), json!("a"), json!("b")], Some(r#"in: ["a", "b"]"#)),
            (vec![json!(true)], Some("in: [true]")),
            (vec![json!(null)], None),
            (vec![json!(1), json!("a")], Some(r#"in: ["a", 1]"#)),
            (many, Some(r#"prefix: "/data/a/""#)),
            (unlike, None),
        ];
        for (values, wanted) in cases {
            assert_eq!(condition(&values).as_deref(), wanted, "{values:?}");
        }
    }
}
