//! A limit holds at the declared number exactly, and for the one who used it up alone.

use crate::support::bundle::{self, ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;

const CALLS: usize = 200;
const DECLARED: usize = 50;

fn policy() -> String {
    bundle::with("limits:\n  - { id: user-hour, per: [user], rate: 50/hour, burst: 50 }")
}

/// Counts the answers of `calls` calls that came from the server, and checks that the others help.
fn passed(gate: &Gate, bearer: &str, calls: usize) -> usize {
    let mut wire = gate.connect();
    let mut passed = 0;
    for id in 0..calls {
        let answer = wire.post(bearer, &[], &call(id as u32, "echo", r#"{"message":"x"}"#));
        assert_eq!(answer.status(), 200, "{}", answer.text());
        match answer.tool_error() {
            None => passed += 1,
            Some(text) => assert!(text.contains("retry in") && text.contains("user"), "{text}"),
        }
        assert_eq!(answer.json()["id"], id);
    }
    passed
}

#[test]
fn stops_a_burst_at_the_declared_number_and_leaves_other_users_alone() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&policy(), &upstream.url());
    assert_eq!(passed(&gate, ALICE, CALLS), DECLARED);
    assert_eq!(upstream.got().len(), DECLARED, "what was refused reached no server");
    assert_eq!(passed(&gate, BOB, DECLARED), DECLARED, "bob has his own budget");
    let record = gate.record("a limited call", |record| record["decision"]["reason"] == "rate_limit");
    assert_eq!(record["decision"]["rule"], "user-hour");
}

#[test]
fn stops_a_burst_over_many_connections_at_the_declared_number() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&policy(), &upstream.url());
    let passed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| passed(&gate, ALICE, CALLS / 4))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).sum()
    });
    assert_eq!(passed, DECLARED);
    assert_eq!(upstream.got().len(), DECLARED);
}

#[test]
fn forgets_no_count_when_the_policy_is_replaced() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&policy(), &upstream.url());
    assert_eq!(passed(&gate, ALICE, DECLARED), DECLARED);
    gate.bundle.write("policy.yaml", &format!("{}# replaced\n", policy()));
    crate::support::wait_for("the reload", || {
        (gate.metric("sluicegate_policy_reloads_total", "success") > 0.0).then_some(())
    });
    assert_eq!(passed(&gate, ALICE, 3), 0);
}

#[test]
fn says_no_by_http_where_the_policy_wants_that() {
    let upstream = Upstream::echo();
    let policy = bundle::with("deny_as: http\nlimits:\n  - { id: one, per: [user], rate: 1/hour }");
    let gate = Gate::start(&policy, &upstream.url());
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
    let limited = gate.call(ALICE, "echo", "{}");
    assert_eq!(limited.status(), 429);
    assert!(
        limited
            .head
            .header("retry-after")
            .is_some_and(|wait| wait.parse::<u32>().is_ok_and(|wait| wait > 3000))
    );
    assert_eq!(limited.error().0, -31_429);
    let denied = gate.call(ALICE, "delete_all", "{}");
    assert_eq!((denied.status(), denied.error().0), (403, -31_403));
}
