//! Prose that a model reads: names that no list knows are gone from every carrier, and what is not read is withheld.
//!
//! What needs the model is built with the feature `ner` only; its weights are fetched by `tests/setup.sh`.

use crate::support::bundle::{self, Bundle};
use crate::support::gate::sluicegate;

/// A policy that has prose read; `more` are further keys of the section.
fn policy(more: &str) -> String {
    bundle::with(&format!(
        "  - {{ id: people, on: results, detectors: [person_name, address], action: replace }}\n\
         prose: {{ detectors: [person_name, address]{more} }}"
    ))
}

#[test]
fn does_not_start_without_a_model_and_says_how_to_get_one() {
    let bundle = Bundle::new(&policy(""));
    let line = policy("").lines().position(|line| line.starts_with("prose:")).expect("it is there") + 1;
    let place = format!("policy.yaml:{line}: `prose` wants a model");
    for (words, wanted) in [
        (
            vec![],
            [place.as_str(), if cfg!(feature = "ner") { "scripts/fetch-ner.sh" } else { "--features ner" }],
        ),
        (
            vec!["--ner", "/no/such/folder"],
            if cfg!(feature = "ner") {
                ["/no/such/folder/config.json", "scripts/fetch-ner.sh /no/such/folder"]
            } else {
                ["this build cannot read prose", "--features ner"]
            },
        ),
    ] {
        let mut command = sluicegate();
        command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.args(["--upstream", "http://127.0.0.1:9/mcp", "--policy"]).arg(bundle.path()).args(&words);
        let output = command.output().expect("the binary under test can be started");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{words:?}: {told}");
        assert!(wanted.iter().all(|part| told.contains(part)), "{words:?}: {told}");
    }
}

#[cfg(feature = "ner")]
mod with_a_model {
    use std::fs;
    use std::sync::{Arc, Barrier};

    use serde_json::Value;

    use super::policy;
    use crate::legacy_stage::{Play, Stage};
    use crate::support::bundle::{ALICE, Bundle};
    use crate::support::gate::{Gate, call};
    use crate::support::pipe::{Pipe, careless};
    use crate::support::upstream::{After, Upstream, end_chunks, open_events, result, send_chunk};
    use crate::support::wait_for;

    const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/.ner");
    /// Nothing introduces them, and no list has them.
    /// The first is one that only the model knows.
    const NAMES: [&str; 2] = ["Shoshana Oyelaran", "Th\u{e9}odore Lefebvre"];
    const PROSE: &str = "Yesterday Shoshana Oyelaran never came back to the ward, so the night shift waited for her, and \
                         later Th\u{e9}odore Lefebvre wrote that nobody had seen either of them.";
    const HIDDEN: &str = "Yesterday [NAME] never came back to the ward, so the night shift waited for her, and later [NAME] \
                          wrote that nobody had seen either of them.";

    fn gate(more: &str, upstream: &Upstream) -> Gate {
        Gate::with(Bundle::new(&policy(more)), &["--ner", MODEL, "--upstream", &upstream.url()])
    }

    fn said(text: &str) -> String {
        let text = text.replace('\u{e9}', "\\u00e9");
        format!(
            r#"{{"content":[{{"type":"text","text":"{text}"}}],"structuredContent":{{"note":"{text}","n":1.50}}}}"#
        )
    }

    #[test]
    fn hides_names_in_text_and_structured_content() {
        let upstream = Upstream::json(|body| result(body, &said(PROSE)));
        let gate = gate("", &upstream);
        for _ in 0..2 {
            let answer = gate.call(ALICE, "lookup", "{}");
            assert_eq!(answer.text(), result(&call(1, "lookup", "{}"), &said(HIDDEN)));
        }
        // One text, read once and remembered once.
        let texts =
            |result: &str| gate.metric("sluicegate_prose_texts_total", &format!("result=\"{result}\""));
        assert_eq!((texts("read"), texts("remembered")), (1.0, 1.0));
        assert_eq!(gate.metric("sluicegate_prose_read_seconds_count", ""), 1.0);
        assert_eq!(gate.metric("sluicegate_prose_unread_total", ""), 0.0);
        for name in NAMES {
            assert!(!gate.log().contains(name) && !fs::read_to_string(gate.audit()).unwrap().contains(name));
        }
    }

    #[test]
    fn hides_names_in_events() {
        let upstream = Upstream::start(|got, stream| {
            open_events(stream);
            let note = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":"{PROSE}"}}}}"#
            );
            send_chunk(stream, &format!("event: message\ndata: {note}\n\n"));
            send_chunk(stream, &format!("event: message\ndata: {}\n\n", result(&got.body, &said(PROSE))));
            end_chunks(stream);
            After::Keep
        });
        let gate = gate("", &upstream);
        let text = gate.call(ALICE, "lookup", "{}").text();
        assert_eq!(text.matches(HIDDEN).count(), 3, "{text}");
        assert!(NAMES.iter().all(|name| !text.contains(name)), "{text}");
    }

    #[test]
    fn hides_names_on_the_pair_of_sockets() {
        let stage = Stage::with(&policy(""), Play::default(), &["--ner", MODEL]);
        let mut client = stage.open(ALICE);
        assert_eq!(stage.post(ALICE, &client.target, &call(2, "lookup", "{}")).status(), 202);
        stage.say(&result(&call(2, "lookup", "{}"), &said(PROSE)));
        assert_eq!(client.message()["result"]["structuredContent"]["note"], HIDDEN);
    }

    #[test]
    fn hides_names_on_pipes_and_loses_no_last_word() {
        let policy = policy("");
        let mut pipe = Pipe::start(&policy, ALICE, &["--ner", MODEL], &careless(&[]));
        pipe.initialize("2025-11-25");
        let arguments = serde_json::json!({ "text": PROSE }).to_string();
        let answer = pipe.ask(&call(2, "echo", &arguments));
        assert_eq!(answer["result"]["content"][0]["text"], HIDDEN, "{answer}");
        // The server ends as soon as it has answered, while its answer is being read.
        let last = format!("{PROSE} That was all.");
        let arguments = serde_json::json!({ "text": last }).to_string();
        pipe.say(&call(3, "echo", &arguments));
        pipe.close();
        let answer = pipe.answer(&Value::from(3));
        assert_eq!(answer["result"]["content"][0]["text"], format!("{HIDDEN} That was all."));
    }

    #[test]
    fn withholds_what_is_too_long_unless_it_may_pass() {
        let upstream = Upstream::json(|body| result(body, &said(PROSE)));
        let length = PROSE.len();
        for (more, is_read) in
            [(format!(", bytes_max: {length}"), true), (format!(", bytes_max: {}", length - 1), false)]
        {
            let gate = gate(&more, &upstream);
            let answer = gate.call(ALICE, "lookup", "{}");
            let refusal = answer.tool_error();
            assert_eq!(refusal.is_none(), is_read, "{more}: {}", answer.text());
            assert!(refusal.is_none_or(|text| text.contains("more text than is checked for names")));
            assert!(NAMES.iter().all(|name| !answer.text().contains(name)), "{}", answer.text());
            let unread = gate.metric("sluicegate_prose_unread_total", r#"action="withhold",reason="size""#);
            assert_eq!(unread, f64::from(u8::from(!is_read)));
        }
        let gate = gate(&format!(", bytes_max: {}, beyond: pass", length - 1), &upstream);
        assert!(gate.call(ALICE, "lookup", "{}").text().contains(NAMES[0]));
        assert_eq!(gate.metric("sluicegate_prose_unread_total", r#"action="pass",reason="size""#), 1.0);
    }

    #[test]
    fn in_shadow_withholds_nothing() {
        let upstream = Upstream::json(|body| result(body, &said(PROSE)));
        let text = policy(", bytes_max: 10").replace("action: replace }", "action: replace, mode: shadow }");
        let gate = Gate::with(Bundle::new(&text), &["--ner", MODEL, "--upstream", &upstream.url()]);
        assert!(gate.call(ALICE, "lookup", "{}").text().contains(NAMES[0]));
    }

    #[test]
    fn withholds_what_finds_the_queue_full_or_waits_too_long() {
        const CALLS: usize = 48;
        let upstream = Upstream::json(|body| {
            let asked: Value = serde_json::from_str(body).expect("a call");
            let number = &asked["params"]["arguments"]["number"];
            // No two are alike, so that none is remembered.
            let long = format!("In case {number} it went on: {PROSE} ").repeat(40);
            result(body, &said(if number.is_null() { PROSE } else { long.trim() }))
        });
        let gate = Arc::new(gate(", wait: 1s", &upstream));
        let barrier = Arc::new(Barrier::new(CALLS));
        let ask = |number: usize| {
            let (gate, barrier) = (Arc::clone(&gate), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let mut wire = gate.connect();
                barrier.wait();
                let body = call(1, "lookup", &format!(r#"{{"number":{number}}}"#));
                wire.post(ALICE, &[], &body)
            })
        };
        let asked: Vec<_> = (0..CALLS).map(ask).collect();
        let mut withheld = 0;
        for answer in asked.into_iter().map(|asked| asked.join().expect("it did not panic")) {
            assert!(NAMES.iter().all(|name| !answer.text().contains(name)), "{}", answer.text());
            if let Some(text) = answer.tool_error() {
                assert!(text.contains("could not be checked for names in time"), "{text}");
                withheld += 1;
            }
        }
        let unread =
            |reason: &str| gate.metric("sluicegate_prose_unread_total", &format!("reason=\"{reason}\""));
        let (full, late) = (unread("queue"), unread("deadline"));
        assert!(full >= 1.0 && late >= 1.0, "{full} {late}");
        assert_eq!(full + late, withheld as f64);
        // It recovers by itself.
        wait_for("the queue to be empty", || {
            gate.call(ALICE, "lookup", "{}").text().contains(HIDDEN).then_some(())
        });
    }
}
