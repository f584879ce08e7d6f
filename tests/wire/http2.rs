//! HTTP/2 by hand: what no honest client sends is refused, what is sent to wear the gate out ends the
//! connection that sent it, and the gate goes on serving in the memory it had.

use crate::support::bundle::{self, ALICE};
use crate::support::frames::{End, Frames, block, fields, flag, frame, kind, length};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;

/// What the gate may grow by while one connection wears it out, in KiB.
const GROWTH_KIB_MAX: u64 = 24 << 10;

fn headers(flags: u8, stream: u32, fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let fields: Vec<(&str, &[u8])> = fields.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    frame(kind::HEADERS, flags | flag::END_HEADERS, stream, &block(&fields))
}

/// An honest call on `stream`, with fields added behind its own.
fn request(stream: u32, more: &[(&'static str, &[u8])]) -> Vec<u8> {
    let mut fields = fields();
    fields.extend(more.iter().map(|(name, value)| (*name, value.to_vec())));
    let body = frame(kind::DATA, flag::END_STREAM, stream, call(1, "echo", "{}").as_bytes());
    [headers(flag::NONE, stream, &fields), body].concat()
}

/// An honest call with one field in another's place.
fn replaced(name: &str, value: &[u8]) -> Vec<u8> {
    let mut fields = fields();
    fields.iter_mut().filter(|(other, _)| *other == name).for_each(|(_, old)| *old = value.to_vec());
    let body = frame(kind::DATA, flag::END_STREAM, 1, call(1, "echo", "{}").as_bytes());
    [headers(flag::NONE, 1, &fields), body].concat()
}

#[test]
fn takes_an_honest_call_made_by_hand() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let length = call(1, "echo", "{}").len().to_string();
    for more in [&[][..], &[("content-length", length.as_bytes())], &[("te", b"trailers")]] {
        let mut frames = Frames::connect(gate.address, &[]);
        frames.send(&request(1, more));
        assert_eq!(frames.end(1), End::Answered(true), "{more:?}");
    }
    assert_eq!(upstream.got().len(), 3);
}

#[test]
fn refuses_heads_that_two_readers_could_read_differently() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("two paths", request(1, &[(":path", b"/mcp")])),
        ("two methods", request(1, &[(":method", b"POST")])),
        ("two authorities", request(1, &[(":authority", b"127.0.0.1")])),
        ("an unknown pseudo-header", request(1, &[(":protocol", b"websocket")])),
        ("a transfer coding", request(1, &[("transfer-encoding", b"chunked")])),
        ("a connection header", request(1, &[("connection", b"close")])),
        ("an upgrade", request(1, &[("upgrade", b"foo")])),
        ("a te other than trailers", request(1, &[("te", b"gzip")])),
        ("a name in capitals", request(1, &[("Mcp-Name", b"echo")])),
        ("another host beside the authority", request(1, &[("host", b"localhost")])),
        ("a second credential", request(1, &[("authorization", b"Bearer x")])),
        ("our own word for a fault", request(1, &[("x-sluicegate-framing-fault", b"3")])),
        ("CR LF in a value", request(1, &[("x-a", b"b\r\nmcp-name: c")])),
        ("NUL in a value", request(1, &[("x-a", b"b\0c")])),
        ("an empty name", request(1, &[("", b"b")])),
        ("a colon in a name", request(1, &[("x:a", b"b")])),
        ("a length that is less than the body", request(1, &[("content-length", b"5")])),
        ("a length that is more than the body", request(1, &[("content-length", b"5000")])),
        ("a length with a plus", request(1, &[("content-length", b"+64")])),
        ("two lengths", request(1, &[("content-length", b"64"), ("content-length", b"65")])),
        ("CR in the path", replaced(":path", b"/mcp\r\nx: y")),
        ("an empty path", replaced(":path", b"")),
        ("another path", replaced(":path", b"//mcp")),
        ("a path that is a URL", replaced(":path", b"http://127.0.0.1/mcp")),
        ("a foreign authority", replaced(":authority", b"evil.example")),
        ("an authority with a user", replaced(":authority", b"u@127.0.0.1")),
        ("an authority with a path", replaced(":authority", b"127.0.0.1/health?x=")),
        ("a method with a space", replaced(":method", b"POST /x")),
        ("CONNECT", replaced(":method", b"CONNECT")),
        ("TRACE", replaced(":method", b"TRACE")),
    ];
    let mut faults = Vec::new();
    for (name, bytes) in cases {
        let mut frames = Frames::connect(gate.address, &[]);
        frames.send(&bytes);
        let end = frames.end(1);
        if end == End::Answered(true) || upstream.bytes() > 0 {
            faults.push(format!("{name}: {end:?}, {:?}", upstream.got()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn refuses_trailers() {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    let mut frames = Frames::connect(gate.address, &[]);
    let body = frame(kind::DATA, flag::NONE, 1, call(1, "echo", "{}").as_bytes());
    let trailers = headers(flag::END_STREAM, 1, &[("mcp-name", b"delete_all".to_vec())]);
    frames.send(&[headers(flag::NONE, 1, &fields()), body, trailers].concat());
    assert_ne!(frames.end(1), End::Answered(true));
    assert_eq!(upstream.bytes(), 0);
}

/// Runs `flood` on a connection of its own; afterwards the gate serves, has not grown, and nothing of it
/// reached the server.
fn survives(name: &str, settings: &[u8], flood: impl FnOnce(&mut Frames)) {
    let upstream = Upstream::echo();
    let gate = Gate::start(&bundle::clinic(), &upstream.url());
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200);
    let (calls, memory) = (upstream.got().len(), gate.memory_peak_kib());
    let mut frames = Frames::connect(gate.address, settings);
    flood(&mut frames);
    let grown = gate.memory_peak_kib().saturating_sub(memory);
    assert!(grown < GROWTH_KIB_MAX, "{name}: grew by {grown} KiB");
    assert_eq!(upstream.got().len(), calls, "{name}");
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200, "{name}: serves others meanwhile");
    drop(frames);
    assert_eq!(gate.call(ALICE, "echo", "{}").status(), 200, "{name}: serves others afterwards");
}

/// Sends `piece` for as long as it is taken, at most `times`; whether it was taken to the end.
fn pour(frames: &mut Frames, times: u32, piece: impl Fn(u32) -> Vec<u8>) -> bool {
    (0..times).all(|time| frames.send(&piece(time)))
}

#[test]
fn ends_a_connection_that_opens_and_resets_without_end() {
    survives("rapid reset", &[], |frames| {
        let cancel = 8_u32.to_be_bytes();
        pour(frames, 50, |time| {
            let streams = (0..200).map(|at| (time * 200 + at) * 2 + 1);
            let opened = streams.flat_map(|stream| {
                [headers(flag::NONE, stream, &fields()), frame(kind::RST_STREAM, 0, stream, &cancel)]
            });
            opened.collect::<Vec<_>>().concat()
        });
        assert!(frames.goodbye(), "it goes on");
    });
}

#[test]
fn ends_a_connection_that_makes_us_reset_without_end() {
    survives("resets of our own", &[], |frames| {
        pour(frames, 50, |time| {
            let streams = (0..100).map(|at| (time * 100 + at) * 2 + 1);
            // A window beyond its bound is a fault of the stream, so that the server resets it.
            let opened = streams.flat_map(|stream| {
                [
                    headers(flag::NONE, stream, &fields()),
                    frame(kind::WINDOW_UPDATE, 0, stream, &[0x7f, 255, 255, 255]),
                ]
            });
            opened.collect::<Vec<_>>().concat()
        });
        assert!(frames.goodbye(), "it goes on");
    });
}

#[test]
fn ends_a_head_that_goes_on_without_end() {
    survives("continuations", &[], |frames| {
        frames.send(&frame(kind::HEADERS, flag::NONE, 1, &block(&[(":method", b"POST")])));
        let piece = block(&[("x-a", &[b'b'; 16_000])]);
        let is_taken = pour(frames, 4_000, |_| frame(kind::CONTINUATION, flag::NONE, 1, &piece));
        assert!(!is_taken, "64 MB of one head were taken");
    });
}

#[test]
fn does_not_unpack_a_head_beyond_its_bound() {
    // A window of 0: what is answered cannot leave either.
    survives("a bomb of table entries", &[0, 4, 0, 0, 0, 0], |frames| {
        let mut bomb = Vec::new();
        // One entry of 4,000 bytes goes into the table ...
        bomb.push(0x40);
        length(&mut bomb, 1);
        bomb.push(b'a');
        length(&mut bomb, 4_000);
        bomb.extend(vec![b'b'; 4_000]);
        // ... and is named 12,000 times: 48 MB.
        bomb.extend(vec![0xbe; 12_000]);
        for stream in 0..50 {
            let head = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream * 2 + 1, &bomb);
            if !frames.send(&head) {
                break;
            }
        }
        frames.send(&frame(kind::PING, flag::NONE, 0, &[7; 8]));
        while let Some((kind, ..)) = frames.next() {
            if matches!(kind, kind::GOAWAY | kind::PING) {
                break;
            }
        }
    });
}

#[test]
fn bears_floods_of_pings_and_settings() {
    for (name, piece) in [
        ("pings", frame(kind::PING, flag::NONE, 0, &[1; 8])),
        ("settings", frame(kind::SETTINGS, flag::NONE, 0, &[])),
        ("empty data", frame(kind::DATA, flag::NONE, 1, &[])),
    ] {
        survives(name, &[], |frames| {
            frames.send(&headers(flag::NONE, 1, &fields()));
            let thousand = piece.repeat(1_000);
            // Their answers are not read: once no more of them leave, no more floods are taken.
            pour(frames, 500, |_| thousand.clone());
        });
    }
}

#[test]
fn opens_no_more_streams_than_it_says() {
    survives("streams", &[], |frames| {
        for stream in 0..400 {
            frames.send(&headers(flag::NONE, stream * 2 + 1, &fields()));
        }
        // The first 100 wait for their bodies; the last one is refused.
        assert_ne!(frames.end(799), End::Answered(true));
    });
}
