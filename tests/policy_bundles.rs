//! Every bundle that is shipped compiles, warns of nothing, and its test cases come out as expected.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluicegate::policy::{Paint, SchemaOf, Source, compile, schema};
use sluicegate::trial::{self, Selection};

/// A day in November 2026, in milliseconds since 1970.
const NOW: u64 = 1_795_000_000_000;

/// The folder of a bundle in which the files of the organisation are.
const ORGANISATION: &str = "organisation";

fn bundles(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("policies/ is part of the repository");
    let entries: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    // The layer of an organisation is a part of the bundle that it lies in.
    if folder.ends_with(ORGANISATION) {
        return;
    }
    // Beside the bundles lies one file that is to be copied into others.
    if !folder.ends_with("policies")
        && entries.iter().any(|path| path.extension().is_some_and(|extension| extension == "yaml"))
    {
        found.push(folder.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| bundles(path, found));
}

fn sources(folder: &Path) -> Vec<Source> {
    let files = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let paths = entries.map(|entry| entry.expect("readable").path());
        paths.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let files = [files(folder), files(&folder.join(ORGANISATION))].concat();
    let is_read =
        |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "yaml" || ending == "json");
    let mut sources: Vec<Source> = files
        .iter()
        .filter(is_read)
        .map(|path| Source {
            name: path.strip_prefix(folder).expect("it lies there").to_string_lossy().into(),
            text: fs::read_to_string(path).expect("text"),
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
    assert!(found.len() >= 6, "bundles: {found:?}");
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

#[test]
fn the_baseline_adds_to_a_bundle_and_allows_nothing() {
    let own =
        "version: 1\nserver: { id: acme }\ncallers: { anonymous: allow }\ntools: { look: { class: read } }\n";
    let cases = r#"
cases:
  - name: nothing is allowed that a rule does not allow
    as: { user: kim }
    call: { tool: look, args: {} }
    expect: { decision: ALLOWED }
"#;
    let hidden = r#"
  - name: secrets do not go in
    with: { args.text: "AKIAIOSFODNN7EXAMPLE" }
    expect: { decision: deny, reason: secret, found: { aws_access_key: 1 } }
  - name: card numbers do not come out
    with: { args.text: null }
    result: { content: [{ type: text, text: "4111 1111 1111 1111" }] }
    expect: { decision: allow, found: { pan: 1 } }
  - name: a loop is stopped
    repeat: { times: 31 }
    expect: { allowed: 30, denied_by: limit/baseline-tool }
"#;
    let baseline = fs::read_to_string("policies/baseline.yaml").expect("it is shipped");
    for (rule, decision, more) in
        [("", "deny", ""), ("allow: [{ id: look, tools: [look] }]\n", "allow", hidden)]
    {
        let sources = [
            ("baseline.yaml", baseline.clone()),
            ("own.test.yaml", cases.replace("ALLOWED", decision) + more),
            ("policy.yaml", format!("{own}{rule}")),
        ]
        .map(|(name, text)| Source { name: name.into(), text });
        let policy =
            compile(&sources, NOW).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        assert!(policy.warnings().is_empty(), "{}", policy.warnings().render(Paint::Plain));
        let report = trial::run(&Arc::new(policy), &sources, Selection { filter: None, unix_ms: NOW });
        assert!(report.faults.is_empty(), "{}", report.faults.render(Paint::Plain));
        assert_eq!(report.passed(), if more.is_empty() { 1 } else { 4 });
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
        // What `pin` writes is replaced whole, a line of ours with it.
        let is_written =
            |source: &&Source| source.name.ends_with(".yaml") && &*source.name != "tools.lock.yaml";
        for source in sources(&folder).iter().filter(is_written) {
            let of = SCHEMAS.iter().find(|(_, ending, _)| source.name.ends_with(ending)).expect("a kind");
            let line = source.text.lines().next().unwrap_or_default();
            let named = line.strip_prefix("# yaml-language-server: $schema=").unwrap_or_default();
            let own = folder.join(&*source.name);
            let path = own.parent().and_then(|beside| beside.join(named).canonicalize().ok());
            assert_eq!(path, policies.join(of.2).canonicalize().ok(), "{}: {line}", source.name);
        }
    }
}
