//! The systemd unit starts the gate with words that it knows.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Starts the binary, ends it once it says that it is ready, and returns that line; else all that it said.
pub fn starts(words: &[String]) -> String {
    let mut gate = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let lines = BufReader::new(gate.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines {
        // Audit records may come before it.
        if line.contains(" ready listen=") {
            said = line;
            break;
        }
        said += &line;
    }
    gate.kill().expect("it runs");
    gate.wait().expect("it ends");
    said
}

#[test]
fn the_unit_starts_the_gate() {
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
    let line = starts(&words.collect::<Vec<_>>());
    assert!(line.starts_with("sluicegate ready listen=http://127.0.0.1:"), "{line}");
    assert!(audit.exists(), "it writes down where it was told to");
}
