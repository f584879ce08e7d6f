//! HTTP/2, frame by frame: a denied call in frames that are no request, or are two.

use crate::case::{Case, Demand, Era, Post};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames are small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A string of HPACK without Huffman coding. Source: RFC 7541, section 5.2.
fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if text.len() < 127 {
        out.push(text.len() as u8);
    } else {
        let mut rest = text.len() - 127;
        out.push(127);
        while rest >= 128 {
            out.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(text.as_bytes());
    out
}

/// Literal fields that enter no table.
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

const PSEUDO: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "http"), (":authority", "127.0.0.1"), (":path", "/mcp")];

/// The fields of an honest request for the tool `name`.
fn honest(name: &'static str) -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = PSEUDO.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    all.push(("authorization", format!("Bearer {}", crate::support::bundle::ALICE)));
    for (field, value) in [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", name),
    ] {
        all.push((field, value.into()));
    }
    all
}

type Fields = Vec<(&'static str, String)>;

/// Preface, settings, one request, whose fields were bent.
fn request(fields: &Fields, body: &[u8]) -> Vec<u8> {
    let borrowed: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let head = self::fields(&borrowed);
    [
        PREFACE,
        &frame(SETTINGS, 0, 0, &[]),
        &frame(HEADERS, END_HEADERS, 1, &head),
        &frame(DATA, END_STREAM, 1, body),
    ]
    .concat()
}

fn bent(id: &str, bend: impl Fn(&mut Fields)) -> Case {
    let sends = [("delete_all", Post::denied(Era::Modern)), ("echo", Post::allowed(Era::Modern))];
    let sends = sends.map(|(name, post)| {
        let mut fields = honest(name);
        bend(&mut fields);
        request(&fields, &post.body)
    });
    Case::new(format!("http/2/{id}"), Demand::Closed, sends.to_vec())
}

fn heads() -> Vec<Case> {
    let set = |name: &'static str, value: &str| {
        let value = value.to_owned();
        bent(&format!("set/{name}/{}", value.escape_debug()), move |fields| {
            fields
                .iter_mut()
                .filter(|(field, _)| *field == name)
                .for_each(|field| field.1.clone_from(&value));
        })
    };
    let add = |name: &'static str, value: &str| {
        let value = value.to_owned();
        bent(&format!("add/{name}/{}", value.escape_debug()), move |fields| {
            fields.push((name, value.clone()));
        })
    };
    let without = |name: &'static str| {
        bent(&format!("without/{name}"), move |fields| fields.retain(|(field, _)| *field != name))
    };
    vec![
        set(":path", "/mcp\r\nX: y"),
        set(":path", "/x/../mcp"),
        set(":path", "/%6dcp"),
        set(":path", "/mcp?x=1"),
        set(":path", ""),
        set(":path", "*"),
        set(":path", "http://other.example/mcp"),
        set(":authority", "evil.example"),
        set(":authority", "user@127.0.0.1"),
        set(":authority", "127.0.0.1/x"),
        set(":method", "CONNECT"),
        set(":method", "PUT"),
        set(":method", "PO ST"),
        set("mcp-name", "lookup"),
        set("content-type", "text/plain"),
        add(":path", "/mcp"),
        add(":method", "POST"),
        add(":authority", "127.0.0.1"),
        add(":unknown", "x"),
        add(":status", "200"),
        add("host", "evil.example"),
        add("authorization", "Bearer other"),
        add("mcp-name", "echo"),
        add("content-type", "application/json"),
        add("Mcp-Session-Id", "x"),
        add("connection", "close"),
        add("transfer-encoding", "chunked"),
        add("upgrade", "h2c"),
        add("te", "gzip"),
        add("keep-alive", "1"),
        add("proxy-connection", "close"),
        add("content-length", "5"),
        add("content-length", "5000"),
        add("content-length", "+1"),
        add("content-encoding", "gzip"),
        add("x-nul", "a\0b"),
        add("x-cr", "a\rb"),
        add("x-lf", "a\nb"),
        add("x y", "a"),
        add("", "a"),
        add("mcp_name", "echo"),
        without(":path"),
        without(":method"),
        without("authorization"),
        without("content-type"),
        without("mcp-name"),
    ]
}

/// Frames in the wrong place, or far too many of them. Bounded: the gate must stay up, not be busy.
fn frames() -> Vec<Case> {
    let post = Post::denied(Era::Modern);
    let owned = honest("delete_all");
    let borrowed: Vec<_> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let head = fields(&borrowed);
    let (start, end) = head.split_at(head.len() / 2);
    let headers = frame(HEADERS, END_HEADERS, 1, &head);
    let data = frame(DATA, END_STREAM, 1, &post.body);
    let padded = |padding: u8| frame(DATA, END_STREAM | PADDED, 1, &[&[padding][..], &post.body].concat());
    let rows: Vec<(&str, Vec<u8>)> = vec![
        (
            "continued",
            [frame(HEADERS, 0, 1, start), frame(CONTINUATION, END_HEADERS, 1, end), data.clone()].concat(),
        ),
        (
            "interleaved",
            [frame(HEADERS, 0, 1, start), data.clone(), frame(CONTINUATION, END_HEADERS, 1, end)].concat(),
        ),
        (
            "continuation-of-another",
            [frame(HEADERS, 0, 1, start), frame(CONTINUATION, END_HEADERS, 3, end)].concat(),
        ),
        (
            "continuation-flood",
            [frame(HEADERS, 0, 1, start), frame(CONTINUATION, 0, 1, b"").repeat(2_000)].concat(),
        ),
        ("data-before-headers", [data.clone(), headers.clone()].concat()),
        ("data-on-stream-0", [headers.clone(), frame(DATA, END_STREAM, 0, &post.body)].concat()),
        (
            "even-stream",
            [frame(HEADERS, END_HEADERS, 2, &head), frame(DATA, END_STREAM, 2, &post.body)].concat(),
        ),
        ("padding-beyond-frame", [headers.clone(), padded(255)].concat()),
        ("padding-eats-the-end", [headers.clone(), padded(4)].concat()),
        ("data-behind-the-end", [headers.clone(), data.clone(), data.clone()].concat()),
        ("headers-twice", [headers.clone(), headers.clone(), data.clone()].concat()),
        ("trailers-that-claim", {
            let trailers = frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(&[("mcp-name", "echo")]));
            [headers.clone(), frame(DATA, 0, 1, &post.body), trailers].concat()
        }),
    ];
    rows.into_iter().chain(floods(&head, &headers, &data)).map(framed).collect()
}

/// A case of these frames, behind the preface, and one more that ends the connection.
fn framed((id, frames): (&str, Vec<u8>)) -> Case {
    let opening = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let goaway = frame(7, 0, 0, &[0; 8]);
    Case::new(format!("http/2/frames/{id}"), Demand::Closed, vec![[&opening[..], &frames, &goaway].concat()])
}

/// Frames that are far too many, or garbage.
fn floods(head: &[u8], headers: &[u8], data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let storm = |streams: u32| {
        (0..streams).flat_map(|at| {
            let stream = at * 2 + 1;
            [frame(HEADERS, END_HEADERS, stream, head), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())]
                .concat()
        })
    };
    let bomb = [vec![0x40], text("x-bomb"), text(&"a".repeat(3_000)), vec![0xbe; 10_000]].concat();
    vec![
        ("reset-at-once", [headers, data, &frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())].concat()),
        ("rapid-reset", storm(1_000).collect()),
        ("ping-flood", frame(PING, 0, 0, &[0; 8]).repeat(3_000)),
        ("settings-flood", frame(SETTINGS, 0, 0, &[]).repeat(3_000)),
        ("window-overflow", frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]).repeat(2)),
        ("table-bomb", frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb)),
        (
            "huffman-garbage",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x00, 0x85, 255, 255, 255, 255, 255, 0]),
        ),
        ("index-beyond-table", frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff, 0xff, 0x7f])),
        ("frame-too-large", frame(DATA, 0, 1, &vec![0; 20_000])),
        ("unknown-frames", [&frame(0x42, 0, 1, b"x").repeat(100), headers, data].concat()),
        ("push-promise", frame(5, END_HEADERS, 1, &[&[0, 0, 0, 2][..], head].concat())),
        ("http-1-behind-preface", Post::denied(Era::Modern).bytes()),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [heads(), frames()].concat()
}
