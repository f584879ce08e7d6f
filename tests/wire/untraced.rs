//! A program without the feature that makes spans.

use super::support::bundle::{ALICE, Bundle, clinic};
use super::support::gate::Gate;
use super::support::upstream::Upstream;

#[test]
fn says_once_that_it_cannot_send_what_it_is_asked_for() {
    let upstream = Upstream::echo();
    let first = "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1";
    let gate = Gate::below(first, Bundle::new(&clinic()), &["--upstream", &upstream.url()]);
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
    assert_eq!(gate.log().matches("built without the feature `otel`").count(), 1, "{}", gate.log());
}
