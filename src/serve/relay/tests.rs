use std::time::Duration;

use futures_util::stream;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use super::*;

const HEAD: &[u8] = b"GET /mcp HTTP/1.1\r\nHost: x\r\n\r\n";

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

fn pair() -> (DuplexStream, Guard<DuplexStream>) {
    let (client, server) = duplex(1 << 16);
    (client, Guard::new(server, Duration::from_secs(10)))
}

fn lent(events: BoxStream<'static, Bytes>) -> Lent<()> {
    Lent { events, _kept: () }
}

#[test]
fn lends_only_once_all_that_was_written_before_is_out() {
    run(async {
        let (_client, mut guard) = pair();
        guard.flush().await.unwrap();
        let relay = Relay::new(guard.is_flushed());
        assert!(relay.lent().is_none(), "nothing was lent");
        relay.lend(stream::empty().boxed(), ());
        assert!(relay.lent().is_none(), "the flush was of what came before");
        guard.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        assert!(relay.lent().is_none());
        guard.flush().await.unwrap();
        assert!(relay.lent().is_some());
        assert!(relay.lent().is_none(), "it is lent once");
    });
}

#[test]
fn writes_a_chunk_for_each_event_and_keeps_what_the_client_asks_meanwhile() {
    run(async {
        let (mut client, mut guard) = pair();
        client.write_all(HEAD).await.unwrap();
        client.write_all(&HEAD[..10]).await.unwrap();
        let events = stream::iter([Bytes::from(":\n\n"), Bytes::from("data: 0123456789\n\n")]);
        let slow = events.then(|event| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            event
        });
        pass_on(&mut guard, lent(slow.boxed())).await.unwrap();
        let mut got = vec![0; 256];
        let length = client.read(&mut got).await.unwrap();
        got.truncate(length);
        assert_eq!(got, b"3\r\n:\n\n\r\n12\r\ndata: 0123456789\n\n\r\n0\r\n\r\n");
        client.write_all(&HEAD[10..]).await.unwrap();
        let mut asked = vec![0; 2 * HEAD.len()];
        guard.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, [HEAD, HEAD].concat());
    });
}

#[test]
fn ends_when_the_client_goes() {
    run(async {
        let (client, mut guard) = pair();
        let passing = pass_on(&mut guard, lent(stream::pending().boxed()));
        let (gone, ()) = tokio::join!(passing, async { drop(client) });
        assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    });
}

#[test]
fn lends_nothing_that_the_codec_has_to_end() {
    let request = |method: &str, version, connection: &[&str]| {
        let mut builder = Request::builder().method(method).version(version);
        for value in connection {
            builder = builder.header(CONNECTION, *value);
        }
        builder.body(http_body_util::Full::new(Bytes::new())).unwrap()
    };
    for (method, version, connection, may) in [
        ("GET", Version::HTTP_11, &[][..], true),
        ("POST", Version::HTTP_11, &["Keep-Alive"][..], true),
        ("GET", Version::HTTP_11, &["close"][..], false),
        ("GET", Version::HTTP_11, &["keep-alive", "close"][..], false),
        ("GET", Version::HTTP_11, &["keep-alive, close"][..], false),
        ("GET", Version::HTTP_10, &["keep-alive"][..], false),
        ("POST", Version::HTTP_2, &[][..], false),
    ] {
        assert_eq!(
            may_lend(&request(method, version, connection)),
            may,
            "{method} {version:?} {connection:?}"
        );
    }
    let unread = Request::builder().method("GET").body(http_body_util::Full::new(Bytes::from("x"))).unwrap();
    assert!(!may_lend(&unread), "a body is still under way");
}
