//! `sluicegate check`: every mistake of a bundle at once, without a server.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use crate::policy::{self, Faults, Paint, Policy, Severity, Source};
use crate::store;

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle: a directory of YAML files
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// Take warnings for mistakes
    #[arg(long)]
    strict: bool,
}

/// Checks a bundle and prints what is wrong with it.
pub fn check(options: &Options) -> Exit {
    let policy = match load(&options.bundle) {
        Ok((policy, _)) => policy,
        Err(exit) => return exit,
    };
    let warnings = policy.warnings();
    if !warnings.is_empty() {
        anstream::eprint!("{}", warnings.render(paint()));
    }
    let (errors, _) = tally(warnings);
    let plural =
        |count: usize, noun: &str| if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") };
    anstream::println!(
        "{}: ok, {}, {}, {}",
        options.bundle.display(),
        plural(policy.tools().len(), "tool"),
        plural(policy.rule_ids().count(), "rule"),
        plural(warnings.len() - errors, "warning"),
    );
    if options.strict && !warnings.is_empty() { Exit::Findings } else { Exit::Fine }
}

/// Reads and compiles a bundle, or prints why that cannot be.
pub(super) fn load(bundle: &Path) -> Result<(Policy, Vec<Source>), Exit> {
    crate::identity::install_crypto();
    let sources = store::read(bundle).map_err(|fault| {
        anstream::eprintln!("sluicegate: {fault}");
        Exit::Unable
    })?;
    match policy::compile(&sources, store::unix_ms()) {
        Ok(policy) => Ok((policy, sources)),
        Err(faults) => {
            anstream::eprint!("{}", faults.render(paint()));
            let (errors, warnings) = tally(&faults);
            anstream::eprintln!("{}: {errors} error(s), {warnings} warning(s)", bundle.display());
            Err(Exit::Findings)
        }
    }
}

fn tally(faults: &Faults) -> (usize, usize) {
    (faults.count(Severity::Error), faults.count(Severity::Warning))
}

/// Colours for a terminal, none elsewhere or where `NO_COLOR` is set.
pub(super) fn paint() -> Paint {
    let is_wanted = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if is_wanted { Paint::Colour } else { Paint::Plain }
}
