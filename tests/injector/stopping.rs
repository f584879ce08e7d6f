//! The end of an injector: nobody who was heard is left without an answer.

use std::net::TcpStream;

use crate::stage::{Stage, asking, head, response, review, settings};
use crate::support::wait_for;

#[test]
fn answers_what_is_in_hand_and_ends() {
    let mut stage = Stage::new(&settings(""), &["--leave-delay", "0s"]);
    let body = review("tools", &asking()).to_string();
    let mut idle = stage.connect();
    let mut open = stage.connect();
    open.send(head(&[], body.len()).as_bytes());
    open.send(&body.as_bytes()[..body.len() / 2]);
    // The head was read: a second review on another connection is answered behind it.
    assert_eq!(stage.ask("tools", &asking())["allowed"], true);
    stage.signal("TERM");
    wait_for("the listener to close", || TcpStream::connect(stage.listen).is_err().then_some(()));
    assert!(idle.try_head().is_none(), "one that waits for nothing is closed");
    open.send(&body.as_bytes()[body.len() / 2..]);
    let answer = open.answer();
    assert_eq!(response(&answer)["allowed"], true);
    assert_eq!(answer.head.header("connection"), Some("close"));
    assert!(stage.ended().success());
}

#[test]
fn goes_on_until_every_api_server_has_heard_of_it() {
    let mut stage = Stage::new(&settings(""), &["--leave-delay", "10m"]);
    assert_eq!(stage.page("/readyz").status(), 200);
    stage.signal("TERM");
    let page =
        wait_for("the end of readiness", || Some(stage.page("/readyz")).filter(|page| page.status() == 503));
    assert!(page.text().contains("serving: leaving"), "{}", page.text());
    assert_eq!(stage.page("/livez").status(), 200);
    assert_eq!(stage.ask("tools", &asking())["allowed"], true, "reviews are still taken");
    stage.signal("INT");
    assert!(stage.ended().success(), "told twice, it goes at once");
}

#[test]
fn does_not_wait_for_ever() {
    let mut stage = Stage::new(&settings(""), &["--leave-delay", "0s", "--drain-timeout", "300ms"]);
    let mut open = stage.connect();
    open.send(head(&[], 100).as_bytes());
    assert_eq!(stage.ask("tools", &asking())["allowed"], true);
    stage.signal("TERM");
    assert!(stage.ended().success());
    assert!(open.try_head().is_none(), "it is cut off");
}
