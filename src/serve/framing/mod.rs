//! Where the requests of one connection begin and end, by a reading that leaves no second one.
//!
//! The HTTP codec behind it repairs: it drops a length that stands beside a transfer coding, takes a
//! bare LF for a line end and skips trailers. Each of these is harmless to a reader alone, and a way
//! past the gate where another reader stands before or behind it. So every head is read here whole and
//! strictly before the codec sees its first byte, and every body is followed to its end.
//!
//! ```text
//!   Start ──preface of HTTP/2──> Plain (HTTP/2 has its own framing; nothing more is looked at)
//!     │
//!     └──> Head ──blank line──> Length(n) | Chunked ──end of the body──> Head ...
//!            └───────── any fault, anywhere ─────────> over: nothing behind it is read
//! ```
//!
//! What it is not: it does not judge what a head says, only how it is said; that is `head`'s work.

mod chunks;
mod fault;
mod lines;
#[cfg(test)]
mod tests;

use memchr::memchr;

pub use self::chunks::Chunks;
pub use self::fault::Fault;
pub use self::lines::FAULT_HEADER;
use self::lines::{Frame, Lines};
use crate::bounds::HEAD_BYTES_MAX;

/// What an HTTP/2 client says first. Source: RFC 9113, section 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Follows one connection; pure, it holds no bytes.
#[derive(Debug)]
pub struct Framing {
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Start,
    Head {
        /// Bytes of the head that were read as whole lines.
        read: usize,
        lines: Lines,
    },
    Length(u64),
    Chunked(Chunks),
    Plain,
}

/// What may be done with the bytes that were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// How many of them may go on to the codec.
    pub released: usize,
    /// What is wrong behind those.
    pub fault: Option<Fault>,
}

impl Framing {
    /// A new connection.
    pub fn new() -> Self {
        Self { state: State::Start }
    }

    /// Whether no request has begun yet.
    pub fn is_new(&self) -> bool {
        matches!(self.state, State::Start)
    }

    /// Whether the connection speaks HTTP/2; false while it has said nothing.
    pub fn is_http2(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    /// Whether the next byte begins a request, or a connection that has said nothing yet.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Start | State::Head { read: 0, .. })
    }

    /// Whether a head is being read.
    pub fn is_in_head(&self) -> bool {
        matches!(self.state, State::Start | State::Head { .. })
    }

    /// Follows the connection through `window`: the bytes that were not released yet, oldest first.
    ///
    /// Bytes that are not released have to be shown again, with what came behind them; those of whole
    /// lines are not read twice. After a fault it is over: it may not be called again.
    pub fn advance(&mut self, window: &[u8]) -> Advance {
        let mut released = 0;
        loop {
            let rest = &window[released..];
            if rest.is_empty() {
                return Advance { released, fault: None };
            }
            let step = match &mut self.state {
                State::Start => match starts_with_preface(rest) {
                    Some(true) => Ok(Step::To(PREFACE.len(), State::Plain)),
                    Some(false) => Ok(Step::To(0, State::HEAD)),
                    None => Ok(Step::Wait(0)),
                },
                State::Head { read, lines } => head(rest, read, lines),
                State::Length(left) => {
                    let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    Ok(if *left == 0 { Step::To(taken, State::HEAD) } else { Step::Wait(taken) })
                }
                State::Chunked(chunks) => match chunks.follow(rest) {
                    Ok(taken) if *chunks == Chunks::Done => Ok(Step::To(taken, State::HEAD)),
                    Ok(taken) => Ok(Step::Wait(taken)),
                    Err((taken, fault)) => {
                        released += taken;
                        Err(fault)
                    }
                },
                State::Plain => Ok(Step::Wait(rest.len())),
            };
            match step {
                Ok(Step::To(taken, state)) => {
                    released += taken;
                    self.state = state;
                }
                Ok(Step::Wait(taken)) => return Advance { released: released + taken, fault: None },
                Err(fault) => return Advance { released, fault: Some(fault) },
            }
        }
    }
}

impl State {
    const HEAD: Self = Self::Head { read: 0, lines: Lines::NONE };
}

enum Step {
    /// So many bytes may go on, and something new begins.
    To(usize, State),
    /// So many bytes may go on, and more of the same is needed.
    Wait(usize),
}

fn head(rest: &[u8], read: &mut usize, lines: &mut Lines) -> Result<Step, Fault> {
    loop {
        let line = &rest[*read..];
        let Some(end) = memchr(b'\n', line) else {
            // A line that is too long never gets its end.
            return if rest.len() > HEAD_BYTES_MAX { Err(Fault::HeadBytes) } else { Ok(Step::Wait(0)) };
        };
        if *read + end >= HEAD_BYTES_MAX {
            return Err(Fault::HeadBytes);
        }
        let line = line[..end].strip_suffix(b"\r").ok_or(Fault::LineEnd)?;
        *read += end + 1;
        if let Some(frame) = lines.read(line)? {
            let state = match frame {
                Frame::Chunked => State::Chunked(Chunks::START),
                Frame::Length(0) => State::HEAD,
                Frame::Length(length) => State::Length(length),
            };
            return Ok(Step::To(*read, state));
        }
    }
}

/// Whether a connection speaks HTTP/2; `None` while it may.
fn starts_with_preface(bytes: &[u8]) -> Option<bool> {
    if bytes.len() >= PREFACE.len() {
        return Some(bytes.starts_with(PREFACE));
    }
    if PREFACE.starts_with(bytes) { None } else { Some(false) }
}

/// Shows `input` whole and byte by byte: both readings must be the same, whatever the bytes are.
pub fn fuzz_framing(input: &[u8]) {
    let whole = Framing::new().advance(input);
    let mut framing = Framing::new();
    let (mut released, mut fault) = (0, None);
    for end in 1..=input.len() {
        let step = framing.advance(&input[released..end]);
        released += step.released;
        fault = step.fault;
        if fault.is_some() {
            break;
        }
    }
    assert_eq!(Advance { released, fault }, whole, "{}", input.escape_ascii());
}
