//! More at once than there is room for.

use crate::stage::{Stage, asking, head, response, review, settings};
use crate::support::wait_for;

#[test]
fn refuses_reviews_beyond_its_places_before_they_are_read() {
    let stage = Stage::new(&settings(""), &["--max-reviews", "1"]);
    let body = review("tools", &asking()).to_string();
    let mut first = stage.connect();
    first.send(head(&[], body.len()).as_bytes());
    first.send(&body.as_bytes()[..1]);
    // The place is taken as soon as the head has been read, which a second one shows.
    let refused = wait_for("the place to be taken", || {
        let answer = stage.post(body.as_bytes());
        (answer.status() == 503).then_some(answer)
    });
    assert_eq!(refused.head.header("retry-after"), Some("1"));
    assert!(stage.count("error", "busy") >= 1.0);
    first.send(&body.as_bytes()[1..]);
    assert_eq!(response(&first.answer())["allowed"], true, "the first is answered");
    assert_eq!(stage.ask("tools", &asking())["allowed"], true, "and its place is free again");
}

#[test]
fn holds_no_more_bytes_than_it_may() {
    let stage = Stage::new(&settings(""), &["--max-held", "1"]);
    let body = review("tools", &asking()).to_string();
    let mut first = stage.connect();
    first.send(head(&[], 1 << 20).as_bytes());
    first.send(body.as_bytes());
    wait_for("the room to be taken", || (stage.post(body.as_bytes()).status() == 503).then_some(()));
    let mut larger = stage.connect();
    larger.send(head(&[], (1 << 20) + 1).as_bytes());
    assert_eq!(larger.answer().status(), 503, "more than there is room for at all");
    first.send(" ".repeat((1 << 20) - body.len()).as_bytes());
    assert_eq!(response(&first.answer())["allowed"], true);
    assert_eq!(stage.ask("tools", &asking())["allowed"], true);
}
