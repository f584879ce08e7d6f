//! The chain: each line holds the hash of the one before, so that a missing or changed line shows.
//!
//! `hash = SHA-256(prev ‖ line)`, where `prev` are the 32 bytes that the line's `prev` spells and `line` is
//! the line without its end `,"hash":"…"`, closed with `}`. `seq` counts from 1 without gaps in each run
//! of the program; every run begins with `audit.start`, which goes on from the last line of the file.

use std::io::{self, BufRead, Read};

use ring::digest::{Context, SHA256};

use super::queue::Frame;
use super::text::Text;
use crate::bounds::AUDIT_LINE_BYTES_MAX;
use crate::json::{Document, Value};

/// The hash of the line before, and the number of the last line.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    prev: [u8; 32],
    seq: u64,
}

/// What a sound chain says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Lines that belong to the chain.
    pub records: u64,
    /// Runs of the program that began in it.
    pub starts: u64,
    /// Lines that a crash cut off, as the run after it says.
    pub torn: u64,
    /// The hash that the first line goes on from: the last of the file before, or zeros.
    pub first_prev: [u8; 32],
    /// The hash of the last line: what the next file goes on from.
    pub last_hash: [u8; 32],
}

/// Where a chain does not hold.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct BrokenChain {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: ChainFault,
}

/// What is wrong with a line of a chain.
#[derive(Debug, thiserror::Error)]
pub enum ChainFault {
    /// The line is not what was written.
    #[error("the hash is not that of the line")]
    Changed,
    /// Lines of one run are missing, or were brought in.
    #[error("seq {found} follows {expected_after}")]
    Gap {
        /// The number of the line before.
        expected_after: u64,
        /// The number of this line.
        found: u64,
    },
    /// The system says no.
    #[error("{0}")]
    Io(io::Error),
    /// No audit line at all.
    #[error("not an audit record")]
    NotARecord,
    /// The line does not go on from the one before.
    #[error("prev is not the hash of the line before")]
    Unlinked,
}

const HASH_LEAD: &[u8] = b",\"hash\":\"";
const TAIL_BYTES: usize = HASH_LEAD.len() + 64 + 2;

impl Chain {
    /// Goes on from the hash of another line, or from zeros.
    pub(super) fn after(prev: [u8; 32]) -> Self {
        Self { prev, seq: 0 }
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
fn hash(prev: &[u8; 32], open_line: &[u8]) -> [u8; 32] {
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

fn unhex(text: &[u8]) -> Option<[u8; 32]> {
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

/// Checks every line of an audit file: its hash, its link to the line before, its number.
///
/// The first line may go on from any hash and begin with any number: compare
/// [`Verified::first_prev`] with the file before. Holds one line at a time.
///
/// # Errors
/// [`BrokenChain`] at the first line that does not hold; the lines before it do.
pub fn verify_chain(mut reader: impl BufRead) -> Result<Verified, BrokenChain> {
    let mut sound = Verified { records: 0, starts: 0, torn: 0, first_prev: [0; 32], last_hash: [0; 32] };
    let mut seq = None;
    let mut torn = None;
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        let at = |fault| BrokenChain { line: number + 1, fault };
        line.clear();
        let read = reader.by_ref().take(AUDIT_LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| at(ChainFault::Io(error)))? == 0 {
            break;
        }
        match (Line::read(&line), torn) {
            (Some(found), _) => {
                found.check(&sound, seq, torn.take()).map_err(at)?;
                seq = Some(found.seq);
                sound.starts += u64::from(found.is_start);
                sound.last_hash = found.hash;
                sound.first_prev = if sound.records == 0 { found.prev } else { sound.first_prev };
                sound.records += 1;
            }
            (None, None) => torn = Some(line.len() as u64 - 1),
            (None, Some(_)) => return Err(BrokenChain { line: number, fault: ChainFault::NotARecord }),
        }
        sound.torn += u64::from(torn.is_some());
        number += 1;
    }
    match torn {
        Some(_) => Err(BrokenChain { line: number, fault: ChainFault::NotARecord }),
        None => Ok(sound),
    }
}

/// What the chain needs to know of one line.
struct Line {
    seq: u64,
    is_start: bool,
    torn_bytes: u64,
    prev: [u8; 32],
    hash: [u8; 32],
    is_unchanged: bool,
}

impl Line {
    /// Reads a whole line; `None` when it is no audit record.
    fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let document = Document::parse(line).ok()?;
        let root = document.root();
        let number = |name| root.get(name).and_then(|value: Value<'_>| value.integer());
        let prev = unhex(root.get("prev")?.content()?.as_bytes())?;
        let stated = hash_of(line)?;
        let open_line = line.get(..line.len() - TAIL_BYTES)?;
        Some(Self {
            seq: u64::try_from(number("seq")?).ok()?,
            is_start: root.get("stage")?.content()? == "audit.start",
            torn_bytes: number("torn_bytes").and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
            prev,
            hash: stated,
            is_unchanged: hash(&prev, open_line) == stated,
        })
    }

    fn check(&self, before: &Verified, seq: Option<u64>, torn: Option<u64>) -> Result<(), ChainFault> {
        if !self.is_unchanged {
            return Err(ChainFault::Changed);
        }
        if torn.is_some_and(|bytes| !self.is_start || self.torn_bytes != bytes) {
            return Err(ChainFault::NotARecord);
        }
        if before.records > 0 && self.prev != before.last_hash {
            return Err(ChainFault::Unlinked);
        }
        let expected_after = if self.is_start { 0 } else { seq.unwrap_or(self.seq.wrapping_sub(1)) };
        if self.seq != expected_after.wrapping_add(1) {
            return Err(ChainFault::Gap { expected_after, found: self.seq });
        }
        Ok(())
    }
}
