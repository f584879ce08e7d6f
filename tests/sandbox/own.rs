//! The gate's own sandbox: what it has given up fails, for root and for nobody.

use std::process::Command;

use sluicegate::serve::sandbox::own::{Needs, close, lock};

use super::probes::{Prey, Who, as_who, attempt, can_be, outcomes, words_of_probe};

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
