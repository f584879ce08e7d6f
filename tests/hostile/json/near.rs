//! Keys that are not the protocol's, but are to a reader who folds case, drops what cannot be seen, or
//! trims.

use crate::case::{Case, Demand};

/// Where a near miss stands: a text with `KEY` where it is, beside the right one.
const PLACES: &[(&str, &str)] = &[
    (
        "method",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","KEY":"tools/call","params":{"name":"delete_all","arguments":{}@}}"#,
    ),
    (
        "params",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@},"KEY":{"name":"delete_all","arguments":{}@}}"#,
    ),
    (
        "name",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","KEY":"delete_all","arguments":{"message":"hi"}@}}"#,
    ),
    (
        "arguments",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"},"KEY":{"message":"/etc/shadow"}@}}"#,
    ),
    (
        "id",
        r#"{"jsonrpc":"2.0","id":1,"KEY":7,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@}}"#,
    ),
    (
        "jsonrpc",
        r#"{"jsonrpc":"2.0","KEY":"1.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}@}}"#,
    ),
    (
        "_meta",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"},"KEY":{"a":1}@}}"#,
    ),
    (
        "progressToken",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"},"_meta":{"progressToken":1,"KEY":2}}}"#,
    ),
];

fn title(key: &str) -> String {
    let at = key.find(|c: char| c.is_ascii_alphabetic()).unwrap_or_default();
    let mut key = key.to_owned();
    key[at..=at].make_ascii_uppercase();
    key
}

/// `key` with its first letter moved to another alphabet that begins at `from`.
fn shifted(key: &str, from: u32) -> String {
    let at = key.find(|c: char| c.is_ascii_alphabetic()).unwrap_or_default();
    let letter = key.as_bytes()[at].to_ascii_lowercase();
    let other = char::from_u32(from + u32::from(letter - b'a')).expect("it is a letter");
    format!("{}{other}{}", &key[..at], &key[at + 1..])
}

/// Near misses of `key`, as they stand between quotes.
fn misses(key: &str) -> Vec<(&'static str, String)> {
    let (head, tail) = key.split_at(key.len() / 2);
    let inside = |text: &str| format!("{head}{text}{tail}");
    let mut all = vec![
        ("title", title(key)),
        ("capitals", key.to_ascii_uppercase()),
        ("space-behind", format!("{key} ")),
        ("space-before", format!(" {key}")),
        ("no-break-space", format!("{key}\u{a0}")),
        ("ideographic-space", format!("\u{3000}{key}")),
        ("escaped-tab", format!("{key}\\t")),
        ("escaped-line-feed", format!("\\n{key}")),
        ("nul", format!("{key}\\u0000")),
        ("nul-before", format!("\\u0000{key}")),
        ("nul-inside", inside("\\u0000")),
        ("zero-width-space", inside("\u{200b}")),
        ("zero-width-joiner", inside("\u{200d}")),
        ("escaped-zero-width", inside("\\u200c")),
        ("soft-hyphen", inside("\u{ad}")),
        ("word-joiner", inside("\u{2060}")),
        ("byte-order-mark", format!("\u{feff}{key}")),
        ("right-to-left", format!("\u{202e}{key}")),
        ("tag-letter", format!("{key}\u{e0061}")),
        ("variation-selector", inside("\u{fe0f}")),
        ("hyphen", inside("-")),
        ("underscore", inside("_")),
        ("full-width", shifted(key, 0xff41)),
        ("circled", shifted(key, 0x24d0)),
        ("mathematical", shifted(key, 0x1d41a)),
        ("escaped-full-width", {
            let wide = shifted(key, 0xff41);
            let letter =
                |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
            wide.chars().map(letter).collect()
        }),
    ];
    if key.contains('s') {
        all.push(("long-s", key.replacen('s', "\u{17f}", 1)));
        all.push(("escaped-long-s", key.replacen('s', "\\u017f", 1)));
    }
    if key.contains('k') {
        all.push(("kelvin-sign", key.replacen('k', "\u{212a}", 1)));
    }
    if key.contains('i') {
        all.push(("dotless-i", key.replacen('i', "\u{131}", 1)));
    }
    all
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (key, text) in PLACES {
        for (way, miss) in misses(key) {
            let body = text.replace("KEY", &miss);
            cases.push(Case::body(format!("json/near/{key}/{way}"), Demand::Status(&[400]), body, "echo"));
        }
        // The near miss alone, in the place of the key.
        for (way, miss) in misses(key).into_iter().take(2) {
            let body = crate::case::DENIED.replace(&format!("\"{key}\""), &format!("\"{miss}\""));
            if body != crate::case::DENIED {
                cases.push(Case::body(
                    format!("json/near/{key}/alone/{way}"),
                    Demand::Denied,
                    body,
                    "delete_all",
                ));
            }
        }
    }
    let all = r#"{"JSONRPC":"2.0","ID":1,"METHOD":"tools/call","PARAMS":{"NAME":"delete_all"}}"#;
    cases.push(Case::body("json/near/everything", Demand::Status(&[400]), all, "delete_all"));
    cases
}
