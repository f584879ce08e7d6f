use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}

/// What comes of an answer that arrives in pieces of `size` bytes and then ends: its status and its body.
async fn asked(answer: &[u8], size: usize) -> io::Result<(u16, Vec<u8>)> {
    let (near, mut far) = duplex(1 << 20);
    let pieces: Vec<Vec<u8>> = answer.chunks(size).map(<[u8]>::to_vec).collect();
    let server = async move {
        let mut request = [0; 1024];
        let _ = far.read(&mut request).await;
        for piece in pieces {
            let _ = far.write_all(&piece).await;
            tokio::task::yield_now().await;
        }
    };
    let client = async move {
        let (head, body) = ask(Box::new(near), Request::new(Bytes::new())).await?.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        Ok((head.status.as_u16(), body))
    };
    tokio::join!(client, server).0
}

#[test]
fn reads_every_framing_in_any_pieces() {
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0b\r\ncdefghijklm\r\n0\r\n\r\n";
    let cases: [(&[u8], u16, &[u8]); 7] = [
        (chunked, 200, b"abcdefghijklm"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcSURPLUS", 200, b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", 405, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            200,
            b"x",
        ),
    ];
    for (answer, status, body) in cases {
        for size in 1..=answer.len() {
            let got = run(asked(answer, size)).unwrap();
            assert_eq!(got, (status, body.to_vec()), "{} by {size}", answer.escape_ascii());
        }
    }
}

#[test]
fn refuses_what_two_readers_could_end_elsewhere() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\nwhat is this",
    ] {
        let fault = run(asked(answer, answer.len())).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::InvalidData, "{}", answer.escape_ascii());
    }
    let long = [b"HTTP/1.1 200 OK\r\nX: ", "x".repeat(HEAD_BYTES_MAX).as_bytes()].concat();
    assert_eq!(run(asked(&long, 4096)).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn takes_no_early_end_for_the_end() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let fault = run(asked(answer, answer.len().max(1))).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::UnexpectedEof, "{}", answer.escape_ascii());
    }
}

#[test]
fn writes_a_request_with_a_length_of_its_own() {
    let mut request = Request::new(Bytes::from("{}"));
    *request.uri_mut() = "/mcp".parse().unwrap();
    request.headers_mut().insert("host", HeaderValue::from_static("a:1"));
    assert_eq!(written(&request), b"GET /mcp HTTP/1.1\r\nhost: a:1\r\n\r\n{}");
    *request.method_mut() = Method::POST;
    assert_eq!(written(&request), b"POST /mcp HTTP/1.1\r\nhost: a:1\r\ncontent-length: 2\r\n\r\n{}");
}
