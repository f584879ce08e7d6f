//! A policy that only looks: no byte of a list differs from what the server says, and what would have been hidden
//! is counted and written down. (What a body of several lines is made one line of is no policy's doing.)

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};

use support::bundle::{self, ALICE, Bundle};
use support::gate::Gate;
use support::upstream::{After, Upstream, id, open_events, send_chunk, send_json};
use support::wait_for;

/// What the server answers: lists with spacing, cursors, words for caches and names that no policy knows.
const ANSWERS: [(&str, &str); 5] = [
    (
        "tools/list",
        r#"{ "tools" : [ {"name":"delete_all","description":"wipes","inputSchema":{"type":"object"}} , {"name":"echo","description":"says it again","inputSchema":{"type":"object"}},{"name":"made-up","inputSchema":{}}, {"inputSchema":{}} ], "nextCursor":"page/2", "cacheScope":"public","ttlMs":3600000 }"#,
    ),
    (
        "prompts/list",
        r#"{"prompts":[{"name":"greet"}, {"name":"leave"}],"cacheScope":"public","ttlMs":3600000}"#,
    ),
    ("resources/list", r#"{"resources":[{"uri":"file:///a","name":"a"}],"nextCursor":"r2"}"#),
    (
        "resources/templates/list",
        r#"{"resourceTemplates":[{"uriTemplate":"file:///{p}","name":"t"}],"nextCursor":"t2"}"#,
    ),
    ("completion/complete", r#"{"completion":{"values":["greet", "green"],"total":2,"hasMore":false}}"#),
];

/// The answer to a request; lists that somebody goes on with have an end.
fn answer(body: &str) -> String {
    let request: Value = serde_json::from_str(body).unwrap_or_default();
    let known = ANSWERS.iter().find(|(method, _)| request["method"] == *method);
    let result = match request["params"]["cursor"].as_str() {
        Some("page/2") => r#"{"tools":[{"name":"slow","inputSchema":{}}]}"#,
        Some(_) => r#"{"tools":[],"lost":true}"#,
        None => known.map_or("{}", |(_, result)| result),
    };
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id(body))
}

/// The same as one body, and as events where the client's id is a text.
fn server() -> Upstream {
    Upstream::start(|got, stream| {
        let answer = answer(&got.body);
        if id(&got.body).starts_with('"') {
            open_events(stream);
            send_chunk(stream, &format!("data: {answer}\n\n"));
            send_chunk(stream, "");
            return After::Close;
        }
        send_json(stream, 200, &answer);
        After::Keep
    })
}

fn policy(mode: &str) -> String {
    let more = "  - { id: lists, roles: [reader], methods: [prompts/list, resources/list, resources/templates/list] }\n";
    let text = bundle::with("").replace("mode: enforce", &format!("mode: {mode}"));
    text.replace("redact:\n", &format!("{more}redact:\n"))
        .replace("echo: { class: read }", "echo: { class: read, describe: { description: another text } }")
}

fn gate(upstream: &Upstream, mode: &str) -> Gate {
    Gate::with(Bundle::new(&policy(mode)), &["--upstream", &upstream.url()])
}

fn ask(id: &str, method: &str, params: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

fn params(method: &str) -> Value {
    match method {
        "completion/complete" => {
            json!({ "ref": { "type": "ref/prompt", "name": "greet" }, "argument": { "name": "a", "value": "gre" } })
        }
        _ => json!({}),
    }
}

#[test]
fn leaves_every_list_byte_for_byte() {
    let upstream = server();
    let gate = gate(&upstream, "shadow");
    for (method, _) in ANSWERS {
        let whole = ask("7", method, &params(method));
        let got = gate.post(ALICE, &whole);
        assert_eq!((got.status(), got.text()), (200, answer(&whole)), "{method}");
        let event = ask("\"e\"", method, &params(method));
        let got = gate.post(ALICE, &event);
        assert!(got.status() == 200 && got.text().contains(&answer(&event)), "{method}: {}", got.text());
    }
    let next = gate.post(ALICE, &ask("8", "tools/list", &json!({ "cursor": "page/2" })));
    assert_eq!(
        next.json()["result"]["tools"][0]["name"],
        "slow",
        "the server's own cursor leads on: {}",
        next.text()
    );
}

#[test]
fn tells_what_would_have_been_hidden() {
    let upstream = server();
    let gate = gate(&upstream, "shadow");
    for (method, _) in ANSWERS {
        gate.post(ALICE, &ask("7", method, &params(method)));
    }
    for (method, wanted) in [
        ("tools/list", json!({ "list": "tools", "count": 3, "names": ["delete_all"] })),
        ("prompts/list", json!({ "list": "prompts", "count": 2, "names": [] })),
        ("resources/list", json!({ "list": "resources", "count": 1, "names": [] })),
        ("resources/templates/list", Value::Null),
    ] {
        let record = gate.record(method, |record| record["action"]["method"] == method);
        assert_eq!(record["would_hide"], wanted, "{record}");
        assert_eq!(
            (&record["decision"]["verdict"], &record["decision"]["mode"]),
            (&json!("allow"), &json!("shadow"))
        );
    }
    let completion =
        gate.record("a completion", |record| record["action"]["method"] == "completion/complete");
    let decision = &completion["decision"];
    assert_eq!(
        (&decision["verdict"], &decision["action"]),
        (&json!("deny"), &json!("allow")),
        "{completion}"
    );
    let hidden = |list: &str, mode: &str| {
        gate.metric("sluicegate_list_items_hidden_total", &format!("list=\"{list}\",mode=\"{mode}\""))
    };
    wait_for("what would be hidden to be counted", || (hidden("resources", "shadow") == 1.0).then_some(()));
    assert_eq!((hidden("tools", "shadow"), hidden("prompts", "shadow")), (3.0, 2.0));
    assert_eq!(hidden("tools", "enforce"), 0.0);
}

/// What only looks and what enforces agree: what the one tells, the other takes out.
#[test]
fn enforced_takes_out_what_shadow_told() {
    let upstream = server();
    let gate = gate(&upstream, "enforce");
    let list = gate.post(ALICE, &ask("7", "tools/list", &json!({}))).json();
    let result = &list["result"];
    assert_eq!(result["tools"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(
        (&result["tools"][0]["name"], &result["tools"][0]["description"]),
        (&json!("echo"), &json!("another text"))
    );
    assert_eq!((&result["cacheScope"], &result["ttlMs"]), (&json!("private"), &json!(60_000)), "{list}");
    assert_ne!(result["nextCursor"], "page/2", "it is sealed for its caller: {list}");
    let next = gate.post(ALICE, &ask("8", "tools/list", &json!({ "cursor": result["nextCursor"] }))).json();
    assert_eq!(next["result"]["tools"][0]["name"], "slow", "{next}");
    let raw = gate.post(ALICE, &ask("9", "tools/list", &json!({ "cursor": "page/2" })));
    assert_eq!(raw.json()["error"]["code"], -32602, "{}", raw.text());
    let record = gate.record("the list", |record| record["action"]["method"] == "tools/list");
    assert!(record["would_hide"].is_null(), "{record}");
    wait_for("what was hidden to be counted", || {
        let hidden = gate.metric("sluicegate_list_items_hidden_total", "list=\"tools\",mode=\"enforce\"");
        (hidden == 3.0).then_some(())
    });
}
