//! JSON values as YAML, in the manner of kubectl: block style, items of a list where their key stands.
//!
//! What could be read as something else by any reader is put in quotes.

use serde_json::Value;

use super::scalar;
use crate::json::quote;
use crate::policy::reading::is_bare_text;

/// Writes one document.
pub fn yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => list(items, 0, &mut text),
        Value::Object(members) if !members.is_empty() => map(value, 0, &mut text),
        _ => {
            leaf(value, 0, &mut text);
        }
    }
    text
}

fn map(value: &Value, indent: usize, text: &mut String) {
    for (index, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
        // The first key of an item stands behind its dash.
        if index > 0 || text.ends_with('\n') || text.is_empty() {
            pad(indent, text);
        }
        word(key, text);
        text.push(':');
        match value {
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                list(items, indent, text);
            }
            Value::Object(members) if !members.is_empty() => {
                text.push('\n');
                map(value, indent + STEP, text);
            }
            _ => {
                text.push(' ');
                leaf(value, indent + STEP, text);
            }
        }
    }
}

fn list(items: &[Value], indent: usize, text: &mut String) {
    for item in items {
        pad(indent, text);
        text.push('-');
        match item {
            Value::Array(inner) if !inner.is_empty() => {
                text.push('\n');
                list(inner, indent + STEP, text);
            }
            Value::Object(members) if !members.is_empty() => {
                text.push(' ');
                map(item, indent + STEP, text);
            }
            _ => {
                text.push(' ');
                leaf(item, indent + STEP, text);
            }
        }
    }
}

const STEP: usize = 2;

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// What has nothing in it, or is no list and no map.
fn leaf(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::String(value) if is_block(value) => {
            block(value, indent, text);
            return;
        }
        Value::String(value) => word(value, text),
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
        Value::Bool(_) | Value::Null | Value::Number(_) => text.push_str(&value.to_string()),
    }
    text.push('\n');
}

/// Whether a text of several lines can stand as it is.
fn is_block(text: &str) -> bool {
    let is_plain = |c: char| c == '\n' || c == '\t' || is_printable(c);
    text.trim_end_matches('\n').contains('\n')
        && text.chars().all(is_plain)
        && !text.starts_with([' ', '\n', '\t'])
        && text.lines().all(|line| !line.ends_with([' ', '\t']))
}

fn block(value: &str, indent: usize, text: &mut String) {
    let body = value.trim_end_matches('\n');
    text.push('|');
    match value.len() - body.len() {
        0 => text.push('-'),
        1 => {}
        _ => text.push('+'),
    }
    text.push('\n');
    let kept = if value.len() - body.len() > 1 { value.strip_suffix('\n').unwrap_or(value) } else { body };
    for line in kept.split('\n') {
        if !line.is_empty() {
            pad(indent, text);
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text on one line, in quotes where it needs them.
fn word(value: &str, text: &mut String) {
    if is_plain(value) {
        text.push_str(value);
    } else if value.chars().all(is_printable) && !value.contains('\'') {
        text.push('\'');
        text.push_str(value);
        text.push('\'');
    } else {
        // JSON's escapes are YAML's too; what it leaves alone and YAML does not is escaped beside it.
        for c in quote(value).chars() {
            match c {
                c if is_printable(c) => text.push(c),
                c => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            }
        }
    }
}

/// Whether every reader takes the bare word for this text.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts_well = match first {
        Some('-') => text.chars().nth(1).is_some_and(|c| c != ' ') && !text.starts_with("---"),
        Some(c) => !is_sign(c),
        None => false,
    };
    let is_date = text.len() >= 8
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.as_bytes()[4] == b'-';
    starts_well
        && !is_date
        && is_bare_text(text)
        && matches!(scalar::resolve(text), Some(Value::String(_)))
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([' ', ':'])
}

/// What means something to YAML where it stands first.
fn is_sign(c: char) -> bool {
    matches!(
        c,
        ' ' | '?'
            | ':'
            | ','
            | '['
            | ']'
            | '{'
            | '}'
            | '#'
            | '&'
            | '*'
            | '!'
            | '|'
            | '>'
            | '\''
            | '"'
            | '%'
            | '@'
            | '`'
            | '='
            | '<'
            | '.'
            | '~'
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::read::read;
    use super::*;

    #[test]
    fn writes_what_is_read_again_as_it_was() {
        let long = "a\nb: c\n\n  d\n";
        let values = [
            json!({"a": {"b": [1, {"c": "d", "e": []}, [2, [3]], {}]}, "f": null, "g": true}),
            json!([["a"], {"b": "c"}]),
            json!("x"),
            json!({"a": long, "b": long.trim_end(), "c": format!("{long}\n\n"), "d": "\n", "e": " x\ny", "f": "x \ny"}),
        ];
        for value in values {
            let text = yaml(&value);
            let read = read(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
            assert_eq!(read[0].value, value, "{text}");
        }
    }

    #[test]
    fn quotes_what_could_mean_something_else() {
        for word in [
            "",
            "yes",
            "No",
            "null",
            "~",
            "1",
            "-1",
            "0644",
            "1.5",
            "1e3",
            "12:30",
            "2026-11-23",
            "- a",
            "---",
            "a: b",
            "a #b",
            "a:",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'a'",
            "\"a\"",
            "{a}",
            "[a]",
            "?",
            "=",
            "<<",
            " a",
            "a ",
            "a\tb",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{7f}",
            "it's",
            "a\u{0}b",
            "NaN",
            ".inf",
            "0x1",
            "1_000",
        ] {
            let text = yaml(&json!({ "k": word, word: "v" }));
            let read = read(&text).unwrap_or_else(|fault| panic!("{word:?}: {fault}\n{text}"));
            assert_eq!(read[0].value, json!({ "k": word, word: "v" }), "{word:?}\n{text}");
        }
        assert_eq!(
            yaml(&json!({"a": ["--listen=0.0.0.0:1", "/mcp", "10s", "a b"]})),
            "a:\n- --listen=0.0.0.0:1\n- /mcp\n- 10s\n- a b\n"
        );
    }
}
