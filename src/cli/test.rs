//! `sluicegate test`: the cases that a team wrote beside its policy.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::check::{load, paint};
use crate::policy;
use crate::store;

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle with its `*.test.yaml` files
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
}

/// Runs the cases of a bundle and prints those that came out otherwise.
pub fn test(options: &Options) -> Exit {
    let policy = match load(&options.bundle) {
        Ok((policy, _)) => policy,
        Err(exit) => return exit,
    };
    let cases = match store::read_tests(&options.bundle) {
        Ok(cases) => cases,
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            return Exit::Unable;
        }
    };
    if cases.is_empty() {
        anstream::eprintln!("sluicegate: no `*.test.yaml` in {}", options.bundle.display());
        return Exit::Unable;
    }
    let report = policy::run_cases(&policy, &cases, store::unix_ms());
    anstream::eprint!("{}", report.faults.render(paint()));
    anstream::println!("{}: {} passed, {} failed", options.bundle.display(), report.passed, report.failed);
    if report.failed == 0 && report.faults.is_empty() { Exit::Fine } else { Exit::Findings }
}
