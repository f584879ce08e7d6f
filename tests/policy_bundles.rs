//! Every bundle that is shipped compiles, warns of nothing, and its test cases come out as expected.

use std::fs;
use std::path::{Path, PathBuf};

use sluicegate::policy::{Paint, Source, compile, run_cases};

/// A day in November 2026, in milliseconds since 1970.
const NOW: u64 = 1_795_000_000_000;

fn bundles(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("policies/ is part of the repository");
    let entries: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    if entries.iter().any(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        found.push(folder.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| bundles(path, found));
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut sources: Vec<Source> = fs::read_dir(folder)
        .expect("a bundle")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_file())
        .map(|path| Source {
            name: path.file_name().expect("a file").to_string_lossy().into(),
            text: fs::read_to_string(&path).expect("text"),
        })
        .collect();
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    sources
}

#[test]
fn every_shipped_bundle_compiles_and_passes_its_cases() {
    sluicegate::identity::install_crypto();
    let mut found = Vec::new();
    bundles(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut found);
    assert!(found.len() >= 2, "bundles: {found:?}");
    for folder in found {
        let sources = sources(&folder);
        let policy =
            compile(&sources, NOW).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        assert!(policy.warnings().is_empty(), "{}", policy.warnings().render(Paint::Plain));
        let report = run_cases(&policy, &sources, NOW);
        assert!(report.is_clean(), "{}", report.faults.render(Paint::Plain));
        assert!(report.passed >= 6, "{} has {} cases", folder.display(), report.passed);
    }
}
