//! A checked text, and cursors into it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::cursor::Cursor;
use super::{DuplicateKeys, Fault, FaultKind, string};

/// One strict JSON value over the bytes it came in.
///
/// Borrows the text; owns a tape of 16 bytes for each key and value. Everything handed out is a
/// span of the original bytes.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

/// One key or value on the tape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// First byte, quotes and brackets included.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Where on the tape the next sibling stands.
    pub next: u32,
    pub kind: Kind,
    /// Whether a string or key holds a backslash.
    pub escaped: bool,
    /// Whether an object in it, or it itself, holds a key twice.
    pub repeats: bool,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[...]`
    Array,
    /// `false`
    False,
    /// The name of an object's member. Never the kind of a [`Value`].
    Key,
    /// `null`
    Null,
    /// A number, kept as it is spelled.
    Number,
    /// `{...}`
    Object,
    /// `"..."`
    String,
    /// `true`
    True,
}

impl<'a> Document<'a> {
    /// Checks that `bytes` are one strict JSON value, and nothing else but white space.
    ///
    /// # Errors
    /// The first [`Fault`], always the sender's: not UTF-8, a byte-order mark, anything outside
    /// RFC 8259's grammar, a key twice in one object (compared unescaped), a lone surrogate, a
    /// number that is no finite double, or more than the bounds allow (`JSON_*_MAX`).
    ///
    /// Looks at each byte about twice; one allocation.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::parse_with(bytes, DuplicateKeys::Reject)
    }

    /// As [`parse`](Self::parse), with a choice about keys that stand twice in one object.
    ///
    /// Where they are let through, [`Value::repeats`] tells of them, and whoever reads meaning into an
    /// object must ask it: a reader of the first and a reader of the last see two values.
    ///
    /// # Errors
    /// The first [`Fault`], as there.
    pub fn parse_with(bytes: &'a [u8], duplicate_keys: DuplicateKeys) -> Result<Self, Fault> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(Fault { at: 0, kind: FaultKind::ByteOrderMark });
        }
        let text = match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                let at = std::str::from_utf8(bytes).err().map_or(0, |fault| fault.valid_up_to());
                return Err(Fault { at, kind: FaultKind::NotUtf8 });
            }
        };
        Ok(Self { text, nodes: Cursor::walk(text, duplicate_keys)? })
    }

    /// The text that was checked.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value { text: self.text, nodes: &self.nodes, at: 0 }
    }
}

/// One value of a [`Document`]; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Value<'d> {
    text: &'d str,
    nodes: &'d [Node],
    at: u32,
}

/// The name of an object's member.
#[derive(Debug, Clone, Copy)]
pub struct Key<'d>(Value<'d>);

impl<'d> Value<'d> {
    fn node(&self) -> Node {
        // INVARIANT: `at` comes from the tape's own links, which stay inside the tape.
        self.nodes[self.at as usize]
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.node().kind
    }

    /// Its bytes in the text, quotes and brackets included.
    pub fn span(&self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// Its text as it is spelled, quotes and brackets included.
    pub fn raw(&self) -> &'d str {
        &self.text[self.span()]
    }

    /// A string's content as it is spelled, without quotes; `None` for other kinds.
    pub fn content(&self) -> Option<&'d str> {
        let node = self.node();
        matches!(node.kind, Kind::String).then(|| &self.text[node.start as usize + 1..node.end as usize - 1])
    }

    /// Whether a string holds a backslash; `false` for other kinds.
    pub fn is_escaped(&self) -> bool {
        self.node().escaped
    }

    /// A string, unescaped; `None` for other kinds. Allocates only where there is an escape.
    pub fn string(&self) -> Option<Cow<'d, str>> {
        let content = self.content()?;
        Some(if self.node().escaped { string::decode(content) } else { Cow::Borrowed(content) })
    }

    /// An integer written without fraction or exponent that fits; `None` for anything else.
    pub fn integer(&self) -> Option<i64> {
        matches!(self.kind(), Kind::Number).then(|| self.raw().parse().ok())?
    }

    /// A boolean; `None` for other kinds.
    pub fn boolean(&self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            Kind::Array | Kind::Key | Kind::Null | Kind::Number | Kind::Object | Kind::String => None,
        }
    }

    /// The member called `name` (compared unescaped) of an object; `None` for other kinds.
    ///
    /// Walks the members; takes the first of a name, and no object has two unless it
    /// [`repeats`](Self::repeats).
    pub fn get(&self, name: &str) -> Option<Value<'d>> {
        self.members().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    /// Whether an object in it, or it itself, holds a key twice; never in what [`Document::parse`] reads.
    pub fn repeats(&self) -> bool {
        self.node().repeats
    }

    /// The first key of this object, not of those in it, that an earlier one equals.
    pub fn repeated_key(&self) -> Option<Key<'d>> {
        if !self.repeats() {
            return None;
        }
        let mut seen = HashSet::new();
        self.members().map(|(key, _)| key).find(|key| !seen.insert(key.name()))
    }

    /// The members of an object, in order; nothing for other kinds.
    pub fn members(&self) -> Members<'d> {
        Members(self.children(Kind::Object))
    }

    /// The elements of an array, in order; nothing for other kinds.
    pub fn elements(&self) -> Elements<'d> {
        Elements(self.children(Kind::Array))
    }

    /// Every key in it, at any depth, in the order of the text.
    pub fn keys(&self) -> impl Iterator<Item = Key<'d>> + use<'d> {
        let value = *self;
        let inside = (value.at..value.node().next).map(move |at| Value { at, ..value });
        inside.filter(|value| value.kind() == Kind::Key).map(Key)
    }

    /// Every array and object in it, itself included, at any depth, in the order of the text.
    pub fn containers(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        let value = *self;
        let inside = (value.at..value.node().next).map(move |at| Value { at, ..value });
        inside.filter(|value| matches!(value.kind(), Kind::Array | Kind::Object))
    }

    fn children(&self, kind: Kind) -> Children<'d> {
        let node = self.node();
        let end = if node.kind == kind { node.next } else { self.at + 1 };
        Children { parent: *self, at: self.at + 1, end }
    }
}

impl<'d> Key<'d> {
    /// Its bytes in the text, quotes included.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// Its content as it is spelled, without quotes.
    pub fn content(&self) -> &'d str {
        let span = self.0.span();
        &self.0.text[span.start + 1..span.end - 1]
    }

    /// Whether it holds a backslash.
    pub fn is_escaped(&self) -> bool {
        self.0.is_escaped()
    }

    /// The name, unescaped.
    pub fn name(&self) -> Cow<'d, str> {
        if self.is_escaped() { string::decode(self.content()) } else { Cow::Borrowed(self.content()) }
    }

    /// Whether it is `name`, compared unescaped.
    pub fn is(&self, name: &str) -> bool {
        if self.is_escaped() { self.name() == name } else { self.content() == name }
    }
}

#[derive(Debug, Clone)]
struct Children<'d> {
    parent: Value<'d>,
    at: u32,
    end: u32,
}

impl<'d> Children<'d> {
    fn next(&mut self) -> Option<Value<'d>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { at: self.at, ..self.parent };
        self.at = value.node().next;
        Some(value)
    }
}

/// The members of an object; see [`Value::members`].
#[derive(Debug, Clone)]
pub struct Members<'d>(Children<'d>);

impl<'d> Iterator for Members<'d> {
    type Item = (Key<'d>, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((Key(self.0.next()?), self.0.next()?))
    }
}

/// The elements of an array; see [`Value::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'d>(Children<'d>);

impl<'d> Iterator for Elements<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
