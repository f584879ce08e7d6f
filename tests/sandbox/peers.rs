//! Real servers of the SDKs in the sandbox, spoken to by real clients through the gate.

use serde_json::{Value, json};

use super::policy;
use super::support::bundle::{ALICE, Bundle};
use super::support::gate::Gate;
use super::support::peers::{Client, everything, python_stdio};

/// The folder above a file that the system itself knows by this name.
fn installed(path: &str) -> String {
    std::fs::canonicalize(path).expect("it is installed").to_string_lossy().into_owned()
}

fn outcome(gate: &Gate, client: Client, steps: &Value) -> Value {
    client.run(&gate.url(), ALICE, steps)
}

#[test]
fn server_everything_works_in_the_sandbox() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/node_modules");
    let modules = installed(here);
    let mut words: Vec<String> =
        ["--sandbox=strict", "--sandbox-read", &modules, "--"].map(str::to_owned).to_vec();
    words.extend(everything());
    let gate = Gate::with(Bundle::new(&policy(&["echo", "get-sum", "get-env"], &["prompts/get"])), &words);
    let steps = json!([
        {"list": true},
        {"call": "get-sum", "args": {"a": 2, "b": 3}},
        {"prompt": "simple-prompt"},
        {"call": "get-env"},
    ]);
    for client in [Client::TypeScriptV1, Client::PythonLegacy] {
        let outcome = outcome(&gate, client, &steps);
        let text = |step: usize| outcome["steps"][step].to_string();
        assert!(text(0).contains("get-sum"), "{client:?}: {outcome}");
        assert!(text(1).contains("5"), "{client:?}: {outcome}");
        assert!(text(2).contains("simple prompt"), "{client:?}: {outcome}");
        // It prints its environment: a list of few, and a home of its own.
        assert!(text(3).contains("TMPDIR") && text(3).contains("/tmp"), "{client:?}: {outcome}");
        assert!(!text(3).contains("CARGO") && !text(3).contains("npm_config"), "{client:?}: {outcome}");
    }
}

#[test]
fn a_server_of_the_python_sdk_works_in_the_sandbox() {
    let folder = installed(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers"));
    let mut words: Vec<String> =
        ["--sandbox=strict", "--sandbox-read", &folder, "--"].map(str::to_owned).to_vec();
    words.extend(python_stdio());
    let gate = Gate::with(Bundle::new(&policy(&["echo", "slow"], &[])), &words);
    let steps = json!([
        {"list": true},
        {"call": "echo", "args": {"message": "from inside"}},
        {"call": "slow", "args": {"steps": 3}},
    ]);
    for client in [Client::PythonAuto, Client::PythonLegacy, Client::TypeScriptModern, Client::TypeScriptV2] {
        let outcome = outcome(&gate, client, &steps);
        assert!(outcome["steps"][1].to_string().contains("from inside"), "{client:?}: {outcome}");
        assert_eq!(
            outcome["steps"][2]["progress"].as_array().map(Vec::len),
            Some(3),
            "{client:?}: {outcome}"
        );
    }
}
