//! Lines on their way into a pipe, so that writing them holds up nothing else.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::serve::child::oneline::OneLine;

/// Lines on their way into a pipe.
pub(super) struct Outlet<W> {
    pipe: W,
    waiting: BytesMut,
    has_unflushed: bool,
}

impl<W: AsyncWrite + Unpin> Outlet<W> {
    pub(super) fn new(pipe: W) -> Self {
        Self { pipe, waiting: BytesMut::new(), has_unflushed: false }
    }

    pub(super) fn queue(&mut self, line: &OneLine) {
        self.waiting.extend_from_slice(line.as_bytes());
    }

    pub(super) fn is_clear(&self) -> bool {
        !self.waiting.has_remaining() && !self.has_unflushed
    }

    /// Writes some of what waits. May be dropped at any time: nothing is written twice or lost.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        if self.waiting.has_remaining() {
            self.has_unflushed = true;
            self.pipe.write_buf(&mut self.waiting).await?;
        } else {
            self.pipe.flush().await?;
            self.has_unflushed = false;
        }
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while !self.is_clear() {
            self.write().await?;
        }
        Ok(())
    }
}
