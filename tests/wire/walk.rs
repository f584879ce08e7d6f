//! The walk of docs/policies.md from nothing to a policy, command by command, with the real `server-everything`.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::gate::{ready, sluicegate};
use crate::support::peers::{self, Client};
use crate::support::wait_for;

/// What stands between the first and the last words of the section.
fn section() -> String {
    let page = std::fs::read_to_string("docs/policies.md").expect("the page is there");
    let rest = page.split("\n## From nothing to a policy\n").nth(1).expect("the page has the walk");
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// Each command of the section, and the lines below it.
fn steps(section: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        for line in block.split("\n```").next().unwrap_or_default().lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command.to_owned(), String::new())),
                // INVARIANT: writing to a text cannot fail.
                (None, Some((_, shown))) => writeln!(shown, "{line}").expect("it is a text"),
                (None, None) => panic!("`{line}` stands below no command"),
            }
        }
    }
    steps
}

/// Whether `printed` is what is `shown`, in which `[...]` stands for whatever was left out.
fn fits(printed: &str, shown: &str) -> bool {
    let parts: Vec<&str> = shown.trim_end().split("[...]").collect();
    let mut rest = printed.trim_end();
    for (index, part) in parts.iter().enumerate() {
        let found = if index == 0 { rest.starts_with(part).then_some(0) } else { rest.find(part) };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || parts.last().is_some_and(|part| part.is_empty())
}

/// A folder with an `npx` that starts the server which is installed for tests, since no test asks a network.
fn shelf(folder: &Path) -> String {
    let server: Vec<String> = peers::everything().iter().map(|word| format!("'{word}'")).collect();
    let npx = folder.join("npx");
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = '-y @modelcontextprotocol/server-everything' ] && exec {}\nexit 9\n",
        server.join(" ")
    );
    std::fs::write(&npx, script).expect("it is ours");
    std::fs::set_permissions(&npx, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let own = Path::new(env!("CARGO_BIN_EXE_sluicegate")).parent().expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{}:{path}", folder.display(), own.display())
}

/// Runs the gate as the page does, on free ports, and works with the server as somebody with a client would.
fn work(words: &str, home: &Path, path: &str) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut command = sluicegate();
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]).args(&words);
    let mut gate = command
        .stderr(Stdio::null())
        .current_dir(home)
        .env("PATH", path)
        .spawn()
        .expect("the binary can be started");
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let (address, _) = ready(&mut gate, &std::sync::Mutex::default());
        let calls = json!([
            {"list": true},
            {"call": "echo", "args": {"message": "good morning"}},
            {"call": "get-sum", "args": {"a": 2, "b": 3}},
            {"call": "get-sum", "args": {"a": 40, "b": 2}},
        ]);
        let seen: Value = Client::TypeScriptV1.run(&format!("http://{address}/mcp"), "", &calls);
        assert!(seen.to_string().contains("good morning") && seen.to_string().contains("42"), "{seen}");
        let audit = home.join("calls.jsonl");
        wait_for("three calls to be written down", || {
            let text = std::fs::read_to_string(&audit).unwrap_or_default();
            (text.matches(r#""method":"tools/call""#).count() >= 3).then_some(())
        });
    }));
    let _ = gate.kill();
    let _ = gate.wait();
    if let Err(fault) = worked {
        std::panic::resume_unwind(fault);
    }
}

#[test]
fn a_newcomer_gets_from_nothing_to_a_policy() {
    let (home, tools) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let path = shelf(tools.path());
    let steps = steps(&section());
    for verb in ["pin ", "check ", "run --shadow ", "suggest ", "replay ", "test "] {
        let is_there = |(command, _): &(String, String)| command.starts_with(&format!("sluicegate {verb}"));
        assert!(steps.iter().any(is_there), "the walk has no `{verb}`");
    }
    for (command, shown) in steps {
        if let Some(file) = command.strip_prefix("cat ") {
            let file = home.path().join(file);
            if !file.exists() {
                std::fs::write(&file, &shown).expect("it is ours");
            }
        }
        if let Some(words) = command.strip_prefix("sluicegate run ") {
            work(words, home.path(), &path);
            continue;
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(home.path());
        let output = shell.env("PATH", &path).env("NO_COLOR", "1").stdin(Stdio::null()).output();
        let output = output.expect("there is a shell");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(fits(&printed, &shown), "$ {command}\n{printed}\ninstead of\n{shown}");
    }
}

#[test]
fn sees_whether_an_output_is_what_is_shown() {
    for (printed, shown, wanted) in [
        ("one\n", "one\n", true),
        ("one\n", "two\n", false),
        ("one\nmore\n", "one\n", false),
        ("one 17 ms\nlast\n", "one [...]\nlast\n", true),
        ("one 17 ms\nlast\nmore\n", "one [...]\nlast\n", false),
        ("one\nmore\n", "one\n[...]\n", true),
        ("zero one\n", "one\n", false),
    ] {
        assert_eq!(fits(printed, shown), wanted, "{printed:?} as {shown:?}");
    }
}
