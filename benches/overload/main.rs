//! `cargo bench --bench overload`: what the gate does with three times as many calls as its server can take.
//!
//! ```text
//!  clients (this process) ---> gate ---> server (this process): 8 calls at once, 10 ms each, so 800 a second
//! ```
//!
//! Three phases: one client, as many clients as the gate lets through at once, and three times the rate that those
//! reached, sent by the clock whether answers come or not. What is wanted: goodput of at least 90 % of the peak,
//! a p99 of admitted calls of at most five times that of one client, refusals in less than 10 ms, bounded memory.
//! The server sleeps in place of work, so that two cores are enough for all three; everything stays on loopback and is
//! bounded in time.

mod client;
mod gate;
mod server;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use self::client::{Outcome, Tally, closed, open};
use self::gate::Gate;
use self::server::Server;

/// Calls that the server works at, at once.
const WORKERS: usize = 8;

/// How long each takes.
const SERVICE: Duration = Duration::from_millis(10);

/// Calls that the gate lets through at once: as many wait as are worked at.
const PLACES: usize = 2 * WORKERS;

/// Connections of the clients that send by the clock.
const CLIENTS: usize = 96;

#[derive(Debug, Parser)]
struct Options {
    /// Seconds of each phase
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Whether it fails where a goal is missed
    #[arg(long)]
    check: bool,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        // `cargo test --benches` runs this program too, and does not mean it.
        println!("overload: run with `cargo bench --bench overload`");
        return ExitCode::SUCCESS;
    }
    let server = Server::start(WORKERS, SERVICE);
    let gate = Gate::start(&server.url(), PLACES);
    let time = Duration::from_secs(options.seconds.max(1));
    // Connections to the server are opened and code is paged in before anything counts.
    closed(gate.address, PLACES, Duration::from_secs(1));
    let idle_kib = gate.rss_kib();
    let alone = closed(gate.address, 1, time);
    let peak = closed(gate.address, PLACES, time);
    let offered = 3.0 * rate(&peak, time);
    let flood = open(gate.address, CLIENTS, offered, time);
    let peak_kib = gate.peak_kib();
    report(&Phases { alone, peak, flood, offered, time }, idle_kib, peak_kib, options.check)
}

/// What was measured.
struct Phases {
    alone: Tally,
    peak: Tally,
    flood: Tally,
    offered: f64,
    time: Duration,
}

fn rate(tally: &Tally, time: Duration) -> f64 {
    tally.count(Outcome::Admitted) as f64 / time.as_secs_f64()
}

fn report(phases: &Phases, idle_kib: u64, peak_kib: u64, is_check: bool) -> ExitCode {
    let Phases { alone, peak, flood, offered, time } = phases;
    let ms = |tally: &Tally, outcome, share| tally.quantile(outcome, share).as_secs_f64() * 1e3;
    println!("phase            offered/s  admitted/s   p50 ms   p99 ms  refused/s  p99 ms  failed");
    for (name, offered, tally) in
        [("one client", None, alone), ("at capacity", None, peak), ("3x capacity", Some(*offered), flood)]
    {
        let sent = offered.map_or("-".to_owned(), |offered| format!("{offered:.0}"));
        println!(
            "{name:<15} {sent:>10} {:>11.0} {:>8.1} {:>8.1} {:>10.0} {:>7.1} {:>7}",
            rate(tally, *time),
            ms(tally, Outcome::Admitted, 0.5),
            ms(tally, Outcome::Admitted, 0.99),
            tally.count(Outcome::Refused) as f64 / time.as_secs_f64(),
            ms(tally, Outcome::Refused, 0.99),
            tally.count(Outcome::Failed),
        );
    }
    let goodput = rate(flood, *time) / rate(peak, *time).max(1.0);
    let slowdown = ms(flood, Outcome::Admitted, 0.99) / ms(alone, Outcome::Admitted, 0.99).max(0.001);
    let refusal = ms(flood, Outcome::Refused, 0.99);
    let grown = peak_kib.saturating_sub(idle_kib) as f64 / 1024.0;
    let goals = [
        (format!("goodput at 3x is {:.0} % of the peak", goodput * 100.0), "at least 90 %", goodput >= 0.9),
        (
            format!("p99 of admitted calls is {slowdown:.1} times that of one client"),
            "at most 5",
            slowdown <= 5.0,
        ),
        (format!("p99 of refusals is {refusal:.1} ms"), "less than 10 ms", refusal < 10.0),
        (
            format!("memory grew by {grown:.1} MiB to {:.1} MiB", peak_kib as f64 / 1024.0),
            "at most 64",
            grown <= 64.0,
        ),
    ];
    for (what, wanted, is_met) in &goals {
        println!("{} {what} ({wanted})", if *is_met { "ok  " } else { "MISS" });
    }
    let is_good = goals.iter().all(|(_, _, is_met)| *is_met);
    if is_check && !is_good { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
