//! `sluicegate audit`: what becomes of a trail after it was written.

mod convert;
mod ecs;
mod ocsf;
mod verify;

use clap::{Args, Subcommand};

use super::Exit;

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Verify the chain of a trail, its checkpoints, and copies of them
    Verify(verify::Options),
    /// Convert records to OCSF or ECS, one JSON object a line
    Convert(convert::Options),
}

/// Does what the command line says.
pub fn audit(options: &Options) -> Exit {
    match &options.verb {
        Verb::Verify(options) => verify::verify(options),
        Verb::Convert(options) => convert::convert(options),
    }
}
