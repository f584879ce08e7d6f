//! The webhook of Kubernetes: the real binary, asked over real TLS as an API server asks.

#[path = "../support/mod.rs"]
mod support;

mod census;
mod certificates;
mod guard;
mod heads;
mod load;
mod mount;
mod reloads;
mod reviews;
mod stage;
mod stopping;
