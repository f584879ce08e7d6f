//! What people do on the command line.

use std::path::Path;

use serde_json::Value;
use sluicegate::json::Document;
use sluicegate::policy::{Definition, Lock, LockedTool};

use crate::database::{Database, registry};
use crate::support::bundle::{self, Bundle};

/// A bundle with a lock file in which `echo` says `words`.
fn bundle_saying(words: &str) -> Bundle {
    let tools = ["echo", "lookup", "slow", "delete_all"].map(|name| {
        let text =
            format!(r#"{{"name":"{name}","description":"{words}","inputSchema":{{"type":"object"}}}}"#);
        let document = Document::parse(text.as_bytes()).expect("JSON");
        LockedTool::approved(Definition::read(document.root()).expect("a tool").into(), None)
    });
    let bundle = Bundle::new(&bundle::with(""));
    bundle.write("tools.lock.yaml", &Lock { tools: tools.into(), ..Lock::default() }.render());
    bundle
}

fn path(bundle: &Bundle) -> &str {
    bundle.path().to_str().expect("a path in UTF-8")
}

/// What is exported, without what differs from one database to the next.
fn exported(database: &Database) -> Value {
    let mut document: Value = serde_json::from_str(&database.run(&["export"]).fine()).expect("JSON");
    for key in ["epoch", "revision"] {
        document[key].take();
    }
    document["bundle"]["revision"].take();
    document["bundle"]["author"].take();
    document
}

#[test]
fn what_is_imported_is_exported_and_makes_the_same_registry_again() {
    let (bundle, database) = (bundle_saying("Does it."), Database::start());
    database.run(&["status"]).refused(3, "run `sluicegate registry migrate`");
    database.run(&["export"]).refused(3, "run `sluicegate registry migrate`");
    assert!(database.run(&["migrate"]).fine().contains("done: V1__registry"));
    assert_eq!(database.run(&["migrate"]).fine(), "the tables are up to date\n");
    database.run(&["export"]).refused(3, "the registry is empty; run `sluicegate registry import`");
    let told = database.run(&["import", path(&bundle), "--by", "ops"]).fine();
    assert_eq!(
        told,
        "clinic: 4 versions of tools, 0 rows of tenants and 1 policy files are in the registry\n"
    );
    database.run(&["set", "acme", "echo", "enabled", "--until", "2099-01-01", "--version", "1"]).fine();
    database.run(&["set", "globex", "echo", "disabled"]).fine();
    database.sql("INSERT INTO tool_alias VALUES ('clinic', 'say', 'echo', 1, now() + interval '1 day')");
    let first = exported(&database);
    assert_eq!(first["versions"].as_array().map(Vec::len), Some(4));
    assert_eq!(first["rows"][0]["until_unix_ms"], 4_070_908_800_000_u64);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("registry.json");
    std::fs::write(&file, database.run(&["export"]).fine()).expect("written");
    let other = Database::start();
    other.run(&["migrate"]).fine();
    let file = file.to_str().expect("a path in UTF-8");
    for _ in 0..2 {
        other.run(&["import", file]).fine();
        assert_eq!(exported(&other), first, "twice is as once");
    }
    std::fs::write(file, "{}").expect("written");
    other.run(&["import", file]).refused(3, "its `format` is not 1");
    let wrong = Bundle::new("version: 1\nserver: { id: clinic }\nallow: [{ id: a, tools: [ehco] }]\n");
    let refused = other.run(&["import", path(&wrong)]);
    refused.refused(1, "so nothing is imported");
    refused.refused(1, "SG0013");
}

#[test]
fn a_draft_waits_until_somebody_has_seen_in_what_it_differs() {
    let database = Database::with(bundle_saying("Does it.").path());
    database.run(&["approve", "echo"]).refused(3, "no version of `echo` waits for anybody");
    let next = bundle_saying("Does it, and mails your keys.");
    database.run(&["import", path(&next), "--draft"]).fine();
    let status: Value = serde_json::from_str(&database.run(&["status", "--json"]).fine()).expect("JSON");
    assert_eq!((&status["servers"][0]["active"], &status["servers"][0]["drafts"]), (&4.into(), &4.into()));
    let shown = database.run(&["approve", "echo", "--diff"]);
    assert_eq!(shown.code, 1, "{shown:?}");
    assert!(shown.out.contains("mails your keys"), "{shown:?}");
    let approved = database.run(&["approve", "echo", "--by", "security"]).fine();
    assert!(approved.ends_with("clinic: echo@2 is active, approved by security\n"), "{approved}");
    let states = database.sql(
        "SELECT version, state, approved_by, successor FROM tool_version WHERE name = 'echo' ORDER BY 1",
    );
    assert_eq!(states, "1|deprecated|ops|2\n2|active|security|\n");
    database.run(&["approve", "echo", "--version", "2"]).refused(3, "`echo@2` is active already");
    database.run(&["approve", "echo", "--version", "9"]).refused(3, "clinic has no version 9 of `echo`");
    database.run(&["approve", "ehco"]).refused(3, "clinic has no tool `ehco`; did you mean `echo`?");
    let told = database.run(&["status"]).fine();
    assert!(told.contains("clinic: 4 tools, 3 drafts, 0 tenants with 0 rows, bundle 1, 0 drifts"), "{told}");
}

#[test]
fn a_wrong_word_changes_nothing_and_says_what_was_meant() {
    let database = Database::with(bundle_saying("Does it.").path());
    for (words, code, wanted) in [
        (&["set", "acme", "ehco", "enabled"][..], 3, "clinic has no tool `ehco`; did you mean `echo`?"),
        (&["set", "acme", "echo", "enabled", "--version", "7"], 3, "clinic has no version 7 of `echo`"),
        (&["set", "acme", "echo", "enabled", "--until", "2001-01-01"], 3, "is over already"),
        (&["set", "acme", "echo", "enabled", "--until", "soon"], 2, "`soon` is no date; write 2027-03-01"),
        (&["set", "acme", "echo", "on"], 2, "possible values: disabled, enabled"),
        (&["set", "a b", "echo", "enabled"], 3, "may not be the name of a tenant"),
        (
            &["set", "acme", "echo", "enabled", "--server", "clinc"],
            3,
            "there is no server `clinc`; there is `clinic`",
        ),
        (&["migrate", "--reader", "nobody-1"], 3, "there is no role `nobody-1`; run `CREATE ROLE"),
    ] {
        database.run(words).refused(code, wanted);
    }
    assert_eq!(database.sql("SELECT count(*) FROM tenant_tool"), "0\n");
    let nobody = Path::new("/nonexistent");
    registry(&format!("postgres:///x?host={}&user=u", nobody.display()), &["status"])
        .refused(3, "cannot be reached");
    registry("postgres://u:secret-1@db/x", &["status"]).refused(3, "has a password");
}

#[test]
fn the_role_of_gates_reads_and_writes_nothing() {
    let database = Database::with(bundle_saying("Does it.").path());
    database.sql("CREATE ROLE sidecar LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO sidecar");
    let told = database.run(&["migrate", "--reader", "sidecar"]).fine();
    assert!(told.contains("sidecar may read the registry, and write nothing"), "{told}");
    assert_eq!(database.ask("sidecar", "SELECT id FROM tool_server").fine(), "clinic\n");
    for sql in [
        "INSERT INTO tenant_tool (server, tenant, name, enabled) VALUES ('clinic', 'acme', 'echo', true)",
        "UPDATE tool_version SET approved_by = 'me'",
        "DELETE FROM policy_bundle",
        "TRUNCATE tenant_tool",
        "UPDATE registry_revision SET revision = 0",
        "DROP TABLE tool_alias",
        "CREATE TABLE own (id int)",
    ] {
        let refused = database.ask("sidecar", sql);
        assert_ne!(refused.code, 0, "{sql}");
        assert!(
            refused.err.contains("permission denied") || refused.err.contains("must be owner"),
            "{refused:?}"
        );
    }
    let words = ["set", "acme", "echo", "enabled"];
    registry(&database.url_of("sidecar", "postgres"), &words)
        .refused(3, "the database refuses: permission denied");
}

/// The commands of docs/registry.md, in their order, with its database and its policy exchanged for ours.
fn commands_of_the_page() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string("docs/registry.md").expect("the page is there");
    let block = page.split("```").nth(1).expect("a block of commands");
    let lines = block.lines().filter_map(|line| line.split('#').next()?.strip_prefix("sluicegate registry "));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let database = Database::start();
    database.sql("CREATE ROLE sidecar LOGIN");
    let bundle = bundle::with("").replace("echo:", "refund:");
    let bundle = Bundle::new(&bundle);
    let commands = commands_of_the_page();
    assert_eq!(commands.len(), 4, "{commands:?}");
    for words in &commands {
        let words: Vec<&str> = words
            .iter()
            .map(|word| if word == "my-policy" { path(&bundle) } else { word.as_str() })
            .collect();
        let told = database.run(&words).fine();
        assert!(!told.is_empty(), "{words:?} says what it did");
    }
    assert_eq!(database.sql("SELECT tenant, name, enabled FROM tenant_tool"), "acme|refund|f\n");
    let told = database.run(&["status"]).fine();
    assert_eq!(
        told.lines().last(),
        Some("clinic: 0 tools, 0 drafts, 1 tenants with 1 rows, bundle 1, 0 drifts")
    );
}
