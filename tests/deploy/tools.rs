//! The tools that judge, and how they are asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The oldest version that the chart takes, the first with the guard, and two that clusters run.
pub const KUBERNETES: [&str; 4] = ["1.29", "1.30", "1.33", "1.37"];
pub const CHART: &str = "deploy/helm/sluicegate";
/// The namespace that the documentation installs into.
pub const NAMESPACE: &str = "sluicegate-system";

/// Finds programs, those that `tests/setup.sh` installs before those of the machine.
pub fn find(program: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = ["tests/tools/.venv/bin", "tests/tools/bin"].map(|folder| root.join(folder));
    let search = std::env::var_os("PATH").unwrap_or_default();
    own.into_iter()
        .chain(std::env::split_paths(&search))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Whether every one of `programs` is there; says which are not.
pub fn has(stage: &str, programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().copied().filter(|program| find(program).is_none()).collect();
    if !missing.is_empty() {
        skip(stage, &format!("no {}", missing.join(", no ")));
    }
    missing.is_empty()
}

/// Counts a stage as skipped, for the runner of all tests to show.
pub fn skip(stage: &str, reason: &str) {
    let line = format!("deploy: skipped {stage}: {reason}; bash tests/setup.sh test");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/summaries");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let name = stage.replace(' ', "-");
    std::fs::write(folder.join(format!("deploy-{name}.txt")), format!("{line}\n"))
        .expect("it can be written");
    println!("{line}");
}

/// Runs a program that is there; whether it was content, and all that it said.
pub fn ask(program: &str, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(find(program).expect("looked for before"));
    let output = command.args(words).stdin(Stdio::null()).output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// As [`ask`], for a program that must be content.
#[track_caller]
pub fn get(program: &str, words: &[&str]) -> String {
    let output =
        Command::new(find(program).expect("looked for before")).args(words).stdin(Stdio::null()).output();
    let output = output.expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {said}", words.join(" "));
    String::from_utf8(output.stdout).expect("text")
}

/// What the chart becomes with some words more.
#[track_caller]
pub fn render(version: &str, words: &[&str]) -> String {
    let base = ["template", "sluicegate", CHART, "--namespace", NAMESPACE, "--kube-version", version];
    get("helm", &[&base, words].concat())
}

/// The documents of a YAML stream.
#[track_caller]
pub fn documents(text: &str) -> Vec<Value> {
    const READ: &str = "import json, sys, yaml; \
        print(json.dumps([d for d in yaml.safe_load_all(open(sys.argv[1])) if d is not None]))";
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let path = file.path().to_str().expect("a path");
    serde_json::from_str(&get("python", &["-c", READ, path])).expect("JSON")
}

/// The objects of a kind.
pub fn of_kind<'d>(documents: &'d [Value], kind: &str) -> Vec<&'d Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// The one object of a kind.
#[track_caller]
pub fn the<'d>(documents: &'d [Value], kind: &str) -> &'d Value {
    let found = of_kind(documents, kind);
    assert_eq!(found.len(), 1, "objects of the kind {kind}");
    found[0]
}

/// Every file below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    for entry in entries {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
