//! Results as one JSON object. Members may be added; those that are there keep their meaning while
//! `version` is 1. Lines and columns count from 1, columns in characters.

use serde_json::{Value, json};

use super::{Results, Tested, Wish};
use crate::trial::{CoveredRule, Report};

/// The whole object.
pub(super) fn of(results: &Results) -> Value {
    let bundles: Vec<Value> = results.all.iter().map(|tested| bundle(results, tested)).collect();
    json!({ "version": 1, "ok": results.exit() == super::Exit::Fine, "bundles": bundles })
}

fn bundle(results: &Results, tested: &Tested) -> Value {
    let name = tested.bundle.display().to_string();
    let report = match &tested.outcome {
        Ok(report) => report,
        Err(why) => return json!({ "bundle": name, "unable": why }),
    };
    let cases: Vec<Value> = report
        .verdicts
        .iter()
        .map(|case| {
            json!({
                "name": case.name,
                "file": tested.path(&case.file),
                "line": case.place.line,
                "column": case.place.column,
                "ok": case.wrong.is_empty(),
                "wrong": case.wrong,
                "came": case.came,
            })
        })
        .collect();
    let findings: Vec<Value> = report
        .faults
        .iter()
        .map(|fault| {
            json!({
                "code": fault.code.as_str(),
                "file": tested.path(&fault.file),
                "line": fault.line,
                "column": fault.column,
                "message": fault.message,
                "help": fault.help,
            })
        })
        .collect();
    let mut object = json!({
        "bundle": name,
        "passed": report.passed(),
        "failed": report.failed(),
        "cases": cases,
        "findings": findings,
        "undated": report.undated,
    });
    if let (Wish::Told, Some(members)) = (results.coverage, object.as_object_mut()) {
        members.insert("coverage".to_owned(), coverage(results, tested, report));
    }
    object
}

fn coverage(results: &Results, tested: &Tested, report: &Report) -> Value {
    let (covered, all) = report.coverage.counts();
    let rules: Vec<Value> = report.coverage.rules.iter().map(|rule| covered_rule(tested, rule)).collect();
    json!({
        "covered": covered,
        "of": all,
        "percent": report.coverage.percent(),
        "ok": report.coverage.reaches(results.fail_under),
        "rules": rules,
    })
}

fn covered_rule(tested: &Tested, rule: &CoveredRule) -> Value {
    let releases: Vec<Value> = rule
        .releases
        .iter()
        .map(|release| {
            json!({
                "exception": release.exception.as_ref().map(crate::names::Label::as_str),
                "file": tested.path(&release.file),
                "line": release.place.line,
                "column": release.place.column,
                "released": release.has_released,
            })
        })
        .collect();
    json!({
        "rule": rule.rule.as_str(),
        "file": tested.path(&rule.file),
        "line": rule.place.line,
        "column": rule.place.column,
        "covered": rule.is_covered(),
        "applied": rule.has_applied,
        "not_applied": rule.has_rested,
        "taken_back_by": releases,
    })
}
