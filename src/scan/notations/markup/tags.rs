//! One tag of markup in a string: its name and its attributes.

use std::ops::Range;

use super::{byte, escape, skip_space};
use crate::scan::spelling::edges::slashes;

/// Bytes of a tag.
const TAG_BYTES_MAX: usize = 4096;
/// Bytes of a declaration or an instruction.
const DECLARATION_BYTES_MAX: usize = 256;
/// Attributes of a tag that are read.
const ATTRIBUTES_MAX: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Close,
    Open,
    /// A comment, a declaration, an instruction.
    Other,
}

/// The name of an attribute, and its value without quotes.
#[derive(Debug)]
pub(super) struct Attribute {
    pub name: Range<usize>,
    pub value: Range<usize>,
}

#[derive(Debug)]
pub(super) struct Tag {
    pub kind: Kind,
    pub name: Range<usize>,
    pub attributes: Vec<Attribute>,
    /// Whether the element ends with it.
    pub is_empty: bool,
    /// One past it.
    pub end: usize,
}

impl Tag {
    /// The tag that begins at `at`; `None` where there is none, or no end of it.
    pub(super) fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let bytes = bytes.get(..(at + TAG_BYTES_MAX).min(bytes.len()))?;
        let other =
            |end| Self { kind: Kind::Other, name: at..at, attributes: Vec::new(), is_empty: true, end };
        if byte(bytes, at) != b'<' {
            return None;
        }
        match bytes.get(at + 1..)? {
            // What these hold is read as any text.
            rest if rest.starts_with(b"![CDATA[") => return Some(other(at + 9)),
            rest if rest.starts_with(b"!--") => return Some(other(at + 4)),
            rest @ [b'!' | b'?', ..] => {
                let near = &rest[..rest.len().min(DECLARATION_BYTES_MAX)];
                return memchr::memchr(b'>', near).map(|offset| other(at + offset + 2));
            }
            _ => {}
        }
        // In a string a slash may have a backslash before it.
        let (run, letter) = escape(bytes, at + 1);
        let is_close = letter == b'/';
        let start = if is_close { at + 2 + run } else { at + 1 };
        let name = start..start + name_length(bytes.get(start..)?);
        if name.is_empty() || !bytes[start].is_ascii_alphabetic() {
            return None;
        }
        let mut tag = Self {
            kind: if is_close { Kind::Close } else { Kind::Open },
            end: name.end,
            name,
            attributes: Vec::new(),
            is_empty: false,
        };
        tag.attributes(bytes)?;
        Some(tag)
    }

    /// Reads the attributes, and the end of the tag.
    fn attributes(&mut self, bytes: &[u8]) -> Option<()> {
        let mut at = self.end;
        loop {
            let from = at;
            at = skip_space(bytes, at);
            let (run, letter) = escape(bytes, at);
            match letter {
                b'>' if run == 0 => {
                    self.end = at + 1;
                    return Some(());
                }
                b'/' => {
                    at += run + 1;
                    self.is_empty = byte(bytes, at) == b'>';
                    continue;
                }
                _ if run > 0 || at == from => return None,
                _ => {}
            }
            let name = at..at + name_length(&bytes[at..]);
            if name.is_empty() {
                return None;
            }
            at = name.end;
            if byte(bytes, skip_space(bytes, at)) != b'=' {
                continue;
            }
            at = skip_space(bytes, skip_space(bytes, at) + 1);
            let value = value(bytes, at)?;
            at = value.1;
            if self.attributes.len() < ATTRIBUTES_MAX {
                self.attributes.push(Attribute { name, value: value.0 });
            }
        }
    }
}

/// The value of an attribute that begins at `at`, and where it ends with its quotes.
fn value(bytes: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let (run, quote) = escape(bytes, at);
    let start = at + run + 1;
    match quote {
        b'\'' if run == 0 => {
            let rest = bytes.get(start..)?;
            let length = memchr::memchr2(b'\'', b'"', rest).filter(|length| rest[*length] == b'\'')?;
            Some((start..start + length, start + length + 1))
        }
        b'"' => {
            let length = memchr::memchr(b'"', bytes.get(start..)?)?;
            let end = start + length;
            let slashes = slashes(&bytes[start..end], length);
            // Another depth: the string ended before the value did.
            (slashes == run).then_some((start..end - slashes, end + 1))
        }
        _ => {
            let rest = bytes.get(at..)?;
            let is_end = |byte: &u8| matches!(byte, b' ' | b'>' | b'"' | b'\'' | b'\\' | b'<' | b'=');
            let length = rest.iter().position(is_end)?;
            (length > 0).then_some((at..at + length, at + length))
        }
    }
}

fn name_length(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(byte) || **byte >= 0x80;
    text.iter().take(64).take_while(is_part).count()
}
