//! The gate's own sandbox: what it has given up fails, for root and for nobody.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;

use sluicegate::serve::sandbox::own::{Needs, close, lock};

use super::probes::{Prey, Who, as_who, attempt, can_be, outcomes, words_of_probe};
use super::support::bundle::{ALICE, Bundle, clinic};
use super::support::gate::Gate;
use super::support::upstream::Upstream;
use super::support::wait_for;

/// What a gate that was taken over would try.
const PROBES: [&str; 8] =
    ["shadow", "write", "start", "tcp_connect", "tcp_bind", "signal", "ptrace", "unshare_here"];

/// Locks its thread as the gate does, and tries. Not a test: the others start it.
#[test]
#[ignore = "is started by the other tests"]
fn tries_in_its_own_sandbox() {
    let needs = Needs { connect: vec![1], ..Needs::default() };
    let held = lock(&needs).unwrap();
    close(&needs).unwrap();
    for name in PROBES {
        let outcome = attempt(name).map_or_else(|fault| fault.to_string(), |()| "done".to_owned());
        eprintln!("PROBE {name} {outcome}");
    }
    eprintln!("PROBE landlock {}", held.landlock_abi);
}

/// Tries the same without having locked anything.
#[test]
#[ignore = "is started by the other tests"]
fn tries_in_the_open() {
    for name in PROBES {
        let outcome = attempt(name).map_or_else(|fault| fault.to_string(), |()| "done".to_owned());
        eprintln!("PROBE {name} {outcome}");
    }
}

#[track_caller]
fn holds_for(who: Who) {
    if !can_be(who) {
        return;
    }
    let prey = Prey::new(who);
    let start = |test: &str| {
        let words = words_of_probe(test);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        prey.tell(&mut command, &[]);
        as_who(&mut command, who);
        outcomes(command)
    };
    for (name, outcome) in start("own::tries_in_the_open") {
        assert!(outcome.is_none() || (name == "shadow" && who == Who::Nobody), "{who:?} {name}: {outcome:?}");
    }
    let held = start("own::tries_in_its_own_sandbox");
    assert_eq!(held.len(), PROBES.len() + 1, "{held:?}");
    for (name, outcome) in &held {
        assert!(outcome.is_some(), "{who:?}: the gate could {name}");
    }
}

#[test]
fn eight_probes_of_the_gate_fail_as_root() {
    holds_for(Who::Root);
}

#[test]
fn eight_probes_of_the_gate_fail_as_nobody() {
    holds_for(Who::Nobody);
}

/// A value of `/proc/PID/status`.
fn proc_status(process_id: u32, name: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{process_id}/status")).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
}

#[test]
fn the_gate_serves_and_reloads_in_its_own_sandbox() {
    let upstream = Upstream::echo();
    let gate = Gate::with(Bundle::new(&clinic()), &["--self-sandbox", "--upstream", &upstream.url()]);
    let answer = gate.call(ALICE, "echo", r#"{"message":"hello"}"#);
    assert_eq!(answer.head.status, 200, "{}", answer.text());
    let status: Value = serde_json::from_str(&gate.page("/status").text()).unwrap();
    assert!(status["sandbox"]["gate"]["landlock_abi"].as_i64() >= Some(1), "{status}");
    assert_eq!(status["sandbox"]["gate"]["seccomp"], true, "{status}");
    assert_eq!(proc_status(gate.id(), "NoNewPrivs"), "1");
    // A filter on every thread, those that were started before among them.
    let threads = std::fs::read_dir(format!("/proc/{}/task", gate.id())).unwrap();
    let mut free = String::new();
    for thread in threads.flatten() {
        let text = std::fs::read_to_string(thread.path().join("status")).unwrap();
        if !text.contains("Seccomp:\t2") {
            let _ = writeln!(free, "{text}");
        }
    }
    assert_eq!(free, "");
    // The policy is read again, and the audit written.
    gate.bundle
        .write("policy.yaml", &clinic().replace("echo: { class: read }", "echo: { class: destructive }"));
    let refused =
        || gate.call(ALICE, "echo", r#"{"message":"hello"}"#).text().contains("isError\":true").then_some(());
    wait_for("the new policy", refused);
    assert!(!gate.records().is_empty());
}

#[test]
fn a_gate_that_starts_its_server_has_no_sandbox_of_its_own() {
    let mut command = super::support::gate::sluicegate();
    let said = command.args(["run", "--policy", "p", "--self-sandbox", "--", "cat"]).output().unwrap();
    assert_eq!(said.status.code(), Some(2), "{said:?}");
}
