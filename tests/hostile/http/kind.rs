//! Content types: a body is JSON in UTF-8 or it is not read at all.

use crate::case::{Case, DENIED, Demand, Era, Post};

/// Types that some server takes for JSON, or for nothing in particular.
const TYPES: &[&str] = &[
    "",
    "text/plain",
    "text/json",
    "text/plain; a=application/json",
    "text/plain;charset=utf-8",
    "application/json, text/plain",
    "text/plain, application/json",
    "application/json,application/json",
    "application/jsonp",
    "application/json-seq",
    "application/jsonl",
    "application/x-ndjson",
    "application/json5",
    "application/jsonrequest",
    "application/json-rpc",
    "application/vnd.api+json",
    "application/problem+json",
    "application/json+x",
    "application/*",
    "*/*",
    "application",
    "application/",
    "/json",
    "json",
    "application /json",
    "application/ json",
    "application/json text/plain",
    "application/json;",
    "application/json; ;",
    "application/json; charset",
    "application/json; charset=",
    "application/json; charset=utf-16",
    "application/json; charset=utf-16le",
    "application/json; charset=utf-16be",
    "application/json; charset=utf-32",
    "application/json; charset=utf-7",
    "application/json; charset=utf-7-imap",
    "application/json; charset=unicode-1-1-utf-7",
    "application/json; charset=latin1",
    "application/json; charset=iso-8859-1",
    "application/json; charset=windows-1252",
    "application/json; charset=us-ascii",
    "application/json; charset=base64",
    "application/json; charset=hex",
    "application/json; charset=cp037",
    "application/json; charset=ibm500",
    "application/json; charset=shift_jis",
    "application/json; charset=punycode",
    "application/json; charset=rot13",
    "application/json; charset=zlib",
    "application/json; charset=unicode_escape",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json; charset=utf-16; charset=utf-8",
    "application/json; charset=utf-8; boundary=x",
    "application/json; boundary=x",
    "application/json; charset=\"utf-8",
    "application/json; charset*=utf-8''utf-16",
    "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/octet-stream",
    "text/event-stream",
];

/// Body and charset that say the denied call to whoever decodes, and nothing to a reader of UTF-8.
fn decoded() -> Vec<(&'static str, Vec<u8>)> {
    let plain = Era::Legacy.text(DENIED.as_bytes());
    let text = String::from_utf8(plain.clone()).expect("it is ASCII");
    let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
    let utf7 = text.replacen("\"method\"", "\"+AG0-ethod\"", 1);
    let base64 = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(&plain)
    };
    let rot13 = text.bytes().map(|byte| match byte {
        b'a'..=b'm' | b'A'..=b'M' => byte + 13,
        b'n'..=b'z' | b'N'..=b'Z' => byte - 13,
        other => other,
    });
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    vec![
        ("utf-7", utf7.into_bytes()),
        ("utf-16le", wide(u16::to_le_bytes)),
        ("utf-16be", wide(u16::to_be_bytes)),
        ("utf-32le", text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ("utf-32be", text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
        ("hex", hex.into_bytes()),
        ("base64", base64.into_bytes()),
        ("rot13", rot13.collect()),
        ("unicode_escape", text.replace("delete", "\\x64elete").into_bytes()),
        ("x-backslash-u", text.replace("method", "\\u006dethod").into_bytes()),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    const REFUSED: Demand = Demand::Status(&[400, 415]);
    let mut cases: Vec<_> = TYPES
        .iter()
        .map(|kind| Case::head(format!("http/type/{kind}"), REFUSED, |post| post.set("Content-Type", kind)))
        .collect();
    cases.push(Case::head("http/type/absent", REFUSED, |post| post.without("Content-Type")));
    for (charset, body) in decoded() {
        let kind = format!("application/json; charset={charset}");
        let sends =
            Era::BOTH.map(|era| Post::denied(era).set("Content-Type", &kind).body(body.clone()).bytes());
        cases.push(Case::new(format!("http/charset/{charset}"), REFUSED, sends.to_vec()));
        // The same without the word: only a reader that guesses sees the call.
        let sends = Era::BOTH.map(|era| Post::denied(era).body(body.clone()).bytes());
        let demand = if charset == "x-backslash-u" { Demand::Denied } else { Demand::Status(&[400]) };
        cases.push(Case::new(format!("http/charset/unnamed/{charset}"), demand, sends.to_vec()));
    }
    for (name, body) in [
        ("multipart/form-data; boundary=x", "--x\r\nContent-Type: application/json\r\n\r\nBODY\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", "body=BODY"),
    ] {
        let text = String::from_utf8(Era::Legacy.text(DENIED.as_bytes())).expect("it is ASCII");
        let wrapped = body.replace("BODY", &text);
        let sends =
            Era::BOTH.map(|era| Post::denied(era).set("Content-Type", name).body(wrapped.clone()).bytes());
        cases.push(Case::new(format!("http/wrapped/{name}"), REFUSED, sends.to_vec()));
    }
    cases
}
