//! `sluicegate stdio`: the gate between a desktop client and a local server, on pipes alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::log::{self, LogFormat};
use super::opening::{
    self, ActorOptions, AskOptions, Fault, NamingOptions, TrailOptions, TrialOptions, ViewerOptions, unable,
};
use super::reading::{self, ReaderOptions};
use super::registry::following::{self as registry, FollowOptions};
use super::sandbox::SandboxOptions;
use super::time;
use crate::bounds::{HELD_BYTES_MAX, PIPE_IN_FLIGHT_MAX};
use crate::report::{AuditSink, Decisions};
use crate::serve::sandbox::Standing;
use crate::serve::stdio::{Stdio, TokenSource};
use crate::serve::{
    Clock, Doorplate, Drain, House, Load, LogDial, Pairs, PinWatch, Queues, Seldom, Settings, Upstream, bind,
};
use crate::store::{Followers, Reach, Watch, fresh_seal_key};

/// Options of `stdio`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle: a directory of YAML files, watched for changes
    #[arg(long, value_name = "DIR")]
    policy: PathBuf,
    /// A file for audit records; by default they go to standard error
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    actors: ActorOptions,
    #[command(flatten)]
    trail: TrailOptions,
    #[command(flatten)]
    trial: TrialOptions,
    #[command(flatten)]
    naming: NamingOptions,
    #[command(flatten)]
    asking: AskOptions,
    #[command(flatten)]
    following: FollowOptions,
    #[command(flatten)]
    reading: ReaderOptions,
    /// A file with the key or token of the caller, read again when it is no longer accepted; by default
    /// the variable SLUICEGATE_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Where operators connect: a page at /, /status, /decisions, /metrics, /livez, /readyz, /startupz; by default
    /// nowhere
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    #[command(flatten)]
    viewers: ViewerOptions,
    /// How long calls in flight may go on after the client has closed our input
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time::parse)]
    drain_timeout: Duration,
    /// The form of log lines; by default text on a terminal and JSON elsewhere
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// A variable for the environment of COMMAND, as NAME=VALUE, or NAME to hand it on; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    #[command(flatten)]
    enclosure: SandboxOptions,
    /// The server, which speaks MCP over standard input and output
    #[arg(last = true, value_name = "COMMAND", required = true)]
    command: Vec<String>,
}

/// The variable that holds the caller's key or token. COMMAND does not inherit it.
const TOKEN_VARIABLE: &str = "SLUICEGATE_TOKEN";

/// How long an operator's connection may take to say what it wants.
const ADMIN_WAIT: Duration = Duration::from_secs(60);

/// Runs the gate until either side ends. The server's exit code is ours where it ended by itself.
pub fn run(options: &Options) -> ExitCode {
    let log_dial = log::start(options.log_format);
    crate::identity::install_crypto();
    match serve(options, log_dial) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            // The one line that a person who configured the client must see, whatever the log format.
            anstream::eprintln!("{fault}");
            fault.exit.into()
        }
    }
}

fn serve(options: &Options, log_dial: LogDial) -> Result<u8, Fault> {
    let metrics = opening::metrics(&options.naming, PIPE_IN_FLIGHT_MAX);
    let sink = options.audit.clone().map_or(AuditSink::Stderr, AuditSink::File);
    let audit = Arc::new(opening::audit(sink, &options.actors, &options.trail, &metrics)?);
    let clock = Clock::start();
    let keys = opening::keys(&options.asking, clock, &metrics)?;
    let passes = opening::passes(Reach::Pipes, &options.asking, &metrics);
    let reader = reading::reader(&options.reading, &metrics)?;
    let (leases, cells) = opening::cells(clock, &metrics);
    let followers = Followers {
        keys: Some(Arc::clone(&keys)),
        passes: Some(Arc::clone(&passes)),
        cells: Some(Arc::clone(&cells)),
        literacy: reading::literacy(reader.as_ref()),
    };
    let mode = options.trial.mode();
    let following = registry::following(&options.following, &options.asking, &options.policy, &metrics)?;
    let rows = following.as_ref().map(|following| Arc::clone(&following.registry));
    let live = Arc::new(opening::policy(&options.policy, rows, (mode, followers), &metrics, &audit)?);
    let standing = following.as_ref().map(|following| Arc::clone(&following.standing));
    let _follower = following.map(|following| following.follow(&live)).transpose()?;
    let _watch = Watch::start(Arc::clone(&live)).map_err(unable)?;
    let mut child = opening::child(&options.command, &options.env)?;
    let server = options.enclosure.enclose(&mut child, &live, (&metrics, &audit))?;
    let admin = options.admin.map(bind).transpose().map_err(unable)?.map(|(listener, _)| listener);
    let (candidate, _trial) = opening::candidate(&options.trial);
    let house = House {
        gate: opening::gate(fresh_seal_key(), candidate, leases, &metrics),
        live,
        keys,
        cells,
        registry: standing,
        introspector: opening::introspector(&options.asking, clock),
        upstream: Upstream::piped(passes),
        load: Load::new(PIPE_IN_FLIGHT_MAX, HELD_BYTES_MAX),
        audit: Arc::clone(&audit),
        stages: metrics.stages(),
        tracer: opening::tracer(&metrics),
        metrics,
        decisions: Decisions::new(clock.now().unix_ms),
        drain: Drain::new(options.drain_timeout),
        clock,
        queues: Queues::default(),
        pins: PinWatch::default(),
        pairs: Pairs::default(),
        reader,
        seal: None,
        tls: None,
        log_dial,
        refusals: Seldom::default(),
        settings: settings(options, Standing { server, gate: None }),
    };
    let house = Arc::new(house);
    let stdio = Stdio {
        house: Arc::clone(&house),
        child,
        token: token(options),
        patience: options.drain_timeout,
        admin,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    let ended = runtime.block_on(stdio.run());
    // A thread may still wait for the client's next line, and would for ever.
    runtime.shutdown_background();
    if let Err(unflushed) = audit.close() {
        tracing::error!(%unflushed, "audit records were lost");
    }
    house.tracer.close();
    ended.map_err(unable)
}

/// What the operators' connections are held to; there are no others.
fn settings(options: &Options, sandboxes: Standing) -> Settings {
    Settings {
        plate: Doorplate { path: "/mcp".into(), is_loopback: true, ..Doorplate::default() },
        header_wait: ADMIN_WAIT,
        body_wait: ADMIN_WAIT,
        heartbeat: ADMIN_WAIT,
        listening: None,
        viewers: options.viewers.viewers(),
        sandboxes,
    }
}

fn token(options: &Options) -> TokenSource {
    match (&options.token_file, std::env::var(TOKEN_VARIABLE)) {
        (Some(path), _) => TokenSource::File(path.clone()),
        (None, Ok(token)) if !token.is_empty() => TokenSource::Given(token),
        (None, Ok(_) | Err(_)) => TokenSource::Absent,
    }
}
