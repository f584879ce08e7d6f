//! Streams that leave the codec: once its head is out, a stream that may be silent for hours needs none.
//!
//! hyper keeps 16 KiB of buffers for a connection and what goes with them. So the codec writes the head,
//! with a body that never says anything; when that head has left, the codec is taken apart, the socket
//! writes one chunk for each event, and when the stream has ended in good order a new codec goes on.
//!
//! ```text
//!   Desk ──lend──> Relay ──lent, once the head is flushed──> connection ──pass_on──> client
//! ```
//!
//! What stays: HTTP/2, HTTP/1.0, clients that want their connection closed, and the streams that
//! answer a call: those are short, and a new codec costs more than they do.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use http::header::CONNECTION;
use http::{Method, Request, Version};
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::guard::Guard;

/// Where a stream waits until its head has left.
pub struct Relay<T> {
    lent: Mutex<Option<Lent<T>>>,
    /// Set by the guard with every flush.
    is_flushed: Arc<AtomicBool>,
}

/// A stream that is written without the codec, with what is kept as long as it lasts.
pub struct Lent<T> {
    events: BoxStream<'static, Bytes>,
    _kept: T,
}

impl<T> Relay<T> {
    /// A relay for the connection whose guard has this mark.
    pub fn new(is_flushed: Arc<AtomicBool>) -> Self {
        Self { lent: Mutex::new(None), is_flushed }
    }

    /// Takes charge of a stream whose head the codec is about to write.
    pub fn lend(&self, events: BoxStream<'static, Bytes>, kept: T) {
        self.is_flushed.store(false, Ordering::Relaxed);
        *self.lent.lock().unwrap_or_else(PoisonError::into_inner) = Some(Lent { events, _kept: kept });
    }

    /// The stream, once all that the codec has written is out. Asked whenever the codec waits.
    pub fn lent(&self) -> Option<Lent<T>> {
        // The codec flushes last: whatever it was given before is out by then.
        if !self.is_flushed.load(Ordering::Relaxed) {
            return None;
        }
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Whether a stream that answers this request may leave the codec.
pub fn may_lend<B: Body>(request: &Request<B>) -> bool {
    let is_kept = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"keep-alive");
    // A POST is read whole before it is answered by a stream; a body of a GET would still be under way.
    request.version() == Version::HTTP_11
        && (request.method() == Method::POST || request.body().is_end_stream())
        && request.headers().get_all(CONNECTION).iter().all(is_kept)
}

/// Writes a stream to its end, in chunks.
///
/// # Errors
/// The client has gone, or takes nothing: the connection is good for nothing more.
pub async fn pass_on<S, T>(guard: &mut Guard<S>, mut lent: Lent<T>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let event = tokio::select! {
            biased;
            event = lent.events.next() => event,
            () = poll_fn(|context| guard.poll_gone(context)) => {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        };
        let Some(event) = event else { break };
        guard.write_all_buf(&mut chunk(event)).await?;
        guard.flush().await?;
    }
    guard.write_all(b"0\r\n\r\n").await?;
    guard.flush().await
}

fn chunk(data: Bytes) -> impl Buf {
    let size = Bytes::from(format!("{:x}\r\n", data.len()));
    size.chain(data).chain(&b"\r\n"[..])
}
