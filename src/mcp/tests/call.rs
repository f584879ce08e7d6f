use crate::json::Document;
use crate::mcp::Method;
use crate::mcp::call::{
    ParamsFault as F, conversation, fuzz_call, progress_token, subscribed, target, tool, trace_id,
};

#[test]
fn names_what_a_message_is_about() {
    use Method as M;
    let cases = [
        (M::ToolsCall, r#"{"name":"a\u0062"}"#, Ok(Some("ab"))),
        (M::PromptsGet, r#"{"name":"p q"}"#, Ok(Some("p q"))),
        (M::ResourcesRead, r#"{"uri":"file:///x"}"#, Ok(Some("file:///x"))),
        (M::ResourcesUnsubscribe, r#"{"uri":"a:b"}"#, Ok(Some("a:b"))),
        (M::TasksGet, r#"{"taskId":"7"}"#, Ok(Some("7"))),
        (M::CompletionComplete, r#"{"ref":{"type":"ref/prompt","name":"p"}}"#, Ok(Some("p"))),
        (M::CompletionComplete, r#"{"ref":{"type":"ref/resource","uri":"a:{b}"}}"#, Ok(Some("a:{b}"))),
        (M::ToolsList, r#"{"name":"a"}"#, Ok(None)),
        (M::ToolsCall, "{}", Err(F::Missing("name"))),
        (M::ToolsCall, r#"{"name":7}"#, Err(F::Kind("name"))),
        (M::ToolsCall, r#"{"name":["a"]}"#, Err(F::Kind("name"))),
        (M::ToolsCall, r#"{"name":"a\u200bb"}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":"delete_\u0430ll"}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":"delete_all "}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":"delete_all\u0000"}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":"a*"}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":"../a"}"#, Err(F::ToolName)),
        (M::ToolsCall, r#"{"name":""}"#, Err(F::ToolName)),
        (M::PromptsGet, "{\"name\":\"e\u{301}\"}", Err(F::Form("name"))),
        (M::PromptsGet, "{\"name\":\"\u{E9} \u{26A0}\u{FE0F}\"}", Ok(Some("\u{E9} \u{26A0}\u{FE0F}"))),
        (M::PromptsGet, "{\"name\":\"a\u{FE01}\"}", Err(F::Character("name"))),
        (M::ResourcesRead, "{\"uri\":\"a:\u{212B}\"}", Err(F::Form("uri"))),
        (M::ResourcesRead, r#"{"uri":"a:\u2028"}"#, Err(F::Character("uri"))),
        (M::ToolsList, r#"{"cursor":"a\u200b"}"#, Err(F::Character("cursor"))),
        (M::ToolsList, r#"{"cursor":7}"#, Err(F::Kind("cursor"))),
        (M::ToolsList, r#"{"cursor":null}"#, Ok(None)),
        (M::ToolsList, r#"{"cursor":"eyJ4IjoxfQ==","_meta":{"progressToken":"a"}}"#, Ok(None)),
        (M::ToolsList, r#"{"_meta":{"progressToken":"a\ufeff"}}"#, Err(F::Character("_meta.progressToken"))),
        (M::ToolsList, r#"{"_meta":{"progressToken":"e\u0301"}}"#, Err(F::Form("_meta.progressToken"))),
        (M::NotificationsProgress, r#"{"progressToken":1.5}"#, Err(F::Kind("progressToken"))),
        (M::NotificationsCancelled, r#"{"requestId":"a\u202e"}"#, Err(F::Character("requestId"))),
        (M::NotificationsCancelled, r#"{"requestId":7}"#, Ok(None)),
        (M::PromptsGet, r#"{"name":"a\u202eb"}"#, Err(F::Character("name"))),
        (M::ResourcesRead, r#"{"uri":"a\nb"}"#, Err(F::Character("uri"))),
        (M::TasksGet, r#"{"taskId":"a\udb40\udc61"}"#, Err(F::Character("taskId"))),
        (M::ResourcesRead, r#"{"name":"a"}"#, Err(F::Missing("uri"))),
        (M::CompletionComplete, r#"{"ref":{"name":"a","uri":"b"}}"#, Err(F::Ambiguous)),
        (M::CompletionComplete, r#"{"name":"a"}"#, Err(F::Missing("ref"))),
    ];
    for (method, text, wanted) in cases {
        fuzz_call(text.as_bytes());
        let document = Document::parse(text.as_bytes()).unwrap();
        let found = target(method, Some(document.root()));
        assert_eq!(
            found.as_ref().map(Option::as_deref),
            wanted.as_ref().map(|name| *name),
            "{method} {text}"
        );
    }
    assert_eq!(target(Method::ToolsCall, None), Err(F::Missing("name")));
}

#[test]
fn bounds_the_name_of_a_tool() {
    for (bytes, is_good) in [(1, true), (127, true), (128, true), (129, false)] {
        let text = format!(r#"{{"name":"{}"}}"#, "n".repeat(bytes));
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(tool(Some(document.root())).is_ok(), is_good, "{bytes}");
        assert_eq!(target(Method::ToolsCall, Some(document.root())).is_ok(), is_good, "{bytes}");
    }
}

#[test]
fn reads_a_call_of_a_tool() {
    let text = r#"{"arguments":{"a":1},"_meta":{"progressToken":"t","acme/turn":7},"name":"x"}"#;
    let document = Document::parse(text.as_bytes()).unwrap();
    let call = tool(Some(document.root())).unwrap();
    assert_eq!((call.name.as_ref(), call.arguments.unwrap().raw()), ("x", r#"{"a":1}"#));
    assert_eq!(call.progress_token.unwrap().raw(), "\"t\"");
    assert_eq!(conversation(call.meta.unwrap(), "acme/turn").as_deref(), Some("7"));
    assert_eq!(conversation(call.meta.unwrap(), "acme/other"), None);
    let cases = [
        (r#"{"name":"x","arguments":null}"#, None),
        (r#"{"name":"x","arguments":{}}"#, None),
        (r#"{"name":"x","arguments":["a"]}"#, Some(F::Kind("arguments"))),
        (r#"{"name":"x","arguments":"{}"}"#, Some(F::Kind("arguments"))),
        (r#"{"name":"x","_meta":1}"#, Some(F::Kind("_meta"))),
        (r#"{"name":"x","_meta":{"progressToken":1.5}}"#, Some(F::Kind("_meta.progressToken"))),
        (r#"{"name":"x","_meta":{"progressToken":0}}"#, None),
        (r#"{"arguments":{"name":"x"}}"#, Some(F::Missing("name"))),
    ];
    for (text, fault) in cases {
        fuzz_call(text.as_bytes());
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(tool(Some(document.root())).err(), fault, "{text}");
    }
    assert_eq!(progress_token(None), Ok(None));
}

#[test]
fn finds_the_trace_and_the_subscriptions() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let cases = [
        (format!("00-{trace}-00f067aa0ba902b7-01"), Some(trace)),
        (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), None),
        (format!("ff-{trace}-00f067aa0ba902b7-01"), None),
        (format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()), None),
        (format!("00-{trace}0-00f067aa0ba902b7-01"), None),
        ("x".to_owned(), None),
    ];
    for (parent, wanted) in cases {
        let text = format!("{{\"traceparent\":\"{parent}\"}}");
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(trace_id(document.root()).as_deref(), wanted, "{parent}");
    }
    let cases = [
        (r#"{"notifications":{"resourceSubscriptions":["a:b","c:d"]}}"#, Ok(2)),
        (r#"{"notifications":{"toolsListChanged":true}}"#, Ok(0)),
        ("{}", Ok(0)),
        (
            r#"{"notifications":{"resourceSubscriptions":[7]}}"#,
            Err(F::Kind("notifications.resourceSubscriptions")),
        ),
        (
            r#"{"notifications":{"resourceSubscriptions":"a"}}"#,
            Err(F::Kind("notifications.resourceSubscriptions")),
        ),
    ];
    for (text, wanted) in cases {
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(subscribed(Some(document.root())).map(|list| list.len()), wanted, "{text}");
    }
}
