//! Where a server can put personal data: all of them are masked, or the message is withheld.

use super::{SSN, Script, answer};

/// In an answer.
fn bodies() -> Vec<(&'static str, String)> {
    let result = |members: String| format!(r#"{{"jsonrpc":"2.0","id":41,"result":{{{members}}}}}"#);
    let block = |block: String| result(format!(r#""content":[{block}]"#));
    let escaped: String = SSN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let quoted = format!(r#"{{\"ssn\":\"{SSN}\"}}"#);
    vec![
        ("text", answer(&format!("a {SSN} b"))),
        ("text-escaped", answer(&escaped)),
        ("text-half-escaped", answer(&SSN.replace("-", "\\u002d"))),
        ("text-json-in-text", answer(&quoted)),
        ("text-three-times", answer(&format!("{SSN} {SSN}\\n{SSN}"))),
        ("text-at-the-end-of-100-KB", answer(&format!("{} {SSN}", "word ".repeat(20_000)))),
        ("text-over-64-KB-edge", answer(&format!("{} {SSN} x", "a".repeat(65_526)))),
        ("structured", result(format!(r#""content":[],"structuredContent":{{"a":{{"b":["{SSN}"]}}}}"#))),
        ("structured-key", result(format!(r#""content":[],"structuredContent":{{"{SSN}":1}}"#))),
        ("meta", result(format!(r#""content":[],"_meta":{{"note":"{SSN}"}}"#))),
        ("unknown-member", result(format!(r#""content":[],"x-more":"{SSN}""#))),
        ("unknown-block", block(format!(r#"{{"type":"new","body":"{SSN}"}}"#))),
        (
            "resource-text",
            block(format!(r#"{{"type":"resource","resource":{{"uri":"a:b","text":"{SSN}"}}}}"#)),
        ),
        (
            "resource-uri",
            block(format!(r#"{{"type":"resource","resource":{{"uri":"a:{SSN}","text":"x"}}}}"#)),
        ),
        (
            "link-title",
            block(format!(r#"{{"type":"resource_link","uri":"a:b","name":"n","title":"{SSN}"}}"#)),
        ),
        (
            "link-uri",
            block(format!(r#"{{"type":"resource_link","uri":"https://x.example/?q={SSN}","name":"n"}}"#)),
        ),
        ("annotation", block(format!(r#"{{"type":"text","text":"x","annotations":{{"note":"{SSN}"}}}}"#))),
        ("block-key", block(format!(r#"{{"type":"text","text":"x","{SSN}":1}}"#))),
        ("error-message", format!(r#"{{"jsonrpc":"2.0","id":41,"error":{{"code":1,"message":"{SSN}"}}}}"#)),
        (
            "error-data",
            format!(
                r#"{{"jsonrpc":"2.0","id":41,"error":{{"code":1,"message":"x","data":{{"a":"{SSN}"}}}}}}"#
            ),
        ),
        (
            "error-data-text",
            format!(r#"{{"jsonrpc":"2.0","id":41,"error":{{"code":1,"message":"x","data":"{SSN}"}}}}"#),
        ),
        ("tool-error", result(format!(r#""isError":true,"content":[{{"type":"text","text":"{SSN}"}}]"#))),
        ("task", result(format!(r#""resultType":"task","taskId":"t","statusMessage":"{SSN}""#))),
        (
            "input-required",
            result(format!(
                r#""resultType":"input_required","inputRequests":{{"a":{{"method":"elicitation/create","params":{{"message":"{SSN}"}}}}}}"#
            )),
        ),
    ]
}

/// In what comes before it.
fn notes() -> Vec<(&'static str, String)> {
    vec![
        (
            "progress",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"t","progress":1,"message":"{SSN}"}}}}"#
            ),
        ),
        (
            "log-data",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":"{SSN}"}}}}"#
            ),
        ),
        (
            "log-data-deep",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{{"a":["{SSN}"]}}}}}}"#
            ),
        ),
        (
            "logger",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","logger":"{SSN}","data":1}}}}"#
            ),
        ),
        (
            "updated-uri",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{{"uri":"a:{SSN}"}}}}"#
            ),
        ),
        (
            "cancelled-reason",
            format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":1,"reason":"{SSN}"}}}}"#
            ),
        ),
        (
            "sampling-prompt",
            format!(
                r#"{{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{{"messages":[{{"role":"user","content":{{"type":"text","text":"{SSN}"}}}}],"maxTokens":1}}}}"#
            ),
        ),
        (
            "elicitation-message",
            format!(
                r#"{{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{{"message":"{SSN}","requestedSchema":{{"type":"object","properties":{{}}}}}}}}"#
            ),
        ),
        (
            "elicitation-default",
            format!(
                r#"{{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{{"message":"x","requestedSchema":{{"type":"object","properties":{{"a":{{"type":"string","default":"{SSN}"}}}}}}}}}}"#
            ),
        ),
        ("request-id", format!(r#"{{"jsonrpc":"2.0","id":"{SSN}","method":"ping"}}"#)),
    ]
}

pub(super) fn scripts() -> Vec<Script> {
    let mut scripts = Vec::new();
    for (name, body) in bodies() {
        scripts.push(Script::json(format!("place/json/{name}"), &body));
        scripts.push(Script::events(format!("place/event/{name}"), format!("data: {body}\n\n")));
    }
    for (name, note) in notes() {
        let events = format!("data: {note}\n\ndata: {}\n\n", answer("fine"));
        scripts.push(Script::events(format!("place/note/{name}"), events));
    }
    scripts
}
