//! Servers that talk back: they ask their client, announce changes, log, are cancelled, drop streams.

use serde_json::{Value, json};

use super::support::gate::Gate;
use super::support::peers::Server;
use super::{Client, Seen, policy, said};

const TOOLS: &[&str] = &[
    "ask_aside",
    "ask_model",
    "ask_roots",
    "ask_user",
    "chatter",
    "drop",
    "echo",
    "grow",
    "slow",
    "touch",
    "wait",
    "witness",
];
const METHODS: &[&str] = &[
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
];

/// The same steps, each time with another `tag`.
pub fn steps(tag: &str) -> Value {
    json!([
        {"list": true},
        {"call": "slow", "args": {"steps": 3}},
        {"call": "ask_user", "args": {"message": "Who is it?"}},
        {"call": "ask_model", "args": {"question": "What is six by seven?"}},
        {"call": "ask_roots"},
        {"log": "info", "call": "chatter"},
        {"watch": "desk://board", "call": "touch"},
        {"grow": "grow"},
        {"cancel": "wait", "args": {"tag": tag}},
        {"until": format!("cancelled {tag}"), "call": "witness"},
        {"read": "desk://board"},
    ])
}

/// [`steps`], and a prompt.
fn all_steps(tag: &str) -> Value {
    let mut all = steps(tag);
    all.as_array_mut().expect("steps are a list").push(json!({"prompt": "greet"}));
    all
}

/// Steps whose answers differ with the policy, or with what came before.
const LIST: usize = 0;
const WITNESS: usize = 9;

/// What must be true of [`steps`] in any case, so that two failures are not taken for agreement.
fn check(seen: &Seen, client: Client) {
    let name = &seen.name;
    let revision = if client.is_modern() { "2026-07-28" } else { "2025-11-25" };
    assert_eq!(seen.outcome["revision"], revision, "{name}");
    let asked = json!([{"elicit": "Who is it?"}, {"sample": "What is six by seven?"}, {"roots": true}]);
    assert_eq!(seen.outcome["asked"], asked, "{name}: the server's questions");
    assert_eq!(seen.step(1)["progress"].as_array().map(Vec::len), Some(3), "{name}: {}", seen.step(1));
    for (step, text) in
        [(1, "3 steps"), (2, "accept: Ada"), (3, "Forty-two"), (4, "file:///srv/desk"), (5, "logged")]
    {
        assert_eq!(seen.step(step)["result"]["content"], said(text), "{name}: {}", seen.step(step));
    }
    let logs = json!([{"level": "info", "data": "info words"}, {"level": "error", "data": "error words"}]);
    assert_eq!(seen.step(5)["logs"], logs, "{name}");
    assert_eq!(seen.step(6)["updates"], json!(["desk://board"]), "{name}");
    assert_eq!(seen.step(7)["grown"], true, "{name}: {}", seen.step(7));
    let cancelled = seen.step(8);
    assert!(cancelled["error"].is_object() && cancelled["progress"][0].is_object(), "{name}: {cancelled}");
    assert!(seen.text(WITNESS).contains("cancelled "), "{name}: the server saw it: {}", seen.step(WITNESS));
    assert_eq!(seen.step(10)["result"]["contents"][0]["text"], "The board", "{name}");
    assert_eq!(seen.step(11)["result"]["messages"][0]["content"]["text"], "Good day", "{name}");
}

fn every_client_sees_the_same(server: &Server) {
    let gate = Gate::start(&policy(TOOLS, METHODS), &server.url);
    for client in Client::all() {
        let direct = Seen::by(client, &server.url, &all_steps(&format!("{client:?} direct")));
        check(&direct, client);
        let gated = Seen::by(client, &gate.url(), &all_steps(&format!("{client:?} gated")));
        check(&gated, client);
        gated.same_as(&direct, &[LIST, WITNESS]);
        assert_eq!(gated.tools(LIST), TOOLS, "{client:?}");
    }
}

#[test]
fn every_client_sees_the_same_of_the_python_server() {
    every_client_sees_the_same(&Server::python());
}

#[test]
fn every_client_sees_the_same_of_the_typescript_server() {
    every_client_sees_the_same(&Server::typescript());
}

/// The server drops the connection of a call, and answers on the one that the client opens with
/// `Last-Event-ID`. There is no such thing from 2026-07-28 on.
#[test]
fn an_answer_is_fetched_after_the_stream_was_dropped() {
    let steps = json!([{"call": "drop"}, {"call": "echo", "args": {"message": "still here"}}]);
    for server in [Server::python(), Server::typescript()] {
        let gate = Gate::start(&policy(TOOLS, METHODS), &server.url);
        for client in Client::legacy() {
            let direct = Seen::by(client, &server.url, &steps);
            let gated = Seen::by(client, &gate.url(), &steps);
            assert_eq!(gated.text(0), "answered after the drop", "{client:?}");
            assert_eq!(gated.text(1), "still here", "{client:?}");
            gated.same_as(&direct, &[]);
        }
    }
}

/// A request of the server that belongs to no call takes the session's own stream, which the client
/// opens when it likes: so an update has to come through first.
#[test]
fn a_question_on_the_sessions_own_stream_is_answered() {
    let steps = json!([
        {"watch": "desk://board", "call": "touch"},
        {"call": "ask_aside", "args": {"message": "And now?"}},
    ]);
    for server in [Server::python(), Server::typescript()] {
        let gate = Gate::start(&policy(TOOLS, METHODS), &server.url);
        for client in Client::legacy() {
            let direct = Seen::by(client, &server.url, &steps);
            let gated = Seen::by(client, &gate.url(), &steps);
            assert_eq!(gated.text(1), "accept: Ada", "{client:?}");
            assert_eq!(gated.outcome["asked"], json!([{"elicit": "And now?"}]), "{client:?}");
            gated.same_as(&direct, &[]);
        }
    }
}
