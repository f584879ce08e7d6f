//! The one pass over a text: grammar, bounds, duplicate keys, and the tape that it leaves.

use super::document::{Kind, Node};
use super::{DuplicateKeys, Fault, FaultKind, string};
use crate::bounds::{JSON_DEPTH_MAX, JSON_KEYS_MAX, JSON_NUMBER_MAX, JSON_TOKENS_MAX};

/// One object or array that has been opened and not closed.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Its place on the tape.
    node: u32,
    /// Keys so far; an array keeps none.
    keys: u32,
    /// One bit per key seen, by a cheap hash: two keys can be equal only if they share a bit.
    marks: u64,
    /// Whether two keys may be equal, so that they must be compared.
    suspect: bool,
    is_object: bool,
}

/// Walks a text and leaves its tape.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// What is open, outermost first.
    open: Vec<Open>,
    duplicate_keys: DuplicateKeys,
}

impl<'a> Cursor<'a> {
    /// Checks that `text` is one strict JSON value and nothing else, and returns its tape.
    pub(super) fn walk(text: &'a str, duplicate_keys: DuplicateKeys) -> Result<Vec<Node>, Fault> {
        let bytes = text.as_bytes();
        // A token takes six bytes or so; growing later is only slower.
        let nodes = Vec::with_capacity(bytes.len() / 12 + 8);
        let mut cursor = Self { bytes, at: 0, nodes, open: Vec::with_capacity(8), duplicate_keys };
        cursor.run()?;
        Ok(cursor.nodes)
    }

    fn run(&mut self) -> Result<(), Fault> {
        let mut byte = self.peek().ok_or(self.fault(FaultKind::Empty))?;
        loop {
            let mut is_entered = self.value(byte)?;
            // Behind a value, or behind an opening bracket: on to the next value, closing what ends.
            loop {
                let Some(open) = self.open.last() else { return self.end() };
                let is_object = open.is_object;
                byte = self.next()?;
                if byte == if is_object { b'}' } else { b']' } {
                    self.close()?;
                    is_entered = false;
                    continue;
                }
                if !is_entered {
                    if byte != b',' {
                        return Err(self.fault(FaultKind::Syntax));
                    }
                    self.at += 1;
                    byte = self.next()?;
                }
                if is_object {
                    self.key(byte)?;
                    byte = self.next()?;
                }
                break;
            }
        }
    }

    /// Takes the value that begins with `byte`; `true` when that is the bracket of what is now open.
    fn value(&mut self, byte: u8) -> Result<bool, Fault> {
        let start = self.at;
        match byte {
            b'"' => {
                let end = string::end(self.bytes, start + 1)?;
                self.push(Kind::String, start, end.quote + 1, end.escaped)?;
            }
            b'{' | b'[' => {
                self.enter(byte == b'{')?;
                return Ok(true);
            }
            b'-' | b'0'..=b'9' => {
                let end = self.number()?;
                self.push(Kind::Number, start, end, false)?;
            }
            b't' => self.word(b"true", Kind::True)?,
            b'f' => self.word(b"false", Kind::False)?,
            b'n' => self.word(b"null", Kind::Null)?,
            _ => return Err(self.fault(FaultKind::Syntax)),
        }
        Ok(false)
    }

    fn enter(&mut self, is_object: bool) -> Result<(), Fault> {
        if self.open.len() == JSON_DEPTH_MAX {
            return Err(self.fault(FaultKind::TooDeep));
        }
        let node = self.nodes.len() as u32;
        let kind = if is_object { Kind::Object } else { Kind::Array };
        self.push(kind, self.at, self.at + 1, false)?;
        self.open.push(Open { node, is_object, ..Open::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let Some(open) = self.open.pop() else { return Err(self.fault(FaultKind::Syntax)) };
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(open.node as usize) {
            node.end = self.at as u32;
            node.next = next;
        }
        if open.suspect { self.compare_keys(open) } else { Ok(()) }
    }

    /// Takes a key that begins with `byte`, and its colon.
    fn key(&mut self, byte: u8) -> Result<(), Fault> {
        if byte != b'"' {
            return Err(self.fault(FaultKind::Syntax));
        }
        let start = self.at;
        let end = string::end(self.bytes, start + 1)?;
        let mark = mark(&self.bytes[start + 1..end.quote]);
        if let Some(open) = self.open.last_mut() {
            open.suspect |= end.escaped || open.marks & mark != 0;
            open.marks |= mark;
            open.keys += 1;
            if open.keys > JSON_KEYS_MAX {
                return Err(self.fault(FaultKind::TooManyKeys));
            }
        }
        self.push(Kind::Key, start, end.quote + 1, end.escaped)?;
        if self.next()? != b':' {
            return Err(self.fault(FaultKind::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault(FaultKind::TrailingBytes)),
        }
    }

    /// Compares the keys of an object, unescaped, by sorting them.
    fn compare_keys(&mut self, open: Open) -> Result<(), Fault> {
        let mut keys = Vec::with_capacity(open.keys as usize);
        let mut at = open.node as usize + 1;
        while let Some(node) = self.nodes.get(at) {
            // INVARIANT: `text` was UTF-8 and a key's span lies between two ASCII quotes.
            let content = &self.bytes[node.start as usize + 1..node.end as usize - 1];
            let content = std::str::from_utf8(content).expect("spans lie on character boundaries");
            keys.push((string::decode(content), node.start));
            at = self.nodes.get(at + 1).map_or(usize::MAX, |value| value.next as usize);
        }
        keys.sort_unstable();
        let Some(pair) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) else { return Ok(()) };
        match self.duplicate_keys {
            DuplicateKeys::Reject => Err(Fault { at: pair[1].1 as usize, kind: FaultKind::DuplicateKey }),
            DuplicateKeys::RejectProtocol => {
                for around in self.open.iter().map(|open| open.node).chain([open.node]) {
                    if let Some(node) = self.nodes.get_mut(around as usize) {
                        node.repeats = true;
                    }
                }
                Ok(())
            }
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<(), Fault> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word) {
            return Err(self.fault(FaultKind::Syntax));
        }
        self.push(kind, start, start + word.len(), false)
    }

    /// Finds the end of the number at the cursor.
    fn number(&self) -> Result<usize, Fault> {
        let bad = |at| Fault { at, kind: FaultKind::Number };
        let digits = |mut at: usize| {
            let from = at;
            while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            if at == from { Err(bad(at)) } else { Ok(at) }
        };
        let start = self.at + usize::from(self.bytes[self.at] == b'-');
        let mut end = digits(start)?;
        if self.bytes[start] == b'0' && end > start + 1 {
            return Err(bad(start));
        }
        let mut is_wide = end - start > 300;
        if self.bytes.get(end) == Some(&b'.') {
            end = digits(end + 1)?;
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let sign = matches!(self.bytes.get(end + 1), Some(b'+' | b'-'));
            end = digits(end + 1 + usize::from(sign))?;
            is_wide = true;
        }
        if is_wide && !self.is_in_range(end) {
            return Err(Fault { at: self.at, kind: FaultKind::NumberRange });
        }
        Ok(end)
    }

    fn is_in_range(&self, end: usize) -> bool {
        let lexeme = std::str::from_utf8(&self.bytes[self.at..end]);
        lexeme.is_ok_and(|lexeme| lexeme.parse::<f64>().is_ok_and(|number| number.abs() <= JSON_NUMBER_MAX))
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, escaped: bool) -> Result<(), Fault> {
        let next = self.nodes.len() as u32 + 1;
        if self.nodes.len() == JSON_TOKENS_MAX {
            return Err(self.fault(FaultKind::TooManyTokens));
        }
        self.nodes.push(Node { start: start as u32, end: end as u32, next, kind, escaped, repeats: false });
        self.at = end;
        Ok(())
    }

    /// Skips white space and returns the byte at the cursor.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Skips white space and returns the byte at the cursor, where the text may not end.
    fn next(&mut self) -> Result<u8, Fault> {
        self.peek().ok_or(Fault { at: self.bytes.len(), kind: FaultKind::Truncated })
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault { at: self.at, kind }
    }
}

/// One bit for a key, from its length and its outer bytes.
fn mark(key: &[u8]) -> u64 {
    let (first, last) = (key.first().copied().unwrap_or(0), key.last().copied().unwrap_or(0));
    let middle = key.get(key.len() / 2).copied().unwrap_or(0);
    let mixed = u64::from(first) ^ u64::from(last) << 8 ^ u64::from(middle) << 16 ^ (key.len() as u64) << 24;
    1 << (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58)
}
