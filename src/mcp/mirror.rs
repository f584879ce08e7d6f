//! Values of the body as headers repeat them.
//!
//! What a header cannot carry as it is comes as Base64 between `=?base64?` and `?=`. Integers compare as
//! numbers. Source: MCP 2026-07-28, transports, "Value Encoding".

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::near;
use crate::bounds::{ID_INTEGER_MAX, MIRRORED_LEAVES_MAX};
use crate::json::{Kind, Value, decimal};

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// Whether an argument has the value of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Some argument has it.
    Equal,
    /// None has, of the first `MIRRORED_LEAVES_MAX`.
    Nowhere,
}

/// What `header` stands for; `None` when its Base64 or its characters are bad.
pub(super) fn decode(header: &str) -> Option<Cow<'_, str>> {
    if let Some(content) = sentinel(header) {
        let bytes = STANDARD.decode(content).ok()?;
        return String::from_utf8(bytes).ok().map(Cow::Owned);
    }
    let is_plain = header.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    is_plain.then_some(Cow::Borrowed(header))
}

/// Writes `value` as a header can carry it.
pub(super) fn encode(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_trimmed = !value.is_empty() && !value.starts_with(' ') && !value.ends_with(' ');
    if is_plain && is_trimmed && sentinel(value).is_none() {
        return value.to_owned();
    }
    format!("{PREFIX}{}{SUFFIX}", STANDARD.encode(value))
}

fn sentinel(header: &str) -> Option<&str> {
    header.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

/// A scalar argument as a header repeats it, before encoding; `None` for null, objects and arrays.
pub(super) fn text(leaf: Value<'_>) -> Option<Cow<'_, str>> {
    match leaf.kind() {
        Kind::String => leaf.string(),
        Kind::False | Kind::Number | Kind::True => Some(Cow::Borrowed(leaf.raw())),
        Kind::Array | Kind::Key | Kind::Null | Kind::Object => None,
    }
}

/// Whether some scalar reachable through objects alone has the value `wanted`.
///
/// The tool's schema, which says *which* argument a header repeats, is the server's to know.
pub(super) fn find(arguments: Value<'_>, wanted: &str) -> Found {
    let mut budget = MIRRORED_LEAVES_MAX;
    if seek(arguments, wanted, &mut budget) { Found::Equal } else { Found::Nowhere }
}

fn seek(value: Value<'_>, wanted: &str, budget: &mut usize) -> bool {
    if *budget == 0 {
        return false;
    }
    *budget -= 1;
    match value.kind() {
        Kind::Object => value.members().any(|(_, member)| seek(member, wanted, budget)),
        Kind::Array | Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => {
            equals(value, wanted)
        }
    }
}

/// The keys that lead to the scalar that a header called `name` with the value `wanted` repeats: the one
/// whose own key is nearest to `name`, or else the first.
pub(super) fn path<'d>(arguments: Value<'d>, name: &str, wanted: &str) -> Option<Vec<Cow<'d, str>>> {
    let mut paths = Vec::new();
    collect(arguments, wanted, &mut Vec::new(), &mut paths, &mut { MIRRORED_LEAVES_MAX });
    let named = paths.iter().position(|path| path.last().is_some_and(|key| near::folds_alike(key, name)));
    (!paths.is_empty()).then(|| paths.swap_remove(named.unwrap_or(0)))
}

fn collect<'d>(
    value: Value<'d>,
    wanted: &str,
    here: &mut Vec<Cow<'d, str>>,
    paths: &mut Vec<Vec<Cow<'d, str>>>,
    budget: &mut usize,
) {
    for (key, member) in value.members() {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        here.push(key.name());
        if equals(member, wanted) {
            paths.push(here.clone());
        }
        collect(member, wanted, here, paths, budget);
        here.pop();
    }
}

fn equals(leaf: Value<'_>, wanted: &str) -> bool {
    match leaf.kind() {
        Kind::Number => leaf.raw() == wanted || same_integer(leaf.raw(), wanted),
        Kind::False | Kind::True => leaf.raw() == wanted,
        Kind::String if !leaf.is_escaped() => leaf.content() == Some(wanted),
        Kind::String => leaf.string().is_some_and(|text| text == wanted),
        Kind::Array | Kind::Key | Kind::Null | Kind::Object => false,
    }
}

/// Whether `header`, digits with perhaps a fraction of zeros, is the integer that `number` spells: within
/// those that every reader keeps exactly.
fn same_integer(number: &str, header: &str) -> bool {
    let (whole, zeros) = header.split_once('.').unwrap_or((header, "0"));
    let is_integer = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') && !whole.starts_with('+');
    let Some(integer) = whole.parse::<i64>().ok().filter(|_| is_integer) else { return false };
    integer.abs_diff(0) <= ID_INTEGER_MAX.abs_diff(0) && decimal::compare(number, whole).is_eq()
}

/// Reads arbitrary bytes as a header, and checks that its value can be written and read again.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_mirror(bytes: &[u8]) {
    let Ok(header) = std::str::from_utf8(bytes) else { return };
    assert_eq!(decode(&encode(header)).as_deref(), Some(header), "any text survives");
    if let Some(value) = decode(header) {
        assert_eq!(decode(&encode(&value)), Some(value));
    }
}
