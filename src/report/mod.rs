//! What the gate tells its operators: audit lines, metrics, spans and the last decisions, four readings of one record.
//!
//! **Why.** A decision that nobody can look up later was not taken, and a gate that nobody can watch is
//! not trusted. Neither may slow a message down, and neither may say what was hidden.
//!
//! **How.** [`Audit`] writes one line for each [`Record`](crate::gate::Record), chained by hashes, on a
//! thread of its own; [`Metrics`] counts the same record in arrays that are resolved at start; [`Tracer`] makes spans
//! of it; [`Decisions`] keeps the last of them to be looked at. They look at nothing else, so they never tell two
//! stories.
//!
//! **What it is not.** No log: `tracing` is. No judge: what stands in a record has been decided.

mod audit;
mod decisions;
mod injector;
mod labels;
mod metrics;
mod spans;
mod trace;

pub use audit::{
    Access, AccessOutcome, Actors, AdminAction, Admitted, Alias, Audit, AuditSettings, AuditSink,
    AuditStanding, BrokenChain, ChainFault, Checkpoint, CheckpointKey, EgressReason, Full, MissingCheckpoint,
    NotDurable, OpenFault, Place, RefusedEgress, Rotation, Unflushed, Verified, Verifier, WhenFull, trail,
    verify_chain,
};
pub use decisions::{Brief, Counts, Decisions, Name, Read, RuleCount, ToolCount, Totals, Watcher, legible};
pub use injector::{Rejection, ReloadSubject, ReviewError, Reviewed};
pub use metrics::{
    CertificatePurpose, CredentialResult, Egress, Enclosed, Held, InjectorMetrics, METRICS_CONTENT_TYPE,
    Metrics, Misdirected, NameLabel, PinAsker, PinResult, Shed, StageClock, StreamKind,
};
pub use spans::{grouped, percent, rate, span_ms, span_us};
pub use trace::Tracer;

#[cfg(test)]
mod sample;
