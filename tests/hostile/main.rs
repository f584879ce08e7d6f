//! The bypass corpus: some thousand requests that two readers could read differently, against real
//! servers whose denied tool leaves a marker, and answers of servers that try the same on clients.
//!
//! A case is data; what is demanded of every case is that the denied tool never runs, and nothing hangs
//! or crashes. Beside it stands a table of honest requests, none of which may be refused.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod benign;
mod case;
mod client;
mod corpus;
mod http;
mod json;
mod known;
mod lines;
mod names;
mod oracle;
mod readings;
mod sealing;
mod stage;
mod summary;
mod tokens;
