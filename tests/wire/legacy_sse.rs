//! HTTP+SSE of 2024-11-05: two sockets, one conversation, and a server that says where to post.

use serde_json::Value;

use crate::legacy_stage::{ENDPOINT, Play, Stage};
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wait_for;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#;

fn text(message: &Value) -> &str {
    message["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn said(id: u32, text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

#[test]
fn both_sockets_are_one_conversation() {
    let stage = Stage::new(&bundle::clinic());
    let mut client = stage.open(ALICE);
    assert!(client.target.starts_with("/message?sessionId=sg1."), "{}", client.target);
    let say = |body: &str| stage.post(ALICE, &client.target, body);
    assert_eq!(say(INITIALIZE).status(), 202);
    wait_for("the request to arrive", || (stage.posted().len() == 1).then_some(()));
    let got = stage.upstream.got().pop().expect("it was posted");
    assert!(got.head.starts_with(&format!("POST {ENDPOINT} HTTP/1.1\r\n")), "{}", got.head);
    assert!(!got.head.contains("Bearer"), "{}", got.head);
    let agreed = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2024-11-05","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#;
    stage.say(agreed);
    assert_eq!(say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).status(), 202);
    assert_eq!(say(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).status(), 202);
    assert_eq!(say(&call(2, "lookup", "{}")).status(), 202);
    stage.say(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo","inputSchema":{"type":"object"}},{"name":"delete_all","inputSchema":{"type":"object"}}]}}"#);
    stage.say(&said(2, "SSN 536-22-8726"));
    assert_eq!(client.event(), format!("event: message\ndata: {agreed}"), "as it came");
    let list = client.message();
    assert_eq!(list["result"]["tools"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(text(&client.message()), "SSN ***-**-****");
    let record = stage.gate.record("the call", |record| record["action"]["method"] == "tools/call");
    assert_eq!(record["action"]["protocol"], "2024-11-05", "{record}");
}

#[test]
fn a_refused_request_is_answered_on_the_stream() {
    let stage =
        Stage::new(&bundle::with("limits:\n  - { id: few, per: [user, tool], rate: 1/hour, burst: 1 }"));
    let mut client = stage.open(ALICE);
    for (body, part) in [
        (call(1, "delete_all", "{}"), "not available to you"),
        (call(2, "no_such_tool", "{}"), "not available to you"),
        (r#"{"jsonrpc":"2.0","id":3,"method":"no/such"}"#.into(), "method not found"),
    ] {
        let answer = stage.post(ALICE, &client.target, &body);
        assert_eq!((answer.status(), answer.text().as_str()), (202, ""), "{body}");
        let message = client.message().to_string();
        assert!(message.contains(part), "{body}: {message}");
    }
    assert_eq!(stage.posted().len(), 0, "the server saw none of them");
    assert_eq!(stage.post(ALICE, &client.target, &call(4, "echo", "{}")).status(), 202);
    assert_eq!(stage.post(ALICE, &client.target, &call(5, "echo", "{}")).status(), 202);
    let limited = client.message();
    assert_eq!(limited["id"], 5);
    assert!(text(&limited).contains("retry in"), "{limited}");
    stage.say(&said(4, "hello"));
    assert_eq!(text(&client.message()), "hello");
    for (body, status) in [
        ("{", 400),
        ("[]", 400),
        (r#"[{"jsonrpc":"2.0","id":6,"method":"tools/list"}]"#, 400),
        (r#"{"jsonrpc":"2.0","id":6,"id":7,"method":"ping"}"#, 400),
        (r#"{"id":6,"method":"ping"}"#, 400),
    ] {
        assert_eq!(stage.post(ALICE, &client.target, body).status(), status, "{body}");
    }
    assert_eq!(stage.posted().len(), 1);
    stage.gate.record("the refusal", |record| record["action"]["target"] == "delete_all");
}

#[test]
fn an_answer_belongs_to_one_question() {
    let stage = Stage::new(&bundle::clinic());
    let mut client = stage.open(ALICE);
    let say = |body: &str| stage.post(ALICE, &client.target, body).status();
    stage.say(&said(1, "too early"));
    wait_for("it to be dropped", || (stage.strays("answer_unknown") == 1.0).then_some(()));
    assert_eq!(say(&call(1, "echo", "{}")), 202);
    assert_eq!(say(&call(1, "lookup", "{}")), 400, "the id is in use");
    stage.say(&said(2, "never asked"));
    stage.say(&said(1, "one"));
    stage.say(&said(1, "again"));
    assert_eq!(say(&call(3, "echo", "{}")), 202);
    let take_back = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#;
    assert_eq!(say(take_back), 202);
    stage.gate.record("the cancelled call", |record| record["result"]["outcome"] == "cancelled");
    stage.say(&said(3, "taken back"));
    assert_eq!(say(&take_back.replace('3', "9")), 202);
    stage.raw("event: endpoint\ndata: /elsewhere\n\n");
    stage.raw("event: other\ndata: {\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}\n\n");
    stage.raw("id: 7\ndata: not a message\n\n");
    assert_eq!(say(&call(1, "echo", "{}")), 202, "an id that was answered may be used again");
    stage.say(&said(1, "two"));
    assert_eq!(text(&client.message()), "one");
    assert_eq!(text(&client.message()), "two");
    let posted = stage.posted();
    assert_eq!(posted.len(), 4, "what is refused or takes nothing back is not sent: {posted:?}");
    for (kind, wanted) in
        [("answer_unknown", 3.0), ("answer_cancelled", 1.0), ("endpoint_order", 1.0), ("unreadable", 1.0)]
    {
        assert_eq!(stage.strays(kind), wanted, "{kind}");
    }
}

#[test]
fn the_server_asks_and_the_client_answers_in_a_post() {
    let stage = Stage::new(&bundle::with("deny:\n  - { id: quiet, methods: [roots/list] }"));
    let mut client = stage.open(ALICE);
    let ask = |id: u32, method: &str| {
        stage.say(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"x":1}}}}"#));
    };
    let reply = |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
    ask(0, "ping");
    assert_eq!(client.message()["method"], "ping");
    assert_eq!(stage.post(ALICE, &client.target, &reply(0)).status(), 202);
    assert_eq!(stage.post(ALICE, &client.target, &reply(0)).status(), 202);
    assert_eq!(stage.post(ALICE, &client.target, &reply(8)).status(), 202);
    assert_eq!(stage.posted(), [reply(0)], "an answer to nothing goes no further");
    ask(1, "roots/list");
    wait_for("the server to be told no", || {
        let posted = stage.posted();
        posted.get(1).map(|told| assert!(told.contains(r#""id":1"#) && told.contains("-31403"), "{told}"))
    });
    let got = stage.upstream.got().pop().expect("it was posted");
    assert!(got.head.starts_with(&format!("POST {ENDPOINT} ")), "{}", got.head);
    assert_eq!(stage.strays("request_denied"), 1.0);
    ask(2, "ping");
    assert_eq!(client.message()["id"], 2, "the denied request was not handed over");
}

#[test]
fn a_token_is_worth_something_to_its_caller_and_while_the_stream_is_open() {
    let stage = Stage::new(&bundle::with("strict: { seal: none }"));
    let client = stage.open(ALICE);
    let own = client.target.clone();
    let altered = format!("{}A", &own[..own.len() - 1]);
    let altered = if altered == own { format!("{}B", &own[..own.len() - 1]) } else { altered };
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for (bearer, target, status) in [
        (BOB, own.as_str(), 404),
        (ALICE, altered.as_str(), 404),
        (ALICE, "/message?sessionId=s3cret-7", 404),
        (ALICE, "/message?sessionId=sg1.AAAA", 404),
        (ALICE, "/message", 400),
        (ALICE, "/messages/?session_id=s3cret-7", 404),
        (ALICE, &format!("{own}&sessionId=x"), 400),
        (ALICE, &format!("{own}&x=1"), 400),
        ("wrong", own.as_str(), 401),
        (ALICE, "/sse", 405),
    ] {
        let answer = stage.post(bearer, target, list);
        assert_eq!(answer.status(), status, "{target}: {}", answer.text());
        let allow = (status == 405).then_some("GET");
        assert_eq!(answer.head.header("allow"), allow, "{target}");
    }
    assert_eq!(stage.get("wrong", "/sse").1.status, 401);
    assert_eq!(stage.get(ALICE, "/sse?sessionId=x").1.status, 400);
    assert_eq!(stage.get(ALICE, &own).1.status, 405);
    assert_eq!(stage.posted().len(), 0);
    assert_eq!(stage.post(ALICE, &own, list).status(), 202);
    wait_for("the stream to be counted", || {
        (stage.gate.metric("sluicegate_streams", "listen") == 1.0).then_some(())
    });
    drop(client);
    stage.is_left();
    wait_for("the token to be worth nothing", || {
        (stage.post(ALICE, &own, list).status() == 404).then_some(())
    });
    stage.gate.record("the open call", |record| record["result"]["outcome"] == "cancelled");
    assert!(!stage.gate.log().contains("s3cret"), "{}", stage.gate.log());
    assert!(!stage.gate.records().iter().any(|record| record.to_string().contains("s3cret")));
}

#[test]
fn an_endpoint_that_leads_away_ends_the_stream() {
    let other = Upstream::echo();
    let play = Play::default();
    let hello = play.hello.clone();
    let stage = Stage::with(&bundle::clinic(), play, &[]);
    let away = other.address;
    for said in [
        format!("http://{away}/m?k=s3cret"),
        format!("//{away}/m"),
        format!("http://HOST@{away}/m"),
        "https://HOST/m".into(),
        "//HOST/m".into(),
        "http://user@HOST/m".into(),
        "javascript:alert(1)".into(),
        "/m#s3cret".into(),
        "/m\tx".into(),
        "/\u{e9}".into(),
        "\\\\evil\\m".into(),
        "/%2e%2e/m".into(),
        " /m".into(),
        String::new(),
    ] {
        *hello.lock().expect("no thread panicked with it") =
            vec![format!("event: endpoint\ndata: {said}\n\n")];
        assert_eq!(stage.get(ALICE, "/sse").1.status, 502, "{said}");
        stage.end();
    }
    let refused = |record: &&Value| record["decision"]["reason"] == "upstream";
    wait_for("each to be recorded", || {
        (stage.gate.records().iter().filter(refused).count() == 14).then_some(())
    });
    assert_eq!(other.bytes(), 0, "nobody else was contacted");
    assert!(!stage.gate.records().iter().any(|record| record.to_string().contains("s3cret")));
    for good in ["http://HOST/m?s=1", "/m?s=1", "m?s=1", "HTTP://HOST/x/../m?s=1"] {
        *hello.lock().expect("no thread panicked with it") =
            vec![format!("event: endpoint\ndata: {good}\n\n")];
        let client = stage.open(ALICE);
        assert_eq!(stage.post(ALICE, &client.target, INITIALIZE).status(), 202);
        let got = stage.upstream.got().pop().expect("it was posted");
        assert!(got.head.starts_with("POST /m?s=1 HTTP/1.1\r\n"), "{good}: {}", got.head);
        stage.end();
    }
}

#[test]
fn it_does_not_matter_where_the_servers_bytes_are_split() {
    let play = Play::default();
    let whole = "\u{FEFF}: hi\r\nevent: endpoint\r\ndata: /m?s=1\r\n\r\n";
    *play.hello.lock().expect("no thread panicked with it") =
        whole.chars().map(|character| character.to_string()).collect();
    let stage = Stage::with(&bundle::clinic(), play, &[]);
    let mut client = stage.open(ALICE);
    let log = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"SSN 536-22-8726"}}"#;
    let masked = format!("event: message\ndata: {}", log.replace("536-22-8726", "***-**-****"));
    for end in ["\n", "\r\n", "\r"] {
        let event = format!("event: message{end}data: {log}{end}{end}");
        for at in 1..event.len() {
            stage.raw(&event[..at]);
            stage.raw(&event[at..]);
        }
        if end == "\r" {
            stage.raw(": so that the last event ends\n");
        }
        for at in 1..event.len() {
            assert_eq!(client.event(), masked, "split at {at} of {event:?}");
        }
    }
}

#[test]
fn what_the_server_fails_at_is_told_on_the_stream() {
    let play = Play { posted: 500, ..Play::default() };
    let policy = bundle::clinic().replace("slow: { class: read }", "slow: { class: read, timeout: 200ms }");
    let stage = Stage::with(&policy, play, &["--heartbeat", "5s"]);
    let mut client = stage.open(ALICE);
    assert_eq!(stage.post(ALICE, &client.target, &call(1, "echo", "{}")).status(), 202);
    assert_eq!(client.message()["error"]["code"], -31_502);
    stage.say(&said(1, "after all"));
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(stage.post(ALICE, &client.target, notification).status(), 502);
    stage.end();
    assert_eq!(client.try_event(), None);

    let stage = Stage::with(&policy, Play::default(), &["--heartbeat", "5s"]);
    let mut client = stage.open(ALICE);
    assert_eq!(stage.post(ALICE, &client.target, &call(1, "echo", "{}")).status(), 202);
    assert_eq!(stage.post(ALICE, &client.target, &call(2, "slow", "{}")).status(), 202);
    let late = client.message();
    assert_eq!((&late["id"], &late["error"]["code"]), (&2.into(), &(-31_504).into()), "{late}");
    stage.say(&said(2, "late"));
    stage.end();
    let left = client.message();
    assert_eq!((&left["id"], &left["error"]["code"]), (&1.into(), &(-31_502).into()), "{left}");
    assert_eq!(client.try_event(), None);
}

#[test]
fn a_server_without_a_stream_is_told_as_such() {
    for answer in [404, 200] {
        let upstream = Upstream::start(move |_, stream| {
            crate::support::upstream::send_json(stream, answer, "{}");
            crate::support::upstream::After::Keep
        });
        let url = format!("http://{}/sse", upstream.address);
        let gate = Gate::with(Bundle::new(&bundle::clinic()), &["--upstream-sse", &url]);
        let mut wire = gate.connect();
        let head = format!("GET /sse HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n\r\n");
        wire.send(head.as_bytes());
        assert_eq!(wire.answer().status(), 502);
        assert_eq!(gate.post(ALICE, INITIALIZE).status(), 404, "there is no /mcp");
    }
}

#[test]
fn drains_when_the_last_call_is_answered() {
    let mut stage = Stage::new(&bundle::clinic());
    let mut idle = stage.open(ALICE);
    let mut busy = stage.open(BOB);
    // The server speaks on the stream that was opened first.
    let target = idle.target.clone();
    assert_eq!(stage.post(ALICE, &target, &call(1, "echo", "{}")).status(), 202);
    stage.gate.signal("TERM");
    assert_eq!(busy.try_event(), None, "nothing was under way there");
    stage.say(&said(1, "in time"));
    assert_eq!(text(&idle.message()), "in time");
    assert_eq!(idle.try_event(), None);
    assert!(stage.gate.ended().success());
}

#[test]
fn keeps_a_silent_stream_alive_with_comments() {
    let stage = Stage::with(&bundle::clinic(), Play::default(), &["--heartbeat", "50ms"]);
    let (mut wire, _) = stage.get(ALICE, "/sse");
    let hello = wire.chunk().expect("the stream goes on");
    assert!(hello.starts_with(b"event: endpoint\n"));
    assert_eq!(wire.chunk().as_deref(), Some(&b":\n\n"[..]));
}

#[test]
fn there_is_no_such_endpoint_unless_the_operator_says_where_the_server_is() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for request in ["GET /sse", "POST /message?sessionId=sg1.x"] {
        let mut wire = gate.connect();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\nContent-Length: 0\r\n\r\n"
        );
        wire.send(head.as_bytes());
        assert_eq!(wire.answer().status(), 404, "{request}");
    }
    assert_eq!(upstream.bytes(), 0);
}
