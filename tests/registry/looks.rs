//! What can be known of a registry without a gate, and a gate on pipes that follows one.

use serde_json::Value;

use crate::database::{Database, Outcome, outcome, registry};
use crate::support::bundle::{ALICE, Bundle};
use crate::support::gate::{call, sluicegate};
use crate::support::pipe::{Pipe, careless};
use crate::support::wait_for;
use crate::versions::{database, notes, translate};
use crate::{ECHO, SELDOM, clinic};

fn look(verb: &str, bundle: &Bundle, registry: &str, words: &[&str]) -> Outcome {
    let mut command = sluicegate();
    command.env("NO_COLOR", "1").arg(verb).arg(bundle.path()).args(["--registry", registry]);
    outcome(command.args(words))
}

#[test]
fn check_judges_the_rows_with_the_files_from_a_database_or_an_export() {
    let (bundle, database) = (clinic(), Database::with(clinic().path()));
    let fine = look("check", &bundle, &database.url(), &[]).fine();
    assert!(fine.contains(": ok, ") && fine.contains(", over revision "), "{fine}");
    database.run(&["set", "acme", "echo", "enabled"]).fine();
    database.sql("UPDATE tenant_tool SET version = 9, limits = '{\"rat\": \"1/min\"}'");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("registry.json");
    std::fs::write(&file, database.run(&["export"]).fine()).expect("written");
    for place in [database.url().as_str(), file.to_str().expect("a path in UTF-8")] {
        let told = look("check", &bundle, place, &[]);
        assert_eq!(told.code, 1, "{told:?}");
        let text = told.out + &told.err;
        for wanted in [
            "registry: tenant_tool acme/echo limits:1:2",
            "did you mean `rate`?",
            "there is no version 9 of `echo`",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(!text.contains(&format!("{}/registry", bundle.path().display())), "it is no file: {text}");
    }
    let absent = look("check", &bundle, "postgres:///x?host=/nonexistent&user=u", &[]);
    assert_eq!(absent.code, 3, "{absent:?}");
    assert!((absent.out + &absent.err).contains("cannot be reached"));
    let other = look("check", &notes(), file.to_str().expect("a path in UTF-8"), &[]);
    assert_eq!(other.code, 3, "{other:?}");
    assert!(
        (other.out + &other.err).contains("the registry is about `clinic`, and the policy about `notes`")
    );
}

#[test]
fn explain_says_which_version_a_tenant_is_on_by_its_row() {
    let database = database();
    translate(&database, "2099-03-01");
    database.run(&["set", "acme", "search", "enabled", "--version", "1"]).fine();
    let explain = |tenant: &str, arguments: &str| {
        let caller = ["--user", "someone", "--scope", "read", "--tenant", tenant];
        let words = [&["--tool", "search", "--args", arguments], &caller[..]].concat();
        look("explain", &notes(), &database.url(), &words).fine()
    };
    let old = explain("acme", r#"{"q":"tea"}"#);
    assert!(old.contains("version: `search@1`, deprecated; the server gets a call of `search`"), "{old}");
    assert!(old.contains("allowed by `read`"), "{old}");
    let new = explain("globex", r#"{"query":"tea","limit":1}"#);
    assert!(new.contains("version: `search@2`, active"), "{new}");
    database.run(&["set", "globex", "search", "disabled"]).fine();
    let gone = explain("globex", r#"{"query":"tea","limit":1}"#);
    assert!(!gone.contains("allowed by"), "{gone}");
}

#[test]
fn a_gate_on_pipes_follows_a_registry() {
    let policy = crate::support::bundle::with("audit: { durability: best_effort }");
    let database = Database::with(clinic().path());
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    let url = database.url();
    let words = [&["--registry", url.as_str()], SELDOM].concat();
    let mut pipe = Pipe::start(&policy, ALICE, &words, &careless(&[]));
    pipe.initialize("2025-11-25");
    let is_refused = |answer: &Value| answer["result"]["isError"] == true;
    let refused = pipe.ask(&call(1, "echo", ECHO));
    assert!(is_refused(&refused), "{refused}");
    database.run(&["set", "acme", "echo", "enabled"]).fine();
    let mut id = 1;
    wait_for("the change to be in force", || {
        id += 1;
        (!is_refused(&pipe.ask(&call(id, "echo", ECHO)))).then_some(())
    });
}

/// What a gate writes of a tool that changed.
const DRIFT: &str = concat!(
    r#"{"schema":"sluicegate.audit/1","time":"2026-11-24T01:00:00.250Z","stage":"tool.drift","resource":{"server":"clinic"},"#,
    r#""drift":{"event":"text","action":"block","tool":"echo","approved_sha256":"00ff","shown_sha256":"ff00","detail":"x"}}"#
);

#[test]
fn drift_that_gates_saw_is_brought_in_by_a_role_that_may_do_nothing_else() {
    let database = Database::with(clinic().path());
    database.sql("CREATE ROLE sidecar LOGIN; CREATE ROLE reporter LOGIN");
    let told = database.run(&["migrate", "--reader", "sidecar", "--reporter", "reporter"]).fine();
    assert!(
        told.contains("reporter may write down what gates saw of changed tools, and nothing else"),
        "{told}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let trail = folder.path().join("audit.jsonl");
    let later = DRIFT.replace("01:00:00.250Z", "02:00:00.000Z").replace("block", "warn");
    let other = r#"{"schema":"sluicegate.audit/1","stage":"decision"}"#;
    std::fs::write(&trail, format!("{DRIFT}\n{other}\n{later}\n")).expect("written");
    let words = ["report", trail.to_str().expect("a path in UTF-8")];
    let reporter = database.url_of("reporter", "postgres");
    for wanted in [
        "2 records of drift in the trail, 2 of them new to the registry\n",
        "2 records of drift in the trail, 0 of them new to the registry\n",
    ] {
        assert_eq!(registry(&reporter, &words).fine(), wanted);
    }
    let told = database.run(&["status"]).fine();
    assert!(told.contains("bundle 1, 2 drifts"), "{told}");
    assert!(told.ends_with("2026-11-24T02:00:00Z clinic: `echo` differs: text, warn\n2026-11-24T01:00:00.25Z clinic: `echo` differs: text, block\n"), "{told}");
    let told: Value = serde_json::from_str(&database.run(&["status", "--json"]).fine()).expect("JSON");
    assert_eq!(told["drifts"][1]["approved_sha256"], "00ff");
    registry(&database.url_of("sidecar", "postgres"), &words)
        .refused(3, "the database refuses: permission denied");
    for sql in [
        "SELECT id FROM tool_server",
        "UPDATE drift_event SET action = 'none'",
        "DELETE FROM drift_event",
        "UPDATE tool_version SET approved_by = 'me'",
        "INSERT INTO tenant_tool (server, tenant, name, enabled) VALUES ('clinic', 'acme', 'echo', true)",
    ] {
        let refused = database.ask("reporter", sql);
        assert!(refused.code != 0 && refused.err.contains("permission denied"), "{sql}: {refused:?}");
    }
    let absent = folder.path().join("absent.jsonl");
    registry(&reporter, &["report", absent.to_str().expect("a path in UTF-8")])
        .refused(3, "there is no such file");
}
