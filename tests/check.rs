//! `sluicegate check`, `test` and `codes` as scripts, editors and pipelines use them: what stands on
//! standard output, and how the process ends.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const GOOD: &str = "version: 1
server: { id: db }
callers: { anonymous: allow }
tools: { db_query: { class: read }, db_drop: { class: destructive } }
allow:
  - { id: reads, tools: [db_query] }
";

/// Exit code, standard output and standard error.
fn run(words: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let output = command.args(words).current_dir(folder).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A folder with the bundles `good`, `warned` and `wrong`, and an empty folder `empty`.
fn bundles() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let warned = format!("{GOOD}deny:\n  - {{ id: no-drop, tools: [db_drop] }}\n");
    for (name, text) in
        [("good", GOOD), ("warned", &warned), ("wrong", &GOOD.replace("[db_query]", "[db_qurey]"))]
    {
        fs::create_dir(folder.path().join(name)).expect("made");
        fs::write(folder.path().join(name).join("policy.yaml"), text).expect("written");
    }
    fs::create_dir(folder.path().join("empty")).expect("made");
    folder
}

#[test]
fn ends_as_it_went_whatever_the_output() {
    let folder = bundles();
    let cases: &[(&[&str], i32)] = &[
        (&["good"], 0),
        (&["good", "warned"], 0),
        (&["--strict", "good"], 0),
        (&["--strict", "good", "warned"], 1),
        (&["wrong", "good"], 1),
        (&["good", "empty"], 3),
        (&["wrong", "missing"], 3),
        (&["good", "--tools", "missing.lock.yaml"], 3),
        (&[], 2),
        (&["good", "--strickt"], 2),
    ];
    for output in ["human", "json", "sarif", "github"] {
        for (words, wanted) in cases {
            let words = [&["check", "-o", output], *words].concat();
            let (code, stdout, stderr) = run(&words, folder.path());
            assert_eq!(code, Some(*wanted), "{words:?}: {stdout}{stderr}");
        }
    }
    assert_eq!(run(&["check", "-o", "xml", "good"], folder.path()).0, Some(2));
}

#[test]
fn writes_one_object_about_all_bundles() {
    let folder = bundles();
    let (_, json, _) = run(&["check", "-o", "json", "wrong", "./good", "missing"], folder.path());
    let json: Value = serde_json::from_str(&json).expect("one object, and nothing beside it");
    assert_eq!(json["files"], serde_json::json!(["wrong/policy.yaml", "good/policy.yaml"]));
    assert_eq!(json["findings"][0]["file"], "wrong/policy.yaml");
    assert_eq!(json["unable"][0]["bundle"], "missing");
    let (_, sarif, _) = run(&["check", "-o", "sarif", "wrong", "missing"], folder.path());
    let sarif: Value = serde_json::from_str(&sarif).expect("one log, and nothing beside it");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "SG0013");
    let (_, github, _) = run(&["check", "-o", "github", "wrong", "missing"], folder.path());
    assert!(github.lines().all(|line| line.starts_with("::error ")), "{github}");
    assert_eq!(github.lines().count(), 2, "{github}");
}

#[test]
fn applying_the_suggestion_mends_the_bundle() {
    let folder = bundles();
    let (_, json, _) = run(&["check", "-o", "json", "wrong"], folder.path());
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let change = &json["findings"][0]["suggestion"];
    let number = |key: &str| usize::try_from(change[key].as_u64().expect("a number")).expect("small");
    let path = folder.path().join("wrong/policy.yaml");
    let mut lines: Vec<String> =
        fs::read_to_string(&path).expect("text").lines().map(ToOwned::to_owned).collect();
    let replacement = change["replacement"].as_str().expect("a text");
    lines[number("line") - 1].replace_range(number("column") - 1..number("end_column") - 1, replacement);
    fs::write(&path, lines.join("\n")).expect("written");
    assert_eq!(run(&["check", "wrong"], folder.path()).0, Some(0));
}

#[test]
fn looks_tools_up_in_the_lock_that_is_named() {
    let folder = bundles();
    let lock =
        "version: 1\ntools:\n  - { name: db_query, class: read }\n  - { name: db_drop, class: raed }\n";
    fs::write(folder.path().join("other.yaml"), lock).expect("written");
    let (code, _, stderr) = run(&["check", "--tools", "other.yaml", "good"], folder.path());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("[other.yaml:4:29]"), "the lock is called by its own path: {stderr}");
    fs::write(folder.path().join("other.yaml"), lock.replace("raed", "read")).expect("written");
    assert_eq!(run(&["check", "--tools", "other.yaml", "good"], folder.path()).0, Some(0));
    fs::write(folder.path().join("other.yaml"), "version: 1\ntools: [{ name: db_query, class: read }]\n")
        .expect("written");
    let (code, _, stderr) = run(&["check", "--tools", "other.yaml", "good"], folder.path());
    assert_eq!(code, Some(1), "a tool that is not pinned: {stderr}");
    assert!(stderr.contains("SG0013") && stderr.contains("db_drop"), "{stderr}");
}

#[test]
fn tests_tell_their_findings_likewise() {
    let folder = bundles();
    let case = "cases:\n  - name: drops\n    call: { tool: db_drop }\n    expect: { decision: allow }\n";
    assert_eq!(run(&["test", "-o", "json", "good"], folder.path()).0, Some(3), "no cases");
    fs::write(folder.path().join("good/policy.test.yaml"), case).expect("written");
    let (code, json, _) = run(&["test", "-o", "json", "good"], folder.path());
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(code, Some(1));
    let bundle = &json["bundles"][0];
    assert_eq!(bundle["findings"][0]["code"], "SG0201");
    assert_eq!(bundle["findings"][0]["file"], "good/policy.test.yaml");
    assert_eq!([&bundle["passed"], &bundle["failed"]], [0, 1]);
}

#[test]
fn says_what_a_code_means() {
    let folder = bundles();
    let (_, _, stderr) = run(&["check", "wrong"], folder.path());
    let hint = stderr.lines().last().and_then(|line| line.split("sluicegate ").nth(1)).expect("a hint");
    let words: Vec<&str> = hint.split(' ').collect();
    let (code, stdout, _) = run(&words, folder.path());
    assert_eq!(code, Some(0));
    assert!(stdout.contains("SG0013") && stdout.contains("```yaml wrong"), "{stdout}");
    let (code, all, _) = run(&["codes"], folder.path());
    assert_eq!(code, Some(0));
    assert!(all.lines().count() > 30 && all.contains("SG0104  warning"), "{all}");
    assert_eq!(run(&["codes", "sg0013"], folder.path()).1, stdout);
    assert_eq!(run(&["codes", "SG0999"], folder.path()).0, Some(2));
}

#[test]
fn prints_schemas_for_editors() {
    let folder = bundles();
    for (words, title) in [
        (&["schema"][..], "sluicegate policy"),
        (&["schema", "tests"], "sluicegate policy tests"),
        (&["schema", "lock"], "sluicegate tools.lock.yaml"),
    ] {
        let (code, stdout, _) = run(words, folder.path());
        let schema: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!((code, schema["title"].as_str()), (Some(0), Some(title)));
    }
    let lock = "version: 1\ntools: [{ name: db_query, class: read }]\n";
    fs::write(folder.path().join("tools.lock.yaml"), lock).expect("written");
    let (code, stdout, _) = run(&["schema", "--tools", "tools.lock.yaml"], folder.path());
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\"db_query\""), "{stdout}");
    assert_eq!(run(&["schema", "--tools", "missing.yaml"], folder.path()).0, Some(3));
    fs::write(folder.path().join("tools.lock.yaml"), lock.replace("read", "raed")).expect("written");
    assert_eq!(run(&["schema", "--tools", "tools.lock.yaml"], folder.path()).0, Some(1));
}
