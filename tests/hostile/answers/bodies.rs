//! HTTP answers that are not what they say, or are followed by another.

use base64::Engine;

use super::{Ask, SSN, Script, answer, stray};
use crate::support::upstream::After;

fn raw(id: &str, text: impl Into<Vec<u8>>) -> Script {
    Script::new(format!("body/{id}"), text, After::Close)
}

/// A whole answer with these header lines.
fn whole(status: &str, lines: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn kinds() -> Vec<Script> {
    let (evil, good) = (answer(&format!("STRAY {SSN}")), answer("fine"));
    let mut scripts: Vec<_> = [
        "text/html",
        "text/plain",
        "application/octet-stream",
        "application/jsonp",
        "application/json-seq",
        "application/x-ndjson",
        "application/json, text/html",
        "multipart/mixed; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=utf-7",
        "text/event-streamx",
        "image/svg+xml",
        "application/pdf",
        "",
    ]
    .into_iter()
    .map(|kind| Script::typed(format!("type/{kind}"), kind, &evil))
    .collect();
    scripts.push(Script::new("type/none", whole("200 OK", "", &evil), After::Keep));
    scripts.push(Script::typed("type/events-in-json", "application/json", format!("data: {evil}\n\n")));
    scripts.push(Script::typed("type/json-in-events", "text/event-stream", &evil));
    scripts.push(Script::typed("type/html-in-json", "application/json", format!("<p>{SSN} STRAY</p>")));
    let two = "Content-Type: text/html\r\nContent-Type: application/json\r\n";
    scripts.push(raw("two-types", whole("200 OK", two, &evil)));
    for (name, coding) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("unknown", "x-foo"),
        ("list", "identity, gzip"),
        ("capitals", "GZIP"),
    ] {
        let lines = format!("Content-Type: application/json\r\nContent-Encoding: {coding}\r\n");
        scripts.push(raw(&format!("coding/{name}"), whole("200 OK", &lines, &evil)));
        let lines = format!("Content-Type: text/event-stream\r\nContent-Encoding: {coding}\r\n");
        let events = format!("data: {evil}\n\n");
        scripts.push(raw(&format!("coding/events/{name}"), whole("200 OK", &lines, &events)));
    }
    let gzip = include_str!("../data/coded.txt").lines().find_map(|line| line.strip_prefix("gzip "));
    let gzip =
        base64::engine::general_purpose::STANDARD.decode(gzip.unwrap_or_default()).expect("it is Base64");
    scripts.push(Script::typed("coding/unnamed", "application/json", gzip));
    scripts.push(Script::typed("type/capitals", "APPLICATION/JSON", &good));
    scripts
}

/// Statuses with a body that is not theirs.
fn statuses() -> Vec<Script> {
    let evil = answer(&format!("STRAY {SSN}"));
    let json = "Content-Type: application/json\r\n";
    let mut scripts: Vec<_> =
        ["201 Created", "202 Accepted", "203 X", "204 No Content", "205 Reset", "206 Partial", "299 X"]
            .into_iter()
            .chain(["300 X", "301 Moved", "302 Found", "303 X", "304 Not Modified", "307 X", "308 X"])
            .chain(["400 X", "401 X", "403 X", "404 X", "405 X", "409 X", "418 X", "429 X", "451 X"])
            .chain(["500 X", "502 X", "503 X", "599 X", "600 X", "999 X"])
            .map(|status| {
                let lines = "Content-Type: text/html\r\nLocation: https://evil.example/STRAY\r\n";
                let page = format!("<p>STRAY {SSN} {evil}</p>");
                raw(&format!("status/{status}"), whole(status, lines, &page))
            })
            .collect();
    for status in ["204 No Content", "304 Not Modified", "302 Found", "404 X", "500 X", "401 X"] {
        scripts.push(raw(&format!("status/json/{status}"), whole(status, json, &stray())));
    }
    scripts.push(raw(
        "status/401-challenge",
        whole("401 X", &format!("WWW-Authenticate: Bearer realm=\"{SSN}\"\r\n"), ""),
    ));
    scripts.push(raw("status/reason", whole(&format!("200 STRAY {SSN}"), json, &answer("fine"))));
    for name in [
        "Mcp-Session-Id",
        "Set-Cookie",
        "Server",
        "X-Debug",
        "Cache-Control",
        "Retry-After",
        "Link",
        "Refresh",
        "Mcp-Protocol-Version",
        "Access-Control-Allow-Origin",
        "Content-Location",
        "ETag",
    ] {
        let lines = format!("{json}{name}: {SSN}\r\n");
        scripts.push(raw(&format!("header/{name}"), whole("200 OK", &lines, &answer("fine"))));
    }
    scripts
}

/// Words of which the answers below are made.
struct Words {
    good: String,
    evil: String,
    json: &'static str,
    head: String,
    /// Of the good answer.
    length: usize,
    /// A whole good answer.
    ok: String,
    /// A whole answer that nobody asked for.
    behind: String,
}

impl Words {
    fn new() -> Self {
        let (good, evil) = (answer("fine"), answer("STRAY"));
        let json = "Content-Type: application/json\r\n";
        let head = format!("HTTP/1.1 200 OK\r\n{json}");
        let ok = whole("200 OK", json, &good);
        let behind = whole("200 OK", json, &stray().replace("999", "77"));
        Self { length: good.len(), good, evil, json, head, ok, behind }
    }
}

fn chunk(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

fn keep(id: &str, text: String) -> Script {
    Script::new(format!("body/{id}"), text, After::Keep)
}

/// Answers behind an answer.
fn behind() -> Vec<Script> {
    let Words { good, head, length, ok, behind, .. } = Words::new();
    vec![
        keep("behind/second-answer", format!("{ok}{behind}")),
        keep("behind/ten-answers", format!("{ok}{}", behind.repeat(10))),
        keep("behind/garbage", format!("{ok}STRAY\r\n\r\n")),
        keep("behind/half-an-answer", format!("{ok}HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")),
        keep(
            "behind/body-longer-than-length",
            format!("{head}Content-Length: {length}\r\n\r\n{good}{behind}"),
        ),
        keep("behind/on-204", format!("HTTP/1.1 204 No Content\r\n\r\n{behind}")),
        keep("behind/on-304", format!("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n{behind}")),
        keep("behind/on-chunks", format!("{head}Transfer-Encoding: chunked\r\n\r\n{}{behind}", chunk(&good))),
        keep("behind/on-events", format!("{}{}{behind}", super::EVENTS, chunk(&format!("data: {good}\n\n")))),
    ]
}

/// Framings that two readers could read differently.
fn framing() -> Vec<Script> {
    let Words { good, evil, head, length, behind, .. } = Words::new();
    vec![
        raw("length/two", format!("{head}Content-Length: 5\r\nContent-Length: {length}\r\n\r\n{evil}")),
        raw("length/list", format!("{head}Content-Length: {length}, 5\r\n\r\n{evil}")),
        raw("length/negative", format!("{head}Content-Length: -5\r\n\r\n{evil}")),
        raw("length/plus", format!("{head}Content-Length: +{length}\r\n\r\n{evil}")),
        raw("length/too-long", format!("{head}Content-Length: 5000\r\n\r\n{evil}")),
        raw("length/too-short", format!("{head}Content-Length: 20\r\n\r\n{evil}")),
        raw("length/zero", format!("{head}Content-Length: 0\r\n\r\n{evil}")),
        raw("length/beyond-64-bits", format!("{head}Content-Length: 99999999999999999999\r\n\r\n{evil}")),
        raw(
            "length/and-chunks",
            format!("{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{}{behind}", chunk(&good)),
        ),
        raw("chunks/xchunked", format!("{head}Transfer-Encoding: xchunked\r\n\r\n{}", chunk(&evil))),
        raw("chunks/not-last", format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n{}", chunk(&evil))),
        raw("chunks/cut", format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{evil}\r\n", evil.len())),
        raw("chunks/bad-size", format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{evil}\r\n0\r\n\r\n")),
        raw(
            "chunks/trailers",
            format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{good}\r\n0\r\nMcp-Session-Id: STRAY\r\nX: {SSN}\r\n\r\n",
                good.len()
            ),
        ),
        raw(
            "chunks/bad-trailers",
            format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{evil}\r\n0\r\nSTRAY\r\n\r\n",
                evil.len()
            ),
        ),
    ]
}

/// Answers that break off, or are none.
fn broken() -> Vec<Script> {
    let Words { good, evil, json, head, length, ok, .. } = Words::new();
    vec![
        raw("http-1.0/cut", format!("HTTP/1.0 200 OK\r\n{json}\r\n{}", &evil[..evil.len() - 2])),
        raw(
            "http-1.0/chunked",
            format!("HTTP/1.0 200 OK\r\n{json}Transfer-Encoding: chunked\r\n\r\n{}", chunk(&evil)),
        ),
        raw("closed/at-once", ""),
        raw("closed/in-head", "HTTP/1.1 200 OK\r\nContent-Ty"),
        raw("closed/in-body", format!("{head}Content-Length: {length}\r\n\r\n{}", &evil[..20])),
        raw("no-http/ssh", "SSH-2.0-OpenSSH_9.2\r\n"),
        raw("no-http/json", evil.clone()),
        raw("no-http/http-2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        raw("no-http/icy", whole("200 OK", json, &evil).replace("HTTP/1.1", "ICY")),
        raw("no-http/status-of-4", whole("2000 OK", json, &evil)),
        raw("no-http/status-of-2", whole("20 OK", json, &evil)),
        raw(
            "no-http/line-feeds",
            whole("200 OK", json, &evil).replace("\r\n", "\n").replace("STRAY", "fine"),
        ),
        raw(
            "head/folded",
            format!("HTTP/1.1 200 OK\r\nX: a\r\n STRAY\r\n{json}Content-Length: {length}\r\n\r\n{good}"),
        ),
        raw(
            "head/nul",
            format!("HTTP/1.1 200 OK\r\nX: a\0b\r\n{json}Content-Length: {length}\r\n\r\n{evil}"),
        ),
        raw(
            "head/space-before-colon",
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type : application/json\r\nContent-Length: {length}\r\n\r\n{evil}"
            ),
        ),
        raw(
            "head/no-colon",
            format!("HTTP/1.1 200 OK\r\nSTRAY\r\n{json}Content-Length: {length}\r\n\r\n{evil}"),
        ),
        raw(
            "head/1000-fields",
            format!(
                "HTTP/1.1 200 OK\r\n{}{json}Content-Length: {length}\r\n\r\n{evil}",
                "X: STRAY\r\n".repeat(1_000)
            ),
        ),
        raw(
            "head/field-of-1-MB",
            format!(
                "HTTP/1.1 200 OK\r\nX: {}\r\n{json}Content-Length: {length}\r\n\r\n{evil}",
                "a".repeat(1 << 20)
            ),
        ),
        raw("interim/1000-continues", format!("{}{ok}", "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000))),
        raw(
            "interim/early-hints",
            format!("HTTP/1.1 103 Early Hints\r\nLink: <STRAY>; rel=preload\r\n\r\n{ok}"),
        ),
        raw("interim/switching", format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: STRAY\r\n\r\n{evil}")),
        raw("interim/only", "HTTP/1.1 102 Processing\r\n\r\n"),
        raw("large/17-MB", whole("200 OK", json, &answer(&"STRAY".repeat(3_500_000)))),
        Script::json("json/empty", ""),
        Script::json("json/space", " \n "),
        Script::json("json/modern-two-values", format!("{good}{evil}")).to(Ask::Modern),
    ]
}

pub(super) fn scripts() -> Vec<Script> {
    kinds().into_iter().chain(statuses()).chain(behind()).chain(framing()).chain(broken()).collect()
}
