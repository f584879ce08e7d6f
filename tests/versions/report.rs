//! Who still calls an old version, as the trail tells it.

use serde_json::Value;

use crate::stage::{gate, transition};
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::sluicegate;

fn told(words: &[&std::ffi::OsStr]) -> (Option<i32>, String) {
    let output = sluicegate().args(["versions", "report"]).args(words).output().expect("it can be started");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_report_names_who_still_calls_an_old_version() {
    let (gate, _upstream) = gate(&transition("2099-03-01"), "");
    for _ in 0..3 {
        gate.call(ALICE, "search", r#"{"q":"tea"}"#);
    }
    gate.call(ALICE, "search", "{}");
    gate.call(BOB, "search", r#"{"query":"tea","limit":1}"#);
    crate::support::wait_for("five calls", || {
        let records = gate.records();
        let calls = records.iter().filter(|record| record["action"]["method"] == "tools/call");
        (calls.count() == 5).then_some(())
    });
    let (code, text) = told(&[gate.audit().as_os_str()]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((code, lines.len()), (Some(1), 2), "{text}");
    assert_eq!(lines[1][..7], ["search@1", "deprecated", "acme", "-", "alice", "4", "1"], "{text}");
    let (code, text) = told(&[gate.audit().as_os_str(), "--all".as_ref(), "-o".as_ref(), "json".as_ref()]);
    let uses: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, uses["uses"].as_array().map(Vec::len)), (Some(1), Some(2)), "{text}");
    assert_eq!(uses["uses"][1]["caller"], "bob");
    let gone = gate.bundle.file("gone.jsonl");
    assert_eq!(told(&[gone.as_os_str()]).0, Some(3));
    let empty = gate.bundle.file("empty.jsonl");
    std::fs::write(&empty, "").expect("it can be written");
    assert_eq!(told(&[empty.as_os_str()]), (Some(0), "nobody calls an old version\n".to_owned()));
}
