//! `sluicegate versions report`: who still calls which old version of a tool, and when last.
//!
//! It reads what the gate wrote down of each call, so it sees callers as the trail names them: under pseudonyms,
//! unless the gate was told to write names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::{Exit, records};
use crate::policy::State;

/// Options of `versions report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nobody calls an old version, 1 somebody does, 2 usage, 3 a file could not be read.\n\n\
                  Files that were put aside are found by the name of the one that is written."
)]
pub struct Options {
    /// The audit file as it was named to the gate; - for standard input; more than one: just these
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Tell of every version, not only of those that are on their way out
    #[arg(long)]
    all: bool,
    /// How it is told
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "human")]
    output: Form,
}

/// How a report is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table for people
    Human,
    /// One JSON object
    Json,
}

/// A caller of one version, as the trail names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    tool: String,
    version: u64,
    tenant: Option<String>,
    client: Option<String>,
    caller: String,
}

/// What one caller did with one version.
#[derive(Debug, Default)]
struct Use {
    calls: u64,
    refused: u64,
    /// The last call, as the trail writes it.
    last_seen: String,
    /// The state of the version at the last call.
    state: String,
}

/// What a trail tells of versions.
#[derive(Debug, Default)]
struct Census {
    uses: BTreeMap<Who, Use>,
}

/// Reads the trail and tells.
pub fn report(options: &Options) -> Exit {
    let mut census = Census::default();
    if let Err((path, error)) = records::each(&options.files, |record| census.take(record)) {
        anstream::eprintln!("cannot read {}: {error}", path.display());
        return Exit::Unable;
    }
    let is_old = |found: &Use| {
        let ending = [State::Brownout, State::Deprecated, State::Retired];
        ending.iter().any(|state| state.as_str() == found.state)
    };
    let told: Vec<(&Who, &Use)> =
        census.uses.iter().filter(|(_, found)| options.all || is_old(found)).collect();
    match options.output {
        Form::Human => anstream::print!("{}", human(&told)),
        Form::Json => anstream::println!("{}", json(&told)),
    }
    if told.iter().any(|(_, found)| is_old(found)) { Exit::Findings } else { Exit::Fine }
}

impl Census {
    fn take(&mut self, record: &Value) {
        let version = &record["action"]["version"];
        let (Some(tool), Some(number)) = (version["tool"].as_str(), version["number"].as_u64()) else {
            return;
        };
        if record["stage"] != "decision" {
            return;
        }
        let actor = &record["actor"];
        let text = |name: &str| actor[name].as_str().map(str::to_owned);
        let who = Who {
            tool: tool.to_owned(),
            version: number,
            tenant: text("tenant"),
            client: text("client"),
            caller: text("id").unwrap_or_else(|| "unknown".to_owned()),
        };
        let found = self.uses.entry(who).or_default();
        found.calls += 1;
        found.refused += u64::from(record["decision"]["verdict"] != "allow");
        let time = record["time"].as_str().unwrap_or_default();
        if time >= found.last_seen.as_str() {
            time.clone_into(&mut found.last_seen);
            version["state"].as_str().unwrap_or_default().clone_into(&mut found.state);
        }
    }
}

fn human(told: &[(&Who, &Use)]) -> String {
    if told.is_empty() {
        return "nobody calls an old version\n".to_owned();
    }
    let none = "-".to_owned();
    let head = ["VERSION", "STATE", "TENANT", "CLIENT", "CALLER", "CALLS", "REFUSED", "LAST SEEN"];
    let mut rows = vec![head.map(str::to_owned)];
    for (who, found) in told {
        rows.push([
            format!("{}@{}", who.tool, who.version),
            found.state.clone(),
            who.tenant.clone().unwrap_or_else(|| none.clone()),
            who.client.clone().unwrap_or_else(|| none.clone()),
            who.caller.clone(),
            found.calls.to_string(),
            found.refused.to_string(),
            found.last_seen.clone(),
        ]);
    }
    // What a client calls itself may hold anything.
    rows.iter_mut().flatten().for_each(|cell| *cell = crate::policy::visible(cell).replace('\n', " "));
    let widths: Vec<usize> =
        (0..head.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn json(told: &[(&Who, &Use)]) -> String {
    let one = |(who, found): &(&Who, &Use)| {
        json!({
            "tool": who.tool, "version": who.version, "state": found.state, "tenant": who.tenant, "client": who.client,
            "caller": who.caller, "calls": found.calls, "refused": found.refused, "last_seen": found.last_seen,
        })
    };
    json!({ "version": 1, "uses": told.iter().map(one).collect::<Vec<_>>() }).to_string()
}
