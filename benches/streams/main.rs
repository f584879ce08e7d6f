//! `cargo bench --bench streams`: what an event stream costs that stays open and says nothing.
//!
//! ```text
//!            core 1                        core 0                   core 1
//!   clients (this process) ---N streams---> gate ---N streams---> server (this process)
//! ```
//!
//! Each cell starts a gate of its own with everything on, opens N streams one after the other, holds them,
//! sends one event down each halfway to prove that they live, and reads the gate's resident memory and CPU
//! time from `/proc`: neither the clients' memory nor the server's counts, and the kernel's socket buffers do not
//! either. A stream is a connection of a client, one to the server, and what the gate keeps of both.

#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/call.rs"]
mod call;
#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/child.rs"]
mod child;
mod client;
#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/ladder.rs"]
mod ladder;
#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/machine.rs"]
mod machine;
#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/meter.rs"]
mod meter;
#[allow(dead_code, reason = "shared with the wire bench, which uses all of it")]
#[path = "../wire/reply.rs"]
mod reply;
mod report;
mod server;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

use self::child::Process;
use self::client::{Aim, Held};
use self::ladder::{Credentials, Rung};
use self::machine::{Machine, load_average};
use self::reply::fault;
use self::report::Report;
use self::server::Server;

/// The core of the gate; this process has the other one.
const CORE_GATE: usize = 0;
/// Descriptors that are open beside the streams: logs, libraries, the runtime's own.
const DESCRIPTORS_SPARE: u64 = 200;

/// What the ladder's policy does not allow: nobody subscribes there.
const LISTEN: &str = r#"version: 1
allow:
  - { id: clerk-listens, roles: [clerk], methods: ["subscriptions/listen"] }
"#;

/// Holds idle event streams through the gate, and prints what each costs.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench streams --")]
struct Options {
    /// How many streams are held
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    streams: u32,
    /// For how many seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(2..=3_600))]
    seconds: u64,
    /// What is held, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Cell::ALL)]
    cells: Vec<Cell>,
    /// Another sluicegate binary than the one that was just built
    #[arg(long, value_name = "PATH")]
    gate: Option<PathBuf>,
    /// Prints only, writes nothing to benches/record
    #[arg(long)]
    no_record: bool,
    /// Set by cargo bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Cell {
    /// Kept-alive connections after two calls, with nothing open on them
    Client,
    /// GET streams of sessions of the legacy era
    Get,
    /// `subscriptions/listen` of 2026-07-28
    Listen,
}

impl Cell {
    const ALL: [Self; 3] = [Self::Client, Self::Get, Self::Listen];

    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Get => "get",
            Self::Listen => "listen",
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What was read of one cell.
#[derive(Clone, Debug, Serialize)]
struct Reading {
    cell: Cell,
    streams: u32,
    /// Of the gate, in KiB: after one stream came and went, with all open, after the hold, with all closed.
    rss_before_kib: u64,
    rss_opened_kib: u64,
    rss_held_kib: u64,
    rss_closed_kib: u64,
    /// CPU time of the gate in one second of silence, heartbeats included, in milliseconds.
    idle_cpu_ms: f64,
    /// How long it took until the event had gone down every stream, in milliseconds.
    event_ms: f64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        // `cargo test --benches` runs this program too, and does not mean it.
        println!("streams: run with `cargo bench --bench streams`");
        return ExitCode::SUCCESS;
    }
    match hold_all(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("streams: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn hold_all(options: &Options) -> io::Result<()> {
    raise_descriptors(options.streams)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = load_average();
    let mut readings = Vec::new();
    for &cell in &options.cells {
        eprintln!("{cell}: {} for {} s", options.streams, options.seconds);
        readings.push(runtime.block_on(hold(options, cell))?);
    }
    let report = Report {
        readings: &readings,
        machine: &Machine::look(),
        command: command(),
        seconds: options.seconds,
        load: (before, load_average()),
    };
    println!("{}", report.text());
    if !options.no_record {
        for path in report.store(&Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/record"))? {
            eprintln!("written: {}", path.display());
        }
    }
    Ok(())
}

async fn hold(options: &Options, cell: Cell) -> io::Result<Reading> {
    let server = Server::start().await?;
    let (gate, aim) = start(options, cell, server.address).await?;
    let family = meter::family(gate.id());
    // What the first stream brings along stays: code, tables, the thread's own lists.
    drop(client::open(&aim, cell).await?);
    server.wait_for_streams(0).await?;
    let rss_before_kib = meter::rss_kib(&family);
    let mut held: Vec<Held> = Vec::new();
    for _ in 0..options.streams {
        held.push(client::open(&aim, cell).await?);
    }
    server.wait_for_streams(if cell == Cell::Client { 0 } else { options.streams }).await?;
    let rss_opened_kib = meter::rss_kib(&family);
    let half = Duration::from_secs(options.seconds) / 2;
    let (start, cpu) = (Instant::now(), meter::cpu(&family));
    tokio::time::sleep(half).await;
    let idle_cpu = meter::cpu(&family).saturating_sub(cpu).as_secs_f64() / start.elapsed().as_secs_f64();
    let told = Instant::now();
    if cell != Cell::Client {
        server.tell();
        for held in &mut held {
            held.hear().await?;
        }
    }
    let event_ms = told.elapsed().as_secs_f64() * 1e3;
    tokio::time::sleep(half).await;
    for held in &mut held {
        held.is_alive()?;
    }
    let rss_held_kib = meter::rss_kib(&family);
    drop(held);
    server.wait_for_streams(0).await?;
    let rss_closed_kib = meter::rss_kib(&family);
    let idle_cpu_ms = idle_cpu * 1e3;
    let streams = options.streams;
    Ok(Reading {
        cell,
        streams,
        rss_before_kib,
        rss_opened_kib,
        rss_held_kib,
        rss_closed_kib,
        idle_cpu_ms,
        event_ms,
    })
}

/// Starts a gate with everything on, in a folder of its own.
async fn start(options: &Options, cell: Cell, server: SocketAddr) -> io::Result<(Process, Aim)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/run/streams").join(cell.as_str());
    std::fs::create_dir_all(&directory)?;
    let credentials = Credentials::new()?;
    let plan = ladder::plan(Rung::Audit, &directory, server, &credentials)?;
    std::fs::write(directory.join("policy/listen.yaml"), LISTEN)?;
    let program = options.gate.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_sluicegate")));
    let mut gate = Process::start(program, &plan.arguments, CORE_GATE, &directory.join("gate.log"))?;
    let said = gate.said("sluicegate ready listen=http://").await?;
    let gate_address = said.split('/').next().unwrap_or_default().parse().map_err(io::Error::other)?;
    Ok((gate, Aim { gate: gate_address, token: credentials.token }))
}

/// Lets this process, and the gate that inherits from it, open what it takes: here both ends of all streams
/// but the gate's, there two for each.
fn raise_descriptors(streams: u32) -> io::Result<()> {
    let needed = u64::from(streams) * 2 + DESCRIPTORS_SPARE;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|refused| {
        let most = limit.maximum.map_or("unlimited".to_owned(), |most| most.to_string());
        fault(&format!(
            "{streams} streams take {needed} descriptors and the hard limit is {most} ({refused}); raise it with \
             `ulimit -Hn {needed}` as root, or hold fewer with --streams"
        ))
    })
}

/// The command line as a reader would type it.
fn command() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // The profile that leaves linking unoptimised: the record has to say so.
    let profile = if env!("CARGO_BIN_EXE_sluicegate").contains("/quick/") { "--profile quick " } else { "" };
    let line = format!("cargo bench {profile}--bench streams -- {}", arguments.join(" "));
    line.trim_end_matches([' ', '-']).to_owned()
}
