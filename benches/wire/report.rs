//! The record of a run: tables for people, JSON for programs, both under `benches/record/`.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;

use crate::cell::{Cell, Load};
use crate::machine::Machine;
use crate::options::Plan;
use crate::promises;
use crate::round::{Figures, Run, Sample};

/// What the peers and sluicegate were told, in the words of a reader who wants to repeat it.
const SETTINGS: &str = "\
- All: loopback, HTTP/1.1 kept alive on both sides, no TLS, one worker on core 0; generator and origins on core 1,
  one origin process per target. `tools/call` of 279 bytes, id, argument and progress token unlike in every call;
  status, id and end of every reply checked. Every connection opens an MCP session first.
- `direct`: no proxy; its CPU is the origin's.
- `nginx`: `worker_processes 1`, no access log, kept-alive upstream, bodies in memory (`benches/wire/peers/nginx.conf`).
- `envoy`: `--concurrency 1`, no access log, otherwise as it comes (`benches/wire/peers/envoy.yaml`).
- `envoy-mcp`: the same with its MCP filter (`REJECT_NO_MCP`) and RBAC that denies one tool by name. It checks no
  token, limits nothing and looks at no reply.
- `gate-off` to `gate-audit`: `sluicegate run --threads 1` with the policies in `benches/wire/policies/`, each rung with
  all of the rung below: anonymous and all allowed; JWT, roles and argument rules; five limits on every call; health and
  card data masked in results and card numbers blocked in arguments; a JSON line per message to a file. Metrics are
  always on. From `gate-authz` on each request carries a bearer token of about 400 bytes that no other target gets.
- Replies: `small` 1 KB with 4 values to hide, `prose` 64 KB of text with 46 (0.7 per KB), `records` 64 KB of JSON in a
  JSON string with 58 (0.9 per KB), `stream` four events, the last one like `small`.
- Before the run every target proved with real calls that it passes, refuses, limits, hides and writes what it should.
";

/// A finished run and its surroundings.
pub struct Report<'r> {
    /// What was asked for.
    pub plan: &'r Plan,
    /// What was measured.
    pub run: &'r Run,
    /// Where.
    pub machine: &'r Machine,
    /// The command line.
    pub command: String,
    /// Resident memory of each target before any load, in MiB, in the order of the plan.
    pub idle_mib: Vec<f64>,
    /// The load average before and after.
    pub load: (String, String),
}

#[derive(Serialize)]
struct Stored<'r> {
    date: String,
    command: &'r str,
    machine: &'r Machine,
    load_average: (&'r str, &'r str),
    rounds: u32,
    window_s: u64,
    paced_window_s: u64,
    idle_rss_mib: Vec<(&'r str, f64)>,
    medians: Vec<(String, &'r str, Figures)>,
    samples: &'r [Sample],
    failures: &'r [String],
}

impl Report<'_> {
    /// Writes the record, and returns the paths of its two files.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn store(&self, folder: &Path) -> io::Result<[PathBuf; 2]> {
        std::fs::create_dir_all(folder)?;
        let stem = format!("{}-{}-wire", today(), self.machine.commit);
        let paths = [folder.join(format!("{stem}.md")), folder.join(format!("{stem}.json"))];
        std::fs::write(&paths[0], self.text())?;
        let mut json = serde_json::to_string_pretty(&self.stored()).map_err(io::Error::other)?;
        json.push('\n');
        std::fs::write(&paths[1], json)?;
        Ok(paths)
    }

    /// The record as Markdown.
    pub fn text(&self) -> String {
        let Self { plan, run, machine, .. } = self;
        let mut text = format!("# wire: {}, {}\n\n", today(), machine.commit);
        let _ = writeln!(
            text,
            "{}, {} cores, {} GiB, Linux {}; {}; {}; {}.\n\n`{}`: {} rounds, windows of {} s ({} s at a fixed rate), medians. \
             Load average {} before, {} after.\n",
            machine.cpu,
            machine.cores,
            machine.memory_gib,
            machine.kernel,
            machine.rustc,
            machine.nginx,
            machine.envoy,
            self.command,
            plan.rounds,
            plan.window.as_secs(),
            plan.paced_window.as_secs(),
            self.load.0,
            self.load.1,
        );
        text.push_str("## Promises\n\n");
        text.push_str(&promises::table(run, &self.idle()));
        for cell in &plan.cells {
            match cell.load {
                Load::Idle(connections) => self.idle_cell(&mut text, *cell, connections),
                Load::Own(_) | Load::Same(_) | Load::Saturate(_) => self.cell(&mut text, *cell),
            }
        }
        self.memory(&mut text);
        self.generator(&mut text);
        if !run.failures.is_empty() {
            text.push_str("\n## Windows that failed\n\n");
            for failure in &run.failures {
                let _ = writeln!(text, "- {}", failure.replace('\n', " "));
            }
        }
        text.push_str("\n## Settings\n\n");
        text.push_str(SETTINGS);
        text
    }

    fn cell(&self, text: &mut String, cell: Cell) {
        let name_of = |index: usize| self.plan.targets[index].name.as_str();
        let cpu_of = |name: &str| self.run.median(cell, name).map(|figures| figures.cpu_us);
        let (nginx, envoy) = (cpu_of("nginx"), cpu_of("envoy-mcp"));
        let _ = writeln!(text, "\n## {cell}\n");
        let (late, rule) = if cell.load.is_paced() { (" late p99 µs |", "---|") } else { ("", "") };
        let _ = writeln!(
            text,
            "| target | calls/s | CPU µs/call (least-most) | to nginx | to envoy-mcp | p50 µs | p99 µs | p99.9 µs |{late} share of core | others' share |"
        );
        let _ = writeln!(text, "|---|---|---|---|---|---|---|---|{rule}---|---|");
        for index in 0..self.plan.targets.len() {
            let Some(row) = self.run.median(cell, name_of(index)) else {
                let _ = writeln!(text, "| {} | failed |", name_of(index));
                continue;
            };
            let ratio = |to: Option<f64>| match to {
                Some(to) if name_of(index) != "direct" => format!("{:.2}", row.cpu_us / to),
                Some(_) | None => String::new(),
            };
            let (least, most) = self.run.cpu_spread(cell, name_of(index));
            // The origin of `direct` is on the other core: all that runs on the proxies' core is others'.
            let own = if name_of(index) == "direct" { 0.0 } else { row.own_share };
            let others = (row.core_busy - own).max(0.0);
            let late = if late.is_empty() { String::new() } else { format!(" {:.0} |", row.late_p99_us) };
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.1} ({:.1}-{:.1}) | {} | {} | {:.0} | {:.0} | {:.0} |{late} {:.0} % | {:.0} % |",
                name_of(index),
                row.rate,
                row.cpu_us,
                least,
                most,
                ratio(nginx),
                ratio(envoy),
                row.p50_us,
                row.p99_us,
                row.p999_us,
                row.own_share * 100.0,
                others * 100.0,
            );
        }
    }

    fn idle_cell(&self, text: &mut String, cell: Cell, connections: usize) {
        let _ =
            writeln!(text, "\n## {cell}\n\n| target | KiB per idle client | CPU while idle |\n|---|---|---|");
        for (name, idle_mib) in self.idle() {
            let Some(row) = self.run.median(cell, name) else {
                let _ = writeln!(text, "| {name} | failed |");
                continue;
            };
            let each = promises::per_client_kib(row.rss_mib, idle_mib, connections);
            let _ = writeln!(text, "| {name} | {each:.1} | {:.2} % |", row.own_share * 100.0);
        }
    }

    fn memory(&self, text: &mut String) {
        let cells: Vec<Cell> = self.plan.cells.iter().copied().filter(|cell| !cell.load.is_paced()).collect();
        text.push_str("\n## Resident memory, MiB\n\n| target | idle |");
        cells.iter().for_each(|cell| text.push_str(&format!(" {cell} |")));
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(cells.len()));
        for (name, idle) in self.idle() {
            let _ = write!(text, "| {name} | {idle:.1} |");
            for cell in &cells {
                let found = self
                    .run
                    .median(*cell, name)
                    .map_or("failed".to_owned(), |row| format!("{:.1}", row.rss_mib));
                let _ = write!(text, " {found} |");
            }
            text.push('\n');
        }
        text.push_str("\nSummed over the processes of a target; what they share counts in each of them.\n");
    }

    /// Whether the generator and the origin could have driven more than any proxy took.
    fn generator(&self, text: &mut String) {
        text.push_str("\n## Was the generator the limit?\n\n");
        text.push_str("| cell | direct, calls/s | fastest proxy, calls/s | ratio | share of the core that it used |\n|---|---|---|---|---|\n");
        for cell in &self.plan.cells {
            let saturated = matches!(cell.load, Load::Saturate(_));
            let rows = self.plan.targets.iter().filter(|target| target.name != "direct");
            let rows = rows.filter_map(|target| Some((&target.name, self.run.median(*cell, &target.name)?)));
            let fastest = rows.max_by(|(_, one), (_, other)| one.rate.total_cmp(&other.rate));
            let (Some(direct), Some((name, fastest)), true) =
                (self.run.median(*cell, "direct"), fastest, saturated)
            else {
                continue;
            };
            let _ = writeln!(
                text,
                "| {cell} | {:.0} | {:.0} ({name}) | {:.2} | {:.0} % |",
                direct.rate,
                fastest.rate,
                direct.rate / fastest.rate,
                fastest.own_share * 100.0
            );
        }
        text.push_str(
            "\nA ratio near 1, or a share well below 100 %, means that the rate is the generator's or the machine's; CPU per call \
             then moves too, though less, for a proxy that is less busy wakes more often. With one connection nothing is saturated: latency alone counts there.\n",
        );
    }

    fn idle(&self) -> Vec<(&str, f64)> {
        self.plan
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .zip(self.idle_mib.iter().copied())
            .collect()
    }

    fn stored(&self) -> Stored<'_> {
        let Self { plan, run, machine, .. } = self;
        let pairs = plan
            .cells
            .iter()
            .flat_map(|cell| plan.targets.iter().map(move |target| (*cell, target.name.as_str())));
        Stored {
            date: today(),
            command: &self.command,
            machine,
            load_average: (&self.load.0, &self.load.1),
            rounds: plan.rounds,
            window_s: plan.window.as_secs(),
            paced_window_s: plan.paced_window.as_secs(),
            idle_rss_mib: self.idle(),
            medians: pairs
                .filter_map(|(cell, name)| Some((cell.to_string(), name, run.median(cell, name)?)))
                .collect(),
            samples: &run.samples,
            failures: &run.failures,
        }
    }
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
