//! The shape of the house: imports go down the floors, the core is pure, files and functions stay small.
//!
//! Reads the sources as a lexer sees them, so that words in comments and texts count for nothing.

#[path = "support/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use source::{Source, Token};

/// Every room and its floor. `main.rs` and `lib.rs` stand outside.
const FLOORS: &[(&str, u8)] = &[
    ("bounds", 0),
    ("cli", 7),
    ("config", 5),
    ("gate", 4),
    ("identity", 2),
    ("inject", 4),
    ("json", 1),
    ("limit", 2),
    ("lint", 2),
    ("mcp", 2),
    ("names", 1),
    ("policy", 3),
    ("reader", 5),
    ("report", 5),
    ("scan", 2),
    ("serve", 6),
    ("store", 5),
    ("trial", 5),
];
const PURE_FLOOR_MAX: u8 = 4;
const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

/// What the pure floors may not name: the beginning of a path, or a word that stands anywhere.
const IMPURE_PATHS: &[&str] = &[
    "httparse",
    "hyper",
    "hyper_util",
    "log",
    "notify",
    "pingora_core",
    "prometheus",
    "reqwest",
    "ring::rand",
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "tracing",
    "tracing_subscriber",
];
const IMPURE_WORDS: &[&str] = &[
    "DefaultClock",
    "Instant",
    "LazyLock",
    "OnceLock",
    "QuantaClock",
    "SystemClock",
    "SystemTime",
    "async",
    "await",
    "eprintln",
    "lazy_static",
    "println",
    "thread_local",
];

/// Words that only some rooms may use: whoever judges messages of clients knows no supposed caller.
const RESERVED: &[(&str, &[&str])] = &[("Supposed", &["identity", "policy", "trial", "cli"])];

/// File, word and reason of what is impure by its name only.
const EXCUSED: &[(&str, &str, &str)] = &[];

impl Source<'_> {
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    fn is_outside(&self) -> bool {
        matches!(self.path, "lib.rs" | "main.rs")
    }

    fn floor(&self) -> Option<u8> {
        FLOORS.iter().find(|(room, _)| *room == self.room()).map(|(_, floor)| *floor)
    }

    /// The room that a path leads to, if it leads to one.
    fn target<'p>(&self, path: &[&'p str], token: &Token) -> Option<&'p str> {
        let ups = path.iter().take_while(|part| **part == "super").count();
        if path.first() == Some(&"crate") {
            return path.get(1).copied();
        }
        let file: Vec<&str> =
            self.path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
        (ups > 0 && ups == file.len() + token.modules.len()).then(|| path.get(ups).copied()).flatten()
    }
}

fn floors(source: &Source<'_>) -> Vec<String> {
    if source.is_outside() {
        return Vec::new();
    }
    let Some(floor) = source.floor() else {
        return vec![format!("{}: the room `{}` has no floor", source.path, source.room())];
    };
    let mut faults = Vec::new();
    for (path, token) in source.paths() {
        let Some(target) = source.target(&path, token).filter(|target| *target != source.room()) else {
            continue;
        };
        let below = FLOORS.iter().find(|(room, _)| *room == target).map(|(_, floor)| *floor);
        if below.is_some_and(|below| below >= floor) {
            faults.push(format!(
                "{}:{}: `{}` is not below `{}`",
                source.path,
                token.line,
                target,
                source.room()
            ));
        }
    }
    faults
}

fn purity(source: &Source<'_>) -> Vec<String> {
    if source.is_outside() || source.floor().is_none_or(|floor| floor > PURE_FLOOR_MAX) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (path, token) in source.paths().into_iter().filter(|(_, token)| !token.is_test) {
        let path = path.join("::");
        let is_impure = |impure: &str| path == impure || path.starts_with(&format!("{impure}::"));
        if IMPURE_PATHS.iter().any(|impure| is_impure(impure)) {
            faults.push(format!("{}:{}: `{path}` in the pure core", source.path, token.line));
        }
    }
    for (index, token) in source.tokens.iter().enumerate().filter(|(_, token)| !token.is_test) {
        let is_mutable = token.text == "static" && source.text_at(index + 1) == "mut";
        let is_excused = EXCUSED.iter().any(|(path, word, _)| *path == source.path && *word == token.text);
        if (is_mutable || IMPURE_WORDS.contains(&token.text.as_str())) && !is_excused {
            faults.push(format!("{}:{}: `{}` in the pure core", source.path, token.line, token.text));
        }
    }
    faults
}

fn reserves(source: &Source<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (word, rooms) in RESERVED.iter().filter(|(_, rooms)| !rooms.contains(&source.room())) {
        let found = source.tokens.iter().filter(|token| !token.is_test && token.text == *word);
        let fault = |token: &Token| format!("{}:{}: `{word}` is for {rooms:?} only", source.path, token.line);
        faults.extend(found.map(fault));
    }
    faults
}

fn size(source: &Source<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        faults.push(format!("{}: {lines} lines", source.path));
    }
    for (index, token) in source.tokens.iter().enumerate().filter(|(_, token)| token.text == "fn") {
        let mut depth = 0;
        let end = source.tokens[index..].iter().find(|token| {
            match token.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(token.text.as_str(), "}" | ";")
        });
        let length = end.map_or(0, |end| end.line + 1 - token.line);
        if length > FUNCTION_LINES_MAX {
            let name = source.text_at(index + 1);
            faults.push(format!("{}:{}: the function `{name}` has {length} lines", source.path, token.line));
        }
    }
    faults
}

fn promises(source: &Source<'_>) -> Vec<String> {
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!"), concat!("unimple", "mented!")];
    let lines = source.text.lines().enumerate();
    let found = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    found.map(|(index, line)| format!("{}:{}: `{}`", source.path, index + 1, line.trim())).collect()
}

/// Every Rust file below `folder`, with its path relative to it.
fn read(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut open, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_foreign = path.file_name().is_some_and(|name| name == "node_modules" || name == ".venv");
            if path.is_dir() && !is_foreign {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
                let name =
                    path.strip_prefix(&root).expect("it was found below").to_string_lossy().into_owned();
                files.push((name, text));
            }
        }
    }
    files.sort();
    files
}

#[track_caller]
fn hold(folder: &str, check: fn(&Source<'_>) -> Vec<String>) {
    let files = read(folder);
    assert!(!files.is_empty(), "nothing was read");
    let faults: Vec<String> = files.iter().flat_map(|(path, text)| check(&Source::new(path, text))).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn imports_go_down_only_and_every_room_has_a_floor() {
    hold("src", floors);
}

#[test]
fn the_core_is_pure() {
    hold("src", purity);
}

#[test]
fn whoever_judges_messages_supposes_no_caller() {
    hold("src", reserves);
}

#[test]
fn files_and_functions_stay_small() {
    for folder in ["src", "tests", "benches"] {
        hold(folder, size);
    }
}

#[test]
fn nothing_is_put_off() {
    hold("src", promises);
}

#[test]
fn the_map_names_every_room() {
    let files = read("src");
    let (_, map) = files.iter().find(|(path, _)| path == "lib.rs").expect("there is a library");
    let rooms: BTreeSet<&str> =
        files.iter().map(|(path, _)| path.split(['/', '.']).next().unwrap_or_default()).collect();
    let missing: Vec<_> =
        rooms.iter().filter(|room| !matches!(**room, "lib" | "main") && !map.contains(**room)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A source with one fault, the check that finds it, and words of the fault.
type Row = (&'static str, &'static str, fn(&Source<'_>) -> Vec<String>, &'static str);

const FAULTY: &[Row] = &[
    ("policy/a.rs", "use crate::gate::Ticket;", floors, "`gate` is not below `policy`"),
    ("policy/a.rs", "use crate::{json::{Key, Value}, names, serve::House};", floors, "`serve` is not below"),
    ("policy/a.rs", "fn f() { crate::report::count() }", floors, "`report` is not below"),
    ("policy/mod.rs", "use super::gate::Ticket;", floors, "`gate` is not below"),
    ("policy/a.rs", "mod tests { use super::super::super::cli::Exit; }", floors, "`cli` is not below"),
    ("limit/a.rs", "use crate::scan::Plan;", floors, "`scan` is not below `limit`"),
    ("names.rs", "use crate::json;", floors, "`json` is not below `names`"),
    ("attic/a.rs", "", floors, "`attic` has no floor"),
    ("gate/a.rs", "use std::time::{Duration, Instant};", purity, "std::time::Instant"),
    ("gate/a.rs", "fn f() { std::fs::read(\"x\"); }", purity, "std::fs::read"),
    ("scan/a.rs", "use tracing::info;", purity, "tracing::info"),
    ("json/a.rs", "static mut COUNT: u32 = 0;", purity, "`static`"),
    ("json/a.rs", "static CELL: OnceLock<u32> = OnceLock::new();", purity, "`OnceLock`"),
    ("mcp/a.rs", "async fn f() {}", purity, "`async`"),
    ("mcp/a.rs", "#[cfg(test)] mod tests { use std::fs::read; } use std::env::var;", purity, "std::env::var"),
    ("serve/a.rs", "use crate::identity::{Caller, Supposed};", reserves, "`Supposed` is for"),
    ("cli/a.rs", concat!("// TO", "DO: later"), promises, "cli/a.rs:1"),
    ("cli/a.rs", concat!("fn f() { to", "do!() }"), promises, "cli/a.rs:1"),
];

const FAULTLESS: &[(&str, &str)] = &[
    (
        "gate/a.rs",
        "use crate::{bounds, json::Value, policy::Policy}; use super::ticket::Ticket; use std::time::Duration;",
    ),
    (
        "gate/a.rs",
        "// use crate::serve::House;\n/* /* std::fs */ tokio */ const A: &str = \"crate::cli \\\" std::fs\";",
    ),
    (
        "gate/a.rs",
        "const A: &str = r#\"static mut \" async\"#; const B: char = '\"'; fn f<'a>(x: &'a str) -> &'a str { x }",
    ),
    ("gate/a.rs", "#[cfg(test)] mod tests { use super::*; use std::fs::read; use std::time::Instant; }"),
    ("gate/tests/a.rs", "use std::fs::read; use crate::policy::compile;"),
    ("serve/a.rs", "use crate::gate::Gate; use std::time::Instant; async fn f() { tokio::spawn(g()).await }"),
    ("report/a.rs", "fn f() { super::super::gate::judge() }"),
    ("lib.rs", "pub mod cli; use crate::serve::House;"),
];

#[test]
fn each_check_can_fail() {
    for (path, text, check, words) in FAULTY {
        let faults = check(&Source::new(path, text));
        assert!(faults.iter().any(|fault| fault.contains(words)), "{path} {text}: {faults:?}");
    }
    let long = "\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(size(&Source::new("a.rs", &long)), ["a.rs: 401 lines"]);
    let function = |lines: usize| format!("fn f() {{{}}}", "\n".repeat(lines - 1));
    assert_eq!(size(&Source::new("a.rs", &function(FUNCTION_LINES_MAX))), [""; 0]);
    assert_eq!(
        size(&Source::new("a.rs", &function(FUNCTION_LINES_MAX + 1))),
        ["a.rs:1: the function `f` has 71 lines"]
    );
}

#[test]
fn no_check_fails_without_a_reason() {
    for (path, text) in FAULTLESS {
        let source = Source::new(path, text);
        let faults: Vec<_> =
            [floors, purity, size, promises].iter().flat_map(|check| check(&source)).collect();
        assert!(faults.is_empty(), "{path} {text}: {faults:?}");
    }
}
