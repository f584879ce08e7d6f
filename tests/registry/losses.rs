//! What happens to the database happens to no request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::database::Database;
use crate::support::bundle::ALICE;
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::{ECHO, await_word, clinic, gate, may, standing};

/// Calls without a pause until it is over; each has to be answered well.
struct Load<'l> {
    is_over: &'l AtomicBool,
    answered: &'l AtomicUsize,
}

impl Load<'_> {
    fn run(&self, gate: &Gate) {
        let mut wire = gate.connect();
        while !self.is_over.load(Ordering::Relaxed) {
            let answer = wire.post(ALICE, &[], &call(1, "lookup", ECHO));
            assert_eq!(answer.status(), 200, "{}", answer.text());
            assert_eq!(answer.tool_error(), None);
            assert_eq!(answer.json()["result"]["content"][0]["text"], "ok", "{}", answer.text());
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits until the gate says that the registry is in trouble, by a text that holds `wanted`, and goes on.
#[track_caller]
fn await_trouble(gate: &Gate, wanted: &str) {
    wait_for(wanted, || {
        let standing = standing(gate);
        standing["error"].as_str().is_some_and(|error| error.contains(wanted)).then_some(())
    });
    let ready = gate.page("/readyz");
    assert_eq!(ready.status(), 200, "the last good one is in force: {}", ready.text());
    assert!(ready.text().contains("registry: "), "{}", ready.text());
}

#[track_caller]
fn await_health(gate: &Gate) {
    wait_for("the registry to be well", || {
        let standing = standing(gate);
        (standing["error"].is_null() && standing["is_connected"] == true).then_some(())
    });
}

#[test]
fn killing_restarting_and_corrupting_the_database_under_load_fails_no_request() {
    let (upstream, mut database) = (Upstream::echo(), Database::with(clinic().path()));
    database.run(&["set", "acme", "echo", "disabled"]).fine();
    let gate = gate(&database.url(), &upstream.url(), &["--registry-poll", "200ms"]);
    assert!(!may(&gate));
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = Load { is_over: &is_over, answered: &answered };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| load.run(&gate))).collect();
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| torment(&mut database, &gate)));
        is_over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().expect("every request was answered well");
        }
        outcome.unwrap_or_else(|fault| std::panic::resume_unwind(fault));
    });
    assert!(answered.load(Ordering::Relaxed) > 100, "there was load");
    assert!(gate.metric("sluicegate_registry_reloads_total", "failure") >= 4.0);
    println!("{} requests, none failed", answered.load(Ordering::Relaxed));
}

fn torment(database: &mut Database, gate: &Gate) {
    for _ in 0..2 {
        database.kill();
        await_trouble(gate, "cannot be reached");
        assert_eq!(gate.metric("sluicegate_registry_connected", ""), 0.0);
        assert!(!may(gate), "the last good one is in force");
        database.restart();
        await_health(gate);
    }
    // The rows that follow get past the checks of their tables only by somebody who may do anything.
    database.sql("ALTER TABLE tenant_tool DROP CONSTRAINT tenant_tool_tenant_check");
    for (spoil, wanted, mend) in [
        (
            "INSERT INTO tenant_tool VALUES ('clinic', 'a b', 'echo', NULL, true)",
            "registry: tenant_tool a b/echo:1:1: error SG0010",
            "DELETE FROM tenant_tool WHERE tenant = 'a b'",
        ),
        (
            "INSERT INTO tenant_tool VALUES ('clinic', 'acme', 'ehco', NULL, true)",
            "registry: tenant_tool acme/ehco:1:1: error SG0013",
            "DELETE FROM tenant_tool WHERE name = 'ehco'",
        ),
        (
            "ALTER TABLE tenant_tool ALTER enabled DROP NOT NULL; UPDATE tenant_tool SET enabled = NULL",
            "a row of `tenant_tool` cannot be read",
            "UPDATE tenant_tool SET enabled = false",
        ),
        (
            "UPDATE policy_bundle SET files = files || '{\"more.yaml\": \"version: 1\"}'",
            "registry: policy_bundle 1:1:1: error SG0028",
            "UPDATE policy_bundle SET files = files - 'more.yaml'",
        ),
        (
            "ALTER TABLE tool_alias RENAME TO tool_alias_gone; SELECT registry_next()",
            "run `sluicegate registry migrate`: relation \"tool_alias\" does not exist",
            "ALTER TABLE tool_alias_gone RENAME TO tool_alias",
        ),
        (
            "ALTER TABLE registry_revision RENAME TO gone",
            "relation \"registry_revision\" does not exist",
            "ALTER TABLE gone RENAME TO registry_revision",
        ),
    ] {
        database.sql(spoil);
        await_trouble(gate, wanted);
        assert!(!may(gate), "{spoil}: the last good one is in force");
        database.sql(mend);
        await_health(gate);
    }
    let status = sluicegate().args(["status", "--admin", &gate.admin.to_string()]).output().expect("it runs");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(told.contains("registry") && told.contains("in force, confirmed"), "{told}");
    database.sql("UPDATE tenant_tool SET enabled = true");
    await_word(gate, true);
    database.sql("UPDATE tenant_tool SET enabled = false");
    await_word(gate, false);
    // No trigger tells of a table that goes: it is missed when the revision is asked for.
    database.sql("DROP TABLE tenant_tool");
    await_trouble(gate, "relation \"tenant_tool\" does not exist");
    assert!(!may(gate));
    let status = sluicegate().args(["status", "--admin", &gate.admin.to_string()]).output().expect("it runs");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(told.contains("what it says now is refused"), "{told}");
}
