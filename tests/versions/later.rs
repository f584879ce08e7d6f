//! Results that come later, as those of tasks, and what headers say of calls that were translated.

use serde_json::{Value, json};

use crate::stage::{gate, listed, sent, transition};
use crate::support::bundle::ALICE;
use crate::support::gate::Gate;
use crate::support::upstream::Upstream;
use crate::support::wire::{Answer, Wire};

const TASKS: &str = "allow:\n  - { id: read, roles: [reader], tools: '*' }\n  - { id: tasks, roles: [reader], methods: ['tasks/*'] }";

fn ask(gate: &Gate, method: &str, params: &Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    gate.post(ALICE, &body.to_string()).json()
}

/// A request of the modern era, with more headers.
fn modern(gate: &Gate, method: &str, (name, params): (&str, Value), more: &[(&str, &str)]) -> Answer {
    let mut params = params;
    params["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method), ("Mcp-Name", name)];
    Wire::connect(gate.address).post(ALICE, &[&headers[..], more].concat(), &body)
}

#[test]
fn the_result_of_a_task_is_one_of_the_version_that_was_called() {
    let (gate, upstream) = gate(&transition("2099-03-01"), TASKS);
    let tools = listed(&gate, ALICE);
    let search = tools.iter().find(|tool| tool["name"] == "search").expect("it is listed");
    assert_eq!(search["execution"], json!({ "taskSupport": "optional" }), "{search}");
    let call = json!({ "name": "search", "arguments": { "q": "tea" }, "task": { "ttl": 60_000 } });
    let begun = ask(&gate, "tools/call", &call);
    let task = begun["result"]["task"]["taskId"].as_str().unwrap_or_else(|| panic!("{begun}"));
    assert_eq!(sent(&upstream)["arguments"], json!({ "query": "tea", "limit": 20 }));
    let answer = ask(&gate, "tasks/result", &json!({ "taskId": task }));
    let result = &answer["result"];
    assert_eq!(result["structuredContent"], json!({ "items": ["later"] }), "{answer}");
    let text = result["content"][0]["text"].as_str().expect("a text");
    assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), result["structuredContent"]);
    // What was called as it is now stays as it is.
    let call = json!({ "name": "search_v2", "arguments": { "query": "tea", "limit": 1 }, "task": { "ttl": 60_000 } });
    let begun = ask(&gate, "tools/call", &call);
    let task = begun["result"]["task"]["taskId"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let answer = ask(&gate, "tasks/result", &json!({ "taskId": task }));
    assert_eq!(
        answer["result"]["structuredContent"],
        json!({ "results": ["later"], "total": 1 }),
        "{answer}"
    );
}

#[test]
fn a_task_of_the_modern_era_brings_the_old_result_with_its_state() {
    let (gate, _upstream) = gate(&transition("2099-03-01"), TASKS);
    let call = json!({ "name": "search", "arguments": { "q": "task" } });
    let begun = modern(&gate, "tools/call", ("search", call), &[]).json();
    let task = begun["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    let told = modern(&gate, "tasks/get", (&task, json!({ "taskId": task })), &[]).json();
    assert_eq!(told["result"]["result"]["structuredContent"], json!({ "items": ["later"] }), "{told}");
    assert_eq!(told["result"]["status"], "completed");
}

#[test]
fn a_task_whose_version_is_no_more_brings_nothing_of_another() {
    let (gate, _upstream) = gate(&transition("2099-03-01"), TASKS);
    let call = json!({ "name": "search", "arguments": { "q": "tea" }, "task": { "ttl": 60_000 } });
    let begun = ask(&gate, "tools/call", &call);
    let task = begun["result"]["task"]["taskId"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    let reloads = || gate.metric("sluicegate_policy_reloads_total", "result=\"success\"");
    let (before, path) = (reloads(), gate.bundle.file("policy.yaml"));
    let text = std::fs::read_to_string(&path).expect("it was written");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("search") && !line.contains("response:") && !line.contains("enum:"))
        .collect();
    gate.bundle.write("policy.yaml", &kept.join("\n").replace("tools:\n", "tools: {}\n"));
    crate::support::wait_for("the policy without versions", || (reloads() > before).then_some(()));
    let answer = ask(&gate, "tasks/result", &json!({ "taskId": task }));
    assert!(answer["result"].is_null() && !answer.to_string().contains("later"), "{answer}");
}

fn head(upstream: &Upstream) -> String {
    let got = upstream.got();
    let call = got.iter().rev().find(|got| got.body.contains("\"tools/call\"")).expect("a call");
    call.head.to_lowercase()
}

#[test]
fn headers_that_repeat_arguments_are_made_anew_from_those_that_the_server_gets() {
    let mask = "redact: [{ id: mail, on: arguments, detectors: [email], action: mask }]";
    let (gate, upstream) = gate(&transition("2099-03-01"), mask);
    let call = |q: &str| json!({ "name": "search", "arguments": { "q": q, "order": "rel" } });
    let answer = modern(&gate, "tools/call", ("search", call("tea")), &[("Mcp-Param-Q", "tea")]);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let told = head(&upstream);
    assert!(told.contains("mcp-param-query: tea\r\n") && told.contains("mcp-param-limit: 20\r\n"), "{told}");
    assert!(!told.contains("mcp-param-q:") && told.contains("mcp-name: search\r\n"), "{told}");
    let forged = modern(&gate, "tools/call", ("search", call("tea")), &[("Mcp-Param-Q", "milk")]);
    assert_eq!(
        (forged.status(), forged.error().0),
        (400, -32_020),
        "what its client says has to agree first"
    );
    modern(&gate, "tools/call", ("search", call("a@acme.example")), &[]);
    let told = head(&upstream);
    assert!(told.contains("mcp-param-query:") && !told.contains("a@acme.example"), "{told}");
    let new = json!({ "name": "search_v2", "arguments": { "query": "milk", "limit": 1 } });
    modern(&gate, "tools/call", ("search_v2", new), &[("Mcp-Param-Query", "milk")]);
    assert!(head(&upstream).contains("mcp-param-query: milk\r\n"), "another name alone changes no argument");
}
