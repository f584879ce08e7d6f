//! Class N: names that are not the denied tool's, but might be to somebody.

use crate::case::{Case, DENIED, Demand};

/// Names as they stand between quotes.
const NAMES: &[&str] = &[
    "Delete_All",
    "DELETE_ALL",
    "delete_All",
    "delete_all ",
    " delete_all",
    "\\tdelete_all",
    "delete_all\\n",
    "delete_all\\r\\n",
    "delete_all\\u0000",
    "\\u0000delete_all",
    "delete_all\\u0000echo",
    "echo\\u0000delete_all",
    "delete_\u{200b}all",
    "delete_\u{200d}all",
    "delete_\\u200ball",
    "\u{feff}delete_all",
    "delete\u{ad}_all",
    "delete_\u{2060}all",
    "delete_\u{430}ll",
    "d\u{435}lete_all",
    "\u{501}elete_all",
    "delete\u{ff3f}all",
    "\u{ff44}elete_all",
    "\u{1d41d}elete_all",
    "\u{24d3}elete_all",
    "delete_a\u{217c}l",
    "delete_all\u{202e}",
    "\u{202e}lla_eteled",
    "delete_all\u{e0061}",
    "delete_all\u{fe0f}",
    "de\u{301}lete_all",
    "delete-all",
    "delete.all",
    "delete all",
    "deleteall",
    "deleteAll",
    "delete__all",
    "_delete_all",
    "delete_all_",
    "delete_all.",
    "delete_all/",
    "/delete_all",
    "./delete_all",
    "../delete_all",
    "echo/../delete_all",
    "clinic/delete_all",
    "clinic.delete_all",
    "clinic:delete_all",
    "server1__delete_all",
    "mcp__clinic__delete_all",
    "delete_all@1",
    "delete_all@latest",
    "echo@delete_all",
    "echo,delete_all",
    "echo delete_all",
    "echo;delete_all",
    "echo|delete_all",
    "*",
    "**",
    "?",
    "delete_*",
    "[a-z]*",
    "{echo,delete_all}",
    "(delete_all)",
    "^delete_all$",
    "delete_al.",
    "%64elete_all",
    "delete%5Fall",
    "\\\\u0064elete_all",
    "&#100;elete_all",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "__class__",
    "",
    " ",
    "null",
    "undefined",
    "0",
    "-1",
    "true",
    "${delete_all}",
    "{{delete_all}}",
    "`delete_all`",
    "'delete_all'",
    "\\\"delete_all\\\"",
    "delete_all--",
    "delete_all#",
    "delete_all\\\\",
    "=delete_all",
    "=?base64?ZGVsZXRlX2FsbA==?=",
];

/// Values of `name` that are no text.
const VALUES: &[&str] = &[
    "1",
    "0",
    "null",
    "true",
    "[]",
    "[\"delete_all\"]",
    "[\"echo\",\"delete_all\"]",
    "{}",
    "{\"name\":\"delete_all\"}",
    "{\"toString\":\"delete_all\"}",
    "{\"$ref\":\"delete_all\"}",
    "1.5",
];

/// Every case of the class.
pub fn cases() -> Vec<Case> {
    let case = |kind: &str, shown: String, value: &str, claim: &str| {
        let body = DENIED.replace("\"delete_all\"", value);
        Case::body(format!("name/{kind}/{shown}"), Demand::Denied, body, claim)
    };
    let mut cases: Vec<_> = NAMES
        .iter()
        .map(|name| {
            let is_header = name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.contains('\\');
            // What no header can hold in the open goes there as Base64.
            let plain: String = serde_json::from_str(&format!("\"{name}\"")).expect("it is a text");
            let claim = if is_header && !name.starts_with("=?") {
                plain
            } else {
                use base64::Engine;
                format!("=?base64?{}?=", base64::engine::general_purpose::STANDARD.encode(plain))
            };
            case("text", name.escape_debug().to_string(), &format!("\"{name}\""), &claim)
        })
        .collect();
    for length in [128, 129, 1_000, 100_000] {
        let name = "d".repeat(length);
        cases.push(case("length", length.to_string(), &format!("\"{name}\""), &name[..length.min(1_000)]));
    }
    cases.extend(VALUES.iter().map(|value| case("value", (*value).into(), value, "delete_all")));
    // The denied name itself, in spellings that every reader of JSON takes for it.
    for (way, name) in [
        ("escaped", "\\u0064elete_all"),
        ("all-escaped", "\\u0064\\u0065\\u006c\\u0065\\u0074\\u0065\\u005f\\u0061\\u006c\\u006c"),
        ("escaped-in-capitals", "delete\\u005Fall"),
    ] {
        cases.push(case("same", way.into(), &format!("\"{name}\""), "delete_all"));
    }
    // The same bytes under a header that names an allowed tool.
    cases.push(case("claimed", "echo".into(), "\"delete_all\"", "echo"));
    // Other methods that could reach a tool by its name.
    for method in
        ["prompts/get", "resources/read", "completion/complete", "tasks/get", "tasks/result", "skills/get"]
    {
        let body = DENIED.replace("tools/call", method);
        cases.push(Case::body(format!("name/method/{method}"), Demand::Harmless, body, "delete_all"));
    }
    cases
}
