//! How a limit says no, and how it warns: by revision and transport, to models, clients and browsers.

use serde_json::{Value, json};

use crate::handles::initialize;
use crate::legacy_stage::Stage;
use crate::stdio;
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::peers::{Client, Server};
use crate::support::pipe::{Pipe, careless};
use crate::support::upstream::{After, Upstream, result, send_head};
use crate::support::wire::Answer;

/// One call a minute after the first; so the wait is a minute, less what passes between two calls.
const ONE: &str = "limits:\n  - { id: user-calls, per: [user], rate: 60/hour, burst: 1 }\n";
const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn gate(upstream: &Upstream, more: &str) -> Gate {
    Gate::start(&bundle::with(more), &upstream.url())
}

/// A call as clients of a revision send it: its body and its headers.
fn said(revision: &str) -> (String, Vec<(&str, &str)>) {
    let legacy = call(1, "echo", "{}");
    match revision {
        "2024-11-05" | "2025-03-26" => (legacy, Vec::new()),
        "2026-07-28" => {
            let body = legacy.replace(r#""arguments":{}"#, &format!(r#""arguments":{{}},"_meta":{META}"#));
            (
                body,
                vec![("MCP-Protocol-Version", revision), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")],
            )
        }
        _ => (legacy, vec![("MCP-Protocol-Version", revision)]),
    }
}

fn field<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.head.header(name)
}

/// A number out of a text; that it is there, and between the true wait and a tenth more.
#[track_caller]
fn check_wait(text: &str, before: &str, true_wait: std::ops::RangeInclusive<u64>) -> u64 {
    let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("no `{before}` in {text}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let wait: u64 = digits.parse().unwrap_or_else(|_| panic!("no number after `{before}` in {text}"));
    let most = (true_wait.end() * 11).div_ceil(10);
    assert!((*true_wait.start()..=most).contains(&wait), "{wait} in {text}");
    wait
}

/// The answer with its wait taken out, to be compared whole.
fn without(text: &str, wait: u64) -> String {
    text.replace(&format!("{wait} s"), "N s").replace(&format!(";t={wait}"), ";t=N")
}

#[test]
fn a_call_is_refused_as_a_result_that_the_model_reads_in_every_revision() {
    let upstream = Upstream::echo();
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] {
        let gate = gate(&upstream, ONE);
        let (body, headers) = said(revision);
        let allowed = gate.connect().post(ALICE, &headers, &body);
        assert!(allowed.tool_error().is_none(), "{revision}: {}", allowed.text());
        let refused = gate.connect().post(ALICE, &headers, &body);
        assert_eq!(refused.status(), 200, "{revision}");
        let text = refused.tool_error().expect("it is a result");
        let wait = check_wait(&text, "retry in ", 40..=60);
        let mut wanted = json!({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text":
            "the tool `echo` was not called: rate limited: 60 calls an hour per user; retry in N s"}], "isError": true}});
        if revision == "2026-07-28" {
            wanted["result"]["resultType"] = "complete".into();
        }
        let golden: Value = serde_json::from_str(&without(&refused.text(), wait)).expect("JSON");
        assert_eq!(golden, wanted, "{revision}");
        assert_eq!(field(&refused, "retry-after"), Some(wait.to_string().as_str()), "{revision}");
        assert_eq!(field(&refused, "ratelimit-policy"), Some(r#""user-calls";q=60;w=3600"#), "{revision}");
        let limit = field(&refused, "ratelimit").unwrap_or_default();
        assert!(check_wait(limit, "\"user-calls\";r=0;t=", 40..=60) <= wait, "{revision}: {limit}");
    }
}

#[test]
fn the_http_form_has_the_same_for_programs() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream, &format!("deny_as: http\n{ONE}"));
    for revision in ["2025-11-25", "2026-07-28"] {
        let (body, headers) = said(revision);
        gate.connect().post(ALICE, &headers, &body);
        let refused = gate.connect().post(ALICE, &headers, &body);
        assert_eq!((refused.status(), refused.error().0), (429, -31_429), "{revision}");
        let data = &refused.json()["error"]["data"];
        assert_eq!((&data["limit"], &data["scope"]), (&json!("user-calls"), &json!("user")), "{data}");
        let wait_ms = data["retryAfterMs"].as_u64().expect("a number");
        let wait: u64 = field(&refused, "retry-after").and_then(|wait| wait.parse().ok()).expect("seconds");
        assert_eq!(wait_ms.div_ceil(1000), wait, "{data}");
        assert!((40..=66).contains(&wait), "{wait}");
    }
}

#[test]
fn what_is_no_call_is_refused_by_http_and_a_greeting_never() {
    let upstream = Upstream::echo();
    let more = "limits:\n  - { id: rest, per: [user], match: { requests: [handshakes, lists] }, rate: 60/hour, burst: 1 }\n";
    let gate = gate(&upstream, more);
    let list = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
    assert_ne!(gate.post(ALICE, list).status(), 429);
    let refused = gate.post(ALICE, list);
    assert_eq!((refused.status(), refused.error().0), (429, -31_429));
    let golden = refused.json();
    assert_eq!((&golden["id"], &golden["error"]["data"]["limit"]), (&json!(7), &json!("rest")), "{golden}");
    let wait = check_wait(&refused.error().1, "retry in ", 40..=60);
    assert_eq!(field(&refused, "retry-after"), Some(wait.to_string().as_str()));
    assert!(field(&refused, "ratelimit").is_some());
    assert_eq!(
        gate.post(ALICE, r#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#).status(),
        429,
        "one count for all"
    );
    for revision in ["2024-11-05", "2025-11-25"] {
        let greeting = format!(
            r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"t","version":"1"}}}}}}"#
        );
        let answer = gate.post(ALICE, &greeting);
        assert!(answer.status() < 400 || answer.status() >= 500, "{revision}: {}", answer.text());
        assert_ne!(answer.json()["error"]["code"], -31_429, "{revision}: {}", answer.text());
    }
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{{"_meta":{META}}}}}"#);
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "server/discover")];
    let answer = gate.connect().post(ALICE, &headers, &body);
    assert_ne!(answer.status(), 429, "{}", answer.text());
}

#[test]
fn what_others_use_is_nobodys_business() {
    let upstream = Upstream::echo();
    let shared = "limits:\n  - { id: secret-plan, per: [tenant, tool], rate: 60/hour, burst: 1 }\n";
    let expose = "limit_hints: { expose: [tenant] }\n";
    for (more, is_told) in [(shared.to_owned(), false), (format!("{shared}{expose}"), true)] {
        let gate = gate(&upstream, &more);
        gate.call(ALICE, "echo", "{}");
        let refused = gate.call(ALICE, "echo", "{}");
        let text = refused.tool_error().expect("it is limited");
        check_wait(&text, "retry in ", 40..=60);
        assert!(field(&refused, "retry-after").is_some());
        for told in ["60", "tenant"] {
            assert_eq!(text.contains(&format!("{told} ")), is_told, "{text}");
        }
        assert_eq!(field(&refused, "ratelimit").is_some(), is_told, "{text}");
        assert_eq!(field(&refused, "ratelimit-policy").is_some(), is_told, "{text}");
        assert!(!refused.text().contains("secret-plan"), "{text}");
        let record = gate.record("the refusal", |record| record["decision"]["reason"] == "rate_limit");
        assert_eq!(record["decision"]["rule"], "secret-plan", "the operator knows");
        assert!(gate.call(BOB, "echo", "{}").tool_error().is_none(), "another tenant's share");
    }
}

#[test]
fn the_headers_are_those_that_the_policy_wants() {
    let upstream = Upstream::echo();
    let all =
        ["ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    for (word, is_ietf, is_older) in
        [("ietf", true, false), ("x-ratelimit", false, true), ("both", true, true), ("none", false, false)]
    {
        let gate = gate(&upstream, &format!("{ONE}limit_hints: {{ headers: {word} }}\n"));
        gate.call(ALICE, "echo", "{}");
        let refused = gate.call(ALICE, "echo", "{}");
        for name in all {
            let wanted = if name.starts_with("x-") { is_older } else { is_ietf };
            assert_eq!(field(&refused, name).is_some(), wanted, "{word}: {name}");
        }
        if is_older {
            let two = [field(&refused, "x-ratelimit-limit"), field(&refused, "x-ratelimit-remaining")];
            assert_eq!(two, [Some("60"), Some("0")]);
        }
        assert!(field(&refused, "retry-after").is_some(), "{word}");
    }
}

#[test]
fn an_allowed_call_warns_when_a_fifth_is_left_and_not_before() {
    let upstream = Upstream::echo();
    let limits = "limits:\n  - { id: wide, per: [user], rate: 3600/hour, burst: 100 }\n  - { id: all, per: [server], rate: 60/hour, burst: 10 }\n";
    let gate =
        gate(&upstream, &format!("{limits}  - {{ id: few, per: [user, tool], rate: 60/hour, burst: 10 }}\n"));
    let left: Vec<Option<String>> =
        (0..10).map(|_| field(&gate.call(ALICE, "echo", "{}"), "ratelimit").map(str::to_owned)).collect();
    assert!(left[..8].iter().all(Option::is_none), "nothing is near: {left:?}");
    for (near, wanted, back) in [(&left[8], "\"few\";r=1;t=", 540), (&left[9], "\"few\";r=0;t=", 600)] {
        check_wait(near.as_deref().unwrap_or_default(), wanted, back - 30..=back);
    }
}

#[test]
fn what_has_no_head_of_its_own_says_it_in_the_text() {
    let words = ["rate limited: 60 calls an hour per user; retry in "];
    // A batch: two messages in one body.
    let upstream = Upstream::start(|got, stream| {
        let agreed =
            r#"{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#;
        let (head, answer) = match got.body.contains("initialize\"") {
            true => ("Mcp-Session-Id: s-1\r\n", agreed),
            false => ("", r#"{"content":[{"type":"text","text":"hello"}]}"#),
        };
        send_head(stream, 200, head, &result(&got.body, answer));
        After::Keep
    });
    let one = gate(&upstream, ONE);
    let session = initialize(&one, ALICE, "2025-03-26");
    let batch = format!("[{},{}]", call(1, "echo", "{}"), call(2, "echo", "{}"));
    let headers = [("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", "2025-03-26")];
    let answer = one.connect().post(ALICE, &headers, &batch);
    let text = answer.text();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
        assert_eq!(field(&answer, name), None, "a batch has one head for all: {text}");
    }
    // A stream of the transport of 2024-11-05.
    let stage = Stage::new(&bundle::with(ONE));
    let mut client = stage.open(ALICE);
    for id in [4, 5] {
        assert_eq!(stage.post(ALICE, &client.target, &call(id, "echo", "{}")).status(), 202);
    }
    let limited = client.message().to_string();
    assert!(words.iter().all(|word| limited.contains(word)), "{limited}");
    // A pipe.
    let mut pipe = Pipe::start(&stdio::policy(ONE), ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    pipe.ask(&call(2, "echo", r#"{"text":"x"}"#));
    let limited = pipe.ask(&call(3, "echo", r#"{"text":"x"}"#)).to_string();
    assert!(words.iter().all(|word| limited.contains(word)), "{limited}");
    pipe.close();
}

#[test]
fn every_sdk_client_hands_the_wait_to_its_model() {
    let server = Server::python();
    for client in Client::ALL {
        let gate = Gate::start(&bundle::with(ONE), &server.url);
        let step = json!({"call": "echo", "args": {"message": "hello"}});
        let outcome = client.run(&gate.url(), ALICE, &json!([step, step]));
        let [first, second] = outcome["steps"].as_array().map(Vec::as_slice).unwrap_or_default() else {
            panic!("{client:?}: {outcome}")
        };
        assert_eq!(first["result"]["content"][0]["text"], "hello", "{client:?}: {outcome}");
        assert_eq!(second["result"]["isError"], true, "{client:?}: {outcome}");
        let text = second["result"]["content"][0]["text"].as_str().unwrap_or_default();
        check_wait(text, "rate limited: 60 calls an hour per user; retry in ", 30..=60);
    }
}

/// Limits per conversation, beside one per user that is wide.
const TALKS: &str = "limits:\n  - { id: talk, per: [conversation], rate: 60/hour, burst: 2 }\n  - { id: user, per: [user], rate: 1000/hour }\n";

#[test]
fn conversations_of_one_user_are_apart_and_bounded() {
    let upstream = Upstream::echo();
    let more = "conversation: { sources: [header:X-Talk, meta:acme/talk, 'baggage:talk.id', session], max_new_per_principal: 3/hour }\n";
    let gate = gate(&upstream, &format!("{TALKS}{more}"));
    let talk = |bearer: &str, fields: &[(&str, &str)], meta: &str| {
        let body = call(1, "echo", "{}")
            .replace(r#""arguments":{}"#, &format!(r#""arguments":{{}},"_meta":{meta}"#));
        gate.connect().post(bearer, fields, &body).tool_error()
    };
    let by_header: &[(&str, &str)] = &[("X-Talk", "secret-1")];
    let sources: [(&[(&str, &str)], &str); 3] =
        [(by_header, "{}"), (&[], r#"{"acme/talk":"one"}"#), (&[("Baggage", "a=1, talk.id=one;p=2")], "{}")];
    for (fields, meta) in sources {
        assert!((0..2).all(|_| talk(ALICE, fields, meta).is_none()), "{fields:?} {meta}");
        let refused = talk(ALICE, fields, meta).expect("the third is too much");
        assert!(refused.contains("60 calls an hour per conversation; retry in "), "{refused}");
    }
    // Three were begun; all further ones share one count, with what names none.
    assert!(
        talk(ALICE, &[("X-Talk", "four")], "{}").is_none()
            && talk(ALICE, &[("X-Talk", "five")], "{}").is_none()
    );
    assert!(talk(ALICE, &[("X-Talk", "six")], "{}").is_some() && talk(ALICE, &[], "{}").is_some());
    assert!(talk(BOB, by_header, "{}").is_none(), "the same id of another caller is another conversation");
    let record = |user: &str, source: &str| {
        gate.record("a call", |record| {
            record["actor"]["tenant"] == user && record["conversation"]["source"] == source
        })["conversation"]["id"]
            .clone()
    };
    let (alice, bob) = (record("acme", "header:x-talk"), record("globex", "header:x-talk"));
    assert!(alice.as_str().is_some_and(|id| id.starts_with("hmac:")) && alice != bob, "{alice} {bob}");
    assert_ne!(alice, record("acme", "meta:acme/talk"));
    gate.record("what shares", |record| record["conversation"]["shared"] == true);
    let audit = std::fs::read_to_string(gate.audit()).expect("there is one");
    assert!(!audit.contains("secret-1"), "an id is written down nowhere");
}

#[test]
fn a_conversation_may_stand_in_a_token() {
    let signer = crate::support::signer::Signer::new();
    let bundle = Bundle::new(
        "version: 1\nserver: { id: s }\ncallers:\n  issuers:\n    - { issuer: \"https://idp.example.com\", audience: \"https://mcp.example.com/mcp\", jwks: keys.json }\n\
         tools: { echo: { class: read } }\nallow: [{ id: any, tools: [echo] }]\nconversation: { sources: [claim:sid] }\n\
         limits:\n  - { id: talk, per: [conversation], rate: 60/hour, burst: 1 }\n  - { id: user, per: [user], rate: 1000/hour }\n",
    );
    bundle.write("keys.json", &signer.jwks());
    let upstream = Upstream::echo();
    let gate = Gate::with(bundle, &["--upstream", &upstream.url()]);
    let token = |sid: &str| signer.token("read", 600, &format!(r#","sid":"{sid}""#));
    let (one, two) = (token("s-1"), token("s-2"));
    assert!(gate.call(&one, "echo", "{}").tool_error().is_none());
    assert!(gate.call(&one, "echo", "{}").tool_error().is_some_and(|text| text.contains("per conversation")));
    assert!(gate.call(&two, "echo", "{}").tool_error().is_none());
    gate.record("a call", |record| record["conversation"]["source"] == "claim:sid");
}
