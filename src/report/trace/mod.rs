//! Traces: the spans of every message, made of its record and sent to a collector by OTLP.
//!
//! **Why.** A call is one step of somebody's trace: whoever looks at that wants to see what the gate decided, and how
//! long it and the server took, in the same picture. **How.** The shell asks for a [`Seed`](crate::gate::Seed) when a message comes: ids
//! and the time. The gate puts them into the trace that the message belongs to ([`crate::gate::Trace`]), and what is
//! settled is read off the record here: `span` and `events` make the spans, `sender` puts them into a bounded queue
//! and posts batches from a thread of its own. **What it is not.** No message waits for it and none fails by it: spans
//! that find no room, and batches that the collector does not take, are counted and gone.
//!
//! Everything but this door is compiled with the feature `otel` only. What it needs to know stands in the variables
//! that OpenTelemetry has for it, and nothing of it anywhere else.

#[cfg(feature = "otel")]
mod events;
#[cfg(feature = "otel")]
mod names;
#[cfg(feature = "otel")]
mod sender;
#[cfg(feature = "otel")]
mod settings;
#[cfg(feature = "otel")]
mod span;

#[cfg(feature = "otel")]
pub use sender::Tracer;

#[cfg(not(feature = "otel"))]
pub use without::Tracer;

/// The variable that names the collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[cfg(not(feature = "otel"))]
mod without {
    use std::time::Instant;

    use super::ENDPOINT;
    use crate::gate::{Record, Seed, Wire};
    use crate::report::Metrics;

    /// What would send spans, had it been built in.
    #[derive(Debug)]
    pub struct Tracer;

    impl Tracer {
        /// Says so where somebody counts on it.
        pub fn open(value: impl Fn(&str) -> Option<String>, _: &Metrics) -> Self {
            if value(ENDPOINT).is_some_and(|text| !text.trim().is_empty()) {
                tracing::warn!(
                    "{ENDPOINT} is set and nothing is traced: this program was built without the feature `otel`"
                );
            }
            Self
        }

        /// Gives nothing: nothing is traced.
        pub fn seed(&self, _: Instant, _: Wire) -> Option<Seed> {
            None
        }

        /// Does nothing.
        pub fn tell(&self, _: &Record) {}

        /// Does nothing.
        pub fn close(&self) {}
    }
}
