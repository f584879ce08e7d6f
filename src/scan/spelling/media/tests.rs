//! What is read of content in base64, and what of it may pass.

use super::*;
use crate::scan::tests::rule;

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe";

fn plan(action: Action) -> Plan {
    Plan::new(vec![rule("r", &[Detector::US_SSN, Detector::EMAIL, Detector::PAN], &[], action)]).unwrap()
}

fn edited(plan: &Plan, text: &str) -> (String, Sighting) {
    let document = Document::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    let sighting = plan.scan(Direction::Results, document.root());
    let edited = String::from_utf8(sighting.splice.clone().apply(text.as_bytes())).unwrap();
    let again = Document::parse(edited.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {edited}"));
    let twice = plan.scan(Direction::Results, again.root()).splice.apply(edited.as_bytes());
    assert_eq!(String::from_utf8(twice).unwrap(), edited, "twice");
    (edited, sighting)
}

fn blob(mime: &str, content: &str) -> String {
    format!(r#"{{"contents":[{{"uri":"file:///n","mimeType":"{mime}","blob":"{content}"}}]}}"#)
}

fn decoded(text: &str) -> Vec<u8> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let first = document.root().get("contents").unwrap().elements().next().unwrap();
    STANDARD.decode(&*first.get("blob").unwrap().string().unwrap()).unwrap()
}

#[test]
fn redacts_text_in_a_blob_and_encodes_it_again() {
    let plan = plan(Action::Mask);
    for (mime, text, wanted) in [
        ("text/plain", "her SSN is 123-45-6789\n", "her SSN is ***-**-****\n"),
        ("application/octet-stream", "mail user@example.com", "mail u***@example.com"),
        ("application/json", "{\"ssn\":\"123-45-6789\",\"n\":1e3}", "{\"ssn\":\"***-**-****\",\"n\":1e3}"),
        (
            "text/plain",
            "caf\u{e9} \"4111111111111111\" \u{1f600}",
            "caf\u{e9} \"************1111\" \u{1f600}",
        ),
    ] {
        let encoded = STANDARD.encode(text);
        let split = format!("{}\\n{}", &encoded[..8], &encoded[8..]);
        let slashed = encoded.replace('/', "\\/");
        for content in [&encoded, &split, &slashed, encoded.trim_end_matches('=')] {
            let (edited, sighting) = edited(&plan, &blob(mime, content));
            assert_eq!(String::from_utf8(decoded(&edited)).unwrap(), wanted);
            let found: Vec<_> = sighting.findings.iter().map(|found| &*found.path).collect();
            assert_eq!(found, ["$.contents[0].blob"]);
        }
    }
}

#[test]
fn changes_nothing_of_what_holds_nothing() {
    let plan = plan(Action::Mask);
    for (mime, content) in [
        ("text/plain", STANDARD.encode("nothing here, twice over")),
        ("image/png", STANDARD.encode(PNG)),
        ("text/plain", STANDARD.encode(b"caf\xe9 in Latin-1")),
        ("text/plain", "not base64!".into()),
        ("text/plain", String::new()),
    ] {
        let text = blob(mime, &content);
        assert_eq!(edited(&plan, &text).0, text);
    }
}

#[test]
fn takes_what_only_claims_to_be_base64_for_text() {
    let plan = plan(Action::Mask);
    for (text, wanted) in [
        (blob("text/plain", "SSN 123-45-6789"), blob("text/plain", "SSN ***-**-****")),
        (blob("image/png", "4111111111111111"), blob("image/png", "************1111")),
        (
            r#"{"structuredContent":{"blob":"user@example.com","data":"user@example.com"}}"#.into(),
            r#"{"structuredContent":{"blob":"u***@example.com","data":"u***@example.com"}}"#.into(),
        ),
        (
            r#"{"content":[{"type":"image","data":"iVBORw0KGgo= 123-45-6789"}]}"#.into(),
            r#"{"content":[{"type":"image","data":"iVBORw0KGgo= ***-**-****"}]}"#.into(),
        ),
    ] {
        assert_eq!(edited(&plan, &text).0, wanted);
    }
}

#[test]
fn blocks_and_shows_what_stands_in_a_blob() {
    let text = blob("text/plain", &STANDARD.encode("her SSN is 123-45-6789, or user@example.com"));
    let (_, sighting) = edited_unchecked(&plan(Action::Block), &text);
    let blocked = sighting.blocked.map(|place| &*sighting.findings[place].path);
    assert_eq!(blocked, Some("$.contents[0].blob"));
    let document = Document::parse(text.as_bytes()).unwrap();
    let sights = plan(Action::Mask).sights(Direction::Results, document.root());
    let told: Vec<_> =
        sights.iter().map(|sight| (sight.detector.as_str(), &text[sight.span.clone()])).collect();
    let content = STANDARD.encode("her SSN is 123-45-6789, or user@example.com");
    assert_eq!(told, [("us_ssn", content.as_str()), ("email", content.as_str())]);
}

fn edited_unchecked(plan: &Plan, text: &str) -> (String, Sighting) {
    let document = Document::parse(text.as_bytes()).unwrap();
    let sighting = plan.scan(Direction::Results, document.root());
    (String::from_utf8(sighting.splice.clone().apply(text.as_bytes())).unwrap(), sighting)
}

#[test]
fn withholds_a_text_too_long_to_read_and_reads_one_byte_less() {
    let plan = plan(Action::Mask);
    let text = "x".repeat(SCAN_BLOB_BYTES_MAX);
    let whole = blob("text/plain", &STANDARD.encode(&text[1..]));
    assert_eq!(edited(&plan, &whole).0, whole);
    let (edited, _) = edited(&plan, &blob("text/plain", &STANDARD.encode(format!("{text}xxx"))));
    assert_eq!(
        edited,
        r#"{"contents":[{"uri":"file:///n","mimeType":"text/plain","text":"[binary content withheld by policy]"}]}"#
    );
}

#[test]
fn passes_or_withholds_by_media_type() {
    let png = STANDARD.encode(PNG);
    let image = format!(r#"{{"type":"image","mimeType":"image/png","data":"{png}","_meta":{{"a":1}}}}"#);
    let told = r#"{"type":"text","text":"[image withheld by policy]"}"#;
    let only = |types: &[&str]| Binary::Only(types.iter().map(|kind| (*kind).into()).collect());
    for (binary, passes) in [
        (Binary::Pass, true),
        (Binary::Withhold, false),
        (only(&["image/png"]), true),
        (only(&["audio/wav", "IMAGE/*"]), true),
        (only(&["image/jpeg", "audio/*"]), false),
    ] {
        let plan = Plan::default().with_binary(binary, Mode::Enforce);
        for around in [
            r#"{"content":[{"type":"text","text":"see"},@]}"#,
            r#"{"messages":[{"role":"user","content":@}]}"#,
        ] {
            let wanted = around.replace('@', if passes { &image } else { told });
            assert_eq!(edited(&plan, &around.replace('@', &image)).0, wanted);
        }
    }
    let plan = Plan::default().with_binary(Binary::Withhold, Mode::Enforce);
    for (text, wanted) in [
        (
            blob("application/pdf", &png),
            blob("application/pdf", "[binary content withheld by policy]").replace("blob", "text"),
        ),
        (
            format!(r#"{{"structuredContent":{{"type":"audio","data":"{png}"}}}}"#),
            r#"{"structuredContent":{"type":"audio","data":"[audio withheld by policy]"}}"#.into(),
        ),
        (
            format!(r#"{{"contents":[{{"uri":"a:b","text":"x","blob":"{png}"}}]}}"#),
            r#"{"contents":[{"uri":"a:b","text":"x","blob":""}]}"#.into(),
        ),
    ] {
        let (edited, sighting) = edited(&plan, &text);
        assert_eq!(edited, wanted);
        assert_eq!(sighting.findings.len(), 1);
    }
    let text = blob("text/plain", &STANDARD.encode("a text is no picture"));
    assert_eq!(edited(&plan, &text).0, text);
    let shadow = Plan::default().with_binary(Binary::Withhold, Mode::Shadow);
    let (same, sighting) = edited(&shadow, &blob("application/pdf", &png));
    assert_eq!((same, sighting.findings.len()), (blob("application/pdf", &png), 1));
    let document = Document::parse(image.as_bytes()).unwrap();
    assert!(plan.scan(Direction::Arguments, document.root()).splice.is_empty());
}
