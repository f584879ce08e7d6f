//! What the parser accepts and refuses, as tables.

use super::*;

mod verdicts;

fn verdict(text: &[u8]) -> Option<FaultKind> {
    Document::parse(text).err().map(|fault| fault.kind)
}

#[test]
fn accepts_every_legal_spelling() {
    let cases: &[&str] = &[
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1e-7",
        "-1.5E+3",
        "9007199254740991",
        "\"\"",
        "[]",
        "{}",
        " [ ] ",
        "{\"\":1}",
        "\t{ \"a\" : [1 , 2.0,3] ,\r\n\"A\":{}}\n",
        "\"\\ud83d\\ude00\\u0000\"",
        "\"\u{2028}\u{7f}\"",
        "{\"n\\u0061me\":\"tools\\/call\"}",
        "123456789012345678901234567890",
        "[[],{},[{}]]",
    ];
    for text in cases {
        assert_eq!(verdict(text.as_bytes()), None, "{text}");
        fuzz_json(text.as_bytes());
    }
}

#[test]
fn refuses_what_two_parsers_may_read_differently() {
    use FaultKind::*;
    let cases: &[(&[u8], FaultKind)] = &[
        (b"", Empty),
        (b"  \n", Empty),
        (b"\xEF\xBB\xBF{}", ByteOrderMark),
        (b"{\"a\":\"\xff\"}", NotUtf8),
        (b"\"\xc0\xaf\"", NotUtf8),
        (b"\"\xed\xa0\x80\"", NotUtf8),
        (b"\xff\xfe{\0}\0", NotUtf8),
        (b"{\0}\0", Syntax),
        (b"{\"a\":1,\"a\":2}", DuplicateKey),
        (b"{\"name\":1,\"n\\u0061me\":2}", DuplicateKey),
        (b"[{\"x\":{\"k\":1,\"y\":{},\"k\":[]}}]", DuplicateKey),
        (b"{} {}", TrailingBytes),
        (b"{}\0", TrailingBytes),
        (b"1 2", TrailingBytes),
        (b"{},{}", TrailingBytes),
        (b"{\"a\":1,}", Syntax),
        (b"[1,]", Syntax),
        (b"[,1]", Syntax),
        (b"{,}", Syntax),
        (b"{a:1}", Syntax),
        (b"{'a':1}", Syntax),
        (b"{\"a\" 1}", Syntax),
        (b"{\"a\":/*x*/1}", Syntax),
        (b"# x\n{}", Syntax),
        (b"[1}", Syntax),
        (b"{\"a\":1]", Syntax),
        (b"NaN", Syntax),
        (b"Infinity", Syntax),
        (b"nul", Syntax),
        (b"True", Syntax),
        (b"\xC2\xA0{}", Syntax),
        (b"\x0C{}", Syntax),
        (b"01", Number),
        (b"-", Number),
        (b"1.", Number),
        (b"-.5", Number),
        (b"1e", Number),
        (b".5", Syntax),
        (b"+1", Syntax),
        (b"0x1", TrailingBytes),
        (b"1_0", TrailingBytes),
        (b"1e400", NumberRange),
        (b"\"a\x01\"", ControlCharacter),
        (b"\"a\nb\"", ControlCharacter),
        (b"\"\\x41\"", Escape),
        (b"\"\\ud800\"", LoneSurrogate),
        (b"{\"\\udc00\":1}", LoneSurrogate),
        (b"{", Truncated),
        (b"{\"a\"", Truncated),
        (b"[1", Truncated),
        (b"\"abc", Truncated),
    ];
    for (text, kind) in cases {
        assert_eq!(verdict(text), Some(*kind), "{}", String::from_utf8_lossy(text));
        fuzz_json(text);
    }
}

#[test]
fn holds_its_bounds_at_the_edge() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(verdict(nested(64).as_bytes()), None);
    assert_eq!(verdict(nested(65).as_bytes()), Some(FaultKind::TooDeep));
    let wide = |keys: u32| {
        let members: Vec<_> = (0..keys).map(|key| format!("\"k{key}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(verdict(wide(9_999).as_bytes()), None);
    assert_eq!(verdict(wide(10_000).as_bytes()), None);
    assert_eq!(verdict(wide(10_001).as_bytes()), Some(FaultKind::TooManyKeys));
    // The array is a value itself.
    let long = |tokens: usize| format!("[0{}]", ",0".repeat(tokens - 2));
    assert_eq!(verdict(long(999_999).as_bytes()), None);
    assert_eq!(verdict(long(1_000_000).as_bytes()), None);
    assert_eq!(verdict(long(1_000_001).as_bytes()), Some(FaultKind::TooManyTokens));
}

#[test]
fn finds_a_duplicate_at_any_distance() {
    for keys in [2, 3, 17, 300] {
        let mut members: Vec<_> = (0..keys).map(|key| format!("\"key{key}\":{{\"a\":[1]}}")).collect();
        assert_eq!(verdict(format!("{{{}}}", members.join(",")).as_bytes()), None);
        members.push("\"key0\":null".into());
        assert_eq!(verdict(format!("{{{}}}", members.join(",")).as_bytes()), Some(FaultKind::DuplicateKey));
    }
}

#[test]
fn hands_out_spans_of_the_original() {
    let text = r#"{"id":1.0e0,"pa\u0072ams":{"list":[1,"two\n",{"x":null}]},"last":true}"#;
    let document = Document::parse(text.as_bytes()).unwrap();
    let root = document.root();
    assert_eq!(root.get("id").unwrap().raw(), "1.0e0");
    let list = root.get("params").unwrap().get("list").unwrap();
    let kinds: Vec<_> = list.elements().map(|value| value.kind()).collect();
    assert_eq!(kinds, [Kind::Number, Kind::String, Kind::Object]);
    assert_eq!(list.elements().nth(1).unwrap().string().unwrap(), "two\n");
    assert_eq!(root.get("last").unwrap().boolean(), Some(true));
    assert_eq!(root.members().count(), 3);
    assert!(root.get("x").is_none() && list.get("x").is_none() && list.members().next().is_none());
}

#[test]
fn writes_one_line_of_ascii() {
    let text = "{ \"a b\" :\r\n[1.50, \"x\u{2028}\\\" é 😀\"]\n}";
    let document = Document::parse(text.as_bytes()).unwrap();
    let line = String::from_utf8(compact(&document)).unwrap();
    assert_eq!(line, r#"{"a b":[1.50,"x\u2028\" \u00e9 \ud83d\ude00"]}"#);
}
