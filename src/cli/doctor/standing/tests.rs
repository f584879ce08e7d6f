use serde_json::json;

use super::*;

const NOW_S: u64 = 1_795_000_000;

/// What a gate tells that is well in every respect.
fn well() -> Value {
    json!({
        "version": "0.1.0", "server": "payments", "uptime_ms": 60_000, "now_unix_ms": NOW_S * 1000,
        "is_ready": true, "phase": "serving",
        "policy": { "sha256": "ab", "mode": "enforce", "age_ms": 5_000, "tried_age_ms": 5_000, "error": null },
        "audit": { "is_healthy": true, "sink": "file", "file": "/var/log/audit.jsonl", "is_on_disk": true,
                   "queue_records": 1, "queue_bytes": 50, "queue_bytes_limit": 100, "written_unix_s": NOW_S - 120, "dropped": 0 },
        "keys": [{ "issuer": "https://idp.example", "answered_unix_s": NOW_S - 3600, "is_filled": true }],
        "certificate": { "ends_unix_s": NOW_S + 31 * DAY_S },
        "limit_cells": { "used": 90, "limit": 100 },
        "breakers": { "used": 2, "resting": [] },
        "traffic": { "total": { "shadow_deny": 12 } },
    })
}

fn found(told: &Value, check: Check) -> Finding {
    let findings = examine(&Told(told.clone()));
    findings.into_iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check:?}"))
}

#[test]
fn a_gate_that_is_well_has_nothing_wrong() {
    for finding in examine(&Told(well())) {
        assert_eq!((finding.mark, finding.remedy.as_str()), (Mark::Fine, ""), "{finding:?}");
    }
}

/// One change of what is told, and what it makes of which check.
#[test]
fn each_fault_is_found_with_a_remedy() {
    let resting = json!([{ "tool": "slow", "state": "open" }, { "tool": null, "state": "open" }]);
    for (path, value, check, mark, words) in [
        ("/is_ready", json!(false), Check::Ready, Mark::Failure, "not ready (serving)"),
        ("/certificate", json!(null), Check::Certificate, Mark::Unchecked, "no TLS"),
        ("/certificate/ends_unix_s", json!(NOW_S + 30 * DAY_S), Check::Certificate, Mark::Warning, "30 days"),
        ("/certificate/ends_unix_s", json!(NOW_S + 7 * DAY_S), Check::Certificate, Mark::Warning, "7 days"),
        (
            "/certificate/ends_unix_s",
            json!(NOW_S + 7 * DAY_S - 1),
            Check::Certificate,
            Mark::Failure,
            "6 days",
        ),
        ("/certificate/ends_unix_s", json!(NOW_S), Check::Certificate, Mark::Failure, "has ended"),
        (
            "/policy/error",
            json!("a.yaml:3: no\nmore"),
            Check::Reload,
            Mark::Failure,
            "5 s ago stays in force: a.yaml:3: no",
        ),
        ("/policy/mode", json!("shadow"), Check::Mode, Mark::Warning, "would have refused 12"),
        ("/keys/0/is_filled", json!(false), Check::Keys, Mark::Failure, "no keys of https://idp.example"),
        ("/keys/0/answered_unix_s", json!(NOW_S - 3601), Check::Keys, Mark::Warning, "for 60 min"),
        ("/audit/is_healthy", json!(false), Check::Audit, Mark::Failure, "takes no records"),
        ("/audit/dropped", json!(3), Check::Audit, Mark::Failure, "3 audit records were lost"),
        ("/audit/queue_bytes", json!(51), Check::Audit, Mark::Warning, "51 % full"),
        ("/audit/is_on_disk", json!(false), Check::Durable, Mark::Warning, "as sure as whoever reads"),
        ("/audit/written_unix_s", json!(NOW_S - 121), Check::Durable, Mark::Failure, "1 audit records wait"),
        ("/limit_cells/used", json!(91), Check::LimitCells, Mark::Warning, "91 of 100"),
        ("/breakers/resting", resting, Check::Breakers, Mark::Warning, "`slow` and 1 more is open"),
    ] {
        let mut told = well();
        *told.pointer_mut(path).unwrap() = value;
        let finding = found(&told, check);
        assert_eq!(finding.mark, mark, "{path}: {finding:?}");
        assert!(finding.text.contains(words), "{path}: {finding:?}");
        assert!(!finding.remedy.is_empty(), "{path}: {finding:?}");
    }
}

#[test]
fn a_policy_that_asks_no_issuer_needs_no_keys() {
    let mut told = well();
    told["keys"] = json!([]);
    assert_eq!(found(&told, Check::Keys).mark, Mark::Fine);
}

#[test]
fn a_gate_that_does_not_answer_is_a_finding_of_its_own() {
    let fault = DeskFault::Foreign { address: "127.0.0.1:1".into() };
    let finding = reached("127.0.0.1:1", Err(&fault));
    assert_eq!(finding.mark, Mark::Failure);
    assert!(finding.remedy.contains("port-forward"));
    assert_eq!(reached("127.0.0.1:1", Ok(&Told(well()))).mark, Mark::Fine);
}
