use crate::bounds::LINE_BYTES_MAX;
use crate::json::Document;
use crate::mcp::lines::{Decoder, LineTooLong, fuzz_lines, write};

#[test]
fn cuts_at_lf_alone() {
    let cases: &[(&[u8], &[&[u8]])] = &[
        (b"{}\n[]\n", &[b"{}", b"[]"]),
        (b"{}\r\n\n \r\n[]\n", &[b"{}\r", b"[]"]),
        (b"a\rb\xE2\x80\xA8c\x0Bd\n", &[b"a\rb\xE2\x80\xA8c\x0Bd"]),
        (b"no end", &[]),
        (b"", &[]),
        (b"one\ntail", &[b"one"]),
    ];
    for (stream, lines) in cases {
        fuzz_lines(stream);
        let mut decoder = Decoder::new();
        decoder.push(stream);
        for line in *lines {
            assert_eq!(decoder.next_line(), Ok(Some(*line)));
        }
        assert_eq!(decoder.next_line(), Ok(None));
    }
}

#[test]
fn bounds_a_line_at_the_edge() {
    for (bytes, is_good) in [(LINE_BYTES_MAX - 1, true), (LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)]
    {
        let mut line = vec![b'a'; bytes];
        let mut partial = Decoder::new();
        partial.push(&line);
        assert_eq!(partial.next_line().is_ok(), is_good, "no end within {bytes}");
        line.push(b'\n');
        let mut whole = Decoder::new();
        whole.push(&line);
        assert_eq!(whole.next_line().is_ok(), is_good, "{bytes}");
        if !is_good {
            whole.push(b"{}\n");
            assert_eq!(whole.next_line(), Err(LineTooLong), "final");
        }
    }
}

#[test]
fn writes_no_line_end_but_its_own() {
    let text = "{\"jsonrpc\":\"2.0\",\r\"x\":[\r\n\"\u{2028}\u{85}\"]}";
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut out = b"before\n".to_vec();
    write(&mut out, &document);
    assert_eq!(out, b"before\n{\"jsonrpc\":\"2.0\",\"x\":[\"\\u2028\\u0085\"]}\n");
}
