//! The chain: each line holds the hash of the one before, so that a missing or changed line shows.
//!
//! `hash = SHA-256(prev ‖ line)`, where `prev` are the 32 bytes that the line's `prev` spells and `line` is
//! the line without its end `,"hash":"…"`, closed with `}`. `seq` counts from 1 without gaps in each run
//! of the program; every run begins with `audit.start`, which goes on from the last line of the file.

use ring::digest::{Context, SHA256};

use super::frame::Frame;
use super::text::Text;

/// The hash of the line before, and the number of the last line.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    prev: [u8; 32],
    seq: u64,
}

const HASH_LEAD: &[u8] = b",\"hash\":\"";
pub(super) const TAIL_BYTES: usize = HASH_LEAD.len() + 64 + 2;

impl Chain {
    /// Goes on from the hash of another line, or from zeros.
    pub(super) fn after(prev: [u8; 32]) -> Self {
        Self { prev, seq: 0 }
    }

    /// The hash of the last line.
    pub(super) fn head(&self) -> [u8; 32] {
        self.prev
    }

    /// The number of the last line; 0 before the first.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Adds the whole line of `frame`, line feed included.
    pub(super) fn seal(&mut self, text: &mut Text, frame: &Frame<'_>) {
        let begin = text.len();
        self.seq = self.seq.saturating_add(1);
        text.raw("{\"schema\":\"sluicegate.audit/1\",\"id\":\"");
        text.ulid(frame.id);
        text.raw("\",\"seq\":");
        text.number(self.seq);
        text.raw(",\"time\":\"");
        text.time(frame.unix_ms);
        text.raw("\",");
        text.bytes(frame.body);
        text.raw(",\"prev\":\"");
        text.hex(&self.prev);
        text.raw("\"");
        self.prev = hash(&self.prev, text.as_bytes().get(begin..).unwrap_or_default());
        text.bytes(HASH_LEAD);
        text.hex(&self.prev);
        text.raw("\"}\n");
    }
}

/// Hashes a line whose closing brace, and what stands before it at the end, has been taken off.
pub(super) fn hash(prev: &[u8; 32], open_line: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(prev);
    context.update(open_line);
    context.update(b"}");
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The hash at the end of a line without its line feed; `None` for anything that is no audit line.
pub(super) fn hash_of(line: &[u8]) -> Option<[u8; 32]> {
    let (_, tail) = line.split_at_checked(line.len().checked_sub(TAIL_BYTES)?)?;
    unhex(tail.strip_prefix(HASH_LEAD)?.strip_suffix(b"\"}")?)
}

pub(super) fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |&byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair.first()?)? << 4 | digit(pair.last()?)?;
    }
    Some(bytes)
}
