//! Cedar policies of a bundle, and the check of both evaluators against each other.

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, sluicegate};
use crate::support::upstream::Upstream;

/// Beyond 64 bits at any time since 1970.
const OVERFLOW: &str = "context.now.toTime().toMilliseconds() + 9223372036854775807 > 0";

fn started(cedar: &str, upstream: &str) -> Gate {
    let bundle = Bundle::new(&bundle::clinic());
    bundle.write("extra.cedar", cedar);
    Gate::with(bundle, &["--upstream", upstream])
}

#[test]
fn a_cedar_policy_forbids_permits_and_only_tells() {
    let upstream = Upstream::echo();
    let gate = started(
        r#"@id("no-echo") @message("not today") forbid (principal, action == Mcp::Action::"echo", resource);
           @id("a-trial") @mode("shadow") forbid (principal, action == Mcp::Action::"lookup", resource);
           @id("deletes") permit (principal, action == Mcp::Action::"delete_all", resource);"#,
        &upstream.url(),
    );
    let refused = gate.call(ALICE, "echo", "{}");
    assert!(refused.tool_error().is_some_and(|text| text.contains("not today")), "{}", refused.text());
    assert!(gate.call(ALICE, "lookup", "{}").tool_error().is_none());
    assert!(gate.call(ALICE, "delete_all", "{}").tool_error().is_none());
    let record =
        gate.record("the call to be written down", |record| record["action"]["target"] == "delete_all");
    assert_eq!(record["decision"]["rule"], "deletes");
    assert!(gate.metric("sluicegate_decisions_total", r#"action="shadow_deny""#) >= 1.0);
    assert_eq!(gate.metric("sluicegate_policy_errors_total", r#"stage="evaluate""#), 0.0);
}

#[test]
fn a_forbid_that_cannot_be_evaluated_refuses_and_is_counted() {
    let upstream = Upstream::echo();
    let forbid = r#"forbid (principal, action == Mcp::Action::"echo", resource) when"#;
    let gate = started(&format!(r#"@id("sum") {forbid} {{ {OVERFLOW} }};"#), &upstream.url());
    let said = gate.call(ALICE, "echo", "{}").text();
    assert!(said.contains("error") && !said.contains("sum"), "{said}");
    assert_eq!(gate.metric("sluicegate_policy_errors_total", r#"stage="evaluate""#), 1.0);
    assert!(gate.call(ALICE, "lookup", "{}").tool_error().is_none(), "it is about another tool");
    let shadow =
        started(&format!(r#"@id("sum") @mode("shadow") {forbid} {{ {OVERFLOW} }};"#), &upstream.url());
    assert!(shadow.call(ALICE, "echo", "{}").tool_error().is_none(), "in shadow it changes nothing");
}

#[test]
fn check_tells_that_both_evaluators_agree() {
    let bundle = Bundle::new(&bundle::clinic());
    let output = sluicegate().args(["check", "--cross-check", "500"]).arg(bundle.path()).output();
    let output = output.expect("the binary under test can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the native evaluator and Cedar agree on "), "{said}");
}
