//! What a decision allocates: nothing where it allows. What a scan allocates: nothing where it finds nothing.

#[path = "../benches/decide/bundle.rs"]
mod bundle;
#[path = "../benches/scan/race.rs"]
#[allow(dead_code, reason = "the plan is wanted, not the race")]
mod race;
#[path = "../benches/scan/texts.rs"]
mod texts;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sluicegate::bounds::SCAN_HEAP_BYTES_PER_BYTE;
use sluicegate::json::Document;
use sluicegate::policy::Decision;
use sluicegate::scan::Direction;

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

#[test]
fn the_counter_counts() {
    let measured = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
    assert_eq!(measured.count_total, 1);
}
