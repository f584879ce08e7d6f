//! Every member of a message that can carry a value, in both directions, through the gate as the wire goes: the
//! value is written over, or the message goes no further, or the member is opaque on purpose.
//!
//! `@` stands for the value. What is opaque is listed with its reason, so that nothing is opaque by mistake.

mod cuts;
mod stage;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use sluicegate::gate::{Carrier, Refusal, Release, Ticket, Way};
use sluicegate::json::Document;
use stage::Stage;

const VALUES: [&str; 3] = ["123-45-6789", "user@example.com", "4111 1111 1111 1111"];

/// What becomes of a value at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is written over, and nothing else.
    Hidden,
    /// It stays: whoever made it wants it back byte for byte.
    Opaque,
    /// The message goes no further.
    Stopped,
}
use Fate::{Hidden, Opaque, Stopped};

/// Checks what became of `template` with `value` in it.
#[track_caller]
fn check(place: &str, fate: Fate, (template, value): (&str, &str), came: Option<&[u8]>) {
    let sent = template.replace('@', value);
    let Some(came) = came else {
        assert_eq!(fate, Stopped, "{place}: {sent} went no further");
        return;
    };
    let text = String::from_utf8(came.to_vec()).expect("UTF-8");
    Document::parse(came).unwrap_or_else(|fault| panic!("{place}: {fault}: {text}"));
    match fate {
        Opaque => assert!(text.contains(value) || text.contains("sg1."), "{place}: {text}"),
        Stopped => panic!("{place}: {text} went on"),
        Hidden => {
            assert!(!text.contains(value), "{place}: {text}");
            let mut rest = text.as_str();
            for part in template.split('@') {
                let at = rest.find(part).unwrap_or_else(|| panic!("{place}: `{part}` is not in {text}"));
                rest = &rest[at + part.len()..];
            }
        }
    }
}

/// Requests, and what the server answers.
const ANSWERS: &[(&str, Fate, &str, &str)] = &[
    ("text", Hidden, CALL, r#"{"content":[{"type":"text","text":"see @."}],"isError":false}"#),
    ("text of an error", Hidden, CALL, r#"{"content":[{"type":"text","text":"see @."}],"isError":true}"#),
    ("JSON in text", Hidden, CALL, r#"{"content":[{"type":"text","text":"{\"note\":\"@\",\"n\":1.0}"}]}"#),
    (
        "embedded text",
        Hidden,
        CALL,
        r#"{"content":[{"type":"resource","resource":{"uri":"a:b","text":"see @"}}]}"#,
    ),
    (
        "embedded uri",
        Hidden,
        CALL,
        r#"{"content":[{"type":"resource","resource":{"uri":"a:b?q=@","text":""}}]}"#,
    ),
    ("link uri", Hidden, CALL, r#"{"content":[{"type":"resource_link","uri":"a:b?q=@","name":"n"}]}"#),
    ("link name", Hidden, CALL, r#"{"content":[{"type":"resource_link","uri":"a:b","name":"of @"}]}"#),
    (
        "link title",
        Hidden,
        CALL,
        r#"{"content":[{"type":"resource_link","uri":"a:b","name":"n","title":"@"}]}"#,
    ),
    (
        "link description",
        Hidden,
        CALL,
        r#"{"content":[{"type":"resource_link","uri":"a:b","name":"n","description":"@"}]}"#,
    ),
    ("_meta of a block", Hidden, CALL, r#"{"content":[{"type":"text","text":"","_meta":{"acme/x":"@"}}]}"#),
    (
        "picture that is none",
        Hidden,
        CALL,
        r#"{"content":[{"type":"image","mimeType":"image/png","data":"@"}]}"#,
    ),
    ("structured", Hidden, CALL, r#"{"content":[],"structuredContent":{"a":[{"b":"x @"}]}}"#),
    ("structured key", Hidden, CALL, r#"{"content":[],"structuredContent":{"by":{"@":1}}}"#),
    ("structured blob", Hidden, CALL, r#"{"content":[],"structuredContent":{"blob":"@","data":"@"}}"#),
    ("structured array", Hidden, CALL, r#"{"content":[],"structuredContent":["@"]}"#),
    (
        "structured cursor",
        Hidden,
        CALL,
        r#"{"content":[],"structuredContent":{"cursor":"@","requestState":"@"}}"#,
    ),
    ("_meta", Hidden, CALL, r#"{"content":[],"_meta":{"acme/note":["@"]}}"#),
    ("unknown member", Hidden, CALL, r#"{"content":[],"acme":{"deep":["@"]}}"#),
    ("task status", Hidden, CALL, r#"{"task":{"status":"working","statusMessage":"at @"}}"#),
    ("task id", Opaque, CALL, r#"{"task":{"taskId":"@","status":"working"}}"#),
    ("resource text", Hidden, READ, r#"{"contents":[{"uri":"file:///n","text":"see @"}]}"#),
    ("resource uri", Hidden, READ, r#"{"contents":[{"uri":"file:///n?q=@","text":""}]}"#),
    ("resource meta", Hidden, READ, r#"{"contents":[{"uri":"file:///n","text":"","_meta":{"a":"@"}}]}"#),
    ("prompt description", Hidden, PROMPT, r#"{"description":"of @","messages":[]}"#),
    ("prompt text", Hidden, PROMPT, r#"{"messages":[{"role":"user","content":{"type":"text","text":"@"}}]}"#),
    (
        "prompt resource",
        Hidden,
        PROMPT,
        r#"{"messages":[{"role":"user","content":{"type":"resource","resource":{"uri":"a:b","text":"@"}}}]}"#,
    ),
    ("completion", Hidden, COMPLETE, r#"{"completion":{"values":["a","to @"]}}"#),
    (
        "tool description",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","description":"as @","inputSchema":{"type":"object"}}]}"#,
    ),
    (
        "tool title",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","title":"as @","inputSchema":{"type":"object"}}]}"#,
    ),
    (
        "schema text",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","inputSchema":{"type":"object","properties":{"a":{"description":"as @"}}}}]}"#,
    ),
    (
        "schema default",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","inputSchema":{"type":"object","properties":{"a":{"default":"@"}}}}]}"#,
    ),
    (
        "schema enum",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","inputSchema":{"type":"object","properties":{"a":{"enum":["@"]}}}}]}"#,
    ),
    (
        "tool icon",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","inputSchema":{"type":"object"},"icons":[{"src":"https://x/?q=@"}]}]}"#,
    ),
    (
        "tool meta",
        Hidden,
        TOOLS,
        r#"{"tools":[{"name":"look","inputSchema":{"type":"object"},"_meta":{"a":"@"}}]}"#,
    ),
    ("list cursor", Opaque, TOOLS, r#"{"tools":[],"nextCursor":"@"}"#),
    (
        "prompt list",
        Hidden,
        PROMPTS,
        r#"{"prompts":[{"name":"p","title":"@","description":"@","arguments":[{"name":"a","description":"@"}]}]}"#,
    ),
    (
        "resource list",
        Hidden,
        RESOURCES,
        r#"{"resources":[{"uri":"file:///n","name":"@","title":"@","description":"@"}]}"#,
    ),
    (
        "instructions",
        Hidden,
        INITIALIZE,
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"},"instructions":"ask @"}"#,
    ),
    (
        "server info",
        Hidden,
        INITIALIZE,
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"of @","title":"@","version":"1"}}"#,
    ),
];

const CALL: &str = r#""method":"tools/call","params":{"name":"look","arguments":{}}"#;
const READ: &str = r#""method":"resources/read","params":{"uri":"file:///n"}"#;
const PROMPT: &str = r#""method":"prompts/get","params":{"name":"p"}"#;
const COMPLETE: &str = r#""method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"b"}}"#;
const TOOLS: &str = r#""method":"tools/list","params":{}"#;
const PROMPTS: &str = r#""method":"prompts/list","params":{}"#;
const RESOURCES: &str = r#""method":"resources/list","params":{}"#;
const INITIALIZE: &str = r#""method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#;

#[test]
fn hides_values_in_every_answer() {
    let stage = Stage::new("");
    for (place, fate, request, result) in ANSWERS {
        for value in VALUES {
            let request = format!(r#"{{"jsonrpc":"2.0","id":1,{request}}}"#);
            let mut ticket =
                stage.say(&request).unwrap_or_else(|refusal| panic!("{place}: {:?}", refusal.denial));
            let template = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
            let release = stage.hear(&mut ticket, &template.replace('@', value), Carrier::Event);
            let came = if let Release::Pass { body, .. } = &release { Some(&body[..]) } else { None };
            check(place, *fate, (&template, value), came);
            stage.settle(ticket);
        }
    }
}

#[test]
fn hides_values_in_every_error() {
    let stage = Stage::new("");
    for error in [
        r#"{"code":-32050,"message":"no @ here"}"#,
        r#"{"code":-32050,"message":"","data":{"row":["@",{"x":"is @."}],"n":2.0}}"#,
        r#"{"code":-32050,"message":"","data":"@"}"#,
        r#"{"code":-32050,"message":"","data":["@"],"acme":"@"}"#,
    ] {
        for value in VALUES {
            let mut ticket = stage.say(&format!(r#"{{"jsonrpc":"2.0","id":1,{CALL}}}"#)).expect("a ticket");
            let template = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
            let release = stage.hear(&mut ticket, &template.replace('@', value), Carrier::Event);
            let Release::Pass { body, .. } = &release else { panic!("{release:?}") };
            check(error, Hidden, (&template, value), Some(body));
            stage.settle(ticket);
        }
    }
}

/// What a server says by itself.
const WORDS: &[(&str, Fate, &str)] = &[
    (
        "log data",
        Hidden,
        r#""method":"notifications/message","params":{"level":"info","data":{"a":["of @"]}}"#,
    ),
    (
        "logger",
        Hidden,
        r#""method":"notifications/message","params":{"level":"info","logger":"@","data":""}"#,
    ),
    (
        "progress",
        Hidden,
        r#""method":"notifications/progress","params":{"progressToken":"p","progress":1,"message":"at @"}"#,
    ),
    (
        "resource that changed",
        Hidden,
        r#""method":"notifications/resources/updated","params":{"uri":"a:b?q=@"}"#,
    ),
    (
        "_meta of a word",
        Hidden,
        r#""method":"notifications/tools/list_changed","params":{"_meta":{"acme/x":"@"}}"#,
    ),
    (
        "sampling",
        Hidden,
        r#""id":9,"method":"sampling/createMessage","params":{"maxTokens":5,"systemPrompt":"of @","messages":[{"role":"user","content":{"type":"text","text":"@"}}],"metadata":{"a":"@"}}"#,
    ),
    (
        "sampling with tools",
        Hidden,
        r#""id":9,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","toolUseId":"u","content":[{"type":"text","text":"@"}],"structuredContent":{"a":"@"}}]}],"tools":[{"name":"t","description":"@","inputSchema":{"type":"object"}}]}"#,
    ),
    (
        "elicitation",
        Hidden,
        r#""id":9,"method":"elicitation/create","params":{"message":"is it @?","requestedSchema":{"type":"object","properties":{"a":{"type":"string","title":"@","description":"@","default":"@"}}}}"#,
    ),
    (
        "elicitation by URL",
        Hidden,
        r#""id":9,"method":"elicitation/create","params":{"mode":"url","message":"go","url":"https://x/?q=@","elicitationId":"e"}"#,
    ),
    ("_meta of a request", Hidden, r#""id":9,"method":"roots/list","params":{"_meta":{"acme/x":"@"}}"#),
    ("id of a request", Stopped, r#""id":"@","method":"roots/list""#),
];

#[test]
fn hides_values_in_what_a_server_says_by_itself() {
    for (place, fate, word) in WORDS {
        for value in VALUES {
            let stage = Stage::new("");
            let call = CALL.replace(r#""arguments":{}"#, r#""arguments":{},"_meta":{"progressToken":"p"}"#);
            let mut ticket = stage.say(&format!(r#"{{"jsonrpc":"2.0","id":1,{call}}}"#)).expect("a ticket");
            let template = format!(r#"{{"jsonrpc":"2.0",{word}}}"#);
            let release = stage.hear(&mut ticket, &template.replace('@', value), Carrier::Event);
            let came = if let Release::Pass { body, .. } = &release { Some(&body[..]) } else { None };
            check(place, *fate, (&template, value), came);
            stage.settle(ticket);
        }
    }
}

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
