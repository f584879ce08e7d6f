//! What rules and dashboard ask about is there: every metric exposed by a program that runs, with the labels that are
//! asked of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::dashboard;
use crate::exposition::{PROGRAMS, families, family};
use crate::summary;
use crate::tools::{named, python, rules};

/// Labels that a scrape adds.
const OF_SCRAPE: &[&str] = &["instance", "job", "namespace", "pod"];

#[test]
fn rules_and_dashboard_ask_about_nothing_that_is_not_exposed() {
    let (Some(reader), Some(parser)) = (python("drift"), python("drift")) else { return };
    let rules = rules(reader);
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let recorded: BTreeSet<String> = rules.iter().map(|rule| word(&rule["record"])).collect();
    let queries = dashboard::queries(&dashboard::read());
    let expressions: Vec<String> = rules
        .iter()
        .map(|rule| word(&rule["expr"]))
        .chain(queries.iter().map(|(_, query)| dashboard::filled(query)))
        .collect();
    assert!(expressions.len() > 60 && expressions.iter().all(|expression| !expression.is_empty()));
    let mut exposed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, page) in PROGRAMS {
        for (name, (_, labels)) in families(&page()) {
            exposed.entry(name).or_default().extend(labels);
        }
    }
    let mut shown = BTreeSet::new();
    for (expression, named) in expressions.iter().zip(named(parser, &expressions)) {
        for (metric, labels) in named.into_iter().filter(|(metric, _)| !recorded.contains(metric)) {
            let name = family(&metric);
            shown.insert(name.to_owned());
            let known =
                exposed.get(name).unwrap_or_else(|| panic!("nobody exposes `{metric}`: {expression}"));
            let strange =
                labels.iter().find(|label| !known.contains(*label) && !OF_SCRAPE.contains(&label.as_str()));
            assert!(strange.is_none(), "`{metric}` has no label {strange:?}: {expression}");
        }
    }
    let unseen: Vec<&String> = exposed.keys().filter(|name| !shown.contains(*name)).collect();
    let line = format!(
        "{} expressions, {} metrics exposed; shown nowhere: {unseen:?}",
        expressions.len(),
        exposed.len()
    );
    summary::tell("observability-drift", &line);
}
