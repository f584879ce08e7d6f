//! The audit trail: on the disk before a strict call goes on, refused where that cannot be, mended, signed, verified.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;

use crate::legacy_stage::Stage;
use crate::support::bundle::{self, ALICE, Bundle, callers};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::pipe::{Pipe, careless};
use crate::support::upstream::{After, Upstream, result, send_json};
use crate::support::wait_for;
use crate::support::wire::Answer;

/// What reads goes on without a record; what writes does not.
pub fn policy() -> String {
    let callers = callers();
    format!(
        "version: 1\nserver: {{ id: clinic }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  look: {{ class: read }}\n  echo: {{ class: read }}\n  note: {{ class: write }}\n  \
           count: {{ class: write }}\n  wipe: {{ class: destructive }}\n\
         allow:\n  - {{ id: all, roles: [reader], classes: [read, write, destructive] }}\n\
         audit: {{ durability: {{ read: best_effort, write: strict, destructive: strict, other: best_effort }} }}\n"
    )
}

/// Two files: a private key of Ed25519 and its public half, as OpenSSL writes them.
pub fn keys(directory: &Path, name: &str) -> (String, String) {
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    };
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key");
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let public = pem("PUBLIC KEY", &[&head, pair.public_key().as_ref()].concat());
    let file = |extension: &str, text: String| {
        let path = directory.join(format!("{name}.{extension}"));
        fs::write(&path, text).expect("the directory can be written");
        path.to_string_lossy().into_owned()
    };
    (file("pem", pem("PRIVATE KEY", pkcs8.as_ref())), file("pub", public))
}

/// Runs `sluicegate audit`; its exit code and what it printed.
pub fn audit(words: &[&str]) -> (Option<i32>, String) {
    let output = sluicegate().arg("audit").args(words).output().expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

/// Verifies the trail at `path`, which must hold; what it says.
#[track_caller]
pub fn verified(path: &Path, words: &[&str]) -> String {
    let (code, text) = audit(&[&["verify", &path.to_string_lossy()], words].concat());
    assert_eq!(code, Some(0), "{text}");
    text
}

#[track_caller]
fn broken(path: &Path, words: &[&str], wanted: &[&str]) {
    let file = path.to_string_lossy().into_owned();
    let (code, text) = audit(&[&["verify", file.as_str()], words].concat());
    assert_eq!(code, Some(1), "{text}");
    for wanted in wanted {
        assert!(text.contains(wanted), "`{wanted}` is not in {text}");
    }
}

pub fn records(path: &Path) -> Vec<Value> {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn is_admitted(path: &Path, id: &Value) -> bool {
    records(path).iter().any(|record| record["stage"] == "admit" && record["action"]["request_id"] == *id)
}

/// A directory for a trail that outlives its gates.
pub struct Place {
    pub directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    pub fn file(&self) -> PathBuf {
        self.directory.path().join("audit.jsonl")
    }

    pub fn gate(&self, first: &str, upstream: &Upstream, words: &[&str]) -> Gate {
        let url = upstream.url();
        let words = [&["--upstream", url.as_str()], words].concat();
        Gate::onto(Bundle::new(&policy()), &self.file(), first, &words)
    }
}

#[track_caller]
pub fn ended(mut gate: Gate) {
    gate.signal("TERM");
    assert!(gate.ended().success());
}

fn text(answer: &Answer) -> String {
    let json = answer.json();
    json["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {json}")).to_owned()
}

#[test]
fn a_strict_call_is_written_down_before_the_server_sees_it() {
    let place = Place::new();
    let file = place.file();
    let upstream = Upstream::start(move |got, stream| {
        let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let word = if is_admitted(&file, &body["id"]) { "written" } else { "unwritten" };
        let answer = format!(r#"{{"content":[{{"type":"text","text":"{word}"}}]}}"#);
        send_json(stream, 200, &result(&got.body, &answer));
        After::Keep
    });
    let gate = place.gate("", &upstream, &[]);
    let mut wire = gate.connect();
    for id in 1..40 {
        let tool = ["note", "wipe"][id as usize % 2];
        assert_eq!(text(&wire.post(ALICE, &[], &call(id, tool, "{}"))), "written", "{id}");
    }
    wire.post(ALICE, &[], &call(40, "look", "{}"));
    let looked = gate.record("a look", |record| record["action"]["target"] == "look");
    assert!(looked.get("admitted").is_none(), "{looked}");
    for record in gate.records().iter().filter(|record| record["action"]["target"] != "look") {
        let admit = records(&place.file()).into_iter().find(|admit| admit["id"] == record["admitted"]);
        let admit = admit.unwrap_or_else(|| panic!("{record} points at nothing"));
        assert_eq!((&admit["stage"], &admit["action"]), (&Value::from("admit"), &record["action"]));
        assert_eq!(admit["decision"]["rule"], "all", "{admit}");
    }
    assert!(!is_admitted(&place.file(), &40.into()));
    ended(gate);
    assert!(verified(&place.file(), &[]).contains("1 start"));
}

/// A limit on the size of files stands for a disk without room: the system writes what fits, then nothing.
const FULL: &str = "trap '' XFSZ; ulimit -S -f 24";

fn make_room(process: u32) {
    let command = std::process::Command::new("prlimit")
        .args(["--fsize=unlimited:", "--pid", &process.to_string()])
        .status();
    assert!(command.is_ok_and(|status| status.success()), "prlimit of util-linux");
}

#[test]
fn refuses_what_is_strict_at_once_while_the_disk_is_full() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let gate = place.gate(FULL, &upstream, &[]);
    let mut wire = gate.connect();
    let mut slowest = Duration::ZERO;
    let refused = (1..200).find_map(|id| {
        let begin = Instant::now();
        let answer = wire.post(ALICE, &[], &call(id, "note", "{}"));
        slowest = slowest.max(begin.elapsed());
        (answer.json()["result"]["isError"] == true).then_some(answer)
    });
    let refused = refused.expect("the disk is full some time");
    let told = text(&refused);
    assert!(told.contains("audit trail is unavailable") && told.contains("retry in 5 seconds"), "{told}");
    let seen = upstream.got().len();
    for id in 200..220 {
        let begin = Instant::now();
        assert_eq!(wire.post(ALICE, &[], &call(id, "wipe", "{}")).json()["result"]["isError"], true);
        slowest = slowest.max(begin.elapsed());
        let looked = wire.post(ALICE, &[], &call(id + 100, "look", "{}"));
        assert_eq!((looked.status(), text(&looked).as_str()), (200, "ok"));
    }
    // 250 ms is what a call waits for the disk; the rest is for a busy machine.
    assert!(slowest < Duration::from_millis(1250), "{slowest:?}");
    let got = upstream.got();
    assert!(got[seen..].iter().all(|got| got.subject() == "look") && got.len() == seen + 20);
    assert!(gate.metric("sluicegate_audit_events_total", r#"result="failed""#) >= 1.0);
    assert_eq!(gate.metric("sluicegate_audit_events_total", r#"result="dropped""#), 0.0);
    assert_eq!(gate.page("/readyz").status(), 503, "a policy that wants strict audit cannot be served");
    make_room(gate.id());
    let again = wait_for("the disk to have room", || {
        let answer = gate.call(ALICE, "note", "{}");
        (answer.json()["result"]["isError"].is_null()).then_some(answer)
    });
    assert_eq!(text(&again), "ok");
    assert_eq!(gate.page("/readyz").status(), 200);
    ended(gate);
    verified(&place.file(), &[]);
    let looks = records(&place.file());
    let looks =
        looks.iter().filter(|record| record["stage"] == "decision" && record["action"]["target"] == "look");
    assert_eq!(looks.count(), 20, "what waited was written when there was room");
}

#[test]
fn by_default_nothing_goes_on_unrecorded_while_the_disk_is_full() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let url = upstream.url();
    let gate = Gate::onto(Bundle::new(&bundle::clinic()), &place.file(), FULL, &["--upstream", &url]);
    wait_for("the disk to be full", || {
        let answer = gate.call(ALICE, "echo", "{}");
        (answer.json()["result"]["isError"] == true).then_some(())
    });
    let seen = upstream.got().len();
    let told = text(&gate.call(ALICE, "echo", "{}"));
    assert!(told.contains("audit trail is unavailable"), "{told}");
    assert_eq!((gate.page("/readyz").status(), upstream.got().len()), (503, seen));
    make_room(gate.id());
    wait_for("the disk to have room", || (gate.page("/readyz").status() == 200).then_some(()));
    assert_eq!(text(&gate.call(ALICE, "echo", "{}")), "ok");
    assert!(records(&place.file()).iter().all(|record| record["stage"] != "admit"));
}

#[test]
fn pipes_refuse_what_is_strict_while_the_disk_is_full() {
    let mut pipe = Pipe::below(FULL, &policy(), ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    let refused = (1..200).find_map(|id| {
        let answer = pipe.ask(&call(id, "count", "{}"));
        (answer["result"]["isError"] == true).then_some(answer)
    });
    let refused = refused.expect("the disk is full some time")["result"]["content"][0]["text"].to_string();
    assert!(refused.contains("audit trail is unavailable"), "{refused}");
    let looked = pipe.ask(&call(300, "echo", r#"{"text":"still there"}"#));
    assert_eq!(looked["result"]["content"][0]["text"], "still there");
    make_room(pipe.id());
    wait_for("the disk to have room", || {
        pipe.ask(&call(400, "count", "{}"))["result"]["isError"].is_null().then_some(())
    });
    pipe.close();
    assert!(pipe.ended().success());
    verified(pipe.audit(), &[]);
    assert!(is_admitted(pipe.audit(), &400.into()));
}

#[test]
fn the_older_transport_refuses_what_is_strict_too() {
    let stage = Stage::new(&bundle::with("audit: { durability: strict }"));
    let mut client = stage.open(ALICE);
    let home = stage.gate.audit().parent().expect("it is in a directory").to_owned();
    let away = home.with_extension("away");
    fs::rename(&home, &away).expect("it can be moved");
    let target = client.target.clone();
    wait_for("the audit to fail", || {
        stage.post(ALICE, &target, &call(1, "no_such_tool", "{}"));
        client.message();
        (stage.gate.page("/readyz").status() == 503).then_some(())
    });
    assert_eq!(stage.post(ALICE, &target, &call(2, "echo", "{}")).status(), 202);
    let refused = client.message().to_string();
    assert!(refused.contains("audit trail is unavailable"), "{refused}");
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(stage.post(ALICE, &target, note).status(), 503);
    assert_eq!(stage.posted().len(), 0);
    fs::rename(&away, &home).expect("it can be moved back");
    wait_for("the audit to go on", || (stage.gate.page("/readyz").status() == 200).then_some(()));
    assert_eq!(stage.post(ALICE, &target, &call(3, "echo", "{}")).status(), 202);
    wait_for("the call to arrive", || (stage.posted().len() == 1).then_some(()));
    assert!(is_admitted(stage.gate.audit(), &3.into()));
}

#[test]
fn mends_and_tells_of_what_a_crash_cut_off() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let mut gate = place.gate("", &upstream, &[]);
    (0..3).for_each(|_| drop(gate.call(ALICE, "note", "{}")));
    gate.end();
    verified(&place.file(), &[]);
    let mut file = fs::OpenOptions::new().append(true).open(place.file()).expect("the file is there");
    file.write_all(br#"{"schema":"sluicegate.audit/1","id":"01"#).expect("it can be written");
    let line = format!("line {}: ", fs::read_to_string(place.file()).expect("text").lines().count());
    broken(&place.file(), &[], &["audit.jsonl: ", &line, "crash", "help: ", "start the gate once"]);
    ended(place.gate("", &upstream, &[]));
    let told = verified(&place.file(), &[]);
    assert!(told.contains("2 starts") && told.contains("1 line cut off by a crash"), "{told}");
    let start = records(&place.file()).into_iter().rfind(|record| record["stage"] == "audit.start");
    assert_eq!(start.expect("the second")["torn_bytes"], 39);
}

#[test]
fn puts_files_aside_keeps_as_many_as_told_and_verifies_them_together() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let gate = place.gate("", &upstream, &["--audit-file-age", "1s", "--audit-keep", "2"]);
    let files = || {
        let entries = fs::read_dir(place.directory.path()).expect("a directory");
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect::<Vec<_>>()
    };
    let mut seen = std::collections::BTreeSet::new();
    wait_for("three files to be put aside", || {
        gate.call(ALICE, "note", "{}");
        seen.extend(files());
        (seen.len() >= 4).then_some(())
    });
    ended(gate);
    assert!(files().len() <= 3, "{:?}", files());
    let told = verified(&place.file(), &[]);
    assert!(told.contains("in 3 files, 0 starts"), "{told}");
    for mib in ["0", "1048577"] {
        let output = sluicegate()
            .args(["run", "--policy", ".", "--upstream", "http://x/", "--audit-file-mib", mib])
            .output();
        assert_eq!(output.expect("the binary runs").status.code(), Some(2), "{mib}");
    }
}

#[test]
fn signs_checkpoints_whose_copies_in_the_log_show_a_missing_end() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let (private, public) = keys(place.directory.path(), "key");
    let (_, other) = keys(place.directory.path(), "other");
    let mut log = String::new();
    for _ in 0..2 {
        let mut gate = place.gate("", &upstream, &["--audit-sign-key", &private]);
        (0..3).for_each(|_| drop(gate.call(ALICE, "note", "{}")));
        gate.signal("TERM");
        assert!(gate.ended().success());
        wait_for("the log", || gate.log().contains("sgc1.").then_some(()));
        log += &gate.log();
    }
    let copies = place.directory.path().join("gate.log");
    fs::write(&copies, log).expect("the directory can be written");
    let copies = copies.to_string_lossy();
    let words = ["--key", public.as_str(), "--copies", &copies];
    let told = verified(&place.file(), &words);
    assert!(told.contains("2 checkpoints signed by the key, 2 copied checkpoints found"), "{told}");
    broken(&place.file(), &["--key", &other], &["is not signed by this key", "help: "]);
    let whole = fs::read_to_string(place.file()).expect("text");
    fs::write(place.file(), whole.replacen(r#""target":"note""#, r#""target":"look""#, 1)).expect("written");
    broken(
        &place.file(),
        &words,
        &["audit.jsonl: line 3: the hash is not that of the line", "help: it was edited"],
    );
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    fs::write(place.file(), lines[..lines.len() - 2].concat()).expect("written");
    verified(&place.file(), &words[..2]);
    broken(&place.file(), &words, &["gate.log: the checkpoint of run", "is missing", "help: "]);
    let (code, told) = audit(&["verify", "/nowhere/audit.jsonl"]);
    assert_eq!((code, told.contains("/nowhere")), (Some(3), true), "{told}");
}

#[test]
fn warns_where_a_stream_is_to_be_as_sure_as_a_disk() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    let place = Place::new();
    let gate = Gate::onto(Bundle::new(&policy()), Path::new("-"), "", &["--upstream", url.as_str()]);
    wait_for("the warning", || gate.log().contains("durability: strict").then_some(()));
    drop(gate);
    let gate = place.gate("", &upstream, &[]);
    gate.call(ALICE, "note", "{}");
    assert!(!gate.log().contains("durability: strict"), "{}", gate.log());
}
