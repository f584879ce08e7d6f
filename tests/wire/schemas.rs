//! Calls that their tool cannot take: what the model is told, and that nobody else learns of it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sluicegate::json::Document;
use sluicegate::names::hex;
use sluicegate::policy::definition_sha256;

use crate::support::bundle::{self, ALICE, Bundle, EVE};
use crate::support::gate::Gate;
use crate::support::upstream::{After, Upstream, result, send_json};

const ECHO: &str = r#"{"name":"echo","inputSchema":{"type":"object","required":["limit"],"properties":{"limit":{"type":"integer"},"unit":{"enum":["day","week"]},"filter":{"type":"object","required":["owner"],"properties":{"owner":{"type":"string"}}}}}}"#;

/// `echo` with its schema, the others without.
fn lock() -> String {
    let document = Document::parse(ECHO.as_bytes()).expect("a definition is JSON");
    let sha256 = hex(&definition_sha256(document.root()).expect("a definition"));
    let pinned = ECHO.replacen('{', &format!("{{\"sha256\":\"{sha256}\","), 1);
    format!(
        "version: 1\ntools:\n  - {pinned}\n  - {{ name: lookup }}\n  - {{ name: slow }}\n  - {{ name: delete_all }}\n"
    )
}

/// A gate in front of a server that notes what it gets, with more sections of the policy.
fn stage(more: &str) -> (Gate, Upstream, Arc<Mutex<Vec<String>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&got);
    let upstream = Upstream::start(move |request, stream| {
        seen.lock().expect("no thread panicked with it").push(request.body.clone());
        send_json(stream, 200, &result(&request.body, r#"{"content":[{"type":"text","text":"done"}]}"#));
        After::Keep
    });
    // The server has no list that it could be asked for before a call.
    let more = format!("pins: {{ before_call: never }}\n{more}");
    let bundle = Bundle::new(&bundle::with(&more));
    bundle.write("tools.lock.yaml", &lock());
    let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
    (gate, upstream, got)
}

fn told(gate: &Gate, bearer: &str, tool: &str, arguments: &str) -> (bool, String) {
    let answer = gate.call(bearer, tool, arguments);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let body: Value = serde_json::from_str(&answer.text()).expect("JSON");
    let is_error = body["result"]["isError"] == true;
    (is_error, body["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_call_that_its_tool_cannot_take_is_refused_and_one_that_it_can_passes() {
    let (gate, _upstream, got) = stage("");
    for (arguments, wanted) in [
        ("{}", "argument `limit` is missing"),
        (r#"{"limit":"secret-1"}"#, "argument `limit` must be an integer"),
        (r#"{"limit":1.5}"#, "argument `limit` must be an integer"),
        (r#"{"limit":1,"unit":"secret-1"}"#, r#"argument `unit` must be one of "day", "week""#),
        (r#"{"limit":1,"filter":{"owner":["secret-1"]}}"#, "argument `filter.owner` must be a string"),
    ] {
        let text = format!("the tool `echo` was not called: {wanted}; change that and call again");
        assert_eq!(told(&gate, ALICE, "echo", arguments), (true, text), "{arguments}");
    }
    assert!(got.lock().expect("no thread panicked with it").is_empty(), "the server saw none of them");
    let done = (false, "done".to_owned());
    for (tool, arguments) in [
        ("echo", r#"{"limit":1}"#),
        ("echo", r#"{"limit":1.0,"unit":"day","filter":{"owner":"me"},"more":[]}"#),
        ("lookup", r#"{"limit":"as before: nothing is pinned"}"#),
    ] {
        assert_eq!(told(&gate, ALICE, tool, arguments), done, "{arguments}");
    }
    assert_eq!(got.lock().expect("no thread panicked with it").len(), 3);
    let record = gate.record("a refusal", |record| record["decision"]["reason"] == "schema");
    assert_eq!(record["decision"]["verdict"], "deny");
    assert!(record["decision"]["rule"].is_null(), "no rule was asked: {record}");
    let records = serde_json::to_string(&gate.records()).expect("JSON");
    assert!(records.contains("argument `filter.owner` must be a string"), "{records}");
    assert!(!records.contains("secret-1") && !gate.log().contains("secret-1"), "{records}");
    assert_eq!(gate.metric("sluicegate_decisions_total", r#"reason="schema""#), 5.0);
}

#[test]
fn who_is_not_shown_a_tool_does_not_learn_what_it_takes() {
    let (gate, _upstream, got) = stage("");
    for arguments in [r#"{"limit":"x"}"#, r#"{"limit":1}"#] {
        let (is_error, text) = told(&gate, EVE, "echo", arguments);
        assert!(is_error && text.contains("is not available to you") && !text.contains("limit"), "{text}");
    }
    assert!(got.lock().expect("no thread panicked with it").is_empty());
}

#[test]
fn a_policy_may_only_look_or_let_the_server_say_it() {
    for (word, noted) in [("shadow", 1.0), ("allow", 0.0)] {
        let (gate, _upstream, _) = stage(&format!("strict: {{ input_schema: {word} }}"));
        assert_eq!(told(&gate, ALICE, "echo", "{}"), (false, "done".to_owned()), "{word}");
        let record = gate.record("the call", |record| record["action"]["target"] == "echo");
        assert_eq!(record["decision"]["action"], "allow", "{record}");
        let verdict = if word == "shadow" { json!(["deny", "schema"]) } else { json!(["allow", "none"]) };
        assert_eq!(json!([record["decision"]["verdict"], record["decision"]["reason"]]), verdict, "{record}");
        let series = r#"action="shadow_deny",phase="request",reason="schema""#;
        assert_eq!(gate.metric("sluicegate_decisions_total", series), noted, "{word}");
    }
    let (gate, _upstream, _) = stage("deny_as: http");
    let answer = gate.call(ALICE, "echo", "{}");
    let body: Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!((answer.status(), &body["error"]["code"]), (400, &json!(-32602)), "{body}");
}
