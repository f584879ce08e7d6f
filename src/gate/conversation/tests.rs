//! Which source tells a conversation, what tells two apart, and how many may be begun.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::super::{Errand, Gate, Origin, Refusal, SealKey};
use super::*;
use crate::identity::{Evidence, digest};
use crate::json::Document;
use crate::limit::StoreWord;
use crate::policy::{Paint, Source as File, compile};
use crate::scan::Vault;

const SOURCES: &str =
    "conversation: { sources: [header:X-Talk, meta:acme/talk, meta:deep, baggage:talk.id, session] }";
const CALLERS: &[(&str, &str, &str)] =
    &[("alice", "acme", "a"), ("bob", "acme", "a"), ("alice", "globex", "a"), ("alice", "acme", "b")];

fn policy(more: &str) -> std::sync::Arc<Policy> {
    crate::identity::install_crypto();
    let mut text = String::from("version: 1\nserver: { id: s }\ncallers:\n  keys:\n");
    for (place, (user, tenant, agent)) in CALLERS.iter().enumerate() {
        let sha256 = hex(&digest(&format!("key-{place}")));
        text += &format!(
            "    - {{ id: k{place}, sha256: \"{sha256}\", user: {user}, tenant: {tenant}, agent: {agent} }}\n"
        );
    }
    text += "tools: { read: { class: read } }\nallow: [{ id: any, tools: \"*\" }]\n";
    text += more;
    let file = File { name: "policy.yaml".into(), text };
    compile(&[file], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain))).into()
}

fn caller(policy: &Policy, place: usize) -> std::sync::Arc<Caller> {
    let evidence = format!("Bearer key-{place}");
    policy.directory.verify(&Evidence::header(Some(&evidence)), at(0)).settled().expect("a caller")
}

fn at(seconds: u64) -> Now {
    Now { steady: Duration::from_secs(seconds), unix_ms: 0 }
}

/// Header fields by name.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn headers(fields: Fields<'_>) -> HeaderMap {
    let pairs = fields.iter().map(|(name, value)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
    });
    let mut headers = HeaderMap::new();
    pairs.for_each(|(name, value)| {
        headers.append(name, value);
    });
    headers
}

/// The source and the name of the conversation of a message.
fn found(
    policy: &Policy,
    place: usize,
    fields: Fields<'_>,
    meta: &str,
    way: Way<'_>,
) -> Option<(String, String)> {
    let headers = headers(fields);
    let ask = Ask {
        errand: Errand::Listen,
        headers: &headers,
        origin: Origin::default(),
        way,
        now: at(0),
        word: StoreWord::Never,
        trace: None,
    };
    let document = Document::parse(meta.as_bytes()).expect("JSON");
    let conversation = of(policy, &caller(policy, place), &ask, Some(document.root()))?;
    Some((conversation.source(policy), conversation.name()))
}

#[test]
fn the_first_source_that_says_something_counts() {
    let policy = policy(SOURCES);
    let long = |characters: usize| "x".repeat(characters);
    let (fits, exceeds) = (long(CONVERSATION_CHARS_MAX), long(CONVERSATION_CHARS_MAX + 1));
    let wide = format!(r#"{{"acme/talk":"{}"}}"#, "\u{e9}".repeat(CONVERSATION_CHARS_MAX));
    let all = [("x-talk", "1"), ("baggage", "talk.id=3"), ("mcp-session-id", "4")];
    let rows: &[(Fields<'_>, &str, &str)] = &[
        (&all, r#"{"acme/talk":"2"}"#, "header:x-talk"),
        (&all[1..], r#"{"acme/talk":"2"}"#, "meta:acme/talk"),
        (&all[1..], r#"{"acme/talk":2}"#, "meta:acme/talk"),
        (&all[1..], "{}", "baggage:talk.id"),
        (&all[2..], r#"{"baggage":"talk.id=3"}"#, "baggage:talk.id"),
        (&all[2..], "{}", "session"),
        (&[], "{}", ""),
        // What is no id says nothing, and the next source is asked.
        (&[("x-talk", " ")], r#"{"acme/talk":"2"}"#, "meta:acme/talk"),
        (&[("x-talk", "1"), ("x-talk", "2")], "{}", ""),
        (&[("x-talk", &fits[1..])], "{}", "header:x-talk"),
        (&[("x-talk", &fits)], "{}", "header:x-talk"),
        (&[("x-talk", &exceeds)], "{}", ""),
        (&[], &wide, "meta:acme/talk"),
        (&[], r#"{"acme/talk":"a\u0007b"}"#, ""),
        (&[], r#"{"acme/talk":"a\u200bb"}"#, ""),
        (&[], r#"{"acme/talk":"","deep":["x"]}"#, ""),
        (&[("baggage", "talk.id=a%0Ab")], "{}", ""),
        (&[("baggage", "talk.id=1,talk.id=2")], "{}", ""),
        (&[("baggage", "talk.id=1"), ("baggage", "talk.id=2")], "{}", ""),
        (&[("baggage", "other=1"), ("baggage", "talk.id=2")], "{}", "baggage:talk.id"),
        (&[("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")], "{}", ""),
    ];
    for (fields, meta, wanted) in rows {
        let found = found(&policy, 0, fields, meta, Way::Streamable);
        assert_eq!(found.map(|(source, _)| source).unwrap_or_default(), *wanted, "{fields:?} {meta}");
    }
    let of = |way| found(&policy, 0, &[], "{}", way).map(|(source, _)| source);
    assert_eq!(of(Way::EventStream { session: "1" }).as_deref(), Some("session"));
    assert_eq!(of(Way::Pipe { session: "1" }), None, "a process is no conversation");
}

#[test]
fn an_id_is_one_of_its_caller_and_source() {
    let policy = policy(SOURCES);
    let name = |place, fields: &[(&str, &str)], meta: &str| {
        found(&policy, place, fields, meta, Way::Streamable).expect("a conversation").1
    };
    let one = name(0, &[("x-talk", "1")], "{}");
    assert_eq!(one, name(0, &[("x-talk", "1")], r#"{"acme/talk":"2"}"#));
    assert_eq!(one.len(), 32);
    let mut names = vec![one, name(0, &[("x-talk", "2")], "{}"), name(0, &[], r#"{"acme/talk":"1"}"#)];
    names.extend((1..CALLERS.len()).map(|place| name(place, &[("x-talk", "1")], "{}")));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "each is another one");
}

/// A gate that counts calls.
struct Stage {
    gate: Gate,
    policy: std::sync::Arc<Policy>,
}

impl Stage {
    fn new(conversation: &str) -> Self {
        let limits = "limits:\n  - { id: talk, per: [conversation], rate: 2/hour }\n  - { id: user, per: [user], rate: 100/hour }\n";
        // INVARIANT: the literal is long enough.
        let key = SealKey::derive(b"a secret of tests, long enough to be one").unwrap();
        let policy = policy(&format!("{limits}{conversation}\n"));
        Self { gate: Gate::new(key, Vault::new(&[7; 32])), policy }
    }

    /// Whether a call goes through, and what is known of its conversation.
    fn call(&self, talk: &str, seconds: u64) -> (bool, Option<Conversation>) {
        let field = [("x-talk", talk)];
        let headers = headers(if talk.is_empty() { &[] } else { &field });
        let body =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{}}}"#;
        let ask = Ask {
            errand: Errand::Say(body.into()),
            headers: &headers,
            origin: Origin::default(),
            way: Way::Streamable,
            now: at(seconds),
            word: StoreWord::Never,
            trace: None,
        };
        match self.gate.admit(&self.policy, &caller(&self.policy, 0), &ask) {
            Ok(ticket) => (true, ticket.spend().0.conversation),
            Err(Refusal { record, .. }) => (false, record.conversation),
        }
    }

    fn passes(&self, talk: &str, seconds: u64) -> bool {
        self.call(talk, seconds).0
    }
}

#[test]
fn beyond_what_a_caller_may_begin_all_share_one_count() {
    let stage = Stage::new("conversation: { sources: [header:X-Talk], max_new_per_principal: 2/hour }");
    for talk in ["one", "two"] {
        assert!(stage.passes(talk, 0) && stage.passes(talk, 0) && !stage.passes(talk, 0), "{talk}");
    }
    assert_eq!(stage.call("three", 0).1.map(|talk| talk.share), Some(Share::Common));
    assert!(stage.passes("four", 0), "the second of what is shared");
    assert!(!stage.passes("five", 0) && !stage.passes("", 0), "with what names none");
    assert_eq!(stage.call("one", 0).1.map(|talk| talk.share), Some(Share::Own), "what is known stays so");
    assert!(stage.passes("six", 1800) && stage.passes("six", 1800), "another one in half an hour");
}

#[test]
fn silence_parts_the_talks_of_a_caller_that_names_none() {
    let stage = Stage::new("conversation: { sources: [header:X-Talk], fallback: idle-gap 60s }");
    let first = stage.call("", 0);
    assert_eq!(first.1.map(|talk| talk.source), Some(Source::Silence));
    assert!(first.0 && stage.passes("", 59) && !stage.passes("", 118));
    assert!(stage.passes("", 179), "after more than a minute another one begins");
    assert_ne!(stage.call("", 179).1.map(|talk| talk.id), first.1.map(|talk| talk.id));
    assert!(!stage.passes("", 200));
    let without = Stage::new("conversation: { sources: [header:X-Talk] }");
    assert!(without.passes("", 0) && without.passes("", 0) && !without.passes("", 179));
}
