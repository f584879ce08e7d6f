//! Recorded calls judged again: the same policy changes nothing, another one exactly what it says otherwise.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::bundle::{self, ALICE, BOB, Bundle, EVE};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::upstream::Upstream;
use crate::support::wait_for;

/// Rules that look at arguments, time and callers.
const RULES: &str = "scopes: [read, write]
deny:
  - { id: big, tools: [echo], owner: o, when_missing: ignore, args: { echo: { limit: { min: 100 } } } }
  - { id: hush, tools: [lookup], owner: o, args: { lookup: { who: { prefix: /private/ } } }, unless: { roles: [reader] } }
audit: { level: facts, values: [limit] }
";

/// Calls by everybody, of everything, with all kinds of arguments.
fn hour(gate: &Gate) -> usize {
    let arguments = [
        r"{}",
        r#"{"limit":99}"#,
        r#"{"limit":100}"#,
        r#"{"limit":"x"}"#,
        r#"{"who":"/private/a"}"#,
        r#"{"who":"/public/a","limit":7}"#,
        r#"{"limit":null}"#,
    ];
    let mut sent = 0;
    for bearer in [ALICE, BOB, EVE] {
        let mut wire = gate.connect();
        for tool in ["echo", "lookup", "delete_all", "no_such_tool"] {
            for arguments in arguments {
                wire.post(bearer, &[], &call(1, tool, arguments));
                sent += 1;
            }
        }
    }
    gate.post("nobody", &call(1, "echo", "{}"));
    wait_for("every call to be written down", || (gate.records().len() > sent).then_some(()));
    sent
}

fn run(words: &[&str]) -> (i32, String) {
    let output = sluicegate().args(words).output().expect("the binary under test can be started");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

#[test]
fn finds_exactly_the_planted_differences() {
    let upstream = Upstream::echo();
    let policy = bundle::with(RULES);
    let gate = Gate::start(&policy, &upstream.url());
    let sent = hour(&gate);
    let audit = text(gate.audit()).to_owned();
    let (code, same) = run(&["replay", text(gate.bundle.path()), "--from", &audit]);
    assert_eq!(code, 0, "{same}");
    assert!(
        same.contains(&format!("{sent} calls judged again, 0 decided otherwise, 0 not knowable")),
        "{same}"
    );
    assert!(same.contains("not judged by rules (auth_invalid): 1x"), "{same}");

    // `limit` is recorded with its value, so another bound is known; 99 and 100 are on either side of it.
    let bound = Bundle::new(&policy.replace("min: 100", "min: 99"));
    let (code, report) = run(&["replay", text(bound.path()), "--from", &audit, "-o", "json"]);
    let report: Value = serde_json::from_str(&report).expect("a report is JSON");
    assert_eq!((code, &report["compared"]), (1, &json!(sent)));
    let changes = report["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{report}");
    assert_eq!(changes[0]["target"], "echo");
    assert_eq!(
        [&changes[0]["from"], &changes[0]["to"]],
        [&json!("allow"), &json!("deny (tool_not_allowed)")]
    );
    assert_eq!(
        [&changes[0]["rule"], &changes[0]["count"], &changes[0]["callers"]],
        [&json!("big"), &json!(2), &json!(2)]
    );

    // Of `who` only the answer to the old question is recorded.
    let other =
        Bundle::new(&policy.replace("/private/", "/secret/").replace(", unless: { roles: [reader] }", ""));
    let (code, report) = run(&["replay", text(other.path()), "--from", &audit]);
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("not knowable: lookup: it hangs on `who prefix: /secret/`"), "{report}");

    let (code, report) = run(&["diff", text(gate.bundle.path()), text(bound.path()), "--on", &audit]);
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("deny big\n  - echo; limit min: 100, or absent"), "{report}");
    assert!(
        report.contains("allow -> deny (tool_not_allowed): echo, rule big, reader: 2x, 2 callers"),
        "{report}"
    );
    let (code, report) = run(&["diff", text(gate.bundle.path()), text(gate.bundle.path())]);
    assert_eq!((code, report.as_str()), (0, "the rules and roles say the same\n"));

    let (code, patch) = run(&["suggest", text(gate.bundle.path()), "--from", &audit]);
    assert_eq!(code, 0, "{patch}");
    let file: String = patch
        .lines()
        .skip(3)
        .filter_map(|line| line.strip_prefix('+'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(file.contains("# seen 8x, 2 callers"), "{file}");
    let merged = Bundle::new(
        &policy
            .replace("  - { id: read, roles: [reader], classes: [read] }\n", "  []\n")
            .replace("allow:\n  []\n", ""),
    );
    merged.write("suggested.yaml", &file);
    let (code, report) = run(&["replay", text(merged.path()), "--from", &audit]);
    assert_eq!(code, 0, "what was allowed stays so: {report}\n{file}");
}

#[test]
fn says_what_it_cannot_do() {
    let bundle = Bundle::new(&bundle::clinic());
    let empty = bundle.file("empty.jsonl");
    std::fs::write(&empty, "{\"half\":").expect("a file can be written");
    for (from, part) in [(text(&empty), "holds no call that rules judged"), ("/nonexistent", "cannot read")] {
        let (code, said) = run(&["replay", text(bundle.path()), "--from", from]);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(run(&["replay"]).0, 2);
}
