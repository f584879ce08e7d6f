//! The official MCP conformance suite, directly and through the gate: the verdicts are the same.
//!
//! Two versions of the suite in five legs, one for each way of running it; see `tests/conformance`.

#[path = "support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::gate::Gate;
use support::peers::Server;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let is_there = folder.join("node_modules/.digest").exists();
    assert!(is_there, "the conformance suite is not installed: run `bash tests/setup.sh test`");
    folder
}

fn policy() -> String {
    std::fs::read_to_string(folder().join("policy.yaml")).expect("the policy is part of the repository")
}

/// Runs the suite directly and through a gate with `policy`; its results stay in `target/tmp/NAME`.
fn run(name: &str, policy: &str, environment: &[(&str, &str)]) -> Output {
    let (direct, behind) = (Server::conformance(), Server::conformance());
    let gate = Gate::start(policy, &behind.url);
    let mut command = Command::new("bash");
    command.arg(folder().join("run.sh")).arg("compare");
    command.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).args([&direct.url, &gate.url()]);
    command.envs(environment.iter().copied()).output().expect("bash can be started")
}

#[test]
fn gives_the_same_verdicts_through_the_gate_as_directly() {
    let output = run("conformance", &policy(), &[]);
    // Not by `print!`, which the test runner keeps to itself: the totals are for everybody to see.
    let _ = std::io::stdout().write_all(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The comparison can fail: a gate that hides one tool is found out, in the scenario of that tool.
#[test]
fn finds_out_a_gate_that_hides_a_tool() {
    let shy = format!("{}deny:\n  - {{ id: shy, tools: [test_image_content] }}\n", policy());
    let one = [("LEGS", "2025-11-25"), ("SCENARIO", "tools-call-image")];
    let output = run("conformance-shy", &shy, &one);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let wanted = "differs through the gate  tools-call-image: 2 passed, 0 failed, 0 warned -> ";
    assert!(said.contains(wanted), "{said}");
    assert!(!said.contains("not as the baseline"), "{said}");
}
