//! The shell: sockets, HTTP, time and tasks around the gate.
//!
//! ```text
//!  client -> chassis (pingora: listeners, TLS) -> connection (guard, hyper's codec) -> exchange
//!                                                                              |  route, hygiene    (http)
//!                                                                              |  identify, read, admit  (gate)
//!            upstream (pooled hyper client over TCP, TLS, Unix socket, bridge) <- Ticket
//!                                                                              |  inspect           (gate)
//!  client <- whole answer, or events as soon as each is whole (outflow)      <-+  settle -> audit, metrics
//! ```
//!
//! `stdio` is the other shell: one client and one server on pipes, judged by the same gate, without HTTP.
//! `child` is what it has in common with the bridge: a server as a process.
//!
//! `webhook` is neither: it answers the API server of Kubernetes, which asks what becomes of a pod.
//!
//! `exchange` is the path of a message. Nothing here decides: what may pass is
//! the gate's to say, and the upstream can only be reached with its ticket.

mod activity;
mod addresses;
mod admin;
mod admission;
mod again;
mod bare;
mod batch;
mod body;
pub mod bridge;
mod certificate;
mod chassis;
mod child;
mod chores;
mod clock;
mod coding;
mod connection;
mod destination;
mod door;
mod drain;
mod exchange;
mod framing;
mod guard;
mod head;
mod house;
mod identify;
pub mod inquiry;
mod journey;
mod legacy_sse;
mod load;
mod metadata;
mod outflow;
mod pins;
mod place;
mod pool;
mod preflight;
mod probe;
mod prose;
mod queues;
pub mod redirect;
mod relay;
mod replica;
pub mod sandbox;
mod seats;
mod seldom;
mod showing;
mod signals;
pub mod stdio;
mod target;
mod tickets;
mod tls;
mod upstream;
mod waits;
pub mod webhook;

pub use admin::LogDial;
pub use chassis::{Chassis, Listen, StartFault, bind};
pub use child::Child;
pub use clock::Clock;
pub use coding::fuzz_coding;
pub use destination::{Circle, Destinations};
pub use door::Transports;
pub use drain::Drain;
pub use framing::fuzz_framing;
pub use head::Doorplate;
pub use house::{House, Listening, Settings, ViewerReach, Viewers};
pub use legacy_sse::Pairs;
pub use load::Load;
pub use pins::PinWatch;
pub use queues::Queues;
pub use seldom::Seldom;
pub use target::{Target, TargetFault};
pub use tls::{ClientAuth, Tls, TlsFault, TlsFiles};
pub use upstream::Upstream;
