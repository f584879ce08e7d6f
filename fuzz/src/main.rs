//! One binary for all parsers: `FUZZ_TARGET` names the one that libFuzzer feeds.

#![no_main]

use std::sync::OnceLock;

#[path = "../targets.rs"]
mod targets;

use targets::{TARGETS, Target};

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn choose() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let Some(Target(_, target)) = TARGETS.iter().find(|target| target.0 == name) else {
        let known: Vec<_> = TARGETS.iter().map(|target| target.0).collect();
        eprintln!("FUZZ_TARGET is `{name}`, not one of {}", known.join(", "));
        std::process::exit(2);
    };
    sluicegate::identity::install_crypto();
    TARGET.get_or_init(|| *target);
}

libfuzzer_sys::fuzz_target!(init: choose(), |bytes: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(bytes);
    }
});
