//! From nodes to values: every reader says what it wanted, what it found and where, and goes on.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean, shown};
use super::scalar::Scalar;
use super::yaml::{Content, Entry, Node};
use crate::limit::Rate;
use crate::names::{Label, Mode};

/// A map with a closed set of keys; unknown ones have been noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'n> {
    what: &'static str,
    span: Span,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// Opens `node` as `what`, which may have the keys `known` and no other.
    pub fn open(node: &'n Node, what: &'static str, known: &[&str], findings: &mut Findings) -> Option<Self> {
        let entries = map(node, what, findings)?;
        for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
            let message = format!("{what} has no key `{}`", shown(&entry.key));
            let help = did_you_mean(&entry.key, "keys", known.iter().copied());
            findings.advise(Code::UnknownKey, entry.key_span, message, help);
        }
        Some(Self { what, span: entries.first().map_or(node.span, |entry| entry.key_span), entries })
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its place, if it is there.
    pub fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| *entry.key == *key)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str, findings: &mut Findings) -> Option<&'n Node> {
        let value = self.get(key);
        if value.is_none() {
            findings.raise(Code::MissingKey, self.span, format!("{} needs the key `{key}`", self.what));
        }
        value
    }

    /// Whether there is no key at all, known or not.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where it begins.
    pub fn span(&self) -> Span {
        self.span
    }
}

fn wrong_type(node: &Node, what: &str, wanted: &str, findings: &mut Findings) {
    if matches!(node.content, Content::Unreadable) {
        return;
    }
    let message = format!("{what} must be {wanted}, not {}", node.kind());
    match &node.content {
        Content::Scalar(Scalar::Number(text)) if wanted == "a text" => {
            findings.advise(
                Code::WrongType,
                node.span,
                message,
                format!("write it in quotes: `\"{}\"`", shown(text)),
            );
        }
        Content::Scalar(Scalar::Boolean(value)) if wanted == "a text" => {
            findings.advise(
                Code::WrongType,
                node.span,
                message,
                format!("write it in quotes: `\"{value}\"`"),
            );
        }
        Content::Scalar(Scalar::Null) => {
            findings.advise(Code::WrongType, node.span, message, "give it a value, or remove the key");
        }
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => {
            findings.raise(Code::WrongType, node.span, message);
        }
    }
}

/// The entries of a map whose keys are names that the author chose.
pub(crate) fn map<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Option<&'n [Entry]> {
    match &node.content {
        Content::Map(entries) => Some(entries),
        Content::List(_) | Content::Scalar(_) | Content::Unreadable => {
            wrong_type(node, what, "a map", findings);
            None
        }
    }
}

/// The items of a list.
pub(super) fn list<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Option<&'n [Node]> {
    match &node.content {
        Content::List(items) => Some(items),
        Content::Map(_) | Content::Scalar(_) | Content::Unreadable => {
            wrong_type(node, what, "a list", findings);
            None
        }
    }
}

/// The items of a list that may not be empty; one text stands for a list of one.
pub(crate) fn some<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Option<&'n [Node]> {
    match &node.content {
        Content::List(items) if items.is_empty() => {
            findings.advise(
                Code::BadValue,
                node.span,
                format!("{what} is an empty list"),
                "name something, or remove the key",
            );
            None
        }
        Content::List(items) => Some(items),
        Content::Scalar(Scalar::Text(_)) => Some(std::slice::from_ref(node)),
        Content::Map(_) | Content::Scalar(_) | Content::Unreadable => {
            wrong_type(node, what, "a list", findings);
            None
        }
    }
}

/// A text that is not empty.
pub(crate) fn text<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> Option<&'n str> {
    match &node.content {
        Content::Scalar(Scalar::Text(text)) if text.is_empty() => {
            findings.raise(Code::BadValue, node.span, format!("{what} is an empty text"));
            None
        }
        Content::Scalar(Scalar::Text(text)) => Some(text),
        Content::List(_) | Content::Map(_) | Content::Scalar(_) | Content::Unreadable => {
            wrong_type(node, what, "a text", findings);
            None
        }
    }
}

/// A text of at most `bytes_max` bytes on one line.
pub(super) fn line(
    node: &Node,
    what: &str,
    bytes_max: usize,
    findings: &mut Findings,
) -> Option<Spanned<Box<str>>> {
    let text = text(node, what, findings)?;
    if text.len() > bytes_max {
        findings.raise(Code::TooLarge, node.span, format!("{what} may have {bytes_max} bytes at most"));
        return None;
    }
    if text.chars().any(char::is_control) {
        findings.raise(
            Code::BadValue,
            node.span,
            format!("{what} may not hold line breaks or control characters"),
        );
        return None;
    }
    Some(Spanned { span: node.span, value: text.into() })
}

/// A name as policies use them.
pub(super) fn label(node: &Node, what: &str, findings: &mut Findings) -> Option<Spanned<Label>> {
    name(text(node, what, findings)?, node.span, what, findings)
}

/// A name that stands as the key of a map.
pub(super) fn name(text: &str, span: Span, what: &str, findings: &mut Findings) -> Option<Spanned<Label>> {
    match Label::parse(text) {
        Ok(value) => Some(Spanned { span, value }),
        Err(fault) => {
            let message = format!("`{}` may not be {what}: {fault}", shown(text));
            let help = "a name has printable ASCII characters without blanks, quotes or backslashes";
            findings.advise(Code::BadName, span, message, help);
            None
        }
    }
}

/// A list of names, or one.
pub(super) fn labels(node: &Node, what: &str, findings: &mut Findings) -> Vec<Spanned<Label>> {
    let items = some(node, what, findings).unwrap_or_default();
    items.iter().filter_map(|item| label(item, what, findings)).collect()
}

/// A list of texts, or one.
pub(crate) fn texts(node: &Node, what: &str, findings: &mut Findings) -> Vec<Spanned<Box<str>>> {
    let items = some(node, what, findings).unwrap_or_default();
    items.iter().filter_map(|item| line(item, what, TEXT_BYTES_MAX, findings)).collect()
}

/// As long as the claims that such a text is compared with.
const TEXT_BYTES_MAX: usize = crate::bounds::CLAIM_BYTES_MAX;

/// A word of a closed set.
pub(crate) fn word<T: Copy>(
    node: &Node,
    what: &str,
    known: &[T],
    spell: impl Fn(T) -> &'static str,
    findings: &mut Findings,
) -> Option<T> {
    let text = text(node, what, findings)?;
    let found = known.iter().copied().find(|&word| spell(word) == text);
    if found.is_none() {
        let help = did_you_mean(text, "words", known.iter().map(|&word| spell(word)));
        findings.advise(Code::UnknownWord, node.span, format!("`{}` is not {what}", shown(text)), help);
    }
    found
}

/// `enforce` or `shadow`; enforcing where nothing is said.
pub(super) fn mode(fields: &Fields<'_>, findings: &mut Findings) -> Mode {
    let read = |node| word(node, "a mode", &[Mode::Enforce, Mode::Shadow], Mode::as_str, findings);
    fields.get("mode").and_then(read).unwrap_or_default()
}

/// A length of time: `500ms`, `10s`, `2min`, `1hour`.
pub(crate) fn duration(node: &Node, what: &str, findings: &mut Findings) -> Option<Duration> {
    if let Content::Scalar(Scalar::Number(number)) = &node.content {
        let message = format!("`{}` has no unit", shown(number));
        findings.advise(
            Code::BadValue,
            node.span,
            message,
            format!("write `{0}s` or `{0}ms`", shown(number)),
        );
        return None;
    }
    let text = text(node, what, findings)?;
    let found = duration_of(text);
    if found.is_none() {
        let message = format!("`{}` is no {what} from 1ms to 24hour", shown(text));
        let help = "write a whole number and `ms`, `s`, `min` or `hour`, as in `10s`";
        findings.advise(Code::BadValue, node.span, message, help);
    }
    found
}

/// Reads a length of time from 1ms to 24hour.
pub(super) fn duration_of(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit_ms = DURATION_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms)?;
    let ms = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    (1..=DURATION_MS_MAX).contains(&ms).then(|| Duration::from_millis(ms))
}

const DURATION_UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("min", 60_000), ("hour", 3_600_000)];
const DURATION_MS_MAX: u64 = 24 * 3_600_000;

/// A number that the type can hold as it is spelled. Notes nothing: what is wanted, only the caller knows.
pub(crate) fn number<T: FromStr>(node: &Node) -> Option<T> {
    match &node.content {
        Content::Scalar(Scalar::Number(text)) => text.parse().ok(),
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => None,
    }
}

/// Calls in a time: `60/min`.
pub(super) fn rate(node: &Node, what: &str, findings: &mut Findings) -> Option<Rate> {
    let text = text(node, what, findings)?;
    let read = Rate::parse(text);
    if let Err(fault) = read {
        findings.raise(Code::BadValue, node.span, format!("`{}` is no rate: {fault}", shown(text)));
    }
    read.ok()
}

/// A whole number from 1 on.
pub(super) fn count(node: &Node, what: &str, findings: &mut Findings) -> Option<NonZeroU32> {
    let found = number(node);
    if found.is_none() {
        findings.raise(
            Code::BadValue,
            node.span,
            format!("{what} must be a whole number from 1 to {}", u32::MAX),
        );
    }
    found
}

/// `true` or `false`.
pub(crate) fn boolean(node: &Node, what: &str, findings: &mut Findings) -> Option<bool> {
    match &node.content {
        Content::Scalar(Scalar::Boolean(value)) => Some(*value),
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => {
            wrong_type(node, what, "`true` or `false`", findings);
            None
        }
    }
}
