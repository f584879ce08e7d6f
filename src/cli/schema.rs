//! `sluicegate schema`: JSON Schema for editors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Exit;
use crate::policy::{self, Lock, SchemaOf};
use crate::store;

/// Options of `schema`.
#[derive(Debug, Args)]
#[command(
    after_help = "Name the result in the first line of a policy, and editors with a YAML language server complete and check it:\n\n  \
    # yaml-language-server: $schema=policy.schema.json"
)]
pub struct Options {
    /// Which file of a bundle the schema is about
    #[arg(value_name = "FILE", value_enum, default_value_t = About::Policy)]
    about: About,
    /// A lock file whose tools and arguments are to be completed
    #[arg(long, value_name = "FILE")]
    tools: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum About {
    /// tools.lock.yaml
    Lock,
    /// Any other *.yaml of a bundle
    Policy,
    /// *.test.yaml
    Tests,
}

/// Prints the schema.
pub fn schema(options: &Options) -> Exit {
    let lock = match options.tools.as_deref().map(store::read_lock).transpose() {
        Ok(source) => source.map(Lock::read).transpose(),
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            return Exit::Unable;
        }
    };
    let lock = match lock {
        Ok(lock) => lock,
        Err(faults) => {
            anstream::eprint!("{}", faults.render(super::output::paint()));
            return Exit::Findings;
        }
    };
    let of = match options.about {
        About::Lock => SchemaOf::Lock,
        About::Policy => SchemaOf::Policy,
        About::Tests => SchemaOf::Tests,
    };
    anstream::println!("{:#}", policy::schema(of, lock.as_ref()));
    Exit::Fine
}
