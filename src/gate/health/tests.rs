//! What the breakers hear of how a request ended, and what they do not.

use super::*;
use crate::gate::stage::Stage;
use crate::gate::{Overhead, Unread, Way};

/// Whether a request is let through after as many that ended with `denial` as open a breaker.
fn goes_on(method: &str, params: &str, denial: fn() -> Denial) -> bool {
    let way = Way::Pipe { session: "1" };
    let stage = Stage::new("");
    for _ in 0..stage.policy.upstream.care.breaker.failures {
        let mut ticket = stage.say_by(way, (method, params), 1).expect("nothing failed yet");
        ticket.withhold(&denial());
        let ending = Ending {
            outcome: Outcome::Cancelled,
            http_status: 0,
            duration: Duration::ZERO,
            bytes: 0,
            overhead: Overhead::default(),
        };
        stage.gate.settle(ticket, ending);
    }
    stage.say_by(way, (method, params), 2).is_ok()
}

#[test]
fn blames_the_server_for_its_own_failures_only() {
    let rows: [(fn() -> Denial, bool); 6] = [
        (|| Denial::UpstreamTimeout, false),
        (|| Denial::Unreachable("gone".into()), false),
        (|| Denial::ContentWithheld { kind: "us_ssn", path: "$".into(), is_secret: false }, true),
        (|| Denial::Input(Method::SamplingCreateMessage), true),
        (|| Denial::ProseUnread(Unread::Late), true),
        (|| Denial::AuditUnavailable, true),
    ];
    for (denial, goes) in rows {
        assert_eq!(
            goes_on("tools/call", r#"{"name":"read","arguments":{}}"#, denial),
            goes,
            "{:?}",
            denial()
        );
    }
}

#[test]
fn hears_nothing_of_streams_that_only_listen() {
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let params = format!(r#"{{"notifications":{{"toolsListChanged":true}},"_meta":{meta}}}"#);
    assert!(goes_on("subscriptions/listen", &params, || Denial::Unreachable("it ended".into())));
}
