//! Lines are whole, chained, and survive what happens to files.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::bounds::{AUDIT_LINE_BYTES_MAX, AUDIT_QUEUE_BYTES_MAX};
use crate::gate::{Action, Conversation, Outcome, Reason, Restore, RestoreResult, Source, Verdict};
use crate::identity::Evidence;
use crate::limit::Share;
use crate::names::{Label, Now};
use crate::report::sample;
use crate::scan::{self, Direction};

mod checkpoints;
mod failing;
mod rotation;
mod torn;

const PATIENCE: Duration = Duration::from_secs(8);

fn open(path: &Path, actors: Actors) -> Audit {
    let place = Place { namespace: Some("tools".into()), pod: Some("pod-1".into()), port: Some(8080) };
    let settings = AuditSettings { place, ..AuditSettings::new(AuditSink::File(path.into()), actors) };
    Audit::open(settings, &Metrics::new()).unwrap()
}

fn plain(path: &Path) -> Audit {
    open(path, Actors::Plain)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn verified(path: &Path) -> Result<Verified, BrokenChain> {
    verify_chain(fs::read(path).unwrap().as_slice())
}

/// Writes one record between start and stop, and returns its line.
fn written(record: &Record, actors: Actors) -> (String, Value) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = open(&path, actors);
    audit.offer(record).unwrap();
    audit.close().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap().to_owned();
    let value = serde_json::from_str(&line).unwrap();
    (line, value)
}

#[test]
fn a_line_tells_who_did_what_and_how_it_was_decided() {
    let mut record = sample::record();
    record.verdict = Verdict::Deny;
    record.action = Action::Deny;
    record.reason = Reason::Argument;
    record.detail = Some("`amount` is above 100".into());
    record.outcome = Outcome::Error(-31403);
    record.findings = vec![sample::finding(Direction::Arguments, scan::Action::Mask, "$.arguments.note")];
    let rule = Arc::new(Label::parse("mail-back").unwrap());
    let restore = |result, count| Restore { kind: "EMAIL", path: "$.arguments.to".into(), result, count };
    record.restores = vec![restore(RestoreResult::Restored(rule), 1), restore(RestoreResult::Unbound, 2)];
    let (_, mut line) = written(&record, Actors::Plain);
    let members = line.as_object_mut().unwrap();
    let sha256 = members["decision"]["policy_sha256"].take();
    assert_eq!(sha256.as_str().map(str::len), Some(8));
    for (name, length) in [("id", 26), ("prev", 64), ("hash", 64)] {
        assert_eq!(members.remove(name).unwrap().as_str().map(str::len), Some(length), "{name}");
    }
    let wanted = json!({
        "schema": "sluicegate.audit/1", "seq": 2, "time": "2026-11-22T13:05:12.482Z", "stage": "decision",
        "actor": {"type": "user", "id": "alice", "proof": "key", "client": "agent-a", "tenant": "acme"},
        "source": {"ip": "10.1.2.3", "port": 51522, "user_agent": "agent/1.0"},
        "action": {"method": "tools/call", "target_type": "tool", "target": "payments.refund",
                   "request_id": 17, "protocol": "2026-07-28"},
        "resource": {"server": "payments", "namespace": "tools", "pod": "pod-1", "port": 8080},
        "decision": {"verdict": "deny", "action": "deny", "mode": "enforce", "reason": "argument",
                     "rule": "refund-any", "detail": "`amount` is above 100", "policy_sha256": null},
        "findings": [{"rule": "pci", "detector": "pan", "direction": "arguments", "action": "mask",
                      "mode": "enforce", "count": 2, "path": "$.arguments.note"}],
        "restores": [{"type": "EMAIL", "result": "restored", "rule": "mail-back", "count": 1, "path": "$.arguments.to"},
                     {"type": "EMAIL", "result": "unbound", "count": 2, "path": "$.arguments.to"}],
        "result": {"outcome": "failure", "jsonrpc_code": -31403, "http_status": 200,
                   "duration_us": 412, "overhead_us": 118},
        "size": {"request": 842, "response": 1200},
        "content": {"level": "metadata"},
    });
    assert_eq!(line, wanted);
}

#[test]
fn a_shadow_denial_keeps_verdict_and_action_apart() {
    let mut record = sample::record();
    (record.verdict, record.action) = (Verdict::Deny, Action::ShadowDeny);
    let (_, line) = written(&record, Actors::Plain);
    assert_eq!(
        (&line["decision"]["verdict"], &line["decision"]["action"]),
        (&json!("deny"), &json!("allow"))
    );
}

#[test]
fn names_a_caller_by_a_keyed_hash_unless_told_otherwise() {
    let mut record = sample::record();
    // printf alice | openssl dgst -sha256 -hmac key
    let wanted = "hmac:76fb55e929c06b97b01c35950ee5f72f";
    let keyed = || Actors::Keyed(Box::from(&b"key"[..]));
    let id = |record: &Record, actors| {
        let (text, line) = written(record, actors);
        (text.contains("alice"), line["actor"]["id"].as_str().map(str::to_owned))
    };
    assert_eq!(id(&record, keyed()), (false, Some(wanted.into())));
    let (shows, unlinked) = id(&record, Actors::Unlinked);
    assert!(!shows && unlinked.as_deref().is_some_and(|id| id.starts_with("hmac:") && id != wanted));
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    record.caller = record.policy.directory.verify(&Evidence::default(), now).settled().ok();
    assert_eq!(id(&record, keyed()), (false, Some("anonymous".into())));
    record.caller = None;
    assert_eq!(written(&record, keyed()).1["actor"], json!({"type": "unknown"}));
}

#[test]
fn names_a_conversation_by_a_hash_always() {
    let mut record = sample::record();
    let own = Conversation { id: [7; 16], source: Source::Named(0), share: Share::Own };
    let said = |record: &Record, actors| written(record, actors).1["conversation"].clone();
    record.conversation = Some(own);
    let plain = json!({"id": format!("sha256:{}", "07".repeat(16)), "source": "header:x-conversation-id"});
    assert_eq!(said(&record, Actors::Plain), plain);
    // printf '\7%.0s' $(seq 16) | openssl dgst -sha256 -hmac key
    let keyed = said(&record, Actors::Keyed(Box::from(&b"key"[..])));
    assert_eq!(keyed["id"], "hmac:fa97e361e7d3d1318bee6d9ea10074b3");
    record.conversation = Some(Conversation { source: Source::Silence, share: Share::Common, ..own });
    let line = said(&record, Actors::Plain);
    assert_eq!((&line["source"], &line["shared"]), (&json!("idle-gap"), &json!(true)));
    record.conversation = None;
    assert!(said(&record, Actors::Plain).is_null());
}

#[test]
fn a_hostile_record_is_one_short_line_of_json() {
    let evil = "\u{1b}[2J\"\\\n\u{2028}\u{202e}é\0".repeat(400);
    let mut record = sample::record();
    record.user_agent = Some(evil.as_str().into());
    record.target = Some(evil.as_str().into());
    record.detail = Some(evil.as_str().into());
    record.request_id = Some(sample::id(&format!("\"{}\"", "\\u0041\u{2028}".repeat(64))));
    let found = sample::finding(Direction::Results, scan::Action::Mask, &evil);
    record.findings = vec![found; 300];
    let restore =
        Restore { kind: "EMAIL", path: evil.as_str().into(), result: RestoreResult::Unknown, count: 1 };
    record.restores = vec![restore; 32];
    let (text, line) = written(&record, Actors::Plain);
    assert!(text.len() < AUDIT_LINE_BYTES_MAX, "{} bytes", text.len());
    assert!(text.chars().all(|c| !c.is_control() && c != '\u{2028}' && c != '\u{202e}'));
    let kept = line["findings"].as_array().unwrap().len();
    assert!(kept > 0 && kept + line["findings_cut"].as_u64().unwrap() as usize == 300);
    let kept = line["restores"].as_array().unwrap().len();
    assert!(kept > 0 && kept + line["restores_cut"].as_u64().unwrap() as usize == 32);
    assert!(line["action"]["target"].as_str().unwrap().ends_with('…'));
}

#[test]
fn many_threads_make_one_gapless_chain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let record = sample::record();
                (0..500).for_each(|_| audit.offer(&record).unwrap());
            });
        }
    });
    audit.flush(PATIENCE).unwrap();
    assert_eq!(lines(&path).len(), 2001, "flushed is written");
    audit.close().unwrap();
    let sound = verified(&path).unwrap();
    assert_eq!((sound.records, sound.starts, sound.first_prev), (2002, 1, [0; 32]));
    let ids: std::collections::HashSet<_> = lines(&path).iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), 2002);
    assert_eq!(lines(&path).last().unwrap()["stage"], "audit.stop");
    assert_eq!(audit.offer(&sample::record()), Err(Full), "after the end nothing is taken");
}

#[test]
fn a_changed_missing_moved_or_foreign_line_shows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    (0..6).for_each(|_| audit.offer(&sample::record()).unwrap());
    audit.close().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    assert!(verify_chain(lines[2..].concat().as_bytes()).is_ok(), "a file may begin anywhere");
    let edit = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        verify_chain(lines.concat().as_bytes()).map_err(|broken| broken.to_string())
    };
    type Change = dyn Fn(&mut Vec<String>);
    let cases: [(&str, &Change, &str); 6] = [
        ("changed", &|l| l[3] = l[3].replace("alice", "bobby"), "line 4: the hash is not that of the line"),
        ("missing", &|l| drop(l.remove(3)), "line 4: prev is not the hash of the line before"),
        ("moved", &|l| l.swap(3, 4), "line 4: prev is not the hash of the line before"),
        ("foreign", &|l| l.insert(3, "{}\n".into()), "line 4: not an audit record"),
        (
            "cut off",
            &|l| l[7].truncate(100),
            "line 8: not an audit record but what a crash cuts off, and no run has followed that says so",
        ),
        ("twice", &|l| l.insert(3, l[2].clone()), "line 4: prev is not the hash of the line before"),
    ];
    for (name, change, wanted) in cases {
        assert_eq!(edit(change), Err(wanted.to_owned()), "{name}");
    }
}

#[test]
fn goes_on_after_a_restart_and_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    for _ in 0..2 {
        let audit = plain(&path);
        audit.offer(&sample::record()).unwrap();
    }
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"schema\":\"sluicegate.au");
    fs::write(&path, &text).unwrap();
    let second = AuditSettings::new(AuditSink::File(path.clone()), Actors::Plain);
    let audit = plain(&path);
    assert!(Audit::open(second, &Metrics::new()).unwrap_err().to_string().contains("another process"));
    drop(audit);
    let sound = verified(&path).unwrap();
    assert_eq!((sound.records, sound.starts, sound.torn), (8, 3, 1));
}

#[test]
fn follows_a_file_that_is_moved_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (directory.path().join("audit.jsonl"), directory.path().join("audit.1"));
    let audit = plain(&path);
    audit.offer(&sample::record()).unwrap();
    audit.flush(PATIENCE).unwrap();
    fs::rename(&path, &moved).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut offered = 1;
    while !path.exists() {
        assert!(Instant::now() < deadline, "never opened anew");
        audit.offer(&sample::record()).unwrap();
        offered += 1;
        audit.flush(PATIENCE).unwrap();
    }
    audit.close().unwrap();
    let (before, after) = (verified(&moved).unwrap(), verified(&path).unwrap());
    assert_eq!(before.last_hash, after.first_prev, "one chain over both");
    assert_eq!(before.records + after.records, offered + 2);
}

#[test]
fn keeps_records_while_the_sink_fails_and_writes_them_when_it_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let (home, away) = (directory.path().join("home"), directory.path().join("away"));
    fs::create_dir(&home).unwrap();
    let path = home.join("audit.jsonl");
    let audit = plain(&path);
    audit.flush(PATIENCE).unwrap();
    fs::rename(&home, &away).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while audit.is_healthy() {
        assert!(Instant::now() < deadline, "never noticed");
        audit.offer(&sample::record()).unwrap();
        let _ = audit.flush(Duration::from_millis(20));
    }
    audit.offer(&sample::record()).unwrap();
    assert!(audit.flush(Duration::from_millis(20)).is_err());
    fs::create_dir(&home).unwrap();
    audit.flush(PATIENCE).unwrap();
    assert!(audit.is_healthy());
    audit.close().unwrap();
    let text = [fs::read(away.join("audit.jsonl")).unwrap(), fs::read(&path).unwrap()].concat();
    let sound = verify_chain(text.as_slice()).unwrap();
    assert_eq!(audit.queue.meters.written.get(), sound.records);
    assert_eq!(audit.queue.meters.dropped.get(), 0);
}

#[test]
fn a_full_disk_refuses_in_time_and_counts_what_is_lost() {
    let audit = plain(Path::new("/dev/full"));
    let mut record = sample::record();
    record.detail = Some("x".repeat(1000).into());
    let offered = (1..).find(|_| audit.offer(&record).is_err()).unwrap();
    assert!(offered > AUDIT_QUEUE_BYTES_MAX / 4096 && !audit.is_healthy());
    let begin = Instant::now();
    let lost = audit.close().unwrap_err().records;
    assert!(begin.elapsed() < AUDIT_STOP_MAX + Duration::from_secs(1));
    assert_eq!(lost, offered as u64 + 1, "all but the refused one, with start and stop");
    let deadline = Instant::now() + PATIENCE;
    while audit.queue.meters.dropped.get() < lost + 1 {
        assert!(Instant::now() < deadline, "{} counted", audit.queue.meters.dropped.get());
        std::thread::yield_now();
    }
    assert_eq!(audit.queue.meters.written.get(), 0);
}

#[test]
fn does_not_begin_on_a_sink_it_cannot_write() {
    let settings = AuditSettings::new(AuditSink::parse("/nowhere/at/all.jsonl"), Actors::Plain);
    let fault = Audit::open(settings, &Metrics::new()).unwrap_err().to_string();
    assert!(fault.starts_with("cannot write the audit to `/nowhere/at/all.jsonl`: No such file"), "{fault}");
}

#[test]
fn writes_nothing_for_a_policy_that_wants_none_but_tells_of_the_policy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    let silent = sample::policy("quiet", "audit: { level: none }\n");
    let record = Record { policy: Arc::clone(&silent), ..sample::record() };
    audit.offer(&record).unwrap();
    audit.policy_swapped(None, &silent);
    audit.policy_swapped(Some(&silent), &sample::record().policy);
    audit.close().unwrap();
    let lines = lines(&path);
    let stages: Vec<_> = lines.iter().filter_map(|line| line["stage"].as_str()).collect();
    assert_eq!(stages, ["audit.start", "policy.swap", "policy.swap", "audit.stop"]);
    assert_eq!(lines[1]["policy"].get("previous_sha256"), None);
    assert_eq!(lines[2]["policy"]["previous_sha256"], lines[1]["policy"]["sha256"]);
    assert_eq!(lines[2]["resource"]["server"], "payments");
}

#[test]
fn tells_who_asked_for_a_change_and_when_the_gate_was_told_to_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    let peer = Some("[::ffff:127.0.0.1]:4711".parse().unwrap());
    audit.accessed(&Access { action: AdminAction::Drain, outcome: AccessOutcome::Denied, peer });
    audit.hurry(3);
    audit.close().unwrap();
    let lines = lines(&path);
    let wanted = json!({ "source": { "ip": "127.0.0.1", "port": 4711 }, "access": { "action": "drain", "outcome": "denied" } });
    let [_, access, stop, _] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&access["source"], &access["access"]), (&wanted["source"], &wanted["access"]));
    assert_eq!((&access["stage"], &stop["stage"]), (&json!("admin.access"), &json!("gate.stop")));
    assert_eq!(stop["in_flight"], 3);
    assert!(verified(&path).is_ok());
}
