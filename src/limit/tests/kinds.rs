//! Rates, budgets and places in flight together, and what is settled when a request ends.

use super::*;

const DAY_MS: u64 = 24 * 3_600_000;

fn budget(id: &str, text: &str) -> Arc<Rule> {
    let kind = Kind::Budget(Budget::parse(text).expect("a budget"));
    Arc::new(Rule::new(terms(id, &[Level::User], kind)))
}

fn flight(id: &str, most: u32) -> Arc<Rule> {
    let most = NonZeroU32::new(most).expect("some");
    Arc::new(Rule::new(terms(id, &[Level::Tool], Kind::Concurrency(Concurrency { most, queue: None }))))
}

/// The same rule in another unit.
fn in_unit(rule: &Rule, unit: Unit) -> Arc<Rule> {
    Arc::new(Rule::new(Terms { unit, ..rule.terms().clone() }))
}

fn charge<'r>(ledger: &Arc<Ledger>, rules: &'r [Arc<Rule>], bill: &Bill<'_>, now: Now) -> Charge<'r> {
    ledger.charge(rules.iter(), (&SUBJECT, bill), now)
}

fn ended(bytes: u64) -> Answered {
    Answered { response_bytes: bytes, response_tokens: None }
}

#[test]
fn denials_at_the_tool_leave_the_budget_of_the_user_untouched() {
    let tool = rule("tool", &[Level::User, Level::Tool], "1/hour", 2);
    let day = budget("day", "10/day");
    let ledger = ledger();
    assert_eq!(granted(&ledger, &[tool, day.clone()], &SUBJECT, 20), 2, "18 are refused");
    assert_eq!(granted(&ledger, &[day], &SUBJECT, 20), 8);
}

#[test]
fn takes_nothing_anywhere_whichever_kind_refuses() {
    let (rate, day, places) =
        (rule("rate", &[Level::User], "1/hour", 3), budget("day", "3/day"), flight("places", 3));
    let all = [rate, day, places];
    for refusing in 0..3 {
        let ledger = ledger();
        let full = &all[refusing..=refusing];
        let held: Vec<Charge<'_>> = (0..3).map(|_| charge(&ledger, full, &BILL, at(5))).collect();
        assert_ne!(charge(&ledger, &all, &BILL, at(5)).verdict, Verdict::Granted);
        for other in (0..3).filter(|other| *other != refusing) {
            let rules = &all[other..=other];
            let left: Vec<Charge<'_>> = (0..4).map(|_| charge(&ledger, rules, &BILL, at(5))).collect();
            let left = left.iter().filter(|charge| charge.verdict == Verdict::Granted).count();
            assert_eq!(left, 3, "{refusing} refused, {other} is as it was");
        }
        drop(held);
    }
}

#[test]
fn a_budget_comes_back_at_midnight() {
    let (ledger, rules) = (ledger(), [budget("day", "2/day")]);
    let late = Now { unix_ms: DAY_MS - 1, ..at(0) };
    assert!(is_granted(&ledger, &rules, &SUBJECT, late) && is_granted(&ledger, &rules, &SUBJECT, late));
    let verdict = charge(&ledger, &rules, &BILL, late).verdict;
    let excess = Excess::Wait(Duration::from_millis(1));
    assert_eq!(verdict, Verdict::Exceeded(Exceeded { rule: &rules[0], excess }));
    assert!(is_granted(&ledger, &rules, &SUBJECT, Now { unix_ms: DAY_MS, ..late }));
}

#[test]
fn places_are_free_however_a_request_ends() {
    let (ledger, rules) = (ledger(), [flight("places", 1)]);
    let is_free = || charge(&ledger, &rules, &BILL, at(0)).verdict == Verdict::Granted;
    let hold = || charge(&ledger, &rules, &BILL, at(0)).hold.expect("it is in flight");
    let first = hold();
    assert!(!is_free(), "one is in flight");
    drop(first);
    assert!(is_free(), "it was dropped");
    let second = hold();
    second.settle(ended(5), Duration::from_secs(1));
    assert!(is_free(), "it ended");
    let third = hold();
    let places = third.places();
    places.free();
    assert!(is_free(), "its client took it back");
    let fourth = hold();
    places.free();
    drop((places, third));
    assert!(!is_free(), "and is not free a second time for what another holds");
    drop(fourth);
    assert!(is_free());
}

#[test]
fn a_guess_is_made_good_by_the_answer() {
    let day = in_unit(&budget("day", "1000/day"), Unit::ResponseBytes);
    let hour = in_unit(&rule("hour", &[Level::User], "3600/hour", 1000), Unit::ResponseBytes);
    let rules = [day, hour];
    for (answer, left) in [(100, 900), (300, 700), (900, 100)] {
        let ledger = ledger();
        let bill = |response_bytes| Bill { response_bytes, ..BILL };
        let hold = charge(&ledger, &rules, &bill(300), at(0)).hold.expect("an answer is awaited");
        assert_ne!(charge(&ledger, &rules, &bill(701), at(0)).verdict, Verdict::Granted, "300 are taken");
        hold.settle(ended(answer), Duration::ZERO);
        for rule in &rules {
            let rules = std::slice::from_ref(rule);
            let is_granted = |bytes| charge(&ledger, rules, &bill(bytes), at(0)).verdict == Verdict::Granted;
            assert!(!is_granted(left + 1), "{answer}: {}", rule.id());
            assert!(is_granted(left), "{answer}: {}", rule.id());
        }
    }
}

#[test]
fn a_longer_answer_than_was_guessed_leaves_debt() {
    let rules = [in_unit(&rule("bytes", &[Level::User], "100/s", 100), Unit::ResponseBytes)];
    let (ledger, bill) = (ledger(), Bill { response_bytes: 1, ..BILL });
    let hold = charge(&ledger, &rules, &bill, at(0)).hold.expect("an answer is awaited");
    hold.settle(ended(1100), Duration::ZERO);
    let Verdict::Exceeded(exceeded) = charge(&ledger, &rules, &bill, at(0)).verdict else {
        panic!("a thousand bytes are owed");
    };
    assert_eq!(exceeded.excess.wait(), Some(Duration::from_millis(10_010)));
}

#[test]
fn a_request_that_never_came_to_the_server_pays_for_no_answer() {
    let rules = [in_unit(&budget("day", "1000/day"), Unit::Tokens)];
    let (ledger, bill) = (ledger(), Bill { response_bytes: 2000, argument_tokens: &|| 2, ..BILL });
    drop(charge(&ledger, &rules, &bill, at(0)));
    let left = |tokens: u64| {
        let bill = Bill { response_bytes: tokens * BYTES_PER_TOKEN, ..BILL };
        charge(&ledger, &rules, &bill, at(0)).verdict == Verdict::Granted
    };
    assert!(!left(999) && left(998), "two tokens of arguments stand");
}

#[test]
fn a_guess_is_never_more_than_the_limit_holds_and_what_is_known_may_be() {
    let rules = [in_unit(&budget("day", "10/day"), Unit::Tokens)];
    let ledger = ledger();
    let bill = |argument_tokens| Bill { argument_tokens, response_bytes: 1 << 40, ..BILL };
    let verdict = charge(&ledger, &rules, &bill(&|| 11), at(0)).verdict;
    let excess = Excess::TooMuch { cost: 11, most: 10 };
    assert_eq!(verdict, Verdict::Exceeded(Exceeded { rule: &rules[0], excess }));
    assert_eq!(charge(&ledger, &rules, &bill(&|| 10), at(0)).verdict, Verdict::Granted);
}

#[test]
fn counts_an_argument_and_refuses_without_it() {
    let rules = [in_unit(&rule("rows", &[Level::User], "1000/hour", 1000), Unit::Argument("limit".into()))];
    let ledger = ledger();
    let bill = |argument| Bill { argument, ..BILL };
    let verdict = |argument| charge(&ledger, &rules, &bill(argument), at(0)).verdict;
    let excess = |excess| Verdict::Exceeded(Exceeded { rule: &rules[0], excess });
    assert_eq!(verdict(&|path| (path == "limit").then_some(600)), Verdict::Granted);
    assert_ne!(verdict(&|_| Some(401)), Verdict::Granted);
    assert_eq!(verdict(&|_| Some(400)), Verdict::Granted);
    assert_eq!(verdict(&|_| None), excess(Excess::Unmeasured));
    assert_eq!(verdict(&|_| Some(1001)), excess(Excess::TooMuch { cost: 1001, most: 1000 }));
}

#[test]
fn a_later_round_is_no_call_where_the_rule_says_so() {
    let once = rule("once", &[Level::User], "1/hour", 1).terms().clone();
    let once = [Arc::new(Rule::new(Terms { counts_calls_once: true, ..once }))];
    let each = [rule("each", &[Level::User], "1/hour", 1)];
    let later = Bill { round: Round::Later, ..BILL };
    let ledger = ledger();
    for rules in [&once, &each] {
        assert_eq!(charge(&ledger, rules, &BILL, at(0)).verdict, Verdict::Granted);
    }
    assert_eq!(charge(&ledger, &once, &later, at(0)).verdict, Verdict::Granted);
    assert_ne!(charge(&ledger, &once, &BILL, at(0)).verdict, Verdict::Granted);
    assert_ne!(charge(&ledger, &each, &later, at(0)).verdict, Verdict::Granted);
}

#[test]
fn budgets_and_places_survive_another_policy_and_another_number() {
    let ledger = ledger();
    assert_eq!(granted(&ledger, &[budget("day", "5/day")], &SUBJECT, 9), 5);
    assert_eq!(granted(&ledger, &[budget("day", "7/day")], &SUBJECT, 9), 2);
    let (one, two) = ([flight("places", 1)], [flight("places", 2)]);
    let first = charge(&ledger, &one, &BILL, at(0));
    let second = charge(&ledger, &two, &BILL, at(0));
    assert_eq!(second.verdict, Verdict::Granted);
    assert_ne!(charge(&ledger, &two, &BILL, at(0)).verdict, Verdict::Granted);
    drop(first);
    assert_ne!(charge(&ledger, &one, &BILL, at(0)).verdict, Verdict::Granted, "the second is in flight");
    assert_eq!(charge(&ledger, &two, &BILL, at(0)).verdict, Verdict::Granted);
}

#[test]
fn two_threads_take_from_all_kinds_or_from_none() {
    let places = flight("places", 1);
    let rules = [rule("rate", &[Level::User], "1/hour", 1000), budget("day", "900/day"), places];
    for round in 0..20 {
        let (ledger, total) = (ledger(), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| total.fetch_add(granted(&ledger, &rules, &SUBJECT, 300), Ordering::Relaxed));
            }
        });
        let total = total.into_inner();
        assert!(total > 0, "round {round}");
        for (rule, most) in [(0, 1000), (1, 900)] {
            let left = granted(&ledger, &rules[rule..=rule], &SUBJECT, 2000);
            assert_eq!(
                total + left,
                most,
                "round {round}: every granted call took one, every refused one none"
            );
        }
        assert!(is_granted(&ledger, &rules[2..], &SUBJECT, at(5)), "round {round}: nothing is in flight");
    }
}

#[test]
fn two_threads_settle_to_what_the_answers_cost() {
    let day = in_unit(&budget("day", "1000000000/day"), Unit::ResponseBytes);
    let hour = in_unit(&rule("hour", &[Level::User], "1000000000/hour", 1_000_000_000), Unit::ResponseBytes);
    let (rules, ledger) = ([day, hour], ledger());
    let turn = &|seed: u64| {
        let one = |at_turn: u64| {
            let (guess, answer) = ((seed + at_turn * 7919) % 1000, (seed + at_turn * 104_729) % 1000);
            let bill = Bill { response_bytes: guess, ..BILL };
            let hold = charge(&ledger, &rules, &bill, at(5)).hold.expect("it fits");
            hold.settle(ended(answer), Duration::ZERO);
            answer
        };
        (0..2000).map(one).sum::<u64>()
    };
    let answers: u64 = thread::scope(|scope| {
        let threads: Vec<_> = [1, 2].map(|seed| scope.spawn(move || turn(seed))).into();
        threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).sum()
    });
    for rule in &rules {
        let left = 1_000_000_000 - answers;
        let rules = std::slice::from_ref(rule);
        let is_granted = |bytes| {
            let bill = Bill { response_bytes: bytes, ..BILL };
            let charge = charge(&ledger, rules, &bill, at(5));
            charge.verdict == Verdict::Granted
        };
        assert!(is_granted(left) && !is_granted(left + 1), "{}", rule.id());
    }
}

#[test]
fn tells_how_each_limit_stands() {
    let (ledger, rules) = (ledger(), [rule("user", &[Level::User], "1/hour", 5), budget("day", "4/day")]);
    let standing = |rule: usize| ledger.standing(&rules[rule], at(0));
    assert_eq!(standing(0), Standing::default());
    assert_eq!(granted(&ledger, &rules, &SUBJECT, 6), 4);
    let wanted = Standing { cells: 1, allowed: 3, near: 1, used: 800, ..Standing::default() };
    assert_eq!(standing(0), wanted);
    let wanted = Standing { cells: 1, allowed: 3, near: 1, denied: 2, used: 1000, ..Standing::default() };
    assert_eq!(standing(1), wanted);
    let later = Now { steady: Duration::from_secs(3600), unix_ms: 0 };
    assert_eq!(ledger.standing(&rules[1], later).used, 0, "nobody was charged of late");
}

#[test]
fn one_limit_leaves_room_for_the_others() {
    let ledger = Arc::new(Ledger::with_room(64));
    let (users, tools) =
        ([rule("users", &[Level::User], "1/hour", 1)], [rule("tools", &[Level::Tool], "1/hour", 1)]);
    for number in 0..20_000 {
        let user = format!("user-{number}");
        is_granted(&ledger, &users, &Subject { user: &user, ..SUBJECT }, at(0));
    }
    let cells = ledger.standing(&users[0], at(0)).cells;
    assert!(cells <= ledger.cells_per_limit_max() + 1, "{cells} of {}", ledger.cells_per_limit_max());
    let names: Vec<String> = (0..100).map(|number| format!("tool-{number}")).collect();
    let own = names
        .iter()
        .filter(|tool| is_granted(&ledger, &tools, &Subject { tool: Some(tool.as_str()), ..SUBJECT }, at(0)));
    let own = own.count();
    assert!(own > 90, "{own} of 100 have a cell of their own");
}
