//! Redacted results and the clients that validate them: a server whose tools advertise an `outputSchema`, and
//! every SDK client, which accepts what the gate has written into them.

use serde_json::{Value, json};

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, sluicegate};
use crate::support::peers::{Client, Server};

/// What no client may see.
const HIDDEN: &[&str] = &[
    "536-22-8726",
    "536228726",
    "481516",
    "maria.lopez",
    "juan.lopez",
    "people.example.org",
    "1980-05-17",
    "0f8fad5b",
    "ML-2342",
    "acme\"",
];

fn policy(action: &str) -> String {
    let callers = bundle::callers();
    format!(
        "version: 1\nserver: {{ id: records }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  patient: {{ class: read }}\n  patients: {{ class: read }}\n  verdict: {{ class: read }}\n\
         allow:\n  - {{ id: read, roles: [reader], classes: [read] }}\n\
         redact:\n  - {{ id: personal, on: results, detectors: [us_ssn, email], \
         fields: [id, ssn, record, home, born, member, code, insurer, hospice], action: {action} }}\n"
    )
}

/// A gate in front of the server, with its tools pinned or not.
fn stage(server: &Server, action: &str, is_pinned: bool) -> Gate {
    let bundle = Bundle::new(&policy(action));
    if is_pinned {
        let mut pin = sluicegate();
        pin.args(["pin", "--policy"]).arg(bundle.path()).args(["--upstream", &server.url]);
        let output = pin.output().expect("the program can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Gate::with(bundle, &["--upstream", &server.url])
}

fn steps() -> Value {
    json!([{"list": true}, {"call": "patient"}, {"call": "patients"}, {"call": "verdict"}])
}

/// What must be true of a patient, whoever the client is.
fn check(name: &str, patient: &Value) {
    for member in HIDDEN {
        assert!(!patient.to_string().contains(member), "{name}: `{member}` in {patient}");
    }
    assert_eq!(patient["ssn"], "000-00-0000", "{name}: {patient}");
    assert_eq!(patient["record"], "MRN-000000", "{name}: {patient}");
    assert_eq!((&patient["ward"], &patient["visits"]), (&json!("north"), &json!(3)), "{name}: {patient}");
    assert!(patient["insurer"].is_null(), "{name}: {patient}");
    assert!(patient.get("hospice").is_none(), "{name}: what nothing fits is gone: {patient}");
}

fn every_client_accepts(action: &str) {
    let server = Server::python_records();
    let gate = stage(&server, action, true);
    for client in Client::ALL {
        let name = format!("{client:?}, {action}");
        let outcome = client.run(&gate.url(), ALICE, &steps());
        let step = |index: usize| &outcome["steps"][index]["result"];
        assert!(outcome["steps"][1]["error"].is_null(), "{name}: {outcome}");
        let one = &step(1)["structuredContent"];
        check(&name, one);
        let copy = step(1)["content"][0]["text"].as_str().unwrap_or_default();
        let copy: Value =
            serde_json::from_str(copy).unwrap_or_else(|fault| panic!("{name}: {fault}: {copy}"));
        assert_eq!(&copy, one, "{name}: the copy says the same");
        let all = step(2)["structuredContent"]["result"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(all.len(), 2, "{name}: {outcome}");
        all.iter().for_each(|patient| check(&name, patient));
        assert_eq!(step(3)["isError"], true, "{name}: {outcome}");
        assert!(step(3)["structuredContent"].is_null(), "{name}: nothing beside an error: {outcome}");
        let text = step(3)["content"][0]["text"].as_str().unwrap_or_default();
        assert!(text.contains("was withheld") && text.contains("`field`"), "{name}: {text}");
    }
    for outcome in ["fitted", "dropped", "blocked"] {
        let label = format!(r#"outcome="{outcome}""#);
        assert!(gate.metric("sluicegate_redaction_schema_total", &label) > 0.0, "{outcome}");
    }
    assert_eq!(gate.metric("sluicegate_redaction_schema_total", r#"outcome="unsatisfied""#), 0.0);
}

#[test]
fn every_client_accepts_what_was_masked() {
    every_client_accepts("mask");
}

#[test]
fn every_client_accepts_what_was_replaced() {
    every_client_accepts("replace");
}

/// Nobody has told this gate what the tools give: the clients refuse what it writes, so the checks above can fail.
#[test]
fn the_same_clients_refuse_it_where_the_tools_are_not_pinned() {
    let server = Server::python_records();
    let gate = stage(&server, "replace", false);
    for client in [Client::PythonAuto, Client::TypeScriptV1, Client::TypeScriptV2] {
        let outcome = client.run(&gate.url(), ALICE, &json!([{"list": true}, {"call": "patient"}]));
        let error = outcome["steps"][1]["error"].to_string();
        assert!(!error.is_empty() && error != "null", "{client:?}: {outcome}");
    }
}
