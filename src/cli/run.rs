//! `sluicegate run`: the gate in front of a server.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::log::{self, LogFormat};
use super::opening::{
    self, ActorOptions, AskOptions, Fault, NamingOptions, TrailOptions, TrialOptions, ViewerOptions, unable,
};
use super::own::{Own, OwnOptions};
use super::reading::{self, ReaderOptions};
use super::registry::following::{self as registry, FollowOptions, Follower};
use super::sandbox::SandboxOptions;
use super::{Exit, time};
use crate::bounds::{HELD_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX, THREADS_USUAL_MAX};
use crate::report::{Audit, AuditSink, Decisions, Enclosed, Metrics};
use crate::serve::bridge::Bridge;
use crate::serve::sandbox::{Held, Standing};
use crate::serve::{
    Chassis, ClientAuth, Clock, Destinations, Doorplate, Drain, House, Listen, Listening, Load, LogDial,
    Pairs, PinWatch, Queues, Seldom, Settings, Target, Tls, TlsFiles, Transports, Upstream,
};
use crate::store::{Followers, Live, Passes, Reach, SealFile, Watch, fresh_seal_key};

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where MCP clients connect. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15801")]
    pub(super) listen: SocketAddr,
    /// Where in it the endpoint is
    #[arg(long, value_name = "PATH", default_value = "/mcp", value_parser = path)]
    path: Box<str>,
    #[arg(
        long,
        conflicts_with = "command",
        help = "Take connections that `sluicegate redirect` brings to --listen, such as [::]:15001, and close those that \
                were going to another port than the server's"
    )]
    original_destination: bool,
    /// The server: http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:SOCKET[:/PATH]
    #[arg(
        long,
        value_name = "URL",
        value_parser = Target::parse,
        required_unless_present_any = ["command", "upstream_sse"],
        conflicts_with = "command"
    )]
    pub(super) upstream: Option<Target>,
    /// Where the same server speaks HTTP+SSE of 2024-11-05, such as http://127.0.0.1:3001/sse: its clients connect
    /// at /sse. Beside --upstream, or alone
    #[arg(long, value_name = "URL", value_parser = Target::parse, conflicts_with = "command")]
    pub(super) upstream_sse: Option<Target>,
    /// The policy bundle: a directory of YAML files, watched for changes
    #[arg(long, value_name = "DIR")]
    pub(super) policy: PathBuf,
    /// Where operators connect: a page at /, /status, /decisions, /metrics, /livez, /readyz, /startupz; from this
    /// machine or pod also POST /drain, POST /-/reload and PUT /log-level
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15820")]
    pub(super) admin: SocketAddr,
    #[command(flatten)]
    following: FollowOptions,
    #[command(flatten)]
    viewers: ViewerOptions,
    /// Where audit records go: a file, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(super) audit: String,
    #[command(flatten)]
    pub(super) actors: ActorOptions,
    #[command(flatten)]
    pub(super) trail: TrailOptions,
    #[command(flatten)]
    pub(super) trial: TrialOptions,
    #[command(flatten)]
    naming: NamingOptions,
    #[command(flatten)]
    pub(super) asking: AskOptions,
    #[command(flatten)]
    pub(super) reading: ReaderOptions,
    /// A file whose bytes (32 or more) key the seal of session ids, tasks and cursors; share it between
    /// replicas. Looked at again every 10 seconds; made at start if not given
    #[arg(long, value_name = "FILE")]
    pub(super) seal_key: Option<PathBuf>,
    /// The certificate chain (PEM) to serve TLS with
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// Authorities (PEM) that vouch for client certificates, beside those of the policy
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_client_ca: Option<PathBuf>,
    /// Whether there is a connection without a client certificate
    #[arg(long, value_enum, value_name = "WHETHER", default_value = "optional", requires = "tls_cert")]
    tls_client_auth: ClientAuthWord,
    /// A host name that clients call the gate by; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<Box<str>>,
    #[arg(
        long,
        value_name = "ORIGIN",
        help = "A web origin that may call, such as https://app.example.com; may be repeated"
    )]
    origin: Vec<Box<str>>,
    /// Threads that serve; by default one for each core, and two at most
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// How long the head of a request may take, and the first byte of a connection
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    header_timeout: Duration,
    /// How long the body of a request may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time::parse)]
    body_timeout: Duration,
    /// How long open exchanges and streams may go on after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time::parse)]
    drain_timeout: Duration,
    /// How long a stream may be silent before the gate sends a comment
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time::parse)]
    heartbeat: Duration,
    /// Requests in hand at once; beyond it new ones get 503 before they are read
    #[arg(long, value_name = "NUMBER", default_value_t = REQUESTS_IN_FLIGHT_MAX)]
    max_requests: usize,
    /// MiB of request bodies held at once; beyond it new ones get 503
    #[arg(long, value_name = "MIB", default_value_t = HELD_BYTES_MAX >> 20)]
    max_held: usize,
    /// The form of log lines; by default text on a terminal and JSON elsewhere
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// A variable for the environment of COMMAND, as NAME=VALUE, or NAME to hand it on; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "command")]
    env: Vec<String>,
    #[command(flatten)]
    pub(super) own: OwnOptions,
    #[command(flatten)]
    enclosure: SandboxOptions,
    /// A server that speaks MCP over standard input and output, started by the gate
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Whether clients must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ClientAuthWord {
    Optional,
    Required,
}

/// Runs the gate until it is told to stop.
pub fn run(options: &Options) -> Exit {
    let log_dial = log::start(options.log_format);
    crate::identity::install_crypto();
    // Before anything is started: what is given up is given up by this thread, for those that it starts.
    let opened = Own::begin(options).and_then(|own| {
        let opened = open(options, log_dial, own.as_ref().map(|own| own.held.clone()))?;
        own.map_or(Ok(()), |own| own.end())?;
        Ok(opened)
    });
    match opened {
        Ok((chassis, _watches)) => {
            let line = announcement(&chassis, transports(options).endpoint(&options.path));
            chassis.run(move || announce(&line));
            Exit::Fine
        }
        Err(fault) => {
            // The one line that a person who typed the command must see, whatever the log format.
            anstream::eprintln!("{fault}");
            fault.exit
        }
    }
}

/// The threads that look for changes, of the policy, of a candidate and of the registry.
type Watches = (Watch, Option<Watch>, Option<Follower>);

fn open(options: &Options, log_dial: LogDial, own: Option<Held>) -> Result<(Chassis, Watches), Fault> {
    let metrics = opening::metrics(&options.naming, options.max_requests);
    let sink = AuditSink::parse(&options.audit);
    let audit = Arc::new(opening::audit(sink, &options.actors, &options.trail, &metrics)?);
    let clock = Clock::start();
    let keys = opening::keys(&options.asking, clock, &metrics)?;
    let has_headers = options.upstream.is_some() || options.upstream_sse.is_some();
    let reach = if has_headers { Reach::Http } else { Reach::Pipes };
    let passes = opening::passes(reach, &options.asking, &metrics);
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
    let registry = following.as_ref().map(|following| Arc::clone(&following.registry));
    let live = opening::policy(&options.policy, registry, (mode, followers), &metrics, &audit)?;
    let live = Arc::new(live);
    let watch = Watch::start(Arc::clone(&live)).map_err(unable)?;
    let mut sandboxes = Standing { server: None, gate: own };
    metrics.sandbox_lacks(Enclosed::Gate, sandboxes.gate.as_ref().map_or(0, |held| held.missing.len()));
    let standing = following.as_ref().map(|following| Arc::clone(&following.standing));
    let follower = following.map(|following| following.follow(&live)).transpose()?;
    let upstream = upstream(options, &live, passes, (&mut sandboxes, &metrics, &audit))?;
    let (seal, key) = match &options.seal_key {
        Some(path) => SealFile::open(path).map(|(file, key)| (Some(file), key)).map_err(unable)?,
        None => (None, fresh_seal_key()),
    };
    let (candidate, trial) = opening::candidate(&options.trial);
    let tls = tls(options, &live)?;
    let house = House {
        gate: opening::gate(key, candidate, leases, &metrics),
        seal,
        live,
        registry: standing,
        keys,
        cells,
        introspector: opening::introspector(&options.asking, clock),
        upstream,
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
        load: Load::new(options.max_requests, options.max_held << 20),
        tls,
        log_dial,
        refusals: Seldom::default(),
        settings: settings(options, sandboxes),
    };
    let threads = options.threads.map_or_else(usual_threads, usize::from);
    let chassis = Chassis::build(Arc::new(house), listen(options)?, threads);
    Ok((chassis.map_err(unable)?, (watch, trial, follower)))
}

/// The server: where it listens, or started by us, perhaps in a sandbox.
fn upstream(
    options: &Options,
    live: &Arc<Live>,
    passes: Arc<Passes>,
    (sandboxes, metrics, audit): (&mut Standing, &Arc<Metrics>, &Arc<Audit>),
) -> Result<Upstream, Fault> {
    if options.upstream.is_some() || options.upstream_sse.is_some() {
        return Ok(Upstream::new(options.upstream.as_ref(), options.upstream_sse.as_ref(), passes));
    }
    let mut child = opening::child(&options.command, &options.env)?;
    sandboxes.server = options.enclosure.enclose(&mut child, live, (metrics, audit))?;
    Ok(Upstream::bridged(Bridge::new(child, Some(Arc::clone(live))), passes))
}

/// What every connection is held to.
fn settings(options: &Options, sandboxes: Standing) -> Settings {
    Settings {
        plate: Doorplate {
            path: options.path.clone(),
            transports: transports(options),
            hosts: options.host.clone(),
            origins: options.origin.clone(),
            is_loopback: options.listen.ip().is_loopback(),
        },
        header_wait: options.header_timeout,
        body_wait: options.body_timeout,
        heartbeat: options.heartbeat,
        listening: Some(Listening { address: options.listen, is_redirected: options.original_destination }),
        viewers: options.viewers.viewers(),
        sandboxes,
    }
}

/// TLS as the operator wants it, if at all.
fn tls(options: &Options, live: &Arc<Live>) -> Result<Option<Arc<Tls>>, Fault> {
    let Some((certificate, key)) = options.tls_cert.clone().zip(options.tls_key.clone()) else {
        if !live.peek().directory.authorities().is_empty() {
            tracing::warn!(
                "the policy knows callers by certificates, and without --tls-cert nobody shows one"
            );
        }
        return Ok(None);
    };
    let client_auth = match options.tls_client_auth {
        ClientAuthWord::Optional => ClientAuth::Optional,
        ClientAuthWord::Required => ClientAuth::Required,
    };
    let files = TlsFiles { certificate, key, client_ca: options.tls_client_ca.clone(), client_auth };
    Tls::open(files, Arc::clone(live)).map(Some).map_err(unable)
}

/// Where to listen, and where redirected clients were going.
fn listen(options: &Options) -> Result<Listen, Fault> {
    let mut listen = Listen { endpoint: options.listen, admin: options.admin, redirected: None };
    if options.original_destination {
        let targets: Vec<&Target> =
            [&options.upstream, &options.upstream_sse].into_iter().flatten().collect();
        let destinations = Destinations::of(&targets).ok_or_else(|| {
            unable("--original-destination needs a server with a port: --upstream http://127.0.0.1:PORT/PATH")
        })?;
        listen.redirected = Some((destinations, targets.into_iter().find_map(Target::address)));
    }
    Ok(listen)
}

fn transports(options: &Options) -> Transports {
    match (&options.upstream, &options.upstream_sse) {
        (None, Some(_)) => Transports::EventStream,
        (Some(_), Some(_)) => Transports::Both,
        (_, None) => Transports::Streamable,
    }
}

/// Reads the path of an endpoint.
fn path(text: &str) -> Result<Box<str>, String> {
    let is_path = text.starts_with('/') && text.parse::<http::Uri>().is_ok_and(|uri| uri.path() == text);
    if is_path { Ok(text.into()) } else { Err(format!("`{text}` is no path; write /mcp")) }
}

fn usual_threads() -> usize {
    threads_of(std::thread::available_parallelism().map_or(1, usize::from))
}

fn threads_of(cores: usize) -> usize {
    cores.min(THREADS_USUAL_MAX)
}

/// The line that says where the gate serves.
fn announcement(chassis: &Chassis, path: &str) -> String {
    let (scheme, endpoint, admin) = (chassis.scheme, chassis.endpoint, chassis.admin);
    format!("sluicegate ready listen={scheme}://{endpoint}{path} admin=http://{admin}\n")
}

/// Says, on standard output, that the gate is ready.
pub(super) fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be reading; the gate serves all the same.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_with_a_thread_for_each_core_and_two_at_most() {
        assert_eq!([1, 2, 3, 64].map(threads_of), [1, 2, 2, 2]);
    }
}
