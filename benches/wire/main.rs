//! `cargo bench --bench wire`: what a call costs through sluicegate, nginx and Envoy, side by side.
//!
//! ```text
//!            core 1                     core 0                        core 1
//!   generator (this process) ---> one proxy at a time ---> its own origin (this program, `--origin`)
//! ```
//!
//! All targets are up for the whole run and one is loaded at a time, round after round, so that a noisy machine
//! is noisy for all. CPU time per call is the figure to trust; rates and latencies go with it. Everything stays
//! on loopback, is bounded in time, and ends with this process.

mod bodies;
mod call;
mod cell;
mod child;
mod histogram;
mod ladder;
mod load;
mod machine;
mod meter;
mod options;
mod origin;
mod pace;
mod promises;
mod reply;
mod report;
mod round;
mod target;

use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::ladder::Credentials;
use crate::machine::{Machine, load_average};
use crate::options::{Options, Plan};
use crate::reply::fault;
use crate::report::Report;
use crate::target::{CORE_LOAD, Running};

const GATE: &str = env!("CARGO_BIN_EXE_sluicegate");

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench && !options.origin {
        // `cargo test --benches` runs this program too, and does not mean it.
        println!("wire: run with `cargo bench --bench wire`");
        return ExitCode::SUCCESS;
    }
    match block_on(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("wire: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(options: &Options) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if options.origin {
        return runtime.block_on(origin::serve());
    }
    let plan = options.plan(Path::new(GATE)).map_err(io::Error::other)?;
    pin()?;
    runtime.block_on(async {
        let mut ended = signal(SignalKind::terminate())?;
        // Whichever comes first: leaving this block drops the targets, which ends their processes.
        tokio::select! {
            done = compare(options, &plan) => done,
            _ = tokio::signal::ctrl_c() => Err(fault("interrupted")),
            _ = ended.recv() => Err(fault("told to end")),
        }
    })
}

async fn compare(options: &Options, plan: &Plan) -> io::Result<()> {
    let before = load_average();
    let targets = start(plan).await?;
    let seconds = plan.duration().as_secs();
    eprintln!(
        "{} targets are up; this takes about {} min {:02} s",
        targets.len(),
        seconds / 60,
        seconds % 60
    );
    let run = round::run(plan, &targets).await;
    let report = Report {
        plan,
        run: &run,
        machine: &Machine::look(),
        command: command(),
        idle_mib: targets.iter().map(|target| target.rss_idle_kib as f64 / 1024.0).collect(),
        load: (before, load_average()),
    };
    drop_targets(targets);
    println!("{}", report.text());
    if !options.no_record {
        for path in report.store(&Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/record"))? {
            eprintln!("written: {}", path.display());
        }
    }
    Ok(())
}

async fn start(plan: &Plan) -> io::Result<Vec<Running>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/run/wire");
    let credentials = Credentials::new()?;
    let mut targets = Vec::with_capacity(plan.targets.len());
    for target in plan.targets.clone() {
        let name = target.name.clone();
        let named = |wrong: io::Error| fault(&format!("{name}: {wrong}"));
        let mut running = target.start(&folder, &credentials).await.map_err(named)?;
        running.prove().await.map_err(named)?;
        targets.push(running);
    }
    Ok(targets)
}

/// The same as dropping them, said aloud: it takes a moment.
fn drop_targets(targets: Vec<Running>) {
    eprintln!("ending {} targets", targets.len());
    drop(targets);
}

/// Moves this process, and with it every thread and origin to come, off the proxies' core.
fn pin() -> io::Result<()> {
    let pid = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-a", "-c", "-p", &CORE_LOAD.to_string(), &pid]).output()?;
    if pinned.status.success() {
        return Ok(());
    }
    Err(fault(&format!(
        "cannot move to core {CORE_LOAD}: {}",
        String::from_utf8_lossy(&pinned.stderr).trim()
    )))
}

/// The command line as a reader would type it.
fn command() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let line = format!("cargo bench --bench wire -- {}", arguments.join(" "));
    line.trim_end_matches([' ', '-']).to_owned()
}
