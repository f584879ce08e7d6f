//! Every `sluicegate` command that a README shows is run, and prints what the README says.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The README of each bundle below `folder`.
fn of_bundles(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            of_bundles(&path, found);
        } else if path.ends_with("README.md") {
            found.push(path);
        }
    }
}

/// A command and the lines that the text at `path` shows below it.
fn shown(path: &Path) -> Vec<(String, Vec<String>)> {
    let readme = std::fs::read_to_string(path).expect("the README is there");
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_inside = false;
    for line in readme.lines() {
        match (is_inside, line) {
            (false, "```console") => is_inside = true,
            (true, "```") => is_inside = false,
            (true, line) => match line.strip_prefix("$ ") {
                Some(command) => shown.push((command.to_owned(), Vec::new())),
                None => shown.last_mut().expect("a command comes first").1.push(line.to_owned()),
            },
            (false, _) => {}
        }
    }
    shown
}

/// Runs the commands that a text shows, and says how many.
///
/// The walk of the README from nothing to a policy asks a server in a folder of its own; `tests/wire/walk.rs` takes it.
fn check(path: &Path) -> usize {
    let own = Path::new(env!("CARGO_BIN_EXE_sluicegate")).parent().expect("it lies in a folder");
    let search = format!("{}:{}", own.display(), std::env::var("PATH").unwrap_or_default());
    let mut checked = 0;
    for (command, lines) in shown(path) {
        if !command.starts_with("sluicegate ") || command.contains("my-policy") {
            continue;
        }
        let output =
            Command::new("sh").args(["-c", &command]).env("PATH", &search).env("NO_COLOR", "1").output();
        let output = output.expect("there is a shell");
        let printed = [output.stderr, output.stdout].concat();
        let printed = String::from_utf8(printed).expect("text");
        let printed: Vec<_> = printed.lines().map(str::trim_end).collect();
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        assert_eq!(printed, lines, "{}: {command}", path.display());
        checked += 1;
    }
    checked
}

#[test]
fn prints_what_the_readme_shows() {
    let checked = check(Path::new("README.md"));
    assert!(checked >= 3, "the README shows too few commands: {checked}");
}

#[test]
fn prints_what_the_readmes_of_bundles_show() {
    let mut found = Vec::new();
    of_bundles(Path::new("policies"), &mut found);
    assert!(found.len() >= 4, "too few: {found:?}");
    for path in found {
        let checked = check(&path);
        assert!(checked >= 3, "{} shows too few commands: {checked}", path.display());
    }
}

#[test]
fn shows_a_policy_that_holds() {
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    let policy = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let bundle = tempfile::tempdir().expect("a folder");
    std::fs::write(bundle.path().join("policy.yaml"), policy.expect("a policy")).expect("written");
    std::fs::copy("policies/stories/clinic/idp.jwks.json", bundle.path().join("idp.jwks.json"))
        .expect("copied");
    let check = Command::new(env!("CARGO_BIN_EXE_sluicegate")).arg("check").arg(bundle.path()).output();
    let check = check.expect("the binary runs");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

/// The configuration for desktop clients works as it is, but for the server, which needs a network.
#[test]
fn shows_a_configuration_that_works() {
    use std::io::{BufRead, BufReader, Write};
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    let shown =
        readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a configuration");
    let shown: serde_json::Value = serde_json::from_str(shown).expect("JSON");
    let server = &shown["mcpServers"]["everything"];
    assert_eq!(server["command"], "sluicegate");
    let words = server["args"].as_array().expect("words").iter().filter_map(|word| word.as_str());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.args(words.take_while(|word| *word != "--")).args([
        "--",
        "python3",
        "-u",
        "src/serve/bridge/child.py",
    ]);
    command.env("SLUICEGATE_TOKEN", server["env"]["SLUICEGATE_TOKEN"].as_str().expect("a token"));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut gate = command.spawn().expect("the binary runs");
    let mut input = gate.stdin.take().expect("piped");
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    writeln!(input, "{hello}").expect("it reads");
    let mut line = String::new();
    BufReader::new(gate.stdout.take().expect("piped")).read_line(&mut line).expect("it answers");
    assert!(line.contains(r#""name":"child""#), "{line}");
    drop(input);
    assert!(gate.wait().expect("it ends").success());
}
