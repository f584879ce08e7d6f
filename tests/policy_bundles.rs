//! Every bundle that is shipped compiles, warns of nothing, and its test cases come out as expected.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluicegate::policy::{Paint, SchemaOf, Source, compile, schema};
use sluicegate::trial::{self, Selection};

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
        let selection = Selection { filter: None, unix_ms: NOW };
        let report = trial::run(&Arc::new(policy), &sources, selection);
        assert!(report.faults.is_empty(), "{}", report.faults.render(Paint::Plain));
        assert!(report.passed() >= 6, "{} has {} cases", folder.display(), report.passed());
    }
}

/// The schemas that editors take, and the ending of the files that each is about; the first that fits counts.
const SCHEMAS: &[(SchemaOf, &str, &str)] = &[
    (SchemaOf::Tests, ".test.yaml", "test.schema.json"),
    (SchemaOf::Lock, "tools.lock.yaml", "lock.schema.json"),
    (SchemaOf::Policy, ".yaml", "policy.schema.json"),
];

/// `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn the_schemas_for_editors_are_current() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    for (of, _, name) in SCHEMAS {
        let current = format!("{:#}\n", schema(*of, None));
        let path = policies.join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &current).expect("writable");
        }
        let shipped = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            shipped == current,
            "{name} is not what `sluicegate schema` prints; run with UPDATE_GOLDEN=1"
        );
    }
}

#[test]
fn every_shipped_file_names_its_schema() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut found = Vec::new();
    bundles(&policies, &mut found);
    for folder in found {
        for source in sources(&folder).iter().filter(|source| source.name.ends_with(".yaml")) {
            let of = SCHEMAS.iter().find(|(_, ending, _)| source.name.ends_with(ending)).expect("a kind");
            let line = source.text.lines().next().unwrap_or_default();
            let named = line.strip_prefix("# yaml-language-server: $schema=").unwrap_or_default();
            let path = folder.join(named).canonicalize().ok();
            assert_eq!(path, policies.join(of.2).canonicalize().ok(), "{}: {line}", source.name);
        }
    }
}
