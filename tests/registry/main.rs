//! The registry in PostgreSQL, by the real binary and a real database: what people do to it, how changes come into
//! force, and that nothing that happens to the database fails a request.

#![cfg(feature = "postgres")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../hostile/summary.rs"]
mod summary;

#[allow(dead_code, reason = "shared with the tests of versions in files")]
#[path = "../versions/stage.rs"]
mod stage;

mod changes;
mod commands;
mod database;
mod looks;
mod losses;
mod start;
mod versions;

use std::time::Duration;

use support::bundle::{self, ALICE, Bundle};
use support::gate::Gate;
use support::wait_for;

const ECHO: &str = r#"{"message":"x"}"#;

/// A policy of the clinic; a disk that is busy elsewhere refuses nothing under it.
fn clinic() -> Bundle {
    Bundle::new(&bundle::with("audit: { durability: best_effort }"))
}

/// A gate that follows the registry at `url`.
fn gate(url: &str, upstream: &str, more: &[&str]) -> Gate {
    Gate::with(clinic(), &[&["--upstream", upstream, "--registry", url], more].concat())
}

/// Whether alice of acme may call `echo`.
fn may(gate: &Gate) -> bool {
    gate.call(ALICE, "echo", ECHO).tool_error().is_none()
}

/// Waits until alice may call `echo`, or may not.
#[track_caller]
fn await_word(gate: &Gate, wanted: bool) {
    wait_for("the change to be in force", || (may(gate) == wanted).then_some(()));
}

/// What `/status` says of the registry.
fn standing(gate: &Gate) -> serde_json::Value {
    gate.page("/status").json()["registry"].clone()
}

/// A poll so seldom that whatever is seen sooner was told.
const SELDOM: &[&str] = &["--registry-poll", "30s"];

/// Shorter than [`SELDOM`] by far.
const SOON: Duration = Duration::from_secs(10);
