//! Which trace a message belongs to, and what its server is told.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::stage::{Stage, at};
use super::super::{Ask, Denial, Errand, Origin, Refusal, Ticket, Way};
use super::*;
use crate::limit::StoreWord;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "b7ad6b7169203331";
/// Our ids where nobody has begun a trace, and those of our spans.
const OURS: &str = "01010101010101010101010101010101";
const SERVER: &str = "0202020202020202";
const CLIENT: &str = "0303030303030303";

fn seed(sampler: Sampler) -> Seed {
    Seed {
        trace_id: TraceId::new([1; 16]).unwrap(),
        server: SpanId::new([2; 8]).unwrap(),
        client: SpanId::new([3; 8]).unwrap(),
        sampler,
        unix_ns: 7,
        wire: Wire::Pipe,
    }
}

fn body(meta: &str) -> Bytes {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read","arguments":{{"q" : 1e0}}{meta}}}}}"#)
        .into()
}

fn judge(
    stage: &Stage,
    headers: &[(&str, &str)],
    body: Bytes,
    trace: Option<Seed>,
) -> Result<Ticket, Box<Refusal>> {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let (errand, origin, way) = (Errand::Say(body), Origin::default(), Way::Streamable);
    let ask = Ask { errand, headers: &headers, origin, way, now: at(0), word: StoreWord::Never, trace };
    stage.gate.admit(&stage.policy, &stage.caller(), &ask).map_err(Box::new)
}

fn settle(stage: &Stage, ticket: Ticket) {
    use crate::gate::{Ending, Outcome, Overhead};
    let (duration, overhead) = (Duration::ZERO, Overhead::default());
    let ending = Ending { outcome: Outcome::Success, http_status: 200, duration, bytes: 0, overhead };
    stage.gate.settle(ticket, ending);
}

/// What came of a message.
#[derive(Debug, PartialEq)]
struct Came {
    parent: Option<String>,
    link: Option<String>,
    header: String,
    state: Option<String>,
    body: Bytes,
}

fn send(headers: &[(&str, &str)], meta: &str) -> Came {
    let stage = Stage::new("");
    let ticket = judge(&stage, headers, body(meta), Some(seed(Sampler::ParentBased(Share::ALL))));
    let ticket = ticket.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let trace = ticket.record().trace.as_ref().unwrap();
    let text = |name| ticket.claims().get(name).map(|value| value.to_str().unwrap().to_owned());
    let came = Came {
        parent: trace.parent.map(|it| it.to_string()),
        link: trace.link.map(|it| it.to_string()),
        header: text("traceparent").unwrap(),
        state: text("tracestate"),
        body: ticket.body(),
    };
    settle(&stage, ticket);
    came
}

#[test]
fn takes_its_parent_from_meta_before_the_header_and_links_that() {
    let (a, b) = (format!("00-{TRACE}-{SPAN}-01"), format!("00-{OTHER}-{SPAN}-00"));
    let (a, b) = (a.as_str(), b.as_str());
    let in_meta = |text: &str| format!(r#","_meta":{{"traceparent":"{text}"}}"#);
    let rows = [
        (None, String::new(), None, None, OURS, "01"),
        (Some(a), String::new(), Some(a), None, TRACE, "01"),
        (Some(b), String::new(), Some(b), None, OTHER, "00"),
        (None, in_meta(a), Some(a), None, TRACE, "01"),
        (Some(b), in_meta(a), Some(a), Some(b), TRACE, "01"),
        (Some(a), in_meta(a), Some(a), None, TRACE, "01"),
        (Some(b), in_meta("00-nonsense"), Some(b), None, OTHER, "00"),
        (Some("00-nonsense"), in_meta(a), Some(a), None, TRACE, "01"),
        (Some("00-nonsense"), in_meta("x"), None, None, OURS, "01"),
        (Some(a), r#","_meta":{"traceparent":7}"#.into(), Some(a), None, TRACE, "01"),
    ];
    for (header, meta, parent, link, trace, flags) in rows {
        let headers: Vec<_> = header.map(|value| ("traceparent", value)).into_iter().collect();
        let came = send(&headers, &meta);
        assert_eq!((came.parent.as_deref(), came.link.as_deref()), (parent, link), "{header:?} {meta}");
        let ours = format!("00-{trace}-{CLIENT}-{flags}");
        assert_eq!(came.header, ours, "{header:?} {meta}");
        // In the body only where it was, and there the same.
        let told = if meta.is_empty() { String::new() } else { in_meta(&ours) };
        assert_eq!(came.body, body(&told), "{header:?} {meta}");
    }
    let twice = send(&[("traceparent", a), ("traceparent", b)], "");
    assert_eq!(twice.parent, None, "two parents are none");
}

#[test]
fn hands_on_a_state_with_its_parent_and_no_baggage() {
    let a = format!("00-{TRACE}-{SPAN}-01");
    let ours = format!("00-{TRACE}-{CLIENT}-01");
    let state = ("tracestate", "congo=t61");
    let came = send(&[("traceparent", &a), state, ("tracestate", "rojo=1")], "");
    assert_eq!(came.state.as_deref(), Some("congo=t61,rojo=1"));
    for (headers, wanted) in [
        (&[("traceparent", "x"), state][..], None),
        (&[state], None),
        (&[("traceparent", &a), ("tracestate", "no state")], None),
    ] {
        assert_eq!(send(headers, "").state.as_deref(), wanted, "{headers:?}");
    }
    // Members of `_meta` as they come, as they go on, and the state in the header.
    let rows = [
        (
            format!(r#""traceparent":"{a}","tracestate":"b=2""#),
            format!(r#""traceparent":"{ours}","tracestate":"b=2""#),
            Some("b=2"),
        ),
        (format!(r#""traceparent":"{a}","tracestate":"B""#), format!(r#""traceparent":"{ours}""#), None),
        (r#""tracestate":"b=2""#.into(), String::new(), None),
        (r#""tracestate":"b=2" , "k":1"#.into(), r#""k":1"#.into(), None),
        (r#""k" : [1] , "baggage":"u=ann""#.into(), r#""k" : [1]"#.into(), None),
        (r#""baggage":"u=ann","tracestate":"b=2","k":1"#.into(), r#""k":1"#.into(), None),
        (r#""k":1,"baggage":"u=ann","tracestate":"b=2","l":2"#.into(), r#""k":1,"l":2"#.into(), None),
        (
            format!(r#""baggage":"u=ann","traceparent":"{a}","tracestate":7"#),
            format!(r#""traceparent":"{ours}""#),
            None,
        ),
        (
            format!(r#""traceparent":"{a}","bag\u0067age":""#) + r#"u=ann","k":"\u00e9""#,
            format!(r#""traceparent":"{ours}","k":"\u00e9""#),
            None,
        ),
        (r#""progressToken":"p-1""#.into(), r#""progressToken":"p-1""#.into(), None),
    ];
    for (members, wanted, state) in rows {
        let meta = |members: &str| format!(r#","_meta":{{{members}}}"#);
        let came = send(&[], &meta(&members));
        assert_eq!(came.body, body(&meta(&wanted)), "{members}");
        assert_eq!(came.state.as_deref(), state, "{members}");
    }
}

#[test]
fn changes_nothing_where_nothing_is_traced() {
    let meta = format!(r#","_meta":{{"traceparent":"00-{TRACE}-{SPAN}-01","baggage":"u=ann"}}"#);
    let stage = Stage::new("");
    let ticket = judge(&stage, &[("traceparent", "x")], body(&meta), None).unwrap();
    assert_eq!(ticket.body(), body(&meta));
    assert!(!ticket.is_traced() && ticket.claims().get("traceparent").is_none());
    settle(&stage, ticket);
}

#[test]
fn a_refused_message_has_its_place_and_was_not_forwarded() {
    let stage = Stage::new("");
    let unknown = String::from_utf8(body("").to_vec()).unwrap().replace("\"read\"", "\"nothing\"");
    let header = format!("00-{TRACE}-{SPAN}-01");
    let trace = Some(seed(Sampler::ParentBased(Share::NONE)));
    let refusal =
        judge(&stage, &[("traceparent", &header)], unknown.into(), trace).expect_err("it is forbidden");
    assert!(matches!(refusal.denial, Denial::Forbidden { .. }));
    let trace = refusal.record.trace.expect("it is traced");
    assert_eq!(trace.server().to_string(), format!("00-{TRACE}-{SERVER}-01"));
    assert_eq!(trace.forwarded, None);
}

#[test]
fn writes_our_parent_where_a_rule_would_have_written_over_the_clients() {
    let stage =
        Stage::new("redact:\n  - { id: f, on: arguments, fields: [traceparent, baggage], action: mask }\n");
    let meta = format!(r#","_meta":{{"traceparent":"00-{TRACE}-{SPAN}-01","baggage":"u=ann","k":1}}"#);
    let ticket = judge(&stage, &[], body(&meta), Some(seed(Sampler::ParentBased(Share::ALL)))).unwrap();
    let wanted = format!(r#","_meta":{{"traceparent":"00-{TRACE}-{CLIENT}-01","k":1}}"#);
    assert_eq!(ticket.body(), body(&wanted));
    settle(&stage, ticket);
}

#[test]
fn keeps_the_share_that_it_is_told_to() {
    let parent = |flags| TraceContext::parse(&format!("00-{TRACE}-{SPAN}-{flags}"));
    let low = |byte: u8| TraceId::new([[1; 8], [byte; 8]].concat().try_into().unwrap()).unwrap();
    let half = Share::of(0.5).unwrap();
    let (kept, dropped) = (Sampling::Sampled, Sampling::Dropped);
    let rows = [
        (Sampler::ParentBased(Share::ALL), 9, None, kept),
        (Sampler::ParentBased(Share::NONE), 9, None, dropped),
        (Sampler::ParentBased(Share::NONE), 9, parent("01"), kept),
        (Sampler::ParentBased(Share::ALL), 9, parent("00"), dropped),
        (Sampler::Alone(Share::ALL), 9, parent("00"), kept),
        (Sampler::Alone(Share::NONE), 9, parent("01"), dropped),
        (Sampler::ParentBased(half), 0x7f, None, kept),
        (Sampler::ParentBased(half), 0x80, None, dropped),
        (Sampler::Alone(half), 0x00, None, kept),
        (Sampler::Alone(Share::ALL), 0xff, None, kept),
    ];
    for (sampler, byte, parent, wanted) in rows {
        assert_eq!(sampler.sampling(low(byte), parent), wanted, "{sampler:?} {byte:x}");
    }
    for (ratio, is_good) in [(-0.01, false), (0.0, true), (1.0, true), (1.01, false), (f64::NAN, false)] {
        assert_eq!(Share::of(ratio).is_some(), is_good, "{ratio}");
    }
    assert_eq!((Share::of(0.0), Share::of(1.0)), (Some(Share::NONE), Some(Share::ALL)));
}
