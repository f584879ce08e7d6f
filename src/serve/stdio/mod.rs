//! The gate between a desktop client and a local server, on pipes alone.
//!
//! ```text
//!   client -- stdin --> Lines -> hear -> OneLine --> [ server ] -- Lines -> said -> OneLine -- stdout --> client
//!                                |  refusals -----------------------------------------------^
//!                                |  audit, metrics                    stderr -- Scribe -- log (stderr)
//! ```
//!
//! Every line is judged by the same gate as a request over HTTP (`pipe`), and every request has its
//! ticket until it is answered (`flights`). One task does it all: it takes no line in before what the
//! last one caused has gone out, so nothing piles up, and it always reads the server while the server
//! does not read, so nothing locks.
//!
//! **How it ends.** The client's end of input closes the server's; what is in flight may be answered,
//! then the server is asked, told and made to end. The server's own end is ours, with its exit code. A
//! signal is an end of input without patience; it is heard when the line at hand is judged, which takes
//! as long as the policy lets its prose be read. **What it is not.** No network: a socket is opened for
//! operators only where one is asked for.

mod ends;
mod flights;
mod lists;
mod outlet;
mod pipe;
mod said;
mod token;

use std::io;
use std::net::TcpListener;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{ChildStdin, ChildStdout};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::admin;
use super::child::ending::{end, exited, reap};
use super::child::lines::Lines;
use super::child::scribe::Scribe;
use super::child::{Child, Started};
use super::house::House;
use super::probe;
use crate::bounds::{
    BREAKER_PROBE_PAUSE, LINE_BYTES_MAX, PIN_LOOK_PAUSE, PIPE_DRAIN_WAIT, PIPE_GRACE, SWEEP_PAUSE,
};
use crate::gate::Denial;
use outlet::Outlet;
use pipe::{Pipe, Words};
use said::Said;
use token::Token;
pub use token::{TokenFault, TokenSource};

/// What `sluicegate stdio` runs.
pub struct Stdio {
    /// The judge, the policy and the books.
    pub house: Arc<House>,
    /// The server.
    pub child: Child,
    /// Who the client is.
    pub token: TokenSource,
    /// How long what is in flight may take after the client's last word.
    pub patience: Duration,
    /// Where operators look, if they want to.
    pub admin: Option<TcpListener>,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum StdioFault {
    /// The policy does not let this caller in.
    #[error("the policy does not let this client in: {0}")]
    Caller(String),
    /// The machine's refusal.
    #[error("cannot run on standard input and output: {0}")]
    System(#[from] io::Error),
    /// The server cannot be started.
    #[error("cannot start `{program}`: {cause}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        cause: io::Error,
    },
    /// No credential.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

/// Who wanted the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Will {
    /// The client, or a signal.
    Ours,
    /// The server.
    Its,
}

impl Stdio {
    /// Serves until either side ends; the server's exit code, or 0 where it was ended for the client.
    ///
    /// # Errors
    /// [`StdioFault`]: nothing has been said to anybody yet.
    pub async fn run(self) -> Result<u8, StdioFault> {
        let Self { house, child, token, patience, admin } = self;
        let mut chores = JoinSet::new();
        chores.spawn(Arc::clone(&house.keys).run());
        let cells = Arc::clone(&house.cells);
        chores.spawn(async move { cells.run().await });
        let pipe = Pipe::open(Arc::clone(&house), Token::read(token)?).await;
        let pipe = pipe.map_err(|denial| caller_fault(&denial))?;
        if let Some(listener) = admin {
            tracing::info!(address = %listener.local_addr()?, "operators are served");
            tokio::spawn(admin::serve(Arc::clone(&house), tokio::net::TcpListener::from_std(listener)?));
        }
        let signals = Signals::watch()?;
        house.drain.begin();
        let scribe = Scribe::new(&child.environment, Some(Arc::clone(&house.live)));
        let started = child.start().map_err(|cause| StdioFault::Start {
            program: child.program.to_string_lossy().into_owned(),
            cause,
        })?;
        tracing::info!(process_id = started.process.id(), "server started");
        let Started { process, input, output, errors } = started;
        let scribbling = tokio::spawn(async move { scribe.write_down(errors).await });
        let run = Run {
            pipe,
            client: Outlet::new(tokio::io::stdout()),
            server: Some(Outlet::new(input)),
            output: Lines::new(output, LINE_BYTES_MAX),
            said: None,
            signals,
            house: Arc::clone(&house),
        };
        let (will, status) = run.live(process, patience).await?;
        // What the server said last is of use only if it is written down.
        let _ = timeout(PIPE_DRAIN_WAIT, scribbling).await;
        tracing::info!(%status, "server ended");
        Ok(if will == Will::Its { code(status) } else { 0 })
    }
}

/// Words for the person who configured the client.
fn caller_fault(denial: &Denial) -> StdioFault {
    let detail = denial.detail().unwrap_or_else(|| denial.words("this server").text);
    StdioFault::Caller(format!(
        "{detail}; set SLUICEGATE_TOKEN or --token-file to a key or token that it knows, or let anonymous callers in"
    ))
}

/// As a shell tells it.
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Everything that the one task holds.
struct Run {
    pipe: Pipe,
    client: Outlet<tokio::io::Stdout>,
    /// `None` once the client has said its last word.
    server: Option<Outlet<ChildStdin>>,
    output: Lines<ChildStdout>,
    /// The line of the server that is being judged.
    said: Option<Said>,
    signals: Signals,
    house: Arc<House>,
}

impl Run {
    async fn live(
        mut self,
        mut process: tokio::process::Child,
        patience: Duration,
    ) -> Result<(Will, ExitStatus), StdioFault> {
        let will = {
            let exit = std::pin::pin!(exited(&process));
            tokio::select! {
                _ = exit => Will::Its,
                will = self.serve(patience) => will,
            }
        };
        self.server = None;
        tokio::select! {
            _ = end(&mut process, PIPE_GRACE) => {}
            () = self.relay() => {}
        }
        // A process in the group may hold the pipe open for ever.
        let _ = timeout(PIPE_DRAIN_WAIT, self.relay_to_end()).await;
        self.judge().await;
        let status = reap(&mut process).await?;
        let mut words = Words::default();
        self.pipe.lost(&mut words);
        self.take(&words);
        // A client that does not read has gone.
        let _ = timeout(PIPE_GRACE, self.client.flush()).await;
        Ok((will, status))
    }

    /// Carries lines both ways until somebody wants the end.
    async fn serve(&mut self, patience: Duration) -> Will {
        let mut input = Lines::new(tokio::io::stdin(), LINE_BYTES_MAX);
        let mut ticks = interval(SWEEP_PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut probes = interval(BREAKER_PROBE_PAUSE);
        probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = interval(PIN_LOOK_PAUSE);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // When to give up what is still in flight after the client's last word.
        let mut last_call: Option<Instant> = None;
        loop {
            let is_held = self.pipe.holds_calls();
            if last_call.is_some() && !is_held && self.server.as_ref().is_none_or(Outlet::is_clear) {
                self.server = None;
                if self.pipe.is_idle() && self.client.is_clear() {
                    return Will::Ours;
                }
            }
            let mut words = Words::default();
            let is_clear = self.client.is_clear();
            let may_hear =
                last_call.is_none() && is_clear && self.server.as_ref().is_some_and(Outlet::is_clear);
            let (due, list_due) = (self.pipe.flights.deadline(), self.pipe.lists_due());
            tokio::select! {
                biased;
                heard = self.signals.next() => match heard {
                    Heard::End => return Will::Ours,
                    Heard::Reload => self.reload(),
                },
                wrote = self.client.write(), if !is_clear => if let Err(fault) = wrote {
                    tracing::info!(%fault, "the client closed our output");
                    return Will::Ours;
                },
                wrote = write(&mut self.server) => if let Err(fault) = wrote {
                    tracing::info!(%fault, "the server closed its input");
                    return Will::Its;
                },
                line = self.output.next(), if is_clear => match line {
                    Ok(Some(line)) => {
                        self.said = Some(line.into());
                        self.judge().await;
                    }
                    Ok(None) | Err(_) => return Will::Its,
                },
                line = input.next(), if may_hear => match line {
                    Ok(Some(line)) => {
                        self.pipe.inquire().await;
                        self.pipe.hear(&line, &mut words);
                    }
                    Ok(None) | Err(_) => last_call = Some(Instant::now() + patience),
                },
                id = overdue(due) => self.pipe.give_up(&id, &mut words),
                () = reached(list_due) => self.pipe.give_up_list(&mut words),
                () = reached(last_call) => return Will::Ours,
                _ = ticks.tick() => self.house.gate.ledger().sweep(self.house.clock.now()),
                _ = looks.tick(), if last_call.is_none() => self.pipe.look(&mut words),
                _ = probes.tick() => probe::ask(Arc::clone(&self.house)).await,
            }
            self.take(&words);
        }
    }

    /// Judges the line at hand, if there is one. It stays at hand until that is done, for whoever waits for it to be
    /// read may be dropped.
    async fn judge(&mut self) {
        let mut words = Words::default();
        if let Some(said) = &self.said {
            self.pipe.said(said, &mut words).await;
        }
        self.said = None;
        self.take(&words);
    }

    fn take(&mut self, words: &Words) {
        words.client.iter().for_each(|line| self.client.queue(line));
        if let Some(server) = &mut self.server {
            words.server.iter().for_each(|line| server.queue(line));
        }
    }

    /// Hands over what the server still says, until it is asked to stop by being dropped.
    async fn relay(&mut self) {
        self.relay_to_end().await;
        std::future::pending::<()>().await;
    }

    async fn relay_to_end(&mut self) {
        self.judge().await;
        loop {
            let is_clear = self.client.is_clear();
            tokio::select! {
                wrote = self.client.write(), if !is_clear => if wrote.is_err() {
                    return;
                },
                line = self.output.next(), if is_clear => match line {
                    Ok(Some(line)) => {
                        self.said = Some(line.into());
                        self.judge().await;
                    }
                    Ok(None) | Err(_) => return,
                },
            }
        }
    }

    fn reload(&self) {
        let live = Arc::clone(&self.house.live);
        // What came of it is told to whoever opened the policy.
        tokio::task::spawn_blocking(move || live.reload());
    }
}

/// Writes what waits for the server; never ends when nothing does.
async fn write(server: &mut Option<Outlet<ChildStdin>>) -> io::Result<()> {
    match server {
        Some(outlet) if !outlet.is_clear() => outlet.write().await,
        Some(_) | None => std::future::pending().await,
    }
}

async fn overdue<T>(due: Option<(Instant, T)>) -> T {
    match due {
        Some((at, what)) => {
            sleep_until(at).await;
            what
        }
        None => std::future::pending().await,
    }
}

async fn reached(at: Option<Instant>) {
    overdue(at.map(|at| (at, ()))).await;
}

/// What the system asks of us.
enum Heard {
    End,
    Reload,
}

struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.hangup.recv() => Heard::Reload,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.terminate.recv() => Heard::End,
        }
    }
}
