//! The figures that the project promises, beside what the run found.

use std::fmt::Write as _;

use crate::bodies::Shape;
use crate::cell::{Cell, Load};
use crate::round::{Figures, Run};

/// The target with every check on.
const FULL: &str = "gate-audit";

/// The silent clients of the memory promise.
const IDLE_CLIENTS: usize = 400;

/// One promise: what, where it is read, at most how much.
struct Promise {
    words: &'static str,
    cell: Cell,
    at_most: f64,
    unit: &'static str,
    found: fn(&Column<'_>) -> Option<f64>,
}

/// The medians of one cell.
struct Column<'r> {
    run: &'r Run,
    cell: Cell,
}

impl Column<'_> {
    fn of(&self, target: &str) -> Option<Figures> {
        self.run.median(self.cell, target)
    }
}

const fn saturated(shape: Shape, connections: usize) -> Cell {
    Cell { shape, load: Load::Saturate(connections) }
}

const PROMISES: [Promise; 8] = [
    Promise {
        words: "CPU per call, everything on, to nginx",
        cell: saturated(Shape::Small, 32),
        at_most: 1.5,
        unit: "x",
        found: |column| Some(column.of(FULL)?.cpu_us / column.of("nginx")?.cpu_us),
    },
    Promise {
        words: "CPU per call, everything on, to Envoy with its MCP filter and RBAC",
        cell: saturated(Shape::Small, 32),
        at_most: 1.0 / 3.0,
        unit: "x",
        found: |column| Some(column.of(FULL)?.cpu_us / column.of("envoy-mcp")?.cpu_us),
    },
    Promise {
        words: "CPU per call, policy off, to nginx",
        cell: saturated(Shape::Small, 32),
        at_most: 1.2,
        unit: "x",
        found: |column| Some(column.of("gate-off")?.cpu_us / column.of("nginx")?.cpu_us),
    },
    Promise {
        words: "p50 at one connection, everything on, above nginx",
        cell: saturated(Shape::Small, 1),
        at_most: 25.0,
        unit: "µs",
        found: |column| Some(column.of(FULL)?.p50_us - column.of("nginx")?.p50_us),
    },
    Promise {
        words: "redaction of a 64 KB answer, prose, CPU added",
        cell: saturated(Shape::Prose, 32),
        at_most: 30.0,
        unit: "µs",
        found: |column| Some(column.of("gate-redact")?.cpu_us - column.of("gate-limits")?.cpu_us),
    },
    Promise {
        words: "redaction of a 64 KB answer, dense records, CPU added",
        cell: saturated(Shape::Records, 32),
        at_most: 100.0,
        unit: "µs",
        found: |column| Some(column.of("gate-redact")?.cpu_us - column.of("gate-limits")?.cpu_us),
    },
    Promise {
        words: "p99 added over direct, everything on, at 70 % of saturation",
        cell: Cell { shape: Shape::Small, load: Load::Own(70) },
        at_most: 1000.0,
        unit: "µs",
        // A direct target that is slower than one behind a gate fell behind its own rate: it says nothing.
        found: |column| {
            Some(column.of(FULL)?.p99_us - column.of("direct")?.p99_us).filter(|added| *added >= 0.0)
        },
    },
    Promise {
        words: "resident memory at 256 connections, everything on",
        cell: saturated(Shape::Small, 256),
        at_most: 30.0,
        unit: "MiB",
        found: |column| Some(column.of(FULL)?.rss_mib),
    },
];

/// The promises as a table; those whose cells or targets did not run say so.
pub fn table(run: &Run, idle_mib: &[(&str, f64)]) -> String {
    let mut text = "| promise | cell | at most | found | |\n|---|---|---|---|---|\n".to_owned();
    for promise in &PROMISES {
        let found = (promise.found)(&Column { run, cell: promise.cell });
        row(&mut text, promise.words, &promise.cell.to_string(), (promise.at_most, promise.unit), found);
    }
    let idle = idle_mib.iter().find(|(name, _)| *name == FULL).map(|(_, mib)| *mib);
    row(&mut text, "resident memory idle, everything on", "", (15.0, "MiB"), idle);
    let crowd = Cell { shape: Shape::Small, load: Load::Idle(IDLE_CLIENTS) };
    let each =
        run.median(crowd, FULL).zip(idle).map(|(row, idle)| per_client_kib(row.rss_mib, idle, IDLE_CLIENTS));
    row(&mut text, "memory of an idle client, everything on", &crowd.to_string(), (24.0, "KiB"), each);
    text
}

/// What each of so many silent clients adds to the memory of a target that had none.
pub fn per_client_kib(rss_mib: f64, idle_mib: f64, clients: usize) -> f64 {
    (rss_mib - idle_mib) * 1024.0 / clients as f64
}

fn row(text: &mut String, words: &str, cell: &str, (at_most, unit): (f64, &str), found: Option<f64>) {
    let _ = match found {
        None => writeln!(text, "| {words} | {cell} | {at_most:.2} {unit} | not run | |"),
        Some(found) => {
            let kept = if found <= at_most { "kept" } else { "**missed**" };
            writeln!(text, "| {words} | {cell} | {at_most:.2} {unit} | {found:.2} {unit} | {kept} |")
        }
    };
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;
    use crate::round::Sample;

    fn run_with(cpu_us: [(&str, f64); 2]) -> Run {
        let sample = |(target, cpu_us): (&str, f64)| {
            let figures = Figures { cpu_us, ..Figures::default() };
            Sample { cell: "small-32".to_owned(), target: target.to_owned(), round: 0, figures }
        };
        Run { samples: cpu_us.map(sample).to_vec(), failures: Vec::new() }
    }

    #[test]
    fn a_promise_is_kept_up_to_its_bound_and_missed_above() {
        let kept = table(&run_with([("nginx", 20.0), (FULL, 30.0)]), &[]);
        assert!(kept.contains("to nginx | small-32 | 1.50 x | 1.50 x | kept |"), "{kept}");
        let missed = table(&run_with([("nginx", 20.0), (FULL, 30.2)]), &[]);
        assert!(missed.contains("to nginx | small-32 | 1.50 x | 1.51 x | **missed** |"), "{missed}");
        assert!(missed.contains("above nginx | small-1 | 25.00 µs | not run |"), "{missed}");
    }
}
