//! With what a gate starts.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::database::{Database, Outcome, outcome};
use crate::support::bundle::Bundle;
use crate::support::gate::sluicegate;
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::{await_word, clinic, gate, may, standing};

/// A gate that does not start.
fn refused(policy: &Bundle, url: &str, more: &[&str]) -> Outcome {
    let mut command = sluicegate();
    command.args([
        "run",
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--upstream",
        "http://127.0.0.1:9/mcp",
    ]);
    outcome(command.arg("--policy").arg(policy.path()).args(["--registry", url]).args(more))
}

fn words(path: &Path) -> [&str; 4] {
    ["--registry-kept", path.to_str().expect("a path in UTF-8"), "--registry-poll", "200ms"]
}

#[test]
fn a_gate_starts_without_the_database_by_what_it_kept_and_by_nothing_else() {
    let (upstream, mut database) = (Upstream::echo(), Database::with(clinic().path()));
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("registry.kept");
    let url = database.url();
    let first = gate(&url, &upstream.url(), &words(&kept));
    assert!(!may(&first));
    let text = wait_for("the kept file", || std::fs::read_to_string(&kept).ok());
    assert_eq!(std::fs::metadata(&kept).expect("it is there").permissions().mode() & 0o777, 0o600);
    // A change is kept too, and a refused one is not.
    database.run(&["set", "globex", "echo", "disabled"]).fine();
    let text =
        wait_for("another kept file", || std::fs::read_to_string(&kept).ok().filter(|now| *now != text));
    database.sql("INSERT INTO tenant_tool VALUES ('clinic', 'acme', 'ehco', NULL, true)");
    wait_for("the refusal", || standing(&first)["error"].is_string().then_some(()));
    assert_eq!(std::fs::read_to_string(&kept).expect("readable"), text);
    drop(first);
    database.sql("DELETE FROM tenant_tool WHERE name = 'ehco'");
    database.kill();

    let second = gate(&url, &upstream.url(), &words(&kept));
    assert!(!may(&second), "what was kept is in force");
    assert_eq!(standing(&second)["agreed_age_ms"], serde_json::Value::Null);
    database.restart();
    wait_for("the database", || (standing(&second)["is_connected"] == true).then_some(()));
    database.run(&["set", "acme", "echo", "enabled"]).fine();
    await_word(&second, true);
    drop(second);
    database.kill();

    let text = std::fs::read_to_string(&kept).expect("readable");
    std::fs::write(&kept, text.replace("\"server\":\"clinic\"", "\"server\":\"clinic \"")).expect("written");
    refused(&clinic(), &url, &words(&kept))
        .refused(3, "was changed or cut since it was written, so it is not believed");
    std::fs::remove_file(&kept).expect("it was there");
    refused(&clinic(), &url, &words(&kept)).refused(3, "cannot read");
    refused(&clinic(), &url, &[])
        .refused(3, "no registry, so the gate does not start: the database cannot be reached");
}

#[test]
fn a_gate_that_cannot_know_who_may_use_what_does_not_start() {
    let database = Database::start();
    refused(&clinic(), &database.url(), &[]).refused(3, "run `sluicegate registry migrate`");
    database.run(&["migrate"]).fine();
    refused(&clinic(), &database.url(), &[])
        .refused(3, "the registry has no server `clinic`; run `sluicegate registry import`");
    database.run(&["import", clinic().path().to_str().expect("a path in UTF-8")]).fine();
    database.sql("INSERT INTO tenant_tool VALUES ('clinic', 'acme', 'ehco', NULL, true)");
    let told = refused(&clinic(), &database.url(), &[]);
    told.refused(1, "registry: tenant_tool acme/ehco");
    told.refused(1, "did you mean `echo`?");
    let nameless = Bundle::new("version: 1\ncallers: { anonymous: allow }\n");
    refused(&nameless, &database.url(), &[]).refused(3, "write `server: { id: NAME }`");
}
