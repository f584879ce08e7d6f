//! Keys that are nearly a key of the protocol, without being it.
//!
//! Some readers match names without regard to case, drop NUL, or fold full-width letters: to them
//! `"NAME"` is `name`. So a key that is none of the protocol's, but folds to one, is refused wherever the
//! protocol gives keys a meaning. Keys of arguments are data: of them a policy knows which matter, and
//! asks with [`WatchedNames`] and [`colliding_key`].
//!
//! Source: rules S5 and S6 of the strict profile; CVE-2026-27896.

use std::borrow::Cow;
use std::collections::HashMap;

use super::characters::fold;
use super::keys::{self, ENVELOPE, Form, Nest};
use super::method::Method;
use crate::json::{Document, Key, Kind, Value};

/// A key that is nearly one of the protocol's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near<'d> {
    pub key: Key<'d>,
    pub known: &'static str,
}

/// Finds the first key that is nearly one of the protocol's, in the params of `method` and in every
/// object of the protocol in them.
pub(super) fn in_params(method: Method, params: Value<'_>) -> Option<Near<'_>> {
    walk(params, keys::params(method))
}

/// Finds the first key of a result, or of an object of the protocol in it, that is nearly one of the
/// protocol's.
pub(super) fn in_result(result: Value<'_>) -> Option<Near<'_>> {
    walk(result, &keys::RESULT)
}

/// Finds the first key of an error that is nearly one of the protocol's.
pub(super) fn in_error(error: Value<'_>) -> Option<Near<'_>> {
    walk(error, &keys::ERROR)
}

/// As deep as the document at most.
fn walk<'d>(object: Value<'d>, form: &'static Form) -> Option<Near<'d>> {
    for (key, value) in object.members() {
        let name = key.name();
        if let Some(known) = near_miss(&name, form.keys) {
            return Some(Near { key, known });
        }
        let Some((_, nest, inner)) = form.inner.iter().find(|(known, ..)| *known == name) else { continue };
        let found = match nest {
            Nest::Blocks if value.kind() == Kind::Array => {
                value.elements().find_map(|value| walk(value, inner))
            }
            Nest::Blocks if object.get("action").is_some() => None,
            Nest::Blocks | Nest::Itself => walk(value, inner),
            Nest::Elements => value.elements().find_map(|value| walk(value, inner)),
            Nest::Values => value.members().find_map(|(_, value)| walk(value, inner)),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The entry of `known` that `key` is nearly; `None` when it is one of them, or far from all.
///
/// Allocates nothing.
pub fn near_miss(key: &str, known: &[&'static str]) -> Option<&'static str> {
    if known.contains(&key) {
        return None;
    }
    let first = fold(key).next()?;
    // The protocol's keys are ASCII, and most strangers differ in their first letter.
    let starts_alike = |known: &str| {
        let letter = known.bytes().find(|byte| !matches!(byte, b'-' | b'_'));
        letter.is_some_and(|letter| char::from(letter.to_ascii_lowercase()) == first)
    };
    known.iter().copied().find(|known| starts_alike(known) && folds_alike(key, known))
}

/// Whether some reader may take one key for the other.
pub(super) fn folds_alike(one: &str, other: &str) -> bool {
    fold(one).eq(fold(other))
}

/// Names of arguments that somebody will look for: what a policy judges, and so what nothing else may
/// pass for.
#[derive(Debug, Clone, Default)]
pub struct WatchedNames {
    /// By what they fold to; several that fold alike are told apart exactly.
    folded: HashMap<Box<str>, Vec<Box<str>>>,
    /// One bit for the first letter of each, folded: most keys need no more than this.
    firsts: u64,
}

impl WatchedNames {
    /// Adds a name.
    pub fn insert(&mut self, name: &str) {
        let folded: String = fold(name).collect();
        self.firsts |= folded.chars().next().map_or(0, first_bit);
        let alike = self.folded.entry(folded.into()).or_default();
        if !alike.iter().any(|known| **known == *name) {
            alike.push(name.into());
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// The name that `key` is nearly; `None` when it is one, or far from all.
    pub fn near(&self, key: &str) -> Option<&str> {
        let first = fold(key).next()?;
        if self.firsts & first_bit(first) == 0 {
            return None;
        }
        let folded: String = fold(key).collect();
        let alike = self.folded.get(folded.as_str())?;
        if alike.iter().any(|known| **known == *key) { None } else { alike.first().map(|known| &**known) }
    }

    /// The keys in `arguments`, at any depth, that are nearly a name, and which one; in one pass.
    pub fn near_in<'n, 'd>(&'n self, arguments: Value<'d>) -> impl Iterator<Item = (Key<'d>, &'n str)> {
        let keys = (!self.is_empty()).then(|| arguments.keys()).into_iter().flatten();
        keys.filter_map(|key| Some((key, self.near(&key.name())?)))
    }
}

fn first_bit(first: char) -> u64 {
    1 << (u32::from(first) % 64)
}

/// Finds the first key in `arguments`, at any depth, that folds to the same as another one before it in
/// its object.
///
/// One pass; allocates only for an object in which two keys may fold alike.
pub fn colliding_key(arguments: Value<'_>) -> Option<Key<'_>> {
    let (mut marks, mut is_suspect) = (0_u64, false);
    for (key, _) in arguments.members() {
        let hash = fold(&key.name()).fold(0_u32, |hash, c| hash.wrapping_mul(31).wrapping_add(c.into()));
        let mark = 1 << (hash % 64);
        is_suspect |= marks & mark != 0;
        marks |= mark;
    }
    let own = if is_suspect { first_collision(arguments) } else { None };
    let mut inner = arguments.members().map(|(_, value)| value).chain(arguments.elements());
    own.or_else(|| inner.find_map(colliding_key))
}

fn first_collision(object: Value<'_>) -> Option<Key<'_>> {
    let mut seen: HashMap<String, Cow<'_, str>> = HashMap::new();
    object.members().map(|(key, _)| key).find(|key| {
        let name = key.name();
        let folded = fold(&name).collect();
        // The same key again is another matter, with a rule of its own.
        *seen.entry(folded).or_insert_with(|| name.clone()) != name
    })
}

/// Looks for near misses in arbitrary text, and checks what must hold.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_near(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for known in [ENVELOPE, keys::RESULT.keys] {
        assert!(known.iter().all(|key| near_miss(key, known).is_none()), "a key is not near itself");
        let mut watched = WatchedNames::default();
        known.iter().for_each(|key| watched.insert(key));
        let near = near_miss(&text, known);
        assert!(near.is_none_or(|near| near != text && folds_alike(near, &text)));
        assert_eq!(near, watched.near(&text), "both ways of looking find the same");
    }
    let Ok(document) = Document::parse(bytes) else { return };
    let mut watched = WatchedNames::default();
    let found = document.root().keys().find(|key| {
        let is_near = watched.near(&key.name()).is_some();
        watched.insert(&key.name());
        is_near
    });
    if let Some(key) = colliding_key(document.root()) {
        assert!(found.is_some(), "`{}` collides with a key before it", key.name());
    }
}
