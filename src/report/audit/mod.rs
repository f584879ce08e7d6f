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
//! **When it fails.** A full queue refuses the record, which is counted; a sink that fails keeps its lines
//! queued, is tried again four times a second, and a file that was moved or removed is opened anew.
//! [`Audit::is_healthy`] is false from the first failure to the next success. What that means to a message is
//! its [`Durability`]: `best_effort` goes on, `buffered` is refused, and `strict` is forwarded only after
//! a record of its own, [`Audit::admit`], is on the disk. Nothing waits longer than a quarter of a second.
//!
//! **What it is not.** A chain shows that a line was changed or taken out between two others. Whoever
//! holds the whole file can write a new one; a signed [`checkpoint`] that is kept elsewhere shows that.
//!
//! Source: PCI DSS 4 10.2.2, NIST AU-3.

mod actor;
mod chain;
mod checkpoint;
mod egress;
mod faults;
mod files;
mod frame;
mod lifecycle;
mod line;
mod queue;
mod sink;
mod text;
mod unlisted;
mod verify;
mod version;
mod writer;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

use self::actor::Naming;
use self::checkpoint::Signer;
use self::egress::Repeats;
use self::frame::Frame;
use self::line::Resource;
use self::queue::{Position, Queue};
use self::text::Text;
use super::metrics::Metrics;
use crate::bounds::{AUDIT_STOP_MAX, AUDIT_STRICT_WAIT};
use crate::gate::Record;
use crate::identity::Caller;
use crate::policy::{AuditLevel, Durability, Policy};

pub use self::actor::{Actors, Alias};
pub use self::checkpoint::{Checkpoint, CheckpointKey};
pub use self::egress::{EgressReason, RefusedEgress};
pub use self::faults::{BrokenChain, ChainFault, MissingCheckpoint};
pub use self::files::trail;
pub use self::lifecycle::{Access, AccessOutcome, AdminAction};
pub use self::queue::{Full, Unflushed};
pub use self::sink::{AuditSink, OpenFault, Rotation, WhenFull};
pub use self::verify::{Verified, Verifier, verify_chain};

/// What an audit needs to know at start.
#[derive(Debug)]
pub struct AuditSettings {
    /// Where lines go.
    pub sink: AuditSink,
    /// When a file is put aside.
    pub rotation: Rotation,
    /// The private key of Ed25519 that signs checkpoints; `None` for none.
    pub signing_key: Option<PathBuf>,
    /// How callers are named.
    pub actors: Actors,
    /// Where this gate runs.
    pub place: Place,
}

impl AuditSettings {
    /// One file for ever, or a stream, without checkpoints and of no place.
    pub fn new(sink: AuditSink, actors: Actors) -> Self {
        Self { sink, rotation: Rotation::default(), signing_key: None, actors, place: Place::default() }
    }
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
    names: Arc<Names>,
    /// Lines go to a file on a disk.
    is_on_disk: bool,
    sink: AuditSink,
    repeats: Mutex<Repeats>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How an audit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditStanding {
    /// Where records go.
    pub sink: AuditSink,
    /// Whether records are being taken and written.
    pub is_healthy: bool,
    /// Whether the sink can tell that a record is durable.
    pub is_on_disk: bool,
    /// Records that wait to be written.
    pub records: u64,
    /// Bytes that wait to be written.
    pub bytes: usize,
    /// When records were last written, in seconds since 1970; 0 if never.
    pub written_unix_s: i64,
    /// Records that were lost for good.
    pub dropped: u64,
}

/// What makes the ids of records: 48 random bits of this process, and a number.
#[derive(Debug)]
struct Names {
    boot: u64,
    counter: AtomicU64,
}

/// A record that is durable, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted(pub u128);

/// A record cannot be made durable in time: nothing may be forwarded that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit is not durable in time")]
pub struct NotDurable;

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
        let named = settings.sink.clone();
        let sink = settings.sink.open(&settings.rotation)?;
        let mut random = [0; 40];
        SystemRandom::new().fill(&mut random).map_err(|_| OpenFault::Random)?;
        let (key, boot) = random.split_at(32);
        let boot = boot.iter().take(6).fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let signer = match settings.signing_key {
            Some(path) => {
                let read = Signer::read(&path, boot);
                Some(read.map_err(|reason| OpenFault::Key { path, reason })?)
            }
            None => None,
        };
        let start = format!(
            "\"stage\":\"audit.start\",\"boot\":\"{boot:012x}\",\"version\":\"{}\",\"torn_bytes\":{}",
            env!("CARGO_PKG_VERSION"),
            sink.torn_bytes(),
        );
        let is_on_disk = sink.knows_syncs();
        let queue = Arc::new(Queue::new(meters));
        let names = Arc::new(Names { boot, counter: AtomicU64::new(0) });
        let thread = writer::start(Arc::clone(&queue), sink, signer, Arc::clone(&names))?;
        let audit = Self {
            queue,
            naming: Naming::new(settings.actors, key),
            resource: Resource::new(&settings.place),
            names,
            is_on_disk,
            sink: named,
            repeats: Mutex::default(),
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
        let frame = self.names.frame(record.unix_ms, text.as_bytes());
        let outcome = self.queue.push(&frame);
        LINE.set(text.into_bytes());
        outcome
    }

    /// Writes down that a message is about to be forwarded, and waits until that is durable; `AUDIT_STRICT_WAIT`
    /// at most, and not at all where the sink is failing. Costs a sync of the disk, which all that wait share.
    ///
    /// # Errors
    /// [`NotDurable`]: the message is to be refused. The record may become durable later nevertheless: the trail
    /// tells of too much rather than of too little.
    pub async fn admit(&self, record: &Record) -> Result<Admitted, NotDurable> {
        let (id, position) = self.announce(record)?;
        let durable = tokio::time::timeout(AUDIT_STRICT_WAIT, self.queue.is_durable(position)).await;
        if durable == Ok(true) { Ok(Admitted(id)) } else { Err(NotDurable) }
    }

    /// [`Audit::admit`] for a thread that may wait.
    ///
    /// # Errors
    /// See there.
    pub fn admit_blocking(&self, record: &Record) -> Result<Admitted, NotDurable> {
        let (id, _) = self.announce(record)?;
        self.flush(AUDIT_STRICT_WAIT).map_err(|_| NotDurable)?;
        Ok(Admitted(id))
    }

    fn announce(&self, record: &Record) -> Result<(u128, Position), NotDurable> {
        if !self.is_healthy() {
            return Err(NotDurable);
        }
        let mut text = Text::over(LINE.take());
        line::write_admit(&mut text, record, &self.naming, &self.resource);
        let frame = self.names.frame(record.unix_ms, text.as_bytes());
        let (id, position) = (frame.id, self.queue.push_awaited(&frame));
        LINE.set(text.into_bytes());
        Ok((id, position.map_err(|_| NotDurable)?))
    }

    /// Records that `current` is in force, in the place of `previous`; `None` at start. Warns where it asks for more
    /// than the sink can promise.
    pub fn policy_swapped(&self, previous: Option<&Policy>, current: &Policy) {
        if !self.is_on_disk && current.audit.durability.surest() == Durability::Strict {
            tracing::warn!(
                "the policy has an audit of `durability: strict`, which a stream cannot promise: name a file with --audit"
            );
        }
        let mut text = Text::over(Vec::new());
        line::write_swap(&mut text, previous, current, &self.resource);
        self.queue.push_always(&self.names.frame(unix_ms(), text.as_bytes()));
    }

    /// Waits until all that was offered so far is written, and durable where the sink can tell.
    ///
    /// # Errors
    /// [`Unflushed`] when `patience` ends first; what is queued stays queued.
    pub fn flush(&self, patience: Duration) -> Result<(), Unflushed> {
        self.queue.flush(Instant::now() + patience)
    }

    /// Whether the sink has taken anything yet.
    pub fn has_begun(&self) -> bool {
        self.queue.has_written()
    }

    /// Whether records are being taken and written; `false` from a failure to the next success.
    pub fn is_healthy(&self) -> bool {
        self.queue.is_healthy()
    }

    /// What operators see `caller` called; [`Alias::Unknown`] for nobody.
    pub fn alias<'c>(&self, caller: Option<&'c Caller>) -> Alias<'c> {
        caller.map_or(Alias::Unknown, |caller| self.naming.alias(caller))
    }

    /// How it stands.
    pub fn standing(&self) -> AuditStanding {
        let (records, bytes) = self.queue.waiting();
        AuditStanding {
            sink: self.sink.clone(),
            is_healthy: self.is_healthy(),
            is_on_disk: self.is_on_disk,
            records,
            bytes,
            written_unix_s: self.queue.meters.written_unix_s(),
            dropped: self.queue.meters.dropped.get(),
        }
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
        self.end_egress();
        self.tell("\"stage\":\"audit.stop\"");
        let outcome = self.queue.stop(deadline);
        // A sink may block for ever, as a full pipe does: a thread in there is left to the end of the process.
        if outcome.is_ok() {
            let _ = thread.join();
        }
        outcome
    }

    fn tell(&self, body: &str) {
        self.queue.push_always(&self.names.frame(unix_ms(), body.as_bytes()));
    }
}

impl Names {
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
