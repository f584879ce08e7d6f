//! SARIF 2.1.0, for code scanners and editors.
//!
//! Messages are plain text without placeholders, and braces in them are not doubled, though section 3.11.5
//! can be read so: a reader that shows the text as it is would show two.
//!
//! Source: OASIS SARIF 2.1.0 with errata 01, sections 3.14 (run), 3.27 (result), 3.30 (region), 3.55 (fix).

use serde_json::{Value, json};

use super::place::{self, Place, Unit};
use super::{Account, Exit, Report};
use crate::policy::{Code, Fault, Severity};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one log with one run to standard output.
pub(super) fn print(report: &Report) {
    anstream::println!("{:#}", log(report));
}

pub(super) fn log(report: &Report) -> Value {
    let is_successful = report.exit() != Exit::Unable;
    let unable = report.accounts.iter().filter_map(|account| account.unable.as_ref());
    let unable = unable.map(|why| json!({ "level": "error", "message": { "text": why } }));
    let accounts = report.accounts.iter();
    let results = accounts.flat_map(|account| account.faults.iter().map(|fault| result(account, fault)));
    let files = report.accounts.iter().flat_map(|account| &account.files);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sluicegate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().copied().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "utf16CodeUnits",
            "artifacts": files.map(|file| json!({ "location": { "uri": uri(file) } })).collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": is_successful,
                "toolExecutionNotifications": unable.collect::<Vec<_>>(),
            }],
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A log with one run of other rules than those of policies, which could look at everything.
pub(in crate::cli) fn plain_log(rules: &[Value], results: &[Value]) -> Value {
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sluicegate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "invocations": [{ "executionSuccessful": true }],
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.meaning() },
        "defaultConfiguration": { "level": level(code) },
        "help": { "text": code.explanation(), "markdown": code.explanation() },
    })
}

fn result(account: &Account, fault: &Fault) -> Value {
    let location = json!({ "uri": uri(&fault.file) });
    let text = match &fault.help {
        Some(help) => format!("{}: {help}", fault.message),
        None => fault.message.clone(),
    };
    let mut result = json!({
        "ruleId": fault.code.as_str(),
        "level": level(fault.code),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": location,
            "region": region(place::of_fault(&account.faults, fault, Unit::Utf16)),
        } }],
    });
    if let Some(index) = Code::ALL.iter().position(|code| *code == fault.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some((at, replacement)) = place::of_suggestion(&account.faults, fault, Unit::Utf16) {
        result["fixes"] = json!([{
            "description": { "text": format!("write `{replacement}`") },
            "artifactChanges": [{
                "artifactLocation": location,
                "replacements": [{
                    "deletedRegion": region(at),
                    "insertedContent": { "text": replacement },
                }],
            }],
        }]);
    }
    result
}

fn level(code: Code) -> &'static str {
    match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn region(place: Place) -> Value {
    let Place { line, column, end_column } = place;
    json!({ "startLine": line, "startColumn": column, "endLine": line, "endColumn": end_column })
}

/// A path as a URI reference: absolute ones as files, others relative to where the check ran.
///
/// Source: RFC 3986, section 2.3 (unreserved characters); RFC 8089.
pub(in crate::cli) fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
