//! The same key twice in one object: most readers take the last, some the first.

use crate::case::{Case, Demand};

/// A place for a key that comes twice: a text with `KEYS` in the place of its members, the key, the
/// innocent value and the other.
struct Place {
    id: &'static str,
    text: &'static str,
    key: &'static str,
    good: &'static str,
    bad: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        id: "method",
        text: r#"{"jsonrpc":"2.0","id":1,KEYS,"params":{"name":"delete_all","arguments":{}@}}"#,
        key: "method",
        good: r#""tools/list""#,
        bad: r#""tools/call""#,
    },
    Place {
        id: "params",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call",KEYS}"#,
        key: "params",
        good: r#"{"name":"echo","arguments":{"message":"hi"}@}"#,
        bad: r#"{"name":"delete_all","arguments":{}@}"#,
    },
    Place {
        id: "name",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{KEYS,"arguments":{"message":"hi"}@}}"#,
        key: "name",
        good: r#""echo""#,
        bad: r#""delete_all""#,
    },
    Place {
        id: "arguments",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",KEYS@}}"#,
        key: "arguments",
        good: r#"{"message":"hi"}"#,
        bad: r#"{"message":"/etc/shadow"}"#,
    },
    Place {
        id: "argument",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{KEYS}@}}"#,
        key: "message",
        good: r#""hi""#,
        bad: r#""/etc/shadow""#,
    },
    Place {
        id: "deep-argument",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi","a":[{"b":{KEYS}}]}@}}"#,
        key: "path",
        good: "1",
        bad: "2",
    },
    Place {
        id: "id",
        text: r#"{"jsonrpc":"2.0",KEYS,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@}}"#,
        key: "id",
        good: "1",
        bad: "2",
    },
    Place {
        id: "jsonrpc",
        text: r#"{KEYS,"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@}}"#,
        key: "jsonrpc",
        good: r#""2.0""#,
        bad: r#""1.0""#,
    },
    Place {
        id: "meta",
        text: r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"},KEYS}}"#,
        key: "_meta",
        good: r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#,
        bad: r#"{"progressToken":1}"#,
    },
];

/// `key` with every letter that `is_escaped` as an escape.
fn spelled(key: &str, is_escaped: impl Fn(usize) -> bool) -> String {
    let letter =
        |(at, c): (usize, char)| if is_escaped(at) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    key.chars().enumerate().map(letter).collect()
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for Place { id, text, key, good, bad } in PLACES {
        let plain = (*key).to_owned();
        let (first, all) = (spelled(key, |at| at == 0), spelled(key, |_| true));
        let upper = all.to_ascii_uppercase().replace("\\U", "\\u");
        let member = |key: &str, value: &str| format!(r#""{key}":{value}"#);
        let ways = [
            ("other-last", vec![member(&plain, good), member(&plain, bad)]),
            ("other-first", vec![member(&plain, bad), member(&plain, good)]),
            ("equal", vec![member(&plain, good), member(&plain, good)]),
            ("one-letter-escaped", vec![member(&plain, good), member(&first, bad)]),
            ("one-letter-escaped-first", vec![member(&first, good), member(&plain, bad)]),
            ("all-letters-escaped", vec![member(&plain, good), member(&all, bad)]),
            ("escaped-in-capitals", vec![member(&all, good), member(&upper, bad)]),
            ("apart", vec![member(&plain, good), member("z", "[{}]"), member(&plain, bad)]),
            ("null-last", vec![member(&plain, good), member(&plain, "null")]),
            ("spaced", vec![member(&plain, good), format!("\"{plain}\"\r\n\t : {bad}")]),
        ];
        for (way, members) in ways {
            let is_strange = way == "apart" && ["method", "params", "id", "jsonrpc"].contains(id);
            // Members that nobody knows may stand in the envelope's params and deeper, not beside it.
            let members = members.into_iter().filter(|member| !(is_strange && member.starts_with("\"z\"")));
            let way = if is_strange { "twice-again" } else { way };
            let joined = members.collect::<Vec<_>>().join(if is_strange { " , " } else { "," });
            let body = text.replace("KEYS", &joined);
            cases.push(Case::body(
                format!("json/duplicate/{id}/{way}"),
                Demand::Status(&[400]),
                body,
                "echo",
            ));
        }
    }
    cases
}
