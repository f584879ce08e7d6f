//! More than one value, or far too much of one.

use crate::case::{ALLOWED, Case, DENIED, Demand};

const REFUSED: Demand = Demand::Status(&[400]);

fn several() -> Vec<Case> {
    let separators = [
        ("nothing", ""),
        ("line-feed", "\n"),
        ("carriage-return", "\r"),
        ("both", "\r\n"),
        ("space", " "),
        ("comma", ","),
        ("semicolon", ";"),
        ("nul", "\0"),
        ("record-separator", "\x1e"),
        ("line-separator", "\u{2028}"),
        ("next-line", "\u{85}"),
        ("form-feed", "\x0c"),
        ("hyphens", "\n---\n"),
        ("lsp", "Content-Length: 99\r\n\r\n"),
        ("event", "\n\ndata: "),
        ("boundary", "\r\n--x\r\n"),
        ("byte-order-mark", "\u{feff}"),
        ("bracket", "]["),
        ("garbage", "garbage"),
        ("end-of-transmission", "\x04"),
    ];
    let mut cases = Vec::new();
    for (way, separator) in separators {
        let allowed_first = [ALLOWED, DENIED].join(separator);
        cases.push(Case::body(format!("json/two-values/{way}"), REFUSED, allowed_first, "echo"));
    }
    for (way, tail) in [
        ("brace", "}"),
        ("bracket", "]"),
        ("comma", ","),
        ("nul", "\0"),
        ("letter", "x"),
        ("number", "1"),
        ("quote", "\""),
        ("null", "null"),
        ("json-lines", "\n{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}\n"),
    ] {
        cases.push(Case::body(format!("json/tail/{way}"), REFUSED, format!("{ALLOWED}{tail}"), "echo"));
    }
    cases
}

fn batches() -> Vec<Case> {
    let rows = [
        ("one-denied", format!("[{DENIED}]")),
        ("one-allowed", format!("[{ALLOWED}]")),
        ("allowed-and-denied", format!("[{ALLOWED},{DENIED}]")),
        ("denied-and-allowed", format!("[{DENIED},{ALLOWED}]")),
        ("nested", format!("[[{DENIED}]]")),
        ("empty", "[]".to_owned()),
        ("of-empty", "[{}]".to_owned()),
        ("with-null", format!("[null,{DENIED}]")),
        ("spaced", format!(" \n[ {DENIED} ] ")),
        ("unclosed", format!("[{DENIED}")),
        ("of-100", format!("[{}]", [DENIED; 100].join(","))),
        (
            "notification-and-denied",
            format!(r#"[{{"jsonrpc":"2.0","method":"notifications/initialized"}},{DENIED}]"#),
        ),
        ("result-and-denied", format!(r#"[{{"jsonrpc":"2.0","id":9,"result":{{}}}},{DENIED}]"#)),
        ("as-object", format!(r#"{{"0":{ALLOWED},"1":{DENIED},"length":2}}"#)),
        ("as-text", format!("\"{}\"", DENIED.replace('"', "\\\"").replace('@', ""))),
    ];
    rows.into_iter()
        .map(|(way, body)| Case::body(format!("json/batch/{way}"), REFUSED, body, "echo"))
        .collect()
}

fn large() -> Vec<Case> {
    let argument = |value: &str| ALLOWED.replace(r#""hi""#, &format!(r#""hi","x":{value}"#));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let keys = |count: usize| {
        let members: Vec<_> = (0..count).map(|at| format!(r#""k{at}":0"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    let mut rows = vec![
        ("depth/lists-62", argument(&nested(62))),
        ("depth/lists-100", argument(&nested(100))),
        ("depth/lists-2000", argument(&nested(2_000))),
        ("depth/lists-100000", argument(&nested(100_000))),
        ("depth/objects-62", argument(&objects(62))),
        ("depth/objects-2000", argument(&objects(2_000))),
        ("depth/objects-100000", argument(&objects(100_000))),
        ("depth/unclosed-lists", argument(&"[".repeat(100_000))),
        ("depth/unclosed-objects", argument(&r#"{"a":"#.repeat(100_000))),
        ("depth/of-the-message", format!("{}{DENIED}{}", "[".repeat(1_000), "]".repeat(1_000))),
        ("keys/10001", argument(&keys(10_001))),
        ("keys/50000", argument(&keys(50_000))),
        ("tokens/1000000", argument(&format!("[{}0]", "0,".repeat(1_000_000)))),
    ];
    let mut cases: Vec<_> = rows
        .drain(..)
        .map(|(way, body)| Case::body(format!("json/large/{way}"), REFUSED, body, "echo"))
        .collect();
    let long = argument(&format!("\"{}\"", "a".repeat(4 << 20)));
    cases.push(Case::body("json/large/4-MB-and-more", Demand::Status(&[413]), long, "echo"));
    // Large but within bounds: the name that counts stands behind it.
    let late = DENIED.replace(r#""arguments""#, &format!(r#""pad":"{}","arguments""#, "a".repeat(3 << 20)));
    cases.push(Case::body("json/large/denied-with-3-MB", Demand::Denied, late, "delete_all"));
    let number = argument(&"9".repeat(100_000));
    cases.push(Case::body("json/large/number-of-100000-digits", REFUSED, number, "echo"));
    let escapes = DENIED.replace("delete_all", &"\\u0064".repeat(10_000));
    cases.push(Case::body("json/large/name-of-10000-escapes", Demand::Denied, escapes, "delete_all"));
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [several(), batches(), large()].concat()
}
