//! `server-everything` behind the gate, over Streamable HTTP: the tasks of 2025-11-25 above all.

use serde_json::json;

use super::support::gate::Gate;
use super::support::peers::{self, Server};
use super::{Client, Seen, policy};

const TOOLS: &[&str] = &[
    "echo",
    "get-roots-list",
    "get-sum",
    "simulate-research-query",
    "trigger-elicitation-request",
    "trigger-long-running-operation",
    "trigger-sampling-request",
];
const METHODS: &[&str] =
    &["prompts/get", "resources/read", "tasks/cancel", "tasks/get", "tasks/list", "tasks/result"];

/// The client that knows the tasks of 2025-11-25.
const TASKS: Client = Client::Peer(peers::Client::TypeScriptV1);

/// Steps whose answers differ with the policy, or with the time.
const LIST: usize = 0;
const TIME: usize = 7;

/// It speaks revisions up to 2025-11-25 only, so whoever insists on 2026-07-28 cannot connect, with or
/// without a gate, and whoever tries it first falls back.
#[test]
fn every_client_sees_the_same_of_server_everything() {
    let server = Server::everything();
    let gate = Gate::start(&policy(TOOLS, METHODS), &server.url);
    let steps = json!([
        {"list": true},
        {"call": "get-sum", "args": {"a": 2, "b": 3}},
        {"call": "trigger-long-running-operation", "args": {"duration": 0.2, "steps": 2}},
        {"call": "trigger-elicitation-request"},
        {"call": "trigger-sampling-request", "args": {"prompt": "six by seven?"}},
        {"until": "file:///srv/desk", "call": "get-roots-list"},
        {"prompt": "simple-prompt"},
        {"read": "demo://resource/dynamic/text/1"},
    ]);
    for client in Client::all() {
        if client.is_modern_only() {
            for url in [&server.url, &gate.url()] {
                let outcome = client.run(url, &json!([]));
                assert!(!outcome["connect"].is_null(), "{client:?}: {outcome}");
            }
            continue;
        }
        let direct = Seen::by(client, &server.url, &steps);
        let gated = Seen::by(client, &gate.url(), &steps);
        assert!(gated.text(1).contains('5'), "{client:?}: {}", gated.step(1));
        assert_eq!(gated.step(2)["progress"].as_array().map(Vec::len), Some(2), "{client:?}");
        assert!(gated.step(3).to_string().contains("Ada"), "{client:?}: {}", gated.step(3));
        assert!(gated.text(4).contains("Forty-two"), "{client:?}: {}", gated.step(4));
        // The resource holds the time of day at which it was read.
        gated.same_as(&direct, &[LIST, TIME]);
        let time = gated.step(TIME);
        assert!(time["result"]["contents"][0]["text"].is_string(), "{client:?}: {time}");
    }
}

/// Called, asked about, interrupted by a question of the server, and its result fetched at the end.
#[test]
fn a_task_is_followed_to_its_end() {
    let server = Server::everything();
    let gate = Gate::start(&policy(TOOLS, METHODS), &server.url);
    let steps = json!([{"task": "simulate-research-query", "args": {"topic": "python", "ambiguous": true}}]);
    let (url, behind) = (server.url.clone(), gate.url());
    let direct = std::thread::spawn({
        let steps = steps.clone();
        move || Seen::by(TASKS, &url, &steps)
    });
    let gated = Seen::by(TASKS, &behind, &steps);
    let direct = direct.join().expect("the direct client carried out its steps");
    assert!(gated.text(0).contains("# Research Report: python (snake)"), "{}", gated.step(0));
    let seen = gated.step(0)["seen"].to_string();
    for state in ["taskCreated", "working", "result"] {
        assert!(seen.contains(state), "`{state}` is not in {seen}");
    }
    // Each task has an id of its own.
    gated.same_as(&direct, &[0]);
    assert_eq!(gated.step(0)["seen"], direct.step(0)["seen"]);
    assert_eq!(gated.text(0), direct.text(0));
}
