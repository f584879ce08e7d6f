//! Counting by names of the policy, where the operator wants that: of rules, and of tools.
//!
//! Off unless asked for: whoever may scrape reads the names then. Every name stands in the policy in force, only so
//! many have series of their own, and they go with the policy that they stood in.

use std::collections::HashMap;

use arc_swap::ArcSwap;
use prometheus::{IntCounter, IntCounterVec, Registry};

use super::OTHER;
use super::families::counters;
use crate::bounds::{METRIC_RULES_MAX, METRIC_TOOLS_MAX};
use crate::gate::Record;
use crate::mcp::Method;
use crate::names::Label;
use crate::policy::Policy;
use crate::report::labels;

/// A kind of names of the policy that may become label values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameLabel {
    /// Rules and limits.
    Rule,
    /// Tools.
    Tool,
}

/// The series by names.
pub(super) struct NamedSeries {
    rules: Option<Named>,
    tools: Option<Named>,
    versions: Option<Named>,
}

/// One family with a name as its first label.
struct Named {
    family: IntCounterVec,
    /// The values of the second label; one empty word where there is none.
    words: Vec<&'static str>,
    names_max: usize,
    known: ArcSwap<HashMap<Box<str>, Vec<IntCounter>>>,
    others: Vec<IntCounter>,
}

/// What rules have in place of a name that has no series of its own.
const OVERFLOW: &str = "_OVERFLOW";

impl NamedSeries {
    pub fn new(r: &Registry, wanted: &[NameLabel]) -> Self {
        let rules = || {
            let help = "Messages that a rule or limit decided.";
            let family = counters(r, "sluicegate_rule_hits_total", help, &["rule"]);
            Named::new(family, Vec::new(), METRIC_RULES_MAX, OVERFLOW)
        };
        let tools = || {
            let help = "Judged calls of a tool.";
            let family = counters(r, "sluicegate_tool_calls_total", help, &["tool", "action"]);
            Named::new(family, labels::words(labels::ACTIONS, labels::action), METRIC_TOOLS_MAX, OTHER)
        };
        let versions = || {
            let help = "Calls of a version of a tool that is on its way out.";
            let family = counters(r, "sluicegate_tool_version_calls_total", help, &["tool_version"]);
            Named::new(family, Vec::new(), METRIC_TOOLS_MAX, OTHER)
        };
        Self {
            versions: wanted.contains(&NameLabel::Tool).then(versions),
            rules: wanted.contains(&NameLabel::Rule).then(rules),
            tools: wanted.contains(&NameLabel::Tool).then(tools),
        }
    }

    /// Has series for the names of `policy`, and for no others.
    pub fn follow(&self, policy: &Policy) {
        if let Some(rules) = &self.rules {
            rules.follow(policy.deciding_ids().map(Label::as_str));
        }
        if let Some(tools) = &self.tools {
            tools.follow(policy.tools().iter().map(|tool| tool.name.as_str()));
        }
        if let Some(versions) = &self.versions {
            let names: Vec<String> = policy.versions().ending().collect();
            versions.follow(names.iter().map(String::as_str));
        }
    }

    pub fn count(&self, record: &Record) {
        if let (Some(rules), Some(rule)) = (&self.rules, &record.rule) {
            rules.count(rule.as_str(), 0);
        }
        if let (Some(tools), Some(Method::ToolsCall)) = (&self.tools, record.method) {
            tools.count(record.target.as_deref().unwrap_or_default(), record.action as usize);
        }
        if let (Some(versions), Some(called)) = (&self.versions, record.called.as_deref())
            && super::versions::is_ending(called.state)
            && let Some((tool, number)) = record.policy.versions().named(called.chosen)
        {
            versions.count(&format!("{tool}@{number}"), 0);
        }
    }
}

impl Named {
    fn new(family: IntCounterVec, words: Vec<&'static str>, names_max: usize, others: &str) -> Self {
        let others = row(&family, &words, others);
        Self { family, words, names_max, known: ArcSwap::default(), others }
    }

    fn follow<'n>(&self, names: impl Iterator<Item = &'n str>) {
        let mut now = HashMap::new();
        for name in names {
            if now.len() < self.names_max && !now.contains_key(name) {
                now.insert(name.into(), row(&self.family, &self.words, name));
            }
        }
        let before = self.known.swap(now.into());
        let now = self.known.load();
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            for values in combinations(name, &self.words) {
                // Fails only if it is not there, which is what is wanted.
                let _ = self.family.remove_label_values(&values);
            }
        }
    }

    fn count(&self, name: &str, at: usize) {
        let known = self.known.load();
        let row = known.get(name).unwrap_or(&self.others);
        row.get(at).into_iter().for_each(IntCounter::inc);
    }
}

fn row(family: &IntCounterVec, words: &[&'static str], name: &str) -> Vec<IntCounter> {
    combinations(name, words).iter().map(|values| family.with_label_values(values)).collect()
}

/// The label values of all series of a name.
fn combinations<'n>(name: &'n str, words: &[&'static str]) -> Vec<Vec<&'n str>> {
    if words.is_empty() { vec![vec![name]] } else { words.iter().map(|word| vec![name, *word]).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Metrics;
    use super::*;
    use crate::report::sample;

    fn lines(metrics: &Metrics, family: &str) -> Vec<String> {
        let text = metrics.render();
        text.lines().filter(|line| line.starts_with(family)).map(str::to_owned).collect()
    }

    /// The lines of rules that have decided something.
    fn hits(metrics: &Metrics) -> Vec<String> {
        let lines = lines(metrics, "sluicegate_rule_hits_total");
        lines.into_iter().filter(|line| !line.ends_with(" 0")).collect()
    }

    #[test]
    fn names_nothing_unless_asked() {
        let (metrics, record) = (Metrics::new(), sample::record());
        metrics.policy_loaded(&record.policy);
        metrics.count(&record);
        assert!(lines(&metrics, "sluicegate_rule_hits").is_empty());
        assert!(lines(&metrics, "sluicegate_tool_calls").is_empty());
    }

    #[test]
    fn counts_by_names_of_the_policy_in_force_and_the_others_together() {
        let metrics = Metrics::naming(&[NameLabel::Rule, NameLabel::Tool]);
        let more = "tools: { echo: {} }\nallow: [{ id: a, tools: echo }]\nlimits: [{ id: l, per: [user], rate: 1/s }]";
        let mut record = sample::record();
        record.policy = sample::policy("payments", more);
        metrics.policy_loaded(&record.policy);
        for (tool, rule) in [("echo", "a"), ("echo", "l"), ("made-up", "gone")] {
            (record.target, record.rule) = (Some(tool.into()), Some(Label::parse(rule).unwrap()));
            metrics.count(&record);
        }
        let one = |rule: &str| format!("sluicegate_rule_hits_total{{rule=\"{rule}\"}} 1");
        assert_eq!(hits(&metrics), ["_OVERFLOW", "a", "l"].map(one));
        let calls = lines(&metrics, "sluicegate_tool_calls_total");
        assert!(
            calls.contains(&r#"sluicegate_tool_calls_total{action="allow",tool="echo"} 2"#.into()),
            "{calls:?}"
        );
        assert!(
            calls.contains(&r#"sluicegate_tool_calls_total{action="allow",tool="_OTHER"} 1"#.into()),
            "{calls:?}"
        );
        metrics.policy_published(&sample::policy("payments", ""));
        assert_eq!(hits(&metrics), ["_OVERFLOW"].map(one));
    }

    #[test]
    fn has_series_for_so_many_names_and_no_more() {
        for names in [METRIC_TOOLS_MAX - 1, METRIC_TOOLS_MAX, METRIC_TOOLS_MAX + 1] {
            let metrics = Metrics::naming(&[NameLabel::Tool]);
            let tools: Vec<String> = (0..names).map(|number| format!("t{number}: {{}}")).collect();
            let policy: Arc<Policy> = sample::policy("a", &format!("tools: {{ {} }}", tools.join(", ")));
            metrics.policy_loaded(&policy);
            let series = lines(&metrics, "sluicegate_tool_calls_total").len();
            assert_eq!(series, (names.min(METRIC_TOOLS_MAX) + 1) * labels::ACTIONS.len());
        }
    }
}
