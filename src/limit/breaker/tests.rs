//! What breakers promise, over whole boards.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

mod asking;

const SERVER: Option<&str> = None;

/// A board, its plan and its time.
struct Bench {
    board: Arc<Board>,
    plan: BreakerPlan,
    at: Duration,
    notices: Vec<Notice>,
    tools: usize,
}

impl Bench {
    fn new(plan: BreakerPlan) -> Self {
        Self { board: Board::new(), plan, at: Duration::from_secs(1_000), notices: Vec::new(), tools: 9 }
    }

    fn pass(&mut self, ms: u64) -> &mut Self {
        self.at += Duration::from_millis(ms);
        self
    }

    fn ask(&mut self, tool: Option<&str>, probe: Probe) -> Result<Permit, Shut> {
        let plans = Plans { server: &self.plan, tool: &self.plan };
        let applicant = Applicant { tool, probe, tools: self.tools };
        self.board.admit(plans, applicant, self.at, &mut self.notices)
    }

    fn end(&mut self, permit: Permit, class: OutcomeClass, took: Duration) {
        let plans = Plans { server: &self.plan, tool: &self.plan };
        let course = Course { class, took, steady: self.at };
        permit.close(plans, course, &mut self.notices);
    }

    /// One call from its beginning to its end; whether it was let through.
    fn call(&mut self, tool: Option<&str>, class: OutcomeClass) -> bool {
        match self.ask(tool, Probe::Fit) {
            Ok(permit) => {
                self.end(permit, class, Duration::from_millis(10));
                true
            }
            Err(_) => false,
        }
    }

    fn calls(&mut self, count: u32, tool: Option<&str>, class: OutcomeClass) -> u32 {
        (0..count).map(|_| u32::from(self.call(tool, class))).sum()
    }

    fn state(&self, tool: Option<&str>) -> BreakerState {
        self.board.state(tool)
    }

    /// Waits out the longest rest that there may be.
    fn rest(&mut self) {
        self.at += self.plan.rest_max;
    }
}

fn bench() -> Bench {
    Bench::new(BreakerPlan::default())
}

#[test]
fn trips_at_half_of_twenty_and_not_before() {
    for (good, bad, wanted) in
        [(10, 9, BreakerState::Closed), (11, 9, BreakerState::Closed), (10, 10, BreakerState::Open)]
    {
        let mut bench = bench();
        bench.calls(good, Some("a"), OutcomeClass::Answered);
        bench.calls(bad, Some("a"), OutcomeClass::ServerError);
        assert_eq!(bench.state(Some("a")), wanted, "{good} good, {bad} bad");
        assert_eq!(bench.state(SERVER), BreakerState::Closed);
        assert_eq!(bench.state(Some("b")), BreakerState::Closed);
    }
}

#[test]
fn trips_at_five_without_an_answer_in_a_row() {
    for class in [OutcomeClass::ConnectFailed, OutcomeClass::TimedOut] {
        let mut bench = bench();
        bench.calls(4, Some("a"), class);
        bench.call(Some("a"), OutcomeClass::ToolError);
        bench.calls(4, Some("a"), class);
        assert_eq!(bench.state(Some("a")), BreakerState::Closed, "{class:?}: an answer came between");
        bench.call(Some("a"), class);
        assert_eq!(bench.state(Some("a")), BreakerState::Open, "{class:?}");
        let is_of_all = class == OutcomeClass::ConnectFailed;
        assert_eq!(bench.state(SERVER) == BreakerState::Open, is_of_all, "{class:?}: who cannot be reached");
    }
}

#[test]
fn trips_when_four_fifths_are_slow() {
    for (slow, wanted) in [(15, BreakerState::Closed), (16, BreakerState::Open)] {
        let plan = BreakerPlan { slow_after: Some(Duration::from_secs(1)), ..BreakerPlan::default() };
        let mut bench = Bench::new(plan);
        for call in 0..20 {
            let permit = bench.ask(Some("a"), Probe::Fit).expect("it is closed");
            let took = Duration::from_millis(if call < 20 - slow { 999 } else { 1_000 });
            bench.end(permit, OutcomeClass::Answered, took);
        }
        assert_eq!(bench.state(Some("a")), wanted, "{slow} of 20");
    }
}

#[test]
fn counts_each_outcome_as_the_table_says() {
    for &class in OutcomeClass::ALL {
        let mut bench = bench();
        bench.calls(30, Some("a"), class);
        let is_failure = matches!(class.effect().toll, Toll::Failure { .. });
        assert_eq!(bench.state(Some("a")) == BreakerState::Open, is_failure, "{class:?}");
    }
}

#[test]
fn heeds_tool_errors_only_where_the_plan_says() {
    let errors = |plan| {
        let mut bench = Bench::new(plan);
        bench.calls(5, Some("a"), OutcomeClass::Answered);
        bench.calls(44, Some("a"), OutcomeClass::ToolError);
        let before = bench.state(Some("a"));
        bench.call(Some("a"), OutcomeClass::ToolError);
        (before, bench.state(Some("a")))
    };
    assert_eq!(errors(BreakerPlan::default()).1, BreakerState::Closed);
    let plan = BreakerPlan { tool_errors: Some(ToolErrors::default()), ..BreakerPlan::default() };
    assert_eq!(errors(plan), (BreakerState::Closed, BreakerState::Open), "45 of 50");
}

#[test]
fn closes_after_three_good_tries_and_rests_longer_after_a_bad_one() {
    let mut bench = bench();
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    let shut = bench.ask(Some("a"), Probe::Fit).expect_err("it rests");
    assert!(shut.is_tool && shut.others_work && shut.wait >= Duration::from_secs(4), "{shut:?}");
    assert!(!bench.pass(3_999).call(Some("a"), OutcomeClass::Answered));
    bench.pass(2_001);
    let tries: Vec<Permit> = (0..3).map(|_| bench.ask(Some("a"), Probe::Fit).expect("a try")).collect();
    assert!(bench.ask(Some("a"), Probe::Fit).is_err(), "three at once and no more");
    for (index, permit) in tries.into_iter().enumerate() {
        assert_eq!(bench.state(Some("a")), BreakerState::HalfOpen, "try {index}");
        bench.end(permit, OutcomeClass::Answered, Duration::ZERO);
    }
    assert_eq!(bench.state(Some("a")), BreakerState::Closed);

    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    bench.pass(6_000).call(Some("a"), OutcomeClass::Answered);
    bench.call(Some("a"), OutcomeClass::ServerError);
    assert_eq!(bench.state(Some("a")), BreakerState::Open, "one bad try is enough");
    let last = bench.notices.last().expect("it was told").change;
    assert_eq!((last.from, last.cause), (BreakerState::HalfOpen, Cause::ProbeFailed));
    assert!(last.rest.is_some_and(|rest| (8..=12).contains(&rest.as_secs())), "{last:?}");
}

#[test]
fn rests_no_longer_than_its_bound_and_spreads_it() {
    let mut bench = bench();
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    for _ in 0..40 {
        bench.rest();
        bench.call(Some("a"), OutcomeClass::TimedOut);
    }
    let rests: Vec<Duration> = bench.notices.iter().filter_map(|notice| notice.change.rest).collect();
    assert_eq!(rests.len(), 41);
    assert!(rests.iter().all(|rest| *rest <= bench.plan.rest_max && *rest >= Duration::from_secs(4)));
    let longest = &rests[20..];
    assert!(longest.iter().any(|rest| *rest != longest[0]), "{longest:?}");
}

#[test]
fn frees_the_place_of_a_try_that_told_nothing() {
    let mut bench = bench();
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    bench.rest();
    for _ in 0..20 {
        drop(bench.ask(Some("a"), Probe::Fit).expect("a try"));
        assert!(bench.call(Some("a"), OutcomeClass::Cancelled));
    }
    assert_eq!(bench.state(Some("a")), BreakerState::HalfOpen);
}

#[test]
fn does_not_hear_of_calls_from_before_a_change() {
    let mut bench = bench();
    let early: Vec<Permit> = (0..9).map(|_| bench.ask(Some("a"), Probe::Fit).expect("closed")).collect();
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    bench.rest();
    let _try = bench.ask(Some("a"), Probe::Fit).expect("a try");
    for permit in early {
        bench.end(permit, OutcomeClass::TimedOut, Duration::ZERO);
    }
    assert_eq!(bench.state(Some("a")), BreakerState::HalfOpen);
}

#[test]
fn does_not_hear_in_one_phase_of_calls_from_another_like_it() {
    let mut bench = bench();
    let early: Vec<Permit> = (0..9).map(|_| bench.ask(Some("a"), Probe::Fit).expect("closed")).collect();
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    bench.rest();
    let slow = bench.ask(Some("a"), Probe::Fit).expect("a try");
    bench.call(Some("a"), OutcomeClass::TimedOut);
    bench.rest();
    bench.calls(2, Some("a"), OutcomeClass::Answered);
    bench.end(slow, OutcomeClass::Answered, Duration::ZERO);
    assert_eq!(bench.state(Some("a")), BreakerState::HalfOpen, "a try of the rest before");
    bench.call(Some("a"), OutcomeClass::Answered);
    assert_eq!(bench.state(Some("a")), BreakerState::Closed);
    for permit in early {
        bench.end(permit, OutcomeClass::TimedOut, Duration::ZERO);
    }
    assert_eq!(bench.state(Some("a")), BreakerState::Closed, "calls from before it opened");
}

#[test]
fn lets_the_server_rest_where_three_fifths_of_its_tools_do() {
    let open = |bad: &[&str], good: &[&str]| {
        let mut bench = bench();
        good.iter().for_each(|tool| assert!(bench.call(Some(tool), OutcomeClass::Answered)));
        bad.iter().for_each(|tool| assert_eq!(bench.calls(5, Some(tool), OutcomeClass::TimedOut), 5));
        bench.state(SERVER) == BreakerState::Open
    };
    assert!(!open(&["a"], &[]), "one tool is no server");
    assert!(open(&["a", "b"], &[]));
    assert!(open(&["a", "b", "c"], &["d", "e"]), "three of five");
    assert!(!open(&["a", "b", "c"], &["d", "e", "f"]), "three of six");
}

#[test]
fn counts_no_tool_that_rested_out_long_ago_for_the_server() {
    let mut bench = bench();
    for tool in ["a", "b"] {
        assert!(["c", "d", "e"].iter().all(|tool| bench.call(Some(tool), OutcomeClass::Answered)));
        bench.calls(5, Some(tool), OutcomeClass::TimedOut);
    }
    assert_eq!(bench.state(SERVER), BreakerState::Closed, "two of five");
    bench.rest();
    let half = bench.ask(Some("b"), Probe::Fit).expect("a try");
    drop(half);
    bench.pass(10_000);
    assert!(["d", "e"].iter().all(|tool| bench.call(Some(tool), OutcomeClass::Answered)));
    bench.calls(5, Some("c"), OutcomeClass::TimedOut);
    let states = ["a", "b", "c"].map(|tool| bench.state(Some(tool)));
    assert_eq!(states, [BreakerState::Open, BreakerState::HalfOpen, BreakerState::Open]);
    assert_eq!(bench.state(SERVER), BreakerState::Closed, "one of the three that are in use");
}

#[test]
fn says_that_others_work_only_if_some_do() {
    let mut bench = bench();
    bench.tools = 1;
    bench.calls(5, Some("a"), OutcomeClass::TimedOut);
    assert!(!bench.ask(Some("a"), Probe::Fit).expect_err("it rests").others_work);
    bench.tools = 2;
    assert!(bench.ask(Some("a"), Probe::Fit).expect_err("it rests").others_work);
    bench.calls(5, SERVER, OutcomeClass::ConnectFailed);
    let shut = bench.ask(Some("b"), Probe::Fit).expect_err("all rest");
    assert!(!shut.is_tool && !shut.others_work);
}

#[test]
fn a_tool_with_a_window_of_its_own_keeps_it_when_another_opens() {
    let mut bench = bench();
    let wide = BreakerPlan { window: Duration::from_secs(60), ..BreakerPlan::default() };
    let call = |bench: &mut Bench, class| {
        let plans = Plans { server: &bench.plan, tool: &wide };
        let applicant = Applicant { tool: Some("wide"), probe: Probe::Fit, tools: 9 };
        let permit = bench.board.admit(plans, applicant, bench.at, &mut bench.notices).expect("it is closed");
        let course = Course { class, took: Duration::from_millis(10), steady: bench.at };
        permit.close(plans, course, &mut bench.notices);
    };
    for class in [OutcomeClass::Answered, OutcomeClass::ServerError] {
        (0..if class == OutcomeClass::Answered { 10 } else { 9 }).for_each(|_| call(&mut bench, class));
    }
    bench.calls(5, Some("other"), OutcomeClass::TimedOut);
    assert_eq!(bench.state(Some("other")), BreakerState::Open);
    assert_eq!(bench.state(Some("wide")), BreakerState::Closed);
    call(&mut bench, OutcomeClass::ServerError);
    assert_eq!(bench.state(Some("wide")), BreakerState::Open, "ten of twenty failed");
}

#[test]
fn does_what_it_is_forced_to_and_spares_where_it_only_looks() {
    let plan = |drive| BreakerPlan { drive, ..BreakerPlan::default() };
    let mut closed = Bench::new(plan(Drive::ForcedClosed));
    assert_eq!(closed.calls(50, Some("a"), OutcomeClass::ConnectFailed), 50);
    assert_eq!(closed.state(Some("a")), BreakerState::Closed, "what is forced asks nobody how it is");
    let mut open = Bench::new(plan(Drive::ForcedOpen));
    assert_eq!(open.calls(50, Some("a"), OutcomeClass::Answered), 0);
    let mut looking = Bench::new(plan(Drive::Observe));
    assert_eq!(looking.calls(50, Some("a"), OutcomeClass::TimedOut), 50);
    assert_eq!(looking.state(Some("a")), BreakerState::Open);
    assert!(looking.ask(Some("a"), Probe::Fit).is_ok_and(|permit| permit.is_spared()));
    looking.rest();
    looking.calls(3, Some("a"), OutcomeClass::Answered);
    assert_eq!(looking.state(Some("a")), BreakerState::Closed);
}

fn class() -> impl Strategy<Value = OutcomeClass> {
    (0..OutcomeClass::ALL.len()).prop_map(|index| OutcomeClass::ALL[index])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn holds_its_bounds_whatever_happens(
        steps in prop::collection::vec((0_u8..4, class(), 0_u64..4_000, 0_usize..8), 1..300)
    ) {
        let (mut bench, mut open) = (bench(), Vec::new());
        for (what, class, ms, index) in steps {
            bench.pass(ms);
            match what {
                0 | 1 => {
                    let probe = if what == 0 { Probe::Fit } else { Probe::Unfit };
                    let before = bench.state(Some("a"));
                    if let Ok(permit) = bench.ask(Some("a"), probe) {
                        let is_try = bench.state(Some("a")) == BreakerState::HalfOpen;
                        prop_assert!(probe == Probe::Fit || before == BreakerState::Closed);
                        prop_assert!(before != BreakerState::Open || is_try);
                        open.push(permit);
                    }
                }
                2 if !open.is_empty() => {
                    let permit = open.swap_remove(index % open.len());
                    bench.end(permit, class, Duration::from_millis(ms));
                }
                _ => { open.pop(); }
            }
            if bench.state(Some("a")) == BreakerState::HalfOpen {
                // As many as may try at once, and the rest is refused.
                let more: Vec<Permit> =
                    (0..9).filter_map(|_| bench.ask(Some("a"), Probe::Fit).ok()).collect();
                prop_assert!(more.len() <= 3);
            }
        }
        for notice in &bench.notices {
            prop_assert!(notice.change.from != notice.change.to);
            prop_assert_eq!(notice.change.to == BreakerState::Open, notice.change.rest.is_some());
        }
        // Whatever happened: left alone and then well, it works again.
        drop(open);
        bench.rest();
        bench.calls(9, Some("a"), OutcomeClass::Answered);
        prop_assert_eq!(bench.state(Some("a")), BreakerState::Closed);
        prop_assert_eq!(bench.state(SERVER), BreakerState::Closed);
    }

    #[test]
    fn opens_for_no_number_of_neutral_or_good_outcomes(classes in prop::collection::vec(class(), 1..300)) {
        let mut bench = bench();
        for class in classes.into_iter().filter(|class| !matches!(class.effect().toll, Toll::Failure { .. })) {
            prop_assert!(bench.call(Some("a"), class));
        }
        prop_assert!(bench.notices.is_empty());
    }
}
