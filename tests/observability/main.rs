//! What operators stand on: metrics that Prometheus takes, rules that fire, a dashboard that shows something, runbooks
//! that are found.
//!
//! The tools are those that `tests/setup.sh test` installs: `promtool` and `prometheus` of Debian, and the Python of
//! `tests/tools`.

#[path = "../support/mod.rs"]
mod support;

#[path = "../hostile/summary.rs"]
mod summary;

mod dashboard;
mod drift;
mod exposition;
mod rules;
mod scrape;
mod series;
mod tools;
