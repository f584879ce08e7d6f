//! What a decision allocates: nothing where it allows. What a scan allocates: nothing where it finds nothing.

#[path = "../benches/decide/bundle.rs"]
mod bundle;
#[path = "../benches/scan/race.rs"]
#[allow(dead_code, reason = "the plan is wanted, not the race")]
mod race;
#[path = "../benches/scan/texts.rs"]
mod texts;

use sluicegate::json::Document;
use sluicegate::policy::Decision;
use sluicegate::scan::Direction;

#[test]
fn an_allowed_call_allocates_nothing() {
    let (policy, caller) = (bundle::policy(), bundle::caller());
    let arguments = Document::parse(bundle::ARGUMENTS.as_bytes()).expect("arguments are JSON");
    let mut is_allowed = false;
    let measured = allocation_counter::measure(|| {
        let standing = policy.standing(&caller, bundle::TODAY_UNIX_MS);
        let decision = policy.judge_call(&standing, "db_query", Some(arguments.root()));
        is_allowed = matches!(decision, Decision::Allow { .. });
    });
    assert!(is_allowed);
    assert_eq!(measured.count_total, 0, "{measured:?}");
}

#[test]
fn a_scan_that_finds_nothing_allocates_nothing() {
    let plan = race::everything();
    for make in [texts::prose, texts::records] {
        for (has_values, is_free) in [(false, true), (true, false)] {
            let text = make(64 * 1024, has_values);
            let document = Document::parse(text.as_bytes()).expect("JSON");
            let mut found = 0;
            let measured = allocation_counter::measure(|| {
                found = plan.scan(Direction::Results, document.root()).findings.len();
            });
            assert_eq!((found == 0, measured.count_total == 0), (is_free, is_free), "{measured:?}");
        }
    }
}

#[test]
fn the_counter_counts() {
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
    assert_eq!(measured.count_total, 1);
}
