//! What redaction finds in labelled traffic, and what it leaves alone: floors that only rise.
//!
//! The corpora are made here, by `tests/redaction/`, and never committed: they hold strings that are shaped
//! like live credentials. Set-up: `tests/setup.sh test`.

#[path = "hostile/summary.rs"]
mod summary;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The seed whose corpora floors are about.
const SEED: &str = "42";
/// The first digits of what that seed makes; other figures are about other corpora.
const DIGESTS: [&str; 2] = ["8ba882cb5089", "5b7617cb185d"];
/// The seed of the second corpus, which nobody tunes to.
const SEED_SECOND: &str = "7";
/// A seed of the third corpus; that of its first score was another one.
const SEED_THIRD: &str = "12";

/// A file, and what it must reach and may not pass, as `sluicegate scan --score` takes them.
const FLOORS: &[(&str, &str, &str)] = &[
    (
        "corpus",
        "recall=0.99,typed=0.99,precision=0.99",
        "false-hits=0.05,eaten=0.26,broken=0,changed=0,left=0,unsettled=0",
    ),
    ("evasion", "caught=200", "broken=0"),
    ("traps", "", "false-hits=0.1,broken=0,changed=0,unsettled=0"),
    ("carriers", "recall=0.99,precision=0.99", "broken=0,changed=0,unsettled=0"),
    ("wide", "recall=0.99,typed=0.99,precision=0.99", "broken=0,changed=0,unsettled=0"),
    ("second", "recall=0.96,precision=0.98", "false-hits=0.05,broken=0,changed=0,unsettled=0"),
    ("third", "recall=0.91,precision=0.98", "false-hits=0.05,broken=0,changed=0,unsettled=2"),
];

fn python(script: &str, words: &[&str]) -> String {
    let interpreter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/.venv/bin/python");
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redaction");
    let mut command = Command::new(&interpreter);
    let output =
        command.arg(script).args(words).current_dir(home).env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output =
        output.unwrap_or_else(|cause| panic!("{cause}: {}; run tests/setup.sh test", interpreter.display()));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{script} {words:?}: {stdout}{stderr}; run tests/setup.sh test");
    stdout
}

fn scan(words: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sluicegate")).arg("scan").args(words).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Makes every corpus into a folder of its own.
fn corpora() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a plain path");
    let made = python("make_corpus.py", &["--seed", SEED, "--out", out]);
    assert!(
        DIGESTS.iter().all(|digest| made.contains(digest)),
        "another corpus than floors are about: {made}"
    );
    python("second.py", &["--seed", SEED_SECOND, "--out", out]);
    python("third.py", &["--seed", SEED_THIRD, "--out", out]);
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    let path: PathBuf = folder.path().join(name);
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn reaches_every_floor() {
    hold("redaction", &[], FLOORS);
}

/// Scores every corpus with more `words`, tells the figures under `title`, and holds them against their floors.
fn hold(title: &str, words: &[&str], floors: &[(&str, &str, &str)]) {
    let folder = corpora();
    let (mut short, mut lines) = (Vec::new(), Vec::new());
    for (name, least, most) in floors {
        let corpus = path(&folder, &format!("{name}.jsonl"));
        let mut words = [words, &["--score", &*corpus, "-o", "json", "--fail-over", most]].concat();
        if !least.is_empty() {
            words.extend(["--fail-under", least]);
        }
        let (code, stdout, stderr) = scan(&words);
        let figures: Value =
            serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{name}: {stdout}{stderr}"));
        let line = match &figures["evasion"] {
            evasion if evasion["cases"] != 0 => {
                format!("{} of {} caught", evasion["caught"], evasion["cases"])
            }
            _ => format!(
                "leak recall {:.3}, precision {:.3}, false hits {:.3}/KB",
                figures["total"]["leak_recall"].as_f64().unwrap_or(1.0),
                figures["total"]["precision"].as_f64().unwrap_or(1.0),
                figures["false_hits_per_kb"].as_f64().unwrap_or(0.0),
            ),
        };
        lines.push(format!("{title}, {name}: {line}"));
        if code != Some(0) {
            short.push(format!("{name}: {stderr}"));
        }
    }
    summary::tell(&title.replace(' ', "-"), &lines.join("\n"));
    assert!(short.is_empty(), "{}", short.concat());
}

/// What must be reached with a model that reads prose beside the scan. The model sees other words around a value
/// once its neighbours are written over, so a few documents are not settled by one pass.
#[cfg(feature = "ner")]
const FLOORS_READ: &[(&str, &str, &str)] = &[
    ("traps", "", "false-hits=0.1,broken=0,changed=0,unsettled=0"),
    ("second", "recall=0.92,precision=0.97", "broken=0,changed=0,unsettled=12"),
];

#[cfg(feature = "ner")]
#[test]
fn finds_more_people_with_a_model() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/.ner");
    hold("redaction with a model", &["--ner", model], FLOORS_READ);
}

#[test]
fn scores_as_the_scorer_of_the_corpus_does() {
    let folder = corpora();
    let found = path(&folder, "findings.jsonl");
    for name in ["corpus", "traps", "wide", "carriers", "second", "third", "evasion"] {
        let corpus = path(&folder, &format!("{name}.jsonl"));
        let (code, ours, stderr) = scan(&["--score", &corpus, "--types", "--misses", "--findings", &found]);
        assert_eq!(code, Some(0), "{stderr}");
        let theirs = match name {
            "evasion" => python("score_evasion.py", &[&corpus, &found, "--misses"]),
            _ => python("score.py", &[&corpus, &found, "--types"]),
        };
        let ours: String =
            ours.split_inclusive('\n').filter(|line| !line.starts_with("redacted output")).collect();
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn checks_its_output_as_the_scorer_of_the_corpus_does() {
    let folder = corpora();
    let (corpus, found) = (path(&folder, "corpus.jsonl"), path(&folder, "findings.jsonl"));
    let (once, twice) = (path(&folder, "once.jsonl"), path(&folder, "twice.jsonl"));
    let (_, redacted, told) = scan(&["--score", &corpus, "--findings", &found, "--redacted"]);
    std::fs::write(&once, redacted).expect("written");
    let (_, again, _) = scan(&["--score", &once, "--redacted"]);
    std::fs::write(&twice, again).expect("written");
    // The scorer fails where values are left; what it says is held against what we say.
    let interpreter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/.venv/bin/python");
    let words = ["score.py", &corpus, &found, "--redacted", &once, "--again", &twice];
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redaction");
    let output =
        Command::new(interpreter).args(words).current_dir(home).env("PYTHONDONTWRITEBYTECODE", "1").output();
    let theirs = String::from_utf8(output.expect("it runs").stdout).expect("text");
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    assert!(last(&told).starts_with("redacted output: "), "{told}");
    assert_eq!(last(&told), last(&theirs));
}

#[test]
fn the_validators_of_the_corpus_know_the_public_vectors() {
    let told = python("verify_checks.py", &[]);
    assert!(told.contains(" 0 wrong"), "{told}");
}
