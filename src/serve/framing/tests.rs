use super::*;

fn verdict(input: &[u8]) -> (usize, Option<Fault>) {
    fuzz_framing(input);
    let Advance { released, fault } = Framing::new().advance(input);
    (released, fault)
}

fn refuses(rows: &[(&str, Fault)]) {
    for (input, fault) in rows {
        assert_eq!(verdict(input.as_bytes()), (0, Some(*fault)), "{}", input.escape_debug());
    }
}

/// A POST with more header lines, each with its own line end.
fn post(fields: &str) -> String {
    format!("POST /mcp HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
}

#[test]
fn lets_honest_requests_through_one_behind_the_other() {
    let requests = [
        "GET /mcp HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        post("Content-Length: 2\r\n") + "{}",
        post("content-length:0\r\n"),
        post("TRANSFER-ENCODING: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n",
        post("X-Note: \t caf e \t\r\nMcp-Name:  read  \r\nempty:\r\n"),
        "DELETE http://x/mcp HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n".to_owned(),
        post("Expect: 100-continue\r\nContent-Length: 2\r\n") + "{}",
    ];
    let all = requests.concat();
    assert_eq!(verdict(all.as_bytes()), (all.len(), None));
    let cut = &all[..all.len() - 2];
    assert_eq!(verdict(cut.as_bytes()), (cut.len(), None), "a body goes on as it comes");
    let begun = format!("{all}POST /mcp HTTP/1.1\r\nHost");
    assert_eq!(verdict(begun.as_bytes()), (all.len(), None), "a head waits until it is whole");
}

#[test]
fn leaves_http_2_alone_once_its_preface_is_whole() {
    let frames = [PREFACE, b"\0\0\0\x04\0\0\0\0\0\n\n\n"].concat();
    assert_eq!(verdict(&frames), (frames.len(), None));
    assert_eq!(verdict(&PREFACE[..23]), (0, None));
    assert_eq!(verdict(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r"), (0, Some(Fault::Version)));
}

#[test]
fn refuses_bodies_of_which_two_readers_see_different_ends() {
    let coding = "Transfer-Encoding: chunked\r\n";
    let length = "Content-Length: 5\r\n";
    let rows = [
        (post(&format!("{length}{coding}")), Fault::LengthAndCoding),
        (post(&format!("{coding}{length}")), Fault::LengthAndCoding),
        (post(&format!("{coding}Content-Length: 0\r\n")), Fault::LengthAndCoding),
        (post(&format!("{length}{length}")), Fault::LengthTwice),
        (post(&format!("{length}content-length: 6\r\n")), Fault::LengthTwice),
        (post(&format!("{coding}{coding}")), Fault::TransferCodingTwice),
        (post(&format!("{coding}Transfer-Encoding: identity\r\n")), Fault::TransferCodingTwice),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(), Fault::Http10),
        ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n".into(), Fault::Body),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".into(), Fault::Body),
    ];
    for (input, fault) in &rows {
        refuses(&[(input, *fault)]);
    }
    for value in
        ["+5", "5,5", "5, 5", "0x5", "-1", "18446744073709551616", "5 ", " 5", "5\t", "05", "", "5 5", "1e1"]
    {
        refuses(&[(&post(&format!("Content-Length: {value}\r\n")), Fault::Length)]);
    }
    let most = post("Content-Length: 18446744073709551615\r\n");
    assert_eq!(verdict(most.as_bytes()), (most.len(), None));
    for value in [
        "chunked, identity",
        "xchunked",
        "Chunked",
        "identity",
        "gzip, chunked",
        "chunked ",
        " chunked",
        "",
        "\tchunked",
    ] {
        refuses(&[(&post(&format!("Transfer-Encoding: {value}\r\n")), Fault::TransferCoding)]);
    }
    refuses(&[(&post("Transfer-Encoding: chunked\x0b\r\n"), Fault::HeaderValue)]);
}

#[test]
fn refuses_lines_that_two_readers_could_split_elsewhere() {
    refuses(&[
        ("GET / HTTP/1.1\nHost: x\n\n", Fault::LineEnd),
        (&post("A: b\nB: c\r\n"), Fault::LineEnd),
        (&post("A: b\rB: c\r\n"), Fault::HeaderValue),
        (&post("A: b\r\r\n"), Fault::HeaderValue),
        (&post("A: b\r\n  c\r\n"), Fault::ObsoleteFold),
        (&post("A: b\r\n\tc\r\n"), Fault::ObsoleteFold),
        (&post("A : b\r\n"), Fault::HeaderName),
        (&post("A\t: b\r\n"), Fault::HeaderName),
        (&post(": b\r\n"), Fault::HeaderName),
        (&post("no colon\r\n"), Fault::HeaderName),
        (&post("A\0: b\r\n"), Fault::HeaderName),
        (&post("A\u{e9}: b\r\n"), Fault::HeaderName),
        (&post("A(: b\r\n"), Fault::HeaderName),
        (&post("A: b\0\r\n"), Fault::HeaderValue),
        (&post("A: \x7f\r\n"), Fault::HeaderValue),
        (&post("A: \x1b[0m\r\n"), Fault::HeaderValue),
        (&post("A: caf\u{e9}\r\n"), Fault::HeaderValue),
        (&post("{\"jsonrpc\":\"2.0\"}\r\n"), Fault::HeaderName),
        (&post("X-Sluicegate-Framing-Fault: 1\r\n"), Fault::Forged),
        (&post("Upgrade: websocket\r\n"), Fault::Upgrade),
        (&post("HTTP2-Settings: AAMAAABk\r\n"), Fault::Upgrade),
    ]);
}

#[test]
fn refuses_first_lines_that_are_not_exactly_three_words() {
    refuses(&[
        ("\r\nGET / HTTP/1.1\r\n\r\n", Fault::RequestLine),
        ("GET  / HTTP/1.1\r\n\r\n", Fault::RequestLine),
        ("GET / HTTP/1.1 \r\n\r\n", Fault::RequestLine),
        (" GET / HTTP/1.1\r\n\r\n", Fault::RequestLine),
        ("GET\t/\tHTTP/1.1\r\n\r\n", Fault::RequestLine),
        ("GET /\r\n\r\n", Fault::RequestLine),
        ("G(T / HTTP/1.1\r\n\r\n", Fault::RequestLine),
        ("{\"id\":1}\r\n", Fault::RequestLine),
        ("GET / HTTP/1.2\r\n\r\n", Fault::Version),
        ("GET / HTTP/2.0\r\n\r\n", Fault::Version),
        ("GET / http/1.1\r\n\r\n", Fault::Version),
        ("GET / HTTP/1.1\x0b\r\n\r\n", Fault::Version),
        ("CONNECT x:1 HTTP/1.1\r\n\r\n", Fault::Method),
        ("TRACE / HTTP/1.1\r\n\r\n", Fault::Method),
        ("GET * HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET x:80 HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET mcp HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET \\mcp HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET /mcp# HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET /m\rcp HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET /m\u{e9} HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET ftp://x/mcp HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET http:///mcp HTTP/1.1\r\n\r\n", Fault::Target),
        ("GET http://[::1/mcp HTTP/1.1\r\n\r\n", Fault::Target),
    ]);
}

#[test]
fn holds_the_bounds_of_a_head() {
    let fields = |count: usize| post(&"A: b\r\n".repeat(count - 1));
    assert_eq!(verdict(fields(100).as_bytes()), (fields(100).len(), None));
    refuses(&[(&fields(101), Fault::HeadFields)]);
    let bytes = |count: usize| {
        let empty = post("A: \r\n").len();
        post(&format!("A: {}\r\n", "b".repeat(count - empty)))
    };
    // Whole only: byte by byte it would be slow to show.
    let whole = |input: &str| Framing::new().advance(input.as_bytes());
    assert_eq!(whole(&bytes(HEAD_BYTES_MAX)), Advance { released: HEAD_BYTES_MAX, fault: None });
    assert_eq!(whole(&bytes(HEAD_BYTES_MAX + 1)).fault, Some(Fault::HeadBytes));
    let endless = "GET /".to_owned() + &"a".repeat(HEAD_BYTES_MAX);
    assert_eq!(whole(&endless).fault, Some(Fault::HeadBytes));
}

#[test]
fn releases_what_was_well_before_a_fault() {
    let good = post("Content-Length: 2\r\n") + "{}";
    let input = format!("{good}GET / HTTP/1.1\nGET / HTTP/1.1\r\n\r\n");
    assert_eq!(verdict(input.as_bytes()), (good.len(), Some(Fault::LineEnd)));
    let begun = post("Transfer-Encoding: chunked\r\n") + "2\r\n{}\r\n";
    let input = format!("{begun}0\r\nMcp-Name: x\r\n\r\n");
    assert_eq!(verdict(input.as_bytes()), (begun.len() + 3, Some(Fault::Trailer)));
}

proptest::proptest! {
    #[test]
    fn reads_the_same_however_the_bytes_arrive(
        pieces in proptest::collection::vec(proptest::sample::select(&[
            "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "Content-Length: 3\r\n", "\r\n", "abc", "\r", "\n",
            "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n", "0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "SM\r\n\r\n", ":", " ",
        ][..]), 0..12),
    ) {
        fuzz_framing(pieces.concat().as_bytes());
    }
}
