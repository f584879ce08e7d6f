//! How a change comes into force.

use std::time::{Duration, Instant};

use crate::database::Database;
use crate::support::bundle::{ALICE, BOB, Bundle};
use crate::support::gate::Gate;
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::{ECHO, SELDOM, SOON, await_word, clinic, gate, may, standing, summary};

#[test]
fn a_notice_alone_brings_a_change_into_force() {
    let (upstream, database) = (Upstream::echo(), Database::with(clinic().path()));
    let gate = gate(&database.url(), &upstream.url(), SELDOM);
    assert!(may(&gate));
    let begin = Instant::now();
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    await_word(&gate, false);
    assert!(begin.elapsed() < SOON, "nobody asked yet, so it was told");
    assert!(gate.call(BOB, "echo", ECHO).tool_error().is_none(), "another tenant has it still");
    let list = gate.post(ALICE, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#);
    assert_eq!(list.status(), 200);
    database.run(&["set", "acme", "echo", "enabled"]).fine();
    await_word(&gate, true);
    database.sql("UPDATE tenant_tool SET enabled = false");
    await_word(&gate, false);
    database.sql("DELETE FROM tenant_tool");
    await_word(&gate, true);
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    await_word(&gate, false);
    database.sql("TRUNCATE tenant_tool");
    await_word(&gate, true);
    let revision: f64 =
        database.sql("SELECT revision FROM registry_revision").trim().parse().expect("a number");
    wait_for("the revision", || (gate.metric("sluicegate_registry_revision", "") == revision).then_some(()));
    assert_eq!(gate.metric("sluicegate_registry_connected", ""), 1.0);
    assert!(gate.metric("sluicegate_registry_reloads_total", "success") >= 6.0);
}

#[test]
fn asking_alone_brings_a_change_into_force() {
    let (upstream, database) = (Upstream::echo(), Database::with(clinic().path()));
    database.sql(
        "CREATE OR REPLACE FUNCTION registry_next() RETURNS bigint LANGUAGE plpgsql AS \
         'DECLARE n bigint; BEGIN UPDATE registry_revision SET revision = revision + 1 RETURNING revision INTO n; RETURN n; END'",
    );
    let asking = gate(&database.url(), &upstream.url(), &["--registry-poll", "100ms"]);
    let waiting = gate(&database.url(), &upstream.url(), SELDOM);
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    await_word(&asking, false);
    assert!(may(&waiting), "nobody told it, and it has not asked");
}

#[test]
fn a_lost_listener_is_replaced_and_everything_read_again() {
    let (upstream, database) = (Upstream::echo(), Database::with(clinic().path()));
    let gate = gate(&database.url(), &upstream.url(), SELDOM);
    let listener = "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN sluicegate_registry'";
    let before = wait_for("a listener", || Some(database.sql(listener)).filter(|pid| !pid.is_empty()));
    // Nobody can be told of this one: it is made while nobody listens.
    database.sql(&format!(
        "BEGIN; SELECT pg_terminate_backend({}); INSERT INTO tenant_tool VALUES ('clinic', 'acme', 'echo', NULL, false); COMMIT",
        before.trim()
    ));
    await_word(&gate, false);
    let after = wait_for("another listener", || {
        Some(database.sql(listener)).filter(|pid| !pid.is_empty() && *pid != before)
    });
    assert_ne!(before, after);
    wait_for("its word", || (standing(&gate)["is_connected"] == true).then_some(()));
}

/// As many tenants and tools as the registry is made for.
const TENANTS: usize = 10_000;
const TOOLS: usize = 50;

#[test]
fn a_change_among_half_a_million_rows_is_in_force_on_three_gates_within_a_second() {
    let upstream = Upstream::echo();
    let tools: String = (1..TOOLS).map(|tool| format!("  tool_{tool}: {{ class: read }}\n")).collect();
    let text = std::fs::read_to_string(clinic().path().join("policy.yaml")).expect("readable");
    // Every tenant is pinned to a version of one tool, and has limits for all of them.
    let versions = "echo: { class: read, default: 1 }\n  echo@1: {}\n  echo@2: { upstream: tool_1 }\n";
    let text = text.replace("echo: { class: read }\n", &format!("{versions}{tools}"));
    let database = Database::with(Bundle::new(&text).path());
    database.sql(&format!(
        "INSERT INTO tenant_tool SELECT 'clinic', 'tenant-' || t, CASE x WHEN 0 THEN 'echo' ELSE 'tool_' || x END, \
         CASE x WHEN 0 THEN 1 + t % 2 END, (t + x) % 7 > 0, jsonb_build_object('rate', (600 + t % 3) || '/min') \
         FROM generate_series(1, {}) t, generate_series(0, {}) x",
        TENANTS - 1,
        TOOLS - 1
    ));
    database.run(&["set", "acme", "echo", "enabled"]).fine();
    let url = database.url();
    let words = ["--upstream", &upstream.url(), "--registry", &url, "--registry-poll", "30s"];
    let gates: Vec<Gate> = (0..3).map(|_| Gate::with(Bundle::new(&text), &words)).collect();
    for gate in &gates {
        assert_eq!(standing(gate)["tenants"], TENANTS);
        assert_eq!(standing(gate)["tools"], TOOLS);
        wait_for("both connections", || {
            (gate.metric("sluicegate_registry_connected", "") == 1.0).then_some(())
        });
    }
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..10 {
        let is_enabled = round % 2 == 1;
        database.sql(&format!("UPDATE tenant_tool SET enabled = {is_enabled} WHERE tenant = 'acme'"));
        let begin = Instant::now();
        std::thread::scope(|scope| {
            gates.iter().for_each(|gate| drop(scope.spawn(move || await_word(gate, is_enabled))));
        });
        times.push(begin.elapsed());
    }
    times.sort();
    let memory = gates.iter().map(Gate::memory_peak_kib).max().unwrap_or_default() / 1024;
    let (middle, worst) = (times[times.len() / 2].as_millis(), times[times.len() - 1].as_millis());
    let line = format!(
        "registry: a change among {TENANTS} tenants x {TOOLS} tools was in force on three gates {middle} ms (median) and \
         {worst} ms (worst of {}) after its commit, {memory} MiB at most each (unoptimised build)",
        times.len()
    );
    summary::tell("registry", &line);
}
