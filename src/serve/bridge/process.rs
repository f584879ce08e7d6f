//! One child process: its pipes, and its end.
//!
//! A single task owns the process. It ends when the process exits, closes a pipe, is told to stop or
//! has idled too long, and leaves no zombie and nothing of its group: input closed, then SIGTERM, then
//! SIGKILL, each with its deadline, and in the end the process is always reaped.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::calls::{Asker, Calls, Era, Route};
use super::frame::{self, Frame};
use super::restarts::Restarts;
use super::{Bridge, Times};
use crate::bounds::{BRIDGE_LINE_BYTES_MAX, BRIDGE_LINES_QUEUED_MAX, RESTART_STEADY};
use crate::json::Document;
use crate::serve::child::Started;
use crate::serve::child::ending::{end, exited, reap};
use crate::serve::child::lines::{Line, Lines};
use crate::serve::child::oneline::OneLine;
use crate::serve::child::scribe::Scribe;

/// A running child, as those see it who talk to it.
#[derive(Debug)]
pub(super) struct Process {
    /// Who waits for what from it.
    pub calls: Calls,
    /// For whom it runs.
    pub owner: Box<str>,
    /// No other child has or had it.
    pub number: u64,
    /// Whether its client has begun to speak with it.
    has_begun: AtomicBool,
    input: mpsc::Sender<OneLine>,
    phase: watch::Sender<Phase>,
}

/// How far a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping,
    Gone,
}

/// What the task that owns a child needs of the bridge.
struct Supplies {
    times: Times,
    scribe: Arc<Scribe>,
    restarts: Arc<Restarts>,
}

/// Whose will it was that a child ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Will {
    Its,
    Ours,
}

/// Why a line was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The child does not read, and `BRIDGE_LINES_QUEUED_MAX` lines have waited for `STALL_WAIT`.
    Full,
    /// The child has ended.
    Gone,
}

/// How long what an exited child wrote last is read: a grandchild may hold the pipe open.
const DRAIN_WAIT: Duration = Duration::from_millis(200);
/// How long a full queue may stay full, in either direction, before a message is given up.
const STALL_WAIT: Duration = Duration::from_secs(5);

static NUMBERS: AtomicU64 = AtomicU64::new(0);

impl Process {
    /// Starts a process and the task that owns it.
    ///
    /// # Errors
    /// What starting the program says: the operator's fault.
    pub(super) fn start(bridge: &Bridge, era: Era, owner: &str) -> io::Result<Arc<Self>> {
        let started = bridge.child.start()?;
        let (input, lines) = mpsc::channel(BRIDGE_LINES_QUEUED_MAX);
        let this = Arc::new(Self {
            calls: Calls::new(era),
            owner: owner.into(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            has_begun: AtomicBool::new(era == Era::Modern),
            input,
            phase: watch::Sender::new(Phase::Running),
        });
        let supplies = Supplies {
            times: bridge.times,
            scribe: Arc::clone(&bridge.scribe),
            restarts: Arc::clone(&bridge.restarts),
        };
        tokio::spawn(Arc::clone(&this).run(started, lines, supplies));
        Ok(this)
    }

    /// Queues one line for the child, waiting for room; the line feed is added here.
    pub(super) async fn send(&self, line: OneLine, asker: Asker) -> Result<(), Unsent> {
        if asker == Asker::Client {
            self.calls.touch();
        }
        match timeout(STALL_WAIT, self.input.send(line)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unsent::Gone),
            Err(_) => Err(Unsent::Full),
        }
    }

    /// Queues one line for the child if there is room at once.
    pub(super) fn send_now(&self, line: OneLine) {
        if self.input.try_send(line).is_err() {
            tracing::warn!("server does not read; a line to it was dropped");
        }
    }

    /// Begins to end the child. Returns at once.
    pub(super) fn stop(&self) {
        self.phase.send_if_modified(|phase| {
            let is_running = *phase == Phase::Running;
            if is_running {
                *phase = Phase::Stopping;
            }
            is_running
        });
    }

    /// Notes that its client has begun to speak with it.
    pub(super) fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// Whether it may be asked by somebody else than its client.
    pub(super) fn is_ready(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// Whether it may be talked to.
    pub(super) fn is_running(&self) -> bool {
        *self.phase.borrow() == Phase::Running
    }

    /// Whether its process has not been reaped yet.
    pub(super) fn is_there(&self) -> bool {
        *self.phase.borrow() != Phase::Gone
    }

    /// Waits until the process has been reaped.
    pub(super) async fn gone(&self) {
        // INVARIANT: the sender lives in `self`, so waiting cannot fail.
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Gone).await;
    }

    async fn run(
        self: Arc<Self>,
        started: Started,
        lines: mpsc::Receiver<OneLine>,
        Supplies { times, scribe, restarts }: Supplies,
    ) {
        let Started { mut process, input, output, errors } = started;
        let (process_id, began) = (process.id(), Instant::now());
        tracing::info!(process_id, "server started");
        let life = async {
            let mut output = Lines::new(output, BRIDGE_LINE_BYTES_MAX);
            let will = tokio::select! {
                _ = exited(&process) => Will::Its,
                () = write_lines(input, lines) => Will::Its,
                () = self.read_lines(&mut output) => Will::Its,
                () = self.stopping() => Will::Ours,
                () = self.idling(times.idle) => Will::Ours,
                () = self.proving(&restarts) => Will::Ours,
            };
            // Noted before anybody can ask for another child.
            if self.calls.era() == Era::Modern {
                restarts.renewed();
            }
            if will == Will::Its && began.elapsed() < RESTART_STEADY {
                restarts.ended_early(&self.owner, Instant::now());
            }
            // A child that ends by itself is no longer to be talked to, either.
            self.stop();
            tokio::select! {
                _ = end(&mut process, times.grace) => {}
                () = async { self.read_lines(&mut output).await; pending().await } => {}
            }
            let _ = timeout(DRAIN_WAIT, self.read_lines(&mut output)).await;
            reap(&mut process).await
        };
        let exit = tokio::select! {
            exit = life => exit,
            exit = async { scribe.write_down(errors).await; pending().await } => exit,
        };
        self.calls.end();
        match exit {
            Ok(status) => tracing::info!(process_id, %status, "server ended"),
            Err(fault) => tracing::error!(process_id, %fault, "server could not be waited for"),
        }
        self.phase.send_replace(Phase::Gone);
    }

    /// Waits until the child has lived long enough, and then for ever.
    async fn proving(&self, restarts: &Restarts) {
        sleep(RESTART_STEADY).await;
        restarts.is_steady(&self.owner);
        pending::<()>().await;
    }

    async fn stopping(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| *phase != Phase::Running).await;
    }

    async fn idling(&self, idle: Duration) {
        loop {
            let deadline = self.calls.idle_since().unwrap_or_else(Instant::now) + idle;
            sleep_until(deadline).await;
            if self.calls.idle_since().is_some_and(|since| since + idle <= Instant::now()) {
                tracing::info!("server idle for too long");
                return;
            }
        }
    }

    /// Reads messages until the pipe ends.
    async fn read_lines(&self, output: &mut Lines<ChildStdout>) {
        loop {
            match output.next().await {
                Ok(Some(Line::Whole(line))) if line.trim_ascii().is_empty() => {}
                Ok(Some(Line::Whole(line))) => self.read_line(line).await,
                Ok(Some(Line::Cut(ends))) => self.drop_line(ends, "it is too long"),
                Ok(None) => return,
                Err(fault) => {
                    tracing::warn!(%fault, "server output broke");
                    return;
                }
            }
        }
    }

    async fn read_line(&self, line: &[u8]) {
        let document = match Document::parse(line) {
            Ok(document) => document,
            Err(fault) => return self.drop_line(line, &fault.to_string()),
        };
        let Some(frame) = Frame::read(&document) else {
            return self.drop_line(line, "it is no JSON-RPC message");
        };
        let back = match self.calls.route(&frame) {
            Route::Done => None,
            Route::Drop(why) => {
                tracing::debug!(why, "message of the server dropped");
                None
            }
            Route::Refuse(back) => Some(back),
            Route::Send(stream, message, back) => match timeout(STALL_WAIT, stream.send(message)).await {
                Ok(Ok(())) => None,
                Ok(Err(_)) | Err(_) => back,
            },
        };
        if let Some(back) = back {
            self.send_now(back);
        }
    }

    fn drop_line(&self, line: &[u8], why: &str) {
        tracing::warn!(why, bytes = line.len(), "line of the server dropped");
        if let Some(number) = frame::presumed_answer(line) {
            self.calls.fail(number);
        }
    }
}

/// Writes lines until the pipe breaks.
async fn write_lines(mut input: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<OneLine>) {
    while let Some(line) = lines.recv().await {
        if let Err(fault) = input.write_all(line.as_bytes()).await {
            tracing::warn!(%fault, "server closed its input");
            return;
        }
    }
}
