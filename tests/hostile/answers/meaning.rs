//! Messages that are well-formed and answer nothing, or two things, or name what may not be seen.

use super::{Ask, SSN, Script, answer, stray};

/// Ways to say an answer that is no answer to the question.
fn answers() -> Vec<(String, String)> {
    let good = answer("STRAY");
    let id = |id: &str| good.replace(":41,", &format!(":{id},"));
    let rows = [
        ("other-id", stray()),
        ("id-as-text", id("\"41\"")),
        ("id-as-float", id("41.0")),
        ("id-with-exponent", id("41e0")),
        ("id-null", id("null")),
        ("id-in-list", id("[41]")),
        ("id-true", id("true")),
        ("id-zero-before", id("041")),
        ("id-minus", id("-41")),
        ("id-beyond", id("18446744073709551657")),
        ("id-twice", good.replace("\"id\":41", "\"id\":999,\"id\":41")),
        ("id-near", good.replace("\"id\":41", "\"ID\":41")),
        ("no-id", good.replace("\"id\":41,", "")),
        ("no-version", good.replace("\"jsonrpc\":\"2.0\",", "")),
        ("version-1", good.replace("\"2.0\"", "\"1.0\"")),
        ("result-and-error", good.replace("\"id\"", "\"error\":{\"code\":1,\"message\":\"x\"},\"id\"")),
        ("result-and-method", good.replace("\"id\"", "\"method\":\"ping\",\"id\"")),
        ("result-twice", good.replace("\"result\"", "\"result\":{},\"result\"")),
        ("result-near", good.replace("\"result\"", "\"result\":{},\"Result\"")),
        ("content-twice", good.replace("\"content\"", "\"content\":[],\"content\"")),
        ("content-escaped-twice", good.replace("\"content\"", "\"content\":[],\"c\\u006fntent\"")),
        ("content-near", good.replace("\"content\"", "\"content\":[],\"Content\"")),
        ("text-twice", good.replace("\"text\":\"STRAY\"", "\"text\":\"x\",\"text\":\"STRAY\"")),
        ("text-near", good.replace("\"text\":\"STRAY\"", "\"text\":\"x\",\"Text\":\"STRAY\"")),
        ("unknown-key", good.replace("\"id\"", "\"STRAY\":1,\"id\"")),
        ("batch", format!("[{good}]")),
        ("batch-of-two", format!("[{},{}]", answer("STRAY"), stray())),
        ("two-values", format!("{good} {good}")),
        ("trailing-comma", good.replace("]}}", "],}}")),
        ("comment", good.replace("\"id\"", "/* STRAY */\"id\"")),
        ("nan", good.replace("\"STRAY\"", "\"STRAY\",\"x\":NaN")),
        (
            "deep",
            good.replace("\"STRAY\"", &format!("\"STRAY\",\"x\":{}{}", "[".repeat(5_000), "]".repeat(5_000))),
        ),
        ("text-alone", "\"STRAY\"".to_owned()),
        ("number-alone", "5".to_owned()),
        ("null-alone", "null".to_owned()),
        ("proto", good.replace("\"id\"", "\"__proto__\":{\"STRAY\":1},\"id\"")),
    ];
    rows.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// Requests and notifications that a server may not send here.
fn intrusions() -> Vec<(String, String)> {
    let rows = [
        (
            "sampling",
            r#"{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{"messages":[],"systemPrompt":"STRAY","maxTokens":1}}"#,
        ),
        (
            "elicitation",
            r#"{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{"message":"STRAY"}}"#,
        ),
        ("roots", r#"{"jsonrpc":"2.0","id":"STRAY","method":"roots/list"}"#),
        ("ping", r#"{"jsonrpc":"2.0","id":"STRAY","method":"ping"}"#),
    ];
    rows.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// What no side may send: a method of the other one, or of nobody.
fn impossible() -> Vec<(String, String)> {
    let rows = [
        ("call", r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"STRAY"}}"#),
        ("list", r#"{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"cursor":"STRAY"}}"#),
        ("initialize", r#"{"jsonrpc":"2.0","id":5,"method":"initialize","params":{"STRAY":1}}"#),
        ("unknown", r#"{"jsonrpc":"2.0","id":5,"method":"x/STRAY"}"#),
        ("unknown-notification", r#"{"jsonrpc":"2.0","method":"notifications/STRAY"}"#),
        (
            "notification-with-id",
            r#"{"jsonrpc":"2.0","id":5,"method":"notifications/message","params":{"level":"info","data":"STRAY"}}"#,
        ),
        (
            "request-without-id",
            r#"{"jsonrpc":"2.0","method":"sampling/createMessage","params":{"x":"STRAY"}}"#,
        ),
        (
            "notification-with-list",
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":["STRAY"]}"#,
        ),
        ("method-and-result", r#"{"jsonrpc":"2.0","id":5,"method":"ping","result":"STRAY"}"#),
    ];
    rows.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Lists that show what may not be seen, `STRAY`, beside what may.
fn listings() -> Vec<(&'static str, String)> {
    let list = |members: &str| format!(r#"{{"jsonrpc":"2.0","id":41,"result":{{{members}}}}}"#);
    let tool = |name: &str, more: &str| {
        format!(r#"{{"name":{name},"description":"{more}","inputSchema":{{"type":"object"}}}}"#)
    };
    let echo = tool("\"echo\"", "x");
    let tools = |tools: &str| list(&format!(r#""tools":[{tools}]"#));
    vec![
        ("denied", tools(&format!("{echo},{}", tool("\"delete_all\"", "STRAY")))),
        ("denied-alone", tools(&tool("\"delete_all\"", "STRAY"))),
        ("denied-escaped", tools(&tool("\"delete\\u005fall\"", "STRAY"))),
        ("denied-a-thousand-times", tools(&vec![tool("\"delete_all\"", "STRAY"); 1_000].join(","))),
        ("unknown", tools(&format!("{echo},{}", tool("\"surprise\"", "STRAY")))),
        ("other-case", tools(&tool("\"ECHO\"", "STRAY"))),
        ("space-behind", tools(&tool("\"echo \"", "STRAY"))),
        ("zero-width", tools(&tool("\"ec\u{200b}ho\"", "STRAY"))),
        ("full-width", tools(&tool("\"\u{ff45}cho\"", "STRAY"))),
        ("nul", tools(&tool("\"echo\\u0000\"", "STRAY"))),
        ("name-twice", tools(&tool("\"echo\",\"name\":\"delete_all\"", "STRAY"))),
        ("name-near", tools(&tool("\"echo\",\"Name\":\"delete_all\"", "STRAY"))),
        ("name-number", tools(&tool("1", "STRAY"))),
        ("name-list", tools(&tool("[\"echo\"]", "STRAY"))),
        ("name-null", tools(&tool("null", "STRAY"))),
        ("name-empty", tools(&tool("\"\"", "STRAY"))),
        ("no-name", tools(r#"{"description":"STRAY","inputSchema":{}}"#)),
        ("text-for-a-tool", tools("\"STRAY\"")),
        ("list-for-a-tool", tools("[\"STRAY\"]")),
        ("null-for-a-tool", tools("null,{\"name\":\"delete_all\",\"title\":\"STRAY\"}")),
        ("tools-twice", list(&format!(r#""tools":[{echo}],"tools":[{}]"#, tool("\"delete_all\"", "STRAY")))),
        ("tools-near", list(&format!(r#""tools":[{echo}],"Tools":[{}]"#, tool("\"delete_all\"", "STRAY")))),
        ("tools-object", list(&format!(r#""tools":{{"0":{}}}"#, tool("\"delete_all\"", "STRAY")))),
        ("tools-text", list(r#""tools":"STRAY""#)),
        ("result-list", r#"{"jsonrpc":"2.0","id":41,"result":[{"tools":["STRAY"]}]}"#.into()),
        ("result-text", r#"{"jsonrpc":"2.0","id":41,"result":"STRAY"}"#.into()),
        ("secret-in-description", tools(&tool("\"echo\"", SSN))),
        ("secret-in-cursor", list(&format!(r#""tools":[{echo}],"nextCursor":"{SSN}""#))),
    ]
}

pub(super) fn scripts() -> Vec<Script> {
    let mut scripts = Vec::new();
    let good = answer("fine");
    for (name, text) in answers() {
        scripts.push(Script::json(format!("meaning/json/{name}"), &text));
        // Beside the right answer, before it; where a stream ends with it, the answer is still owed.
        scripts.push(Script::events(format!("meaning/event/{name}"), format!("data: {text}\n\n")));
        scripts.push(Script::events(
            format!("meaning/behind/{name}"),
            format!("data: {good}\n\ndata: {text}\n\n"),
        ));
    }
    for (name, text) in intrusions().into_iter().chain(impossible()) {
        let events = format!("data: {text}\n\ndata: {good}\n\n");
        scripts.push(Script::json(format!("meaning/json/request/{name}"), &text));
        scripts.push(Script::events(format!("meaning/modern/request/{name}"), events).to(Ask::Modern));
    }
    for (name, text) in impossible() {
        let events = format!("data: {text}\n\ndata: {good}\n\n");
        scripts.push(Script::events(format!("meaning/legacy/request/{name}"), events));
    }
    for (name, text) in listings() {
        for (era, ask) in [("legacy", Ask::List), ("modern", Ask::ModernList)] {
            scripts.push(Script::json(format!("meaning/list/{era}/{name}"), &text).to(ask));
            let events = format!("data: {text}\n\n");
            scripts.push(Script::events(format!("meaning/list/{era}/event/{name}"), events).to(ask));
        }
    }
    let again = format!("data: {good}\n\ndata: {}\n\n", answer("STRAY"));
    scripts.push(Script::events("meaning/second-answer", &again));
    scripts.push(Script::events("meaning/modern/second-answer", &again).to(Ask::Modern));
    let error = r#"{"jsonrpc":"2.0","id":41,"error":{"code":1,"message":"STRAY"}}"#;
    scripts.push(Script::events("meaning/error-behind-answer", format!("data: {good}\n\ndata: {error}\n\n")));
    let late =
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"STRAY"}}"#;
    scripts.push(
        Script::events("meaning/modern/message-behind-answer", format!("data: {good}\n\ndata: {late}\n\n"))
            .to(Ask::Modern),
    );
    scripts
}
