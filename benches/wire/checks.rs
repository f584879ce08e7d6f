//! Runs the unit tests of the `wire` bench: `cargo test --test wire-checks`.
//!
//! A bench without the standard harness is compiled with `cfg(test)`, but nothing runs its tests: hence this.

#![allow(dead_code, reason = "the bench uses all of these; its tests alone do not")]

mod bodies;
mod call;
mod cell;
mod child;
mod histogram;
mod ladder;
mod load;
mod machine;
mod meter;
mod options;
mod origin;
mod pace;
mod promises;
mod reply;
mod report;
mod round;
mod target;
