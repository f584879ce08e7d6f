//! `sluicegate lint`: what a server says of itself, held against what a model needs and what nobody should tell it.
//!
//! Exit codes are those of `check`: errors fail, warnings with `--strict`, notes never.

mod report;

use std::path::PathBuf;

use clap::Args;

use self::report::Report;
use super::Exit;
use super::listing::{Found, ListingOptions};
use super::opening::{Fault, unable};
use super::output::{Format, Warnings};
use crate::bounds::POLICY_FILE_BYTES_MAX;
use crate::lint::Signatures;
use crate::policy::{self, Source};
use crate::store;

/// Options of `lint`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// A bundle with the tools that were pinned, or a file with the result of a `tools/list`
    #[arg(value_name = "DIR|FILE")]
    list: Option<PathBuf>,
    #[command(flatten)]
    listing: ListingOptions,
    /// A file of signatures to look for, besides those of the program; may be repeated
    #[arg(long, value_name = "FILE")]
    signatures: Vec<PathBuf>,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    /// Take warnings for mistakes
    #[arg(long)]
    strict: bool,
}

const HELP: &str = "\
Examples:
  sluicegate lint policies/                       what was pinned, with the policy's own `describe` in place
  sluicegate lint -- npx @acme/server             what a server on pipes says
  sluicegate lint --server http://127.0.0.1:8080/mcp -o sarif
  sluicegate lint tools.json --signatures ours.yaml

Exit codes: 0 no errors, 1 errors (with --strict also warnings), 2 usage, 3 there is no list to look at.";

/// Looks at a list and prints what is wrong with it.
pub fn lint(options: &Options) -> Exit {
    crate::identity::install_crypto();
    act(options).unwrap_or_else(|fault| {
        anstream::eprintln!("{fault}");
        fault.exit
    })
}

fn act(options: &Options) -> Result<Exit, Fault> {
    let signatures = signatures(&options.signatures)?;
    let found: Found = options.listing.read(options.list.as_deref())?;
    let findings = crate::lint::lint(&found.listing, &signatures);
    let warnings = if options.strict { Warnings::Fail } else { Warnings::Pass };
    let report = Report { found: &found, findings: &findings, warnings };
    report.print(options.output);
    Ok(report.exit())
}

fn signatures(paths: &[PathBuf]) -> Result<Signatures, Fault> {
    let mut sources = Vec::new();
    for path in paths {
        let read = store::read_together(std::slice::from_ref(path), POLICY_FILE_BYTES_MAX).map_err(unable)?;
        for bytes in read {
            let name = path.display().to_string();
            let text = String::from_utf8(bytes).map_err(|_| unable(format!("`{name}` is not UTF-8")))?;
            sources.push(Source { name: name.into(), text });
        }
    }
    policy::signatures(&sources).map_err(|faults| {
        let mut fault = unable(format!("the signatures cannot be used\n{faults}"));
        fault.exit = Exit::Findings;
        fault
    })
}
