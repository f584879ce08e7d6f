//! Limits that several gates hold by one store: as many calls as one gate would let through, and the same within a
//! share for each while the store is gone, stopped, slow, or comes and goes.

use std::time::{Duration, Instant};

use crate::support::authority::{Authority, Usage};
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::store::{Detour, Store, free_port, programs};
use crate::support::upstream::Upstream;
use crate::support::wait_for;

pub const ECHO: &str = r#"{"message":"x"}"#;

/// What may pass in a minute, and at once.
const RATE: f64 = 600.0;
const BURST: f64 = 60.0;

/// A policy with these limits; a disk that is busy elsewhere refuses nothing under it.
pub fn policy(shared: &str, limits: &str) -> String {
    let audit = "audit: { durability: best_effort }";
    bundle::with(&format!("{audit}\nshared: {{ {shared} }}\nlimits:\n  - {limits}"))
}

/// A limit of [`RATE`] and [`BURST`] in the store at `url`, for three gates.
fn six_hundred(url: &str) -> String {
    policy(&format!("url: \"{url}\", replicas: 3"), "{ id: user, per: [user], rate: 600/min, burst: 60 }")
}

pub fn passes(gate: &Gate, bearer: &str, tool: &str) -> bool {
    gate.call(bearer, tool, ECHO).tool_error().is_none()
}

fn degraded(gate: &Gate) -> f64 {
    gate.metric("sluicegate_limit_store_degraded", "limit=\"user\"")
}

pub fn await_store(gates: &[Gate], is_lost: bool) {
    let wanted = if is_lost { 1.0 } else { 0.0 };
    for gate in gates {
        wait_for("the word on the store", || (degraded(gate) == wanted).then_some(()));
    }
}

/// How many calls three gates let through that are called without a pause until `is_over`, and what they may
/// let through in that time.
struct Load {
    passed: f64,
    seconds: f64,
}

impl Load {
    fn run(gates: &[Gate], is_over: impl Fn(Duration) -> bool + Sync) -> Self {
        let start = Instant::now();
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                gates.iter().map(|gate| scope.spawn(|| hammer(gate, start, &is_over))).collect();
            threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).sum()
        });
        Self { passed: passed as f64, seconds: start.elapsed().as_secs_f64() }
    }

    /// What one gate would have let through, with a whole burst at the beginning.
    fn allowed(&self) -> f64 {
        BURST + self.seconds * RATE / 60.0
    }
}

fn hammer(gate: &Gate, start: Instant, is_over: &(impl Fn(Duration) -> bool + Sync)) -> usize {
    let mut wire = gate.connect();
    let mut passed = 0;
    for id in 0.. {
        if is_over(start.elapsed()) {
            break;
        }
        let answer = wire.post(ALICE, &[], &call(id, "echo", ECHO));
        match answer.tool_error() {
            None => passed += 1,
            Some(text) => assert!(text.contains("retry in"), "{text}"),
        }
    }
    passed
}

pub fn three(policy: &str, upstream: &Upstream) -> Vec<Gate> {
    (0..3).map(|_| Gate::start(policy, &upstream.url())).collect()
}

/// Holds calls that passed against what a strict limit says: exactly so many, unless the machine was too busy for
/// the store to answer in time; then no more.
#[track_caller]
pub fn check_exact(gates: &[Gate], passed: usize, declared: usize) {
    let errors: f64 = gates.iter().map(|gate| gate.metric("sluicegate_limit_store_errors_total", "")).sum();
    assert!(passed == declared || (passed < declared && errors > 0.0), "{passed} of {declared}");
}

/// Counts the lines of a gate's log that say that its store is lost.
pub fn losses(gate: &Gate) -> usize {
    gate.log().matches("the store of shared limits is lost").count()
}

#[test]
fn three_gates_hold_one_limit_under_load() {
    for program in programs() {
        let (store, upstream) = (Store::of(program, &[]), Upstream::echo());
        let gates = three(&six_hundred(&store.url()), &upstream);
        await_store(&gates, false);
        let load = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(20));
        let allowed = load.allowed();
        println!("{program}: {} of {allowed:.1} in {:.1} s", load.passed, load.seconds);
        // One more, for the call that is just free when the clock stops.
        assert!(load.passed <= allowed * 1.01 + 1.0, "{program}: {} of {allowed:.1}", load.passed);
        assert!(load.passed >= allowed * 0.9, "{program}: {} of {allowed:.1}", load.passed);
        assert_eq!(upstream.got().len() as f64, load.passed, "what was refused reached no server");
        for gate in &gates {
            assert_eq!(losses(gate), 0, "{}", gate.log());
            // By the store's word on the cell, which no gate alone has emptied.
            assert!(gate.metric("sluicegate_limit_remaining_ratio", "limit=\"user\"") < 0.2);
            assert!(gate.metric("sluicegate_limit_decisions_total", "verdict=\"near_limit\"") > 0.0);
        }
    }
}

#[test]
fn gates_go_on_within_their_share_when_the_store_is_killed() {
    let (mut store, upstream) = (Store::start(), Upstream::echo());
    let gates = three(&six_hundred(&store.url()), &upstream);
    await_store(&gates, false);
    let before = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(1));
    store.kill();
    let without = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(4));
    await_store(&gates, true);
    for gate in &gates {
        assert!(gate.metric("sluicegate_limit_store_errors_total", "limit=\"user\"") > 0.0);
        assert_eq!(losses(gate), 1, "{}", gate.log());
    }
    let passed = before.passed + without.passed;
    let allowed = before.allowed() + without.seconds * RATE / 60.0;
    assert!(passed <= allowed * 1.05 + 3.0, "{passed} of {allowed:.1}");
    assert!(without.passed >= without.seconds * RATE / 60.0 * 0.7, "they go on: {}", without.passed);
    store.restart();
    await_store(&gates, false);
    let after = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(2));
    // Nobody counts the time that passed between the loads, in which the limit filled up again.
    assert!(after.passed <= after.allowed() * 1.01 + 1.0, "{} of {:.1}", after.passed, after.allowed());
    gates.iter().for_each(|gate| assert_eq!(losses(gate), 1, "{}", gate.log()));
}

#[test]
fn nothing_hangs_on_a_store_that_is_stopped_or_slow() {
    let (store, upstream) = (Store::start(), Upstream::echo());
    let detour = Detour::to(&store);
    let gates = three(&six_hundred(&detour.url()), &upstream);
    await_store(&gates, false);
    let begin = Instant::now();
    let mut passed = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(1)).passed;
    for is_stopped in [true, false] {
        if is_stopped {
            store.signal("STOP");
        } else {
            detour.slow_down(Duration::from_millis(200));
        }
        let without = Load::run(&gates, |elapsed| elapsed >= Duration::from_secs(3));
        await_store(&gates, true);
        assert!(without.passed >= without.seconds * RATE / 60.0 * 0.5, "{} go on", without.passed);
        passed += without.passed;
        if is_stopped {
            store.signal("CONT");
        } else {
            detour.slow_down(Duration::ZERO);
        }
        await_store(&gates, false);
    }
    let allowed = BURST + begin.elapsed().as_secs_f64() * RATE / 60.0;
    assert!(passed <= allowed * 1.05 + 3.0, "{passed} of {allowed:.1}");
    for gate in &gates {
        assert_eq!(losses(gate), 2, "once for each time: {}", gate.log());
        assert!(gate.metric("sluicegate_limit_store_errors_total", "limit=\"user\"") > 0.0);
    }
}

#[test]
fn a_store_that_comes_and_goes_gives_no_second_burst() {
    let (mut store, upstream) = (Store::start(), Upstream::echo());
    let gates = three(&six_hundred(&store.url()), &upstream);
    await_store(&gates, false);
    let flips = std::sync::atomic::AtomicBool::new(true);
    let load = std::thread::scope(|scope| {
        let load = scope.spawn(|| Load::run(&gates, |_| !flips.load(std::sync::atomic::Ordering::Relaxed)));
        for _ in 0..3 {
            // A store that has been killed has forgotten everything; one that was stopped has not.
            store.signal("STOP");
            await_store(&gates, true);
            store.signal("CONT");
            await_store(&gates, false);
        }
        store.kill();
        await_store(&gates, true);
        store.restart();
        await_store(&gates, false);
        flips.store(false, std::sync::atomic::Ordering::Relaxed);
        load.join().expect("the load ends well")
    });
    let allowed = load.allowed();
    println!("{} of {allowed:.1} in {:.1} s", load.passed, load.seconds);
    // The killed store took what it had counted with it: one burst is forgotten.
    assert!(load.passed <= allowed * 1.1 + BURST, "{} of {allowed:.1}", load.passed);
    gates.iter().for_each(|gate| assert_eq!(losses(gate), 4, "{}", gate.log()));
}

#[test]
fn a_strict_limit_is_exact_and_takes_from_all_levels_or_none() {
    for program in programs() {
        let (store, upstream) = (Store::of(program, &[]), Upstream::echo());
        let limits = "{ id: user, per: [user], rate: 1/hour, burst: 10 }\n  \
                      - { id: tool, per: [user, tool], rate: 1/hour, burst: 2 }";
        let shared = format!("url: \"{}\", mode: strict, replicas: 2, on_store_error: closed", store.url());
        let policy = policy(&shared, limits);
        let gates = [Gate::start(&policy, &upstream.url()), Gate::start(&policy, &upstream.url())];
        await_store(&gates, false);
        let count =
            |tool: &str, bearer: &str| (0..20).filter(|turn| passes(&gates[turn % 2], bearer, tool)).count();
        // 18 refusals of a tool take nothing of the user's, and bob has his own.
        for (tool, bearer) in [("echo", ALICE), ("lookup", ALICE), ("slow", ALICE), ("echo", BOB)] {
            check_exact(&gates, count(tool, bearer), 2);
        }
    }
}

#[test]
fn each_limit_does_without_the_store_what_it_says() {
    let upstream = Upstream::echo();
    let limits = "{ id: shut, per: [user], match: { tools: [echo] }, rate: 100/s, on_store_error: closed }\n  \
                  - { id: open, per: [user], match: { tools: [lookup] }, rate: 1/hour, on_store_error: open }\n  \
                  - { id: part, per: [user], match: { tools: [slow] }, rate: 1/hour, burst: 8, shared: strict }";
    let policy = policy("url: \"unix:///nowhere/store.sock\", replicas: 4", limits);
    let gate = Gate::start(&policy, &upstream.url());
    let count = |tool: &str| (0..5).filter(|_| passes(&gate, ALICE, tool)).count();
    assert_eq!((count("echo"), count("lookup"), count("slow")), (0, 5, 2));
    wait_for("an attempt", || (gate.metric("sluicegate_limit_store_errors_total", "") > 0.0).then_some(()));
    assert_eq!(gate.metric("sluicegate_limit_store_degraded", ""), 3.0);
}

#[test]
fn the_store_holds_no_names_and_nothing_for_ever() {
    let (store, upstream) = (Store::start(), Upstream::echo());
    let limits = "{ id: user, per: [tenant, user, tool], rate: 100/s }\n  \
                  - { id: exact, per: [user], rate: 100/s, shared: strict }";
    let policy = policy(&format!("url: \"{}\", replicas: 1", store.url()), limits);
    let gates = [Gate::start(&policy, &upstream.url())];
    await_store(&gates, false);
    assert!(passes(&gates[0], ALICE, "echo"));
    let mut connection = store.connect();
    let keys = wait_for("two cells and the replicas", || {
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("*").query(&mut connection).expect("the store answers");
        (keys.len() == 3).then_some(keys)
    });
    for key in keys {
        for name in ["alice", "acme", "echo", "clinic", "user", "exact"] {
            assert!(!key.contains(name), "{key}");
        }
        let life: i64 = redis::cmd("PTTL").arg(&key).query(&mut connection).expect("the store answers");
        assert!(life > 0, "{key} lives for {life} ms");
    }
}

#[test]
fn a_password_comes_from_a_file_and_goes_nowhere_else() {
    let upstream = Upstream::echo();
    let store = Store::of(programs()[0], &["--requirepass", "secret-1"]);
    let file = store.directory().join("url");
    let socket = store.socket();
    let write = |password: &str| {
        std::fs::write(&file, format!("unix://{}?pass={password}\n", socket.display()))
            .expect("it can be written");
    };
    write("secret-2");
    let shared = format!("url_file: {}, replicas: 1", file.display());
    let policy = policy(&shared, "{ id: user, per: [user], rate: 1/hour, burst: 3 }");
    let gate = Gate::start(&policy, &upstream.url());
    wait_for("a refusal of the password", || (losses(&gate) == 1).then_some(()));
    assert_eq!(degraded(&gate), 1.0);
    write("secret-1");
    wait_for("the new password to be used", || (degraded(&gate) == 0.0).then_some(()));
    // While the answer to the first is on its way, one or two may be early.
    let passed = (0..9).filter(|_| passes(&gate, ALICE, "echo")).count();
    assert!((3..=5).contains(&passed), "{passed} of 3");
    let metrics = gate.page("/metrics").text();
    for secret in ["secret-1", "secret-2"] {
        assert!(!gate.log().contains(secret) && !metrics.contains(secret), "{}", gate.log());
    }
}

#[test]
fn a_policy_that_is_replaced_takes_another_store() {
    let (one, other, upstream) = (Store::start(), Store::start(), Upstream::echo());
    let policy = |store: &Store| {
        let shared = format!("url: \"{}\", replicas: 1, on_store_error: closed", store.url());
        policy(&shared, "{ id: user, per: [user], rate: 1/hour, burst: 2, shared: strict }")
    };
    let gates = [Gate::with(Bundle::new(&policy(&one)), &["--upstream", &upstream.url()])];
    await_store(&gates, false);
    let count = || (0..5).filter(|_| passes(&gates[0], ALICE, "echo")).count();
    check_exact(&gates, count(), 2);
    assert_eq!(count(), 0);
    gates[0].bundle.write("policy.yaml", &policy(&other));
    wait_for("the reload", || {
        (gates[0].metric("sluicegate_policy_reloads_total", "success") > 0.0).then_some(())
    });
    await_store(&gates, false);
    // The other one has counted nothing yet.
    check_exact(&gates, count(), 2);
}

#[test]
fn the_store_is_reached_over_tls_by_those_who_trust_and_are_trusted() {
    let (authority, upstream) = (Authority::new("store"), Upstream::echo());
    let server = authority.certify(&["dns:localhost"], Usage::Server, 2040);
    let client = authority.certify(&["dns:gate"], Usage::Client, 2040);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        path.display().to_string()
    };
    let (ca, other) = (file("ca.pem", &authority.pem()), file("other.pem", &Authority::new("other").pem()));
    let (pem, key) = (file("server.pem", &server.pem), file("server.key", &server.key));
    let own = format!(
        ", cert_file: {}, key_file: {}",
        file("gate.pem", &client.pem),
        file("gate.key", &client.key)
    );
    let port = free_port();
    let words = ["--tls-port", &port.to_string(), "--tls-cert-file", &pem, "--tls-key-file", &key];
    let words = [&words[..], &["--tls-ca-cert-file", &ca, "--tls-auth-clients", "yes"]].concat();
    let _store = Store::of(programs()[0], &words);
    for (ca, own, is_reached) in [(&ca, &*own, true), (&other, &*own, false), (&ca, "", false)] {
        let tls = format!("tls: {{ ca_file: {ca}{own} }}");
        let shared = format!("url: \"rediss://localhost:{port}\", replicas: 1, {tls}");
        let policy =
            policy(&shared, "{ id: user, per: [user], rate: 1/hour, burst: 3, on_store_error: closed }");
        let gate = Gate::start(&policy, &upstream.url());
        if is_reached {
            wait_for("the store", || (degraded(&gate) == 0.0).then_some(()));
            assert!(passes(&gate, ALICE, "echo"));
        } else {
            wait_for("a word on the store", || (losses(&gate) == 1).then_some(()));
            assert!(!passes(&gate, ALICE, "echo") && degraded(&gate) == 1.0, "{}", gate.log());
        }
    }
}

#[test]
fn a_cluster_holds_limits_too() {
    let (port, upstream) = (free_port(), Upstream::echo());
    let words = ["--cluster-enabled", "yes", "--port", &port.to_string(), "--bind", "127.0.0.1"];
    let store = Store::of(programs()[0], &words);
    let mut connection = store.connect();
    let mut slots = redis::cmd("CLUSTER");
    slots.arg("ADDSLOTSRANGE").arg(0).arg(16_383).exec(&mut connection).expect("the store takes all slots");
    wait_for("the cluster", || {
        let info: String = redis::cmd("CLUSTER").arg("INFO").query(&mut connection).ok()?;
        info.contains("cluster_state:ok").then_some(())
    });
    let limits = "{ id: user, per: [user], rate: 1/hour, burst: 4, shared: strict }\n  \
                  - { id: tool, per: [tool], rate: 1/hour, burst: 9 }";
    let shared =
        format!("url: \"redis://127.0.0.1:{port}\", cluster: true, replicas: 1, on_store_error: closed");
    let gates = [Gate::start(&policy(&shared, limits), &upstream.url())];
    await_store(&gates, false);
    let count = |bearer: &str| (0..9).filter(|_| passes(&gates[0], bearer, "echo")).count();
    for bearer in [ALICE, BOB] {
        check_exact(&gates, count(bearer), 4);
    }
}
