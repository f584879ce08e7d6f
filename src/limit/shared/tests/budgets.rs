//! Budgets that replicas hold together.

use super::*;
use crate::limit::cell::Gauge;
use crate::limit::{Budget, Kind};

const DAY: u64 = 86_400 * SECOND;

fn budget(text: &str, overdraft: u8) -> Arc<Numbers> {
    let id = Label::parse("user").expect("a label");
    let budget = Budget::parse(text).expect("a budget").with_overdraft(overdraft);
    Arc::new(Numbers::of_budget(id, budget, OnStoreError::Local))
}

/// Three replicas that share a budget.
fn three(text: &str) -> Fleet {
    Fleet::new(3, budget(text, 0))
}

impl Fleet {
    /// What the store counts in the window that ends at a time.
    fn counted(&self, end: u64) -> i64 {
        self.store.windows.get(&(key(), end / SECOND / 60)).map_or(0, |counters| counters.used)
    }

    /// Loses what is on its way to the store; `is_done` if only the answers are lost.
    fn cut(&mut self, is_done: bool, now: u64) {
        self.lose(true);
        for (_, replica, order) in std::mem::take(&mut self.away) {
            if is_done {
                self.store.carry(replica, &order, now);
            }
            self.replicas[replica].fail(order.key, at(now));
        }
    }
}

#[test]
fn three_replicas_spend_what_one_would() {
    for (amount, delay) in [(3_000, 500), (3_000, 20_000), (300, 500), (300, 20_000), (30, 500), (3, 500)] {
        let mut fleet = three(&format!("{amount}/day"));
        fleet.delay = delay;
        let passed = fleet.run(&[0, 1, 2], 1_000, SECOND, 11 * SECOND);
        // A replica that has heard nothing yet may be one call early.
        let most = amount + (amount / 100).max(2);
        assert!((amount..=most).contains(&passed), "{amount}/day, {delay} us: {passed}");
    }
}

#[test]
fn one_busy_replica_of_three_spends_all_of_it() {
    let mut fleet = three("3000/day");
    assert_eq!(fleet.run(&[1], 1_000, SECOND, 11 * SECOND), 3_000);
    let wait = fleet.call(1, 11 * SECOND).expect_err("nothing is left");
    assert_eq!(wait, DAY - 11 * SECOND, "until midnight");
}

#[test]
fn what_one_replica_gives_back_another_one_spends() {
    let mut fleet = three("100/day");
    let early = fleet.run(&[0], 1_000, SECOND, SECOND + 60_000);
    let late = fleet.run(&[1], 10_000, SECOND + 60_000, 5 * SECOND);
    assert_eq!((early, early + late), (60, 100), "what was lent and not spent is lent again");
    assert_eq!(fleet.counted(DAY), 100);
}

#[test]
fn a_new_day_is_a_new_budget() {
    let mut fleet = three("300/day");
    let before = fleet.run(&[0, 1, 2], 1_000, DAY - 5 * SECOND, DAY);
    let after = fleet.run(&[0, 1, 2], 1_000, DAY, DAY + 5 * SECOND);
    assert!((300..=303).contains(&before) && (300..=303).contains(&after), "{before}, {after}");
    // A request that came before midnight and is judged after it.
    assert!(fleet.call(0, DAY - 1).is_err(), "is charged to the day that runs");
    assert!((300..=303).contains(&fleet.counted(2 * DAY)), "{}", fleet.counted(2 * DAY));
}

#[test]
fn without_the_store_all_shares_are_what_was_left() {
    let mut fleet = three("3000/day");
    fleet.lose(true);
    let passed = fleet.run(&[0, 1, 2], 1_000, SECOND, 6 * SECOND);
    assert_eq!(passed, 3_000, "a third for each");
    let mut fleet = three("3000/day");
    let with = fleet.run(&[0, 1, 2], 1_000, SECOND, SECOND + 500_000);
    fleet.cut(true, SECOND + 500_000);
    let without = fleet.run(&[0, 1, 2], 1_000, SECOND + 500_000, 6 * SECOND);
    // What the others were lent since a replica's last word it does not know: a fifth of a second's calls at most.
    assert!((2_700..=3_200).contains(&(with + without)), "{with}, then {without}");
    // A gate of three that is called alone has its part, and no more.
    let mut fleet = three("3000/day");
    fleet.lose(true);
    assert_eq!(fleet.run(&[2], 1_000, SECOND, 6 * SECOND), 1_000);
}

#[test]
fn a_store_that_forgot_everything_is_told_again() {
    for is_done in [true, false] {
        let mut fleet = three("3000/day");
        let mut passed = fleet.run(&[0, 1, 2], 1_000, SECOND, SECOND + 500_000);
        fleet.cut(is_done, SECOND + 500_000);
        fleet.store = Store::default();
        passed += fleet.run(&[0, 1, 2], 1_000, SECOND + 500_000, SECOND + 700_000);
        fleet.lose(false);
        // Nobody calls, and still the store hears what was spent.
        fleet.run(&[], 1_000, SECOND + 700_000, 3 * SECOND);
        assert_eq!(fleet.counted(DAY), passed as i64);
        passed += fleet.run(&[0, 1, 2], 1_000, 3 * SECOND, 13 * SECOND);
        assert!((3_000..=3_030).contains(&passed), "{passed}");
    }
}

/// The store is killed and starts again empty; the replicas come back one after the other, and it is lost once more.
#[test]
fn a_store_that_forgot_everything_lends_nothing_that_others_have_spent() {
    let mut fleet = three("3000/day");
    let mut passed = fleet.run(&[0, 1, 2], 1_000, SECOND, SECOND + 600_000);
    fleet.cut(true, SECOND + 600_000);
    passed += fleet.run(&[0, 1, 2], 1_000, SECOND + 600_000, SECOND + 700_000);
    fleet.store = Store::default();
    fleet.replicas[1].set_lost(false);
    passed += fleet.run(&[0, 1, 2], 1_000, SECOND + 700_000, SECOND + 900_000);
    fleet.replicas[0].set_lost(false);
    passed += fleet.run(&[0, 1, 2], 1_000, SECOND + 900_000, 2 * SECOND);
    fleet.cut(true, 2 * SECOND);
    passed += fleet.run(&[0, 1, 2], 1_000, 2 * SECOND, 6 * SECOND);
    fleet.lose(false);
    passed += fleet.run(&[0, 1, 2], 1_000, 6 * SECOND, 20 * SECOND);
    // The third one spent its part of the 1,200 that were left when the others could spend all; no more than that is too much.
    assert!((3_000..=3_450).contains(&passed), "{passed}");
    // What was only heard of counts no longer than it takes to hear it from those who know.
    assert_eq!(fleet.counted(DAY), passed as i64);
}

#[test]
fn a_store_that_comes_and_goes_counts_each_call_once() {
    for is_done in [true, false] {
        let mut fleet = three("3000/day");
        fleet.delay = 20_000;
        let (mut passed, mut now) = (0, SECOND);
        for _ in 0..20 {
            fleet.lose(false);
            passed += fleet.run(&[0, 1, 2], 5_000, now, now + 300_000);
            fleet.cut(is_done, now + 300_000);
            passed += fleet.run(&[0, 1, 2], 5_000, now + 300_000, now + 400_000);
            now += 400_000;
        }
        fleet.lose(false);
        fleet.run(&[], 1_000, now, now + 3 * SECOND);
        assert_eq!(fleet.counted(DAY), passed as i64, "answers were lost with the word done: {is_done}");
        assert!(passed <= 3_030, "{passed}");
        passed += fleet.run(&[0, 1, 2], 5_000, now + 3 * SECOND, now + 20 * SECOND);
        assert!((3_000..=3_030).contains(&passed), "{passed}");
    }
}

/// One replica, whose store is the test.
struct Alone {
    leases: Leases,
    numbers: Arc<Numbers>,
}

impl Alone {
    fn new(text: &str) -> Self {
        let leases = Leases::default();
        leases.attach();
        leases.set_lost(false);
        Self { leases, numbers: budget(text, 0) }
    }

    fn spend(&self, cost: u64, now: u64) -> Result<(), u64> {
        self.leases.look(key(), &self.numbers, cost, at(now))?;
        self.leases.take(key(), &self.numbers, cost, at(now))
    }

    /// What it tells the store now.
    #[track_caller]
    fn tell(&self, now: u64) -> Tell {
        let orders = self.leases.orders(at(now), 10);
        match &*orders {
            [Order { task: Task::Tell(tell), .. }] => *tell,
            _ => panic!("{orders:?}"),
        }
    }

    fn hear(&self, seq: u64, held: u64, used: u64, now: u64) {
        self.leases.learn(key(), Answer::Told { seq, held, used }, at(now));
    }
}

#[test]
fn what_goes_back_to_the_store_is_not_spent_meanwhile() {
    let alone = Alone::new("30/day");
    assert_eq!(alone.spend(1, SECOND), Ok(()));
    let told = alone.tell(SECOND);
    // All that is left, so that nothing of it can be had on credit.
    alone.hear(told.seq, 20, 30, SECOND);
    assert_eq!(alone.spend(1, SECOND + 1), Ok(()));
    let later = 2 * SECOND + LEASE_LIFE.as_micros() as u64;
    alone.leases.tend(at(later), LEASE_SHARDS);
    let told = alone.tell(later);
    assert_eq!((told.own, told.want), (2, 0), "what nobody spends goes back");
    assert!(alone.spend(1, later + 1).is_err(), "it may be another one's by now");
    alone.hear(told.seq, 0, 11, later + 2);
    assert_eq!(alone.spend(1, later + 3), Ok(()));
}

#[test]
fn an_answer_about_yesterday_says_nothing_of_today() {
    let alone = Alone::new("30/day");
    assert_eq!(alone.spend(1, DAY - 1), Ok(()));
    let yesterday = alone.tell(DAY - 1);
    assert_eq!(alone.spend(1, DAY), Ok(()));
    let today = alone.tell(DAY);
    assert_ne!(yesterday.end, today.end);
    alone.hear(yesterday.seq, 0, 30, DAY + 1);
    assert_eq!(alone.leases.used(key(), at(DAY + 1)), None);
    alone.hear(today.seq, 0, 3, DAY + 2);
    assert_eq!(alone.leases.used(key(), at(DAY + 2)), Some(100));
}

#[test]
fn what_was_spent_counts_when_the_policy_changes_the_windows() {
    let mut alone = Alone::new("30/day");
    assert_eq!(alone.spend(5, SECOND), Ok(()));
    alone.numbers = budget("30/hour", 0);
    assert_eq!(alone.spend(1, SECOND + 1), Ok(()));
    assert_eq!(alone.tell(SECOND + 2).own, 6);
}

#[test]
fn a_store_that_forgot_is_told_what_it_had_been_told() {
    let mut fleet = three("3000/day");
    let passed = fleet.run(&[0], 1_000, SECOND, 2 * SECOND);
    fleet.run(&[], 1_000, 2 * SECOND, 5 * SECOND);
    assert_eq!(fleet.counted(DAY), passed as i64, "nothing is left to be told");
    fleet.cut(true, 5 * SECOND);
    fleet.store = Store::default();
    fleet.lose(false);
    fleet.run(&[], 1_000, 5 * SECOND, 7 * SECOND);
    assert_eq!(fleet.counted(DAY), passed as i64);
}

#[test]
fn a_word_that_is_late_or_said_twice_changes_nothing() {
    let fleet = three("100/day");
    let (leases, mut store) = (&fleet.replicas[0], Store::default());
    let mut orders = Vec::new();
    for turn in 0..3 {
        assert_eq!(fleet.call(0, SECOND + turn), Ok(()));
        orders.extend(leases.orders(at(SECOND + turn), 10));
        leases.fail(key(), at(SECOND + turn));
    }
    for (order, wanted) in [(2, 3), (0, 3), (2, 3), (1, 3)] {
        store.carry(0, &orders[order], SECOND);
        let counters = &store.windows[&(key(), 24 * 60)];
        let (.., held) = counters.replicas[&0];
        assert_eq!(counters.used - held, wanted, "after word {order}");
    }
}

/// The same calls to one gate with a store and to one without.
#[test]
fn debt_and_overdraft_are_those_of_a_single_gate() {
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for overdraft in [0, 10, 100] {
        let mut fleet = Fleet::new(1, budget("1000/hour", overdraft));
        fleet.delay = 0;
        let (budget, mut value) = (Budget::parse("1000/hour").expect("a budget"), 0);
        let alone = Rule::new(terms("user", &[], Kind::Budget(budget.with_overdraft(overdraft))));
        let (mut refused, mut overdrawn) = (0, 0);
        for turn in 0..2_000 {
            let now = SECOND + turn * 20 * SECOND;
            fleet.run(&[], 1_000, now, now + 100_000);
            let gauge = Gauge::new(&alone, at(now));
            let (cost, more) = (random(300), random(100));
            let leases = &fleet.replicas[0];
            let shared = leases.look(key(), &fleet.numbers, cost, at(now));
            let shared = shared.and_then(|()| leases.take(key(), &fleet.numbers, cost, at(now)));
            let taken = gauge.take(value, cost);
            assert_eq!(shared.is_ok(), taken.is_ok(), "turn {turn}: {cost} at {}", gauge.used(value));
            let Ok(next) = taken else {
                refused += 1;
                continue;
            };
            value = if turn % 2 == 0 {
                leases.debit(key(), &fleet.numbers, more, at(now));
                gauge.debit(next, more)
            } else {
                leases.refund(key(), more.min(cost), at(now));
                gauge.refund(next, more.min(cost), next).expect("of this hour")
            };
            overdrawn += u32::from(gauge.used(value) > 1_000);
            if let Some(used) = leases.used(key(), at(now)) {
                assert_eq!(used, gauge.used(value), "turn {turn}");
            }
        }
        assert!(refused > 100 && overdrawn > 10, "{refused} refused, {overdrawn} overdrawn");
    }
}
