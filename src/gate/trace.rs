//! The trace that a message belongs to: where its spans stand in it, and what the server is told of that.
//!
//! ```text
//!   client's span --> SERVER: from the first byte to the last --> CLIENT: while the server has it --> server's span
//! ```
//!
//! The parent is what `params._meta` names, for it came with the message, where HTTP may have come from somebody in
//! between; that one is then linked. The server is told of our CLIENT span: always in the header, and in `_meta` where
//! the client had named a parent there. That edit is one of those that the judged body is made with, so what is sent
//! is read once more as a whole. Baggage goes no further: it is free text that servers hand on to others.
//!
//! Ids and time come from the shell, in a [`Seed`]; without one there is no trace, and nothing of this is done.
//!
//! Source: OpenTelemetry, "Context propagation" of the conventions for MCP; W3C Trace Context; MCP SEP-414.

#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::ask::Ask;
use super::record::Record;
use super::ticket::Ticket;
use crate::json::{Splice, Value};
use crate::mcp::trace_context::is_state;
use crate::mcp::{Sampling, SpanId, TraceContext, TraceId};

/// What the shell gives for one message: ids that nobody else has, and when it began.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The trace, where nobody has begun one.
    pub trace_id: TraceId,
    /// The SERVER span.
    pub server: SpanId,
    /// The CLIENT span, where the message is forwarded.
    pub client: SpanId,
    /// Which traces are kept.
    pub sampler: Sampler,
    /// When its first byte came, in nanoseconds since 1970.
    pub unix_ns: u64,
    /// What it came by.
    pub wire: Wire,
}

/// What a message came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// One HTTP request, or a part of one.
    Http {
        /// `GET`, `POST`, `DELETE`, or `_OTHER`.
        verb: &'static str,
        /// `1.1`, `2`.
        version: &'static str,
    },
    /// A line of standard input.
    Pipe,
}

/// What a server is reached by; the words of `network.transport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Standard input and output of a process.
    Pipe,
    /// A TCP connection.
    Tcp,
    /// A Unix socket.
    Unix,
}

impl Transport {
    /// The word for it in spans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Tcp => "tcp",
            Self::Unix => "unix",
        }
    }
}

/// Who decides whether a trace is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampler {
    /// We do, whatever the client says.
    Alone(Share),
    /// The client does; we do where it names no parent.
    ParentBased(Share),
}

/// Which traces are kept, by their ids: the same ones in every process that keeps as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u64);

impl Share {
    /// Every trace.
    pub const ALL: Self = Self(1 << 63);
    /// None.
    pub const NONE: Self = Self(0);

    /// This part of all traces; `None` where it is not between 0 and 1.
    pub fn of(ratio: f64) -> Option<Self> {
        (0.0..=1.0).contains(&ratio).then_some(Self((ratio * (1_u64 << 63) as f64) as u64))
    }

    fn holds(self, trace_id: TraceId) -> bool {
        let low = trace_id.bytes().into_iter().skip(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(byte));
        low >> 1 < self.0
    }
}

impl Sampler {
    fn sampling(self, trace_id: TraceId, parent: Option<TraceContext>) -> Sampling {
        match (self, parent) {
            (Self::ParentBased(_), Some(parent)) => parent.sampling,
            (Self::Alone(share) | Self::ParentBased(share), _) if share.holds(trace_id) => Sampling::Sampled,
            (Self::Alone(_) | Self::ParentBased(_), _) => Sampling::Dropped,
        }
    }
}

/// Where the spans of one message stand.
#[derive(Debug, Clone)]
pub struct Trace {
    seed: Seed,
    /// The span of the client that is our parent.
    pub parent: Option<TraceContext>,
    /// What the header of HTTP says, where `_meta` names another parent.
    pub link: Option<TraceContext>,
    /// What other tracers want handed on with the parent.
    state: Option<Box<str>>,
    /// When it was sent on; `None` where it was not.
    pub forwarded: Option<Forwarded>,
}

/// The time that the server has a message, counted from when its first byte came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded {
    /// What the server is reached by.
    pub transport: Transport,
    /// When it was sent.
    pub sent: Duration,
    /// When the server said its last word so far, or was given up.
    pub heard: Duration,
}

impl Trace {
    /// A trace that begins with us.
    pub fn of(seed: Seed) -> Self {
        Self { seed, parent: None, link: None, state: None, forwarded: None }
    }

    /// Begins the trace of a message whose body is not read yet.
    pub(super) fn begin(ask: &Ask<'_>) -> Option<Box<Self>> {
        let mut trace = Self::of(ask.trace?);
        let (parent, state) =
            carried(text_of(ask.headers, "traceparent"), text_of(ask.headers, "tracestate"));
        (trace.parent, trace.state) = (parent, state);
        Some(Box::new(trace))
    }

    /// Takes the parent that `_meta` names, if it does.
    fn adopt(&mut self, meta: Value<'_>) {
        let text = |key| meta.get(key).and_then(|value: Value<'_>| value.string()).map(Into::into);
        if let (Some(parent), state) = carried(text("traceparent"), text("tracestate")) {
            let is_other =
                |other: &TraceContext| (other.trace_id, other.span_id) != (parent.trace_id, parent.span_id);
            self.link = self.parent.filter(is_other);
            (self.parent, self.state) = (Some(parent), state);
        }
    }

    /// Our SERVER span.
    pub fn server(&self) -> TraceContext {
        let trace_id = self.parent.map_or(self.seed.trace_id, |parent| parent.trace_id);
        let sampling = self.seed.sampler.sampling(trace_id, self.parent);
        TraceContext { trace_id, span_id: self.seed.server, sampling }
    }

    /// Our CLIENT span, which the server is told of.
    pub fn client(&self) -> TraceContext {
        TraceContext { span_id: self.seed.client, ..self.server() }
    }

    /// What the message came by.
    pub fn wire(&self) -> Wire {
        self.seed.wire
    }

    /// When its first byte came, in nanoseconds since 1970.
    pub fn unix_ns(&self) -> u64 {
        self.seed.unix_ns
    }

    /// Writes the headers that tell the server of our span.
    pub(super) fn claim(&self, claims: &mut HeaderMap) {
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                claims.insert(name, value);
            }
        };
        set("traceparent", &self.client().to_string());
        if let Some(state) = &self.state {
            set("tracestate", state);
        }
    }

    /// The edits that tell the server of our span where the client had told of its own, and take out what is not
    /// handed on. Every other byte stays.
    fn edits(&self, meta: Value<'_>) -> Splice {
        let mut edits = Splice::default();
        let is_kept_state =
            |value: Value<'_>| self.state.is_some() && value.string().as_deref() == self.state.as_deref();
        let members: Vec<_> = meta.members().collect();
        let mut gone = Vec::with_capacity(members.len());
        for (key, value) in &members {
            if key.is("traceparent") {
                edits.replace(value.span(), format!("\"{}\"", self.client()));
            }
            gone.push(key.is("baggage") || key.is("tracestate") && !is_kept_state(*value));
        }
        let mut at = 0;
        while let Some(first) = gone.iter().skip(at).position(|is_gone| *is_gone).map(|skipped| at + skipped)
        {
            let end =
                gone.iter().skip(first).position(|is_gone| !is_gone).map_or(gone.len(), |run| first + run);
            // With the comma before it; of what stands first, with the one behind it.
            let from = match first.checked_sub(1) {
                Some(before) => members[before].1.span().end,
                None => members[first].0.span().start,
            };
            let to = match members.get(end).filter(|_| first == 0) {
                Some((key, _)) => key.span().start,
                None => members[end - 1].1.span().end,
            };
            edits.replace(from..to, "");
            at = end;
        }
        edits
    }
}

/// Lets a record belong to the trace that `meta` names, and gives the edits that tell the server of it.
pub(super) fn join(record: &mut Record, meta: Option<Value<'_>>) -> Splice {
    let (Some(trace), Some(meta)) = (&mut record.trace, meta) else { return Splice::default() };
    trace.adopt(meta);
    trace.edits(meta)
}

impl Ticket {
    /// Notes that it is on its way to the server, `at` after its first byte came. Sent again, it still is.
    pub fn sent(&mut self, at: Duration, transport: Transport) {
        if let Some(trace) = &mut self.record.trace {
            trace.forwarded.get_or_insert(Forwarded { transport, sent: at, heard: at });
        }
    }

    /// Notes that the server has said something, or that nobody listens any more.
    pub fn heard(&mut self, at: Duration) {
        let trace = self.record.trace.as_mut();
        if let Some(forwarded) = trace.and_then(|trace| trace.forwarded.as_mut()) {
            forwarded.heard = at;
        }
    }

    /// Whether it belongs to a trace, so that its times are of use.
    pub fn is_traced(&self) -> bool {
        self.record.trace.is_some()
    }
}

/// The parent in one carrier, and what goes with it; nothing where the parent is not well-formed.
fn carried(parent: Option<Box<str>>, state: Option<Box<str>>) -> (Option<TraceContext>, Option<Box<str>>) {
    match parent.and_then(|text| TraceContext::parse(&text)) {
        Some(parent) => (Some(parent), state.filter(|text| is_state(text))),
        None => (None, None),
    }
}

/// The text of a header; a list that comes in parts is put together, which makes two parents none.
fn text_of(headers: &HeaderMap, name: &str) -> Option<Box<str>> {
    let mut values = headers.get_all(name).iter().map(|value| value.to_str().ok());
    let first = values.next()??.trim();
    values.try_fold(first.to_owned(), |list, next| Some(list + "," + next?)).map(Into::into)
}
