//! `sluicegate test`: the cases that a team wrote beside its policy.

mod github;
mod human;
mod json;
mod junit;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Exit;
use super::check::open;
use super::time::moment;
use crate::store;
use crate::trial::{self, Report, Selection};

/// Options of `test`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// Policy bundles with their `*.test.yaml` files
    #[arg(value_name = "DIR", required = true)]
    bundles: Vec<PathBuf>,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    /// Only the cases whose name holds this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Tell which rules no case has seen apply and not apply
    #[arg(long)]
    coverage: bool,
    /// Fail if less than this of a hundred rules, `unless` and exceptions is covered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
    /// When cases that do not say are judged, such as 2026-11-23T08:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<u64>,
}

const HELP: &str = "\
A file `*.test.yaml` beside the policy holds cases:

  at: 2026-11-23T10:00:00+01:00          # when, for cases that do not say; limits and time windows follow it
  cases:
    - name: analyst may read
      as: { user: alice, tenant: acme, scopes: [\"db:query\"] }    # or `anonymous`; as the case above if left out
      call: { tool: db_query, args: { limit: 500 } }             # or `method:` and `target:`
      expect: { decision: allow, rule: analyst-read }
    - with: { args.limit: 5000 }         # the case above, but for this; null takes something away
      expect: { decision: deny, reason: argument, failed: args.limit, message: \"outside what you may use\" }
    - name: sixty a minute
      with: { args.limit: 1 }
      repeat: { times: 130, every: 500ms }
      expect: { allowed: 124, denied_by: limit/user-calls, retry_after: { between: [1ms, 1s] } }
    - name: and again a minute later     # of the same caller, with limits as the case above left them
      after: 1min
      expect: { decision: allow }

`expect` may hold decision, rule, nearest, shadow, reason, failed, message, scopes, as_http { status, code,
challenge }, lists (what tools/list shows), found { DETECTOR: COUNT }, redacted { PATH: VALUE } in `args.` or in the
case's own `result:`; of repeats allowed, denied_by (a rule or limit/ID) and retry_after { between: [0s, 60s] }.
`call: { unknown_tool: NAME }` is for a tool that is not to be there; other unknown names are mistakes.

Cases are judged by the gate itself: rules, limits and redaction as they stand, each case with limits unused unless it
comes `after` the one above. `repeat: { times: 9, together: true }` has them all in flight at once.
A case without `at` is judged at the time of --at, or else now; if a rule asks for the time, that is told.
A rule is covered when some case saw it apply and some case about the same tools saw it not apply.

Exit codes: 0 all is well, 1 failed cases or too little covered, 2 usage, 3 something could not be tested.";

/// For whom results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// Workflow commands, which GitHub shows beside the lines concerned
    Github,
    /// Text for people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// JUnit XML, as CI systems read it
    Junit,
}

/// What came of one bundle.
#[derive(Debug)]
struct Tested {
    bundle: PathBuf,
    /// What its cases showed, or why they could not be run.
    outcome: Result<Report, String>,
}

/// What came of all bundles.
#[derive(Debug)]
struct Results {
    all: Vec<Tested>,
    /// When cases were judged that do not say, in milliseconds since 1970.
    unix_ms: u64,
    coverage: Wish,
    fail_under: u8,
}

/// Whether coverage is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Told,
    Unasked,
}

/// Runs the cases of bundles and prints those that came out otherwise.
pub fn test(options: &Options) -> Exit {
    let unix_ms = options.at.unwrap_or_else(store::unix_ms);
    let filter = options.filter.as_deref();
    let selection = Selection { filter, unix_ms };
    let run = |bundle: &PathBuf| Tested { bundle: bundle.clone(), outcome: run(bundle, selection) };
    let coverage = if options.coverage || options.fail_under.is_some() { Wish::Told } else { Wish::Unasked };
    let mut all: Vec<Tested> = options.bundles.iter().map(run).collect();
    if let Some(filter) = filter {
        check_filter(&mut all, filter);
    }
    let results = Results { all, unix_ms, coverage, fail_under: options.fail_under.unwrap_or_default() };
    match options.output {
        Format::Github => github::print(&results),
        Format::Human => human::print(&results),
        Format::Json => anstream::println!("{:#}", json::of(&results)),
        Format::Junit => anstream::print!("{}", junit::of(&results)),
    }
    results.exit()
}

/// Runs the cases of one bundle.
///
/// # Errors
/// Why they cannot be run, in one line.
fn run(bundle: &Path, selection: Selection<'_>) -> Result<Report, String> {
    let policy = open(bundle).map_err(|_| "the bundle does not hold".to_owned())?.policy;
    let sources = store::read_tests(bundle).map_err(|fault| fault.to_string())?;
    if sources.is_empty() {
        return Err("no `*.test.yaml` in it".to_owned());
    }
    Ok(trial::run(&Arc::new(policy), &sources, selection))
}

/// A filter that leaves nothing is a mistake, not a success; in some bundles of several it may.
fn check_filter(all: &mut [Tested], filter: &str) {
    let is_empty = |tested: &Tested| {
        tested.outcome.as_ref().is_ok_and(|report| report.verdicts.is_empty() && report.unread == 0)
    };
    if all.iter().all(is_empty) {
        for tested in all {
            tested.outcome = Err(format!("no case has `{filter}` in its name"));
        }
    }
}

impl Results {
    fn exit(&self) -> Exit {
        if self.all.iter().any(|tested| tested.outcome.is_err()) {
            return Exit::Unable;
        }
        let is_fine = |report: &Report| {
            report.failed() == 0 && report.faults.is_empty() && report.coverage.reaches(self.fail_under)
        };
        let fine = self.all.iter().filter_map(|tested| tested.outcome.as_ref().ok()).all(is_fine);
        if fine { Exit::Fine } else { Exit::Findings }
    }
}

impl Tested {
    /// The path of a file of the bundle, as seen from here.
    fn path(&self, file: &str) -> String {
        let path = self.bundle.join(file);
        path.strip_prefix(".").unwrap_or(&path).display().to_string()
    }
}
