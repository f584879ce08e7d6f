//! Versions of tools and limits of tenants, as rows have them, on the wire.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::database::Database;
use crate::stage::{self, listed, sent, told};
use crate::support::bundle::{ALICE, BOB, Bundle};
use crate::support::gate::Gate;
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::{ECHO, SELDOM, clinic, gate, summary};

/// What an old client says, and a new one.
const OLD: &str = r#"{"q":"tea","order":"rel"}"#;
const NEW: &str = r#"{"query":"tea","limit":1}"#;

/// What makes of version 1 of `search` version 2, in JSON.
const TRANSFORM: &str = r#"{
  "request": [{"rename": {"q": "query"}}, {"default": {"limit": 20}}, {"drop": "debug"},
    {"enum": {"order": {"rel": "relevance"}}}, {"rename": {"order": "sort"}}],
  "response": [{"rename": {"results": "items"}}, {"drop": "total"}]
}"#;

/// A policy that says nothing of versions.
pub fn notes() -> Bundle {
    stage::bundle("  search: { class: read }\n  search-v3: { class: read }", "")
}

/// A registry in which version 1 of `search` was approved once, and version 2 now, which the server has.
pub fn database() -> Database {
    let bundle = notes();
    let lock = std::fs::read_to_string(bundle.file("tools.lock.yaml")).expect("it was written");
    bundle.write("tools.lock.yaml", &stage::lock_of(&[stage::old(), stage::next()]));
    let database = Database::with(bundle.path());
    bundle.write("tools.lock.yaml", &lock);
    database.run(&["import", bundle.path().to_str().expect("a path in UTF-8"), "--by", "ops"]).fine();
    let states =
        database.sql("SELECT version, state, successor FROM tool_version WHERE name = 'search' ORDER BY 1");
    assert_eq!(states, "1|deprecated|2\n2|active|\n");
    database
}

/// Says what becomes of calls of version 1, and when it ends.
pub fn translate(database: &Database, sunset: &str) {
    database.sql(&format!(
        "UPDATE tool_version SET transform = '{TRANSFORM}', deprecated_at = '2026-06-01', sunset_at = '{sunset}' \
         WHERE name = 'search' AND version = 1"
    ));
}

fn gate_of_notes(database: &Database, upstream: &Upstream) -> Gate {
    let (url, upstream) = (database.url(), upstream.url());
    let words = ["--upstream", &upstream, "--registry", &url, "--plain-actors"];
    let words = [&words[..], SELDOM].concat();
    Gate::with(notes(), &words)
}

/// Waits until a call is answered well, or is not.
#[track_caller]
fn await_call(gate: &Gate, bearer: &str, arguments: &str, wanted: bool) {
    wait_for("the change to be in force", || {
        (told(gate, bearer, "search", arguments).0 != wanted).then_some(())
    });
}

#[test]
fn two_tenants_are_on_two_versions_of_one_unmodified_server_by_their_rows() {
    let (database, upstream) = (database(), stage::server());
    translate(&database, "2099-03-01");
    database.run(&["set", "acme", "search", "enabled", "--version", "1"]).fine();
    database.run(&["set", "globex", "search", "enabled", "--version", "2"]).fine();
    let gate = gate_of_notes(&database, &upstream);
    let old = listed(&gate, ALICE);
    let old = old.iter().find(|tool| tool["name"] == "search").expect("it is listed");
    assert_eq!(old["inputSchema"], stage::old()["inputSchema"]);
    assert_eq!(old["description"], "[Deprecated, use search_v2 before 2099-03-01] Looks for notes.");
    let answer = gate.call(ALICE, "search", OLD);
    assert_eq!(answer.head.header("sunset"), Some("Sun, 01 Mar 2099 00:00:00 GMT"));
    assert_eq!(answer.json()["result"]["structuredContent"]["items"][0], "\"tea\"", "{}", answer.text());
    let wanted = json!({ "query": "tea", "sort": "relevance", "limit": 20 });
    assert_eq!(sent(&upstream)["arguments"], wanted);
    let new = listed(&gate, BOB);
    let new = new.iter().find(|tool| tool["name"] == "search").expect("it is listed");
    assert_eq!(
        (&new["inputSchema"], &new["description"]),
        (&stage::new()["inputSchema"], &json!("Searches notes."))
    );
    assert_eq!(gate.call(BOB, "search", NEW).json()["result"]["structuredContent"]["total"], 2);
    assert!(told(&gate, BOB, "search", OLD).0, "its schema is the new one");
    let record = gate.record("the old call", |record| record["action"]["version"]["number"] == 1);
    assert_eq!(record["action"]["version"]["called_as"], "search");

    let mut times: Vec<Duration> = Vec::new();
    for round in 0..6 {
        let (version, arguments) = if round % 2 == 0 { ("2", NEW) } else { ("1", OLD) };
        database.sql(&format!("UPDATE tenant_tool SET version = {version} WHERE tenant = 'acme'"));
        let begin = Instant::now();
        await_call(&gate, ALICE, arguments, true);
        times.push(begin.elapsed());
    }
    times.sort();
    let middle = times[times.len() / 2];
    assert!(middle < Duration::from_secs(1), "{times:?}");
    let line = format!(
        "registry: a tenant's row that names another version was in force {} ms (median of {}) after its commit (unoptimised build)",
        middle.as_millis(),
        times.len()
    );
    summary::tell("versions", &line);
    assert!(!told(&gate, BOB, "search", NEW).0, "the other tenant is not concerned");
}

#[test]
fn on_the_last_day_that_a_row_gives_an_old_client_is_told_what_to_do() {
    let (database, upstream) = (database(), stage::server());
    translate(&database, "2099-03-01");
    database.run(&["set", "acme", "search", "enabled", "--version", "1"]).fine();
    let gate = gate_of_notes(&database, &upstream);
    assert!(!told(&gate, ALICE, "search", OLD).0);
    let before = upstream.got().len();
    database.sql("UPDATE tool_version SET sunset_at = '2026-07-01' WHERE name = 'search' AND version = 1");
    await_call(&gate, ALICE, OLD, false);
    let words = "the tool `search` was not called: version 1 of it ended on 2026-07-01; do not retry; list the tools \
                 again and call `search_v2`, whose arguments may differ";
    assert_eq!(told(&gate, ALICE, "search", OLD), (true, words.to_owned()));
    let names: Vec<Value> = listed(&gate, ALICE).iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, [json!("search_v2"), json!("search-v3")], "the list shows the way on");
    assert!(!told(&gate, ALICE, "search_v2", NEW).0);
    let calls = upstream.got().iter().skip(before).filter(|got| got.body.contains("\"q\"")).count();
    assert_eq!(calls, 0, "the server saw no call of the old version");
    database.sql("INSERT INTO tool_alias VALUES ('notes', 'find', 'search', 2, now() + interval '1 hour')");
    wait_for("another name", || (!told(&gate, BOB, "find", NEW).0).then_some(()));
    assert_eq!(sent(&upstream)["name"], "search");
    database.sql("UPDATE tool_alias SET expires_at = now()");
    wait_for("its end", || told(&gate, BOB, "find", NEW).0.then_some(()));
}

#[test]
fn a_pin_that_cannot_be_served_is_told_and_a_broken_translation_changes_nothing() {
    let (database, upstream) = (database(), stage::server());
    database.run(&["set", "acme", "search", "enabled", "--version", "1"]).fine();
    let gate = gate_of_notes(&database, &upstream);
    assert!(!told(&gate, ALICE, "search", NEW).0, "the default version");
    let log = gate.log();
    assert!(log.contains("SG0148") && log.contains("tenant_tool acme/search"), "{log}");
    translate(&database, "2099-03-01");
    await_call(&gate, ALICE, OLD, true);
    database.sql("UPDATE tool_version SET transform = '{\"request\": [{\"rename\": {\"q\": \"qery\"}}]}' WHERE transform IS NOT NULL");
    let error = wait_for("the refusal", || {
        let standing = crate::standing(&gate);
        standing["error"].as_str().map(str::to_owned)
    });
    assert!(
        error.contains("registry: tool_version search@1 transform:1:")
            && error.contains("did you mean `query`?"),
        "{error}"
    );
    assert!(!told(&gate, ALICE, "search", OLD).0, "the last good one is in force");
}

/// Whether a call is refused for a limit, and in which words.
fn limited(gate: &Gate, bearer: &str, tool: &str) -> Option<String> {
    gate.call(bearer, tool, ECHO).tool_error()
}

#[test]
fn limits_of_a_row_hold_and_a_changed_one_goes_on_counting() {
    let (upstream, database) = (Upstream::echo(), Database::with(clinic().path()));
    let set = |limits: &str| database.run(&["set", "acme", "echo", "enabled", "--limits", limits]);
    set(r#"{"rate": "2/hour"}"#).fine();
    let gate = gate(&database.url(), &upstream.url(), SELDOM);
    for _ in 0..2 {
        assert_eq!(limited(&gate, ALICE, "echo"), None);
    }
    let words = limited(&gate, ALICE, "echo").expect("a third call is too much");
    assert!(words.contains("rate limited, together with others; retry in"), "{words}");
    assert_eq!(limited(&gate, ALICE, "lookup"), None, "another tool");
    for _ in 0..3 {
        assert_eq!(limited(&gate, BOB, "echo"), None, "another tenant");
    }
    // Room for three is room for one more, for two were counted.
    set(r#"{"rate": "2/hour", "burst": 3}"#).fine();
    wait_for("the change to be in force", || limited(&gate, ALICE, "echo").is_none().then_some(()));
    assert!(limited(&gate, ALICE, "echo").is_some(), "nothing was forgotten");
    database.run(&["set", "acme", "echo", "enabled", "--until", "2099-01-01"]).fine();
    assert_eq!(database.sql("SELECT limits->>'burst' FROM tenant_tool"), "3\n", "what is not named stays");
    let refused = gate.metric("sluicegate_limit_decisions_total", "limit=\"registry:rate\",verdict=\"deny\"");
    assert!(refused >= 2.0, "{refused}");
    set("none").fine();
    wait_for("the end of the limit", || limited(&gate, ALICE, "echo").is_none().then_some(()));
    for (limits, wanted) in [
        ("{", "`--limits` is no JSON"),
        (r#"{"rat": "2/hour"}"#, "did you mean `rate`?"),
        (r#"{"rate": "2/fortnight"}"#, "so nothing is set"),
    ] {
        let refused = set(limits);
        assert!(refused.code != 0 && refused.err.contains(wanted), "{limits}: {refused:?}");
    }
}

#[test]
fn versions_that_the_files_declare_are_imported_under_their_numbers() {
    let (database, upstream) = (Database::start(), stage::server());
    database.run(&["migrate"]).fine();
    let bundle = stage::bundle(&stage::transition("2099-03-01").replace("acme: 1", "acme: 2"), "");
    let path = bundle.path().to_str().expect("a path in UTF-8").to_owned();
    for _ in 0..2 {
        database.run(&["import", &path, "--by", "ops"]).fine();
        let rows = database.sql(
            "SELECT name, version, state, approved_by, successor, sunset_at::date FROM tool_version ORDER BY 1, 2",
        );
        let wanted =
            "search|1|deprecated|ops|2|2099-03-01\nsearch|2|active|ops||\nsearch-v3|1|active|ops||\n";
        assert_eq!(rows, wanted, "twice is as once");
    }
    database.run(&["set", "globex", "search", "enabled", "--version", "1"]).fine();
    let (url, upstream) = (database.url(), upstream.url());
    let gate = Gate::with(bundle, &["--upstream", &upstream, "--registry", &url, "--plain-actors"]);
    assert!(!told(&gate, BOB, "search", OLD).0, "by its row");
    assert!(!told(&gate, ALICE, "search", NEW).0, "by the file");
    let log = gate.log();
    assert!(!log.contains("SG0155") && !log.contains("SG0148"), "both say the same: {log}");
}
