//! One JSON object for scripts; its form is told in the module above.

use serde_json::{Map, Value, json};

use super::place::{self, Place, Unit};
use super::{Account, Exit, Report};
use crate::policy::{Fault, Severity};

/// The version of the form.
const VERSION: u32 = 1;

/// Writes the object to standard output.
pub(super) fn print(report: &Report) {
    anstream::println!("{:#}", object(report));
}

pub(super) fn object(report: &Report) -> Value {
    let unable = report.accounts.iter().filter_map(|account| {
        let message = account.unable.as_ref()?;
        Some(json!({ "bundle": account.bundle, "message": message }))
    });
    let mut counts = Map::new();
    for (name, count) in report.accounts.iter().flat_map(|account| &account.counts) {
        let sum = counts.get(*name).and_then(Value::as_u64).unwrap_or(0);
        counts.insert((*name).to_owned(), json!(sum + u64::try_from(*count).unwrap_or(u64::MAX - sum)));
    }
    json!({
        "version": VERSION,
        "ok": report.exit() == Exit::Fine,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "files": report.accounts.iter().flat_map(|account| &account.files).collect::<Vec<_>>(),
        "counts": counts,
        "findings": report.accounts.iter().flat_map(findings).collect::<Vec<_>>(),
        "unable": unable.collect::<Vec<_>>(),
    })
}

fn findings(account: &Account) -> impl Iterator<Item = Value> {
    account.faults.iter().map(|fault| finding(account, fault))
}

fn finding(account: &Account, fault: &Fault) -> Value {
    let mut finding = json!({
        "code": fault.code.as_str(),
        "severity": fault.code.severity().to_string(),
        "message": fault.message,
        "help": fault.help,
        "file": &*fault.file,
    });
    locate(&mut finding, place::of_fault(&account.faults, fault, Unit::Characters));
    if let Some((at, replacement)) = place::of_suggestion(&account.faults, fault, Unit::Characters) {
        let mut suggestion = json!({ "replacement": replacement });
        locate(&mut suggestion, at);
        finding["suggestion"] = suggestion;
    }
    finding
}

fn locate(value: &mut Value, place: Place) {
    value["line"] = json!(place.line);
    value["column"] = json!(place.column);
    value["end_line"] = json!(place.line);
    value["end_column"] = json!(place.end_column);
}
