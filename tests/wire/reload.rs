//! A changed bundle takes effect by itself; a broken one never does, and says so everywhere.

use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::Gate;
use crate::support::upstream::{After, Upstream};
use crate::support::wait_for;

/// The policy that denies `echo` by name.
fn without_echo() -> String {
    bundle::with("deny:\n  - { id: no-echo, tools: echo }")
}

fn may_echo(gate: &Gate) -> bool {
    gate.call(ALICE, "echo", "{}").tool_error().is_none()
}

#[track_caller]
fn takes_effect(gate: &Gate, may: bool) {
    wait_for("the policy to take effect", || (may_echo(gate) == may).then_some(()));
}

#[test]
fn takes_a_changed_file() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    assert!(may_echo(&gate));
    gate.bundle.write("policy.yaml", &without_echo());
    takes_effect(&gate, false);
    gate.bundle.write("policy.yaml", &bundle::clinic());
    takes_effect(&gate, true);
    assert!(gate.metric("sluicegate_policy_reloads_total", r#"result="success""#) >= 2.0);
}

#[test]
fn takes_the_swap_of_a_mounted_config_map() {
    let bundle = Bundle::empty();
    for (version, policy) in [("..1", bundle::clinic()), ("..2", without_echo())] {
        std::fs::create_dir(bundle.file(version)).expect("a directory can be made");
        bundle.write(&format!("{version}/policy.yaml"), &policy);
    }
    symlink("..1", bundle.file("..data")).expect("a link can be made");
    symlink("..data/policy.yaml", bundle.file("policy.yaml")).expect("a link can be made");
    let upstream = Upstream::echo();
    let url = upstream.url();
    let gate = Gate::with(bundle, &["--upstream", &url]);
    assert!(may_echo(&gate));
    symlink("..2", gate.bundle.file("..data_tmp")).expect("a link can be made");
    std::fs::rename(gate.bundle.file("..data_tmp"), gate.bundle.file("..data"))
        .expect("the link can be renamed");
    takes_effect(&gate, false);
}

#[test]
fn keeps_the_last_good_policy_when_the_new_one_is_broken_and_tells() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&without_echo(), &upstream.url());
    assert_eq!(gate.metric("sluicegate_policy_last_reload_successful", ""), 1.0);
    gate.bundle.write("policy.yaml", &bundle::clinic().replace("tools:", "tols:"));
    wait_for("the failure to show", || {
        (gate.metric("sluicegate_policy_reloads_total", r#"result="failure""#) >= 1.0).then_some(())
    });
    assert!(!may_echo(&gate), "the old policy stays in force");
    assert_eq!(gate.metric("sluicegate_policy_last_reload_successful", ""), 0.0);
    let ready = gate.page("/readyz");
    assert!(
        ready.status() == 200 && ready.text().contains("tols") && ready.text().contains("policy.yaml"),
        "{}",
        ready.text()
    );
    wait_for("a line in the log", || gate.log().contains("tols").then_some(()));
    gate.bundle.write("policy.yaml", &bundle::clinic());
    takes_effect(&gate, true);
    wait_for("the page to be well again", || (!gate.page("/readyz").text().contains("tols")).then_some(()));
    wait_for("the metric to be, too", || {
        (gate.metric("sluicegate_policy_last_reload_successful", "") == 1.0).then_some(())
    });
}

#[test]
fn reads_again_on_sighup() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    gate.bundle.write("policy.yaml", &without_echo());
    gate.signal("HUP");
    takes_effect(&gate, false);
    assert_eq!(gate.page("/livez").status(), 200, "and does not end");
}

#[test]
fn takes_changed_deadlines_of_the_server() {
    let upstream = Upstream::start(|_, _| {
        std::thread::sleep(Duration::from_secs(2));
        After::Close
    });
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    gate.bundle.write("policy.yaml", &bundle::with("upstream: { timeout: 100ms }"));
    wait_for("the new policy", || {
        let reloads = gate.metric("sluicegate_policy_reloads_total", r#"result="success""#);
        (reloads >= 1.0).then_some(())
    });
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 504, "our deadline, not the server's end");
}
