//! The audit: one JSON line for each judged message, chained by hashes, written in groups.
//!
//! **Why.** Who did what, when, from where, and how it was decided, must be known later, and it must show
//! if somebody took a line out. What was hidden from the model is not told here either: a [`Record`]
//! holds no argument, result or token.
//!
//! **How.** A message pays for one line of text, a copy under a short lock, and rarely a wake-up:
//!
//! ```text
//! offer ─ line (no lock) ─► queue, 8 MiB ─┬─ every 3 ms, or half full ─► seal: seq, prev, SHA-256 ─► one write
//! offer ─ line ───────────►               └─ parked when idle            kept and retried on an error
//! ```
//!
//! **When it fails.** A full queue refuses the record, which is counted, and the caller refuses the
//! message: nothing is forwarded unaudited. A sink that fails keeps its lines queued; it is tried again
//! four times a second, and a file that was moved or removed is opened anew. [`Audit::is_healthy`] is
//! false from the first failure to the next success.
//!
//! **What it is not.** A chain shows that a line was changed or taken out between two others. Whoever
//! holds the whole file can write a new one; only a copy elsewhere shows that.
//!
//! Source: PCI DSS 4 10.2.2, NIST AU-3.

mod actor;
mod chain;
mod line;
mod queue;
mod sink;
mod text;
mod writer;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

use self::actor::Naming;
use self::line::Resource;
use self::queue::{Frame, Queue};
use self::text::Text;
use super::metrics::Metrics;
use crate::bounds::AUDIT_STOP_MAX;
use crate::gate::Record;
use crate::policy::{AuditLevel, Policy};

pub use self::actor::Actors;
pub use self::chain::{BrokenChain, ChainFault, Verified, verify_chain};
pub use self::queue::{Full, Unflushed};
pub use self::sink::{AuditSink, OpenFault};

/// What an audit needs to know at start.
#[derive(Debug)]
pub struct AuditSettings {
    /// Where lines go.
    pub sink: AuditSink,
    /// How callers are named.
    pub actors: Actors,
    /// Where this gate runs.
    pub place: Place,
}

/// Where this gate runs, as far as it has been told; the same in every line.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The Kubernetes namespace.
    pub namespace: Option<Box<str>>,
    /// The pod.
    pub pod: Option<Box<str>>,
    /// The port that clients connect to.
    pub port: Option<u16>,
}

/// The audit of this process: takes records from every thread, writes on its own.
///
/// Ends at [`Audit::close`], or when dropped, after what is queued has been written.
#[derive(Debug)]
pub struct Audit {
    queue: Arc<Queue>,
    naming: Naming,
    resource: Resource,
    /// 48 random bits, the same in every id of this process.
    boot: u64,
    counter: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

// One line is made in it at a time; it keeps its room from one record to the next.
thread_local! {
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Audit {
    /// Opens the sink, continues its chain, and writes `audit.start`.
    ///
    /// # Errors
    /// [`OpenFault`] when the sink cannot be written: the operator's, and nothing should be served then.
    pub fn open(settings: AuditSettings, metrics: &Metrics) -> Result<Self, OpenFault> {
        let meters = metrics.audit_meters(&settings.sink);
        let sink = settings.sink.open()?;
        let mut random = [0; 40];
        SystemRandom::new().fill(&mut random).map_err(|_| OpenFault::Random)?;
        let (key, boot) = random.split_at(32);
        let boot = boot.iter().take(6).fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let start = format!(
            "\"stage\":\"audit.start\",\"boot\":\"{boot:012x}\",\"version\":\"{}\",\"torn_bytes\":{}",
            env!("CARGO_PKG_VERSION"),
            sink.torn_bytes(),
        );
        let queue = Arc::new(Queue::new(meters));
        let thread = writer::start(Arc::clone(&queue), sink)?;
        let audit = Self {
            queue,
            naming: Naming::new(settings.actors, key),
            resource: Resource::new(&settings.place),
            boot,
            counter: AtomicU64::new(0),
            thread: Mutex::new(Some(thread)),
        };
        audit.tell(&start);
        Ok(audit)
    }

    /// Queues the line of one record.
    ///
    /// Nothing is queued where the record's policy wants no audit. Costs about a microsecond and no allocation; the lock is held for a copy of the line. Does no I/O.
    ///
    /// # Errors
    /// [`Full`] when the queue has no room: the record is lost and counted, and whoever holds an
    /// unforwarded message refuses it.
    pub fn offer(&self, record: &Record) -> Result<(), Full> {
        match record.policy.audit.level {
            AuditLevel::None => return Ok(()),
            AuditLevel::Facts | AuditLevel::Metadata => {}
        }
        let mut text = Text::over(LINE.take());
        line::write(&mut text, record, &self.naming, &self.resource);
        let frame = self.frame(record.unix_ms, text.as_bytes());
        let outcome = self.queue.push(&frame);
        LINE.set(text.into_bytes());
        outcome
    }

    /// Records that `current` is in force, in the place of `previous`; `None` at start.
    pub fn policy_swapped(&self, previous: Option<&Policy>, current: &Policy) {
        let mut text = Text::over(Vec::new());
        line::write_swap(&mut text, previous, current, &self.resource);
        self.queue.push_always(&self.frame(unix_ms(), text.as_bytes()));
    }

    /// Waits until all that was offered so far is written, and durable where the sink can tell.
    ///
    /// # Errors
    /// [`Unflushed`] when `patience` ends first; what is queued stays queued.
    pub fn flush(&self, patience: Duration) -> Result<(), Unflushed> {
        self.queue.flush(Instant::now() + patience)
    }

    /// Whether records are being taken and written; `false` from a failure to the next success.
    pub fn is_healthy(&self) -> bool {
        self.queue.is_healthy()
    }

    /// Writes `audit.stop` behind all that was offered, and ends the thread; within 1.5 s.
    ///
    /// What is offered afterwards is refused as [`Full`]. A second call does nothing.
    ///
    /// # Errors
    /// [`Unflushed`] when the sink did not take everything in time: those records are lost and counted.
    pub fn close(&self) -> Result<(), Unflushed> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        let deadline = Instant::now() + AUDIT_STOP_MAX;
        self.tell("\"stage\":\"audit.stop\"");
        let outcome = self.queue.stop(deadline);
        // A sink may block for ever, as a full pipe does: a thread in there is left to the end of the process.
        if outcome.is_ok() {
            let _ = thread.join();
        }
        outcome
    }

    fn tell(&self, body: &str) {
        self.queue.push_always(&self.frame(unix_ms(), body.as_bytes()));
    }

    fn frame<'a>(&self, unix_ms: u64, body: &'a [u8]) -> Frame<'a> {
        let count = self.counter.fetch_add(1, Ordering::Relaxed) & 0xFFFF_FFFF;
        let id = u128::from(unix_ms) << 80 | u128::from(self.boot) << 32 | u128::from(count);
        Frame { unix_ms, id, body }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        if let Err(lost) = self.close() {
            tracing::error!(records = lost.records, "audit ended with unwritten records");
        }
    }
}

impl AuditSink {
    /// Reads the value of `--audit`: `-` is the standard output, anything else a file.
    pub fn parse(text: &str) -> Self {
        if text == "-" { Self::Stdout } else { Self::File(PathBuf::from(text)) }
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
