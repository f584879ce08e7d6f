//! The thread that seals and writes. It ends when the audit is closed, and never panics.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::chain::Chain;
use super::queue::{Flush, Frame, Queue, Turn};
use super::sink::{Outlet, Presence, Reopened};
use super::text::Text;
use crate::bounds::{AUDIT_LOOK, AUDIT_RETRY};

/// Rooms that grew beyond this in a burst are given back.
const ROOM_BYTES_KEPT: usize = 1 << 20;

/// Starts the writer of `queue`.
pub(super) fn start(queue: Arc<Queue>, outlet: Outlet) -> io::Result<JoinHandle<()>> {
    let chain = Chain::after(outlet.last_hash());
    let writer = Writer { queue, outlet, chain, lines: Text::over(Vec::new()), looked: Instant::now() };
    thread::Builder::new().name("audit".into()).spawn(move || writer.run())
}

struct Writer {
    queue: Arc<Queue>,
    outlet: Outlet,
    chain: Chain,
    /// Sealed lines, until all of them are written.
    lines: Text,
    /// When the file was last looked for under its name.
    looked: Instant,
}

/// However the thread ends, nobody waits for it, and the audit is not healthy any more.
struct Ending(Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Writer {
    fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.queue));
        let mut batch = Vec::new();
        loop {
            let turn = self.queue.take(&mut batch);
            let records = self.seal(&batch);
            empty(&mut batch);
            let begin = Instant::now();
            if self.write_all(turn).is_err() {
                return;
            }
            if records > 0 {
                self.queue.meters.wrote(records, begin.elapsed());
            }
            self.queue.written(records, turn.flush);
            if turn.stop.is_some() && records == 0 {
                return;
            }
        }
    }

    fn seal(&mut self, batch: &[u8]) -> u64 {
        let mut room = std::mem::replace(&mut self.lines, Text::over(Vec::new())).into_bytes();
        empty(&mut room);
        let mut lines = Text::over(room);
        let mut rest = batch;
        let mut records = 0;
        while let Some(frame) = Frame::cut(&mut rest) {
            self.chain.seal(&mut lines, &frame);
            records += 1;
        }
        self.lines = lines;
        records
    }

    /// Writes all lines, however often that takes; gives up only when the audit ends before it has.
    fn write_all(&mut self, turn: Turn) -> Result<(), Ended> {
        let mut written = 0;
        loop {
            match self.attempt(&mut written, turn.flush) {
                Ok(()) => return Ok(()),
                Err(error) => self.complain(&error),
            }
            if self.queue.rest(AUDIT_RETRY).stop.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Ended);
            }
        }
    }

    fn attempt(&mut self, written: &mut usize, flush: Flush) -> io::Result<()> {
        if self.looked.elapsed() >= AUDIT_LOOK || *written > 0 {
            self.follow(written)?;
            // Only after a look that went well: until then nothing may go into a file that was moved.
            self.looked = Instant::now();
        }
        while let Some(rest) = self.lines.as_bytes().get(*written..).filter(|rest| !rest.is_empty()) {
            match self.outlet.write(rest) {
                Ok(bytes) => *written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match flush {
            Flush::Asked => self.outlet.sync(),
            Flush::Later => Ok(()),
        }
    }

    /// Opens the file anew if it has been moved or removed; a line that was begun there begins again here.
    fn follow(&mut self, written: &mut usize) -> io::Result<()> {
        if self.outlet.presence() == Presence::There {
            return Ok(());
        }
        if self.outlet.reopen()? == Reopened::Another {
            let done = self.lines.as_bytes().get(..*written).unwrap_or_default();
            *written = memchr::memrchr(b'\n', done).map_or(0, |at| at + 1);
            tracing::info!("the audit file was moved or removed, a new one is open");
        }
        Ok(())
    }

    fn complain(&self, error: &io::Error) {
        self.queue.meters.failed.inc();
        if self.queue.failed().is_some() {
            tracing::error!(%error, "cannot write the audit, records are kept and tried again");
        }
    }
}

/// The audit ended before everything was written.
#[derive(Debug)]
struct Ended;

fn empty(room: &mut Vec<u8>) {
    room.clear();
    room.shrink_to(ROOM_BYTES_KEPT);
}
