use http::Request;

use super::*;

fn status(request: http::request::Builder) -> u16 {
    let plate = Doorplate { path: "/mcp".into(), is_loopback: true, ..Doorplate::default() };
    let (head, ()) = request.body(()).unwrap().into_parts();
    match read(&head, &plate, RequestCoding::Refuse) {
        Ok(_) => 200,
        Err(Denial::Head { http_status, .. }) => http_status,
        Err(Denial::Unidentified(Refused::Double)) => 400,
        Err(other) => panic!("{other:?}"),
    }
}

fn post(uri: &str) -> http::request::Builder {
    Request::post(uri).header("host", "localhost:80").header("content-type", "application/json")
}

#[test]
fn takes_an_honest_head() {
    assert_eq!(status(post("/mcp")), 200);
    assert_eq!(status(post("/mcp").header("origin", "http://localhost:5173")), 200);
    assert_eq!(status(post("/mcp").header("content-encoding", "identity")), 200);
    assert_eq!(status(post("/mcp").header("expect", "100-Continue")), 200);
    assert_eq!(
        status(post("/mcp").header("x_request_id", "a").header("accept", "a").header("accept", "b")),
        200
    );
    assert_eq!(status(post("http://LOCALHOST:80/mcp")), 200);
    assert_eq!(status(Request::get("/mcp").header("host", "[::1]:8080")), 200);
    assert_eq!(status(Request::delete("/mcp").header("host", "127.0.0.1")), 200);
}

#[test]
fn refuses_what_two_readers_could_read_differently() {
    let cases = [
        (post("/mcp").header("authorization", "Bearer a").header("authorization", "Bearer b"), 400),
        (post("/mcp").header("mcp-name", "a").header("mcp-name", "a"), 400),
        (post("/mcp").header("mcp-param-x", "a").header("mcp-param-x", "b"), 400),
        (post("/mcp").header("mcp_name", "a"), 400),
        (post("/mcp").header("mcp-name", "caf\u{e9}".as_bytes()), 400),
        (post("/mcp").header("upgrade", "websocket"), 400),
        (post("/mcp?token=x"), 400),
        (post("//mcp"), 404),
        (post("/mcp/"), 404),
        (post("/%6dcp"), 404),
        (post("/MCP"), 404),
        (Request::put("/mcp").header("host", "localhost"), 405),
        (Request::post("/mcp").header("content-type", "application/json"), 400),
        (
            Request::post("/mcp").header("host", "evil.example").header("content-type", "application/json"),
            403,
        ),
        (post("http://other.example/mcp"), 400),
        (Request::post("http://localhost/mcp").header("content-type", "application/json"), 400),
        (post("/mcp").header("authorization", "Bearer a, Bearer b"), 400),
        (post("/mcp").header("content_length", "5"), 400),
        (post("/mcp").header("transfer_encoding", "chunked"), 400),
        (post("/mcp").header("mcp_param_x", "a"), 400),
        (post("/mcp").header("x_api_key", "a"), 400),
        (post("/mcp").header("dpop", "a").header("dpop", "b"), 400),
        (post("/mcp").header("x-sluicegate-framing-fault", "999"), 400),
        (post("/mcp").header("expect", "200-ok"), 417),
        (post("/mcp").header("expect", ""), 417),
        (Request::head("/mcp").header("host", "localhost"), 405),
        (Request::patch("/mcp").header("host", "localhost"), 405),
        (Request::options("/mcp").header("host", "localhost"), 405),
        (Request::options("/mcp").header("host", "evil.example"), 403),
        (Request::options("/mcp").header("host", "localhost").header("origin", "https://evil.example"), 403),
        (post("/mcp").header("origin", "https://evil.example"), 403),
        (post("/mcp").header("origin", "null"), 403),
        (post("/mcp").header("content-encoding", "gzip"), 415),
        (Request::post("/mcp").header("host", "localhost"), 415),
        (Request::post("/mcp").header("host", "localhost").header("content-type", "text/plain"), 415),
    ];
    for (request, wanted) in cases {
        let shown = format!("{request:?}");
        assert_eq!(status(request), wanted, "{shown}");
    }
}

#[test]
fn reads_a_host_by_one_grammar() {
    for (good, host) in [
        ("localhost", "localhost"),
        ("a-b.c_d.example:8080", "a-b.c_d.example"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[2001:db8::1]:65535", "[2001:db8::1]"),
    ] {
        assert_eq!(bare_host(good), Some(host), "{good}");
    }
    for bad in [
        "",
        ":80",
        "a:",
        "a:b",
        "a:65536",
        "a:+80",
        "a:080000",
        "a b",
        "a/health?x=",
        "a@b",
        "u:p@a",
        "a,b",
        "a%41",
        "[::1",
        "[::1]x",
        "[fe80::1%eth0]",
        "[fe80::1%25eth0]",
        "[127.0.0.1]",
        "::1",
        "a:80:80",
        "a\t",
        "\u{e9}",
    ] {
        assert_eq!(bare_host(bad), None, "{bad}");
    }
}

#[test]
fn knows_json_in_its_spellings() {
    for good in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(is_json(good), "{good}");
    }
    for bad in [
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json;",
        "application/json; charset=\"utf-8",
        "application/json; charset=utf-8\"",
        "application/json; charset=\"\"utf-8\"\"",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset",
        "text/json",
    ] {
        assert!(!is_json(bad), "{bad}");
    }
}
