//! What a record tells in spans: names, errors, parents, and no text of anybody.

use super::*;
use crate::bounds::TRACE_FINDINGS_MAX;
use crate::gate::{Reason, Transport, Verdict};
use crate::report::sample;
use crate::scan::{self, Direction};

/// Changes a record of an allowed call.
type Change<'c> = &'c dyn Fn(&mut Record);

fn told(change: Change<'_>) -> Vec<SpanData> {
    let mut record = sample::record();
    record.policy = sample::policy("payments", "tools: { payments.refund: { class: destructive } }\n");
    record.trace = sample::trace();
    change(&mut record);
    spans(&record, &InstrumentationScope::builder("sluicegate").build())
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|it| it.key.as_str() == name).map(|it| it.value.as_str().into_owned())
}

#[test]
fn tells_one_server_span_and_a_client_span_below_it() {
    let [server, client] = told(&|_| {}).try_into().unwrap();
    assert_eq!(
        (server.name.as_ref(), client.name.as_ref()),
        ("tools/call payments.refund", "tools/call payments.refund")
    );
    assert_eq!((&server.span_kind, &client.span_kind), (&SpanKind::Server, &SpanKind::Client));
    assert_eq!(client.parent_span_id, server.span_context.span_id());
    assert_eq!(client.span_context.trace_id(), server.span_context.trace_id());
    assert_eq!(server.parent_span_id, SpanId::INVALID);
    let took = |span: &SpanData| span.end_time.duration_since(span.start_time).unwrap();
    assert_eq!((took(&server).as_micros(), took(&client).as_micros()), (412, 300));
    assert_eq!(client.start_time.duration_since(server.start_time).unwrap().as_micros(), 80);
    let wanted = [
        ("mcp.method.name", Some("tools/call")),
        ("gen_ai.operation.name", Some("execute_tool")),
        ("gen_ai.tool.name", Some("payments.refund")),
        ("mcp.protocol.version", Some("2026-07-28")),
        ("jsonrpc.request.id", Some("17")),
        ("network.transport", Some("tcp")),
        ("network.protocol.name", Some("http")),
        ("http.request.method", Some("POST")),
        ("http.response.status_code", Some("200")),
        ("sluicegate.server", Some("payments")),
        ("sluicegate.tenant", Some("acme")),
        ("error.type", None),
        ("rpc.response.status_code", None),
    ];
    for (name, value) in wanted {
        assert_eq!(attribute(&server, name).as_deref(), value, "{name}");
    }
    assert_eq!(attribute(&client, "network.transport").as_deref(), Some("unix"));
    assert_eq!(attribute(&client, "sluicegate.upstream").as_deref(), Some("primary"));
}

#[test]
fn names_spans_by_closed_lists_and_by_what_the_policy_knows() {
    let rows: [(Change<'_>, &str, Option<&str>); 7] = [
        (&|_| {}, "tools/call payments.refund", Some("payments.refund")),
        (&|r| r.target = Some("4111111111111111".into()), "tools/call", None),
        (&|r| r.target = None, "tools/call", None),
        (&|r| r.method = Some(Method::ResourcesRead), "resources/read", None),
        (&|r| r.method = Some(Method::TasksGet), "tasks/get payments.refund", Some("payments.refund")),
        (&|r| r.method = None, "_OTHER", None),
        (&|r| (r.method, r.request_id) = (None, None), "POST", None),
    ];
    for (change, name, tool) in rows {
        let spans = told(change);
        assert_eq!(spans[0].name, name);
        assert_eq!(attribute(&spans[0], "gen_ai.tool.name").as_deref(), tool, "{name}");
    }
}

#[test]
fn an_id_is_told_where_it_is_a_small_number() {
    for (id, wanted) in [("17", Some("17")), ("4111111111111111", None), ("\"17\"", None), ("-1", None)] {
        let spans = told(&|r| r.request_id = Some(sample::id(id)));
        assert_eq!(attribute(&spans[0], "jsonrpc.request.id").as_deref(), wanted, "{id}");
    }
}

#[test]
fn what_the_caller_may_not_do_is_no_error_of_the_server() {
    use OutcomeClass::{Answered, ConnectFailed, ProtocolError, TimedOut, ToolError};
    let set = |action, outcome, reason, course| {
        move |r: &mut Record| (r.action, r.outcome, r.reason, r.course) = (action, outcome, reason, course)
    };
    let rows = [
        (set(Action::Allow, Outcome::Success, Reason::None, Some(Answered)), None, None),
        (
            set(Action::Redact, Outcome::ToolError, Reason::None, Some(ToolError)),
            Some("tool_error"),
            Some("tool_error"),
        ),
        (set(Action::Deny, Outcome::ToolError, Reason::Scope, None), None, None),
        (set(Action::Deny, Outcome::Error(-31_001), Reason::Scope, None), None, None),
        (set(Action::Deny, Outcome::ToolError, Reason::Pii, Some(Answered)), None, None),
        (set(Action::ShadowDeny, Outcome::Success, Reason::Scope, Some(Answered)), None, None),
        (
            set(Action::Allow, Outcome::Error(-32_602), Reason::None, Some(ProtocolError)),
            None,
            Some("-32602"),
        ),
        (
            set(Action::Allow, Outcome::Error(-32_002), Reason::None, Some(ProtocolError)),
            None,
            Some("-32002"),
        ),
        (
            set(Action::Allow, Outcome::Error(-32_000), Reason::None, Some(ProtocolError)),
            Some("-32000"),
            Some("-32000"),
        ),
        (
            set(Action::Error, Outcome::ToolError, Reason::Upstream, Some(TimedOut)),
            Some("upstream"),
            Some("timeout"),
        ),
        (
            set(Action::Error, Outcome::Error(-31_010), Reason::Upstream, Some(ConnectFailed)),
            Some("-31010"),
            Some("connect_failed"),
        ),
        (
            set(Action::Error, Outcome::Error(-31_010), Reason::Upstream, None),
            Some("-31010"),
            Some("upstream"),
        ),
        (set(Action::Allow, Outcome::Cancelled, Reason::None, None), None, None),
    ];
    for (change, on_server, on_client) in rows {
        let [server, client] = told(&change).try_into().unwrap();
        let record = format!("{:?}", (&server.attributes, &client.attributes));
        assert_eq!(attribute(&server, "error.type").as_deref(), on_server, "{record}");
        assert_eq!(attribute(&client, "error.type").as_deref(), on_client, "{record}");
        assert_eq!(server.status, if on_server.is_some() { Status::error("") } else { Status::Unset });
        assert_eq!(client.status, if on_client.is_some() { Status::error("") } else { Status::Unset });
    }
}

#[test]
fn events_keep_what_the_rules_said_and_what_was_done_apart() {
    let spans = told(&|r| {
        (r.verdict, r.action, r.reason) = (Verdict::Deny, Action::ShadowDeny, Reason::Scope);
        r.findings = vec![sample::finding(Direction::Arguments, scan::Action::Mask, "$.arguments.secret-1")];
        r.detail = Some("secret-2".into());
    });
    let events = &spans[0].events.events;
    let of = |at: usize, name: &str| {
        let found = events[at].attributes.iter().find(|it| it.key.as_str() == name);
        found.map(|it| it.value.as_str().into_owned()).unwrap_or_default()
    };
    assert_eq!(
        events.iter().map(|event| event.name.as_ref()).collect::<Vec<_>>(),
        ["sluicegate.decision", "sluicegate.finding"]
    );
    assert_eq!([of(0, "sluicegate.verdict"), of(0, "sluicegate.action")], ["deny", "shadow_deny"]);
    assert_eq!([of(0, "sluicegate.reason"), of(0, "sluicegate.rule")], ["scope", "refund-any"]);
    assert_eq!([of(1, "sluicegate.detector"), of(1, "sluicegate.count")], ["pan", "2"]);
    assert!(!format!("{spans:?}").contains("secret-"), "{spans:?}");
}

#[test]
fn tells_of_so_many_findings_and_no_more() {
    for (count, wanted) in [
        (TRACE_FINDINGS_MAX - 1, TRACE_FINDINGS_MAX - 1),
        (TRACE_FINDINGS_MAX, TRACE_FINDINGS_MAX),
        (TRACE_FINDINGS_MAX + 1, TRACE_FINDINGS_MAX),
    ] {
        let finding = |_| sample::finding(Direction::Results, scan::Action::Mask, "$.content");
        let spans = told(&|r| r.findings = (0..count).map(finding).collect());
        assert_eq!(spans[0].events.events.len(), 1 + wanted, "{count}");
    }
}

#[test]
fn tells_nothing_of_what_is_not_traced_or_not_kept_and_no_client_of_what_stayed() {
    assert!(told(&|r| r.trace = None).is_empty());
    assert!(told(&|r| r.trace = sample::dropped_trace()).is_empty());
    let stayed = told(&|r| r.trace.iter_mut().for_each(|trace| trace.forwarded = None));
    assert_eq!(stayed.iter().map(|span| span.span_kind.clone()).collect::<Vec<_>>(), [SpanKind::Server]);
    assert_eq!(Transport::Pipe.as_str(), "pipe");
}
