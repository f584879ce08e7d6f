use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const WAIT: Duration = Duration::from_secs(10);

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

fn pair() -> (DuplexStream, Guard<DuplexStream>) {
    let (client, server) = duplex(1 << 20);
    (client, Guard::new(server, WAIT))
}

/// What the codec gets of `input` when it comes in pieces of `size` bytes, up to the fault.
async fn through(input: &[u8], size: usize) -> (Vec<u8>, Option<Fault>) {
    let (mut client, mut guard) = pair();
    let mut got = Vec::new();
    for piece in input.chunks(size) {
        client.write_all(piece).await.unwrap();
        let mut room = [0; 64];
        // What is not released now comes with a later piece.
        while let Ok(read) = tokio::time::timeout(Duration::ZERO, guard.read(&mut room)).await {
            match read {
                Ok(length) => got.extend_from_slice(&room[..length]),
                Err(fault) => {
                    return (got, fault.get_ref().and_then(|fault| fault.downcast_ref()).copied());
                }
            }
        }
    }
    (got, None)
}

#[test]
fn hands_over_whole_requests_in_any_pieces_and_keeps_no_buffer() {
    let input = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for size in 1..=input.len() {
        assert_eq!(run(through(input, size)), (input.to_vec(), None), "in pieces of {size}");
    }
    run(async {
        let (mut client, mut guard) = pair();
        client.write_all(&input[..50]).await.unwrap();
        let mut room = [0; 256];
        assert_eq!(guard.read(&mut room).await.unwrap(), 43);
        assert!(!guard.held.is_empty());
        client.write_all(&input[50..]).await.unwrap();
        assert_eq!(guard.read(&mut room).await.unwrap(), input.len() - 43);
        assert_eq!(guard.held.capacity(), 0);
    });
}

#[test]
fn tells_a_fault_in_a_head_behind_what_was_well_and_then_nothing_more() {
    let good = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let input = [&good[..], b"GET / HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\r\n\r\n"].concat();
    let told = format!("{FAULT_HEADER}: {}\r\n\r\n", Fault::LineEnd.place());
    for size in 1..=input.len() {
        let (got, fault) = run(through(&input, size));
        let text = String::from_utf8(got).unwrap();
        assert_eq!(fault, None);
        let ours = text.strip_prefix(std::str::from_utf8(good).unwrap()).unwrap();
        assert!(ours.starts_with("POST / HTTP/1.1\r\nConnection: close\r\n"), "{ours}");
        assert!(ours.ends_with(&told), "{ours}");
    }
}

#[test]
fn fails_the_read_of_a_body_at_fault() {
    let begun = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n";
    let input = [&begun[..], b"Mcp-Name: x\r\n\r\n"].concat();
    for size in 1..=input.len() {
        assert_eq!(run(through(&input, size)), (begun.to_vec(), Some(Fault::Trailer)));
    }
}

#[test]
fn gives_up_on_a_slow_head_and_on_silence() {
    run(async {
        let (_client, mut guard) = pair();
        assert_eq!(guard.read(&mut [0; 64]).await.unwrap(), 0, "silence ends without a word");
        let (mut client, mut guard) = pair();
        let begun = tokio::time::Instant::now();
        let dripping = async {
            loop {
                client.write_all(b"G").await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        };
        let mut room = [0; 256];
        let length = tokio::select! {
            biased;
            read = guard.read(&mut room) => read.unwrap(),
            () = dripping => unreachable!(),
        };
        assert!(begun.elapsed() <= WAIT + Duration::from_secs(1), "each byte more buys no time");
        let told = format!("{FAULT_HEADER}: {}\r\n\r\n", Fault::HeadWait.place());
        assert!(room[..length].ends_with(told.as_bytes()));
    });
}

#[test]
fn waits_for_a_second_request_as_long_as_the_codec_does() {
    run(async {
        let (mut client, mut guard) = pair();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut room = [0; 64];
        assert_eq!(guard.read(&mut room).await.unwrap(), 18);
        assert!(tokio::time::timeout(WAIT * 10, guard.read(&mut room)).await.is_err());
    });
}

#[test]
fn fails_a_write_that_nobody_takes() {
    run(async {
        let (_client, server) = duplex(16);
        let mut guard = Guard::new(server, WAIT);
        let fault = guard.write_all(&[b'x'; 64]).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn throws_away_the_rest_of_a_refused_request_within_bounds() {
    run(async {
        let (mut client, mut guard) = pair();
        client.write_all(b"GET / HTTP/1.1\nwith more behind it").await.unwrap();
        let mut room = [0; 256];
        assert!(guard.read(&mut room).await.unwrap() > 0);
        let begun = tokio::time::Instant::now();
        guard.shutdown().await.unwrap();
        assert!(begun.elapsed() >= LINGER_WAIT, "the client may still read our answer");
        let (mut client, mut guard) = pair();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(guard.read(&mut room).await.unwrap() > 0);
        let begun = tokio::time::Instant::now();
        guard.shutdown().await.unwrap();
        assert!(begun.elapsed() < LINGER_WAIT, "nothing is owed");
    });
}

#[test]
fn tells_the_protocol_and_hands_over_the_connection_from_its_first_byte() {
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\nGET /", "x".repeat(2 * OPENING_BYTES));
    for (input, released, protocol) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], 27, Protocol::Http1),
        (long.as_bytes(), long.len() - 5, Protocol::Http1),
        (b"PRI / HTTP/1.1\r\n\r\n", 18, Protocol::Http1),
        (http2, http2.len(), Protocol::Http2),
    ] {
        run(async {
            let (mut client, mut guard) = pair();
            client.write_all(input).await.unwrap();
            let told = std::future::poll_fn(|context| guard.poll_protocol(context)).await;
            assert_eq!(told, Some(protocol), "{}", input.escape_ascii());
            let mut got = vec![0; released];
            tokio::time::timeout(WAIT / 2, guard.read_exact(&mut got)).await.expect("all of it").unwrap();
            assert_eq!(got, input[..released]);
        });
    }
    run(async {
        let (client, mut guard) = pair();
        drop(client);
        assert_eq!(std::future::poll_fn(|context| guard.poll_protocol(context)).await, None);
    });
}
