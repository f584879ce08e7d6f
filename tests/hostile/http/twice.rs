//! Headers of meaning that come twice, or in a spelling that only some readers take for theirs.

use crate::case::{Case, Demand, Post};
use crate::support::bundle::ALICE;

/// A header of meaning, and another value for it.
fn singles() -> Vec<(&'static str, String)> {
    let bearer = |key: &str| format!("Bearer {key}");
    [
        ("Host", "localhost".to_owned()),
        ("Authorization", bearer("other")),
        ("Content-Type", "text/plain".into()),
        ("Content-Encoding", "identity".into()),
        ("Mcp-Session-Id", "another".into()),
        ("MCP-Protocol-Version", "2025-11-25".into()),
        ("Mcp-Method", "ping".into()),
        ("Mcp-Name", "echo".into()),
        ("Mcp-Param-Path", "/".into()),
        ("Last-Event-ID", "1".into()),
        ("Origin", "http://localhost".into()),
    ]
    .into()
}

/// The value that an honest request has.
fn honest(post: &Post, name: &str, other: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(&post.bytes()).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
    line.unwrap_or_else(|| other.repeat(2)).into_bytes()
}

fn doubled() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, other) in singles() {
        type Trick<'t> = Box<dyn Fn(Post, Vec<u8>) -> Post + 't>;
        let lower = name.to_ascii_lowercase();
        let upper = name.to_ascii_uppercase();
        let tricks: [(&str, Trick<'_>); 6] = [
            ("equal", Box::new(|post, good| post.set(name, &good).add(name, &good))),
            ("other-behind", Box::new(|post, good| post.set(name, good).add(name, &other))),
            ("other-before", Box::new(|post, good| post.set(name, good).first(name, &other))),
            ("empty-behind", Box::new(|post, good| post.set(name, good).add(name, ""))),
            ("in-another-case", Box::new(|post, good| post.set(name, good).add(&lower, &other))),
            ("thrice", Box::new(|post, good| post.set(name, &good).add(&upper, &other).first(name, &good))),
        ];
        for (way, trick) in tricks {
            cases.push(Case::head(format!("http/twice/{name}/{way}"), Demand::Status(&[400]), |post| {
                let good = honest(&post, name, &other);
                trick(post, good)
            }));
        }
    }
    cases
}

/// Several values in one header.
fn listed() -> Vec<Case> {
    let rows = [
        ("Authorization", format!("Bearer {ALICE}, Bearer other")),
        ("Authorization", format!("Bearer {ALICE} other")),
        ("Authorization", format!("Bearer {ALICE};other")),
        ("Authorization", format!("Basic a, Bearer {ALICE}")),
        ("Authorization", format!("Bearer\t{ALICE}")),
        ("Authorization", format!("Bearer{ALICE}")),
        ("Authorization", format!("Bearer: {ALICE}")),
        ("Authorization", ALICE.to_owned()),
        ("Host", "127.0.0.1, localhost".into()),
        ("Host", "127.0.0.1 localhost".into()),
        ("Origin", "http://localhost http://evil.example".into()),
        ("Origin", "http://localhost, http://evil.example".into()),
        ("MCP-Protocol-Version", "2025-06-18, 2026-07-28".into()),
        ("MCP-Protocol-Version", "2026-07-28, 2025-06-18".into()),
        ("MCP-Protocol-Version", "2026-07-28 2025-06-18".into()),
        ("MCP-Protocol-Version", "2099-01-01".into()),
        ("MCP-Protocol-Version", "2025-06-19".into()),
        ("MCP-Protocol-Version", "".into()),
        ("MCP-Protocol-Version", "draft".into()),
        ("MCP-Protocol-Version", "\"2025-06-18\"".into()),
    ];
    let case = |(at, (name, value)): (usize, (&str, String))| {
        Case::head(format!("http/listed/{name}/{at}"), Demand::Status(&[400, 401, 403]), |post| {
            post.set(name, &value)
        })
    };
    rows.into_iter().enumerate().map(case).collect()
}

/// Names that become another header where `_` and `-` are one, or white space is trimmed.
fn misspelled() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in
        ["Mcp_Name", "Mcp_Method", "Mcp_Session_Id", "MCP_Protocol_Version", "Mcp_Param_Path", "mcp_name"]
    {
        cases.push(Case::head(format!("http/underscore/{name}"), Demand::Status(&[400]), |post| {
            post.add(name, "echo")
        }));
    }
    for name in ["Mcp-Name", "Mcp-Method", "Content-Type", "Authorization", "Host", "Origin"] {
        let lines: [(&str, String); 6] = [
            ("space-before-colon", format!("{name} : echo")),
            ("tab-before-colon", format!("{name}\t: echo")),
            ("space-before-name", format!(" {name}: echo")),
            ("no-colon", name.to_owned()),
            ("control-in-name", format!("{name}\x01: echo")),
            ("folded", format!("X-A: b\r\n {name}: echo")),
        ];
        for (way, line) in lines {
            cases.push(Case::head(format!("http/line/{name}/{way}"), Demand::Closed, |post| {
                post.first("X-Before", "a").line(line.clone())
            }));
        }
    }
    cases
}

/// Bytes in values that end the value, or the header, for some readers.
fn values() -> Vec<Case> {
    let mut cases = Vec::new();
    let bytes: [(&str, &[u8]); 5] = [
        ("nul", b"echo\0x"),
        ("carriage-return", b"echo\rMcp-Name: delete_all"),
        ("line-feed", b"echo\n Mcp-Name: delete_all"),
        ("escape", b"echo\x1b[0m"),
        ("delete", b"echo\x7f"),
    ];
    for name in ["Mcp-Name", "Mcp-Method", "Mcp-Session-Id", "MCP-Protocol-Version", "X-Anything"] {
        for (way, value) in bytes {
            cases.push(Case::head(format!("http/value/{name}/{way}"), Demand::Closed, |post| {
                post.set(name, value)
            }));
        }
    }
    for name in ["Mcp-Name", "Mcp-Method", "Mcp-Session-Id", "MCP-Protocol-Version", "X-Anything"] {
        for (way, value) in
            [("latin-1", &b"caf\xe9"[..]), ("utf-8", "d\u{435}lete_all".as_bytes()), ("high", b"\xff")]
        {
            cases.push(Case::head(format!("http/value/{name}/{way}"), Demand::Status(&[400]), |post| {
                post.set(name, value)
            }));
        }
    }
    cases
}

fn sizes() -> Vec<Case> {
    let many = |post: Post, count: usize| (0..count).fold(post, |post, at| post.add(&format!("X-{at}"), "a"));
    vec![
        Case::head("http/size/200-fields", Demand::Closed, |post| many(post, 200)),
        Case::head("http/size/5000-fields", Demand::Closed, |post| many(post, 5_000)),
        Case::head("http/size/value-of-70-KB", Demand::Closed, |post| post.add("X-Long", "a".repeat(70_000))),
        Case::head("http/size/name-of-70-KB", Demand::Closed, |post| post.add(&"a".repeat(70_000), "a")),
        Case::head("http/size/target-of-70-KB", Demand::Closed, |post| {
            post.to(format!("POST /mcp?{}", "a".repeat(70_000)))
        }),
        Case::head("http/size/token-of-60-KB", Demand::Closed, |post| {
            post.set("Authorization", format!("Bearer {}", "a".repeat(60_000)))
        }),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [doubled(), listed(), misspelled(), values(), sizes()].concat()
}
