//! `sluicegate scan` as people and pipelines use it: what it finds, what it never prints, how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const MESSAGE: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"call 202-555-0143\\nor ann@example.com\"}],
\"structuredContent\":{\"ssn\":\"123456789\",\"password\":\"hunter2hunter\",\"total\":1.50}}}
";
const VALUES: [&str; 4] = ["202-555-0143", "ann@example.com", "123456789", "hunter2hunter"];
const POLICY: &str = "version: 1
server: { id: db }
callers: { anonymous: allow }
tools: { find: { class: read } }
allow:
  - { id: reads, tools: [find] }
";

/// Exit code, standard output and standard error.
fn run(words: &[&str], folder: &Path, input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.arg("scan").args(words).current_dir(folder);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    // A program that refuses its words reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A folder with files of every form, and bundles.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let shadow = "redact:\n  - { id: mails, on: results, detectors: [email], action: replace, mode: shadow }\n  \
                  - { id: ids, on: results, detectors: [us_ssn], action: drop }\n";
    let block = "redact:\n  - { id: secrets, on: results, detectors: [secret], action: block }\n";
    for (name, redact) in [("bare", ""), ("shadow", shadow), ("block", block), ("wrong", "redact: [7]\n")] {
        fs::create_dir(folder.path().join(name)).expect("made");
        fs::write(folder.path().join(name).join("policy.yaml"), format!("{POLICY}{redact}"))
            .expect("written");
    }
    for (name, text) in [
        ("message.json", MESSAGE),
        ("clean.json", "{\"version\":\"10.4.2011.88\",\"id\":123456789}"),
        ("cut.json", "{\"a\":"),
        ("note.txt", "line one\nher \"id\" is\t123-45-6789\n"),
        (
            "lines.jsonl",
            "{\"mail\":\"ann@example.com\"}\n\n{\"a\":1\n{\"b\":[{\"ssn\":\"123-45-6789\"}]}\r\n",
        ),
        (
            "call.json",
            r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"find","arguments":{"q":"ann@example.com"}}}"#,
        ),
    ] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    fs::write(folder.path().join("latin.txt"), b"caf\xe9 123-45-6789").expect("written");
    folder
}

#[test]
fn ends_as_it_went_whatever_the_output() {
    let folder = folder();
    let cases: &[(&[&str], i32)] = &[
        (&["clean.json"], 0),
        (&["message.json"], 1),
        (&["clean.json", "message.json"], 1),
        (&["clean.json", "missing.json"], 3),
        (&["message.json", "cut.json"], 3),
        (&["cut.json", "--as", "text"], 0),
        (&["lines.jsonl"], 3),
        (&["latin.txt"], 3),
        (&["message.json", "--policy", "shadow"], 1),
        (&["clean.json", "--policy", "shadow"], 0),
        (&["message.json", "--policy", "bare"], 3),
        (&["message.json", "--policy", "wrong"], 3),
        (&["message.json", "--policy", "missing"], 3),
        (&["message.json", "--detectors", "jwt,pan"], 0),
        (&["message.json", "--detectors", "us_snn"], 2),
        (&["message.json", "--packs", "pci"], 0),
        (&["message.json", "--packs", "pci,us"], 1),
        (&["message.json", "--packs", "hippa"], 2),
        (&["message.json", "--packs", "us", "--detectors", "email"], 2),
        (&["message.json", "--action", "block"], 2),
        (&["message.json", "--as", "yaml"], 2),
        (&["message.json", "--types"], 2),
        (&["message.json", "--policy", "shadow", "--detectors", "email"], 2),
        (&[], 2),
    ];
    for output in ["human", "json"] {
        for (words, wanted) in cases {
            let words = [*words, &["-o", output]].concat();
            let (code, stdout, stderr) = run(&words, folder.path(), "");
            assert_eq!(code, Some(*wanted), "{words:?}: {stdout}{stderr}");
            if output == "json" && *wanted != 2 && !stdout.is_empty() {
                let object: Value = serde_json::from_str(&stdout).expect("one object, and nothing beside it");
                assert_eq!(object["ok"], *wanted == 0, "{words:?}");
            }
        }
    }
    let (_, _, stderr) = run(&["--detectors", "us_snn", "message.json"], folder.path(), "");
    assert!(stderr.contains("did you mean `us_ssn`?"), "{stderr}");
    let (_, stdout, _) = run(&["--packs", "credentials,us", "message.json"], folder.path(), "");
    assert!(stdout.contains("rule `credentials`") && stdout.contains("rule `us`"), "{stdout}");
    assert!(!stdout.contains("rule `all`"), "{stdout}");
}

#[test]
fn tells_the_place_and_never_the_value_unless_asked() {
    let folder = folder();
    let (_, stdout, stderr) = run(&["message.json"], folder.path(), "");
    assert_eq!(
        stdout,
        "message.json:1:74: phone (certain) at $.result.content[0].text: 999-999-9999, rule `all`\n\
         message.json:1:91: email (certain) at $.result.content[0].text: aaa@aaaaaaa.aaa, rule `all`\n\
         message.json:2:29: us_ssn (likely) at $.result.structuredContent.ssn: 999999999, rule `all`\n\
         message.json:2:52: secret (likely) at $.result.structuredContent.password: 13 characters, rule `all`\n\
         4 findings: 1 email, 1 phone, 1 secret, 1 us_ssn\n"
    );
    assert_eq!(stderr, "");
    for output in ["human", "json"] {
        for words in [&["message.json"][..], &["message.json", "--redacted"], &["lines.jsonl", "note.txt"]] {
            let (_, stdout, stderr) = run(&[words, &["-o", output]].concat(), folder.path(), "");
            for value in VALUES.iter().chain(&["123-45-6789"]) {
                assert!(!stdout.contains(value) && !stderr.contains(value), "{words:?}: {stdout}{stderr}");
            }
        }
        let (_, stdout, _) = run(&["message.json", "--show-values", "-o", output], folder.path(), "");
        assert!(VALUES.iter().all(|value| stdout.contains(value)), "{stdout}");
    }
    let (_, json, _) = run(&["message.json", "-o", "json"], folder.path(), "");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let third = &json["findings"][2];
    assert_eq!([&third["line"], &third["column"], &third["end_line"], &third["end_column"]], [2, 29, 2, 38]);
    assert_eq!(
        (&third["detector"], &third["length"], &json["counts"]["email"]),
        (&"us_ssn".into(), &9.into(), &1.into())
    );
}

#[test]
fn writes_the_redacted_text_and_every_other_byte_as_it_was() {
    let folder = folder();
    let mut wanted = MESSAGE.to_owned();
    for (value, mask) in VALUES.iter().zip(["***-***-****", "a***@example.com", "*********", "********"]) {
        wanted = wanted.replace(value, mask);
    }
    let (code, stdout, stderr) = run(&["message.json", "--redacted"], folder.path(), "");
    assert_eq!((code, &*stdout), (Some(1), &*wanted), "{stderr}");
    assert!(stderr.contains("4 findings"), "{stderr}");
    assert_eq!(run(&["-", "--redacted"], folder.path(), &stdout).1, stdout, "twice");
    let (_, text, _) = run(&["note.txt", "--redacted"], folder.path(), "");
    assert_eq!(text, "line one\nher \"id\" is\t***-**-****\n");
    let (_, text, _) = run(&["note.txt", "--redacted", "--action", "replace"], folder.path(), "");
    assert_eq!(text, "line one\nher \"id\" is\t[SSN]\n");
    let (_, clean, stderr) = run(&["clean.json", "--redacted"], folder.path(), "");
    assert_eq!(
        (&*clean, &*stderr),
        ("{\"version\":\"10.4.2011.88\",\"id\":123456789}", "nothing found in clean.json\n")
    );
    let (code, _, stderr) = run(&["clean.json", "note.txt", "--redacted"], folder.path(), "");
    assert_eq!(code, Some(3), "{stderr}");
}

#[test]
fn scans_lines_by_themselves_and_goes_on_behind_a_bad_one() {
    let folder = folder();
    let (code, stdout, stderr) = run(&["lines.jsonl", "--redacted"], folder.path(), "");
    assert_eq!(code, Some(3));
    assert_eq!(stdout, "{\"mail\":\"a***@example.com\"}\n\nnull\n{\"b\":[{\"ssn\":\"***-**-****\"}]}\r\n");
    for wanted in
        ["lines.jsonl:1:10: email", "lines.jsonl: line 3: ", "lines.jsonl:4:15: us_ssn", "2 findings"]
    {
        assert!(stderr.contains(wanted), "{wanted}: {stderr}");
    }
    fs::write(folder.path().join("odd.jsonl"), b"[\"\xe9\"]\n[\"123-45-6789\"]").expect("written");
    let (code, stdout, _) = run(&["odd.jsonl", "--redacted"], folder.path(), "");
    assert_eq!(
        (code, &*stdout),
        (Some(3), "null\n[\"***-**-****\"]"),
        "a last line without an end keeps none"
    );
}

#[test]
fn tells_of_a_line_before_the_next_one_comes() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.args(["scan", "-", "--as", "jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    for line in 1..=3 {
        input.write_all(b"[\"123-45-6789\"]\n").expect("it reads");
        let mut told = String::new();
        output.read_line(&mut told).expect("it tells");
        assert!(told.starts_with(&format!("-:{line}:3: us_ssn")), "{told}");
    }
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "3 findings: 3 us_ssn\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn takes_standard_input_for_what_it_looks_like() {
    let folder = folder();
    for (input, wanted) in [
        (
            " [\"123-45-6789\"]",
            "-:1:4: us_ssn (certain) at $[0]: 999-99-9999, rule `all`\n1 finding: 1 us_ssn\n",
        ),
        ("x: 123-45-6789", "-:1:4: us_ssn (certain): 999-99-9999, rule `all`\n1 finding: 1 us_ssn\n"),
        ("", "nothing found in -\n"),
    ] {
        assert_eq!(run(&["-"], folder.path(), input).1, wanted, "{input}");
    }
    let (code, _, stderr) = run(&["-"], folder.path(), "{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("--as jsonl"), "{stderr}");
}

#[test]
fn takes_the_rules_of_a_policy_in_the_direction_of_the_message() {
    let folder = folder();
    let (_, stdout, stderr) = run(&["message.json", "--policy", "shadow", "--redacted"], folder.path(), "");
    assert_eq!(stdout, MESSAGE.replace("\"123456789\"", "null"));
    assert!(stderr.contains("email (certain, shadow)") && stderr.contains("rule `mails`"), "{stderr}");
    assert!(
        stderr.contains("us_ssn") && stderr.contains("rule `ids`") && stderr.contains("2 findings"),
        "{stderr}"
    );
    let (code, stdout, _) = run(&["message.json", "--policy", "block", "--redacted"], folder.path(), "");
    assert_eq!((code, &*stdout), (Some(1), ""), "what is withheld is not written");
    assert_eq!(run(&["call.json"], folder.path(), "").0, Some(1));
    assert_eq!(
        run(&["call.json", "--policy", "shadow"], folder.path(), "").0,
        Some(0),
        "rules for results alone"
    );
}

#[test]
fn holds_its_bounds() {
    const FILE: usize = sluicegate::bounds::SCAN_FILE_BYTES_MAX;
    const LINE: usize = sluicegate::bounds::SCAN_LINE_BYTES_MAX;
    let folder = folder();
    let path = folder.path().join("long");
    for (form, bound, end, remedy) in [("text", FILE, "", "split"), ("jsonl", LINE, "\n", "shorten")] {
        for (bytes, wanted) in [(bound - 1, 0), (bound, 0), (bound + 1, 3)] {
            fs::write(&path, format!("{}{end}", " ".repeat(bytes))).expect("written");
            let (code, _, stderr) = run(&["long", "--as", form], folder.path(), "");
            assert_eq!(code, Some(wanted), "{form}, {bytes} of {bound}: {stderr}");
            assert_eq!(stderr.contains(remedy), wanted == 3, "{stderr}");
        }
    }
}

#[test]
fn scores_a_corpus_and_insists_on_floors() {
    let folder = folder();
    let doc = "{\"a\":\"123-45-6789\",\"b\":\"\u{e9} ann@example.com\"}";
    let at = |value: &str| doc.find(value).map(|at| doc[..at].chars().count()).expect("it stands there");
    let (ssn, mail) = (at("123"), at("ann"));
    let row = serde_json::json!({ "id": 4, "bucket": "x", "doc": doc, "spans": [
        { "s": ssn, "e": ssn + 11, "type": "SSN", "value": "123-45-6789" },
        { "s": mail, "e": mail + 15, "type": "PERSON", "value": "ann@example.com" },
        { "s": 2, "e": 3, "type": "PERSON", "value": "a" },
    ] });
    let clean =
        serde_json::json!({ "id": 5, "bucket": "neg", "doc": "[\"to bob@example.com\"]", "spans": [] });
    let case = serde_json::json!({ "id": 6, "technique": "plain", "ctx": "bare", "type": "EMAIL", "doc": "[\"ann@example.com\"]" });
    let missed = serde_json::json!({ "id": 7, "technique": "plain", "ctx": "keyed", "type": "EMAIL", "doc": "[\"ann at example.com\"]" });
    fs::write(folder.path().join("c.jsonl"), format!("{row}\n{clean}\n{case}\n{missed}\n")).expect("written");
    let (code, stdout, stderr) =
        run(&["--score", "c.jsonl", "--types", "--misses", "--findings", "f.jsonl"], folder.path(), "");
    assert_eq!(code, Some(0), "{stderr}");
    for wanted in [
        "leak recall 0.667  typed 0.333  precision 0.667  F2 0.667  findings 3\n",
        "false hits per KB without data 46.545  documents touched there 1",
        "  PERSON         leak 0.500  typed 0.000  of 2\n",
        "redacted output: broken JSON 0, bytes changed outside findings 0, values left 0, second pass changed it 0\n",
        "plain               1 of  2 EMAIL/keyed\ncaught 1 of 2\n",
    ] {
        assert!(stdout.contains(wanted), "{wanted}: {stdout}");
    }
    let told = fs::read_to_string(folder.path().join("f.jsonl")).expect("written");
    let first: Value = serde_json::from_str(told.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["id"], &first["preds"][1]["s"]), (&4.into(), &mail.into()), "characters, not bytes");
    for (words, wanted) in [
        (["--fail-under", "recall=0.66,precision=0.66,caught=1"], 0),
        (["--fail-under", "recall=0.67"], 1),
        (["--fail-under", "recall=0.66,caught=2"], 1),
        (["--fail-over", "false-hits=46.6,broken=0"], 0),
        (["--fail-over", "false-hits=46.5"], 1),
        (["--fail-under", "recal=1"], 2),
    ] {
        for output in ["human", "json"] {
            let words = [&["--score", "c.jsonl", "-o", output][..], &words].concat();
            let (code, stdout, stderr) = run(&words, folder.path(), "");
            assert_eq!(code, Some(wanted), "{words:?}: {stdout}{stderr}");
            if output == "json" && wanted < 2 {
                let object: Value = serde_json::from_str(&stdout).expect("one object");
                assert_eq!((&object["ok"], &object["evasion"]["caught"]), (&(wanted == 0).into(), &1.into()));
            }
        }
    }
    for corpus in ["missing.jsonl", "message.json", "clean.json"] {
        assert_eq!(run(&["--score", corpus], folder.path(), "").0, Some(3), "{corpus}");
    }
}

#[test]
fn explains_each_value_and_finds_as_sure_as_it_is_asked() {
    let folder = folder();
    let (_, stdout, _) =
        run(&["message.json", "--explain", "--detectors", "phone,us_ssn"], folder.path(), "");
    assert_eq!(
        stdout,
        "message.json:1:74: phone (certain) at $.result.content[0].text: 999-999-9999, rule `all`\n    \
         it has the form of its kind and passes its check\n\
         message.json:2:29: us_ssn (likely) at $.result.structuredContent.ssn: 999999999, rule `all`\n    \
         the name of its field says so, and the value does not speak against it\n\
         2 findings: 1 phone, 1 us_ssn\n"
    );
    let (code, stdout, _) =
        run(&["message.json", "--confidence", "certain", "-o", "json"], folder.path(), "");
    let told: Value = serde_json::from_str(&stdout).expect("JSON");
    let grounds: Vec<_> =
        told["findings"].as_array().expect("a list").iter().map(|one| one["ground"].as_str()).collect();
    assert_eq!((code, grounds), (Some(1), vec![Some("form"); 2]), "{stdout}");
    let (code, _, stderr) = run(&["message.json", "--confidence", "sure"], folder.path(), "");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("possible, likely or certain"), "{stderr}");
}
