//! The record of a run: a table for people, JSON for programs, both under `benches/record/`.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;

use crate::machine::Machine;
use crate::{Cell, Reading};

/// What a stream may cost, in KiB.
const STREAM_KIB_MAX: f64 = 20.0;

const SETTINGS: &str = "\
- `sluicegate run --threads 1` on core 0, everything on as in the `wire` bench's `gate-audit`: callers by JWT, roles, five
  limits, redaction, a JSON line per message to a file. A fresh gate for each cell. Loopback, HTTP/1.1, no TLS.
- `client`: a kept-alive connection after `initialize` and `notifications/initialized`, with a session of its own.
- `get`: the same, and then a GET stream on that connection: one connection of the client, one to the server.
- `listen`: `subscriptions/listen` of 2026-07-28 on a connection of its own, one to the server behind it.
- Every stream was sent one event halfway and had to hand it over; at the end every connection had to be open.
- Resident memory is `VmRSS` of the gate: socket buffers of the kernel are not in it. `before` is read after one
  stream came and went. Each of them includes what the gate remembers of its session, and the heartbeats are sent.
";

/// A finished run and its surroundings.
pub struct Report<'r> {
    /// What was measured.
    pub readings: &'r [Reading],
    /// Where.
    pub machine: &'r Machine,
    /// The command line.
    pub command: String,
    /// How long each cell was held.
    pub seconds: u64,
    /// The load average before and after.
    pub load: (String, String),
}

#[derive(Serialize)]
struct Stored<'r> {
    date: String,
    command: &'r str,
    machine: &'r Machine,
    load_average: (&'r str, &'r str),
    seconds: u64,
    readings: &'r [Reading],
}

impl Reading {
    /// What each costs after the hold, in KiB.
    fn each_kib(&self, rss_kib: u64) -> f64 {
        rss_kib.saturating_sub(self.rss_before_kib) as f64 / f64::from(self.streams)
    }
}

impl Report<'_> {
    /// Writes the record, and returns the paths of its two files.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn store(&self, folder: &Path) -> io::Result<[PathBuf; 2]> {
        std::fs::create_dir_all(folder)?;
        let stem = format!("{}-{}-streams", today(), self.machine.commit);
        let paths = [folder.join(format!("{stem}.md")), folder.join(format!("{stem}.json"))];
        std::fs::write(&paths[0], self.text())?;
        let stored = Stored {
            date: today(),
            command: &self.command,
            machine: self.machine,
            load_average: (&self.load.0, &self.load.1),
            seconds: self.seconds,
            readings: self.readings,
        };
        let mut json = serde_json::to_string_pretty(&stored).map_err(io::Error::other)?;
        json.push('\n');
        std::fs::write(&paths[1], json)?;
        Ok(paths)
    }

    /// The record as Markdown.
    pub fn text(&self) -> String {
        let Self { readings, machine, command, seconds, load } = self;
        let mut text = format!(
            "# streams: {}, {}\n\n{}, {} cores, {} GiB, Linux {}; {}.\n\n`{command}`: each held for {seconds} s. Load average {} \
             before, {} after.\n\n",
            today(),
            machine.commit,
            machine.cpu,
            machine.cores,
            machine.memory_gib,
            machine.kernel,
            machine.rustc,
            load.0,
            load.1
        );
        text.push_str(
            "| held | how many | RSS before, MiB | opened | held | closed | KiB each, opened | **KiB each, held** | CPU while idle, ms/s | event to all, ms |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
        );
        let mib = |kib: u64| kib as f64 / 1024.0;
        for reading in *readings {
            let _ = writeln!(
                text,
                "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | **{:.1}** | {:.1} | {:.0} |",
                reading.cell,
                reading.streams,
                mib(reading.rss_before_kib),
                mib(reading.rss_opened_kib),
                mib(reading.rss_held_kib),
                mib(reading.rss_closed_kib),
                reading.each_kib(reading.rss_opened_kib),
                reading.each_kib(reading.rss_held_kib),
                reading.idle_cpu_ms,
                reading.event_ms,
            );
        }
        text.push_str("\n## Promises\n\n| promise | at most | found | |\n|---|---|---|---|\n");
        for reading in readings.iter().filter(|reading| reading.cell != Cell::Client) {
            let found = reading.each_kib(reading.rss_held_kib);
            let verdict = if found <= STREAM_KIB_MAX { "kept" } else { "**missed**" };
            let _ = writeln!(
                text,
                "| memory of an idle stream, `{}` | {STREAM_KIB_MAX:.0} KiB | {found:.1} KiB | {verdict} |",
                reading.cell
            );
        }
        text.push_str("\n## Settings\n\n");
        text.push_str(SETTINGS);
        text
    }
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
