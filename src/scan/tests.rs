//! What redaction promises, over the detector table and as whole documents.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::json::{Document, Kind, Value, quote};
use crate::names::{Label, Mode};

pub(super) fn rule(id: &str, detectors: &[Detector], fields: &[&str], action: Action) -> Rule {
    Rule {
        id: Label::parse(id).unwrap(),
        on: Direction::Results,
        detectors: detectors.to_vec(),
        fields: fields.iter().map(|field| FieldPattern::parse(field).unwrap()).collect(),
        action,
        keep_last: None,
        confidence: Confidence::Possible,
        allow_pan: false,
        mode: Mode::Enforce,
    }
}

pub(super) fn everything(action: Action) -> Plan {
    let all: Vec<_> = Detector::ALL.iter().copied().filter(|detector| *detector != Detector::FIELD).collect();
    Plan::new(vec![rule("all", &all, &["customer_id", "patient.name"], action)]).unwrap()
}

pub(super) fn redact(plan: &Plan, text: &str) -> (String, Sighting) {
    let document = Document::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    let sighting = plan.scan(Direction::Results, document.root());
    let edited = String::from_utf8(sighting.splice.clone().apply(text.as_bytes())).unwrap();
    assert!(Document::parse(edited.as_bytes()).is_ok(), "{text}\n{edited}");
    (edited, sighting)
}

#[track_caller]
pub(super) fn check(plan: &Plan, text: &str, wanted: &str) {
    let (edited, _) = redact(plan, text);
    assert_eq!(edited, wanted, "{text}");
    assert_eq!(redact(plan, &edited).0, edited, "twice");
}

#[test]
fn respells_nothing_but_what_it_writes_over() {
    let mask = everything(Action::Mask);
    check(&mask, r#"{"t":"\u0031\u0032\u0033-45-6789 caf\u00e9"}"#, r#"{"t":"***-**-**** caf\u00e9"}"#);
    check(
        &mask,
        r#"{"t":"{\u0022ssn\u0022:\u0022123456789\u0022}"}"#,
        r#"{"t":"{\u0022ssn\u0022:\u0022*********\u0022}"}"#,
    );
    check(&mask, r#"{"\u0073sn":"1 2 3 4 5 6 7 8 9"}"#, r#"{"\u0073sn":"* * * * * * * * *"}"#);
    check(&mask, r#"{"ss\u006e":"1 2 3 4 5 6 7 8 9"}"#, r#"{"ss\u006e":"* * * * * * * * *"}"#);
    check(&mask, r#"{"\u0073\u0073\u006E":"123456780"}"#, r#"{"\u0073\u0073\u006E":"*********"}"#);
    check(
        &mask,
        r#"{"t":"\u2019123-45-6789\u00e9x\nbob@example.com"}"#,
        r#"{"t":"\u2019***-**-****\u00e9x\nb***@example.com"}"#,
    );
}

#[test]
fn masks_by_form_and_leaves_every_other_byte() {
    let plan = everything(Action::Mask);
    for (text, wanted) in [
        (
            r#"{ "content" : [ {"type":"text","text":"SSN 123-45-6789,\tcard 4111 1111 1111 1111 \u00fc"} ],"n":1e3 }"#,
            r#"{ "content" : [ {"type":"text","text":"SSN ***-**-****,\tcard **** **** **** 1111 \u00fc"} ],"n":1e3 }"#,
        ),
        (r#"{"email":"user@example.com","age":41}"#, r#"{"email":"u***@example.com","age":41}"#),
        (r#"{"ssns":["123456789",123456789,null,true]}"#, r#"{"ssns":["*********",999999999,null,true]}"#),
        (r#"{"ssn":["123456789",123456789,null,true]}"#, r#"{"ssn":["*********",999999999,null,true]}"#),
        (
            r#"{"ssn":{"type":"string","description":"as on the card 2024"}}"#,
            r#"{"ssn":{"type":"string","description":"as on the card 2024"}}"#,
        ),
        (
            r#"{"ssn":{"type":"string","value":"123456789"}}"#,
            r#"{"ssn":{"type":"string","value":"*********"}}"#,
        ),
        (
            r#"{"card":4111111111111111,"x":[4111111111111111.0]}"#,
            r#"{"card":8999999999991111,"x":[999999999999999]}"#,
        ),
        (
            r#"{"x":4.111111111111111e15,"y":4111111111111112}"#,
            r#"{"x":999999999999999,"y":4111111111111112}"#,
        ),
        (r#"{"t":"{\"card\": 4111111111111111}"}"#, r#"{"t":"{\"card\": 8999999999991111}"}"#),
        (
            r#"{"t":"{\n  \"dob\" : \"1980-02-29\",\n  \"mrn\": 1234567\n}"}"#,
            r#"{"t":"{\n  \"dob\" : \"****-**-**\",\n  \"mrn\": 9999999\n}"}"#,
        ),
        (r#"{"password":"required","token":"required"}"#, r#"{"password":"********","token":"required"}"#),
        (
            r#"{"customerId":"abc-12","customer_id":7,"customer":{"id":7}}"#,
            r#"{"customerId":"***-**","customer_id":9,"customer":{"id":7}}"#,
        ),
        (
            r#"{"patient":[{"name":"Ann Lee"}],"doctor":{"name":"Ann"}}"#,
            r#"{"patient":[{"name":"*** ***"}],"doctor":{"name":"Ann"}}"#,
        ),
        (
            r#"{"nextCursor":"user@example.com","_meta":{"progressToken":"123-45-6789"}}"#,
            r#"{"nextCursor":"user@example.com","_meta":{"progressToken":"123-45-6789"}}"#,
        ),
        (
            r#"{"structuredContent":{"cursor":"user@example.com"}}"#,
            r#"{"structuredContent":{"cursor":"u***@example.com"}}"#,
        ),
        (
            r#"{"content":[{"type":"image","data":"+442079460958"}],"data":"+442079460958"}"#,
            r#"{"content":[{"type":"image","data":"+************"}],"data":"+************"}"#,
        ),
    ] {
        check(&plan, text, wanted);
    }
}

#[test]
fn replaces_and_drops_at_the_right_depth() {
    let replace = everything(Action::Replace);
    check(&replace, r#"{"card":4111111111111111}"#, r#"{"card":"[PAN]"}"#);
    check(
        &replace,
        r#"{"t":"{\"card\":4111111111111111,\"l\":[4111111111111111]}"}"#,
        r#"{"t":"{\"card\":\"[PAN]\",\"l\":[\"[PAN]\"]}"}"#,
    );
    check(
        &replace,
        r#"{"t":"{\"u\":\"{\\\"ssn\\\":123456789}\"}"}"#,
        r#"{"t":"{\"u\":\"{\\\"ssn\\\":\\\"[SSN]\\\"}\"}"}"#,
    );
    let drop = everything(Action::Drop);
    check(&drop, r#"{"ssn":"123456789","t":"to user@example.com"}"#, r#"{"ssn":null,"t":"to [REDACTED]"}"#);
    check(
        &drop,
        r#"{"t":"{\"ssn\":\"123456789\",\"mrn\":1234567}"}"#,
        r#"{"t":"{\"ssn\":null,\"mrn\":null}"}"#,
    );
}

#[test]
fn renames_keys_that_are_data_without_collision() {
    let plan = everything(Action::Mask);
    check(
        &plan,
        r#"{"a@example.com":1,"b@example.com":{"ssn":"123456789"},"[EMAIL_1]":2,"t":"{\"a@example.com\":1}"}"#,
        r#"{"[EMAIL_2]":1,"[EMAIL_3]":{"ssn":"*********"},"[EMAIL_1]":2,"t":"{\"[EMAIL_2]\":1}"}"#,
    );
}

#[test]
fn tells_where_and_how_often_but_not_what() {
    let plan = everything(Action::Mask);
    let text = r#"{"content":[{"text":"a@example.com b@example.com"},{"text":"123-45-6789"}],"s":{"a@example.com":[{"ssn":"123456789"},{"ssn":"987654321"}]}}"#;
    let (_, sighting) = redact(&plan, text);
    let found: Vec<_> = sighting.findings.iter().map(|f| (f.detector.as_str(), f.count, &*f.path)).collect();
    let wanted = [
        ("email", 2, "$.content[0].text"),
        ("us_ssn", 1, "$.content[1].text"),
        ("email", 1, "$.s.*"),
        ("us_ssn", 1, "$.s.*[0].ssn"),
        ("us_ssn", 1, "$.s.*[1].ssn"),
    ];
    assert_eq!(found, wanted);
    assert!(!format!("{:?}", sighting.findings).contains("example.com"));
}

#[test]
fn lets_the_strictest_rule_win_and_shadow_change_nothing() {
    let mut shadow = rule("shadow", &[Detector::EMAIL], &[], Action::Block);
    shadow.mode = Mode::Shadow;
    let rules =
        |last| vec![rule("mask", &[Detector::EMAIL, Detector::PAN], &[], Action::Mask), shadow.clone(), last];
    let text = r#"{"a":"4111111111111111","t":"user@example.com"}"#;
    let plan = Plan::new(rules(rule("block", &[Detector::EMAIL], &[], Action::Block))).unwrap();
    let (_, sighting) = redact(&plan, text);
    let found: Vec<_> = sighting.findings.iter().map(|f| (f.rule.as_str(), f.mode)).collect();
    assert_eq!(found, [("mask", Mode::Enforce), ("block", Mode::Enforce), ("shadow", Mode::Shadow)]);
    assert_eq!(sighting.blocked, Some(1));
    let plan = Plan::new(vec![shadow.clone()]).unwrap();
    let (edited, sighting) = redact(&plan, text);
    assert_eq!((edited.as_str(), sighting.blocked, sighting.findings.len()), (text, None, 1));
}

#[test]
fn shadow_widens_no_edit() {
    let mut shadow = rule("shadow", &[], &["note"], Action::Drop);
    shadow.mode = Mode::Shadow;
    let mask = rule("mask", &[Detector::EMAIL], &[], Action::Replace);
    let plan = Plan::new(vec![shadow, mask]).unwrap();
    let text = r#"{"note":"write to user@example.com or root@example.com"}"#;
    let (edited, sighting) = redact(&plan, text);
    assert_eq!(edited, r#"{"note":"write to [EMAIL] or [EMAIL]"}"#);
    let found: Vec<_> = sighting.findings.iter().map(|f| (f.rule.as_str(), f.count)).collect();
    assert_eq!(found, [("mask", 2), ("shadow", 1)]);
}

#[test]
fn values_that_lie_over_each_other_take_the_run_that_they_cut() {
    let plan = Plan::new(vec![rule("all", Detector::ALL, &[], Action::Replace)]).unwrap();
    for text in [
        r#"["DE89DOB=====4J11- 111=====}=b2=gi3b20+1300-0=====E=======PHONE==============DOB===11`7611588======-=}=b2-0"]"#,
        r#"["DDoB=p4z044?0PMAK-====PHONE=?0====PHONE=71E07711 055556935693v300==========-===========0"]"#,
    ] {
        let once = redact(&plan, text).0;
        assert_eq!(redact(&plan, &once).0, once, "{text}");
    }
}

#[test]
fn stops_at_a_value_in_what_a_request_was_judged_by() {
    let mut mask = rule("mask", &[Detector::EMAIL], &[], Action::Mask);
    mask.on = Direction::Arguments;
    mask.fields = vec![FieldPattern::parse("name").unwrap()];
    let plan = Plan::new(vec![mask]).unwrap();
    for (text, wanted) in [
        (r#"{"name":"tool","arguments":{"name":"x"}}"#, Some(r#"{"name":"tool","arguments":{"name":"*"}}"#)),
        (r#"{"name":"a@example.com","arguments":{}}"#, None),
        (r#"{"uri":"mail:a@example.com"}"#, None),
        (r#"{"ref":{"type":"ref/prompt","name":"a@example.com"}}"#, None),
    ] {
        let document = Document::parse(text.as_bytes()).unwrap();
        let sighting = plan.scan(Direction::Arguments, document.root());
        assert_eq!(sighting.blocked.is_none(), wanted.is_some(), "{text}");
        if let Some(wanted) = wanted {
            assert_eq!(String::from_utf8(sighting.splice.apply(text.as_bytes())).unwrap(), wanted);
        }
    }
    assert!(plan.is_empty(Direction::Results) && !plan.is_empty(Direction::Arguments));
}

#[test]
fn bounds_its_findings_and_its_time() {
    let plan = everything(Action::Mask);
    let many: Vec<_> = (0..1000)
        .map(|at| format!("\"k{}\":\"a{at}@example.com\"", "x".repeat(at % 40) + &at.to_string()))
        .collect();
    let (_, sighting) = redact(&plan, &format!("{{{}}}", many.join(",")));
    assert_eq!(sighting.findings.len(), crate::bounds::SCAN_FINDINGS_MAX + 1);
    assert_eq!(sighting.findings.iter().map(|finding| finding.count).sum::<u32>(), 1000);
    for (piece, end) in [
        ("{\\\"ssn\\\":", ""),
        ("{\\\"patient\\\":", ""),
        ("eyJ.", ""),
        ("-----BEGIN PRIVATE KEY-----", ""),
        ("\\\\", "x"),
    ] {
        redact(&plan, &format!("{{\"t\":\"{}{end}\"}}", piece.repeat(20_000)));
    }
}

#[test]
fn refuses_rules_that_mean_nothing() {
    let nothing = rule("none", &[], &[], Action::Mask);
    assert_eq!(Plan::new(vec![nothing.clone()]).err(), Some(PlanFault::Nothing(nothing.id)));
    let some = rule("some", &[Detector::EMAIL], &[], Action::Mask);
    assert!(Plan::new(vec![some.clone(); 64]).is_ok());
    assert_eq!(Plan::new(vec![some; 65]).err(), Some(PlanFault::TooMany));
    for (text, fault) in
        [("", PatternFault::Empty), ("a..b", PatternFault::Empty), ("*", PatternFault::Unbounded)]
    {
        assert_eq!(FieldPattern::parse(text).err(), Some(fault), "{text}");
    }
}

#[test]
fn survives_arbitrary_bytes() {
    for text in ["", "{}", "\"\\u0031\"", "[\"a@b.co\",4111111111111111]", "{\"ssn\":\"\\u0031\\\\\"}"] {
        fuzz_scan(text.as_bytes());
    }
}

/// All scalars of a document that hold no finding's text must stay: counts leaves of each kind.
fn shape(value: Value<'_>) -> Vec<Kind> {
    let mut kinds = vec![value.kind()];
    value.members().for_each(|(_, member)| kinds.extend(shape(member)));
    value.elements().for_each(|element| kinds.extend(shape(element)));
    kinds
}

const PIECES: &[&str] = &[
    "123-45-6789",
    "4111111111111111",
    "4111 1111 1111 1111",
    "user@example.com",
    "@",
    "-",
    ".",
    "+442079460958",
    "202-555-0143",
    "192.0.2.1",
    "DE89370400440532013000",
    "AKIAIOSFODNN7EXAMPLE",
    "\\n",
    "\\\\",
    "\\\"",
    "\\u0031",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\u{e9}",
    " ",
    "x",
    "7",
    "*",
    "[",
    "\\\"ssn\\\":",
    "{\\\"mrn\\\":",
    "\\\"a\\\"",
    ",",
    "1234567",
    "}",
    "\\/",
    "eyJhbGciOiJub25lIn0.e30.",
    "-----BEGIN PRIVATE KEY-----",
    "Patient ",
    "Dr. ",
    " Ann",
    " Lee",
    " and",
    " Main",
    " Street",
    ", 12",
    "\\n",
    "\\\"name\\\":\\\"",
];

/// Plans of every detector, which take long to make.
static TRIALS: LazyLock<Trials> = LazyLock::new(Trials::default);

proptest! {
    #[test]
    fn keeps_json_whole_other_bytes_as_they_are_and_finds_nothing_twice(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        key in prop::sample::select(&["t", "ssn", "customer_id", "user@example.com", "password"][..]),
        action in prop::sample::select(&[Action::Mask, Action::Replace, Action::Drop][..]),
    ) {
        let plan = everything(action);
        let text = format!("{{\"{key}\":\"{}\",\"z\":[1e3, true]}}", pieces.concat());
        let (edited, _) = redact(&plan, &text);
        prop_assert!(edited.ends_with(",\"z\":[1e3, true]}"), "tail");
        prop_assert_eq!(redact(&plan, &edited).0, edited.clone(), "from {}", text);
        if action == Action::Mask {
            let [before, after] = [&text, &edited].map(|text| shape(Document::parse(text.as_bytes()).unwrap().root()));
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn keeps_json_inside_strings_whole(
        values in prop::collection::vec(prop::sample::select(&[
            "\"123-45-6789\"", "4111111111111111", "\"user@example.com\"", "true", "null", "[]", "{\"a\":[123456789]}", "-1.5e-3",
            "[4111111111111111,\"x\\\"y\\\\\"]", "\"\"", "\"\\u0034111111111111111\"", "\"p\\u0022q\"",
        ][..]), 1..6),
        depth in 0_usize..3,
        action in prop::sample::select(&[Action::Mask, Action::Replace, Action::Drop][..]),
    ) {
        let keys = ["ssn", "customer_id", "card_number", "note", "user@example.com", "patient"];
        let members: Vec<_> = values.iter().zip(keys).map(|(value, key)| format!("\"{key}\": {value}")).collect();
        let mut text = format!("{{{}}}", members.join(",\n"));
        for _ in 0..depth {
            text = format!("{{\"text\":{}}}", quote(&text));
        }
        let plan = everything(action);
        let (edited, _) = redact(&plan, &text);
        prop_assert_eq!(redact(&plan, &edited).0, edited.clone(), "from {}", text);
        let mut inner = edited;
        for _ in 0..depth {
            let document = Document::parse(inner.as_bytes()).unwrap();
            let next = document.root().get("text").unwrap().string().unwrap().into_owned();
            prop_assert!(Document::parse(next.as_bytes()).is_ok(), "{}", next);
            inner = next;
        }
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\\\\"u0-9a-fA-JK@.:{}+_ -]{0,80}") {
        TRIALS.run(&bytes);
        TRIALS.run(quote(&text).as_bytes());
        TRIALS.run(format!("[\"{text}\"]").as_bytes());
    }
}
