//! What a client of each version sees, and what the server gets.

use serde_json::{Value, json};

use crate::stage::{STEPS, gate, listed, old, sent, told, transition};
use crate::support::bundle::{ALICE, BOB, EVE};
use crate::support::peers::Client;

const Q: &str = r#"{"q":"tea","order":"rel","debug":true}"#;

#[test]
fn a_client_of_version_1_works_unchanged_with_a_server_that_knows_version_2() {
    let more = "redact: [{ id: mail, on: results, detectors: [email], action: mask }]";
    let (gate, upstream) = gate(&transition("2099-03-01"), more);
    let tools = listed(&gate, ALICE);
    let search = tools.iter().find(|tool| tool["name"] == "search").expect("it is listed");
    for member in ["title", "inputSchema", "outputSchema", "annotations"] {
        assert_eq!(search[member], old()[member], "{search}");
    }
    assert_eq!(search["description"], "[Deprecated, use search_v2 before 2099-03-01] Looks for notes.");
    let notice = json!({ "version": 1, "state": "deprecated", "deprecated": "2026-06-01", "sunset": "2099-03-01",
        "successor": "search_v2" });
    assert_eq!(search["_meta"], json!({ "acme/team": "notes", "dev.sluicegate/deprecation": notice }));
    let answer = gate.call(ALICE, "search", Q);
    assert_eq!(answer.head.header("deprecation"), Some("@1780272000"));
    assert_eq!(answer.head.header("sunset"), Some("Sun, 01 Mar 2099 00:00:00 GMT"));
    assert_eq!(answer.head.header("link"), Some("<#search_v2>; rel=\"successor-version\""));
    let result = &answer.json()["result"];
    let items = result["structuredContent"]["items"].as_array().expect("version 1 has them");
    assert_eq!(result["structuredContent"].as_object().map(serde_json::Map::len), Some(1), "{result}");
    assert_eq!(items[0], "\"tea\"");
    assert!(items[1] == "a***@acme.example", "what came is redacted: {result}");
    let text: Value =
        serde_json::from_str(result["content"][0]["text"].as_str().expect("a text")).expect("JSON");
    assert_eq!(text, result["structuredContent"], "the text says the same");
    assert_eq!(result["content"][1]["text"], "two notes");
    let wanted =
        json!({ "name": "search", "arguments": { "query": "tea", "sort": "relevance", "limit": 20 } });
    assert_eq!(sent(&upstream), wanted);
    let record = gate.record("the call", |record| record["action"]["method"] == "tools/call");
    let version = json!({ "tool": "search", "number": 1, "state": "deprecated", "called_as": "search" });
    assert_eq!((&record["action"]["target"], &record["action"]["version"]), (&json!("search"), &version));
    assert_eq!(gate.metric("sluicegate_deprecated_calls_total", "state=\"deprecated\""), 1.0);
    let (is_error, text) = told(&gate, ALICE, "search", r#"{"q":"fail"}"#);
    assert_eq!((is_error, &*text), (true, "no"), "a failure of the tool is not translated");
}

#[test]
fn the_clients_of_the_sdks_take_the_old_list_and_the_old_results() {
    let (gate, _upstream) = gate(&transition("2099-03-01"), "");
    let steps = json!([{ "list": true }, { "call": "search", "args": { "q": "tea" } }]);
    for client in Client::ALL {
        let outcome = client.run(&gate.url(), ALICE, &steps);
        assert!(outcome["connect"].is_null(), "{client:?}: {outcome}");
        let call = &outcome["steps"][1];
        assert_eq!(call["result"]["structuredContent"]["items"][0], "\"tea\"", "{client:?}: {outcome}");
    }
}

#[test]
fn other_tenants_are_on_the_new_version_and_nothing_of_theirs_is_touched() {
    let (gate, upstream) = gate(&transition("2099-03-01"), "");
    let tools = listed(&gate, BOB);
    let search = tools.iter().find(|tool| tool["name"] == "search").expect("it is listed");
    assert_eq!(
        (search["description"].as_str(), &search["_meta"]),
        (Some("Searches notes."), &json!({ "acme/team": "notes" }))
    );
    let answer = gate.call(BOB, "search", r#"{"query":"tea","limit":1}"#);
    assert_eq!(answer.head.header("deprecation"), None);
    assert_eq!(answer.json()["result"]["structuredContent"]["total"], 2);
    assert_eq!(sent(&upstream)["arguments"], json!({ "query": "tea", "limit": 1 }));
    let (is_error, text) = told(&gate, BOB, "search", Q);
    assert!(is_error && text.contains("argument `limit` is missing"), "{text}");
    assert!(!told(&gate, BOB, "search_v1", Q).0, "a version can always be named");
    assert!(!told(&gate, BOB, "search.v1", Q).0);
    assert!(!told(&gate, ALICE, "search_v2", r#"{"query":"tea","limit":1}"#).0);
    let named =
        gate.record("a call by alias", |record| record["action"]["version"]["called_as"] == "search.v1");
    assert_eq!(named["action"]["target"], "search");
}

#[test]
fn on_its_last_day_a_version_is_refused_in_words_that_a_model_can_act_on() {
    let (gate, upstream) = gate(&transition("2026-07-01"), "");
    let words = "the tool `search` was not called: version 1 of it ended on 2026-07-01; do not retry; list the tools \
                 again and call `search_v2`, whose arguments may differ";
    assert_eq!(told(&gate, ALICE, "search", Q), (true, words.to_owned()));
    assert_eq!(sent(&upstream), Value::Null, "the server saw none of it");
    let tools = listed(&gate, ALICE);
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["search_v2", "search-v3"], "the list shows the way on");
    assert!(!told(&gate, ALICE, "search_v2", r#"{"query":"tea","limit":1}"#).0);
    assert!(!told(&gate, BOB, "search", r#"{"query":"tea","limit":1}"#).0, "others are not concerned");
    let (is_error, text) = told(&gate, EVE, "search_v1", Q);
    assert!(is_error && text.contains("is not available to you") && !text.contains("ended"), "{text}");
    assert_eq!(gate.metric("sluicegate_deprecated_calls_total", "state=\"retired\""), 2.0);
    let (gate, _upstream) = crate::stage::gate(&transition("2026-07-01"), "deny_as: http");
    let answer = gate.call(ALICE, "search", Q);
    let error = &answer.json()["error"];
    assert_eq!((answer.status(), &error["code"]), (400, &json!(-32602)));
    assert_eq!(error["data"], json!({ "version": 1, "sunset": "2026-07-01", "successor": "search_v2" }));
}

#[test]
fn arguments_that_the_old_version_does_not_take_are_refused_in_its_own_words() {
    let (gate, upstream) = gate(&transition("2099-03-01"), "");
    for (arguments, wanted) in [
        ("{}", "argument `q` is missing"),
        (r#"{"q":7}"#, "argument `q` must be a string"),
        (r#"{"q":"a","order":"best"}"#, r#"argument `order` must be one of "rel", "date""#),
        (r#"{"query":"a","limit":1}"#, "argument `q` is missing"),
    ] {
        let (is_error, text) = told(&gate, ALICE, "search", arguments);
        assert!(is_error && text.contains(wanted), "{arguments}: {text}");
    }
    assert_eq!(sent(&upstream), Value::Null);
}

#[test]
fn the_rules_judge_what_the_server_gets() {
    let more = "allow:\n  - { id: read, roles: [reader], tools: [search], args: { search: { limit: { max: 10 } } } }\n\
                deny: [{ id: no-tea, tools: [search], args: { search: { query: { equals: tea } } }, owner: o }]";
    let (gate, upstream) = gate(&transition("2099-03-01").replace("limit: 20", "limit: 10"), more);
    assert!(told(&gate, ALICE, "search", r#"{"q":"tea"}"#).0, "a deny about `query` meets `q`");
    assert!(!told(&gate, ALICE, "search", r#"{"q":"milk"}"#).0);
    assert_eq!(sent(&upstream)["arguments"]["query"], "milk");
    let (gate, _upstream) = crate::stage::gate(&transition("2099-03-01"), more);
    assert!(told(&gate, ALICE, "search", r#"{"q":"milk"}"#).0, "the default of 20 is over the bound of 10");
    let more = "deny: [{ id: no-old, tools: ['search@1'], owner: o }]";
    let (gate, _upstream) = crate::stage::gate(&transition("2099-03-01"), more);
    assert!(
        told(&gate, ALICE, "search", Q).0 && !told(&gate, BOB, "search", r#"{"query":"tea","limit":1}"#).0
    );
    assert!(listed(&gate, ALICE).iter().all(|tool| tool["name"] != "search"), "and it is not listed");
}

#[test]
fn a_native_version_is_a_tool_of_the_server_under_the_name_of_all() {
    let tools = "  search@2: {}\n  search@3: { upstream: search-v3 }\n  search: { default: 2, pins: { tenants: { acme: 3 } } }";
    let (gate, upstream) = gate(tools, "");
    let names = |bearer| {
        let tools = listed(&gate, bearer);
        tools.iter().map(|tool| (tool["name"].clone(), tool["description"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(names(ALICE), [(json!("search"), json!("Searches everything."))]);
    assert_eq!(names(BOB), [(json!("search"), json!("Searches notes."))]);
    assert_eq!(told(&gate, ALICE, "search", "{}"), (false, "third".to_owned()));
    assert_eq!(sent(&upstream)["name"], "search-v3");
    let record = gate.record("both names", |record| record["action"]["target"] == "search-v3");
    assert_eq!(record["action"]["version"]["called_as"], "search");
}

#[test]
fn a_draft_is_there_for_its_tenants_alone() {
    let tools =
        "  search@2: {}\n  search@3: { state: draft, upstream: search-v3, tenants: { globex: enabled } }";
    let (gate, upstream) = gate(tools, "");
    assert_eq!(told(&gate, BOB, "search_v3", "{}"), (false, "third".to_owned()));
    for name in ["search_v3", "search.v3", "search-v3"] {
        let (is_error, text) = told(&gate, ALICE, name, "{}");
        assert!(is_error && text.contains("is not available to you"), "{name}: {text}");
    }
    assert_eq!(upstream.got().iter().filter(|got| got.subject() == "search-v3").count(), 1);
}

#[test]
fn a_version_in_brownout_is_hidden_and_says_what_to_do() {
    let brown = |percent: u8| {
        transition("2099-03-01")
            .replace("state: deprecated", &format!("state: brownout, brownout: {{ percent: {percent} }}"))
    };
    let (gate, _upstream) = gate(&brown(100), "");
    let (is_error, text) = told(&gate, ALICE, "search", Q);
    assert!(
        is_error && text.contains("fails now and then on purpose") && text.contains("`search_v2`"),
        "{text}"
    );
    let names: Vec<Value> = listed(&gate, ALICE).iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, [json!("search_v2"), json!("search-v3")]);
    assert_eq!(gate.metric("sluicegate_deprecated_calls_total", "state=\"brownout\""), 1.0);
    let (gate, _upstream) = crate::stage::gate(&brown(30), "");
    let failed = (0..200).filter(|_| told(&gate, ALICE, "search", Q).0).count();
    assert!((20..=110).contains(&failed), "{failed} of 200");
}

#[test]
fn a_deprecated_default_is_shown_to_whom_the_policy_wants() {
    let tools = |hide: &str| {
        format!(
            "  search@1: {{ state: deprecated, successor: 2, {STEPS} }}\n  search@2: {{}}\n  search: {{ default: 1, hide: {hide} }}"
        )
    };
    let has = |gate: &crate::support::gate::Gate, name: &str| {
        listed(gate, ALICE).iter().any(|tool| tool["name"] == name)
    };
    let (gate, _upstream) = gate(&tools("none"), "");
    assert!(has(&gate, "search"));
    let (gate, _upstream) = crate::stage::gate(&tools("new"), "");
    assert!(!has(&gate, "search") && has(&gate, "search_v2"), "a new caller begins with the successor");
    assert!(!told(&gate, ALICE, "search", Q).0, "calls work");
    assert!(
        !has(&gate, "search"),
        "and are no reason to show it: the next replica would know nothing of them"
    );
    let pinned = tools("new").replace("hide: new", "hide: new, pins: { tenants: { acme: 1 } }");
    let (gate, _upstream) = crate::stage::gate(&pinned, "");
    assert!(has(&gate, "search"), "whom the policy names is no new caller");
    let bob = listed(&gate, BOB);
    assert!(bob.iter().all(|tool| tool["name"] != "search"), "others are: {bob:?}");
    let (gate, _upstream) = crate::stage::gate(&tools("all"), "");
    assert!(!told(&gate, ALICE, "search", Q).0 && !has(&gate, "search"));
}

#[test]
fn a_policy_in_shadow_changes_no_byte_and_still_counts() {
    let (gate, upstream) = {
        let upstream = crate::stage::server();
        let bundle = crate::stage::bundle(&transition("2026-07-01"), "");
        let text = std::fs::read_to_string(bundle.file("policy.yaml")).expect("it was written");
        bundle.write("policy.yaml", &text.replace("{ id: notes }", "{ id: notes, mode: shadow }"));
        (crate::support::gate::Gate::with(bundle, &["--upstream", &upstream.url()]), upstream)
    };
    gate.call(ALICE, "search", Q);
    assert_eq!(sent(&upstream)["arguments"], serde_json::from_str::<Value>(Q).expect("JSON"));
    let record = gate.record("the call", |record| record["action"]["version"]["number"] == 1);
    assert_eq!(record["action"]["version"]["state"], "retired");
    assert_eq!(listed(&gate, ALICE)[0]["description"], "Searches notes.");
}
