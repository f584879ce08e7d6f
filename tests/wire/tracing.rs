//! Spans: where they stand, what they tell, what they leave out, and that nobody waits for them.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::collector::{Collector, attribute, hex};
use super::legacy_stage::{Play, Stage};
use super::stdio;
use super::support::bundle::{ALICE, Bundle, EVE, callers, clinic, with};
use super::support::gate::{Gate, call};
use super::support::pipe::{Pipe, careless};
use super::support::upstream::{After, Got, Upstream, open_events, result, send_chunk, send_json};
use super::support::wait_for;
use super::support::wire::request;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "b7ad6b7169203331";

fn gate(policy: &str, upstream: &Upstream, collector: &Collector, more: &str) -> Gate {
    Gate::below(&collector.variables(more), Bundle::new(policy), &["--upstream", &upstream.url()])
}

fn header(got: &Got, name: &str) -> Option<String> {
    got.head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A call with members of `_meta`.
fn called(tool: &str, meta: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":"x","n" : 1e0}},"_meta":{{{meta}}}}}}}"#
    )
}

fn of(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    spans.iter().filter(|span| span.kind == kind as i32).collect()
}

#[test]
fn puts_its_spans_between_those_of_the_client_and_of_the_server() {
    let (upstream, collector) = (Upstream::echo(), Collector::start());
    let more = "OTEL_SERVICE_NAME=clinic-gate OTEL_RESOURCE_ATTRIBUTES=k8s.pod.name=p-1 \
                OTEL_EXPORTER_OTLP_HEADERS=x-key=token-1";
    let gate = gate(&clinic(), &upstream, &collector, more);
    let meta = format!(r#""traceparent":"00-{TRACE}-{SPAN}-01","tracestate":"a=1","k" : [1.0]"#);
    let http = format!("00-{OTHER}-{SPAN}-01");
    let answer = gate.connect().post(
        ALICE,
        &[("traceparent", &http), ("tracestate", "b=2"), ("baggage", "u=ann")],
        &called("echo", &meta),
    );
    assert_eq!(answer.status(), 200);
    let spans = collector.wait(2);
    let (server, client) = (of(&spans, SpanKind::Server)[0], of(&spans, SpanKind::Client)[0]);
    assert_eq!((hex(&server.trace_id), hex(&server.parent_span_id)), (TRACE.to_owned(), SPAN.to_owned()));
    assert_eq!((hex(&client.trace_id), &client.parent_span_id), (TRACE.to_owned(), &server.span_id));
    let links: Vec<_> = server.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect();
    assert_eq!(links, [(OTHER.to_owned(), SPAN.to_owned())]);
    assert_eq!((server.name.as_str(), client.name.as_str()), ("tools/call echo", "tools/call echo"));
    for (name, wanted) in [
        ("mcp.method.name", Some("tools/call")),
        ("gen_ai.tool.name", Some("echo")),
        ("gen_ai.operation.name", Some("execute_tool")),
        ("mcp.protocol.version", Some("2025-06-18")),
        ("network.transport", Some("tcp")),
        ("network.protocol.version", Some("1.1")),
        ("jsonrpc.request.id", Some("1")),
        ("error.type", None),
    ] {
        assert_eq!(attribute(&server.attributes, name).as_deref(), wanted, "{name}");
    }
    let decision = &server.events[0];
    assert_eq!(decision.name, "sluicegate.decision");
    assert_eq!(attribute(&decision.attributes, "sluicegate.verdict").as_deref(), Some("allow"));
    assert_eq!(attribute(&decision.attributes, "sluicegate.rule").as_deref(), Some("read"));
    assert!(server.start_time_unix_nano <= client.start_time_unix_nano);
    assert!(client.end_time_unix_nano <= server.end_time_unix_nano);
    // What the server got: our span in the header and in `_meta`, and every other byte.
    let got = upstream.got();
    let ours = format!("00-{TRACE}-{}-01", hex(&client.span_id));
    assert_eq!(header(&got[0], "traceparent").as_deref(), Some(ours.as_str()));
    assert_eq!(header(&got[0], "tracestate").as_deref(), Some("a=1"));
    assert_eq!(header(&got[0], "baggage"), None);
    assert_eq!(got[0].body, called("echo", &meta.replace(&format!("00-{TRACE}-{SPAN}-01"), &ours)));
    // Who told: the resource, and the headers for the collector.
    let batches = collector.batches();
    let resource = batches[0].resource_spans[0].resource.as_ref().expect("there is one");
    assert_eq!(attribute(&resource.attributes, "service.name").as_deref(), Some("clinic-gate"));
    assert_eq!(attribute(&resource.attributes, "k8s.pod.name").as_deref(), Some("p-1"));
    assert!(
        collector.heads()[0].starts_with("POST /v1/traces ")
            && collector.heads()[0].contains("x-key: token-1")
    );
    assert!(!gate.log().contains("token-1"));
    // The audit names the same span.
    let record = gate.record("the call", |record| record["action"]["method"] == "tools/call");
    assert_eq!(record["trace"]["trace_id"], TRACE);
    assert_eq!(record["trace"]["span_id"], hex(&server.span_id));
    wait_for("the spans to be counted", || {
        (gate.metric("sluicegate_trace_spans_total", "exported") == 2.0).then_some(())
    });
}

#[test]
fn tells_who_failed() {
    let collector = Collector::start();
    let upstream = Upstream::start(|got, stream| {
        let code = got.subject().strip_prefix("code").map(|code| format!("-{code}"));
        let body = match code {
            Some(code) => {
                format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"secret-1"}}}}"#)
            }
            None => result(&got.body, r#"{"content":[],"isError":true}"#),
        };
        send_json(stream, 200, &body);
        After::Keep
    });
    let tools = "  code32602: { class: read }\n  code32000: { class: read }\n  bad: { class: read }\n";
    let policy = clinic().replacen("tools:\n", &format!("tools:\n{tools}"), 1);
    let gate = gate(&policy, &upstream, &collector, "");
    for (bearer, tool, on_server, on_client) in [
        (ALICE, "bad", Some("tool_error"), Some(Some("tool_error"))),
        (ALICE, "code32602", None, Some(Some("-32602"))),
        (ALICE, "code32000", Some("-32000"), Some(Some("-32000"))),
        (ALICE, "delete_all", None, None),
        (EVE, "bad", None, None),
    ] {
        let before = collector.spans().len();
        gate.call(bearer, tool, "{}");
        let spans = collector.wait(before + 1 + usize::from(on_client.is_some()));
        let (server, client) =
            (of(&spans[before..], SpanKind::Server), of(&spans[before..], SpanKind::Client));
        assert_eq!(attribute(&server[0].attributes, "error.type").as_deref(), on_server, "{tool}");
        let code = server[0].status.as_ref().map_or(StatusCode::Unset, Status::code);
        assert_eq!(code == StatusCode::Error, on_server.is_some(), "{tool}");
        let told = client.first().map(|client| attribute(&client.attributes, "error.type"));
        assert_eq!(told, on_client.map(|error| error.map(str::to_owned)), "{tool}");
    }
    let spans = collector.spans();
    let denied =
        of(&spans, SpanKind::Server).into_iter().rev().find(|span| span.name == "tools/call delete_all");
    let decision = &denied.expect("the refusal has a span").events[0].attributes;
    assert_eq!(attribute(decision, "sluicegate.action").as_deref(), Some("deny"));
    assert_eq!(attribute(decision, "sluicegate.reason").as_deref(), Some("tool_not_allowed"));
    // Who is not let in is told by the method of HTTP alone, in the trace of the header.
    let before = spans.len();
    let header = format!("00-{TRACE}-{SPAN}-01");
    assert_eq!(
        gate.connect().post("key-of-nobody", &[("traceparent", &header)], &called("bad", "")).status(),
        401
    );
    let spans = collector.wait(before + 1);
    assert_eq!((spans[before].name.as_str(), hex(&spans[before].trace_id).as_str()), ("POST", TRACE));
    assert!(!format!("{spans:?}").contains("secret-1"));
}

#[test]
fn a_stream_ends_its_span_when_it_ends() {
    let collector = Collector::start();
    let upstream = Upstream::start(|got, stream| {
        open_events(stream);
        send_chunk(stream, &format!("event: message\ndata: {}\n\n", result(&got.body, r#"{"content":[]}"#)));
        let _ = std::io::Write::write_all(stream, b"0\r\n\r\n");
        After::Keep
    });
    let gate = gate(&clinic(), &upstream, &collector, "");
    let mut wire = gate.connect();
    wire.send(&request(ALICE, &[], call(1, "echo", "{}").as_bytes()));
    assert_eq!(wire.answer().status(), 200);
    let spans = collector.wait(2);
    assert_eq!(of(&spans, SpanKind::Server)[0].name, "tools/call echo");
    let header = format!("00-{TRACE}-{SPAN}-01");
    let get = format!(
        "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\nAccept: text/event-stream\r\n\
         traceparent: {header}\r\nMCP-Protocol-Version: 2025-06-18\r\n\r\n"
    );
    let mut wire = gate.connect();
    wire.send(get.as_bytes());
    wire.head();
    let spans = collector.wait(4);
    let listened = of(&spans, SpanKind::Server).into_iter().find(|span| span.name == "GET");
    assert_eq!(listened.map(|span| hex(&span.trace_id)).as_deref(), Some(TRACE));
}

#[test]
fn pipes_and_the_two_sockets_of_old_are_traced_too() {
    let collector = Collector::start();
    let meta = format!(r#""traceparent":"00-{TRACE}-{SPAN}-01""#);
    let mut pipe = Pipe::below(&collector.variables(""), &stdio::policy(""), ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    pipe.ask(&called("echo", &meta));
    let spans = collector.wait(6);
    let server =
        spans.iter().find(|span| span.name == "tools/call echo" && span.kind == SpanKind::Server as i32);
    let server = server.expect("the call has a span");
    assert_eq!(attribute(&server.attributes, "network.transport").as_deref(), Some("pipe"));
    assert_eq!((hex(&server.trace_id), hex(&server.parent_span_id)), (TRACE.to_owned(), SPAN.to_owned()));
    pipe.close();

    let collector = Collector::start();
    let stage = Stage::below(&collector.variables(""), Bundle::new(&clinic()), Play::default(), &[]);
    let mut client = stage.open(ALICE);
    let target = client.target.clone();
    assert_eq!(stage.post(ALICE, &target, &called("echo", &meta)).status(), 202);
    wait_for("the call to arrive", || {
        stage.upstream.got().iter().any(|got| got.body.contains("echo")).then_some(())
    });
    stage.say(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
    client.event();
    let spans = collector.wait(2);
    let client_span = of(&spans, SpanKind::Client)[0];
    let got = stage.upstream.got();
    let posted = got.iter().find(|got| got.head.starts_with("POST ")).expect("it was posted");
    let ours = format!("00-{TRACE}-{}-01", hex(&client_span.span_id));
    assert_eq!(header(posted, "traceparent").as_deref(), Some(ours.as_str()));
    assert!(posted.body.contains(&ours), "{}", posted.body);
}

#[test]
fn calls_are_the_same_whatever_becomes_of_the_spans() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let nobody = nobody.expect("a port can be had");
    let down = format!("export OTEL_EXPORTER_OTLP_ENDPOINT=http://{nobody} OTEL_BSP_SCHEDULE_DELAY=1");
    let (slow, refusing) = (Collector::answering(0), Collector::answering(500));
    let small = "OTEL_BSP_MAX_QUEUE_SIZE=8 OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2";
    for (variables, lost) in
        [(down, "failed"), (slow.variables(small), "dropped"), (refusing.variables(small), "failed")]
    {
        let upstream = Upstream::echo();
        let mut gate = Gate::below(&variables, Bundle::new(&clinic()), &["--upstream", &upstream.url()]);
        let mut wire = gate.connect();
        for id in 0..64 {
            let answer = wire.post(ALICE, &[], &call(id, "echo", "{}"));
            assert_eq!(
                (answer.status(), answer.json()["id"].as_u64()),
                (200, Some(u64::from(id))),
                "{variables}"
            );
        }
        wait_for("losses to be counted", || {
            (gate.metric("sluicegate_trace_spans_total", lost) > 0.0).then_some(())
        });
        drop(wire);
        gate.signal("TERM");
        assert!(gate.ended().success(), "{variables}");
    }
}

#[test]
fn the_last_spans_leave_before_the_process_does() {
    let (upstream, collector) = (Upstream::echo(), Collector::start());
    let mut gate = gate(&clinic(), &upstream, &collector, "OTEL_BSP_SCHEDULE_DELAY=3600000");
    gate.call(ALICE, "echo", "{}");
    gate.record("the call", |record| record["action"]["method"] == "tools/call");
    assert!(collector.spans().is_empty());
    gate.signal("TERM");
    assert!(gate.ended().success());
    assert_eq!(collector.spans().len(), 2);
}

#[test]
fn keeps_the_share_of_traces_that_it_is_told_to() {
    let sampled = format!("00-{TRACE}-{SPAN}-01");
    for (sampler, headers, flags, spans) in [
        ("traceidratio OTEL_TRACES_SAMPLER_ARG=0", &[("traceparent", sampled.as_str())][..], "00", 0),
        ("traceidratio OTEL_TRACES_SAMPLER_ARG=1", &[], "01", 2),
        ("parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0", &[], "00", 0),
        ("parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0", &[("traceparent", sampled.as_str())], "01", 2),
    ] {
        let (upstream, collector) = (Upstream::echo(), Collector::start());
        let mut gate = gate(&clinic(), &upstream, &collector, &format!("OTEL_TRACES_SAMPLER={sampler}"));
        assert_eq!(gate.connect().post(ALICE, headers, &call(1, "echo", "{}")).status(), 200);
        gate.record("the call", |record| record["trace"]["trace_id"].is_string());
        gate.signal("TERM");
        assert!(gate.ended().success());
        assert_eq!(collector.spans().len(), spans, "{sampler}");
        let told = header(&upstream.got()[0], "traceparent").expect("the server is told");
        assert!(told.ends_with(&format!("-{flags}")), "{sampler}: {told}");
    }
}

#[test]
fn without_a_collector_nothing_is_changed_and_a_wrong_one_is_told() {
    let upstream = Upstream::echo();
    let meta = format!(r#""traceparent":"00-{TRACE}-{SPAN}-01","baggage":"u=ann""#);
    let http = format!("00-{OTHER}-{SPAN}-01");
    for (variables, log) in [
        ("unset OTEL_EXPORTER_OTLP_ENDPOINT", None),
        ("export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_SDK_DISABLED=true", None),
        (
            "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_TRACES_SAMPLER=parentbase_traceidratio",
            Some("did you mean `parentbased_traceidratio`?"),
        ),
    ] {
        let gate = Gate::below(variables, Bundle::new(&with("")), &["--upstream", &upstream.url()]);
        let before = upstream.got().len();
        assert_eq!(
            gate.connect().post(ALICE, &[("traceparent", &http)], &called("echo", &meta)).status(),
            200
        );
        let got = &upstream.got()[before];
        assert_eq!(got.body, called("echo", &meta), "{variables}");
        assert_eq!(header(got, "traceparent").as_deref(), Some(http.as_str()), "{variables}");
        assert_eq!(log.is_some(), gate.log().contains("nothing is traced"), "{variables}");
        assert!(log.is_none_or(|log| gate.log().contains(log)), "{}", gate.log());
    }
}

/// Where each is planted, and what it is.
const CANARIES: &[(&str, &str)] = &[
    ("a good bearer token", ALICE),
    ("an argument", "canary-argument-01"),
    ("the name of an argument", "canary-key-02"),
    ("a result", "canary-result-03"),
    ("an error of the server", "canary-error-04"),
    ("a header", "canary-header-05"),
    ("the query of the URL", "canary-query-06"),
    ("the name of an unknown tool", "canary_tool_07"),
    ("the URI of a resource", "canary-uri-08"),
    ("a session", "canary-session-09"),
    ("a progress token", "canary-progress-10"),
    ("an id", "canary-id-11"),
    ("the state of a trace", "canary-state-12"),
    ("baggage", "canary-baggage-13"),
    ("an unknown method", "canary/method-14"),
    ("a body that is no JSON", "canary-body-15"),
    ("a card in an argument", "4111111111111111"),
];

#[test]
fn no_planted_secret_shows_up_in_a_span() {
    let collector = Collector::start();
    let upstream = Upstream::start(|got, stream| {
        let body = if got.subject() == "lookup" {
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"canary-error-04"}}"#.to_owned()
        } else {
            result(&got.body, r#"{"content":[{"type":"text","text":"canary-result-03"}]}"#)
        };
        send_json(stream, 200, &body);
        After::Keep
    });
    let callers = callers();
    let policy = format!(
        "version: 1\nserver: {{ id: clinic }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  echo: {{ class: read }}\n  lookup: {{ class: read }}\n\
         allow:\n  - {{ id: all, roles: [reader], classes: [read] }}\n  \
           - {{ id: reads, roles: [reader], methods: [resources/read, prompts/get] }}\n\
         redact:\n  - {{ id: cards, on: arguments, detectors: [pan], action: mask }}\n"
    );
    let gate = gate(&policy, &upstream, &collector, "");
    let arguments = r#"{"card":"4111111111111111","note":"canary-argument-01","canary-key-02":1}"#;
    let traced = format!("00-{TRACE}-{SPAN}-01");
    let headers = [
        ("X-Api-Key", "canary-header-05"),
        ("traceparent", &traced),
        ("tracestate", "a=canary-state-12"),
        ("baggage", "u=canary-baggage-13"),
    ];
    let say = |body: &str| gate.connect().post(ALICE, &headers, body);
    for tool in ["echo", "lookup", "canary_tool_07"] {
        say(&call(1, tool, arguments));
    }
    say(&called(
        "echo",
        &format!(
            r#""progressToken":"canary-progress-10","traceparent":"{traced}","tracestate":"a=canary-state-12","baggage":"u=canary-baggage-13""#
        ),
    ));
    for (id, method, params) in [
        ("\"canary-id-11\"", "resources/read", r#"{"uri":"https://acme.example/canary-uri-08"}"#),
        ("2", "canary/method-14", "{}"),
        ("3", "prompts/get", r#"{"name":"canary-argument-01"}"#),
    ] {
        say(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#));
    }
    say(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"canary-body-15""#);
    gate.connect().post(ALICE, &[("Mcp-Session-Id", "canary-session-09")], &call(1, "echo", "{}"));
    let query = String::from_utf8(request(ALICE, &headers, call(1, "echo", "{}").as_bytes())).expect("text");
    let mut wire = gate.connect();
    wire.send(query.replacen("/mcp", "/mcp?token=canary-query-06", 1).as_bytes());
    wire.try_answer();
    let spans = collector.wait(14);
    let text = format!("{:?}", collector.batches());
    for (place, canary) in CANARIES {
        assert!(!text.contains(canary), "{place} is in a span:\n{text}");
    }
    assert!(
        spans.iter().any(|span| span.name == "_OTHER") && spans.iter().any(|span| span.name == "tools/call")
    );
    // They were planted: the server got what the rules let through.
    let got: String = upstream.got().iter().map(|got| got.head.clone() + &got.body).collect();
    for canary in ["canary-argument-01", "canary-uri-08", "canary-state-12", "canary-progress-10"] {
        assert!(got.contains(canary), "the server never got {canary}");
    }
    assert!(!got.contains("canary-baggage-13"), "baggage goes no further");
}
