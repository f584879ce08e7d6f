//! `sluicegate versions`: how far a transition between versions of tools has come.

mod report;

use clap::{Args, Subcommand};

use super::Exit;

/// Options of `versions`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell who still calls which old version of a tool, from an audit trail
    Report(report::Options),
}

/// Does what the command line says.
pub fn versions(options: &Options) -> Exit {
    match &options.verb {
        Verb::Report(options) => report::report(options),
    }
}
