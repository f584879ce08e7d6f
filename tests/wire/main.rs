//! The promises to users, each with the real binary on loopback: what a client, a server, an operator
//! and an attacker see of the gate.

#[path = "../hostile/summary.rs"]
mod summary;
#[path = "../support/mod.rs"]
mod support;

mod asking;
mod audit;
mod audit_forms;
mod audit_kills;
mod batches;
mod breakers;
mod bulkheads;
mod canaries;
mod cedar;
mod certificates;
mod challenges;
mod codings;
#[cfg(feature = "otel")]
mod collector;
mod credentials;
mod failures;
mod framing;
mod grants;
mod handles;
mod headers;
mod hints;
mod history;
mod hostile;
mod http2;
mod introspection;
mod key_sets;
mod legacy_sse;
mod legacy_stage;
mod lifecycle;
mod limit_kinds;
mod limits;
mod operators;
mod outputs;
mod overload;
mod pin;
mod proofs;
mod reading;
mod redaction;
mod reload;
mod resumption;
mod rounds;
mod schemas;
mod sdk;
mod shared_budgets;
mod shared_limits;
mod shared_midnight;
mod small;
mod smuggling;
mod sockets;
mod stdio;
mod step_up;
mod streams;
mod terminals;
mod tls;
mod tokens;
#[cfg(feature = "otel")]
mod tracing;
mod trials;
#[cfg(not(feature = "otel"))]
mod untraced;
mod vault;
mod viewers;
mod walk;
mod watches;
mod words;
