//! What a client says: requests, notifications, answers, and headers that repeat them.

use super::*;

/// What a client says.
const REQUESTS: &[(&str, Fate, &str)] = &[
    (
        "argument",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{"a":"of @","n":1e3}}"#,
    ),
    (
        "deep argument",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{"a":[{"b":["@"]}]}}"#,
    ),
    (
        "key of an argument",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{"by":{"@":1}}}"#,
    ),
    (
        "JSON in an argument",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{"a":"{\"b\":\"@\"}"}}"#,
    ),
    (
        "argument called cursor",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{"cursor":"@","name":"@","uri":"@"}}"#,
    ),
    (
        "_meta",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{},"_meta":{"acme/x":"@"}}"#,
    ),
    (
        "task of a call",
        Hidden,
        r#""method":"tools/call","params":{"name":"look","arguments":{},"task":{"acme":"@"}}"#,
    ),
    ("tool", Stopped, r#""method":"tools/call","params":{"name":"@","arguments":{}}"#),
    ("prompt argument", Hidden, r#""method":"prompts/get","params":{"name":"p","arguments":{"a":"@"}}"#),
    ("prompt", Stopped, r#""method":"prompts/get","params":{"name":"@"}"#),
    ("resource", Stopped, r#""method":"resources/read","params":{"uri":"db://rows?q=@"}"#),
    ("subscription", Stopped, r#""method":"resources/subscribe","params":{"uri":"db://rows?q=@"}"#),
    (
        "completion",
        Hidden,
        r#""method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"@"}}"#,
    ),
    (
        "completion context",
        Hidden,
        r#""method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""},"context":{"arguments":{"b":"@"}}}"#,
    ),
    (
        "completion reference",
        Stopped,
        r#""method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"@"},"argument":{"name":"a","value":""}}"#,
    ),
    (
        "client info",
        Hidden,
        r#""method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"of @","title":"@","version":"1"}}"#,
    ),
];

#[test]
fn hides_values_in_every_request() {
    for (place, fate, request) in REQUESTS {
        for value in VALUES {
            let stage = Stage::new("");
            let template = format!(r#"{{"jsonrpc":"2.0","id":1,{request}}}"#);
            let ticket = stage.say(&template.replace('@', value)).ok();
            check(place, *fate, (&template, value), ticket.as_ref().map(Ticket::body).as_deref());
            ticket.into_iter().for_each(|ticket| stage.settle(ticket));
        }
    }
}

#[test]
fn hides_values_in_notifications_and_answers_of_a_client() {
    for (place, asked, said) in [
        ("cancelled", CALL, r#""method":"notifications/cancelled","params":{"requestId":1,"reason":"of @"}"#),
        (
            "progress",
            CALL,
            r#""method":"notifications/progress","params":{"progressToken":"q","progress":1,"message":"@"}"#,
        ),
        (
            "sampled",
            "sampling/createMessage",
            r#""id":9,"result":{"role":"assistant","model":"m","content":{"type":"text","text":"@"}}"#,
        ),
        (
            "sampled, several",
            "sampling/createMessage",
            r#""id":9,"result":{"role":"assistant","model":"m","content":[{"type":"tool_use","id":"u","name":"t","input":{"a":"@"}},{"type":"text","text":"@"}]}"#,
        ),
        (
            "elicited",
            "elicitation/create",
            r#""id":9,"result":{"action":"accept","content":{"a":"@","by":["@"]}}"#,
        ),
        ("roots", "roots/list", r#""id":9,"result":{"roots":[{"uri":"file:///home/@","name":"@"}]}"#),
        ("error", "roots/list", r#""id":9,"error":{"code":1,"message":"no @","data":["@"]}"#),
    ] {
        for value in VALUES {
            let stage = Stage::new("");
            let mut ticket = stage.say(&format!(r#"{{"jsonrpc":"2.0","id":1,{CALL}}}"#)).expect("a ticket");
            if asked != CALL {
                let params = match asked {
                    "sampling/createMessage" => r#"{"maxTokens":1,"messages":[]}"#,
                    "elicitation/create" => {
                        r#"{"message":"","requestedSchema":{"type":"object","properties":{}}}"#
                    }
                    _ => "{}",
                };
                let wanted = format!(r#"{{"jsonrpc":"2.0","id":9,"method":"{asked}","params":{params}}}"#);
                let release = stage.hear(&mut ticket, &wanted, Carrier::Event);
                assert!(matches!(release, Release::Pass { .. }), "{place}: {release:?}");
            }
            let template = format!(r#"{{"jsonrpc":"2.0",{said}}}"#);
            let answer = stage
                .say(&template.replace('@', value))
                .unwrap_or_else(|refusal| panic!("{place}: {:?}", refusal.denial));
            check(place, Hidden, (&template, value), Some(&answer.body()));
            stage.settle(answer);
            stage.settle(ticket);
        }
    }
}

/// A modern request with the headers that say again what it says.
fn modern(stage: &Stage, arguments: &str, extra: &str, more: &[(&str, &str)]) -> Result<Ticket, Refusal> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"look","arguments":{arguments}{extra},"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{{"name":"c","version":"1"}},"io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
    );
    let mut headers = HeaderMap::new();
    let own = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "look")];
    for (name, value) in own.iter().chain(more) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    stage.admit(&body, &headers, Way::Streamable)
}

#[test]
fn keeps_headers_that_repeat_arguments_in_step() {
    let stage = Stage::new("");
    for (value, wanted) in [
        ("user@example.com", "u***@example.com"),
        ("123-45-6789", "***-**-****"),
        ("of user@example.com", "of u***@example.com"),
        ("nothing", "nothing"),
    ] {
        let arguments = format!(r#"{{"owner":"{value}"}}"#);
        let coded = format!("=?base64?{}?=", STANDARD.encode(value));
        for header in [value, coded.as_str()] {
            let ticket = modern(&stage, &arguments, "", &[("mcp-param-owner", header)])
                .unwrap_or_else(|refusal| panic!("{value}: {:?}", refusal.denial));
            let sent = ticket.claims().get("mcp-param-owner").and_then(|value| value.to_str().ok());
            assert_eq!(sent, Some(wanted), "{value}");
            let body = String::from_utf8(ticket.body().to_vec()).expect("UTF-8");
            assert!(body.contains(&format!(r#""owner":"{wanted}""#)), "{body}");
            stage.settle(ticket);
        }
    }
    let refused = modern(&stage, r#"{"owner":"me"}"#, "", &[("mcp-param-owner", "user@example.com")]);
    assert!(refused.is_err(), "a header that repeats nothing goes no further");
}

#[test]
fn hides_values_in_what_a_round_brings() {
    let stage = Stage::new("");
    for value in VALUES {
        let extra = format!(r#","inputResponses":{{"a":{{"action":"accept","content":{{"x":"{value}"}}}}}}"#);
        let ticket =
            modern(&stage, "{}", &extra, &[]).unwrap_or_else(|refusal| panic!("{:?}", refusal.denial));
        let body = String::from_utf8(ticket.body().to_vec()).expect("UTF-8");
        assert!(!body.contains(value), "{body}");
        stage.settle(ticket);
    }
}

#[test]
fn reads_text_in_a_blob_and_withholds_pictures_by_policy() {
    let stage = Stage::new("");
    let image =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAHnOcQAAAAABJRU5ErkJggg==";
    let show = |stage: &Stage, request: &str, result: &str| {
        let mut ticket = stage.say(&format!(r#"{{"jsonrpc":"2.0","id":1,{request}}}"#)).expect("a ticket");
        let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        let release = stage.hear(&mut ticket, &answer, Carrier::Event);
        stage.settle(ticket);
        let Release::Pass { body, .. } = release else { panic!("{release:?}") };
        String::from_utf8(body.to_vec()).expect("UTF-8")
    };
    for value in VALUES {
        let blob = STANDARD.encode(format!("see {value} in Z\u{fc}rich"));
        for (request, around) in [
            (
                CALL,
                r#"{"content":[{"type":"resource","resource":{"uri":"a:b","mimeType":"text/plain","blob":"@"}}]}"#,
            ),
            (READ, r#"{"contents":[{"uri":"file:///n","blob":"@"}]}"#),
            (
                PROMPT,
                r#"{"messages":[{"role":"user","content":{"type":"resource","resource":{"uri":"a:b","blob":"@"}}}]}"#,
            ),
        ] {
            let text = show(&stage, request, &around.replace('@', &blob));
            let start = text.find(r#""blob":""#).expect("a blob") + 8;
            let end = start + text[start..].find('"').expect("its end");
            let decoded =
                String::from_utf8(STANDARD.decode(&text[start..end]).expect("base64")).expect("UTF-8");
            assert!(decoded.starts_with("see ") && decoded.ends_with(" in Z\u{fc}rich"), "{decoded}");
            assert!(!decoded.contains(value), "{decoded}");
        }
    }
    let picture = format!(r#"{{"content":[{{"type":"image","mimeType":"image/png","data":"{image}"}}]}}"#);
    assert!(show(&stage, CALL, &picture).contains(image));
    let strict = Stage::new("binary: withhold\n");
    let text = show(&strict, CALL, &picture);
    assert!(text.contains(r#"{"type":"text","text":"[image withheld by policy]"}"#) && !text.contains(image));
    let some = Stage::new("binary: [image/png]\n");
    assert!(show(&some, CALL, &picture).contains(image));
}
