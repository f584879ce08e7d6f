use crate::mcp::{fuzz_near, near_miss};

const KNOWN: &[&str] = &["name", "params", "progressToken", "_meta", "isError", "definition"];

#[test]
fn finds_what_some_reader_takes_for_the_key() {
    let cases = [
        ("NAME", "name"),
        ("name ", "name"),
        (" name", "name"),
        ("na\u{200B}me", "name"),
        ("na\u{AD}me", "name"),
        ("n-ame", "name"),
        ("n_ame", "name"),
        ("\u{FEFF}name", "name"),
        ("name\0", "name"),
        ("\u{FF4E}\u{FF41}\u{FF4D}\u{FF45}", "name"),
        ("\u{1D427}ame", "name"),
        ("\u{24DD}ame", "name"),
        ("param\u{17F}", "params"),
        ("progressTo\u{212A}en", "progressToken"),
        ("progress_token", "progressToken"),
        ("\u{FF3F}meta", "_meta"),
        ("meta", "_meta"),
        ("\u{130}sError", "isError"),
        ("de\u{FB01}nition", "definition"),
        ("\u{E006E}name", "name"),
    ];
    for (key, known) in cases {
        assert_eq!(near_miss(key, KNOWN), Some(known), "{key:?}");
        fuzz_near(key.as_bytes());
    }
}

#[test]
fn lets_other_keys_be() {
    for key in
        ["name", "_meta", "", " ", "names", "nam", "n\u{430}me", "title", "acme/name", "na me", "\u{4E2D}"]
    {
        assert_eq!(near_miss(key, KNOWN), None, "{key:?}");
        fuzz_near(key.as_bytes());
    }
}
