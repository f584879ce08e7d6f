//! What a lock file says, and what it may not say.

use super::*;
use crate::bounds::JSON_DEPTH_MAX;
use crate::names::hex;
use crate::policy::{Policy, compile};

fn lock(text: &str) -> Source {
    Source { name: LOCK_FILE.into(), text: text.into() }
}

fn compiled(declared: &str, text: &str) -> Result<Policy, Vec<(Code, usize, usize, String)>> {
    crate::identity::install_crypto();
    let policy = format!(
        "version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\ntools: {{ {declared} }}\n\
         allow: [{{ id: all, tools: '*' }}]\n"
    );
    let policy = Source { name: "policy.yaml".into(), text: policy };
    compile(&[policy, lock(text)], 0).map_err(|faults| {
        faults.iter().map(|fault| (fault.code, fault.line, fault.column, fault.message.clone())).collect()
    })
}

/// The digest of a definition as the lock file has it.
fn digest(json: &str) -> String {
    let document = Document::parse(json.as_bytes()).expect("a test is JSON");
    hex(&definition_sha256(document.root()).expect("a definition"))
}

fn sum(tools: &[(&str, &str)]) -> String {
    let digests: Vec<_> = tools
        .iter()
        .map(|(name, json)| {
            let document = Document::parse(json.as_bytes()).expect("a test is JSON");
            (*name, definition_sha256(document.root()).expect("a definition"))
        })
        .collect();
    hex(&definition::manifest_sha256(digests.iter().map(|(name, sha256)| (*name, sha256))))
}

const ADD: &str = r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","max":1e3,"of":[]},
    "annotations":{"readOnlyHint":true}}"#;

fn with_add(change: impl Fn(&str) -> String) -> String {
    let tool = "  - name: add\n    description: Adds.\n    inputSchema: { type: object, \"max\": 1e3, of: [] }\n    \
                annotations: { readOnlyHint: true }\n";
    let head =
        format!("version: 1\nserver: {{ name: acme, version: '1' }}\nsha256: '{}'\n", sum(&[("add", ADD)]));
    format!("{head}tools:\n{}    sha256: '{}'\n", change(tool), digest(ADD))
}

#[test]
fn keeps_what_was_approved() {
    let policy = compiled("", &with_add(str::to_owned)).expect("a bundle");
    let tool = policy.tool("add").expect("it is pinned");
    let definition = tool.definition().expect("it is whole");
    assert_eq!(tool.class, Some(Class::Read));
    assert_eq!(tool.pinned_sha256(), Some(&definition.sha256));
    assert_eq!(definition.description.as_deref(), Some("Adds."));
    assert_eq!(definition.input_schema.as_deref(), Some(r#"{"type":"object","max":1e3,"of":[]}"#));
    assert_eq!(definition.annotations.read_only, Some(true));
    let declared = compiled("add: { class: write }", &with_add(str::to_owned)).expect("a bundle");
    let tool = declared.tool("add").expect("it is pinned");
    assert_eq!(tool.class, Some(Class::Write), "the policy wins");
    assert_eq!(tool.definition(), Some(definition), "and keeps the definition");
    let classified = with_add(|tool| format!("{tool}    class: destructive\n"));
    let policy = compiled("", &classified).expect("a bundle");
    assert_eq!(policy.tool("add").expect("it is pinned").class, Some(Class::Destructive), "so does the lock");
}

#[test]
fn reads_what_older_files_say() {
    let text = format!(
        "version: 1\ntools:\n  - {{ name: a, class: read, sha256: '{}' }}\n  - {{ name: b }}\n",
        "Ab".repeat(32)
    );
    let policy = compiled("", &text).expect("a bundle");
    let tool = policy.tool("a").expect("it is pinned");
    assert_eq!((tool.class, tool.definition()), (Some(Class::Read), None));
    assert_eq!(tool.pinned_sha256(), Some(&[0xAB; 32]));
    assert_eq!(policy.tool("b").expect("it is pinned").pinned_sha256(), None);
}

#[test]
fn refuses_what_was_edited_by_hand() {
    let edits: [(&str, &str); 6] = [
        ("Adds.", "Adds them."),
        ("1e3", "1e4"),
        ("of: []", "of: [1]"),
        ("annotations: { readOnlyHint: true }", "annotations: { readOnlyHint: false }"),
        ("    description: Adds.\n", ""),
        ("    description: Adds.\n", "    description: Adds.\n    title: Add\n"),
    ];
    for (from, to) in edits {
        let text = with_add(|tool| tool.replace(from, to));
        let faults = compiled("", &text).expect_err("it was edited");
        let wanted = "the definition of `add` was edited after it was approved".to_owned();
        assert_eq!(faults, [(Code::DefinitionEdited, 5, 11, wanted)], "{from} -> {to}");
        let lock = Lock::read(lock(&text)).expect("it is marked only");
        assert!(lock.tools[0].is_edited && !lock.is_list_edited, "{from} -> {to}");
    }
    // The digest of 1000 is that of 1e3: the same number, written otherwise.
    assert!(compiled("", &with_add(|tool| tool.replace("1e3", "1000"))).is_ok());
}

#[test]
fn refuses_a_list_that_was_edited_by_hand() {
    let whole = with_add(str::to_owned);
    let more = format!("{whole}  - {{ name: drop, sha256: '{}' }}\n", "ab".repeat(32));
    let unknown = format!("{whole}  - {{ name: drop }}\n");
    let none = format!("version: 1\nsha256: '{}'\ntools: []\n", sum(&[("add", ADD)]));
    for (text, line) in [(more, 3), (unknown, 3), (none, 2)] {
        let faults = compiled("", &text).expect_err("it was edited");
        let wanted = "tools were added, taken out or changed in this list after it was approved".to_owned();
        // A rule that finds no tool is another fault of the empty list.
        assert_eq!(faults.last(), Some(&(Code::DefinitionEdited, line, 9, wanted)), "{text}");
        assert!(Lock::read(lock(&text)).expect("it is marked only").is_list_edited, "{text}");
    }
}

#[test]
fn says_what_is_malformed_and_where() {
    let cases = [
        ("version: 2\ntools: []", Code::BadValue, 1, 10),
        ("version: 1", Code::MissingKey, 1, 1),
        ("version: 1\ntool: []", Code::UnknownKey, 2, 1),
        ("version: 1\nserver: { name: '' }\ntools: []", Code::BadValue, 2, 17),
        ("version: 1\nserver: { nam: a }\ntools: []", Code::UnknownKey, 2, 11),
        ("version: 1\nsha256: abc\ntools: []", Code::BadValue, 2, 9),
        ("version: 1\ntools: [{ name: a b }]", Code::BadName, 2, 17),
        ("version: 1\ntools: [{ name: a, input_schema: {} }]", Code::UnknownKey, 2, 20),
        ("version: 1\ntools: [{ name: a, inputSchema: {} }]", Code::MissingKey, 2, 11),
        ("version: 1\ntools: [{ name: a, sha256: 'x' }]", Code::BadValue, 2, 28),
        ("version: 1\ntools: [{ name: a, class: reed }]", Code::UnknownWord, 2, 27),
        ("version: 1\ntools: [{ name: a, title: 1, sha256: '' }]", Code::WrongType, 2, 27),
        ("version: 1\ntools: [{ name: a, inputSchema: x, sha256: '' }]", Code::WrongType, 2, 33),
        ("version: 1\ntools: [{ name: a, annotations: { readOnlyHint: x } }]", Code::WrongType, 2, 33),
        ("version: 1\ntools: [{ name: a, inputSchema: { a: 1e999 } }]", Code::BadValue, 2, 11),
        ("version: 1\ntools: [{ name: a, inputSchema: { a: yes } }]", Code::AmbiguousScalar, 2, 38),
        ("version: 1\ntools: [{ name: a }, { name: a }]", Code::DuplicateName, 2, 30),
    ];
    for (text, code, line, column) in cases {
        let faults = compiled("", text).err().unwrap_or_default();
        let found: Vec<_> = faults.iter().map(|fault| (fault.0, fault.1, fault.2)).collect();
        assert!(found.contains(&(code, line, column)), "{text} gave {found:?}");
        assert!(Lock::read(lock(text)).is_err(), "{text}");
    }
}

#[test]
fn takes_json_as_it_is_written() {
    let texts = [
        r#"{"a":1e3,"b":-0,"c":1.50,"d":1E+2,"e":123456789012345678901234567890}"#,
        r#"{"a":{},"b":[],"":"","<<":{"x":null},"yes":true,"~":false,"1":"1"}"#,
        r##"{"a":"\"\\\/\b\f\n\r\t\u0000\u001b\u0085\u2028\ufeff","b":"größe 😀","\u0000":"# no: comment"}"##,
        r#"{"a":"\ud83d\ude00 \udb40\udc41"}"#,
        r#"{ "a" : [ { "b" : [ 1 , "x: y" , "- z" ] } ] , "c":"&a *b !c %d @e `f" }"#,
    ];
    for text in texts {
        let json = format!(r#"{{"name":"a","inputSchema":{text}}}"#);
        let yaml = format!(
            "version: 1\ntools:\n  - name: a\n    inputSchema: {text}\n    sha256: '{}'\n",
            digest(&json)
        );
        let read = Lock::read(lock(&yaml)).unwrap_or_else(|faults| panic!("{text}: {faults}"));
        assert!(!read.tools[0].is_edited, "{text}");
    }
}

#[test]
fn reads_schemas_as_deep_as_messages_may_be() {
    // The definition itself is one level.
    for (depth, is_read) in [(JSON_DEPTH_MAX - 2, true), (JSON_DEPTH_MAX - 1, true), (JSON_DEPTH_MAX, false)]
    {
        let schema = format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
        let text = format!(
            "version: 1\ntools:\n  - name: a\n    inputSchema: {schema}\n    sha256: '{}'\n",
            "ab".repeat(32)
        );
        assert_eq!(Lock::read(lock(&text)).is_ok(), is_read, "{depth}");
    }
    let endless = format!("version: 1\ntools: {}", "[".repeat(100_000));
    assert!(Lock::read(lock(&endless)).is_err());
}

#[test]
fn bounds_the_file() {
    let padded = |bytes: usize| {
        let text = "version: 1\ntools: []\n# ";
        format!("{text}{}", "x".repeat(bytes - text.len()))
    };
    for (bytes, is_read) in [(LOCK_BYTES_MAX - 1, true), (LOCK_BYTES_MAX, true), (LOCK_BYTES_MAX + 1, false)]
    {
        assert_eq!(Lock::read(lock(&padded(bytes))).is_ok(), is_read, "{bytes}");
    }
}
