//! Request lines, hosts, origins, methods, and headers that say that the request is another.

use crate::case::{Case, Demand, Era, Post};

/// Targets that are not the path of the endpoint, byte for byte.
const TARGETS: &[&str] = &[
    "//mcp",
    "/./mcp",
    "/x/../mcp",
    "/mcp/.",
    "/mcp/..",
    "/%6dcp",
    "/%6Dcp",
    "/mcp%2f",
    "/mcp%00",
    "/mcp%20",
    "/mcp/",
    "/mcp;x=1",
    "/mcp?x=1",
    "/mcp?",
    "/mcp?token=x",
    "/MCP",
    "/Mcp",
    "/mcp#",
    "/mcp#/x",
    "\\mcp",
    "/\\mcp",
    "/mcp\\",
    "mcp",
    "*",
    "",
    "/",
    "/mcp/mcp",
    "/admin",
    "/metrics",
    "/sse",
    "/messages/?sessionId=x",
    "/mcp\u{ff0f}",
    "/\u{ff4d}cp",
    "///",
    "/mcp//",
    "/mcp/%2e%2e/mcp",
    "http://other.example/mcp",
    "https://127.0.0.1/mcp/",
    "http://127.0.0.1@other.example/mcp",
    "http:///mcp",
    "http://127.0.0.1/mcp?x",
    "ftp://127.0.0.1/mcp",
    "//other.example/mcp",
    "127.0.0.1:80",
    "/mcp\x0b",
    "/mcp\x01",
];

fn targets() -> Vec<Case> {
    let mut cases: Vec<_> = TARGETS
        .iter()
        .map(|target| {
            let demand = if target.starts_with("ftp:") { Demand::Harmless } else { Demand::Closed };
            Case::head(format!("http/target/{}", target.escape_debug()), demand, |post| {
                post.to(format!("POST {target}"))
            })
        })
        .collect();
    for line in [
        "POST  /mcp",
        "POST\t/mcp",
        " POST /mcp",
        "POST /mcp /x",
        "POST /mcp HTTP/1.1",
        "POST\0 /mcp",
        "P\u{d6}ST /mcp",
        "POST /mcp\tx",
    ] {
        cases.push(Case::head(format!("http/line/{}", line.escape_debug()), Demand::Closed, |post| {
            post.to(line)
        }));
    }
    cases
}

fn methods() -> Vec<Case> {
    [
        "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "MCP", "GETPOST", "QUERY", "LOCK",
        "Post", "POSTS",
    ]
    .into_iter()
    .map(|method| {
        Case::head(format!("http/method/{method}"), Demand::Closed, |post| post.to(format!("{method} /mcp")))
    })
    .collect()
}

fn hosts() -> Vec<Case> {
    let hosts = [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:80",
        "127.0.0.1/health?x=",
        "127.0.0.1/mcp",
        "127.0.0.1?x",
        "127.0.0.1#x",
        "user@127.0.0.1",
        "127.0.0.1@evil.example",
        "a b",
        "",
        " ",
        ":80",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "127.0.0.1:x",
        "127.0.0.1:80:80",
        "[::1",
        "::1]",
        "[::1%25eth0]",
        "[fe80::1%eth0]",
        "0.0.0.0",
        "[::]",
        "127.0.0.1.",
        "localhost.",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::ffff:10.0.0.1]",
        "http://127.0.0.1",
        "\\127.0.0.1",
        "127.0.0.1\\evil",
        "%6cocalhost",
        "l\u{f6}calhost",
        "\u{ff4c}ocalhost",
        "169.254.169.254",
        "10.0.0.1",
        "*",
        "127.0.0.1,evil.example",
    ];
    let open = ["127.0.0.1:", "127.0.0.1:99999"];
    let mut cases: Vec<_> = hosts
        .iter()
        .map(|host| {
            let demand = if open.contains(host) { Demand::Harmless } else { Demand::Status(&[400, 403]) };
            Case::head(format!("http/host/{host}"), demand, |post| post.set("Host", host))
        })
        .collect();
    cases.push(Case::head("http/host/absent", Demand::Closed, |post| post.without("Host")));
    cases
}

fn origins() -> Vec<Case> {
    [
        "https://evil.example",
        "null",
        "",
        "*",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://evil.example/localhost",
        "http://localhost@evil.example",
        "http://evil.example#localhost",
        "http://evil.example?localhost",
        "http://evil.example:80",
        "localhost",
        "//localhost",
        "file://",
        "chrome-extension://abcdef",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://[::2]",
        "http:// localhost",
        "http://localhost\\.evil.example",
        "http://evil.example\\@localhost",
        "http://l\u{f6}calhost",
    ]
    .into_iter()
    .map(|origin| {
        Case::head(format!("http/origin/{origin}"), Demand::Status(&[400, 403]), |post| {
            post.add("Origin", origin)
        })
    })
    .collect()
}

/// Headers by which some proxies and servers take a request for another one: never passed on.
fn overrides() -> Vec<Case> {
    [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "GET"),
        ("X-Method-Override", "DELETE"),
        ("X-Original-URL", "/admin"),
        ("X-Rewrite-URL", "/admin"),
        ("X-Original-Method", "DELETE"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/admin"),
        ("X-Forwarded-Path", "/admin"),
        ("X-Forwarded-Uri", "/admin"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1;host=evil.example"),
        ("Via", "1.1 x"),
        ("X-Forwarded-User", "root"),
        ("X-Remote-User", "root"),
        ("X-Auth-Request-User", "root"),
        ("X-Forwarded-Client-Cert", "Subject=root"),
        ("x-sluicegate-caller", "6b6579"),
        ("x-sluicegate-user", "root"),
        ("mcp-init-host", "evil.example"),
        ("router-key", "x"),
        ("Cookie", "session=x"),
        ("Proxy-Authorization", "Bearer x"),
        ("X-Api-Key", "x"),
        ("DPoP", "x"),
        ("TE", "trailers"),
        ("Trailer", "Mcp-Name"),
        ("Keep-Alive", "timeout=999"),
        ("Proxy-Connection", "keep-alive"),
        ("Accept-Encoding", "gzip, br"),
        ("Range", "bytes=0-1"),
        ("If-None-Match", "*"),
        ("Max-Forwards", "0"),
        ("Mcp-Unknown", "x"),
        ("Digest", "sha-256=x"),
    ]
    .into_iter()
    .map(|(name, value)| {
        Case::head(format!("http/override/{name}"), Demand::Harmless, |post| post.add(name, value))
    })
    .collect()
}

/// GET and DELETE that carry a message, and sessions that nobody began.
fn errands() -> Vec<Case> {
    let mut cases = Vec::new();
    for method in ["GET", "DELETE"] {
        for (way, session) in [
            ("unknown", "x"),
            ("empty", ""),
            ("path", "../x"),
            ("long", &*"a".repeat(5_000)),
            ("json", "{}"),
            ("all", "*"),
        ] {
            let sends = Era::BOTH.map(|era| {
                Post::denied(era).to(format!("{method} /mcp")).set("Mcp-Session-Id", session).bytes()
            });
            cases.push(Case::new(format!("http/errand/{method}/{way}"), Demand::Harmless, sends.to_vec()));
        }
    }
    for (way, session) in
        [("none", None), ("unknown", Some("x")), ("empty", Some("")), ("spaces", Some("a b"))]
    {
        let post = Post::denied(Era::Legacy).without("Mcp-Session-Id");
        let post = session.into_iter().fold(post, |post, session| post.add("Mcp-Session-Id", session));
        cases.push(Case::new(format!("http/errand/POST/{way}"), Demand::Denied, vec![post.bytes()]));
    }
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [targets(), methods(), hosts(), origins(), overrides(), errands()].concat()
}
