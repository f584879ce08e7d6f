//! A client's connection as the HTTP codec sees it: only what was framed beyond doubt gets there.
//!
//! [`Framing`] says how far the bytes that came may go on. In the usual case a request arrives in one
//! piece: it is read straight into the codec's buffer and stays there. Only the part of a head that is
//! not whole yet is held back, in a buffer that lives no longer than that.
//!
//! A fault in a head becomes a request of our own, with the fault in a header that clients may not send,
//! so that it is refused and recorded as any other; a fault in a body fails the read of that body. Either
//! way nothing more is read but to throw it away: a socket closed with unread bytes in it would reset
//! the connection, and our answer would be lost with it.
//!
//! When it gives up: a head that is not whole `head_wait` after its first byte (and the first of a
//! connection, after its begin); an answer of which the client takes nothing for `STALL_WAIT`. What does not
//! count: the time between two requests, which the codec watches.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::framing::{FAULT_HEADER, Fault, Framing};
use crate::bounds::{LINGER_BYTES_MAX, LINGER_WAIT, STALL_WAIT};

/// A stream with a strict reader of HTTP/1 framing in front of it.
pub struct Guard<S> {
    inner: S,
    framing: Framing,
    /// What was read and not handed over: a head that is not whole, or what is released below.
    held: Vec<u8>,
    /// How many bytes of `held` may be handed over.
    released: usize,
    fate: Fate,
    head_wait: Duration,
    /// Ends the wait for a head, or for the last bytes to throw away.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Ends the wait for a client that takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    /// How many more bytes are thrown away.
    linger_bytes: usize,
    /// Whether a body was at fault, for whoever writes the answer.
    is_misframed: Arc<AtomicBool>,
    /// Set with every flush.
    is_flushed: Arc<AtomicBool>,
}

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge, or agreed on with TLS.
    Http2,
}

/// What is read to see which protocol it is: nearly every head is whole within.
const OPENING_BYTES: usize = 2048;

/// How reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Reading,
    /// A fault is still to be told, behind what was released.
    Faulty(Fault),
    /// It was told.
    Told,
    /// The client will send no more.
    Ended,
    /// We have said our last word; what the client still sends is thrown away.
    Lingering,
}

impl<S> Guard<S> {
    /// Guards `inner`; a head may take `head_wait`.
    pub fn new(inner: S, head_wait: Duration) -> Self {
        Self {
            inner,
            framing: Framing::new(),
            held: Vec::new(),
            released: 0,
            fate: Fate::Reading,
            head_wait,
            alarm: None,
            stall: None,
            linger_bytes: LINGER_BYTES_MAX,
            is_misframed: Arc::default(),
            is_flushed: Arc::default(),
        }
    }

    /// Becomes true when the body that is being read turns out to be at fault: then the answer to it is
    /// the last of this connection, and should say so.
    pub fn is_misframed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_misframed)
    }

    /// Becomes true whenever all that was written has left; whoever wants to know of the next time sets it
    /// to false.
    pub fn is_flushed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_flushed)
    }

    /// Puts bytes back that were handed over last: they are handed over again, before anything else.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.held.splice(0..0, bytes.iter().copied());
        self.released += bytes.len();
    }

    /// Hands over what was released, and frees the buffer with its last byte.
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.released.min(buffer.remaining());
        buffer.put_slice(&self.held[..length]);
        self.held.drain(..length);
        self.released -= length;
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }

    /// Puts a request in the place of the one at fault.
    fn tell(&mut self, fault: Fault) {
        self.held = format!(
            "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n{FAULT_HEADER}: {}\r\n\r\n",
            fault.place()
        )
        .into_bytes();
        self.released = self.held.len();
    }

    /// Looks at what came behind the first `before` bytes of `buffer`, and keeps back what may not go on.
    fn look(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let step = if self.held.is_empty() {
            let step = self.framing.advance(&buffer.filled()[before..]);
            let kept = before + step.released;
            if step.fault.is_none() {
                self.held.extend_from_slice(&buffer.filled()[kept..]);
            }
            buffer.set_filled(kept);
            step
        } else {
            self.held.extend_from_slice(&buffer.filled()[before..]);
            buffer.set_filled(before);
            let step = self.framing.advance(&self.held);
            self.released = step.released;
            if step.fault.is_some() {
                self.held.truncate(step.released);
            }
            step
        };
        if let Some(fault) = step.fault {
            self.fate = Fate::Faulty(fault);
        }
        if step.released > 0 || step.fault.is_some() {
            self.alarm = None;
        }
    }

    /// Whether the time for a head has passed. The clock runs only while one is waited for.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let is_first = self.framing.is_new();
        if !is_first && self.held.is_empty() {
            return false;
        }
        is_over(&mut self.alarm, self.head_wait, context)
    }
}

/// Whether `wait` has passed since the first such question.
fn is_over(alarm: &mut Option<Pin<Box<Sleep>>>, wait: Duration, context: &mut Context<'_>) -> bool {
    alarm.get_or_insert_with(|| Box::pin(sleep(wait))).as_mut().poll(context).is_ready()
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        loop {
            if guard.released > 0 {
                guard.hand_over(buffer);
                return Poll::Ready(Ok(()));
            }
            match guard.fate {
                Fate::Reading => {}
                Fate::Faulty(fault) => {
                    guard.fate = Fate::Told;
                    if !guard.framing.is_in_head() {
                        guard.is_misframed.store(true, Ordering::Relaxed);
                        return Poll::Ready(Err(io::Error::other(fault)));
                    }
                    guard.tell(fault);
                    continue;
                }
                // An end would cancel the refusal that is under way; the codec closes behind it.
                Fate::Told => return Poll::Pending,
                Fate::Ended | Fate::Lingering => return Poll::Ready(Ok(())),
            }
            if buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            match Pin::new(&mut guard.inner).poll_read(context, buffer) {
                Poll::Ready(Ok(())) if buffer.filled().len() == before => {
                    guard.fate = Fate::Ended;
                    guard.held = Vec::new();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Pending if !guard.is_late(context) => return Poll::Pending,
                Poll::Pending if guard.held.is_empty() => {
                    guard.fate = Fate::Ended;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    guard.fate = Fate::Faulty(Fault::HeadWait);
                    continue;
                }
            }
            guard.look(buffer, before);
            if buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Guard<S> {
    /// Waits for the first request, and tells which protocol it speaks; `None` where none came.
    ///
    /// Takes nothing: whoever reads next gets the connection from its first byte.
    pub fn poll_protocol(&mut self, context: &mut Context<'_>) -> Poll<Option<Protocol>> {
        let mut first = [0; OPENING_BYTES];
        let mut buffer = ReadBuf::new(&mut first);
        let read = ready!(Pin::new(&mut *self).poll_read(context, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(None);
        }
        self.put_back(buffer.filled());
        Poll::Ready(Some(if self.framing.is_http2() { Protocol::Http2 } else { Protocol::Http1 }))
    }

    /// Waits until the client has gone. A request that it sends meanwhile is kept for whoever reads next;
    /// behind it nothing more is looked at, as with the codec.
    pub fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.released > 0 {
            return Poll::Pending;
        }
        let mut room = [0; OPENING_BYTES];
        let mut buffer = ReadBuf::new(&mut room);
        let read = ready!(Pin::new(&mut *self).poll_read(context, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(());
        }
        self.put_back(buffer.filled());
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Fails a write that has been waiting for too long.
    fn stalled<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        if is_over(&mut self.stall, STALL_WAIT, context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    /// Throws away what the client still sends, within bounds.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; 2048];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.linger_bytes = self.linger_bytes.saturating_sub(buffer.filled().len());
                    if self.linger_bytes == 0 {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if is_over(&mut self.alarm, LINGER_WAIT, context) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.inner).poll_write(context, bytes);
        guard.stalled(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let written = Pin::new(&mut guard.inner).poll_write_vectored(context, pieces);
        guard.stalled(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let flushed = Pin::new(&mut guard.inner).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            guard.is_flushed.store(true, Ordering::Relaxed);
        }
        guard.stalled(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if guard.fate != Fate::Lingering {
            ready!(Pin::new(&mut guard.inner).poll_shutdown(context))?;
            guard.alarm = None;
            if guard.fate == Fate::Ended || (guard.fate == Fate::Reading && guard.framing.is_between()) {
                return Poll::Ready(Ok(()));
            }
            guard.fate = Fate::Lingering;
        }
        guard.poll_linger(context).map(Ok)
    }
}
