//! What two parsers could read differently is refused, each with its own clear error, and no byte of it
//! reaches the server.

use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wire::{Wire, request};

const ECHO: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#;
const DELETE: &str =
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"delete_all","arguments":{}}}"#;
const MODERN: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;

/// A request that must be refused: status, JSON-RPC code, and words that its error holds.
struct Row {
    name: &'static str,
    bytes: Vec<u8>,
    status: u16,
    code: i64,
    words: &'static str,
}

fn body(name: &'static str, body: impl AsRef<[u8]>, code: i64, words: &'static str) -> Row {
    Row { name, bytes: request(ALICE, &[], body.as_ref()), status: 400, code, words }
}

/// A method that nobody knows: a legacy client is told so in-band, as servers do.
fn unknown(name: &'static str, text: &str) -> Row {
    Row { status: 200, ..body(name, text, -32_601, "method not found") }
}

fn head(name: &'static str, headers: &[(&str, &str)], body: &str, expected: (u16, i64, &'static str)) -> Row {
    let (status, code, words) = expected;
    Row { name, bytes: request(ALICE, headers, body.as_bytes()), status, code, words }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn nested(depth: usize) -> String {
    // The message, `params` and `arguments` are three levels themselves.
    let inner = format!("{}{}", "[".repeat(depth - 3), "]".repeat(depth - 3));
    call(1, "echo", &format!(r#"{{"x":{inner}}}"#))
}

fn bodies() -> Vec<Row> {
    let two_names =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"delete_all"}}"#;
    let escaped =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\u0061me":"delete_all"}}"#;
    let deep = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":{"p":1,"p":2}}}}"#;
    let near =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","NAME":"delete_all"}}"#;
    let methods = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"delete_all"}}"#;
    let result =
        r#"{"jsonrpc":"2.0","id":1,"result":{},"method":"tools/call","params":{"name":"delete_all"}}"#;
    let id = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#);
    vec![
        body("the same key twice", two_names, -32_600, "duplicate key at byte 70"),
        body("the same key twice, once escaped", escaped, -32_600, "duplicate key at byte 70"),
        body("the same key twice, deep in the arguments", deep, -32_600, "duplicate key at byte 94"),
        body("two methods", methods, -32_600, "duplicate key at byte 46"),
        body("a key in other case", near, -32_600, "nearly"),
        body("a result that is a call", result, -32_600, ""),
        body("a batch", format!("[{ECHO},{DELETE}]"), -32_600, "batch"),
        body("two values", format!("{ECHO}{DELETE}"), -32_700, ""),
        body("two lines", format!("{ECHO}\n{DELETE}"), -32_700, ""),
        body("two byte-order marks", format!("\u{feff}\u{feff}{ECHO}"), -32_700, ""),
        body("UTF-16", utf16(ECHO), -32_700, ""),
        body(
            "bytes that are no UTF-8",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
            -32_700,
            "UTF-8",
        ),
        body("nesting of 65", nested(65), -32_600, "nested too deeply"),
        body("nothing", "", -32_700, ""),
        body("a comment", "{/**/\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", -32_700, ""),
        body("a number that is none", call(1, "echo", r#"{"x":01}"#), -32_700, ""),
        body("a lone surrogate", call(1, "echo", r#"{"x":"\ud800"}"#), -32_700, ""),
        body(
            "positional params",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["delete_all"]}"#,
            -32_600,
            "",
        ),
        unknown("an unknown method", r#"{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}"#),
        unknown(
            "a method in capitals",
            r#"{"jsonrpc":"2.0","id":1,"method":"TOOLS/CALL","params":{"name":"echo"}}"#,
        ),
        body("no id of its own", id("null"), -32_600, "id"),
        body("a fractional id", id("1.0"), -32_600, "id"),
        body("an id that loses its last digit", id("9007199254740993"), -32_600, "id"),
    ]
}

fn heads() -> Vec<Row> {
    let modern = |name: &'static str| {
        [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", name)]
    };
    let lie = (400, -32_020, "Mcp-Name");
    vec![
        head("a name header that lies", &modern("echo"), MODERN, lie),
        head("a name header that is missing", &modern("delete_all")[..2], MODERN, lie),
        head("a version header that lies", &[], MODERN, (400, -32_020, "")),
        head("gzip", &[("Content-Encoding", "gzip")], ECHO, (415, -32_600, "Content-Encoding")),
        head(
            "a coding that nobody knows",
            &[("Content-Encoding", "x-foo")],
            ECHO,
            (415, -32_600, "Content-Encoding"),
        ),
        head(
            "UTF-7",
            &[("Content-Type", "application/json; charset=utf-7")],
            ECHO,
            (415, -32_600, "Content-Type"),
        ),
        head("plain text", &[("Content-Type", "text/plain")], ECHO, (415, -32_600, "Content-Type")),
        head(
            "a second Authorization",
            &[("Authorization", &format!("Bearer {ALICE}")), ("Authorization", "Bearer other")],
            ECHO,
            (400, -31_400, "one credential"),
        ),
        head(
            "a second name header",
            &[("Mcp-Name", "echo"), ("Mcp-Name", "delete_all")],
            ECHO,
            (400, -32_600, "mcp-name"),
        ),
        head(
            "two versions",
            &[("MCP-Protocol-Version", "2025-06-18"), ("MCP-Protocol-Version", "2026-07-28")],
            ECHO,
            (400, -32_600, "mcp-protocol-version"),
        ),
        head("a header with an underscore", &[("Mcp_Name", "echo")], ECHO, (400, -32_600, "mcp_name")),
        head(
            "a protocol to upgrade to",
            &[("Connection", "upgrade"), ("Upgrade", "foo")],
            ECHO,
            (400, -32_600, "upgrade"),
        ),
        head("a foreign host", &[("Host", "evil.example")], ECHO, (403, -32_600, "")),
        head("a foreign origin", &[("Origin", "https://evil.example")], ECHO, (403, -32_600, "")),
    ]
}

fn targets() -> Vec<Row> {
    let to = |target: &str| {
        let text = String::from_utf8(request(ALICE, &[], ECHO.as_bytes())).expect("it is ASCII");
        text.replacen("POST /mcp ", target, 1).into_bytes()
    };
    let row = |name, target, status| Row { name, bytes: to(target), status, code: -32_600, words: "" };
    vec![
        row("another path", "POST /other ", 404),
        row("a path with a slash more", "POST /mcp/ ", 404),
        row("a path with dots", "POST /x/../mcp ", 404),
        row("an escaped path", "POST /%6dcp ", 404),
        row("a doubled slash", "POST //mcp ", 404),
        row("a query", "POST /mcp?x=1 ", 400),
        row("another method", "PUT /mcp ", 405),
    ]
}

#[test]
fn refuses_each_with_its_own_clear_error_and_nothing_reaches_the_server() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut faults = Vec::new();
    for row in bodies().into_iter().chain(heads()).chain(targets()) {
        let mut wire = gate.connect();
        wire.send(&row.bytes);
        let Some(answer) = wire.try_answer() else {
            faults.push(format!("{}: closed without an answer", row.name));
            continue;
        };
        let (code, text) = answer.error();
        let is_right =
            (answer.status(), code) == (row.status, row.code) && text.contains(row.words) && !text.is_empty();
        if !is_right {
            let Row { name, status, code: wanted, words, .. } = row;
            faults.push(format!(
                "{name}: {} {code} `{text}`, not {status} {wanted} `{words}`",
                answer.status()
            ));
        }
        if upstream.bytes() > 0 {
            faults.push(format!("{}: {} bytes reached the server", row.name, upstream.bytes()));
            break;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let answer = gate.post(ALICE, ECHO);
    assert_eq!(answer.status(), 200, "the same call without the trick passes: {}", answer.text());
}

/// Requests whose frame is in doubt: a 4xx or no answer at all, the connection closed, nothing passed on.
#[test]
fn closes_where_the_frame_is_in_doubt() {
    let upstream = Upstream::echo();
    let url = upstream.url();
    // What looks like an unfinished body is given up soon.
    let words = ["--upstream", &url, "--header-timeout", "300ms", "--body-timeout", "300ms"];
    let gate = Gate::with(Bundle::new(&bundle::clinic()), &words);
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ALICE}\r\nContent-Type: application/json\r\n"
    );
    let length = ECHO.len();
    let chunked = format!("{length:x}\r\n{ECHO}\r\n0\r\n\r\n");
    let cases = [
        ("chunked is not last", format!("Transfer-Encoding: chunked, identity\r\n\r\n{chunked}")),
        ("a coding that is none", format!("Transfer-Encoding: xchunked\r\n\r\n{chunked}")),
        ("a signed length", format!("Content-Length: +{length}\r\n\r\n{ECHO}")),
        ("two lengths", format!("Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{ECHO}")),
        ("a list of lengths", format!("Content-Length: {length}, 5\r\n\r\n{ECHO}")),
        ("a negative length", format!("Content-Length: -1\r\n\r\n{ECHO}")),
        ("a length beyond 64 bits", format!("Content-Length: 18446744073709551616\r\n\r\n{ECHO}")),
        ("a folded header", format!("X: a\r\n b\r\nContent-Length: {length}\r\n\r\n{ECHO}")),
        ("a space before the colon", format!("Content-Length : {length}\r\n\r\n{ECHO}")),
        ("a NUL in a value", format!("X: a\0b\r\nContent-Length: {length}\r\n\r\n{ECHO}")),
        (
            "a chunk size that overflows",
            format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{ECHO}"),
        ),
    ];
    let mut faults = Vec::new();
    for (name, rest) in cases {
        let mut wire: Wire = gate.connect();
        let before = upstream.bytes();
        wire.send(format!("{head}{rest}").as_bytes());
        let status = wire.try_answer().map(|answer| answer.status());
        if status.is_some_and(|status| !(400..500).contains(&status)) {
            faults.push(format!("{name}: answered {status:?}"));
        }
        wire.closed();
        if upstream.bytes() > before {
            faults
                .push(format!("{name}: {:?} reached the server", upstream.got().last().map(|got| &got.head)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lets_unusual_but_unambiguous_messages_pass() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let spaced = "{\r\n \"jsonrpc\" : \"2.0\",\t\"id\" : 1, \"method\" : \"tools/call\", \"params\" : {\"name\":\"echo\"} }";
    let modern = MODERN.replace("delete_all", "echo");
    let cases = [
        ("pretty-printed", request(ALICE, &[], spaced.as_bytes())),
        ("an escaped key", request(ALICE, &[], ECHO.replace("name", "n\\u0061me").as_bytes())),
        ("an escaped slash", request(ALICE, &[], ECHO.replace("tools/call", "tools\\/call").as_bytes())),
        (
            "a charset",
            request(ALICE, &[("Content-Type", "Application/JSON; Charset=UTF-8")], ECHO.as_bytes()),
        ),
        ("no coding", request(ALICE, &[("Content-Encoding", "identity")], ECHO.as_bytes())),
        ("nesting of 64", request(ALICE, &[], nested(64).as_bytes())),
        (
            "a denied name as a value",
            request(ALICE, &[], call(1, "echo", r#"{"name":"delete_all","A":1,"a":2}"#).as_bytes()),
        ),
        (
            "headers that agree, with white space",
            request(
                ALICE,
                &[
                    ("mcp-PROTOCOL-version", "2026-07-28"),
                    ("MCP-METHOD", " tools/call"),
                    ("mcp-name", " echo "),
                ],
                modern.as_bytes(),
            ),
        ),
    ];
    let mut faults = Vec::new();
    for (name, bytes) in cases {
        let mut wire = gate.connect();
        wire.send(&bytes);
        let answer = wire.answer();
        if answer.status() != 200 || answer.json()["result"]["content"][0]["text"] != "ok" {
            faults.push(format!("{name}: {} {}", answer.status(), answer.text()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for got in upstream.got() {
        let head = got.head.to_ascii_lowercase();
        assert!(
            !head.contains("transfer-encoding") && !head.contains(ALICE),
            "re-framed, without our credential: {head}"
        );
    }
}

#[test]
fn judges_by_the_body_whatever_the_headers_say() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    for headers in [&[("Mcp-Name", "echo"), ("Mcp-Method", "tools/call")][..], &[("Mcp-Method", "ping")], &[]]
    {
        let answer = gate.connect().post(ALICE, headers, DELETE);
        let is_refused = answer.status() == 400 || answer.tool_error().is_some();
        assert!(is_refused, "{headers:?}: {} {}", answer.status(), answer.text());
    }
    let escaped = gate.post(ALICE, &DELETE.replace("delete_all", "delete\\u005fall"));
    assert!(escaped.tool_error().is_some(), "{}", escaped.text());
    assert_eq!(upstream.bytes(), 0);
}
