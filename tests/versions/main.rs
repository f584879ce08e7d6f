//! Versions of tools, with the real binary: a client of a version that its server no longer has, until the day it ends.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod later;
mod report;
mod share;
mod stage;
mod wire;
