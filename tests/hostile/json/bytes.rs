//! Bytes that are no UTF-8, or that are another encoding's.

use crate::case::{ALLOWED, Case, DENIED, Demand, Era, Post};

const REFUSED: Demand = Demand::Status(&[400]);

/// `template` with `bytes` in the place of each `~`.
fn with(template: &str, bytes: &[u8]) -> Vec<u8> {
    let parts: Vec<_> = template.as_bytes().split(|&byte| byte == b'~').collect();
    parts.join(bytes)
}

fn places() -> [(&'static str, String, &'static str); 5] {
    [
        ("value", ALLOWED.replace("hi", "a~b"), "echo"),
        ("key", ALLOWED.replace(r#""message""#, r#""a~":1,"message""#), "echo"),
        ("tool", DENIED.replace("delete_all", "delete_~all"), "delete_all"),
        ("method", DENIED.replace("tools/call", "tools/~call"), "delete_all"),
        ("protocol-key", ALLOWED.replace(r#""name""#, r#""na~me":"delete_all","name""#), "echo"),
    ]
}

fn not_utf8() -> Vec<Case> {
    let sequences: [(&str, &[u8]); 15] = [
        ("ff", b"\xff"),
        ("fe-ff", b"\xfe\xff"),
        ("lone-continuation", b"\x80"),
        ("two-continuations", b"\xbf\xbf"),
        ("overlong-slash", b"\xc0\xaf"),
        ("overlong-nul", b"\xc0\x80"),
        ("overlong-quote", b"\xc0\xa2"),
        ("overlong-of-3", b"\xe0\x80\xaf"),
        ("overlong-of-4", b"\xf0\x80\x80\xaf"),
        ("surrogate", b"\xed\xa0\x80"),
        ("surrogate-pair", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("cut-of-2", b"\xc3"),
        ("cut-of-3", b"\xe2\x82"),
        ("beyond-unicode", b"\xf4\x90\x80\x80"),
        ("five-bytes", b"\xf8\x88\x80\x80\x80"),
    ];
    let mut cases = Vec::new();
    for (sequence, bytes) in sequences {
        for (place, template, name) in places() {
            let id = format!("json/not-utf-8/{sequence}/{place}");
            cases.push(Case::body(id, REFUSED, with(&template, bytes), name));
        }
    }
    cases
}

fn surrogates() -> Vec<Case> {
    let escapes = [
        ("high", "\\ud800"),
        ("low", "\\udc00"),
        ("turned", "\\udc00\\ud800"),
        ("high-then-letter", "\\ud83dx"),
        ("two-highs", "\\ud83d\\ud83d"),
        ("capitals", "\\uD800"),
    ];
    let mut cases = Vec::new();
    for (way, escape) in escapes {
        for (place, template, name) in places() {
            let id = format!("json/surrogate/{way}/{place}");
            cases.push(Case::body(id, REFUSED, with(&template, escape.as_bytes()), name));
        }
    }
    cases
}

/// The whole denied call in another encoding, without saying so.
fn encodings() -> Vec<Case> {
    let mut cases = Vec::new();
    type Encode = fn(&str) -> Vec<u8>;
    let rows: [(&str, Encode); 16] = [
        ("utf-16le", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("utf-16be", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("utf-16le-with-mark", |text| {
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        ("utf-16be-with-mark", |text| {
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
        }),
        ("utf-32le", |text| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ("utf-32be", |text| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
        ("utf-32le-with-mark", |text| {
            format!("\u{feff}{text}").chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()
        }),
        ("utf-32be-with-mark", |text| {
            format!("\u{feff}{text}").chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()
        }),
        ("two-marks", |text| format!("\u{feff}\u{feff}{text}").into_bytes()),
        ("mark-behind", |text| format!("{text}\u{feff}").into_bytes()),
        ("mark-behind-a-space", |text| format!(" \u{feff}{text}").into_bytes()),
        ("utf-7", |text| text.replace("\"method\"", "\"+AG0-ethod\"").into_bytes()),
        ("mark-of-utf-16-over-utf-8", |text| [b"\xff\xfe", text.as_bytes()].concat()),
        ("mark-of-utf-7", |text| format!("+/v8-{text}").into_bytes()),
        ("ebcdic-digits", |text| text.bytes().map(|byte| byte | 0x80).collect()),
        ("nul-padded", |text| format!("{text}\0\0\0").into_bytes()),
    ];
    for (name, encode) in rows {
        let sends = Era::BOTH.map(|era| {
            let text = String::from_utf8(era.text(DENIED.as_bytes())).expect("it is UTF-8");
            Post::new(era, "delete_all", encode(&text)).bytes()
        });
        cases.push(Case::new(format!("json/encoding/{name}"), REFUSED, sends.to_vec()));
    }
    // One mark at the front says nothing but UTF-8; what is behind it is denied all the same.
    let marked = format!("\u{feff}{DENIED}");
    cases.push(Case::body("json/encoding/one-mark", Demand::Denied, marked, "delete_all"));
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [not_utf8(), surrogates(), encodings()].concat()
}
