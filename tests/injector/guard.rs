//! The guard: its CEL judged by two evaluators over a table, and over the golden pods of the injector.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::stage::summary;

const GUARD: &str = "deploy/manifests/require-sidecar.yaml";
const PYTHON: &str = "tests/tools/.venv/bin/python";
const VALIDATE: &str = "tests/tools/.venv/bin/kubernetes-validate";

/// Whether a tool of the tests is there; where it is not, a line says what is skipped.
fn has(tool: &str, name: &str, what: &str) -> bool {
    let is_there = Path::new(tool).exists();
    if !is_there {
        summary(name, &format!("injector: skipped {what}, for there is no {tool}"));
    }
    is_there
}

/// What both evaluators say of the pods that `words` name: each with what is expected of it.
fn judged(words: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let done = Command::new(PYTHON).args(["tests/injector/guard.py", GUARD]).args(words).output();
    let done = done.expect("Python can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&done.stdout).expect("it prints JSON");
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    let said = |row: &Value| row["said"].as_array().expect("it is a list").iter().map(text).collect();
    rows.iter().map(|row| (text(&row["name"]), text(&row["expected"]), said(row))).collect()
}

#[track_caller]
fn agree(rows: &[(String, String, Vec<String>)]) {
    let wrong: Vec<_> =
        rows.iter().filter(|(_, expected, said)| said.iter().any(|said| said != expected)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rows.iter().all(|(_, _, said)| said.len() == 2), "there are two evaluators");
}

#[test]
fn admits_and_refuses_as_the_table_says() {
    if !has(PYTHON, "guard-table", "the table of the guard") {
        return;
    }
    let rows = judged(&["tests/injector/guard.yaml"]);
    agree(&rows);
    let names: BTreeSet<_> = rows.iter().map(|(name, ..)| name).collect();
    assert!(rows.len() >= 100 && names.len() == rows.len(), "{} rows, {} names", rows.len(), names.len());
    let reasons: BTreeSet<_> = rows.iter().map(|(_, expected, _)| expected.clone()).collect();
    let guard = std::fs::read_to_string(GUARD).expect("the guard is there");
    for code in (480..=487).map(|number| format!("SG0{number}")) {
        assert!(reasons.contains(&code) && guard.contains(&format!("{code}: ")), "{code} has no row");
    }
    summary("guard-table", &format!("guard: {} pods judged alike by two evaluators", rows.len()));
}

#[test]
fn admits_every_golden_pod_that_got_its_gate() {
    if !has(PYTHON, "guard-golden", "what the guard says of golden pods") {
        return;
    }
    let rows = judged(&["--golden", "tests/golden/inject"]);
    agree(&rows);
    let named = |word: &str| rows.iter().any(|(name, ..)| name.contains(word));
    for mode in ["named_port", "redirect", "loopback", "stdio", "plain", "shadow", "policy_image"] {
        assert!(named(mode), "there is no golden pod of `{mode}`");
    }
    assert!(rows.len() >= 60, "{} pods", rows.len());
    summary("guard-golden", &format!("guard: {} golden pods admitted by two evaluators", rows.len()));
}

#[test]
fn is_what_the_versions_of_kubernetes_know() {
    if !has(VALIDATE, "guard-valid", "the validation of the guard") {
        return;
    }
    for version in ["1.30", "1.33", "1.37"] {
        let done = Command::new(VALIDATE).args(["--strict", "-k", version, GUARD]).output();
        let done = done.expect("it can be started");
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        assert!(done.status.success(), "{version}: {said}");
        assert_eq!(said.matches(" passed for resource ").count(), 3, "{version}: {said}");
    }
}
