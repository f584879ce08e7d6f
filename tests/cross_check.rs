//! Both evaluators, native and Cedar, on whole bundles.

use std::fs;
use std::path::{Path, PathBuf};

use sluicegate::policy::{self, Paint, Policy};
use sluicegate::store;

/// 2026-11-23.
const TODAY_UNIX_MS: u64 = 1_795_392_000_000;

fn compiled(directory: &Path) -> Policy {
    let sources = store::read(directory).expect("a bundle");
    policy::compile(&sources, TODAY_UNIX_MS)
        .unwrap_or_else(|faults| panic!("{}:\n{}", directory.display(), faults.render(Paint::Plain)))
}

fn room(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn bundles(under: &Path, found: &mut Vec<PathBuf>) {
    let entries: Vec<PathBuf> =
        fs::read_dir(under).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    if entries.iter().any(|path| path.file_name().is_some_and(|name| name == "policy.yaml")) {
        found.push(under.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| bundles(path, found));
}

/// The acceptance test of the lowering: see `src/policy/cedar`.
#[test]
fn agree_on_a_hundred_thousand_messages() {
    let policy = compiled(&room("tests/cedar/rich"));
    let agreement = policy.cross_check(100_000, 1).unwrap_or_else(|fault| panic!("{fault}"));
    println!("{agreement:?}");
    assert_eq!(agreement.judged + agreement.unasked, 100_000);
    let share = agreement.allowed * 100 / agreement.judged;
    assert!((20..80).contains(&share), "messages meet rules of both kinds: {share} % are allowed");
}

#[test]
fn agree_on_every_policy_that_is_shipped() {
    let mut found = Vec::new();
    bundles(&room("policies"), &mut found);
    assert!(!found.is_empty());
    for bundle in found {
        let policy = compiled(&bundle);
        let agreement =
            policy.cross_check(2_000, 7).unwrap_or_else(|fault| panic!("{}: {fault}", bundle.display()));
        assert_eq!(agreement.judged + agreement.unasked, 2_000, "{}", bundle.display());
    }
}

#[test]
fn lowers_each_rule_as_the_golden_file_says() {
    let policy = compiled(&room("tests/cedar/rich"));
    let rules: Vec<String> = policy.rule_ids().filter_map(|id| policy.cedar(id.as_str())).collect();
    let text = format!("{}\n{}", rules.join("\n"), policy::schema_text(&policy));
    let golden = room("tests/cedar/rich/expected.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &text).expect("a file that may be written");
    }
    assert_eq!(text, fs::read_to_string(&golden).expect("the golden file"), "UPDATE_GOLDEN=1 writes it anew");
    assert_eq!(policy.cedar("nobody"), None);
}
