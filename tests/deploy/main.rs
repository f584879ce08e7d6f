//! What lies in `deploy/` is whole, says what the program takes, and is what it is made from.
//!
//! Judges are the tools that people use: Helm, kubectl, promtool, linters and schemas. A stage without its tool is
//! skipped, and says so in a line that the runner of all tests shows.

mod chart;
mod cluster;
mod examples;
mod images;
mod install;
mod kinds;
mod lint;
mod manifests;
mod pods;
mod settings;
mod tools;
mod unit;
mod webhook;
