//! `sluicegate test`: the cases that a team wrote beside its policy.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::check::{Loaded, Names, load};
use super::output::{Account, Format, Report, Warnings};
use crate::policy;
use crate::store;

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle with its `*.test.yaml` files
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

/// Runs the cases of a bundle and prints those that came out otherwise.
pub fn test(options: &Options) -> Exit {
    let report = Report { accounts: vec![account(&options.bundle)], warnings: Warnings::Fail };
    report.print(options.output);
    report.exit()
}

fn account(bundle: &Path) -> Account {
    let Loaded { policy, .. } = match load(bundle, None) {
        Ok(loaded) => loaded,
        Err(account) => return *account,
    };
    let unable = |why: String| Account::unable(bundle.display().to_string(), why);
    let cases = match store::read_tests(bundle) {
        Ok(cases) => cases,
        Err(fault) => return unable(fault.to_string()),
    };
    if cases.is_empty() {
        return unable(format!("no `*.test.yaml` in {}", bundle.display()));
    }
    let report = policy::run_cases(&policy, &cases, store::unix_ms());
    let summary = format!("{}: {} passed, {} failed", bundle.display(), report.passed, report.failed);
    let names = Names { bundle, lock: None };
    Account {
        counts: vec![("passed", report.passed), ("failed", report.failed)],
        ..names.account(&cases, &report.faults, summary)
    }
}
