//! Several replicas and a store in memory, on one clock: what they let through together.

mod budgets;

use std::collections::HashMap;

use super::*;
use crate::bounds::{LEASE_LIFE, LEASE_SHARDS, STORE_HEARSAY_LIFE};
use crate::limit::tests::{BILL, SUBJECT, rule, terms};
use crate::limit::{Ledger, Level, Rule, Terms, Verdict};
use crate::names::Now;

const SECOND: u64 = 1_000_000;

/// The store, as its scripts are written.
#[derive(Default)]
struct Store {
    rates: HashMap<StoreKey, u64>,
    windows: HashMap<(StoreKey, u64), Counters>,
}

/// What the store knows of one window of a budget.
#[derive(Default)]
struct Counters {
    used: i64,
    /// The last word of each replica: which purse, its number, what was spent, what is held.
    replicas: HashMap<usize, (u64, u64, i64, i64)>,
    /// What is used besides, and until when that holds.
    hearsay: (i64, u64),
}

impl Counters {
    fn hear(&mut self, replica: usize, tell: Tell, now: u64) -> Answer {
        let Tell { birth, seq, own, want, others, amount, .. } = tell;
        let told = |held: i64, used: i64| Answer::Told { seq, held: held as u64, used: used as u64 };
        let (count, till) = self.hearsay;
        let mut hearsay = if now < till { count } else { 0 };
        if let Some((purse, number, spent, held)) = self.replicas.get(&replica) {
            if seq <= *number {
                return told(*held, self.used + hearsay);
            }
            self.used -= held + if *purse == birth { *spent } else { 0 };
        } else {
            hearsay = (hearsay - own.max(0)).max(0);
        }
        self.hearsay = (hearsay, till);
        if others as i64 - self.used > hearsay {
            hearsay = others as i64 - self.used;
            self.hearsay = (hearsay, now + STORE_HEARSAY_LIFE.as_micros() as u64);
        }
        self.used = (self.used + own).max(0);
        let held = (want as i64).min(amount as i64 - self.used - hearsay).max(0);
        self.used += held;
        self.replicas.insert(replica, (birth, seq, own, held));
        told(held, self.used + hearsay)
    }
}

impl Store {
    fn carry(&mut self, replica: usize, order: &Order, now: u64) -> Answer {
        // Its clock is another one than that of the replicas.
        let now = now + 1_700_000_000 * SECOND;
        match order.task {
            Task::GiveBack { pace, count, run } => {
                let arrival = self.rates.entry(order.key).or_default();
                if *arrival > now && arrival.abs_diff(run).is_multiple_of(pace.interval) {
                    *arrival = now.max(*arrival - count * pace.interval);
                }
                Answer::GivenBack
            }
            Task::Lend { pace, debt, ago, want } => {
                let (interval, tolerance) = (pace.interval, pace.tolerance());
                let arrival = self.rates.entry(order.key).or_default();
                if debt > 0 {
                    let owed = (*arrival).max(now - ago) + debt * interval;
                    *arrival = (*arrival).max(owed.min(now + 2 * tolerance));
                }
                let start = (*arrival).max(now);
                let count = want.min((now + tolerance).saturating_sub(start) / interval);
                if count > 0 {
                    *arrival = start + count * interval;
                }
                let wait = ((*arrival).max(now) + interval).saturating_sub(now + tolerance);
                Answer::Lent { count, wait, run: *arrival, ahead: arrival.saturating_sub(now) }
            }
            Task::Tell(tell) => {
                self.windows.entry((order.key, tell.end)).or_default().hear(replica, tell, now)
            }
        }
    }
}

/// Replicas that share one cell.
struct Fleet {
    replicas: Vec<Leases>,
    store: Store,
    numbers: Arc<Numbers>,
    /// Orders on their way, with when they arrive.
    away: Vec<(u64, usize, Order)>,
    /// How long the store takes.
    delay: u64,
}

fn key() -> StoreKey {
    StoreKey::for_tests(7)
}

fn numbers(rate: u64, burst: u64, on_store_error: OnStoreError) -> Arc<Numbers> {
    let id = Label::parse("user").expect("a label");
    let interval = Duration::from_micros(60 * SECOND / rate);
    Arc::new(Numbers::of_rate(id, interval, burst, on_store_error))
}

fn pace(numbers: &Numbers) -> Pace {
    match numbers.measure {
        Measure::Rate(pace) => pace,
        Measure::Budget(_) => panic!("it is a rate"),
    }
}

fn at(micros: u64) -> Now {
    Now { steady: Duration::from_micros(micros), unix_ms: micros / 1000 }
}

impl Fleet {
    fn new(replicas: u64, numbers: Arc<Numbers>) -> Self {
        let fleet = Self {
            replicas: (0..replicas).map(|_| Leases::default()).collect(),
            store: Store::default(),
            numbers,
            away: Vec::new(),
            delay: 500,
        };
        for replica in &fleet.replicas {
            replica.attach();
            replica.set_replicas(replicas);
            replica.set_lost(false);
        }
        fleet
    }

    fn call(&self, replica: usize, now: u64) -> Result<(), u64> {
        let leases = &self.replicas[replica];
        leases.look(key(), &self.numbers, 1, at(now))?;
        leases.take(key(), &self.numbers, 1, at(now))
    }

    /// Lets the tasks of the replicas do what they have to.
    fn work(&mut self, now: u64) {
        let arrived: Vec<_> = self.away.extract_if(.., |(due, ..)| *due <= now).collect();
        for (_, replica, order) in arrived {
            let answer = self.store.carry(replica, &order, now);
            self.replicas[replica].learn(order.key, answer, at(now));
        }
        for (replica, leases) in self.replicas.iter().enumerate() {
            if now.is_multiple_of(50_000) {
                leases.tend(at(now), LEASE_SHARDS);
            }
            let orders = leases.orders(at(now), 10);
            self.away.extend(orders.into_iter().map(|order| (now + self.delay, replica, order)));
        }
    }

    /// How many of the calls of `callers` pass in a time, each calling every `pause`.
    fn run(&mut self, callers: &[usize], pause: u64, from: u64, until: u64) -> u64 {
        let mut passed = 0;
        for now in (from..until).step_by(500) {
            self.work(now);
            if (now - from).is_multiple_of(pause) {
                passed += callers.iter().filter(|replica| self.call(**replica, now).is_ok()).count() as u64;
            }
        }
        passed
    }

    fn lose(&self, is_lost: bool) {
        self.replicas.iter().for_each(|leases| leases.set_lost(is_lost));
    }
}

#[test]
fn three_replicas_under_load_let_through_what_one_would() {
    let rows = [(600, 60, 500), (600, 600, 500), (6_000, 60, 500), (60, 3, 500), (600, 60, 20_000)];
    for (rate, burst, delay) in rows {
        let mut fleet = Fleet::new(3, numbers(rate, burst, OnStoreError::Local));
        fleet.delay = delay;
        let passed = fleet.run(&[0, 1, 2], 1_000, SECOND, 61 * SECOND);
        let allowed = burst + rate;
        let most = allowed + (allowed / 100).max(3);
        assert!(passed <= most, "{rate}/min, burst {burst}, {delay} us: {passed} of {allowed}");
        assert!(
            passed >= allowed - allowed / 10,
            "{rate}/min, burst {burst}, {delay} us: {passed} of {allowed}"
        );
    }
}

#[test]
fn one_busy_replica_of_three_has_the_whole_limit() {
    let mut fleet = Fleet::new(3, numbers(600, 60, OnStoreError::Local));
    let passed = fleet.run(&[1], 1_000, SECOND, 61 * SECOND);
    assert!((640..=663).contains(&passed), "{passed} of 660");
}

#[test]
fn a_client_that_waits_as_long_as_it_was_told_passes() {
    let mut fleet = Fleet::new(3, numbers(1, 1, OnStoreError::Local));
    assert_eq!(fleet.call(0, SECOND), Ok(()));
    fleet.run(&[], 1_000, SECOND, 3 * SECOND);
    let wait = fleet.call(0, 3 * SECOND).expect_err("it is used up");
    assert!((57 * SECOND..=58 * SECOND + 1_000).contains(&wait), "{wait}");
    let again = 3 * SECOND + wait;
    fleet.run(&[], 1_000, again - 50_000, again);
    assert!(fleet.call(0, again - 1).is_err());
    assert_eq!(fleet.call(0, again), Ok(()));
}

#[test]
fn what_others_took_is_known_after_one_call_and_paid_by_all() {
    let mut fleet = Fleet::new(3, numbers(60, 2, OnStoreError::Local));
    assert_eq!(fleet.run(&[0], 10_000, SECOND, SECOND + 100_000), 2);
    let early = fleet.run(&[1, 2], 10_000, SECOND + 100_000, SECOND + 900_000);
    assert_eq!(early, 2, "one call on credit for each that knew nothing");
    let later = fleet.run(&[0, 1, 2], 10_000, SECOND + 900_000, 12 * SECOND);
    assert!((8..=11).contains(&later), "{later}: 2 + 11 in all, and 2 of it were early");
}

#[test]
fn unspent_cells_go_back_when_they_are_not_used() {
    let mut fleet = Fleet::new(2, numbers(600, 600, OnStoreError::Local));
    assert_eq!(fleet.run(&[0], 1_000, SECOND, SECOND + 100_000), 100);
    let life = LEASE_LIFE.as_micros() as u64;
    fleet.run(&[], 1_000, SECOND + 100_000, SECOND + 200_000 + life);
    let now = SECOND + 200_000 + life;
    let store = 1_700_000_000 * SECOND + now;
    let interval = pace(&fleet.numbers).interval;
    let used = fleet.store.rates[&key()].saturating_sub(store) / interval;
    let given_back = 100 - (100_000 + life) / interval;
    assert!(used.abs_diff(given_back) <= 2, "{used} used, of 100 calls and what came back since");
    fleet.run(&[], 100_000, now, now + 120 * SECOND);
    assert_eq!(fleet.replicas[0].cells(), 0, "what is idle is forgotten");
}

#[test]
fn without_the_store_each_replica_holds_its_share() {
    for (on_store_error, least, most) in [
        (OnStoreError::Local, 650, 663),
        (OnStoreError::Closed, 0, 0),
        (OnStoreError::Open, 180_000, 180_000),
    ] {
        let mut fleet = Fleet::new(3, numbers(600, 60, on_store_error));
        fleet.lose(true);
        let passed = fleet.run(&[0, 1, 2], 1_000, SECOND, 61 * SECOND);
        assert!((least..=most).contains(&passed), "{on_store_error:?}: {passed}");
    }
}

#[test]
fn a_store_that_comes_and_goes_gives_no_second_burst() {
    for (up, down) in [(1, 1), (3, 2), (1, 9), (7, 1)] {
        let mut fleet = Fleet::new(3, numbers(600, 60, OnStoreError::Local));
        let (mut passed, mut now) = (0, SECOND);
        while now < 61 * SECOND {
            fleet.lose(false);
            passed += fleet.run(&[0, 1, 2], 1_000, now, now + up * SECOND);
            fleet.lose(true);
            // What is on its way is lost, or done and not heard of.
            for (_, replica, order) in fleet.away.drain(..) {
                fleet.replicas[replica].fail(order.key, at(now + up * SECOND));
            }
            passed += fleet.run(&[0, 1, 2], 1_000, now + up * SECOND, now + (up + down) * SECOND);
            now += (up + down) * SECOND;
        }
        let allowed = 60 + (now - SECOND) / SECOND * 10;
        assert!(passed <= allowed + allowed / 25, "{up} s up, {down} s down: {passed} of {allowed}");
        assert!(passed >= allowed * 6 / 10, "{up} s up, {down} s down: {passed} of {allowed}");
    }
}

#[test]
fn settling_gives_back_and_takes_later() {
    let fleet = Fleet::new(1, numbers(60, 10, OnStoreError::Local));
    let leases = &fleet.replicas[0];
    leases.set_lost(true);
    for _ in 0..10 {
        assert_eq!(fleet.call(0, SECOND), Ok(()));
    }
    assert!(fleet.call(0, SECOND).is_err(), "the share is used up");
    leases.refund(key(), 1, at(SECOND));
    assert_eq!(fleet.call(0, SECOND), Ok(()));
    assert!(fleet.call(0, SECOND).is_err());
}

#[test]
fn a_cell_is_ordered_about_once_at_a_time() {
    let fleet = Fleet::new(1, numbers(600, 60, OnStoreError::Local));
    let leases = &fleet.replicas[0];
    assert!(!leases.is_due());
    assert_eq!(fleet.call(0, SECOND), Ok(()));
    assert!(leases.is_due());
    let orders = leases.orders(at(SECOND), 10);
    assert_eq!(
        orders.iter().map(|order| order.task).collect::<Vec<_>>(),
        [Task::Lend { pace: pace(&fleet.numbers), debt: 1, ago: 0, want: 0 }]
    );
    assert_eq!(fleet.call(0, SECOND), Ok(()), "by the share, while the first answer is on its way");
    assert!(leases.orders(at(SECOND), 10).is_empty());
    leases.fail(key(), at(SECOND));
    let orders = leases.orders(at(SECOND + 50), 10);
    assert!(matches!(orders[0].task, Task::Lend { debt: 2, ago: 50, .. }), "{:?}", orders[0].task);
    leases.set_lost(true);
    leases.fail(key(), at(SECOND));
    assert!(leases.orders(at(SECOND), 10).is_empty(), "nothing is asked of a lost store");
}

#[test]
fn numbers_are_rounded_so_that_no_more_is_let_through() {
    for (nanoseconds, micros) in [(1, 1), (999, 1), (1_000, 1), (1_001, 2), (1_000_000, 1_000)] {
        let id = Label::parse("user").expect("a label");
        let numbers = Numbers::of_rate(id, Duration::from_nanos(nanoseconds), 5, OnStoreError::Local);
        assert_eq!(pace(&numbers).interval, micros, "{nanoseconds}");
    }
    let eon =
        Numbers::of_rate(Label::parse("eon").expect("a label"), Duration::MAX, u64::MAX, OnStoreError::Local);
    assert_eq!(pace(&eon).life_ms(), 366 * 24 * 3_600_000);
}

#[test]
fn what_is_left_of_a_shared_limit_is_not_read_off_the_cells_of_one_gate() {
    let numbers = numbers(60, 5, OnStoreError::Local);
    let sharing = Sharing { mode: SharedMode::Leased, numbers };
    let kind = rule("user", &[Level::User], "60/min", 5).kind().clone();
    let terms = Terms { shared: Some(sharing), ..terms("user", &[Level::User], kind) };
    let shared = Arc::new(Rule::new(terms));
    let own = rule("own", &[Level::User], "60/min", 5);
    let leases = Arc::new(Leases::default());
    let ledger = Arc::new(Ledger::default().sharing(Arc::clone(&leases)));
    let left = |rule| ledger.left(rule, &SUBJECT, at(0)).map(|left| left.amount);
    let charge = || ledger.charge([&shared, &own].into_iter(), (&SUBJECT, &BILL), at(0)).verdict;
    // Nobody reaches a store: each limit is this gate's own.
    assert_eq!((charge(), left(&shared), left(&own)), (Verdict::Granted, Some(4), Some(4)));
    leases.attach();
    assert_eq!((charge(), left(&shared), left(&own)), (Verdict::Granted, None, Some(3)));
}
