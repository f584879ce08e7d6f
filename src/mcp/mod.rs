//! What is said: the protocol's messages, methods, revisions, headers and framings.
//!
//! **Why.** A policy judges a meaning, so two readers of one message must find the same meaning. What
//! could be read in two ways is a fault here, with its own words, before anybody judges.
//!
//! **How.** [`envelope::read`] makes a [`Message`] of a checked document; [`claims::agree`] finds what is
//! spoken and holds the headers against the body; [`call`] says what a message is about; [`sse`] and
//! [`lines`] cut carriers into messages; [`endpoint`] says where a server of HTTP+SSE may be posted to.
//!
//! **What it is not.** No policy and no state: nothing here knows a session, a caller or a clock.

pub mod baggage;
pub mod call;
pub mod claims;
pub mod endpoint;
pub mod envelope;
pub mod lines;
pub mod sse;
pub mod trace_context;

mod characters;
pub mod headed;
mod id;
mod keys;
mod method;
mod mirror;
mod near;
mod repeats;
mod revision;

pub use characters::is_unseen;
pub use claims::{Claims, Mismatch, Speech};
pub use endpoint::{Endpoint, EndpointFault, fuzz_endpoint};
pub use envelope::{EnvelopeFault, EnvelopeFaultKind, Message};
pub use id::{Id, IdFault, fuzz_id};
pub use method::{Method, Sender, Shape, Subject};
pub use mirror::fuzz_mirror;
pub use near::{WatchedNames, colliding_key, fuzz_near, near_miss};
pub use revision::{Era, Revision, Revisions, Traits};
pub use trace_context::{Sampling, SpanId, TraceContext, TraceId};

#[cfg(test)]
mod tests;
