//! Servers that speak over standard input and output, wrapped by the gate: their clients speak HTTP.

use serde_json::json;

use super::support::bundle::Bundle;
use super::support::gate::Gate;
use super::support::peers::python_stdio;
use super::{Client, Seen, desk, policy};

const TOOLS: &[&str] =
    &["ask_model", "ask_roots", "ask_user", "chatter", "echo", "grow", "slow", "touch", "wait", "witness"];
const METHODS: &[&str] =
    &["resources/read", "resources/subscribe", "resources/unsubscribe", "subscriptions/listen"];

#[test]
fn every_client_talks_with_a_server_on_pipes() {
    let mut words = vec!["--".to_owned()];
    words.extend(python_stdio());
    let gate = Gate::with(Bundle::new(&policy(TOOLS, METHODS)), &words);
    for client in Client::all() {
        let tag = format!("{client:?}");
        let steps = desk::steps(&tag);
        let seen = Seen::by(client, &gate.url(), &steps);
        let revision = if client.is_modern() { "2026-07-28" } else { "2025-11-25" };
        assert_eq!(seen.outcome["revision"], revision, "{client:?}");
        let asked = json!([{"elicit": "Who is it?"}, {"sample": "What is six by seven?"}, {"roots": true}]);
        assert_eq!(seen.outcome["asked"], asked, "{client:?}: {}", seen.outcome);
        assert_eq!(seen.tools(0), TOOLS, "{client:?}");
        assert_eq!(
            seen.step(1)["progress"].as_array().map(Vec::len),
            Some(3),
            "{client:?}: {}",
            seen.step(1)
        );
        for (step, text) in [(1, "3 steps"), (2, "accept: Ada"), (3, "Forty-two"), (4, "file:///srv/desk")] {
            assert_eq!(seen.text(step), text, "{client:?}");
        }
        assert_eq!(seen.step(5)["logs"].as_array().map(Vec::len), Some(2), "{client:?}: {}", seen.step(5));
        assert_eq!(seen.step(6)["updates"], json!(["desk://board"]), "{client:?}: {}", seen.step(6));
        assert_eq!(seen.step(7)["grown"], true, "{client:?}: {}", seen.step(7));
        assert!(seen.step(8)["error"].is_object(), "{client:?}: {}", seen.step(8));
        assert!(seen.text(9).contains(&tag), "{client:?}: {}", seen.step(9));
        assert_eq!(seen.step(10)["result"]["contents"][0]["text"], "The board", "{client:?}");
    }
}
