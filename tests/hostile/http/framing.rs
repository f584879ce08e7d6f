//! Where a body ends: framings that two readers could read differently, and requests hidden behind one.

use crate::case::{Case, Demand, Era, Post};

fn chunked(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

/// Framing headers, and whether the body comes in chunks.
fn framed(id: &str, demand: Demand, lines: &[&str], is_chunked: bool) -> Case {
    Case::head(format!("http/framing/{id}"), demand, |post| {
        let body = if is_chunked { chunked(&post.body) } else { post.body.clone() };
        let length = post.body.len().to_string();
        lines.iter().fold(post.unframed(), |post, line| post.line(line.replace("LENGTH", &length))).body(body)
    })
}

fn lengths() -> Vec<Case> {
    let rows: &[(&str, &[&str])] = &[
        ("signed", &["Content-Length: +LENGTH"]),
        ("negative", &["Content-Length: -1"]),
        ("hex", &["Content-Length: 0xLENGTH"]),
        ("octal-digits", &["Content-Length: 0oLENGTH"]),
        ("float", &["Content-Length: LENGTH.0"]),
        ("exponent", &["Content-Length: LENGTHe0"]),
        ("underscore", &["Content-Length: 1_0"]),
        ("beyond-64-bits", &["Content-Length: 18446744073709551616"]),
        ("beyond-63-bits", &["Content-Length: 9223372036854775808"]),
        ("empty", &["Content-Length: "]),
        ("word", &["Content-Length: all"]),
        ("list", &["Content-Length: LENGTH, 5"]),
        ("list-no-space", &["Content-Length: LENGTH,5"]),
        ("semicolon", &["Content-Length: LENGTH;x"]),
        ("two-different", &["Content-Length: LENGTH", "Content-Length: 5"]),
        ("two-different-turned", &["Content-Length: 5", "Content-Length: LENGTH"]),
        ("two-with-zero", &["Content-Length: 0", "Content-Length: LENGTH"]),
        ("space-inside", &["Content-Length: 1 LENGTH"]),
        ("full-width", &["Content-Length: \u{ff11}\u{ff10}"]),
        ("vertical-tab", &["Content-Length: \x0bLENGTH"]),
        ("name-with-space", &["Content-Length : LENGTH"]),
        ("folded", &["Content-Length:\r\n LENGTH"]),
        ("far-too-long", &["Content-Length: 99999999"]),
        ("one-too-long", &["Content-Length: 1LENGTH"]),
        ("nul-behind", &["Content-Length: LENGTH\0"]),
    ];
    rows.iter().map(|(id, lines)| framed(&format!("length/{id}"), Demand::Closed, lines, false)).collect()
}

fn codings() -> Vec<Case> {
    let rows: &[(&str, &[&str])] = &[
        ("not-last", &["Transfer-Encoding: chunked, identity"]),
        ("identity", &["Transfer-Encoding: identity"]),
        ("unknown", &["Transfer-Encoding: xchunked"]),
        ("prefix", &["Transfer-Encoding: chunkedx"]),
        ("vertical-tab", &["Transfer-Encoding: chunked\x0b"]),
        ("vertical-tab-before", &["Transfer-Encoding: \x0bchunked"]),
        ("quoted", &["Transfer-Encoding: \"chunked\""]),
        ("parameter", &["Transfer-Encoding: chunked;q=1"]),
        ("gzip", &["Transfer-Encoding: gzip"]),
        ("chunked-then-gzip", &["Transfer-Encoding: chunked, gzip"]),
        ("two-lines-other-last", &["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]),
        ("two-lines-unknown", &["Transfer-Encoding: x", "Transfer-Encoding: y"]),
        ("name-with-space", &["Transfer-Encoding : chunked"]),
        ("folded", &["Transfer-Encoding:\r\n chunked"]),
        ("nul", &["Transfer-Encoding: chunked\0"]),
        ("line-feed", &["X: a\nTransfer-Encoding: xchunked"]),
        ("empty", &["Transfer-Encoding: "]),
        ("comma", &["Transfer-Encoding: ,"]),
        ("space-inside", &["Transfer-Encoding: chun ked"]),
        ("underscore", &["Transfer_Encoding: chunked"]),
        ("length-and-unknown", &["Content-Length: LENGTH", "Transfer-Encoding: xchunked"]),
        ("length-and-identity", &["Content-Length: LENGTH", "Transfer-Encoding: identity"]),
        ("length-and-not-last", &["Content-Length: 4", "Transfer-Encoding: chunked, x"]),
    ];
    rows.iter().map(|(id, lines)| framed(&format!("coding/{id}"), Demand::Closed, lines, true)).collect()
}

/// What a chunked body may not look like.
fn chunks() -> Vec<Case> {
    type Shape = fn(&str) -> String;
    let rows: &[(&str, Shape)] = &[
        ("size-overflow", |body| format!("fffffffffffffffff\r\n{body}\r\n0\r\n\r\n")),
        ("size-signed", |body| format!("+{:x}\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("size-hex-prefix", |body| format!("0x{:x}\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("size-underscore", |body| format!("0_{:x}\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("size-space-before", |body| format!(" {:x}\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("size-negative", |body| format!("-1\r\n{body}\r\n0\r\n\r\n")),
        ("size-empty", |body| format!("\r\n{body}\r\n0\r\n\r\n")),
        ("size-word", |body| format!("all\r\n{body}\r\n0\r\n\r\n")),
        ("bare-line-feed", |body| format!("{:x}\n{body}\n0\n\n", body.len())),
        ("bare-line-feed-behind-data", |body| format!("{:x}\r\n{body}\n0\r\n\r\n", body.len())),
        ("bare-carriage-return", |body| format!("{:x}\r{body}\r\n0\r\n\r\n", body.len())),
        ("too-short", |body| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() - 1)),
        ("too-long", |body| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len() + 1)),
        ("no-last-chunk", |body| format!("{:x}\r\n{body}\r\n", body.len())),
        ("extension-with-line-feed", |body| format!("{:x};a\nb\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("extension-of-20-KB", |body| {
            format!("{:x};{}\r\n{body}\r\n0\r\n\r\n", body.len(), "a".repeat(20_000))
        }),
        ("body-not-chunked", |body| body.to_owned()),
        ("nothing", |_| String::new()),
    ];
    rows.iter()
        .map(|(id, shape)| {
            Case::head(format!("http/framing/chunk/{id}"), Demand::Closed, |post| {
                let body = shape(&String::from_utf8_lossy(&post.body));
                post.unframed().add("Transfer-Encoding", "chunked").body(body)
            })
        })
        .collect()
}

/// Framing headers and a body, made of the body and of the request to hide.
type Hide = fn(&[u8], &[u8]) -> (Vec<&'static str>, Vec<u8>);

/// A request that one framing hides in the body of another.
fn hidden() -> Vec<Case> {
    let inner = |era: Era| Post::denied(era).bytes();
    let rows: [(&str, Hide); 6] = [
        ("length-before-chunks", |body, inner| {
            (vec!["Content-Length: 4", "Transfer-Encoding: chunked"], [&chunked(body)[..], inner].concat())
        }),
        ("chunks-before-length", |body, inner| {
            (vec!["Transfer-Encoding: chunked", "Content-Length: 4"], [&chunked(body)[..], inner].concat())
        }),
        ("behind-last-chunk", |body, inner| {
            let end = [b"0\r\n\r\n", inner].concat();
            (vec!["Content-Length: 5", "Transfer-Encoding: chunked"], [&chunked(body)[..], &end].concat())
        }),
        ("in-trailers", |body, inner| {
            let head = format!("{:x}\r\n", body.len()).into_bytes();
            let tail = [b"\r\n0\r\nX: ", inner, b"\r\n\r\n"].concat();
            (vec!["Transfer-Encoding: chunked"], [head, body.to_vec(), tail].concat())
        }),
        ("in-zero-length", |_, inner| (vec!["Content-Length: 0"], inner.to_vec())),
        ("trailer-names-credentials", |body, _| {
            let head = format!("{:x}\r\n", body.len()).into_bytes();
            let tail =
                b"\r\n0\r\nAuthorization: Bearer x\r\nMcp-Name: echo\r\nContent-Length: 0\r\n\r\n".to_vec();
            (vec!["Transfer-Encoding: chunked", "Trailer: Mcp-Name"], [head, body.to_vec(), tail].concat())
        }),
    ];
    let mut cases = Vec::new();
    for (id, shape) in rows {
        let sends = Era::BOTH.into_iter().flat_map(|era| {
            [Post::denied(era), Post::allowed(era)].map(|post| {
                let (lines, body) = shape(&post.body, &inner(era));
                lines.into_iter().fold(post.unframed(), Post::line).body(body).bytes()
            })
        });
        cases.push(Case::new(format!("http/framing/hidden/{id}"), Demand::Harmless, sends.collect()));
    }
    cases
}

/// Several requests in one write, and requests that are not whole.
fn queues() -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, version) in [
        ("http-1.0-chunked", "HTTP/1.0"),
        ("http-0.9", "HTTP/0.9"),
        ("http-1.2", "HTTP/1.2"),
        ("http-2.0-in-text", "HTTP/2.0"),
        ("no-version", ""),
        ("lower-case-version", "http/1.1"),
    ] {
        cases.push(Case::head(format!("http/framing/version/{id}"), Demand::Closed, |mut post| {
            post.version = version;
            let body = chunked(&post.body);
            post.unframed().add("Transfer-Encoding", "chunked").body(body)
        }));
    }
    for era in Era::BOTH {
        let (denied, allowed) = (Post::denied(era).bytes(), Post::allowed(era).bytes());
        let ping = Post::denied(era).set("Mcp-Method", "ping").bytes();
        for (id, bytes) in [
            ("allowed-then-denied", [&allowed[..], &denied].concat()),
            ("denied-then-allowed", [&denied[..], &allowed].concat()),
            ("denied-fifty-times", denied.repeat(50)),
            ("blank-lines-between", [&allowed[..], b"\r\n\r\n", &denied].concat()),
            ("denied-behind-a-bad-one", [b"GARBAGE\r\n\r\n", &denied[..]].concat()),
            ("denied-behind-half-a-head", [&allowed[..30], &denied].concat()),
            ("denied-behind-an-upgrade", [&ping[..], &denied].concat()),
            ("cut-in-the-head", denied[..denied.len() / 2].to_vec()),
            ("cut-in-the-body", denied[..denied.len() - 1].to_vec()),
        ] {
            cases.push(Case::new(format!("http/framing/queue/{id}/{era:?}"), Demand::Harmless, vec![bytes]));
        }
    }
    cases
}

fn expectations() -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, value) in [
        ("continue", "100-continue"),
        ("capitals", "100-CONTINUE"),
        ("unknown", "200-ok"),
        ("list", "100-continue, x"),
        ("empty", ""),
    ] {
        cases.push(Case::head(format!("http/framing/expect/{id}"), Demand::Harmless, |post| {
            post.add("Expect", value)
        }));
    }
    for value in ["foo", "websocket", "h2c", "HTTP/2.0", "TLS/1.0", "", "mcp"] {
        cases.push(Case::head(format!("http/framing/upgrade/{value}"), Demand::Status(&[400]), |post| {
            post.add("Connection", "Upgrade, HTTP2-Settings")
                .add("Upgrade", value)
                .add("HTTP2-Settings", "AAMAAABkAAQAAP__")
        }));
    }
    // What `Connection` names is gone behind a proxy that is told so: it must not be a header we need.
    for value in [
        "close, Mcp-Name",
        "Authorization",
        "Mcp-Session-Id, MCP-Protocol-Version",
        "Content-Length",
        "close, Host",
        "Transfer-Encoding",
    ] {
        cases.push(Case::head(format!("http/framing/connection/{value}"), Demand::Harmless, |post| {
            post.add("Connection", value)
        }));
    }
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [lengths(), codings(), chunks(), hidden(), queues(), expectations()].concat()
}
