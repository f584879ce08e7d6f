//! The thread that seals and writes. It ends when the audit is closed, and never panics.
//!
//! Sealed lines are kept until they are **durable**, not only until they are written: when somebody waits for
//! them, once a second, or when there is a MiB of them. Where a file is lost or a sync fails, they are written
//! again, byte by byte the same, to the next.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::checkpoint::Signer;
use super::frame::Frame;
use super::queue::{Flush, Queue, Turn};
use super::sink::{Outlet, Presence, Reopened};
use super::text::Text;
use super::{Names, unix_ms};
use crate::bounds::{AUDIT_LOOK, AUDIT_RETRY, AUDIT_SYNC_PAUSE, AUDIT_UNSYNCED_BYTES_MAX};

/// Rooms that grew beyond this in a burst are given back.
const ROOM_BYTES_KEPT: usize = 1 << 20;

/// Starts the writer of `queue`.
pub(super) fn start(
    queue: Arc<Queue>,
    outlet: Outlet,
    signer: Option<Signer>,
    names: Arc<Names>,
) -> io::Result<JoinHandle<()>> {
    let now = Instant::now();
    let writer = Writer {
        queue,
        chain: Chain::after(outlet.last_hash()),
        outlet,
        signer,
        names,
        lines: Text::over(Vec::new()),
        written: 0,
        is_doubtful: false,
        synced: now,
        looked: now,
        turned: None,
    };
    thread::Builder::new().name("audit".into()).spawn(move || writer.run())
}

struct Writer {
    queue: Arc<Queue>,
    outlet: Outlet,
    chain: Chain,
    signer: Option<Signer>,
    names: Arc<Names>,
    /// Sealed lines, until all of them are durable.
    lines: Text,
    /// How much of them is written to the file that is open.
    written: usize,
    /// A sync has failed: what the file holds since the last one is not known.
    is_doubtful: bool,
    /// When all lines were durable, the last time.
    synced: Instant,
    /// When the file was last looked for under its name.
    looked: Instant,
    /// When it was last tried to put the file aside.
    turned: Option<Instant>,
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
            let mut turn = self.queue.take(&mut batch, self.nap());
            let records = self.seal(&batch, turn.stop);
            empty(&mut batch);
            if turn.flush == Flush::Later && self.is_sync_due() {
                turn.flush = Flush::Asked;
            }
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
            if turn.stop.is_none() {
                self.turn_page();
            }
        }
    }

    /// How long the writer may sleep when nothing comes.
    fn nap(&self) -> Option<Duration> {
        let has_unsynced = self.lines.len() > 0;
        let sync = has_unsynced.then(|| AUDIT_SYNC_PAUSE.saturating_sub(self.synced.elapsed()));
        let checkpoint = self.signer.as_ref().and_then(Signer::due_in);
        sync.into_iter().chain(checkpoint).min()
    }

    fn is_sync_due(&self) -> bool {
        let has_unsynced = self.lines.len() > 0;
        has_unsynced
            && (self.lines.len() >= AUDIT_UNSYNCED_BYTES_MAX || self.synced.elapsed() >= AUDIT_SYNC_PAUSE)
    }

    fn seal(&mut self, batch: &[u8], stop: Option<Instant>) -> u64 {
        if self.lines.len() == 0 {
            self.synced = Instant::now();
        }
        let mut rest = batch;
        let mut records = 0;
        while let Some(frame) = Frame::cut(&mut rest) {
            self.seal_one(&frame);
            records += 1;
            self.checkpoint(Duration::ZERO);
        }
        // At the end nothing is left uncovered; before it, what has waited long enough.
        self.checkpoint(if stop.is_some() { Duration::MAX } else { Duration::ZERO });
        records
    }

    fn seal_one(&mut self, frame: &Frame<'_>) {
        self.chain.seal(&mut self.lines, frame);
        if let Some(signer) = &mut self.signer {
            signer.add(self.chain.seq(), self.chain.head());
        }
    }

    /// Writes a checkpoint if one is due within `ahead`, and tells the log.
    fn checkpoint(&mut self, ahead: Duration) {
        let Some(signer) = &mut self.signer else { return };
        if signer.due_in().is_none_or(|due| due > ahead) {
            return;
        }
        let Some(word) = signer.sign() else { return };
        let key = signer.key_id();
        let body = format!("\"stage\":\"audit.checkpoint\",\"checkpoint\":\"{word}\",\"key\":\"{key}\"");
        tracing::info!(checkpoint = word, key, "audit checkpoint");
        // The checkpoint itself is covered by the chain alone, so that silence needs no further one.
        let frame = self.names.frame(unix_ms(), body.as_bytes());
        self.chain.seal(&mut self.lines, &frame);
    }

    /// Puts the file aside where it is large or old enough; says so in the first line of the next.
    fn turn_page(&mut self) {
        if !self.outlet.is_full_or_old() || self.turned.is_some_and(|when| when.elapsed() < AUDIT_LOOK) {
            return;
        }
        self.turned = Some(Instant::now());
        // Before its name changes all of it is durable, else a failure could not be mended any more.
        let outcome = self.sync().and_then(|()| self.outlet.put_aside(unix_ms()));
        match outcome {
            Ok(Some(name)) => {
                let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let name = serde_json::Value::from(name);
                let boot = self.names.boot;
                let body = format!("\"stage\":\"audit.file\",\"boot\":\"{boot:012x}\",\"previous\":{name}");
                self.seal_one(&self.names.frame(unix_ms(), body.as_bytes()));
            }
            Ok(None) => {}
            // The file grows on, and that is no reason to refuse anything.
            Err(error) => {
                self.queue.meters.failed.inc();
                tracing::error!(%error, "cannot put the audit file aside, it is tried again");
            }
        }
    }

    /// Writes all lines, however often that takes; gives up only when the audit ends before it has.
    fn write_all(&mut self, turn: Turn) -> Result<(), Ended> {
        loop {
            match self.attempt(turn.flush) {
                Ok(()) => return Ok(()),
                Err(error) if self.outlet.make_room(&error) => continue,
                Err(error) => self.complain(&error),
            }
            if self.queue.rest(AUDIT_RETRY).stop.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Ended);
            }
        }
    }

    fn attempt(&mut self, flush: Flush) -> io::Result<()> {
        if self.is_doubtful {
            self.outlet.put_aside(unix_ms())?;
            (self.written, self.is_doubtful) = (0, false);
        }
        let has_begun = self.written < self.lines.len() && self.written > 0;
        // What somebody waits for may not go where nobody will read it.
        let is_lost = flush == Flush::Asked && self.outlet.is_removed();
        if self.looked.elapsed() >= AUDIT_LOOK || has_begun || is_lost {
            self.follow()?;
            // Only after a look that went well: until then nothing may go into a file that was moved.
            self.looked = Instant::now();
        }
        while let Some(rest) = self.lines.as_bytes().get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.outlet.write(rest) {
                Ok(bytes) => self.written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match flush {
            Flush::Asked => self.sync(),
            Flush::Later if self.outlet.knows_syncs() => Ok(()),
            Flush::Later => {
                self.forget(self.lines.len());
                Ok(())
            }
        }
    }

    /// Makes durable what is written, and forgets it.
    fn sync(&mut self) -> io::Result<()> {
        if let Err(error) = self.outlet.sync() {
            self.is_doubtful = self.outlet.knows_syncs();
            return Err(error);
        }
        self.synced = Instant::now();
        self.forget(self.written);
        Ok(())
    }

    /// Lets go of the first `bytes` of the lines.
    fn forget(&mut self, bytes: usize) {
        let mut room = std::mem::replace(&mut self.lines, Text::over(Vec::new())).into_bytes();
        room.drain(..bytes);
        room.shrink_to(ROOM_BYTES_KEPT);
        self.lines = Text::with(room);
        self.written -= bytes;
    }

    /// Opens the file anew if it has been moved or removed. What was moved away is made durable where it is, and a
    /// line that was begun there begins again here; what was removed is written again as far as it is known.
    fn follow(&mut self) -> io::Result<()> {
        if self.outlet.presence() == Presence::There {
            return Ok(());
        }
        let is_lost = self.outlet.is_removed() || self.outlet.sync().is_err();
        if self.outlet.reopen()? == Reopened::Another {
            let done = self.lines.as_bytes().get(..self.written).unwrap_or_default();
            let whole = memchr::memrchr(b'\n', done).map_or(0, |at| at + 1);
            self.forget(if is_lost { 0 } else { whole });
            self.written = 0;
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
