//! Values behind tokens: they come back where the policy binds them, in nobody's log, and nowhere else.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::handles::initialize;
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, SECRETS, call, sluicegate};
use crate::support::pipe::{Pipe, careless};
use crate::support::upstream::{After, Upstream, end_chunks, id, open_events, result, send_chunk, send_json};
use crate::support::wire::{Answer, Wire};

const MAIL: &str = SECRETS[2];

/// Keeps mail addresses and social security numbers; `echo` may have the address in `to`, `slow` the number.
const KEEPING: &str = "  - { id: keeps, on: results, detectors: [email, us_ssn], action: tokenize }\n\
     restore:\n  \
       rules:\n    \
         - { id: mail-back, tool: echo, argument: to, detectors: [email], from: [lookup] }\n    \
         - { id: ssn-back, tool: slow, argument: ssn, detectors: [us_ssn] }\n";

/// A server that answers as it is told to, and whatever it was told.
fn upstream() -> (Upstream, Arc<Mutex<String>>) {
    let said: Arc<Mutex<String>> = Arc::default();
    let says = Arc::clone(&said);
    let upstream =
        Upstream::json(move |body| result(body, &says.lock().expect("no thread panicked with it")));
    (upstream, said)
}

fn say(said: &Mutex<String>, result: &str) {
    *said.lock().expect("no thread panicked with it") = result.to_owned();
}

/// Calls a tool in a conversation, as clients up to 2025-11-25 do.
fn within(gate: &Gate, bearer: &str, conversation: &str, tool: &str, arguments: &str) -> Answer {
    Wire::connect(gate.address).post(
        bearer,
        &[("X-Conversation-Id", conversation)],
        &call(1, tool, arguments),
    )
}

/// The token that stands in an answer.
#[track_caller]
fn token(answer: &Answer) -> String {
    let text = answer.text();
    let at = text.find("PII_").unwrap_or_else(|| panic!("no token in {text}"));
    text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The arguments of the last call that reached the server.
fn arguments(upstream: &Upstream) -> Value {
    let got = upstream.got().pop().expect("the call reached the server");
    let body: Value = serde_json::from_str(&got.body).expect("JSON");
    body["params"]["arguments"].clone()
}

#[test]
fn a_token_comes_back_in_its_argument_and_nowhere_else() {
    let (upstream, said) = upstream();
    let gate = Gate::start(&bundle::with(KEEPING), &upstream.url());
    say(&said, &format!(r#"{{"content":[{{"type":"text","text":"write to {MAIL}"}}]}}"#));
    let shown = within(&gate, ALICE, "one", "lookup", "{}");
    let token = token(&shown);
    assert!(token.starts_with("PII_EMAIL_") && !shown.text().contains(MAIL), "{}", shown.text());
    say(&said, r#"{"content":[]}"#);
    let back = format!(r#"{{"to":"{token}"}}"#);

    assert_eq!(within(&gate, ALICE, "one", "echo", &back).status(), 200);
    assert_eq!(arguments(&upstream), json!({ "to": MAIL }));
    let told =
        gate.record("the value that came back", |record| record["restores"][0]["result"] == "restored");
    assert_eq!(
        told["restores"],
        json!([{ "type": "EMAIL", "result": "restored", "rule": "mail-back", "count": 1, "path": "$.arguments.to" }])
    );

    let elsewhere = [
        ("another tool", ALICE, "one", "slow", back.clone(), "unbound"),
        ("another argument", ALICE, "one", "echo", format!(r#"{{"body":"{token}"}}"#), "unbound"),
        ("a part of the argument", ALICE, "one", "echo", format!(r#"{{"to":"<{token}>"}}"#), "unbound"),
        ("another kind", ALICE, "one", "slow", format!(r#"{{"ssn":"{token}"}}"#), "unbound"),
        ("another caller", BOB, "one", "echo", back.clone(), "unknown"),
        ("another conversation", ALICE, "two", "echo", back.clone(), "unknown"),
        (
            "a token that nobody gave",
            ALICE,
            "one",
            "echo",
            r#"{"to":"PII_EMAIL_00000000000"}"#.into(),
            "unknown",
        ),
    ];
    for (place, bearer, conversation, tool, sent, wanted) in elsewhere {
        let before = gate.records().len();
        let answer = within(&gate, bearer, conversation, tool, &sent);
        assert_eq!(answer.status(), 200, "{place}: {}", answer.text());
        assert_eq!(arguments(&upstream), serde_json::from_str::<Value>(&sent).expect("JSON"), "{place}");
        let told = crate::support::wait_for("its record", || gate.records().get(before).cloned());
        assert_eq!(told["restores"][0]["result"], wanted, "{place}: {told}");
        assert!(!answer.text().contains("unbound") && !answer.text().contains("unknown"), "{place}");
    }
    assert_eq!(gate.metric("sluicegate_restores_total", "restored"), 1.0);
    assert_eq!(gate.metric("sluicegate_restores_total", "unbound"), 4.0);
    assert_eq!(gate.metric("sluicegate_restores_total", "unknown"), 3.0);
    assert_eq!(gate.metric("sluicegate_vault_tokens", ""), 1.0);
}

#[test]
fn a_session_has_tokens_of_its_own() {
    let upstream = Upstream::start(|got, stream| {
        let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let answer = match body["method"].as_str() {
            Some("initialize") => {
                r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#.to_owned()
            }
            _ => format!(r#"{{"content":[],"structuredContent":{{"mail":"{MAIL}"}}}}"#),
        };
        let head = format!("Mcp-Session-Id: {}\r\n", uuid(&got.body));
        crate::support::upstream::send_head(stream, 200, &head, &result(&got.body, &answer));
        After::Keep
    });
    let gate = Gate::start(&bundle::with(KEEPING), &upstream.url());
    let sessions = [initialize(&gate, ALICE, "2025-11-25"), initialize(&gate, ALICE, "2025-06-18")];
    assert_ne!(sessions[0], sessions[1]);
    let post = |session: &str, revision: &str, tool: &str, arguments: &str| {
        let headers = [("Mcp-Session-Id", session), ("MCP-Protocol-Version", revision)];
        Wire::connect(gate.address).post(ALICE, &headers, &call(1, tool, arguments))
    };
    let shown = post(&sessions[0], "2025-11-25", "lookup", "{}");
    let back = format!(r#"{{"to":"{}"}}"#, token(&shown));
    post(&sessions[1], "2025-06-18", "echo", &back);
    assert_eq!(arguments(&upstream).to_string(), back, "another session");
    post(&sessions[0], "2025-11-25", "echo", &back);
    assert_eq!(arguments(&upstream), json!({ "to": MAIL }));
}

/// A name for a session that differs by what was sent.
fn uuid(body: &str) -> String {
    format!("session-{}", if body.contains("2025-06-18") { 2 } else { 1 })
}

#[test]
fn what_went_to_the_server_comes_back_as_the_token() {
    let is_error = Arc::new(Mutex::new(false));
    let fails = Arc::clone(&is_error);
    let upstream = Upstream::start(move |got, stream| {
        let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let is_lookup = body["params"]["name"] == "lookup";
        let id = id(&got.body);
        if *fails.lock().expect("no thread panicked with it") && !is_lookup {
            let error = format!(r#"{{"code":-32050,"message":"no {MAIL}","data":{{"to":["{MAIL}"]}}}}"#);
            send_json(stream, 200, &format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
            return After::Keep;
        }
        open_events(stream);
        if !is_lookup {
            let log = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":"to {MAIL}"}}}}"#
            );
            send_chunk(stream, &format!("event: message\ndata: {log}\n\n"));
        }
        let text = serde_json::to_string(&format!(r#"{{"mail":"{MAIL}"}}"#)).expect("JSON");
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{text}}}],"structuredContent":{{"mail":"{MAIL}"}}}}}}"#
        );
        send_chunk(stream, &format!("event: message\ndata: {answer}\n\n"));
        end_chunks(stream);
        After::Keep
    });
    // No rule looks for mail addresses here but in what `lookup` calls `mail`.
    let policy = bundle::clinic().replace(
        "detectors: [us_ssn, pan, email], action: mask",
        "fields: [structuredContent.mail], action: tokenize",
    ) + "restore: { rules: [{ id: mail-back, tool: echo, argument: to, rules: [personal] }] }\n";
    let gate = Gate::start(&policy, &upstream.url());
    let shown = gate.call(ALICE, "lookup", "{}").text();
    let at = shown.rfind("PII_FIELD_").expect("a token");
    let token = &shown[at..at + "PII_FIELD_".len() + 11];
    let back = format!(r#"{{"to":"{token}"}}"#);
    let answer = gate.call(ALICE, "echo", &back).text();
    assert_eq!(arguments(&upstream), json!({ "to": MAIL }));
    assert!(!answer.contains(MAIL) && answer.contains(&format!("to {token}")), "{answer}");
    assert_eq!(answer.matches(token).count(), 3, "log, text and structure: {answer}");
    *is_error.lock().expect("no thread panicked with it") = true;
    let answer = gate.call(ALICE, "echo", &back).text();
    assert!(!answer.contains(MAIL) && answer.matches(token).count() == 2, "{answer}");
}

#[test]
fn a_policy_that_refuses_unbound_tokens_says_the_same_of_all() {
    let (upstream, said) = upstream();
    let policy = bundle::with(&KEEPING.replace("restore:\n", "restore:\n  on_unbound: block\n"));
    let gate = Gate::start(&policy, &upstream.url());
    say(&said, &format!(r#"{{"content":[{{"type":"text","text":"{MAIL}"}}]}}"#));
    let token = token(&within(&gate, ALICE, "one", "lookup", "{}"));
    let reached = upstream.got().len();
    let texts: Vec<String> = [("slow", token.as_str()), ("echo", "PII_EMAIL_00000000000")]
        .into_iter()
        .map(|(tool, token)| {
            let answer = within(&gate, ALICE, "one", tool, &format!(r#"{{"to":"{token}"}}"#)).json();
            assert_eq!(answer["result"]["isError"], true, "{answer}");
            let text = answer["result"]["content"][0]["text"].as_str().expect("a text").to_owned();
            text.replace(tool, "TOOL")
        })
        .collect();
    assert_eq!(texts[0], texts[1]);
    assert_eq!(upstream.got().len(), reached, "neither reached the server");
    assert_eq!(within(&gate, ALICE, "one", "echo", &format!(r#"{{"to":"{token}"}}"#)).status(), 200);
    assert_eq!(arguments(&upstream), json!({ "to": MAIL }));
    gate.record("a refused token", |record| {
        record["decision"]["action"] == "deny" && record["restores"][0]["result"] == "unbound"
    });
}

const NAMING: &str = "  - { id: names, on: results, detectors: [us_ssn], action: pseudonym }\n\
     pseudonyms: { key_file: KEY, epoch: 2026-q4 }\n";

#[test]
fn pseudonyms_hang_on_the_secret_and_the_tenant() {
    let (upstream, said) = upstream();
    say(&said, r#"{"content":[],"structuredContent":{"ssn":"536-22-8726","t":"SSN 536 22 8726"}}"#);
    let directory = tempfile::tempdir().expect("a folder");
    let key = directory.path().join("pseudonyms");
    let policy = bundle::with(&NAMING.replace("KEY", &key.display().to_string()));
    let shown = |gate: &Gate, bearer: &str| {
        let text = gate.call(bearer, "lookup", "{}").text();
        let at = text.find("\"SSN_").unwrap_or_else(|| panic!("{text}")) + 1;
        let name = text[at..].split('"').next().unwrap_or_default().to_owned();
        assert_eq!(text.matches(&name).count(), 2, "both spellings: {text}");
        name
    };
    std::fs::write(&key, [7; 32]).expect("written");
    let gates = [0, 1].map(|_| Gate::start(&policy, &upstream.url()));
    let name = shown(&gates[0], ALICE);
    assert_eq!(shown(&gates[1], ALICE), name, "two replicas");
    assert_ne!(shown(&gates[0], BOB), name, "another tenant");
    std::fs::write(&key, [8; 32]).expect("written");
    assert_ne!(shown(&Gate::start(&policy, &upstream.url()), ALICE), name, "another secret");

    std::fs::write(&key, [7; 31]).expect("written");
    let bundle = Bundle::new(&policy);
    let mut command = sluicegate();
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--upstream", &upstream.url()]);
    let output = command.arg("--policy").arg(bundle.path()).stdin(Stdio::null()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("at least 32 bytes; this one has 31"), "{text}");
}

#[test]
fn a_header_that_repeats_an_argument_is_made_from_what_is_sent() {
    let (upstream, said) = upstream();
    let gate = Gate::start(&bundle::with(KEEPING), &upstream.url());
    say(&said, &format!(r#"{{"content":[{{"type":"text","text":"{MAIL}"}}]}}"#));
    let token = token(&within(&gate, ALICE, "one", "lookup", "{}"));
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"to":"{token}"}},"_meta":{meta}}}}}"#
    );
    let headers = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "echo"),
        ("Mcp-Param-To", token.as_str()),
        ("X-Conversation-Id", "one"),
    ];
    let answer = Wire::connect(gate.address).post(ALICE, &headers, &body);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let got = upstream.got().pop().expect("the call reached the server");
    assert!(
        got.head.contains(&format!("mcp-param-to: {MAIL}\r\n")) && !got.head.contains(&token),
        "{}",
        got.head
    );
    assert_eq!(arguments(&upstream), json!({ "to": MAIL }));
}

#[test]
fn a_pipe_is_one_conversation() {
    let policy = crate::stdio::policy(
        "  - { id: keeps, on: results, detectors: [email], action: tokenize }\n\
         restore: { rules: [{ id: mail-back, tool: echo, argument: text, detectors: [email], from: [echo] }] }\n",
    );
    let start = || {
        let mut pipe = Pipe::start(&policy, ALICE, &[], &careless(&[]));
        pipe.initialize("2025-11-25");
        pipe
    };
    let said = |answer: &Value| answer["result"]["content"][0]["text"].as_str().expect("a text").to_owned();
    let mut pipe = start();
    let token = said(&pipe.ask(&call(2, "echo", &format!(r#"{{"text":"{MAIL}"}}"#))));
    assert!(token.starts_with("PII_EMAIL_"), "{token}");
    let back = format!(r#"{{"text":"{token}"}}"#);
    assert_eq!(said(&pipe.ask(&call(3, "echo", &back))), token, "what the server says of the value");
    let mut other = start();
    assert_eq!(said(&other.ask(&call(2, "echo", &back))), token, "what the server says of the token");
    for (pipe, wanted) in [(&mut pipe, "restored"), (&mut other, "unknown")] {
        pipe.close();
        pipe.ended();
        let told: Vec<String> =
            pipe.records().iter().map(|record| record["restores"][0]["result"].to_string()).collect();
        assert!(told.contains(&format!("\"{wanted}\"")), "{told:?}");
        assert!(!pipe.log().contains(MAIL), "{}", pipe.log());
    }
}
