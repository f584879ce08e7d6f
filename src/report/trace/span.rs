//! The spans of one message, read off its record: what happened, and nothing that was said.
//!
//! Every value is a word of a closed set, a number, or a name that stands in the policy; the names of tools are told
//! where the policy knows them. Arguments, results, texts of errors, URIs, paths into arguments and whatever else a
//! client or a server writes are not in a record, or are left there.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::events::events;
use super::names;
use crate::gate::{Action, Forwarded, Outcome, Record, Trace, Wire};
use crate::limit::breaker::OutcomeClass;
use crate::mcp::{Method, Revision, Sampling, Subject, TraceContext};
use crate::names::hex;

/// The spans of what a record tells: SERVER, and CLIENT where the message was forwarded. None where nothing is traced
/// or the trace is not kept.
pub(super) fn spans(record: &Record, scope: &InstrumentationScope) -> Vec<SpanData> {
    let sampled = record.trace.as_deref().filter(|trace| trace.server().sampling == Sampling::Sampled);
    let Some(trace) = sampled else { return Vec::new() };
    let server = server(record, trace, scope);
    match trace.forwarded {
        Some(forwarded) => {
            let client = client(record, trace, &forwarded, &server);
            vec![server, client]
        }
        None => vec![server],
    }
}

fn server(record: &Record, trace: &Trace, scope: &InstrumentationScope) -> SpanData {
    let error = server_error(record);
    let mut attributes = what(record);
    if let Some(id) = record.request_id.as_ref().filter(|id| id.raw().parse::<u32>().is_ok()) {
        attributes.push(KeyValue::new(names::JSONRPC_REQUEST_ID, id.raw().to_owned()));
    }
    match trace.wire() {
        Wire::Http { verb, version } => {
            attributes.extend([
                KeyValue::new(names::NETWORK_TRANSPORT, "tcp"),
                KeyValue::new(names::NETWORK_PROTOCOL_NAME, "http"),
                KeyValue::new(names::NETWORK_PROTOCOL_VERSION, version),
                KeyValue::new(names::HTTP_REQUEST_METHOD, verb),
            ]);
            let status = Some(record.http_status).filter(|status| *status > 0);
            attributes.extend(
                status.map(|status| KeyValue::new(names::HTTP_RESPONSE_STATUS_CODE, i64::from(status))),
            );
        }
        Wire::Pipe => attributes.push(KeyValue::new(names::NETWORK_TRANSPORT, "pipe")),
    }
    attributes.push(KeyValue::new(names::SERVER, record.policy.server.as_str().to_owned()));
    attributes.push(KeyValue::new(names::POLICY, hex(&record.policy.sha256[..4])));
    if let Some(tenant) = record.caller.as_ref().and_then(|caller| caller.tenant()) {
        attributes.push(KeyValue::new(names::TENANT, tenant.to_owned()));
    }
    failed(&mut attributes, error.as_ref(), code(record));
    let mut links = SpanLinks::default();
    links.links.extend(trace.link.map(|link| Link::with_context(context(link, Side::Remote))));
    let duration = Duration::from_micros(record.duration_us);
    let mut told = SpanEvents::default();
    told.events = events(record, decided(record, trace), at(trace, duration));
    SpanData {
        span_context: context(trace.server(), Side::Ours),
        parent_span_id: trace
            .parent
            .map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.span_id.bytes())),
        parent_span_is_remote: trace.parent.is_some(),
        span_kind: SpanKind::Server,
        name: name(record, trace.wire()),
        start_time: at(trace, Duration::ZERO),
        end_time: at(trace, duration),
        attributes,
        dropped_attributes_count: 0,
        events: told,
        links,
        status: status(error.as_ref()),
        instrumentation_scope: scope.clone(),
    }
}

fn client(record: &Record, trace: &Trace, forwarded: &Forwarded, server: &SpanData) -> SpanData {
    let error = client_error(record);
    let mut attributes = what(record);
    attributes.push(KeyValue::new(names::NETWORK_TRANSPORT, forwarded.transport.as_str()));
    attributes.push(KeyValue::new(names::UPSTREAM, record.branch.as_str()));
    attributes.extend(record.course.map(|course| KeyValue::new(names::COURSE, course.as_str())));
    failed(&mut attributes, error.as_ref(), code(record).filter(|_| is_of_the_server(record)));
    SpanData {
        span_context: context(trace.client(), Side::Ours),
        parent_span_id: server.span_context.span_id(),
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: server.name.clone(),
        start_time: at(trace, forwarded.sent),
        end_time: at(trace, forwarded.heard.max(forwarded.sent)),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: status(error.as_ref()),
        instrumentation_scope: server.instrumentation_scope.clone(),
    }
}

/// What a message asks for: the same on both sides.
fn what(record: &Record) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(16);
    attributes.extend(method(record).map(|method| KeyValue::new(names::MCP_METHOD_NAME, method)));
    if record.method == Some(Method::ToolsCall) {
        attributes.push(KeyValue::new(names::GEN_AI_OPERATION_NAME, names::EXECUTE_TOOL));
    }
    attributes.extend(tool(record).map(|tool| KeyValue::new(names::GEN_AI_TOOL_NAME, tool.to_owned())));
    let revision = record.revision.map(Revision::as_str);
    attributes.extend(revision.map(|revision| KeyValue::new(names::MCP_PROTOCOL_VERSION, revision)));
    attributes
}

/// The method, of the closed list; `None` for what is no request and has none.
fn method(record: &Record) -> Option<&'static str> {
    record.method.map(Method::as_str).or(record.request_id.as_ref().map(|_| names::OTHER))
}

/// The name of the tool that it is about, where the policy knows it: any other is the client's text.
fn tool(record: &Record) -> Option<&str> {
    let is_about_a_tool = match record.method?.subject() {
        Subject::Task | Subject::Tool => true,
        Subject::Nothing | Subject::Prompt | Subject::Reference | Subject::Resource | Subject::Skill => false,
    };
    record.target.as_deref().filter(|name| is_about_a_tool && record.policy.tool(name).is_some())
}

fn name(record: &Record, wire: Wire) -> Cow<'static, str> {
    match (method(record), tool(record), wire) {
        (Some(method), Some(tool), _) => format!("{method} {tool}").into(),
        (Some(method), None, _) => method.into(),
        (None, _, Wire::Http { verb, .. }) => verb.into(),
        (None, _, Wire::Pipe) => names::LINE.into(),
    }
}

/// How it failed on the side of the server, which is us; what the caller did wrong, or may not do, is no failure.
fn server_error(record: &Record) -> Option<Cow<'static, str>> {
    match (record.action, record.outcome) {
        (Action::Deny, _) | (_, Outcome::Cancelled | Outcome::Success) => None,
        (Action::Error, Outcome::ToolError) => Some(record.reason.as_str().into()),
        (Action::Allow | Action::Redact | Action::ShadowDeny, Outcome::ToolError) => {
            Some(names::TOOL_ERROR.into())
        }
        (_, Outcome::Error(code)) => (!names::is_of_the_caller(code)).then(|| code.to_string().into()),
    }
}

/// How it failed on the side of the client, which is us too: every code is an error there.
fn client_error(record: &Record) -> Option<Cow<'static, str>> {
    let said = match (is_of_the_server(record), record.outcome) {
        (false, _) | (true, Outcome::Cancelled | Outcome::Success) => None,
        (true, Outcome::ToolError) => Some(names::TOOL_ERROR.into()),
        (true, Outcome::Error(code)) => Some(code.to_string().into()),
    };
    let heard = || match record.course {
        Some(OutcomeClass::TimedOut) => Some(names::TIMEOUT.into()),
        Some(
            OutcomeClass::Answered
            | OutcomeClass::Cancelled
            | OutcomeClass::InputRequired
            | OutcomeClass::Refused,
        ) => None,
        Some(class) => Some(class.as_str().into()),
        None => (record.action == Action::Error).then(|| record.reason.as_str().into()),
    };
    said.or_else(heard)
}

/// Whether the client got what the server said, and nothing in its place.
fn is_of_the_server(record: &Record) -> bool {
    match record.action {
        Action::Allow | Action::Redact | Action::ShadowDeny => true,
        Action::Deny | Action::Error => false,
    }
}

fn code(record: &Record) -> Option<i64> {
    match record.outcome {
        Outcome::Error(code) => Some(code),
        Outcome::Cancelled | Outcome::Success | Outcome::ToolError => None,
    }
}

fn failed(attributes: &mut Vec<KeyValue>, error: Option<&Cow<'static, str>>, code: Option<i64>) {
    attributes.extend(error.map(|error| KeyValue::new(names::ERROR_TYPE, Value::from(error.clone()))));
    attributes.extend(code.map(|code| KeyValue::new(names::RPC_RESPONSE_STATUS_CODE, code.to_string())));
}

fn status(error: Option<&Cow<'static, str>>) -> Status {
    // Without a description: it would be the text of a server.
    if error.is_some() { Status::error("") } else { Status::Unset }
}

/// When it was decided: what was forwarded, just before.
fn decided(record: &Record, trace: &Trace) -> SystemTime {
    let whole = Duration::from_micros(record.duration_us);
    let is_in_answer = super::super::labels::Phase::of(record) == super::super::labels::Phase::Response;
    at(trace, trace.forwarded.map(|it| it.sent).filter(|_| !is_in_answer).unwrap_or(whole))
}

fn at(trace: &Trace, after: Duration) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(trace.unix_ns()) + after
}

/// Whose span it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Remote,
}

/// A context in the words of the SDK; the state stays out, being the client's text.
fn context(context: TraceContext, side: Side) -> SpanContext {
    let flags = match context.sampling {
        Sampling::Dropped => TraceFlags::default(),
        Sampling::Sampled => TraceFlags::SAMPLED,
    };
    let (trace_id, span_id) = (context.trace_id.bytes(), context.span_id.bytes());
    SpanContext::new(
        TraceId::from_bytes(trace_id),
        SpanId::from_bytes(span_id),
        flags,
        side == Side::Remote,
        TraceState::NONE,
    )
}

#[cfg(test)]
#[path = "span_tests.rs"]
mod tests;
