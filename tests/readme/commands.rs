//! Commands that a page shows: they run, and print what the page says; their options are there.

use std::path::Path;
use std::process::Command;

use super::pages;

/// A command and the lines that the text at `path` shows below it.
fn shown(path: &Path) -> Vec<(String, Vec<String>)> {
    let text = pages::text(path);
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
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
/// The walk from nothing to a policy asks a server in a folder of its own; `tests/wire/walk.rs` takes it.
fn check(path: &Path) -> usize {
    let own = Path::new(env!("CARGO_BIN_EXE_sluicegate")).parent().expect("it lies in a folder");
    let search = format!("{}:{}", own.display(), std::env::var("PATH").unwrap_or_default());
    let mut checked = 0;
    for (command, lines) in shown(path) {
        let is_run = ["sluicegate ", "printf "].iter().any(|program| command.starts_with(program));
        if !is_run || command.contains("my-policy") {
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
fn prints_what_the_pages_show() {
    let checked: Vec<_> = pages::all().into_iter().map(|page| (check(&page), page)).collect();
    let shows = |name: &str| checked.iter().any(|(count, page)| page.ends_with(name) && *count > 0);
    for page in ["README.md", "identity.md", "kubernetes.md", "policies.md", "redaction.md", "tools.md"] {
        assert!(shows(page), "{page} shows no command: {checked:?}");
    }
}

#[test]
fn prints_what_the_readmes_of_bundles_show() {
    let found = pages::below("policies");
    assert!(found.len() >= 4, "too few: {found:?}");
    for path in found {
        let checked = check(&path);
        assert!(checked >= 3, "{} shows too few commands: {checked}", path.display());
    }
}

/// Words of a command line up to where another program's begin.
fn words(line: &str) -> Vec<&str> {
    let own = line.split(" -- ").next().unwrap_or_default();
    own.split_whitespace().take_while(|word| !matches!(*word, "#" | "|" | ">" | "<" | "&&")).collect()
}

/// A line of a shell from our program on, behind variables that are set for it.
fn own(line: &str) -> Option<&str> {
    let mut rest = line.strip_prefix("$ ").unwrap_or(line).trim_start();
    while let Some((_, more)) = rest.split_once(' ').filter(|(first, _)| first.contains('=')) {
        rest = more.trim_start();
    }
    rest.starts_with("sluicegate ").then_some(rest)
}

/// Every command line with our program that a page shows, in a block or within a sentence.
fn lines(page: &Path) -> Vec<String> {
    let text = pages::text(page).replace("\\\n", " ");
    let mut lines = Vec::new();
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 1 {
            lines.extend(part.lines().filter_map(own).map(str::to_owned));
        } else {
            let spans = part.split('`').skip(1).step_by(2);
            lines.extend(
                spans.filter(|span| span.starts_with("sluicegate ")).map(|span| span.replace('\n', " ")),
            );
        }
    }
    lines
}

/// What `--help` says of the command that begins with these words.
fn help(words: &[&str]) -> Option<String> {
    let count = if matches!(words.get(1), Some(&("audit" | "registry" | "versions"))) { 3 } else { 2 };
    let verbs = words.iter().take(count).skip(1).take_while(|word| !word.starts_with('-'));
    let output = Command::new(env!("CARGO_BIN_EXE_sluicegate")).args(verbs).arg("--help").output();
    let output = output.expect("the binary runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn shows_no_command_or_option_that_there_is_not() {
    let mut looked_at = 0;
    for page in pages::all() {
        for line in lines(&page) {
            let words = words(&line);
            let known = help(&words).unwrap_or_else(|| panic!("{}: no such command: {line}", page.display()));
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let name = option
                    .split('=')
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(|c: char| !c.is_ascii_lowercase());
                let is_known =
                    known.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == name);
                assert!(is_known, "{}: `{name}` is no option of {line}", page.display());
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 40, "the pages show too few options: {looked_at}");
}
