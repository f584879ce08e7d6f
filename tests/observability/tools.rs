//! The tools that the checks are made with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::summary;

/// Where the rules are.
pub const RULES: &str = "deploy/prometheus/rules.yaml";

/// A program of the machine; where it is missing, says that the stage is skipped.
pub fn program(stage: &str, name: &str) -> Option<Command> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|path| path.join(name)).find(|path| path.is_file());
    known(stage, name, found)
}

/// The Python that can read YAML and PromQL; see [`program`].
pub fn python(stage: &str) -> Option<Command> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/.venv/bin/python");
    let mut python = known(stage, "the Python of tests/tools", path.is_file().then_some(path))?;
    python.arg("tests/observability/read.py");
    Some(python)
}

fn known(stage: &str, name: &str, path: Option<PathBuf>) -> Option<Command> {
    if path.is_none() {
        let line =
            format!("observability: {stage}: skipped, for {name} is missing; run: tests/setup.sh test");
        summary::tell(&format!("observability-{stage}"), &line);
    }
    path.map(Command::new)
}

/// Runs a command to its end with `input`.
pub fn run(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    // Apart, since a program may write before it has read all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("what was to be read is written");
    output
}

/// What a command wrote, to both outputs.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// A YAML file as JSON.
pub fn yaml(mut python: Command, path: &str) -> Value {
    let output = run(python.args(["yaml", path]), "");
    assert!(output.status.success(), "{path}: {}", text(&output));
    serde_json::from_slice(&output.stdout).expect("it writes JSON")
}

/// What each of `expressions` names: metrics, and the labels that are asked of each.
pub fn named(mut python: Command, expressions: &[String]) -> Vec<Vec<(String, Vec<String>)>> {
    let output = run(python.arg("promql"), &serde_json::to_string(expressions).expect("texts"));
    assert!(output.status.success(), "{}", text(&output));
    let named: Vec<Vec<Value>> = serde_json::from_slice(&output.stdout).expect("it writes JSON");
    let words = |value: &Value| {
        let words = value.as_array().into_iter().flatten();
        words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let one =
        |entry: &Value| (entry["metric"].as_str().unwrap_or_default().to_owned(), words(&entry["labels"]));
    named.iter().map(|entries| entries.iter().map(one).collect()).collect()
}

/// Every rule of the rules file.
pub fn rules(python: Command) -> Vec<Value> {
    let groups = yaml(python, RULES)["groups"].as_array().cloned().unwrap_or_default();
    groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect()
}
