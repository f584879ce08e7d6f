//! Every member of a message that can carry a value, in both directions, through the gate as the wire goes: the
//! value is written over, or the message goes no further, or the member is opaque on purpose.
//!
//! `@` stands for the value. What is opaque is listed with its reason, so that nothing is opaque by mistake.

mod cuts;
mod requests;
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
