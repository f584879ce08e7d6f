//! What is written down of what may not be said.

use crate::gate::stage::Stage;

#[test]
fn writes_down_no_name_that_holds_what_may_not_be_sent() {
    for action in ["block", "mask"] {
        let rule = format!("redact: [{{ id: r, on: arguments, detectors: [us_ssn], action: {action} }}]");
        let stage = Stage::new(&rule);
        let target = |uri: &str| match stage.say("resources/read", &format!(r#"{{"uri":"{uri}"}}"#), 1) {
            Ok(ticket) => ticket.record().target.clone(),
            Err(refusal) => refusal.record.target,
        };
        assert_eq!(target("note://people/ann").as_deref(), Some("note://people/ann"));
        assert_eq!(target("note://people/123-45-6789"), None, "{action}");
    }
}
