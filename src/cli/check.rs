//! `sluicegate check`: every mistake of a bundle at once, without a server.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::Exit;
use super::output::{Account, Format, Report, Warnings, plural};
use super::registry::over::OverOptions;
use crate::names::Mode;
use crate::policy::registry::REGISTRY_PLACE;
use crate::policy::{self, Faults, Policy, Severity, Source};
use crate::store;

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 all is well, 1 findings, 2 usage, 3 something could not be checked.")]
pub struct Options {
    /// Policy bundles: directories of YAML files
    #[arg(value_name = "DIR", required = true)]
    bundles: Vec<PathBuf>,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    /// Take warnings for mistakes
    #[arg(long)]
    strict: bool,
    /// The lock file to look tools up in, in place of each bundle's own `tools.lock.yaml`
    #[arg(long, value_name = "FILE")]
    tools: Option<PathBuf>,
    #[command(flatten)]
    over: OverOptions,
    /// Judge so many made-up messages by Cedar too, and compare
    #[arg(long, value_name = "MESSAGES", num_args = 0..=1, default_missing_value = "10000")]
    cross_check: Option<usize>,
}

/// The same messages each time, so that what is found once is found again.
const CROSS_CHECK_SEED: u64 = 1;

/// Checks bundles and prints what is wrong with them.
pub fn check(options: &Options) -> Exit {
    let accounts = options.bundles.iter().map(|bundle| account(bundle, options));
    let warnings = if options.strict { Warnings::Fail } else { Warnings::Pass };
    let report = Report { accounts: accounts.collect(), warnings };
    report.print(options.output);
    report.exit()
}

fn account(bundle: &Path, options: &Options) -> Account {
    match load_over(bundle, options.tools.as_deref(), &options.over) {
        Err(account) => *account,
        Ok(Loaded { policy, sources, revision }) => {
            let names = Names { bundle, lock: options.tools.as_deref() };
            let warnings = policy.warnings().len();
            let (tools, rules) = (policy.tools().len(), policy.rule_ids().count());
            let verdict = if options.strict && warnings > 0 { "not ok" } else { "ok" };
            let over = revision.map(|revision| format!(", over revision {revision} of the registry"));
            let summary = format!(
                "{}: {verdict}, {}, {}, {}{}",
                bundle.display(),
                plural(tools, "tool"),
                plural(rules, "rule"),
                plural(warnings, "warning"),
                over.unwrap_or_default(),
            );
            let (agreed, summary) = match options.cross_check.map(|messages| cross_check(&policy, messages)) {
                None => (None, summary),
                Some(Ok((judged, told))) => (Some(("cross_checked", judged)), format!("{summary}{told}")),
                Some(Err(fault)) => return Account::unable(bundle.display().to_string(), fault.to_string()),
            };
            Account {
                counts: [("tools", tools), ("rules", rules)].into_iter().chain(agreed).collect(),
                ..names.account(&sources, policy.warnings(), summary)
            }
        }
    }
}

/// Lets Cedar judge too: how many messages both judged alike, and what to say of it.
///
/// # Errors
/// The first message that they judge differently: this program's fault.
fn cross_check(policy: &Policy, messages: usize) -> Result<(usize, String), policy::Disagreement> {
    let start = Instant::now();
    let agreement = policy.cross_check(messages, CROSS_CHECK_SEED)?;
    let told = format!(
        "; the native evaluator and Cedar agree on {} messages ({} allowed, {} rules met), {:.1} s",
        agreement.judged,
        agreement.allowed,
        agreement.rules.len(),
        start.elapsed().as_secs_f64(),
    );
    Ok((agreement.judged, told))
}

/// A bundle that holds.
pub(super) struct Loaded {
    pub policy: Policy,
    pub sources: Vec<Source>,
    /// Of the registry that was laid over it.
    pub revision: Option<i64>,
}

/// Reads and compiles a bundle, or prints for people why that cannot be.
pub(super) fn open(bundle: &Path) -> Result<Loaded, Exit> {
    open_over(bundle, &OverOptions::default())
}

/// As [`open`], with what a registry says laid over it.
pub(super) fn open_over(bundle: &Path, over: &OverOptions) -> Result<Loaded, Exit> {
    load_over(bundle, None, over).map_err(|account| {
        let report = Report { accounts: vec![*account], warnings: Warnings::Pass };
        report.print(Format::Human);
        report.exit()
    })
}

/// Reads and compiles a bundle, with the tools of `lock` where one is named.
///
/// # Errors
/// What is wrong with it, or why that cannot be said.
pub(super) fn load(bundle: &Path, lock: Option<&Path>) -> Result<Loaded, Box<Account>> {
    load_over(bundle, lock, &OverOptions::default())
}

/// As [`load`], with what a registry says laid over it.
///
/// # Errors
/// As there; or why the registry cannot be read.
fn load_over(bundle: &Path, lock: Option<&Path>, over: &OverOptions) -> Result<Loaded, Box<Account>> {
    crate::identity::install_crypto();
    let lost = |fault: String| Box::new(Account::unable(bundle.display().to_string(), fault));
    let unable = |fault: store::ReadFault| lost(fault.to_string());
    let mut sources = store::read(bundle).map_err(unable)?;
    if let Some(lock) = lock {
        let lock = store::read_lock(lock).map_err(unable)?;
        sources.retain(|source| source.name != lock.name);
        sources.push(lock);
        sources.sort_by(|left, right| left.name.cmp(&right.name));
    }
    let registry = over.read(&sources).map_err(lost)?;
    let revision = registry.as_ref().map(|registry| registry.revision);
    match policy::compile_over(&sources, registry.as_ref(), store::unix_ms(), Mode::Enforce) {
        Ok(policy) => Ok(Loaded { policy, sources, revision }),
        Err(faults) => {
            let (errors, warnings) = (faults.count(Severity::Error), faults.count(Severity::Warning));
            let summary =
                format!("{}: {}, {}", bundle.display(), plural(errors, "error"), plural(warnings, "warning"));
            Err(Box::new(Names { bundle, lock }.account(&sources, &faults, summary)))
        }
    }
}

/// How the files of a bundle are called from here.
pub(super) struct Names<'p> {
    pub bundle: &'p Path,
    /// The lock file that stands in for the bundle's own.
    pub lock: Option<&'p Path>,
}

impl Names<'_> {
    /// An account of what was found in `sources`.
    pub fn account(&self, sources: &[Source], faults: &Faults, summary: String) -> Account {
        Account {
            bundle: self.bundle.display().to_string(),
            files: sources.iter().map(|source| self.path(&source.name)).collect(),
            faults: faults.renamed(|name| self.path(name)),
            counts: Vec::new(),
            summary,
            unable: None,
        }
    }

    /// The path of a file that the bundle calls `name`.
    fn path(&self, name: &str) -> String {
        if name.starts_with(REGISTRY_PLACE) {
            return name.to_owned();
        }
        let path = match self.lock {
            Some(lock) if name == policy::LOCK_FILE => lock.to_owned(),
            Some(_) | None => self.bundle.join(name),
        };
        let path = path.strip_prefix(".").unwrap_or(&path);
        path.display().to_string()
    }
}
