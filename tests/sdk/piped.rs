//! Clients that start their server themselves and speak to it on pipes: what they see of `sluicegate
//! stdio` in front of it is what they see of the server alone.

use serde_json::json;
use tempfile::TempDir;

use super::support::bundle::{self, Bundle};
use super::support::peers::{self, everything, python_stdio};
use super::{Client, Seen, desk, policy};

const TOOLS: &[&str] =
    &["ask_model", "ask_roots", "ask_user", "chatter", "echo", "grow", "slow", "touch", "wait", "witness"];
const METHODS: &[&str] =
    &["resources/read", "resources/subscribe", "resources/unsubscribe", "subscriptions/listen"];

/// The gate in front of a server, as a command for a client.
struct Gated {
    bundle: Bundle,
    directory: TempDir,
}

impl Gated {
    fn new(policy: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        Self { bundle: Bundle::new(policy), directory }
    }

    fn command(&self, name: &str, server: &[String]) -> String {
        let audit = self.directory.path().join(format!("{name}.jsonl"));
        let words = ["stdio", "--policy"].map(str::to_owned).into_iter();
        let words = words.chain([self.bundle.path().display().to_string(), "--audit".into()]);
        let words = words.chain([audit.display().to_string(), "--".into()]);
        let program = env!("CARGO_BIN_EXE_sluicegate").to_owned();
        json!(std::iter::once(program).chain(words).chain(server.iter().cloned()).collect::<Vec<_>>())
            .to_string()
    }

    /// How many messages were judged for one client.
    fn records(&self, name: &str) -> usize {
        let audit = self.directory.path().join(format!("{name}.jsonl"));
        let text = std::fs::read_to_string(audit).unwrap_or_default();
        text.lines().filter(|line| line.contains(r#""stage":"decision""#)).count()
    }
}

#[test]
fn every_client_sees_the_same_of_a_server_on_pipes() {
    let gated = Gated::new(&policy(TOOLS, METHODS));
    let server = python_stdio();
    for client in Client::all() {
        let name = format!("{client:?}");
        let direct = Seen::by(client, &json!(server).to_string(), &desk::steps("direct"));
        let seen = Seen::by(client, &gated.command(&name, &server), &desk::steps("gated"));
        seen.same_as(&direct, &[0, 9]);
        let asked = json!([{"elicit": "Who is it?"}, {"sample": "What is six by seven?"}, {"roots": true}]);
        assert_eq!(seen.outcome["asked"], asked, "{client:?}: {}", seen.outcome);
        // The SDK's first line does not say what was agreed on over pipes.
        if client != Client::Peer(peers::Client::TypeScriptV1) {
            let revision = if client.is_modern() { "2026-07-28" } else { "2025-11-25" };
            assert_eq!(seen.outcome["revision"], revision, "{client:?}");
        }
        assert_eq!(seen.tools(0), TOOLS, "{client:?}");
        assert_eq!(seen.step(1)["progress"].as_array().map(Vec::len), Some(3), "{client:?}");
        for (step, text) in [(1, "3 steps"), (2, "accept: Ada"), (3, "Forty-two"), (4, "file:///srv/desk")] {
            assert_eq!(seen.text(step), text, "{client:?}");
        }
        assert_eq!(seen.step(5)["logs"].as_array().map(Vec::len), Some(2), "{client:?}: {}", seen.step(5));
        assert_eq!(seen.step(6)["updates"], json!(["desk://board"]), "{client:?}: {}", seen.step(6));
        assert_eq!(seen.step(7)["grown"], true, "{client:?}: {}", seen.step(7));
        assert!(seen.step(8)["error"].is_object(), "{client:?}: {}", seen.step(8));
        assert!(seen.text(9).contains("cancelled gated"), "{client:?}: {}", seen.step(9));
        assert!(gated.records(&name) > 11, "{client:?}: {}", gated.records(&name));
    }
}

/// server-everything speaks revisions up to 2025-11-25 only.
#[test]
fn clients_use_server_everything_within_the_policy() {
    let callers = bundle::callers();
    let gated = Gated::new(&format!(
        "version: 1\nserver: {{ id: everything }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  echo: {{ class: read }}\n  get-sum: {{ class: read }}\n  get-env: {{ class: destructive }}\n\
         allow:\n  - {{ id: read, roles: [reader], classes: [read] }}\n\
         redact:\n  - {{ id: personal, on: results, detectors: [email], action: mask }}\n"
    ));
    let steps = json!([
        {"list": true},
        {"call": "echo", "args": {"message": "mail maria.lopez@example.org"}},
        {"call": "get-sum", "args": {"a": 2, "b": 3}},
        {"call": "get-env"},
    ]);
    for client in Client::all().filter(|client| !client.is_modern_only()) {
        let seen = Seen::by(client, &gated.command(&format!("{client:?}"), &everything()), &steps);
        assert_eq!(seen.tools(0), ["echo", "get-sum"], "{client:?}");
        assert!(seen.text(1).contains("mail m***@example.org"), "{client:?}");
        assert!(seen.text(2).contains('5'), "{client:?}");
        assert_eq!(seen.step(3)["result"]["isError"], true, "{client:?}");
        assert!(!seen.outcome.to_string().contains("key-of-alice"), "{client:?}: {}", seen.outcome);
    }
}
