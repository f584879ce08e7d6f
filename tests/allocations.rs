//! What a decision allocates: nothing where it allows. What a scan allocates: nothing where it finds nothing.

#[path = "../benches/decide/bundle.rs"]
mod bundle;
#[path = "../benches/scan/race.rs"]
#[allow(dead_code, reason = "the plan is wanted, not the race")]
mod race;
#[path = "../benches/scan/texts.rs"]
mod texts;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use sluicegate::bounds::SCAN_HEAP_BYTES_PER_BYTE;
use sluicegate::gate::{Ask, Ending, Errand, Gate, Inventory, Origin, Outcome, Overhead, SealKey, Way};
use sluicegate::identity::Supposed;
use sluicegate::json::Document;
use sluicegate::limit::StoreWord;
use sluicegate::names::Now;
use sluicegate::policy::{Decision, Definition, Lock, LockedTool, Source, compile};
use sluicegate::scan::{Direction, Vault};

#[test]
fn an_allowed_call_allocates_nothing() {
    let caller = bundle::caller();
    let arguments = Document::parse(bundle::ARGUMENTS.as_bytes()).expect("arguments are JSON");
    for policy in [bundle::policy(), bundle::policy_of_many()] {
        let mut is_allowed = false;
        let measured = allocation_counter::measure(|| {
            let standing = policy.standing(&caller, bundle::TODAY_UNIX_MS);
            let decision = policy.judge_call(&standing, "db_query", Some(arguments.root()));
            is_allowed = matches!(decision, Decision::Allow { .. });
        });
        assert!(is_allowed);
        assert_eq!(measured.count_total, 0, "{measured:?}");
    }
}

#[test]
fn a_scan_that_finds_nothing_allocates_nothing() {
    let plan = race::everything();
    for make in [texts::prose, texts::records] {
        for (has_values, is_free) in [(false, true), (true, false)] {
            let text = make(64 * 1024, has_values);
            let document = Document::parse(text.as_bytes()).expect("JSON");
            let mut found = 0;
            let measured = allocation_counter::measure(|| {
                found = plan.scan(Direction::Results, document.root()).findings.len();
            });
            assert_eq!((found == 0, measured.count_total == 0), (is_free, is_free), "{measured:?}");
        }
    }
}

/// Results of 4 MiB with values throughout: in prose, in records, spelled in escapes, in a blob, one upon another.
fn full() -> Vec<(&'static str, String)> {
    let size = 4 << 20;
    let repeat = |piece: &str| piece.repeat(size / piece.len());
    let text = |content: String| format!(r#"{{"content":[{{"type":"text","text":"{content}"}}]}}"#);
    let blob = STANDARD.encode(repeat("mail a@example.com "));
    vec![
        ("prose", texts::prose(size, true)),
        ("records", texts::records(size, true)),
        ("addresses", text(repeat("a@b.co "))),
        ("escapes", text(repeat(r"\u0031\u0032\u0033-45-6789 "))),
        ("members", format!("[{}0]", repeat(r#"{"ssn":"123456789"},"#))),
        (
            "blob",
            format!(r#"{{"contents":[{{"uri":"a:b","mimeType":"text/plain","blob":"{}"}}]}}"#, &blob[..size]),
        ),
    ]
}

/// What a scan and its edits take beside the message, at most, by the bytes of the message.
#[test]
fn a_scan_that_finds_everywhere_stays_within_its_bound() {
    let plan = race::everything();
    for (name, text) in full() {
        let document = Document::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let mut found = 0;
        let measured = allocation_counter::measure(|| found = race::scan(&plan, &document));
        let bound = u64::try_from(SCAN_HEAP_BYTES_PER_BYTE * text.len()).expect("a size");
        println!("{name}: {} found, {} KiB of {} KiB", found, measured.bytes_max / 1024, text.len() / 1024);
        assert!(found > 1000 && measured.bytes_max <= bound, "{name}: {measured:?}");
    }
}

/// What is hostile to a scanner, each piece over and over: twice as much may cost twice as much.
#[test]
fn a_scan_of_twice_as_much_allocates_no_more_than_twice_as_much() {
    let plan = race::everything();
    for piece in PIECES {
        let cost = |count: usize| {
            let text = format!("{{\"a\":\"{}\",\"b\":1}}", piece.repeat(count / piece.len()));
            let Ok(document) = Document::parse(text.as_bytes()) else { panic!("{piece} is no JSON") };
            let measured = allocation_counter::measure(|| {
                std::hint::black_box(plan.scan(Direction::Results, document.root()));
            });
            measured.bytes_total
        };
        let (one, two) = (cost(64 << 10), cost(128 << 10));
        assert!(two <= 2 * one + one / 4 + 4096, "{piece}: {one}, then {two} bytes");
    }
}

/// Pieces of a string; long runs of them must not cost more than their length.
const PIECES: &[&str] = &[
    r#"\""#,
    r"\\",
    "@",
    "a@b.co",
    "a@",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ.",
    "eyJhbGciOiJub25lIn0.",
    "[",
    "{",
    r#"{\"ssn\":"#,
    r#"\"ssn\":1,"#,
    r#"\"name\":\"x\","#,
    r"\u0031",
    r"\u00e9",
    "QUJD",
    "MTIzLTQ1LTY3ODkg",
    "1",
    "1-",
    "4111 ",
    "a.",
    "password=",
    "SSN: ",
    "%34",
    "&#52;",
    "https://a:b@",
    "AKIA",
];

/// What the gate allocates for an allowed call of a tool whose caller was shown the list, approved or not.
fn call(is_pinned: bool) -> u64 {
    sluicegate::identity::install_crypto();
    const TOOL: &str = r#"{"name":"look","inputSchema":{"type":"object"}}"#;
    let now = Now { steady: Duration::from_secs(1), unix_ms: bundle::TODAY_UNIX_MS };
    let text = "version: 1\nserver: { id: s }\ncallers: { anonymous: allow }\ntools: { look: { class: read } }\n\
                allow: [{ id: any, tools: [look] }]\n";
    let mut sources = vec![Source { name: "policy.yaml".into(), text: text.into() }];
    if is_pinned {
        let definition = Definition::read(Document::parse(TOOL.as_bytes()).expect("JSON").root());
        let tool = LockedTool::approved(definition.expect("a definition").into(), None);
        let lock = Lock { tools: vec![tool], ..Lock::default() };
        sources.push(Source { name: "tools.lock.yaml".into(), text: lock.render() });
    }
    let policy = Arc::new(compile(&sources, now.unix_ms).expect("it compiles"));
    assert_eq!(policy.has_pins(), is_pinned);
    let key = SealKey::derive(b"handles that nobody outside of here sees").expect("a long secret");
    let (gate, caller) = (Gate::new(key, Vault::new(&[7; 32])), Supposed::caller(None).expect("anonymous"));
    let headers = HeaderMap::new();
    let admit = || {
        let body =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{}}}"#;
        let (errand, origin) = (Errand::Say(Bytes::from_static(body.as_bytes())), Origin::default());
        let (way, word) = (Way::Streamable, StoreWord::Never);
        let ask = Ask { errand, headers: &headers, origin, way, now, word, trace: None };
        gate.admit(&policy, &caller, &ask).expect("it is allowed")
    };
    let settle = |ticket| {
        let (outcome, overhead) = (Outcome::Success, Overhead::default());
        gate.settle(
            ticket,
            Ending { outcome, http_status: 200, duration: Duration::ZERO, bytes: 0, overhead },
        );
    };
    let first = admit();
    assert_eq!(gate.wants_inventory(&first, now), is_pinned, "nobody was shown a list yet");
    gate.survey(&policy, &Inventory::of(&first, &[TOOL.to_owned()]), now).expect("a list");
    settle(first);
    let measured = allocation_counter::measure(|| {
        let ticket = admit();
        assert!(!gate.wants_inventory(&ticket, now));
        settle(ticket);
    });
    measured.count_total
}

#[test]
fn that_its_tool_is_pinned_costs_an_allowed_call_no_allocation() {
    let (plain, pinned) = (call(false), call(true));
    println!("{plain} allocations of a call, {pinned} of one whose tool is pinned");
    assert_eq!(plain, pinned);
}

#[test]
fn the_counter_counts() {
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
    assert_eq!(measured.count_total, 1);
}
