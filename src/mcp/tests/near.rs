use crate::json::{Document, quote};
use crate::mcp::{WatchedNames, colliding_key, fuzz_near, near_miss};

const KNOWN: &[&str] = &["name", "params", "progressToken", "_meta", "isError", "definition"];

#[test]
fn finds_what_some_reader_takes_for_the_key() {
    let cases = [
        ("NAME", "name"),
        ("name ", "name"),
        (" name", "name"),
        ("\t\u{A0}name\u{3000}", "name"),
        ("na\u{200B}me", "name"),
        ("na\u{AD}me", "name"),
        ("n-ame", "name"),
        ("n_ame", "name"),
        ("n\u{2011}ame", "name"),
        ("\u{FEFF}name", "name"),
        ("name\0", "name"),
        ("n\u{FE0F}ame", "name"),
        ("\u{FF4E}\u{FF41}\u{FF4D}\u{FF45}", "name"),
        ("\u{1D427}ame", "name"),
        ("\u{24DD}ame", "name"),
        ("nam\u{212F}", "name"),
        ("n\u{AA}me", "name"),
        ("na\u{217F}e", "name"),
        ("param\u{17F}", "params"),
        ("progressTo\u{212A}en", "progressToken"),
        ("progress_token", "progressToken"),
        ("\u{FF3F}meta", "_meta"),
        ("meta", "_meta"),
        ("\u{130}sError", "isError"),
        ("\u{131}sError", "isError"),
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
    for key in [
        "name",
        "_meta",
        "",
        " ",
        "-",
        "names",
        "nam",
        "n\u{430}me",
        "n\u{E4}me",
        "title",
        "acme/name",
        "na me",
        "\u{4E2D}",
    ] {
        assert_eq!(near_miss(key, KNOWN), None, "{key:?}");
        fuzz_near(key.as_bytes());
    }
}

#[test]
fn watches_names_in_any_script_at_any_depth() {
    let mut watched = WatchedNames::default();
    assert!(watched.near("x").is_none() && watched.is_empty());
    for name in ["path", "Stra\u{DF}e", "user_id", "userId", "\u{3A3}\u{3AF}\u{3C2}"] {
        watched.insert(name);
    }
    let cases = [
        (r#"{"path":1,"user_id":2,"userId":3,"other":{"paths":[{"id":1}]}}"#, None),
        (r#"{"PATH":1}"#, Some(("PATH", "path"))),
        (r#"{"a":[{"b":{"pa\u200bth":1}}]}"#, Some(("pa\u{200B}th", "path"))),
        (r#"{"STRASSE":1}"#, Some(("STRASSE", "Stra\u{DF}e"))),
        (r#"{"user-id":1}"#, Some(("user-id", "user_id"))),
        ("{\"\u{3C3}\u{3AF}\u{3C3}\":1}", Some(("\u{3C3}\u{3AF}\u{3C3}", "\u{3A3}\u{3AF}\u{3C2}"))),
        (r#"["path ",{"x":"PATH"}]"#, None),
        ("7", None),
    ];
    for (text, wanted) in cases {
        fuzz_near(text.as_bytes());
        let document = Document::parse(text.as_bytes()).unwrap();
        let found =
            watched.near_in(document.root()).next().map(|(key, name)| (key.name().into_owned(), name));
        assert_eq!(found, wanted.map(|(key, name)| (key.to_owned(), name)), "{text}");
    }
}

#[test]
fn finds_siblings_that_fold_alike() {
    let cases = [
        (r#"{"a":1,"b":{"a":2,"c":[{"a":3}]}}"#, None),
        (r#"{"a":1,"A":2}"#, Some("A")),
        (r#"{"x":[{"user_id":1,"z":{},"userId":2}]}"#, Some("userId")),
        (r#"[{"a":1},{"A":1}]"#, None),
        ("\"a\"", None),
    ];
    for (text, wanted) in cases {
        fuzz_near(text.as_bytes());
        let document = Document::parse(text.as_bytes()).unwrap();
        let found = colliding_key(document.root()).map(|key| key.name().into_owned());
        assert_eq!(found.as_deref(), wanted, "{text}");
    }
    let many = |extra: &str| {
        let members: Vec<_> = (0..1000).map(|at| format!("{}:1", quote(&format!("key{at}")))).collect();
        format!("{{{}{extra}}}", members.join(","))
    };
    for (extra, wanted) in [("", None), (",\"Key999\":1", Some("Key999"))] {
        let text = many(extra);
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(colliding_key(document.root()).map(|key| key.name().into_owned()).as_deref(), wanted);
    }
}
