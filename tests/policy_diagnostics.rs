//! What a mistake in a bundle looks like to its author: one folder for each kind of mistake.
//!
//! `expected.txt` is what `check` and `test` show. `UPDATE_GOLDEN=1` writes it anew; read the difference.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluicegate::policy::{Paint, Source, compile};
use sluicegate::trial::{self, Selection};

/// A day in November 2026, in milliseconds since 1970.
const NOW: u64 = 1_795_000_000_000;

const EXPECTED: &str = "expected.txt";

fn sources(folder: &Path) -> Vec<Source> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let mut sources: Vec<Source> = entries
        .map(|path| Source {
            name: path.file_name().expect("a file").to_string_lossy().into(),
            text: fs::read_to_string(&path).expect("text"),
        })
        .filter(|source| *source.name != *EXPECTED)
        .collect();
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    sources
}

fn shown(sources: &[Source]) -> String {
    match compile(sources, NOW) {
        Ok(policy) => {
            let policy = Arc::new(policy);
            let report = trial::run(&policy, sources, Selection { filter: None, unix_ms: NOW });
            let counts = match report.passed() + report.failed() {
                0 => String::new(),
                _ => format!("{} passed, {} failed\n", report.passed(), report.failed()),
            };
            format!(
                "{}{}{counts}",
                policy.warnings().render(Paint::Plain),
                report.faults.render(Paint::Plain)
            )
        }
        Err(faults) => faults.render(Paint::Plain),
    }
}

#[test]
fn every_mistake_is_shown_with_its_place_and_a_way_out() {
    sluicegate::identity::install_crypto();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/policy");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the golden folder")
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 18, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let shown = shown(&sources(&case));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(case.join(EXPECTED), &shown).expect("writable");
        }
        let expected = fs::read_to_string(case.join(EXPECTED)).unwrap_or_default();
        if shown != expected {
            wrong.push(format!("{}: shown\n{shown}\nexpected\n{expected}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
