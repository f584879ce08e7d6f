//! Messages that are two kinds at once, or no kind: ids, versions, methods, params.

use crate::case::{ALLOWED, Case, DENIED, Demand};

const REFUSED: Demand = Demand::Status(&[400]);

fn ids() -> Vec<Case> {
    let long = format!("\"{}\"", "a".repeat(5_000));
    let ids: [(&str, &str); 27] = [
        ("null", "null"),
        ("one-point-zero", "1.0"),
        ("exponent", "1e0"),
        ("fraction", "0.5"),
        ("beyond-2^53", "9007199254740993"),
        ("2^53", "9007199254740992"),
        ("below-minus-2^53", "-9007199254740993"),
        ("30-digits", "123456789012345678901234567890"),
        ("huge", "1e300"),
        ("minus-zero-point", "-0.0"),
        ("array", "[1]"),
        ("object", "{}"),
        ("nested-call", r#"{"id":1,"method":"tools/call"}"#),
        ("true", "true"),
        ("false", "false"),
        ("long", &long),
        ("nul", r#""a\u0000""#),
        ("line-feed", r#""a\nb""#),
        ("carriage-return", r#""a\r\ndata: x""#),
        ("escape", r#""\u001b[2J""#),
        ("next-line", r#""a\u0085b""#),
        ("delete", r#""a\u007f""#),
        ("257-bytes", &long[..1]),
        ("leading-zero", "01"),
        ("plus", "+1"),
        ("hex", "0x1"),
        ("missing-value", ""),
    ];
    let case = |(way, id): (&str, &str)| {
        let over = format!("\"{}\"", "a".repeat(257));
        let id = if way == "257-bytes" { &over } else { id };
        let body = ALLOWED.replace(r#""id":1"#, &format!(r#""id":{id}"#));
        Case::body(format!("json/id/{way}"), REFUSED, body, "echo")
    };
    let mut cases: Vec<_> = ids.into_iter().map(case).collect();
    let without = DENIED.replace(r#""id":2,"#, "");
    cases.push(Case::body("json/id/none", Demand::Denied, without, "delete_all"));
    cases
}

fn versions() -> Vec<Case> {
    [
        "\"1.0\"",
        "\"2\"",
        "2.0",
        "2",
        "null",
        "\"2.0 \"",
        "\" 2.0\"",
        "\"2.0\\u0000\"",
        "\"\\uff12.0\"",
        "[\"2.0\"]",
        "true",
        "\"2,0\"",
        "\"\"",
    ]
    .into_iter()
    .map(|version| {
        let body = ALLOWED.replacen("\"2.0\"", version, 1);
        Case::body(format!("json/version/{version}"), REFUSED, body, "echo")
    })
    .chain([Case::body("json/version/none", REFUSED, ALLOWED.replace(r#""jsonrpc":"2.0","#, ""), "echo")])
    .collect()
}

fn kinds() -> Vec<Case> {
    let call = r#""method":"tools/call","params":{"name":"delete_all","arguments":{}@}"#;
    let rows = [
        ("result-and-call", format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{}},{call}}}"#)),
        ("call-and-result", format!(r#"{{"jsonrpc":"2.0","id":1,{call},"result":{{}}}}"#)),
        ("error-and-call", format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":1,"message":"x"}},{call}}}"#)),
        ("null-result-and-call", format!(r#"{{"jsonrpc":"2.0","id":1,"result":null,{call}}}"#)),
        ("null-error-and-call", format!(r#"{{"jsonrpc":"2.0","id":1,"error":null,{call}}}"#)),
        ("result-and-error", r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#.into()),
        ("nothing", r#"{"jsonrpc":"2.0","id":1}"#.into()),
        ("empty", "{}".into()),
        ("call-in-extra-key", format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","x":{{{call}}}}}"#)),
        ("params-in-result", r#"{"jsonrpc":"2.0","id":1,"result":{},"params":{"name":"delete_all"}}"#.into()),
        ("id-in-params", r#"{"jsonrpc":"2.0","method":"tools/call","params":{"id":1,"name":"delete_all"@}}"#.into()),
        ("unknown-key", format!(r#"{{"jsonrpc":"2.0","id":1,"x":1,{call}}}"#)),
        ("proto-key", format!(r#"{{"jsonrpc":"2.0","id":1,"__proto__":{{{call}}},"method":"ping"}}"#)),
        ("constructor-key", format!(r#"{{"jsonrpc":"2.0","id":1,"constructor":{{{call}}},"method":"ping"}}"#)),
        ("wrapped", format!(r#"{{"message":{{"jsonrpc":"2.0","id":1,{call}}}}}"#)),
        ("text", r#""tools/call""#.into()),
        ("number", "1".into()),
        ("true", "true".into()),
        ("null", "null".into()),
        ("params-proto", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"delete_all"}@}}"#.into()),
        ("params-constructor", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"constructor":{"name":"delete_all"}@}}"#.into()),
        ("method-object", r#"{"jsonrpc":"2.0","id":1,"method":{"name":"tools/call"},"params":{"name":"delete_all"@}}"#.into()),
        ("method-list", r#"{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"delete_all"@}}"#.into()),
        ("server-request", r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[]@}}"#.into()),
        ("server-notification", r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1@}}"#.into()),
    ];
    rows.into_iter()
        .map(|(way, body)| Case::body(format!("json/kind/{way}"), Demand::Denied, body, "delete_all"))
        .collect()
}

fn params() -> Vec<Case> {
    let rows = [
        ("positional", r#"["delete_all"]"#),
        ("positional-pair", r#"["delete_all",{}]"#),
        ("list-of-object", r#"[{"name":"delete_all"}]"#),
        ("text", r#""delete_all""#),
        ("json-in-text", r#""{\"name\":\"delete_all\"}""#),
        ("number", "1"),
        ("true", "true"),
        ("null", "null"),
        ("empty-list", "[]"),
        ("arguments-list", r#"{"name":"delete_all","arguments":[]@}"#),
        ("arguments-text", r#"{"name":"delete_all","arguments":"{}"@}"#),
        ("arguments-null", r#"{"name":"delete_all","arguments":null@}"#),
        ("name-in-arguments", r#"{"arguments":{"name":"delete_all"}@}"#),
        ("name-and-uri", r#"{"name":"delete_all","uri":"echo","arguments":{}@}"#),
        ("tool-key", r#"{"tool":"delete_all","toolName":"delete_all","arguments":{}@}"#),
    ];
    let case = |(way, params): (&str, &str)| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        Case::body(format!("json/params/{way}"), Demand::Denied, body, "delete_all")
    };
    rows.into_iter().map(case).collect()
}

fn methods() -> Vec<Case> {
    let methods = [
        "TOOLS/CALL",
        "Tools/Call",
        "tools/Call",
        "tools/call ",
        " tools/call",
        "tools/call\\u0000",
        "tools/call\\n",
        "tools//call",
        "tools/./call",
        "/tools/call",
        "tools/call/",
        "tools.call",
        "tools_call",
        "tools-call",
        "toolscall",
        "tools\\\\call",
        "tools%2fcall",
        "tools/call?x",
        "tools/call#x",
        "tools/\\u200bcall",
        "\\uff54ools/call",
        "tools\\u2215call",
        "tools/c\\u0430ll",
        "tool\\u017f/call",
        "tools/call\\u202e",
        "tools/invoke",
        "tools/run",
        "call_tool",
        "tools/*",
        "rpc.discover",
        "system.multicall",
        "__proto__",
        "constructor",
        "toString",
        "",
        "x/vendor/delete_all",
        "notifications/tools/call",
        "$/tools/call",
        "delete_all",
    ];
    let case = |method: &str| {
        let body = DENIED.replace("tools/call", method);
        Case::body(format!("json/method/{method}"), Demand::Denied, body, "delete_all")
    };
    methods.into_iter().map(case).collect()
}

pub(super) fn cases() -> Vec<Case> {
    [ids(), versions(), kinds(), params(), methods()].concat()
}
