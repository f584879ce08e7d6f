//! What the person at the keyboard may choose.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use crate::cell::{Cell, Load, QUICK, USUAL};
use crate::ladder::Rung;
use crate::target::{self, Kind, Target};

/// The longest run that is started, in minutes: longer is a slip of the keyboard.
const MINUTES_MAX: u64 = 180;
/// What a window costs beside its own time: connections, sessions, settling.
const OVERHEAD: Duration = Duration::from_millis(300);
/// The load before each window that is not measured.
pub const WARM_UP: Duration = Duration::from_millis(200);

/// Compares sluicegate with nginx and Envoy on loopback, and writes a record.
///
/// Cells are SHAPE-LOAD. Shapes: small (1 KB), prose and records (64 KB), stream (4 events). Loads: a number of
/// connections at saturation; idleN, N silent connections, for memory; ownP, a fixed rate of P % of the target's own saturation; sameP, P % of the
/// slowest proxy's, the same for all. Needs two cores, and benches/setup.sh once.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench wire --")]
pub struct Options {
    /// Fewer cells and rounds: shows the order of things, proves nothing
    #[arg(long)]
    quick: bool,
    /// Targets, separated by commas [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    targets: Vec<String>,
    /// Cells, separated by commas [default: a list that answers the project's promises]
    #[arg(long, value_delimiter = ',', value_name = "CELLS")]
    cells: Vec<Cell>,
    /// Rounds of every cell: A B C, C B A, and so on [default: 6, quick: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Seconds of a window at saturation [default: 2, quick: 1]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// Seconds of a window at a fixed rate [default: 5, quick: 2]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=120))]
    paced_seconds: Option<u64>,
    /// Another sluicegate binary with everything on, as one more target: before and after in one run
    #[arg(long, value_name = "NAME=PATH")]
    versus: Vec<String>,
    /// Prints only, writes nothing to benches/record
    #[arg(long)]
    pub no_record: bool,
    /// Set by cargo bench
    #[arg(long, hide = true)]
    pub bench: bool,
    /// Be the origin, not the bench
    #[arg(long, hide = true)]
    pub origin: bool,
}

/// A run that has been checked and can start.
pub struct Plan {
    /// In the order of the tables.
    pub targets: Vec<Target>,
    /// In the order in which they run.
    pub cells: Vec<Cell>,
    /// Rounds of every cell.
    pub rounds: u32,
    /// A window at saturation.
    pub window: Duration,
    /// A window at a fixed rate.
    pub paced_window: Duration,
}

impl Options {
    /// The run that these options ask for, with `gate` as the binary under test.
    ///
    /// # Errors
    /// An unknown target, or a run that would take hours.
    pub fn plan(&self, gate: &Path) -> Result<Plan, String> {
        let usual: &[&str] = if self.quick { &QUICK } else { &USUAL };
        let cells = if self.cells.is_empty() {
            usual.iter().map(|word| word.parse()).collect::<Result<_, _>>()?
        } else {
            self.cells.clone()
        };
        let (rounds, seconds, paced_seconds) = if self.quick { (3, 1, 2) } else { (6, 2, 5) };
        let plan = Plan {
            targets: self.targets(gate)?,
            cells,
            rounds: self.rounds.unwrap_or(rounds),
            window: Duration::from_secs(self.seconds.unwrap_or(seconds)),
            paced_window: Duration::from_secs(self.paced_seconds.unwrap_or(paced_seconds)),
        };
        let minutes = plan.duration().as_secs() / 60;
        if minutes > MINUTES_MAX {
            return Err(format!("this would take {minutes} minutes; the most is {MINUTES_MAX}"));
        }
        Ok(plan)
    }

    fn targets(&self, gate: &Path) -> Result<Vec<Target>, String> {
        let mut known = target::usual(gate);
        for pair in &self.versus {
            let (name, path) = pair.split_once('=').ok_or(format!("`{pair}` is not NAME=PATH"))?;
            let is_word =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_word || known.iter().any(|target| target.name == name) {
                return Err(format!("`{name}` cannot name a target"));
            }
            let kind = Kind::Gate { program: PathBuf::from(path), rung: Rung::Audit };
            known.push(Target { name: name.to_owned(), kind });
        }
        if self.targets.is_empty() {
            return Ok(known);
        }
        let names: Vec<String> = known.iter().map(|target| target.name.clone()).collect();
        if let Some(unknown) = self.targets.iter().find(|name| !names.contains(name)) {
            return Err(format!("`{unknown}` is no target; there are {}", names.join(", ")));
        }
        known.retain(|target| self.targets.contains(&target.name));
        Ok(known)
    }
}

impl Plan {
    /// About how long the run takes.
    pub fn duration(&self) -> Duration {
        let windows = self.rounds * self.targets.len() as u32;
        self.cells.iter().map(|cell| (self.window_of(cell.load) + WARM_UP + OVERHEAD) * windows).sum()
    }

    /// The measured time of one window.
    pub fn window_of(&self, load: Load) -> Duration {
        if load.is_paced() { self.paced_window } else { self.window }
    }
}
