//! How a message ended: what the client got, and how long that took.

use std::time::Duration;

/// How a message ended, as the client saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The client went away first.
    Cancelled,
    /// A JSON-RPC error with this code.
    Error(i64),
    /// A result, or the acknowledgement of a notification.
    Success,
    /// A result with `isError: true`.
    ToolError,
}

/// Time the gate itself took, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Overhead {
    /// From the whole request read to the request sent on, or refused.
    pub request: u64,
    /// From the answer read to the answer handed over, summed over its events.
    pub response: u64,
}

/// How a request ended, as the shell saw it.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// What the client got.
    pub outcome: Outcome,
    /// The HTTP status sent; 0 when the client had gone.
    pub http_status: u16,
    /// From the request's head to the end of the answer.
    pub duration: Duration,
    /// Body bytes sent to the client.
    pub bytes: u64,
    /// The time that the gate itself took.
    pub overhead: Overhead,
}

/// Sizes of bodies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Of the request as it came.
    pub request: u64,
    /// Of the answer as it left.
    pub response: u64,
}
