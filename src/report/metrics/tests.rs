//! The series are known before the traffic is.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::gate::{Action, Branch, Crowd, Outcome, Record, Restore, Unread, Verdict};
use crate::policy::Beyond;
use crate::report::{AuditSink, sample};
use crate::scan;

/// Every series without its value.
fn series(metrics: &Metrics) -> BTreeSet<String> {
    let text = metrics.render();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

/// The value of `name` in the text format.
fn value(metrics: &Metrics, name: &str) -> Option<f64> {
    let text = metrics.render();
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(series, _)| series == name));
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
}

#[test]
fn a_hundred_thousand_strange_names_add_no_series() {
    let metrics = Metrics::new();
    let before = series(&metrics);
    let mut record = sample::record();
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("n{:x}", seed >> 16)
    };
    for _ in 0..100_000 {
        let name = next();
        record.method = Method::parse(&name);
        record.target = Some(name.as_str().into());
        record.user_agent = Some(next().into());
        record.detail = Some(next().into());
        record.request_id = Some(sample::id(&format!("\"{name}\"")));
        metrics.count(&record);
    }
    assert_eq!(series(&metrics), before);
    assert_eq!(value(&metrics, r#"sluicegate_http_responses_total{code_class="2xx"}"#), Some(100_000.0));
}

#[test]
fn a_replica_that_a_reload_takes_away_has_nothing_left() {
    let metrics = Metrics::new();
    let crowd = |branch| Crowd { branch, taken: 3, limit: 9 };
    let gauges = |upstream: &str| {
        ["inflight", "limit"].map(|gauge| {
            value(&metrics, &format!(r#"sluicegate_concurrency_{gauge}{{upstream="{upstream}"}}"#))
        })
    };
    metrics.observe_crowds(&[crowd(Branch::Primary), crowd(Branch::Replica)]);
    assert_eq!(gauges("replica"), [Some(3.0), Some(9.0)]);
    metrics.observe_crowds(&[crowd(Branch::Primary)]);
    assert_eq!(gauges("replica"), [Some(0.0), Some(0.0)]);
    assert_eq!(gauges("primary"), [Some(3.0), Some(9.0)]);
}

#[test]
fn counts_what_was_not_read_under_its_reason_and_what_became_of_it() {
    let metrics = Metrics::new();
    for (turn, (unread, beyond)) in Unread::ALL
        .iter()
        .flat_map(|unread| Beyond::ALL.iter().map(move |beyond| (*unread, *beyond)))
        .enumerate()
    {
        (0..=turn).for_each(|_| metrics.prose_unread(unread, beyond));
        let (reason, action) = (unread.as_str(), beyond.as_str());
        let name = format!(r#"sluicegate_prose_unread_total{{action="{action}",reason="{reason}"}}"#);
        assert_eq!(value(&metrics, &name), Some((turn + 1) as f64), "{name}");
    }
}

#[test]
fn every_combination_of_every_record_stays_within_the_budget() {
    let metrics = Metrics::new();
    let mut record = sample::record();
    for method in Method::ALL.iter().copied().map(Some).chain([None]) {
        for &action in labels::ACTIONS {
            for outcome in [Outcome::Success, Outcome::ToolError, Outcome::Error(1), Outcome::Cancelled] {
                for http_status in [0, 200, 404, 504, 999, u16::MAX] {
                    (record.method, record.action, record.outcome) = (method, action, outcome);
                    record.http_status = http_status;
                    metrics.count(&record);
                }
            }
        }
    }
    let most = (Method::ALL.len() + 1) * ErrorType::ALL.len() * (SECONDS.len() + 3);
    assert!(series(&metrics).len() < most + 600, "{}", series(&metrics).len());
}

#[test]
fn what_alerts_look_at_is_there_from_the_start() {
    let metrics = Metrics::new();
    let _meters = metrics.audit_meters(&AuditSink::Stdout);
    for name in [
        r#"sluicegate_audit_events_total{result="dropped",sink="stdout"}"#,
        r#"sluicegate_audit_events_total{result="failed",sink="stdout"}"#,
        r#"sluicegate_audit_last_success_timestamp_seconds{sink="stdout"}"#,
        r#"sluicegate_decisions_total{action="deny",phase="request",reason="scope"}"#,
        r#"sluicegate_decisions_total{action="error",phase="response",reason="upstream"}"#,
        r#"sluicegate_decisions_total{action="shadow_deny",phase="request",reason="rate_limit"}"#,
        r#"sluicegate_dlp_findings_total{action="mask",detector="identifier",direction="results"}"#,
        r#"sluicegate_overhead_seconds_count{phase="request"}"#,
        r#"sluicegate_policy_reloads_total{result="failure"}"#,
        r#"sluicegate_redaction_schema_total{outcome="unsatisfied"}"#,
        r#"sluicegate_upstream_errors_total{kind="connect"}"#,
        r#"mcp_server_operation_duration_seconds_count{error_type="",mcp_method_name="tools/call"}"#,
        r#"mcp_server_operation_duration_seconds_count{error_type="upstream",mcp_method_name="_OTHER"}"#,
        "sluicegate_ratelimit_keys",
        "sluicegate_inflight_requests",
        "sluicegate_panics_total",
        "sluicegate_ratelimit_overflows_total",
        r#"sluicegate_stage_duration_seconds_count{stage="dlp"}"#,
        r#"sluicegate_tokens_total{direction="response",method="exact"}"#,
        r#"sluicegate_upstream_errors_total{kind="reset"}"#,
    ] {
        assert_eq!(value(&metrics, name), Some(0.0), "{name}");
    }
    assert!(value(&metrics, "process_resident_memory_bytes").is_some_and(|bytes| bytes > 0.0));
    assert_eq!(value(&metrics, "sluicegate_upstream_up"), None, "nobody knows yet");
    metrics.upstream_answered();
    assert_eq!(value(&metrics, "sluicegate_upstream_up"), Some(1.0));
}

#[test]
fn counts_tokens_by_bytes_unless_they_were_counted() {
    let metrics = Metrics::new();
    let mut record = sample::record();
    metrics.count(&record);
    record.tokens = Some(9);
    metrics.count(&record);
    let tokens = |direction: &str, method: &str| {
        value(&metrics, &format!(r#"sluicegate_tokens_total{{direction="{direction}",method="{method}"}}"#))
    };
    assert_eq!(tokens("request", "estimate"), Some(2.0 * 211.0));
    let (exact, estimate) = if crate::limit::IS_EXACT { (9.0, 300.0) } else { (0.0, 600.0) };
    assert_eq!((tokens("response", "exact"), tokens("response", "estimate")), (Some(exact), Some(estimate)));
}

#[test]
fn each_record_is_counted_where_it_belongs() {
    let sees = |change: &dyn Fn(&mut Record), name: &str| {
        let metrics = Metrics::new();
        let mut record = sample::record();
        change(&mut record);
        metrics.count(&record);
        assert_eq!(value(&metrics, name), Some(1.0), "{name}");
    };
    sees(&|_| {}, r#"sluicegate_decisions_total{action="allow",phase="request",reason="none"}"#);
    let deny = |r: &mut Record| {
        (r.verdict, r.action, r.reason) = (Verdict::Deny, Action::Deny, Reason::RateLimit);
    };
    sees(&deny, r#"sluicegate_decisions_total{action="deny",phase="request",reason="rate_limit"}"#);
    sees(
        &deny,
        r#"mcp_server_operation_duration_seconds_count{error_type="policy_denied",mcp_method_name="tools/call"}"#,
    );
    let fail = |http_status| {
        move |r: &mut Record| {
            (r.action, r.reason, r.http_status) = (Action::Error, Reason::Upstream, http_status);
            r.outcome = Outcome::Error(-32603);
        }
    };
    sees(&fail(502), r#"sluicegate_decisions_total{action="error",phase="response",reason="upstream"}"#);
    sees(
        &fail(502),
        r#"mcp_server_operation_duration_seconds_count{error_type="upstream",mcp_method_name="tools/call"}"#,
    );
    sees(
        &fail(504),
        r#"mcp_server_operation_duration_seconds_count{error_type="timeout",mcp_method_name="tools/call"}"#,
    );
    sees(&fail(504), r#"sluicegate_http_responses_total{code_class="5xx"}"#);
    let tool_error = |r: &mut Record| r.outcome = Outcome::ToolError;
    sees(
        &tool_error,
        r#"mcp_server_operation_duration_seconds_count{error_type="tool_error",mcp_method_name="tools/call"}"#,
    );
    let redact = |r: &mut Record| {
        r.action = Action::Redact;
        r.findings = vec![sample::finding(Direction::Results, scan::Action::Replace, "$")];
        r.findings[0].1.count = 1;
    };
    sees(&redact, r#"sluicegate_decisions_total{action="redact",phase="response",reason="none"}"#);
    sees(
        &redact,
        r#"sluicegate_dlp_findings_total{action="replace",detector="financial",direction="results"}"#,
    );
    let dropped = |r: &mut Record| r.fitting.dropped = 1;
    sees(&dropped, r#"sluicegate_redaction_schema_total{outcome="dropped"}"#);
    let blocked = |r: &mut Record| r.fitting.blocked = 1;
    sees(&blocked, r#"sluicegate_redaction_schema_total{outcome="blocked"}"#);
    let shadow = |r: &mut Record| {
        redact(r);
        r.findings[0].1.mode = crate::names::Mode::Shadow;
    };
    sees(
        &shadow,
        r#"sluicegate_dlp_findings_total{action="shadow",detector="financial",direction="results"}"#,
    );
    let restore = |r: &mut Record| {
        let (result, path) = (RestoreResult::Unbound, "$.arguments.to".into());
        r.restores = vec![Restore { kind: "EMAIL", path, result, count: 1 }];
    };
    sees(&restore, r#"sluicegate_restores_total{result="unbound"}"#);
    sees(&|r| r.http_status = 0, r#"sluicegate_http_responses_total{code_class="none"}"#);
}

#[test]
fn an_index_is_the_place_of_its_variant() {
    for (index, &family) in Family::ALL.iter().enumerate() {
        assert_eq!(family as usize, index);
    }
    for (index, &action) in labels::ACTIONS.iter().enumerate() {
        assert_eq!(action as usize, index);
    }
    for (index, &direction) in labels::DIRECTIONS.iter().enumerate() {
        assert_eq!(direction as usize, index);
    }
}

#[test]
fn shows_one_policy_at_a_time() {
    let metrics = Metrics::new();
    let info =
        || series(&metrics).into_iter().filter(|name| name.starts_with("sluicegate_policy_info")).count();
    let (a, b) = (sample::policy("a", ""), sample::policy("b", ""));
    metrics.policy_loaded(&a);
    assert_eq!(
        (info(), value(&metrics, r#"sluicegate_policy_reloads_total{result="success"}"#)),
        (1, Some(0.0))
    );
    metrics.policy_published(&b);
    metrics.policy_published(&b);
    assert_eq!(
        (info(), value(&metrics, r#"sluicegate_policy_reloads_total{result="success"}"#)),
        (1, Some(2.0))
    );
    let sha256 = crate::names::hex(&b.sha256[..4]);
    let name = format!(r#"sluicegate_policy_info{{mode="enforce",sha256="{sha256}"}}"#);
    assert_eq!(value(&metrics, &name), Some(1.0));
    metrics.policy_kept();
    assert_eq!(value(&metrics, "sluicegate_policy_last_reload_successful"), Some(0.0));
}

#[test]
fn names_follow_the_conventions() {
    let text = Metrics::new().render();
    let mut types = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(types.insert(name, kind).is_none(), "{name} twice");
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        let units = ["_seconds", "_bytes"];
        assert!(kind != "histogram" || units.iter().any(|unit| name.ends_with(unit)), "{name}");
        let prefixes = ["sluicegate_", "process_", "mcp_server_"];
        assert!(prefixes.iter().any(|prefix| name.starts_with(prefix)), "{name}");
    }
    assert!(types.len() > 20);
}

#[test]
fn counts_streams_while_they_are_held() {
    let metrics = Metrics::new();
    let open = |kind| value(&metrics, &format!(r#"sluicegate_streams{{kind="{kind}"}}"#));
    let held = [metrics.open_stream(StreamKind::Sse), metrics.open_stream(StreamKind::Sse)];
    assert_eq!((open("sse"), open("listen")), (Some(2.0), Some(0.0)));
    drop(held);
    assert_eq!(open("sse"), Some(0.0));
}
