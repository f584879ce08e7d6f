//! Rules: promtool takes them, every alert is tested both ways, and each test notices when its alert is broken.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::summary;
use crate::tools::{self, RULES, program, python, run, text};

const TESTS: &str = "deploy/prometheus/rules_test.yaml";
const RUNBOOKS: &str = "deploy/runbooks.md";

#[test]
fn promtool_has_nothing_to_say_about_the_rules() {
    let Some(mut promtool) = program("rules", "promtool") else { return };
    let output = run(promtool.args(["check", "rules", "--lint=all", "--lint-fatal", RULES]), "");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn the_unit_tests_of_the_rules_pass() {
    let Some(mut promtool) = program("rules-test", "promtool") else { return };
    let output = run(promtool.args(["test", "rules", TESTS]), "");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn every_alert_is_tested_firing_and_silent() {
    let Some(python) = python("rules-both") else { return };
    let alerts = alerts();
    let tests = tools::yaml(python, TESTS);
    let cases = tests["tests"].as_array().into_iter().flatten();
    let cases: Vec<&Value> =
        cases.flat_map(|test| test["alert_rule_test"].as_array().into_iter().flatten()).collect();
    for alert in &alerts {
        let of_alert = cases.iter().filter(|case| case["alertname"] == alert.as_str());
        let counts: BTreeSet<bool> = of_alert
            .map(|case| case["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()))
            .collect();
        assert_eq!(counts, [false, true].into(), "{alert} is not tested both ways");
    }
    let strange = cases.iter().find(|case| !alerts.iter().any(|alert| case["alertname"] == alert.as_str()));
    assert!(strange.is_none(), "{strange:?} is about no alert");
}

/// The names of all alerts, in order.
fn alerts() -> Vec<String> {
    let text = std::fs::read_to_string(RULES).expect("the rules are there");
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

#[test]
fn every_alert_leads_to_a_section_and_every_section_to_an_alert() {
    let text = std::fs::read_to_string(RULES).expect("the rules are there");
    let runbooks = std::fs::read_to_string(RUNBOOKS).expect("the runbooks are there");
    let urls = text.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: "));
    let leads: Vec<(String, String)> =
        alerts().into_iter().zip(urls.map(|url| url.trim_matches('\'').to_owned())).collect();
    assert_eq!(leads.len(), alerts().len(), "each alert has one runbook");
    let mut sections = Vec::new();
    let lines: Vec<&str> = runbooks.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some(anchor) = line.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\"></a>")) else {
            continue;
        };
        let heading = lines.get(at + 2).and_then(|line| line.strip_prefix("## ")).unwrap_or_default();
        sections.push((heading.to_owned(), format!("{RUNBOOKS}#{anchor}")));
        let section = lines[at + 3..].iter().take_while(|line| !line.starts_with("<a id="));
        let section: String = section.copied().collect();
        for part in ["**For users.**", "**Look.**", "**Do.**", "**Over.**"] {
            assert!(section.contains(part), "{heading} does not say {part}");
        }
    }
    let sorted = |mut pairs: Vec<(String, String)>| {
        pairs.sort();
        pairs
    };
    assert_eq!(sorted(leads), sorted(sections));
    let headings = lines.iter().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings, alerts().len(), "a heading that is no alert's");
}

/// One alert in the text of the rules, and what comes before its labels.
struct Alert<'t> {
    name: &'t str,
    start: usize,
    head: &'t str,
}

/// Finds the alerts of `rules`.
fn blocks(rules: &str) -> Vec<Alert<'_>> {
    let is_head = Regex::new(r"- alert: (\w+)").expect("a pattern");
    let heads = is_head.captures_iter(rules);
    heads
        .map(|head| {
            let (all, name) = (head.get(0).expect("a match"), head.get(1).expect("a name"));
            let end =
                rules[all.start()..].find("        labels:").expect("labels come behind the expression");
            Alert { name: name.as_str(), start: all.start(), head: &rules[all.start()..all.start() + end] }
        })
        .collect()
}

/// Every way to break an alert: another threshold, another comparison, another way to join, another wait.
fn broken(head: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let mut put = |at: std::ops::Range<usize>, text: String| {
        broken.push([&head[..at.start], &text, &head[at.end..]].concat());
    };
    let compared = Regex::new(r"(==|!=|[<>])\s*(\(?)(\d+(?:\.\d+)?)").expect("a pattern");
    for found in compared.captures_iter(head) {
        let (all, sign, open) = (found.get(0).expect("a match").range(), &found[1], &found[2]);
        let number: f64 = found[3].parse().expect("a number");
        match (sign, number == 0.0) {
            (">", true) => {
                put(all.clone(), format!("> {open}1000000"));
                put(all, format!(">= {open}0"));
            }
            ("==", true) => put(all, "== 1".into()),
            _ => {
                put(all.clone(), format!("{sign} {open}{}", number * 10.0));
                put(all, format!("{sign} {open}{}", number / 10.0));
            }
        }
    }
    let expression = head.find("expr:").expect("an expression");
    for found in Regex::new(r"\b(and|or)\b").expect("a pattern").find_iter(head) {
        if found.start() > expression {
            put(found.range(), if found.as_str() == "and" { "or".into() } else { "and".into() });
        }
    }
    for found in Regex::new("!=").expect("a pattern").find_iter(head) {
        put(found.range(), "=".into());
    }
    if let Some(found) = Regex::new(r"for: (\d+)([smh])").expect("a pattern").captures(head) {
        let all = found.get(0).expect("a match").range();
        put(all.clone(), "for: 0s".into());
        put(all, format!("for: {}0{}", &found[1], &found[2]));
    }
    broken
}

/// The unit tests that speak of `alert`, so that each breakage costs what it must.
fn tests_of(alert: &str, tests: &str) -> String {
    let (head, rest) = tests.split_once("tests:\n").expect("there are tests");
    let groups =
        rest.split("  - name: ").skip(1).filter(|group| group.contains(&format!("alertname: {alert}")));
    let groups: String = groups.map(|group| format!("  - name: {group}")).collect();
    format!("{head}tests:\n{groups}")
}

#[test]
fn every_broken_alert_fails_its_unit_test() {
    if program("rules-broken", "promtool").is_none() {
        return;
    }
    let rules = std::fs::read_to_string(RULES).expect("the rules are there");
    let tests = std::fs::read_to_string(TESTS).expect("their tests are there");
    let mut count = 0;
    for alert in blocks(&rules) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("rules_test.yaml"), tests_of(alert.name, &tests)).expect("written");
        check(folder.path(), &rules).unwrap_or_else(|text| panic!("{} as it is: {text}", alert.name));
        let ways = broken(alert.head);
        assert!(ways.len() >= 2, "{} can be broken in too few ways", alert.name);
        for way in ways {
            let end = alert.start + alert.head.len();
            let text = [&rules[..alert.start], &way, &rules[end..]].concat();
            let said = check(folder.path(), &text).err();
            assert!(said.is_some_and(|said| said.contains(alert.name)), "no test notices:\n{way}");
            count += 1;
        }
    }
    summary::tell(
        "observability-alerts",
        &format!("alerts broken in {count} ways, each noticed by its unit test"),
    );
}

/// Runs the unit tests in `folder` against `rules`.
fn check(folder: &Path, rules: &str) -> Result<(), String> {
    std::fs::write(folder.join("rules.yaml"), rules).expect("written");
    let mut promtool = Command::new("promtool");
    let output = run(promtool.args(["test", "rules", "rules_test.yaml"]).current_dir(folder), "");
    if output.status.success() { Ok(()) } else { Err(text(&output)) }
}
