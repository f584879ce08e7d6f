//! The modern era: rounds of one request, subscriptions, tasks, and what headers repeat.

use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use crate::handles::gate;
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::Gate;
use crate::support::upstream::{Script, Upstream, id, open_events, result};
use crate::support::wire::{Answer, Wire, request};

const ROUNDS: &str = "version: 1\nallow:\n  \
    - { id: ask, roles: [reader], methods: [elicitation/create] }\n  \
    - { id: hear, roles: [reader], methods: [subscriptions/listen], targets: [\"note://mine/*\"] }\n";

/// A modern request, with the headers that repeat its body.
fn modern(method: &str, name: Option<&str>, params: &Value, abilities: &Value) -> Vec<u8> {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": abilities,
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    with_body(ALICE, method, name, &body)
}

fn with_body(bearer: &str, method: &str, name: Option<&str>, body: &str) -> Vec<u8> {
    let mut headers = vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
    headers.extend(name.map(|name| ("Mcp-Name", name)));
    request(bearer, &headers, body.as_bytes())
}

fn send(gate: &Gate, bytes: &[u8]) -> Answer {
    let mut wire = gate.connect();
    wire.send(bytes);
    wire.answer()
}

/// A server that answers every request with `answer`.
fn answering(answer: Value) -> Upstream {
    Upstream::json(move |body| result(body, &answer.to_string()))
}

fn asks(method: &str) -> Value {
    json!({ "resultType": "input_required", "requestState": "state-1", "inputRequests": { "a": { "method": method, "params": { "message": "?" } } } })
}

#[test]
fn a_round_is_judged_by_what_it_asks_and_what_was_offered() {
    let call = json!({ "name": "echo", "arguments": {} });
    let (form, sample) = (json!({ "elicitation": {} }), json!({ "sampling": {} }));
    let cases = [
        (asks("elicitation/create"), &form, None),
        (asks("elicitation/create"), &json!({}), Some("cannot be checked")),
        (asks("sampling/createMessage"), &sample, Some("sampling/createMessage")),
        (asks("tools/call"), &form, Some("cannot be checked")),
        (
            json!({ "resultType": "complete", "content": [], "inputRequests": {} }),
            &form,
            Some("cannot be checked"),
        ),
        (json!({ "resultType": "input_required", "inputRequests": [] }), &form, Some("cannot be checked")),
    ];
    for (answer, abilities, refused) in cases {
        let upstream = answering(answer.clone());
        let gate = gate(&upstream, ROUNDS);
        let text = send(&gate, &modern("tools/call", Some("echo"), &call, abilities)).text();
        match refused {
            None => assert!(text.contains("input_required") && !text.contains("state-1"), "{answer}: {text}"),
            Some(words) => {
                assert!(text.contains(words) && !text.contains("inputRequests"), "{answer}: {text}");
            }
        }
    }
}

#[test]
fn a_request_state_is_of_one_caller_and_one_call() {
    let upstream = answering(asks("elicitation/create"));
    let gate = gate(&upstream, ROUNDS);
    let form = json!({ "elicitation": {} });
    let call = |name: &str| json!({ "name": name, "arguments": {} });
    let first = send(&gate, &modern("tools/call", Some("echo"), &call("echo"), &form)).json();
    let state = first["result"]["requestState"].as_str().expect("there is a state").to_owned();
    let round = |bearer: &str, name: &str, state: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": name, "arguments": {}, "inputResponses": { "a": { "action": "accept" } }, "requestState": state,
            "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": form } } });
        send(&gate, &with_body(bearer, "tools/call", Some(name), &body.to_string()))
    };
    assert!(round(ALICE, "echo", &state).text().contains("input_required"));
    let got = upstream.got().pop().expect("the round reached the server");
    assert!(got.body.contains(r#""requestState":"state-1""#), "{}", got.body);
    let reached = upstream.got().len();
    for (bearer, name, state) in
        [(BOB, "echo", state.as_str()), (ALICE, "lookup", &state), (ALICE, "echo", "state-1")]
    {
        assert_eq!(round(bearer, name, state).error().0, -32_602, "{name} {state}");
    }
    assert_eq!(upstream.got().len(), reached);
}

#[test]
fn a_method_of_another_era_is_not_found() {
    let upstream = answering(json!({}));
    let gate = gate(&upstream, ROUNDS);
    for method in ["ping", "resources/subscribe", "tools/destroy", "sampling/createMessage"] {
        let answer = send(&gate, &modern(method, None, &json!({}), &json!({})));
        assert_eq!((answer.status(), answer.error().0), (404, -32_601), "{method}: {}", answer.text());
    }
    assert_eq!(upstream.bytes(), 0);
}

/// A server whose stream says what the test tells it to, and then ends or stays open.
fn directed() -> (Upstream, Sender<Option<String>>) {
    let (script, say, _) = Script::new();
    let upstream = Upstream::start(move |_, stream| {
        open_events(stream);
        script.play(stream)
    });
    (upstream, say)
}

/// A message as the data of an event.
fn event(message: &str) -> Option<String> {
    Some(format!("data: {message}\n\n"))
}

fn listen(gate: &Gate, filter: &Value) -> Wire {
    let mut wire = gate.connect();
    wire.send(&modern("subscriptions/listen", None, &json!({ "notifications": filter }), &json!({})));
    assert_eq!(wire.head().status, 200);
    wire
}

fn next(wire: &mut Wire) -> String {
    String::from_utf8_lossy(&wire.chunk().expect("the stream goes on")).into_owned()
}

fn word(method: &str, tag: u32, params: &str) -> Option<String> {
    Some(format!(
        r#"{{"jsonrpc":"2.0","method":"{method}","params":{{{params}"_meta":{{"io.modelcontextprotocol/subscriptionId":{tag}}}}}}}"#
    ))
}

#[test]
fn a_subscription_is_narrowed_and_hears_only_its_own() {
    let (upstream, say) = directed();
    let mut gate = gate(&upstream, ROUNDS);
    let filter = json!({ "toolsListChanged": true, "resourceSubscriptions": ["note://mine/1", "note://theirs/1", "note://mine/2"], "taskIds": ["task-1"] });
    let mut wire = listen(&gate, &filter);
    let got: Value = serde_json::from_str(&upstream.got()[0].body).expect("it is JSON");
    let asked = &got["params"]["notifications"];
    assert_eq!(asked["resourceSubscriptions"], json!(["note://mine/1", "note://mine/2"]), "{asked}");
    assert_eq!((&asked["taskIds"], &asked["toolsListChanged"]), (&json!([]), &json!(true)));
    let updated = "notifications/resources/updated";
    let words = [
        word("notifications/subscriptions/acknowledged", 1, r#""notifications":{},"#),
        word(updated, 2, r#""uri":"note://mine/1","#),
        word(updated, 1, r#""uri":"note://theirs/1","#),
        Some(format!(r#"{{"jsonrpc":"2.0","method":"{updated}","params":{{"uri":"note://mine/1"}}}}"#)),
        Some(r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#.into()),
        word(updated, 1, r#""uri":"note://mine/2","#),
    ];
    for word in words {
        say.send(word.as_deref().and_then(event)).expect("the server listens");
    }
    let mut heard = String::new();
    while !heard.contains("note://mine/2") {
        heard.push_str(&next(&mut wire));
    }
    assert!(heard.contains("acknowledged"), "{heard}");
    assert_eq!(heard.matches("jsonrpc").count(), 2, "what is another's is not heard: {heard}");
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "subscription_foreign"), 3.0);
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "request_forbidden"), 1.0);
    gate.signal("TERM");
    let end: Value = serde_json::from_str(
        next(&mut wire).lines().find_map(|line| line.strip_prefix("data: ")).expect("an event"),
    )
    .expect("it is JSON");
    assert_eq!(end["result"]["resultType"], "complete", "{end}");
    assert_eq!(end["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    assert!(wire.chunk().is_none());
    drop(say);
    assert!(gate.ended().success(), "a subscription does not hold up the end");
}

#[test]
fn an_answer_is_dropped_that_nobody_asked_for_or_that_comes_twice() {
    let (upstream, say) = directed();
    let gate = gate(&upstream, ROUNDS);
    let mut wire = gate.connect();
    wire.send(&modern("tools/call", Some("slow"), &json!({ "name": "slow", "arguments": {} }), &json!({})));
    assert_eq!(wire.head().status, 200);
    let answer = |id: &str, text: &str| {
        Some(format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[{{"type":"text","text":"{text}"}}]}}}}"#
        ))
    };
    for line in
        [answer("2", "other"), answer("\"1\"", "text"), answer("1", "own"), answer("1", "again"), None]
    {
        say.send(line.as_deref().and_then(event)).expect("the server listens");
    }
    let mut text = String::new();
    while let Some(chunk) = wire.chunk() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains("own") && text.matches("jsonrpc").count() == 1, "{text}");
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "answer_unknown"), 2.0);
    assert_eq!(gate.metric("sluicegate_stray_messages_total", "answer_repeated"), 1.0);
}

#[test]
fn a_list_that_was_changed_is_private_and_short_lived() {
    let tools = json!({ "resultType": "complete", "tools": [], "cacheScope": "public", "ttlMs": 3_600_000 });
    let prompts = json!({ "resultType": "complete", "prompts": [{ "name": "p" }], "cacheScope": "public", "ttlMs": 3_600_000 });
    for (method, answer) in [("tools/list", tools), ("prompts/list", prompts)] {
        let upstream = answering(answer);
        let more = "version: 1\nallow:\n  - { id: list, roles: [reader], methods: [prompts/list] }\n";
        let gate = gate(&upstream, more);
        let found = send(&gate, &modern(method, None, &json!({}), &json!({}))).json();
        let result = &found["result"];
        assert_eq!((&result["cacheScope"], &result["ttlMs"]), (&json!("private"), &json!(60_000)), "{found}");
        assert_eq!(
            result["prompts"].as_array().map_or(0, Vec::len),
            0,
            "a prompt that may not be got is not shown"
        );
    }
}

#[test]
fn the_id_keeps_its_spelling_in_every_answer() {
    let upstream = Upstream::json(|body| {
        let id = id(body);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[]}}}}"#)
    });
    let gate = gate(&upstream, ROUNDS);
    let body = String::from_utf8(modern("tools/call", Some("echo"), &json!({ "name": "echo" }), &json!({})))
        .expect("text");
    let body =
        body.split_once("\r\n\r\n").expect("there is a body").1.replace(r#""id":1"#, r#""id":"\u0061""#);
    let text = send(&gate, &with_body(ALICE, "tools/call", Some("echo"), &body)).text();
    assert!(text.contains(r#""id":"a""#) || text.contains(r#""id":"\u0061""#), "{text}");
}
