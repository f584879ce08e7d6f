//! Which server a call goes to, and what is told of one that it did not go to.

use super::*;
use crate::gate::stage::{Stage, at};
use crate::limit::breaker::{BreakerPlan, BreakerState, Course};

const REPLICA: &str = "upstream: { replica: { url: \"http://127.0.0.1:8081/mcp\" } }";

impl Stage {
    fn side(&self, branch: Branch) -> &Side {
        self.gate.ward.as_ref().expect("it is watchful").side(branch)
    }

    /// Lets requests fail until a breaker opens: that of `tool`, which rests by `plan`, or of the server.
    fn open(&self, branch: Branch, tool: Option<&str>, plan: &BreakerPlan) {
        let (plans, probe) = (Plans { server: &BreakerPlan::default(), tool: plan }, Probe::Fit);
        for _ in 0..plan.failures {
            let (applicant, mut notices) = (Applicant { tool, probe, tools: 2 }, Vec::new());
            let board = &self.side(branch).board;
            let permit = board.admit(plans, applicant, at(100).steady, &mut notices).expect("it is closed");
            let class = if tool.is_some() { OutcomeClass::TimedOut } else { OutcomeClass::ConnectFailed };
            permit.close(plans, Course { class, took: Duration::ZERO, steady: at(100).steady }, &mut notices);
        }
    }
}

#[test]
fn tells_of_the_replica_what_happened_there_where_a_call_falls_back() {
    let stage = Stage::new(REPLICA);
    let long = BreakerPlan { rest: at(60).steady, ..BreakerPlan::default() };
    stage.open(Branch::Replica, Some("read"), &long);
    stage.open(Branch::Replica, None, &BreakerPlan::default());
    let ticket = stage.call("read", 110).expect("the first server takes it");
    let record = ticket.record();
    assert_eq!((record.branch, record.verdict), (Branch::Primary, Verdict::Allow));
    let told: Vec<_> =
        record.notices.iter().map(|(branch, notice)| (*branch, &notice.tool, notice.change.to)).collect();
    assert_eq!(
        told,
        [(Branch::Replica, &None, BreakerState::HalfOpen)],
        "the server may be tried, its tool not"
    );
}

#[test]
fn says_nothing_of_a_replica_that_only_looks_where_a_call_falls_back() {
    let stage = Stage::new(
        &REPLICA.replace("{ replica", "{ breaker: { state: observe }, concurrency: { tool: 1 }, replica"),
    );
    let first = stage.call("read", 100).expect("the replica has a place");
    stage.open(Branch::Replica, Some("read"), &BreakerPlan::default());
    let second = stage.call("read", 101).expect("the first server has one too");
    let branches = [&first, &second].map(|ticket| ticket.record().branch);
    assert_eq!(branches, [Branch::Replica, Branch::Primary]);
    assert_eq!((second.record().verdict, second.record().reason), (Verdict::Allow, Reason::None));
}

#[test]
fn who_was_not_let_write_reads_at_the_replica() {
    let stage = Stage::new(REPLICA);
    stage.open(Branch::Primary, Some("note"), &BreakerPlan::default());
    let refused = stage.call("note", 101).expect_err("it rests");
    assert_eq!(refused.record.reason, Reason::Unavailable);
    assert_eq!(stage.call("read", 102).expect("it may").record().branch, Branch::Replica);
    drop(stage.call("note", 110).expect("it may be called again"));
    assert_eq!(stage.call("read", 111).expect("it may").record().branch, Branch::Primary);
}
