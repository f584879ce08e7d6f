//! Clients and servers of HTTP+SSE of 2024-11-05, as the SDKs still have it.

use serde_json::{Value, json};

use super::support::bundle::{self, Bundle};
use super::support::gate::{Gate, SECRETS};
use super::support::peers::{self, Server};
use super::{Client, Seen, policy, said};

/// Those whose transport of 2024-11-05 can be asked for; none of them speaks 2026-07-28 over it.
const CLIENTS: &[Client] =
    &[Client::Peer(peers::Client::PythonLegacy), TYPESCRIPT, Client::Peer(peers::Client::TypeScriptV2)];

const TYPESCRIPT: Client = Client::Peer(peers::Client::TypeScriptV1);

/// Steps that differ with the policy, or with the client: the TypeScript SDK forgets whoever waits for
/// progress as soon as the answer is there, and the last of it comes in the same chunk.
const LIST: usize = 0;
const PROGRESS: usize = 2;

/// What a server asks its client for.
const ASKS: &str = "elicitation/create, roots/list, sampling/createMessage";

/// The gate in front of the stream of a server, and where its clients connect.
fn gate(policy: &str, server: &Server) -> (Gate, String) {
    let gate = Gate::with(Bundle::new(policy), &["--upstream-sse", &server.url]);
    let url = format!("http://{}/sse", gate.address);
    (gate, url)
}

#[test]
fn every_client_sees_the_same_of_server_everything() {
    let tools = [
        "echo",
        "get-roots-list",
        "get-sum",
        "trigger-elicitation-request",
        "trigger-long-running-operation",
        "trigger-sampling-request",
    ];
    let server = Server::everything_sse();
    let (_gate, url) = gate(&policy(&tools, &["prompts/get"]), &server);
    let steps = json!([
        {"list": true},
        {"call": "get-sum", "args": {"a": 2, "b": 3}},
        {"call": "trigger-long-running-operation", "args": {"duration": 0.2, "steps": 2}},
        {"call": "trigger-elicitation-request"},
        {"call": "trigger-sampling-request", "args": {"prompt": "six by seven?"}},
        {"until": "file:///srv/desk", "call": "get-roots-list"},
        {"prompt": "simple-prompt"},
    ]);
    for &client in CLIENTS {
        let direct = Seen::by(client, &server.url, &steps);
        let gated = Seen::by(client, &url, &steps);
        assert!(gated.text(1).contains('5'), "{client:?}: {}", gated.step(1));
        assert_eq!(gated.step(PROGRESS)["progress"][0]["progress"].as_f64(), Some(1.0), "{client:?}");
        assert_eq!(gated.step(PROGRESS)["result"], direct.step(PROGRESS)["result"], "{client:?}");
        assert!(gated.step(3).to_string().contains("Ada"), "{client:?}: {}", gated.step(3));
        assert!(gated.text(4).contains("Forty-two"), "{client:?}: {}", gated.step(4));
        gated.same_as(&direct, &[LIST, PROGRESS]);
    }
}

#[test]
fn every_client_is_held_to_the_policy_in_front_of_the_python_server() {
    let steps = json!([
        {"list": true},
        {"call": "lookup", "args": {"patient": "7"}},
        {"call": "slow", "args": {"steps": 3}},
        {"call": "delete_all"},
        {"call": "ask_user", "args": {"message": "Who is it?"}},
        {"call": "ask_model", "args": {"question": "What is six by seven?"}},
        {"call": "ask_roots"},
        {"log": "info", "call": "chatter"},
        {"cancel": "wait", "args": {"tag": "gated"}},
        {"call": "echo", "args": {"message": "still here"}},
    ]);
    let desk = "tools:\n  ask_user: { class: read }\n  ask_model: { class: read }\n  ask_roots: { class: read }\n  \
                chatter: { class: read }\n  wait: { class: read }\n";
    let asks = format!("allow:\n  - {{ id: asks, roles: [reader], methods: [{ASKS}] }}\n");
    let policy = bundle::clinic().replace("tools:\n", desk).replace("allow:\n", &asks);
    let server = Server::python_sse();
    let (_gate, url) = gate(&policy, &server);
    for &client in CLIENTS {
        let seen = Seen::by(client, &url, &steps);
        let tools = ["ask_model", "ask_roots", "ask_user", "chatter", "echo", "lookup", "slow", "wait"];
        assert_eq!(seen.tools(0), tools, "{client:?}");
        assert!(seen.text(1).starts_with("Maria Lopez, SSN ***"), "{client:?}: {}", seen.step(1));
        assert_eq!(seen.step(2)["progress"].as_array().map(Vec::len), Some(3), "{client:?}");
        assert_eq!(seen.step(3)["result"]["isError"], true, "{client:?}: {}", seen.step(3));
        assert!(seen.text(3).contains("not available to you"), "{client:?}: {}", seen.step(3));
        assert!(!server.was_deleted(), "{client:?}");
        for (step, text) in [(4, "accept: Ada"), (5, "Forty-two"), (6, "file:///srv/desk"), (7, "logged")] {
            assert_eq!(seen.step(step)["result"]["content"], said(text), "{client:?}: {}", seen.step(step));
        }
        assert_eq!(seen.step(7)["logs"].as_array().map(Vec::len), Some(2), "{client:?}: {}", seen.step(7));
        assert!(seen.step(8)["error"].is_object(), "{client:?}: {}", seen.step(8));
        assert_eq!(seen.text(9), "still here", "{client:?}");
        let asked: Vec<Value> = seen.outcome["asked"].as_array().cloned().unwrap_or_default();
        assert_eq!(asked.len(), 3, "{client:?}: {asked:?}");
        for secret in SECRETS {
            assert!(!seen.outcome.to_string().contains(secret), "{client:?}: `{secret}`");
        }
    }
}

/// A server that has both transports keeps both, and so does the gate.
#[test]
fn both_transports_of_one_server_are_served_side_by_side() {
    let server = Server::python_sse();
    let streamable = server.url.replace("/sse", "/mcp");
    let gate = Gate::with(
        Bundle::new(&bundle::clinic()),
        &["--upstream", &streamable, "--upstream-sse", &server.url],
    );
    let steps = json!([{"call": "echo", "args": {"message": "hello"}}]);
    for path in ["mcp", "sse"] {
        let url = format!("http://{}/{path}", gate.address);
        assert_eq!(Seen::by(TYPESCRIPT, &url, &steps).text(0), "hello", "{path}");
    }
}
