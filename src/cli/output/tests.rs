use serde_json::{Value, json};

use super::*;
use crate::policy::{Source, compile};

/// A bundle with a typo behind letters of one and of two UTF-16 units, and a warning.
const POLICY: &str = "version: 1
server: { id: db }
callers: { anonymous: allow }
tools: { db_query: { class: read }, db_drop: { class: destructive } }
allow:
  - { id: reads, message: \"größe 😀, 100%\", tools: [\"db_qurey\"] }
deny:
  - { id: no-drop, tools: [db_drop] }
";

fn report(policy: &str, warnings: Warnings) -> Report {
    let source = Source { name: "policy.yaml".into(), text: policy.into() };
    let faults = match compile(&[source], 0) {
        Ok(policy) => policy.warnings().clone(),
        Err(faults) => faults,
    };
    let account = Account {
        bundle: "a b".to_owned(),
        files: vec!["a b/policy.yaml".to_owned()],
        faults: faults.renamed(|name| format!("a b/{name}")),
        counts: vec![("tools", 2)],
        summary: "a b: 1 error".to_owned(),
        unable: None,
    };
    Report { accounts: vec![account], warnings }
}

/// The line of the typo up to it, and the typo.
fn typo() -> (&'static str, &'static str) {
    let line = POLICY.lines().nth(5).expect("the sixth line");
    line.split_at(line.find("\"db_qurey\"").expect("the typo"))
}

#[test]
fn tells_json_in_characters() {
    let (before, _) = typo();
    let column = before.chars().count() + 1;
    let object = json::object(&report(POLICY, Warnings::Pass));
    assert_eq!(
        object["findings"][0],
        json!({
            "code": "SG0013", "severity": "error", "message": "there is no tool `db_qurey`",
            "help": "did you mean `db_query`?", "file": "a b/policy.yaml",
            "line": 6, "column": column, "end_line": 6, "end_column": column + 10,
            "suggestion": {
                "replacement": "db_query",
                "line": 6, "column": column + 1, "end_line": 6, "end_column": column + 9,
            },
        })
    );
    assert_eq!(object["findings"][1]["severity"], "warning");
    assert_eq!(object["findings"][1]["help"], "add `owner: TEAM`, for those who ask why they are refused");
    assert_eq!(object["findings"][1].get("suggestion"), None);
    for (key, wanted) in [
        ("version", json!(1)),
        ("ok", json!(false)),
        ("errors", json!(1)),
        ("warnings", json!(1)),
        ("files", json!(["a b/policy.yaml"])),
        ("counts", json!({ "tools": 2 })),
        ("unable", json!([])),
    ] {
        assert_eq!(object[key], wanted, "{key}");
    }
}

#[test]
fn tells_sarif_in_utf16_with_a_fix() {
    let (before, _) = typo();
    let column = before.encode_utf16().count() + 1;
    assert_ne!(column, before.chars().count() + 1, "the line tells the units apart");
    let log = sarif::log(&report(POLICY, Warnings::Pass));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let result = &run["results"][0];
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "a%20b/policy.yaml");
    let region = |start: usize, end: usize| json!({ "startLine": 6, "startColumn": start, "endLine": 6, "endColumn": end });
    assert_eq!(location["region"], region(column, column + 10));
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["deletedRegion"], region(column + 1, column + 9));
    assert_eq!(replacement["insertedContent"]["text"], "db_query");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok());
        assert_eq!(rules[index.expect("an index")]["id"], result["ruleId"]);
    }
}

/// What a SARIF log must have, by the sections that the module names; what is not listed is not ours.
fn form() -> Value {
    let closed = |required: Value, properties: Value| json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
    let text = json!({ "type": "string", "minLength": 1 });
    let message = closed(json!(["text"]), json!({ "text": text }));
    let level = json!({ "enum": ["none", "note", "warning", "error"] });
    let natural = json!({ "type": "integer", "minimum": 1 });
    let region = closed(
        json!(["startLine"]),
        json!({ "startLine": natural, "startColumn": natural, "endLine": natural, "endColumn": natural }),
    );
    let artifact = closed(
        json!(["uri"]),
        json!({ "uri": { "type": "string", "pattern": "^[^ %]*(%[0-9A-F]{2}[^ %]*)*$" } }),
    );
    let rule = closed(
        json!(["id"]),
        json!({ "id": text, "name": text, "shortDescription": message, "defaultConfiguration": { "properties": { "level": level } },
            "help": closed(json!(["text"]), json!({ "text": text, "markdown": text })) }),
    );
    let fix = closed(
        json!(["artifactChanges"]),
        json!({ "description": message, "artifactChanges": { "type": "array", "minItems": 1, "items": closed(
            json!(["artifactLocation", "replacements"]),
            json!({ "artifactLocation": artifact, "replacements": { "type": "array", "minItems": 1, "items": closed(
                json!(["deletedRegion"]), json!({ "deletedRegion": region, "insertedContent": message })) } })) } }),
    );
    let result = closed(
        json!(["message", "ruleId", "level", "locations"]),
        json!({ "message": message, "ruleId": text, "ruleIndex": { "type": "integer", "minimum": 0 }, "level": level,
            "fixes": { "type": "array", "items": fix },
            "locations": { "type": "array", "minItems": 1, "items": closed(json!(["physicalLocation"]), json!({
                "physicalLocation": closed(json!(["artifactLocation"]), json!({ "artifactLocation": artifact, "region": region })) })) } }),
    );
    let invocation = closed(
        json!(["executionSuccessful"]),
        json!({ "executionSuccessful": { "type": "boolean" }, "toolExecutionNotifications": { "type": "array",
            "items": closed(json!(["message"]), json!({ "message": message, "level": level })) } }),
    );
    let tool = closed(
        json!(["driver"]),
        json!({ "driver": closed(json!(["name"]), json!({
        "name": text, "version": text, "rules": { "type": "array", "uniqueItems": true, "items": rule } })) }),
    );
    let run = closed(
        json!(["tool", "results"]),
        json!({ "tool": tool, "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
            "artifacts": { "type": "array", "items": closed(json!([]), json!({ "location": artifact })) },
            "invocations": { "type": "array", "items": invocation }, "results": { "type": "array", "items": result } }),
    );
    closed(
        json!(["version", "runs"]),
        json!({ "$schema": { "type": "string", "format": "uri" }, "version": { "const": "2.1.0" },
            "runs": { "type": "array", "items": run } }),
    )
}

#[test]
fn sarif_has_the_form_of_the_standard() {
    let form = jsonschema::validator_for(&form()).expect("a schema");
    let mut report = report(POLICY, Warnings::Pass);
    report.accounts.push(Account::unable("gone".to_owned(), "cannot read `gone`".to_owned()));
    let mut log = sarif::log(&report);
    assert!(
        form.validate(&log).is_ok(),
        "{:?}",
        form.iter_errors(&log).map(|fault| fault.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    log["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!form.is_valid(&log), "a wrong word is found");
}

#[test]
fn escapes_paths_as_uris() {
    for (path, wanted) in [
        ("a/policy.yaml", "a/policy.yaml"),
        ("/etc/a b.yaml", "file:///etc/a%20b.yaml"),
        ("c:/ä%.yaml", "c%3A/%C3%A4%25.yaml"),
    ] {
        assert_eq!(sarif::uri(path), wanted);
    }
}

#[test]
fn tells_github_with_its_escapes() {
    let mut report = report(POLICY, Warnings::Pass);
    report.accounts[0].faults = report.accounts[0].faults.renamed(|_| "a,b:c%/p.yaml".to_owned());
    let lines: Vec<String> = github::lines(&report.accounts[0]).collect();
    let column = typo().0.chars().count() + 1;
    assert_eq!(
        lines,
        [
            format!("::error file=a%2Cb%3Ac%25/p.yaml,line=6,col={column},title=SG0013::there is no tool `db_qurey` (did you mean `db_query`?)"),
            "::warning file=a%2Cb%3Ac%25/p.yaml,line=8,col=11,title=SG0105::this deny names no owner (add `owner: TEAM`, for those who ask why they are refused)".to_owned(),
        ]
    );
    let unable = Account::unable("x".to_owned(), "100%\r\n::error::forged".to_owned());
    assert_eq!(
        github::lines(&unable).collect::<Vec<_>>(),
        ["::error title=sluicegate::100%25%0D%0A::error::forged"]
    );
}

#[test]
fn what_could_not_be_looked_at_is_never_well() {
    let clean = "version: 1\nserver: { id: db }\ncallers: { anonymous: allow }\n";
    let warned = POLICY.replace("db_qurey", "db_query");
    let cases = [
        (clean, Warnings::Fail, Exit::Fine),
        (&*warned, Warnings::Pass, Exit::Fine),
        (&*warned, Warnings::Fail, Exit::Findings),
        (POLICY, Warnings::Pass, Exit::Findings),
    ];
    for (policy, warnings, wanted) in cases {
        let mut report = report(policy, warnings);
        assert_eq!(report.exit(), wanted, "{warnings:?} {policy}");
        report.accounts.insert(0, Account::unable("x".to_owned(), "gone".to_owned()));
        assert_eq!(report.exit(), Exit::Unable, "{policy}");
        assert_eq!(json::object(&report)["ok"], false);
    }
}
