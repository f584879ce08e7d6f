//! Records as events of the Open Cybersecurity Schema Framework 1.3.
//!
//! What is decided about a message is **API Activity** (6003) with the profile `security_control`; the life of the gate
//! and of its policy is **Application Lifecycle** (6002). The record itself stands in `raw_data`, so that nothing that
//! has no word there is lost.
//!
//! Source: schema.ocsf.io/1.3.0, classes `api_activity` and `application_lifecycle`.

use serde_json::{Value, json};

use super::convert::{object, unix_ms};

const API_ACTIVITY: u64 = 6003;
const APPLICATION_LIFECYCLE: u64 = 6002;
const OTHER: u64 = 99;

/// The event that a record is.
pub(super) fn event(record: &Value, line: &str) -> Value {
    match record["stage"].as_str() {
        Some("admit" | "decision") => activity(record, line),
        _ => lifecycle(record, line),
    }
}

fn activity(record: &Value, line: &str) -> Value {
    let (action, decision, result) = (&record["action"], &record["decision"], &record["result"]);
    let (activity, name) = match (action["method"].as_str(), action["class"].as_str()) {
        (Some("tools/call"), Some("read")) => (2, "Read"),
        (Some("tools/call"), Some("write")) => (3, "Update"),
        (Some("tools/call"), Some("destructive")) => (4, "Delete"),
        (Some("tools/call") | None, _) => (OTHER, "Other"),
        (Some(_), _) => (2, "Read"),
    };
    let is_denied = matches!(decision["action"].as_str(), Some("deny" | "error"));
    let (disposition, words) = match decision["action"].as_str() {
        Some("redact") => (11, "Corrected"),
        Some("deny" | "error") => (2, "Blocked"),
        _ if decision["verdict"] == "deny" => (17, "Logged"),
        _ => (1, "Allowed"),
    };
    let (status, status_words) = match result["outcome"].as_str() {
        Some("success") => (1, "Success"),
        Some("failure") => (2, "Failure"),
        Some("cancelled") => (OTHER, "Cancelled"),
        _ => (0, "Unknown"),
    };
    let actor = &record["actor"];
    let source = &record["source"];
    object([
        ("class_uid", API_ACTIVITY.into()),
        ("class_name", "API Activity".into()),
        ("category_uid", 6.into()),
        ("category_name", "Application Activity".into()),
        ("activity_id", activity.into()),
        ("activity_name", name.into()),
        ("type_uid", (API_ACTIVITY * 100 + activity).into()),
        ("time", unix_ms(record).into()),
        ("duration", result["duration_us"].as_u64().map(|us| us / 1000).into()),
        ("severity_id", if is_denied { 2 } else { 1 }.into()),
        ("severity", if is_denied { "Low" } else { "Informational" }.into()),
        ("status_id", status.into()),
        ("status", status_words.into()),
        ("status_code", result["jsonrpc_code"].as_i64().map(|code| code.to_string()).into()),
        ("status_detail", decision["detail"].clone()),
        ("action_id", if is_denied { 2 } else { 1 }.into()),
        ("action", if is_denied { "Denied" } else { "Allowed" }.into()),
        ("disposition_id", disposition.into()),
        ("disposition", words.into()),
        ("metadata", metadata(record, &["security_control"])),
        ("actor", object([("user", user(actor)), ("app_name", actor["client"].clone())])),
        ("src_endpoint", endpoint(source)),
        ("http_request", object([("user_agent", source["user_agent"].clone())])),
        ("http_response", object([("code", result["http_status"].clone())])),
        ("api", api(record)),
        ("resources", resources(action)),
        ("policy", policy(decision)),
        ("raw_data", line.into()),
    ])
}

fn user(actor: &Value) -> Value {
    let organisation = object([("uid", actor["tenant"].clone())]);
    let (kind, name) = match actor["type"].as_str() {
        Some("user") => (1, "User"),
        Some("workload") => (3, "System"),
        _ => (0, "Unknown"),
    };
    // A user has a name or an id; who could not be told has none.
    let nameless = if actor["id"].is_null() { "unknown".into() } else { Value::Null };
    object([
        ("uid", actor["id"].clone()),
        ("name", nameless),
        ("type_id", kind.into()),
        ("type", name.into()),
        ("org", organisation),
        ("domain", actor["issuer"].clone()),
    ])
}

/// Where it came from; whoever speaks over pipes has no address.
fn endpoint(source: &Value) -> Value {
    if source["ip"].is_null() {
        return json!({ "name": "stdio" });
    }
    object([("ip", source["ip"].clone()), ("port", source["port"].clone())])
}

fn api(record: &Value) -> Value {
    let action = &record["action"];
    object([
        ("operation", action["method"].as_str().unwrap_or("unknown").into()),
        ("service", object([("name", record["resource"]["server"].clone())])),
        ("version", action["protocol"].clone()),
        ("request", object([("uid", text(&action["request_id"]))])),
        ("response", object([("code", record["result"]["jsonrpc_code"].clone())])),
    ])
}

fn resources(action: &Value) -> Value {
    if action["target"].is_null() {
        return Value::Null;
    }
    json!([object([("type", action["target_type"].clone()), ("name", action["target"].clone())])])
}

/// The rule that decided; without one there is no policy to name.
fn policy(decision: &Value) -> Value {
    if decision["rule"].is_null() {
        return Value::Null;
    }
    object([
        ("uid", decision["rule"].clone()),
        ("name", decision["rule"].clone()),
        ("version", decision["policy_sha256"].clone()),
        ("desc", decision["reason"].clone()),
    ])
}

fn lifecycle(record: &Value, line: &str) -> Value {
    let stage = record["stage"].as_str().unwrap_or_default();
    let (activity, name) = match stage {
        "audit.start" => (3, "Start"),
        "audit.stop" | "gate.stop" => (4, "Stop"),
        _ => (OTHER, stage),
    };
    let (status, status_words) = match record["access"]["outcome"].as_str() {
        Some("denied" | "failure") => (2, "Failure"),
        None if stage == "egress.refused" => (2, "Failure"),
        _ => (1, "Success"),
    };
    let source = &record["source"];
    let endpoint = [("ip", source["ip"].clone()), ("port", source["port"].clone())];
    object([
        ("class_uid", APPLICATION_LIFECYCLE.into()),
        ("class_name", "Application Lifecycle".into()),
        ("category_uid", 6.into()),
        ("category_name", "Application Activity".into()),
        ("activity_id", activity.into()),
        ("activity_name", name.into()),
        ("type_uid", (APPLICATION_LIFECYCLE * 100 + activity).into()),
        ("time", unix_ms(record).into()),
        ("severity_id", 1.into()),
        ("severity", "Informational".into()),
        ("status_id", status.into()),
        ("status", status_words.into()),
        ("dst_endpoint", destination(&record["egress"])),
        ("src_endpoint", if source.is_object() { object(endpoint) } else { Value::Null }),
        ("app", product()),
        ("metadata", metadata(record, &[])),
        ("raw_data", line.into()),
    ])
}

/// Where a server in a sandbox wanted to go.
fn destination(egress: &Value) -> Value {
    if egress.is_null() {
        return Value::Null;
    }
    object([("hostname", egress["host"].clone()), ("port", egress["port"].clone())])
}

fn metadata(record: &Value, profiles: &[&str]) -> Value {
    object([
        ("version", "1.3.0".into()),
        ("product", product()),
        ("profiles", if profiles.is_empty() { Value::Null } else { profiles.into() }),
        ("uid", record["id"].clone()),
        ("sequence", record["seq"].clone()),
        ("original_time", record["time"].clone()),
        ("log_name", "audit".into()),
    ])
}

fn product() -> Value {
    json!({ "name": "sluicegate", "vendor_name": "sluicegate", "version": env!("CARGO_PKG_VERSION") })
}

/// An id of JSON-RPC, a number or a text, as a text.
fn text(id: &Value) -> Value {
    match id {
        Value::Number(number) => number.to_string().into(),
        other => other.clone(),
    }
}
