//! What `test` and `explain` print, and how they end: the real binary, one folder for each bundle.
//!
//! Each line of `commands` is run in the folder above; `expected.txt` holds what it printed and its exit
//! code. `UPDATE_GOLDEN=1` writes it anew; read the difference.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const EXPECTED: &str = "expected.txt";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases")
}

/// The words of a line as a shell would part them: blanks, double quotes, backslashes in these.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if is_quoted => word.get_or_insert_default().extend(rest.next()),
            ' ' if !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn run(words: &[String]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(words)
        .current_dir(folder())
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn shown(line: &str) -> String {
    let (stdout, stderr, code) = run(&words(line));
    let code = code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
    format!("$ sluicegate {line}\n{stdout}{stderr}[{code}]\n\n")
}

#[test]
fn prints_and_ends_as_written_down() {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the golden folder")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.join("commands").exists())
        .collect();
    folders.sort();
    assert!(folders.len() >= 3, "{} folders", folders.len());
    let mut wrong = Vec::new();
    for folder in folders {
        let commands = fs::read_to_string(folder.join("commands")).expect("commands");
        let shown: String = commands.lines().map(shown).collect();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(folder.join(EXPECTED), &shown).expect("writable");
        }
        let expected = fs::read_to_string(folder.join(EXPECTED)).unwrap_or_default();
        if shown != expected {
            wrong.push(format!("{}: shown\n{shown}\nexpected\n{expected}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ends_with_the_code_that_a_pipeline_asks_for() {
    let cases = [
        ("test bank", 0),
        ("test bank --fail-under 100", 0),
        ("test bank --fail-under 100 --filter night", 1),
        ("test wrong", 1),
        ("test bank wrong", 1),
        ("test nowhere", 3),
        ("test bank nowhere wrong", 3),
        ("test broken", 3),
        ("test bank --filter nothing-like-this", 3),
        ("test", 2),
        ("test bank -o yaml", 2),
        ("test bank --fail-under 101", 2),
        ("explain bank --tool status", 0),
        ("explain bank --tool pay", 0),
        ("explain bank", 2),
        ("explain bank --tool pay --method ping", 2),
        ("explain bank --audit asked/audit.jsonl", 2),
        ("explain bank --audit asked/nowhere.jsonl --id rec-1", 3),
        ("explain bank --audit asked/audit.jsonl --id rec-0", 3),
        ("explain bank --request bank/policy.yaml", 3),
        ("explain bank --method pay", 3),
        ("explain broken --tool pay", 3),
        ("explain bank --cedar no-prod", 0),
        ("explain bank --cedar-schema", 0),
        ("explain bank --cedar no-pord", 3),
        ("explain bank --cedar no-prod --tool pay", 2),
        ("explain bank --cedar", 2),
    ];
    for (line, wanted) in cases {
        let (stdout, stderr, code) = run(&words(line));
        assert_eq!(code, Some(wanted), "{line}\n{stdout}{stderr}");
    }
}

#[test]
fn junit_is_xml_with_one_element_for_each_case() {
    let (stdout, _, _) = run(&words("test bank wrong -o junit"));
    let document = roxmltree::Document::parse(&stdout).expect("well-formed XML");
    let root = document.root_element();
    let count = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.descendants().filter(|node| node.has_tag_name(name)).count()
    };
    let number = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.attribute(name).and_then(|text| text.parse::<usize>().ok())
    };
    assert_eq!(root.tag_name().name(), "testsuites");
    assert_eq!(count(root, "testsuite"), 2);
    for suite in std::iter::once(root).chain(root.children().filter(roxmltree::Node::is_element)) {
        assert_eq!(number(suite, "tests"), Some(count(suite, "testcase")));
        assert_eq!(number(suite, "failures"), Some(count(suite, "failure")));
        assert_eq!(number(suite, "errors"), Some(count(suite, "error")));
    }
    let case = root.descendants().find(|node| node.attribute("name") == Some("prod is frozen"));
    let case = case.expect("each case by its name");
    let line = number(case, "line").expect("a line");
    let text = fs::read_to_string(folder().join("bank/bank.test.yaml")).expect("the test file");
    assert!(text.lines().nth(line - 1).is_some_and(|line| line.contains("prod is frozen")), "line {line}");
}

#[test]
fn a_request_may_come_on_standard_input() {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(["explain", "bank", "--request", "-"])
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let request = fs::read(folder().join("asked/request.json")).expect("a request");
    child.stdin.take().expect("a pipe").write_all(&request).expect("taken");
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && text.starts_with("denied for the reason `argument`"), "{text}");
}

/// Whoever does not trust this program may let Cedar's own tools read what is printed.
#[test]
fn every_rule_is_shown_as_one_cedar_policy_that_the_printed_schema_admits() {
    let (schema, _, _) = run(&words("explain bank --cedar-schema"));
    let (schema, _) = cedar_policy::Schema::from_cedarschema_str(&schema).expect("a Cedar schema");
    let rules = ["everyone-reads", "analyst-queries", "teller-pays", "files", "no-prod", "no-notes"];
    for rule in rules {
        let (text, stderr, code) = run(&words(&format!("explain bank --cedar {rule}")));
        assert_eq!((stderr.as_str(), code), ("", Some(0)), "{rule}");
        let policies: cedar_policy::PolicySet = text.parse().expect("Cedar");
        assert_eq!(policies.policies().count(), 1, "{text}");
        let id = policies.policies().next().and_then(|policy| policy.annotation("id"));
        assert_eq!(id, Some(rule), "{text}");
        let validated = cedar_policy::Validator::new(schema.clone())
            .validate(&policies, cedar_policy::ValidationMode::Strict);
        assert!(validated.validation_passed(), "{rule}: {validated:?}\n{text}");
    }
}
