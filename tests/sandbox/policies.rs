//! A sandbox that the policy asks for: the command line may only be stricter.

use std::process::{Command, Output};

use super::policy;
use super::support::bundle::{ALICE, Bundle};
use super::support::gate::{Gate, sluicegate};
use super::support::peers::{Client, everything};

/// The gate with a policy that has `sandbox`, until it does not start.
fn start(sandbox: &str, words: &[&str]) -> Output {
    let bundle = Bundle::new(&format!("{}{sandbox}\n", policy(&["echo"], &[])));
    let mut command = sluicegate();
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy"]);
    command.arg(bundle.path()).args(words).output().expect("it can be started")
}

#[track_caller]
fn refused(sandbox: &str, words: &[&str], said: &str) {
    let ended = start(sandbox, words);
    let text = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(3) && text.contains(said), "{text}");
}

#[test]
fn a_server_runs_in_the_sandbox_of_its_policy() {
    let modules =
        std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/node_modules")).unwrap();
    let sandbox = format!("sandbox: {{ mode: strict, read: [\"{}\"] }}\n", modules.display());
    let mut words = vec!["--".to_owned()];
    words.extend(everything());
    let gate = Gate::with(Bundle::new(&format!("{}{sandbox}", policy(&["get-sum"], &[]))), &words);
    let steps = serde_json::json!([{"call": "get-sum", "args": {"a": 2, "b": 3}}]);
    let outcome = Client::TypeScriptV1.run(&gate.url(), ALICE, &steps);
    assert!(outcome["steps"][0].to_string().contains('5'), "{outcome}");
    let status: serde_json::Value = serde_json::from_str(&gate.page("/status").text()).unwrap();
    assert_eq!(status["sandbox"]["server"]["missing"], serde_json::json!([]), "{status}");
}

#[test]
fn a_command_line_that_is_milder_is_refused() {
    let strict = "sandbox: { mode: strict, env: [KEY] }";
    refused(strict, &["--sandbox=off", "--", "cat"], "`--sandbox=off` would let the server have more");
    refused(strict, &["--sandbox=strict", "--sandbox-read=/etc", "--", "cat"], "`--sandbox-read /etc`");
    refused(strict, &["--env", "OTHER=1", "--", "cat"], "`--env OTHER`");
}

#[test]
fn only_the_program_of_the_policy_is_started() {
    let said = Command::new("sha256sum").arg("/bin/cat").output().unwrap();
    let digest = String::from_utf8_lossy(&said.stdout)[..64].to_owned();
    let pinned = |digest: &str| {
        format!("sandbox: {{ mode: strict, command: {{ path: /bin/cat, sha256: \"{digest}\" }} }}")
    };
    refused(&pinned(&digest), &["--", "/bin/true"], "lets no program be started but `/bin/cat`");
    let other = "0".repeat(64);
    refused(&pinned(&other), &["--", "/bin/cat"], "SG0435");
}
