//! Server-sent events: a stream cut into events, and events written anew.
//!
//! Reads as a browser does: lines end at CR, LF or CRLF; a byte-order mark only at byte 0; several `data`
//! lines are one text; an event that the stream ends in never was. A reader of LF alone would take
//! `: hi\rdata: {...}\r\r` for one comment, where clients see an event. What is written has one field a
//! line and no comment of the server, which could say anything.
//!
//! A comment where no event has begun gives an event without any field, so that the shell can write a
//! heartbeat of its own.
//!
//! Source: WHATWG HTML, 9.2.5 and 9.2.6; rules R of the strict profile.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr2_iter};

use crate::bounds::{EVENT_BYTES_MAX, EVENT_ID_BYTES_MAX, EVENT_RETRY_MS};

/// A buffer larger than this is given back when it has run empty.
const BUFFER_KEPT_BYTES_MAX: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event, or what stands in the place of one. Borrows from its decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Event<'a> {
    /// `event`; `None` for the default, `message`. A name that is not printable ASCII is `?`.
    pub event: Option<&'a str>,
    /// `id`, empty where it is taken back. Ignored beyond `EVENT_ID_BYTES_MAX`, and when it is not printable
    /// ASCII: it comes back in a header, and on its way some readers cut lines at U+2028.
    pub id: Option<&'a str>,
    /// `retry` in milliseconds, within `EVENT_RETRY_MS`.
    pub retry: Option<u64>,
    /// `data`, lines joined by LF: empty in a priming event, `None` where nothing is dispatched.
    pub data: Option<&'a [u8]>,
}

/// An event beyond `EVENT_BYTES_MAX`; the server's fault, and the end of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event has more than {EVENT_BYTES_MAX} bytes")]
pub struct TooLong;

/// Cuts a stream into events.
///
/// Holds the bytes of the event that has begun and of what was pushed behind it.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the event that has begun starts.
    start: usize,
    /// Where the line that has begun starts.
    line: usize,
    /// How far the line has been looked at.
    seen: usize,
    block: Block,
    /// Several lines of data, joined.
    joined: Vec<u8>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Nothing but perhaps a part of a byte-order mark has been read.
    #[default]
    Fresh,
    /// In the middle.
    Running,
    /// A line ended in CR; an LF right behind it belongs to that end.
    AfterReturn,
    /// An event was too long.
    Failed,
}

/// The fields of the event that has begun, as spans of the buffer.
#[derive(Debug, Clone, Default)]
struct Block {
    event: Option<Range<usize>>,
    id: Option<Range<usize>>,
    retry: Option<u64>,
    data: Data,
}

#[derive(Debug, Clone, Default)]
enum Data {
    #[default]
    None,
    /// One line, where it stands.
    Line(Range<usize>),
    /// Several, joined elsewhere.
    Joined,
}

/// What a line was.
enum Line {
    /// The end of an event.
    Blank,
    /// A comment outside of an event.
    Comment,
    /// A field, or nothing to tell.
    Field,
    /// Not whole yet.
    Pending,
}

impl<'a> Event<'a> {
    /// Whether it only shows that the server is alive.
    pub fn is_keepalive(&self) -> bool {
        *self == Event::default()
    }

    /// The data, where clients read them as a message: not empty, and of an event without a name or
    /// called `message`.
    pub fn message(&self) -> Option<&'a [u8]> {
        let is_message = self.event.is_none_or(|event| event == "message");
        self.data.filter(|data| is_message && !data.trim_ascii().is_empty())
    }

    /// Writes the event behind `out` with `data` in the place of its own.
    pub fn write(&self, out: &mut Vec<u8>, data: &[u8]) {
        write(out, &Event { data: Some(data), ..*self });
    }

    /// Writes behind `out` what is left of an event without its name and its data: id and retry, with
    /// empty data where a priming event has them, or a heartbeat.
    ///
    /// So nothing leaves under a name that clients pass over.
    pub fn write_bare(&self, out: &mut Vec<u8>) {
        let data = self.data.filter(|data| data.is_empty());
        write(out, &Event { event: None, data, ..*self });
    }
}

impl Block {
    /// Whether it would tell a client nothing, and holds no span.
    fn is_empty(&self) -> bool {
        let has_data = !matches!(self.data, Data::None);
        self.event.is_none() && self.id.is_none() && self.retry.is_none() && !has_data
    }
}

impl Decoder {
    /// Makes a decoder for the first byte of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what has arrived.
    ///
    /// Copies it behind what is held; take all events before the next push to hold one event at most.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.phase == Phase::Failed {
            return;
        }
        self.discard();
        self.buffer.extend_from_slice(bytes);
    }

    /// Cuts the next event from what has arrived, once all of it has.
    ///
    /// `None` means "not yet", never "no more": only the socket knows the end, and what is held then is no
    /// event. The event borrows from the decoder until the next call.
    ///
    /// # Errors
    /// [`TooLong`] when `EVENT_BYTES_MAX` bytes hold no blank line: the server's fault, and final.
    ///
    /// Looks at each byte about once.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, TooLong> {
        loop {
            match self.next_line()? {
                Line::Pending => return Ok(None),
                Line::Comment => return Ok(Some(Event::default())),
                Line::Field => {}
                Line::Blank => {
                    let block = std::mem::take(&mut self.block);
                    if !block.is_empty() {
                        return Ok(Some(self.event(block)));
                    }
                }
            }
        }
    }

    /// Forgets the bytes of events that were handed out.
    fn discard(&mut self) {
        let gone = std::mem::take(&mut self.start);
        self.line -= gone;
        self.seen -= gone;
        let spans = [&mut self.block.event, &mut self.block.id].into_iter().flatten();
        let line = if let Data::Line(span) = &mut self.block.data { Some(span) } else { None };
        for span in spans.chain(line) {
            *span = span.start - gone..span.end - gone;
        }
        self.buffer.drain(..gone);
        if self.buffer.is_empty() && self.buffer.capacity() > BUFFER_KEPT_BYTES_MAX {
            self.buffer = Vec::new();
            self.joined = Vec::new();
        }
    }

    fn next_line(&mut self) -> Result<Line, TooLong> {
        if self.phase == Phase::Failed {
            return Err(TooLong);
        }
        if self.phase == Phase::AfterReturn && self.line < self.buffer.len() {
            let is_rest = self.buffer[self.line] == b'\n';
            self.skip(usize::from(is_rest));
            self.phase = Phase::Running;
        }
        let Some(offset) = memchr2(b'\n', b'\r', &self.buffer[self.seen..]) else {
            self.seen = self.buffer.len();
            return if self.seen - self.start > EVENT_BYTES_MAX { self.fail() } else { Ok(Line::Pending) };
        };
        let end = self.seen + offset;
        let mut from = self.line;
        if self.phase == Phase::Fresh && self.buffer[from..end].starts_with(BYTE_ORDER_MARK) {
            from += BYTE_ORDER_MARK.len();
        }
        self.phase = if self.buffer[end] == b'\r' { Phase::AfterReturn } else { Phase::Running };
        let line = self.read_line(from..end);
        let length = self.line - self.start;
        (self.line, self.seen) = (end + 1, end + 1);
        match line {
            Line::Blank if length > EVENT_BYTES_MAX => return self.fail(),
            Line::Comment | Line::Field if end + 1 - self.start > EVENT_BYTES_MAX => return self.fail(),
            Line::Blank | Line::Comment => self.start = end + 1,
            Line::Field | Line::Pending => {}
        }
        Ok(line)
    }

    /// Steps over the second half of a line end.
    fn skip(&mut self, bytes: usize) {
        if self.start == self.line {
            self.start += bytes;
        }
        self.line += bytes;
        self.seen += bytes;
    }

    fn fail(&mut self) -> Result<Line, TooLong> {
        *self = Self { phase: Phase::Failed, ..Self::default() };
        Err(TooLong)
    }

    fn read_line(&mut self, span: Range<usize>) -> Line {
        let line = &self.buffer[span.clone()];
        if line.is_empty() {
            return Line::Blank;
        }
        let colon = memchr(b':', line).unwrap_or(line.len());
        if colon == 0 {
            return if self.block.is_empty() { Line::Comment } else { Line::Field };
        }
        let is_spaced = line.get(colon + 1) == Some(&b' ');
        let value = (span.start + colon + 1 + usize::from(is_spaced)).min(span.end)..span.end;
        match &line[..colon] {
            b"data" => self.add_data(value),
            b"event" => self.block.event = Some(value).filter(|value| !value.is_empty()),
            b"id" if is_id(&self.buffer[value.clone()]) => self.block.id = Some(value),
            b"retry" => self.block.retry = retry(&self.buffer[value]).or(self.block.retry),
            // Fields that nobody knows are dropped, as every reader does.
            _ => {}
        }
        Line::Field
    }

    fn add_data(&mut self, value: Range<usize>) {
        match std::mem::take(&mut self.block.data) {
            Data::None => self.block.data = Data::Line(value),
            Data::Line(first) => {
                self.joined.clear();
                self.joined.extend_from_slice(&self.buffer[first]);
                self.join(value);
            }
            Data::Joined => self.join(value),
        }
    }

    fn join(&mut self, value: Range<usize>) {
        self.joined.push(b'\n');
        self.joined.extend_from_slice(&self.buffer[value]);
        self.block.data = Data::Joined;
    }

    fn event(&self, block: Block) -> Event<'_> {
        let text = |span: Range<usize>| {
            std::str::from_utf8(&self.buffer[span])
                .ok()
                .filter(|text| is_plain(text.as_bytes()))
                .unwrap_or("?")
        };
        let data = match block.data {
            Data::None => None,
            Data::Line(span) => Some(&self.buffer[span]),
            Data::Joined => Some(self.joined.as_slice()),
        };
        Event { event: block.event.map(text), id: block.id.map(text), retry: block.retry, data }
    }
}

fn is_id(value: &[u8]) -> bool {
    value.len() <= EVENT_ID_BYTES_MAX && is_plain(value)
}

fn is_plain(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Reads digits as milliseconds; `None` for anything else.
fn retry(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(value).ok().filter(|_| is_number)?;
    let milliseconds: u64 = digits.parse().unwrap_or(u64::MAX);
    Some(milliseconds.clamp(*EVENT_RETRY_MS.start(), *EVENT_RETRY_MS.end()))
}

/// Writes `event` behind `out`: `event`, `id`, `retry`, `data`, a blank line; a bare `:` for a heartbeat.
///
/// Data is one line unless it holds line ends, which become lines of data; what ends a line to some reader
/// only is the caller's to escape ([`canonical`](crate::json::canonical())). A name that is not printable
/// ASCII is `?`, such an id is left out; the decoder never gives one.
pub fn write(out: &mut Vec<u8>, event: &Event<'_>) {
    if event.is_keepalive() {
        out.push(b':');
    }
    if let Some(name) = event.event {
        push_line(out, "event: ", if is_plain(name.as_bytes()) { name.as_bytes() } else { b"?" });
    }
    if let Some(id) = event.id.filter(|id| is_plain(id.as_bytes())) {
        push_line(out, "id: ", id.as_bytes());
    }
    if let Some(retry) = event.retry {
        push_line(out, "retry: ", retry.to_string().as_bytes());
    }
    if let Some(data) = event.data {
        let mut from = 0;
        for end in memchr2_iter(b'\n', b'\r', data) {
            push_line(out, "data: ", &data[from..end]);
            from = end + 1;
        }
        push_line(out, "data: ", &data[from..]);
    }
    out.extend_from_slice(if event.is_keepalive() { b"\n\n" } else { b"\n" });
}

/// Writes an event behind `out` that holds one message of our own.
pub fn write_message(out: &mut Vec<u8>, data: &[u8]) {
    write(out, &Event { event: Some("message"), data: Some(data), ..Event::default() });
}

fn push_line(out: &mut Vec<u8>, field: &str, value: &[u8]) {
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// Cuts arbitrary bytes, whole and one by one, and checks that both give the same, and that what is
/// written reads as what was read.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_sse(bytes: &[u8]) {
    let cut = |bytes: &[u8], step: usize| {
        let (mut decoder, mut out) = (Decoder::new(), Vec::new());
        for chunk in bytes.chunks(step.max(1)) {
            decoder.push(chunk);
            while let Ok(Some(event)) = decoder.next_event() {
                write(&mut out, &event);
            }
        }
        out
    };
    let written = cut(bytes, bytes.len());
    assert_eq!(written, cut(bytes, 1), "chunks do not matter");
    assert_eq!(written, cut(&written, written.len()), "what is written reads as it was");
}
