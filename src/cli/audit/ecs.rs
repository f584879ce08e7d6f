//! Records as documents of the Elastic Common Schema.
//!
//! The record itself stands in `event.original`; what has no word of its own in ECS stands under `mcp` and `sluicegate`.
//!
//! Source: ECS 8.17, field sets event, user, client, rule, organization, orchestrator.

use serde_json::{Value, json};

use super::convert::object;

/// The document that a record is.
pub(super) fn event(record: &Value, line: &str) -> Value {
    let (action, decision, result) = (&record["action"], &record["decision"], &record["result"]);
    let (actor, source, resource) = (&record["actor"], &record["source"], &record["resource"]);
    object([
        ("@timestamp", record["time"].clone()),
        ("ecs", json!({ "version": "8.17.0" })),
        ("message", message(record).into()),
        ("event", described(record, line)),
        ("user", object([("id", actor["id"].clone()), ("domain", actor["issuer"].clone())])),
        ("organization", object([("id", actor["tenant"].clone())])),
        (
            "destination",
            object([
                ("domain", record["egress"]["host"].clone()),
                ("port", record["egress"]["port"].clone()),
            ]),
        ),
        ("client", object([("ip", source["ip"].clone()), ("port", source["port"].clone())])),
        ("source", object([("ip", source["ip"].clone()), ("port", source["port"].clone())])),
        ("user_agent", object([("original", source["user_agent"].clone())])),
        ("http", object([("response", object([("status_code", result["http_status"].clone())]))])),
        ("error", object([("code", result["jsonrpc_code"].as_i64().map(|code| code.to_string()).into())])),
        (
            "rule",
            object([
                ("id", decision["rule"].clone()),
                ("category", decision["reason"].clone()),
                ("version", decision["policy_sha256"].clone()),
            ]),
        ),
        ("trace", object([("id", record["trace"]["trace_id"].clone())])),
        ("span", object([("id", record["trace"]["span_id"].clone())])),
        ("service", object([("name", resource["server"].clone()), ("type", "mcp".into())])),
        (
            "orchestrator",
            object([
                ("namespace", resource["namespace"].clone()),
                ("resource", object([("name", resource["pod"].clone())])),
            ]),
        ),
        (
            "mcp",
            object([
                ("method", object([("name", action["method"].clone())])),
                (
                    "target",
                    object([("type", action["target_type"].clone()), ("name", action["target"].clone())]),
                ),
                ("request", object([("id", action["request_id"].clone())])),
                ("protocol", object([("version", action["protocol"].clone())])),
                ("client", object([("name", actor["client"].clone())])),
            ]),
        ),
        (
            "sluicegate",
            object([
                ("verdict", decision["verdict"].clone()),
                ("action", decision["action"].clone()),
                ("mode", decision["mode"].clone()),
                ("detail", decision["detail"].clone()),
                ("findings", record["findings"].clone()),
            ]),
        ),
        (
            "observer",
            json!({ "product": "sluicegate", "type": "proxy", "version": env!("CARGO_PKG_VERSION") }),
        ),
    ])
}

fn described(record: &Value, line: &str) -> Value {
    let (decision, result) = (&record["decision"], &record["result"]);
    let stage = record["stage"].as_str().unwrap_or_default();
    let is_decision = matches!(stage, "admit" | "decision");
    let is_denied = matches!(decision["action"].as_str(), Some("deny" | "error"));
    let kinds = match (stage, is_denied) {
        ("audit.start", _) => json!(["start"]),
        ("audit.stop" | "gate.stop", _) => json!(["end"]),
        ("admin.access", _) if record["access"]["outcome"] == "denied" => json!(["access", "denied"]),
        ("admin.access" | "policy.swap" | "tool.drift", _) => json!(["change"]),
        ("egress.refused", _) => json!(["connection", "denied"]),
        (_, true) => json!(["access", "denied"]),
        (_, false) if is_decision => json!(["access", "allowed"]),
        _ => json!(["info"]),
    };
    let outcome = match result["outcome"].as_str().or(record["access"]["outcome"].as_str()) {
        Some("success") => "success",
        Some("denied" | "failure") => "failure",
        None if stage == "egress.refused" => "failure",
        _ => "unknown",
    };
    object([
        ("kind", "event".into()),
        ("category", category(stage)),
        ("type", kinds),
        ("action", if is_decision { record["action"]["method"].clone() } else { stage.into() }),
        ("outcome", outcome.into()),
        (
            "reason",
            if decision.is_null() { record["egress"]["reason"].clone() } else { decision["reason"].clone() },
        ),
        ("duration", result["duration_us"].as_u64().map(|us| us.saturating_mul(1000)).into()),
        ("id", record["id"].clone()),
        ("sequence", record["seq"].clone()),
        ("dataset", "sluicegate.audit".into()),
        ("module", "sluicegate".into()),
        ("original", line.into()),
    ])
}

fn category(stage: &str) -> Value {
    match stage {
        "admit" | "decision" => json!(["api"]),
        "egress.refused" => json!(["network"]),
        _ => json!(["configuration"]),
    }
}

/// A line for people.
fn message(record: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (action, decision) = (&record["action"], &record["decision"]);
    if decision.is_null() {
        return word(&record["stage"]);
    }
    let mut text =
        format!("{} {} {}", word(&decision["action"]), word(&action["method"]), word(&action["target"]));
    if let Some(rule) = decision["rule"].as_str() {
        text += &format!(" rule={rule}");
    }
    text
}
