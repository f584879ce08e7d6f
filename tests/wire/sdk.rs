//! Real clients call real servers through the gate: every SDK client with every SDK server.

use serde_json::{Value, json};

use crate::support::bundle::{self, ALICE, Bundle, EVE};
use crate::support::gate::{Gate, SECRETS};
use crate::support::peers::{Client, Server, everything};

fn steps() -> Value {
    json!([
        {"list": true},
        {"call": "echo", "args": {"message": "hello"}},
        {"call": "lookup", "args": {"patient": "7"}},
        {"call": "slow", "args": {"steps": 3}},
        {"call": "delete_all"},
        {"call": "no_such_tool"},
    ])
}

fn text(step: &Value) -> &str {
    step["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

/// What must be true of [`steps`] through the gate, whoever the client and the server are.
fn check(name: &str, outcome: &Value) {
    assert!(outcome["connect"].is_null(), "{name}: {outcome}");
    let [list, echo, lookup, slow, delete, unknown] =
        outcome["steps"].as_array().map(Vec::as_slice).unwrap_or_default()
    else {
        panic!("{name}: {outcome}")
    };
    let mut tools: Vec<_> =
        list["tools"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    tools.sort_unstable();
    assert_eq!(tools, ["echo", "lookup", "slow"], "{name}: what may not be called is not listed");
    assert_eq!(text(echo), "hello", "{name}: {echo}");
    assert_eq!(lookup["result"]["structuredContent"]["visits"], 3, "{name}: {lookup}");
    assert!(text(lookup).starts_with("Maria Lopez, SSN "), "{name}: {lookup}");
    assert_eq!(text(slow), "3 steps", "{name}: {slow}");
    assert_eq!(slow["progress"].as_array().map(Vec::len), Some(3), "{name}: {slow}");
    for step in [delete, unknown] {
        assert_eq!(step["result"]["isError"], true, "{name}: {step}");
        assert!(text(step).contains("not available to you"), "{name}: the model is told: {step}");
    }
    assert_eq!(text(delete).replace("delete_all", "x"), text(unknown).replace("no_such_tool", "x"), "{name}");
    for secret in SECRETS {
        assert!(!outcome.to_string().contains(secret), "{name}: `{secret}` in {outcome}");
    }
}

fn through_the_gate(server: &Server) {
    let gate = Gate::start(&bundle::clinic(), &server.url);
    for client in Client::ALL {
        check(&format!("{client:?}"), &client.run(&gate.url(), ALICE, &steps()));
        assert!(!server.was_deleted(), "{client:?}: the denied tool ran");
    }
}

#[test]
fn every_client_through_the_gate_to_the_python_server() {
    through_the_gate(&Server::python());
}

#[test]
fn every_client_through_the_gate_to_the_typescript_server() {
    through_the_gate(&Server::typescript());
}

/// Without the gate everything is listed, shown and run: the checks above can fail.
#[test]
fn the_same_clients_see_and_delete_everything_without_the_gate() {
    let delete =
        json!([{"list": true}, {"call": "lookup", "args": {"patient": "7"}}, {"call": "delete_all"}]);
    for (server, client) in
        [(Server::python(), Client::TypeScriptV1), (Server::typescript(), Client::PythonAuto)]
    {
        let outcome = client.run(&server.url, "", &delete);
        assert!(server.was_deleted(), "{outcome}");
        assert!(outcome["steps"][0].to_string().contains("delete_all"), "{outcome}");
        assert!(SECRETS.iter().all(|secret| outcome.to_string().contains(secret)), "{outcome}");
    }
}

#[test]
fn a_caller_without_the_scope_sees_no_tool_and_one_without_a_key_nothing() {
    let server = Server::typescript();
    let gate = Gate::start(&bundle::clinic(), &server.url);
    let steps = json!([{"list": true}, {"call": "echo", "args": {"message": "hello"}}]);
    for client in [Client::TypeScriptV2, Client::PythonLegacy] {
        let eve = client.run(&gate.url(), EVE, &steps);
        assert_eq!(eve["steps"][0]["tools"], json!([]), "{eve}");
        assert_eq!(eve["steps"][1]["result"]["isError"], true, "{eve}");
        let stranger = client.run(&gate.url(), "", &steps);
        assert!(stranger["connect"].is_object(), "{stranger}");
    }
    let answer = gate.post("wrong", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!(answer.status(), 401);
    assert!(answer.head.header("www-authenticate").is_some_and(|text| text.starts_with("Bearer")));
}

/// server-everything speaks revisions up to 2025-11-25 only, so the client that insists on 2026-07-28
/// cannot connect to it, with or without a gate.
#[test]
fn every_client_through_the_gate_to_server_everything_over_stdio() {
    let policy = |more: &str| {
        let callers = bundle::callers();
        format!(
            "version: 1\nserver: {{ id: everything }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
             tools:\n  echo: {{ class: read }}\n  get-sum: {{ class: read }}\n  get-env: {{ class: destructive }}\n\
             allow:\n  - {{ id: read, roles: [reader], classes: [read{more}] }}\n\
             redact:\n  - {{ id: personal, on: results, detectors: [us_ssn, pan, email], action: mask }}\n"
        )
    };
    let start = |policy: &str| {
        let mut words = vec!["--env".to_owned(), "PEER_MARK=visible".to_owned(), "--".to_owned()];
        words.extend(everything());
        Gate::with(Bundle::new(policy), &words)
    };
    let steps = json!([
        {"list": true},
        {"call": "echo", "args": {"message": "mail maria.lopez@example.org"}},
        {"call": "get-sum", "args": {"a": 2, "b": 3}},
        {"call": "get-env"},
    ]);
    let gate = start(&policy(""));
    for client in Client::ALL.iter().filter(|client| **client != Client::TypeScriptModern) {
        let outcome = client.run(&gate.url(), ALICE, &steps);
        let step = |index: usize| &outcome["steps"][index];
        let mut tools: Vec<_> =
            step(0)["tools"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        tools.sort_unstable();
        assert_eq!(tools, ["echo", "get-sum"], "{client:?}: {outcome}");
        assert!(text(step(1)).contains("mail m***@example.org"), "{client:?}: {outcome}");
        assert!(text(step(2)).contains('5'), "{client:?}: {outcome}");
        assert_eq!(step(3)["result"]["isError"], true, "{client:?}: {outcome}");
        assert!(!outcome.to_string().contains("visible"), "{client:?}: {outcome}");
    }
    let open = start(&policy(", destructive"));
    let outcome = Client::TypeScriptV1.run(&open.url(), ALICE, &steps);
    assert!(
        text(&outcome["steps"][3]).contains("visible"),
        "the denied tool works where it is allowed: {outcome}"
    );
}
