//! Standard input and output: one message a line.
//!
//! Lines end at LF alone; a CR is white space to JSON, and goes when the line is written anew. What is
//! written is ASCII without any control but the LF at its end, since some readers also split at a lone
//! CR, at U+0085 or at U+2028. Source: MCP, transports, "stdio"; rule S14 of the strict profile.

use memchr::memchr;

use crate::bounds::LINE_BYTES_MAX;
use crate::json::{self, Document};

/// A line beyond `LINE_BYTES_MAX`; its sender's fault, and the end of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line has more than {LINE_BYTES_MAX} bytes")]
pub struct LineTooLong;

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the line that has begun starts.
    start: usize,
    /// How far it has been looked at.
    seen: usize,
    has_failed: bool,
}

impl Decoder {
    /// Makes a decoder for the first byte of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what has arrived. Take all lines before the next push to hold one line at most.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.has_failed {
            return;
        }
        self.buffer.drain(..self.start);
        self.seen -= std::mem::take(&mut self.start);
        self.buffer.extend_from_slice(bytes);
    }

    /// Cuts the next line from what has arrived, without its LF; lines of white space are passed over.
    ///
    /// `None` means "not yet". What is held when the stream ends is no line.
    ///
    /// # Errors
    /// [`LineTooLong`] when `LINE_BYTES_MAX` bytes hold no LF; final.
    ///
    /// Looks at each byte about once.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        loop {
            let end = memchr(b'\n', &self.buffer[self.seen..]).map(|offset| self.seen + offset);
            if self.has_failed || end.unwrap_or(self.buffer.len()) - self.start > LINE_BYTES_MAX {
                *self = Self { has_failed: true, ..Self::default() };
                return Err(LineTooLong);
            }
            let Some(end) = end else {
                self.seen = self.buffer.len();
                return Ok(None);
            };
            let from = std::mem::replace(&mut self.start, end + 1);
            self.seen = end + 1;
            if !self.buffer[from..end].trim_ascii().is_empty() {
                return Ok(Some(&self.buffer[from..end]));
            }
        }
    }
}

/// Writes `document` behind `out` as one line, LF included.
pub fn write(out: &mut Vec<u8>, document: &Document<'_>) {
    out.extend_from_slice(&json::compact(document));
    out.push(b'\n');
}

/// Cuts arbitrary bytes, whole and one by one, and checks that both give the same.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_lines(bytes: &[u8]) {
    let cut = |step: usize| {
        let (mut decoder, mut lines) = (Decoder::new(), Vec::new());
        for chunk in bytes.chunks(step.max(1)) {
            decoder.push(chunk);
            while let Ok(Some(line)) = decoder.next_line() {
                lines.push(line.to_vec());
            }
        }
        lines
    };
    assert_eq!(cut(bytes.len()), cut(1));
}
