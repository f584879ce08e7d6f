//! What the ledger promises, over whole charges.

mod kinds;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;
use crate::bounds::{CELL_SHARDS, CELLS_PER_SHARD_MAX, SHARDS_PER_SWEEP, SWEEP_SLACK};
use crate::names::{Label, Mode, Now};

pub(super) const SUBJECT: Subject<'static> = Subject {
    server: "clinic",
    tenant: Some("acme"),
    user: "alice",
    agent: Some("helper"),
    conversation: Some("c1"),
    tool: Some("lookup"),
    class: Some("read"),
};

/// A call without arguments.
pub(super) const BILL: Bill<'static> = Bill {
    round: Round::First,
    request_bytes: 100,
    argument_tokens: &|| 0,
    argument: &|_| None,
    response_bytes: 0,
};

pub(super) fn at(nanoseconds: u64) -> Now {
    Now { steady: Duration::from_nanos(nanoseconds), unix_ms: 0 }
}

pub(super) fn terms(id: &str, per: &[Level], kind: Kind) -> Terms {
    Terms {
        id: Label::parse(id).expect("a label"),
        per: per.to_vec(),
        unit: Unit::Calls,
        kind,
        requests: Requests::CALLS,
        estimate: None,
        counts_calls_once: false,
        mode: Mode::Enforce,
        shared: None,
    }
}

pub(super) fn rule(id: &str, per: &[Level], rate: &str, burst: u32) -> Arc<Rule> {
    let (rate, burst) = (Rate::parse(rate).expect("a rate"), NonZeroU32::new(burst).expect("a burst"));
    Arc::new(Rule::new(terms(id, per, Kind::Rate { rate, burst })))
}

fn is_granted(ledger: &Arc<Ledger>, rules: &[Arc<Rule>], subject: &Subject<'_>, now: Now) -> bool {
    ledger.charge(rules.iter(), (subject, &BILL), now).verdict == Verdict::Granted
}

fn ledger() -> Arc<Ledger> {
    Arc::default()
}

/// How many of `calls` calls are granted, all at the same time.
fn granted(ledger: &Arc<Ledger>, rules: &[Arc<Rule>], subject: &Subject<'_>, calls: u32) -> u32 {
    (0..calls).map(|_| u32::from(is_granted(ledger, rules, subject, at(5)))).sum()
}

#[test]
fn grants_a_burst_and_not_one_more() {
    for burst in [1, 2, 10] {
        let (ledger, rules) = (ledger(), [rule("user", &[Level::User], "1/hour", burst)]);
        assert_eq!(granted(&ledger, &rules, &SUBJECT, burst - 1), burst - 1);
        assert!(is_granted(&ledger, &rules, &SUBJECT, at(5)), "at {burst}");
        assert!(!is_granted(&ledger, &rules, &SUBJECT, at(5)), "one above {burst}");
        let bob = Subject { user: "bob", ..SUBJECT };
        assert_eq!(granted(&ledger, &rules, &bob, burst + 1), burst, "others are untouched");
    }
}

#[test]
fn says_the_wait_to_the_nanosecond() {
    let (ledger, rules) = (ledger(), [rule("user", &[Level::User], "60/min", 3)]);
    let start = 7_000_000_123;
    for _ in 0..3 {
        assert!(is_granted(&ledger, &rules, &SUBJECT, at(start)));
    }
    let refused = |wait| {
        Verdict::Exceeded(Exceeded { rule: &rules[0], excess: Excess::Wait(Duration::from_nanos(wait)) })
    };
    let second = 1_000_000_000;
    let verdict = |now| ledger.charge(rules.iter(), (&SUBJECT, &BILL), at(now)).verdict;
    assert_eq!(verdict(start), refused(second));
    assert_eq!(verdict(start + second - 1), refused(1));
    assert_eq!(verdict(start + second), Verdict::Granted);
    assert_eq!(verdict(start + second), refused(second));
    assert_eq!(verdict(start + second + 1), refused(second - 1));
}

#[test]
fn takes_nothing_anywhere_for_a_refused_call() {
    let tool = rule("tool", &[Level::User, Level::Tool], "1/hour", 2);
    let user = rule("user", &[Level::User], "1/hour", 10);
    for rules in [[tool.clone(), user.clone()], [user.clone(), tool]] {
        let ledger = ledger();
        assert_eq!(granted(&ledger, &rules, &SUBJECT, 20), 2);
        assert_eq!(granted(&ledger, std::slice::from_ref(&user), &SUBJECT, 20), 8);
    }
}

#[test]
fn answers_with_the_longest_wait() {
    let ledger = ledger();
    let rules = [
        rule("minute", &[Level::User], "1/min", 1),
        rule("hour", &[Level::Tenant], "1/hour", 1),
        rule("second", &[Level::Server], "1/s", 1),
    ];
    assert!(is_granted(&ledger, &rules, &SUBJECT, at(0)));
    let Verdict::Exceeded(exceeded) = ledger.charge(rules.iter(), (&SUBJECT, &BILL), at(0)).verdict else {
        panic!("all three are used up");
    };
    assert_eq!(exceeded.rule.id().as_str(), "hour");
    assert_eq!(exceeded.excess, Excess::Wait(Duration::from_secs(3600)));
}

#[test]
fn tells_when_four_fifths_are_used() {
    let (ledger, rules) = (ledger(), [rule("user", &[Level::User], "1/min", 10)]);
    for used in 1..=10 {
        let near = ledger.charge(rules.iter(), (&SUBJECT, &BILL), at(0)).near.is_some();
        assert_eq!(near, used >= 8, "{used} of 10");
    }
    assert_eq!(ledger.charge(rules.iter(), (&SUBJECT, &BILL), at(0)).near, None, "refused, not near");
}

#[test]
fn counts_shadow_rules_in_cells_of_their_own() {
    let ledger = ledger();
    let live = rule("user", &[Level::User], "1/hour", 3);
    let shadow = Terms { mode: Mode::Shadow, ..rule("user", &[Level::User], "1/hour", 1).terms().clone() };
    let shadow = Arc::new(Rule::new(shadow));
    let rules = [live.clone(), shadow.clone()];
    let charges: Vec<Charge<'_>> =
        (0..4).map(|_| ledger.charge(rules.iter(), (&SUBJECT, &BILL), at(0))).collect();
    let granted = charges.iter().filter(|charge| charge.verdict == Verdict::Granted).count();
    assert_eq!(granted, 3, "a shadow rule neither refuses nor takes");
    let shadowed: Vec<bool> = charges.iter().map(|charge| charge.shadowed.is_some()).collect();
    assert_eq!(shadowed, [false, true, true, false], "and is not asked about a refused call");
}

#[test]
fn keeps_every_combination_of_levels_apart() {
    let changed: [(Level, Subject<'_>); 7] = [
        (Level::Agent, Subject { agent: None, ..SUBJECT }),
        (Level::Class, Subject { class: Some("write"), ..SUBJECT }),
        (Level::Conversation, Subject { conversation: None, ..SUBJECT }),
        (Level::Server, Subject { server: "billing", ..SUBJECT }),
        (Level::Tenant, Subject { tenant: Some("globex"), ..SUBJECT }),
        (Level::Tool, Subject { tool: Some("refund"), ..SUBJECT }),
        (Level::User, Subject { user: "bob", ..SUBJECT }),
    ];
    for &level in Level::ALL {
        for (other, subject) in &changed {
            let (ledger, rules) = (ledger(), [rule("one", &[level], "1/hour", 1)]);
            assert!(is_granted(&ledger, &rules, &SUBJECT, at(0)));
            let is_apart = match level {
                // A conversation belongs to one caller: the same name elsewhere is another one.
                Level::Conversation => !matches!(other, Level::Class | Level::Server | Level::Tool),
                Level::Agent | Level::Class | Level::Server | Level::Tenant | Level::Tool | Level::User => {
                    level == *other
                }
            };
            assert_eq!(
                is_granted(&ledger, &rules, subject, at(0)),
                is_apart,
                "per {level:?}, other {other:?}"
            );
        }
    }
}

#[test]
fn forgets_nothing_when_a_policy_is_loaded_again() {
    let ledger = ledger();
    assert_eq!(granted(&ledger, &[rule("user", &[Level::User], "1/hour", 5)], &SUBJECT, 9), 5);
    assert_eq!(granted(&ledger, &[rule("user", &[Level::User], "1/hour", 7)], &SUBJECT, 9), 2);
}

#[test]
fn grants_exactly_the_burst_to_many_threads() {
    let (ledger, rules) = (ledger(), [rule("user", &[Level::User], "1/hour", 200)]);
    let total = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| total.fetch_add(granted(&ledger, &rules, &SUBJECT, 200), Ordering::Relaxed));
        }
    });
    assert_eq!(total.into_inner(), 200);
}

#[test]
fn gives_back_what_a_lost_race_took() {
    let user = rule("user", &[Level::User], "1/hour", 100);
    let rules = [user.clone(), rule("tool", &[Level::Tool], "1/hour", 40)];
    for round in 0..100 {
        let (ledger, total) = (ledger(), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| total.fetch_add(granted(&ledger, &rules, &SUBJECT, 50), Ordering::Relaxed));
            }
        });
        let total = total.into_inner();
        assert!(total <= 40, "round {round}: {total} granted");
        let left = granted(&ledger, std::slice::from_ref(&user), &SUBJECT, 200);
        assert_eq!(total + left, 100, "round {round}: every granted call took one, every refused one none");
    }
}

#[test]
fn makes_newcomers_share_when_it_is_full_and_forgets_no_debt() {
    let ledger = Arc::new(Ledger::with_room(4));
    let rules = [rule("user", &[Level::User], "1/hour", 1)];
    assert!(is_granted(&ledger, &rules, &SUBJECT, at(0)));
    let names: Vec<String> = (0..5000).map(|number| format!("user-{number}")).collect();
    let calls = names.iter().map(|user| is_granted(&ledger, &rules, &Subject { user, ..SUBJECT }, at(0)));
    let granted = calls.filter(|granted| *granted).count();
    let room = 4 * CELL_SHARDS;
    assert!(ledger.cells() <= room + 1, "{} cells", ledger.cells());
    assert_eq!(granted, ledger.cells() - 1, "one a cell");
    assert!(!is_granted(&ledger, &rules, &SUBJECT, at(0)), "the first one still owes");
}

#[test]
fn makes_invented_conversations_share_the_cell_of_their_inventor() {
    let ledger = Arc::new(Ledger::with_room(4));
    let rules = [rule("talk", &[Level::Conversation], "1/hour", 1)];
    for number in 0..5000 {
        let name = format!("c-{number}");
        is_granted(&ledger, &rules, &Subject { conversation: Some(&name), ..SUBJECT }, at(0));
    }
    assert!(ledger.cells() <= 3 * CELL_SHARDS + 1, "{} cells", ledger.cells());
    let bob = Subject { user: "bob", ..SUBJECT };
    assert!(is_granted(&ledger, &rules, &bob, at(0)), "others have room");
}

#[test]
fn stays_bounded_over_a_million_keys_and_empties_when_swept() {
    let (ledger, rules) = (ledger(), [rule("talk", &[Level::Conversation], "1000/s", 5)]);
    for number in 0..1_000_000_u32 {
        let name = number.to_string();
        is_granted(&ledger, &rules, &Subject { conversation: Some(&name), ..SUBJECT }, at(0));
    }
    let cells = ledger.cells();
    assert!((500_000..=CELL_SHARDS * CELLS_PER_SHARD_MAX / 4 * 3 + 1).contains(&cells), "{cells} cells");
    let sweep = |now| (0..CELL_SHARDS / SHARDS_PER_SWEEP).for_each(|_| ledger.sweep(now));
    let free = SWEEP_SLACK + Duration::from_millis(1);
    let now = |steady| Now { steady, unix_ms: 0 };
    sweep(now(free));
    assert!(ledger.cells() >= cells - 1, "not yet: a call in flight may be that old");
    sweep(now(free + Duration::from_secs(3600)));
    assert_eq!(ledger.cells(), 0);
}

#[test]
fn refuses_where_the_time_cannot_be_written() {
    let ledger = ledger();
    let far = Rate { calls: NonZeroU32::MIN, period: Duration::from_secs(u64::MAX / 1_000_000_000) };
    let kind = Kind::Rate { rate: far, burst: NonZeroU32::MAX };
    let rules = [Arc::new(Rule::new(terms("eon", &[], kind)))];
    assert_eq!(granted(&ledger, &rules, &SUBJECT, 5), 1);
}
