//! Unusual forms that are not ambiguous: none of them may be refused.

use super::Request;
use crate::case::{ALLOWED, Era, Post};
use crate::support::bundle::ALICE;

fn request(id: &str, era: Era, post: &Post) -> Request {
    Request { id: format!("written/{id}/{era:?}"), bytes: post.bytes() }
}

fn post(era: Era, body: &str) -> Post {
    Post::new(era, "echo", era.text(body.as_bytes()))
}

/// Arguments beside `message`, whatever they may be.
fn arguments() -> Vec<(&'static str, String)> {
    let deep = format!("{}1{}", "[".repeat(55), "]".repeat(55));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(55), "}".repeat(55));
    let keys: Vec<_> = (0..5_000).map(|at| format!("\"k{at}\":{at}")).collect();
    let rows: [(&str, &str); 46] = [
        ("2^53-1", "9007199254740991"),
        ("minus-2^53-1", "-9007199254740991"),
        ("minus-zero", "-0"),
        ("small", "1e-7"),
        ("capital-exponent", "1E+2"),
        ("point", "0.1000"),
        ("huge-but-finite", "1e308"),
        ("30-digits", "123456789012345678901234567890"),
        ("zero-point", "0.0"),
        ("minus-zero-point", "-0.0"),
        ("true", "true"),
        ("null", "null"),
        ("empty-list", "[]"),
        ("empty-object", "{}"),
        ("empty-text", "\"\""),
        ("empty-key", r#"{"":1}"#),
        ("two-cases", r#"{"A":1,"a":2}"#),
        ("hyphen-and-underscore", r#"{"a-b":1,"a_b":2,"ab":3}"#),
        ("protocol-keys", r#"{"method":"tools/call","params":{"name":"delete_all"},"id":7,"jsonrpc":"2.0"}"#),
        ("near-protocol-keys", r#"{"Method":1,"METHOD":2,"name ":3,"Name":4}"#),
        ("same-key-apart", r#"[{"a":1},{"a":2},{"b":{"a":3}}]"#),
        ("proto", r#"{"constructor":1,"toString":2}"#),
        ("denied-name", r#""delete_all""#),
        ("denied-call", r#"{"name":"delete_all","arguments":{}}"#),
        ("json-in-text", r#""{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\"}""#),
        ("escaped-slash", r#""a\/b""#),
        ("escapes", r#""\"\\\/\b\f\n\r\t""#),
        ("escaped-nul", r#""a\u0000b""#),
        ("escaped-pair", r#""\ud83d\ude00""#),
        ("escaped-in-capitals", r#""\u00E9""#),
        ("accents", "\"Zo\u{eb} caf\u{e9}\""),
        ("decomposed", "\"cafe\u{301}\""),
        ("emoji", "\"\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\""),
        ("right-to-left", "\"\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}x\u{202c}\""),
        ("chinese", "\"\u{4f60}\u{597d}\""),
        ("zero-width", "\"a\u{200b}b\u{feff}c\""),
        ("line-separators", "\"a\u{2028}b\u{2029}c\u{85}d\""),
        ("private-use", "\"\u{e000}\u{f8ff}\""),
        ("noncharacter", "\"\u{fffe}\u{ffff}\""),
        ("delete", "\"a\x7fb\""),
        ("full-width", "\"\u{ff41}\u{ff42}\""),
        ("replacement", "\"\u{fffd}\""),
        ("beyond-bmp", "\"\u{10ffff}\""),
        ("html", r#""<script>alert(1)</script>""#),
        ("sql", r#""'; DROP TABLE x; --""#),
        ("path", r#""../../etc/passwd""#),
    ];
    let mut all: Vec<_> = rows.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    all.push(("lists-in-lists", deep));
    all.push(("objects-in-objects", objects));
    all.push(("5000-keys", format!("{{{}}}", keys.join(","))));
    all.push(("60-KB", format!("\"{}\"", "word ".repeat(12_000))));
    all
}

/// Whole messages in unusual spellings.
fn spellings() -> Vec<(&'static str, String)> {
    let pretty = "{\r\n  \"jsonrpc\" : \"2.0\",\r\n\t\"id\" : 1 ,\r\n  \"method\" : \"tools/call\",\n  \"params\" : {\n \"name\" : \"echo\" , \"arguments\" : { \"message\" : \"hi\" } @ }\r\n}\r\n";
    let id = |id: &str| ALLOWED.replace("\"id\":1", &format!("\"id\":{id}"));
    let long = format!("\"{}\"", "a".repeat(200));
    vec![
        ("pretty", pretty.to_owned()),
        ("cr-between-tokens", ALLOWED.replacen(",\"method\"", ",\r\"method\"", 1)),
        ("space-around", format!(" \n\t{ALLOWED}\r\n ")),
        ("escaped-key", ALLOWED.replace("\"name\"", "\"n\\u0061me\"")),
        ("escaped-method-key", ALLOWED.replace("\"method\"", "\"\\u006dethod\"")),
        ("escaped-method", ALLOWED.replace("tools/call", "tools\\/call")),
        ("escaped-method-letters", ALLOWED.replace("tools/call", "tools/\\u0063all")),
        ("escaped-tool", ALLOWED.replace("\"echo\"", "\"\\u0065cho\"")),
        ("escaped-argument-key", ALLOWED.replace("\"message\"", "\"m\\u0065ssage\"")),
        ("escaped-version", ALLOWED.replace("\"2.0\"", "\"2\\u002e0\"")),
        ("other-order", r#"{"params":{"arguments":{"message":"hi"},"name":"echo"@},"method":"tools/call","id":1,"jsonrpc":"2.0"}"#.into()),
        ("id-text", id("\"abc\"")),
        ("id-text-number", id("\"1\"")),
        ("id-uuid", id("\"3f0e9b1c-7a55-4a52-9d0a-1f6f2f7d7a10\"")),
        ("id-unicode", id("\"\u{e9}\u{1f600}\"")),
        ("id-of-200", id(&long)),
        ("id-zero", id("0")),
        ("id-negative", id("-5")),
        ("id-2^53-1", id("9007199254740991")),
        ("id-escaped", id("\"a\\u0062c\"")),
        ("progress-token-text", ALLOWED.replace("@", r#","_meta":{"progressToken":"abc"}"#)),
        ("progress-token-number", ALLOWED.replace("@", r#","_meta":{"progressToken":7}"#)),
        ("trace", ALLOWED.replace("@", r#","_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#)),
        ("own-meta", ALLOWED.replace("@", r#","_meta":{"com.example/x":{"a":[1]},"Y":1}"#)),
        ("message-escaped", ALLOWED.replace("hi", "h\\u0069")),
        ("list", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.into()),
        ("list-params", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#.into()),
        ("ping", r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.into()),
        ("cancelled", r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":999}}"#.into()),
    ]
}

/// Heads in unusual spellings.
fn heads(era: Era) -> Vec<(&'static str, Post)> {
    let call = || post(era, ALLOWED);
    let mut all = vec![
        ("charset", call().set("Content-Type", "application/json; charset=utf-8")),
        ("charset-capitals", call().set("Content-Type", "Application/JSON; Charset=UTF-8")),
        ("charset-no-space", call().set("Content-Type", "application/json;charset=utf-8")),
        ("charset-quoted", call().set("Content-Type", "application/json; charset=\"utf-8\"")),
        ("charset-spaces", call().set("Content-Type", "application/json ;  charset=utf-8")),
        ("identity", call().add("Content-Encoding", "identity")),
        ("bearer-lower-case", call().set("Authorization", format!("bearer {ALICE}"))),
        ("bearer-capitals", call().set("Authorization", format!("BEARER {ALICE}"))),
        ("bearer-spaces", call().set("Authorization", format!("Bearer   {ALICE}"))),
        ("accept-turned", call().set("Accept", "text/event-stream, application/json")),
        ("accept-parameters", call().set("Accept", "application/json;q=0.9, text/event-stream;q=1.0")),
        ("accept-any-too", call().set("Accept", "application/json, text/event-stream, */*")),
        ("expect", call().add("Expect", "100-continue")),
        ("keep-alive", call().add("Connection", "keep-alive").add("Keep-Alive", "timeout=5")),
        ("close", call().add("Connection", "close")),
        ("te", call().add("TE", "trailers")),
        ("host-localhost", call().set("Host", "localhost:80")),
        ("host-ipv6", call().set("Host", "[::1]:80")),
        ("origin-localhost", call().add("Origin", "http://localhost:5173")),
        ("origin-loopback", call().add("Origin", "http://127.0.0.1:5173")),
        ("user-agent", call().add("User-Agent", "x/1 (y; z) \"q\"")),
        ("cookies", call().add("Cookie", "a=b; c=d")),
        (
            "forwarded",
            call().add("Forwarded", "for=10.0.0.1").add("X-Forwarded-For", "10.0.0.1").add("Via", "1.1 edge"),
        ),
        (
            "traceparent",
            call()
                .add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .add("tracestate", "a=b"),
        ),
        ("languages", call().add("Accept-Language", "de, en;q=0.5").add("Accept-Encoding", "gzip, br, zstd")),
        (
            "browser",
            call().add("Sec-Fetch-Mode", "cors").add("Sec-Fetch-Site", "same-origin").add("DNT", "1"),
        ),
        ("empty-header", call().add("X-Empty", "")),
        ("the-same-header-twice", call().add("X-Tag", "a").add("X-Tag", "b")),
        ("accept-twice", call().set("Accept", "application/json").add("Accept", "text/event-stream")),
        ("50-headers", (0..50).fold(call(), |post, at| post.add(&format!("X-{at}"), "a"))),
        ("header-of-8-KB", call().add("X-Long", "a".repeat(8_000))),
        (
            "padded-values",
            call()
                .set("Content-Type", "  application/json  ")
                .set("Accept", "\tapplication/json, text/event-stream\t"),
        ),
        ("chunked", chunked(call(), usize::MAX)),
        ("chunked-each-byte", chunked(call(), 1)),
        ("chunked-each-7", chunked(call(), 7)),
    ];
    let lower = |name: &'static str, post: Post| (name, renamed(post, str::to_ascii_lowercase));
    all.push(lower("lower-case-names", call()));
    all.push(("upper-case-names", renamed(call(), str::to_ascii_uppercase)));
    if era == Era::Modern {
        all.push(("padded-name", call().set("Mcp-Name", "  echo \t").set("Mcp-Method", " tools/call ")));
        all.push(("padded-version", call().set("MCP-Protocol-Version", " 2026-07-28 ")));
        all.push(("name-in-base64", call().set("Mcp-Name", "=?base64?ZWNobw==?=")));
        all.push(("session-that-nobody-reads", call().add("Mcp-Session-Id", "x")));
    }
    all
}

/// The request with its body in chunks of so many bytes.
fn chunked(post: Post, size: usize) -> Post {
    let mut body = Vec::new();
    for chunk in post.body.chunks(size.min(post.body.len())) {
        body.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    post.unframed().add("Transfer-Encoding", "chunked").body(body)
}

/// The request with its header names in another case.
fn renamed(mut post: Post, case: fn(&str) -> String) -> Post {
    post.rename(case);
    post
}

pub(super) fn requests() -> Vec<Request> {
    let mut all = Vec::new();
    for era in Era::BOTH {
        for (name, value) in arguments() {
            let body = ALLOWED.replace(r#""hi""#, &format!(r#""hi","x":{value}"#));
            all.push(request(&format!("argument/{name}"), era, &post(era, &body)));
        }
        for (name, body) in spellings() {
            let is_call = body.contains("arguments");
            if era == Era::Legacy || (is_call && body.contains('@')) {
                all.push(request(&format!("spelling/{name}"), era, &post(era, &body)));
            }
        }
        for (name, post) in heads(era) {
            all.push(request(&format!("head/{name}"), era, &post));
        }
    }
    all
}
