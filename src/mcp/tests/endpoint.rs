//! What may be followed of what an `endpoint` event says.

use super::super::endpoint::{Base, Endpoint, EndpointFault};
use crate::bounds::ENDPOINT_BYTES_MAX;

fn base() -> Base {
    Base { is_tls: false, host: "tools.example".into(), port: 3001, path: "/a/sse".into() }
}

fn resolve(text: &str) -> Result<String, EndpointFault> {
    Endpoint::resolve(&base(), text).map(|endpoint| endpoint.as_str().to_owned())
}

#[test]
fn resolves_what_servers_say() {
    for (text, wanted) in [
        ("/message?sessionId=0c6c-1", "/message?sessionId=0c6c-1"),
        ("/messages/?session_id=ab12", "/messages/?session_id=ab12"),
        ("messages?s=1", "/a/messages?s=1"),
        ("./messages", "/a/messages"),
        ("../messages/x", "/messages/x"),
        ("../../../m", "/m"),
        ("/x/./y/../z", "/x/z"),
        ("/x/..", "/"),
        ("?s=1", "/a/sse?s=1"),
        ("/m?u=http://other.example/@", "/m?u=http://other.example/@"),
        ("/m?a=%2e%2F%00", "/m?a=%2e%2F%00"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("http://tools.example:3001/m?s=1", "/m?s=1"),
        ("HTTP://Tools.Example:3001/m", "/m"),
        ("http://tools.example:3001", "/"),
        ("http://tools.example:3001?s=1", "/?s=1"),
    ] {
        assert_eq!(resolve(text).as_deref(), Ok(wanted), "{text}");
    }
}

#[test]
fn refuses_what_leads_away_or_reads_differently() {
    use EndpointFault::{Character, Empty, Escape, Fragment, NoScheme, Origin, TooLong, User};
    for (text, wanted) in [
        ("", Empty),
        ("//evil.example/m", NoScheme),
        ("//tools.example:3001/m", NoScheme),
        ("///m", NoScheme),
        ("/.//evil.example/m", NoScheme),
        ("/x/..//evil.example", NoScheme),
        ("http://tools.example:3001//evil.example", NoScheme),
        ("http://evil.example/m", Origin),
        ("http://tools.example/m", Origin),
        ("http://tools.example:3002/m", Origin),
        ("http://tools.example:/m", Origin),
        ("http://tools.example:+3001/m", Origin),
        ("http://tools.example:68537/m", Origin),
        ("http://tools.example.:3001/m", Origin),
        ("http://tools.example:3001:80/m", Origin),
        ("http://tools%2eexample:3001/m", Origin),
        ("https://tools.example:3001/m", Origin),
        ("http:/m", Origin),
        ("http:m", Origin),
        ("http:///m", Origin),
        ("javascript:alert(1)", Origin),
        ("file:///etc/passwd", Origin),
        ("data:text/plain,x", Origin),
        ("m:x", Origin),
        (":x", Origin),
        ("http://user@tools.example:3001/m", User),
        ("http://tools.example:3001@evil.example/m", User),
        ("/m#x", Fragment),
        ("#", Fragment),
        (" /m", Character(0)),
        ("/m ", Character(2)),
        ("/m\t", Character(2)),
        ("/\tm", Character(1)),
        ("\\\\evil.example\\m", Character(0)),
        ("/\\evil.example/m", Character(1)),
        ("/m\r\nHost: evil.example", Character(2)),
        ("/m\nx", Character(2)),
        ("/m\0", Character(2)),
        ("/\u{e9}", Character(1)),
        ("/m?<x>", Character(3)),
        ("/%2e%2e/m", Escape(1)),
        ("/x%2Fy", Escape(2)),
        ("/x%5cy", Escape(2)),
        ("/x%00", Escape(2)),
        ("/x%252e", Escape(2)),
        ("/x%", Escape(2)),
        ("/x%4", Escape(2)),
        ("/m?x=%zz", Escape(5)),
    ] {
        assert_eq!(resolve(text), Err(wanted), "{text:?}");
    }
    for (bytes, is_taken) in
        [(ENDPOINT_BYTES_MAX - 1, true), (ENDPOINT_BYTES_MAX, true), (ENDPOINT_BYTES_MAX + 1, false)]
    {
        let text = format!("/{}", "m".repeat(bytes - 1));
        assert_eq!(resolve(&text).err(), (!is_taken).then_some(TooLong), "{bytes}");
    }
}

#[test]
fn knows_the_ports_and_addresses_of_one_origin() {
    let base = |is_tls, host: &str, port| Base { is_tls, host: host.into(), port, path: "/sse".into() };
    for (base, text, is_own) in [
        (base(false, "a", 80), "http://a/m", true),
        (base(false, "a", 80), "http://a:80/m", true),
        (base(true, "a", 443), "https://a/m", true),
        (base(true, "a", 443), "http://a:443/m", false),
        (base(true, "a", 80), "https://a/m", false),
        (base(false, "[::1]", 81), "http://[0:0:0:0:0:0:0:1]:81/m", true),
        (base(false, "[::1]", 81), "http://[::2]:81/m", false),
        (base(false, "[::1]", 81), "http://[::1/m", false),
        (base(false, "127.0.0.1", 81), "http://localhost:81/m", false),
        (base(false, "127.0.0.1", 81), "http://2130706433:81/m", false),
    ] {
        assert_eq!(Endpoint::resolve(&base, text).is_ok(), is_own, "{text}");
    }
}
