//! `sluicegate scan`: what redaction would find in files, and how well it does on a corpus.
//!
//! **Why.** Whoever writes rules wants to see them at work on their own data before any message goes
//! through them, and whoever vouches for them wants figures.
//!
//! **How.** A text is scanned by the same plan as at the gate: of a JSON-RPC message the part that its
//! sender fills, in the direction it travels; of other JSON the whole; text that is no JSON as one
//! string. Lines of JSON are read one at a time. Values are shown by their shape alone unless the user
//! wants them.
//!
//! **What it is not.** It sends nothing and keeps nothing. It sees one message at a time, as the gate
//! does: a value cut over two lines is not joined.

mod input;
mod judge;
mod lines;
mod report;
mod score;
mod text;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Exit;
use crate::scan::{Action, Confidence, Detector, Direction, Pack};
use input::{Form, Input};
use judge::Judge;
use report::Report;

/// Options of `scan`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// Files to scan; - for standard input
    #[arg(value_name = "FILE", required_unless_present = "score")]
    files: Vec<PathBuf>,
    /// What the files hold; by their names if left out
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,
    #[command(flatten)]
    rules: RuleOptions,
    /// Write the redacted text to standard output, and what was found to standard error
    #[arg(long)]
    redacted: bool,
    /// Write values as they are, and not their shape
    #[arg(long)]
    show_values: bool,
    /// Say of each value why it is taken for one
    #[arg(long)]
    explain: bool,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    /// Score what is found in a labelled corpus, and not scan files
    #[arg(long, value_name = "CORPUS", conflicts_with_all = ["files", "form", "show_values", "on"])]
    score: Option<PathBuf>,
    #[command(flatten)]
    scoring: score::ScoreOptions,
}

/// What is looked for.
#[derive(Debug, Args)]
struct RuleOptions {
    /// Take the `redact:` rules of this bundle, and not every detector
    #[arg(long, value_name = "DIR", conflicts_with_all = ["packs", "detectors", "action"])]
    policy: Option<PathBuf>,
    /// Read prose with the model in this folder too, as scripts/fetch-ner.sh makes it
    #[arg(long, value_name = "DIR")]
    ner: Option<PathBuf>,
    /// Look for what belongs to these packs only, such as hipaa, pci or credentials; findings name the pack
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = pack, conflicts_with = "detectors")]
    packs: Vec<Pack>,
    /// Look for these kinds only; every kind if left out
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = detector)]
    detectors: Vec<Detector>,
    /// What --redacted does with values
    #[arg(long, value_name = "ACTION", value_parser = action, default_value = "mask")]
    action: Action,
    /// How sure it must be: certain (form and check), likely (also the name of a field, a word), possible
    #[arg(long, value_name = "LEVEL", value_parser = confidence, default_value = "possible", conflicts_with = "policy")]
    confidence: Confidence,
    /// The direction whose rules are meant for what is no JSON-RPC message
    #[arg(long, value_name = "DIRECTION", value_parser = direction, default_value = "results")]
    on: Direction,
}

/// For whom findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// A line for each finding
    #[default]
    Human,
    /// One JSON object
    Json,
}

const HELP: &str = "\
Examples:
  sluicegate scan answer.json
  sluicegate scan --explain --confidence likely answer.json
  sluicegate scan --policy DIR audit-samples.jsonl -o json
  kubectl logs pod | sluicegate scan - --redacted
  sluicegate scan --score corpus.jsonl --types --fail-under recall=0.97,precision=0.98

A corpus has one JSON object a line: { \"id\": 0, \"bucket\": \"text\", \"doc\": \"a JSON text\", \"spans\": [{ \"s\": 10, \"e\": 21,
\"type\": \"SSN\", \"value\": \"...\" }] }, offsets in characters of `doc`. Documents of the bucket `neg` hold no values. Lines with
`technique`, `ctx` and `type` in place of spans are cases of evasion: each counts when a finding has its type.

Exit codes: 0 nothing found, or every floor reached; 1 found, or a floor not reached; 2 usage; 3 something could not
be scanned.";

fn detector(text: &str) -> Result<Detector, String> {
    let names = Detector::ALL.iter().map(|detector| detector.as_str());
    Detector::parse(text).ok_or_else(|| unknown("detector", text, names))
}

fn pack(text: &str) -> Result<Pack, String> {
    let found = Pack::ALL.iter().copied().find(|pack| pack.as_str() == text);
    found.ok_or_else(|| unknown("pack", text, Pack::ALL.iter().map(|pack| pack.as_str())))
}

fn unknown(what: &str, text: &str, names: impl Iterator<Item = &'static str>) -> String {
    let near =
        names.map(|name| (name, strsim::jaro_winkler(text, name))).filter(|(_, likeness)| *likeness > 0.8);
    let near = near.max_by(|one, other| one.1.total_cmp(&other.1));
    let help = near.map(|(name, _)| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("there is no {what} `{text}`{help}")
}

fn action(text: &str) -> Result<Action, &'static str> {
    let writes = |action: &&Action| **action != Action::Block && action.as_str() == text;
    Action::ALL.iter().find(writes).copied().ok_or("an action that writes: mask, replace or drop")
}

fn confidence(text: &str) -> Result<Confidence, &'static str> {
    let mut all = Confidence::ALL.iter().copied();
    all.find(|level| level.as_str() == text).ok_or("possible, likely or certain")
}

fn direction(text: &str) -> Result<Direction, &'static str> {
    let all = [Direction::Arguments, Direction::Results];
    all.into_iter().find(|direction| direction.as_str() == text).ok_or("arguments or results")
}

/// Scans files, or scores a corpus, and prints what came of it.
pub fn scan(options: &Options) -> Exit {
    let judge = match Judge::new(&options.rules, options.score.is_some()) {
        Ok(judge) => judge,
        Err(why) => {
            anstream::eprintln!("sluicegate: {why}");
            return Exit::Unable;
        }
    };
    match &options.score {
        Some(corpus) => score::score(corpus, &judge, options),
        None => files(&judge, options),
    }
}

fn files(judge: &Judge, options: &Options) -> Exit {
    if options.redacted && options.files.len() > 1 {
        anstream::eprintln!("sluicegate: --redacted takes one file, for there is one standard output");
        return Exit::Unable;
    }
    let mut report = Report::new(options);
    for path in &options.files {
        report.begin(path);
        if let Err(fault) = file(judge, path, options, &mut report) {
            report.unable(path, &fault);
        }
    }
    report.end()
}

/// Scans one file, piece by piece.
///
/// # Errors
/// Why the rest of it could not be scanned, in one line with its remedy.
fn file(judge: &Judge, path: &std::path::Path, options: &Options, report: &mut Report) -> Result<(), String> {
    let mut input = Input::open(path, options.form)?;
    while let Some(piece) = input.next()? {
        if piece.is_blank() {
            if options.redacted {
                write(&piece, Some(piece.text.as_bytes()))?;
            }
            continue;
        }
        match piece.fault.clone().map_or_else(|| judge.look(piece.text, piece.form), Err) {
            Ok(looked) => {
                report.tell(path, &piece, &looked.seen);
                if options.redacted {
                    write(&piece, looked.redacted.as_deref())?;
                }
            }
            Err(why) if piece.is_line => {
                report.unable(path, &format!("line {}: {why}", piece.line));
                if options.redacted {
                    write(&piece, None)?;
                }
            }
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

/// Writes a redacted piece; one that is withheld, or could not be scanned, is a `null` among lines.
fn write(piece: &input::Piece<'_>, redacted: Option<&[u8]>) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let written = match redacted {
        Some(text) => out.write_all(text),
        None if piece.is_line => out.write_all(b"null"),
        None => Ok(()),
    };
    let written = written.and_then(|()| out.write_all(piece.end.as_bytes())).and_then(|()| out.flush());
    written.map_err(|cause| format!("cannot write to standard output: {cause}"))
}
