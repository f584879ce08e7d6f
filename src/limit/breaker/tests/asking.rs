//! What the gate asks by itself, where no call may try.

use super::*;

#[test]
fn never_lets_what_may_not_try_try() {
    for class in [OutcomeClass::ProtocolError, OutcomeClass::Answered] {
        asks_in_its_place(class);
    }
}

fn asks_in_its_place(class: OutcomeClass) {
    let mut bench = bench();
    bench.calls(5, Some("wipe"), OutcomeClass::TimedOut);
    bench.rest();
    assert!(bench.ask(Some("wipe"), Probe::Unfit).is_err());
    assert_eq!(bench.state(Some("wipe")), BreakerState::Open);
    let plan = bench.plan.clone();
    for question in 0..3 {
        assert!(bench.ask(Some("wipe"), Probe::Unfit).is_err(), "before question {question}");
        let permit =
            bench.board.probe(&plan, |_| &plan, bench.at, &mut bench.notices).expect("the gate may ask");
        assert!(bench.board.probe(&plan, |_| &plan, bench.at, &mut bench.notices).is_none(), "one at a time");
        bench.end(permit, class, Duration::ZERO);
    }
    assert!(bench.ask(Some("wipe"), Probe::Unfit).is_ok());
    // A question says that the server is there; that the tool is well only a call can say.
    bench.calls(5, Some("wipe"), OutcomeClass::TimedOut);
    let rest = bench.notices.last().and_then(|notice| notice.change.rest).expect("it rests");
    assert!((8..=12).contains(&rest.as_secs()), "{rest:?}");
}

#[test]
fn tries_a_tool_by_its_own_plan_where_the_gate_asks() {
    let mut bench = bench();
    let server = bench.plan.clone();
    let plan_of = |probes, drive| BreakerPlan { probes, drive, rest: server.rest * 7, ..server.clone() };
    bench.calls(5, Some("wipe"), OutcomeClass::TimedOut);
    bench.rest();
    assert!(bench.ask(Some("wipe"), Probe::Unfit).is_err());
    let forced = plan_of(1, Drive::ForcedOpen);
    let asked = bench.board.probe(&server, |_| &forced, bench.at, &mut bench.notices);
    assert!(asked.is_none(), "what is to rest is not tried");
    let own = plan_of(1, Drive::Auto);
    let mut ask = |class| {
        let permit = bench.board.probe(&server, |_| &own, bench.at, &mut bench.notices).expect("it may ask");
        let course = Course { class, took: Duration::ZERO, steady: bench.at };
        permit.close(Plans { server: &server, tool: &server }, course, &mut bench.notices);
        bench.at += server.rest_max;
        bench.notices.last().expect("it was told").change
    };
    let rest = ask(OutcomeClass::TimedOut).rest.expect("it rests");
    assert!(rest >= server.rest * 11, "{rest:?}: twice its own, less a fifth");
    assert_eq!(ask(OutcomeClass::Answered).to, BreakerState::Closed, "one try is enough for it");
}

#[test]
fn asks_nothing_where_nothing_rests_or_a_call_may_try() {
    let mut bench = bench();
    let plan = bench.plan.clone();
    assert!(bench.board.probe(&plan, |_| &plan, bench.at, &mut bench.notices).is_none());
    bench.calls(5, Some("read"), OutcomeClass::TimedOut);
    bench.rest();
    assert!(bench.board.probe(&plan, |_| &plan, bench.at, &mut bench.notices).is_none());
}
