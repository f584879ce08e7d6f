//! Headers that say something else than the body.

use crate::case::{ALLOWED, Case, DENIED, Demand, Era, Post};

/// The denied call of the legacy era under headers of the modern one: no server of that era looks at
/// them, and a gate that decided by them would let it pass.
fn lies_over_legacy() -> Vec<Case> {
    let versions: &[(&str, &[&str])] = &[
        ("none", &[]),
        ("2024-11-05", &["2024-11-05"]),
        ("2025-03-26", &["2025-03-26"]),
        ("2025-06-18", &["2025-06-18"]),
        ("2025-11-25", &["2025-11-25"]),
        ("2026-07-28", &["2026-07-28"]),
        ("older-then-newer", &["2025-06-18", "2026-07-28"]),
        ("newer-then-older", &["2026-07-28", "2025-06-18"]),
        ("unknown", &["2031-01-01"]),
        ("empty", &[""]),
        ("a-list", &["2025-06-18, 2026-07-28"]),
    ];
    let lies: [(&str, &[(&str, &str)]); 4] = [
        ("name", &[("Mcp-Name", "echo")]),
        ("method", &[("Mcp-Method", "ping")]),
        ("both", &[("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")]),
        ("list", &[("Mcp-Method", "tools/list")]),
    ];
    let mut cases = Vec::new();
    for (version, values) in versions {
        for (lie, headers) in lies {
            let mut post = Post::denied(Era::Legacy).without("MCP-Protocol-Version");
            post = values.iter().fold(post, |post, value| post.add("MCP-Protocol-Version", value));
            post = headers.iter().fold(post, |post, (name, value)| post.add(name, value));
            let sends = vec![post.bytes(), post.without("Mcp-Session-Id").bytes()];
            cases.push(Case::new(format!("http/claims/legacy/{version}/{lie}"), Demand::Denied, sends));
        }
    }
    cases
}

/// A modern message whose name header is not, or not surely, the name in the body.
fn names_over_modern() -> Vec<Case> {
    let sentinel = |text: &str| format!("=?base64?{text}?=");
    let values: Vec<(&str, String)> = vec![
        ("other-tool", "lookup".into()),
        ("other-case", "Echo".into()),
        ("empty", String::new()),
        ("quoted", "\"echo\"".into()),
        ("prefix", "ech".into()),
        ("suffix", "echo2".into()),
        ("percent", "%65cho".into()),
        ("two-names", "echo, delete_all".into()),
        ("trailing-nul-word", "echo\\u0000".into()),
        ("base64-other", sentinel("ZGVsZXRlX2FsbA==")),
        ("base64-bad-alphabet", sentinel("ZWNob-==")),
        ("base64-url-alphabet", sentinel("ZWN_bw==")),
        ("base64-no-padding", sentinel("ZWNobw")),
        ("base64-too-much-padding", sentinel("ZWNobw====")),
        ("base64-trailing-bits", sentinel("ZWNobx==")),
        ("base64-space-inside", sentinel("ZWNo bw==")),
        ("base64-twice", sentinel("PT9iYXNlNjQ/WldOb2J3PT0/PQ==")),
        ("base64-bad-utf-8", sentinel("/////w==")),
        ("base64-empty", sentinel("")),
        ("base64-in-capitals", "=?BASE64?ZWNobw==?=".into()),
        ("base64-b-of-mime", "=?utf-8?B?ZWNobw==?=".into()),
        ("base64-no-end", "=?base64?ZWNobw==".into()),
        ("base64-with-nul", sentinel("ZWNobwA=")),
    ];
    let mut cases = Vec::new();
    for (way, value) in values {
        let lied = Post::allowed(Era::Modern).set("Mcp-Name", &value);
        let denied = Post::denied(Era::Modern).set("Mcp-Name", &value).bytes();
        // The header that names the denied tool in other words agrees with the denied body.
        let sends = vec![lied.bytes(), denied];
        cases.push(Case::new(format!("http/claims/name/{way}"), Demand::Denied, sends));
    }
    cases
}

fn others_over_modern() -> Vec<Case> {
    let modern = |name: &str, trick: &dyn Fn(Post) -> Post| {
        let sends = [Post::denied(Era::Modern), Post::allowed(Era::Modern)].map(|post| trick(post).bytes());
        Case::new(format!("http/claims/modern/{name}"), Demand::Status(&[400]), sends.to_vec())
    };
    let mut cases = vec![
        modern("no-method", &|post| post.without("Mcp-Method")),
        modern("no-name", &|post| post.without("Mcp-Name")),
        modern("no-version", &|post| post.without("MCP-Protocol-Version")),
        modern("older-version", &|post| post.set("MCP-Protocol-Version", "2025-11-25")),
        modern("unknown-version", &|post| post.set("MCP-Protocol-Version", "2026-07-29")),
        modern("nothing-but-version", &|post| post.without("Mcp-Method").without("Mcp-Name")),
    ];
    for method in [
        "ping",
        "tools/list",
        "TOOLS/CALL",
        "tools/call/",
        "tools%2fcall",
        "",
        "tools/call, ping",
        "initialize",
    ] {
        let name = format!("method/{method}");
        cases.push(modern(&name, &|post| post.set("Mcp-Method", method)));
    }
    cases
}

/// Bodies whose own era is in doubt.
fn eras() -> Vec<Case> {
    let key = "io.modelcontextprotocol/protocolVersion";
    let body = |meta: &str| DENIED.replace('@', &format!(r#","_meta":{meta}"#)).into_bytes();
    let capabilities = r#""io.modelcontextprotocol/clientCapabilities":{}"#;
    let metas = [
        ("older", format!(r#"{{"{key}":"2025-06-18",{capabilities}}}"#)),
        ("unknown", format!(r#"{{"{key}":"2031-01-01",{capabilities}}}"#)),
        ("number", format!(r#"{{"{key}":20260728,{capabilities}}}"#)),
        ("null", format!(r#"{{"{key}":null,{capabilities}}}"#)),
        ("list", format!(r#"{{"{key}":["2026-07-28"],{capabilities}}}"#)),
        ("twice", format!(r#"{{"{key}":"2025-06-18","{key}":"2026-07-28",{capabilities}}}"#)),
        ("near", format!(r#"{{"IO.modelcontextprotocol/protocolVersion":"2026-07-28",{capabilities}}}"#)),
        ("no-capabilities", format!(r#"{{"{key}":"2026-07-28"}}"#)),
        (
            "capabilities-list",
            format!(r#"{{"{key}":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}}"#),
        ),
        ("meta-list", "[]".to_owned()),
        ("meta-text", "\"2026-07-28\"".to_owned()),
        ("meta-null", "null".to_owned()),
    ];
    let mut cases = Vec::new();
    for (way, meta) in metas {
        let sends = Era::BOTH.map(|era| Post::new(era, "delete_all", body(&meta)).bytes());
        cases.push(Case::new(format!("http/claims/era/{way}"), Demand::Denied, sends.to_vec()));
    }
    // A body of one era under the headers of the other.
    let crossed = [
        Post::new(Era::Modern, "delete_all", Era::Legacy.text(DENIED.as_bytes())).bytes(),
        Post::new(Era::Legacy, "delete_all", Era::Modern.text(DENIED.as_bytes())).bytes(),
        Post::new(Era::Modern, "echo", Era::Legacy.text(ALLOWED.as_bytes())).bytes(),
        Post::new(Era::Legacy, "echo", Era::Modern.text(ALLOWED.as_bytes())).bytes(),
    ];
    cases.push(Case::new("http/claims/era/crossed", Demand::Status(&[400]), crossed.to_vec()));
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#;
    let post = Post::new(Era::Modern, "echo", initialize.into()).set("Mcp-Method", "initialize");
    cases.push(Case::new("http/claims/era/initialize-in-modern", Demand::Status(&[400]), vec![post.bytes()]));
    cases
}

/// Headers that repeat an argument, over a call that has none of that name or another value.
fn arguments() -> Vec<Case> {
    [
        ("other-value", "Message", "bye"),
        ("undeclared", "Path", "/"),
        ("prefix", "Message", "h"),
        ("quoted", "Message", "\"hi\""),
        ("empty", "Message", ""),
        ("base64-other", "Message", "=?base64?Ynll?="),
    ]
    .into_iter()
    .map(|(way, name, value)| {
        let post = Post::allowed(Era::Modern).add(&format!("Mcp-Param-{name}"), value);
        let denied = Post::denied(Era::Modern).add(&format!("Mcp-Param-{name}"), value);
        Case::new(format!("http/claims/argument/{way}"), Demand::Denied, vec![post.bytes(), denied.bytes()])
    })
    .collect()
}

pub(super) fn cases() -> Vec<Case> {
    [lies_over_legacy(), names_over_modern(), others_over_modern(), eras(), arguments()].concat()
}
