//! `sluicegate` stands in front of one unmodified MCP server and enforces a policy on every message.
//!
//! # The map
//!
//! ```text
//!  floor                                         may use    knows of
//!   7   cli                                      all        words typed by people
//!   6   serve                                    0-5        sockets, HTTP, processes, time
//!   5   store  report  reader  trial             0-4        files, what is told to operators, a model, cases
//!  ------- pure below: same input, same output; no I/O, clock, async, log, global -------
//!   4   gate  inject                             0-3        the order of the checks; pods and their gates
//!   3   policy                                   0-2        what is allowed
//!   2   mcp  identity  limit  scan  lint         0-1        one subject each, not each other
//!   1   json  names                              0          bytes and nouns
//!   0   bounds                                   -          numbers
//! ```
//!
//! Imports go down only; `tests/floors.rs` holds that, and the purity of what lies below.
//!
//! # The path of a message
//!
//! [`serve`] accepts it and reads it whole; [`gate::Gate::admit`] makes every check in one order and gives
//! a [`gate::Ticket`]; only with a ticket can the upstream be spoken to; what comes back passes
//! [`gate::Gate::inspect`]; [`gate::Gate::settle`] turns the ticket into a [`gate::Record`], which
//! [`report`] writes down and counts.
//!
//! # What always holds
//!
//! - No byte reaches the server without a ticket, no byte of an answer leaves without inspection.
//! - What two parsers could read differently is refused; what is not edited leaves as it came.
//! - Whatever fails while deciding or redacting, refuses. Telemetry alone fails open.
//! - A policy is an immutable snapshot; a bad one never takes effect, a new one forgets no count.
//! - No secret, token or redacted value is written to a log, a metric or a record.

pub mod bounds;
pub mod cli;
pub mod gate;
pub mod identity;
pub mod inject;
pub mod json;
pub mod limit;
pub mod lint;
pub mod mcp;
pub mod names;
pub mod policy;
pub mod reader;
pub mod report;
pub mod scan;
pub mod serve;
pub mod store;
pub mod trial;
