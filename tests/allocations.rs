//! What a decision allocates: nothing where it allows.

#[path = "../benches/decide/bundle.rs"]
mod bundle;

use sluicegate::json::Document;
use sluicegate::policy::Decision;

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
fn the_counter_counts() {
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
    assert_eq!(measured.count_total, 1);
}
