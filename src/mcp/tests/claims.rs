use crate::json::Document;
use crate::mcp::claims::{agree, classify_body, restate, restate_params};
use crate::mcp::{Claims, Era, Message, Mismatch, Revision, Sender, Speech, envelope, fuzz_mirror};

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn with_message<T>(text: &str, look: impl FnOnce(&Message<'_>) -> T) -> T {
    let document = Document::parse(text.as_bytes()).unwrap();
    look(&envelope::read(&document, Sender::Client).unwrap())
}

/// A request in the modern manner, with `params` before its `_meta`.
fn modern(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}{META}}}}}"#)
}

fn legacy(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}}}}}"#)
}

fn meta(members: &str) -> String {
    legacy("tools/list", &format!("\"_meta\":{{{members}}}"))
}

fn version(version: &str) -> Claims<'_> {
    Claims { protocol_version: Some(version), ..Claims::default() }
}

fn check(claims: &Claims<'_>, text: &str) -> Result<Revision, i64> {
    let result = with_message(text, |message| agree(claims, message));
    if let Ok(speech) = result {
        assert_eq!(speech.era, speech.revision.era());
    }
    result.map(|speech| speech.revision).map_err(|mismatch| mismatch.code)
}

#[test]
fn finds_the_era_by_the_body_first() {
    use Revision::*;
    const KEY: &str = "\"io.modelcontextprotocol/protocolVersion\"";
    let initialize = |offer: &str| legacy("initialize", &format!(r#""protocolVersion":"{offer}""#));
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned();
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned();
    let list = legacy("tools/list", "");
    let cases = [
        // Rule 3: the body's claim.
        (Some("2026-07-28"), modern("prompts/list", ""), Err(-32020)),
        (None, modern("prompts/list", ""), Err(-32020)),
        (None, meta(&format!(r#"{KEY}:"2025-06-18""#)), Ok(V2025_06_18)),
        (None, meta(&format!(r#"{KEY}:"2026-07-28""#)), Err(-32602)),
        (None, meta(&format!(r#"{KEY}:20260728"#)), Err(-32602)),
        (Some("2099-01-01"), modern("tools/list", "").replace("2026-07-28", "2099-01-01"), Err(-32022)),
        (None, meta(&format!(r#"{KEY}:"2025-06-19""#)), Err(-32022)),
        // Rule 4: a handshake without a claim.
        (None, initialize("2025-06-18"), Ok(V2025_06_18)),
        (None, initialize("2024-11-05"), Ok(V2024_11_05)),
        (None, initialize("2024-10-07"), Ok(V2025_11_25)),
        (None, initialize("2026-07-28"), Ok(V2025_11_25)),
        (Some("2025-06-18"), initialize("2025-06-18"), Ok(V2025_06_18)),
        (Some("2026-07-28"), initialize("2025-06-18"), Err(-32020)),
        (Some("nonsense"), initialize("2025-06-18"), Err(-32020)),
        (Some("1999-01-01"), initialize("2025-06-18"), Err(-32022)),
        (None, meta(&format!(r#"{KEY}:"2026-07-28""#)).replace("tools/list", "initialize"), Ok(V2025_11_25)),
        // Rule 5: only the header is modern.
        (Some("2026-07-28"), list.clone(), Err(-32602)),
        (Some("2026-07-28"), meta(""), Err(-32602)),
        // Rule 6: both name a version.
        (Some("2025-06-18"), modern("tools/list", ""), Err(-32020)),
        (Some("2026-07-28"), meta(&format!(r#"{KEY}:"2025-06-18""#)), Err(-32020)),
        // Rule 7: a notification.
        (Some("2026-07-28"), notification.clone(), Ok(V2026_07_28)),
        (Some("2025-11-25"), notification.clone(), Ok(V2025_11_25)),
        (None, notification, Ok(V2025_03_26)),
        // Rule 8: the rest.
        (None, list.clone(), Ok(V2025_03_26)),
        (Some("2025-03-26"), list.clone(), Ok(V2025_03_26)),
        (Some("2025-11-25"), list.clone(), Ok(V2025_11_25)),
        (Some(""), list.clone(), Err(-32022)),
        (Some("2025-06-18, 2026-07-28"), list.clone(), Err(-32022)),
        (Some("2025-06-19"), list, Err(-32022)),
        (Some("2025-06-18"), answer.clone(), Ok(V2025_06_18)),
        (None, answer.clone(), Ok(V2025_03_26)),
        (Some("2026-07-28"), answer, Err(-32600)),
    ];
    for (header, text, wanted) in cases {
        let claims = Claims { protocol_version: header, ..Claims::default() };
        assert_eq!(check(&claims, &text), wanted, "{header:?} {text}");
    }
}

#[test]
fn holds_method_and_name_against_the_body() {
    let list = modern("tools/list", "");
    let call = modern("tools/call", r#""name":"read_file","uri":"x:y","#);
    let read = modern("resources/read", r#""uri":"file:///\u00e9","#);
    let task = modern("tasks/get", r#""taskId":"t","#);
    let odd = modern("prompts/get", r#""name":"=?base64?SGVsbG8=?=","#);
    let cases = [
        (&list, Some("tools/list"), None, Ok(())),
        (&list, Some("tools/list"), Some("stray"), Ok(())),
        (&list, None, None, Err(())),
        (&list, Some("TOOLS/LIST"), None, Err(())),
        (&list, Some("prompts/list"), None, Err(())),
        (&call, Some("tools/call"), Some("read_file"), Ok(())),
        (&call, Some("tools/call"), Some("=?base64?cmVhZF9maWxl?="), Ok(())),
        (&call, Some("tools/call"), Some("=?BASE64?cmVhZF9maWxl?="), Err(())),
        (&call, Some("tools/call"), Some("=?base64?cmVhZF9maWx?="), Err(())),
        (&call, Some("tools/call"), Some("=?base64?cmVh!!!F9maWxl?="), Err(())),
        (&call, Some("tools/call"), Some("=?base64?=?="), Err(())),
        (&call, Some("tools/call"), Some("x:y"), Err(())),
        (&call, Some("tools/call"), Some("Read_File"), Err(())),
        (&call, Some("tools/call"), Some(""), Err(())),
        (&call, Some("tools/call"), None, Err(())),
        (&call, Some("ping"), Some("read_file"), Err(())),
        (&read, Some("resources/read"), Some("=?base64?ZmlsZTovLy/DqQ==?="), Ok(())),
        (&read, Some("resources/read"), Some("file:///\u{e9}"), Err(())),
        (&task, Some("tasks/get"), Some("t"), Ok(())),
        (&task, Some("tasks/get"), None, Err(())),
        (&odd, Some("prompts/get"), Some("=?base64?SGVsbG8=?="), Err(())),
        (&odd, Some("prompts/get"), Some("=?base64?PT9iYXNlNjQ/U0dWc2JHOD0/PQ==?="), Ok(())),
    ];
    for (text, method, name, wanted) in cases {
        let claims = Claims { method, name, ..version("2026-07-28") };
        assert_eq!(
            check(&claims, text),
            wanted.map(|()| Revision::V2026_07_28).map_err(|()| -32020),
            "{name:?} {text}"
        );
    }
    let event = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    assert!(
        check(&Claims { method: Some("notifications/cancelled"), ..version("2026-07-28") }, event).is_ok()
    );
    assert!(check(&Claims { method: Some("ping"), ..version("2026-07-28") }, event).is_err());
}

#[test]
fn ignores_mirrored_headers_of_legacy_messages() {
    let call = legacy("tools/call", r#""name":"delete_all""#);
    for header in [None, Some("2025-06-18"), Some("2025-11-25")] {
        let claims = Claims {
            protocol_version: header,
            method: Some("ping"),
            name: Some("=?base64?!?="),
            params: vec![("A", "b")],
            ..Claims::default()
        };
        assert!(check(&claims, &call).is_ok());
        let restated = with_message(&call, |message| restate(message, &agree(&claims, message).unwrap()));
        assert_eq!(restated.len(), usize::from(header.is_some()), "only the version goes on");
    }
}

#[test]
fn wants_each_mirrored_argument_in_the_body() {
    let arguments = r#""name":"a","arguments":{"s":"Hello","n":4.2e1,"zero":-0.0,"half":1.50,"near":11.00000000000000000001,"most":9007199254740991,"big":9007199254740993,"b":true,"z":null,
        "deep":{"k":"\u00e9"},"list":["item"],"like":"=?base64?SGVsbG8=","num":"7"},"#;
    let call = modern("tools/call", arguments);
    let cases = [
        ("Hello", Ok(())),
        ("=?base64?SGVsbG8=?=", Ok(())),
        ("=?base64?SGVsbG8?=", Err(())),
        ("=?base64?SGVs!!!bG8=?=", Err(())),
        ("=?base64?SGVsbG9=?=", Err(())),
        ("=?base64?/w==?=", Err(())),
        ("=?base64?SGVsbG8=", Ok(())),
        ("hello", Err(())),
        ("", Err(())),
        ("42", Ok(())),
        ("42.0", Ok(())),
        ("42.", Err(())),
        ("42.01", Err(())),
        ("11", Err(())),
        ("11.00000000000000000001", Ok(())),
        ("+42", Err(())),
        ("4.2e1", Ok(())),
        ("42e0", Err(())),
        ("-0", Ok(())),
        ("0", Ok(())),
        ("1.50", Ok(())),
        ("1.5", Err(())),
        ("1", Err(())),
        ("9007199254740991.0", Ok(())),
        ("43", Err(())),
        ("0x2a", Err(())),
        ("9007199254740993", Ok(())),
        ("9007199254740992", Err(())),
        ("true", Ok(())),
        ("True", Err(())),
        ("null", Err(())),
        ("7", Ok(())),
        ("7.0", Err(())),
        ("inf", Err(())),
        ("NaN", Err(())),
        ("=?base64?w6k=?=", Ok(())),
        ("\u{e9}", Err(())),
        ("item", Err(())),
    ];
    for (value, wanted) in cases {
        fuzz_mirror(value.as_bytes());
        let base = Claims { method: Some("tools/call"), name: Some("a"), ..version("2026-07-28") };
        let claims = Claims { params: vec![("S", "Hello"), ("X", value)], ..base };
        assert_eq!(check(&claims, &call).map(drop).map_err(drop), wanted, "{value}");
    }
    let none = modern("tools/call", r#""name":"a","#);
    let claims = Claims {
        method: Some("tools/call"),
        name: Some("a"),
        params: vec![("X", "1")],
        ..version("2026-07-28")
    };
    assert_eq!(check(&claims, &none), Err(-32020));
}

#[test]
fn says_what_is_missing_and_what_is_spoken() {
    let look = |header: &str, text: &str| {
        with_message(text, |message| agree(&version(header), message)).unwrap_err()
    };
    let missing = look("2026-07-28", &meta(""));
    assert!(
        missing.text.contains("protocolVersion") && missing.text.contains("clientCapabilities"),
        "{missing}"
    );
    let unknown = look("2030-01-01\"", &legacy("ping", "").replace("ping", "tools/list"));
    assert_eq!(unknown.code, -32602, "a modern header and no claim");
    let unknown = look("2020-01-01", &legacy("tools/list", ""));
    let wanted =
        r#"{"supported":["2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"requested":"2020-01-01"}"#;
    assert_eq!(
        unknown,
        Mismatch { code: -32022, text: "unsupported protocol version".into(), data: Some(wanted.into()) }
    );
    for (bytes, is_repeated) in [(63, true), (64, true), (65, false)] {
        let long = look(&"1".repeat(bytes), &legacy("tools/list", ""));
        assert_eq!(long.data.unwrap().contains("requested"), is_repeated, "{bytes}");
    }
}

#[test]
fn makes_headers_anew() {
    let cases = [
        (modern("tools/call", r#""name":"a","#), vec!["2026-07-28", "tools/call", "a"]),
        (modern("resources/read", r#""uri":" x","#), vec!["2026-07-28", "resources/read", "=?base64?IHg=?="]),
        (modern("prompts/get", r#""name":"é","#), vec!["2026-07-28", "prompts/get", "=?base64?w6k=?="]),
        (modern("prompts/get", r#""name":"","#), vec!["2026-07-28", "prompts/get", "=?base64??="]),
        (modern("tools/list", r#""name":"a","#), vec!["2026-07-28", "tools/list"]),
    ];
    for (text, wanted) in cases {
        let headers = with_message(&text, |message| restate(message, &classify_body(message, None).unwrap()));
        let values: Vec<_> = headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, wanted, "{text}");
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["mcp-protocol-version", "mcp-method", "mcp-name"][..names.len()]);
        let value = |index: usize| values.get(index).copied();
        let claims =
            Claims { protocol_version: value(0), method: value(1), name: value(2), ..Claims::default() };
        assert!(check(&claims, &text).is_ok(), "what is made agrees: {text}");
    }
    let speech = Speech { revision: Revision::V2025_11_25, era: Era::Legacy };
    let initialize = legacy("initialize", r#""protocolVersion":"2025-11-25""#);
    assert!(with_message(&initialize, |message| restate(message, &speech)).is_empty());
}

#[test]
fn makes_mirrored_arguments_anew() {
    let arguments =
        |members: &str| modern("tools/call", &format!(r#""name":"a","arguments":{{{members}}},"#));
    let before =
        arguments(r#""copy":"x@acme.example","user_mail":"x@acme.example","n":1.0,"gone":"g","o":{"k":"v"}"#);
    let after =
        arguments(r#""copy":"x@acme.example","user_mail":"[e\u00e9]","n":1.0,"gone":null,"o":{"k":"v"}"#);
    let params = vec![("User-Mail", "x@acme.example"), ("N", "1"), ("Gone", "g"), ("Other", "v")];
    let claims = Claims { method: Some("tools/call"), name: Some("a"), params, ..version("2026-07-28") };
    assert!(check(&claims, &before).is_ok());
    let restated =
        with_message(&before, |before| with_message(&after, |after| restate_params(&claims, before, after)));
    let wanted = [("User-Mail", "=?base64?W2XDqV0=?="), ("N", "1.0"), ("Other", "v")];
    assert_eq!(restated, wanted.map(|(name, value)| (name, value.to_owned())));
    let claims =
        Claims { params: restated.iter().map(|(name, value)| (*name, value.as_str())).collect(), ..claims };
    assert!(check(&claims, &after).is_ok(), "what is made agrees");
}

#[test]
fn looks_at_a_bounded_number_of_arguments() {
    use crate::bounds::MIRRORED_LEAVES_MAX;
    // The object of the arguments counts, too.
    for (leaves, is_found) in
        [(MIRRORED_LEAVES_MAX - 2, true), (MIRRORED_LEAVES_MAX - 1, true), (MIRRORED_LEAVES_MAX, false)]
    {
        let half =
            |from: usize, to: usize| (from..to).map(|key| format!("\"k{key}\":0,")).collect::<String>();
        let inner = half(0, 5000);
        let outer = half(5000, leaves - 2);
        let members = format!(r#"{outer}"o":{{{}}},"last":"x""#, inner.trim_end_matches(','));
        let call = modern("tools/call", &format!(r#""name":"a","arguments":{{{members}}},"#));
        let base = Claims { method: Some("tools/call"), name: Some("a"), ..version("2026-07-28") };
        assert_eq!(check(&Claims { params: vec![("X", "x")], ..base }, &call).is_ok(), is_found, "{leaves}");
    }
}
