//! What a request holds of limits when it goes no further.

use super::*;
use crate::gate::stage::{Stage, at};

const ONE: &str = "{ id: one, per: [user], concurrency: 1 }";

#[test]
fn tells_which_places_it_had_however_it_ends() {
    let stop = "redact: [{ id: stop, on: arguments, detectors: [us_ssn], action: block }]";
    let stage = Stage::new(&format!("limits: [{ONE}, {{ id: rate, per: [user], rate: 9/min }}]\n{stop}"));
    let say = |text: &str| {
        stage.say("tools/call", &format!(r#"{{"name":"read","arguments":{{"a":"{text}"}}}}"#), 9)
    };
    let refused = say("123-45-6789").expect_err("it may not be sent");
    assert!(matches!(refused.denial, Denial::Content { .. }), "{:?}", refused.denial);
    assert_eq!(refused.record.places.len(), 1, "it was counted before it was searched");
    let ticket = say("a word").expect("the place is free again");
    assert_eq!(ticket.record().places, refused.record.places);
    let full = say("a word").expect_err("one has the place");
    assert!(matches!(full.denial, Denial::Limited(_)) && full.record.places.is_empty(), "{:?}", full.denial);
    drop(ticket);
    assert!(say("a word").is_ok());
}

#[test]
fn a_round_that_finds_no_place_may_come_again() {
    let calls = "{ id: calls, per: [user], rate: 1/hour, input_required: count_once }";
    let stage = Stage::new(&format!("strict: {{ seal: none }}\nlimits: [{ONE}, {calls}]"));
    let first = stage.call("read", 1).expect("the one call of this hour");
    let caller = stage.caller();
    let handles = stage.gate.handles(&stage.policy, &caller, at(1));
    stage.gate.calls.round_asked(handles.key(Handle::RequestState, "s"), at(99).steady);
    let again = || stage.say("tools/call", r#"{"name":"read","arguments":{},"requestState":"s"}"#, 2);
    assert!(again().is_err(), "the first has the place");
    drop(first);
    let second = again().expect("it goes on with the first");
    drop(second);
    assert!(again().is_err(), "a round comes once");
}
