//! A schema says yes to every bundle in the repository and no to those with a wrong key, type or word.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::policy::code::Code;
use crate::policy::compile::Part;
use crate::policy::diagnostic::Findings;
use crate::policy::{Cases, Lock, Source, compile, yaml};

/// Codes that are about the form of a file alone, so that a schema should see them.
const OF_FORM: &[Code] = &[Code::UnknownKey, Code::UnknownWord, Code::WrongType];

const NOW_MS: u64 = 1_793_491_200_000;

fn every_shape() -> Vec<Shape> {
    let tools = Tools::new(None);
    let mut shapes = sections::shapes(&tools);
    shapes.extend(beside::tests(&tools));
    shapes.extend(beside::lock());
    shapes
}

#[test]
fn every_key_has_a_form_and_a_sentence() {
    for shape in every_shape() {
        let mut rows: Vec<&str> = shape.rows.iter().map(|row| row.key).collect();
        let mut keys = shape.keys.to_vec();
        rows.sort_unstable();
        keys.sort_unstable();
        assert_eq!(rows, keys, "the rows and the reader of `{}`", shape.name);
        for Row { key, says, .. } in &shape.rows {
            assert!(says.len() >= 8 && !says.ends_with('.'), "{}.{key}: `{says}`", shape.name);
        }
        let named = shape.needed.iter().chain(shape.some_of.iter().copied().flatten());
        assert!(named.copied().all(|key| shape.keys.contains(&key)), "{}", shape.name);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for of in [SchemaOf::Lock, SchemaOf::Policy, SchemaOf::Tests] {
        let schema = schema(of, None);
        let text = schema.to_string();
        for name in text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(schema["$defs"].get(name).is_some(), "{name}");
        }
        jsonschema::meta::validate(&schema).expect("a schema");
    }
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    for (folder, prefix) in [(folder.to_owned(), ""), (folder.join("organisation"), "organisation/")] {
        let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("readable").path());
        found.extend(files.filter(|path| path.is_file()).map(|path| Source {
            name: format!("{prefix}{}", path.file_name().expect("a file").to_string_lossy()).into(),
            text: fs::read_to_string(&path).expect("text"),
        }));
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn bundles(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()) {
        if path.is_dir() {
            bundles(&path, found);
        } else if path.file_name().is_some_and(|name| name == "policy.yaml") {
            found.push(folder.to_owned());
        }
    }
}

/// What the schema says of each file, with the lock file of the bundle where there is a good one.
fn complaints(sources: &[Source]) -> Vec<String> {
    let lock = sources.iter().find(|source| *source.name == *"tools.lock.yaml");
    let lock = lock.and_then(|source| Lock::read(source.clone()).ok());
    let mut complaints = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let of = match Part::of(&source.name) {
            Part::Lock => SchemaOf::Lock,
            Part::Policy => SchemaOf::Policy,
            Part::Test => SchemaOf::Tests,
            Part::Attachment | Part::Cedar | Part::Misnamed => continue,
        };
        let Some(root) = yaml::parse(file, source, &mut Findings::default()) else { continue };
        let instance: Value = serde_json::from_str(&root.json()).expect("a tree is JSON");
        let validator = jsonschema::validator_for(&schema(of, lock.as_ref())).expect("a schema");
        let faults = validator.iter_errors(&instance);
        complaints.extend(faults.map(|fault| format!("{}: {}: {fault}", source.name, fault.instance_path())));
    }
    complaints
}

#[test]
fn agrees_with_the_compiler_about_every_bundle_in_the_repository() {
    crate::identity::install_crypto();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    bundles(&root.join("policies"), &mut found);
    bundles(&root.join("tests/golden"), &mut found);
    let (mut good, mut bad) = (0, 0);
    for folder in found {
        let sources = sources(&folder);
        let codes: Vec<Code> = match compile(&sources, NOW_MS) {
            Ok(policy) => {
                Cases::read(&policy, &sources).settle(&sources).iter().map(|fault| fault.code).collect()
            }
            Err(faults) => faults.iter().map(|fault| fault.code).collect(),
        };
        if sources.iter().any(|source| Part::of(&source.name) == Part::Cedar) {
            // What is wrong with Cedar is in no YAML.
            continue;
        }
        let complaints = complaints(&sources);
        if codes.is_empty() {
            assert!(complaints.is_empty(), "{}: {complaints:#?}", folder.display());
            good += 1;
        } else if codes.iter().any(|code| OF_FORM.contains(code)) {
            assert!(!complaints.is_empty(), "{} is valid in spite of {codes:?}", folder.display());
            bad += 1;
        }
    }
    assert!(good >= 3 && bad >= 6, "{good} good bundles, {bad} bad ones");
}

const LOCK: &str = r#"version: 1
tools:
  - name: query
    sha256: "SHA"
    inputSchema: { "type": "object", "properties": {
      "database": { "type": "string", "enum": ["analytics", "reports"], "description": "which one" },
      "filter": { "type": "object" } } }
  - { name: ping, class: read }
"#;

fn lock() -> Lock {
    let sha256 = "0".repeat(64);
    let source = Source { name: "tools.lock.yaml".into(), text: LOCK.replace("SHA", &sha256) };
    Lock::read(source).expect("a lock file whose definition was edited still reads")
}

#[test]
fn knows_the_tools_and_arguments_of_a_lock_file() {
    let schema = schema(SchemaOf::Policy, Some(&lock()));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let cases = [
        (
            r#"{"id": "a", "tools": ["query", "*"], "args": {"query": {"database": {"in": ["reports"]}}}}"#,
            true,
        ),
        (r#"{"id": "a", "tools": "query", "args": {"query": {"filter.owner": {"equals": "me"}}}}"#, true),
        (
            r#"{"id": "a", "tools": "*", "args": {"*": {"anything": {"max": 1}}, "ping": {"x": {"min": 1}}}}"#,
            true,
        ),
        (r#"{"id": "a", "tools": ["qurey"]}"#, false),
        (r#"{"id": "a", "tools": "query", "args": {"qurey": {"database": {"in": ["reports"]}}}}"#, false),
        (r#"{"id": "a", "tools": "query", "args": {"query": {"databse": {"in": ["reports"]}}}}"#, false),
        (r#"{"id": "a", "tools": "query", "args": {"query": {"database": {"in": ["report"]}}}}"#, false),
        (r#"{"id": "a", "tools": "query", "args": {"query": {"database": {"equals": "report"}}}}"#, false),
        (r#"{"id": "a", "tools": "query", "arguments": {}}"#, false),
        (r#"{"tools": "query"}"#, false),
        (r#"{"id": "a"}"#, false),
    ];
    for (rule, is_valid) in cases {
        let rule: Value = serde_json::from_str(rule).expect("JSON");
        let bundle = json!({ "version": 1, "allow": [rule] });
        assert_eq!(validator.is_valid(&bundle), is_valid, "{rule}");
    }
    let database = &schema["$defs"]["allow"]["properties"]["args"]["properties"]["query"]["properties"];
    assert_eq!(database["database"]["description"], "string: which one");
}
