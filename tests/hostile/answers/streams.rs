//! Streams of events that two readers could cut differently, or that break off.

use super::{Ask, SSN, Script, answer, stray};
use crate::support::upstream::After;

fn framing() -> Vec<Script> {
    let (good, evil, stray) = (answer("fine"), answer(SSN), stray());
    let end = format!("data: {good}\n\n");
    let rows = [
        ("comment-cr", format!(": hi\rdata: {stray}\r\rx\n\n{end}")),
        ("comment-cr-answer", format!(": hi\rdata: {evil}\r\rx\n\n")),
        ("comment-secret", format!(": {SSN} STRAY\n\n{end}")),
        ("comment-in-event", format!("event: message\n: {SSN} STRAY\n{end}")),
        ("comment-without-end", format!("{end}: STRAY")),
        ("id-cr", format!("id: 1\rdata: {stray}\r\r\n{end}")),
        ("retry-cr", format!("retry: 1\rdata: {stray}\r\r\n{end}")),
        ("event-cr", format!("event: x\rdata: {stray}\r\r\n{end}")),
        ("unknown-field-cr", format!("x: 1\rdata: {stray}\r\r\n{end}")),
        ("cr-only", format!("event: message\rdata: {evil}\r\r")),
        ("crlf", format!("event: message\r\ndata: {evil}\r\n\r\n")),
        ("mixed-ends", format!("event: message\rdata: {evil}\r\n\n")),
        ("lf-cr", format!("data: {evil}\n\r\n")),
        ("upper-case-field", format!("DATA: {stray}\n\nData: {stray}\n\n{end}")),
        ("space-before-colon", format!("data : {stray}\n\n{end}")),
        ("space-before-field", format!(" data: {stray}\n\n{end}")),
        ("tab-behind-colon", format!("data:\t{evil}\n\n")),
        ("no-space", format!("data:{evil}\n\n")),
        ("mark-at-the-start", format!("\u{feff}data: {evil}\n\n")),
        ("two-marks-at-the-start", format!("\u{feff}\u{feff}data: {stray}\n\n{end}")),
        ("mark-in-the-middle", format!(": x\n\n\u{feff}data: {stray}\n\n{end}")),
        ("zero-width-field", format!("da\u{200b}ta: {stray}\n\n{end}")),
        ("nul-in-field", format!("da\0ta: {stray}\n\n{end}")),
        ("nul-in-id", format!("id: 1\02\n{end}")),
        ("nul-in-data", format!("data: \0{stray}\n\n")),
        ("secret-in-field-name", format!("{SSN}: x\n{end}")),
        ("secret-in-event-name", format!("event: {SSN}\ndata: {good}\n\n{end}")),
        ("secret-in-id", format!("id: {SSN}\n{end}")),
        ("secret-in-retry", format!("retry: {SSN}\n{end}")),
        ("event-of-another-name", format!("event: STRAY\ndata: {good}\n\n")),
        ("event-error", format!("event: error\ndata: {stray}\n\n{end}")),
        ("event-ping-with-data", format!("event: ping\ndata: STRAY {SSN}\n\n{end}")),
        ("event-in-capitals", format!("event: Message\ndata: {stray}\n\n{end}")),
        ("event-open", format!("event: open\ndata: {stray}\n\n{end}")),
        ("done-word", format!("{end}data: [DONE]\n\n")),
        ("endpoint-absolute", format!("event: endpoint\ndata: https://evil.example/STRAY\n\n{end}")),
        ("endpoint-protocol-relative", format!("event: endpoint\ndata: //evil.example/x\n\n{end}")),
        ("endpoint-script", format!("event: endpoint\ndata: javascript:STRAY\n\n{end}")),
        ("endpoint-path", format!("event: endpoint\ndata: /STRAY\n\n{end}")),
        ("id-of-3-KB", format!("id: {}\n{end}", "STRAY".repeat(600))),
        ("id-with-line-separator", format!("id: 1\u{2028}data: {stray}\u{2028}\u{2028}\n{end}")),
        ("unterminated", format!("{end}data: {stray}")),
        ("unterminated-by-one", format!("{end}data: {stray}\n")),
        ("answer-unterminated", format!("data: {evil}\n")),
        ("nothing", "\n".into()),
        ("only-comments", ": a\n\n: b\n\n".into()),
        ("empty-data", format!("data:\n\ndata: \n\n{end}")),
        ("priming", format!("id: 1\nretry: 1\ndata: \n\n{end}")),
    ];
    rows.into_iter().map(|(id, text)| Script::events(format!("stream/{id}"), text)).collect()
}

/// A message over several lines, and line breaks inside its texts.
fn lines() -> Vec<Script> {
    let evil = answer(SSN);
    let (head, tail) = evil.split_at(evil.find(",\"result\"").expect("it has a result"));
    let inside = evil.find("536").expect("it has the number") + 4;
    let (before, behind) = evil.split_at(inside);
    let hidden = |mark: &str| answer(&format!("x{mark}data: STRAY{mark}{mark}y")).replace("STRAY", "{}");
    let mut rows = vec![
        ("between-tokens".to_owned(), format!("data: {head}\ndata: {tail}\n\n")),
        ("between-tokens-cr".into(), format!("data: {head}\rdata: {tail}\r\r")),
        ("between-tokens-crlf".into(), format!("data: {head}\r\ndata: {tail}\r\n\r\n")),
        ("inside-a-text".into(), format!("data: {before}\ndata: {behind}\n\n")),
        ("with-a-comment-between".into(), format!("data: {head}\n: x\ndata: {tail}\n\n")),
        ("with-another-field-between".into(), format!("data: {head}\nid: 5\ndata: {tail}\n\n")),
        ("every-byte-a-line".into(), evil.chars().map(|c| format!("data: {c}\n")).collect::<String>() + "\n"),
    ];
    for (name, mark) in
        [("line-separator", "\u{2028}"), ("paragraph-separator", "\u{2029}"), ("next-line", "\u{85}")]
    {
        rows.push((format!("raw/{name}"), format!("data: {}\n\n", hidden(mark))));
        rows.push((format!("raw-between-tokens/{name}"), format!("data: {head}{mark}{tail}\n\n")));
    }
    for (name, mark) in [("vertical-tab", "\u{b}"), ("form-feed", "\u{c}"), ("file-separator", "\u{1c}")] {
        rows.push((format!("raw/{name}"), format!("data: {}\n\n", hidden(mark))));
    }
    rows.into_iter().map(|(id, text)| Script::events(format!("stream/lines/{id}"), text)).collect()
}

/// Chunks that end in the middle of something.
fn chunks() -> Vec<Script> {
    let evil = format!("event: message\r\ndata: {}\r\n\r\n", answer(&format!("caf\u{e9} {SSN} \u{1f600}")));
    let hidden = format!(": hi\rdata: {}\r\rx\n\ndata: {}\r\n\r\n", stray(), answer("fine"));
    let mut scripts = Vec::new();
    for (name, text) in [("answer", &evil), ("hidden", &hidden)] {
        let bytes = text.as_bytes();
        let each: Vec<_> = bytes.chunks(1).collect();
        scripts.push(Script::chunked(format!("stream/chunks/{name}/each-byte"), &each));
        for size in [2, 3, 7] {
            let some: Vec<_> = bytes.chunks(size).collect();
            scripts.push(Script::chunked(format!("stream/chunks/{name}/each-{size}"), &some));
        }
        for (way, mark) in [("cr-lf", "\r\n"), ("number", "-22-"), ("end", "\r\n\r\n")] {
            let Some(at) = text.find(mark) else { continue };
            let (one, two) = bytes.split_at(at + 1);
            scripts.push(Script::chunked(format!("stream/chunks/{name}/in-{way}"), &[one, two]));
        }
    }
    scripts
}

/// Streams that are too much, or break off.
fn ends() -> Vec<Script> {
    let good = format!("data: {}\n\n", answer("fine"));
    let open = |body: &str| format!("{}{:x}\r\n{body}\r\n", super::EVENTS, body.len());
    let large = format!("data: {}\n\n", answer(&"a".repeat(5 << 20)));
    let endless = format!("data: {}", "STRAY ".repeat(1 << 20));
    let by_length = |length: usize, body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let unframed =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{good}data: {}", stray());
    let old = format!("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}", answer("STRAY"));
    vec![
        Script::new("stream/end/before-anything", super::EVENTS, After::Close),
        Script::new("stream/end/in-a-chunk", open(": x\n\n").replace("5\r\n", "55\r\n"), After::Close),
        Script::new("stream/end/in-an-event", open("data: {\"jsonrpc\""), After::Close),
        Script::new("stream/end/behind-the-answer", open(&good), After::Close),
        Script::new("stream/end/bad-chunk-size", format!("{}zz\r\n{good}", super::EVENTS), After::Close),
        Script::new(
            "stream/end/huge-chunk-size",
            format!("{}fffffffffffffffff\r\n{good}", super::EVENTS),
            After::Close,
        ),
        Script::new("stream/end/unframed", unframed, After::Close),
        Script::new("stream/end/http-1.0-cut", old, After::Close),
        Script::new(
            "stream/end/length-too-short",
            by_length(20, &format!("data: STRAY\n\n{}", stray())),
            After::Close,
        ),
        Script::new("stream/end/length-too-long", by_length(5_000, "data: STRAY"), After::Close),
        Script::events("stream/large/event-of-5-MB", large),
        Script::events("stream/large/event-without-end", endless),
        Script::events("stream/large/100000-comments", format!("{}{good}", ": STRAY\n\n".repeat(100_000))),
        Script::events("stream/large/20000-empty-events", format!("{}{good}", "id: 1\n\n".repeat(20_000))),
        Script::events("stream/large/100000-lines", format!("{}\n{good}", "x: STRAY\n".repeat(100_000))),
        Script::events("stream/large/field-name-of-1-MB", format!("{}\n\n{good}", "x".repeat(1 << 20))),
        Script::events("stream/modern/end-without-answer", ": x\n\n").to(Ask::Modern),
        Script::events("stream/modern/comment-cr", format!(": hi\rdata: {}\r\rx\n\n{good}", stray()))
            .to(Ask::Modern),
    ]
}

fn bytes() -> Vec<Script> {
    let data = |data: &[u8]| [b"data: ", data, b"\n\ndata: ", answer("fine").as_bytes(), b"\n\n"].concat();
    let broken = |bytes: &[u8]| {
        [
            br#"{"jsonrpc":"2.0","id":41,"result":{"content":[{"type":"text","text":"STRAY "#,
            bytes,
            br#""}]}}"#,
        ]
        .concat()
    };
    let rows: [(&str, Vec<u8>); 6] = [
        ("ff", broken(b"\xff")),
        ("overlong", broken(b"\xc0\xa2")),
        ("cut", broken(b"\xe2\x82")),
        ("surrogate", broken(b"\xed\xa0\x80")),
        ("lone-escape", broken(b"\\ud800")),
        ("control", broken(b"\x01")),
    ];
    rows.into_iter().map(|(id, text)| Script::events(format!("stream/bytes/{id}"), data(&text))).collect()
}

pub(super) fn scripts() -> Vec<Script> {
    framing().into_iter().chain(lines()).chain(chunks()).chain(ends()).chain(bytes()).collect()
}
