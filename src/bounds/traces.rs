//! What is known of traces, and what is told of them.

use std::time::Duration;

/// Members of one `tracestate`. Source: W3C Trace Context, 3.3.1.1.
pub const TRACESTATE_MEMBERS_MAX: usize = 32;

/// Bytes of one `tracestate`: 512 have to be passed on, and some tracers write a few more. A value of that size
/// costs a message less than its other headers.
pub const TRACESTATE_BYTES_MAX: usize = 1024;

/// Spans that wait to be sent, where `OTEL_BSP_MAX_QUEUE_SIZE` does not say: about 2 MiB, and what 200 calls a
/// second make in 5 s. Source: OpenTelemetry, batch span processor.
pub const TRACE_QUEUE_SPANS: usize = 2_048;

/// The greatest queue that can be asked for: 64 MiB of spans, more than a sidecar has.
pub const TRACE_QUEUE_SPANS_MAX: usize = 65_536;

/// Spans in one message to the collector, where `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` does not say: about 300 kB.
pub const TRACE_BATCH_SPANS: usize = 512;

/// How long a span may wait for others, where `OTEL_BSP_SCHEDULE_DELAY` does not say.
pub const TRACE_PAUSE: Duration = Duration::from_secs(5);

/// How long the collector may take, where `OTEL_EXPORTER_OTLP_TIMEOUT` does not say.
pub const TRACE_EXPORT_WAIT: Duration = Duration::from_secs(10);

/// The longest time that can be asked for with a variable: a day is not a wait any more.
pub const TRACE_WAIT_MAX: Duration = Duration::from_secs(3_600);

/// How long the last spans have to leave when the process ends: the rest of its time is the audit's.
pub const TRACE_STOP_MAX: Duration = Duration::from_secs(1);

/// Bytes of an answer of the collector. It says how many spans it did not take, in a few words.
pub const TRACE_ANSWER_BYTES_MAX: usize = 64 << 10;

/// Findings, and as many restored tokens, that one span tells of: a span is read by a person.
pub const TRACE_FINDINGS_MAX: usize = 16;

/// Attributes of `OTEL_RESOURCE_ATTRIBUTES`: they go out with every batch.
pub const TRACE_RESOURCE_ATTRIBUTES_MAX: usize = 64;
