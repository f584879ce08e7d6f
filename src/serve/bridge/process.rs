//! One child process: its pipes, and its end.
//!
//! A single task owns the process. It ends when the process exits, closes a pipe, is told to stop or
//! has idled too long, and leaves no zombie: input closed, then SIGTERM, then SIGKILL, each with its
//! deadline, and in the end the process is always reaped.

use std::future::pending;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep_until, timeout};

use super::calls::{Calls, Era, Route};
use super::frame::{self, Frame};
use super::lines::{Line, Lines};
use super::{Child, Times};
use crate::bounds::{BRIDGE_LINE_BYTES_MAX, BRIDGE_LINES_QUEUED_MAX, BRIDGE_STDERR_LINE_BYTES_MAX};
use crate::json::Document;

/// A running child, as those see it who talk to it.
#[derive(Debug)]
pub(super) struct Process {
    /// Who waits for what from it.
    pub calls: Calls,
    /// For whom it runs.
    pub owner: Box<str>,
    input: mpsc::Sender<Vec<u8>>,
    phase: watch::Sender<Phase>,
}

/// How far a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping,
    Gone,
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

impl Process {
    /// Starts a process and the task that owns it.
    ///
    /// # Errors
    /// What starting the program says: the operator's fault.
    pub(super) fn start(child: &Child, times: Times, era: Era, owner: &str) -> io::Result<Arc<Self>> {
        let mut process = Command::new(&child.program)
            .args(&child.arguments)
            .env_clear()
            .envs(super::inherited())
            .envs(child.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pipes = match (process.stdin.take(), process.stdout.take(), process.stderr.take()) {
            (Some(input), Some(output), Some(errors)) => (input, output, errors),
            _ => return Err(io::Error::other("a pipe is missing")),
        };
        let (input, lines) = mpsc::channel(BRIDGE_LINES_QUEUED_MAX);
        let this = Arc::new(Self {
            calls: Calls::new(era),
            owner: owner.into(),
            input,
            phase: watch::Sender::new(Phase::Running),
        });
        tokio::spawn(Arc::clone(&this).run(process, pipes, lines, times));
        Ok(this)
    }

    /// Queues one line for the child, waiting for room; the line feed is added here.
    pub(super) async fn send(&self, mut line: Vec<u8>) -> Result<(), Unsent> {
        self.calls.touch();
        line.push(b'\n');
        match timeout(STALL_WAIT, self.input.send(line)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Unsent::Gone),
            Err(_) => Err(Unsent::Full),
        }
    }

    /// Queues one line for the child if there is room at once.
    pub(super) fn send_now(&self, mut line: Vec<u8>) {
        line.push(b'\n');
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
        mut process: tokio::process::Child,
        (input, output, errors): (ChildStdin, ChildStdout, ChildStderr),
        lines: mpsc::Receiver<Vec<u8>>,
        times: Times,
    ) {
        let process_id = process.id();
        tracing::info!(process_id, "server started");
        let life = async {
            let mut output = Lines::new(output, BRIDGE_LINE_BYTES_MAX);
            let exit = tokio::select! {
                exit = process.wait() => Some(exit),
                () = write_lines(input, lines) => None,
                () = self.read_lines(&mut output) => None,
                () = self.stopping() => None,
                () = self.idling(times.idle) => None,
            };
            // A child that ends by itself is no longer to be talked to, either.
            self.stop();
            let exit = match exit {
                Some(exit) => exit,
                None => tokio::select! {
                    exit = end(&mut process, times.grace) => exit,
                    () = async { self.read_lines(&mut output).await; pending().await } => process.wait().await,
                },
            };
            let _ = timeout(DRAIN_WAIT, self.read_lines(&mut output)).await;
            exit
        };
        let exit = tokio::select! {
            exit = life => exit,
            exit = async { log_lines(errors).await; pending().await } => exit,
        };
        self.calls.end();
        match exit {
            Ok(status) => tracing::info!(process_id, %status, "server ended"),
            Err(fault) => tracing::error!(process_id, %fault, "server could not be waited for"),
        }
        self.phase.send_replace(Phase::Gone);
    }

    async fn stopping(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| *phase != Phase::Running).await;
    }

    async fn idling(&self, idle: Duration) {
        loop {
            let deadline = self.calls.idle_since().unwrap_or_else(tokio::time::Instant::now) + idle;
            sleep_until(deadline).await;
            if self.calls.idle_since().is_some_and(|since| since + idle <= tokio::time::Instant::now()) {
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
async fn write_lines(mut input: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if let Err(fault) = input.write_all(&line).await {
            tracing::warn!(%fault, "server closed its input");
            return;
        }
    }
}

/// Ends a process whose input has been closed, and reaps it.
async fn end(process: &mut tokio::process::Child, grace: Duration) -> io::Result<ExitStatus> {
    if let Ok(exit) = timeout(grace, process.wait()).await {
        return exit;
    }
    signal(process, Signal::TERM);
    if let Ok(exit) = timeout(grace, process.wait()).await {
        return exit;
    }
    signal(process, Signal::KILL);
    // A child that has moved to another group hears nothing of what its first group is sent.
    let _ = process.start_kill();
    process.wait().await
}

/// Sends a signal to the process group of a child, and so to what the child started, too.
///
/// Does nothing once the child has been reaped, for its number may by then be another's.
fn signal(process: &tokio::process::Child, signal: Signal) {
    let number = process.id().and_then(|process_id| i32::try_from(process_id).ok());
    let Some(group) = number.and_then(Pid::from_raw) else { return };
    if let Err(fault) = kill_process_group(group, signal) {
        tracing::debug!(?group, ?signal, %fault, "signal not sent");
    }
}

/// Writes what the child says on stderr to our log.
async fn log_lines(errors: ChildStderr) {
    let mut lines = Lines::new(errors, BRIDGE_STDERR_LINE_BYTES_MAX);
    while let Ok(Some(Line::Whole(line) | Line::Cut(line))) = lines.next().await {
        tracing::info!(target: "sluicegate::server", "{}", printable(line));
    }
}

/// Text that cannot forge a log line or steer a terminal.
pub(super) fn printable(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for character in String::from_utf8_lossy(line).chars() {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}') {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn signals_reach_what_the_child_started_too() {
        let deadline = Duration::from_secs(20);
        let mut process = Command::new("sh")
            .args(["-c", "sleep 60 & echo; exec sleep 60"])
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = process.stdout.take().unwrap();
        assert_eq!(output.read_u8().await.unwrap(), b'\n');
        signal(&process, Signal::TERM);
        // The grandchild holds the pipe open, too: it ends when both have ended.
        let end = timeout(deadline, output.read_to_end(&mut Vec::new())).await;
        assert_eq!(end.expect("both end in time").unwrap(), 0);
        assert_eq!(process.wait().await.unwrap().signal(), Some(Signal::TERM.as_raw()));
    }
}
