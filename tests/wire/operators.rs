//! What operators see: probes, metrics, and one record for every judged message, without secrets.

use std::io::Write;

use crate::support::bundle::{self, ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, result, send_json};

#[test]
fn answers_probes_and_metrics_on_a_listener_of_its_own() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for page in ["/livez", "/readyz", "/startupz", "/metrics"] {
        assert_eq!(gate.page(page).status(), 200, "{page}");
    }
    assert_eq!(gate.page("/other").status(), 404);
    let metrics = gate.page("/metrics");
    assert_eq!(metrics.head.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = metrics.text();
    for name in [
        "sluicegate_build_info",
        "sluicegate_policy_info",
        "sluicegate_decisions_total",
        "sluicegate_audit_events_total",
        "sluicegate_inflight_requests",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(&format!("\n{name}")), "{name} is missing");
    }
    let mut wire = gate.connect();
    wire.send(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_eq!(wire.head().status, 404, "callers see no metrics");
}

#[test]
fn writes_a_record_of_every_kind_of_message_and_counts_it() {
    let upstream = Upstream::start(|got, stream| {
        if got.body.contains("slow") {
            let _ = stream.write_all(b"HTTP/1.1 200");
            return After::Close;
        }
        let text = if got.body.contains("lookup") { "SSN 536-22-8726" } else { "ok" };
        send_json(
            stream,
            200,
            &result(&got.body, &format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#)),
        );
        After::Keep
    });
    let policy =
        bundle::with("limits:\n  - { id: one, per: [user], match: { tools: [echo] }, rate: 1/hour }");
    let gate = Gate::start(&policy, &upstream.url());
    for (bearer, tool) in [
        (ALICE, "echo"),
        (ALICE, "delete_all"),
        (ALICE, "echo"),
        (ALICE, "lookup"),
        (ALICE, "slow"),
        ("wrong", "echo"),
    ] {
        gate.call(bearer, tool, r#"{"note":"536-22-8726"}"#);
    }
    let expected = [
        ("allowed", "echo", "allow", "allow", "none"),
        ("denied", "delete_all", "deny", "deny", "tool_not_allowed"),
        ("limited", "echo", "deny", "deny", "rate_limit"),
        ("redacted", "lookup", "allow", "redact", "none"),
        ("failed", "slow", "error", "error", "upstream"),
    ];
    for (what, target, verdict, action, reason) in expected {
        let record = gate.record(what, |record| {
            let decision = &record["decision"];
            record["action"]["target"] == target
                && decision["verdict"] == verdict
                && decision["action"] == action
        });
        assert_eq!(record["decision"]["reason"], reason, "{record}");
        assert_eq!(record["schema"], "sluicegate.audit/1", "{record}");
        assert_eq!(record["action"]["method"], "tools/call", "{record}");
        assert_eq!(record["resource"]["server"], "clinic", "{record}");
        assert!(record["decision"]["policy_sha256"].is_string() && record["time"].is_string(), "{record}");
        assert!(record["source"]["ip"] == "127.0.0.1" && record["actor"].is_object(), "{record}");
        let counted = gate.metric("sluicegate_decisions_total", &format!(r#"reason="{reason}""#));
        assert!(counted >= 1.0, "{what} is counted");
    }
    gate.record("a stranger", |record| record["decision"]["reason"] == "auth_invalid");
    let redacted = gate.record("the finding", |record| record["decision"]["action"] == "redact");
    assert_eq!(redacted["findings"][0]["detector"], "us_ssn", "{redacted}");
    assert_eq!(gate.records().len(), 6, "one record each");
    assert!(gate.metric("sluicegate_dlp_findings_total", r#"detector="identifier""#) >= 1.0);
}

#[test]
fn tells_users_apart_without_naming_them() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for bearer in [ALICE, BOB, ALICE] {
        gate.post(bearer, &call(1, "echo", "{}"));
    }
    crate::support::wait_for("three records", || (gate.records().len() == 3).then_some(()));
    let actors: Vec<_> = gate.records().iter().map(|record| record["actor"]["id"].clone()).collect();
    assert!(actors[0] == actors[2] && actors[0] != actors[1], "{actors:?}");
    assert!(actors.iter().all(|id| !id.to_string().contains("alice")), "{actors:?}");
}

/// Names that a client makes up must not become series.
#[test]
fn makes_no_series_out_of_what_clients_send() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut wire = gate.connect();
    let mut ask = |from: u32, to: u32| {
        for id in from..to {
            wire.post(ALICE, &[], &call(id, &format!("made_up_{id}"), "{}"));
            wire.post(ALICE, &[], &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"made/up{id}"}}"#));
        }
        gate.page("/metrics").text().lines().count()
    };
    let before = ask(0, 2);
    assert_eq!(ask(2, 200), before);
    assert!(!gate.page("/metrics").text().contains("made_up"));
}

#[test]
fn heeds_signals_as_soon_as_it_is_ready_and_ends_every_time() {
    let upstream = Upstream::echo();
    for round in 0..12 {
        let mut gate = Gate::start(&bundle::clinic(), &upstream.url());
        gate.signal("HUP");
        assert_eq!(gate.page("/livez").status(), 200, "a reload asked for at once does not end it");
        gate.signal(if round % 2 == 0 { "TERM" } else { "INT" });
        assert!(gate.ended().success(), "round {round}");
    }
}

#[test]
fn counts_arguments_that_some_reader_takes_for_one() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for arguments in [r#"{"a":1,"b":2}"#, r#"{"a":1,"A":2}"#, r#"{"x":{"na_me":1,"name":2}}"#] {
        assert_eq!(gate.call(ALICE, "echo", arguments).status(), 200);
    }
    assert_eq!(gate.metric("sluicegate_argument_collisions_total", ""), 2.0);
}
