//! What `deploy/` starts is what the binary takes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn the_unit_starts_the_gate_with_words_that_it_knows() {
    let unit = std::fs::read_to_string("deploy/sluicegate.service").expect("the unit is there");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("it starts something");
    let folder = tempfile::tempdir().expect("a folder");
    let audit = folder.path().join("audit.jsonl");
    // The machine's own paths and ports give way to those of the test.
    let words = start.split_whitespace().skip(1).map(|word| match word {
        "127.0.0.1:15801" | "127.0.0.1:15820" => "127.0.0.1:0".to_owned(),
        "/etc/sluicegate/policy" => "policies/quickstart".to_owned(),
        "/var/log/sluicegate/audit.jsonl" => audit.display().to_string(),
        word => word.to_owned(),
    });
    let mut gate = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    let read = BufReader::new(gate.stdout.take().expect("piped")).read_line(&mut line);
    gate.kill().expect("it runs");
    gate.wait().expect("it ends");
    assert!(read.is_ok() && line.starts_with("sluicegate ready listen=http://127.0.0.1:"), "{line}");
    assert!(audit.exists(), "it writes down where it was told to");
}
