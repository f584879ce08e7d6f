//! Every code has a text; its wrong example raises the code, and its right one raises nothing.

use std::collections::BTreeMap;

use std::path::Path;
use std::sync::Arc;

use sluicegate::names::Mode;
use sluicegate::policy::{Code, Fault, Faults, Registry, Severity, Source, compile_over};
use sluicegate::trial::{self, Selection};

/// 2026-11-01, in the texts an exception ends shortly after it.
const NOW_MS: u64 = 1_793_491_200_000;

/// What an example leaves out.
const BASE: &[(&str, &str)] = &[
    ("server:", "server: { id: db }"),
    ("callers:", "callers: { anonymous: allow }"),
    (
        "tools:",
        "tools: { db_query: { class: read }, db_drop: { class: destructive }, report.daily: { class: read } }",
    ),
    ("allow:", "allow: [{ id: reads, tools: [db_query] }]"),
];

/// The files of the examples of one kind, and whether they are a whole bundle.
fn example(explanation: &str, kind: &str) -> Option<Vec<Source>> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut is_alone = false;
    for block in explanation.split("\n```").skip(1).step_by(2) {
        let (info, text) = block.split_once('\n')?;
        let mut words = info.split(' ').skip(1);
        if words.next() != Some(kind) {
            continue;
        }
        let name = words.next().unwrap_or("policy.yaml");
        is_alone |= name == "alone";
        let name = if name == "alone" { "policy.yaml" } else { name };
        let is_policy = name.ends_with("yaml") && !name.ends_with(".test.yaml");
        let version = if is_policy && !text.contains("version:") { "version: 1\n" } else { "" };
        files.insert(name, format!("{version}{text}\n"));
    }
    if files.is_empty() {
        return None;
    }
    let is_said = |key: &str| files.values().any(|text| text.lines().any(|line| line.starts_with(key)));
    let base: Vec<&str> = BASE.iter().filter(|(key, _)| !is_said(key)).map(|(_, text)| *text).collect();
    let mut base = format!("version: 1\n{}\n", base.join("\n"));
    if files.contains_key("tools.lock.yaml") {
        base =
            base.lines().filter(|line| !line.starts_with("tools:")).map(|line| format!("{line}\n")).collect();
    }
    if !is_alone {
        files.insert("zz-base.yaml", base);
    }
    Some(files.into_iter().map(|(name, text)| Source { name: name.into(), text }).collect())
}

fn findings(sources: &[Source]) -> Faults {
    let is_registry = |source: &&Source| *source.name == *"registry.json";
    let registry = sources
        .iter()
        .find(is_registry)
        .map(|source| Registry::from_document(&source.text).expect("a document of a registry"));
    match compile_over(sources, registry.as_ref(), NOW_MS, Mode::Enforce) {
        Err(faults) => faults,
        Ok(policy) => {
            let policy = Arc::new(policy);
            let report = trial::run(&policy, sources, Selection { filter: None, unix_ms: NOW_MS });
            if report.faults.is_empty() { policy.warnings().clone() } else { report.faults }
        }
    }
}

#[test]
fn every_code_is_explained_and_its_examples_are_what_they_say() {
    sluicegate::identity::install_crypto();
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let text = code.explanation();
        let (Some(bad), Some(good)) = (example(text, "wrong"), example(text, "right")) else {
            wrong.push(format!("{}: no text with both examples", code.as_str()));
            continue;
        };
        let raised = findings(&bad);
        let is_other = |fault: &Fault| fault.code != code && fault.code.severity() == Severity::Error;
        if !raised.iter().any(|fault| fault.code == code) || raised.iter().any(is_other) {
            wrong.push(format!("{}: the wrong example raises\n{raised}", code.as_str()));
        }
        let raised = findings(&good);
        if !raised.is_empty() {
            wrong.push(format!("{}: the right example raises\n{raised}", code.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_text_is_about_a_code_that_does_not_exist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy/codes");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the texts are there") {
        let text = std::fs::read_to_string(entry.expect("readable").path()).expect("a text");
        for heading in text.split("\n## ").skip(1).filter_map(|section| section.lines().next()) {
            assert!(Code::parse(heading).is_some(), "{heading}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} texts");
}
