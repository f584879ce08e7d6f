//! The same three values are gone from everywhere they can stand, and nothing else has changed.

use std::sync::Arc;

use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, SECRETS, call};
use crate::support::upstream::{After, Upstream, end_chunks, id, open_events, send_chunk, send_json};

/// A place and a spelling; `@` stands for the value, written so that the text around it shows any change.
const PLACES: &[(&str, &str)] = &[
    ("content", r#"{ "content":[{"type":"text","text":"é\u00e9 before @ after\n"}],"n":1.50 }"#),
    ("structuredContent", r#"{"content":[],"structuredContent":{"a":"@","deep":[{"b":"x @ y","c":1e2}]}}"#),
    (
        "JSON in a string",
        r#"{"content":[{"type":"text","text":"{\"v\":\"@\",\"n\":1.0,\"u\":\"\\u00e9\"}"}]}"#,
    ),
    ("the metadata", r#"{"content":[],"_meta":{"example.org/note":"@"}}"#),
];

/// Spells every character as an escape of JSON; `slashes` is 1 at the top, 2 in a string in a string.
fn escaped(value: &str, slashes: usize) -> String {
    value.chars().map(|c| format!("{}u{:04x}", "\\".repeat(slashes), c as u32)).collect()
}

/// Checks that `got` is `template` with something harmless at each `@`, and returns what stands there.
#[track_caller]
fn hidden(template: &str, got: &str, spelled: &[String]) -> Vec<String> {
    let mut rest = got;
    let mut found = Vec::new();
    let parts: Vec<&str> = template.split('@').collect();
    for (index, part) in parts.iter().enumerate() {
        let at = if index == 0 { rest.starts_with(part).then_some(0) } else { rest.find(part) };
        let at = at.unwrap_or_else(|| panic!("`{part}` is not in `{rest}`, of `{got}`"));
        if index > 0 {
            found.push(rest[..at].to_owned());
        }
        rest = &rest[at + part.len()..];
    }
    assert_eq!(rest, "", "nothing is added to `{got}`");
    for value in spelled {
        assert!(!got.contains(value.as_str()), "`{value}` is in `{got}`");
    }
    for text in &found {
        assert!(!text.is_empty() && !text.contains(['"', '\n']), "{text}");
    }
    found
}

fn spellings(value: &str, place: &str) -> Vec<String> {
    let slashes = if place == "JSON in a string" { 2 } else { 1 };
    vec![value.to_owned(), escaped(value, slashes)]
}

#[test]
fn hides_them_in_results_and_changes_no_other_byte() {
    let template: Arc<std::sync::Mutex<String>> = Arc::default();
    let shown = Arc::clone(&template);
    let upstream = Upstream::json(move |body| {
        let result = shown.lock().expect("no thread panicked with it").clone();
        format!(r#"{{"jsonrpc":"2.0", "result":{result},"id":{}}}"#, id(body))
    });
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for (place, around) in PLACES {
        for value in SECRETS {
            for spelled in spellings(value, place) {
                *template.lock().expect("no thread panicked with it") = around.replace('@', &spelled);
                let answer = gate.call(ALICE, "lookup", r#"{"patient":"7"}"#);
                assert_eq!(answer.status(), 200, "{place}: {}", answer.text());
                let whole = format!(r#"{{"jsonrpc":"2.0", "result":{around},"id":1}}"#);
                let found = hidden(&whole, &answer.text(), &[(*value).to_owned(), spelled]);
                assert!(
                    found.windows(2).all(|pair| pair[0] == pair[1]),
                    "one value, one replacement: {found:?}"
                );
                answer.json();
            }
        }
    }
}

#[test]
fn hides_them_in_the_data_of_an_error() {
    for value in SECRETS {
        for spelled in spellings(value, "") {
            let around =
                r#"{"code":-32050,"message":"no @ here","data":{"row":["@",{"x":"is @."}],"n":2.0}}"#;
            let sent = around.replace('@', &spelled);
            let upstream = Upstream::start(move |got, stream| {
                let body = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{sent}}}"#, id(&got.body));
                send_json(stream, 200, &body);
                After::Keep
            });
            let gate = Gate::start(&bundle::clinic(), &upstream.url());
            let answer = gate.call(ALICE, "lookup", "{}");
            let whole = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{around}}}"#);
            hidden(&whole, &answer.text(), &[(*value).to_owned(), spelled]);
        }
    }
}

#[test]
fn hides_them_in_a_notification_on_a_stream() {
    let note = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,"message":"saw @ just now"}}"#;
    for value in SECRETS {
        for spelled in spellings(value, "") {
            let sent = note.replace('@', &spelled);
            let upstream = Upstream::start(move |got, stream| {
                open_events(stream);
                // An event in two chunks, cut in the value.
                let event = format!("event: message\ndata: {sent}\n\n");
                let (one, two) = event.split_at(event.len() - 22);
                send_chunk(stream, one);
                send_chunk(stream, two);
                let result =
                    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[]}}}}"#, id(&got.body));
                send_chunk(stream, &format!("event: message\ndata: {result}\n\n"));
                end_chunks(stream);
                After::Keep
            });
            let gate = Gate::start(&bundle::clinic(), &upstream.url());
            let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{},"_meta":{"progressToken":"t"}}}"#;
            let text = gate.post(ALICE, asked).text();
            let event = text
                .lines()
                .find_map(|line| line.strip_prefix("data:"))
                .expect("there is an event")
                .trim_start();
            hidden(note, event, &[(*value).to_owned(), spelled]);
            assert!(text.contains(r#""result":{"content":[]}"#), "{text}");
        }
    }
}

#[test]
fn golden_answer() {
    let upstream = Upstream::json(|body| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[{{"type":"text","text":"SSN 536-22-8726, card 4111 1111 1111 1111, mail maria.lopez@example.org."}}],"structuredContent":{{"ssn":"536-22-8726","visits":3}}}}}}"#,
            id(body)
        )
    });
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let answer = gate.post(ALICE, &call(1, "lookup", "{}"));
    let golden = include_str!("golden/masked.json");
    assert_eq!(answer.text(), golden.trim_end());
    let length = answer.head.header("content-length").and_then(|text| text.parse::<usize>().ok());
    assert_eq!(length, Some(answer.body.len()));
}
