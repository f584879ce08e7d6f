//! Runs the cells: all targets are up, one is loaded at a time, and the order turns round with every round.
//!
//! A machine that is busier in one minute than in the next then treats all targets alike. What comes out is
//! compared by medians inside one run; one window proves nothing.

use std::io;
use std::time::Duration;

use serde::Serialize;

use crate::cell::{Cell, Load};
use crate::load::{self, Tally};
use crate::meter::{self, Core};
use crate::options::{Plan, WARM_UP};
use crate::pace::pace;
use crate::target::{CORE_PROXY, Kind, Running};

/// Lines for calls at a fixed rate: more than are ever out at once, unless the proxy cannot keep up.
const PACED_LINES: usize = 128;
/// The cell whose rate is called saturation.
const SATURATION: Load = Load::Saturate(32);
/// The pause in which a target closes its connections before the next is loaded.
const SETTLE: Duration = Duration::from_millis(50);

/// What one window of one target measured.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// The name of the cell.
    pub cell: String,
    /// The name of the target.
    pub target: String,
    /// From 0.
    pub round: u32,
    /// The figures.
    pub figures: Figures,
}

/// The figures of a window, or the medians of several.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// Calls answered.
    pub calls: f64,
    /// Calls answered per second.
    pub rate: f64,
    /// CPU time of the target's processes per call, in microseconds: CPU-seconds per million calls.
    pub cpu_us: f64,
    /// Half of the calls took no longer, in microseconds.
    pub p50_us: f64,
    /// 99 % of the calls took no longer.
    pub p99_us: f64,
    /// 99.9 % of the calls took no longer.
    pub p999_us: f64,
    /// How late the generator was with 99 % of the calls that had a time; 0 at saturation.
    pub late_p99_us: f64,
    /// CPU time of the target per time: 1 is a whole core.
    pub own_share: f64,
    /// The share of time that the proxies' core was busy, with whatever ran on it.
    pub core_busy: f64,
    /// The share of time that the hypervisor took from that core.
    pub core_stolen: f64,
    /// Resident memory at the end of the window, connections still open, in MiB.
    pub rss_mib: f64,
}

/// All that a run measured.
#[derive(Default)]
pub struct Run {
    /// One for each window that went well.
    pub samples: Vec<Sample>,
    /// What went wrong, in words, with cell, target and round.
    pub failures: Vec<String>,
}

/// Runs every cell of the plan.
///
/// A window that fails is noted and the run goes on: a proxy that cannot keep a rate is a result.
pub async fn run(plan: &Plan, targets: &[Running]) -> Run {
    let mut run = Run::default();
    for cell in &plan.cells {
        let rates = rates(plan, targets, &mut run, *cell).await;
        for round in 0..plan.rounds {
            let mut order: Vec<usize> = (0..targets.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            eprintln!("{cell}: round {} of {}", round + 1, plan.rounds);
            for index in order {
                let window = plan.window_of(cell.load);
                let measured = measure(&targets[index], *cell, rates[index], window).await;
                run.note(*cell, &targets[index], round, measured);
            }
        }
    }
    run
}

/// The rate for each target, in a cell that has one; 0 elsewhere.
async fn rates(plan: &Plan, targets: &[Running], run: &mut Run, cell: Cell) -> Vec<f64> {
    let mut saturation = Vec::with_capacity(targets.len());
    if !cell.load.is_paced() {
        return vec![0.0; targets.len()];
    }
    let reference = Cell { load: SATURATION, ..cell };
    for target in targets {
        if run.median(reference, &target.target.name).is_none() {
            let measured = measure(target, reference, 0.0, plan.window).await;
            run.note(reference, target, 0, measured);
        }
        saturation.push(run.median(reference, &target.target.name).map_or(0.0, |figures| figures.rate));
    }
    match cell.load {
        Load::Own(percent) => saturation.iter().map(|rate| rate * f64::from(percent) / 100.0).collect(),
        Load::Same(percent) => {
            let proxies =
                targets.iter().zip(&saturation).filter(|(target, _)| target.target.kind != Kind::Direct);
            let slowest = proxies.map(|(_, rate)| *rate).filter(|rate| *rate > 0.0).reduce(f64::min);
            vec![slowest.unwrap_or(0.0) * f64::from(percent) / 100.0; targets.len()]
        }
        Load::Idle(_) | Load::Saturate(_) => vec![0.0; targets.len()],
    }
}

async fn measure(target: &Running, cell: Cell, rate: f64, window: Duration) -> io::Result<Figures> {
    let connections = match cell.load {
        Load::Own(_) | Load::Same(_) => PACED_LINES,
        Load::Idle(connections) | Load::Saturate(connections) => connections,
    };
    let lines = load::open(&target.aim(cell.shape.tool()), connections).await?;
    let lines = match cell.load {
        Load::Idle(_) => load::call_once(lines).await?,
        Load::Own(_) | Load::Same(_) | Load::Saturate(_) => load::saturate(lines, WARM_UP).await?.0,
    };
    let (cpu, core) = (meter::cpu(&target.family), Core::read(CORE_PROXY));
    // Lines that are done stay open until memory has been read.
    let (lines, tally) = match cell.load {
        Load::Idle(_) => load::rest(lines, window).await,
        Load::Own(_) | Load::Same(_) if rate < 1.0 => {
            return Err(io::Error::other("saturation is not known"));
        }
        Load::Own(_) | Load::Same(_) => (Vec::new(), pace(lines, rate, window).await?),
        Load::Saturate(_) => load::saturate(lines, window).await?,
    };
    let cpu = meter::cpu(&target.family).saturating_sub(cpu);
    let figures = figures(&tally, cpu, Core::read(CORE_PROXY).since(core), meter::rss_kib(&target.family));
    drop(lines);
    if let Some(audit) = &target.audit {
        // Written in append mode: what was measured is not kept, or the disk would fill.
        std::fs::OpenOptions::new().write(true).open(audit)?.set_len(0)?;
    }
    tokio::time::sleep(SETTLE).await;
    Ok(figures)
}

fn figures(tally: &Tally, cpu: Duration, (core_busy, core_stolen): (f64, f64), rss_kib: u64) -> Figures {
    let (calls, seconds) = (tally.latency.total() as f64, tally.elapsed.as_secs_f64());
    Figures {
        calls,
        rate: calls / seconds,
        cpu_us: cpu.as_secs_f64() * 1e6 / calls.max(1.0),
        p50_us: tally.latency.quantile_us(0.5),
        p99_us: tally.latency.quantile_us(0.99),
        p999_us: tally.latency.quantile_us(0.999),
        late_p99_us: tally.lateness.quantile_us(0.99),
        own_share: cpu.as_secs_f64() / seconds,
        core_busy,
        core_stolen,
        rss_mib: rss_kib as f64 / 1024.0,
    }
}

impl Run {
    fn note(&mut self, cell: Cell, target: &Running, round: u32, measured: io::Result<Figures>) {
        let name = &target.target.name;
        match measured {
            Ok(figures) => {
                self.samples.push(Sample { cell: cell.to_string(), target: name.clone(), round, figures });
            }
            Err(wrong) => {
                let text = format!("{cell}, {name}, round {}: {wrong}", round + 1);
                eprintln!("failed: {text}");
                self.failures.push(text);
            }
        }
    }

    /// The median of every figure over the rounds of a cell; `None` if no round went well.
    pub fn median(&self, cell: Cell, target: &str) -> Option<Figures> {
        let rounds = self.rounds(cell, target);
        if rounds.is_empty() {
            return None;
        }
        let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure).collect());
        Some(Figures {
            calls: of(|round| round.calls),
            rate: of(|round| round.rate),
            cpu_us: of(|round| round.cpu_us),
            p50_us: of(|round| round.p50_us),
            p99_us: of(|round| round.p99_us),
            p999_us: of(|round| round.p999_us),
            late_p99_us: of(|round| round.late_p99_us),
            own_share: of(|round| round.own_share),
            core_busy: of(|round| round.core_busy),
            core_stolen: of(|round| round.core_stolen),
            rss_mib: of(|round| round.rss_mib),
        })
    }

    /// The least and the most CPU time per call that a round of a cell took: how far to trust the median.
    pub fn cpu_spread(&self, cell: Cell, target: &str) -> (f64, f64) {
        let rounds = self.rounds(cell, target);
        let each = || rounds.iter().map(|round| round.cpu_us);
        (each().fold(f64::INFINITY, f64::min), each().fold(0.0, f64::max))
    }

    fn rounds(&self, cell: Cell, target: &str) -> Vec<Figures> {
        let cell = cell.to_string();
        let rounds = self.samples.iter().filter(|sample| sample.cell == cell && sample.target == target);
        rounds.map(|sample| sample.figures).collect()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 30.0]), 3.0);
    }
}
