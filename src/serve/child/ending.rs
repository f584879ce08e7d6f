//! How a process ends: asked, told, made to; and always reaped, with all that it started.
//!
//! A process that has exited keeps its number until it is reaped, and its number is that of its group.
//! So the group is signalled first and reaped afterwards: no signal ever goes to a stranger.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::Child;
use tokio::signal::unix::SignalKind;
use tokio::time::timeout;

/// Waits until the process has exited, and leaves it to be reaped.
///
/// # Errors
/// What the system says; nothing but a fault of ours, such as a process that was reaped before.
pub(in crate::serve) async fn exited(process: &Child) -> io::Result<()> {
    // Listened for before the first look, so that no exit falls in between.
    let mut changes = tokio::signal::unix::signal(SignalKind::child())?;
    let Some(number) = number(process) else { return Ok(()) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while waitid(WaitId::Pid(number), options)?.is_none() {
        changes.recv().await;
    }
    Ok(())
}

/// How long a child that is out of its first group, as the launcher of a sandbox is, may take to clear up when all
/// in that group has been killed.
const CLEARING_WAIT: Duration = Duration::from_secs(3);

/// Ends a process whose input has been closed: waits, then SIGTERM, then SIGKILL, each after `grace`.
///
/// # Errors
/// As [`exited`].
pub(in crate::serve) async fn end(process: &mut Child, grace: Duration) -> io::Result<()> {
    for wanted in [Signal::TERM, Signal::KILL] {
        if let Ok(exit) = timeout(grace, exited(process)).await {
            return exit;
        }
        signal(process, wanted);
    }
    if let Ok(exit) = timeout(CLEARING_WAIT, exited(process)).await {
        return exit;
    }
    // A child that has moved to another group hears nothing of what its first group is sent.
    let _ = process.start_kill();
    exited(process).await
}

/// Kills what is left of the group of a process that has exited, and reaps the process.
///
/// # Errors
/// As [`exited`].
pub(in crate::serve) async fn reap(process: &mut Child) -> io::Result<ExitStatus> {
    signal(process, Signal::KILL);
    process.wait().await
}

/// Sends a signal to the process group of a child, and so to what the child started, too.
///
/// Does nothing once the child has been reaped, for its number may by then be another's.
fn signal(process: &Child, signal: Signal) {
    let Some(group) = number(process) else { return };
    if let Err(fault) = kill_process_group(group, signal) {
        tracing::debug!(?group, ?signal, %fault, "signal not sent");
    }
}

fn number(process: &Child) -> Option<Pid> {
    process.id().and_then(|process_id| i32::try_from(process_id).ok()).and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
    use tokio::process::{ChildStdout, Command};

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    /// A shell that has said `ready`.
    async fn shell(script: &str) -> (Child, BufReader<ChildStdout>) {
        let mut process = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).await.unwrap();
        assert_eq!(line, "ready\n");
        (process, output)
    }

    #[tokio::test]
    async fn signals_reach_what_the_child_started_too() {
        let (process, mut output) = shell("sleep 60 & echo ready; exec sleep 60").await;
        signal(&process, Signal::TERM);
        // The grandchild holds the pipe open, too: it ends when both have ended.
        let end = timeout(DEADLINE, output.read_to_end(&mut Vec::new())).await;
        assert_eq!(end.expect("both end in time").unwrap(), 0);
        let mut process = process;
        assert_eq!(process.wait().await.unwrap().signal(), Some(Signal::TERM.as_raw()));
    }

    #[tokio::test]
    async fn leaves_nothing_of_a_group_whose_first_process_has_gone() {
        let (mut process, mut output) = shell("sleep 60 & echo ready; exit 3").await;
        timeout(DEADLINE, exited(&process)).await.expect("it exits").unwrap();
        assert!(process.id().is_some(), "it waits to be reaped");
        assert_eq!(reap(&mut process).await.unwrap().code(), Some(3));
        let end = timeout(DEADLINE, output.read_to_end(&mut Vec::new())).await;
        assert_eq!(end.expect("the grandchild was killed").unwrap(), 0);
    }

    #[tokio::test]
    async fn kills_what_ignores_both_its_input_and_sigterm() {
        let (mut process, _output) = shell("trap '' TERM; echo ready; while :; do sleep 60; done").await;
        drop(process.stdin.take());
        timeout(DEADLINE, end(&mut process, Duration::from_millis(50))).await.expect("killed").unwrap();
        assert_eq!(reap(&mut process).await.unwrap().signal(), Some(Signal::KILL.as_raw()));
    }
}
