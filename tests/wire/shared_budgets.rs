//! Budgets that several gates spend together by one store, whatever becomes of the store.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::shared_limits::{ECHO, await_store, check_exact, losses, passes, policy, three};
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::{Gate, call};
use crate::support::store::{Detour, Store, programs};
use crate::support::upstream::Upstream;
use crate::support::wait_for;

/// What there is in a month.
const AMOUNT: usize = 2_000;

/// How long nothing must pass for a budget to be over: what was lent and not spent is lent again within it.
pub const SILENCE: Duration = Duration::from_secs(4);

fn spending(url: &str, amount: usize) -> String {
    let limit = format!("{{ id: user, per: [user], budget: {amount}/month }}");
    policy(&format!("url: \"{url}\", replicas: 3"), &limit)
}

/// Calls gates without a pause until nothing passes any more, or until `is_over`; how many calls passed.
fn spend(gates: &[Gate], is_over: impl Fn(Duration) -> bool + Sync) -> usize {
    let (start, last) = (Instant::now(), Mutex::new(Instant::now()));
    let hammer = |gate: &Gate| {
        let (mut wire, mut passed) = (gate.connect(), 0);
        for id in 0.. {
            let silence = last.lock().expect("no thread panicked with it").elapsed();
            if silence >= SILENCE || is_over(start.elapsed()) {
                break;
            }
            match wire.post(ALICE, &[], &call(id, "echo", ECHO)).tool_error() {
                None => {
                    passed += 1;
                    *last.lock().expect("no thread panicked with it") = Instant::now();
                }
                Some(text) => assert!(text.contains("retry in"), "{text}"),
            }
        }
        passed
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = gates.iter().map(|gate| scope.spawn(|| hammer(gate))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).sum()
    })
}

/// Within one in a hundred, and a call for each gate but one.
#[track_caller]
fn check(what: &str, passed: usize, amount: usize) {
    println!("{what}: {passed} of {amount}");
    assert!(
        (amount - amount / 100..=amount + amount / 100 + 2).contains(&passed),
        "{what}: {passed} of {amount}"
    );
}

fn remaining(gate: &Gate) -> f64 {
    gate.metric("sluicegate_limit_remaining_ratio", "limit=\"user\"")
}

#[test]
fn three_gates_spend_one_budget() {
    for program in programs() {
        let (store, upstream) = (Store::of(program, &[]), Upstream::echo());
        let gates = three(&spending(&store.url(), AMOUNT), &upstream);
        await_store(&gates, false);
        let passed = spend(&gates, |_| false);
        check(program, passed, AMOUNT);
        assert_eq!(upstream.got().len(), passed, "what was refused reached no server");
        for gate in &gates {
            assert!(remaining(gate) <= 0.01, "{}", remaining(gate));
            assert!(gate.metric("sluicegate_limit_decisions_total", "verdict=\"near_limit\"") > 0.0);
        }
        // Another caller has one of its own.
        assert!(passes(&gates[0], BOB, "echo"));
    }
}

/// Three gates spend a budget, and in between something is the matter with their store; so much is too much at most.
fn through(what: &str, percent: usize, trouble: impl FnOnce(&mut Store, &Detour, &[Gate])) {
    let (mut store, upstream) = (Store::start(), Upstream::echo());
    let detour = Detour::to(&store);
    let gates = three(&spending(&detour.url(), AMOUNT), &upstream);
    await_store(&gates, false);
    // Each gate spends a tenth beforehand, and they go on all the while.
    let before = spend(&gates, |_| upstream.got().len() >= AMOUNT / 10);
    let is_over = AtomicBool::new(false);
    let during = std::thread::scope(|scope| {
        let load = scope.spawn(|| spend(&gates, |_| is_over.load(Ordering::Relaxed)));
        trouble(&mut store, &detour, &gates);
        await_store(&gates, false);
        is_over.store(true, Ordering::Relaxed);
        load.join().expect("the load ends well")
    });
    assert!(during > 0, "they go on");
    let after = spend(&gates, |_| false);
    for gate in &gates {
        assert!(
            losses(gate) > 0 && gate.metric("sluicegate_limit_store_errors_total", "limit=\"user\"") > 0.0
        );
        assert!(remaining(gate) <= 0.01, "{}", remaining(gate));
    }
    println!("{what}: {before} before, {during} during, {after} after");
    let passed = before + during + after;
    // Without the store each may spend a third of what it was told is left; how much that is by now, it does not know.
    assert!(
        (AMOUNT - AMOUNT / 50..=AMOUNT + AMOUNT * percent / 100).contains(&passed),
        "{what}: {passed} of {AMOUNT}"
    );
}

#[test]
fn a_budget_outlives_a_store_that_is_killed_and_has_forgotten_it() {
    through("killed", 10, |store, _, gates| {
        store.kill();
        await_store(gates, true);
        store.restart();
    });
}

#[test]
fn a_budget_outlives_a_store_that_is_stopped() {
    through("stopped", 10, |store, _, gates| {
        store.signal("STOP");
        await_store(gates, true);
        store.signal("CONT");
    });
}

#[test]
fn a_budget_outlives_a_store_that_is_slow() {
    through("slow", 10, |_, detour, gates| {
        detour.slow_down(Duration::from_millis(200));
        await_store(gates, true);
        detour.slow_down(Duration::ZERO);
    });
}

#[test]
fn a_budget_outlives_a_store_that_comes_and_goes() {
    through("flapping", 10, |store, _, gates| flap(store, gates, false));
}

/// Whoever alone has lost the store spends its part while the others can spend all: at most a third of what is left, or two.
#[test]
fn a_budget_outlives_a_store_that_comes_and_goes_and_forgets() {
    through("flapping, and once killed", 33, |store, _, gates| flap(store, gates, true));
}

fn flap(store: &mut Store, gates: &[Gate], is_killed: bool) {
    for turn in 0..3 {
        store.signal("STOP");
        await_store(gates, true);
        store.signal("CONT");
        if turn == 1 && is_killed {
            store.kill();
            store.restart();
        }
        await_store(gates, false);
    }
}

#[test]
fn without_the_store_each_gate_spends_its_part() {
    let upstream = Upstream::echo();
    let policy = spending("unix:///nowhere/store.sock", 300);
    let gates = three(&policy, &upstream);
    assert_eq!(spend(&gates[..1], |_| false), 100);
    assert_eq!(spend(&gates, |_| false), 200);
    assert_eq!(gates[0].metric("sluicegate_limit_store_degraded", "limit=\"user\""), 1.0);
}

#[test]
fn a_strict_budget_is_exact_and_takes_from_all_levels_or_none() {
    for program in programs() {
        let (store, upstream) = (Store::of(program, &[]), Upstream::echo());
        let limits = "{ id: user, per: [user], budget: 5/month }\n  \
                      - { id: tool, per: [user, tool], budget: 2/month }\n  \
                      - { id: pace, per: [user], rate: 1/hour, burst: 40 }";
        let shared = format!("url: \"{}\", mode: strict, replicas: 2, on_store_error: closed", store.url());
        let policy = policy(&shared, limits);
        let gates = [Gate::start(&policy, &upstream.url()), Gate::start(&policy, &upstream.url())];
        for gate in &gates {
            wait_for("the store", || {
                (gate.metric("sluicegate_limit_store_degraded", "") == 0.0).then_some(())
            });
        }
        let count =
            |tool: &str, bearer: &str| (0..20).filter(|turn| passes(&gates[turn % 2], bearer, tool)).count();
        for (tool, bearer, passed) in
            [("echo", ALICE, 2), ("lookup", ALICE, 2), ("slow", ALICE, 1), ("echo", BOB, 2)]
        {
            check_exact(&gates, count(tool, bearer), passed);
        }
    }
}

#[test]
fn an_overdraft_of_a_strict_budget_is_that_of_one_gate() {
    let (store, upstream) = (Store::start(), Upstream::echo());
    let limit = "{ id: bytes, per: [user], unit: request_bytes, budget: 1000/month, overdraft: 50% }";
    let shared = format!("url: \"{}\", mode: strict, replicas: 2, on_store_error: closed", store.url());
    let policy = policy(&shared, limit);
    let gates = [Gate::start(&policy, &upstream.url()), Gate::start(&policy, &upstream.url())];
    for gate in &gates {
        wait_for("the store", || (gate.metric("sluicegate_limit_store_degraded", "") == 0.0).then_some(()));
    }
    let say = |gate: &Gate, bytes: usize| {
        let empty = call(1, "echo", r#"{"message":""}"#).len();
        let arguments = format!(r#"{{"message":"{}"}}"#, "x".repeat(bytes - empty));
        gate.call(ALICE, "echo", &arguments).tool_error().is_none()
    };
    assert!(say(&gates[0], 900), "it fits");
    assert!(!say(&gates[1], 601), "beyond the overdraft");
    assert!(say(&gates[1], 600), "a hundred are left, and all of the overdraft");
    assert!(!say(&gates[0], 150), "nothing is left");
}

/// Who says what to the store (which purse, number of the word, what was spent, what is wanted, what the others were
/// last heard to have used); and its answer: what is held, and what is used since.
type Words<'a> = (&'a str, [i64; 5], (u64, u64));

/// Says words to the store, of a window of 100; what was heard of others holds for `hearsay_ms`.
#[track_caller]
fn tell(store: &Store, hearsay_ms: u64, rows: &[Words<'_>]) {
    let script = redis::Script::new(include_str!("../../src/store/cells/tell.lua"));
    let mut connection = store.connect();
    for (who, said, answer) in rows {
        let mut words = script.key(format!("window:{hearsay_ms}"));
        words.arg(100).arg(60_000).arg(who).arg(said).arg(hearsay_ms);
        let heard: (u64, u64) = words.invoke(&mut connection).expect("it answers");
        assert_eq!(heard, *answer, "{who} says {said:?}");
    }
}

#[test]
fn the_store_adds_up_the_last_words_of_all_replicas() {
    for program in programs() {
        let store = Store::of(program, &[]);
        let rows = [
            ("a", [1, 1, 10, 20, 0], (20, 30)),
            ("b", [1, 1, 5, 0, 0], (0, 35)),
            ("a", [1, 3, 25, 20, 0], (20, 50)),
            // Late, and said twice: nothing changes.
            ("a", [1, 2, 18, 90, 0], (20, 50)),
            ("a", [1, 3, 25, 20, 0], (20, 50)),
            // More than there is: what is left. Another one gets nothing.
            ("a", [1, 4, 30, 99, 0], (65, 100)),
            ("b", [1, 2, 5, 9, 0], (0, 100)),
            // What was not spent goes back; another purse begins at nothing, and the first stays counted.
            ("a", [1, 5, 40, 0, 0], (0, 45)),
            ("a", [6, 6, 3, 2, 0], (2, 50)),
            ("a", [6, 7, 4, 0, 0], (0, 49)),
            // More came back than was spent, and more was spent than there is.
            ("b", [1, 3, -2, 0, 0], (0, 42)),
            ("b", [1, 4, 90, 5, 0], (0, 134)),
            ("c", [1, 1, -500, 0, 0], (0, 0)),
        ];
        tell(&store, 30_000, &rows);
    }
}

#[test]
fn a_store_that_forgot_goes_by_what_is_heard_of_others_until_they_speak() {
    for program in programs() {
        let store = Store::of(program, &[]);
        let rows = [
            ("a", [1, 1, 10, 20, 60], (20, 90)),
            // It was one of the others; what it knows of them is known by now.
            ("b", [1, 1, 45, 30, 25], (10, 100)),
            ("a", [1, 2, 10, 0, 0], (0, 80)),
            ("c", [1, 1, 20, 50, 0], (15, 100)),
            // Who was away and finds nothing forgotten changes nothing.
            ("a", [1, 3, 12, 0, 40], (0, 102)),
        ];
        tell(&store, 60_000, &rows);
        // What has run out counts no more.
        tell(&store, 0, &[("a", [1, 1, 10, 20, 60], (20, 90)), ("b", [1, 1, 5, 50, 0], (50, 85))]);
    }
}
