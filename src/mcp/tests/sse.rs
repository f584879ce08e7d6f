use proptest::prelude::*;

use crate::bounds::{EVENT_BYTES_MAX, EVENT_ID_BYTES_MAX};
use crate::mcp::sse::{Decoder, Event, TooLong, fuzz_sse, write, write_message};

/// An event in words, for tables: `event|id|retry|data`, with `-` for what is not there, or `:`.
fn describe(event: &Event<'_>) -> String {
    if event.is_keepalive() {
        return ":".to_owned();
    }
    let text = |part: Option<&str>| part.map_or("-".to_owned(), str::to_owned);
    let data = event.data.map(|data| String::from_utf8_lossy(data).into_owned());
    let retry = event.retry.map(|retry| retry.to_string());
    [text(event.event), text(event.id), text(retry.as_deref()), text(data.as_deref())].join("|")
}

fn decode(chunks: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(event) = decoder.next_event().unwrap() {
            events.push(describe(&event));
        }
    }
    events
}

const STREAMS: &[(&[u8], &[&str])] = &[
    (b"data: {}\n\n", &["-|-|-|{}"]),
    (b"data:{}\r\n\r\n", &["-|-|-|{}"]),
    (b"data: {}\r\rdata: []\r\r", &["-|-|-|{}", "-|-|-|[]"]),
    (b"data:  two spaces\n\n", &["-|-|-| two spaces"]),
    (b"event: message\nid: 7\nretry: 1500\ndata: x\n\n", &["message|7|1500|x"]),
    (b"id: p/1\ndata: \n\n", &["-|p/1|-|"]),
    (b"id: p\nretry: 500\ndata:\n\n", &["-|p|500|"]),
    (b"data\n\n", &["-|-|-|"]),
    (b"id: 9\n\n", &["-|9|-|-"]),
    (b"id\n\n", &["-||-|-"]),
    (b"retry: 1\n\nretry: 99999999999999999999999\n\n", &["-|-|100|-", "-|-|60000|-"]),
    (b"retry: 1.5\nretry:\nretry: -1\n\n", &[]),
    (b"data: a\ndata: b\r\ndata: c\rdata\n\n", &["-|-|-|a\nb\nc\n"]),
    (b": ping\n\n:\r\n\r\n", &[":", ":"]),
    (b": ping\ndata: x\n: inside\n\n", &[":", "-|-|-|x"]),
    (b": hi\rdata: {\"evil\":1}\r\rx\n\n", &[":", "-|-|-|{\"evil\":1}"]),
    (b"\xEF\xBB\xBFdata: x\n\n", &["-|-|-|x"]),
    (b"\xEF\xBB\xBF\xEF\xBB\xBFdata: x\n\n", &[]),
    (b"data: y\n\n\xEF\xBB\xBFdata: x\n\n", &["-|-|-|y"]),
    (b"Data: x\ndata : x\n data: x\nfoo: bar\n\n", &[]),
    (b"id: a\0b\ndata: x\n\n", &["-|-|-|x"]),
    (b"id: \xFF\ndata: x\n\n", &["-|-|-|x"]),
    (b"id: a\xE2\x80\xA8data: y\ndata: x\n\n", &["-|-|-|x"]),
    (b"id: a\x7F\ndata: x\n\n", &["-|-|-|x"]),
    (b"event: a\xE2\x80\xA8data: y\ndata: x\n\n", &["?|-|-|x"]),
    (b"event: a\tb\ndata: x\n\n", &["?|-|-|x"]),
    (b"id: a\nid: b\nevent: e\nevent:\ndata: x\n\n", &["-|b|-|x"]),
    (b"event: \xFF\ndata: x\n\n", &["?|-|-|x"]),
    (b"event: a\0\n\n", &["?|-|-|-"]),
    (b"data: \xC3\xA9\xE2\x80\xA8\n\n", &["-|-|-|\u{e9}\u{2028}"]),
    (b"\n\r\n\r\rdata: x\n\n", &["-|-|-|x"]),
    (b"data: unterminated\n", &[]),
    (b"data: unterminated", &[]),
    (b"event: endpoint\ndata: /messages?session=1\n\n", &["endpoint|-|-|/messages?session=1"]),
    (b"", &[]),
];

#[test]
fn reads_streams_as_browsers_do() {
    for (stream, events) in STREAMS {
        assert_eq!(&decode(&[stream]), events, "{}", String::from_utf8_lossy(stream));
        fuzz_sse(stream);
    }
}

#[test]
fn does_not_care_where_a_chunk_ends() {
    for (stream, events) in STREAMS {
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(&decode(&[head, tail]), events, "{} at {cut}", String::from_utf8_lossy(stream));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gives_the_same_events_for_any_chunking(
        parts in prop::collection::vec(prop::sample::select(vec![
            "data", "id", "event", "retry", ":", " ", "\r", "\n", "\r\n", "\n\n", "x", "7", "\0", "\u{FEFF}", "é",
        ]), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream = parts.concat().into_bytes();
        let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        places.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for place in places {
            chunks.push(&stream[from..place]);
            from = place;
        }
        chunks.push(&stream[from..]);
        prop_assert_eq!(decode(&chunks), decode(&[&stream]));
        fuzz_sse(&stream);
    }
}

#[test]
fn releases_an_event_as_soon_as_it_is_whole() {
    for stream in [&b"data: x\n\n"[..], b"data: x\r\r", b"data: x\r\n\r"] {
        assert_eq!(decode(&[stream]), ["-|-|-|x"], "{stream:?}");
        assert_eq!(decode(&[&stream[..stream.len() - 1]]), [""; 0], "{stream:?}");
    }
}

#[test]
fn bounds_an_event_at_the_edge() {
    for (bytes, is_good) in
        [(EVENT_BYTES_MAX - 1, true), (EVENT_BYTES_MAX, true), (EVENT_BYTES_MAX + 1, false)]
    {
        for lead in ["data: ", "data: a\nid: 1\nfoo: ", ": "] {
            let mut stream = lead.as_bytes().to_vec();
            stream.resize(bytes - 1, b'a');
            stream.extend_from_slice(b"\n\n");
            let mut whole = Decoder::new();
            whole.push(&stream);
            assert_eq!(whole.next_event().map(|event| event.is_some()).is_ok(), is_good, "{bytes}");
            let mut halves = Decoder::new();
            let (head, tail) = stream.split_at(stream.len() / 2);
            halves.push(head);
            assert_eq!(halves.next_event(), Ok(None));
            halves.push(tail);
            assert_eq!(halves.next_event().is_ok(), is_good, "{bytes}");
        }
    }
    let mut endless = Decoder::new();
    endless.push(&vec![b'a'; EVENT_BYTES_MAX]);
    assert_eq!(endless.next_event(), Ok(None));
    endless.push(b"a");
    assert_eq!(endless.next_event(), Err(TooLong));
    endless.push(b"\n\ndata: x\n\n");
    assert_eq!(endless.next_event(), Err(TooLong), "final");
}

#[test]
fn bounds_an_id_at_the_edge() {
    for (bytes, is_kept) in
        [(EVENT_ID_BYTES_MAX - 1, true), (EVENT_ID_BYTES_MAX, true), (EVENT_ID_BYTES_MAX + 1, false)]
    {
        let mut decoder = Decoder::new();
        decoder.push(format!("id: {}\ndata: x\n\n", "i".repeat(bytes)).as_bytes());
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!(event.id.is_some(), is_kept, "{bytes}");
    }
}

#[test]
fn holds_one_event_however_long_the_stream() {
    let mut decoder = Decoder::new();
    for _ in 0..10_000 {
        decoder.push(b"event: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n");
        assert!(decoder.next_event().unwrap().is_some());
        assert_eq!(decoder.next_event(), Ok(None));
    }
    assert!(format!("{decoder:?}").len() < 1000, "the buffer does not grow");
}

#[test]
fn writes_fields_on_single_lines() {
    let event = Event { event: Some("message"), id: Some("7"), retry: Some(500), data: Some(b"{}") };
    let cases = [
        (event, "event: message\nid: 7\nretry: 500\ndata: {}\n\n"),
        (Event { data: Some(b""), id: Some("p"), ..Event::default() }, "id: p\ndata: \n\n"),
        (Event { data: Some(b"a\r\nb\rc"), ..Event::default() }, "data: a\ndata: \ndata: b\ndata: c\n\n"),
        (Event { id: Some("a\ndata: x"), data: Some(b"y"), ..Event::default() }, "data: y\n\n"),
        (Event { event: Some("a\rb"), data: Some(b"y"), ..Event::default() }, "event: ?\ndata: y\n\n"),
        (Event::default(), ":\n\n"),
    ];
    for (event, wanted) in cases {
        let mut out = Vec::new();
        write(&mut out, &event);
        assert_eq!(String::from_utf8_lossy(&out), wanted);
    }
}

#[test]
fn tells_messages_from_what_is_none() {
    let cases: &[(&str, Option<&str>, &str)] = &[
        ("data: {}\n\n", Some("{}"), ":\n\n"),
        ("event: message\nid: 7\ndata: {}\n\n", Some("{}"), "id: 7\n\n"),
        ("id: p\nretry: 500\ndata:\n\n", None, "id: p\nretry: 500\ndata: \n\n"),
        ("id: p\n\n", None, "id: p\n\n"),
        ("id: 8\nevent: leak\ndata: secret-1\n\n", None, "id: 8\n\n"),
        ("event: leak\ndata: secret-1\n\n", None, ":\n\n"),
        ("data:  \n\n", None, ":\n\n"),
        (": hi\n\n", None, ":\n\n"),
    ];
    for (stream, message, bare) in cases {
        let mut decoder = Decoder::new();
        decoder.push(stream.as_bytes());
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!(event.message(), message.map(str::as_bytes), "{stream}");
        let mut out = Vec::new();
        event.write_bare(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), *bare, "{stream}");
    }
    let mut out = Vec::new();
    Event { id: Some("7"), data: Some(b"old"), ..Event::default() }.write(&mut out, b"new");
    write_message(&mut out, b"{}");
    assert_eq!(out, b"id: 7\ndata: new\n\nevent: message\ndata: {}\n\n");
}
