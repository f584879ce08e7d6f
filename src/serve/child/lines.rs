//! Lines out of a pipe: cut at LF only, bounded, nothing lost silently.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// What stood between two line feeds.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) enum Line<'b> {
    /// A line, without its line feed. CR and every other control is still in it.
    Whole(&'b [u8]),
    /// The first and last bytes of a line beyond the bound; the middle is gone.
    Cut(&'b [u8]),
}

/// Reads lines of at most `bytes_max` bytes.
#[derive(Debug)]
pub(in crate::serve) struct Lines<R> {
    pipe: BufReader<R>,
    line: Vec<u8>,
    state: State,
    bytes_max: usize,
}

/// How far the line in the buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was handed out: the next one starts afresh.
    Done,
    /// Some of it has arrived.
    Growing,
    /// It is too long, and its middle is gone.
    Overflowing,
}

/// How much is kept of either end of a line that is too long: enough for an id.
const ENDS_BYTES: usize = 64;

/// Capacity that stays with the buffer between lines: most messages are smaller.
const LINE_KEPT_BYTES: usize = 64 * 1024;

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(in crate::serve) fn new(pipe: R, bytes_max: usize) -> Self {
        Self {
            pipe: BufReader::with_capacity(16 * 1024, pipe),
            line: Vec::new(),
            state: State::Done,
            bytes_max,
        }
    }

    /// Reads to the next LF; `None` at the end of the pipe, where an unfinished line is dropped.
    ///
    /// May be dropped half-way: what had arrived is there for the next call.
    ///
    /// # Errors
    /// What reading the pipe says; final.
    pub(in crate::serve) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.state == State::Done {
            self.line.clear();
            self.line.shrink_to(LINE_KEPT_BYTES);
            self.state = State::Growing;
        }
        loop {
            let chunk = self.pipe.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', chunk);
            let taken = end.unwrap_or(chunk.len());
            self.line.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            self.pipe.consume(taken + usize::from(end.is_some()));
            self.cut();
            if end.is_some() {
                let is_cut = self.state == State::Overflowing;
                self.state = State::Done;
                return Ok(Some(if is_cut { Line::Cut(&self.line) } else { Line::Whole(&self.line) }));
            }
        }
    }

    fn cut(&mut self) {
        if self.line.len() > self.bytes_max {
            self.state = State::Overflowing;
            let middle = ENDS_BYTES.min(self.line.len())..self.line.len().saturating_sub(ENDS_BYTES);
            if middle.start < middle.end {
                self.line.drain(middle);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(pipe: &[u8], wanted: &[Line<'_>]) {
        let mut lines = Lines::new(pipe, 200);
        for line in wanted {
            assert_eq!(lines.next().await.unwrap().as_ref(), Some(line));
        }
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn cuts_at_line_feeds_only() {
        check(
            b"a\rb\n\n\xE2\x80\xA8c\x0b\x1e\nno end",
            &[Line::Whole(b"a\rb"), Line::Whole(b""), Line::Whole(b"\xE2\x80\xA8c\x0b\x1e")],
        )
        .await;
    }

    #[tokio::test]
    async fn keeps_the_ends_of_a_line_that_is_too_long() {
        let line = |bytes: usize| [&vec![b'x'; bytes][..], b"\n"].concat();
        check(&line(199), &[Line::Whole(&[b'x'; 199])]).await;
        check(&line(200), &[Line::Whole(&[b'x'; 200])]).await;
        let pipe = [&line(201)[..], &line(300_000), b"next\n"].concat();
        let mut lines = Lines::new(&pipe[..], 200);
        for _ in 0..2 {
            assert!(matches!(lines.next().await.unwrap(), Some(Line::Cut(ends)) if ends.len() <= 200));
        }
        assert_eq!(lines.next().await.unwrap(), Some(Line::Whole(b"next")));
    }
}
