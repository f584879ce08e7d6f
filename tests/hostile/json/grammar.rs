//! What RFC 8259 does not know and some reader takes: literals, comments, commas, quotes, white space.

use crate::case::{ALLOWED, Case, DENIED, Demand};

const REFUSED: Demand = Demand::Status(&[400]);

/// Values that some reader takes and RFC 8259 does not know.
const LITERALS: &[&str] = &[
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "nan",
    "undefined",
    "None",
    "True",
    "False",
    "NULL",
    "nil",
    "yes",
    "01",
    "-01",
    "00",
    "0x1",
    "0b1",
    "0o7",
    ".5",
    "5.",
    "-.5",
    "+1",
    "--1",
    "-",
    "1_0",
    "1e",
    "1e+",
    "e1",
    "1.e1",
    "1e1.5",
    "1 000",
    "1,5e",
    "1L",
    "1n",
    "1f",
    "\u{ff11}",
    "\u{661}",
    "'x'",
    "`x`",
    "x",
    "\"\\x41\"",
    "\"\\'\"",
    "\"\\a\"",
    "\"\\0\"",
    "\"\\u12\"",
    "\"\\u{41}\"",
    "\"\\U0041\"",
    "\"\\\"",
    "\"a\" \"b\"",
    "\"a\"+\"b\"",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1;2]",
    "{\"a\":1,}",
    "{,}",
    "{\"a\" 1}",
    "{\"a\"=1}",
    "{\"a\":}",
    "{:1}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "{null:1}",
    "(1)",
    "<1>",
    "/x/",
    "new Date(0)",
    "function(){}",
    "1 /* x */",
    "/**/1",
    "// x\n1",
    "# x\n1",
    "-- x\n1",
    "<!-- x -->1",
    "1e400",
    "-1e400",
    "1e99999999999",
    "\"\t\"",
    "\"\n\"",
    "\"\r\"",
    "\"\0\"",
    "\"\x1f\"",
    "\"\x08\"",
    "tru",
    "truex",
    "nullnull",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "",
];

/// Denied calls in texts that are no JSON.
const SYNTAX: &[(&str, &str)] = &[
    (
        "block",
        r#"{"jsonrpc":"2.0","id":1,/*"method":"ping",*/"method":"tools/call","params":{"name":"delete_all","arguments":{}@}}"#,
    ),
    (
        "block-around-the-denied",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"/*,"method":"tools/call","params":{"name":"delete_all"}*/}"#,
    ),
    (
        "line",
        "{\"jsonrpc\":\"2.0\",\"id\":1,//\"method\":\"ping\",\n\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    (
        "hash",
        "{\"jsonrpc\":\"2.0\",\"id\":1,#\"method\":\"ping\",\n\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    ("nested", r#"{"jsonrpc":"2.0","id":1,/*/**/*/"method":"tools/call","params":{"name":"delete_all"@}}"#),
    (
        "before",
        "/**/{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    (
        "behind",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}//",
    ),
    (
        "hijack-guard",
        ")]}'\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    (
        "while-1",
        "while(1);{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    (
        "callback",
        "f({\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}})",
    ),
    (
        "assignment",
        "x={\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}}",
    ),
    (
        "parentheses",
        "({\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"delete_all\"@}})",
    ),
    ("yaml", "jsonrpc: '2.0'\nid: 1\nmethod: tools/call\nparams: {name: delete_all}\n"),
    ("xml", "<methodCall><methodName>tools/call</methodName></methodCall>"),
    ("single-quotes", "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':{'name':'delete_all'}}"),
    ("bare-keys", r#"{jsonrpc:"2.0",id:1,method:"tools/call",params:{name:"delete_all"}}"#),
    ("trailing-comma", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@},}"#),
    ("leading-comma", r#"{,"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@}}"#),
    ("two-commas", r#"{"jsonrpc":"2.0",,"id":1,"method":"tools/call","params":{"name":"delete_all"@}}"#),
    ("semicolons", r#"{"jsonrpc":"2.0";"id":1;"method":"tools/call";"params":{"name":"delete_all"@}}"#),
    ("equals", r#"{"jsonrpc"="2.0","id"=1,"method"="tools/call","params"={"name"="delete_all"@}}"#),
    (
        "no-commas",
        "{\"jsonrpc\":\"2.0\"\n\"id\":1\n\"method\":\"tools/call\"\n\"params\":{\"name\":\"delete_all\"@}}",
    ),
    ("unclosed", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@}"#),
    ("unclosed-twice", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@"#),
    (
        "closed-too-often",
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@}}}"#,
    ),
    ("closed-wrongly", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all"@}]"#),
];

/// An allowed call with `value` as an argument.
fn argument(value: &str) -> String {
    ALLOWED.replace(r#""hi""#, &format!(r#""hi","x":{value}"#))
}

fn literals() -> Vec<Case> {
    let case = |value: &&str| {
        Case::body(format!("json/literal/{}", value.escape_debug()), REFUSED, argument(value), "echo")
    };
    LITERALS.iter().map(case).collect()
}

/// Comments that hide a member from one reader.
fn comments() -> Vec<Case> {
    let case =
        |(id, text): &(&str, &str)| Case::body(format!("json/syntax/{id}"), REFUSED, text, "delete_all");
    SYNTAX.iter().map(case).collect()
}

/// Cuts a text in two, where something is put in.
type Cut = fn(&[u8]) -> (Vec<u8>, Vec<u8>);

/// White space that is none to JSON, between tokens.
fn spaces() -> Vec<Case> {
    let spaces: [(&str, &[u8]); 14] = [
        ("no-break-space", "\u{a0}".as_bytes()),
        ("form-feed", b"\x0c"),
        ("vertical-tab", b"\x0b"),
        ("next-line", "\u{85}".as_bytes()),
        ("line-separator", "\u{2028}".as_bytes()),
        ("paragraph-separator", "\u{2029}".as_bytes()),
        ("byte-order-mark", "\u{feff}".as_bytes()),
        ("nul", b"\0"),
        ("zero-width-space", "\u{200b}".as_bytes()),
        ("ideographic-space", "\u{3000}".as_bytes()),
        ("record-separator", b"\x1e"),
        ("backspace", b"\x08"),
        ("delete", b"\x7f"),
        ("escape-sequence", b"\x1b[2K"),
    ];
    let places: [(&str, Cut); 5] = [
        ("before", |text| (Vec::new(), text.to_vec())),
        ("behind-the-brace", |text| (text[..1].to_vec(), text[1..].to_vec())),
        ("behind-a-colon", |text| (text[..11].to_vec(), text[11..].to_vec())),
        ("before-a-comma", |text| (text[..16].to_vec(), text[16..].to_vec())),
        ("behind", |text| (text.to_vec(), Vec::new())),
    ];
    let mut cases = Vec::new();
    for (space, bytes) in spaces {
        for (place, cut) in places {
            // Marks around the text are cases of `json/encoding`; one at the front is stripped.
            if space == "byte-order-mark" && ["before", "behind"].contains(&place) {
                continue;
            }
            let (head, tail) = cut(DENIED.as_bytes());
            let body = [&head, bytes, &tail].concat();
            cases.push(Case::body(format!("json/space/{space}/{place}"), REFUSED, body, "delete_all"));
        }
    }
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [literals(), comments(), spaces()].concat()
}
